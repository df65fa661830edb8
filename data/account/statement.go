package account

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the library's tables about accounts.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "account", Files: files}
}

// kind says what a statement states.
type kind string

const (
	kindFirst       kind = "first-administrator" // number 1: pins both recovery keys; signed by itself and by the recovery key
	kindGrant       kind = "grant"               // an account, its keys and roles; signed by an administrator or the library's recovery key
	kindIdentity    kind = "identity"            // a new age recipient after a change of passphrase; signed by the account itself
	kindKnown       kind = "passphrase-known"    // somebody else knows the passphrase; signed by the account itself
	kindDeactivate  kind = "deactivate"          // signed by an administrator
	kindRekey       kind = "rekey"               // a store has another key; signed by an administrator, or for casework by a manager who has it
	kindCaseworkKey kind = "casework-key"        // the casework key was given; signed by somebody who has it or its recovery key
)

// byRecovery stands in By where a recovery key signed: "recovery:library".
func byRecovery(store string) string { return keyfile.Recovery + ":" + store }

// RecoveryKey is the public side of a store's recovery key.
type RecoveryKey struct {
	Recipient string `json:"recipient"`  // age1…
	PublicKey string `json:"public_key"` // minisign, derived from the same secret
}

// statement is one signed sentence about an account. Its bytes are stored as they were signed.
type statement struct {
	Format   int    `json:"format"`
	Number   int64  `json:"number"`
	Previous string `json:"previous"` // SHA-256 of the statement before, hexadecimal; empty for number 1
	Kind     kind   `json:"kind"`
	At       int64  `json:"at"` // Unix milliseconds
	By       string `json:"by"` // account id, or recovery:STORE
	Account  string `json:"account"`

	Name      string `json:"name,omitempty"`
	PublicKey string `json:"public_key,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Roles     []Role `json:"roles,omitempty"`

	Store string `json:"store,omitempty"` // of a rekey

	Workstation string                 `json:"workstation,omitempty"` // number 1 only
	Recovery    map[string]RecoveryKey `json:"recovery,omitempty"`    // number 1 only, by store
}

const statementFormat = 1

// signer signs statements and key files: the acting account or a recovery key.
type signer struct {
	by        string // account id, or recovery:STORE
	publicKey string
	sign      func([]byte) ([]byte, error)
}

func (a *Actor) signer() signer {
	return signer{by: a.id, publicKey: a.PublicKey(), sign: a.SignMessage}
}

// addStatement checks a statement against the roster exactly as a reader will, and stores it. r is changed.
func addStatement(ctx context.Context, tx *sql.Tx, r *Roster, by signer, at time.Time, s statement) error {
	s.Format, s.Number, s.Previous, s.At, s.By = statementFormat, r.last+1, r.lastSum, at.UnixMilli(), by.by
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing a statement: %w", err)
	}
	signature, err := by.sign(body)
	if err != nil {
		return fmt.Errorf("signing a statement: %w", err)
	}
	if err := r.apply(body, string(signature), ""); err != nil {
		return err
	}
	return insertStatement(ctx, tx, s.Number, body, string(signature), "")
}

func insertStatement(ctx context.Context, tx *sql.Tx, number int64, body []byte, signature, countersignature string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account_statement (number, body, signature, countersignature) VALUES (?, ?, ?, ?)`,
		number, body, signature, countersignature)
	if err != nil {
		return fmt.Errorf("storing a statement: %w", err)
	}
	return nil
}

func decodeStatement(body []byte) (statement, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var s statement
	if err := decoder.Decode(&s); err != nil {
		return s, err
	}
	if decoder.More() {
		return s, errors.New("more than one value")
	}
	if s.Format != statementFormat {
		return s, fmt.Errorf("format %d is not one this program knows", s.Format)
	}
	return s, nil
}

func sumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// pin decides whether the first statement is the genuine one: by the first administrator's key that an account file
// pins, or by the countersignature of the library's recovery key.
type pin struct {
	firstAdministrator string
	recovery           string
}

// LoadRoster reads every statement and verifies the chain of them from the first administrator's pinned key. Any doubt
// is ErrStatements.
func LoadRoster(ctx context.Context, tx *sql.Tx, firstAdministrator string) (*Roster, error) {
	return loadRoster(ctx, tx, pin{firstAdministrator: firstAdministrator})
}

// LoadRosterByRecovery does the same for somebody who holds the library's recovery key and no account file.
func LoadRosterByRecovery(ctx context.Context, tx *sql.Tx, recoveryPublicKey string) (*Roster, error) {
	return loadRoster(ctx, tx, pin{recovery: recoveryPublicKey})
}

func loadRoster(ctx context.Context, tx *sql.Tx, p pin) (*Roster, error) {
	rows, err := tx.QueryContext(ctx, `SELECT body, signature, countersignature FROM account_statement ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("reading the statements about accounts: %w", err)
	}
	defer rows.Close()
	r := newRoster(p)
	for rows.Next() {
		var body []byte
		var signature, countersignature string
		if err := rows.Scan(&body, &signature, &countersignature); err != nil {
			return nil, fmt.Errorf("reading the statements about accounts: %w", err)
		}
		if err := r.apply(body, signature, countersignature); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the statements about accounts: %w", err)
	}
	if r.last == 0 {
		return nil, fmt.Errorf("%w: there is no first administrator", ErrStatements)
	}
	return r, nil
}
