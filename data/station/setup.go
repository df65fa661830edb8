package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// SetupRequest describes a new workstation.
type SetupRequest struct {
	Dir         string // absent or empty
	AccountName string
	Passphrase  string
	Roles       []account.Role // RoleAdministrator is added: somebody must be able to add others
	Station     string         // the workstation's name, as other workstations see it
	// Starter installs the content that comes with the program, from StarterContent.
	Starter        bool
	StarterContent fs.FS
}

// maxStationName is the longest name of a workstation, in characters.
const maxStationName = 80

// ErrBadStationName says that a workstation cannot have this name.
var ErrBadStationName = errors.New("the name of the workstation cannot be used")

func normalStationName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > maxStationName || !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: use 1 to %d characters", ErrBadStationName, maxStationName)
	}
	return name, nil
}

// Setup makes a data folder with both stores, the first account and the recovery keys, and signs that account in.
// Everything is checked before anything is written. A set-up that fails or dies leaves a folder that can be set up
// again; the file that makes it a data folder is written last.
func Setup(ctx context.Context, req SetupRequest, opts Options) (*Station, *Session, Recovery, error) {
	fail := func(err error) (*Station, *Session, Recovery, error) { return nil, nil, Recovery{}, err }
	name, err := normalStationName(req.Station)
	if err != nil {
		return fail(err)
	}
	first := account.FirstRequest{Name: req.AccountName, Passphrase: req.Passphrase, Roles: req.Roles}
	if err := first.Check(); err != nil {
		return fail(err)
	}
	if req.Starter && req.StarterContent == nil {
		return fail(errors.New("there is no starter content to install"))
	}
	state, err := Inspect(req.Dir)
	if err != nil {
		return fail(err)
	}
	if state != StateEmpty {
		return fail(fmt.Errorf("%w: %s", ErrNotEmpty, req.Dir))
	}
	st, err := newStation(req.Dir, opts)
	if err != nil {
		return fail(err)
	}
	lock, err := st.prepareFolder()
	if err != nil {
		return fail(err)
	}
	session, recovery, err := st.setUp(ctx, name, first, req, lock)
	if err != nil {
		return fail(errors.Join(err, clearUnfinished(st.dir), lock.release()))
	}
	return st, session, recovery, nil
}

// prepareFolder makes the folder private, marks it as unfinished, locks it, and removes what an earlier try left.
func (st *Station) prepareFolder() (*processLock, error) {
	if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	if checksModes {
		if err := os.Chmod(st.dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the data folder private: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(st.dir, unfinishedName), nil, 0o600); err != nil {
		return nil, fmt.Errorf("writing into the data folder: %w", err)
	}
	lock, err := takeLock(st.dir, st.opts.Now())
	if err != nil {
		return nil, err
	}
	// Another set-up may have finished between the look at the folder and the lock.
	if state, err := Inspect(st.dir); err != nil || state != StateEmpty {
		if err == nil {
			err = fmt.Errorf("%w: %s", ErrNotEmpty, st.dir)
		}
		return nil, errors.Join(err, lock.release())
	}
	// The owner's file goes with the rest and comes back with it.
	if err := errors.Join(clearUnfinished(st.dir), lock.writeOwner(st.opts.Now()), st.folder.Create()); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return lock, nil
}

func (st *Station) setUp(ctx context.Context, name string, first account.FirstRequest, req SetupRequest, lock *processLock) (_ *Session, _ Recovery, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, Recovery{}, err
	}
	recovery, identities, err := newRecovery()
	if err != nil {
		return nil, Recovery{}, err
	}
	ring := &account.Ring{Folder: st.folder, Cost: st.opts.Cost, Workstation: id.String()}
	open := &stores{}
	defer func() {
		if err != nil {
			ring.Wipe()
			err = errors.Join(err, open.close())
		}
	}()
	if err := st.createStores(ctx, open, ring); err != nil {
		return nil, Recovery{}, err
	}
	var row workstationRow
	err = open.library.Write(ctx, func(tx *sql.Tx) error {
		if err := insertWorkstation(ctx, tx, id.String(), name, st.opts.Now().UnixMilli()); err != nil {
			return err
		}
		row, err = readWorkstation(ctx, tx)
		return err
	})
	if err != nil {
		return nil, Recovery{}, err
	}
	ring.LogRecipient = row.logIdentity.Recipient().String()
	first.Ring, first.Recovery = ring, identities
	first.Epochs = map[string]uint64{account.Library: open.library.Info().Epoch, account.Casework: open.casework.Info().Epoch}
	actor, err := account.First(ctx, open.library, st.opts.Now, first)
	if err != nil {
		return nil, Recovery{}, err
	}
	err = open.casework.Write(ctx, func(tx *sql.Tx) error {
		return audit.Append(ctx, tx, actor, st.opts.Now(), audit.Event{Act: audit.ActSetUp})
	})
	if err != nil {
		return nil, Recovery{}, err
	}
	if !actor.Has(account.RoleOfficer, account.RoleSecondReader, account.RoleManager) {
		ring.Casework.Wipe()
		ring.Casework = nil
		closing := open.casework
		open.casework = nil
		if err := closing.Close(); err != nil {
			return nil, Recovery{}, err
		}
	}
	session, err := st.newSession(open, actor, ring, row, actor.PublicKey(), lock)
	if err != nil {
		return nil, Recovery{}, err
	}
	if req.Starter {
		if err := session.exchange.InstallStarter(ctx, req.StarterContent); err != nil {
			return nil, Recovery{}, fmt.Errorf("installing the starter content: %w", err)
		}
	}
	marker := filepath.Join(st.dir, markerName)
	if err := keyfile.ReplaceFile(marker, []byte(markerText+"workstation: "+id.String()+"\n")); err != nil {
		return nil, Recovery{}, fmt.Errorf("finishing the set-up: %w", err)
	}
	if err := os.Remove(filepath.Join(st.dir, unfinishedName)); err != nil {
		return nil, Recovery{}, errors.Join(fmt.Errorf("finishing the set-up: %w", err), os.Remove(marker))
	}
	st.begin(session)
	return session, recovery, nil
}

// createStores makes both stores and their keys; the keys go to the ring.
func (st *Station) createStores(ctx context.Context, open *stores, ring *account.Ring) error {
	for _, s := range []struct {
		name  string
		key   **vault.Key
		store **vault.Store
	}{{account.Library, &ring.Library, &open.library}, {account.Casework, &ring.Casework, &open.casework}} {
		key, err := newKey()
		if err != nil {
			return err
		}
		*s.key = key
		if *s.store, err = st.createStore(ctx, s.name, key); err != nil {
			return err
		}
	}
	return migrate(ctx, open)
}
