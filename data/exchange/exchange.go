package exchange

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the tables of this domain, in the library.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "exchange", Files: files}
}

// Errors that callers decide on. The sentences are complete: they are shown to people as they are.
var (
	ErrUnknownPublisher = errors.New("the publisher of this bundle is not trusted here; an administrator can add it after comparing the fingerprint")
	ErrRevokedPublisher = errors.New("the publisher of this bundle has been revoked here")
	ErrWrongKind        = errors.New("this bundle is not of the kind that belongs here")
	ErrFingerprint      = errors.New("the fingerprint is not that of this bundle's publisher")
	ErrOwnPublisher     = errors.New("this is the office's own key; it needs no decision, and it is renewed rather than revoked")
	ErrSequenceConflict = errors.New("the publisher's bundle with this number was here before with other content; somebody may have copied the publisher's key")
	ErrChangedSince     = errors.New("this is not the bundle that was previewed; look at it again")
	ErrBadLayout        = errors.New("this bundle's content is not laid out as content bundles are")
	ErrForeignOwner     = errors.New("this bundle holds content of another publisher under its own name")
	ErrLint             = errors.New("the folder has mistakes that must be mended before publishing")
	ErrNoNote           = errors.New("publishing needs a change note: say what is new for those who read it")
	ErrLongNote         = errors.New("the change note is too long; 4,000 letters are the most")
	ErrNothingToPublish = errors.New("nothing in this folder differs from what is published already")
	ErrNothingToExport  = errors.New("this office has published nothing yet")
	ErrNoOfficeKey      = errors.New("the office's publisher key was not made readable for this account yet; a trainer who can publish must sign in once")
	ErrNoTrainer        = errors.New("there is no trainer who could use the office's key")
	ErrBusy             = errors.New("another publication is being written; wait until it is done")
	ErrForeignContent   = errors.New("only the office's own content can be exported; pass the publisher's own bundle on instead")
	ErrNoSuchPublisher  = errors.New("there is no publisher with this fingerprint here")
	ErrNotAReceipt      = errors.New("this is not the receipt of one of the office's publications")
	ErrMistyped         = errors.New("the code was misheard or mistyped")
	ErrNoSuchItem       = errors.New("there is no such item here")
	ErrBadDate          = errors.New("the date is not a day like 2026-11-23")
	ErrExpiryPast       = errors.New("the bundle would have expired already; choose a later day")
	ErrOlderVersion     = errors.New("only versions that are published already can be superseded or withdrawn")
)

// Accounts says who the accounts are; the account service of the session does.
type Accounts interface {
	Roster(ctx context.Context) (*account.Roster, error)
}

// Workstation is this computer as it signs receipts.
type Workstation struct {
	ID        string
	Name      string
	PublicKey string // minisign, "RW…"
	Sign      func(message []byte) ([]byte, error)
}

// Service exchanges content for one session.
type Service struct {
	library     *vault.Store
	actor       *account.Actor
	accounts    Accounts
	workstation Workstation
	program     string
	now         func() time.Time

	publishing sync.Mutex // held while a number of the office's stream is in use
}

// New binds the service to an opened library and a signed-in account. program is the program's version.
func New(library *vault.Store, actor *account.Actor, accounts Accounts, workstation Workstation, program string, now func() time.Time) *Service {
	return &Service{library: library, actor: actor, accounts: accounts, workstation: workstation, program: program, now: now}
}

func (s *Service) log(ctx context.Context, tx *sql.Tx, act audit.Act, object, reason string, details map[string]string) error {
	return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: act, Object: object, Reason: reason, Details: details})
}

func (s *Service) bundleOptions() bundle.Options {
	options := bundle.Options{Now: s.now, ProgramVersion: s.program}
	if identity := s.actor.Identity(); identity != nil {
		options.Identities = append(options.Identities, identity)
	}
	return options
}

// known is the library as the linter sees it, read within one transaction.
type known struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

// Newest returns the newest version of a document, whatever its state.
func (k *known) Newest(id string) (content.Document, bool) {
	var version int
	err := k.tx.QueryRowContext(k.ctx, `SELECT version FROM content_version WHERE id = ? ORDER BY version DESC LIMIT 1`, id).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return content.Document{}, false
	}
	var document content.Document
	if err == nil {
		document, _, err = content.GetTx(k.ctx, k.tx, content.Ref{ID: id, Version: version})
	}
	k.err = errors.Join(k.err, err)
	return document, err == nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
