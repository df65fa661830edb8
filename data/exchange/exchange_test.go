package exchange_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

// site is a workstation of its own, with a clock that the test sets.
type site struct {
	*exchange.Service
	t       *testing.T
	station *station.Station
	session *station.Session
	now     time.Time
}

func newSite(t *testing.T, roles ...account.Role) *site {
	t.Helper()
	s := &site{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	options := stationtest.Options(t)
	options.Now = func() time.Time { return s.now }
	options.Program = "0.1.0"
	s.station, s.session, _ = stationtest.NewWith(t, station.SetupRequest{Roles: roles}, options)
	s.Service = s.session.Exchange()
	return s
}

// reopen locks and signs in again, as after a crash.
func (s *site) reopen() {
	s.t.Helper()
	if err := s.session.Lock(); err != nil {
		s.t.Fatal(err)
	}
	session, err := s.station.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase)
	if err != nil {
		s.t.Fatal(err)
	}
	s.session, s.Service = session, session.Exchange()
}

func (s *site) body(id string) string {
	s.t.Helper()
	d, _, err := s.session.Content().Get(context.Background(), content.Ref{ID: id})
	if err != nil {
		s.t.Fatalf("read %s: %v", id, err)
	}
	return d.Module.Lessons[0].Body[content.DefaultLanguage]
}

func (s *site) has(id string) bool {
	s.t.Helper()
	versions, err := s.session.Content().Versions(context.Background(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(versions) > 0
}

const picture = "\x89PNG\r\n\x1a\n and what follows"

// folder writes a content folder of one module.
func folder(t testing.TB, id, body string, withPicture bool) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, "modules", id, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("module.yaml", "id: "+id+"\ntitle: Module\nminutes: 30\nobjectives: [Do it]\nsources: [A rule]\n")
	if withPicture {
		body += "\n\n![A door](images/door.png)"
		write("images/door.png", picture+id)
	}
	write("lessons/01-first.md", "---\nid: first\ntitle: First\n---\n"+body+"\n")
	write("quiz.gift", "::One:: Is it? {=Yes #Right ~No #Wrong}\n")
	return dir
}

func (s *site) publish(dir, note string, change func(*exchange.PublishRequest)) (exchange.Published, string) {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "out.wardbook")
	request := exchange.PublishRequest{Folder: dir, Out: out, Note: note}
	if change != nil {
		change(&request)
	}
	published, err := s.Publish(context.Background(), request)
	if err != nil {
		s.t.Fatalf("publish: %v", err)
	}
	return published, out
}

// fingerprint is the office's own.
func (s *site) fingerprint() string {
	s.t.Helper()
	publishers, err := s.Publishers(context.Background())
	if err != nil || len(publishers) == 0 || publishers[0].State != exchange.TrustOwn {
		s.t.Fatalf("the office is not among the publishers: %+v, %v", publishers, err)
	}
	return publishers[0].Fingerprint
}

func (s *site) take(path string, options exchange.ImportOptions) exchange.ImportResult {
	s.t.Helper()
	result, err := s.Import(context.Background(), path, options)
	if err != nil {
		s.t.Fatalf("import: %v", err)
	}
	return result
}

