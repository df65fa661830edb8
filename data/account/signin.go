package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"wardbook/data/audit"
	"wardbook/data/vault/keyfile"
)

// Admission is what the library says about an account that has opened it.
type Admission struct {
	Account  Account
	Roster   *Roster
	Casework KeyFileState // what the casework key file must at least be
}

// Admit decides, with the library open, whether whoever opened it may come in: the statements lead back to the pinned
// first administrator, the account is active, its file and the library's key file are not old ones that were put back,
// and the key file was made by somebody who was allowed to. epoch is the key epoch that the library itself states.
func Admit(ctx context.Context, tx *sql.Tx, opened keyfile.Account, file keyfile.StoreKey, epoch uint64) (Admission, error) {
	v, err := readView(ctx, tx, pin{firstAdministrator: opened.FirstAdministrator})
	if err != nil {
		return Admission{}, err
	}
	account, found := v.roster.Account(opened.Account)
	if !found || account.PublicKey != publicKeyOf(opened.Signing) {
		return Admission{}, fmt.Errorf("%w: this library does not know the account", ErrUnknownAccount)
	}
	if !account.Active {
		return Admission{}, ErrDeactivated
	}
	if opened.Workstation != v.roster.Workstation() {
		return Admission{}, fmt.Errorf("%w: the account file belongs to another data folder", ErrOldKeyFile)
	}
	if known := v.files[account.ID]; opened.Counter < known.counter {
		return Admission{}, fmt.Errorf("%w: the account file has counter %d, the library knows %d", ErrOldKeyFile, opened.Counter, known.counter)
	} else if recipient := opened.Identity.Recipient().String(); recipient != account.Recipient &&
		(opened.Counter == known.counter || !file.Holds(account.ID, recipient)) {
		return Admission{}, fmt.Errorf("%w: the account file holds another identity than the library knows", ErrOldKeyFile)
	}
	recorded := v.keys[keyfile.Library]
	if epoch != recorded.Epoch && (epoch != recorded.Epoch+1 || file.Epoch != epoch) {
		return Admission{}, fmt.Errorf("%w: the library has key epoch %d, its accounts know %d", ErrOldKeyFile, epoch, recorded.Epoch)
	}
	if file.Epoch > epoch {
		return Admission{}, fmt.Errorf("%w: the library's key file is of epoch %d, the library of %d", ErrStatements, file.Epoch, epoch)
	}
	if file.Epoch < epoch {
		return Admission{}, fmt.Errorf("%w: the library's key file is of epoch %d, the library of %d", ErrOldKeyFile, file.Epoch, epoch)
	}
	if err := v.roster.CheckKeyFile(file, recorded); err != nil {
		return Admission{}, err
	}
	return Admission{Account: account, Roster: v.roster, Casework: v.keys[keyfile.Casework]}, nil
}

