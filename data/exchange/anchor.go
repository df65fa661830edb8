package exchange

import (
	"context"
	"database/sql"
	"errors"

	"wardbook/data/bundle"
)

// wentBackTx reports whether a bundle comes from a store that went back: it follows another bundle of its stream, is from the
// same incarnation of the same store, and says that the store had come less far. A store that was restored from a backup is a
// new incarnation, and no alarm.
func wentBackTx(ctx context.Context, tx *sql.Tx, m bundle.Manifest, issuer string) (bool, error) {
	if m.Anchor == nil || m.Anchor.Incarnation == "" {
		return false, nil
	}
	var sequence, generation, commits int64
	err := tx.QueryRowContext(ctx, `SELECT sequence, generation, commits FROM exchange_anchor WHERE issuer = ? AND stream = ? AND store = ? AND incarnation = ?`,
		issuer, m.Stream, m.Anchor.Store, m.Anchor.Incarnation).Scan(&sequence, &generation, &commits)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, wrap("look at how far the publisher's store had come", err)
	}
	earlier := m.Anchor.Generation < uint64(generation) || m.Anchor.Generation == uint64(generation) && m.Anchor.Sequence < uint64(commits)
	return m.Sequence > uint64(sequence) && earlier, nil
}

// keepAnchorTx remembers how far the publisher's store had come, if no later bundle of the stream said so before.
func keepAnchorTx(ctx context.Context, tx *sql.Tx, m bundle.Manifest, issuer string) error {
	if m.Anchor == nil || m.Anchor.Incarnation == "" {
		return nil
	}
	a := m.Anchor
	_, err := tx.ExecContext(ctx, `INSERT INTO exchange_anchor (issuer, stream, sequence, store, incarnation, generation, commits) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (issuer, stream) DO UPDATE SET sequence = excluded.sequence, store = excluded.store, incarnation = excluded.incarnation,
			generation = excluded.generation, commits = excluded.commits WHERE excluded.sequence > exchange_anchor.sequence`,
		issuer, m.Stream, int64(m.Sequence), a.Store, a.Incarnation, int64(a.Generation), int64(a.Sequence))
	return wrap("keep how far the publisher's store had come", err)
}
