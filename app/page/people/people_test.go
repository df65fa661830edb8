package people_test

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/page/people"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station/stationtest"
)

func says(root fyne.CanvasObject, part string) bool {
	return strings.Contains(strings.Join(pagetest.Texts(root), "\n"), part)
}

func TestAccountsAreListedAndCaseworkAccessGranted(t *testing.T) {
	_, session := stationtest.New(t, account.RoleManager)
	stationtest.Add(t, session, "Officer 7", account.RoleOfficer)
	host := pagetest.NewHost(t)
	p := people.New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.People})
	if !says(drawn, "Officer 7") || !says(drawn, words.Of("people.pending")) || !says(drawn, words.Of("people.no-publishers")) {
		t.Fatalf("the page says %q", pagetest.Texts(drawn))
	}
	list, err := session.Accounts().List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	drawn = pagetest.Open(t, host, p, page.Route{Page: page.People, Item: list[len(list)-1].ID})
	test.Tap(pagetest.Button(t, drawn, words.Of("people.grant")))
	if len(host.Told) > 0 || !says(host.Content(), words.Of("people.casework-granted")) {
		t.Errorf("after granting, the page says %q and told %v", pagetest.Texts(host.Content()), host.Told)
	}
}

func TestNobodyDeactivatesThemselves(t *testing.T) {
	_, session := stationtest.New(t, account.RoleAdministrator)
	host := pagetest.NewHost(t)
	p := people.New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	if drawn := pagetest.Open(t, host, p, page.Route{Page: page.People, Item: session.Actor().AccountID()}); says(drawn, words.Of("people.deactivate")) {
		t.Error("it is offered")
	}
}
