//go:build !windows

package station

import (
	"fmt"
	"syscall"
)

// checksModes says that the permission bits of files mean something here.
const checksModes = true

// disableCoreDumps keeps the operating system from writing the memory, and with it keys and records, to disk when the
// program crashes. It cannot be taken back while the program runs.
func disableCoreDumps() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("switching off core dumps: %w", err)
	}
	return nil
}
