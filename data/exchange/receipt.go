package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault/keyfile"
)

// Receipt says that a workstation has imported a bundle. It holds nothing about a person.
//
// As a file it is signed with the workstation's key, and proves that this workstation, as far as its key is known, had
// the bundle. As words it is only a checksum over the bundle and the workstation's name: it shows that somebody had the
// bundle's contents in front of them and knew the name, which is enough to keep a list up to date by telephone.
type Receipt struct {
	ManifestHash   string    `json:"manifest"`
	BundleID       string    `json:"bundle"`
	Sequence       uint64    `json:"sequence"`
	Workstation    string    `json:"workstation"` // its name
	WorkstationID  string    `json:"workstation_id"`
	WorkstationKey string    `json:"workstation_key"`
	ImportedAt     time.Time `json:"imported_at"`
	Words          string    `json:"-"`
}

type signedReceipt struct {
	Format    string `json:"format"`
	Receipt   string `json:"receipt"` // the exact text that is signed
	Signature string `json:"signature"`
}

const (
	receiptFormat   = "wardbook receipt 1"
	maxReceiptBytes = 64 << 10
)

// receiptWords makes the word code: four groups of three letters and a digit from a hash of the bundle and the name, as
// it is read over the telephone. Letters and digits that sound or look alike are left out.
func receiptWords(manifestHash, workstation string) string {
	sum := sha256.Sum256([]byte("wardbook receipt words 1\n" + manifestHash + "\n" + strings.ToLower(strings.TrimSpace(workstation))))
	const letters, digits = "abdfghkmnprstvz", "2345679"
	var groups []string
	for i := range 4 {
		part := sum[i*4 : i*4+4]
		groups = append(groups, string([]byte{
			letters[int(part[0])%len(letters)], "aeiou"[int(part[1])%5], letters[int(part[2])%len(letters)], digits[int(part[3])%len(digits)],
		}))
	}
	return strings.Join(groups, "-")
}

// Receipt returns the receipt of an import.
func (s *Service) Receipt(ctx context.Context, importID string) (Receipt, error) {
	var list []ImportEntry
	var bundleID string
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		if list, err = historyTx(ctx, tx, `WHERE id = ? AND outcome = 'imported'`, importID); err != nil || len(list) == 0 {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT bundle_id FROM exchange_import WHERE id = ?`, importID).Scan(&bundleID)
	})
	if err != nil || len(list) == 0 {
		return Receipt{}, first(wrap("read the import", err), ErrNoSuchItem)
	}
	e := list[0]
	return Receipt{
		ManifestHash: e.ManifestHash, BundleID: bundleID, Sequence: e.Sequence, Workstation: s.workstation.Name, WorkstationID: s.workstation.ID,
		WorkstationKey: s.workstation.PublicKey, ImportedAt: e.At.Truncate(time.Second), Words: receiptWords(e.ManifestHash, s.workstation.Name),
	}, nil
}

// WriteReceipt writes the signed receipt of an import to a new file.
func (s *Service) WriteReceipt(ctx context.Context, importID, path string) error {
	receipt, err := s.Receipt(ctx, importID)
	if err != nil {
		return err
	}
	body, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	signature, err := s.workstation.Sign(body)
	if err != nil {
		return wrap("sign the receipt", err)
	}
	text, err := json.MarshalIndent(signedReceipt{receiptFormat, string(body), string(signature)}, "", " ")
	if err != nil {
		return err
	}
	if err := writeNewFile(path, append(text, '\n')); err != nil {
		return wrap("write the receipt", err)
	}
	return wrap("log the receipt", s.library.Write(ctx, func(tx *sql.Tx) error {
		return s.log(ctx, tx, audit.ActReceipt, receipt.BundleID, "", map[string]string{"as": "file"})
	}))
}

// writeNewFile writes a file that does not exist, and leaves nothing behind if that fails.
func writeNewFile(path string, text []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// readReceipt reads and verifies a receipt file.
func readReceipt(path string) (Receipt, error) {
	file, err := os.Open(path)
	if err != nil {
		return Receipt{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxReceiptBytes+1))
	if err != nil {
		return Receipt{}, wrap("read the receipt", err)
	}
	return parseReceipt(text)
}

func parseReceipt(text []byte) (Receipt, error) {
	var signed signedReceipt
	var receipt Receipt
	if len(text) > maxReceiptBytes || strictJSON(text, &signed) != nil || signed.Format != receiptFormat ||
		strictJSON([]byte(signed.Receipt), &receipt) != nil || strings.TrimSpace(receipt.Workstation) == "" || len(receipt.Workstation) > 200 {
		return Receipt{}, ErrNotAReceipt
	}
	if !keyfile.Verify(receipt.WorkstationKey, []byte(signed.Receipt), []byte(signed.Signature)) {
		return Receipt{}, fmt.Errorf("%w: its signature does not fit it", ErrNotAReceipt)
	}
	receipt.Words = receiptWords(receipt.ManifestHash, receipt.Workstation)
	return receipt, nil
}

func strictJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows")
	}
	return nil
}

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
			coalesce(h.workstation_key, '') <> '' AND EXISTS (SELECT 1 FROM exchange_handover o WHERE o.workstation = w.workstation
				AND o.workstation_key <> '' AND o.workstation_key <> h.workstation_key)
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
	workstation = strings.TrimSpace(workstation)
	if workstation == "" || len(workstation) > 200 {
		return fmt.Errorf("%w: a workstation has a name", ErrNoSuchItem)
	}
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		if err := publicationExistsTx(ctx, tx, publicationID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO exchange_handover (publication_id, workstation, handed_over_at) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET handed_over_at = coalesce(handed_over_at, excluded.handed_over_at)`, publicationID, workstation, s.now().UnixMilli())
		return wrap("note the hand-over", err)
	})
}

func publicationExistsTx(ctx context.Context, tx *sql.Tx, id string) error {
	list, err := publicationsTx(ctx, tx, `WHERE id = ?`, id)
	if err == nil && len(list) == 0 {
		return fmt.Errorf("%w: the publication", ErrNoSuchItem)
	}
	return err
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
	workstation = strings.TrimSpace(workstation)
	typed := strings.Join(strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return r == '-' || r == ' ' }), "-")
	if workstation == "" || typed != receiptWords(list[0].ManifestHash, workstation) {
		return fmt.Errorf("%w: the words do not fit this publication and the name of this workstation", ErrNotAReceipt)
	}
	return s.confirm(ctx, Receipt{ManifestHash: list[0].ManifestHash, BundleID: list[0].BundleID, Workstation: workstation}, "words")
}

func (s *Service) confirm(ctx context.Context, receipt Receipt, by string) error {
	return s.library.Write(ctx, func(tx *sql.Tx) error {
		list, err := publicationsTx(ctx, tx, `WHERE manifest_hash = ?`, receipt.ManifestHash)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return ErrNotAReceipt
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO exchange_handover (publication_id, workstation, confirmed_at, confirmed_by, workstation_id, workstation_key)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by,
			workstation_id = excluded.workstation_id, workstation_key = excluded.workstation_key`,
			list[0].ID, strings.TrimSpace(receipt.Workstation), s.now().UnixMilli(), by, receipt.WorkstationID, receipt.WorkstationKey)
		if err != nil {
			return wrap("note the confirmation", err)
		}
		return s.log(ctx, tx, audit.ActReceipt, list[0].BundleID, "", map[string]string{"confirmed": receipt.Workstation, "by": by})
	})
}
