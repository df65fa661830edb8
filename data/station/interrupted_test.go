package station_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/keyfiletest"
)

const otherPassphrase = "eleven other green kettles"

// Given any change of accounts, when any one write to the key files fails, or the program dies there, then everybody who
// could sign in before still can (after a change of passphrase with the old or the new one), nobody else can, the next
// sign-in of somebody with both keys makes everything sound again, and the log is whole.
func TestInterruptedChanges(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleManager)
	officer := stationtest.Add(t, admin, "officer", account.RoleOfficer)
	waiting := stationtest.Add(t, admin, "waiting", account.RoleSecondReader)
	if err := admin.Accounts().GrantCasework(background, officer.ID); err != nil {
		t.Fatal(err)
	}
	lock(t, st)
	for name, change := range map[string]func(*station.Session) error{
		"add": func(s *station.Session) error {
			_, err := s.Accounts().Add(background, "new", stationtest.Passphrase, []account.Role{account.RoleTrainer})
			return err
		},
		"give the casework key": func(s *station.Session) error { return s.Accounts().GrantCasework(background, waiting.ID) },
		"take the casework key": func(s *station.Session) error {
			return s.Accounts().Grant(background, officer.ID, []account.Role{account.RoleTrainer})
		},
		"deactivate": func(s *station.Session) error { return s.Accounts().Deactivate(background, officer.ID, "left") },
		"change the passphrase": func(s *station.Session) error {
			return s.Accounts().ChangePassphrase(background, stationtest.Passphrase, otherPassphrase)
		},
		"give the library another key": func(s *station.Session) error {
			return s.Rekey(background, account.Library, "A test.", nil)
		},
		"give casework another key": func(s *station.Session) error {
			return s.Rekey(background, account.Casework, "A test.", nil)
		},
	} {
		for _, dead := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, dead %v", name, dead), func(t *testing.T) {
				t.Parallel()
				// A replacement makes six calls per copy: a step that shares no divisor with six meets each kind of them.
				const step = 5
				failed := 0
				for n := 1; ; n += step {
					faults := &keyfiletest.Faults{FailAt: n, Dead: dead, Afterwards: n%2 == 0}
					if interrupted(t, st.Dir(), faults, change) {
						failed++
					}
					if faults.Calls < n {
						break
					}
				}
				if failed < 2 {
					t.Errorf("only %d changes were made to fail", failed)
				}
			})
		}
	}
}

// interrupted makes the change in a copy of the data folder and then checks the copy. It reports whether the change said
// that it failed.
func interrupted(t *testing.T, template string, faults *keyfiletest.Faults, change func(*station.Session) error) bool {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "data")
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	private(t, dir)
	st, err := station.Open(dir, stationtest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	failAt := faults.FailAt
	faults.FailAt = 0
	st.UseFolder(keyfiletest.FaultyFolder(t, dir, faults))
	session := stationtest.SignIn(t, st, stationtest.Name)
	faults.Calls, faults.FailAt = 0, failAt
	changed := change(session)
	faults.FailAt = 0
	// Death: the session ends without another word to the key files. Locking writes none.
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	where := fmt.Sprintf("call %d (dead %v, took effect %v; the change said %v)", failAt, faults.Dead, faults.Afterwards, changed)

	st, err = station.Open(dir, stationtest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	// First somebody else, who must not make it worse for the one whose change was interrupted.
	if session, err := st.SignIn(background, "waiting", stationtest.Passphrase); err != nil {
		t.Fatalf("%s: somebody else: %v", where, err)
	} else if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	session, err = st.SignIn(background, stationtest.Name, otherPassphrase)
	if errors.Is(err, account.ErrWrongPassphrase) {
		session, err = st.SignIn(background, stationtest.Name, stationtest.Passphrase)
	}
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if !session.HasCasework() {
		t.Fatalf("%s: casework is lost", where)
	}
	problems, err := session.Check(background)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%s: %q, %v", where, problems, err)
	}
	report, err := session.Log().Verify(background)
	if err != nil || !report.OK() {
		t.Fatalf("%s: %+v, %v", where, report, err)
	}
	accounts, err := session.Accounts().List(background)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Lock(); err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.ID == session.Actor().AccountID() {
			continue
		}
		other, err := st.SignIn(background, a.ID, stationtest.Passphrase)
		if (err == nil) != a.Active || (err == nil && other.HasCasework() != (a.CaseworkAccess == account.CaseworkGranted)) {
			t.Fatalf("%s: %s (active %v, casework %s): %v", where, a.Name, a.Active, a.CaseworkAccess, err)
		}
		if err == nil {
			if err := other.Lock(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return changed != nil
}

// private gives a copied data folder the modes that it has.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o600)
		if info.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// After a change of passphrase the old identity opens nothing that is on disk.
func TestOldIdentityOpensNothing(t *testing.T) {
	st, admin, _ := setUp(t, account.RoleAdministrator, account.RoleOfficer)
	old, err := keyfile.NewFolder(st.Dir()).OpenAccount(accountFile(t, st, stationtest.Name), stationtest.Passphrase, "", keyfiletest.Cheap(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Accounts().ChangePassphrase(background, "not the old one", otherPassphrase); !errors.Is(err, account.ErrWrongPassphrase) {
		t.Fatalf("with a wrong old passphrase: %v", err)
	}
	if err := admin.Accounts().ChangePassphrase(background, stationtest.Passphrase, "short"); !errors.Is(err, account.ErrPassphraseTooShort) {
		t.Fatalf("with a short one: %v", err)
	}
	if err := admin.Accounts().ChangePassphrase(background, stationtest.Passphrase, otherPassphrase); err != nil {
		t.Fatal(err)
	}
	if admin.Actor().Identity().String() == old.Identity.String() {
		t.Fatal("the identity is the same")
	}
	for _, store := range []string{keyfile.Library, keyfile.Casework} {
		file, _, err := keyfile.NewFolder(st.Dir()).ReadStoreKey(store)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Open(old.Identity); !errors.Is(err, keyfile.ErrNoAccess) {
			t.Errorf("the old identity on %s: %v", store, err)
		}
	}
	wantSound(t, admin)
	if err := admin.Accounts().ReportPassphraseKnown(background); err != nil {
		t.Fatal(err)
	}
	info, err := admin.Info(background)
	if err != nil || len(info.RekeyPending) != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
}
