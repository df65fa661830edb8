package exchange

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// Stages of an import, as Progress names them.
const (
	StageVerify = "verify"
	StageStore  = "store"
)

// Progress reports bytes done of a total in a stage.
type Progress func(stage string, done, total int64)

// ImportOptions say what the person decided after the preview.
type ImportOptions struct {
	Expect           bundle.Hash // the manifest hash of the preview; zero does not compare
	TrustFingerprint string      // trust this publisher first (administrators only)
	OverrideExpiry   bool        // import although it has expired (administrators only, logged)
	Progress         Progress
}

// ImportResult says what an import did.
type ImportResult struct {
	ImportID    string // "" if the bundle was here already
	Preview     Preview
	Items       []PreviewItem
	AlreadyHere bool
}

// Import brings a bundle in, whole or not at all. Media are stored first, each hashed while it is read; then one short
// transaction makes everything visible. Whatever fails or stops in between leaves the library as it was; media that no
// row names are swept at the next sign-in. A refusal of a bundle whose signature is good is kept in the history and
// the log.
func (s *Service) Import(ctx context.Context, path string, options ImportOptions) (ImportResult, error) {
	if options.Progress == nil {
		options.Progress = func(string, int64, int64) {}
	}
	o, err := s.open(ctx, path)
	if err != nil {
		return ImportResult{}, err
	}
	defer o.file.Close()
	if !options.Expect.IsZero() && options.Expect != o.reader.ManifestHash() {
		return ImportResult{}, ErrChangedSince
	}
	if options.TrustFingerprint != "" {
		if err := s.trustFirst(ctx, o, options.TrustFingerprint); err != nil {
			return ImportResult{}, err
		}
	}
	result, err := s.importOpened(ctx, o, path, options)
	if refused := s.refusalToKeep(err); refused {
		err = errors.Join(err, s.keepRefusal(context.WithoutCancel(ctx), o, err))
	}
	return result, err
}

// trustFirst trusts the bundle's publisher by the fingerprint that an administrator gave, unless it is trusted already.
func (s *Service) trustFirst(ctx context.Context, o *opened, fingerprint string) error {
	if !o.reader.SignedBy().MatchesFingerprint(fingerprint) {
		return ErrFingerprint
	}
	publishers, err := s.Publishers(ctx)
	if err != nil {
		return err
	}
	if _, state := stateOf(publishers, o.reader.SignedBy()); state == TrustTrusted || state == TrustOwn {
		return nil
	}
	return s.Trust(ctx, o.reader.SignedBy(), o.reader.Manifest().Issuer.Name, fingerprint)
}

func (s *Service) importOpened(ctx context.Context, o *opened, path string, options ImportOptions) (ImportResult, error) {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	p, err := readParcel(o.reader)
	if err != nil {
		return ImportResult{}, err
	}
	var result ImportResult
	look := func(tx *sql.Tx) error {
		preview, err := s.previewTx(ctx, tx, roster, o, p)
		preview.Path = path
		result = ImportResult{Preview: preview, Items: preview.Items, AlreadyHere: preview.AlreadyHere}
		return err
	}
	if err := s.library.Read(ctx, look); err != nil {
		return result, wrap("look at the bundle", err)
	}
	overridden, err := s.decideRefusal(result.Preview, options)
	if err != nil || result.AlreadyHere {
		return result, err
	}
	blobs, err := s.storeMedia(ctx, o, p, options.Progress)
	if err != nil {
		return result, errors.Join(err, s.removeMedia(blobs))
	}
	err = s.library.Write(ctx, func(tx *sql.Tx) error {
		if err := look(tx); err != nil { // the library may have changed while media were stored
			return err
		}
		if _, err := s.decideRefusal(result.Preview, options); err != nil || result.AlreadyHere {
			return err
		}
		result.ImportID, err = s.importTx(ctx, tx, roster, o, p, blobs, overridden)
		return err
	})
	if err != nil {
		result.ImportID = ""
		return result, errors.Join(wrap("import the bundle", err), s.removeMedia(blobs))
	}
	return result, nil
}

// decideRefusal returns why the import is refused, if the decisions made after the preview do not answer it.
func (s *Service) decideRefusal(preview Preview, options ImportOptions) (overridden bool, err error) {
	if preview.Refusal == nil {
		return false, nil
	}
	if errors.Is(preview.Refusal, bundle.ErrExpired) && options.OverrideExpiry {
		return true, s.actor.Require("import a bundle that has expired", account.RoleAdministrator)
	}
	return false, preview.Refusal
}

