package vault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
)

// spill writes so much in a transaction that SQLite must write uncommitted pages into the file.
func spill(t *testing.T, s *Store, tx *sql.Tx) {
	t.Helper()
	_, err := tx.Exec("PRAGMA cache_size=10")
	must(t, err)
	must(t, insertRows(tx, 1000, 3000, false))
	if _, err := tx.Exec("UPDATE item SET text = 'uncommitted ' || id"); err != nil {
		t.Fatal(err)
	}
	if s.img.pending() < 100 {
		t.Fatalf("only %d pages were spilled: the test tests nothing", s.img.pending())
	}
}

func storeWithItems(t *testing.T) (*Store, string) {
	t.Helper()
	s, dir := createStore(t, Options{})
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(benchSchema); err != nil {
			return err
		}
		return insertRows(tx, 0, 500, false)
	}))
	return s, dir
}

// Spilled pages of a transaction that is rolled back are never sealed, although SQLite asks for a sync at its end.
func TestSpillAndRollback(t *testing.T) {
	s, dir := storeWithItems(t)
	want, before := dump(t, s), s.Info()
	no := errors.New("no")
	err := s.Write(context.Background(), func(tx *sql.Tx) error { spill(t, s, tx); return no })
	if !errors.Is(err, no) || errors.Is(err, ErrFailed) {
		t.Fatal(err)
	}
	if s.Info() != before || s.img.pending() != 0 {
		t.Fatalf("the rollback left %d pages and %+v", s.img.pending(), s.Info())
	}
	if dump(t, s) != want {
		t.Fatal("the rollback changed what is read")
	}
	// Part of it rolled back, part of it kept.
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO item VALUES (900, 'kept', 'kept', '2026-11-23')"); err != nil {
			return err
		}
		if _, err := tx.Exec("SAVEPOINT part"); err != nil {
			return err
		}
		spill(t, s, tx)
		_, err := tx.Exec("ROLLBACK TO part")
		return err
	}))
	must(t, s.Close())
	s = openStore(t, dir)
	if n := count(t, s, "SELECT count(*) FROM item WHERE text LIKE 'uncommitted%'"); n != 0 {
		t.Fatalf("%d uncommitted rows were sealed", n)
	}
	if n := count(t, s, "SELECT count(*) FROM item"); n != 501 {
		t.Fatalf("%d rows, want 501", n)
	}
	assertSound(t, s)
}

// A rollback does not restore free pages that were used and spilled: they are no reason to seal anything, nor to fail.
func TestRollbackOverFreePages(t *testing.T) {
	s, dir := storeWithItems(t)
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, 1000, 3000, false) }))
	must(t, run(s, "DELETE FROM item WHERE id >= 1000"))
	want, before := dump(t, s), s.Info()
	no := errors.New("no")
	for _, commitFails := range []bool{false, true} {
		err := s.Write(context.Background(), func(tx *sql.Tx) error {
			spill(t, s, tx)
			if !commitFails {
				return no
			}
			_, err := tx.Exec("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1)")
			return err
		})
		if err == nil || errors.Is(err, ErrFailed) {
			t.Fatal(err)
		}
		if s.Info() != before || s.img.pending() != 0 || dump(t, s) != want {
			t.Fatalf("%+v became %+v", before, s.Info())
		}
	}
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, 5000, 3000, false) }))
	want = dump(t, s)
	assertSound(t, s)
	must(t, s.Close())
	s = openStore(t, dir)
	if dump(t, s) != want {
		t.Fatal("the content changed")
	}
	assertSound(t, s)
}

