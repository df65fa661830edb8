package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// SignIn opens the stores that the account may open. who is an account id or a name. It takes the process lock first and
// keeps it until the session is locked. Errors that callers decide on: ErrInUse, ErrSignedIn, account.ErrBackOff,
// ErrWrongPassphrase, ErrUnknownAccount, ErrDeactivated, ErrOldKeyFile, ErrDamagedKeyFile, ErrStatements, and the
// store's own. A failure is kept for the log.
func (st *Station) SignIn(ctx context.Context, who, passphrase string) (*Session, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.free(); err != nil {
		return nil, err
	}
	lock, err := takeLock(st.dir, st.opts.Now())
	if err != nil {
		return nil, err
	}
	session, err := st.signIn(ctx, who, passphrase, lock)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	st.begin(session)
	return session, nil
}

func (st *Station) signIn(ctx context.Context, who, passphrase string, lock *processLock) (*Session, error) {
	if err := st.folder.Sweep(); err != nil {
		return nil, err
	}
	names, err := st.names()
	if err != nil {
		return nil, err
	}
	name, err := find(names, who)
	if err == nil {
		now := st.opts.Now()
		if until := readAttempts(st.dir).wait(name.ID, now); now.Before(until) {
			return nil, &account.BackOffError{Until: until}
		}
	}
	var session *Session
	if err == nil {
		session, err = st.unlock(ctx, name, passphrase, lock)
	}
	if why := whyOf(err); why != "" {
		kept := recordFailure(st.dir, names.LogRecipient, failure{At: st.opts.Now().UnixMilli(), Account: name.ID, Why: why})
		if kept != nil {
			err = errors.Join(err, fmt.Errorf("the failed sign-in could not be kept for the log: %w", kept))
		}
	}
	return session, err
}

