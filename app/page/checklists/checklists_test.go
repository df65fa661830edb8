package checklists_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/checklists"
	"wardbook/app/page/pagetest"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

func open(t *testing.T, roles ...account.Role) (*pagetest.Host, *checklists.Page) {
	t.Helper()
	_, session, _ := stationtest.NewWith(t, station.SetupRequest{Roles: roles, Starter: true, StarterContent: resources.Starter()}, stationtest.Options(t))
	host := pagetest.NewHost(t)
	return host, checklists.New(host, session.Content(), session.Blank(), session.Actor())
}

func says(root fyne.CanvasObject, part string) bool {
	return strings.Contains(strings.Join(pagetest.Texts(root), "\n"), part)
}

func TestAnybodyReadsAChecklistWhole(t *testing.T) {
	host, p := open(t, account.RoleAuditor)
	if drawn := pagetest.Open(t, host, p, page.Route{Page: page.Checklists}); !says(drawn, "Observation record") || !says(drawn, "Fairness review") {
		t.Fatalf("the list says %q", pagetest.Texts(drawn))
	}
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Checklists, Item: "observation-record", Part: "keeps-family-contact"})
	for _, part := range []string{"Protective factor", "Not to be confused with:", "Source:", "Officer"} {
		if !says(drawn, part) {
			t.Errorf("the checklist does not say %q", part)
		}
	}
	if says(drawn, words.Of("checklists.fill")) {
		t.Error("an auditor is offered to fill it")
	}
}

func TestAnEmptyChecklistIsSavedAsPDF(t *testing.T) {
	host, p := open(t, account.RoleOfficer)
	host.Path = filepath.Join(t.TempDir(), "empty.pdf")
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Checklists, Item: "observation-record"})
	test.Tap(pagetest.Button(t, drawn, words.Of("checklists.print")))
	text, err := os.ReadFile(host.Path)
	if err != nil || !strings.HasPrefix(string(text), "%PDF-") || len(host.Said) != 1 || !strings.Contains(host.Said[0], "P-") {
		t.Fatalf("%d bytes, %v, it said %q and told %v", len(text), err, host.Said, host.Told)
	}
	test.Tap(pagetest.Button(t, drawn, words.Of("checklists.fill")))
	if host.Went[len(host.Went)-1] != (page.Route{Page: page.Records, Item: "new", Part: "observation-record"}) {
		t.Errorf("filling leads to %+v", host.Went)
	}
}
