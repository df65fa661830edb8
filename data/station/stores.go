package station

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"aead.dev/minisign"
	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/learning"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the library's tables about the workstation.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "station", Files: files}
}

// libraryMigrations are in an order in which each domain finds the tables it refers to.
func libraryMigrations() []vault.Migrations {
	return []vault.Migrations{
		audit.Migrations(), account.Migrations(), Migrations(), content.Migrations(), learning.Migrations(), exchange.Migrations(),
	}
}

func caseworkMigrations() []vault.Migrations {
	return []vault.Migrations{audit.Migrations(), casework.Migrations()}
}

// stores are the two stores of a data folder while they are open.
type stores struct {
	library  *vault.Store
	casework *vault.Store // nil without the casework key
}

// epochs are the key epochs that the open stores state.
func (s *stores) epochs() map[string]uint64 {
	epochs := map[string]uint64{account.Library: s.library.Info().Epoch}
	if s.casework != nil {
		epochs[account.Casework] = s.casework.Info().Epoch
	}
	return epochs
}

// tornTails says which stores lost the last thing that was being written when the computer stopped.
func (s *stores) tornTails() []string {
	var said []string
	for _, store := range []*vault.Store{s.library, s.casework} {
		if store != nil && store.Info().TornTail {
			name := account.Library
			if store == s.casework {
				name = account.Casework
			}
			said = append(said, "The computer stopped while the "+name+" store was being written: what was not finished then is not there. Everything before it is.")
		}
	}
	return said
}

func (s *stores) close() error {
	var problems []error
	for _, store := range []*vault.Store{s.casework, s.library} {
		if store != nil {
			problems = append(problems, store.Close())
		}
	}
	return errors.Join(problems...)
}

func newKey() (*vault.Key, error) {
	var key vault.Key
	_, err := rand.Read(key[:])
	return &key, err
}

func (st *Station) storeDir(store string) string { return filepath.Join(st.dir, store) }

// createStore makes a new store; the key stays the caller's.
func (st *Station) createStore(ctx context.Context, store string, key *vault.Key) (*vault.Store, error) {
	own := *key
	defer own.Wipe()
	s, err := vault.Create(ctx, st.storeDir(store), &own, st.storeOptions)
	if err != nil {
		return nil, fmt.Errorf("making the %s store: %w", store, err)
	}
	return s, nil
}

// openStore opens a store with the key from its key file. A key that does not fit is one from before re-keying.
func (st *Station) openStore(ctx context.Context, store string, key *vault.Key) (*vault.Store, error) {
	own := *key
	defer own.Wipe()
	s, err := vault.Open(ctx, st.storeDir(store), &own, st.storeOptions)
	if errors.Is(err, vault.ErrWrongKey) {
		return nil, fmt.Errorf("%w: the key in the %s key file does not open that store", keyfile.ErrOld, store)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the %s store: %w", store, err)
	}
	return s, nil
}

// workstationRow is what the library knows of this workstation.
type workstationRow struct {
	Workstation
	signing     minisign.PrivateKey
	logIdentity *age.X25519Identity
	folded      string
}

func insertWorkstation(ctx context.Context, tx *sql.Tx, id, name string, at int64) error {
	public, signing, err := minisign.GenerateKey(nil)
	if err != nil {
		return err
	}
	secret, err := keyfile.EncodeSigningKey(signing)
	if err != nil {
		return err
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO workstation (only_row, id, name, public_key, secret_key, created_at) VALUES (1, ?, ?, ?, ?, ?)`,
		id, name, public.String(), secret, at)
	if err != nil {
		return fmt.Errorf("recording the workstation: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO sign_in_log (only_row, identity, folded) VALUES (1, ?, '')`, identity.String()); err != nil {
		return fmt.Errorf("recording the key for failed sign-ins: %w", err)
	}
	return nil
}

func readWorkstation(ctx context.Context, tx *sql.Tx) (workstationRow, error) {
	var w workstationRow
	var secret, identity string
	err := tx.QueryRowContext(ctx, `SELECT id, name, public_key, secret_key FROM workstation`).
		Scan(&w.ID, &w.Name, &w.PublicKey, &secret)
	if err != nil {
		return w, fmt.Errorf("reading the workstation: %w", err)
	}
	if w.signing, err = keyfile.DecodeSigningKey(secret); err != nil {
		return w, fmt.Errorf("the workstation's key: %w", err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT identity, folded FROM sign_in_log`).Scan(&identity, &w.folded); err != nil {
		return w, fmt.Errorf("reading the key for failed sign-ins: %w", err)
	}
	if w.logIdentity, err = age.ParseX25519Identity(identity); err != nil {
		return w, fmt.Errorf("the key for failed sign-ins: %w", err)
	}
	return w, nil
}

func (s *Session) recoveryConfirmed(ctx context.Context) (bool, error) {
	var confirmed bool
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT recovery_confirmed_at IS NOT NULL FROM workstation`).Scan(&confirmed)
	})
	if err != nil {
		return false, fmt.Errorf("reading whether the recovery keys were confirmed: %w", err)
	}
	return confirmed, nil
}
