package updates_test

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
	"wardbook/app/page/updates"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/exchange"
	"wardbook/data/station/stationtest"
)

// bundle publishes one module from another workstation.
func bundle(t *testing.T) string {
	t.Helper()
	_, office := stationtest.New(t, account.RoleTrainer)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"modules/gate/module.yaml":           "id: gate-module\ntitle: Keeping the gate\nminutes: 30\n",
		"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening\n---\nTwo people open the gate.\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "gate.wardbook")
	if _, err := office.Exchange().Publish(context.Background(), exchange.PublishRequest{Folder: dir, Out: out, Note: "First"}); err != nil {
		t.Fatal(err)
	}
	return out
}

func says(root fyne.CanvasObject, part string) bool {
	return strings.Contains(strings.Join(pagetest.Texts(root), "\n"), part)
}

func TestAnAdministratorTrustsAfterComparingAndImports(t *testing.T) {
	path := bundle(t)
	_, session := stationtest.New(t, account.RoleAdministrator)
	host := pagetest.NewHost(t)
	p := updates.New(host, session.Exchange(), session.Actor())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Updates, Item: path})
	if !says(drawn, "Keeping the gate") || !says(drawn, words.Of("updates.unknown")) {
		t.Fatalf("the preview says %q", pagetest.Texts(drawn))
	}
	trust := pagetest.Button(t, drawn, words.Of("updates.trust-and-import"))
	if !trust.Disabled() {
		t.Error("trusting is possible before the words were compared")
	}
	pagetest.Walk(drawn, func(object fyne.CanvasObject) {
		if check, ok := object.(*widgets.Check); ok {
			check.SetChecked(true)
		}
	})
	test.Tap(trust)
	if len(host.Told) > 0 || len(host.Went) != 1 {
		t.Fatalf("importing told %v and went to %+v", host.Told, host.Went)
	}
	drawn = pagetest.Open(t, host, p, host.Went[0])
	history, err := session.Exchange().History(context.Background())
	if err != nil || len(history) != 1 {
		t.Fatal(history, err)
	}
	receipt, err := session.Exchange().Receipt(context.Background(), history[0].ID)
	if err != nil || !says(drawn, receipt.Words) {
		t.Errorf("the receipt is not shown: %q, %v", pagetest.Texts(drawn), err)
	}
	if drawn = pagetest.Open(t, host, p, page.Route{Page: page.Updates, Item: path}); !says(drawn, words.Of("updates.already-here")) {
		t.Errorf("the same bundle again says %q", pagetest.Texts(drawn))
	}
}

func TestAnOfficerIsToldWhyAnUnknownPublisherIsRefused(t *testing.T) {
	path := bundle(t)
	st, session := stationtest.New(t)
	officer := stationtest.Add(t, session, "Officer 7", account.RoleOfficer)
	_ = officer
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	signedIn := stationtest.SignIn(t, st, "Officer 7")
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, updates.New(host, signedIn.Exchange(), signedIn.Actor()), page.Route{Page: page.Updates, Item: path})
	if !says(drawn, "not trusted here") {
		t.Errorf("the preview says %q", pagetest.Texts(drawn))
	}
	for _, text := range pagetest.Texts(drawn) {
		if text == words.Of("updates.import") || text == words.Of("updates.trust-and-import") {
			t.Errorf("it offers %q", text)
		}
	}
}

func TestWhatIsNoBundleGetsOneSentence(t *testing.T) {
	_, session := stationtest.New(t)
	path := filepath.Join(t.TempDir(), "x.wardbook")
	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, updates.New(host, session.Exchange(), session.Actor()), page.Route{Page: page.Updates, Item: path})
	if !says(drawn, "not a Wardbook bundle") {
		t.Errorf("the preview says %q", pagetest.Texts(drawn))
	}
}
