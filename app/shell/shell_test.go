package shell

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

// inline runs everything at once on one goroutine; what waits for a time is kept until the test lets it pass.
type inline struct {
	after map[int]func()
	every map[int]func()
	next  int
}

func newInline() *inline { return &inline{after: map[int]func(){}, every: map[int]func(){}} }

func (r *inline) Away(work func()) { work() }
func (r *inline) Back(do func())   { do() }

func (r *inline) After(_ time.Duration, do func()) func() { return keep(r, r.after, do) }
func (r *inline) Every(_ time.Duration, do func()) func() { return keep(r, r.every, do) }

func keep(r *inline, into map[int]func(), do func()) func() {
	r.next++
	id := r.next
	into[id] = do
	return func() { delete(into, id) }
}

func (r *inline) tick() {
	for _, do := range r.every {
		do()
	}
}

// open shows the window over a data folder with one account, and signs it in.
func open(t *testing.T, idle IdleClock, roles ...account.Role) (*Shell, *inline) {
	t.Helper()
	st, session, _ := stationtest.NewWith(t, station.SetupRequest{Roles: roles}, stationtest.Options(t))
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := words.Load(resources.Translations()); err != nil {
		t.Fatal(err)
	}
	runner := newInline()
	shell, err := New(context.Background(), test.NewTempApp(t), Params{DataDir: st.Dir(), Runner: runner, Options: stationtest.Options(t), IdleClock: idle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shell.leaveSession(func() {}) })
	signIn(t, shell)
	return shell, runner
}

func signIn(t *testing.T, s *Shell) {
	t.Helper()
	session, err := s.station.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	s.signedIn(session)
}

// fake is a page that notes what happens to it.
type fake struct {
	loaded []page.Route
	left   int
	fail   error
}

func (f *fake) Load(_ context.Context, route page.Route) (page.Route, error) {
	f.loaded = append(f.loaded, route)
	if f.fail != nil {
		return route, f.fail
	}
	if route.Item == "panic" {
		var none []int
		_ = none[len(f.loaded)+1]
	}
	return route, nil
}

func (f *fake) Show(route page.Route) fyne.CanvasObject { return container.NewVBox() }
func (f *fake) Leave()                                  { f.left++ }

func busy() (time.Duration, bool) { return 0, true }

func TestOnlyPagesForTheRolesAreOnTheRail(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	for _, id := range shell.rail.pages {
		if id == page.Records || id == page.Publish {
			t.Errorf("an administrator sees %s", id)
		}
	}
	shell.Go(page.Route{Page: page.Publish})
	if shell.at.Page == page.Publish {
		t.Error("a page that is not on the rail can be opened")
	}
}

func TestLockingLeavesThePageAndSigningInComesBackToIt(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	settings := &fake{}
	shell.pages[page.Settings] = page.Adapt(settings)
	place := page.Route{Page: page.Settings, Item: "a", Part: "b"}
	shell.Go(place)
	ran := false
	shell.After(time.Second, func() { ran = true })
	shell.Say("A dialog", "that is open")
	shell.Lock()
	if settings.left != 1 || shell.Session() != nil {
		t.Fatalf("after locking, the page was left %d times and the session is %v", settings.left, shell.Session())
	}
	if overlays := shell.window.Canvas().Overlays().List(); len(overlays) > 0 {
		t.Error("a dialog stays over the lock screen")
	}
	signIn(t, shell)
	if shell.at != place {
		t.Errorf("after signing in, the window shows %+v, want %+v", shell.at, place)
	}
	if ran || len(shell.timers) > 0 {
		t.Error("what waited on the page still waits after locking")
	}
}

func TestTheIdleLockWarnsFirst(t *testing.T) {
	idle := time.Duration(0)
	shell, runner := open(t, func() (time.Duration, bool) { return idle, true }, account.RoleAdministrator)
	shell.idle.used = time.Now().Add(-time.Hour)
	shell.idle.limit = 15 * time.Minute
	runner.tick()
	if shell.idle.warning != nil || shell.Session() == nil {
		t.Fatal("it warns or locks although the computer is used")
	}
	idle = 14*time.Minute + 45*time.Second
	runner.tick()
	if shell.idle.warning == nil || shell.Session() == nil {
		t.Fatal("it does not warn half a minute before")
	}
	idle = 0
	runner.tick()
	if shell.idle.warning != nil {
		t.Fatal("the warning stays although somebody is there")
	}
	idle = 15 * time.Minute
	runner.tick()
	if shell.Session() != nil {
		t.Fatal("it does not lock")
	}
}

