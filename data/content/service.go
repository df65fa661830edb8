package content

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"wardbook/data/account"
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
	return vault.Migrations{Domain: "content", Files: files}
}

// State tells what may be done with a version.
type State string

// The states of a version.
const (
	StateCurrent    State = "current"
	StateSuperseded State = "superseded" // a newer one is here; what was begun with it may be finished
	StateWithdrawn  State = "withdrawn"  // nothing begun with it may be finished
)

// Service gives an account the content of the library.
type Service struct {
	library *vault.Store
	actor   *account.Actor
	now     func() time.Time
}

// New binds the service to an opened library and a signed-in account.
func New(library *vault.Store, actor *account.Actor, now func() time.Time) *Service {
	return &Service{library: library, actor: actor, now: now}
}

// Summary describes a version without its body.
type Summary struct {
	Ref
	Kind          Kind
	Title         Text
	Summary       Text
	State         State
	Owner         string
	EffectiveFrom string // a day
	ChangeNote    string
	ArrivedAt     time.Time
	Acknowledged  bool
}

// List returns the newest version of each document of a kind, in the order of their titles. A withdrawn one is among
// them, marked.
func (s *Service) List(ctx context.Context, kind Kind) ([]Summary, error) {
	return s.summaries(ctx, `WHERE v.kind = ? AND v.version = (SELECT max(version) FROM content_version WHERE id = v.id)
		ORDER BY v.id`, string(kind))
}

// Versions returns every version of a document, newest first.
func (s *Service) Versions(ctx context.Context, id string) ([]Summary, error) {
	return s.summaries(ctx, `WHERE v.id = ? ORDER BY v.version DESC`, id)
}

const summaryColumns = `SELECT v.id, v.version, v.state, v.owner, v.arrived_at, v.encoded,
	EXISTS (SELECT 1 FROM content_acknowledged a
		WHERE a.account_id = ?1 AND a.document_id = v.id AND a.version = v.version AND a.state = v.state)
	FROM content_version v `

func (s *Service) summaries(ctx context.Context, where string, args ...any) ([]Summary, error) {
	var list []Summary
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, summaryColumns+where, append([]any{s.actor.AccountID()}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var (
				sum     Summary
				arrived int64
				encoded []byte
			)
			if err := rows.Scan(&sum.ID, &sum.Version, &sum.State, &sum.Owner, &arrived, &encoded, &sum.Acknowledged); err != nil {
				return err
			}
			document, err := Decode(encoded)
			if err != nil {
				return err
			}
			sum.Kind, sum.Title, sum.Summary = document.Kind, document.Title, document.Summary
			sum.EffectiveFrom, sum.ChangeNote = document.EffectiveFrom, document.ChangeNote
			sum.ArrivedAt = time.UnixMilli(arrived).UTC()
			list = append(list, sum)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list content: %w", err)
	}
	return list, nil
}

// Get returns a version of a document and its state. Version 0 asks for the current one; if there is none because the
// newest was withdrawn, the error is ErrWithdrawn. ErrNotFound when it was never here.
func (s *Service) Get(ctx context.Context, ref Ref) (Document, State, error) {
	var document Document
	var state State
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		var err error
		document, state, err = GetTx(ctx, tx, ref)
		return err
	})
	return document, state, err
}

// GetTx is Get within a transaction of the library.
func GetTx(ctx context.Context, tx *sql.Tx, ref Ref) (Document, State, error) {
	query, args := `SELECT encoded, state FROM content_version WHERE id = ? AND version = ?`, []any{ref.ID, ref.Version}
	if ref.Version == 0 {
		query, args = `SELECT encoded, state FROM content_version WHERE id = ? ORDER BY state = 'current' DESC, version DESC LIMIT 1`, args[:1]
	}
	var encoded []byte
	var state State
	err := tx.QueryRowContext(ctx, query, args...).Scan(&encoded, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Document{}, "", fmt.Errorf("%w: %s", ErrNotFound, ref.ID)
	case err != nil:
		return Document{}, "", fmt.Errorf("read %s: %w", ref, err)
	}
	document, err := Decode(encoded)
	if err != nil {
		return Document{}, "", err
	}
	if ref.Version == 0 && state != StateCurrent {
		return document, state, fmt.Errorf("%w: %s", ErrWithdrawn, ref.ID)
	}
	return document, state, nil
}

// Media opens an image or attachment of a version by its path.
func (s *Service) Media(ctx context.Context, ref Ref, path string) (io.ReadSeekCloser, MediaRef, error) {
	var blob vault.Blob
	media := MediaRef{Path: path}
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		var sum, key []byte
		err := tx.QueryRowContext(ctx, `SELECT sha256, size, mime, blob_name, blob_key FROM content_media
			WHERE document_id = ? AND version = ? AND path = ?`, ref.ID, ref.Version, path).
			Scan(&sum, &media.Size, &media.MIME, &blob.Name, &key)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %s in %s", ErrNotFound, path, ref)
		}
		if err != nil {
			return err
		}
		copy(blob.SHA256[:], sum)
		copy(blob.Key[:], key)
		media.SHA256, blob.Size = fmt.Sprintf("%x", sum), media.Size
		return nil
	})
	if err != nil {
		return nil, MediaRef{}, err
	}
	reader, err := s.library.OpenMedia(blob)
	return reader, media, err
}

// KeptMediaTx returns the names of all media files that a version still names, for sweeping the others.
func KeptMediaTx(ctx context.Context, tx *sql.Tx) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT blob_name FROM content_media`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	kept := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		kept[name] = true
	}
	return kept, rows.Err()
}
