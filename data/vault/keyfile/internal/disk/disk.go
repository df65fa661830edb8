// Package disk is the part of a file system that key files need, so that tests can put a failing one in its place.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Disk is that part.
type Disk interface {
	MkdirAll(path string) error
	ReadFile(path string, limit int64) ([]byte, error)
	Create(path string) (File, error) // refuses an existing file
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	ReadDir(path string) ([]string, error)
}

// File is a file being written.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// OS is the machine's own file system.
type OS struct{}

// MkdirAll makes a folder that its owner alone may read.
func (OS) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

// ReadFile reads a regular file of at most limit bytes.
func (OS) ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", info.Name())
	}
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, ErrTooLarge
	}
	return content, nil
}

// ErrTooLarge says that a file is larger than the reader allows.
var ErrTooLarge = errors.New("the file is too large")

// Create makes a new file that its owner alone may read.
func (OS) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Rename replaces to with from.
func (OS) Rename(from, to string) error { return rename(from, to) }

// Remove removes a file; one that is not there is no error.
func (OS) Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SyncDir makes the names in a folder durable.
func (OS) SyncDir(path string) error { return syncDir(path) }

// ReadDir lists the names in a folder, none if it is not there.
func (OS) ReadDir(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
