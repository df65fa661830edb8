package vault

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// fileSystem is all that a store asks of the disk. The program has one implementation; tests put failing ones in its
// place.
type fileSystem interface {
	OpenFile(name string, flag int) (file, error)
	Remove(name string) error
	Rename(from, to string) error
	ReadDir(name string) ([]fs.DirEntry, error)
	MkdirAll(name string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
}

type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Size() (int64, error)
	// Sync makes everything written so far durable, the file's size included.
	Sync() error
}

// diskFiles is the operating system's file system. Files are readable by their owner alone.
type diskFiles struct{}

func (diskFiles) OpenFile(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (diskFiles) Remove(name string) error                   { return os.Remove(name) }
func (diskFiles) Rename(from, to string) error               { return os.Rename(from, to) }
func (diskFiles) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (diskFiles) MkdirAll(name string) error                 { return os.MkdirAll(name, 0o700) }

func (diskFiles) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there; the file system's own journal keeps the names
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type diskFile struct{ *os.File }

func (f diskFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (f diskFile) Sync() error { return syncData(f.File) }
