package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
)

// Change tells what an import would do with an item.
type Change string

// What an import can do with an item.
const (
	ChangeNew       Change = "new"
	ChangeChanged   Change = "changed" // a newer version of something that is here
	ChangeOlder     Change = "older"   // a newer version is here already
	ChangeSame      Change = "same"
	ChangeWithdrawn Change = "withdrawn"
)

// PreviewItem is one item of a bundle.
type PreviewItem struct {
	content.Ref
	Kind       content.Kind
	Title      content.Text
	Change     Change
	Here       int // the newest version here, 0 if none
	ChangeNote string
}

// Preview says what a bundle is and what importing it would do. Refusal is why it would be refused; the other fields say
// what could be learned in spite of it.
type Preview struct {
	Path          string
	Size          int64 // bytes of the file
	ManifestHash  bundle.Hash
	Manifest      bundle.Manifest
	Encrypted     bool
	Publisher     Publisher
	Items         []PreviewItem
	AlreadyHere   bool // this very bundle was imported before
	LowerSequence bool // a newer bundle of the same stream was imported before
	Missed        int  // how many bundles of the stream are missing between the last one here and this one
	Expired       bool
	ClockWarning  bool // this computer's clock is earlier than the last thing written here
	Refusal       error
}

// opened is a bundle file that is open for an import.
type opened struct {
	file   *os.File
	reader *bundle.Reader
}

func (s *Service) open(ctx context.Context, path string) (*opened, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s", bundle.ErrNotBundle, "it is not a file")
	}
	var reader *bundle.Reader
	if err == nil {
		reader, err = bundle.Open(ctx, file, info.Size(), s.bundleOptions())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &opened{file, reader}, nil
}

// Preview opens a bundle, verifies it, and says what importing it would do. It changes nothing.
func (s *Service) Preview(ctx context.Context, path string) (Preview, error) {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Preview{}, err
	}
	preview := Preview{Path: path}
	o, err := s.open(ctx, path)
	if err != nil {
		if bundle.Code(err) == "" {
			return Preview{}, err // the file itself could not be read
		}
		preview.Refusal = err
		return preview, nil
	}
	defer o.file.Close()
	p, refusal := readParcel(o.reader)
	err = s.library.Read(ctx, func(tx *sql.Tx) error {
		preview, err = s.previewTx(ctx, tx, roster, o, p)
		return err
	})
	preview.Path = path
	if refusal != nil {
		preview.Refusal = refusal
	}
	return preview, wrap("preview the bundle", err)
}

func (s *Service) previewTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, o *opened, p parcel) (Preview, error) {
	m := o.reader.Manifest()
	preview := Preview{Size: o.reader.Size(), ManifestHash: o.reader.ManifestHash(), Manifest: m, Encrypted: o.reader.Encrypted()}
	publishers, err := publishersTx(ctx, tx, roster)
	if err != nil {
		return preview, err
	}
	var state TrustState
	preview.Publisher, state = stateOf(publishers, o.reader.SignedBy())
	if preview.Publisher.Name == "" {
		preview.Publisher.Name = m.Issuer.Name
	}
	switch state {
	case TrustUnknown:
		preview.Refusal = ErrUnknownPublisher
	case TrustRevoked:
		preview.Refusal = ErrRevokedPublisher
	}
	if err := s.previewSequence(ctx, tx, o, &preview); err != nil {
		return preview, err
	}
	if err := o.reader.CheckExpiry(); err != nil {
		preview.Expired = true
		preview.Refusal = first(preview.Refusal, err)
	}
	if preview.ClockWarning, err = s.clockIsBehind(ctx, tx); err != nil {
		return preview, err
	}
	preview.Refusal = first(preview.Refusal, p.checkOwners(o.reader.SignedBy(), successions(publishers)))
	for _, d := range p.documents {
		item, refusal, err := previewItem(ctx, tx, d, p.versions)
		if err != nil {
			return preview, err
		}
		preview.Items = append(preview.Items, item)
		preview.Refusal = first(preview.Refusal, refusal)
	}
	for _, v := range p.versions {
		item, gone, err := previewWithdrawal(ctx, tx, v)
		if err != nil {
			return preview, err
		}
		if gone {
			preview.Items = append(preview.Items, item)
		}
	}
	return preview, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// previewSequence compares the bundle's number with what came before in its stream.
func (s *Service) previewSequence(ctx context.Context, tx *sql.Tx, o *opened, preview *Preview) error {
	m, signer := o.reader.Manifest(), o.reader.SignedBy().Fingerprint()
	var here string
	err := tx.QueryRowContext(ctx, `SELECT manifest_hash FROM exchange_received WHERE issuer = ? AND stream = ? AND sequence = ?`,
		signer, m.Stream, m.Sequence).Scan(&here)
	switch {
	case err == nil && here == preview.ManifestHash.String():
		preview.AlreadyHere = true
	case err == nil:
		preview.Refusal = ErrSequenceConflict
	case !isNoRows(err):
		return err
	}
	var highest uint64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(sequence), 0) FROM exchange_received WHERE issuer = ? AND stream = ?`,
		signer, m.Stream).Scan(&highest); err != nil {
		return err
	}
	preview.LowerSequence = m.Sequence < highest
	if highest > 0 && m.Sequence > highest+1 {
		preview.Missed = int(min(m.Sequence-highest-1, 1<<30))
	}
	return nil
}

// clockIsBehind tells whether this computer's clock is earlier than the newest entry of the log. Nothing is deleted or
// refused for it; dates may be wrong, and the person is told.
func (s *Service) clockIsBehind(ctx context.Context, tx *sql.Tx) (bool, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM audit_entry`).Scan(&last); err != nil {
		return false, err
	}
	return s.now().Add(time.Minute).UnixMilli() < last, nil
}

func previewItem(ctx context.Context, tx *sql.Tx, d content.Document, versions []VersionState) (PreviewItem, error, error) {
	item := PreviewItem{Ref: d.Ref(), Kind: d.Kind, Title: d.Title, ChangeNote: d.ChangeNote, Change: ChangeNew}
	k := &known{ctx: ctx, tx: tx}
	newest, ok := k.Newest(d.ID)
	if k.err != nil || !ok {
		return item, nil, k.err
	}
	item.Here = newest.Version
	same, _, err := content.GetTx(ctx, tx, d.Ref())
	switch {
	case errors.Is(err, content.ErrNotFound):
		item.Change = ChangeChanged
		if d.Version < newest.Version {
			item.Change = ChangeOlder
		}
		return item, nil, nil
	case err != nil:
		return item, nil, err
	}
	item.Change = ChangeSame
	hashHere, err := same.Hash()
	if err != nil {
		return item, nil, err
	}
	hash, err := d.Hash()
	if err == nil && hash != hashHere {
		return item, fmt.Errorf("%w: %s version %d", content.ErrVersionConflict, d.ID, d.Version), nil
	}
	return item, nil, err
}

func previewWithdrawal(ctx context.Context, tx *sql.Tx, v VersionState) (PreviewItem, bool, error) {
	if v.State != content.StateWithdrawn {
		return PreviewItem{}, false, nil
	}
	d, state, err := content.GetTx(ctx, tx, content.Ref{ID: v.ID, Version: v.Version})
	if errors.Is(err, content.ErrNotFound) || err == nil && state == content.StateWithdrawn {
		return PreviewItem{}, false, nil
	}
	return PreviewItem{Ref: content.Ref{ID: v.ID, Version: v.Version}, Kind: d.Kind, Title: d.Title, Change: ChangeWithdrawn, Here: v.Version}, err == nil, err
}
