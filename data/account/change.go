package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"wardbook/data/audit"
	"wardbook/data/vault/keyfile"
)

// ChangePassphrase gives the signed-in account a new passphrase and with it a new age identity, so that the old account
// file, with the old passphrase, opens nothing any more once the key files are written. The signing key stays: the log
// must go on being readable.
//
// The steps leave a way in wherever the program dies: (1) the key files, and what domains encrypt to accounts, are made
// for the old and the new identity, (2) the account file is replaced, (3) the library records it, (4) the key files are
// made without the old identity.
func (s *Service) ChangePassphrase(ctx context.Context, old, fresh string) error {
	if _, err := CheckPassphrase(fresh, s.actor.name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	account, err := v.target(s.actor.id)
	if err != nil {
		return err
	}
	known := v.files[account.ID]
	opened, err := s.ring.Folder.OpenAccount(known.file, NormalPassphrase(old), known.sum, s.ring.Cost)
	if err != nil {
		return err
	}
	next := opened.Account
	next.Counter = max(opened.Counter, known.counter) + 1
	if next.Identity, err = age.GenerateX25519Identity(); err != nil {
		return err
	}
	content, err := next.Seal(NormalPassphrase(fresh), s.ring.Cost)
	if err != nil {
		return err
	}
	added := keyfile.Recipient{Account: account.ID, Age: next.Identity.Recipient().String()}

	counters, before := map[string]uint64{}, map[string][]keyfile.Recipient{}
	undo := func(cause error) error {
		problems := []error{cause}
		for store := range counters {
			_, err := rewrap(s.ring, store, v.keys[store], s.keyOf(store), before[store], s.actor.signer())
			problems = append(problems, err)
		}
		return errors.Join(problems...)
	}
	for _, store := range []string{keyfile.Library, keyfile.Casework} {
		if s.keyOf(store) == nil || !account.mayOpen(store) {
			continue
		}
		before[store] = s.recipients(v.roster, store)
		both := append(slices.Clone(before[store]), added)
		if counters[store], err = rewrap(s.ring, store, v.keys[store], s.keyOf(store), both, s.actor.signer()); err != nil {
			return undo(err)
		}
	}
	if err := s.announce(ctx, account, added.Age); err != nil {
		return undo(err)
	}
	if err := s.ring.Folder.Replace(known.file, content); err != nil {
		return undo(err)
	}
	roster, err := s.commit(ctx, true, func(tx *sql.Tx, roster *Roster) error {
		if err := addIdentity(ctx, tx, roster, s.actor, s, added.Age); err != nil {
			return err
		}
		if err := recordAccountFile(ctx, tx, account.ID, known.file, keyfile.Sum(content), next.Counter); err != nil {
			return err
		}
		for store, counter := range counters {
			if err := recordKeyFile(ctx, tx, store, counter); err != nil {
				return err
			}
		}
		return s.event(ctx, tx, roster, audit.ActPassphraseChange, account.ID, "", nil)
	})
	if err != nil {
		// The account file goes back first: until then the new identity must be able to open the stores.
		if back := s.ring.Folder.Replace(known.file, opened.Raw); back != nil {
			return errors.Join(err, back)
		}
		return undo(err)
	}
	s.actor.setIdentity(next.Identity)
	return errors.Join(s.settle(ctx, v, roster, keyfile.Library, keyfile.Casework), s.names(ctx))
}

// announce has what domains keep encrypted to accounts encrypted to the next identity as well, before the file with the
// old one is replaced.
func (s *Service) announce(ctx context.Context, account Account, next string) error {
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		roster, err := LoadRoster(ctx, tx, s.pin)
		if err != nil {
			return err
		}
		now := roster.currentRecipients()
		now.Everyone[NextIdentity(account.ID)] = next
		if account.has(RoleTrainer) {
			now.Trainers[NextIdentity(account.ID)] = next
		}
		return s.tell(ctx, tx, now)
	})
}

func addIdentity(ctx context.Context, tx *sql.Tx, roster *Roster, actor *Actor, s *Service, recipient string) error {
	err := addStatement(ctx, tx, roster, actor.signer(), s.now(), statement{Kind: kindIdentity, Account: actor.id, Recipient: recipient})
	if err != nil {
		return fmt.Errorf("recording the new identity: %w", err)
	}
	return nil
}