// Neither are they when writing breaks off in the middle of the transaction or of its rollback.
func TestSpillAndFailingWrites(t *testing.T) {
	for _, when := range []string{"before the rollback", "before the commit"} {
		t.Run(when, func(t *testing.T) {
			s, dir := storeWithItems(t)
			want, before := dump(t, s), s.Info()
			no := errors.New("no")
			err := s.Write(context.Background(), func(tx *sql.Tx) error {
				spill(t, s, tx)
				s.img.fail() // from now on every read, write, truncation and sync of SQLite fails
				if when == "before the rollback" {
					return no
				}
				return nil
			})
			if !errors.Is(err, ErrFailed) {
				t.Fatal(err)
			}
			if err := run(s, "INSERT INTO item VALUES (9, 'x', 'x', 'x')"); !errors.Is(err, ErrFailed) {
				t.Fatalf("a failed store goes on: %v", err)
			}
			if got := s.Info(); got.Sequence != before.Sequence || got.LogBytes != before.LogBytes {
				t.Fatalf("something was sealed: %+v", got)
			}
			must(t, s.Close())
			s = openStore(t, dir)
			if dump(t, s) != want {
				t.Fatal("the store is not what it was")
			}
			assertSound(t, s)
		})
	}
}

// Nothing is sealed but by Write's own commit: not by a statement that runs after SQLite has ended the transaction by
// itself, not within Read.
func TestOnlyWriteCommits(t *testing.T) {
	for _, how := range []string{"Write", "Read"} {
		s, dir := storeWithItems(t)
		before := s.Info()
		do := func(tx *sql.Tx) error {
			if _, err := tx.Exec("ROLLBACK"); err != nil {
				return err
			}
			_, err := tx.Exec("DELETE FROM item")
			return err
		}
		var err error
		if how == "Write" {
			err = s.Write(context.Background(), do)
		} else {
			err = s.Read(context.Background(), do)
		}
		if !errors.Is(err, ErrFailed) || s.Info().Sequence != before.Sequence {
			t.Fatalf("%s: %v, %+v", how, err, s.Info())
		}
		must(t, s.Close())
		if n := count(t, openStore(t, dir), "SELECT count(*) FROM item"); n != 500 {
			t.Fatalf("%s: %d rows", how, n)
		}
	}
}

// vacuum rebuilds the database in place, as nothing in the program does yet.
func vacuum(t *testing.T, s *Store) {
	t.Helper()
	s.raw(t, func(c *sqlite3.SQLiteConn) error {
		c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
		defer c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
		s.img.allow(true)
		defer s.img.allow(false)
		_, err := c.Exec("VACUUM", nil)
		return err
	})
}

// SQLite shortens the file after the sync: the record must have the new size all the same.
func TestTruncationAfterSync(t *testing.T) {
	s, dir := storeWithItems(t)
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, 1000, 2000, false) }))
	must(t, run(s, "DELETE FROM item WHERE id >= 10"))
	want, before := dump(t, s), s.Info()
	if before.FreeBytes == 0 {
		t.Fatal("nothing is free: the test tests nothing")
	}
	vacuum(t, s)
	after := s.Info()
	if after.Sequence != before.Sequence+1 || after.ImageBytes > before.ImageBytes/5 || after.FreeBytes != 0 {
		t.Fatalf("%+v became %+v", before, after)
	}
	if s.img.pending() != 0 {
		t.Fatalf("%d pages are left over", s.img.pending())
	}
	log := readLogFile(t, dir)
	recs := recordsOf(t, log)
	if last := recs[len(recs)-1]; int64(last.pages)*pageSize != after.ImageBytes || last.body > uint64(after.ImageBytes)*2 {
		t.Fatalf("the record holds %d bytes for %d pages of an image of %d bytes", last.body, last.pages, after.ImageBytes)
	}
	must(t, s.Close())
	s = openStore(t, dir)
	if pages := count(t, s, "PRAGMA page_count"); pages*pageSize != after.ImageBytes || int64(s.img.pages()) != pages {
		t.Fatalf("%d pages after opening again, %d in the image, %d bytes before", pages, s.img.pages(), after.ImageBytes)
	}
	if dump(t, s) != want {
		t.Fatal("the content changed")
	}
	// It grows again over what was cut off.
	must(t, s.Write(context.Background(), func(tx *sql.Tx) error { return insertRows(tx, 1000, 2000, false) }))
	want = dump(t, s)
	must(t, s.Close())
	s = openStore(t, dir)
	if dump(t, s) != want {
		t.Fatal("the content changed after growing again")
	}
	assertSound(t, s)
}

