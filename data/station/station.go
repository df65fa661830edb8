// Package station is an opened data folder and the signed-in session in it. It hands out the services of every domain,
// bound to that session.
//
// The process lock is held exactly while somebody is signed in: SignIn takes it before it reads a key file, Lock and
// Close release it, and Open only looks whether another process has it. A window that shows the sign-in page or is
// locked is therefore not in the way of a command.
package station

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wardbook/data/account"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// Options are what differs between the program and its tests. The zero value is what the program uses.
type Options struct {
	Now     func() time.Time // time.Now if nil
	Program string           // the program's version, for bundles that need a newer one; "" accepts all
	Cost    keyfile.Cost     // the price of a sign-in; tests alone can make it cheap (keyfiletest.Cheap)
}

// State says what a folder is before anything in it is opened.
type State string

// States of a folder.
const (
	StateEmpty   State = "empty"   // absent, empty, or left by a set-up that did not finish: can be set up
	StateSetUp   State = "set-up"  // a data folder
	StateForeign State = "foreign" // holds something else
)

// Errors that callers decide on.
var (
	// ErrLocked is returned by what belonged to a session after it was locked; see IsLocked.
	ErrLocked = account.ErrLocked
	// ErrNotSetUp says that a folder is no data folder.
	ErrNotSetUp = errors.New("this folder is not a Wardbook data folder")
	// ErrNotEmpty says that a folder cannot be set up because something is in it.
	ErrNotEmpty = errors.New("the folder for a new workstation must be empty")
	// ErrSignedIn says that somebody is signed in already.
	ErrSignedIn = errors.New("somebody is signed in already; lock first")
)

// IsLocked reports whether an error came about because the session is locked: a service says ErrLocked, a store that
// it is closed.
func IsLocked(err error) bool { return errors.Is(err, ErrLocked) || errors.Is(err, fs.ErrClosed) }

// Station is a data folder. It is safe for several goroutines; one session at a time is signed in.
type Station struct {
	dir    string
	opts   Options
	folder *keyfile.Folder
	// storeOptions are the stores' own defaults; a test makes a small store.
	storeOptions vault.Options

	mu      sync.Mutex
	session *Session
}

func newStation(dir string, opts Options) (*Station, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := disableCoreDumps(); err != nil {
		return nil, err
	}
	return &Station{dir: dir, opts: opts, folder: keyfile.NewFolder(dir)}, nil
}

// Open opens a data folder for sign-in. It returns ErrNotSetUp for any other folder and an InUseError (ErrInUse) when
// somebody is signed in to it in another process.
func Open(dir string, opts Options) (*Station, error) {
	state, err := Inspect(dir)
	if err != nil {
		return nil, err
	}
	if state != StateSetUp {
		return nil, fmt.Errorf("%w: %s", ErrNotSetUp, dir)
	}
	st, err := newStation(dir, opts)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(st.dir, st.opts.Now())
	if err != nil {
		return nil, err
	}
	return st, lock.release()
}

// Dir is the absolute path of the data folder.
func (st *Station) Dir() string { return st.dir }

// Close locks the session, if there is one.
func (st *Station) Close() error {
	st.mu.Lock()
	session := st.session
	st.mu.Unlock()
	if session == nil {
		return nil
	}
	return session.Lock()
}

// AccountName is what is known of an account before anybody has signed in.
type AccountName struct {
	ID     string
	Name   string
	Active bool
}

// Accounts lists the account names to show before sign-in. If the list of names is damaged, the account files stand in
// for it: whoever signs in with one puts the list right.
func (st *Station) Accounts() ([]AccountName, error) {
	names, err := st.names()
	if err != nil {
		return nil, err
	}
	var list []AccountName
	for _, n := range names.Accounts {
		list = append(list, AccountName{ID: n.ID, Name: n.Name, Active: n.Active})
	}
	return list, nil
}

func (st *Station) names() (keyfile.Names, error) {
	names, _, err := st.folder.ReadNames()
	if err == nil {
		return names, nil
	}
	if !errors.Is(err, keyfile.ErrDamaged) && !errors.Is(err, keyfile.ErrNotFound) {
		return keyfile.Names{}, err
	}
	files, listing := st.folder.AccountFiles()
	if listing != nil {
		return keyfile.Names{}, errors.Join(err, listing)
	}
	names = keyfile.Names{}
	for _, file := range files {
		names.Accounts = append(names.Accounts, keyfile.Name{ID: file, Name: "Account file " + file[:6], File: file, Active: true})
	}
	return names, nil
}

// find looks an account up by id or by name; an active account comes before a deactivated one of the same name.
func find(names keyfile.Names, who string) (keyfile.Name, error) {
	found := keyfile.Name{}
	for _, n := range names.Accounts {
		if n.ID != strings.TrimSpace(who) && !account.SameName(n.Name, who) {
			continue
		}
		if found.ID == "" || (n.Active && !found.Active) {
			found = n
		}
	}
	if found.ID == "" {
		return found, fmt.Errorf("%w: %q", account.ErrUnknownAccount, who)
	}
	if !found.Active {
		return found, fmt.Errorf("%w: %s", account.ErrDeactivated, found.Name)
	}
	return found, nil
}

// Workstation is this computer as other workstations know it.
type Workstation struct {
	ID        string
	Name      string
	PublicKey string // minisign, "RW…"
}

// begin makes a session the one that is signed in.
func (st *Station) begin(s *Session) {
	st.session = s
}

// end forgets a session that was locked.
func (st *Station) end(s *Session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.session == s {
		st.session = nil
	}
}

// free returns ErrSignedIn while a session is there. The caller holds mu.
func (st *Station) free() error {
	if st.session != nil {
		return ErrSignedIn
	}
	return nil
}

func migrate(ctx context.Context, s *stores) error {
	if err := s.library.Migrate(ctx, libraryMigrations()...); err != nil {
		return fmt.Errorf("preparing the library: %w", err)
	}
	if s.casework == nil {
		return nil
	}
	if err := s.casework.Migrate(ctx, caseworkMigrations()...); err != nil {
		return fmt.Errorf("preparing the casework store: %w", err)
	}
	return nil
}
