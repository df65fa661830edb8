//go:build !linux && !windows

package shell

import "time"

// systemIdle knows nothing here; the window's own events count instead.
func systemIdle() (time.Duration, bool) { return 0, false }
