package station

import (
	"testing"
	"time"
)

func FuzzFailures(f *testing.F) {
	f.Add([]byte(failuresTitle + "00112233445566778899aabbccddeeff\n\x00\x00\x00\x01x"))
	f.Fuzz(func(t *testing.T, content []byte) {
		id, entries, err := parseFailures(content)
		if err == nil && (len(id) != 32 || len(entries) > maxFailures) {
			t.Fatalf("%q, %d entries", id, len(entries))
		}
	})
}

func TestWaitGrowsAndEnds(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	want := []time.Duration{0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300}
	for wrong, seconds := range want {
		a := attempts{Accounts: map[string]attemptCount{"a": {Wrong: wrong, Last: now.UnixMilli()}}}
		until := a.wait("a", now)
		if seconds == 0 != until.IsZero() || (seconds > 0 && until.Sub(now) != seconds*time.Second) {
			t.Errorf("after %d wrong ones: %v", wrong, until.Sub(now))
		}
	}
	a := attempts{Accounts: map[string]attemptCount{"a": {Wrong: 1 << 40, Last: now.UnixMilli()}}}
	if until := a.wait("a", now); until.Sub(now) != maxDelay {
		t.Errorf("after very many: %v", until.Sub(now))
	}
}
