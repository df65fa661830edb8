package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The benchmarks run the same work on a sealed store and on plain SQLite (WAL, synchronous FULL), turn by turn, and
// report the medians and their ratio:
//
//	go test -tags sqlite_fts5 -run '^$' -bench . -benchtime 30x ./data/vault/

// plainStore is SQLite as it comes, used in the same way as a Store.
type plainStore struct{ db *sql.DB }

func newPlain(b testing.TB) *plainStore {
	b.Helper()
	name := filepath.Join(b.TempDir(), "plain.db")
	db, err := sql.Open("sqlite3", "file:"+name+"?_journal_mode=WAL&_sync=FULL&_foreign_keys=on")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = db.Close() })
	return &plainStore{db}
}

func (p *plainStore) Write(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := p.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (p *plainStore) Read(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := p.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return do(tx)
}

type transactor interface {
	Write(ctx context.Context, do func(tx *sql.Tx) error) error
	Read(ctx context.Context, do func(tx *sql.Tx) error) error
}

const benchSchema = `CREATE TABLE item (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, text TEXT NOT NULL, day TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE item_text USING fts5(text)`

// benchRow is a row of about 400 bytes.
func benchRow(i int) (ref, text, day string) {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	var b strings.Builder
	for range 50 {
		fmt.Fprintf(&b, "word%d ", r.IntN(5000))
	}
	return fmt.Sprintf("R-%08d", i), b.String(), "2026-11-23"
}

func insertRows(tx *sql.Tx, from, n int, fts bool) error {
	st, err := tx.Prepare("INSERT INTO item(id, ref, text, day) VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for i := from; i < from+n; i++ {
		ref, text, day := benchRow(i)
		if _, err := st.Exec(i, ref, text, day); err != nil {
			return err
		}
		if fts {
			if _, err := tx.Exec("INSERT INTO item_text(rowid, text) VALUES (?, ?)", i, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// sideBySide times the same work on both, alternately, b.N times.
func sideBySide(b *testing.B, sealed, plain transactor, work func(s transactor, i int) error) {
	b.Helper()
	times := [2][]time.Duration{}
	i := 0
	for b.Loop() {
		for k := range 2 {
			which := (k + i) % 2
			start := time.Now()
			if err := work([]transactor{sealed, plain}[which], i); err != nil {
				b.Fatal(err)
			}
			times[which] = append(times[which], time.Since(start))
		}
		i++
	}
	report(b, median(times[0]), median(times[1]))
}

func report(b *testing.B, sealed, plain time.Duration) {
	b.ReportMetric(float64(sealed.Nanoseconds())/1e3, "sealed-µs")
	b.ReportMetric(float64(plain.Nanoseconds())/1e3, "plain-µs")
	b.ReportMetric(float64(sealed)/float64(plain), "ratio")
	b.ReportMetric(0, "ns/op")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func benchPair(b *testing.B, rows int, fts bool) (*Store, *plainStore) {
	b.Helper()
	ctx := context.Background()
	s, err := Create(ctx, b.TempDir(), &Key{1}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	p := newPlain(b)
	for _, t := range []transactor{s, p} {
		err := t.Write(ctx, func(tx *sql.Tx) error {
			if _, err := tx.Exec(benchSchema); err != nil {
				return err
			}
			return insertRows(tx, 0, rows, fts)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s, p
}

func BenchmarkCommit(b *testing.B) {
	s, p := benchPair(b, 2000, false)
	sideBySide(b, s, p, func(t transactor, i int) error {
		return t.Write(b.Context(), func(tx *sql.Tx) error { return insertRows(tx, 1_000_000+i, 1, false) })
	})
}

func BenchmarkCommitIndexed(b *testing.B) {
	s, p := benchPair(b, 2000, true)
	sideBySide(b, s, p, func(t transactor, i int) error {
		return t.Write(b.Context(), func(tx *sql.Tx) error { return insertRows(tx, 1_000_000+i, 1, true) })
	})
}

func BenchmarkBulk50000(b *testing.B) {
	times := [2][]time.Duration{}
	i := 0
	for b.Loop() {
		s, p := benchPair(b, 0, false)
		for k := range 2 {
			which := (k + i) % 2
			start := time.Now()
			err := []transactor{s, p}[which].Write(b.Context(), func(tx *sql.Tx) error { return insertRows(tx, 0, 50_000, false) })
			if err != nil {
				b.Fatal(err)
			}
			times[which] = append(times[which], time.Since(start))
		}
		_ = s.Close()
		_ = p.db.Close()
		i++
	}
	report(b, median(times[0]), median(times[1]))
}

const benchRows = 60_000 // about 30 MiB: far more than SQLite's cache

func BenchmarkRead(b *testing.B) {
	s, p := benchPair(b, benchRows, false)
	b.Run("point", func(b *testing.B) { // one transaction each
		sideBySide(b, s, p, func(t transactor, i int) error {
			return t.Read(b.Context(), func(tx *sql.Tx) error { return pointRead(tx, i) })
		})
	})
	b.Run("points", func(b *testing.B) { // 1,000 in one transaction
		sideBySide(b, s, p, func(t transactor, i int) error {
			return t.Read(b.Context(), func(tx *sql.Tx) error {
				for j := range 1000 {
					if err := pointRead(tx, i*1000+j); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
	b.Run("scan", func(b *testing.B) {
		sideBySide(b, s, p, func(t transactor, _ int) error {
			return t.Read(b.Context(), func(tx *sql.Tx) error {
				var n int
				return tx.QueryRow("SELECT sum(length(text)) FROM item").Scan(&n)
			})
		})
	})
	b.Run("rows", func(b *testing.B) { // every row through database/sql
		sideBySide(b, s, p, func(t transactor, _ int) error {
			return t.Read(b.Context(), func(tx *sql.Tx) error {
				rows, err := tx.Query("SELECT id, ref, text FROM item WHERE id < 20000")
				if err != nil {
					return err
				}
				defer func() { _ = rows.Close() }()
				for rows.Next() {
					var id int
					var ref, text string
					if err := rows.Scan(&id, &ref, &text); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		})
	})
}

func pointRead(tx *sql.Tx, i int) error {
	ref := fmt.Sprintf("R-%08d", rand.New(rand.NewPCG(uint64(i), 2)).IntN(benchRows))
	var text string
	return tx.QueryRow("SELECT text FROM item WHERE ref = ?", ref).Scan(&text)
}

func BenchmarkSearch(b *testing.B) {
	s, p := benchPair(b, 10_000, true)
	sideBySide(b, s, p, func(t transactor, i int) error {
		return t.Read(b.Context(), func(tx *sql.Tx) error {
			var n int
			q := fmt.Sprintf("word%d word%d*", i%5000, (i*7)%500)
			return tx.QueryRow("SELECT count(*) FROM (SELECT snippet(item_text, 0, '[', ']', '…', 8) FROM item_text WHERE item_text MATCH ? ORDER BY rank LIMIT 50)", q).Scan(&n)
		})
	})
}

// benchStore fills a store until its image has so many MiB.
func benchStore(b *testing.B, mib int) (*Store, string) {
	b.Helper()
	dir := b.TempDir()
	ctx := context.Background()
	s, err := Create(ctx, dir, &Key{1}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	err = s.Write(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(benchSchema); return err })
	for n := 0; err == nil && s.Info().ImageBytes < int64(mib)<<20; n += 1000 {
		err = s.Write(ctx, func(tx *sql.Tx) error { return insertRows(tx, n, 1000, false) })
	}
	if err != nil {
		b.Fatal(err)
	}
	return s, dir
}

// BenchmarkCommitInSizes shows that a commit does not cost more in a larger store.
func BenchmarkCommitInSizes(b *testing.B) {
	for _, mib := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			s, _ := benchStore(b, mib)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				err := s.Write(b.Context(), func(tx *sql.Tx) error { return insertRows(tx, 10_000_000+i, 1, false) })
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			b.ReportMetric(float64(median(took).Nanoseconds())/1e3, "sealed-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkCompact begins a new generation, which is written, flushed and read again.
func BenchmarkCompact(b *testing.B) {
	for _, mib := range []int{10, 50, 200} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			s, _ := benchStore(b, mib)
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if err := s.Compact(b.Context(), &Key{1}, CompactOptions{}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			b.ReportMetric(float64(median(took).Microseconds())/1e3, "compact-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkOpen opens stores of 1 to 200 MiB with a key that is known.
func BenchmarkOpen(b *testing.B) {
	for _, mib := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			ctx := context.Background()
			s, dir := benchStore(b, mib)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			var opened []time.Duration
			for b.Loop() {
				start := time.Now()
				s, err := Open(ctx, dir, &Key{1}, Options{})
				if err != nil {
					b.Fatal(err)
				}
				opened = append(opened, time.Since(start))
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(median(opened).Microseconds())/1e3, "open-ms")
			b.ReportMetric(0, "ns/op")
			if st, err := os.Stat(filepath.Join(dir, logName(1))); err == nil {
				b.ReportMetric(float64(st.Size())/(1<<20), "log-MiB")
			}
		})
	}
}
