package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// RecoverRequest adds an administrator with the library's recovery key, for when nobody can sign in any more.
type RecoverRequest struct {
	RecoveryKey string // the library's, as typed
	Name        string
	Passphrase  string
	Ring        *Ring // Library is filled in by OpenByRecovery
}

// OpenByRecovery takes the library's key out of its key file with the recovery key. The library itself says afterwards
// (AddByRecovery) whether both are genuine.
func OpenByRecovery(folder *keyfile.Folder, recoveryKey string) (*vault.Key, error) {
	file, _, err := folder.ReadStoreKey(keyfile.Library)
	if err != nil {
		return nil, err
	}
	return openByRecovery(file, recoveryKey)
}

// OpenNextByRecovery does the same with the key file of a change of the library's key that was interrupted, for a library
// that the key file in its place does not open. promote puts it there, once it has proved to open the library.
func OpenNextByRecovery(folder *keyfile.Folder, recoveryKey string) (key *vault.Key, promote func() error, err error) {
	file, err := folder.ReadNextStoreKey(keyfile.Library)
	if err != nil {
		return nil, nil, err
	}
	key, err = openByRecovery(file, recoveryKey)
	return key, func() error {
		if err := folder.Replace(keyfile.StoreKeyName(keyfile.Library), file.Raw); err != nil {
			return err
		}
		return folder.Remove(keyfile.NextStoreKeyName(keyfile.Library))
	}, err
}

func openByRecovery(file keyfile.StoreKeyFile, recoveryKey string) (*vault.Key, error) {
	identity, err := parseRecovery(recoveryKey)
	if err != nil {
		return nil, err
	}
	key, err := file.Open(identity)
	if errors.Is(err, keyfile.ErrNoAccess) {
		return nil, fmt.Errorf("%w: %s", ErrWrongRecoveryKey, keyfile.Library)
	}
	return key, err
}

// AddByRecovery adds an administrator to the library that the recovery key opened. It first checks that the recovery key
// countersigned the library's first statement, so that a library which somebody slipped in is refused. The recovery key
// goes on being valid.
func AddByRecovery(ctx context.Context, library *vault.Store, now func() time.Time, req RecoverRequest) (Account, error) {
	identity, err := parseRecovery(req.RecoveryKey)
	if err != nil {
		return Account{}, err
	}
	signing, err := keyfile.RecoverySigningKey(identity)
	if err != nil {
		return Account{}, err
	}
	p := pin{recovery: publicKeyOf(signing)}
	var v view
	if err := library.Read(ctx, func(tx *sql.Tx) error {
		v, err = readView(ctx, tx, p)
		return err
	}); err != nil {
		return Account{}, err
	}
	by, err := recoverySigner(v.roster, keyfile.Library, identity)
	if err != nil {
		return Account{}, err
	}
	fresh, err := prepare(v.roster, req.Ring, req.Name, req.Passphrase, []Role{RoleAdministrator})
	if err != nil {
		return Account{}, err
	}
	actor, err := NewActor(fresh.account.Account, fresh.name, fresh.roles, ActorKeys{Identity: fresh.account.Identity, Signing: fresh.account.Signing})
	if err != nil {
		return Account{}, err
	}
	defer actor.Wipe()
	counter, err := fresh.write(v, req.Ring, by, v.roster.recipients(keyfile.Library))
	if err != nil {
		return Account{}, errors.Join(err, req.Ring.Folder.Remove(fresh.file))
	}
	var roster *Roster
	err = library.Write(ctx, func(tx *sql.Tx) error {
		if roster, err = loadRoster(ctx, tx, p); err != nil {
			return err
		}
		if err := fresh.record(ctx, tx, roster, by, now(), counter); err != nil {
			return err
		}
		return audit.Append(ctx, tx, actor, now(), audit.Event{
			Act: audit.ActRecoveryUse, Object: actor.id, Details: map[string]string{"store": keyfile.Library, "statements": roster.lastSum},
		})
	})
	if err != nil {
		_, undone := rewrap(req.Ring, keyfile.Library, v.keys[keyfile.Library], req.Ring.Library, v.roster.recipients(keyfile.Library), by)
		return Account{}, errors.Join(err, undone, req.Ring.Folder.Remove(fresh.file))
	}
	v.files[actor.id] = accountFile{file: fresh.file, sum: keyfile.Sum(fresh.content), counter: fresh.account.Counter}
	account, _ := roster.Account(actor.id)
	return account, writeNames(req.Ring, roster, v.files)
}
