package content

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"wardbook/data/vault"
)

// PutResult tells what storing a document did.
type PutResult string

// What storing a document can do.
const (
	PutNew   PutResult = "new"   // it is the current version now
	PutSame  PutResult = "same"  // it was here already, unchanged
	PutOlder PutResult = "older" // a newer version is here: it is kept, superseded
)

// Arrival says where a document comes from.
type Arrival struct {
	Bundle string // the bundle's id, "" for the starter content
	At     time.Time
	// Succeeds tells whether the document's owner is the known owner's signed successor; nil means never.
	Succeeds func(knownOwner, newOwner string) bool
	// Blobs are the stored media by path.
	Blobs map[string]vault.Blob
}

// PutTx stores a version within a transaction of the library. A version seen with other content is refused with
// ErrVersionConflict; a document of another owner with ErrNotOwner. The version before becomes superseded. An older
// version than the newest known one never replaces it, and nothing brings back what was withdrawn.
func PutTx(ctx context.Context, tx *sql.Tx, document Document, arrival Arrival) (PutResult, error) {
	encoded, err := document.Encode()
	if err != nil {
		return "", err
	}
	if _, err := Decode(encoded); err != nil {
		return "", err
	}
	hash, err := document.Hash()
	if err != nil {
		return "", err
	}
	known, err := sameVersionTx(ctx, tx, document.Ref(), hash)
	if err != nil || known {
		return PutSame, err
	}
	var owner string
	var newest int
	err = tx.QueryRowContext(ctx, `SELECT owner, version FROM content_version WHERE id = ? ORDER BY version DESC LIMIT 1`, document.ID).Scan(&owner, &newest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if newest > 0 && owner != document.Owner && (arrival.Succeeds == nil || !arrival.Succeeds(owner, document.Owner)) {
		return "", fmt.Errorf("%w: %s", ErrNotOwner, document.ID)
	}
	result, state := PutNew, StateCurrent
	if document.Version < newest {
		result, state = PutOlder, StateSuperseded
	} else if _, err := tx.ExecContext(ctx, `UPDATE content_version SET state = 'superseded' WHERE id = ? AND state = 'current'`, document.ID); err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO content_version
		(id, version, kind, owner, encoded, hash, state, effective_from, change_note, bundle_id, arrived_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		document.ID, document.Version, string(document.Kind), document.Owner, encoded, hash[:], string(state),
		document.EffectiveFrom, document.ChangeNote, arrival.Bundle, arrival.At.UnixMilli())
	if err != nil {
		return "", fmt.Errorf("store %s: %w", document.Ref(), err)
	}
	if err := putMediaTx(ctx, tx, document, arrival.Blobs); err != nil {
		return "", err
	}
	if state == StateCurrent {
		if err := indexTx(ctx, tx, document); err != nil {
			return "", err
		}
	}
	return result, nil
}

func sameVersionTx(ctx context.Context, tx *sql.Tx, ref Ref, hash [32]byte) (bool, error) {
	var known []byte
	err := tx.QueryRowContext(ctx, `SELECT hash FROM content_version WHERE id = ? AND version = ?`, ref.ID, ref.Version).Scan(&known)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case string(known) != string(hash[:]):
		return false, fmt.Errorf("%w: %s version %d", ErrVersionConflict, ref.ID, ref.Version)
	}
	return true, nil
}

func putMediaTx(ctx context.Context, tx *sql.Tx, document Document, blobs map[string]vault.Blob) error {
	for _, media := range document.Media {
		blob, ok := blobs[media.Path]
		if !ok || hex.EncodeToString(blob.SHA256[:]) != media.SHA256 || blob.Size != media.Size {
			return fmt.Errorf("%w: the file %s of %s is missing or differs", ErrMalformedDocument, media.Path, document.Ref())
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO content_media
			(document_id, version, path, sha256, size, mime, blob_name, blob_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			document.ID, document.Version, media.Path, blob.SHA256[:], media.Size, media.MIME, blob.Name, blob.Key[:])
		if err != nil {
			return fmt.Errorf("store %s of %s: %w", media.Path, document.Ref(), err)
		}
	}
	return nil
}

// StoredMediaTx returns the blob of media with this SHA-256 that is in the library already, so that it is not stored
// twice.
func StoredMediaTx(ctx context.Context, tx *sql.Tx, sum [32]byte) (blob vault.Blob, found bool, err error) {
	var key []byte
	err = tx.QueryRowContext(ctx, `SELECT blob_name, blob_key, size FROM content_media WHERE sha256 = ? LIMIT 1`, sum[:]).Scan(&blob.Name, &key, &blob.Size)
	if errors.Is(err, sql.ErrNoRows) {
		return vault.Blob{}, false, nil
	}
	blob.SHA256 = sum
	copy(blob.Key[:], key)
	return blob, err == nil, err
}

// WithdrawTx marks a version withdrawn: drafts made with it can no longer be submitted, and it is no longer found.
// changed is false when it was withdrawn already.
func WithdrawTx(ctx context.Context, tx *sql.Tx, ref Ref) (changed bool, err error) {
	result, err := tx.ExecContext(ctx, `UPDATE content_version SET state = 'withdrawn' WHERE id = ? AND version = ? AND state <> 'withdrawn'`, ref.ID, ref.Version)
	if err != nil {
		return false, fmt.Errorf("withdraw %s: %w", ref, err)
	}
	count, err := result.RowsAffected()
	if err != nil || count == 0 {
		return false, err
	}
	return true, unindexTx(ctx, tx, ref)
}
