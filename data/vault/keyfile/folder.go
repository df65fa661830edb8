package keyfile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wardbook/data/vault/keyfile/internal/disk"
)

// leftover marks a file that a replacement was writing when the program died.
const leftover = ".new-"

// Folder is where a data folder's key files lie, each of them twice.
type Folder struct {
	dirs [2]string
	disk disk.Disk
}

// NewFolder names the key files of the data folder dir; nothing is read or made.
func NewFolder(dir string) *Folder { return NewFolderOn(dir, disk.OS{}) }

// NewFolderOn does the same on a disk of a test's making (keyfiletest.FaultyFolder).
func NewFolderOn(dir string, on disk.Disk) *Folder {
	return &Folder{dirs: [2]string{filepath.Join(dir, "keys"), filepath.Join(dir, "keys-copy")}, disk: on}
}

// Dirs are the two folders.
func (f *Folder) Dirs() []string { return slices.Clone(f.dirs[:]) }

// Create makes the two folders.
func (f *Folder) Create() error {
	for _, dir := range f.dirs {
		if err := f.disk.MkdirAll(dir); err != nil {
			return fmt.Errorf("making the folder for key files: %w", err)
		}
	}
	return nil
}

// Copies are both copies of one key file as they lie on disk. A copy that cannot be read has a Problem instead of a
// Content.
type Copies struct {
	Content [2][]byte
	Problem [2]error
}

// Same reports whether both copies are there and equal.
func (c Copies) Same() bool {
	return c.Problem[0] == nil && c.Problem[1] == nil && bytes.Equal(c.Content[0], c.Content[1])
}

// Read reads both copies of a key file. ErrNotFound means that neither is there.
func (f *Folder) Read(name string) (Copies, error) {
	var c Copies
	for i, dir := range f.dirs {
		c.Content[i], c.Problem[i] = f.disk.ReadFile(filepath.Join(dir, name), maxNames)
	}
	if errors.Is(c.Problem[0], fs.ErrNotExist) && errors.Is(c.Problem[1], fs.ErrNotExist) {
		return c, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	return c, nil
}

// Replace puts content into both copies, keys/ first. A copy that already holds it is left alone, so that Replace also
// repairs. If the second copy cannot be written, the first is put back as it was; should that fail as well, the first
// holds the new content and the second the old one. The error says so in each case.
func (f *Folder) Replace(name string, content []byte) error {
	before, err := f.Read(name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for i := range f.dirs {
		if before.Problem[i] == nil && bytes.Equal(before.Content[i], content) {
			continue
		}
		if err := f.replaceCopy(i, name, content); err != nil {
			return fmt.Errorf("writing the key file %s: %w", name, errors.Join(err, f.undo(name, i, before)))
		}
	}
	return nil
}

// undo puts the copies 0 to last back as they were. The last one may or may not have been replaced.
func (f *Folder) undo(name string, last int, before Copies) error {
	var problems []error
	for i := 0; i <= last; i++ {
		path := filepath.Join(f.dirs[i], name)
		now, err := f.disk.ReadFile(path, maxNames)
		switch {
		case errors.Is(before.Problem[i], fs.ErrNotExist):
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			problems = append(problems, f.disk.Remove(path))
		case before.Problem[i] != nil: // it was unreadable: whatever is there now is not worse
		case err == nil && bytes.Equal(now, before.Content[i]):
		default:
			problems = append(problems, f.replaceCopy(i, name, before.Content[i]))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("putting the earlier one back failed too: %w", err)
	}
	return nil
}

// replaceCopy writes beside the file, makes that durable, reads it back from the disk, and only then renames it.
func (f *Folder) replaceCopy(i int, name string, content []byte) error {
	path := filepath.Join(f.dirs[i], name)
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	fresh := path + leftover + hex.EncodeToString(random[:])
	if err := f.writeNew(fresh, content); err != nil {
		return errors.Join(err, f.disk.Remove(fresh))
	}
	back, err := f.disk.ReadFile(fresh, maxNames)
	if err == nil && !bytes.Equal(back, content) {
		err = errors.New("what was read back differs from what was written")
	}
	if err == nil {
		err = f.disk.Rename(fresh, path)
	}
	if err != nil {
		return errors.Join(err, f.disk.Remove(fresh))
	}
	return f.disk.SyncDir(f.dirs[i])
}

func (f *Folder) writeNew(path string, content []byte) error {
	w, err := f.disk.Create(path)
	if err != nil {
		return err
	}
	if _, err = w.Write(content); err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// Remove removes both copies of a key file, the second one first, so that a copy alone in keys-copy/ is always a sign of
// damage and never of a removal that was interrupted.
func (f *Folder) Remove(name string) error {
	var problems []error
	for i := len(f.dirs) - 1; i >= 0; i-- {
		problems = append(problems, f.disk.Remove(filepath.Join(f.dirs[i], name)), f.disk.SyncDir(f.dirs[i]))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("removing the key file %s: %w", name, err)
	}
	return nil
}

// AccountFiles are the names of all account files, whether one or both copies are there, in order.
func (f *Folder) AccountFiles() ([]string, error) {
	var files []string
	for _, dir := range f.dirs {
		names, err := f.disk.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("listing the key files: %w", err)
		}
		for _, name := range names {
			if IsAccountName(name) && !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
	}
	slices.Sort(files)
	return files, nil
}

// Sweep removes what interrupted replacements left behind. Call it only while holding the process lock.
func (f *Folder) Sweep() error {
	var problems []error
	for _, dir := range f.dirs {
		names, err := f.disk.ReadDir(dir)
		problems = append(problems, err)
		for _, name := range names {
			if strings.Contains(name, leftover) {
				problems = append(problems, f.disk.Remove(filepath.Join(dir, name)))
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("tidying the key files: %w", err)
	}
	return nil
}

// ReplaceFile puts content in the place of a single file with the same care as a key file, for what lies beside the key
// files and is kept only once.
func ReplaceFile(path string, content []byte) error {
	f := Folder{dirs: [2]string{filepath.Dir(path)}, disk: disk.OS{}}
	return f.replaceCopy(0, filepath.Base(path), content)
}
