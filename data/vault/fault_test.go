package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// faultyFiles fails at its n-th call, once, or from there on.
type faultyFiles struct {
	fileSystem
	calls, at int
	from      bool // every call from at on
	short     bool // a failing write leaves its first half
	err       error
}

func (f *faultyFiles) fails() bool {
	f.calls++
	return f.calls == f.at || f.from && f.at > 0 && f.calls > f.at
}

func (f *faultyFiles) OpenFile(name string, flag int) (file, error) {
	if f.fails() {
		return nil, f.err
	}
	inner, err := f.fileSystem.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{inner, f}, nil
}

func (f *faultyFiles) Remove(name string) error {
	if f.fails() {
		return f.err
	}
	return f.fileSystem.Remove(name)
}

func (f *faultyFiles) Rename(from, to string) error {
	if f.fails() {
		return f.err
	}
	return f.fileSystem.Rename(from, to)
}

func (f *faultyFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	if f.fails() {
		return nil, f.err
	}
	return f.fileSystem.ReadDir(name)
}

func (f *faultyFiles) MkdirAll(name string) error {
	if f.fails() {
		return f.err
	}
	return f.fileSystem.MkdirAll(name)
}

func (f *faultyFiles) SyncDir(name string) error {
	if f.fails() {
		return f.err
	}
	return f.fileSystem.SyncDir(name)
}

type faultyFile struct {
	file
	fs *faultyFiles
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if f.fs.fails() {
		return 0, f.fs.err
	}
	return f.file.ReadAt(p, off)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if f.fs.fails() {
		if f.fs.short {
			n, _ := f.file.WriteAt(p[:len(p)/2], off)
			return n, f.fs.err
		}
		return 0, f.fs.err
	}
	return f.file.WriteAt(p, off)
}

func (f *faultyFile) Truncate(size int64) error {
	if f.fs.fails() {
		return f.fs.err
	}
	return f.file.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if f.fs.fails() {
		return f.fs.err
	}
	return f.file.Sync()
}

// TestFaultAtEveryCall lets each call to the disk fail in turn. Whatever was acknowledged is there afterwards, nothing
// that was not begun is, and the store works again once it is reopened.
func TestFaultAtEveryCall(t *testing.T) {
	ctx := context.Background()
	var template string
	{
		s, dir := createStore(t, Options{AnchorEvery: 2})
		must(t, run(s, "CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)"))
		must(t, s.Close())
		template = dir
	}
	for _, mode := range []struct {
		name        string
		from, short bool
		err         error
	}{
		{"error once", false, false, syscall.EIO},
		{"short write once", false, true, syscall.EIO},
		{"disk full from there on", true, true, syscall.ENOSPC},
	} {
		t.Run(mode.name, func(t *testing.T) {
			for at := 1; ; at++ {
				dir := copyStore(t, template)
				ff := &faultyFiles{fileSystem: diskFiles{}, at: at, from: mode.from, short: mode.short, err: mode.err}
				acked, begun := 0, 0
				s, err := open(ctx, ff, dir, &testKey, Options{AnchorEvery: 2})
				if err == nil {
					for n := 1; n <= 6 && err == nil; n++ {
						begun = n
						text := strings.Repeat("x", n*n*n*4000) // the last ones span chunks
						err = s.Write(ctx, func(tx *sql.Tx) error {
							_, err := tx.Exec("INSERT INTO t VALUES (?, ?)", n, text)
							return err
						})
						if err == nil {
							acked = n
						} else if !errors.Is(err, ErrFailed) || !errors.Is(err, mode.err) {
							t.Fatalf("call %d: a commit failed with %v", at, err)
						}
					}
					if err != nil {
						if again := run(s, "DELETE FROM t"); !errors.Is(again, ErrFailed) {
							t.Fatalf("call %d: a failed store accepts %v", at, again)
						}
					}
					_ = s.Close()
				}
				s = openStore(t, dir)
				got := int(count(t, s, "SELECT count(*) FROM t"))
				if got < acked || got > begun || int(count(t, s, "SELECT coalesce(max(n), 0) FROM t")) != got {
					t.Fatalf("call %d: %d rows; %d acknowledged, %d begun", at, got, acked, begun)
				}
				must(t, run(s, "INSERT INTO t VALUES (100, 'after')"))
				must(t, s.Close())
				s = openStore(t, dir)
				if n := int(count(t, s, "SELECT count(*) FROM t")); n != got+1 {
					t.Fatalf("call %d: %d rows after going on, want %d", at, n, got+1)
				}
				must(t, s.Close())
				if ff.calls < at {
					if at < 20 {
						t.Fatalf("only %d calls: the test tests nothing", ff.calls)
					}
					return // this run met no fault
				}
			}
		})
	}
}

