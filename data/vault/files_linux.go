package vault

import (
	"os"
	"syscall"
)

// syncData flushes the data, and of the inode only what is needed to read it back (the size). It saves the file
// system a journal commit for the time of change alone.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
