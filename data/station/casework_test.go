package station_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/keyfiletest"
)

// Given a new workstation whose administrator has no casework role, an officer and a manager whom the administrator
// prepares, when the manager gets the casework key with the recovery key and gives it to the officer, then both open the
// casework store, and the administrator never could.
func TestCaseworkIsGivenByThoseWhoHaveIt(t *testing.T) {
	st, admin, recovery := setUp(t, account.RoleAdministrator)
	if admin.HasCasework() {
		t.Fatal("an administrator has casework")
	}
	manager := stationtest.Add(t, admin, "manager", account.RoleManager)
	officer := stationtest.Add(t, admin, "officer", account.RoleOfficer)
	if manager.CaseworkAccess != account.CaseworkPending {
		t.Fatalf("the manager's access is %s", manager.CaseworkAccess)
	}
	if err := admin.Accounts().GrantCasework(background, officer.ID); !errors.Is(err, account.ErrCaseworkRecoveryNeeded) {
		t.Fatalf("without anybody who has the key: %v", err)
	}
	if err := admin.Accounts().GrantCaseworkByRecovery(background, manager.ID, recovery.Library); !errors.Is(err, account.ErrWrongRecoveryKey) {
		t.Fatalf("with the library's recovery key: %v", err)
	}
	if session := stationtest.SignIn(t, st, "manager"); session.HasCasework() {
		t.Fatal("a role alone opened casework")
	}
	admin = stationtest.SignIn(t, st, stationtest.Name)
	if err := admin.Accounts().GrantCaseworkByRecovery(background, manager.ID, strings.ToLower(recovery.Casework)); err != nil {
		t.Fatal(err)
	}
	if err := admin.Accounts().GrantCasework(background, officer.ID); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an administrator gave the casework key: %v", err)
	}
	session := stationtest.SignIn(t, st, "officer")
	if session.HasCasework() {
		t.Fatal("the officer has casework before it was given")
	}
	session = stationtest.SignIn(t, st, "manager")
	if !session.HasCasework() {
		t.Fatal("the manager has no casework")
	}
	trainer := account.RoleTrainer
	if err := session.Accounts().Grant(background, officer.ID, []account.Role{trainer}); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("a manager changed roles: %v", err)
	}
	if err := session.Accounts().GrantCasework(background, officer.ID); err != nil {
		t.Fatal(err)
	}
	wantWholeLogOfCasework(t, session)
	session = stationtest.SignIn(t, st, "officer")
	if !session.HasCasework() {
		t.Fatal("the officer has no casework")
	}
	wantSound(t, session)
	wantWholeLog(t, stationtest.SignIn(t, st, stationtest.Name), 1)
}

