package keyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// disk is the part of a file system that key files need. Tests put a failing one in its place.
type disk interface {
	MkdirAll(path string) error
	ReadFile(path string, limit int64) ([]byte, error)
	Create(path string) (file, error) // refuses an existing file
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	ReadDir(path string) ([]string, error)
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

// osDisk is the machine's own file system.
type osDisk struct{}

func (osDisk) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

func (osDisk) ReadFile(path string, limit int64) ([]byte, error) {
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
		return nil, errTooLarge
	}
	return content, nil
}

var errTooLarge = errors.New("the file is too large")

func (osDisk) Create(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (osDisk) Rename(from, to string) error { return rename(from, to) }

func (osDisk) Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (osDisk) SyncDir(path string) error { return syncDir(path) }

func (osDisk) ReadDir(path string) ([]string, error) {
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
