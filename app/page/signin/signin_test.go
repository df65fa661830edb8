package signin

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

// inputs are the fields of a page, by their label.
type inputs map[string]fyne.CanvasObject

func fields(root fyne.CanvasObject) inputs {
	found := inputs{}
	pagetest.Walk(root, func(o fyne.CanvasObject) {
		if f, ok := o.(*widgets.Field); ok {
			label := ""
			pagetest.Walk(f, func(o fyne.CanvasObject) {
				if l, ok := o.(*widget.Label); ok && label == "" {
					label = l.Text
				}
			})
			found[label] = f.Input
		}
	})
	return found
}

func (in inputs) typeInto(t *testing.T, key, text string) {
	t.Helper()
	switch f := in[words.Of(key)].(type) {
	case *widgets.Passphrase:
		f.Entry.SetText(text)
	case *widgets.Entry:
		f.SetText(text)
	default:
		t.Fatalf("there is no field %q: %v", words.Of(key), in)
	}
}

func says(root fyne.CanvasObject, part string) bool {
	return slices.ContainsFunc(pagetest.Texts(root), func(text string) bool { return strings.Contains(text, part) })
}

func press(t *testing.T, root fyne.CanvasObject, key string) {
	t.Helper()
	test.Tap(pagetest.Button(t, root, words.Of(key)))
}

type result struct {
	opened  []*station.Station
	session *station.Session
}

func open(t *testing.T, host *pagetest.Host, deps Deps) (*Page, *result) {
	t.Helper()
	got := &result{}
	deps.Options, deps.Starter = stationtest.Options(t), resources.Starter()
	deps.Opened = func(st *station.Station) { got.opened = append(got.opened, st) }
	deps.SignedIn = func(s *station.Session) {
		got.session = s
		t.Cleanup(func() {
			if err := s.Lock(); err != nil {
				t.Error(err)
			}
		})
	}
	p := New(host, deps)
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.SignIn})
	return p, got
}

func TestANewWorkstationIsSetUp(t *testing.T) {
	// Given a computer without a data folder
	host := pagetest.NewHost(t)
	dir := filepath.Join(t.TempDir(), "data")
	p, got := open(t, host, Deps{Folder: dir})
	press(t, p.stage, "signin.welcome.new")

	// When nothing is filled in, then each field says so and nothing is made
	press(t, p.stage, "signin.setup.do")
	if !says(p.stage, words.Of("signin.setup.empty")) || !says(p.stage, words.Of("signin.setup.weak")) {
		t.Errorf("nothing says what is missing: %v", pagetest.Texts(p.stage))
	}
	if state, err := station.Inspect(dir); state != station.StateEmpty || err != nil {
		t.Fatalf("the folder is %v (%v)", state, err)
	}

	// When the passphrases differ, then that is said
	in := fields(p.stage)
	in.typeInto(t, "signin.setup.workstation", "Training room 1")
	in.typeInto(t, "signin.setup.name", "Officer 4711")
	in.typeInto(t, "signin.passphrase", stationtest.Passphrase)
	in.typeInto(t, "signin.setup.again", stationtest.Passphrase+"x")
	press(t, p.stage, "signin.setup.do")
	if !says(p.stage, words.Of("signin.setup.differs")) {
		t.Error("nothing says that the passphrases differ")
	}

	// When everything is there, then the keys are shown once
	in.typeInto(t, "signin.setup.again", stationtest.Passphrase)
	roles, ok := in[words.Of("signin.setup.roles")].(*widgets.Choice)
	if !ok {
		t.Fatal("no roles can be chosen")
	}
	roles.SetValues("officer", "second-reader")
	press(t, p.stage, "signin.setup.do")
	if len(host.Told) > 0 || len(got.opened) != 1 {
		t.Fatalf("the set-up failed: %v, %v", host.Told, pagetest.Texts(p.stage))
	}
	if got.session != nil {
		t.Fatal("somebody is signed in before the recovery keys were confirmed")
	}
	var keys []string
	for _, text := range pagetest.Texts(p.stage) {
		if strings.HasPrefix(text, "AGE-SECRET-KEY-1") {
			keys = append(keys, text)
		}
	}
	keys = slices.Compact(keys) // a label that can be selected is seen twice
	if len(keys) != 2 {
		t.Fatalf("%d keys are shown", len(keys))
	}

	// When the wrong end is typed back, then it is not taken; the right one signs in
	press(t, p.stage, "signin.keys.stored")
	if says(p.stage, "AGE-SECRET-KEY-1") {
		t.Error("the keys can be read off the page that asks for them")
	}
	in = fields(p.stage)
	in.typeInto(t, "signin.keys.library", "notright")
	press(t, p.stage, "signin.keys.confirm")
	if got.session != nil || !says(p.stage, words.Of("signin.keys.differ")) {
		t.Fatal("a wrong end was taken")
	}
	groups := func(key string) string { all := strings.Fields(key); return all[len(all)-1] }
	in.typeInto(t, "signin.keys.library", strings.ToLower(groups(keys[0])))
	in.typeInto(t, "signin.keys.casework", groups(keys[1])+" ")
	press(t, p.stage, "signin.keys.confirm")
	if got.session == nil {
		t.Fatalf("nobody is signed in: %v", pagetest.Texts(p.stage))
	}
	info, err := got.session.Info(context.Background())
	if err != nil || !info.RecoveryConfirmed || info.Workstation.Name != "Training room 1" {
		t.Errorf("the workstation is %+v (%v)", info, err)
	}
	actor := got.session.Actor()
	if !actor.Has(account.RoleAdministrator) || !actor.Has(account.RoleOfficer) || actor.Has(account.RoleTrainer) {
		t.Errorf("the roles are %v", actor.Roles())
	}
	courses, err := got.session.Learning().Overview(context.Background())
	if err != nil || len(courses) == 0 {
		t.Errorf("there is no starter content: %v (%v)", courses, err)
	}
}

