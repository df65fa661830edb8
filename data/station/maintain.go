package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault"
)

// Progress is told how many bytes of how many are done.
type Progress func(done, total int64)

// WorthCompacting names the open stores whose log has grown far beyond what they hold.
func (s *Session) WorthCompacting() []string {
	var names []string
	for _, name := range []string{account.Library, account.Casework} {
		if store := s.storeOf(name); store != nil && store.Info().WorthCompacting() {
			names = append(names, name)
		}
	}
	return names
}

// Compact writes a store's log anew with what the store holds now. Nothing that can be read changes; the log before stays
// until the next compaction. In the background it stops with vault.ErrGaveWay as soon as somebody wants the store.
// Everybody signed in may: it takes nothing away.
func (s *Session) Compact(ctx context.Context, store string, inBackground bool, progress Progress) error {
	if err := s.open(); err != nil {
		return err
	}
	open := s.storeOf(store)
	if open == nil {
		return fmt.Errorf("%w: this account has no key to the %s store", account.ErrNotAllowed, store)
	}
	key, err := s.accounts.StoreKey(store)
	if err != nil {
		return err
	}
	defer key.Wipe()
	before := open.Info()
	if err := open.Compact(ctx, key, vault.CompactOptions{GiveWay: inBackground, Progress: progress}); err != nil {
		return err
	}
	after := open.Info()
	details := map[string]string{
		"store": store, "generation": fmt.Sprint(after.Generation), "bytes-before": fmt.Sprint(before.LogBytes), "bytes-after": fmt.Sprint(after.LogBytes),
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActStoreCompact, Object: store, Details: details})
	})
}

// Rekey gives a store another key, after somebody who knew the old one should not any more: an account was deactivated or
// lost its casework role, or a passphrase became known. The store is rebuilt, so that what was removed from it is gone, and
// its earlier generations go. Backups that were made before stay readable with the old key. See account.Service.Rekey.
func (s *Session) Rekey(ctx context.Context, store, reason string, progress Progress) error {
	if err := s.open(); err != nil {
		return err
	}
	open := s.storeOf(store)
	if open == nil {
		return fmt.Errorf("%w: this account has no key to the %s store", account.ErrNotAllowed, store)
	}
	var late error
	err := s.accounts.Rekey(ctx, store, reason, func(from, to *vault.Key) error {
		epoch := open.Info().Epoch
		err := open.Rekey(ctx, from, to, vault.CompactOptions{Progress: progress})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, vault.ErrFailed):
			return fmt.Errorf("%w: %w", account.ErrRekeyUnfinished, err)
		case open.Info().Epoch != epoch:
			late = err // it has the new key; what is left is tried again at the next sign-in
			return nil
		}
		return err
	})
	return errors.Join(err, late)
}

// storeOf is an open store by its name; nil for casework without its key.
func (s *Session) storeOf(name string) *vault.Store {
	if name == account.Casework {
		return s.casework
	}
	return s.library
}
