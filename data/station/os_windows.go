package station

import "syscall"

// checksModes is false: on Windows access lists decide, and Go's permission bits say nothing about them.
const checksModes = false

const (
	semFailCriticalErrors = 0x0001
	semNoGPFaultErrorBox  = 0x0002
)

// disableCoreDumps keeps Windows Error Reporting from taking a picture of the memory, and with it keys and records, when
// the program crashes.
func disableCoreDumps() error {
	proc := syscall.NewLazyDLL("kernel32.dll").NewProc("SetErrorMode")
	if err := proc.Find(); err != nil {
		return err
	}
	_, _, _ = proc.Call(semFailCriticalErrors | semNoGPFaultErrorBox) // returns the mode before; it does not fail
	return nil
}
