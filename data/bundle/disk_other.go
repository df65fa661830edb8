//go:build !linux && !windows

package bundle

import (
	"errors"
	"os"
	"syscall"
)

// volumeOf knows nothing on other systems: the drive's own limit then shows while writing.
func volumeOf(folder string) (VolumeInfo, error) {
	if _, err := os.Stat(folder); err != nil {
		return VolumeInfo{}, err
	}
	return VolumeInfo{Free: -1}, nil
}

func dropCache(*os.File) {}

func renameFile(from, to string) error { return os.Rename(from, to) }

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

func isNoSpace(err error) bool  { return errors.Is(err, syscall.ENOSPC) }
func isTooBig(err error) bool   { return errors.Is(err, syscall.EFBIG) }
func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
