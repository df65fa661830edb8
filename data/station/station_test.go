package station_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/keyfiletest"
)

var background = context.Background()

func setUp(t *testing.T, roles ...account.Role) (*station.Station, *station.Session, station.Recovery) {
	t.Helper()
	return stationtest.NewWith(t, station.SetupRequest{Roles: roles}, stationtest.Options(t))
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

// Given key files from before a change, when any of them is put back, then whoever needs it is refused.
func TestOldKeyFilesAreRefused(t *testing.T) {
	const fresh = "a new passphrase with nine ducks"
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	own := accountFile(t, st, stationtest.Name)
	oldAccount := readFile(t, st, own)
	oldLibrary := readFile(t, st, keyfile.StoreKeyName(keyfile.Library))
	oldCasework := readFile(t, st, keyfile.StoreKeyName(keyfile.Casework))

	officer := stationtest.Add(t, admin, "officer", account.RoleOfficer) // a new library key file
	if err := admin.Accounts().GrantCasework(background, officer.ID); err != nil {
		t.Fatal(err)
	}
	lock(t, st)

	library, casework := readFile(t, st, keyfile.StoreKeyName(keyfile.Library)), readFile(t, st, keyfile.StoreKeyName(keyfile.Casework))
	t.Run("the library's keys, for an account that both files were made for", func(t *testing.T) {
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Library), oldLibrary)
		wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrOldKeyFile)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Library), library)
	})
	t.Run("casework's keys", func(t *testing.T) {
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Casework), oldCasework)
		wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrOldKeyFile)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Casework), casework)
	})
	session := stationtest.SignIn(t, st, stationtest.Name)
	library, casework = readFile(t, st, keyfile.StoreKeyName(keyfile.Library)), readFile(t, st, keyfile.StoreKeyName(keyfile.Casework))
	if err := session.Accounts().ChangePassphrase(background, stationtest.Passphrase, fresh); err != nil {
		t.Fatal(err)
	}
	lock(t, st)
	newAccount := readFile(t, st, own)
	t.Run("the account file", func(t *testing.T) {
		writeFile(t, st, own, oldAccount)
		wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrOldKeyFile)
	})
	t.Run("the account file together with both stores' keys of its time", func(t *testing.T) {
		newLibrary, newCasework := readFile(t, st, keyfile.StoreKeyName(keyfile.Library)), readFile(t, st, keyfile.StoreKeyName(keyfile.Casework))
		writeFile(t, st, own, oldAccount)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Library), library)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Casework), casework)
		wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrOldKeyFile)
		writeFile(t, st, own, newAccount)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Library), newLibrary)
		writeFile(t, st, keyfile.StoreKeyName(keyfile.Casework), newCasework)
	})
	session, err := st.SignIn(background, stationtest.Name, fresh)
	if err != nil {
		t.Fatal(err)
	}
	wantSound(t, session)
	entries, err := session.Log().List(background, audit.Filter{Act: audit.ActSignInFailed})
	if err != nil || len(entries) != 4 || entries[0].Details["why"] != "old-key-file" {
		t.Fatalf("%+v, %v", entries, err)
	}
	wantWholeLog(t, session, 2)
}

// Given a key file of which one copy is damaged, when somebody signs in, then it is repaired and said; with both damaged,
// sign-in is refused with a sentence.
func TestDamagedCopiesAreRepaired(t *testing.T) {
	st, _, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	lock(t, st)
	for _, name := range []string{
		accountFile(t, st, stationtest.Name), keyfile.StoreKeyName(keyfile.Library), keyfile.StoreKeyName(keyfile.Casework), keyfile.NamesFile,
	} {
		whole := readFile(t, st, name)
		for _, dir := range []string{"keys", "keys-copy"} {
			if err := os.WriteFile(filepath.Join(st.Dir(), dir, name), whole[:len(whole)/3], 0o600); err != nil {
				t.Fatal(err)
			}
			session := stationtest.SignIn(t, st, stationtest.Name)
			if len(session.Repairs()) != 1 {
				t.Errorf("%s in %s: said %q", name, dir, session.Repairs())
			}
			wantSound(t, session)
			lock(t, st)
		}
		if name == keyfile.NamesFile {
			continue
		}
		writeFile(t, st, name, whole[:len(whole)/3])
		err := wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrDamagedKeyFile)
		if !strings.Contains(err.Error(), "both copies") {
			t.Errorf("%s: %v", name, err)
		}
		writeFile(t, st, name, whole)
	}
}

