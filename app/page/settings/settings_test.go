package settings

import (
	"context"
	"slices"
	"strings"
	"testing"

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
)

func open(t *testing.T, host *pagetest.Host, session *station.Session) *Page {
	t.Helper()
	p := New(host, Deps{
		Actor: session.Actor(), Settings: session.Settings(), Accounts: session.Accounts(),
		Workstation: session.Workstation().Name, Folder: "/srv/wardbook",
	})
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.Settings})
	return p
}

func field(t *testing.T, host *pagetest.Host, key string) fyne.CanvasObject {
	t.Helper()
	var found fyne.CanvasObject
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		f, ok := o.(*widgets.Field)
		if !ok {
			return
		}
		pagetest.Walk(f, func(o fyne.CanvasObject) {
			if l, ok := o.(*widget.Label); ok && l.Text == words.Of(key) {
				found = f.Input
			}
		})
	})
	if found == nil {
		t.Fatalf("there is no field %q", words.Of(key))
	}
	return found
}

func typeInto(t *testing.T, host *pagetest.Host, key, text string) {
	t.Helper()
	switch f := field(t, host, key).(type) {
	case *widgets.Entry:
		f.SetText(text)
	case *widgets.Passphrase:
		f.Entry.SetText(text)
	}
}

func says(host *pagetest.Host, part string) bool {
	return slices.ContainsFunc(pagetest.Texts(host.Content()), func(text string) bool { return strings.Contains(text, part) })
}

func TestTheLookIsAppliedAndKept(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	open(t, host, session)
	size, ok := field(t, host, "settings.size").(*widgets.Choice)
	if !ok || size.Value() != "1" {
		t.Fatalf("the text size is %q", size.Value())
	}
	size.First().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	colours, ok := field(t, host, "settings.theme").(*widgets.Choice)
	if !ok {
		t.Fatal("no colours can be chosen")
	}
	colours.First().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) // chosen already
	if want := (page.Appearance{TextScale: 0.9, Theme: station.ThemeSystem}); len(host.Applied) != 1 || host.Applied[0] != want {
		t.Errorf("applied %+v, want %+v once", host.Applied, want)
	}
	kept, err := session.Settings().Personal(context.Background())
	if err != nil || kept.TextScale != 0.9 {
		t.Errorf("kept is %+v (%v)", kept, err)
	}
	// Opened again, the page shows what was kept.
	open(t, host, session)
	if size, ok := field(t, host, "settings.size").(*widgets.Choice); !ok || size.Value() != "0.9" {
		t.Errorf("the page shows %q", size.Value())
	}
	for _, option := range textSizes() {
		if option.Value == "" || option.Text == "" {
			t.Errorf("a text size has no name: %+v", option)
		}
	}
}

func TestThePassphraseIsChanged(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	p := open(t, host, session)
	const fresh = "nine blue lanterns by the canal"
	change := pagetest.Button(t, host.Content(), words.Of("settings.pass.change"))
	for _, c := range []struct{ old, fresh, again, says string }{
		{"", fresh, fresh, "settings.pass.needold"},
		{stationtest.Passphrase, "short", "short", "settings.pass.weak"},
		{stationtest.Passphrase, fresh, fresh + "x", "settings.pass.differs"},
		{"wrong", fresh, fresh, "error.wrong-passphrase"},
	} {
		typeInto(t, host, "settings.pass.old", c.old)
		typeInto(t, host, "settings.pass.new", c.fresh)
		typeInto(t, host, "settings.pass.again", c.again)
		test.Tap(change)
		if !says(host, words.Of(c.says)) || len(host.Said) > 0 {
			t.Errorf("%+v: it says %v", c, pagetest.Texts(host.Content()))
		}
	}
	typeInto(t, host, "settings.pass.old", stationtest.Passphrase)
	test.Tap(change)
	if len(host.Said) != 1 || len(host.Told) > 0 {
		t.Fatalf("said %v, told %v", host.Said, host.Told)
	}
	for _, key := range []string{"settings.pass.old", "settings.pass.new", "settings.pass.again"} {
		if f, ok := field(t, host, key).(*widgets.Passphrase); !ok || f.Text() != "" {
			t.Errorf("%q is still filled in", words.Of(key))
		}
	}
	typeInto(t, host, "settings.pass.old", "something")
	p.Leave()
	if f, ok := field(t, host, "settings.pass.old").(*widgets.Passphrase); !ok || f.Text() != "" {
		t.Error("leaving keeps a passphrase")
	}
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	again, err := st.SignIn(context.Background(), stationtest.Name, fresh)
	if err != nil {
		t.Fatalf("the new passphrase does not open the account: %v", err)
	}
	if err := again.Lock(); err != nil {
		t.Fatal(err)
	}
}

func TestAnAdministratorChangesTheWorkstation(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	open(t, host, session)
	save := pagetest.Button(t, host.Content(), words.Of("settings.save"))

	typeInto(t, host, "settings.idle", "ten")
	test.Tap(save)
	if !says(host, words.Of("settings.number")) {
		t.Error("a word is taken for a number")
	}
	typeInto(t, host, "settings.idle", " 10 ")
	typeInto(t, host, "settings.caseworkidle", "30")
	test.Tap(save)
	if says(host, words.Of("settings.saved")) {
		t.Fatal("casework may lock later than the rest")
	}
	typeInto(t, host, "settings.caseworkidle", "3")
	test.Tap(save)
	values, err := session.Settings().Get(context.Background())
	if err != nil || values.IdleMinutes != 10 || values.CaseworkIdleMinutes != 3 || !says(host, words.Of("settings.saved")) {
		t.Errorf("the settings are %+v (%v), it says %v", values, err, pagetest.Texts(host.Content()))
	}
}

func TestOthersOnlyReadTheWorkstationsSettings(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	stationtest.Add(t, session, "Trainer 5", account.RoleTrainer)
	trainer := stationtest.SignIn(t, st, "Trainer 5")
	open(t, host, trainer)
	if slices.Contains(pagetest.Texts(host.Content()), words.Of("settings.save")) {
		t.Error("somebody who is no administrator is offered to save")
	}
	if !says(host, "locks after 15 minutes") {
		t.Errorf("it says %v", pagetest.Texts(host.Content()))
	}
}