// unlock goes from the passphrase to an open session.
func (st *Station) unlock(ctx context.Context, name keyfile.Name, passphrase string, lock *processLock) (_ *Session, err error) {
	opened, err := st.folder.OpenAccount(name.File, account.NormalPassphrase(passphrase), name.Sum, st.opts.Cost)
	if err != nil {
		return nil, err
	}
	open := &stores{}
	ring := &account.Ring{Folder: st.folder, Cost: st.opts.Cost}
	defer func() {
		if err != nil {
			ring.Wipe()
			err = errors.Join(err, open.close())
		}
	}()
	admitted, err := st.openLibrary(ctx, opened, open, ring)
	if err != nil {
		return nil, err
	}
	actor, err := account.NewActor(admitted.Account.ID, admitted.Account.Name, admitted.Account.Roles,
		account.ActorKeys{Identity: opened.Identity, Signing: opened.Signing})
	if err != nil {
		return nil, err
	}
	if admitted.Account.CaseworkAccess == account.CaseworkGranted {
		if err := st.openCasework(ctx, opened, admitted, open, ring); err != nil {
			return nil, err
		}
	}
	if err := migrate(ctx, open); err != nil {
		return nil, err
	}
	var row workstationRow
	err = open.library.Read(ctx, func(tx *sql.Tx) error {
		row, err = readWorkstation(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	ring.Workstation, ring.LogRecipient = row.ID, row.logIdentity.Recipient().String()
	session, err := st.newSession(open, actor, ring, row, opened.FirstAdministrator, lock)
	if err != nil {
		return nil, err
	}
	if session.repairs, err = session.accounts.Reconcile(ctx, opened, open.epochs()); err != nil {
		return nil, err
	}
	session.repairs = append(session.repairs, open.tornTails()...)
	if err := session.exchange.SweepMedia(ctx); err != nil {
		return nil, err
	}
	if err := session.exchange.RewrapOfficeKey(ctx); err != nil && !errors.Is(err, vault.ErrFull) {
		return nil, err
	}
	// A course can come after its modules were passed: its certificate is due now.
	if _, err := session.learning.IssueDue(ctx); err != nil && !errors.Is(err, vault.ErrFull) {
		return nil, err
	}
	err = session.foldFailures(ctx, row.logIdentity, row.folded)
	if err == nil {
		err = session.logEverywhere(ctx, audit.ActSignIn)
	}
	if errors.Is(err, vault.ErrFull) {
		// A full store must stay readable, or nothing could be exported from it and removed. The file of failures stays.
		session.repairs = append(session.repairs, "A store is full: this sign-in could not be written into the log.")
	} else if err != nil {
		return nil, err
	}
	a := readAttempts(st.dir)
	if _, counted := a.Accounts[name.ID]; counted {
		delete(a.Accounts, name.ID)
		if err := a.write(st.dir); err != nil {
			return nil, err
		}
	}
	return session, nil
}

// openLibrary opens the library and lets it say whether the account may come in. Nothing is written before that.
func (st *Station) openLibrary(ctx context.Context, opened keyfile.OpenedAccount, open *stores, ring *account.Ring) (account.Admission, error) {
	library, file, key, err := st.openWithKeyFile(ctx, account.Library, opened, func(keyfile.StoreKey) error { return nil })
	ring.Library = key
	if err != nil {
		return account.Admission{}, err
	}
	open.library = library
	var admitted account.Admission
	err = open.library.Read(ctx, func(tx *sql.Tx) error {
		admitted, err = account.Admit(ctx, tx, opened.Account, file.StoreKey, open.library.Info().Epoch)
		return err
	})
	return admitted, err
}

// openCasework opens the casework store, whose key file the verified statements of the library judge beforehand.
func (st *Station) openCasework(ctx context.Context, opened keyfile.OpenedAccount, admitted account.Admission, open *stores, ring *account.Ring) error {
	judge := func(file keyfile.StoreKey) error { return admitted.Roster.CheckKeyFile(file, admitted.Casework) }
	store, file, key, err := st.openWithKeyFile(ctx, account.Casework, opened, judge)
	ring.Casework = key
	if err != nil {
		return err
	}
	open.casework = store
	if epoch := open.casework.Info().Epoch; epoch != file.Epoch {
		return fmt.Errorf("%w: the casework key file is of epoch %d, the store of %d", account.ErrOldKeyFile, file.Epoch, epoch)
	}
	return nil
}

// openWithKeyFile opens a store with the key in its key file, or in the one of a change of the key that was interrupted: the
// store says which of the two counts. judge says whether a key file may be used, before it is. The key is returned in any
// case in which there is one.
func (st *Station) openWithKeyFile(ctx context.Context, store string, opened keyfile.OpenedAccount, judge func(keyfile.StoreKey) error) (*vault.Store, keyfile.StoreKeyFile, *vault.Key, error) {
	file, key, err := st.storeKey(store, opened)
	if err == nil {
		err = judge(file.StoreKey)
	}
	if err != nil {
		return nil, file, key, err
	}
	open, err := st.openStore(ctx, store, key)
	if err == nil || !errors.Is(err, account.ErrOldKeyFile) {
		return open, file, key, err
	}
	next, nextErr := st.folder.ReadNextStoreKey(store)
	if nextErr != nil {
		return nil, file, key, err // there is none: the key file is an old one
	}
	nextKey, nextErr := next.Open(opened.Identity)
	if nextErr != nil {
		return nil, file, key, err
	}
	if err := judge(next.StoreKey); err != nil {
		nextKey.Wipe()
		return nil, file, key, err
	}
	key.Wipe()
	open, err = st.openStore(ctx, store, nextKey)
	return open, next, nextKey, err
}

// storeKey takes a store's key out of its key file. An account file that the library's key file was not made for is an
// old one, or the key file is: every current pair fits.
func (st *Station) storeKey(store string, opened keyfile.OpenedAccount) (keyfile.StoreKeyFile, *vault.Key, error) {
	file, _, err := st.folder.ReadStoreKey(store)
	if err != nil {
		return file, nil, err
	}
	key, err := file.Open(opened.Identity)
	if errors.Is(err, keyfile.ErrNoAccess) {
		return file, nil, fmt.Errorf("%w: the account file and the %s key file do not belong together", account.ErrOldKeyFile, store)
	}
	return file, key, err
}