// Given no usable list of names, then the account files stand in for it, and a sign-in writes the list again.
func TestLostListOfNames(t *testing.T) {
	st, _, _ := setUp(t)
	lock(t, st)
	writeFile(t, st, keyfile.NamesFile, []byte("x"))
	names, err := st.Accounts()
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	session, err := st.SignIn(background, names[0].ID, stationtest.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if names, err = st.Accounts(); err != nil || names[0].Name != stationtest.Name || len(session.Repairs()) != 1 {
		t.Fatalf("%v %v %q", names, err, session.Repairs())
	}
}

// Given an account whose signatures the library does not lead back to the pinned first administrator, then a library
// that somebody slipped in, with key files made for the account, is refused.
func TestLibrarySlippedIn(t *testing.T) {
	st, _, _ := setUp(t)
	lock(t, st)
	other, _, _ := setUp(t)
	lock(t, other)

	opened, err := keyfile.NewFolder(st.Dir()).OpenAccount(accountFile(t, st, stationtest.Name), stationtest.Passphrase, "", keyfiletest.Cheap(t))
	if err != nil {
		t.Fatal(err)
	}
	// The other library's owner makes its key file for the account here, and puts both in this folder.
	theirs, err := keyfile.NewFolder(other.Dir()).OpenAccount(accountFile(t, other, stationtest.Name), stationtest.Passphrase, "", keyfiletest.Cheap(t))
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := keyfile.NewFolder(other.Dir()).ReadStoreKey(keyfile.Library)
	if err != nil {
		t.Fatal(err)
	}
	key, err := file.Open(theirs.Identity)
	if err != nil {
		t.Fatal(err)
	}
	head := file.StoreKey
	head.Workstation = opened.Workstation
	head.Recipients = append(head.Recipients, keyfile.Recipient{Account: opened.Account.Account, Age: opened.Identity.Recipient().String()})
	content, err := head.Seal(key, func(msg []byte) ([]byte, error) { return keyfile.Sign(theirs.Signing, msg, "x"), nil })
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, st, keyfile.StoreKeyName(keyfile.Library), content)
	library := filepath.Join(st.Dir(), "library")
	if err := os.RemoveAll(library); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(library, os.DirFS(filepath.Join(other.Dir(), "library"))); err != nil {
		t.Fatal(err)
	}
	wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrStatements)
}

// Given a key file that an account without the right signed (it knows the library's key), then it is refused.
func TestKeyFileSignedByAStranger(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	stationtest.Add(t, admin, "trainer", account.RoleTrainer)
	lock(t, st)
	folder := keyfile.NewFolder(st.Dir())
	trainer, err := folder.OpenAccount(accountFile(t, st, "trainer"), stationtest.Passphrase, "", keyfiletest.Cheap(t))
	if err != nil {
		t.Fatal(err)
	}
	casework, _, err := folder.ReadStoreKey(keyfile.Casework)
	if err != nil {
		t.Fatal(err)
	}
	head := casework.StoreKey
	head.Counter++
	head.Granter, head.GranterKey = trainer.Account.Account, publicKey(trainer.Account)
	made := vault.Key{6, 6, 6} // a key of the trainer's own choosing
	content, err := head.Seal(&made, func(msg []byte) ([]byte, error) { return keyfile.Sign(trainer.Signing, msg, "x"), nil })
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, st, keyfile.StoreKeyName(keyfile.Casework), content)
	wantNotSignedIn(t, st, stationtest.Name, stationtest.Passphrase, account.ErrStatements)
}

