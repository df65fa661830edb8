package bundle

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
)

const formatDocument = "../../docs/bundle-format.md"

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(formatDocument)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documentedCommands are the shell blocks of the document, as they are written there.
func documentedCommands(t *testing.T) []string {
	t.Helper()
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(document(t), -1) {
		blocks = append(blocks, found[1])
	}
	return blocks
}

// runIn runs a block in a folder that holds the fixtures, some of them replaced.
func runIn(t *testing.T, block string, replaced map[string][]byte) (string, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(fixtureFolder)); err != nil {
		t.Fatal(err)
	}
	for name, data := range replaced {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", block)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestStockCommandsAsDocumented(t *testing.T) {
	needCommands(t, "bash", "unzip", "minisign", "age", "sha256sum", "grep", "cut")
	blocks := documentedCommands(t)
	all := strings.Join(blocks, "\n")
	for _, command := range []string{"unzip ", "minisign -V ", "age -d ", "sha256sum --strict -c "} {
		if !strings.Contains(all, command) {
			t.Errorf("the document shows no %q", command)
		}
	}
	for _, block := range blocks {
		name, _, _ := strings.Cut(block, "\n")
		t.Run(name, func(t *testing.T) {
			out, err := runIn(t, block, nil)
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, block, out)
			}
			if strings.Contains(block, "minisign -V") {
				for _, want := range []string{"Signature and comment signature verified", "kind:content stream:7d1f0a52 sequence:2", "module.json: OK"} {
					if !strings.Contains(out, want) {
						t.Errorf("the output lacks %q:\n%s", want, out)
					}
				}
			}
		})
	}
}

func TestStockCommandsFindTampering(t *testing.T) {
	needCommands(t, "bash", "unzip", "minisign", "age", "sha256sum")
	reader := fixtureIdentity(t, readerKeyFile).Recipient()
	spoil := map[string]func(z *rawZip){
		"another manifest": func(z *rawZip) {
			e := z.entry(ManifestName)
			*e = *newRawEntry(ManifestName, rewrite(`"sequence": 2`, `"sequence": 9`)(e.data))
		},
		"another file": func(z *rawZip) {
			e := z.entry("README.txt")
			*e = *newRawEntry(e.name, []byte("Another text.\n"))
		},
		"another file and a checksum list that fits": func(z *rawZip) {
			e := z.entry("README.txt")
			old := entryOf(e.name, e.data).SHA256
			*e = *newRawEntry(e.name, []byte("Another text.\n"))
			list := z.entry(SumsName)
			*list = *newRawEntry(SumsName, rewrite(old.String(), entryOf(e.name, e.data).SHA256.String())(list.data))
		},
	}
	for name, f := range spoil {
		t.Run(name, func(t *testing.T) {
			spoilt := map[string][]byte{
				"ok-content.wardbook":   tamper{zip: f}.build(t),
				"ok-encrypted.wardbook": tamper{zip: f, seal: []age.Recipient{reader}}.build(t),
			}
			checked := 0
			for _, block := range documentedCommands(t) {
				if !strings.Contains(block, "minisign -V") {
					continue
				}
				checked++
				if out, err := runIn(t, block, spoilt); err == nil {
					t.Errorf("the documented commands did not notice:\n%s\n%s", block, out)
				}
			}
			if checked < 2 {
				t.Errorf("only %d blocks check a signature", checked)
			}
		})
	}
}

func TestStockCommandsOpenWhatExportWrites(t *testing.T) {
	needCommands(t, "bash", "unzip", "minisign", "age", "sha256sum")
	reader := fixtureIdentity(t, readerKeyFile).Recipient()
	write := func(recipients ...age.Recipient) []byte {
		var b bytes.Buffer
		if err := Write(t.Context(), &b, fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), recipients); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	fresh := map[string][]byte{"ok-content.wardbook": write(), "ok-encrypted.wardbook": write(reader)}
	for _, block := range documentedCommands(t) {
		if out, err := runIn(t, block, fresh); err != nil {
			t.Errorf("%v\n%s\n%s", err, block, out)
		}
	}
	// Info-ZIP's own test finds nothing to complain about, neither does its listing of the directory.
	for _, arguments := range []string{"unzip -tq ok-content.wardbook", "unzip -Zv ok-content.wardbook >/dev/null"} {
		if out, err := runIn(t, arguments, fresh); err != nil || strings.Contains(out, "warning") {
			t.Errorf("%s: %v\n%s", arguments, err, out)
		}
	}
}

func TestTheDocumentIsComplete(t *testing.T) {
	text := document(t)
	for _, r := range Refusals() {
		if row := "| `" + r.Code() + "` | " + r.Error() + " |"; !strings.Contains(text, row) {
			t.Errorf("the document lacks the row %s", row)
		}
	}
	for _, k := range Kinds() {
		if !strings.Contains(text, "`"+string(k)+"`") {
			t.Errorf("the document lacks the kind %s", k)
		}
	}
	for _, of := range []any{Manifest{}, Issuer{}, Anchor{}, Entry{}, Statement{}} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !regexp.MustCompile("(?m)^\\| `([a-z]+\\[?\\]?\\.)?" + name + "` \\|").MatchString(text) {
				t.Errorf("the document has no row for the field %s of %s", name, typ.Name())
			}
		}
	}
}
