package updates

import (
	"bytes"
	"context"
	"errors"
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
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

// site is a workstation of its own, whose clock can be set.
type site struct {
	t       *testing.T
	station *station.Station
	session *station.Session
	ahead   time.Duration
}

func newSite(t *testing.T, name string, roles ...account.Role) *site {
	t.Helper()
	s := &site{t: t}
	options := stationtest.Options(t)
	options.Now = func() time.Time { return time.Now().Add(s.ahead) }
	s.station, s.session, _ = stationtest.NewWith(t, station.SetupRequest{Station: name, Roles: roles}, options)
	return s
}

// publish writes a bundle of the module with this text and returns its path.
func (s *site) publish(text, note string, change func(*exchange.PublishRequest)) string {
	s.t.Helper()
	dir := s.t.TempDir()
	module := filepath.Join(dir, "modules", "gate-module")
	if err := os.MkdirAll(filepath.Join(module, "lessons"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	for name, body := range map[string]string{
		"module.yaml":         "id: gate-module\ntitle: At the gate\nminutes: 30\nobjectives: [Open it]\nsources: [A rule]\n",
		"lessons/01-first.md": "---\nid: first\ntitle: First\n---\n" + text + "\n",
		"quiz.gift":           "::One:: Is it? {=Yes #Right ~No #Wrong}\n",
	} {
		if err := os.WriteFile(filepath.Join(module, filepath.FromSlash(name)), []byte(body), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	request := exchange.PublishRequest{Folder: dir, Out: filepath.Join(s.t.TempDir(), "out.wardbook"), Note: note}
	if change != nil {
		change(&request)
	}
	if _, err := s.session.Exchange().Publish(context.Background(), request); err != nil {
		s.t.Fatal(err)
	}
	return request.Out
}

func (s *site) fingerprint() string {
	s.t.Helper()
	list, err := s.session.Exchange().Publishers(context.Background())
	if err != nil || len(list) == 0 {
		s.t.Fatal(list, err)
	}
	return list[0].Fingerprint
}

// take imports without the window.
func (s *site) take(path, trust string) {
	s.t.Helper()
	if _, err := s.session.Exchange().Import(context.Background(), path, exchange.ImportOptions{TrustFingerprint: trust}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) versions() int {
	s.t.Helper()
	list, err := s.session.Content().Versions(context.Background(), "gate-module")
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func (s *site) page(host page.Host) *Page {
	return New(host, s.session.Exchange(), s.session.Actor()).WithTitles(s.session.Content())
}

func show(t *testing.T, host *pagetest.Host, p *Page, item string) {
	t.Helper()
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.Updates, Item: item})
	if width := host.Content().MinSize().Width; width > 800 {
		t.Errorf("the page %q needs a width of %.0f: it is cut off in a small window", item, width)
	}
}

// follow shows where the page went last.
func follow(t *testing.T, host *pagetest.Host, p *Page) {
	t.Helper()
	if len(host.Told) > 0 || len(host.Went) == 0 {
		t.Fatalf("the page went nowhere; told %v", host.Told)
	}
	show(t, host, p, host.Went[len(host.Went)-1].Item)
}

func text(host *pagetest.Host) string { return strings.Join(pagetest.Texts(host.Content()), "\n") }

func says(t *testing.T, host *pagetest.Host, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text(host), part) {
			t.Errorf("%q is missing in\n%s", part, text(host))
		}
	}
}

func press(t *testing.T, host *pagetest.Host, key string) {
	t.Helper()
	button := pagetest.Button(t, host.Content(), words.Of(key))
	if button.Disabled() {
		t.Fatalf("%q cannot be pressed", button.Text)
	}
	test.Tap(button)
}

func offers(host *pagetest.Host, key string) bool {
	return slices.Contains(pagetest.Texts(host.Content()), words.Of(key))
}

func links(host *pagetest.Host) []*widgets.Link {
	var found []*widgets.Link
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widgets.Link); ok {
			found = append(found, l)
		}
	})
	return found
}

func tick(t *testing.T, host *pagetest.Host, yes bool) {
	t.Helper()
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*widgets.Check); ok {
			c.SetChecked(yes)
		}
	})
}