func publicKey(a keyfile.Account) string {
	return a.Signing.Public().(interface{ String() string }).String()
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

// Given that everybody forgot, when the library's recovery key is typed, then a new administrator signs in; casework
// comes back with its own recovery key.
func TestRecovery(t *testing.T) {
	st, _, recovery := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	lock(t, st)
	req := station.RecoverRequest{RecoveryKey: recovery.Casework, AccountName: "new admin", Passphrase: stationtest.Passphrase}
	if _, err := st.Recover(background, req); !errors.Is(err, account.ErrWrongRecoveryKey) {
		t.Fatalf("with the wrong recovery key: %v", err)
	}
	req.RecoveryKey = " " + strings.ToLower(recovery.Library[:20]) + "\n" + recovery.Library[20:]
	session, err := st.Recover(background, req)
	if err != nil {
		t.Fatal(err)
	}
	if !session.Actor().Has(account.RoleAdministrator) || session.HasCasework() {
		t.Fatalf("roles %v, casework %v", session.Actor().Roles(), session.HasCasework())
	}
	wantWholeLog(t, session, 1)
	own := session.Actor().AccountID()
	if err := session.Accounts().Grant(background, own, []account.Role{account.RoleAdministrator, account.RoleManager}); err != nil {
		t.Fatal(err)
	}
	if err := session.Accounts().GrantCaseworkByRecovery(background, own, recovery.Casework); err != nil {
		t.Fatal(err)
	}
	// The passphrase can be changed in the same session without losing casework.
	if err := session.Accounts().ChangePassphrase(background, stationtest.Passphrase, "eleven other green kettles"); err != nil {
		t.Fatal(err)
	}
	lock(t, st)
	session, err = st.SignIn(background, "new admin", "eleven other green kettles")
	if err != nil || !session.HasCasework() {
		t.Fatal(err)
	}
	wantWholeLog(t, session, 2)
	wantSound(t, session)
	if !stationtest.SignIn(t, st, stationtest.Name).HasCasework() {
		t.Fatal("the first account lost casework")
	}
}

func TestRecoveryKeysAreNowhereOnDisk(t *testing.T) {
	st, session, recovery := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	if err := session.ConfirmRecovery(background); err != nil {
		t.Fatal(err)
	}
	info, err := session.Info(background)
	if err != nil || !info.RecoveryConfirmed {
		t.Fatal(info, err)
	}
	lock(t, st)
	err = filepath.WalkDir(st.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		for _, secret := range []string{recovery.Library, recovery.Casework, stationtest.Passphrase} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tail := func(s string) string { return s[len(s)-8:] }
	if !recovery.Confirm(strings.ToLower(tail(recovery.Library))+" - "+tail(recovery.Casework)) || recovery.Confirm(tail(recovery.Library)) || recovery.Confirm("") {
		t.Error("confirming does not work")
	}
}

func TestRecoveryFileOutsideTheDataFolder(t *testing.T) {
	root := t.TempDir()
	data := filepath.Join(root, "data")
	if err := os.MkdirAll(filepath.Join(data, "library"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(data, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	r := station.Recovery{Library: "AGE-SECRET-KEY-1AAAAAAAA", Casework: "AGE-SECRET-KEY-1BBBBBBBB"}
	for _, path := range []string{
		filepath.Join(data, "r.txt"), filepath.Join(data, "library", "r.txt"), filepath.Join(root, "link", "r.txt"),
		filepath.Join(root, "link", "new", "r.txt"), filepath.Join(root, "x", "..", "data", "r.txt"),
	} {
		if err := r.WriteFile(data, path); !errors.Is(err, station.ErrRecoveryInside) {
			t.Errorf("%s: %v", path, err)
		}
	}
	out := filepath.Join(root, "data-recovery.txt")
	if err := r.WriteFile(data, out); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(data, out); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("overwriting: %v", err)
	}
	content, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(content), r.Library) {
		t.Fatal(err)
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
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11} {
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
