package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// ExportContent writes current versions of the office's own content into a new bundle, signed and numbered like any other,
// for a workstation that missed earlier ones. Items are ids; none means everything the office owns. Content of other
// publishers carries their signature, which the office cannot give: it is refused, and their own bundle is passed on.
func (s *Service) ExportContent(ctx context.Context, out string, items []string, progress Progress) (Published, error) {
	if err := s.actor.Require("export content", account.RoleTrainer); err != nil {
		return Published{}, err
	}
	if !s.publishing.TryLock() {
		return Published{}, ErrBusy
	}
	defer s.publishing.Unlock()
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Published{}, err
	}
	blobs := map[string]vault.Blob{}
	b := outgoing{note: "Content that was published before", progress: progress, open: func(_ content.Document, m content.MediaRef) (io.ReadCloser, error) {
		return s.library.OpenMedia(blobs[m.SHA256])
	}}
	err = s.library.Read(ctx, func(tx *sql.Tx) error {
		_, family, err := officeTx(ctx, tx, roster)
		if err != nil {
			return err
		}
		if b.documents, err = ownDocumentsTx(ctx, tx, family, items); err != nil {
			return err
		}
		if err := mediaOfTx(ctx, tx, b.documents, blobs); err != nil {
			return err
		}
		b.told, err = toldStatesTx(ctx, tx, b.documents)
		return err
	})
	if err != nil {
		return Published{}, wrap("gather the content", err)
	}
	for _, d := range b.documents {
		b.items = append(b.items, PublishItem{Ref: d.Ref(), Kind: d.Kind, Title: d.Title, Change: ChangeSame, Previous: d.Version})
	}
	o, key, err := s.readyOffice(ctx, roster)
	if err != nil {
		return Published{}, err
	}
	defer key.Wipe()
	return s.write(ctx, o, key, out, b)
}

// ownDocumentsTx returns the current versions of the items, all of which one of the office's keys must own.
func ownDocumentsTx(ctx context.Context, tx *sql.Tx, family map[string]bool, items []string) ([]content.Document, error) {
	all := len(items) == 0
	if all {
		var err error
		if items, err = currentItemsTx(ctx, tx); err != nil {
			return nil, err
		}
	}
	var documents []content.Document
	for _, id := range items {
		d, _, err := content.GetTx(ctx, tx, content.Ref{ID: id})
		switch {
		case errors.Is(err, content.ErrNotFound):
			return nil, fmt.Errorf("%w: %s", ErrNoSuchItem, id)
		case err != nil:
			return nil, err
		case family[d.Owner]:
			documents = append(documents, d)
		case !all:
			return nil, fmt.Errorf("%w: %s", ErrForeignContent, id)
		}
	}
	if len(documents) == 0 {
		return nil, ErrNothingToExport
	}
	return documents, nil
}

func currentItemsTx(ctx context.Context, tx *sql.Tx) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM content_version WHERE state = 'current' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		items = append(items, id)
	}
	return items, rows.Err()
}

func mediaOfTx(ctx context.Context, tx *sql.Tx, documents []content.Document, blobs map[string]vault.Blob) error {
	for _, d := range documents {
		for _, m := range d.Media {
			sum, err := bundle.ParseHash(m.SHA256)
			if err != nil {
				return err
			}
			blob, found, err := content.StoredMediaTx(ctx, tx, sum)
			if err != nil {
				return err
			}
			if !found {
				return fmt.Errorf("%w: %s of %s", vault.ErrMediaNotFound, m.Path, d.Ref())
			}
			blobs[m.SHA256] = blob
		}
	}
	return nil
}
