package command

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

// office is a data folder that commands work on, with an account that is administrator, trainer and officer.
type office struct {
	t      *testing.T
	dir    string // holds the data folder, the passphrase file and what commands write
	opened bool   // whether the window was opened
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	o.write("pass", stationtest.Passphrase+"\n")
	o.must("setup", "--role", "trainer,officer", "--recovery-out", o.path("keys"), "--workstation", "Office")
	return o
}

func (o *office) path(name string) string { return filepath.Join(o.dir, filepath.FromSlash(name)) }

func (o *office) write(name, text string) {
	o.t.Helper()
	if err := os.MkdirAll(filepath.Dir(o.path(name)), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(o.path(name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// run calls a command on the data folder and returns how it ended and what it wrote.
func (o *office) run(args ...string) (code int, out, said string) {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	program := Program{
		Version: "0.1.0", Starter: resources.Starter(), Texts: resources.Translations(),
		Window:  func(context.Context, string, string) error { o.opened = true; return nil },
		Streams: Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr},
	}
	options := stationtest.Options(o.t)
	options.Program = program.Version
	all := append([]string{"--data", o.path("data"), "--account", stationtest.Name, "--passphrase-file", o.path("pass")}, args...)
	code = run(context.Background(), program, options, all)
	return code, stdout.String(), stderr.String()
}

func (o *office) must(args ...string) string {
	o.t.Helper()
	code, out, said := o.run(args...)
	if code != ExitDone {
		o.t.Fatalf("%v ended with %d: %s", args, code, said)
	}
	return out
}

// folder writes a small content folder.
func (o *office) folder(line string) string {
	o.write("folder/modules/gate/module.yaml", "id: gate-module\ntitle: Keeping the gate\nminutes: 5\nobjectives: [Open it]\nsources: [Standing orders]\n")
	o.write("folder/modules/gate/lessons/01-opening.md", "---\nid: opening\ntitle: Opening\n---\nTwo people open the gate. "+line+"\n")
	o.write("folder/modules/gate/quiz.gift", "::Night bell:: What first? {=Go and ask #Right. ~Wait #Too late.}\n")
	return o.path("folder")
}

// fields collects the names of all objects in a JSON text, but for those whose names are ids that people chose.
func fields(t *testing.T, text string) map[string]bool {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	found := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, inner := range v {
				found[name] = true
				if name != "details" {
					walk(inner)
				}
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(value)
	return found
}

// documented reads, from docs/commands.md, the fields of each command's JSON.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(text), "## JSON")
	if !ok {
		t.Fatal("docs/commands.md says nothing about JSON")
	}
	commands := map[string]string{}
	for _, entry := range strings.Split(list, "\n- ")[1:] {
		heading, rest, _ := strings.Cut(entry, ":")
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(heading, -1) {
			commands[name[1]] = rest
		}
	}
	return commands
}

// Given a data folder that was worked with, when each command prints JSON, then every field is in docs/commands.md.
func TestEveryFieldThatIsPrintedIsDocumented(t *testing.T) {
	o := newOffice(t)
	folder := o.folder("")
	o.must("publish", folder, "--out", o.path("one.wardbook"), "--note", "First", "--expires", "2099-01-31")
	inspected := struct {
		PublicKey   string `json:"public_key"`
		Fingerprint string `json:"fingerprint"`
	}{}
	if err := json.Unmarshal([]byte(o.must("bundle", "inspect", o.path("one.wardbook"), "--json")), &inspected); err != nil {
		t.Fatal(err)
	}
	wing := newOffice(t)
	wing.must("publisher", "trust", inspected.Fingerprint, "--key", inspected.PublicKey, "--name", "Office")
	wing.must("import", o.path("one.wardbook"))
	wing.must("publisher", "revoke", inspected.Fingerprint, "--reason", "A test")
	known := documented(t)
	for _, args := range [][]string{
		{"account", "list"},
		{"content", "list"},
		{"content", "search", "gate"},
		{"content", "lint", folder},
		{"bundle", "inspect", o.path("one.wardbook")},
		{"publisher", "list"},
		{"import", o.path("one.wardbook"), "--preview"},
		{"record", "list"},
		{"audit", "list"},
		{"store", "info"},
	} {
		name := args[0]
		if !slices.Contains([]string{"import"}, name) {
			name += " " + args[1]
		}
		said, ok := known[name]
		if !ok {
			t.Errorf("docs/commands.md has no fields for %q", name)
		}
		_, out, _ := wing.run(append(args, "--json")...)
		for field := range fields(t, out) {
			if args[0] == "audit" && !strings.Contains(said, "`"+field+"`") && strings.Contains(out, `"details"`) {
				continue // what an act's details hold is named by the act
			}
			if !strings.Contains(said, "`"+field+"`") {
				t.Errorf("%q prints %q, which docs/commands.md does not name", name, field)
			}
		}
	}
	for name := range known {
		if _, out, _ := wing.run(append(strings.Fields(name), "--help")...); !strings.Contains(out, "--json") && name != "import" {
			t.Errorf("docs/commands.md speaks of the JSON of %q, which has none", name)
		}
	}
}

// Given any way to call a command wrongly, then it ends with 2, says so in one sentence, and prints nothing else.
func TestWrongUsageEndsWithTwo(t *testing.T) {
	o := newOffice(t)
	for name, args := range map[string][]string{
		"no such command":     {"fly"},
		"no such part":        {"content", "fly"},
		"a group alone":       {"store"},
		"no such option":      {"content", "list", "--fast"},
		"too many words":      {"store", "check", "now"},
		"too few":             {"content", "show"},
		"a needed option":     {"publish", o.folder("")},
		"no reason":           {"account", "deactivate", "Anybody"},
		"an impossible day":   {"publish", o.folder(""), "--out", o.path("x.wardbook"), "--note", "x", "--expires", "31.12.2026"},
		"a key that is none":  {"bundle", "verify", o.path("pass"), "--publisher", "RWnonsense"},
		"an empty passphrase": {"account", "add", "Anybody", "--role", "officer"},
		"no such role":        {"account", "add", "Anybody", "--role", "warden", "--new-passphrase-file", o.path("pass")},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, said := o.run(args...)
			if code != ExitUsage || out != "" || said == "" {
				t.Errorf("it ended with %d, printed %q and said %q", code, out, said)
			}
		})
	}
	if o.opened {
		t.Error("a mistake opened the window")
	}
}

func TestRefusalsEndWithOneAndChangeNothing(t *testing.T) {
	o := newOffice(t)
	o.write("wrong", "not the passphrase of anybody\n")
	o.write("taken.wardbook", "mine")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a wrong passphrase":   {[]string{"--passphrase-file", o.path("wrong"), "content", "list"}, "passphrase"},
		"nobody of the name":   {[]string{"--account", "Nobody", "content", "list"}, "no such account"},
		"no such item":         {[]string{"content", "show", "nothing"}, "no"},
		"no such bundle":       {[]string{"import", o.path("missing.wardbook")}, "no such file"},
		"no bundle":            {[]string{"import", o.path("pass")}, "not a"},
		"a file in the way":    {[]string{"publish", o.folder(""), "--out", o.path("taken.wardbook"), "--note", "x"}, "already a file"},
		"a folder of nothing":  {[]string{"content", "lint", o.path("keys")}, "not a folder"},
		"no such record":       {[]string{"record", "show", "0000"}, "no"},
		"a second first setup": {[]string{"setup", "--role", "trainer", "--recovery-out", o.path("keys3")}, "must be empty"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, said := o.run(c.args...)
			if code != ExitFailed || !strings.Contains(strings.ToLower(said), c.says) {
				t.Errorf("it ended with %d, printed %q and said %q", code, out, said)
			}
		})
	}
	if kept, err := os.ReadFile(o.path("taken.wardbook")); err != nil || string(kept) != "mine" {
		t.Errorf("the file in the way is now %q (%v)", kept, err)
	}
	if out := o.must("account", "list"); strings.Count(out, "\n") != 2 {
		t.Errorf("accounts are now\n%s", out)
	}
}

func TestAFileAloneOpensTheWindow(t *testing.T) {
	o := &office{t: t, dir: t.TempDir()}
	o.write("pass", "x")
	if code, _, said := o.run(o.path("pass")); code != ExitDone || !o.opened {
		t.Errorf("it ended with %d and said %q", code, said)
	}
}
