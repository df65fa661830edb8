package vault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestWriteAndReopen(t *testing.T) {
	s, dir := createStore(t, Options{})
	must(t, run(s, "CREATE TABLE t (x TEXT) STRICT", "INSERT INTO t VALUES ('kept')"))
	no := errors.New("no")
	err := s.Write(context.Background(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO t VALUES ('rolled back')"); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	must(t, s.Read(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO t VALUES ('only read')")
		return err
	}))
	before := s.Info()
	if before.Generation != 1 || before.Epoch != 1 || before.Sequence != 2 || before.FormatVersion != 1 || before.TornTail ||
		before.LogBytes == 0 || before.ImageBytes == 0 || before.CapBytes == 0 {
		t.Fatalf("%+v", before)
	}
	want := dump(t, s)
	must(t, s.Close())
	must(t, s.Close())
	if err := run(s, "DELETE FROM t"); !errors.Is(err, fs.ErrClosed) {
		t.Fatalf("a closed store answers %v", err)
	}
	s = openStore(t, dir)
	if dump(t, s) != want || s.Info() != before {
		t.Fatalf("%+v became %+v", before, s.Info())
	}
	assertSound(t, s)
}

func TestAnchorNamesTheNewestCommit(t *testing.T) {
	s, dir := createStore(t, Options{AnchorEvery: 1000})
	must(t, run(s, "CREATE TABLE t (x)"))
	a, err := s.Anchor()
	must(t, err)
	i := s.Info()
	if a.Sequence != 2 || a.Sequence != i.Sequence || a.Store != i.Store || a.Incarnation != i.Incarnation || a.Generation != 1 || a.Tag == (tag{}) {
		t.Fatalf("%+v", a)
	}
	// Without the record that the anchor names the store does not open.
	must(t, s.abandon())
	log := readLogFile(t, dir)
	recs := recordsOf(t, log)
	must(t, os.WriteFile(filepath.Join(dir, logName(1)), log[:recs[1].from], 0o600))
	if _, err := Open(context.Background(), dir, &testKey, Options{}); !errors.Is(err, ErrRolledBack) {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	must(t, run(s, "CREATE TABLE t (x)"))
	if _, err := Open(ctx, dir, &testKey, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	must(t, s.Close())
	if _, err := Create(ctx, dir, &testKey, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
	if _, err := Open(ctx, t.TempDir(), &testKey, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Open(ctx, filepath.Join(dir, "absent"), &testKey, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Open(ctx, dir, &Key{1}, Options{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(done, dir, &testKey, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	change := func(name string, edit func(b []byte) []byte) error {
		bad := copyStore(t, dir)
		path := filepath.Join(bad, name)
		b, err := os.ReadFile(path)
		must(t, err)
		b = edit(b)
		must(t, os.WriteFile(path, b, 0o600))
		s, err := Open(ctx, bad, &testKey, Options{})
		if err == nil {
			_ = s.Close()
			return nil
		}
		if left, readErr := os.ReadFile(path); readErr != nil || !slices.Equal(left, b) {
			t.Errorf("%s was changed although refused", name)
		}
		return err
	}
	rehash := func(b []byte) []byte {
		sum := sha256.Sum256(b[:headChecksumAt])
		copy(b[headChecksumAt:], sum[:])
		return b
	}
	for _, c := range []struct {
		name, file string
		edit       func(b []byte) []byte
		want       error
	}{
		{"newer format", logName(1), func(b []byte) []byte { binary.BigEndian.PutUint32(b[8:], 2); return rehash(b) }, ErrNewerFormat},
		{"another magic", logName(1), func(b []byte) []byte { b[0]++; return rehash(b) }, ErrDamaged},
		{"another generation", logName(1), func(b []byte) []byte { b[39]++; return rehash(b) }, ErrDamaged},
		{"another epoch", logName(1), func(b []byte) []byte { b[47]++; return rehash(b) }, ErrDamaged},
		{"changed head", logName(1), func(b []byte) []byte { b[20]++; return b }, ErrDamaged},
		{"empty log", logName(1), func([]byte) []byte { return nil }, ErrDamaged},
		{"no record", logName(1), func(b []byte) []byte { return b[:blockSize] }, ErrDamaged},
		{"empty anchor", anchorName, func([]byte) []byte { return nil }, ErrDamaged},
		{"one anchor slot", anchorName, func(b []byte) []byte { clear(b[:blockSize]); return b }, nil},
		{"other anchor slot", anchorName, func(b []byte) []byte { clear(b[blockSize:]); return b }, nil},
		{"both anchor slots", anchorName, func(b []byte) []byte { b[100]++; b[5000]++; b[blockSize+100]++; return b }, ErrDamaged},
	} {
		err := change(c.file, c.edit)
		if c.want == nil && err != nil && !errors.Is(err, ErrRolledBack) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	bad := copyStore(t, dir)
	must(t, os.Remove(filepath.Join(bad, anchorName)))
	if _, err := Open(ctx, bad, &testKey, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("no anchor: %v", err)
	}
	// The newest generation is the current one: a file of that name that is not whole is damage, not passed over.
	bad = copyStore(t, dir)
	must(t, os.WriteFile(filepath.Join(bad, logName(2)), readLogFile(t, dir), 0o600))
	if _, err := Open(ctx, bad, &testKey, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("generation 1 under the name of generation 2: %v", err)
	}
	// What a crash of Create or of a later compaction leaves does not disturb.
	must(t, os.WriteFile(filepath.Join(dir, logName(2)+".new"), []byte("half"), 0o600))
	must(t, openStore(t, dir).Close())
}

// At the limit writing fails with ErrFull; reading, deleting and, after that, writing still work.
func TestFull(t *testing.T) {
	s, dir := createStore(t, Options{MemoryCap: 2 << 20})
	must(t, run(s, benchSchema, FTSSecureDelete("item_text"), "CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT)"))
	var err error
	n := 0
	for ; err == nil && n < 100_000; n += 20 {
		err = s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, n, 20, true) })
	}
	if !errors.Is(err, ErrFull) || errors.Is(err, ErrFailed) {
		t.Fatal(err)
	}
	info := s.Info()
	if info.ImageBytes > info.CapBytes || float64(info.ImageBytes) < WarnAt*float64(info.CapBytes) || info.CapBytes != 2<<20 {
		t.Fatalf("%+v", info)
	}
	want := dump(t, s)
	must(t, s.Close())
	s, err = Open(context.Background(), dir, &testKey, Options{MemoryCap: 1 << 20}) // a machine with less memory
	must(t, err)
	if dump(t, s) != want {
		t.Fatal("reading changed")
	}
	if err := run(s, "INSERT INTO entry(text) VALUES (hex(randomblob(100000)))"); !errors.Is(err, ErrFull) {
		t.Fatalf("beyond the limit: %v", err)
	}
	rows := count(t, s, "SELECT count(*) FROM item")
	for id := range rows { // one by one, with an entry in the log of acts each
		must(t, run(s, fmt.Sprintf("DELETE FROM item WHERE id = %d", id), fmt.Sprintf("DELETE FROM item_text WHERE rowid = %d", id),
			fmt.Sprintf("INSERT INTO entry(text) VALUES ('removed %d')", id)))
		if id > 50 {
			break
		}
	}
	if s.Info().FreeBytes == 0 {
		t.Fatal("deleting freed nothing")
	}
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, 1_000_000, 5, true) }))
	assertSound(t, s)
	must(t, s.Close())
}

// Services that swallow an error after which SQLite ended the transaction get no half of it made durable.
func TestSwallowedFull(t *testing.T) {
	s, dir := createStore(t, Options{MemoryCap: 1 << 20})
	must(t, run(s, "CREATE TABLE t (x TEXT)"))
	err := s.Write(context.Background(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO t VALUES ('first')"); err != nil {
			return err
		}
		_, _ = tx.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO t SELECT hex(randomblob(500)) FROM n")
		_, _ = tx.Exec("INSERT INTO t VALUES ('last')")
		return nil
	})
	_ = s.Close()
	n := count(t, openStore(t, dir), "SELECT count(*) FROM t")
	if err != nil && n != 0 || err == nil && n != 2 {
		t.Fatalf("%v, %d rows", err, n)
	}
}

func TestCancelling(t *testing.T) {
	s, _ := createStore(t, Options{})
	must(t, run(s, "CREATE TABLE t (x)"))
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO t VALUES (1)")
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := s.Write(ctx, func(*sql.Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	err = s.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
			return err
		}
		cancel()
		_, err := tx.ExecContext(ctx, "INSERT INTO t VALUES (2)")
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	must(t, run(s, "INSERT INTO t VALUES (3)"))
	if n := count(t, s, "SELECT sum(x) FROM t"); n != 3 {
		t.Fatal(n)
	}
}

func TestPanicRollsBack(t *testing.T) {
	s, _ := createStore(t, Options{})
	must(t, run(s, "CREATE TABLE t (x)"))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Write(context.Background(), func(tx *sql.Tx) error {
			if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
				return err
			}
			panic("of the caller")
		})
	}()
	must(t, run(s, "INSERT INTO t VALUES (2)"))
	if n := count(t, s, "SELECT sum(x) FROM t"); n != 2 {
		t.Fatal(n)
	}
}

