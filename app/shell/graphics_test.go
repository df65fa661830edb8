package shell

import (
	"bytes"
	"testing"
)

func TestAWindowThatCannotOpenIsNoticedOnce(t *testing.T) {
	count, log := 0, &bytes.Buffer{}
	guard := &GraphicsGuard{Next: log, Failed: func() { count++ }}
	for _, line := range []string{"starting\n", "Fyne error:  window creation error\n", "  Cause: none\n", "window creation error\n"} {
		if n, err := guard.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("writing a line gave %d, %v", n, err)
		}
	}
	if count != 1 {
		t.Errorf("the failure was noticed %d times, want once", count)
	}
	if !bytes.Contains(log.Bytes(), []byte("Cause")) {
		t.Error("the log was not passed on")
	}
}
