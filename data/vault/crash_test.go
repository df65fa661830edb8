package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crashLog is the log of a store with a mixed history, whose anchor still names its first record, and the state after
// each record.
type crashLog struct {
	dir     string
	log     []byte
	records []recordAt
	dumps   map[uint64]string // by sequence
}

func makeCrashLog(t *testing.T) *crashLog {
	t.Helper()
	s, dir := createStore(t, Options{AnchorEvery: 1 << 30})
	c := &crashLog{dir: dir, dumps: map[uint64]string{1: dump(t, s)}}
	r := rand.New(rand.NewPCG(1, 2))
	must(t, run(s, "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT", "CREATE INDEX tx ON t(x)"))
	c.dumps[2] = dump(t, s)
	for i := range 40 {
		n, length := 1+r.IntN(3), 10+r.IntN(100)
		if i == 35 {
			n, length = 20, 60_000 // more than one chunk
		}
		must(t, s.Write(context.Background(), func(tx *sql.Tx) error {
			for range n {
				if _, err := tx.Exec("INSERT INTO t(x) VALUES (?)", strings.Repeat(fmt.Sprintf("%x.", r.Uint32()), length/5)); err != nil {
					return err
				}
			}
			if i == 38 {
				_, err := tx.Exec("DELETE FROM t WHERE length(x) > 50000")
				return err
			}
			return nil
		}))
		c.dumps[s.Info().Sequence] = dump(t, s)
	}
	c.log = readLogFile(t, dir) // before Close moves the anchor
	c.dir = copyStore(t, dir)
	c.records = recordsOf(t, c.log)
	if len(c.records) != 42 || len(c.dumps) != 42 {
		t.Fatalf("%d records, %d states", len(c.records), len(c.dumps))
	}
	return c
}

// lastWhole is the last record that ends at or before an offset; 0: none.
func (c *crashLog) lastWhole(at int64) (last uint64, end int64) {
	for _, r := range c.records {
		if r.to <= at {
			last, end = r.sequence, r.to
		}
	}
	return last, end
}

func (c *crashLog) put(t *testing.T, log []byte) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(c.dir, logName(1)), log, 0o600))
}

// A log cut anywhere opens as the last state that was whole, and says so when it dropped a part of a record.
func TestCutAnywhere(t *testing.T) {
	c := makeCrashLog(t)
	var cuts []int64
	for _, r := range c.records {
		cuts = append(cuts, r.to-1, r.to, r.to+1)
	}
	random := 2000
	if testing.Short() {
		random = 200
	}
	r := rand.New(rand.NewPCG(3, 4))
	end := c.records[len(c.records)-1].to
	for i := range random {
		cut := r.Int64N(end + 1) // mostly within the largest record
		if i%4 != 0 {
			rec := c.records[r.IntN(len(c.records))]
			cut = rec.from + r.Int64N(min(rec.to-rec.from, 64<<10))
		}
		cuts = append(cuts, cut)
	}
	reader := sealerOf(t, c.log)
	states := map[uint64]string{}
	for _, rec := range c.records {
		_, state, err := replayBytes(reader, c.log[:rec.to])
		must(t, err)
		states[rec.sequence] = state
	}
	for i, cut := range cuts {
		want, whole := c.lastWhole(cut)
		torn := want != 0 && !allZero(c.log[whole:cut]) // zeros are room for the next record
		if want == 0 {                                  // not even the first record
			c.put(t, c.log[:cut])
			if s, err := Open(context.Background(), c.dir, &testKey, Options{}); !errors.Is(err, ErrDamaged) {
				_ = s.Close()
				t.Fatalf("cut at %d: %v", cut, err)
			}
			continue
		}
		// Every cut by reading the log; some of them through SQLite too.
		got, state, err := replayBytes(reader, append([]byte(nil), c.log[:cut]...))
		if err != nil || got.sequence != want || state != states[want] || got.end != whole || (got.tail != "") != torn {
			t.Fatalf("cut at %d: %+v, %v; want record %d", cut, got, err, want)
		}
		if i%10 != 0 && i >= len(c.records)*3 {
			continue
		}
		c.put(t, c.log[:cut])
		s := openStore(t, c.dir)
		if s.Info().Sequence != want || s.Info().TornTail != torn {
			t.Fatalf("cut at %d: %+v; want record %d", cut, s.Info(), want)
		}
		if i%50 == 0 || i < 20 {
			if dump(t, s) != c.dumps[want] {
				t.Fatalf("cut at %d: not the state after record %d", cut, want)
			}
		}
		if i%40 == 0 && want > 1 { // and it goes on from there
			must(t, run(s, "INSERT INTO t(x) VALUES ('after the crash')"))
			must(t, s.Close())
			s = openStore(t, c.dir)
			if s.Info().TornTail || s.Info().Sequence != want+1 {
				t.Fatalf("cut at %d, then written to: %+v", cut, s.Info())
			}
		}
		// Close without moving the anchor: as if the machine had stopped.
		must(t, s.abandon())
		c.putAnchor(t)
	}
}

