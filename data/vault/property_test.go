package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var errUndo = errors.New("undo")

// Whatever is done to a sealed store and to plain SQLite alike, both hold the same, also after opening again.
func TestSameAsPlainSQLite(t *testing.T) {
	ctx := context.Background()
	base := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		dir := filepath.Join(base, fmt.Sprint(run))
		s, err := Create(ctx, dir, &testKey, Options{AnchorEvery: rapid.IntRange(1, 5).Draw(rt, "anchor every")})
		must(t, err)
		defer func() {
			if s != nil {
				_ = s.Close()
			}
		}()
		plain := newPlainAt(t, dir+".db")
		defer func() { _ = plain.db.Close() }()
		setup := []string{
			"CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT, y BLOB)",
			"CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE, z REAL)",
			"CREATE INDEX ax ON a(x)", "CREATE VIRTUAL TABLE f USING fts5(x)",
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			script := slices.Concat(setup, rapid.SliceOfN(statement(), 1, 12).Draw(rt, "script"))
			setup = nil
			undo := rapid.IntRange(0, 3).Draw(rt, "undo") == 0 && script[0][0] != 'C'
			cache := rapid.SampledFrom([]int{1, 10, -2000}).Draw(rt, "cache")
			a, b := runScript(ctx, s, script, cache, undo), runScript(ctx, plain, script, cache, undo)
			if a != b {
				rt.Fatalf("sealed: %s\nplain: %s", a, b)
			}
			if rapid.IntRange(0, 3).Draw(rt, "reopen") == 0 {
				crash := rapid.Bool().Draw(rt, "crash")
				if crash {
					must(t, s.abandon())
				}
				must(t, s.Close())
				s, err = Open(ctx, dir, &testKey, Options{})
				if err != nil {
					rt.Fatal(err)
				}
			}
			if x, y := dump(t, s), dump(t, plain); x != y {
				rt.Fatalf("after %q\nsealed: %.2000s\nplain: %.2000s", script, x, y)
			}
		}
		if p, err := s.Check(ctx); err != nil || len(p) > 0 {
			rt.Fatal(p, err)
		}
	})
}

func newPlainAt(t testing.TB, name string) *plainStore {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+name+"?_foreign_keys=on&_sync=off&_journal_mode=MEMORY")
	must(t, err)
	db.SetMaxOpenConns(1)
	return &plainStore{db}
}

// runScript runs statements until one fails, and says what happened.
func runScript(ctx context.Context, s transactor, script []string, cache int, undo bool) string {
	var log strings.Builder
	err := s.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(fmt.Sprintf("PRAGMA cache_size=%d", cache)); err != nil {
			return err
		}
		for _, st := range script {
			res, err := tx.Exec(st)
			if err != nil {
				fmt.Fprintln(&log, err) // goes on: a failed statement undoes itself alone
				continue
			}
			if n, _ := res.RowsAffected(); strings.HasPrefix(st, "INSERT") || strings.HasPrefix(st, "UPDATE") || strings.HasPrefix(st, "DELETE") {
				fmt.Fprint(&log, n, " ")
			}
		}
		if undo {
			if _, err := tx.Exec("ROLLBACK TO start"); err != nil {
				fmt.Fprintln(&log, err)
			}
			return errUndo
		}
		return nil
	})
	if err != nil && !errors.Is(err, errUndo) {
		fmt.Fprintln(&log, err)
	}
	return log.String()
}

func statement() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		id := rapid.IntRange(1, 60).Draw(t, "id")
		n := rapid.SampledFrom([]int{1, 30, 900, 6000}).Draw(t, "n")
		switch rapid.IntRange(0, 14).Draw(t, "kind") {
		case 0, 1, 2:
			return fmt.Sprintf("INSERT OR REPLACE INTO a VALUES (%d, '%s', zeroblob(%d))", id, strings.Repeat("äx ", n/9+1), n)
		case 3:
			return fmt.Sprintf("INSERT INTO a SELECT max(id, 100) + %d, x, y FROM a", id*1000)
		case 4:
			return fmt.Sprintf("INSERT INTO b VALUES (%d, %d, %d.5)", id, id%20, n)
		case 5:
			return fmt.Sprintf("UPDATE a SET x = x || '%d' WHERE id %% 7 = %d", n, id%7)
		case 6:
			return fmt.Sprintf("DELETE FROM a WHERE id > %d", id*3)
		case 7:
			return "SAVEPOINT start"
		case 8:
			return "ROLLBACK TO start"
		case 9:
			return "RELEASE start"
		case 10:
			return fmt.Sprintf("INSERT INTO f VALUES ('word%d other words %s')", id, strings.Repeat("z", n%50))
		case 11:
			return fmt.Sprintf("DELETE FROM f WHERE rowid = %d", id%5)
		case 12:
			return fmt.Sprintf("CREATE TABLE t%d (x)", id%4)
		case 13:
			return fmt.Sprintf("DROP TABLE t%d", id%4)
		default:
			return fmt.Sprintf("ALTER TABLE t%d ADD COLUMN c%d", id%4, id%3)
		}
	})
}
