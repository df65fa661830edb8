package station_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

var background = context.Background()

func setUp(t *testing.T, roles ...account.Role) (*station.Station, *station.Session, station.Recovery) {
	t.Helper()
	return stationtest.NewWith(t, station.SetupRequest{Roles: roles}, stationtest.Options(t))
}

func request(dir string) station.SetupRequest {
	return station.SetupRequest{
		Dir: dir, AccountName: "Officer 4711", Passphrase: stationtest.Passphrase, Station: "Gate office",
		Roles: []account.Role{account.RoleOfficer},
	}
}

func lock(t *testing.T, st *station.Station) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

// readFile reads the first copy of a key file, writeFile puts content in the place of both.
func readFile(t *testing.T, st *station.Station, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(st.Dir(), "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, st *station.Station, name string, content []byte) {
	t.Helper()
	for _, dir := range []string{"keys", "keys-copy"} {
		if err := os.WriteFile(filepath.Join(st.Dir(), dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// accountFile is the name of the key file that the list of names has for an account.
func accountFile(t *testing.T, st *station.Station, name string) string {
	t.Helper()
	names, _, err := keyfile.NewFolder(st.Dir()).ReadNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names.Accounts {
		if n.Name == name {
			return n.File
		}
	}
	t.Fatalf("no account %s in the list", name)
	return ""
}

func wantNotSignedIn(t *testing.T, st *station.Station, name, passphrase string, want error) error {
	t.Helper()
	session, err := st.SignIn(background, name, passphrase)
	if err == nil {
		_ = session.Lock()
		t.Fatalf("%s was signed in", name)
	}
	if !errors.Is(err, want) {
		t.Fatalf("%s: %v, want %v", name, err, want)
	}
	return err
}

func wantWholeLog(t *testing.T, session *station.Session, chains int) {
	t.Helper()
	report, err := session.Log().Verify(background)
	if err != nil || !report.OK() || len(report.Chains) != chains {
		t.Fatalf("%+v, %v; want %d whole chains", report, err, chains)
	}
}

func wantSound(t *testing.T, session *station.Session) {
	t.Helper()
	problems, err := session.Check(background)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%q, %v", problems, err)
	}
}

// fakeClock is a clock that tests move.
type fakeClock struct{ now time.Time }

func (c *fakeClock) Now() time.Time { return c.now }

// Given wrong passphrases, then from the third on one has to wait, longer each time, also after a restart; the failures
// are in the log after the next sign-in, and on disk nobody can read them.
func TestBackOffAndFailuresInTheLog(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
	opts := stationtest.Options(t)
	opts.Now = clock.Now
	st, _, _ := stationtest.NewWith(t, station.SetupRequest{}, opts)
	lock(t, st)
	for range 3 {
		wantNotSignedIn(t, st, stationtest.Name, "wrong", account.ErrWrongPassphrase)
		clock.now = clock.now.Add(time.Second)
	}
	restarted, err := station.Open(st.Dir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	err = wantNotSignedIn(t, restarted, stationtest.Name, stationtest.Passphrase, account.ErrBackOff)
	var wait *account.BackOffError
	if !errors.As(err, &wait) || wait.Until.Sub(clock.now) != 4*time.Second {
		t.Fatalf("%v: wait %v", err, wait.Until.Sub(clock.now))
	}
	clock.now = clock.now.Add(-24 * time.Hour) // setting the clock back does not help
	wantNotSignedIn(t, restarted, stationtest.Name, stationtest.Passphrase, account.ErrBackOff)
	clock.now = clock.now.Add(24*time.Hour + 4*time.Second)
	wantNotSignedIn(t, restarted, stationtest.Name, "wrong again", account.ErrWrongPassphrase)
	clock.now = clock.now.Add(5 * time.Second)
	wantNotSignedIn(t, restarted, stationtest.Name, stationtest.Passphrase, account.ErrBackOff) // 10 s now
	wantNotSignedIn(t, restarted, "nobody of this name", "x", account.ErrUnknownAccount)
	kept, err := os.ReadFile(filepath.Join(st.Dir(), "sign-in-failures"))
	if err != nil || bytes.Contains(kept, []byte("wrong")) || bytes.Contains(kept, []byte("nobody")) {
		t.Fatalf("the failures on disk can be read: %v", err)
	}
	clock.now = clock.now.Add(5 * time.Second)
	session, err := restarted.SignIn(background, stationtest.Name, stationtest.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed})
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	first, last := entries[4], entries[0]
	if first.Details["why"] != "wrong-passphrase" || first.Details["at"] != "2026-11-23T02:00:00Z" || last.Details["why"] != "unknown-account" {
		t.Fatalf("%+v", entries)
	}
	if _, err := os.Stat(filepath.Join(st.Dir(), "sign-in-failures")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the failure file is still there: %v", err)
	}
	wantWholeLog(t, session, 1)
	if err := restarted.Close(); err != nil {
		t.Fatal(err)
	}
	// The program died before it could remove the file: its entries are not logged twice.
	if err := os.WriteFile(filepath.Join(st.Dir(), "sign-in-failures"), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	session = stationtest.SignIn(t, restarted, stationtest.Name)
	if again, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed}); err != nil || len(again) != 5 {
		t.Fatalf("%d entries, %v", len(again), err)
	}
	lock(t, restarted)
	// Rubbish in its place is said, and is no obstacle.
	if err := os.WriteFile(filepath.Join(st.Dir(), "sign-in-failures"), kept[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	session = stationtest.SignIn(t, restarted, stationtest.Name)
	if again, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed}); err != nil || len(again) != 6 || !strings.Contains(again[0].Details["why"], "damaged") {
		t.Fatalf("%+v, %v", again, err)
	}
	lock(t, restarted)
	wantNotSignedIn(t, restarted, stationtest.Name, "wrong", account.ErrWrongPassphrase) // counted from the beginning again
	wantNotSignedIn(t, restarted, stationtest.Name, "wrong", account.ErrWrongPassphrase)
}

// However many sign-ins fail, the file of failures stays small, and the log shows that some are missing.
func TestFailureFileIsBounded(t *testing.T) {
	st, _, _ := setUp(t)
	lock(t, st)
	for range 230 {
		wantNotSignedIn(t, st, "nobody", "x", account.ErrUnknownAccount)
	}
	info, err := os.Stat(filepath.Join(st.Dir(), "sign-in-failures"))
	if err != nil || info.Size() > 200*600 {
		t.Fatalf("%v bytes, %v", info.Size(), err)
	}
	session := stationtest.SignIn(t, st, stationtest.Name)
	entries, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed, Limit: 1000})
	if err != nil || len(entries) != 200 || entries[199].Details["number"] != "31" {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
}

// Given a session, when it is locked, then nothing that came from it works any more.
func TestLockedSession(t *testing.T) {
	st, session, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	accounts, log, settings, actor := session.Accounts(), session.Log(), session.Settings(), session.Actor()
	if _, err := session.Content().List(background, content.KindCourse); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Casework().Drafts(background); err != nil {
		t.Fatal(err)
	}
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	_, err1 := accounts.List(background)
	_, err2 := accounts.Add(background, "x", stationtest.Passphrase, []account.Role{account.RoleOfficer})
	_, err3 := log.List(background, audit.Filter{})
	_, err4 := log.Verify(background)
	_, err5 := settings.Get(background)
	_, err6 := session.Info(background)
	_, err7 := actor.SignMessage([]byte("x"))
	_, err8 := session.SignAsWorkstation([]byte("x"))
	_, err9 := session.Check(background)
	err10 := accounts.ChangePassphrase(background, stationtest.Passphrase, "eleven other green kettles")
	err11 := accounts.ReportPassphraseKnown(background)
	_, err12 := session.Content().List(background, content.KindCourse)
	_, err13 := session.Casework().Drafts(background)
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13} {
		if !station.IsLocked(err) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	if actor.Identity() != nil || actor.Recipient() != nil {
		t.Error("the identity is still there")
	}
	if err := session.Lock(); err != nil {
		t.Errorf("locking again: %v", err)
	}
	wantWholeLog(t, stationtest.SignIn(t, st, stationtest.Name), 1)
}

func TestSettings(t *testing.T) {
	st, admin, _ := setUp(t)
	stationtest.Add(t, admin, "officer", account.RoleOfficer)
	values, err := admin.Settings().Get(background)
	if err != nil || values != station.DefaultValues() {
		t.Fatal(values, err)
	}
	values.ReviewMonths = 3
	values.Language = "fr"
	if err := admin.Settings().Set(background, values); err != nil {
		t.Fatal(err)
	}
	bad := values
	bad.CaseworkIdleMinutes = 30
	if err := admin.Settings().Set(background, bad); !errors.Is(err, station.ErrBadSetting) {
		t.Fatalf("casework locking last: %v", err)
	}
	entries, err := admin.Log().List(background, audit.Filter{Act: audit.ActSettingChange})
	if err != nil || len(entries) != 2 {
		t.Fatalf("%+v, %v", entries, err)
	}
	mine := station.Personal{TextScale: 1.3, Theme: station.ThemeDark, Language: "ar"}
	if err := admin.Settings().SetPersonal(background, mine); err != nil {
		t.Fatal(err)
	}
	officer := stationtest.SignIn(t, st, "officer")
	if err := officer.Settings().Set(background, values); !errors.Is(err, account.ErrNotAllowed) || !strings.Contains(err.Error(), "only an administrator may") {
		t.Fatalf("an officer changed the settings: %v", err)
	}
	if got, err := officer.Settings().Get(background); err != nil || got != values {
		t.Fatal(got, err)
	}
	if got, err := officer.Settings().Personal(background); err != nil || got != station.DefaultPersonal() {
		t.Fatal(got, err)
	}
	if got, err := stationtest.SignIn(t, st, stationtest.Name).Settings().Personal(background); err != nil || got != mine {
		t.Fatal(got, err)
	}
}

// Given a library at its limit, then people can still sign in, read, export and lock, and the log keeps all of it.
func TestAStoreAtItsLimitGoesOnBeingLogged(t *testing.T) {
	st, session, _ := setUp(t)
	info, err := session.Info(background)
	if err != nil {
		t.Fatal(err)
	}
	st.LimitStores(info.Library.ImageBytes + 200<<10)
	session = stationtest.SignIn(t, st, stationtest.Name)
	if err := session.FillUp(background); !errors.Is(err, vault.ErrFull) {
		t.Fatal(err)
	}
	for range 30 {
		lock(t, st)
		session = stationtest.SignIn(t, st, stationtest.Name)
		if r := session.Repairs(); len(r) != 0 {
			t.Fatalf("%q", r)
		}
	}
	if info, err := session.Info(background); err != nil || !slices.Contains(info.NearlyFull(), account.Library) {
		t.Fatalf("it does not say that it is full: %+v, %v", info.Library, err)
	}
	if err := session.FillUp(background); !errors.Is(err, vault.ErrFull) {
		t.Fatal(err)
	}
}

// Given a library whose reserve is used up too, then people can still sign in, read and lock; it is said that the log misses
// it.
func TestFullStoreCanBeOpened(t *testing.T) {
	st, session, _ := setUp(t)
	info, err := session.Info(background)
	if err != nil {
		t.Fatal(err)
	}
	st.LimitStores(info.Library.ImageBytes + 200<<10)
	session = stationtest.SignIn(t, st, stationtest.Name)
	if err := session.Fill(background); !errors.Is(err, vault.ErrFull) {
		t.Fatal(err)
	}
	lock(t, st)
	wantNotSignedIn(t, st, stationtest.Name, "wrong", account.ErrWrongPassphrase)
	session = stationtest.SignIn(t, st, stationtest.Name)
	if r := session.Repairs(); len(r) != 1 || !strings.Contains(r[0], "full") {
		t.Fatalf("%q", r)
	}
	wantWholeLog(t, session, 1)
	lock(t, st)
	st.LimitStores(0)
	session = stationtest.SignIn(t, st, stationtest.Name)
	entries, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed})
	if err != nil || len(entries) != 1 {
		t.Fatalf("the failure of before is lost: %+v, %v", entries, err)
	}
}
