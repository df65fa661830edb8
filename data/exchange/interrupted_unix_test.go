//go:build unix

package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

const killedCode = -1 // by a signal

// fileLimit lets no file grow beyond so many bytes, as a full disk would; it returns what lifts that again.
func fileLimit(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	lifted := false
	lift = func() {
		if lifted {
			return
		}
		lifted = true
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(lift)
	return lift
}

// Given a disk that takes no more while media are stored, then the import fails with the system's error, leaves nothing,
// and succeeds when there is room.
func TestAFullDisk(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	d := withPicture(p.module("doors", 1, "one"), "images/a.png", "small", 1000)
	d = withPicture(d, "images/b.png", "large", 8<<20)
	path := p.write(parts{documents: []content.Document{d}})
	before := wing.everything()
	lift := fileLimit(t, 6<<20)
	_, err := wing.Import(context.Background(), path, exchange.ImportOptions{})
	lift()
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "media/") {
		t.Fatalf("it gave %v", err)
	}
	if wing.everything() != before {
		t.Error("it left something behind")
	}
	wing.take(path, exchange.ImportOptions{})
}

// Given a stick that takes no more, then publishing fails, leaves nothing on it or in the library, and uses the number or
// the one after it next time.
func TestAFullStick(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	office.publish(folder(t, "doors", "one", true), "1", nil)
	dir := folder(t, "doors", "two", true)
	write(t, filepath.Join(dir, "modules", "doors", "images", "door.png"), picture+strings.Repeat("x", 8<<20))
	before := office.standing()
	out := filepath.Join(t.TempDir(), "out.wardbook")
	// The media go into the library first, so the library's disk must be the larger one: only the bundle exceeds this.
	lift := fileLimit(t, 8<<20+3000)
	_, err := office.Publish(context.Background(), exchange.PublishRequest{Folder: dir, Out: out, Note: "2"})
	lift()
	if err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("it gave %v", err)
	}
	if office.standing() != before {
		t.Errorf("it left something behind after %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	published, err := office.Publish(context.Background(), exchange.PublishRequest{Folder: dir, Out: out, Note: "2"})
	if err != nil || published.Sequence != 2 && published.Sequence != 3 {
		t.Fatalf("afterwards: %+v, %v", published, err)
	}
	fmt.Fprintln(t.Output(), "the number afterwards:", published.Sequence)
}