// storeMedia reads every entry of the bundle once: documents are verified again, media are stored under their hash.
func (s *Service) storeMedia(ctx context.Context, o *opened, p parcel, progress Progress) (map[string]vault.Blob, error) {
	total, done := int64(0), int64(0)
	pending := map[string]content.MediaRef{}
	for _, d := range p.documents {
		for _, m := range d.Media {
			if _, ok := pending[mediaPath(m)]; !ok {
				pending[mediaPath(m)] = m
				total += m.Size
			}
		}
	}
	blobs := map[string]vault.Blob{}
	for name, m := range pending {
		entry, _ := o.reader.Manifest().Entry(name)
		known, err := s.knownMedia(ctx, entry.SHA256)
		if err != nil {
			return blobs, err
		}
		if known.Name != "" {
			blobs[name] = known
			done += m.Size
			continue
		}
		blob, err := s.storeEntry(ctx, o.reader, name, func(n int64) { progress(StageStore, done+n, total) })
		if err != nil {
			return blobs, err
		}
		blobs[name] = blob
		done += m.Size
		progress(StageStore, done, total)
	}
	return blobs, nil
}

func (s *Service) knownMedia(ctx context.Context, sum bundle.Hash) (vault.Blob, error) {
	var blob vault.Blob
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		found, ok, err := content.StoredMediaTx(ctx, tx, sum)
		if ok {
			blob = found
		}
		return err
	})
	return blob, err
}

func (s *Service) storeEntry(ctx context.Context, b *bundle.Reader, name string, progress func(int64)) (vault.Blob, error) {
	entry, err := b.OpenEntry(name)
	if err != nil {
		return vault.Blob{}, err
	}
	defer entry.Close()
	blob, err := s.library.PutMedia(ctx, &counting{reader: entry, ctx: ctx, progress: progress})
	if err != nil {
		return vault.Blob{}, wrap("store "+name, err)
	}
	return blob, nil
}

// counting reports what is read, and stops when the work is cancelled.
type counting struct {
	reader   io.Reader
	ctx      context.Context
	progress func(int64)
	count    int64
}

func (c *counting) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.reader.Read(p)
	c.count += int64(n)
	c.progress(c.count)
	return n, err
}

// removeMedia takes back media that were stored and that nothing names. What it cannot remove, the next sweep does.
func (s *Service) removeMedia(blobs map[string]vault.Blob) error {
	var kept map[string]bool
	err := s.library.Read(context.Background(), func(tx *sql.Tx) (err error) {
		kept, err = content.KeptMediaTx(context.Background(), tx)
		return err
	})
	if err != nil {
		return nil //nolint:nilerr // the store is failing, which the caller reports already
	}
	for _, blob := range blobs {
		if !kept[blob.Name] {
			err = errors.Join(err, s.library.RemoveMedia(blob.Name))
		}
	}
	return err
}

