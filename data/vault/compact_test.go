package vault

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var nextKey = Key{0: 8, 31: 1}

// grown is a store whose log is far larger than what it holds, with something that was removed.
func grown(t testing.TB) (*Store, string) {
	t.Helper()
	s, dir := createStore(t, Options{AnchorEvery: 4})
	must(t, run(s, "CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)", "CREATE TABLE gone (x TEXT)", "CREATE INDEX t_x ON t (x)"))
	for i := range 20 {
		must(t, run(s, fmt.Sprintf("INSERT INTO t VALUES (%d, '%s')", i, strings.Repeat("text ", 3000+i)), fmt.Sprintf("INSERT INTO gone VALUES ('%s')", marker)))
	}
	must(t, run(s, "DELETE FROM gone", "DELETE FROM t WHERE n % 2 = 1"))
	return s, dir
}

const marker = "what-was-removed-for-good"

func logsIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "log-") {
			names = append(names, e.Name())
		}
	}
	return names
}

// Given a log full of what is no longer, when it is compacted, then the content is the same, the log is small, sequences go
// on, the generation before stays and the one before that goes; also after the store was opened again.
func TestCompactKeepsTheContentAndShrinksTheLog(t *testing.T) {
	ctx := context.Background()
	s, dir := grown(t)
	for round := uint64(1); round <= 3; round++ {
		want, before := dump(t, s), s.Info()
		told := int64(0)
		must(t, s.Compact(ctx, &testKey, CompactOptions{Progress: func(done, total int64) {
			if done <= told || done > total {
				t.Errorf("the progress goes from %d to %d of %d", told, done, total)
			}
			told = done
		}}))
		after := s.Info()
		if dump(t, s) != want || after.Generation != before.Generation+1 || after.Sequence != before.Sequence+2 || after.Epoch != before.Epoch {
			t.Fatalf("from %+v it came to %+v", before, after)
		}
		if round == 1 && after.LogBytes*3 > before.LogBytes || told == 0 {
			t.Errorf("the log had %d bytes and has %d", before.LogBytes, after.LogBytes)
		}
		if got := len(logsIn(t, dir)); got != 2 {
			t.Errorf("there are %v", logsIn(t, dir))
		}
		must(t, run(s, fmt.Sprintf("INSERT INTO t VALUES (%d, 'after')", 1000+round)))
		if problems, err := s.Check(ctx); err != nil || len(problems) > 0 {
			t.Errorf("the check says %v, %v", problems, err)
		}
		want = dump(t, s)
		must(t, s.Close())
		s = openStore(t, dir)
		if dump(t, s) != want {
			t.Fatal("after opening again the content is another")
		}
	}
}