func wantWholeLogOfCasework(t *testing.T, session *station.Session) {
	t.Helper()
	report, err := session.Log().Verify(background)
	if err != nil || !report.OK() || len(report.Chains) != 1 || report.Chains[0].Store != audit.Casework || len(report.NotChecked) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// An account without a casework role cannot decrypt casework: nothing that its keys open, among all files of the data
// folder, is or contains the casework key.
func TestCaseworkCannotBeDecryptedWithoutARole(t *testing.T) {
	st, admin, recovery := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	stationtest.Add(t, admin, "trainer", account.RoleTrainer)
	stationtest.Add(t, admin, "pending", account.RoleManager)
	lock(t, st)

	folder := keyfile.NewFolder(st.Dir())
	casework, _, err := folder.ReadStoreKey(keyfile.Casework)
	if err != nil {
		t.Fatal(err)
	}
	recoveryIdentity, err := age.ParseX25519Identity(recovery.Casework)
	if err != nil {
		t.Fatal(err)
	}
	key, err := casework.Open(recoveryIdentity)
	if err != nil {
		t.Fatal(err)
	}
	identities := map[string]*age.X25519Identity{}
	for _, name := range []string{"trainer", "pending", stationtest.Name} {
		opened, err := folder.OpenAccount(accountFile(t, st, name), stationtest.Passphrase, "", keyfiletest.Cheap(t))
		if err != nil {
			t.Fatal(err)
		}
		identities[name] = opened.Identity
	}
	libraryRecovery, err := age.ParseX25519Identity(recovery.Library)
	if err != nil {
		t.Fatal(err)
	}
	identities["the library's recovery key"] = libraryRecovery
	for name, identity := range identities {
		_, err := casework.Open(identity)
		if may := name == stationtest.Name; may != (err == nil) || (!may && !errors.Is(err, keyfile.ErrNoAccess)) {
			t.Errorf("%s opens the casework key file: %v", name, err)
		}
	}
	// The key that these accounts do have does not open the casework store.
	library, _, err := folder.ReadStoreKey(keyfile.Library)
	if err != nil {
		t.Fatal(err)
	}
	libraryKey, err := library.Open(identities["trainer"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(background, filepath.Join(st.Dir(), "casework"), libraryKey, vault.Options{}); !errors.Is(err, vault.ErrWrongKey) {
		t.Fatalf("the library's key on the casework store: %v", err)
	}
	// Nothing in the library or any other file is the casework key in the clear.
	err = filepath.WalkDir(st.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, key[:]) || bytes.Contains(content, libraryKey[:]) {
			t.Errorf("%s holds a store key in the clear", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLastWayInStays(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	own := admin.Actor().AccountID()
	second := stationtest.Add(t, admin, "second", account.RoleAdministrator, account.RoleAuditor)
	if err := admin.Accounts().Grant(background, own, []account.Role{account.RoleAdministrator}); !errors.Is(err, account.ErrLastWayIn) {
		t.Fatalf("the last one with the casework key lost it: %v", err)
	}
	if err := admin.Accounts().Deactivate(background, own, "left"); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("deactivating oneself: %v", err)
	}
	session := stationtest.SignIn(t, st, "second")
	if err := session.Accounts().Deactivate(background, own, "left"); !errors.Is(err, account.ErrLastWayIn) {
		t.Fatalf("the last one with the casework key was deactivated: %v", err)
	}
	if err := session.Accounts().Grant(background, second.ID, []account.Role{account.RoleAuditor}); err != nil {
		t.Fatal(err)
	}
	if err := session.Accounts().Grant(background, own, []account.Role{account.RoleOfficer}); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("the role given up goes on working in the session: %v", err)
	}
	admin = stationtest.SignIn(t, st, stationtest.Name)
	if err := admin.Accounts().Grant(background, own, []account.Role{account.RoleOfficer}); !errors.Is(err, account.ErrLastWayIn) {
		t.Fatalf("the last administrator gave up the role: %v", err)
	}
	wantWholeLog(t, admin, 1)
}

// Given an account that is deactivated, then its file is gone, its copies open nothing, re-keying is pending, and its
// entries in the log still verify.
func TestDeactivation(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	gone := stationtest.Add(t, admin, "gone", account.RoleOfficer)
	if err := admin.Accounts().GrantCasework(background, gone.ID); err != nil {
		t.Fatal(err)
	}
	stationtest.SignIn(t, st, "gone")
	lock(t, st)
	file := accountFile(t, st, "gone")
	copyOf := readFile(t, st, file)
	admin = stationtest.SignIn(t, st, stationtest.Name)
	if err := admin.Accounts().Deactivate(background, gone.ID, "left the service"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(st.Dir(), "keys", file)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the account file: %v", err)
	}
	info, err := admin.Info(background)
	if err != nil || len(info.RekeyPending) != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	wantWholeLog(t, admin, 1)
	wantSound(t, admin)
	lock(t, st)
	wantNotSignedIn(t, st, "gone", stationtest.Passphrase, account.ErrDeactivated)
	// Its file comes back, with a list that still calls the account active.
	writeFile(t, st, file, copyOf)
	writeFile(t, st, keyfile.NamesFile, nil)
	wantNotSignedIn(t, st, file, stationtest.Passphrase, account.ErrOldKeyFile)
	names, err := st.Accounts()
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	admin = signInByFile(t, st, accountOther(names, file))
	// The name is free again, for another account.
	if again := stationtest.Add(t, admin, "gone", account.RoleTrainer); again.ID == gone.ID {
		t.Fatal("the account came back")
	}
}

func accountOther(names []station.AccountName, file string) string {
	for _, n := range names {
		if n.ID != file {
			return n.ID
		}
	}
	return ""
}

func signInByFile(t *testing.T, st *station.Station, file string) *station.Session {
	t.Helper()
	session, err := st.SignIn(background, file, stationtest.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// Given an administrator without the casework key who takes a casework role away, then the next sign-in of somebody with
// the key makes the key file without that account.
func TestCaseworkTakenAwayByAnAdministrator(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	officer := stationtest.Add(t, admin, "officer", account.RoleOfficer)
	stationtest.Add(t, admin, "other admin", account.RoleAdministrator)
	if err := admin.Accounts().GrantCasework(background, officer.ID); err != nil {
		t.Fatal(err)
	}
	other := stationtest.SignIn(t, st, "other admin")
	if err := other.Accounts().Grant(background, officer.ID, []account.Role{account.RoleTrainer}); err != nil {
		t.Fatal(err)
	}
	problems, err := other.Check(background)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0], "still made for officer") {
		t.Fatalf("%q, %v", problems, err)
	}
	if stationtest.SignIn(t, st, "officer").HasCasework() {
		t.Fatal("the officer still has casework")
	}
	admin = stationtest.SignIn(t, st, stationtest.Name)
	wantSound(t, admin)
	file, _, err := keyfile.NewFolder(st.Dir()).ReadStoreKey(keyfile.Casework)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Recipients {
		if r.Account == officer.ID {
			t.Fatal("the casework key file is still made for the officer")
		}
	}
}