// Reconcile finishes what an interrupted change left: it records a new identity or a higher counter, makes the key files
// fit the statements, repairs second copies and writes the list of names. It returns a sentence for each repair. Call it
// right after signing in.
//
// epochs are what the open stores state.
func (s *Service) Reconcile(ctx context.Context, opened keyfile.OpenedAccount, epochs map[string]uint64) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	var repairs []string
	if known := v.files[s.actor.id]; opened.Counter > known.counter {
		if err := s.adopt(ctx, v, opened); err != nil {
			return nil, err
		}
		repairs = append(repairs, "A change of your passphrase had been interrupted; it is finished now.")
		if v, err = s.look(ctx); err != nil {
			return nil, err
		}
	}
	if opened.Repair {
		if err := s.ring.Folder.Replace(v.files[s.actor.id].file, opened.Raw); err != nil {
			return repairs, err
		}
		repairs = append(repairs, "One of the two copies of your account file was damaged or missing; it was repaired.")
	}
	for _, store := range []string{keyfile.Library, keyfile.Casework} {
		said, err := s.reconcileRekey(ctx, v, store, epochs[store])
		if err != nil {
			return repairs, err
		}
		if repairs = append(repairs, said...); len(said) > 0 {
			if v, err = s.look(ctx); err != nil {
				return repairs, err
			}
		}
		said, err = s.reconcileStoreKey(ctx, v, store)
		if err != nil {
			return repairs, err
		}
		repairs = append(repairs, said...)
	}
	said, err := s.reconcileNames(v)
	if err != nil {
		return repairs, err
	}
	repairs = append(repairs, said...)
	if len(repairs) == 0 {
		return nil, nil
	}
	return repairs, s.library.Write(ctx, func(tx *sql.Tx) error {
		for _, sentence := range repairs {
			if err := audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActKeyFileRepair, Details: map[string]string{"what": sentence}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// adopt records the account file of a passphrase change that was interrupted before the library knew of it.
func (s *Service) adopt(ctx context.Context, v view, opened keyfile.OpenedAccount) error {
	_, err := s.commit(ctx, true, func(tx *sql.Tx, roster *Roster) error {
		if recipient := opened.Identity.Recipient().String(); recipient != v.account(s.actor.id).Recipient {
			if err := addIdentity(ctx, tx, roster, s.actor, s, recipient); err != nil {
				return err
			}
		}
		if err := recordAccountFile(ctx, tx, s.actor.id, v.files[s.actor.id].file, keyfile.Sum(opened.Raw), opened.Counter); err != nil {
			return err
		}
		return s.event(ctx, tx, roster, audit.ActPassphraseChange, s.actor.id, "finished after an interruption", nil)
	})
	return err
}

func (v view) account(id string) Account {
	a, _ := v.roster.Account(id)
	return a
}

func (s *Service) reconcileStoreKey(ctx context.Context, v view, store string) ([]string, error) {
	key := s.keyOf(store)
	if key == nil {
		return nil, nil
	}
	file, repair, err := s.ring.Folder.ReadStoreKey(store)
	if err != nil {
		return nil, err
	}
	counter := file.Counter
	var said []string
	if wanted := s.recipients(v.roster, store); !sameRecipients(file.Recipients, wanted) {
		if counter, err = rewrap(s.ring, store, v.keys[store], key, wanted, s.actor.signer()); err != nil {
			return nil, err
		}
		said = append(said, "The "+store+" key file did not fit the accounts; it was written anew.")
	} else if repair {
		if err := s.ring.Folder.Replace(keyfile.StoreKeyName(store), file.Raw); err != nil {
			return nil, err
		}
		said = append(said, "One of the two copies of the "+store+" key file was damaged, missing or older; it was repaired.")
	}
	if counter > v.keys[store].Counter {
		err = s.library.Write(ctx, func(tx *sql.Tx) error { return recordKeyFile(ctx, tx, store, counter) })
	}
	return said, err
}

func sameRecipients(a, b []keyfile.Recipient) bool {
	subset := func(x, y []keyfile.Recipient) bool {
		return !slices.ContainsFunc(x, func(r keyfile.Recipient) bool { return !slices.Contains(y, r) })
	}
	return subset(a, b) && subset(b, a)
}

func (s *Service) reconcileNames(v view) ([]string, error) {
	wanted, err := namesList(s.ring, v.roster, v.files).Encode()
	if err != nil {
		return nil, err
	}
	names, repair, err := s.ring.Folder.ReadNames()
	if err == nil && !repair {
		if present, err := names.Encode(); err == nil && slices.Equal(present, wanted) {
			return nil, nil
		}
	}
	if err != nil && !errors.Is(err, keyfile.ErrDamaged) && !errors.Is(err, keyfile.ErrNotFound) {
		return nil, err
	}
	if err := s.ring.Folder.Replace(keyfile.NamesFile, wanted); err != nil {
		return nil, err
	}
	return []string{"The list of account names was damaged or not current; it was written anew."}, nil
}