func TestTheFolderMustBeEmpty(t *testing.T) {
	// Given a data folder in use, when a new workstation is to be made in it, then it says so and nothing is lost
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	p, got := open(t, host, Deps{Folder: t.TempDir()})
	press(t, p.stage, "signin.welcome.new")
	host.Path = st.Dir()
	press(t, p.stage, "signin.setup.otherplace")
	in := fields(p.stage)
	in.typeInto(t, "signin.setup.workstation", "X")
	in.typeInto(t, "signin.setup.name", "Y 1")
	in.typeInto(t, "signin.passphrase", stationtest.Passphrase)
	in.typeInto(t, "signin.setup.again", stationtest.Passphrase)
	press(t, p.stage, "signin.setup.do")
	if len(got.opened) != 0 || !says(p.stage, words.Of("error.not-empty")) {
		t.Errorf("it says %v", pagetest.Texts(p.stage))
	}
	if _, err := st.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase); err != nil {
		t.Errorf("the old folder does not open any more: %v", err)
	}
}

func TestAnExistingFolderIsOpened(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t, account.RoleOfficer)
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	p, got := open(t, host, Deps{Folder: t.TempDir()})

	// A folder that is none says so.
	host.Path = t.TempDir()
	press(t, p.stage, "signin.welcome.open")
	if !says(p.stage, words.Of("error.not-set-up")) || len(got.opened) != 0 {
		t.Errorf("it says %v", pagetest.Texts(p.stage))
	}
	host.Path = st.Dir()
	press(t, p.stage, "signin.welcome.open")
	if len(got.opened) != 1 || host.Reloads == 0 || !says(p.stage, words.Of("signin.title")) {
		t.Fatalf("opened %d, it says %v", len(got.opened), pagetest.Texts(p.stage))
	}
}

func TestSigningIn(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t, account.RoleOfficer)
	stationtest.Add(t, session, "Reader 12", account.RoleSecondReader)
	gone := stationtest.Add(t, session, "Left 9", account.RoleTrainer)
	if err := session.Accounts().Deactivate(context.Background(), gone.ID, "left"); err != nil {
		t.Fatal(err)
	}
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	p, got := open(t, host, Deps{Station: st, Folder: st.Dir(), Account: "Reader 12"})
	in := fields(p.stage)
	who, ok := in[words.Of("signin.account")].(*widgets.Choice)
	if !ok || who.Value() == "" {
		t.Fatal("whoever locked is not chosen")
	}
	if says(p.stage, "Left 9") {
		t.Error("a deactivated account is listed")
	}

	// A wrong passphrase says so, is not kept, and signs nobody in.
	in.typeInto(t, "signin.passphrase", "wrong")
	press(t, p.stage, "signin.enter")
	passphrase, _ := in[words.Of("signin.passphrase")].(*widgets.Passphrase)
	if got.session != nil || passphrase.Text() != "" || !says(p.stage, words.Of("error.wrong-passphrase")) {
		t.Fatalf("it says %v", pagetest.Texts(p.stage))
	}

	// Return in the field is enough.
	passphrase.Entry.SetText(stationtest.Passphrase)
	passphrase.Entry.OnSubmitted("")
	if got.session == nil || got.session.Actor().AccountName() != "Reader 12" {
		t.Fatalf("nobody is signed in: %v", pagetest.Texts(p.stage))
	}
	if passphrase.Text() != "" {
		t.Error("the passphrase stays in the field")
	}
}

