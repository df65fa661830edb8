package vault

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

// smallLog has eight records.
func smallLog(t *testing.T) (log []byte, dir string) {
	t.Helper()
	s, dir := createStore(t, Options{AnchorEvery: 1 << 30})
	must(t, run(s, "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT"))
	for i := range 6 {
		must(t, run(s, fmt.Sprintf("INSERT INTO t(x) VALUES ('entry %d')", i)))
	}
	log = readLogFile(t, dir)
	recs := recordsOf(t, log)
	return log[:recs[len(recs)-1].to+blockSize], copyStore(t, dir) // little of the room at the end, to be quick
}

// One flipped bit in any header is refused, except in the last record, which is dropped with notice: and not even
// that once the anchor names it.
func TestEveryHeaderBit(t *testing.T) {
	log, _ := smallLog(t)
	r := sealerOf(t, log)
	records := recordsOf(t, log)
	last := records[len(records)-1]
	_, before, err := replayBytes(r, log[:last.from])
	must(t, err)
	whole, _, err := replayBytes(r, log)
	must(t, err)
	anchor := Anchor{Store: r.store, Generation: 1, Sequence: whole.sequence, Tag: whole.tag}
	for _, rec := range records {
		for bit := range sealedHeader * 8 {
			bad := append([]byte(nil), log...)
			bad[rec.from+int64(bit/8)] ^= 1 << (bit % 8)
			got, state, err := replayBytes(r, bad)
			switch {
			case errors.Is(err, ErrDamaged) && rec.sequence != last.sequence:
			case err == nil && rec.sequence == last.sequence && state == before && got.tail != "":
				if err := got.checkAnchor(1, anchor); !errors.Is(err, ErrDamaged) {
					t.Fatalf("record %d, bit %d: %v although anchored", rec.sequence, bit, err)
				}
			default:
				t.Fatalf("record %d, bit %d: %+v, %v", rec.sequence, bit, got, err)
			}
		}
	}
}

// The same for bits of bodies and padding.
func TestRandomBits(t *testing.T) {
	log, _ := smallLog(t)
	r := sealerOf(t, log)
	records := recordsOf(t, log)
	last := records[len(records)-1]
	_, before, err := replayBytes(r, log[:last.from])
	must(t, err)
	rnd := rand.New(rand.NewPCG(9, 9))
	for range 3000 {
		at := blockSize + rnd.Int64N(last.to-blockSize)
		bad := append([]byte(nil), log...)
		bad[at] ^= 1 << rnd.IntN(8)
		got, state, err := replayBytes(r, bad)
		if at < last.from && !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %+v, %v", at, got, err)
		}
		if at >= last.from && (err != nil || state != before || got.tail == "") {
			t.Fatalf("byte %d of the last record: %+v, %v", at, got, err)
		}
	}
}

// Every bit of the first block is protected, and every bit of an anchor slot.
func TestEveryBitOfHeadAndAnchor(t *testing.T) {
	log, dir := smallLog(t)
	for bit := range blockSize * 8 {
		log[bit/8] ^= 1 << (bit % 8)
		if _, err := parseHead(log); !errors.Is(err, ErrDamaged) {
			t.Fatalf("head, bit %d: %v", bit, err)
		}
		log[bit/8] ^= 1 << (bit % 8)
	}
	r := sealerOf(t, log)
	b, err := os.ReadFile(filepath.Join(dir, anchorName))
	must(t, err)
	slot := b[:blockSize]
	keys := anchorKeys(&testKey, r.store)
	if _, ok := openAnchor(slot, 0, r.store, keys.forGeneration); !ok {
		t.Fatal("the anchor does not open")
	}
	if _, ok := openAnchor(slot, 1, r.store, keys.forGeneration); ok {
		t.Fatal("an anchor opens in the other slot")
	}
	for bit := range blockSize * 8 {
		slot[bit/8] ^= 1 << (bit % 8)
		if _, ok := openAnchor(slot, 0, r.store, keys.forGeneration); ok {
			t.Fatalf("anchor, bit %d", bit)
		}
		slot[bit/8] ^= 1 << (bit % 8)
	}
}

