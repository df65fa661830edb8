package publish

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

// desk is a host whose person fills the fields of dialogs, from the top, before pressing the button.
type desk struct {
	*pagetest.Host
	fill []string
	seen []string // what stood in the fields before
}

func (d *desk) Ask(title, action string, content fyne.CanvasObject, submit func() error) {
	d.seen = nil
	for i, entry := range entries(content) {
		d.seen = append(d.seen, entry.Text)
		if i < len(d.fill) && d.fill[i] != "" {
			entry.SetText(d.fill[i])
		}
	}
	d.Host.Ask(title, action, content, submit)
}

func entries(root fyne.CanvasObject) []*widgets.Entry {
	var found []*widgets.Entry
	pagetest.Walk(root, func(o fyne.CanvasObject) {
		switch e := o.(type) {
		case *widgets.Entry:
			found = append(found, e)
		case *widgets.DateField:
			found = append(found, &e.Entry)
		}
	})
	return found
}

type office struct {
	t       *testing.T
	session *station.Session
	host    *desk
	page    *Page
	folder  string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	host := &desk{Host: pagetest.NewHost(t)}
	_, session, _ := stationtest.NewWith(t, station.SetupRequest{Station: "Office", Roles: []account.Role{account.RoleTrainer}}, stationtest.Options(t))
	o := &office{t: t, session: session, host: host, folder: t.TempDir()}
	o.page = New(host, session.Exchange()).WithTitles(session.Content())
	o.write("quiz.gift", "::One:: Is it? {=Yes #Right ~No #Wrong}\n")
	o.write("module.yaml", "id: gate-module\ntitle: At the gate\nminutes: 30\nobjectives: [Open it]\nsources: [A rule]\n")
	o.lesson("Two people open it.")
	return o
}

