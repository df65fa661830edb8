package log

import (
	"context"
	"errors"
	"fmt"
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
	"wardbook/data/audit"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

func of(host page.Host, session *station.Session) *Page {
	return New(host, session.Log(), session.HasCasework()).WithAccounts(session.Accounts())
}

func open(t *testing.T, host *pagetest.Host, p *Page, store, act string) {
	t.Helper()
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.Log, Item: store, Part: act})
}

func says(host *pagetest.Host, part string) bool {
	return slices.ContainsFunc(pagetest.Texts(host.Content()), func(text string) bool { return strings.Contains(text, part) })
}

// find returns all widgets of a type, in drawing order.
func find[W fyne.CanvasObject](root fyne.CanvasObject) []W {
	var found []W
	pagetest.Walk(root, func(o fyne.CanvasObject) {
		if w, ok := o.(W); ok {
			found = append(found, w)
		}
	})
	return found
}

func TestEntriesStandNewestFirstWithWhoAndWhy(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	added := stationtest.Add(t, session, "Trainer 8", account.RoleTrainer)
	if err := session.Accounts().Deactivate(context.Background(), added.ID, "Left the service."); err != nil {
		t.Fatal(err)
	}
	open(t, host, of(host, session), "", "")
	texts := pagetest.Texts(host.Content())
	first := slices.Index(texts, words.Of("act.account-deactivate"))
	second := slices.Index(texts, words.Of("act.account-add"))
	if first < 0 || second < 0 || first > second {
		t.Fatalf("the order is %v", texts)
	}
	list := find[*widgets.List](host.Content())[0]
	list.Select(0)
	for _, want := range []string{"Left the service.", "Trainer 8", stationtest.Name, words.Of("log.reason"), words.Of("log.detail-statements")} {
		if !says(host, want) {
			t.Errorf("the entry does not show %q: %v", want, pagetest.Texts(host.Content()))
		}
	}
}

func TestEntriesAreFilteredByActAccountAndDay(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	auditor := stationtest.Add(t, session, "Auditor 3", account.RoleAuditor)
	session = stationtest.SignIn(t, st, "Auditor 3")
	p := of(host, session)
	open(t, host, p, "", "")
	selects := find[*widgets.Select](host.Content())
	if len(selects) != 2 {
		t.Fatalf("there are %d lists to choose from, want act and account: the casework log is not this auditor's", len(selects))
	}
	selects[0].SetSelected(words.Of("act.sign-in"))
	if want := (page.Route{Page: page.Log, Item: audit.Library, Part: "sign-in"}); !slices.Contains(host.Went, want) {
		t.Fatalf("choosing an act leads to %v, want %v", host.Went, want)
	}
	open(t, host, p, audit.Library, "sign-in")
	if list := find[*widgets.List](host.Content())[0]; list.Length() != 1 {
		t.Errorf("there are %d sign-ins, want the auditor's", list.Length())
	}
	open(t, host, p, "", "")
	find[*widgets.Select](host.Content())[1].SetSelected("Auditor 3")
	view, err := p.Load(context.Background(), page.Route{Page: page.Log})
	if err != nil || len(view.Entries) == 0 {
		t.Fatal(view.Entries, err)
	}
	for _, e := range view.Entries {
		if e.AccountID != auditor.ID {
			t.Errorf("an entry of %s is shown", e.AccountName)
		}
	}
	day := find[*widgets.DateField](host.Content())[0]
	day.SetDay(time.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	day.OnSubmitted(day.Text)
	if !says(host, words.Of("log.none")) {
		t.Errorf("yesterday, before the set-up, has entries: %v", pagetest.Texts(host.Content()))
	}
	day = find[*widgets.DateField](host.Content())[0]
	day.SetDay(time.Now().Format(time.DateOnly))
	test.Tap(pagetest.Button(t, host.Content(), words.Of("log.show")))
	if says(host, words.Of("log.none")) {
		t.Error("today has no entries")
	}
	reloads := host.Reloads
	day = find[*widgets.DateField](host.Content())[0]
	day.SetText("soon")
	day.OnSubmitted(day.Text)
	if host.Reloads != reloads {
		t.Error("what is no day was taken for one")
	}
}

func TestTheCaseworkLogIsOfferedToWhoeverMayReadIt(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t, account.RoleManager)
	officer := stationtest.Add(t, session, "Officer 31", account.RoleOfficer, account.RoleAdministrator)
	if err := session.Accounts().GrantCasework(context.Background(), officer.ID); err != nil {
		t.Fatal(err)
	}
	open(t, host, of(host, session), "", "")
	if len(find[*widgets.Select](host.Content())) != 3 {
		t.Fatalf("a manager with the key is not offered the casework log")
	}
	open(t, host, of(host, session), audit.Casework, "")
	if !says(host, words.Of("act.set-up")) || says(host, words.Of("act.account-add")) {
		t.Errorf("the casework log shows %v", pagetest.Texts(host.Content()))
	}
	// An administrator with the key of an officer reads the library's log only
	other := stationtest.SignIn(t, st, "Officer 31")
	if !other.HasCasework() {
		t.Fatal("the officer has no casework")
	}
	open(t, host, of(host, other), "", "")
	if len(find[*widgets.Select](host.Content())) != 2 || len(host.Told) > 0 {
		t.Errorf("an officer is offered the casework log, or told %v", host.Told)
	}
}

