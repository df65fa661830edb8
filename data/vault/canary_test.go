package vault

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const canary = "canary-Qx7Kd92mVw"

// Nothing of the content, nor SQLite's own marks, reaches any file: not after sorts, savepoints, temporary tables,
// transactions larger than the cache, a rebuild, a rollback, media, or a crash.
func TestNothingInTheClear(t *testing.T) {
	ctx := context.Background()
	tmp := t.TempDir()
	for _, name := range []string{"TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP"} {
		t.Setenv(name, tmp)
	}
	work := t.TempDir()
	t.Chdir(work) // SQLite falls back on the working folder
	s, dir := createStore(t, Options{})
	look := func(when string) {
		t.Helper()
		// UTF-16 is what a system interface might write; the rest is SQLite's.
		wide := strings.Join(strings.Split(canary, ""), "\x00")
		for _, d := range []string{dir, tmp, work} {
			if found := filesWith(t, d, canary, wide, "SQLite format 3", "CREATE TABLE", "etilqs"); len(found) > 0 {
				t.Fatalf("%s: in the clear in %v", when, found)
			}
		}
		for _, f := range openFiles(t) {
			if strings.Contains(f, "etilqs") || (strings.HasPrefix(f, tmp) || strings.HasPrefix(f, work)) && !strings.HasPrefix(f, dir) {
				t.Fatalf("%s: the file %s is open", when, f)
			}
		}
	}
	must(t, s.Write(ctx, func(tx *sql.Tx) error {
		for _, st := range []string{
			"PRAGMA cache_size=10",
			"CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT UNIQUE, y TEXT)",
			"CREATE VIRTUAL TABLE f USING fts5(x)",
			FTSSecureDelete("f"),
			`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
			 INSERT INTO c(x, y) SELECT '` + canary + `' || (i * 7919 % 20011), hex(randomblob(100)) FROM n`,
			"SAVEPOINT a",
			"UPDATE c SET y = x || y",
			"ROLLBACK TO a",
			"INSERT INTO f SELECT x FROM c LIMIT 2000",
			"CREATE TEMP TABLE tt AS SELECT x || y AS z FROM c",
			"CREATE INDEX temp.tz ON tt(z)",
			"CREATE INDEX cy ON c(y, x)",
		} {
			if _, err := tx.Exec(st); err != nil {
				return err
			}
		}
		// This fails in its middle, which takes a statement journal to undo.
		_, err := tx.Exec("UPDATE c SET x = CASE WHEN id > 15000 THEN '" + canary + "1' ELSE x || 'z' END")
		if err == nil {
			return errors.New("the update should have failed")
		}
		rows, err := tx.Query("SELECT DISTINCT a.x || b.y AS k FROM c a JOIN c b ON b.id = a.id + 1 ORDER BY k DESC")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		rows.Next()
		look("while sorting")
		return rows.Err()
	}))
	look("after a large transaction")
	_ = s.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("UPDATE c SET y = '" + canary + "' || y"); err != nil {
			return err
		}
		look("before a rollback")
		return errors.New("no")
	})
	look("after a rollback")
	vacuum(t, s)
	look("after a rebuild")
	_, err := s.PutMedia(ctx, strings.NewReader(strings.Repeat(canary, 20_000)))
	must(t, err)
	look("after media")
	must(t, s.abandon())
	look("after a crash")
	s = openStore(t, dir)
	assertSound(t, s)
	must(t, s.Close())
	look("after closing")
}

// openFiles lists what this process has open; deleted files included, which no search of folders would find.
func openFiles(t *testing.T) (names []string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil // not Linux
	}
	for _, fd := range fds {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name())); err == nil {
			names = append(names, name)
		}
	}
	return names
}
