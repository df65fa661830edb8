package exchange

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
)

// Delivery says what is known of a publication at a workstation.
type Delivery struct {
	Workstation string
	HandedOver  time.Time // zero: not noted
	Confirmed   time.Time // zero: not confirmed
	ConfirmedBy string    // "file" or "words"
	OtherKey    bool      // the receipt was signed by another key than this workstation's earlier ones
}

// Deliveries lists the workstations of a publication; those that only earlier publications went to are among them,
// neither handed over nor confirmed.
func (s *Service) Deliveries(ctx context.Context, publicationID string) ([]Delivery, error) {
	var list []Delivery
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT w.workstation, coalesce(h.handed_over_at, 0), coalesce(h.confirmed_at, 0), coalesce(h.confirmed_by, ''),
			coalesce(h.other_key, 0)
			FROM (SELECT DISTINCT workstation FROM exchange_handover) w
			LEFT JOIN exchange_handover h ON h.workstation = w.workstation AND h.publication_id = ?
			ORDER BY w.workstation`, publicationID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d Delivery
			var handed, confirmed int64
			if err := rows.Scan(&d.Workstation, &handed, &confirmed, &d.ConfirmedBy, &d.OtherKey); err != nil {
				return err
			}
			if handed > 0 {
				d.HandedOver = time.UnixMilli(handed).UTC()
			}
			if confirmed > 0 {
				d.Confirmed = time.UnixMilli(confirmed).UTC()
			}
			list = append(list, d)
		}
		return rows.Err()
	})
	return list, wrap("list the workstations", err)
}

// HandOver notes that a publication was handed to a workstation.
func (s *Service) HandOver(ctx context.Context, publicationID, workstation string) error {
	if err := s.actor.Require("note who has a publication", account.RoleTrainer); err != nil {
		return err
	}
	if workstation = printable(workstation); !validWorkstation(workstation) {
		return fmt.Errorf("%w: a workstation has a name", ErrNoSuchItem)
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		list, err := publicationsTx(ctx, tx, `WHERE id = ?`, publicationID)
		if err != nil || len(list) == 0 {
			return first(err, fmt.Errorf("%w: the publication", ErrNoSuchItem))
		}
		name, _, err := knownWorkstationTx(ctx, tx, Receipt{Workstation: workstation})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO exchange_handover (publication_id, workstation, handed_over_at) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET handed_over_at = coalesce(handed_over_at, excluded.handed_over_at)`, publicationID, name, s.now().UnixMilli())
		if err != nil {
			return wrap("note the hand-over", err)
		}
		return s.log(ctx, tx, audit.ActReceipt, list[0].BundleID, "", map[string]string{"handed-over": name})
	})
}

// ConfirmByFile takes a workstation's receipt file and marks its publication confirmed there.
func (s *Service) ConfirmByFile(ctx context.Context, path string) (Receipt, error) {
	if err := s.actor.Require("confirm who has a publication", account.RoleTrainer); err != nil {
		return Receipt{}, err
	}
	receipt, err := readReceipt(path)
	if err != nil {
		return receipt, err
	}
	return receipt, s.confirm(ctx, receipt, "file")
}

// ConfirmByWords takes the word code that a workstation shows, as it was read over the telephone.
func (s *Service) ConfirmByWords(ctx context.Context, publicationID, workstation, words string) error {
	if err := s.actor.Require("confirm who has a publication", account.RoleTrainer); err != nil {
		return err
	}
	var list []Publication
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = publicationsTx(ctx, tx, `WHERE id = ?`, publicationID)
		return err
	})
	if err != nil || len(list) == 0 {
		return first(err, fmt.Errorf("%w: the publication", ErrNoSuchItem))
	}
	typed, err := readWords(words)
	if err != nil {
		return err
	}
	workstation = printable(workstation)
	if !validWorkstation(workstation) || typed != receiptWords(list[0].ManifestHash, workstation) {
		return fmt.Errorf("%w: the words do not fit this publication and the name of this workstation", ErrNotAReceipt)
	}
	return s.confirm(ctx, Receipt{ManifestHash: list[0].ManifestHash, BundleID: list[0].BundleID, Workstation: workstation}, "words")
}

// confirm marks a publication confirmed at a workstation. Words never take the place of a signed receipt. The first key
// that a workstation's receipt was signed with is remembered under its name, whatever the capitals.
func (s *Service) confirm(ctx context.Context, receipt Receipt, by string) error {
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		list, err := publicationsTx(ctx, tx, `WHERE manifest_hash = ?`, receipt.ManifestHash)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ErrNotAReceipt
		}
		name, other, err := knownWorkstationTx(ctx, tx, receipt)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO exchange_handover (publication_id, workstation, confirmed_at, confirmed_by, workstation_id, workstation_key, other_key)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by,
			workstation_id = excluded.workstation_id, workstation_key = excluded.workstation_key, other_key = max(other_key, excluded.other_key)
			WHERE excluded.confirmed_by = 'file' OR exchange_handover.confirmed_by <> 'file'`,
			list[0].ID, name, s.now().UnixMilli(), by, receipt.WorkstationID, receipt.WorkstationKey, other)
		if err != nil {
			return wrap("note the confirmation", err)
		}
		return s.log(ctx, tx, audit.ActReceipt, list[0].BundleID, "", map[string]string{"confirmed": receipt.Workstation, "by": by})
	})
}

// knownWorkstationTx returns the name under which a workstation stands in the lists already, and whether an earlier receipt
// of that name was signed with another key.
func knownWorkstationTx(ctx context.Context, tx *sql.Tx, receipt Receipt) (name string, otherKey bool, err error) {
	name = receipt.Workstation
	rows, err := tx.QueryContext(ctx, `SELECT workstation, workstation_key FROM exchange_handover ORDER BY publication_id`)
	if err != nil {
		return name, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var known, key string
		if err := rows.Scan(&known, &key); err != nil {
			return name, false, err
		}
		if strings.EqualFold(known, receipt.Workstation) {
			name = known
			otherKey = otherKey || key != "" && receipt.WorkstationKey != "" && key != receipt.WorkstationKey
		}
	}
	return name, otherKey, rows.Err()
}