func TestWithoutAnyImportThePageSaysWhatToDo(t *testing.T) {
	host := pagetest.NewHost(t)
	p := newSite(t, "Wing B", account.RoleOfficer).page(host)
	show(t, host, p, "")
	says(t, host, words.Of("updates.none"), words.Of("updates.none-next"))
	host.Path = "/stick/new.wardbook"
	press(t, host, "updates.choose")
	if want := (page.Route{Page: page.Updates, Item: "/stick/new.wardbook"}); !slices.Contains(host.Went, want) {
		t.Errorf("choosing led to %v", host.Went)
	}
}

func TestAnAdministratorComparesTrustsImportsAndReadsTheReceipt(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	path := office.publish("Two people open it.", "The first words", nil)
	p := wing.page(host)

	show(t, host, p, path)
	preview, err := wing.session.Exchange().Preview(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	says(t, host, "At the gate", "The first words", preview.Publisher.Words, words.Of("updates.trust-unknown"), words.Size(preview.Size),
		words.Moment(preview.Manifest.Created), words.Of("updates.never"), words.Of("updates.unknown"),
		widgets.Groups(strings.ReplaceAll(preview.Publisher.Fingerprint, "-", ""), 4))
	trust := pagetest.Button(t, host.Content(), words.Of("updates.trust-and-import"))
	if !trust.Disabled() {
		t.Fatal("the publisher can be trusted before the words were compared")
	}
	tick(t, host, true)
	tick(t, host, false)
	if !trust.Disabled() {
		t.Fatal("the tick was taken back and the publisher can still be trusted")
	}
	tick(t, host, true)
	press(t, host, "updates.trust-and-import")
	if wing.versions() != 1 {
		t.Fatal("the module did not come")
	}

	follow(t, host, p)
	history, err := wing.session.Exchange().History(context.Background())
	if err != nil || len(history) != 1 {
		t.Fatal(history, err)
	}
	receipt, err := wing.session.Exchange().Receipt(context.Background(), history[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	says(t, host, words.Of("updates.done"), receipt.Words, "Wing B", "At the gate, version 1")

	// The receipt file, written by the window, is accepted at the office.
	host.Path = filepath.Join(t.TempDir(), "receipt.json")
	press(t, host, "updates.save-receipt")
	if len(host.Told) > 0 || len(host.Said) != 1 || !strings.Contains(host.Said[0], host.Path) {
		t.Fatalf("saving the receipt: told %v, said %v", host.Told, host.Said)
	}
	confirmed, err := office.session.Exchange().ConfirmByFile(context.Background(), host.Path)
	if err != nil || confirmed.Workstation != "Wing B" {
		t.Fatal(confirmed, err)
	}
	// A file that is there already is not written over.
	before, err := os.ReadFile(host.Path)
	if err != nil {
		t.Fatal(err)
	}
	press(t, host, "updates.save-receipt")
	after, err := os.ReadFile(host.Path)
	if err != nil || len(host.Told) != 1 || len(host.Said) != 1 || !bytes.Equal(before, after) {
		t.Errorf("saving over a file: told %v, said %v, %v", host.Told, host.Said, err)
	}
}

func TestAnOfficerCannotTrust(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	path := office.publish("Two people open it.", "First", nil)
	stationtest.Add(t, wing.session, "Officer 7", account.RoleOfficer)
	wing.session = stationtest.SignIn(t, wing.station, "Officer 7")
	show(t, host, wing.page(host), path)
	says(t, host, "not trusted here", "At the gate")
	if offers(host, "updates.import") || offers(host, "updates.trust-and-import") {
		t.Errorf("an officer is offered to import from an unknown publisher:\n%s", text(host))
	}
	press(t, host, "updates.other")
}

func TestThePreviewSaysWhatChangesAndWhatIsMissing(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	first := office.publish("Two people open it.", "First", nil)
	second := office.publish("Three people open it.", "Second", nil)
	third := office.publish("Four people open it.", "A fourth person", func(r *exchange.PublishRequest) {
		r.Older = map[string]content.State{"gate-module@1": content.StateWithdrawn}
	})
	wing.take(first, office.fingerprint())
	p := wing.page(host)

	show(t, host, p, third)
	says(t, host, words.Of("updates.trust-trusted"), words.Count("updates.missed", 1), words.With("updates.change-note", map[string]any{"Note": "A fourth person"}),
		words.With("updates.change-changed", map[string]any{"Version": 3, "Here": 1}), words.With("updates.change-withdrawn", map[string]any{"Version": 1}))
	press(t, host, "updates.import")
	follow(t, host, p)
	_, state, err := wing.session.Content().Get(context.Background(), content.Ref{ID: "gate-module", Version: 1})
	if err != nil || state != content.StateWithdrawn {
		t.Fatalf("version 1 is %v, %v", state, err)
	}

	// The one in between may still come and says that it replaces nothing.
	show(t, host, p, second)
	says(t, host, words.Of("updates.lower"), words.With("updates.change-older", map[string]any{"Version": 2, "Here": 3}))
	press(t, host, "updates.import")
	follow(t, host, p)

	// Once more: nothing to import, but its receipt.
	show(t, host, p, third)
	says(t, host, words.Of("updates.already-here"))
	if offers(host, "updates.import") {
		t.Error("what is here already can be imported again")
	}
	press(t, host, "updates.show-receipt")
	follow(t, host, p)
	says(t, host, words.Of("updates.receipt"), "A fourth person")

	show(t, host, p, "")
	var titles []string
	for _, link := range links(host) {
		titles = append(titles, link.Title())
	}
	if len(titles) != 3 || !strings.Contains(titles[0], "2") || !strings.Contains(titles[1], "3") || !strings.Contains(titles[2], "1") {
		t.Errorf("the history is %v: it should show bundle 2, 3, 1, newest import first", titles)
	}
	test.Tap(links(host)[2])
	follow(t, host, p)
	says(t, host, "First")
}

func TestAnExpiredBundleNeedsAnAdministratorWhoSawTheDate(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	first := office.publish("Two people open it.", "First", nil)
	path := office.publish("Three people open it.", "Second", func(r *exchange.PublishRequest) { r.Expires = time.Now().Add(24 * time.Hour) })
	wing.take(first, office.fingerprint())
	stationtest.Add(t, wing.session, "Officer 7", account.RoleOfficer)
	wing.ahead = 72 * time.Hour
	today := words.Day(time.Now().Add(wing.ahead))

	p := wing.page(host)
	show(t, host, p, path)
	says(t, host, "expired")
	if offers(host, "updates.import") {
		t.Error("an expired bundle can be imported as if it were not")
	}
	host.Answer = false
	press(t, host, "updates.override")
	if len(host.Asked) != 1 || !strings.Contains(host.Asked[0], today) || wing.versions() != 1 {
		t.Fatalf("asked %v (want this computer's date, %s); %d versions", host.Asked, today, wing.versions())
	}
	host.Answer = true
	press(t, host, "updates.override")
	if len(host.Told) > 0 || wing.versions() != 2 {
		t.Fatalf("told %v; %d versions", host.Told, wing.versions())
	}

	wing.session = stationtest.SignIn(t, wing.station, "Officer 7")
	third := office.publish("Four people open it.", "Third", func(r *exchange.PublishRequest) { r.Expires = time.Now().Add(24 * time.Hour) })
	show(t, host, wing.page(host), third)
	says(t, host, "expired")
	if offers(host, "updates.override") || offers(host, "updates.import") {
		t.Error("an officer can import what has expired")
	}
}

func TestAnUnknownPublishersExpiredBundleAsksForBothDecisions(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	path := office.publish("Two people open it.", "First", func(r *exchange.PublishRequest) { r.Expires = time.Now().Add(24 * time.Hour) })
	wing.ahead = 72 * time.Hour
	show(t, host, wing.page(host), path)
	tick(t, host, true)
	press(t, host, "updates.trust-and-import")
	if len(host.Asked) != 1 || !strings.Contains(host.Asked[0], words.Day(time.Now().Add(24*time.Hour))) || wing.versions() != 1 {
		t.Errorf("asked %v, told %v, %d versions", host.Asked, host.Told, wing.versions())
	}
}

func TestADamagedBundleIsRefusedInASentence(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	path := office.publish("Two people open it.", "First", nil)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(whole, []byte("First"), []byte("Worse"), 1) // its note, in the manifest
	if bytes.Equal(whole, changed) {
		t.Fatal("the test did not change the bundle")
	}
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	show(t, host, wing.page(host), path)
	says(t, host, bundle.ErrBadSignature.Error())
	for _, key := range []string{"updates.import", "updates.trust-and-import", "updates.override"} {
		if offers(host, key) {
			t.Errorf("a damaged bundle offers %q", words.Of(key))
		}
	}
	press(t, host, "updates.other")
}

func TestWhatWasNotPreviewedIsNotImported(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	first := office.publish("Two people open it.", "First", nil)
	second := office.publish("Three people open it.", "Second", nil)
	third := office.publish("Four people open it.", "Third", nil)
	wing.take(first, office.fingerprint())
	show(t, host, wing.page(host), second)
	if err := os.Rename(third, second); err != nil { // another stick at the same place
		t.Fatal(err)
	}
	press(t, host, "updates.import")
	if len(host.Told) != 1 || !errors.Is(host.Told[0], exchange.ErrChangedSince) || wing.versions() != 1 {
		t.Errorf("told %v; %d versions", host.Told, wing.versions())
	}
	says(t, host, "Third") // what lies there now is shown
}

// A refusal stays in the history with its reason.
func TestARefusalIsInTheHistory(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	path := office.publish("Two people open it.", "First", nil)
	if _, err := wing.session.Exchange().Import(context.Background(), path, exchange.ImportOptions{}); !errors.Is(err, exchange.ErrUnknownPublisher) {
		t.Fatal(err)
	}
	p := wing.page(host)
	show(t, host, p, "")
	says(t, host, words.Of("updates.refused"), "not trusted here")
	test.Tap(links(host)[0])
	follow(t, host, p)
	says(t, host, "not trusted here", words.Of("updates.refused-next"))
	if offers(host, "updates.save-receipt") {
		t.Error("a refused bundle has a receipt")
	}
}

// cancelled is a host whose person presses Cancel at once.
type cancelled struct{ *pagetest.Host }

func (c cancelled) Work(_ string, work func(ctx context.Context, progress page.Progress) error, done func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	done(work(ctx, func(string, int64, int64) {}))
}

func TestACancelledImportLeavesEverythingAsItWas(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, "Office", account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	first, second := office.publish("Two people open it.", "First", nil), office.publish("Three people open it.", "Second", nil)
	wing.take(first, office.fingerprint())
	show(t, host, wing.page(cancelled{host}), second)
	press(t, host, "updates.import")
	if len(host.Told) != 1 || !errors.Is(host.Told[0], context.Canceled) || wing.versions() != 1 {
		t.Errorf("told %v; %d versions", host.Told, wing.versions())
	}
	pagetest.Button(t, host.Content(), words.Of("updates.import")) // and it can be tried again
}

func TestTheKeyboardReachesTheTrustInOrder(t *testing.T) {
	host := pagetest.NewHost(t)
	office, wing := newSite(t, strings.Repeat("Office_of_the_long_corridor_", 2), account.RoleTrainer), newSite(t, "Wing B", account.RoleAdministrator)
	show(t, host, wing.page(host), office.publish("Two people open it.", "First", nil))
	tick(t, host, true)
	var reached []string
	for range 20 {
		host.Window().Canvas().FocusNext()
		switch o := host.Window().Canvas().Focused().(type) {
		case *widgets.Button:
			reached = append(reached, o.Text)
		case *widgets.Check:
			reached = append(reached, o.Text)
		}
	}
	check, trust := slices.Index(reached, words.Of("updates.compared")), slices.Index(reached, words.Of("updates.trust-and-import"))
	if check < 0 || trust < check {
		t.Errorf("the keyboard reaches %v", reached)
	}
}

func TestReceiptsOfSeveralWorkstationsHaveNamesOfTheirOwn(t *testing.T) {
	for name, want := range map[string]string{
		"Wing B": "receipt-4-wing-b.json", "../C:\\x": "receipt-4-c--x.json", "Крыло 2": "receipt-4-крыло-2.json",
	} {
		if got := receiptName(exchange.Receipt{Workstation: name, Sequence: 4}); got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	}
}