func (s *Service) importTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, o *opened, p parcel, blobs map[string]vault.Blob, overridden bool) (string, error) {
	m, signer := o.reader.Manifest(), o.reader.SignedBy()
	publishers, err := publishersTx(ctx, tx, roster)
	if err != nil {
		return "", err
	}
	if err := putTx(ctx, tx, p, m.ID, s.now(), successions(publishers), blobsByPath(blobs)); err != nil {
		return "", err
	}
	if err := s.applyStatementsTx(ctx, tx, roster, m); err != nil {
		return "", err
	}
	id, err := s.keepImportTx(ctx, tx, o, p, nil)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_received (issuer, stream, sequence, manifest_hash, import_id) VALUES (?, ?, ?, ?, ?)`,
		signer.Fingerprint(), m.Stream, m.Sequence, o.reader.ManifestHash().String(), id)
	if err != nil {
		return "", err
	}
	details := map[string]string{"publisher": signer.Fingerprint(), "sequence": fmt.Sprint(m.Sequence), "manifest": o.reader.ManifestHash().String()}
	if overridden {
		if err := s.log(ctx, tx, audit.ActExpiryOverride, m.ID, "", map[string]string{"expired": m.Expires.Format(time.RFC3339)}); err != nil {
			return "", err
		}
	}
	return id, s.log(ctx, tx, audit.ActBundleImport, m.ID, "", details)
}

// putTx stores the documents of a parcel and what it says of older versions. Older versions come first, so that each
// one is superseded by the next as if they had come one by one.
func putTx(ctx context.Context, tx *sql.Tx, p parcel, bundleID string, at time.Time, succeeds func(known, successor string) bool, blobs func(content.Document) map[string]vault.Blob) error {
	for _, d := range inVersionOrder(p.documents) {
		_, err := content.PutTx(ctx, tx, d, content.Arrival{Bundle: bundleID, At: at, Succeeds: succeeds, Blobs: blobs(d)})
		if err != nil {
			return err
		}
		if err := applyWithdrawalTx(ctx, tx, d.Owner, d.Ref(), false); err != nil {
			return err
		}
	}
	owners := map[string]string{}
	for _, d := range p.documents {
		owners[d.ID] = d.Owner
	}
	for _, v := range p.versions {
		owner, ok := owners[v.ID]
		if !ok {
			return fmt.Errorf("%w: %s speaks of %s, which the bundle does not bring", ErrBadLayout, changesPath, v.ID)
		}
		if v.State == content.StateWithdrawn {
			if err := applyWithdrawalTx(ctx, tx, owner, content.Ref{ID: v.ID, Version: v.Version}, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyWithdrawalTx withdraws a version if its owner said so, now (state) or before.
func applyWithdrawalTx(ctx context.Context, tx *sql.Tx, owner string, ref content.Ref, state bool) error {
	if state {
		_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO exchange_withdrawal (owner, document_id, version) VALUES (?, ?, ?)`, owner, ref.ID, ref.Version)
		if err != nil {
			return err
		}
	}
	var said, here bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM exchange_withdrawal WHERE owner = ?1 AND document_id = ?2 AND version = ?3),
		EXISTS (SELECT 1 FROM content_version WHERE id = ?2 AND version = ?3)`, owner, ref.ID, ref.Version).Scan(&said, &here)
	if err != nil || !said || !here {
		return err
	}
	_, err = content.WithdrawTx(ctx, tx, ref)
	return err
}

func inVersionOrder(documents []content.Document) []content.Document {
	return slices.SortedFunc(slices.Values(documents), func(a, b content.Document) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
}

// refusalToKeep tells whether an error is a decision about the bundle rather than about the computer or the account.
func (s *Service) refusalToKeep(err error) bool {
	for _, target := range []error{
		ErrUnknownPublisher, ErrRevokedPublisher, ErrWrongKind, ErrSequenceConflict, ErrBadLayout, ErrForeignOwner,
		bundle.ErrExpired, bundle.ErrEntryChanged, content.ErrVersionConflict, content.ErrNotOwner, content.ErrMalformedDocument,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (s *Service) keepRefusal(ctx context.Context, o *opened, refusal error) error {
	return wrap("note the refusal", s.library.Write(ctx, func(tx *sql.Tx) error {
		if _, err := s.keepImportTx(ctx, tx, o, parcel{}, refusal); err != nil {
			return err
		}
		m := o.reader.Manifest()
		return s.log(ctx, tx, audit.ActBundleRefuse, m.ID, "", map[string]string{
			"publisher": o.reader.SignedBy().Fingerprint(), "sequence": fmt.Sprint(m.Sequence), "why": refusalText(refusal),
		})
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
	m := o.reader.Manifest()
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_import
		(id, manifest_hash, bundle_id, issuer, issuer_name, stream, sequence, created_at, note, size, outcome, refusal, items, account_id, account_name, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id.String(), o.reader.ManifestHash().String(), m.ID, o.reader.SignedBy().Fingerprint(), m.Issuer.Name, m.Stream, m.Sequence,
		m.Created.UnixMilli(), m.Note, o.reader.Size(), outcome, why, string(encoded), s.actor.AccountID(), s.actor.AccountName(), s.now().UnixMilli())
	return id.String(), err
}

// ImportEntry is one line of the history.
type ImportEntry struct {
	ID           string
	At           time.Time
	AccountName  string
	Publisher    string // the name it gave itself
	Fingerprint  string
	Sequence     uint64
	Created      time.Time
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
		e.Created, e.At, e.Imported = time.UnixMilli(created).UTC(), time.UnixMilli(at).UTC(), outcome == "imported"
		if err := json.Unmarshal([]byte(items), &e.Items); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