// Given a store whose key somebody knows who should not, when it gets another key, then only the new one opens it, the
// content is the same, and what was removed is neither in its pages nor in any log.
func TestRekeyLeavesNothingForTheOldKey(t *testing.T) {
	ctx := context.Background()
	s, dir := grown(t)
	want := dump(t, s)
	must(t, s.Rekey(ctx, &testKey, &nextKey, CompactOptions{}))
	if dump(t, s) != want || s.Info().Epoch != 2 {
		t.Fatalf("the content is another, or the epoch: %+v", s.Info())
	}
	if logs := logsIn(t, dir); len(logs) != 1 {
		t.Errorf("there are %v", logs)
	}
	live := s.img.live()
	pages := make([]byte, len(live)*entrySize)
	s.img.committed(pages, live)
	if len(pages) == 0 || bytes.Contains(pages, []byte(marker)) {
		t.Error("what was removed is still in the pages")
	}
	must(t, run(s, "INSERT INTO t VALUES (5000, 'after')"))
	must(t, s.Close())
	if _, err := Open(ctx, dir, &testKey, Options{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("the old key gives %v", err)
	}
	s, err := Open(ctx, dir, &nextKey, Options{})
	must(t, err)
	defer s.Close()
	if n := count(t, s, "SELECT count(*) FROM t"); n != 11 {
		t.Errorf("there are %d rows", n)
	}
	// And it can be compacted and re-keyed again.
	must(t, s.Compact(ctx, &nextKey, CompactOptions{}))
	must(t, s.Rekey(ctx, &nextKey, &testKey, CompactOptions{}))
	if s.Info().Epoch != 3 || s.Info().Generation != 4 {
		t.Errorf("it is %+v", s.Info())
	}
}

func TestCompactTakesTheStoresKeyAlone(t *testing.T) {
	s, dir := grown(t)
	if err := s.Compact(context.Background(), &nextKey, CompactOptions{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key gives %v", err)
	}
	if err := s.Rekey(context.Background(), &nextKey, &testKey, CompactOptions{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("re-keying with another key gives %v", err)
	}
	if err := s.Rekey(context.Background(), &testKey, &testKey, CompactOptions{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("re-keying to the same key gives %v", err)
	}
	if logs := logsIn(t, dir); len(logs) != 1 || s.Info().Generation != 1 {
		t.Errorf("there are %v", logs)
	}
}

// Given the generation before put back in place of the current one, then it is noticed, as with any rollback.
func TestAnEarlierGenerationPutBackIsNoticed(t *testing.T) {
	s, dir := grown(t)
	must(t, s.Compact(context.Background(), &testKey, CompactOptions{}))
	must(t, s.Close())
	must(t, os.Remove(filepath.Join(dir, logName(2))))
	if _, err := Open(context.Background(), dir, &testKey, Options{}); !errors.Is(err, ErrRolledBack) {
		t.Errorf("it gives %v", err)
	}
}

// Given somebody who wants the store, when a compaction runs in the background, then it gives way at once; one that is
// cancelled, or wanted, leaves the store as it was.
func TestACompactionInTheBackgroundGivesWay(t *testing.T) {
	s, dir := grown(t)
	want := dump(t, s)
	done := make(chan error)
	started := false
	err := s.Compact(context.Background(), &testKey, CompactOptions{GiveWay: true, Progress: func(int64, int64) {
		if started {
			return
		}
		started = true
		go func() { done <- run(s, "INSERT INTO t VALUES (9000, 'meanwhile')") }()
		for s.waiting.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
	}})
	if !errors.Is(err, ErrGaveWay) {
		t.Fatalf("it gives %v", err)
	}
	must(t, <-done)
	must(t, run(s, "DELETE FROM t WHERE n = 9000"))
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.Compact(ctx, &testKey, CompactOptions{Progress: func(int64, int64) { cancel() }}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled it gives %v", err)
	}
	if logs := logsIn(t, dir); len(logs) != 1 || logs[0] != logName(1) || dump(t, s) != want {
		t.Errorf("there are %v, or the content is another", logs)
	}
}

// Given any call to the disk that fails while a store is compacted or gets another key, once or from there on, then the
// store opens afterwards with the old key as it was or with the new one, whole in either case, and goes on.
func TestFaultWhileCompacting(t *testing.T) {
	ctx := context.Background()
	s, template := grown(t)
	want := dump(t, s)
	must(t, s.Close())
	for name, work := range map[string]func(s *Store) error{
		"compact": func(s *Store) error { return s.Compact(ctx, &testKey, CompactOptions{}) },
		"rekey":   func(s *Store) error { return s.Rekey(ctx, &testKey, &nextKey, CompactOptions{}) },
	} {
		for mode, fault := range map[string]faultyFiles{
			"once":         {fileSystem: diskFiles{}, short: true, err: syscall.EIO},
			"from then on": {fileSystem: diskFiles{}, from: true, err: syscall.ENOSPC},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				switched := 0
				for at := 1; ; at++ {
					dir := copyStore(t, template)
					s, err := Open(ctx, dir, &testKey, Options{AnchorEvery: 4})
					must(t, err)
					ff := fault
					ff.at = at
					s.fsys, s.log.f, s.log.anchors.f = &ff, &faultyFile{s.log.f, &ff}, &faultyFile{s.log.anchors.f, &ff}
					done := work(s)
					if done == nil {
						if dump(t, s) != want {
							t.Fatalf("call %d: the content is another", at)
						}
					} else if !errors.Is(done, ff.err) {
						t.Fatalf("call %d: it gave %v", at, done)
					}
					_ = s.Close()
					s, err = Open(ctx, dir, &testKey, Options{})
					if errors.Is(err, ErrWrongKey) {
						s, err = Open(ctx, dir, &nextKey, Options{})
						switched++
						if logs := logsIn(t, dir); len(logs) != 1 {
							t.Fatalf("call %d: after opening with the new key there are %v", at, logs)
						}
					}
					if err != nil {
						t.Fatalf("call %d: opening gave %v after %v", at, err, done)
					}
					if dump(t, s) != want {
						t.Fatalf("call %d: the content is another after opening", at)
					}
					must(t, s.Write(ctx, func(tx *sql.Tx) error {
						_, err := tx.Exec("INSERT INTO t VALUES (7000, 'on')")
						return err
					}))
					must(t, s.Close())
					if ff.calls < at {
						if at < 12 || name == "rekey" && switched == 0 {
							t.Fatalf("only %d calls, %d switched: the test tests nothing", ff.calls, switched)
						}
						return
					}
				}
			})
		}
	}
}
