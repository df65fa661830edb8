package disk

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Windows refuses to replace a file while somebody, often a virus scanner, has it open.
const (
	renamePatience = 5 * time.Second
	renamePause    = 50 * time.Millisecond

	errorSharingViolation = syscall.Errno(32)
	errorLockViolation    = syscall.Errno(33)
)

func rename(from, to string) error {
	deadline := time.Now().Add(renamePatience)
	for {
		err := os.Rename(from, to)
		busy := errors.Is(err, syscall.ERROR_ACCESS_DENIED) || errors.Is(err, errorSharingViolation) || errors.Is(err, errorLockViolation)
		if !busy || time.Now().After(deadline) {
			return err
		}
		time.Sleep(renamePause)
	}
}

// syncDir does nothing: Windows keeps no such state that a program could flush.
func syncDir(string) error { return nil }
