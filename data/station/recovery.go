package station

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault"
)

// Recovery holds the recovery keys (age secret keys). They are shown once and kept nowhere. The casework key also gives
// the first account with a casework role its access, if the account of the set-up has none.
type Recovery struct {
	Library  string
	Casework string
}

// ConfirmLength is how many characters at the end of each key are typed back.
const ConfirmLength = 8

// Confirm reports whether typed is the last ConfirmLength characters of the library key followed by those of the
// casework key. Case, spaces and punctuation between them do not matter.
func (r Recovery) Confirm(typed string) bool {
	typed = strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToUpper(c)
		}
		return -1
	}, typed)
	if len(r.Library) < ConfirmLength || len(r.Casework) < ConfirmLength {
		return false
	}
	wanted := r.Library[len(r.Library)-ConfirmLength:] + r.Casework[len(r.Casework)-ConfirmLength:]
	return subtle.ConstantTimeCompare([]byte(typed), []byte(wanted)) == 1
}

// ErrRecoveryInside says that recovery keys were to be written into the data folder that they open.
var ErrRecoveryInside = errors.New("the recovery keys must not lie in the data folder")

// CheckRecoveryPath refuses a path for recovery keys inside the data folder, through whatever links it leads there.
func CheckRecoveryPath(dataDir, path string) error {
	within, err := inside(dataDir, path)
	if err != nil {
		return fmt.Errorf("the file for the recovery keys: %w", err)
	}
	if within {
		return fmt.Errorf("%w; choose a place outside %s, such as a stick that is locked away", ErrRecoveryInside, dataDir)
	}
	return nil
}

// WriteFile writes the recovery keys into a new file outside the data folder, for a set-up without a window.
func (r Recovery) WriteFile(dataDir, path string) error {
	if err := CheckRecoveryPath(dataDir, path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the file for the recovery keys: %w", err)
	}
	_, err = fmt.Fprintf(f, "# Wardbook recovery keys. Print this, lock it away, and delete the file.\n# library\n%s\n# casework\n%s\n", r.Library, r.Casework)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the file for the recovery keys: %w", err)
	}
	return nil
}

// ConfirmRecovery records that the recovery keys were typed back. Until then Info says that they were not.
func (s *Session) ConfirmRecovery(ctx context.Context) error {
	if err := s.actor.Require("confirm the recovery keys", account.RoleAdministrator); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	at := s.now()
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE workstation SET recovery_confirmed_at = ?`, at.UnixMilli()); err != nil {
			return fmt.Errorf("recording that the recovery keys were confirmed: %w", err)
		}
		return audit.Append(ctx, tx, s.actor, at, audit.Event{Act: audit.ActRecoveryConfirm})
	})
}

// RecoverRequest opens the library with its recovery key and adds an administrator.
type RecoverRequest struct {
	RecoveryKey string // the library's, as typed
	AccountName string
	Passphrase  string
}

// Recover is for when nobody can sign in any more: it opens the library with its recovery key, adds an administrator and
// signs in as that. Casework needs its own recovery key (account.Service.GrantCaseworkByRecovery).
func (st *Station) Recover(ctx context.Context, req RecoverRequest) (*Session, error) {
	added, err := st.addByRecovery(ctx, req)
	if err != nil {
		return nil, err
	}
	return st.SignIn(ctx, added.ID, req.Passphrase)
}

func (st *Station) addByRecovery(ctx context.Context, req RecoverRequest) (added account.Account, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.free(); err != nil {
		return added, err
	}
	lock, err := takeLock(st.dir, st.opts.Now())
	if err != nil {
		return added, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	key, err := account.OpenByRecovery(st.folder, req.RecoveryKey)
	if err != nil {
		return added, err
	}
	defer key.Wipe()
	library, err := st.openStore(ctx, account.Library, key)
	if errors.Is(err, account.ErrOldKeyFile) {
		library, err = st.openNextByRecovery(ctx, req.RecoveryKey, key, err)
	}
	if err != nil {
		return added, err
	}
	defer func() { err = errors.Join(err, library.Close()) }()
	var row workstationRow
	if err := library.Read(ctx, func(tx *sql.Tx) error {
		row, err = readWorkstation(ctx, tx)
		return err
	}); err != nil {
		return added, err
	}
	own := *key
	ring := &account.Ring{
		Folder: st.folder, Cost: st.opts.Cost, Workstation: row.ID, LogRecipient: row.logIdentity.Recipient().String(), Library: &own,
	}
	defer ring.Wipe()
	return account.AddByRecovery(ctx, library, st.opts.Now, account.RecoverRequest{
		RecoveryKey: req.RecoveryKey, Name: req.AccountName, Passphrase: req.Passphrase, Ring: ring,
	})
}

// newRecovery makes both recovery keys.
func newRecovery() (Recovery, map[string]*age.X25519Identity, error) {
	identities := map[string]*age.X25519Identity{}
	for _, store := range []string{account.Library, account.Casework} {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return Recovery{}, nil, err
		}
		identities[store] = identity
	}
	return Recovery{Library: identities[account.Library].String(), Casework: identities[account.Casework].String()}, identities, nil
}

// openNextByRecovery opens a library whose change of key was interrupted with the key file that was prepared for it. key is
// set to what opened it. old is the error to return where there is no such file.
func (st *Station) openNextByRecovery(ctx context.Context, recoveryKey string, key *vault.Key, old error) (*vault.Store, error) {
	next, promote, err := account.OpenNextByRecovery(st.folder, recoveryKey)
	if err != nil {
		return nil, old
	}
	defer next.Wipe()
	library, err := st.openStore(ctx, account.Library, next)
	if err != nil {
		return nil, err
	}
	if err := promote(); err != nil {
		return nil, errors.Join(err, library.Close())
	}
	*key = *next
	return library, nil
}
