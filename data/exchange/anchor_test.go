package exchange_test

import (
	"context"
	"strings"
	"testing"

	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// Given bundles that say how far their publisher's store had come, when one says less than the one before it, then that is
// said and logged, and nothing is refused; not so for bundles that come in another order, and after a restore.
func TestAStoreThatWentBackIsNoticed(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	at := func(sequence, commits uint64, incarnation string) string {
		return p.write(parts{sequence: sequence, documents: []content.Document{p.module("doors", int(sequence), "text")}, manifest: func(m *bundle.Manifest) {
			m.Anchor = &bundle.Anchor{Store: "store-1", Generation: 2, Sequence: commits, Tag: "aabb", Incarnation: incarnation}
		}})
	}
	for _, c := range []struct {
		name, path string
		back       bool
	}{
		{"the first", at(2, 100, "one"), false},
		{"an older bundle that comes late", at(1, 50, "one"), false},
		{"a later one that says more", at(3, 150, "one"), false},
		{"a later one that says less", at(4, 120, "one"), true},
		{"one after a restore", at(5, 20, "two"), false},
		{"and after that again less", at(6, 10, "two"), true},
	} {
		preview, err := wing.Preview(context.Background(), c.path)
		if err != nil || preview.Refusal != nil || preview.WentBack != c.back {
			t.Errorf("%s: %v, refused %v, went back %v", c.name, err, preview.Refusal, preview.WentBack)
		}
		wing.take(c.path, exchange.ImportOptions{})
	}
	entries, err := wing.session.Log().List(context.Background(), audit.Filter{Act: audit.ActBundleImport})
	if err != nil {
		t.Fatal(err)
	}
	alarms := 0
	for _, e := range entries {
		if strings.Contains(e.Details["alarm"], "went back") {
			alarms++
		}
	}
	if alarms != 2 {
		t.Errorf("the log has %d alarms", alarms)
	}
}