func (o *office) write(name, text string) {
	o.t.Helper()
	path := filepath.Join(o.folder, "modules", "gate-module", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) lesson(text string) {
	o.write("lessons/01-first.md", "---\nid: first\ntitle: First\n---\n"+text+"\n")
}

func (o *office) show(item string) {
	o.t.Helper()
	pagetest.Open(o.t, o.host.Host, page.Page[View](o.page), page.Route{Page: page.Publish, Item: item})
	if width := o.host.Content().MinSize().Width; width > 800 {
		o.t.Errorf("the page %q needs a width of %.0f: it is cut off in a small window", item, width)
	}
}

func (o *office) follow() {
	o.t.Helper()
	if len(o.host.Told) > 0 || len(o.host.Went) == 0 {
		o.t.Fatalf("the page went nowhere; told %v", o.host.Told)
	}
	o.show(o.host.Went[len(o.host.Went)-1].Item)
}

func (o *office) text() string { return strings.Join(pagetest.Texts(o.host.Content()), "\n") }

func (o *office) says(parts ...string) {
	o.t.Helper()
	for _, part := range parts {
		if !strings.Contains(o.text(), part) {
			o.t.Errorf("%q is missing in\n%s", part, o.text())
		}
	}
}

func (o *office) offers(key string) bool {
	return slices.Contains(pagetest.Texts(o.host.Content()), words.Of(key))
}

func (o *office) press(key string) {
	o.t.Helper()
	test.Tap(pagetest.Button(o.t, o.host.Content(), words.Of(key)))
}

// fields of the form: note, effective, expires.
func (o *office) fields() (note, effective, expires *widgets.Entry) {
	o.t.Helper()
	all := entries(o.host.Content())
	if len(all) != 3 {
		o.t.Fatalf("the form has %d fields:\n%s", len(all), o.text())
	}
	return all[0], all[1], all[2]
}

// publish publishes the folder through the page and shows the publication.
func (o *office) publish(note string) string {
	o.t.Helper()
	o.show(itemFolder + o.folder)
	field, _, _ := o.fields()
	field.SetText(note)
	o.host.Path = filepath.Join(o.t.TempDir(), "out.wardbook")
	o.press("publish.publish")
	o.follow()
	return o.host.Path
}

func (o *office) publications() []exchange.Publication {
	o.t.Helper()
	list, err := o.session.Exchange().Publications(context.Background())
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// wing is a second workstation that has taken a bundle; it gives its receipt.
func (o *office) wing(path string) (*station.Session, string, exchange.Receipt) {
	o.t.Helper()
	ctx := context.Background()
	_, session, _ := stationtest.NewWith(o.t, station.SetupRequest{Station: "Wing B"}, stationtest.Options(o.t))
	publishers, err := o.session.Exchange().Publishers(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	result, err := session.Exchange().Import(ctx, path, exchange.ImportOptions{TrustFingerprint: publishers[0].Fingerprint})
	if err != nil {
		o.t.Fatal(err)
	}
	receipt, err := session.Exchange().Receipt(ctx, result.ImportID)
	if err != nil {
		o.t.Fatal(err)
	}
	return session, result.ImportID, receipt
}

func TestBeforeTheFirstPublicationThePageSaysWhatToDo(t *testing.T) {
	o := newOffice(t)
	o.show("")
	o.says(words.Of("publish.none"), words.Of("publish.none-next"))
	o.host.Path = o.folder
	o.press("publish.choose")
	o.follow()
	o.says("At the gate", words.With("publish.change-new", map[string]any{"Version": 1}))
}

func TestMistakesBlockWithTheirFileAndLine(t *testing.T) {
	o := newOffice(t)
	o.write("quiz.gift", "::One:: Is it? {=Yes #Right ~No #Wrong}\n\n::Two:: Is it not? {=Yes\n")
	o.show(itemFolder + o.folder)
	o.says(words.Of("publish.blocked"), words.Of("publish.severity-error"), "modules/gate-module/quiz.gift:3 — ")
	if o.offers("publish.publish") {
		t.Error("a folder with mistakes can be published")
	}
	o.write("quiz.gift", "::One:: Is it? {=Yes #Right ~No #Wrong}\n")
	o.press("publish.check-again")
	if o.offers("publish.blocked") || !o.offers("publish.publish") {
		t.Errorf("the mended folder cannot be published:\n%s", o.text())
	}
}

func TestAnEmptyFolderSaysSo(t *testing.T) {
	o := newOffice(t)
	o.show(itemFolder + t.TempDir())
	o.says(words.Of("publish.blocked"), words.Of("publish.whole-folder")+" — ")
	if o.offers("publish.items") {
		t.Error("items are announced where there are none")
	}
	o.host.Path = o.folder
	o.press("publish.other-folder")
	o.follow()
	o.says("At the gate")
}

func TestWhatIsMissingOrMistypedIsSaidAtItsFieldAndNothingIsWritten(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1)
	for name, c := range map[string]struct{ note, effective, expires, problem string }{
		"no note":                {"  ", "", "", "publish.note-needed"},
		"mistyped effective":     {"New", "3/4/2026", "", "widget.date.wrong"},
		"mistyped expiry":        {"New", "", "next week", "widget.date.wrong"},
		"an expiry that is over": {"New", "", "1 Jan 2026", "publish.expires-past"},
		"good":                   {"New", "", widgets.FormatDay(tomorrow, [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.show(itemFolder + o.folder)
			note, effective, expires := o.fields()
			if effective.Text != words.Day(time.Now()) {
				t.Errorf("the day from which it counts is %q at first", effective.Text)
			}
			note.SetText(c.note)
			effective.SetText(c.effective)
			expires.SetText(c.expires)
			o.host.Path = filepath.Join(t.TempDir(), "out.wardbook")
			o.press("publish.publish")
			_, err := os.Stat(o.host.Path)
			if c.problem == "" {
				if err != nil || len(o.publications()) != 1 {
					t.Fatalf("%v, told %v", err, o.host.Told)
				}
				preview, err := o.session.Exchange().Preview(context.Background(), o.host.Path)
				if err != nil || words.Day(preview.Manifest.Expires.Add(-time.Second)) != words.Day(tomorrow) {
					t.Errorf("it expires %v, %v: its last day should be %v", preview.Manifest.Expires, err, tomorrow)
				}
				return
			}
			o.says(words.Of(c.problem))
			if !errors.Is(err, fs.ErrNotExist) || len(o.publications()) != 0 {
				t.Errorf("something was published: %v", err)
			}
			if o.host.Window().Canvas().Focused() == nil {
				t.Error("the field has not got the focus")
			}
		})
	}
}

func TestPublishingSaysWhereTheBundleIs(t *testing.T) {
	o := newOffice(t)
	path := o.publish("The first words")
	list := o.publications()
	if len(list) != 1 || len(o.host.Said) != 1 {
		t.Fatalf("%d publications, said %v", len(list), o.host.Said)
	}
	for _, part := range []string{path, list[0].FileHash, words.Size(list[0].Size), words.With("publish.bundle", map[string]any{"Number": 1})} {
		if !strings.Contains(o.host.Said[0], part) {
			t.Errorf("%q is missing in %q", part, o.host.Said[0])
		}
	}
	o.says("The first words", list[0].FileHash, "At the gate, version 1", words.Of("publish.no-workstations"))

	o.show("")
	o.says(words.With("publish.bundle", map[string]any{"Number": 1}), words.Day(list[0].At))

	// Nothing new: nothing to publish.
	o.show(itemFolder + o.folder)
	o.says(words.Of("publish.same"))
	if o.offers("publish.publish") {
		t.Error("an unchanged folder can be published")
	}

	// A file that is there already is not written over, and what was published stays as it was.
	o.lesson("Three people open it.")
	o.show(itemFolder + o.folder)
	note, _, _ := o.fields()
	note.SetText("Second")
	o.press("publish.publish")
	if len(o.host.Told) != 1 || !errors.Is(o.host.Told[0], bundle.ErrTargetExists) || len(o.publications()) != 1 {
		t.Errorf("told %v, %d publications", o.host.Told, len(o.publications()))
	}
}

func TestTheNextVersionShowsWhatChangedAndCanWithdrawTheOneBefore(t *testing.T) {
	o := newOffice(t)
	o.publish("First")
	o.lesson("Three people open it.")
	o.show(itemFolder + o.folder)
	o.says(words.With("publish.change-changed", map[string]any{"Version": 2, "Previous": 1}), words.Of("publish.superseded"), words.Of("publish.withdrawn"), "First")
	preview, err := o.session.Exchange().PreviewPublish(context.Background(), o.folder)
	if err != nil || len(preview.Items) != 1 || len(preview.Items[0].Diff) == 0 {
		t.Fatal(preview, err)
	}
	o.says(preview.Items[0].Diff...)
	note, _, _ := o.fields()
	note.SetText("Second")
	pagetest.Walk(o.host.Content(), func(object fyne.CanvasObject) {
		if choice, ok := object.(interface{ Text() string }); ok && choice.Text() == words.Of("publish.withdrawn") {
			test.Tap(object.(fyne.Tappable))
		}
	})
	o.host.Path = filepath.Join(t.TempDir(), "two.wardbook")
	o.host.Answer = false
	o.press("publish.publish")
	if len(o.host.Asked) != 1 || !strings.Contains(o.host.Asked[0], "At the gate") || len(o.publications()) != 1 {
		t.Fatalf("asked %v, %d publications", o.host.Asked, len(o.publications()))
	}
	o.host.Answer = true
	o.press("publish.publish")
	o.follow()
	_, state, err := o.session.Content().Get(context.Background(), content.Ref{ID: "gate-module", Version: 1})
	if err != nil || state != content.StateWithdrawn {
		t.Errorf("version 1 is %v, %v", state, err)
	}
}

func TestWorkstationsConfirmByWordsAndByFile(t *testing.T) {
	o := newOffice(t)
	path := o.publish("First")
	wing, importID, receipt := o.wing(path)

	o.press("publish.hand-over") // without a name
	var said string
	if o.host.AskError != nil {
		said = sentence.Of(o.host.AskError, words.Of)
	}
	if !strings.HasPrefix(said, words.Of("publish.workstation-needed")) {
		t.Fatalf("a hand-over to nobody says %q", said)
	}
	o.host.fill = []string{"Wing B"}
	o.press("publish.hand-over")
	o.says("Wing B", words.With("publish.handed-over", map[string]any{"Day": words.Day(time.Now())}))

	// Wrong words are told and stand there again; right ones confirm.
	line := func() *widgets.Link {
		var found *widgets.Link
		pagetest.Walk(o.host.Content(), func(object fyne.CanvasObject) {
			if l, ok := object.(*widgets.Link); ok && l.Title() == "Wing B" {
				found = l
			}
		})
		return found
	}
	o.host.fill = []string{"", "wrong words"}
	test.Tap(line())
	if !slices.Equal(o.host.seen, []string{"Wing B", ""}) {
		t.Errorf("the dialog began with %q", o.host.seen)
	}
	if len(o.host.Told) != 1 || !errors.Is(o.host.Told[0], exchange.ErrNotAReceipt) {
		t.Fatalf("wrong words: told %v", o.host.Told)
	}
	o.host.Told = nil
	o.host.fill = []string{"", strings.ToUpper(strings.ReplaceAll(receipt.Words, "-", " "))}
	test.Tap(line())
	if !slices.Equal(o.host.seen, []string{"Wing B", "wrong words"}) {
		t.Errorf("the dialog began again with %q", o.host.seen)
	}
	if len(o.host.Told) > 0 || line() != nil {
		t.Fatalf("right words: told %v\n%s", o.host.Told, o.text())
	}
	o.says("Wing B — " + words.With("publish.confirmed-words", map[string]any{"Day": words.Day(time.Now())}))

	o.host.fill, o.host.Answer = nil, false
	o.press("publish.confirm-words")
	if !slices.Equal(o.host.seen, []string{"", ""}) {
		t.Errorf("after a confirmation, the dialog for the next workstation begins with %q", o.host.seen)
	}
	o.host.Answer = true

	o.host.Path = filepath.Join(t.TempDir(), "receipt.json")
	if err := wing.Exchange().WriteReceipt(context.Background(), importID, o.host.Path); err != nil {
		t.Fatal(err)
	}
	o.press("publish.confirm-file")
	o.says("Wing B — " + words.With("publish.confirmed-file", map[string]any{"Day": words.Day(time.Now())}))

	// The next publication lists it as one that has nothing yet.
	o.lesson("Three people open it.")
	o.publish("Second")
	o.says("Wing B", words.Of("publish.unconfirmed"))

	if err := os.WriteFile(o.host.Path, []byte("no receipt"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.press("publish.confirm-file")
	if len(o.host.Told) != 1 || !errors.Is(o.host.Told[0], exchange.ErrNotAReceipt) {
		t.Errorf("a file that is no receipt: told %v", o.host.Told)
	}
}

func TestAllOwnContentCanBeWrittenAgain(t *testing.T) {
	o := newOffice(t)
	o.publish("First")
	o.show("")
	o.host.Path = filepath.Join(t.TempDir(), "again.wardbook")
	o.press("publish.again")
	o.follow()
	o.says(words.With("publish.bundle", map[string]any{"Number": 2}), "At the gate, version 1")
	wing, _, _ := o.wing(o.host.Path)
	if versions, err := wing.Content().Versions(context.Background(), "gate-module"); err != nil || len(versions) != 1 {
		t.Errorf("the second workstation has %v, %v", versions, err)
	}
}

func TestTheKeyboardReachesTheFormInOrder(t *testing.T) {
	o := newOffice(t)
	o.publish("First")
	o.lesson("Three people open it.")
	o.show(itemFolder + o.folder)
	note, effective, expires := o.fields()
	var reached []string
	for range 12 {
		o.host.Window().Canvas().FocusNext()
		switch f := o.host.Window().Canvas().Focused().(type) {
		case *widgets.Entry:
			reached = append(reached, map[*widgets.Entry]string{note: "note"}[f])
		case *widgets.DateField:
			reached = append(reached, map[*widgets.Entry]string{effective: "effective", expires: "expires"}[&f.Entry])
		case *widgets.Button:
			reached = append(reached, f.Text)
		case interface{ Text() string }:
			reached = append(reached, f.Text())
		}
	}
	want := []string{"note", "effective", "expires", words.Of("publish.superseded"), words.Of("publish.withdrawn"), words.Of("publish.publish")}
	if joined := strings.Join(reached, "|"); !strings.Contains(joined, strings.Join(want, "|")) {
		t.Errorf("the keyboard reaches %q", reached)
	}
}