// Records dropped, repeated, exchanged, or taken from another store or generation are refused.
func TestRecordsOutOfPlace(t *testing.T) {
	log, _ := smallLog(t)
	other, _ := smallLog(t)
	r := sealerOf(t, log)
	recs := recordsOf(t, log)
	whole, _, err := replayBytes(r, log)
	must(t, err)
	part := func(l []byte, i int) []byte { return l[recs[i].from:recs[i].to] }
	join := func(parts ...[]byte) (out []byte) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	rest := log[recs[4].to:recs[7].to]
	for name, bad := range map[string][]byte{
		"dropped":      join(log[:recs[3].from], part(log, 4), rest),
		"repeated":     join(log[:recs[4].to], part(log, 4), rest),
		"exchanged":    join(log[:recs[3].from], part(log, 4), part(log, 3), rest),
		"other store":  join(log[:recs[4].from], part(other, 4), rest),
		"zeroed":       join(log[:recs[4].from], make([]byte, recs[4].to-recs[4].from), rest),
		"first absent": join(log[:blockSize], log[recs[1].from:]),
	} {
		got, _, err := replayBytes(r, bad)
		if err == nil && got.tail != "" { // nothing behind it is in its place: the same as cut off there, with notice
			err = got.checkAnchor(1, Anchor{Store: r.store, Generation: 1, Sequence: whole.sequence, Tag: whole.tag})
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	elsewhere := *r
	elsewhere.generation = 2
	if _, _, err := replayBytes(&elsewhere, log); !errors.Is(err, ErrDamaged) {
		t.Errorf("another generation: %v", err)
	}
}

// A valid record whose predecessor is another one is refused even where its place is right.
func TestForkedChain(t *testing.T) {
	log, _ := smallLog(t)
	r := sealerOf(t, log)
	recs := recordsOf(t, log)
	bad := append([]byte(nil), log[:recs[7].to]...)
	h := recs[7].recordHeader
	h.previous[0] ^= 1
	r.sealHeader(bad[recs[7].from:][:sealedHeader], h, recs[7].from)
	if _, _, err := replayBytes(r, bad); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

// An old copy of the log beside the newer anchor is an alarm; an old anchor beside a newer log is not.
func TestOldLogPutBack(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	must(t, run(s, "CREATE TABLE t (x TEXT) STRICT"))
	must(t, s.Close())
	old := copyStore(t, dir)
	s = openStore(t, dir)
	must(t, run(s, "INSERT INTO t VALUES ('risk: high')"))
	must(t, s.Close())

	mixed := copyStore(t, dir)
	must(t, os.WriteFile(filepath.Join(mixed, logName(1)), readLogFile(t, old), 0o600))
	if _, err := Open(ctx, mixed, &testKey, Options{}); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("old log, new anchor: %v", err)
	}
	mixed = copyStore(t, old)
	must(t, os.WriteFile(filepath.Join(mixed, logName(1)), readLogFile(t, dir), 0o600))
	if n := count(t, openStore(t, mixed), "SELECT count(*) FROM t"); n != 1 {
		t.Fatalf("new log, old anchor: %d rows", n)
	}

	// A fork: the old store goes on by itself, then meets the other's anchor.
	s = openStore(t, old)
	must(t, run(s, "INSERT INTO t VALUES ('risk: low')"))
	must(t, run(s, "INSERT INTO t VALUES ('nothing')"))
	must(t, s.Close())
	b, err := os.ReadFile(filepath.Join(dir, anchorName))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(old, anchorName), b, 0o600))
	if _, err := Open(ctx, old, &testKey, Options{}); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("forked log, other anchor: %v", err)
	}
}

// A generation accepts an anchor of the generation it was made from, and no other.
func TestAnchorOneGenerationBehind(t *testing.T) {
	p := replayed{
		sequence: 12, tags: map[uint64]tag{12: {5}},
		start: startBody{predecessor: 3, lastSequence: 10, lastTag: tag{9}, incarnation: uuid.New()},
	}
	for _, c := range []struct {
		a    Anchor
		want error
	}{
		{Anchor{Generation: 4, Sequence: 12, Tag: tag{5}}, nil},
		{Anchor{Generation: 4, Sequence: 12, Tag: tag{6}}, ErrRolledBack},
		{Anchor{Generation: 4, Sequence: 13, Tag: tag{5}}, ErrRolledBack},
		{Anchor{Generation: 3, Sequence: 10, Tag: tag{9}}, nil},
		{Anchor{Generation: 3, Sequence: 8, Tag: tag{1}}, nil},
		{Anchor{Generation: 3, Sequence: 10, Tag: tag{8}}, ErrRolledBack},
		{Anchor{Generation: 3, Sequence: 11, Tag: tag{9}}, ErrRolledBack},
		{Anchor{Generation: 5, Sequence: 1}, ErrRolledBack},
		{Anchor{Generation: 2, Sequence: 1}, ErrDamaged},
	} {
		if err := p.checkAnchor(4, c.a); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.a, err, c.want)
		}
	}
}