func TestContentTravelsFromOneWorkstationToAnother(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	wing := newSite(t, account.RoleOfficer)
	ctx := context.Background()

	_, first := office.publish(folder(t, "doors", "Close every door.", true), "First version", nil)
	preview, err := wing.Preview(ctx, first)
	if err != nil || !errors.Is(preview.Refusal, exchange.ErrUnknownPublisher) || len(preview.Items) != 1 || preview.Items[0].Change != exchange.ChangeNew {
		t.Fatalf("the preview says %+v, %v", preview, err)
	}
	if _, err := wing.Import(ctx, first, exchange.ImportOptions{}); !errors.Is(err, exchange.ErrUnknownPublisher) {
		t.Fatalf("an unknown publisher gave %v", err)
	}
	if wing.has("doors") {
		t.Fatal("a refused bundle left content behind")
	}
	result := wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint(), Expect: preview.ManifestHash})
	if result.AlreadyHere || !strings.Contains(wing.body("doors"), "Close every door.") {
		t.Fatalf("after the import: %+v", result)
	}
	media, _, err := wing.session.Content().Media(ctx, content.Ref{ID: "doors", Version: 1}, "images/door.png")
	if err != nil {
		t.Fatal(err)
	}
	media.Close()

	office.now = office.now.Add(time.Hour)
	dir := folder(t, "doors", "Close and lock every door.", true)
	published, second := office.publish(dir, "Locking, too", nil)
	if published.Sequence != 2 || published.Items[0].Version != 2 || len(published.Items[0].Diff) == 0 {
		t.Fatalf("the second publication is %+v", published)
	}
	wing.take(second, exchange.ImportOptions{})
	if !strings.Contains(wing.body("doors"), "lock") {
		t.Fatal("version 2 is not current")
	}
	changes, err := wing.session.Content().Unacknowledged(ctx)
	if err != nil || len(changes) != 1 || changes[0].Previous != 1 || changes[0].ChangeNote != "Locking, too" {
		t.Fatalf("what changed: %+v, %v", changes, err)
	}
	if again := wing.take(second, exchange.ImportOptions{}); !again.AlreadyHere {
		t.Fatal("the same bundle again is not said to be here")
	}
	if _, err := office.Publish(ctx, exchange.PublishRequest{Folder: dir, Out: filepath.Join(t.TempDir(), "x.wardbook"), Note: "n"}); !errors.Is(err, exchange.ErrNothingToPublish) {
		t.Fatalf("publishing what is published gave %v", err)
	}
}

func TestAnOlderBundleBringsOnlyWhatIsMissing(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	wing := newSite(t)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	_, second := office.publish(folder(t, "doors", "two", false), "2", func(r *exchange.PublishRequest) {
		r.Older = map[string]content.State{"doors": content.StateWithdrawn}
	})
	trust := exchange.ImportOptions{TrustFingerprint: office.fingerprint()}
	wing.take(second, trust)
	preview, err := wing.Preview(context.Background(), first)
	if err != nil || !preview.LowerSequence || preview.Items[0].Change != exchange.ChangeOlder {
		t.Fatalf("the preview says %+v, %v", preview, err)
	}
	wing.take(first, exchange.ImportOptions{})
	if got := wing.body("doors"); got != "two" {
		t.Fatalf("the current text is %q", got)
	}
	versions, err := wing.session.Content().Versions(context.Background(), "doors")
	if err != nil || len(versions) != 2 || versions[1].State != content.StateWithdrawn {
		t.Fatalf("version 1, withdrawn before it came, is %+v, %v", versions, err)
	}
}

func TestARevokedPublisherIsRefusedAndItsContentStays(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	wing := newSite(t)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if err := wing.Revoke(context.Background(), office.fingerprint(), "The key was lost"); err != nil {
		t.Fatal(err)
	}
	_, second := office.publish(folder(t, "doors", "two", false), "2", nil)
	if _, err := wing.Import(context.Background(), second, exchange.ImportOptions{}); !errors.Is(err, exchange.ErrRevokedPublisher) {
		t.Fatalf("a revoked publisher gave %v", err)
	}
	if wing.body("doors") != "one" {
		t.Fatal("the content of the revoked publisher is gone")
	}
	history, err := wing.History(context.Background())
	if err != nil || len(history) != 2 || history[0].Imported || history[0].Refusal == "" || !history[1].Imported {
		t.Fatalf("the history says %+v, %v", history, err)
	}
}

func TestExpiryIsAnAdministratorsDecision(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	wing := newSite(t)
	_, first := office.publish(folder(t, "doors", "one", false), "1", func(r *exchange.PublishRequest) { r.Expires = office.now.AddDate(0, 1, 0) })
	trust := exchange.ImportOptions{TrustFingerprint: office.fingerprint()}
	wing.now = wing.now.AddDate(0, 2, 0)
	if _, err := wing.Import(context.Background(), first, trust); !errors.Is(err, bundle.ErrExpired) {
		t.Fatalf("an expired bundle gave %v", err)
	}
	trust.OverrideExpiry = true
	wing.take(first, trust)
}