// Two stores in one process, each written and read by several goroutines.
func TestTwoStoresManyGoroutines(t *testing.T) {
	library, dir := createStore(t, Options{AnchorEvery: 3})
	other := filepath.Join(t.TempDir(), "casework")
	casework, err := Create(context.Background(), other, &Key{9}, Options{})
	must(t, err)
	var wg sync.WaitGroup
	for i, s := range []*Store{library, casework} {
		must(t, run(s, "CREATE TABLE t (store INTEGER, worker INTEGER, n INTEGER)"))
		for w := range 4 {
			wg.Go(func() {
				for n := range 25 {
					err := run(s, fmt.Sprintf("INSERT INTO t VALUES (%d, %d, %d)", i, w, n))
					if err == nil {
						err = s.Read(context.Background(), func(tx *sql.Tx) error {
							var c int
							if err := tx.QueryRow("SELECT count(*) FROM t WHERE worker = ?", w).Scan(&c); err != nil {
								return err
							}
							if c != n+1 {
								return fmt.Errorf("%d rows, want %d", c, n+1)
							}
							return nil
						})
					}
					if err != nil {
						t.Error(err)
						return
					}
					_ = s.Info()
					if _, err := s.Anchor(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	must(t, library.Close())
	must(t, casework.Close())
	if library.Info().Store == casework.Info().Store {
		t.Error("two stores have one id")
	}
	if _, err := Open(context.Background(), other, &testKey, Options{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("the library's key on casework: %v", err)
	}
	if n := count(t, openStore(t, dir), "SELECT count(*) FROM t WHERE store = 0"); n != 100 {
		t.Errorf("%d rows", n)
	}
}

// flushLog notes what is written and flushed, in order.
type flushLog struct {
	fileSystem
	mu    sync.Mutex
	notes []string
}

func (f *flushLog) note(what, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := what + " " + filepath.Base(name); len(f.notes) == 0 || f.notes[len(f.notes)-1] != n {
		f.notes = append(f.notes, n)
	}
}

func (f *flushLog) OpenFile(name string, flag int) (file, error) {
	inner, err := f.fileSystem.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &flushFile{inner, f, name}, nil
}

func (f *flushLog) SyncDir(name string) error {
	f.note("flush", name)
	return f.fileSystem.SyncDir(name)
}

func (f *flushLog) Rename(from, to string) error {
	f.note("name", to)
	return f.fileSystem.Rename(from, to)
}

type flushFile struct {
	file
	log  *flushLog
	name string
}

func (f *flushFile) WriteAt(p []byte, off int64) (int, error) {
	f.log.note("write", f.name)
	return f.file.WriteAt(p, off)
}

func (f *flushFile) Sync() error {
	f.log.note("flush", f.name)
	return f.file.Sync()
}

// Log before anchor, file before name, media before the folder: each flushed before the next begins.
func TestOrderOfFlushes(t *testing.T) {
	ctx := context.Background()
	fl := &flushLog{fileSystem: diskFiles{}}
	dir := filepath.Join(t.TempDir(), "store")
	s, err := create(ctx, fl, dir, &testKey, Options{AnchorEvery: 2})
	must(t, err)
	expect := func(when string, want ...string) {
		t.Helper()
		if !slices.Equal(fl.notes, want) {
			t.Errorf("%s: %q, want %q", when, fl.notes, want)
		}
		fl.notes = nil
	}
	log := logName(1)
	expect("create", "write "+log+".new", "flush "+log+".new", "write anchor", "flush anchor", "write anchor", "flush anchor", "name "+log, "flush store")
	must(t, run(s, "CREATE TABLE t (x)"))
	expect("commit", "write "+log, "flush "+log)
	must(t, run(s, "INSERT INTO t VALUES (1)"))
	expect("second commit", "write "+log, "flush "+log, "write anchor", "flush anchor")
	must(t, run(s, "UPDATE t SET x = 7"))
	must(t, s.Read(ctx, func(tx *sql.Tx) error { _, err := tx.Exec("DELETE FROM t"); return err }))
	fl.notes = nil
	must(t, s.Read(ctx, func(tx *sql.Tx) error { _, err := tx.Exec("DELETE FROM t"); return err }))
	must(t, run(s, "SELECT 1"))
	expect("nothing to commit")
	b, err := s.PutMedia(ctx, strings.NewReader("x"))
	must(t, err)
	expect("media", "write "+b.Name, "flush "+b.Name, "flush media", "flush store")
	must(t, run(s, "INSERT INTO t VALUES (2)"))
	fl.notes = nil
	must(t, run(s, "INSERT INTO t VALUES (3)"))
	fl.notes = nil
	must(t, s.Close())
	expect("close", "write anchor", "flush anchor")
}

// Given a store at its limit, then what would make it larger is refused, while removing goes on, and so do the small entries
// that reading and removing bring into the log.
func TestTheReserveIsForWhatMustGoOn(t *testing.T) {
	ctx := context.Background()
	s, _ := createStore(t, Options{MemoryCap: 2 << 20})
	must(t, run(s, "CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)", "CREATE TABLE entry (x TEXT)"))
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		err = run(s, fmt.Sprintf("INSERT INTO t VALUES (%d, '%s')", n, strings.Repeat("x", 10_000)))
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("filling it gives %v", err)
	}
	small := func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO entry VALUES (?)", strings.Repeat("e", 300))
		return err
	}
	for n := range 100 {
		if err := s.WriteReserved(ctx, small); err != nil {
			t.Fatalf("entry %d: %v", n, err)
		}
	}
	if err := run(s, fmt.Sprintf("INSERT INTO t VALUES (5000, '%s')", strings.Repeat("x", 100_000))); !errors.Is(err, ErrFull) {
		t.Errorf("what would make it larger gives %v", err)
	}
	must(t, run(s, "DELETE FROM t WHERE n < 20"))
	must(t, run(s, fmt.Sprintf("INSERT INTO t VALUES (5001, '%s')", strings.Repeat("x", 10_000))))
	// And the reserve ends too.
	err = nil
	for n := 0; err == nil && n < 100_000; n++ {
		err = s.WriteReserved(ctx, small)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("the reserve has no end: %v", err)
	}
	if problems, err := s.Check(ctx); err != nil || len(problems) > 0 {
		t.Errorf("the check says %v, %v", problems, err)
	}
}
