// Package audit keeps the log of acts: who did what, when and why.
//
// Each store has one hash chain. An act and its entry commit together, in the transaction of the act, and every entry
// is signed by the account that acted. An entry is never changed or removed; undoing something is a new act.
//
// The library's chain names no subject and no record: its objects are accounts, publishers, bundles and content.
// What concerns a person observed stands in the casework store's chain, which opens only with the casework key.
// An entry never holds the text of what was written, and so keeps nothing of what is deleted.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"wardbook/data/vault"
)

// Act names what was done. Domains may add acts of their own.
type Act string

// Acts of the library's chain.
const (
	ActSetUp             Act = "set-up"
	ActSignIn            Act = "sign-in"
	ActSignInFailed      Act = "sign-in-failed"
	ActLock              Act = "lock"
	ActAccountAdd        Act = "account-add"
	ActAccountGrant      Act = "account-grant"
	ActAccountDeactivate Act = "account-deactivate"
	ActPassphraseChange  Act = "passphrase-change"
	ActPassphraseKnown   Act = "passphrase-known" // somebody else knows the passphrase
	ActCaseworkGrant     Act = "casework-grant"
	ActRecoveryConfirm   Act = "recovery-confirm" // the recovery keys were typed back
	ActRecoveryUse       Act = "recovery-use"
	ActStoreRekey        Act = "store-rekey"
	ActStoreCompact      Act = "store-compact"
	ActKeyFileRepair     Act = "key-file-repair"
	ActSettingChange     Act = "setting-change"
	ActPublisherTrust    Act = "publisher-trust"
	ActPublisherRevoke   Act = "publisher-revoke"
	ActBundleImport      Act = "bundle-import"
	ActBundleRefuse      Act = "bundle-refuse"
	ActBundleExport      Act = "bundle-export"
	ActExpiryOverride    Act = "expiry-override"
	ActOfficeKey         Act = "office-key" // the office's publisher key was made
	ActPublish           Act = "publish"
	ActReceipt           Act = "receipt"
	ActContentWithdraw   Act = "content-withdraw"
	ActQuizSubmit        Act = "quiz-submit"
	ActCertificateIssue  Act = "certificate-issue"
)

// Acts of the casework store's chain. ActSetUp, ActSignIn and ActLock stand there as well.
const (
	ActRecordSubmit   Act = "record-submit"
	ActRecordTakeBack Act = "record-take-back"
	ActRecordOpen     Act = "record-open"
	ActReadingBegin   Act = "reading-begin"
	ActUrgentNote     Act = "urgent-note"
	ActRecordPrint    Act = "record-print"
	ActDraftRemove    Act = "draft-remove"
)

// Author is the account that acts. SignMessage makes a minisign signature with the account's signing key.
type Author interface {
	AccountID() string
	AccountName() string
	SignMessage(msg []byte) ([]byte, error)
}

// Event is one act as the domain that did it describes it.
type Event struct {
	Act     Act
	Object  string            // id of what was acted on; in the library never a subject or a record
	Reason  string            // the reason the account gave, where one is asked for
	Details map[string]string // ids, counts, versions, hashes; never the text of content
}

// Entry is one entry of a chain.
type Entry struct {
	Sequence    int64 // from 1, without gaps
	At          time.Time
	AccountID   string
	AccountName string // as it was then
	Act         Act
	Object      string
	Reason      string
	Details     map[string]string
	Hash        [sha256.Size]byte
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the tables of one chain. Both stores have them.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "audit", Files: files}
}

// ErrIncomplete says that an entry was to be written without an act or an author.
var ErrIncomplete = errors.New("an entry of the log needs an act and an account")

// hashLabel separates these hashes from any other use of SHA-256 in the program.
const hashLabel = "wardbook audit entry 1"

// Append adds an entry to the chain of the store that tx belongs to. Call it inside the transaction of the act, so that
// neither exists without the other.
func Append(ctx context.Context, tx *sql.Tx, by Author, at time.Time, e Event) error {
	if e.Act == "" || by == nil || by.AccountID() == "" {
		return ErrIncomplete
	}
	chain, err := chainID(ctx, tx)
	if err != nil {
		return err
	}
	entry := Entry{
		Sequence: 1, At: at, AccountID: by.AccountID(), AccountName: by.AccountName(),
		Act: e.Act, Object: e.Object, Reason: e.Reason, Details: e.Details,
	}
	var previous [sha256.Size]byte
	var last []byte
	err = tx.QueryRowContext(ctx, `SELECT sequence + 1, hash FROM audit_entry ORDER BY sequence DESC LIMIT 1`).Scan(&entry.Sequence, &last)
	switch {
	case err == nil:
		copy(previous[:], last)
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("reading the end of the log: %w", err)
	}
	details, err := encodeDetails(e.Details)
	if err != nil {
		return err
	}
	entry.Hash = hashEntry(chain, previous, entry, details)
	signature, err := by.SignMessage(entry.Hash[:])
	if err != nil {
		return fmt.Errorf("signing the log entry: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_entry
		(sequence, at, account_id, account_name, act, object, reason, details, previous, hash, signature)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		entry.Sequence, at.UnixMilli(), entry.AccountID, entry.AccountName, string(entry.Act), entry.Object, entry.Reason,
		details, previous[:], entry.Hash[:], string(signature))
	if err != nil {
		return fmt.Errorf("writing the log entry: %w", err)
	}
	return nil
}

func chainID(ctx context.Context, tx *sql.Tx) ([]byte, error) {
	var id []byte
	if err := tx.QueryRowContext(ctx, `SELECT id FROM audit_chain`).Scan(&id); err != nil {
		return nil, fmt.Errorf("reading the log's identity: %w", err)
	}
	return id, nil
}

// encodeDetails gives the one text that is stored and hashed: JSON with sorted keys.
func encodeDetails(details map[string]string) (string, error) {
	if len(details) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(details)
	if err != nil {
		return "", fmt.Errorf("encoding the details of a log entry: %w", err)
	}
	return string(text), nil
}

// hashEntry binds an entry to its chain, its place and its predecessor. Every field is length-prefixed, so that no two
// different entries give the same bytes. The details are hashed as they are stored.
func hashEntry(chain []byte, previous [sha256.Size]byte, e Entry, details string) [sha256.Size]byte {
	h := sha256.New()
	field := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	number := func(v int64) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(v))
		field(n[:])
	}
	field([]byte(hashLabel))
	field(chain)
	number(e.Sequence)
	field(previous[:])
	number(e.At.UnixMilli())
	for _, text := range []string{e.AccountID, e.AccountName, string(e.Act), e.Object, e.Reason, details} {
		field([]byte(text))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
