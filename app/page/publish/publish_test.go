package publish_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/page/publish"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station/stationtest"
)

func folder(t *testing.T, title string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"modules/gate/module.yaml":           "id: gate-module\ntitle: " + title + "\nminutes: 30\nobjectives: [Open it]\nsources: [Orders]\n",
		"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening\n---\n" + strings.Repeat("Two people open the gate. ", 60) + "\n",
		"modules/gate/quiz.gift":             "::Night bell:: What first? {=Go #Right. ~Wait #Too late.}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func says(root fyne.CanvasObject, part string) bool {
	return strings.Contains(strings.Join(pagetest.Texts(root), "\n"), part)
}

// note fills the change note, the only field of several lines.
func note(root fyne.CanvasObject, text string) {
	pagetest.Walk(root, func(object fyne.CanvasObject) {
		if entry, ok := object.(*widgets.Entry); ok && entry.MultiLine {
			entry.SetText(text)
		}
	})
}

func TestAFolderIsCheckedThenPublishedThenListed(t *testing.T) {
	_, session := stationtest.New(t, account.RoleTrainer)
	host := pagetest.NewHost(t)
	p := publish.New(host, session.Exchange())
	if drawn := pagetest.Open(t, host, p, page.Route{Page: page.Publish}); !says(drawn, words.Of("publish.none")) {
		t.Fatalf("an empty list says %q", pagetest.Texts(drawn))
	}
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Publish, Item: "folder:" + folder(t, "Keeping the gate")})
	if !says(drawn, "Keeping the gate") {
		t.Fatalf("the folder's page says %q", pagetest.Texts(drawn))
	}
	host.Path = filepath.Join(t.TempDir(), "one.wardbook")
	test.Tap(pagetest.Button(t, drawn, words.Of("publish.publish")))
	if len(host.Told) != 1 {
		t.Fatal("publishing without a note is accepted")
	}
	note(drawn, "First version")
	test.Tap(pagetest.Button(t, drawn, words.Of("publish.publish")))
	if _, err := os.Stat(host.Path); err != nil || len(host.Told) != 1 {
		t.Fatalf("%v, %v", err, host.Told)
	}
	drawn = pagetest.Open(t, host, p, host.Went[len(host.Went)-1])
	if !says(drawn, "First version") || !says(drawn, words.Of("publish.no-workstations")) {
		t.Errorf("the publication says %q", pagetest.Texts(drawn))
	}
	list, err := session.Exchange().Publications(context.Background())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
}

func TestMistakesAreNamedAndNothingCanBePublished(t *testing.T) {
	_, session := stationtest.New(t, account.RoleTrainer)
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, publish.New(host, session.Exchange()), page.Route{Page: page.Publish, Item: "folder:" + folder(t, "[")})
	if !says(drawn, "modules/gate/module.yaml:1") || !says(drawn, words.Of("publish.blocked")) {
		t.Errorf("the page says %q", pagetest.Texts(drawn))
	}
	if says(drawn, words.Of("publish.decide")) {
		t.Error("it can be published")
	}
}
