package people

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

func open(t *testing.T, host *pagetest.Host, session *station.Session, item string) {
	t.Helper()
	p := New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.People, Item: item})
}

func says(host *pagetest.Host, part string) bool {
	return slices.ContainsFunc(pagetest.Texts(host.Content()), func(text string) bool { return strings.Contains(text, part) })
}

func offers(host *pagetest.Host, key string) bool {
	found := false
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		b, ok := o.(*widgets.Button)
		found = found || ok && b.Text == words.Of(key)
	})
	return found
}

func press(t *testing.T, host *pagetest.Host, key string) {
	t.Helper()
	test.Tap(pagetest.Button(t, host.Content(), words.Of(key)))
}

// entries are the fields of a kind in what is shown, in their order.
func entries(root fyne.CanvasObject) []*widgets.Entry {
	var found []*widgets.Entry
	pagetest.Walk(root, func(o fyne.CanvasObject) {
		if e, ok := o.(*widgets.Entry); ok {
			found = append(found, e)
		}
	})
	return found
}

func accountOf(t *testing.T, session *station.Session, name string) account.Account {
	t.Helper()
	list, err := session.Accounts().List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("there is no account %q", name)
	return account.Account{}
}

func TestAnAdministratorAddsAnAccount(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	open(t, host, session, itemAdd)
	press(t, host, "people.add") // which stands below the empty form as well
	for _, key := range []string{"people.name-empty", "people.roles-empty", "people.weak"} {
		if !says(host, words.Of(key)) {
			t.Errorf("an empty form does not say %q", words.Of(key))
		}
	}
	fields := entries(host.Content())
	if len(fields) != 3 {
		t.Fatalf("the form has %d fields, want name and the passphrase twice", len(fields))
	}
	fields[0].SetText("Officer 31")
	fields[1].SetText(stationtest.Passphrase)
	fields[2].SetText("another passphrase")
	choose(t, host, account.RoleOfficer)
	press(t, host, "people.add")
	if !says(host, words.Of("people.differs")) {
		t.Error("two different passphrases were accepted")
	}
	fields[2].SetText(stationtest.Passphrase)
	press(t, host, "people.add")
	added := accountOf(t, session, "Officer 31")
	if want := (page.Route{Page: page.People, Item: added.ID}); !slices.Contains(host.Went, want) {
		t.Errorf("it leads to %v, want %v; told %v", host.Went, want, host.Told)
	}
	if !slices.Equal(added.Roles, []account.Role{account.RoleOfficer}) {
		t.Errorf("its roles are %v", added.Roles)
	}
	// and it can sign in
	if officer := stationtest.SignIn(t, st, "Officer 31"); officer.Actor().AccountName() != "Officer 31" {
		t.Error("somebody else is signed in")
	}
}

// choose ticks a role.
func choose(t *testing.T, host *pagetest.Host, role account.Role) {
	t.Helper()
	var done bool
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		option, ok := o.(interface {
			fyne.Tappable
			Text() string
		})
		if ok && option.Text() == words.Of("role."+string(role)+".what") {
			option.Tapped(nil)
			done = true
		}
	})
	if !done {
		t.Fatalf("the role %s is not offered", role)
	}
}

func TestANameThatIsTakenIsSaidAtItsField(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	open(t, host, session, itemAdd)
	fields := entries(host.Content())
	fields[0].SetText(strings.ToUpper(stationtest.Name))
	fields[1].SetText(stationtest.Passphrase)
	fields[2].SetText(stationtest.Passphrase)
	choose(t, host, account.RoleTrainer)
	press(t, host, "people.add")
	if !says(host, "Another account has this name") || len(host.Went) > 0 {
		t.Errorf("the field does not say it: %v", pagetest.Texts(host.Content()))
	}
	if fields[0].Text == "" {
		t.Error("what was typed is lost")
	}
}

func TestPassphrasesAreForgottenWhenThePageIsLeft(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	p := New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.People, Item: itemAdd})
	fields := entries(host.Content())
	fields[1].SetText(stationtest.Passphrase)
	p.Leave()
	if fields[1].Text != "" {
		t.Error("the passphrase still stands there")
	}
}

func TestOthersAreOfferedNothingThatTheyMayNotDo(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	other := stationtest.Add(t, session, "Officer 31", account.RoleOfficer)
	stationtest.Add(t, session, "Trainer 8", account.RoleTrainer)
	trainer := stationtest.SignIn(t, st, "Trainer 8")
	for _, item := range []string{"", other.ID, itemAdd, itemAddPublisher} {
		open(t, host, trainer, item)
		for _, key := range []string{"people.add", "people.add-publisher", "people.save-roles", "people.deactivate", "people.grant", "people.trust", "people.revoke"} {
			if offers(host, key) {
				t.Errorf("at %q a trainer is offered %q", item, words.Of(key))
			}
		}
	}
}

