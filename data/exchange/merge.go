package exchange

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"wardbook/data/content"
	"wardbook/data/vault"
)

// putTx stores the documents of a parcel and what it says of other versions. Older versions come first, so that each one
// is superseded by the next as if they had come one by one. owners says whose the items are that it speaks of.
func putTx(ctx context.Context, tx *sql.Tx, p parcel, owners map[string]string, bundleID string, at time.Time, publishers []Publisher, blobs func(content.Document) map[string]vault.Blob) error {
	for _, d := range inVersionOrder(p.documents) {
		newest, err := newestVersionTx(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		_, err = content.PutTx(ctx, tx, d, content.Arrival{Bundle: bundleID, At: at, Blobs: blobs(d), Succeeds: func(knownOwner, _ string) bool {
			return mayReplace(publishers, content.Document{Owner: knownOwner, Version: newest}, d)
		}})
		if err != nil {
			return err
		}
		if err := applyWithdrawalTx(ctx, tx, d.Ref()); err != nil {
			return err
		}
	}
	for _, v := range p.versions {
		if v.State != content.StateWithdrawn {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO exchange_withdrawal (owner, document_id, version) VALUES (?, ?, ?)`, owners[v.ID], v.ID, v.Version)
		if err != nil {
			return wrap("keep the withdrawal", err)
		}
		if err := applyWithdrawalTx(ctx, tx, content.Ref{ID: v.ID, Version: v.Version}); err != nil {
			return err
		}
	}
	return nil
}

func ownersOf(documents []content.Document) map[string]string {
	owners := map[string]string{}
	for _, d := range documents {
		owners[d.ID] = d.Owner
	}
	return owners
}

func newestVersionTx(ctx context.Context, tx *sql.Tx, id string) (int, error) {
	var version int
	err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM content_version WHERE id = ?`, id).Scan(&version)
	return version, err
}

// applyWithdrawalTx withdraws a version that is here if its publisher ever said so. A withdrawal is only kept together
// with a document of the same id that was accepted, so whoever said it owns the item, now or before a change of key.
func applyWithdrawalTx(ctx context.Context, tx *sql.Tx, ref content.Ref) error {
	var said bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM exchange_withdrawal WHERE document_id = ?1 AND version = ?2)
		AND EXISTS (SELECT 1 FROM content_version WHERE id = ?1 AND version = ?2)`, ref.ID, ref.Version).Scan(&said)
	if err != nil || !said {
		return err
	}
	_, err = content.WithdrawTx(ctx, tx, ref)
	return err
}

// toldStatesTx is what a bundle that brings these documents tells of their other versions: all that was ever superseded or
// withdrawn, so that a workstation that missed a bundle learns of it with the next.
func toldStatesTx(ctx context.Context, tx *sql.Tx, documents []content.Document) ([]VersionState, error) {
	var told []VersionState
	seen := map[string]bool{}
	for _, d := range documents {
		if seen[d.ID] {
			continue
		}
		seen[d.ID] = true
		states, err := statesTx(ctx, tx, d.ID)
		if err != nil {
			return nil, wrap("read the versions of "+d.ID, err)
		}
		told = append(told, states...)
	}
	return told, nil
}

func statesTx(ctx context.Context, tx *sql.Tx, id string) (list []VersionState, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT version, state FROM content_version WHERE id = ?1 AND state <> 'current'
		UNION SELECT version, 'withdrawn' FROM exchange_withdrawal WHERE document_id = ?1
			AND version NOT IN (SELECT version FROM content_version WHERE id = ?1) ORDER BY version`, id)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v := VersionState{ID: id}
		if err := rows.Scan(&v.Version, &v.State); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

func inVersionOrder(documents []content.Document) []content.Document {
	return slices.SortedFunc(slices.Values(documents), func(a, b content.Document) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
}
