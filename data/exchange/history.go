package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
)

// isRefusal tells whether an error is a decision about the bundle rather than about the computer or the account.
func isRefusal(err error) bool {
	for _, target := range []error{
		ErrUnknownPublisher, ErrRevokedPublisher, ErrWrongKind, ErrSequenceConflict, ErrBadLayout, ErrForeignOwner,
		content.ErrVersionConflict, content.ErrNotOwner, content.ErrMalformedDocument,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return bundle.Code(err) != ""
}

// isAlarm tells whether a refusal means that somebody else may be using a publisher's key, or a copy of its library.
func isAlarm(err error) bool {
	return errors.Is(err, ErrSequenceConflict) || errors.Is(err, ErrForeignOwner) || errors.Is(err, content.ErrVersionConflict)
}

// keepAlarm notes an alarm that a preview raised, once.
func (s *Service) keepAlarm(ctx context.Context, o *opened, alarm error) error {
	var noted bool
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM exchange_import WHERE manifest_hash = ? AND outcome = 'refused' AND refusal = ?)`,
			o.reader.ManifestHash().String(), refusalText(alarm)).Scan(&noted)
	})
	if err != nil || noted {
		return err
	}
	return s.keepRefusal(ctx, o, alarm)
}

// keepRefusal notes a refusal. o is nil if the file was refused before anything in it could be believed.
func (s *Service) keepRefusal(ctx context.Context, o *opened, refusal error) error {
	return wrap("note the refusal", s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
		if _, err := s.keepImportTx(ctx, tx, o, parcel{}, refusal); err != nil {
			return err
		}
		object, details := "", map[string]string{"why": refusalText(refusal)}
		if code := bundle.Code(refusal); code != "" {
			details["code"] = code
		}
		if o != nil {
			m := o.reader.Manifest()
			object = m.ID
			details["publisher"], details["sequence"] = o.reader.SignedBy().Fingerprint(), fmt.Sprint(m.Sequence)
		}
		return s.log(ctx, tx, audit.ActBundleRefuse, object, "", details)
	}))
}

// refusalText is the first line of a refusal, without what else went wrong on the way.
func refusalText(refusal error) string {
	const most = 300
	text := []rune(refusal.Error())
	for i, r := range text {
		if r == '\n' || i == most {
			return string(text[:i])
		}
	}
	return string(text)
}

func (s *Service) keepImportTx(ctx context.Context, tx *sql.Tx, o *opened, p parcel, refusal error) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	items := []content.Ref{}
	for _, d := range p.documents {
		items = append(items, d.Ref())
	}
	encoded, err := json.Marshal(items)
	if err != nil {
		return "", err
	}
	outcome, why := "imported", ""
	if refusal != nil {
		outcome, why = "refused", refusalText(refusal)
	}
	var m bundle.Manifest
	var hash, signer string
	var size, created int64
	if o != nil {
		m, hash, signer, size = o.reader.Manifest(), o.reader.ManifestHash().String(), o.reader.SignedBy().Fingerprint(), o.reader.Size()
		created = m.Created.UnixMilli()
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_import
		(id, manifest_hash, bundle_id, issuer, issuer_name, stream, sequence, created_at, note, size, outcome, refusal, items, account_id, account_name, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id.String(), hash, m.ID, signer, m.Issuer.Name, m.Stream, min(m.Sequence, maxSequence),
		created, m.Note, size, outcome, why, string(encoded), s.actor.AccountID(), s.actor.AccountName(), s.now().UnixMilli())
	return id.String(), wrap("note the import", err)
}

// ImportEntry is one line of the history.
type ImportEntry struct {
	ID           string
	At           time.Time
	AccountName  string
	Publisher    string // the name it gave itself; "" if the file was refused before that could be believed
	Fingerprint  string
	Sequence     uint64
	Created      time.Time // zero if unknown
	Note         string
	Size         int64
	Imported     bool // false: refused, and Refusal says why
	Refusal      string
	Items        []content.Ref
	ManifestHash string
}

// History lists imports and refusals, newest first.
func (s *Service) History(ctx context.Context) ([]ImportEntry, error) {
	var list []ImportEntry
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = historyTx(ctx, tx, `ORDER BY at DESC, id DESC`)
		return err
	})
	return list, wrap("read the history of imports", err)
}

func historyTx(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]ImportEntry, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, manifest_hash, issuer, issuer_name, sequence, created_at, note, size, outcome, refusal, items, account_name, at
		FROM exchange_import `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ImportEntry
	for rows.Next() {
		var e ImportEntry
		var created, at int64
		var outcome, items string
		if err := rows.Scan(&e.ID, &e.ManifestHash, &e.Fingerprint, &e.Publisher, &e.Sequence, &created, &e.Note, &e.Size, &outcome, &e.Refusal, &items, &e.AccountName, &at); err != nil {
			return nil, err
		}
		e.At, e.Imported = time.UnixMilli(at).UTC(), outcome == "imported"
		if created != 0 {
			e.Created = time.UnixMilli(created).UTC()
		}
		if err := json.Unmarshal([]byte(items), &e.Items); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
