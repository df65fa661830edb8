package windowtest

import (
	"encoding/json"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	screen.Key("shift+Tab", "ctrl+a")
	screen.Type("Training office")
	screen.Key("Tab")
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
	screen.Scroll(1200, 400, 120)
	screen.WaitFor("Choose another folder")
	screen.ClickBeside("Choose another folder", 0, 50) // the button below is "Set up"
	screen.WaitFor("Recovery keys")
	screen.Scroll(1200, 400, 120)
	screen.WaitFor("I have both on paper")
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

// folder writes the trainer's content folder: a course of one module, and a checklist that takes its certificate.
func folder(t *testing.T, dir, lesson string) {
	t.Helper()
	files := map[string]string{
		"courses/gate.yaml":                  "id: gate-course\ntitle: Gate course\nsummary: A short course for the gate.\nmodules: [gate-module]\n",
		"modules/gate/module.yaml":           "id: gate-module\ntitle: Gate module\nminutes: 5\nobjectives: [Keep the gate]\nsources: [The standing orders of this test]\n",
		"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening the gate\n---\n" + lesson + "\n",
		"modules/gate/quiz.gift": "::Lamp:: Which one is a lamp? {=Lighthouse #Yes. ~Submarine #No.}\n\n" +
			"::Needle:: Which one has a needle? {=Compass #Yes. ~Umbrella #No.}\n",
		"checklists/gate.yaml": `id: gate-record
kind: observation
title: Gate record
purpose: Notes what was seen at the gate.
roles: [officer]
course: gate-course
answers: [not-observed, once, repeatedly, not-enough-information]
sections:
  - id: protective
    title: What protects
    items:
      - {id: asks-for-help, kind: protective, text: Asks staff for help, guidance: Any request., not_to_be_confused_with: Small talk.}
  - id: concern
    title: What gives concern
    items:
      - {id: presses-others, kind: concern, text: Presses others to obey, guidance: Words and deeds., not_to_be_confused_with: Loud games., evidence_required: true, taught_in: gate-module/opening}
closing:
  - {id: alternative-explanation, text: "What else could explain this?", none_answer: I cannot think of one}
`,
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// confirm presses the button that does it in a dialog: it stands beside Cancel.
func (s *site) confirm() {
	s.t.Helper()
	s.screen.WaitFor("Cancel")
	s.screen.ClickBeside("Cancel", 85, 0)
}

// publish publishes the folder "content" of the home folder under a name and returns the bundle's path.
func (s *site) publish(note, name string) string {
	s.t.Helper()
	screen := s.screen
	screen.Key("alt+6")
	screen.Click("Choose a content folder")
	screen.WaitFor("Choose this folder")
	screen.ClickNth("content", -1)
	screen.Click("Choose this folder")
	screen.WaitFor("What would be published")
	screen.Picture("publish-folder")
	screen.ScrollTo("What is new for those who read it")
	screen.ClickBeside("What is new for those who read it", 0, -50)
	screen.Type(note)
	screen.Scroll(1200, 400, 80)
	screen.Picture("publish-decide")
	screen.ClickNth("Publish", -1)
	screen.WaitFor("New folder")
	screen.ClickBeside("New folder", 200, -39) // the name of the file stands above
	screen.Key("ctrl+a")
	screen.Type(name)
	screen.Picture("choose-file")
	screen.ClickBeside("Cancel", 60, 0)
	screen.WaitFor("read back and verified")
	screen.Picture("published")
	screen.Key("Escape")
	screen.WaitFor("Who has it")
	screen.Picture("publication")
	return filepath.Join(s.work, "home", name)
}

func TestTheWholeChainInTheWindow(t *testing.T) {
	office := newSite(t, "office", trainer)
	content := filepath.Join(office.work, "home", "content")
	folder(t, content, "The gate is opened by two people.")
	screen := office.screen
	office.setUp("Trainer: writes", "Officer: observes")

	// A lesson of the starter content.
	screen.Key("alt+2")
	screen.WaitFor("Foundations: see fairly")
	screen.Picture("learn")
	screen.Click("Prisons, networks and")
	screen.WaitFor("Next lesson")
	screen.Picture("lesson")
	screen.Click("Next lesson")
	screen.WaitFor("Previous lesson")

	// Publishing version 1.
	first := office.publish("First version", "one.wardbook")

	// The lesson and the quiz of the own course, to the certificate.
	screen.Key("alt+2")
	screen.ScrollTo("Gate module")
	screen.Click("Gate module")
	screen.Click("Quiz")
	screen.WaitFor("Question 1 of 2")
	screen.Picture("quiz")
	screen.Click(screen.WaitFor("Lighthouse", "Compass"))
	screen.Click("Next question")
	screen.WaitFor("Question 2 of 2")
	screen.Click(screen.WaitFor("Lighthouse", "Compass"))
	screen.Click("Submit answers")
	office.confirm()
	screen.WaitFor("You have earned the certificate")
	screen.Picture("certificate")

	// A record.
	screen.Key("alt+3")
	screen.WaitFor("Gate record")
	screen.Picture("checklists")
	screen.Click("Observation record")
	screen.WaitFor("Save empty as PDF")
	screen.Picture("checklist")
	screen.Key("alt+4")
	screen.Click("New record")
	screen.Click("Gate record")
	screen.WaitFor("The prison's own reference")
	screen.ClickBeside("The prison's own reference", 0, 38)
	screen.Type("B-1207")
	screen.Click("Convicted")
	screen.Click("Sentenced")
	screen.Picture("record-about")
	screen.ScrollTo("Where in the prison")
	screen.ClickBeside("Where in the prison", 0, -26)
	screen.Type("Wing B")
	screen.Scroll(1200, 400, 60)
	screen.ClickNth("Begin", -1)
	screen.WaitFor("What protects")
	screen.Click("Not observed")
	screen.Picture("record-protective")
	screen.Click("Next section")
	screen.WaitFor("Presses others to obey")
	screen.Click("Once")
	screen.WaitFor("What was seen or heard")
	screen.ClickBeside("What was seen or heard", 0, 50)
	screen.Type("Said to C: pay by Friday or lose your place.")
	screen.Key("Tab")
	screen.Type(time.Now().AddDate(0, 0, -1).Format("2 Jan 2006"))
	screen.Key("Tab")
	screen.Type("10:15")
	screen.Key("Tab")
	screen.Type("Gate 2")
	screen.Key("Tab")
	screen.Type("heard")
	screen.Key("Tab", "space")
	screen.Picture("record-evidence")
	screen.ScrollTo("What I make of it")
	screen.Scroll(1200, 400, 60)
	screen.Click("Next section")
	screen.WaitFor("Whom it is about")
	screen.Scroll(1200, 400, 60)
	screen.Click("Next section")
	screen.Click("I cannot think of one")
	screen.Picture("record-closing")
	screen.ClickNth("Submit", 0)
	office.confirm()
	screen.WaitFor("Take back")
	screen.Picture("record")

	// What the stores say, while the window is locked.
	screen.Key("ctrl+l")
	screen.WaitFor("Sign in")
	type record struct {
		Reference string `json:"reference"`
		State     string `json:"state"`
		ReviewDue string `json:"review_due"`
	}
	records := decode[[]record](t, office.command("record", "list", "--json"))
	if len(records) != 1 || records[0].Reference != "B-1207" || records[0].State != "submitted" || records[0].ReviewDue == "" {
		t.Fatalf("the casework store holds %+v", records)
	}
	if said := office.command("audit", "list"); !strings.Contains(said, "certificate-issue") || !strings.Contains(said, "publish") || strings.Contains(said, "B-1207") {
		t.Fatalf("the library's log says:\n%s", said)
	}
	if said := office.command("store", "check"); !strings.Contains(said, "No problem") {
		t.Fatal(said)
	}

	// Version 2.
	folder(t, content, "The gate is opened by two people. One of them carries a lantern.")
	office.signIn()
	screen.WaitFor("Take back") // the same account comes back to its place
	for _, place := range []struct{ key, says, picture string }{
		{"alt+1", "What changed", "home-busy"},
		{"alt+4", "Your records", "records"},
		{"alt+5", "Nothing was imported yet", "updates"},
		{"alt+6", "Choose a content folder", "publish"},
		{"alt+7", "Publishers", "people"},
		{"alt+8", "All acts", "log"},
	} {
		screen.Key(place.key)
		screen.WaitFor(place.says)
		screen.Picture(place.picture)
	}
	for _, place := range []struct{ name, says, picture string }{{"Settings", "Text size", "settings"}, {"Help", "What Wardbook is", "help"}} {
		screen.Click(place.name)
		screen.WaitFor(place.says)
		screen.Picture(place.picture)
	}
	screen.Key("alt+4")
	screen.Click("Urgent note")
	screen.WaitFor("duty supervisor")
	screen.Picture("urgent-note")
	screen.Key("alt+2")
	screen.WaitFor("About this course")
	screen.Key("ctrl+f")
	screen.Type("night shift")
	screen.Key("Return")
	screen.WaitFor("In: ")
	screen.Picture("search")
	second := office.publish("A lantern", "two.wardbook")
	office.program.Close()

	// A second workstation, set up without the window, takes version 1 by a command and version 2 in its window.
	wing := newSite(t, "wing", "Officer 7")
	wing.program.Close()
	setup := exec.Command(wing.binary, "setup", "--data", filepath.Join(wing.work, "data"), "--account", wing.account, "--role", "administrator,officer",
		"--passphrase-file", filepath.Join(wing.work, "pass"), "--recovery-out", filepath.Join(wing.work, "keys"), "--workstation", "Wing B")
	if output, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	inspected := decode[struct {
		Fingerprint string `json:"fingerprint"`
	}](t, wing.command("bundle", "inspect", first, "--json"))
	wing.command("import", first, "--trust", inspected.Fingerprint)
	wing.start(second)
	wing.signIn()
	wing.screen.WaitFor("What it brings")
	wing.screen.Picture("preview")
	wing.screen.Scroll(1200, 400, 40)
	wing.screen.ClickNth("Import", -1)
	wing.screen.WaitFor("Nothing else needs to be done")
	wing.screen.Picture("imported")

	// A second start with a bundle hands it over to the open window.
	again := exec.Command(wing.binary, "--data", filepath.Join(wing.work, "data"), first)
	again.Env = wing.program.command.Env
	if output, err := again.CombinedOutput(); err != nil || !strings.Contains(string(output), "open already") {
		t.Fatalf("the second start ended with %v: %s", err, output)
	}
	wing.screen.WaitFor("This bundle is here already")
	wing.screen.Picture("handed-over")
	wing.screen.Key("ctrl+l")
	wing.screen.WaitFor("Sign in")
	wing.program.Close()
	type item struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	found := false
	for _, i := range decode[[]item](t, wing.command("content", "list", "--json")) {
		found = found || i.ID == "gate-module" && i.Version == 2
	}
	if !found {
		t.Fatal("version 2 is not in the second library")
	}
	if said := wing.command("content", "search", "lantern"); !strings.Contains(said, "lantern") {
		t.Fatalf("the search does not find version 2: %s", said)
	}
	if said := wing.command("audit", "verify"); !strings.Contains(said, "whole") {
		t.Fatal(said)
	}
}
