package bundle

import (
	"errors"
	"io/fs"
	"os"
)

// osDisk is the real file system.
type osDisk struct{}

// create makes a file that others may read: a bundle is made to be handed over, and what is secret in it is encrypted.
func (osDisk) create(path string) (diskFile, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
}

func (osDisk) open(path string) (diskFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	dropCache(f)
	return f, nil
}

func (osDisk) exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (osDisk) rename(from, to string) error   { return renameFile(from, to) }
func (osDisk) remove(path string) error       { return os.Remove(path) }
func (osDisk) syncFolder(folder string) error { return syncFolder(folder) }
