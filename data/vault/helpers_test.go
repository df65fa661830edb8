package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
)

var testKey = Key{0: 7, 15: 40, 31: 9}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func createStore(t testing.TB, opts Options) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := Create(context.Background(), dir, &testKey, opts)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, dir
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, &testKey, Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// run executes statements in one transaction.
func run(s transactor, statements ...string) error {
	return s.Write(context.Background(), func(tx *sql.Tx) error {
		for _, st := range statements {
			if _, err := tx.Exec(st); err != nil {
				return err
			}
		}
		return nil
	})
}

func count(t testing.TB, s *Store, query string) (n int64) {
	t.Helper()
	must(t, s.Read(context.Background(), func(tx *sql.Tx) error { return tx.QueryRow(query).Scan(&n) }))
	return n
}

// dump is the schema and every row of every table, in order.
func dump(t testing.TB, s transactor) string {
	t.Helper()
	var out strings.Builder
	must(t, s.Read(context.Background(), func(tx *sql.Tx) error {
		schema, err := texts(context.Background(), tx, "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
		if err != nil {
			return err
		}
		tables, err := texts(context.Background(), tx, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
		if err != nil {
			return err
		}
		fmt.Fprintln(&out, schema)
		for _, table := range tables {
			if err := dumpTable(&out, tx, table); err != nil {
				return err
			}
		}
		return nil
	}))
	return out.String()
}

func dumpTable(out *strings.Builder, tx *sql.Tx, table string) error {
	rows, err := tx.Query(`SELECT * FROM "` + table + `" ORDER BY 1`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, table, cols)
	for rows.Next() {
		row := make([]any, len(cols))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			return err
		}
		for _, v := range row {
			fmt.Fprintf(out, "%v|", *v.(*any))
		}
		fmt.Fprintln(out)
	}
	return rows.Err()
}

// raw gives a test the connection itself, to do what no caller of the package can.
func (s *Store) raw(t testing.TB, do func(c *sqlite3.SQLiteConn) error) {
	t.Helper()
	conn, err := s.db.Conn(context.Background())
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.Raw(func(c any) error { return do(c.(*sqlite3.SQLiteConn)) }))
}

// copyStore copies a closed store's files, or an open one's as a crash would leave them.
func copyStore(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func readLogFile(t testing.TB, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, logName(1)))
	must(t, err)
	return b
}

// memFile is a file in memory.
type memFile struct{ b []byte }

func (m *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
func (m *memFile) WriteAt([]byte, int64) (int, error) { return 0, errors.New("not written to") }
func (m *memFile) Truncate(int64) error               { return errors.New("not written to") }
func (m *memFile) Size() (int64, error)               { return int64(len(m.b)), nil }
func (m *memFile) Sync() error                        { return nil }
func (m *memFile) Close() error                       { return nil }

// memPages is an image in memory, for reading logs without SQLite.
type memPages struct {
	pending, pages map[uint32]string
	size           uint32
}

func newMemPages() *memPages {
	return &memPages{pending: map[uint32]string{}, pages: map[uint32]string{}}
}

func (m *memPages) load(entries []byte) error {
	for ; len(entries) > 0; entries = entries[entrySize:] {
		n := uint32(entries[0])<<24 | uint32(entries[1])<<16 | uint32(entries[2])<<8 | uint32(entries[3])
		sum := sha256.Sum256(entries[4:entrySize])
		m.pending[n] = string(sum[:])
	}
	return nil
}

func (m *memPages) commit(pages uint32) error {
	for n, p := range m.pending {
		m.pages[n] = p
	}
	clear(m.pending)
	for n := range m.pages {
		if n > pages {
			delete(m.pages, n)
		}
	}
	m.size = pages
	return nil
}

func (m *memPages) drop() { clear(m.pending) }

// state identifies everything in the image.
func (m *memPages) state() string {
	h := sha256.New()
	fmt.Fprintln(h, m.size)
	for n := range m.size {
		fmt.Fprintln(h, n+1, m.pages[n+1])
	}
	return string(h.Sum(nil))
}

// replayBytes reads a log held in memory.
func replayBytes(r *recordSealer, log []byte) (*replayed, string, error) {
	m := newMemPages()
	got, err := replay(context.Background(), &memFile{log}, r, map[uint64]tag{}, m)
	return got, m.state(), err
}

// sealerOf returns what opens a store's records.
func sealerOf(t testing.TB, log []byte) *recordSealer {
	t.Helper()
	head, err := parseHead(log)
	must(t, err)
	keys, err := deriveGeneration(&testKey, head.store, head.generation)
	must(t, err)
	return &recordSealer{head.store, head.generation, keys}
}

// recordAt is where one record lies.
type recordAt struct {
	recordHeader
	from, to int64
}

func recordsOf(t testing.TB, log []byte) []recordAt {
	t.Helper()
	return recordsIn(sealerOf(t, log), log)
}

func recordsIn(r *recordSealer, log []byte) (list []recordAt) {
	for at := int64(blockSize); at < int64(len(log)); {
		h, _, err := r.openHeader(log[at:], at)
		if err != nil {
			return list
		}
		list = append(list, recordAt{h, at, at + h.size()})
		at += h.size()
	}
	return list
}

// filesWith names the files below a folder that hold any of the words.
func filesWith(t testing.TB, dir string, words ...string) (found []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) || strings.Contains(path, w) {
				found = append(found, path)
				break
			}
		}
		return nil
	}))
	return found
}
