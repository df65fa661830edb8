package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// GrantCasework gives the casework key to an account that an administrator prepared with a casework role. Only somebody
// who has the key can; an administrator without it cannot, and where nobody has it yet, only the casework recovery key
// helps (ErrCaseworkRecoveryNeeded, GrantCaseworkByRecovery).
func (s *Service) GrantCasework(ctx context.Context, accountID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	own, _ := v.roster.Account(s.actor.id)
	if own.CaseworkAccess != CaseworkGranted || s.ring.Casework == nil {
		if v.roster.others("", func(a Account) bool { return a.CaseworkAccess == CaseworkGranted }) == 0 {
			return fmt.Errorf("%w: no account has the casework key yet", ErrCaseworkRecoveryNeeded)
		}
		return fmt.Errorf("%w: only an account that has the casework key may give it", ErrNotAllowed)
	}
	return s.grantCasework(ctx, v, s.ring.Casework, s.actor.signer(), accountID, nil)
}

// GrantCaseworkByRecovery does the same with the casework recovery key. An administrator may do it for any prepared
// account, and a prepared account for itself. The account has casework from its next sign-in on.
func (s *Service) GrantCaseworkByRecovery(ctx context.Context, accountID, recoveryKey string) error {
	if accountID != s.actor.id {
		if err := s.actor.Require("give the casework key with its recovery key", RoleAdministrator); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	identity, err := parseRecovery(recoveryKey)
	if err != nil {
		return err
	}
	by, err := recoverySigner(v.roster, keyfile.Casework, identity)
	if err != nil {
		return err
	}
	if _, err := s.ring.Folder.ReadNextStoreKey(keyfile.Casework); !errors.Is(err, keyfile.ErrNotFound) {
		return fmt.Errorf("%w: a change of the casework store's key was interrupted; somebody who has that key signs in first", ErrRekeyUnfinished)
	}
	file, _, err := s.ring.Folder.ReadStoreKey(keyfile.Casework)
	if err != nil {
		return err
	}
	// An old file is no obstacle here: as long as the epoch is the same it holds the same key, and a current file is
	// about to be written. That is also the way out when somebody put an old one back.
	if err := v.roster.CheckKeyFile(file.StoreKey, v.keys[keyfile.Casework]); err != nil && !(errors.Is(err, ErrOldKeyFile) && file.Epoch == v.keys[keyfile.Casework].Epoch) {
		return err
	}
	key, err := file.Open(identity)
	if err != nil {
		return err
	}
	defer key.Wipe()
	return s.grantCasework(ctx, v, key, by, accountID, map[string]string{"by": keyfile.Recovery})
}

func (s *Service) grantCasework(ctx context.Context, v view, key *vault.Key, by signer, accountID string, details map[string]string) error {
	account, err := v.target(accountID)
	if err != nil {
		return err
	}
	if !anyCasework(account.Roles) {
		return fmt.Errorf("%w: %s has no casework role; an administrator gives it first", ErrNotAllowed, account.Name)
	}
	before := s.recipients(v.roster, keyfile.Casework)
	after := before
	if account.CaseworkAccess != CaseworkGranted {
		after = append(slices.Clone(before), keyfile.Recipient{Account: account.ID, Age: account.Recipient})
	}
	counter, err := rewrap(s.ring, keyfile.Casework, v.keys[keyfile.Casework], key, after, by)
	if err != nil {
		return err
	}
	_, err = s.commit(ctx, false, func(tx *sql.Tx, roster *Roster) error {
		if err := addStatement(ctx, tx, roster, by, s.now(), statement{Kind: kindCaseworkKey, Account: account.ID}); err != nil {
			return err
		}
		if err := recordKeyFile(ctx, tx, keyfile.Casework, counter); err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActCaseworkGrant, account.ID, "", details)
	})
	if err != nil {
		_, undone := rewrap(s.ring, keyfile.Casework, v.keys[keyfile.Casework], key, before, by)
		return errors.Join(err, undone)
	}
	if account.ID == s.actor.id && s.ring.Casework == nil {
		// A change of passphrase later in this session must be able to make the key file anew.
		own := *key
		s.ring.Casework = &own
	}
	return nil
}
