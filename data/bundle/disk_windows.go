package bundle

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// volumeOf asks Windows what file system a folder lies on.
func volumeOf(folder string) (VolumeInfo, error) {
	from, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return VolumeInfo{}, fmt.Errorf("%s: %w", folder, err)
	}
	root := make([]uint16, windows.MAX_LONG_PATH)
	if err := windows.GetVolumePathName(from, &root[0], uint32(len(root))); err != nil {
		return VolumeInfo{}, fmt.Errorf("%s: %w", folder, err)
	}
	name := make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, nil, &name[0], uint32(len(name))); err != nil {
		return VolumeInfo{}, fmt.Errorf("%s: %w", folder, err)
	}
	v := VolumeInfo{FileSystem: windows.UTF16ToString(name), Free: -1}
	if strings.EqualFold(v.FileSystem, "FAT32") || strings.EqualFold(v.FileSystem, "FAT") {
		v.MaxFileSize = maxFATFileSize
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(from, &free, nil, nil); err == nil {
		v.Free = int64(free)
	}
	return v, nil
}

// dropCache does nothing: Windows has no request for it on an ordinary handle. The file is read back, perhaps from memory.
func dropCache(*os.File) {}

// renameFile waits up to 5 s for a virus scanner that holds the new file. MoveFileEx without flags never replaces a file.
func renameFile(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	target, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		err := windows.MoveFileEx(old, target, 0)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, windows.ERROR_ALREADY_EXISTS), errors.Is(err, windows.ERROR_FILE_EXISTS):
			return ErrTargetExists
		case attempt < 50 && (errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)):
			time.Sleep(100 * time.Millisecond)
		default:
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
	}
}

// syncFolder does nothing: Windows writes names through by itself.
func syncFolder(string) error { return nil }

func isNoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func isTooBig(err error) bool { return errors.Is(err, windows.ERROR_FILE_TOO_LARGE) }

func isReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