func TestWhoeverMayReadNoLogIsToldSo(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	stationtest.Add(t, session, "Trainer 8", account.RoleTrainer)
	open(t, host, of(host, stationtest.SignIn(t, st, "Trainer 8")), "", "")
	if !says(host, words.Of("log.not-yours")) {
		t.Errorf("it says %v", pagetest.Texts(host.Content()))
	}
}

func TestVerifyingSaysHowEachChainStands(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	open(t, host, of(host, session), "", "")
	test.Tap(pagetest.Button(t, host.Content(), words.Of("log.verify")))
	whole := words.With("log.whole", map[string]any{"Store": words.Of("log.library"), "Entries": words.Count("log.entries", 1)})
	if len(host.Said) != 1 || !strings.Contains(host.Said[0], whole) || !strings.Contains(host.Said[0], "casework store was not checked") {
		t.Errorf("it says %q, want %q and that casework was not checked", host.Said, whole)
	}
}

// made is a log of so many entries.
type made struct {
	count  int64
	report audit.Report
}

func (m *made) List(_ context.Context, f audit.Filter) ([]audit.Entry, error) {
	if f.Store == audit.Casework {
		return nil, fmt.Errorf("%w: not here", account.ErrNotAllowed)
	}
	newest := m.count
	if f.Before > 0 {
		newest = f.Before - 1
	}
	var entries []audit.Entry
	for n := newest; n > 0 && len(entries) < f.Limit; n-- {
		entries = append(entries, audit.Entry{Sequence: n, At: time.Unix(1_790_000_000+n, 0), AccountName: "Auditor 3", Act: "act-of-tomorrow"})
	}
	return entries, nil
}

func (m *made) Verify(context.Context) (audit.Report, error) { return m.report, nil }

func TestOlderEntriesAreReadUntilThereAreNone(t *testing.T) {
	host := pagetest.NewHost(t)
	open(t, host, New(host, &made{count: 2*pageSize + 3}, true), "", "")
	list := find[*widgets.List](host.Content())[0]
	for _, want := range []int{2 * pageSize, 2*pageSize + 3} {
		test.Tap(pagetest.Button(t, host.Content(), words.Of("log.more")))
		if list.Length() != want {
			t.Fatalf("there are %d entries, want %d", list.Length(), want)
		}
	}
	if says(host, words.Of("log.more")) {
		t.Error("older entries than all are offered")
	}
	if !says(host, "act-of-tomorrow") {
		t.Error("an act that is not known here is not shown by its name")
	}
	open(t, host, New(host, &made{count: pageSize}, true), "", "")
	if says(host, words.Of("log.more")) {
		t.Error("older entries are offered though exactly one page is there")
	}
}

func TestABrokenChainIsSaidPlainly(t *testing.T) {
	host := pagetest.NewHost(t)
	broken := audit.Report{Chains: []audit.ChainReport{{Store: audit.Library, Entries: 7, Problem: "Entry 8 of the log: it was changed after it was written."}}}
	open(t, host, New(host, &made{count: 9, report: broken}, false), "", "")
	test.Tap(pagetest.Button(t, host.Content(), words.Of("log.verify")))
	if len(host.Said) != 1 || !strings.Contains(host.Said[0], "NOT WHOLE") || !strings.Contains(host.Said[0], "Entry 8") {
		t.Errorf("it says %q", host.Said)
	}
}

type failing struct{ made }

var errDisk = errors.New("the disk failed")

func (*failing) List(context.Context, audit.Filter) ([]audit.Entry, error) { return nil, errDisk }

func TestALogThatCannotBeReadIsAnError(t *testing.T) {
	host := pagetest.NewHost(t)
	if _, err := New(host, &failing{}, true).Load(context.Background(), page.Route{Page: page.Log}); !errors.Is(err, errDisk) {
		t.Errorf("it says %v", err)
	}
}

// Every act that the services write has a name in words.
func TestEveryActHasAName(t *testing.T) {
	pagetest.NewHost(t)
	for _, store := range []string{audit.Library, audit.Casework} {
		for _, act := range actsOf(store) {
			if actName(string(act)) == string(act) {
				t.Errorf("the act %s has no name", act)
			}
		}
	}
}
