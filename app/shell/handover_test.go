package shell

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// Given a Wardbook that is open, when a second one is started with a bundle, then the first gets its whole path; without
// an open one, after it has ended, or for another data folder, nobody takes it.
func TestASecondStartHandsItsBundleOver(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	dir := filepath.Join(t.TempDir(), "data")
	if taken, err := handOver(dir, "x.wardbook"); taken || err != nil {
		t.Fatalf("before there is one: %v, %v", taken, err)
	}
	got := make(chan handover, 3)
	stop, err := takeOver(dir, func(h handover) { got <- h })
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{"x.wardbook", ""} {
		if taken, err := handOver(dir, given); !taken || err != nil {
			t.Fatalf("handing over %q: %v, %v", given, taken, err)
		}
		select {
		case h := <-got:
			if given == "" && h.Bundle != "" || given != "" && (!filepath.IsAbs(h.Bundle) || filepath.Base(h.Bundle) != given) {
				t.Errorf("%q arrived as %q", given, h.Bundle)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("nothing arrived")
		}
	}
	if taken, err := handOver(dir+"2", "x.wardbook"); taken || err != nil {
		t.Errorf("another data folder: %v, %v", taken, err)
	}

	// Noise is no second start.
	path, err := handoverPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, noise := range []string{"{", `{"bundle":"relative.wardbook"}` + "\n", "GET / HTTP/1.1\r\n\r\n"} {
		connection, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Write([]byte(noise)); err != nil {
			t.Fatal(err)
		}
		if err := connection.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if taken, err := handOver(dir, ""); !taken || err != nil {
		t.Fatalf("after noise: %v, %v", taken, err)
	}
	if h := <-got; h.Bundle != "" {
		t.Errorf("noise opened %q", h.Bundle)
	}

	// What a killed one left is not in the way of the next.
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if taken, err := handOver(dir, ""); taken || err != nil {
		t.Errorf("after it ended: %v, %v", taken, err)
	}
	stop, err = takeOver(dir, func(handover) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
