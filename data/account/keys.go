package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"aead.dev/minisign"
	"filippo.io/age"
	"github.com/google/uuid"

	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// Ring is what a session holds of keys and key files.
type Ring struct {
	Folder       *keyfile.Folder
	Cost         keyfile.Cost
	Workstation  string     // UUID of the data folder
	LogRecipient string     // age recipient for failures before sign-in
	Library      *vault.Key // its own copy
	Casework     *vault.Key // nil without access
}

// Wipe overwrites the store keys.
func (r *Ring) Wipe() {
	for _, key := range []*vault.Key{r.Library, r.Casework} {
		if key != nil {
			key.Wipe()
		}
	}
	r.Library, r.Casework = nil, nil
}

// newAccount makes the keys of an account and its file's name.
func newAccount(workstation, firstAdministrator string) (keyfile.Account, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return keyfile.Account{}, "", err
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return keyfile.Account{}, "", err
	}
	public, signing, err := minisign.GenerateKey(nil)
	if err != nil {
		return keyfile.Account{}, "", err
	}
	name, err := keyfile.NewAccountName()
	if err != nil {
		return keyfile.Account{}, "", err
	}
	if firstAdministrator == "" { // this account is the first
		firstAdministrator = public.String()
	}
	return keyfile.Account{
		Workstation: workstation, Account: id.String(), Counter: 1,
		Identity: identity, Signing: signing, FirstAdministrator: firstAdministrator,
	}, name, nil
}

func publicKeyOf(key minisign.PrivateKey) string {
	if public, ok := key.Public().(minisign.PublicKey); ok {
		return public.String()
	}
	return ""
}

// keyFileState reads what the library accepts of a store's key file.
func keyFileState(ctx context.Context, tx *sql.Tx, store string) (KeyFileState, error) {
	var epoch, counter int64
	err := tx.QueryRowContext(ctx, `SELECT epoch, counter FROM store_key_file WHERE store = ?`, store).Scan(&epoch, &counter)
	if err != nil {
		return KeyFileState{}, fmt.Errorf("reading what is known of the %s key file: %w", store, err)
	}
	return KeyFileState{Epoch: uint64(epoch), Counter: uint64(counter)}, nil
}

// recordKeyFile notes that the store's key file now has this counter. It never goes back.
func recordKeyFile(ctx context.Context, tx *sql.Tx, store string, counter uint64) error {
	_, err := tx.ExecContext(ctx, `UPDATE store_key_file SET counter = max(counter, ?) WHERE store = ?`, int64(counter), store)
	if err != nil {
		return fmt.Errorf("recording the %s key file: %w", store, err)
	}
	return nil
}

func recordAccountFile(ctx context.Context, tx *sql.Tx, account, file, sum string, counter uint64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account_file (account_id, file, sum, counter) VALUES (?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET sum = excluded.sum, counter = max(counter, excluded.counter)`,
		account, file, sum, int64(counter))
	if err != nil {
		return fmt.Errorf("recording the account file: %w", err)
	}
	return nil
}

type accountFile struct {
	file, sum string
	counter   uint64
}

func accountFiles(ctx context.Context, tx *sql.Tx) (map[string]accountFile, error) {
	rows, err := tx.QueryContext(ctx, `SELECT account_id, file, sum, counter FROM account_file`)
	if err != nil {
		return nil, fmt.Errorf("reading the account files: %w", err)
	}
	defer rows.Close()
	files := map[string]accountFile{}
	for rows.Next() {
		var id string
		var f accountFile
		var counter int64
		if err := rows.Scan(&id, &f.file, &f.sum, &counter); err != nil {
			return nil, fmt.Errorf("reading the account files: %w", err)
		}
		f.counter = uint64(counter)
		files[id] = f
	}
	return files, rows.Err()
}

// writeNames writes the list of names that shows before sign-in.
func writeNames(ring *Ring, roster *Roster, files map[string]accountFile) error {
	content, err := namesList(ring, roster, files).Encode()
	if err != nil {
		return err
	}
	return ring.Folder.Replace(keyfile.NamesFile, content)
}

func namesList(ring *Ring, roster *Roster, files map[string]accountFile) keyfile.Names {
	names := keyfile.Names{Workstation: ring.Workstation, LogRecipient: ring.LogRecipient}
	for _, a := range roster.Accounts() {
		n := keyfile.Name{ID: a.ID, Name: a.Name, Active: a.Active}
		if a.Active {
			n.File, n.Sum = files[a.ID].file, files[a.ID].sum
		}
		names.Accounts = append(names.Accounts, n)
	}
	return names
}

// rewrap writes a store's key file anew for these recipients, with the next counter, and returns that. The library
// learns the counter only afterwards: a file that is ahead of it is accepted, one that is behind is not.
func rewrap(ring *Ring, store string, recorded KeyFileState, key *vault.Key, recipients []keyfile.Recipient, by signer) (uint64, error) {
	if key == nil {
		return 0, ErrLocked
	}
	counter, epoch := recorded.Counter, recorded.Epoch
	if now, _, err := ring.Folder.ReadStoreKey(store); err == nil {
		// The epoch in the file is ahead of the recorded one while a change of the store's key waits to be stated.
		counter, epoch = max(counter, now.Counter), max(epoch, now.Epoch)
	} else if !errors.Is(err, keyfile.ErrNotFound) && !errors.Is(err, keyfile.ErrDamaged) {
		return 0, err
	}
	head := keyfile.StoreKey{
		Workstation: ring.Workstation, Store: store, Epoch: epoch, Counter: counter + 1,
		Granter: by.by, GranterKey: by.publicKey, Recipients: recipients,
	}
	if by.by == byRecovery(store) {
		head.Granter = keyfile.Recovery
	}
	content, err := head.Seal(key, by.sign)
	if err != nil {
		return 0, err
	}
	return head.Counter, ring.Folder.Replace(keyfile.StoreKeyName(store), content)
}

// recoverySigner checks that a typed recovery key is the store's and lets it sign.
func recoverySigner(roster *Roster, store string, identity *age.X25519Identity) (signer, error) {
	key, err := keyfile.RecoverySigningKey(identity)
	if err != nil {
		return signer{}, err
	}
	public := publicKeyOf(key)
	if expected := roster.RecoveryKey(store); public != expected.PublicKey || identity.Recipient().String() != expected.Recipient {
		return signer{}, fmt.Errorf("%w: %s", ErrWrongRecoveryKey, store)
	}
	return signer{by: byRecovery(store), publicKey: public, sign: func(msg []byte) ([]byte, error) {
		return keyfile.Sign(key, msg, "recovery key of the store "+store), nil
	}}, nil
}
