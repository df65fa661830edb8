package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"filippo.io/age"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// FirstRequest is what the first account of a data folder needs.
type FirstRequest struct {
	Name       string
	Passphrase string
	Roles      []Role // RoleAdministrator is added if it is missing: somebody must be able to add others
	Ring       *Ring
	// Recovery are the stores' recovery keys, and Epochs the key epochs of the stores, by store.
	Recovery map[string]*age.X25519Identity
	Epochs   map[string]uint64
}

// Check says what is wrong with the request before anything is made.
func (req FirstRequest) Check() error {
	name, err := NormalName(req.Name)
	if err != nil {
		return err
	}
	if _, err := NormalRoles(req.Roles); err != nil {
		return err
	}
	_, err = CheckPassphrase(req.Passphrase, name)
	return err
}

// First makes the first account of a new library: its file, both store-key files, the list of names, and the first
// statement, which pins the recovery keys and is signed by the library's. If the account has a casework role, the
// casework recovery key, which is at hand only now, gives it the casework key.
func First(ctx context.Context, library *vault.Store, now func() time.Time, req FirstRequest) (*Actor, error) {
	if err := req.Check(); err != nil {
		return nil, err
	}
	name, _ := NormalName(req.Name)
	roles, err := NormalRoles(append([]Role{RoleAdministrator}, req.Roles...))
	if err != nil {
		return nil, err
	}
	opened, fileName, err := newAccount(req.Ring.Workstation, "")
	if err != nil {
		return nil, err
	}
	actor, err := NewActor(opened.Account, name, roles, ActorKeys{Identity: opened.Identity, Signing: opened.Signing})
	if err != nil {
		return nil, err
	}
	content, err := opened.Seal(NormalPassphrase(req.Passphrase), req.Ring.Cost)
	if err != nil {
		return nil, err
	}
	if err := req.Ring.Folder.Replace(fileName, content); err != nil {
		return nil, err
	}
	err = library.Write(ctx, func(tx *sql.Tx) error {
		roster, err := firstStatement(ctx, tx, actor, now(), req)
		if err != nil {
			return err
		}
		if anyCasework(roles) {
			recovery, err := recoverySigner(roster, keyfile.Casework, req.Recovery[keyfile.Casework])
			if err != nil {
				return err
			}
			if err := addStatement(ctx, tx, roster, recovery, now(), statement{Kind: kindCaseworkKey, Account: actor.id}); err != nil {
				return err
			}
		}
		for store, key := range map[string]*vault.Key{keyfile.Library: req.Ring.Library, keyfile.Casework: req.Ring.Casework} {
			state := KeyFileState{Epoch: req.Epochs[store]}
			// The casework key file has the recovery key's signature: the account may have no casework role.
			by := actor.signer()
			if store == keyfile.Casework {
				if by, err = recoverySigner(roster, store, req.Recovery[store]); err != nil {
					return err
				}
			}
			counter, err := rewrap(req.Ring, store, state, key, roster.recipients(store), by)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO store_key_file (store, epoch, counter) VALUES (?, ?, ?)`,
				store, int64(state.Epoch), int64(counter)); err != nil {
				return fmt.Errorf("recording the %s key file: %w", store, err)
			}
		}
		sum := keyfile.Sum(content)
		if err := recordAccountFile(ctx, tx, actor.id, fileName, sum, opened.Counter); err != nil {
			return err
		}
		if err := writeNames(req.Ring, roster, map[string]accountFile{actor.id: {file: fileName, sum: sum}}); err != nil {
			return err
		}
		return audit.Append(ctx, tx, actor, now(), audit.Event{
			Act: audit.ActSetUp, Object: actor.id, Details: map[string]string{"roles": joinRoles(roles, "and"), "statements": roster.lastSum},
		})
	})
	if err != nil {
		actor.Wipe()
		return nil, err
	}
	return actor, nil
}

// firstStatement makes statement number 1.
func firstStatement(ctx context.Context, tx *sql.Tx, actor *Actor, at time.Time, req FirstRequest) (*Roster, error) {
	s := statement{
		Format: statementFormat, Number: 1, Kind: kindFirst, At: at.UnixMilli(), By: actor.id, Account: actor.id,
		Name: actor.name, PublicKey: actor.PublicKey(), Recipient: actor.Recipient().String(), Roles: actor.Roles(),
		Workstation: req.Ring.Workstation, Recovery: map[string]RecoveryKey{},
	}
	for store, identity := range req.Recovery {
		key, err := keyfile.RecoverySigningKey(identity)
		if err != nil {
			return nil, err
		}
		s.Recovery[store] = RecoveryKey{Recipient: identity.Recipient().String(), PublicKey: publicKeyOf(key)}
	}
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing the first statement: %w", err)
	}
	signature, err := actor.SignMessage(body)
	if err != nil {
		return nil, err
	}
	key, err := keyfile.RecoverySigningKey(req.Recovery[keyfile.Library])
	if err != nil {
		return nil, err
	}
	countersignature := keyfile.Sign(key, body, "recovery key of the store library")
	roster := newRoster(pin{firstAdministrator: actor.PublicKey()})
	if err := roster.apply(body, string(signature), string(countersignature)); err != nil {
		return nil, err
	}
	return roster, insertStatement(ctx, tx, 1, body, string(signature), string(countersignature))
}
