package station_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

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