// A store that could not be created whole does not exist, and can be created.
func TestFaultWhileCreating(t *testing.T) {
	ctx := context.Background()
	for at := 1; ; at++ {
		dir := filepath.Join(t.TempDir(), "store")
		ff := &faultyFiles{fileSystem: diskFiles{}, at: at, short: true, err: syscall.EIO}
		s, err := create(ctx, ff, dir, &testKey, Options{})
		if err == nil {
			must(t, s.Close())
			if ff.calls < at {
				return
			}
			continue
		}
		s, err = Open(ctx, dir, &testKey, Options{})
		if errors.Is(err, fs.ErrNotExist) {
			s, err = Create(ctx, dir, &testKey, Options{})
		}
		if err != nil {
			t.Fatalf("call %d: %v", at, err)
		}
		must(t, run(s, "CREATE TABLE t (x)"))
		must(t, s.Close())
	}
}

// Media that could not be made durable is not there, and does not disturb.
func TestFaultWithMedia(t *testing.T) {
	ctx := context.Background()
	s, _ := createStore(t, Options{})
	for at := 1; ; at++ {
		ff := &faultyFiles{fileSystem: diskFiles{}, at: at, short: true, err: syscall.ENOSPC}
		s.fsys = ff
		b, err := s.PutMedia(ctx, strings.NewReader(strings.Repeat("m", 200_000)))
		s.fsys = diskFiles{}
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) || b != (Blob{}) {
				t.Fatalf("call %d: %+v, %v", at, b, err)
			}
			names, err := s.mediaNames()
			must(t, err)
			if len(names) != 0 {
				t.Fatalf("call %d: %v is left", at, names)
			}
			continue
		}
		must(t, s.CheckMedia(ctx, b))
		must(t, s.RemoveMedia(b.Name))
		if ff.calls < at {
			return
		}
	}
}

// An anchor that cannot be written fails no commit; the store tries again and Check tells.
func TestAnchorCannotBeWritten(t *testing.T) {
	s, dir := createStore(t, Options{AnchorEvery: 1})
	good := s.log.anchors.f
	s.log.anchors.f = &faultyFile{good, &faultyFiles{at: 1, from: true, err: syscall.EIO}}
	must(t, run(s, "CREATE TABLE t (x)"))
	if _, err := s.Anchor(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	s.log.anchors.f = good
	if problems, err := s.Check(context.Background()); err != nil || len(problems) != 1 {
		t.Fatal(problems, err)
	}
	must(t, run(s, "INSERT INTO t VALUES (1)"))
	must(t, s.abandon())
	b, err := os.ReadFile(filepath.Join(dir, anchorName))
	must(t, err)
	r := sealerOf(t, readLogFile(t, dir))
	newest := uint64(0)
	for i := range anchorSlots {
		if a, ok := openAnchor(b[i*blockSize:][:blockSize], uint32(i), r.store, anchorKeys(&testKey, r.store).forGeneration); ok {
			newest = max(newest, a.Sequence)
		}
	}
	if newest != 3 {
		t.Fatal(fmt.Sprint("the anchor names record ", newest))
	}
}
