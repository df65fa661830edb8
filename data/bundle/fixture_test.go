package bundle

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

// The fixtures are frozen: a program that reads format 1 must give each of them the outcome in its name, for ever. They were
// written once with
//
//	go test ./data/bundle -run TestFixturesKeepTheirOutcome -update-fixtures
//
// which writes the missing ones alone and never touches one that exists.
var updateFixtures = flag.Bool("update-fixtures", false, "write the fixtures of format 1 that do not exist yet")

const fixtureFolder = "testdata/format1"

// soundFixtures are the bundles that must open.
func soundFixtures(t testing.TB) map[string]tamper {
	reader := fixtureIdentity(t, readerKeyFile).Recipient()
	stranger := fixtureIdentity(t, strangerKeyFile).Recipient()
	key := fixtureKey(t)
	successor, err := SignStatement(key, PurposeSuccessor, "A new key follows this one.\nRWRotherkeyinaninventedform")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]tamper{
		"ok-content": {},
		"ok-first-of-a-stream": {manifest: func(m *Manifest) {
			m.Sequence, m.Previous, m.Note, m.HandlingMark, m.MinimumProgram, m.Languages = 1, Hash{}, "", "", "", nil
		}},
		"ok-every-field": {manifest: func(m *Manifest) {
			m.Expires = fixtureTime.AddDate(2, 0, 0)
			m.Languages = []string{"ar", "en", "fr-MA"}
			m.Note = "Deux lignes :\nla seconde — \u0639\u0631\u0628\u064a\u200c \"quoted\" <b> & \\."
			m.Anchor = &Anchor{Store: "019ab2c4-6e00-7b1d-8f3a-5c7e91d2a605", Generation: 3, Sequence: 1 << 60, Tag: "00ff00ff"}
			m.Successors = []Statement{successor}
			m.Revocations = []Statement{successor}
		}},
		"ok-no-entries":       {files: map[string]string{}},
		"ok-empty-entry":      {files: map[string]string{"empty.txt": ""}},
		"ok-card":             {files: map[string]string{"card.json": "{}\n"}, manifest: func(m *Manifest) { m.Kind = KindCard }},
		"ok-encrypted":        {seal: []age.Recipient{reader}},
		"ok-progress":         {seal: []age.Recipient{reader}, manifest: func(m *Manifest) { m.Kind = KindProgress }},
		"ok-records-for-two":  {seal: []age.Recipient{stranger, reader}, manifest: func(m *Manifest) { m.Kind = KindRecords }},
		"ok-media-of-100-KiB": {files: map[string]string{"media/a.bin": strings.Repeat("0123456789abcdef", 6400)}, seal: []age.Recipient{reader}},
	}
}

func TestFixturesKeepTheirOutcome(t *testing.T) {
	if *updateFixtures {
		writeFixtures(t)
	}
	files, err := filepath.Glob(filepath.Join(fixtureFolder, "*"+Extension))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d fixtures found", len(files))
	}
	opts := fixtureOptions(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), Extension)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome(t, data, opts)
			expected, refused := strings.CutPrefix(name, "refused-")
			expected, _, _ = strings.Cut(expected, "--")
			switch {
			case refused && Code(got) != expected:
				t.Errorf("refused with %q (%v), want %q", Code(got), got, expected)
			case !refused && got != nil:
				t.Errorf("refused: %v", got)
			case !refused && !strings.HasPrefix(name, "ok-"):
				t.Errorf("the name %q states no outcome", name)
			}
		})
	}
}

func TestFixturesAreFrozen(t *testing.T) {
	// Given the list that was written with the fixtures, then each file still has the hash that it had.
	list, err := os.ReadFile(filepath.Join(fixtureFolder, "FROZEN"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(list), "\n") < 100 {
		t.Fatal("the list is short")
	}
	for line := range strings.Lines(string(list)) {
		hash, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		data, err := os.ReadFile(filepath.Join(fixtureFolder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if Hash(sha256.Sum256(data)).String() != hash {
			t.Errorf("%s was changed: fixtures of a published format never change", name)
		}
	}
}

func writeFixtures(t *testing.T) {
	t.Helper()
	write := func(name string, h tamper) {
		path := filepath.Join(fixtureFolder, name)
		if _, err := os.Stat(path); err == nil {
			return
		}
		if err := os.WriteFile(path, h.build(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, h := range soundFixtures(t) {
		write(name+Extension, h)
	}
	for _, c := range hostileCases(t) {
		if !c.large {
			write(c.fixture(), c.tamper)
		}
	}
	files, err := filepath.Glob(filepath.Join(fixtureFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	frozen, err := os.ReadFile(filepath.Join(fixtureFolder, "FROZEN"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	list := bytes.NewBuffer(frozen) // lines are added, never changed
	for _, file := range files {
		if filepath.Base(file) == "FROZEN" || bytes.Contains(frozen, []byte("  "+filepath.Base(file)+"\n")) {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(list, "%s  %s\n", Hash(sha256.Sum256(data)), filepath.Base(file))
	}
	if err := os.WriteFile(filepath.Join(fixtureFolder, "FROZEN"), list.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheWriterGivesTheFixture(t *testing.T) {
	// Given what the fixture was made of, when Write writes it today, then it gives the same bytes.
	want, err := os.ReadFile(filepath.Join(fixtureFolder, "ok-content"+Extension))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Write(t.Context(), &got, fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes were written that differ from the fixture's %d", got.Len(), len(want))
	}
}
