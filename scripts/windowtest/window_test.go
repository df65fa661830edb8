package windowtest

import (
	"encoding/json"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	passphrase = "copper lantern, nine slow tides"
	trainer    = "Trainer 1"
)

// site is a data folder that the test drives through the window and checks through the commands.
type site struct {
	t       *testing.T
	screen  *Screen
	program *Program
	binary  string
	work    string // holds the data folder, the home folder and the passphrase file
	account string
}

func newSite(t *testing.T, name, account string) *site {
	t.Helper()
	binary := os.Getenv("WARDBOOK")
	if binary == "" {
		t.Skip("WARDBOOK names no program to drive: scripts/window-test does")
	}
	pictures := os.Getenv("WARDBOOK_PICTURES")
	if pictures == "" {
		pictures = t.TempDir()
	}
	s := &site{t: t, screen: StartScreen(t, image.Pt(1280, 800), pictures), binary: binary, work: t.TempDir(), account: account}
	for _, folder := range []string{"home/.cache", "stick"} {
		if err := os.MkdirAll(filepath.Join(s.work, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.work, "pass"), []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

func (s *site) start(args ...string) {
	s.t.Helper()
	s.program = s.screen.Start(s.binary, filepath.Join(s.work, "home"), append([]string{"--data", filepath.Join(s.work, "data")}, args...)...)
}

// command runs a command on the data folder while nobody is signed in, and returns its output.
func (s *site) command(args ...string) string {
	s.t.Helper()
	all := append([]string{"--data", filepath.Join(s.work, "data"), "--account", s.account, "--passphrase-file", filepath.Join(s.work, "pass")}, args...)
	run := exec.Command(s.binary, all...)
	run.Env = append(os.Environ(), "LANG=C")
	output, err := run.CombinedOutput()
	if err != nil {
		s.t.Fatalf("wardbook %v: %v: %s", args, err, output)
	}
	return string(output)
}

func (s *site) setUp(roles ...string) {
	s.t.Helper()
	screen := s.screen
	screen.WaitFor("Set up a new workstation")
	screen.Picture("first-run")
	screen.Click("Set up a new workstation")
	screen.WaitFor("Your account name")
	screen.Type(s.account)
	screen.Key("Tab")
	screen.Type(passphrase)
	screen.Key("Tab")
	screen.Type(passphrase)
	screen.Picture("set-up")
	for _, role := range roles {
		screen.ScrollTo(role)
		screen.Click(role)
	}
	screen.ScrollTo("Choose another folder")
	screen.ClickBeside("Choose another folder", 0, 50) // the button below is "Set up"
	screen.WaitFor("Recovery keys")
	screen.ScrollTo("I have both on paper")
	keys := screen.Codes()
	if len(keys) != 2 || !strings.HasPrefix(keys[0], "AGE-SECRET-KEY-") || !strings.HasPrefix(keys[1], "AGE-SECRET-KEY-") {
		s.t.Fatalf("the window shows %d recovery keys as codes, want two", len(keys))
	}
	screen.Click("I have both on paper")
	screen.WaitFor("Check what you wrote")
	for _, key := range keys {
		screen.Type(key[len(key)-8:])
		screen.Key("Tab")
	}
	screen.Click("Finish")
	screen.WaitFor("Learning")
	screen.Picture("home")
}

func (s *site) signIn() {
	s.t.Helper()
	s.screen.WaitFor("Sign in")
	s.screen.Picture("sign-in")
	s.screen.Type(passphrase)
	s.screen.Key("Return")
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func TestTheWholeChainInTheWindow(t *testing.T) {
	office := newSite(t, "office", trainer)
	office.setUp("Trainer: writes", "Officer: observes")
}