func TestWaitingAfterTooManyWrongPassphrases(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	var until *account.BackOffError
	for range 12 {
		if _, err := st.SignIn(context.Background(), stationtest.Name, "wrong"); errors.As(err, &until) {
			break
		}
	}
	if until == nil {
		t.Fatal("there is no back-off to show")
	}
	p, got := open(t, host, Deps{Station: st, Folder: st.Dir()})
	in := fields(p.stage)
	in.typeInto(t, "signin.passphrase", stationtest.Passphrase)
	press(t, p.stage, "signin.enter")
	enter := pagetest.Button(t, p.stage, words.Of("signin.enter"))
	if got.session != nil || !enter.Disabled() {
		t.Fatal("it can be tried again at once")
	}
	if !says(p.stage, "0:") && !says(p.stage, "1:") {
		t.Errorf("nothing says how long: %v", pagetest.Texts(p.stage))
	}
	if len(host.Pending) == 0 {
		t.Error("the time left is not counted down")
	}
	// Once the time is over, it can be tried.
	over := widget.NewLabel("")
	p.countDown(until.Until.Add(-time.Hour), over, enterOf(t, p))
	if enter.Disabled() || over.Text != words.Of("signin.again") {
		t.Error("it cannot be tried again after the wait")
	}
}

func enterOf(t *testing.T, p *Page) *widgets.Button {
	t.Helper()
	var found *widgets.Button
	pagetest.Walk(p.stage, func(o fyne.CanvasObject) {
		if b, ok := o.(*widgets.Button); ok && b.Text == words.Of("signin.enter") {
			found = b
		}
	})
	if found == nil {
		t.Fatal("there is no button to sign in")
	}
	return found
}

func TestLeavingForgetsWhatWasTyped(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	p, _ := open(t, host, Deps{Station: st, Folder: st.Dir()})
	in := fields(p.stage)
	in.typeInto(t, "signin.passphrase", stationtest.Passphrase)
	p.Leave()
	if f, ok := in[words.Of("signin.passphrase")].(*widgets.Passphrase); !ok || f.Text() != "" {
		t.Error("the passphrase is still there")
	}
}

func TestNobodyCanSignInAnyMore(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session, keys := stationtest.NewWith(t, station.SetupRequest{}, stationtest.Options(t))
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	p, got := open(t, host, Deps{Station: st, Folder: st.Dir()})
	press(t, p.stage, "signin.recover.open")
	in := fields(p.stage)
	in.typeInto(t, "signin.recover.name", "Admin 2")
	in.typeInto(t, "signin.passphrase", "nine blue lanterns by the canal")
	in.typeInto(t, "signin.setup.again", "nine blue lanterns by the canal")
	in.typeInto(t, "signin.keys.library", keys.Casework)
	press(t, p.stage, "signin.recover.do")
	if got.session != nil {
		t.Fatal("the casework key opened the library")
	}
	in.typeInto(t, "signin.keys.library", grouped(keys.Library)) // as it was written down, with its spaces
	press(t, p.stage, "signin.recover.do")
	if got.session == nil || got.session.Actor().AccountName() != "Admin 2" {
		t.Fatalf("it says %v", pagetest.Texts(p.stage))
	}
}

func TestTheEndOfAKeyIsAGroupOfItsOwn(t *testing.T) {
	key := keyPrefix + strings.Repeat("ABCDEFGH", 7) + "XY"
	got := strings.Fields(grouped(key))
	if strings.Join(got, "") != key {
		t.Errorf("%v is not the key", got)
	}
	if last := got[len(got)-1]; len(last) != station.ConfirmLength {
		t.Errorf("the last group is %q", last)
	}
}

func TestTheTimeLeftReadsLikeAClock(t *testing.T) {
	for left, want := range map[time.Duration]string{5 * time.Second: "0:05", 125 * time.Second: "2:05", 600 * time.Second: "10:00"} {
		if got := duration(left); got != want {
			t.Errorf("%v reads %q, want %q", left, got, want)
		}
	}
}
