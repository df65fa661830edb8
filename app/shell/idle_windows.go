package shell

import (
	"syscall"
	"time"
	"unsafe"
)

// systemIdle asks Windows when the last key or mouse event came.
func systemIdle() (time.Duration, bool) {
	var last struct {
		size  uint32
		ticks uint32 // milliseconds since the start of Windows, as is the tick count
	}
	last.size = uint32(unsafe.Sizeof(last))
	ok, _, _ := syscall.NewLazyDLL("user32.dll").NewProc("GetLastInputInfo").Call(uintptr(unsafe.Pointer(&last)))
	if ok == 0 {
		return 0, false
	}
	now, _, _ := syscall.NewLazyDLL("kernel32.dll").NewProc("GetTickCount").Call()
	return time.Duration(uint32(now)-last.ticks) * time.Millisecond, true
}
