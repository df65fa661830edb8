package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"wardbook/data/content"
)

// Publication is a bundle that the office published.
type Publication struct {
	ID           string
	BundleID     string
	ManifestHash string
	Sequence     uint64
	Note         string
	Items        []content.Ref
	FileHash     string
	Size         int64
	AccountName  string
	At           time.Time
}

// Publications lists what the office published, newest first.
func (s *Service) Publications(ctx context.Context) ([]Publication, error) {
	var list []Publication
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = publicationsTx(ctx, tx, `ORDER BY sequence DESC`)
		return err
	})
	return list, wrap("list the publications", err)
}

func publicationsTx(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Publication, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, bundle_id, manifest_hash, sequence, note, items, file_hash, size, account_name, at FROM exchange_publication `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Publication
	for rows.Next() {
		var p Publication
		var items string
		var at int64
		if err := rows.Scan(&p.ID, &p.BundleID, &p.ManifestHash, &p.Sequence, &p.Note, &items, &p.FileHash, &p.Size, &p.AccountName, &at); err != nil {
			return nil, err
		}
		p.At = time.UnixMilli(at).UTC()
		if err := json.Unmarshal([]byte(items), &p.Items); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