// abandon closes a store as a crash would, leaving the anchor as it is.
func (s *Store) abandon() error {
	s.turn <- struct{}{}
	defer s.release()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.tearDown()
}

// putAnchor makes the anchor name the first record again.
func (c *crashLog) putAnchor(t *testing.T) {
	t.Helper()
	r := sealerOf(t, c.log)
	h, tg, err := r.openHeader(c.log[blockSize:], blockSize)
	must(t, err)
	got, _, err := replayBytes(r, c.log)
	must(t, err)
	a := Anchor{Store: r.store, Generation: 1, Sequence: h.sequence, Tag: tg, Incarnation: got.start.incarnation}
	b := append(sealAnchor(r.keys.anchor, 0, a, 1, 0), sealAnchor(r.keys.anchor, 1, a, 1, 0)...)
	must(t, os.WriteFile(filepath.Join(c.dir, anchorName), b, 0o600))
}

// Of the last append any sectors may be missing, old or garbled: the state before it or after it, nothing else.
func TestUnflushedSectors(t *testing.T) {
	c := makeCrashLog(t)
	reader := sealerOf(t, c.log)
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		i := 1 + r.IntN(len(c.records)-1)
		last := c.records[i]
		_, before, err := replayBytes(reader, c.log[:last.from])
		must(t, err)
		_, after, err := replayBytes(reader, c.log[:last.to])
		must(t, err)
		log := append([]byte(nil), c.log[:last.to]...)
		for at := last.from; at < last.to; at += 512 {
			sector := log[at : at+512]
			switch r.IntN(6) {
			case 0:
				clear(sector)
			case 1:
				for j := range sector {
					sector[j] = byte(r.Uint32())
				}
			}
		}
		got, state, err := replayBytes(reader, log)
		if err != nil || (state != before && state != after) || (state == before && got.tail == "" && !allZero(log[last.from:])) {
			t.Fatalf("record %d: %+v, %v", last.sequence, got, err)
		}
	}
}

// With the anchor at the end, no shorter log is accepted, wherever it was cut.
func TestAnchoredRecordsCannotGoMissing(t *testing.T) {
	c := makeCrashLog(t)
	c.put(t, c.log)
	s := openStore(t, c.dir)
	must(t, s.Close())
	r := rand.New(rand.NewPCG(7, 8))
	end := c.records[len(c.records)-1].to
	cuts := []int64{0, 1, 4095, 4096, end - 1}
	for _, rec := range c.records[:len(c.records)-1] {
		cuts = append(cuts, rec.to)
	}
	for range 100 {
		cuts = append(cuts, r.Int64N(end))
	}
	for _, cut := range cuts {
		c.put(t, c.log[:cut])
		s, err := Open(context.Background(), c.dir, &testKey, Options{})
		if err == nil {
			_ = s.Close()
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrRolledBack) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if left, _ := os.ReadFile(filepath.Join(c.dir, logName(1))); int64(len(left)) != cut {
			t.Fatalf("cut at %d: the refused file was changed", cut)
		}
	}
}
