package station_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault/keyfile"
)

// Given an account that was deactivated, and so knows keys that it should not, when both stores get other keys, then nothing
// is pending any more, everybody signs in as before, and key files and logs from before open nothing.
func TestRekeyingShutsOutWhoeverKnewTheKeys(t *testing.T) {
	st, admin, recovery := setUp(t, account.RoleAdministrator, account.RoleManager)
	gone := stationtest.Add(t, admin, "gone", account.RoleOfficer)
	stays := stationtest.Add(t, admin, "stays", account.RoleOfficer)
	for _, a := range []account.Account{gone, stays} {
		if err := admin.Accounts().GrantCasework(background, a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := admin.Accounts().Deactivate(background, gone.ID, "left"); err != nil {
		t.Fatal(err)
	}
	pending := func(s *station.Session) []string {
		t.Helper()
		info, err := s.Info(background)
		if err != nil {
			t.Fatal(err)
		}
		return info.RekeyPending
	}
	if got := pending(admin); len(got) != 2 {
		t.Fatalf("pending are %v", got)
	}
	before := filepath.Join(t.TempDir(), "before")
	if err := os.CopyFS(before, os.DirFS(st.Dir())); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{account.Library, account.Casework} {
		if err := admin.Rekey(background, store, " ", nil); !errors.Is(err, account.ErrReasonNeeded) {
			t.Errorf("without a reason: %v", err)
		}
		told := int64(0)
		if err := admin.Rekey(background, store, "An officer left.", func(done, _ int64) { told = done }); err != nil || told == 0 {
			t.Fatalf("%s: %v, told %d", store, err, told)
		}
	}
	if got := pending(admin); len(got) != 0 {
		t.Errorf("pending are still %v", got)
	}
	// The session goes on with the new keys.
	stationtest.Add(t, admin, "new", account.RoleOfficer)
	if err := admin.Accounts().ChangePassphrase(background, stationtest.Passphrase, otherPassphrase); err != nil {
		t.Fatal(err)
	}
	if problems, err := admin.Check(background); err != nil || len(problems) > 0 {
		t.Errorf("the check says %v, %v", problems, err)
	}
	lock(t, st)
	for name, passphrase := range map[string]string{stationtest.Name: otherPassphrase, "stays": stationtest.Passphrase, "new": stationtest.Passphrase} {
		session, err := st.SignIn(background, name, passphrase)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if session.HasCasework() != (name != "new") || len(session.Repairs()) > 0 {
			t.Errorf("%s has casework %v, and was told %v", name, session.HasCasework(), session.Repairs())
		}
		lock(t, st)
	}

	// Key files from before are old ones.
	for _, store := range []string{account.Library, account.Casework} {
		current := readKeyFiles(t, st.Dir(), store)
		for _, dir := range []string{"keys", "keys-copy"} {
			put(t, filepath.Join(st.Dir(), dir, keyfile.StoreKeyName(store)), readKeyFiles(t, before, store)[0])
		}
		if _, err := st.SignIn(background, "stays", stationtest.Passphrase); !errors.Is(err, account.ErrOldKeyFile) {
			t.Errorf("an old %s key file gives %v", store, err)
		}
		for i, dir := range []string{"keys", "keys-copy"} {
			put(t, filepath.Join(st.Dir(), dir, keyfile.StoreKeyName(store)), current[i])
		}
		// And no log from before is left.
		logs, err := filepath.Glob(filepath.Join(st.Dir(), store, "log-*"))
		if err != nil || len(logs) != 1 {
			t.Errorf("%s has the logs %v (%v)", store, logs, err)
		}
	}

	// The recovery key opens the new key file.
	recovered, err := st.Recover(background, station.RecoverRequest{RecoveryKey: recovery.Library, AccountName: "rescuer", Passphrase: stationtest.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	report, err := recovered.Log().Verify(background)
	if err != nil || !report.OK() {
		t.Errorf("the log says %+v, %v", report, err)
	}
	entries, err := recovered.Log().List(background, audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var stores []string
	for _, e := range entries {
		if e.Act == audit.ActStoreRekey && e.Reason == "An officer left." {
			stores = append(stores, e.Object)
		}
	}
	if slices.Sort(stores); !slices.Equal(stores, []string{account.Casework, account.Library}) {
		t.Errorf("the log names %v", stores)
	}
}

func readKeyFiles(t *testing.T, dir, store string) (copies [2][]byte) {
	t.Helper()
	for i, folder := range []string{"keys", "keys-copy"} {
		content, err := os.ReadFile(filepath.Join(dir, folder, keyfile.StoreKeyName(store)))
		if err != nil {
			t.Fatal(err)
		}
		copies[i] = content
	}
	return copies
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhoMayGiveAStoreAnotherKey(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	officer := stationtest.Add(t, admin, "officer", account.RoleOfficer)
	stationtest.Add(t, admin, "administrator", account.RoleAdministrator)
	if err := admin.Accounts().GrantCasework(background, officer.ID); err != nil {
		t.Fatal(err)
	}
	lock(t, st)
	for name, c := range map[string]struct{ store string }{"officer": {account.Library}, "administrator": {account.Casework}} {
		session := stationtest.SignIn(t, st, name)
		if err := session.Rekey(background, c.store, "why", nil); !errors.Is(err, account.ErrNotAllowed) {
			t.Errorf("%s, %s: %v", name, c.store, err)
		}
		if name == "officer" {
			if err := session.Rekey(background, account.Casework, "why", nil); !errors.Is(err, account.ErrNotAllowed) {
				t.Errorf("an officer, casework: %v", err)
			}
		}
		lock(t, st)
	}
	session := stationtest.SignIn(t, st, stationtest.Name)
	info, err := session.Info(background)
	if err != nil || info.Library.Epoch != 1 || info.Casework.Epoch != 1 {
		t.Errorf("the epochs are %+v, %v", info, err)
	}
}

func TestCompactingIsForEverybodyAndIsLogged(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	stationtest.Add(t, admin, "trainer", account.RoleTrainer)
	if err := admin.Compact(background, account.Casework, false, nil); err != nil {
		t.Fatal(err)
	}
	lock(t, st)
	session := stationtest.SignIn(t, st, "trainer")
	if err := session.Compact(background, account.Library, true, nil); err != nil {
		t.Fatal(err)
	}
	if err := session.Compact(background, account.Casework, false, nil); !errors.Is(err, account.ErrNotAllowed) {
		t.Errorf("casework without its key: %v", err)
	}
	info, err := session.Info(background)
	if err != nil || info.Library.Generation != 2 || len(session.WorthCompacting()) != 0 {
		t.Errorf("it is %+v, %v", info.Library, err)
	}
	lock(t, st)
	entries, err := stationtest.SignIn(t, st, stationtest.Name).Log().List(background, audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range entries {
		if e.Act == audit.ActStoreCompact {
			said = append(said, e.AccountName+" "+e.Object)
		}
	}
	if got := strings.Join(said, ", "); got != "trainer library, "+stationtest.Name+" casework" {
		t.Errorf("the log says %q", got)
	}
}

// Given a computer that stopped while a store was written, then whoever signs in next is told what is not there.
func TestATornTailIsTold(t *testing.T) {
	st, _, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	lock(t, st)
	logs, err := filepath.Glob(filepath.Join(st.Dir(), account.Casework, "log-*"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	info, err := os.Stat(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(logs[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("half a record"), info.Size()/4096*4096)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	session := stationtest.SignIn(t, st, stationtest.Name)
	if said := session.Repairs(); len(said) != 1 || !strings.Contains(said[0], "casework store was being written") {
		t.Errorf("it was told %q", said)
	}
	lock(t, st)
	if said := stationtest.SignIn(t, st, stationtest.Name).Repairs(); len(said) != 0 {
		t.Errorf("it is told again: %q", said)
	}
}
