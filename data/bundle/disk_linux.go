package bundle

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// volumeOf asks the kernel what file system a folder lies on.
func volumeOf(folder string) (VolumeInfo, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return VolumeInfo{}, fmt.Errorf("%s: %w", folder, err)
	}
	v := VolumeInfo{Free: int64(s.Bavail) * int64(s.Bsize)}
	switch int64(s.Type) {
	case unix.MSDOS_SUPER_MAGIC: // FAT12, FAT16 and FAT32
		v.FileSystem, v.MaxFileSize = "FAT32", maxFATFileSize
	case unix.EXT4_SUPER_MAGIC:
		v.FileSystem = "ext4"
	case unix.EXFAT_SUPER_MAGIC:
		v.FileSystem = "exFAT"
	case unix.TMPFS_MAGIC:
		v.FileSystem = "tmpfs"
	}
	return v, nil
}

// dropCache makes the next reading come from the drive and not from memory. It is a request: where the system ignores it,
// the file is still read back, from memory.
func dropCache(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // best effort by nature
}

// renameFile never replaces a file where the file system can promise that; FAT cannot, and Export has just looked.
func renameFile(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOTSUP):
		return os.Rename(from, to)
	case errors.Is(err, unix.EEXIST):
		return ErrTargetExists
	case err != nil:
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncFolder makes the new name durable. Some file systems of sticks cannot flush a folder; they say so and are left alone.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

func isNoSpace(err error) bool  { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
func isTooBig(err error) bool   { return errors.Is(err, unix.EFBIG) }
func isReadOnly(err error) bool { return errors.Is(err, unix.EROFS) }
