package exchange

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"

	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/vault/keyfile"
)

// Receipt says that a workstation has imported a bundle. It holds nothing about a person.
//
// As a file it is signed with the workstation's key: it proves that whoever holds that key says so. The key itself is
// taken on first sight, and another key under the same name is pointed out. As words it is only a checksum over the
// bundle and the workstation's name: it shows that whoever reads it out had this very bundle and the name, and it cannot
// be mistaken for the code of another bundle or workstation. It proves no import, and no identity: anybody who has the
// bundle could work it out. That is enough to keep a list up to date by telephone, and the list says which of the two
// confirmed it.
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

// The word code: five groups of three letters and a check digit, such as "bad4-gup2-ren7-fos3-mib5". Letters that sound or
// look alike are left out. The digit belongs to the letters and to the place of the group, so that one misheard letter, a
// misheard digit or two groups in the wrong order are noticed as such.
const (
	receiptGroups     = 5
	receiptConsonants = "bdfghkmnprstvz"
	receiptVowels     = "aeiou"
	receiptDigits     = "2345679"
)

// receiptWords is the code that a workstation of this name gives for a bundle.
func receiptWords(manifestHash, workstation string) string {
	sum := sha256.Sum256([]byte("wardbook receipt words 2\n" + manifestHash + "\n" + strings.ToLower(strings.TrimSpace(workstation))))
	groups := make([]string, receiptGroups)
	for i := range groups {
		n := binary.BigEndian.Uint32(sum[i*4:])
		pick := func(from string) byte {
			c := from[n%uint32(len(from))]
			n /= uint32(len(from))
			return c
		}
		letters := string([]byte{pick(receiptConsonants), pick(receiptVowels), pick(receiptConsonants)})
		groups[i] = letters + string(receiptDigit(letters, i))
	}
	return strings.Join(groups, "-")
}

// receiptDigit is the check digit of a group at a place. 7 digits and the weights 1, 2, 3 tell any two letters apart that
// are not 7 places from one another in their alphabet.
func receiptDigit(letters string, place int) byte {
	sum := place
	for i, alphabet := range []string{receiptConsonants, receiptVowels, receiptConsonants} {
		sum += (i + 1) * max(strings.IndexByte(alphabet, letters[i]), 0)
	}
	return receiptDigits[sum%len(receiptDigits)]
}

// readWords takes a code as somebody typed it, with any capitals and separators or none, and says which group cannot be
// right.
func readWords(typed string) (string, error) {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case unicode.IsSpace(r), unicode.IsPunct(r):
			return -1
		}
		return '?'
	}, strings.ToLower(typed))
	if len(plain) != receiptGroups*4 {
		return "", fmt.Errorf("%w: %w: it has %d groups of three letters and a digit", ErrNotAReceipt, ErrMistyped, receiptGroups)
	}
	groups := make([]string, receiptGroups)
	for i := range groups {
		groups[i] = plain[i*4 : i*4+4]
		if receiptDigit(groups[i], i) != groups[i][3] {
			return "", fmt.Errorf("%w: %w in group %d, “%s”", ErrNotAReceipt, ErrMistyped, i+1, groups[i])
		}
	}
	return strings.Join(groups, "-"), nil
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
	return wrap("log the receipt", s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
		return s.log(ctx, tx, audit.ActReceipt, receipt.BundleID, "", map[string]string{"as": "file"})
	}))
}

const maxWorkstation = 400 // bytes; a workstation's name has at most 80 characters

// validWorkstation reports whether a name can be one: it comes from a file or a keyboard and is shown in lists.
func validWorkstation(name string) bool {
	return name != "" && name == oneLine(name) && len(name) <= maxWorkstation
}

// writeNewFile writes a file that does not exist, and leaves nothing behind if that fails.
func writeNewFile(path string, text []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w (%s)", bundle.ErrTargetExists, path)
	}
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
	file, err := openRegular(path)
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
		strictJSON([]byte(signed.Receipt), &receipt) != nil || !validWorkstation(receipt.Workstation) {
		return Receipt{}, ErrNotAReceipt
	}
	if !keyfile.Verify(receipt.WorkstationKey, []byte(signed.Receipt), []byte(signed.Signature)) {
		return Receipt{}, fmt.Errorf("%w: its signature does not fit it", ErrNotAReceipt)
	}
	receipt.Words = receiptWords(receipt.ManifestHash, receipt.Workstation)
	return receipt, nil
}
