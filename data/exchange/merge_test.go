package exchange_test

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// history is the bundles that some publishers made, one after the other, as an office would: every bundle brings the newest
// version of some items, tells what was withdrawn before, and one publisher has changed its key on the way.
func history(t *testing.T, publishers []*publisher, draw *rapid.T) []string {
	type item struct {
		newest    content.Document
		withdrawn []exchange.VersionState
	}
	var paths []string
	for number, p := range publishers {
		items := map[string]*item{}
		var before bundle.PrivateKey
		var statements []bundle.Statement
		sequence := uint64(0)
		for step := range rapid.IntRange(1, 4).Draw(draw, "bundles") {
			if number == 0 && step == 2 {
				before = p.key
				next := newPublisher(t, p.name)
				statements = append(statements, signed(t, before, bundle.PurposeSuccessor, before.Public().String()+" "+next.key.Public().String()))
				p, sequence = next, 0
			}
			b := parts{manifest: func(m *bundle.Manifest) { m.Successors = statements }}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"aa", "bb", "cc"}), 1, 3, rapid.ID).Draw(draw, "items") {
				id := fmt.Sprintf("item-%s-of-%d", name, number)
				version := 1
				was := items[id]
				switch {
				case was == nil:
					was = &item{}
					items[id] = was
				case rapid.Bool().Draw(draw, "changed"):
					version = was.newest.Version + rapid.IntRange(1, 2).Draw(draw, "by")
					if rapid.Bool().Draw(draw, "withdrawn") {
						was.withdrawn = append(was.withdrawn, exchange.VersionState{ID: id, Version: was.newest.Version, State: content.StateWithdrawn})
					}
				}
				if version > was.newest.Version {
					was.newest = p.module(id, version, fmt.Sprintf("text of version %d", version))
					if rapid.Bool().Draw(draw, "picture") {
						was.newest = withPicture(was.newest, "images/a.png", rapid.SampledFrom([]string{"shared", id}).Draw(draw, "which"), 70_000)
					}
				}
				b.documents = append(b.documents, was.newest)
				b.versions = append(b.versions, was.withdrawn...)
			}
			sequence++
			b.sequence = sequence
			paths = append(paths, p.write(b))
		}
	}
	return paths
}

// fewer sets how many random cases are tried, each of which sets up real stores, unless the command line says how many.
func fewer(t *testing.T, checks string) {
	t.Helper()
	const name = "rapid.checks"
	known := flag.Lookup(name)
	if known == nil || known.Value.String() != known.DefValue {
		return
	}
	if err := flag.Set(name, checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(name, known.DefValue); err != nil {
			t.Error(err)
		}
	})
}

// Given the bundles of several publishers, when two workstations import them in any two orders, some twice, then both
// libraries are the same.
func TestTheOrderOfImportsDoesNotMatter(t *testing.T) {
	fewer(t, "25")
	rapid.Check(t, func(draw *rapid.T) {
		publishers := []*publisher{newPublisher(t, "one"), newPublisher(t, "two")}
		paths := history(t, publishers, draw)
		var states []string
		for range 2 {
			wing := trusting(t, publishers...)
			order := rapid.Permutation(paths).Draw(draw, "order")
			order = append(order, rapid.SliceOfN(rapid.SampledFrom(paths), 0, 3).Draw(draw, "again")...)
			for _, path := range order {
				if _, err := wing.Import(context.Background(), path, exchange.ImportOptions{}); err != nil {
					draw.Fatalf("import %s: %v", path, err)
				}
			}
			states = append(states, wing.merged())
			if err := wing.station.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if states[0] != states[1] {
			draw.Fatalf("the libraries differ:\n%s\n\n%s", states[0], states[1])
		}
	})
}