func TestOnlyAnAdministratorDecidesWhomToTrust(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	wing := newSite(t)
	if _, err := wing.session.Accounts().Add(context.Background(), "Officer 7", stationtest.Passphrase+" too", []account.Role{account.RoleOfficer}); err != nil {
		t.Fatal(err)
	}
	if err := wing.session.Lock(); err != nil {
		t.Fatal(err)
	}
	session, err := wing.station.SignIn(context.Background(), "Officer 7", stationtest.Passphrase+" too")
	if err != nil {
		t.Fatal(err)
	}
	_, err = session.Exchange().Import(context.Background(), first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an officer's --trust gave %v", err)
	}
}

func TestAWrongFingerprintTrustsNobody(t *testing.T) {
	office, other := newSite(t, account.RoleTrainer), newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	other.publish(folder(t, "keys", "one", false), "1", nil)
	wing := newSite(t)
	if _, err := wing.Import(context.Background(), first, exchange.ImportOptions{TrustFingerprint: other.fingerprint()}); !errors.Is(err, exchange.ErrFingerprint) {
		t.Fatalf("another publisher's fingerprint gave %v", err)
	}
	if publishers, err := wing.Publishers(context.Background()); err != nil || len(publishers) != 0 {
		t.Fatalf("somebody is trusted: %+v, %v", publishers, err)
	}
}

func TestAnotherPublishersItemIsRefusedAndAnAdaptationIsNot(t *testing.T) {
	office, other := newSite(t, account.RoleTrainer), newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	other.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	dir := folder(t, "doors", "two", false)
	_, err := other.Publish(context.Background(), exchange.PublishRequest{Folder: dir, Out: filepath.Join(t.TempDir(), "x.wardbook"), Note: "mine"})
	var lint *exchange.LintError
	if !errors.As(err, &lint) || !strings.Contains(err.Error(), "another publisher") {
		t.Fatalf("publishing another's item gave %v", err)
	}
	if publications, err := other.Publications(context.Background()); err != nil || len(publications) != 0 {
		t.Fatalf("a refused publication is kept: %+v, %v", publications, err)
	}
	yaml := filepath.Join(dir, "modules", "doors", "module.yaml")
	text, err := os.ReadFile(yaml)
	if err != nil {
		t.Fatal(err)
	}
	adapted := strings.Replace(string(text), "id: doors", "id: our-doors\nbased_on: doors@1", 1)
	if err := os.WriteFile(yaml, []byte(adapted), 0o600); err != nil {
		t.Fatal(err)
	}
	other.publish(dir, "An adaptation", nil)
	d, _, err := other.session.Content().Get(context.Background(), content.Ref{ID: "our-doors"})
	if err != nil || d.BasedOn == nil || d.BasedOn.ID != "doors" {
		t.Fatalf("the adaptation is %+v, %v", d, err)
	}
}

func TestTheSameNumberWithOtherContentIsAnAlarm(t *testing.T) {
	// Given an office whose data folder was copied back after it had published.
	office := newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := office.session.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(office.station.Dir())); err != nil {
		t.Fatal(err)
	}
	signIn := func(st *station.Station) *exchange.Service {
		session, err := st.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase)
		if err != nil {
			t.Fatal(err)
		}
		return session.Exchange()
	}
	twin, err := station.Open(copied, stationtest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = twin.Close() })
	var paths []string
	for body, service := range map[string]*exchange.Service{"two": signIn(office.station), "other": signIn(twin)} {
		out := filepath.Join(t.TempDir(), body+".wardbook")
		if _, err := service.Publish(context.Background(), exchange.PublishRequest{Folder: folder(t, "keys", body, false), Out: out, Note: "2"}); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, out)
	}
	// When a workstation gets both.
	wing := newSite(t)
	inspection, err := exchange.Inspect(context.Background(), first, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	trust := exchange.ImportOptions{TrustFingerprint: inspection.SignedBy.Fingerprint()}
	wing.take(first, trust)
	wing.take(paths[0], trust)
	// Then the second one is refused.
	if _, err := wing.Import(context.Background(), paths[1], trust); !errors.Is(err, exchange.ErrSequenceConflict) {
		t.Fatalf("the same number with other content gave %v", err)
	}
}

