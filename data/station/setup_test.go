//go:build !windows

package station_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, state station.State) {
		t.Helper()
		if got, err := station.Inspect(dir); err != nil || got != state {
			t.Errorf("%s: %s, %v; want %s", what, got, err, state)
		}
	}
	want("an empty folder", station.StateEmpty)
	write("lock")
	want("a lock file alone", station.StateForeign)
	write("setup-unfinished")
	want("an unfinished set-up", station.StateEmpty)
	write("holiday.jpg")
	want("an unfinished set-up and something else", station.StateForeign)
	write("wardbook.folder")
	want("another file of the marker's name", station.StateForeign)
	if got, err := station.Inspect(filepath.Join(dir, "absent")); err != nil || got != station.StateEmpty {
		t.Errorf("an absent folder: %s, %v", got, err)
	}
	if _, err := station.Inspect(filepath.Join(dir, "lock")); err == nil {
		t.Error("a file passes as a folder")
	}
}

// Given a request that cannot be met, then nothing is written.
func TestSetupChecksBeforeItWrites(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*station.SetupRequest)
		want   error
	}{
		"a short passphrase":    {func(r *station.SetupRequest) { r.Passphrase = "short" }, account.ErrPassphraseTooShort},
		"a weak passphrase":     {func(r *station.SetupRequest) { r.Passphrase = "officer 4711 prison" }, account.ErrPassphraseTooWeak},
		"no account name":       {func(r *station.SetupRequest) { r.AccountName = " " }, account.ErrBadName},
		"an invisible name":     {func(r *station.SetupRequest) { r.AccountName = "a\u202eb" }, account.ErrBadName},
		"no role":               {func(r *station.SetupRequest) { r.Roles = nil }, account.ErrBadRole},
		"an unknown role":       {func(r *station.SetupRequest) { r.Roles = []account.Role{"king"} }, account.ErrBadRole},
		"no workstation's name": {func(r *station.SetupRequest) { r.Station = "" }, station.ErrBadStationName},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		req := request(dir)
		c.change(&req)
		if _, _, _, err := station.Setup(background, req, stationtest.Options(t)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder was made", name)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := station.Setup(background, request(dir), stationtest.Options(t)); !errors.Is(err, station.ErrNotEmpty) {
		t.Errorf("a folder with something in it: %v", err)
	}
	if _, err := station.Open(dir, stationtest.Options(t)); !errors.Is(err, station.ErrNotSetUp) {
		t.Errorf("opening another folder: %v", err)
	}
}

// Given a set-up that failed or died half-way, then the folder can be set up again.
func TestSetupAgainAfterAFailure(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, _, _, err := station.Setup(ctx, request(dir), stationtest.Options(t)); err == nil {
		t.Fatal("a cancelled set-up succeeded")
	}
	if state, err := station.Inspect(dir); err != nil || state != station.StateEmpty {
		t.Fatal(state, err)
	}
	// What a set-up leaves that died just before its last file.
	st, _, _ := stationtest.NewWith(t, request(dir), stationtest.Options(t))
	lock(t, st)
	if err := os.Rename(filepath.Join(dir, "wardbook.folder"), filepath.Join(dir, "setup-unfinished")); err != nil {
		t.Fatal(err)
	}
	st, session, _ := stationtest.NewWith(t, request(dir), stationtest.Options(t))
	wantSound(t, session)
	if _, err := st.SignIn(background, "Officer 4711", stationtest.Passphrase); !errors.Is(err, station.ErrSignedIn) {
		t.Fatalf("signing in twice: %v", err)
	}
	if !session.Actor().Has(account.RoleAdministrator) || !session.HasCasework() {
		t.Fatalf("roles %v", session.Actor().Roles())
	}
	if w := session.Workstation(); w.Name != "Gate office" || w.ID == "" || !strings.HasPrefix(w.PublicKey, "RW") {
		t.Fatalf("%+v", w)
	}
	lock(t, st)
	if _, err := st.SignIn(background, " officer  4711 ", stationtest.Passphrase); err != nil {
		t.Fatalf("the name in another spelling: %v", err)
	}
}

// TestHelperProcess is not a test: it is the other process of TestSecondProcess.
func TestHelperProcess(t *testing.T) {
	dir := os.Getenv("WARDBOOK_TEST_DIR")
	if dir == "" {
		t.Skip("only for another test")
	}
	st, err := station.Open(dir, stationtest.Options(t))
	if err == nil {
		_, err = st.SignIn(background, stationtest.Name, stationtest.Passphrase)
	}
	fmt.Println("signed in:", err)
	select {}
}

// Given another process that is signed in, then this one is told who has the folder; once that process was killed, its
// lock is not in the way.
func TestSecondProcess(t *testing.T) {
	st, _, _ := setUp(t)
	lock(t, st)
	child := exec.Command(os.Args[0], "-test.run=TestHelperProcess$", "-test.timeout=60s")
	child.Env = append(os.Environ(), "WARDBOOK_TEST_DIR="+st.Dir())
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if line, found := strings.CutPrefix(lines.Text(), "signed in: "); found {
			if line != "<nil>" {
				t.Error(line)
			}
			break
		}
	}
	_, err = station.Open(st.Dir(), stationtest.Options(t))
	var use *station.InUseError
	if !errors.As(err, &use) || use.PID != child.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint("process ", use.PID)) {
		t.Errorf("opening: %v", err)
	}
	if _, err := st.SignIn(background, stationtest.Name, stationtest.Passphrase); !errors.Is(err, station.ErrInUse) {
		t.Errorf("signing in: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if _, err := station.Open(st.Dir(), stationtest.Options(t)); err != nil {
		t.Errorf("after the other was killed: %v", err)
	}
	wantWholeLog(t, stationtest.SignIn(t, st, stationtest.Name), 1)
}

func TestCoreDumpsAreOff(t *testing.T) {
	setUp(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Fatalf("%+v, %v", limit, err)
	}
}