func TestCaseworkIsGrantedByWhoeverHasIt(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t, account.RoleManager)
	added := stationtest.Add(t, session, "Officer 31", account.RoleOfficer)
	open(t, host, session, added.ID)
	if !says(host, words.Of("people.casework-pending")) {
		t.Fatal("it does not say that the account waits")
	}
	press(t, host, "people.grant")
	if got := accountOf(t, session, "Officer 31").CaseworkAccess; got != account.CaseworkGranted {
		t.Errorf("casework access is %s; told %v", got, host.Told)
	}
	if !says(host, words.Of("people.casework-granted")) || offers(host, "people.grant") {
		t.Errorf("the page does not show it: %v", pagetest.Texts(host.Content()))
	}
}

func TestCaseworkIsGrantedWithTheRecoveryKey(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session, recovery := stationtest.NewWith(t, station.SetupRequest{}, stationtest.Options(t))
	added := stationtest.Add(t, session, "Officer 31", account.RoleOfficer)
	open(t, host, session, added.ID)
	fields := entries(host.Content())
	if len(fields) != 1 || !fields[0].Password {
		t.Fatalf("there are %d fields; the recovery key needs one that hides it", len(fields))
	}
	fields[0].SetText(recovery.Library) // the wrong one
	press(t, host, "people.grant")
	if len(host.Told) != 1 || accountOf(t, session, "Officer 31").CaseworkAccess != account.CaseworkPending {
		t.Fatalf("the library's key granted casework: %v", host.Told)
	}
	fields = entries(host.Content())
	if fields[0].Text != "" {
		t.Error("the key still stands there")
	}
	fields[0].SetText(strings.ToLower(recovery.Casework))
	press(t, host, "people.grant")
	if got := accountOf(t, session, "Officer 31").CaseworkAccess; got != account.CaseworkGranted {
		t.Errorf("casework access is %s; told %v", got, host.Told)
	}
}

// answering fills what is asked for in a dialog and submits it.
type answering struct {
	*pagetest.Host
	fill  func(content fyne.CanvasObject)
	error error
}

func (a *answering) Ask(_, _ string, content fyne.CanvasObject, submit func() error) {
	a.fill(content)
	a.error = submit()
}

func TestDeactivatingNeedsAReasonAndSaysThatReKeyingIsPending(t *testing.T) {
	ctx := context.Background()
	host := &answering{Host: pagetest.NewHost(t), fill: func(fyne.CanvasObject) {}}
	_, session := stationtest.New(t)
	added := stationtest.Add(t, session, "Trainer 8", account.RoleTrainer)
	p := New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	pagetest.Open(t, host.Host, page.Page[View](p), page.Route{Page: page.People, Item: added.ID})
	press(t, host.Host, "people.deactivate")
	if host.error == nil || !accountOf(t, session, "Trainer 8").Active {
		t.Fatal("the account was deactivated without a reason")
	}
	host.fill = func(content fyne.CanvasObject) {
		if !slices.ContainsFunc(pagetest.Texts(content), func(text string) bool { return strings.Contains(text, "Re-key pending") }) {
			t.Errorf("the consequence is not named: %v", pagetest.Texts(content))
		}
		entries(content)[0].SetText("Left the service.")
	}
	press(t, host.Host, "people.deactivate")
	if host.error != nil || accountOf(t, session, "Trainer 8").Active {
		t.Fatalf("the account is still active: %v, told %v", host.error, host.Told)
	}
	log, err := session.Log().List(ctx, audit.Filter{Act: audit.ActAccountDeactivate})
	if err != nil || len(log) != 1 || log[0].Reason != "Left the service." {
		t.Errorf("the log says %v, %v", log, err)
	}
	if offers(host.Host, "people.deactivate") || offers(host.Host, "people.save-roles") {
		t.Error("a deactivated account is offered changes")
	}
	open(t, host.Host, session, "")
	if !says(host.Host, words.Of("people.rekey-library")) || says(host.Host, words.Of("people.rekey-casework")) {
		t.Errorf("the lists do not say what is pending: %v", pagetest.Texts(host.Content()))
	}
}

func TestNobodyIsOfferedToDeactivateThemselves(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	open(t, host, session, session.Actor().AccountID())
	if offers(host, "people.deactivate") {
		t.Error("the own account can be deactivated")
	}
}

