package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// ErrRekeyUnfinished says that a store may or may not have its new key: signing in again finds out and finishes it.
var ErrRekeyUnfinished = errors.New("the change of the store's key was interrupted")

// Rekey gives a store another key, for everybody who may open it and its recovery key: after somebody lost their access
// who had learnt the old one. swap makes the store itself change from one key to the other, whole or not at all. If it
// fails or is interrupted, the next sign-in finishes what the store began, or drops it.
//
// The library's key takes an administrator, casework's an administrator or manager who has it. It needs a reason
// (ErrReasonNeeded).
func (s *Service) Rekey(ctx context.Context, store, reason string, swap func(from, to *vault.Key) error) error {
	if err := s.actor.Require("give the "+store+" store another key", mayRekey(store)...); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return ErrReasonNeeded
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	from := s.keyOf(store)
	if from == nil {
		return fmt.Errorf("%w: only an account that has the %s key may change it", ErrNotAllowed, store)
	}
	to := &vault.Key{}
	if _, err := rand.Read(to[:]); err != nil {
		return err
	}
	defer to.Wipe()
	now, _, err := s.ring.Folder.ReadStoreKey(store)
	if err != nil {
		return err
	}
	by := s.actor.signer()
	head := keyfile.StoreKey{
		Workstation: s.ring.Workstation, Store: store, Epoch: v.keys[store].Epoch + 1, Counter: max(v.keys[store].Counter, now.Counter) + 1,
		Granter: by.by, GranterKey: by.publicKey, Recipients: s.recipients(v.roster, store),
	}
	content, err := head.Seal(to, by.sign)
	if err != nil {
		return err
	}
	// The new key must be safe before the store is sealed with it.
	if err := s.ring.Folder.Replace(keyfile.NextStoreKeyName(store), content); err != nil {
		return err
	}
	if err := swap(from, to); err != nil {
		return err // the prepared key file stays: the next sign-in asks the store which of the two counts
	}
	*from = *to
	err = s.promoteKeyFile(store, content)
	if err == nil {
		err = s.stateRekey(ctx, store, head, reason)
	}
	if err != nil {
		return fmt.Errorf("%w: the %s store has its new key, and the next sign-in finishes it: %w", ErrRekeyUnfinished, store, err)
	}
	return nil
}

// promoteKeyFile puts the key file of a store's new key in the place of the old one.
func (s *Service) promoteKeyFile(store string, content []byte) error {
	if err := s.ring.Folder.Replace(keyfile.StoreKeyName(store), content); err != nil {
		return err
	}
	return s.ring.Folder.Remove(keyfile.NextStoreKeyName(store))
}

// stateRekey states that a store has another key, and has the library accept no earlier key file any more.
func (s *Service) stateRekey(ctx context.Context, store string, file keyfile.StoreKey, reason string) error {
	_, err := s.commit(ctx, false, func(tx *sql.Tx, roster *Roster) error {
		if err := addStatement(ctx, tx, roster, s.actor.signer(), s.now(), statement{Kind: kindRekey, Account: s.actor.id, Store: store}); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE store_key_file SET epoch = ?, counter = max(counter, ?) WHERE store = ?`, int64(file.Epoch), int64(file.Counter), store)
		if err != nil {
			return fmt.Errorf("recording the %s key file: %w", store, err)
		}
		return s.event(ctx, tx, roster, audit.ActStoreRekey, store, reason, map[string]string{"epoch": fmt.Sprint(file.Epoch)})
	})
	return err
}

// mayRekey are the roles that may give a store another key.
func mayRekey(store string) []Role {
	if store == keyfile.Casework {
		return []Role{RoleAdministrator, RoleManager}
	}
	return []Role{RoleAdministrator}
}

// reconcileRekey finishes a change of a store's key that was interrupted after the store had it, and drops one that was
// interrupted before. Whoever signs in puts the key file in its place; stating what happened is left to somebody who may.
// epoch is what the open store states.
func (s *Service) reconcileRekey(ctx context.Context, v view, store string, epoch uint64) (said []string, err error) {
	if s.keyOf(store) == nil {
		return nil, nil
	}
	recorded := v.keys[store].Epoch
	next, err := s.ring.Folder.ReadNextStoreKey(store)
	switch {
	case errors.Is(err, keyfile.ErrNotFound):
	case err == nil && next.Epoch == epoch && epoch > recorded:
		if err := s.promoteKeyFile(store, next.Raw); err != nil {
			return nil, err
		}
		said = append(said, "A change of the "+store+" store's key had been interrupted; its key file has its place now.")
	case err == nil, errors.Is(err, keyfile.ErrDamaged):
		if err := s.ring.Folder.Remove(keyfile.NextStoreKeyName(store)); err != nil {
			return nil, err
		}
		said = append(said, "A change of the "+store+" store's key had been interrupted; what it left behind was removed.")
	default:
		return nil, err
	}
	if epoch <= recorded || !s.actor.Has(mayRekey(store)...) {
		return said, nil
	}
	file, _, err := s.ring.Folder.ReadStoreKey(store)
	if err != nil {
		return said, err
	}
	return append(said, "The change of the "+store+" store's key is finished."), s.stateRekey(ctx, store, file.StoreKey, "finished after an interruption")
}

// StoreKey returns a copy of a store's key for as long as somebody is signed in; the caller wipes it.
func (s *Service) StoreKey(store string) (*vault.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return nil, ErrLocked
	}
	key := s.keyOf(store)
	if key == nil {
		return nil, fmt.Errorf("%w: this account has no key to the %s store", ErrNotAllowed, store)
	}
	own := *key
	return &own, nil
}