// ATTACH can name any file system, so it must not work at all.
func TestAttachIsRefused(t *testing.T) {
	s, dir := storeWithItems(t)
	outside := filepath.Join(dir, "plain.db")
	for _, name := range []string{"file:" + outside + "?vfs=unix", "file:" + outside, outside, ":memory:", ""} {
		err := s.Write(context.Background(), func(tx *sql.Tx) error {
			if _, err := tx.Exec("ATTACH ? AS other", name); err != nil {
				return err
			}
			_, err := tx.Exec("CREATE TABLE other.leak AS SELECT * FROM item")
			return err
		})
		if err == nil {
			t.Errorf("ATTACH %q works", name)
		}
		s.raw(t, func(c *sqlite3.SQLiteConn) error { // outside a transaction too
			if _, err := c.Exec(fmt.Sprintf("ATTACH '%s' AS other", name), nil); err == nil {
				t.Errorf("ATTACH %q works outside a transaction", name)
			}
			if _, err := c.Exec(fmt.Sprintf("VACUUM INTO '%s'", name), nil); err == nil {
				t.Errorf("VACUUM INTO %q works", name)
			}
			return nil
		})
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a plain file was made")
	}
}

// The settings that the log depends on are what they must be, and stay so; no other file can be opened.
func TestSettingsAreFixed(t *testing.T) {
	s, _ := storeWithItems(t)
	s.raw(t, func(c *sqlite3.SQLiteConn) error {
		for _, set := range settings {
			for _, change := range []string{"PRAGMA %s=0", "PRAGMA main.%s(0)", "PRAGMA %s=8192"} {
				if _, err := c.Exec(fmt.Sprintf(change, strings.ToUpper(set.name)), nil); err == nil {
					t.Errorf("%s can be changed", set.name)
				}
			}
			if got, err := pragma(c, set.name); err != nil || got != set.want {
				t.Errorf("%s is %q, %v; want %q", set.name, got, err, set.want)
			}
		}
		for _, st := range []string{
			"PRAGMA journal_mode=WAL", "PRAGMA mmap_size=1000000", "PRAGMA max_page_count=4000000000",
			"PRAGMA writable_schema=ON", "PRAGMA temp_store_directory='/tmp'",
		} {
			if _, err := c.Exec(st, nil); err == nil {
				t.Errorf("%s works", st)
			}
		}
		if _, err := c.Exec("UPDATE sqlite_schema SET sql = 'x'", nil); err == nil {
			t.Error("the schema can be written: defensive mode is off")
		}
		return nil
	})
	// A second connection on the same image, or a file beside it, does not open.
	other := &connector{img: s.img, maxPages: 100, drv: &sqlite3.SQLiteDriver{}}
	if c, err := other.Connect(context.Background()); err == nil {
		_ = c.Close()
		t.Error("a second connection opens")
	}
}

// When database/sql drops the connection, the next one has the same content and the same guards.
func TestNewConnection(t *testing.T) {
	s, _ := storeWithItems(t)
	want := dump(t, s)
	conn, err := s.db.Conn(context.Background())
	must(t, err)
	var old *sqlite3.SQLiteConn
	if err := conn.Raw(func(c any) error { old = c.(*sqlite3.SQLiteConn); return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		t.Fatal(err)
	}
	_ = conn.Close()
	if dump(t, s) != want {
		t.Fatal("the content changed")
	}
	s.raw(t, func(c *sqlite3.SQLiteConn) error {
		if c == old {
			t.Error("it is the old connection: the test tests nothing")
		}
		if _, err := c.Exec("ATTACH ':memory:' AS other", nil); err == nil {
			t.Error("ATTACH works")
		}
		if _, err := c.Exec("PRAGMA synchronous=OFF", nil); err == nil {
			t.Error("settings can be changed")
		}
		return nil
	})
	must(t, run(s, "DELETE FROM item WHERE id < 5"))
	assertSound(t, s)
}

func assertSound(t *testing.T, s *Store) {
	t.Helper()
	problems, err := s.Check(context.Background())
	if err != nil || len(problems) > 0 {
		t.Fatalf("check: %v, %v", problems, err)
	}
}