func TestABundleWaitsForSomebodyToSignIn(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	updates := &fake{}
	shell.pages[page.Updates] = page.Adapt(updates)
	shell.ShowBundle("/media/stick/a.wardbook")
	if len(updates.loaded) != 1 || updates.loaded[0].Item != "/media/stick/a.wardbook" {
		t.Fatalf("dropped on the open window, it led to %+v", updates.loaded)
	}
	shell.Lock()
	shell.ShowBundle("/media/stick/b.wardbook")
	if shell.waiting != "/media/stick/b.wardbook" {
		t.Error("dropped on the locked window, it does not wait")
	}
}

func TestAFaultInAPageIsASentenceAndNothingElseStops(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	broken := &fake{}
	shell.pages[page.Settings] = page.Adapt(broken)
	shell.Go(page.Route{Page: page.Settings, Item: "panic"})
	pagetest.Button(t, shell.body, words.Of("shell.try-again"))
	broken.fail = errors.New("the disk is gone")
	shell.Go(page.Route{Page: page.Settings})
	found := false
	for _, text := range pagetest.Texts(shell.body) {
		found = found || text == "The disk is gone. "+words.Of("error.nothing-changed")
	}
	if !found {
		t.Errorf("the error is not shown: %q", pagetest.Texts(shell.body))
	}
	shell.Go(page.Route{Page: page.Home})
	if shell.at.Page != page.Home {
		t.Error("the other pages cannot be opened any more")
	}
}

func TestWorkThatIsCancelledByLockingEndsBeforeTheStoresClose(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	var cancelled error
	shell.Work("Something long", func(ctx context.Context, progress page.Progress) error {
		progress("half", 1, 2)
		shell.working.cancel()
		cancelled = ctx.Err()
		return ctx.Err()
	}, nil)
	if !errors.Is(cancelled, context.Canceled) {
		t.Errorf("the work saw %v", cancelled)
	}
	if shell.working != nil {
		t.Error("the pane stays")
	}
}

// Given a dialog that is answered, when that opens another one, then the other one stays, Esc closes it, and shortcuts work
// again afterwards.
func TestADialogThatAnotherOneOpensStays(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	overlays := shell.window.Canvas().Overlays()
	shell.Confirm("Sure?", "It cannot be undone.", "Do it", func() { shell.Say("Done", "This came of it.") })
	test.Tap(pagetest.Button(t, overlays.Top(), "Do it"))
	if len(overlays.List()) != 1 || shell.dialogs != 1 {
		t.Fatalf("%d dialogs are there, %d counted", len(overlays.List()), shell.dialogs)
	}
	if texts := pagetest.Texts(overlays.Top()); !slices.Contains(texts, "This came of it.") {
		t.Fatalf("it says %q", texts)
	}
	shell.cancel()
	if overlays.Top() != nil || shell.dialogs != 0 {
		t.Errorf("%d dialogs are left", shell.dialogs)
	}
}

// Given something short that was begun before locking, when it ends after, then nothing of it is shown over the sign-in page.
func TestWhatEndsAfterLockingIsNotShown(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	told := false
	shell.Quietly(func(context.Context) error {
		shell.session, shell.pages = nil, nil // as locking does, which waits for this to end
		return errors.New("too late")
	}, func(error) { told = true })
	if told || shell.dialogs != 0 {
		t.Errorf("it was told (%v), %d dialogs", told, shell.dialogs)
	}
}

// Given a dialog that is open, then the program can still be locked at once, and the dialog is gone.
func TestLockingWorksWhileADialogIsOpen(t *testing.T) {
	shell, _ := open(t, busy, account.RoleAdministrator)
	shell.Say("Saved", "It is there.")
	shell.Lock()
	if shell.Session() != nil || shell.window.Canvas().Overlays().Top() != nil || shell.dialogs != 0 {
		t.Errorf("signed in %v, %d dialogs", shell.Session() != nil, shell.dialogs)
	}
}

// Given a computer that slept, then the time in which it slept counts as unused, and so does a clock that was put back.
func TestSleepCountsAsUnused(t *testing.T) {
	for name, used := range map[string]time.Time{"an hour ago": wallClock().Add(-time.Hour), "a clock put back": wallClock().Add(time.Hour)} {
		shell, runner := open(t, func() (time.Duration, bool) { return 0, false }, account.RoleAdministrator)
		shell.idle.used = used
		runner.tick()
		if shell.Session() != nil {
			t.Errorf("%s: it does not lock", name)
		}
	}
	if at := wallClock(); at != at.Round(0) || strings.Contains(at.String(), "m=") {
		t.Error("the clock has a monotonic part, which stands still in sleep")
	}
}
