package content

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Change is something that an account has not acknowledged yet: a document that is new here, has a newer version, or
// was withdrawn.
type Change struct {
	Ref
	Kind          Kind
	Title         Text
	Previous      int // the version before, 0 if there was none
	State         State
	ChangeNote    string
	EffectiveFrom string // a day
}

// Unacknowledged returns what changed and was not acknowledged by the account. The starter content's first versions
// are no news.
func (s *Service) Unacknowledged(ctx context.Context) ([]Change, error) {
	var changes []Change
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT v.id, v.version, v.state, v.encoded,
			coalesce((SELECT max(version) FROM content_version o WHERE o.id = v.id AND o.version < v.version), 0) AS previous
			FROM content_version v
			WHERE v.version = (SELECT max(version) FROM content_version WHERE id = v.id)
			AND v.state IN ('current', 'withdrawn')
			AND NOT (v.owner = ? AND v.state = 'current' AND previous = 0)
			AND NOT EXISTS (SELECT 1 FROM content_acknowledged a
				WHERE a.account_id = ? AND a.document_id = v.id AND a.version = v.version AND a.state = v.state)
			ORDER BY v.arrived_at DESC, v.id`, BuiltinOwner, s.actor.AccountID())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var change Change
			var encoded []byte
			if err := rows.Scan(&change.ID, &change.Version, &change.State, &encoded, &change.Previous); err != nil {
				return err
			}
			document, err := Decode(encoded)
			if err != nil {
				return err
			}
			change.Kind, change.Title = document.Kind, document.Title
			change.ChangeNote, change.EffectiveFrom = document.ChangeNote, document.EffectiveFrom
			changes = append(changes, change)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list what changed: %w", err)
	}
	return changes, nil
}

// Acknowledge notes that the account has seen the newest state of a document's version. Doing it twice is harmless.
func (s *Service) Acknowledge(ctx context.Context, ref Ref) error {
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		var state State
		err := tx.QueryRowContext(ctx, `SELECT state FROM content_version WHERE id = ? AND version = ?`, ref.ID, ref.Version).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %s", ErrNotFound, ref)
		}
		if err != nil {
			return err
		}
		if state == StateSuperseded {
			return nil // whoever acknowledges an older version has nothing to be told about it
		}
		_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO content_acknowledged (account_id, document_id, version, state, at)
			VALUES (?, ?, ?, ?, ?)`, s.actor.AccountID(), ref.ID, ref.Version, string(state), s.now().UnixMilli())
		return err
	})
}