// acts counts the log's entries of an act.
func (s *site) acts(act audit.Act) int {
	s.t.Helper()
	entries, err := s.session.Log().List(context.Background(), audit.Filter{Act: act})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

func TestReceiptsConfirmAWorkstation(t *testing.T) {
	office, wing := newSite(t, account.RoleTrainer), newSite(t)
	ctx := context.Background()
	published, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	result := wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if err := office.HandOver(ctx, published.ID, "Wing B"); err != nil {
		t.Fatal(err)
	}
	receipt, err := wing.Receipt(ctx, result.ImportID)
	if err != nil || receipt.Words == "" {
		t.Fatalf("the receipt is %+v, %v", receipt, err)
	}
	if err := office.ConfirmByWords(ctx, published.ID, receipt.Workstation, "bad-words"); !errors.Is(err, exchange.ErrNotAReceipt) {
		t.Fatalf("wrong words gave %v", err)
	}
	if err := office.ConfirmByWords(ctx, published.ID, "Wing B", receipt.Words); !errors.Is(err, exchange.ErrNotAReceipt) {
		t.Fatalf("another workstation's words gave %v", err)
	}
	if err := office.ConfirmByWords(ctx, published.ID, receipt.Workstation, strings.ToUpper(strings.ReplaceAll(receipt.Words, "-", " "))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "receipt.json")
	if err := wing.WriteReceipt(ctx, result.ImportID, path); err != nil {
		t.Fatal(err)
	}
	if _, err := office.ConfirmByFile(ctx, path); err != nil {
		t.Fatal(err)
	}
	if got := office.acts(audit.ActReceipt); got != 3 { // handed over, confirmed by words, confirmed by a file
		t.Errorf("the office's log has %d entries about receipts", got)
	}
	if got := wing.acts(audit.ActReceipt); got != 1 {
		t.Errorf("the wing's log has %d entries about receipts", got)
	}
	if got := wing.acts(audit.ActPublisherTrust); got != 1 {
		t.Errorf("the wing's log has %d entries about trust", got)
	}
	deliveries, err := office.Deliveries(ctx, published.ID)
	if err != nil || len(deliveries) != 2 {
		t.Fatalf("deliveries: %+v, %v", deliveries, err)
	}
	for _, d := range deliveries {
		if confirmed := !d.Confirmed.IsZero(); confirmed != (d.Workstation == receipt.Workstation) {
			t.Errorf("%+v is wrong", d)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), stationtest.Name) {
		t.Error("the receipt names an account")
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), `\"sequence\":1`, `\"sequence\":2`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := office.ConfirmByFile(ctx, path); !errors.Is(err, exchange.ErrNotAReceipt) {
		t.Fatalf("a changed receipt gave %v", err)
	}
}

func TestACancelledImportLeavesEverythingAsItWas(t *testing.T) {
	office, wing := newSite(t, account.RoleTrainer), newSite(t)
	_, first := office.publish(folder(t, "doors", "one", true), "1", nil)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := wing.Import(ctx, first, exchange.ImportOptions{TrustFingerprint: office.fingerprint(), Progress: func(string, int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled import gave %v", err)
	}
	if wing.has("doors") {
		t.Fatal("it left content behind")
	}
	wing.reopen()
	// The trust was decided for this import, and went with it.
	if _, err := wing.Import(context.Background(), first, exchange.ImportOptions{}); !errors.Is(err, exchange.ErrUnknownPublisher) {
		t.Fatalf("after a cancelled import its publisher is %v", err)
	}
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if !strings.Contains(wing.body("doors"), "one") {
		t.Fatal("it could not be imported afterwards")
	}
}

func TestABundleForOthersDoesNotOpen(t *testing.T) {
	office, wing, other := newSite(t, account.RoleTrainer), newSite(t), newSite(t)
	recipient := wing.session.Actor().Recipient().String()
	_, sealed := office.publish(folder(t, "doors", "one", false), "1", func(r *exchange.PublishRequest) { r.Recipients = []string{recipient} })
	trust := exchange.ImportOptions{TrustFingerprint: office.fingerprint()}
	if _, err := other.Import(context.Background(), sealed, trust); !errors.Is(err, bundle.ErrNotForUs) {
		t.Fatalf("somebody else's bundle gave %v", err)
	}
	wing.take(sealed, trust)
}
