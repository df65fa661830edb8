// Package stationtest makes signed-in data folders for the tests of other packages. Everything is real but the price of
// a passphrase.
package stationtest

import (
	"context"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/vault/keyfile/keyfiletest"
)

// Passphrase opens every account that this package makes, and Name is the first one's.
const (
	Passphrase = "seven green kettles, no ladder"
	Name       = "Test 4711"
)

// Options are the program's, with a cheap sign-in.
func Options(t testing.TB) station.Options {
	t.Helper()
	return station.Options{Cost: keyfiletest.Cheap(t)}
}

// New sets up a data folder in a temporary directory, without starter content, and signs its first account in with the
// roles (and RoleAdministrator). The test's end locks and closes it.
func New(t testing.TB, roles ...account.Role) (*station.Station, *station.Session) {
	t.Helper()
	st, session, _ := NewWith(t, station.SetupRequest{Roles: roles}, Options(t))
	return st, session
}

// NewWith does the same for a request of the test's own. Empty fields are filled in.
func NewWith(t testing.TB, req station.SetupRequest, opts station.Options) (*station.Station, *station.Session, station.Recovery) {
	t.Helper()
	if req.Dir == "" {
		req.Dir = t.TempDir()
	}
	if req.AccountName == "" {
		req.AccountName = Name
	}
	if req.Passphrase == "" {
		req.Passphrase = Passphrase
	}
	if req.Station == "" {
		req.Station = "Test workstation"
	}
	if len(req.Roles) == 0 {
		req.Roles = []account.Role{account.RoleAdministrator}
	}
	st, session, recovery, err := station.Setup(context.Background(), req, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st, session, recovery
}

// Add adds an account with Passphrase and these roles.
func Add(t testing.TB, session *station.Session, name string, roles ...account.Role) account.Account {
	t.Helper()
	added, err := session.Accounts().Add(context.Background(), name, Passphrase, roles)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// SignIn locks whoever is signed in and signs the named account in.
func SignIn(t testing.TB, st *station.Station, name string) *station.Session {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	session, err := st.SignIn(context.Background(), name, Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return session
}