func TestRolesAreChanged(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	added := stationtest.Add(t, session, "Trainer 8", account.RoleTrainer)
	open(t, host, session, added.ID)
	choose(t, host, account.RoleAuditor)
	press(t, host, "people.save-roles")
	want := []account.Role{account.RoleTrainer, account.RoleAuditor}
	if got := accountOf(t, session, "Trainer 8").Roles; !slices.Equal(got, want) {
		t.Errorf("the roles are %v, want %v; told %v", got, want, host.Told)
	}
}

// published is a bundle of another office, and that office's fingerprint in words.
func published(t *testing.T) (path, words string) {
	t.Helper()
	ctx := context.Background()
	_, session := stationtest.New(t, account.RoleTrainer)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"courses/gate.yaml":                  "id: gate-course\ntitle: Gate course\nsummary: A short course for the gate.\nmodules: [gate-module]\n",
		"modules/gate/module.yaml":           "id: gate-module\ntitle: Gate module\nminutes: 5\nobjectives: [Keep the gate]\nsources: [The standing orders of this test]\n",
		"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening the gate\n---\nOpen it slowly.\n",
		"modules/gate/quiz.gift":             "::Lamp:: Which one is a lamp? {=Lighthouse #Yes. ~Submarine #No.}\n",
	} {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), "gate.wardbook")
	if _, err := session.Exchange().Publish(ctx, exchange.PublishRequest{Folder: folder, Out: path, Note: "First."}); err != nil {
		t.Fatal(err)
	}
	known, err := session.Exchange().Publishers(ctx)
	if err != nil || len(known) == 0 {
		t.Fatal(known, err)
	}
	return path, known[0].Words
}

func TestAPublisherIsTrustedOnceTheFingerprintAgrees(t *testing.T) {
	ctx := context.Background()
	host := &answering{Host: pagetest.NewHost(t)}
	path, said := published(t)
	_, session := stationtest.New(t)
	host.Path = path
	p := New(host, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework())
	pagetest.Open(t, host.Host, page.Page[View](p), page.Route{Page: page.People, Item: itemAddPublisher})
	press(t, host.Host, "people.from-file")
	fields := entries(host.Content())
	key, name, heard := fields[0], fields[1], fields[2]
	if !strings.HasPrefix(key.Text, "RW") || name.Text == "" {
		t.Fatalf("the file gave key %q and name %q; told %v", key.Text, name.Text, host.Told)
	}
	if says(host.Host, said) {
		t.Error("the form shows the fingerprint that is to be read out")
	}
	trusted := func() bool {
		list, err := session.Exchange().Publishers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(p exchange.Publisher) bool { return p.Words == said && p.State == exchange.TrustTrusted })
	}
	for _, wrong := range []string{"", "babab-" + said[6:], said[:len(said)-6], key.Text} {
		heard.SetText(wrong)
		press(t, host.Host, "people.trust")
		if !says(host.Host, words.Of("people.heard-differs")) || trusted() {
			t.Fatalf("%q was taken for %q", wrong, said)
		}
	}
	heard.SetText(strings.ToUpper(strings.ReplaceAll(said, "-", " ")))
	press(t, host.Host, "people.trust")
	if !trusted() {
		t.Fatalf("the publisher is not trusted; told %v", host.Told)
	}

	// Then it can be revoked, with a reason
	open(t, host.Host, session, "")
	if !says(host.Host, said) {
		t.Errorf("the lists do not show the fingerprint in words: %v", pagetest.Texts(host.Content()))
	}
	host.fill = func(content fyne.CanvasObject) { entries(content)[0].SetText("Its key was lost.") }
	pagetest.Open(t, host.Host, page.Page[View](p), page.Route{Page: page.People})
	press(t, host.Host, "people.revoke")
	if trusted() || !says(host.Host, "Its key was lost.") || !says(host.Host, words.Of("updates.trust-revoked")) {
		t.Errorf("the publisher is not revoked: %v, told %v", pagetest.Texts(host.Content()), host.Told)
	}
}

func TestAFileThatIsNoBundleIsRefusedInWords(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t)
	host.Path = filepath.Join(t.TempDir(), "letter.wardbook")
	if err := os.WriteFile(host.Path, []byte("no bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, host, session, itemAddPublisher)
	press(t, host, "people.from-file")
	if len(host.Told) != 1 || entries(host.Content())[0].Text != "" {
		t.Errorf("told %v", host.Told)
	}
	entries(host.Content())[0].SetText("RWnonsense")
	if !says(host, "not a minisign public key") {
		t.Errorf("a wrong key is not noticed: %v", pagetest.Texts(host.Content()))
	}
}
