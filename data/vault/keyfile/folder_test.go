package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardbook/data/vault/keyfile/internal/disk"
	"wardbook/data/vault/keyfile/internal/disk/disktest"
)

func newFolder(t interface {
	Fatal(...any)
}, dir string,
) *Folder {
	f := NewFolder(dir)
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	return f
}

// Given a key file, when any one call of its replacement fails or the program dies there, then each copy is wholly old
// or wholly new, at least one is there, and an error is reported unless both copies are new.
func TestReplaceUnderFaults(t *testing.T) {
	old, fresh := []byte("old key file\n"), []byte("new key file, and longer\n")
	for _, mode := range []struct {
		name             string
		dead, afterwards bool
	}{{"fails once", false, false}, {"fails once after taking effect", false, true}, {"dies", true, false}, {"dies after taking effect", true, true}} {
		t.Run(mode.name, func(t *testing.T) {
			for n := 1; ; n++ {
				f := newFolder(t, t.TempDir())
				if err := f.Replace("k", old); err != nil {
					t.Fatal(err)
				}
				d := &disktest.Faulty{FailAt: n, Dead: mode.dead, Afterwards: mode.afterwards}
				f.disk = d
				err := f.Replace("k", fresh)
				f.disk = disk.OS{}
				copies, readErr := f.Read("k")
				if readErr != nil {
					t.Fatalf("call %d: %v", n, readErr)
				}
				for i, content := range copies.Content {
					if copies.Problem[i] != nil || (!bytes.Equal(content, old) && !bytes.Equal(content, fresh)) {
						t.Fatalf("call %d: copy %d is %q (%v)", n, i, content, copies.Problem[i])
					}
				}
				if err == nil && (!copies.Same() || !bytes.Equal(copies.Content[0], fresh)) {
					t.Fatalf("call %d: no error, but the copies are %q", n, copies.Content)
				}
				if err != nil && !mode.dead && !bytes.Equal(copies.Content[0], copies.Content[1]) {
					t.Fatalf("call %d: the copies differ after one failure: %q", n, copies.Content)
				}
				if err := f.Sweep(); err != nil {
					t.Fatal(err)
				}
				for _, dir := range f.dirs {
					if names, _ := f.disk.ReadDir(dir); len(names) != 1 {
						t.Fatalf("call %d: left behind: %v", n, names)
					}
				}
				if d.Calls < n {
					if n < 10 {
						t.Fatalf("only %d calls were made to fail", n-1)
					}
					return
				}
			}
		})
	}
}

// Given no key file, when writing the first one fails, then none is there or both are.
func TestFirstWriteUnderFaults(t *testing.T) {
	for n := 1; ; n++ {
		f := newFolder(t, t.TempDir())
		d := &disktest.Faulty{FailAt: n}
		f.disk = d
		err := f.Replace("k", []byte("key"))
		f.disk = disk.OS{}
		copies, readErr := f.Read("k")
		if err != nil && !errors.Is(readErr, ErrNotFound) {
			t.Fatalf("call %d failed, but left %q", n, copies.Content)
		}
		if err == nil && !copies.Same() {
			t.Fatalf("call %d: no error, but the copies are %q", n, copies.Content)
		}
		if d.Calls < n {
			return
		}
	}
}

// Whatever sequence of replacements, faults, deaths and single damages happens, as long as each damage is repaired before
// the next one, the key file that is read is the last one whose writing was reported a success, or a later one.
func TestReplaceSequences(t *testing.T) {
	root := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		dir := filepath.Join(root, fmt.Sprint(run))
		f := newFolder(t, dir)
		defer os.RemoveAll(dir)
		version, settled := 1, 1
		content := func(v int) []byte {
			line := fmt.Sprintf("version %d\n", v)
			return []byte(line + Sum([]byte(line)))
		}
		// read stands for what ReadStoreKey does: the whole copy with the highest number.
		read := func() int {
			best := 0
			copies, err := f.Read("k")
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range copies.Content {
				line, sum, _ := bytes.Cut(c, []byte("\n"))
				v := 0
				if copies.Problem[i] == nil && string(sum) == Sum(append(line, '\n')) {
					if _, err := fmt.Sscanf(string(line), "version %d", &v); err != nil {
						t.Fatal(err)
					}
				}
				best = max(best, v)
			}
			return best
		}
		if err := f.Replace("k", content(1)); err != nil {
			t.Fatal(err)
		}
		t.Repeat(map[string]func(*rapid.T){
			"replace": func(t *rapid.T) {
				version++
				if err := f.Replace("k", content(version)); err != nil {
					t.Fatal(err)
				}
				settled = version
			},
			"replace and fail": func(t *rapid.T) {
				version++
				f.disk = &disktest.Faulty{
					FailAt: rapid.IntRange(1, 20).Draw(t, "call"),
					Dead:   rapid.Bool().Draw(t, "dead"), Afterwards: rapid.Bool().Draw(t, "afterwards"),
				}
				err := f.Replace("k", content(version))
				f.disk = disk.OS{}
				if err == nil {
					settled = version
				}
			},
			"damage a copy and repair": func(t *rapid.T) {
				now := read()
				if err := f.Replace("k", content(now)); err != nil { // both copies are whole and equal before the damage
					t.Fatal(err)
				}
				path := filepath.Join(f.dirs[rapid.IntRange(0, 1).Draw(t, "copy")], "k")
				if rapid.Bool().Draw(t, "remove") {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				} else if err := os.WriteFile(path, []byte("version"), 0o600); err != nil {
					t.Fatal(err)
				}
				if read() != now {
					t.Fatalf("after damage to one copy, version %d is read instead of %d", read(), now)
				}
				if err := f.Replace("k", content(now)); err != nil {
					t.Fatal(err)
				}
				settled = now
			},
			"": func(t *rapid.T) {
				if now := read(); now < settled || now > version {
					t.Fatalf("version %d is read; %d was settled, %d the last that was tried", now, settled, version)
				}
			},
		})
	})
}

func TestRemoveIsWhole(t *testing.T) {
	f := newFolder(t, t.TempDir())
	if err := f.Replace("k", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("k"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read("k"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("after removing: %v", err)
	}
	if err := f.Remove("k"); err != nil {
		t.Fatalf("removing what is gone: %v", err)
	}
}

func TestModes(t *testing.T) {
	f := newFolder(t, t.TempDir())
	if err := f.Replace("k", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range f.dirs {
		for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "k"): 0o600} {
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != want {
				t.Fatalf("%s: %v %v, want %v", path, info.Mode().Perm(), err, want)
			}
		}
	}
}

func TestOversizedFileIsRefused(t *testing.T) {
	f := newFolder(t, t.TempDir())
	for _, dir := range f.dirs {
		if err := os.WriteFile(filepath.Join(dir, StoreKeyName(Library)), bytes.Repeat([]byte{'a'}, maxNames+1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := f.ReadStoreKey(Library); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "too large") {
		t.Fatal(err)
	}
}
