package station_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/keyfiletest"
)

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
