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
	Publisher     Publisher // if its State is trusted and SuccessorOf is set, this bundle or an earlier one named it
	Items         []PreviewItem
	AlreadyHere   bool // this very bundle was imported, or published, here before
	LowerSequence bool // a newer bundle of the same stream was here before: only what is missing is taken
	WentBack      bool // the publisher's store says that it had come less far than before: somebody may have put an old copy back
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

// openRegular opens a file, and nothing else: a named pipe, for example, would wait for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w (%s is not a file)", bundle.ErrNotBundle, path)
	}
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (s *Service) open(ctx context.Context, path string) (*opened, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	var reader *bundle.Reader
	if err == nil {
		reader, err = bundle.Open(ctx, file, info.Size(), s.bundleOptions())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &opened{file, reader}, nil
}

// Preview opens a bundle, verifies it, and says what importing it would do. It changes nothing in the library but the
// history and the log, and these only for an alarm: a bundle that shows that somebody else may be using a publisher's key.
// An error means that the file could not be read.
func (s *Service) Preview(ctx context.Context, path string) (Preview, error) {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Preview{}, err
	}
	o, err := s.open(ctx, path)
	if err != nil {
		if bundle.Code(err) == "" {
			return Preview{}, err
		}
		return Preview{Path: path, Refusal: err}, nil
	}
	defer o.file.Close()
	p, unreadable := readParcel(ctx, o.reader)
	if unreadable != nil && !isRefusal(unreadable) {
		return Preview{}, unreadable
	}
	preview, err := s.look(ctx, roster, o, p, unreadable, "")
	preview.Path = path
	if err == nil && isAlarm(preview.Refusal) {
		preview.Refusal = errors.Join(preview.Refusal, s.keepAlarm(ctx, o, preview.Refusal))
	}
	return preview, wrap("preview the bundle", err)
}

// look previews a bundle as it would be with its signer trusted, if a fingerprint says so: what is decided within Read is
// undone at its end.
func (s *Service) look(ctx context.Context, roster *account.Roster, o *opened, p parcel, unreadable error, trustFingerprint string) (Preview, error) {
	var preview Preview
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		if err := s.trustFirstTx(ctx, tx, roster, o, trustFingerprint); err != nil {
			return err
		}
		preview, err = s.previewTx(ctx, tx, roster, o, p, unreadable)
		return err
	})
	return preview, err
}

// previewTx compares a bundle with the library. The gravest reason for a refusal counts; that a bundle has expired, which
// an administrator may overrule, counts only if there is no other. unreadable is what reading the parcel said.
func (s *Service) previewTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, o *opened, p parcel, unreadable error) (Preview, error) {
	m, signer := o.reader.Manifest(), o.reader.SignedBy()
	preview := Preview{Size: o.reader.Size(), ManifestHash: o.reader.ManifestHash(), Manifest: m, Encrypted: o.reader.Encrypted()}
	before, err := publishersTx(ctx, tx, roster)
	if err != nil {
		return preview, err
	}
	_, publishers, malformed := rulingsOf(before, m)
	preview.Publisher, preview.Refusal = judge(before, publishers, signer)
	if preview.Publisher.Name == "" {
		preview.Publisher.Name = m.Issuer.Name
	}
	preview.Refusal = first(preview.Refusal, unreadable, malformed)
	conflict, err := s.previewSequence(ctx, tx, o, &preview)
	if err != nil {
		return preview, err
	}
	if preview.WentBack, err = wentBackTx(ctx, tx, m, signer.Fingerprint()); err != nil {
		return preview, err
	}
	if preview.ClockWarning, err = s.clockIsBehind(ctx, tx); err != nil {
		return preview, err
	}
	preview.Refusal = first(preview.Refusal, conflict, p.checkOwners(signer, publishers))
	for _, d := range p.documents {
		item, refusal, err := previewItem(ctx, tx, d, publishers)
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
	if err := o.reader.CheckExpiry(); err != nil {
		preview.Expired = true
		if !preview.AlreadyHere {
			preview.Refusal = first(preview.Refusal, err)
		}
	}
	return preview, nil
}

// judge says what is thought of a signer: by what was decided before, and by what the bundle's statements prove. A bundle
// whose own statements revoke its signer brings nothing.
func judge(before, after []Publisher, signer bundle.PublicKey) (Publisher, error) {
	p, state := stateOf(after, signer)
	switch state {
	case TrustUnknown:
		return p, ErrUnknownPublisher
	case TrustRevoked:
		if known, was := stateOf(before, signer); was != TrustRevoked {
			return known, fmt.Errorf("%w by its own holder", ErrRevokedPublisher)
		}
		return p, ErrRevokedPublisher
	}
	return p, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxSequence is the highest number of a bundle that is believed: no stream gets there, and a database can keep it.
const maxSequence = 1 << 40

// bundlesHere is every bundle of a stream that was imported or published here.
const bundlesHere = `SELECT sequence, manifest_hash FROM exchange_received WHERE issuer = ?1 AND stream = ?2
	UNION SELECT sequence, manifest_hash FROM exchange_publication WHERE issuer = ?1 AND stream = ?2`

// previewSequence compares the bundle's number with what came before in its stream.
func (s *Service) previewSequence(ctx context.Context, tx *sql.Tx, o *opened, preview *Preview) (conflict, err error) {
	m, signer := o.reader.Manifest(), o.reader.SignedBy().Fingerprint()
	if m.Sequence > maxSequence {
		return fmt.Errorf("%w: its number %d cannot be", ErrBadLayout, m.Sequence), nil
	}
	var same, other, previous bool
	var highest uint64
	err = tx.QueryRowContext(ctx, `WITH here AS (`+bundlesHere+`) SELECT coalesce(max(sequence), 0), coalesce(max(sequence = ?3 AND manifest_hash = ?4), 0),
		coalesce(max(sequence = ?3 AND manifest_hash <> ?4), 0), coalesce(max(manifest_hash = ?5), 0) FROM here`,
		signer, m.Stream, m.Sequence, preview.ManifestHash.String(), m.Previous.String()).Scan(&highest, &same, &other, &previous)
	if err != nil {
		return nil, err
	}
	preview.AlreadyHere = same && !other
	if other {
		conflict = ErrSequenceConflict
	}
	preview.LowerSequence = m.Sequence < highest
	if highest > 0 && m.Sequence > highest && !previous {
		preview.Missed = int(min(max(m.Sequence-highest-1, 1), 1<<30))
	}
	return conflict, nil
}

// clockIsBehind tells whether this computer's clock is earlier than anything in the log: not than its newest entry
// alone, which is the sign-in by this very clock. Nothing is deleted or
// refused for it; dates may be wrong, and the person is told.
func (s *Service) clockIsBehind(ctx context.Context, tx *sql.Tx) (bool, error) {
	var last int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce(max(at), 0) FROM audit_entry`).Scan(&last)
	return s.now().Add(time.Minute).UnixMilli() < last, err
}

func previewItem(ctx context.Context, tx *sql.Tx, d content.Document, publishers []Publisher) (item PreviewItem, refusal, err error) {
	item = PreviewItem{Ref: d.Ref(), Kind: d.Kind, Title: d.Title, ChangeNote: d.ChangeNote, Change: ChangeNew}
	k := &known{ctx: ctx, tx: tx}
	newest, ok := k.Newest(d.ID)
	if k.err != nil || !ok {
		return item, nil, k.err
	}
	item.Here = newest.Version
	switch {
	case newest.Owner != d.Owner && !mayReplace(publishers, newest, d):
		refusal = fmt.Errorf("%w: %s", content.ErrNotOwner, d.ID)
	case newest.Kind != d.Kind:
		refusal = fmt.Errorf("%w: %s is a %s here and a %s there", ErrBadLayout, d.ID, newest.Kind, d.Kind)
	}
	same, _, err := content.GetTx(ctx, tx, d.Ref())
	switch {
	case errors.Is(err, content.ErrNotFound):
		item.Change = ChangeChanged
		if d.Version < newest.Version {
			item.Change = ChangeOlder
		}
		return item, refusal, nil
	case err != nil:
		return item, refusal, err
	}
	item.Change = ChangeSame
	hashHere, err := same.Hash()
	if err != nil {
		return item, refusal, err
	}
	hash, err := d.Hash()
	if err == nil && hash != hashHere {
		refusal = first(refusal, fmt.Errorf("%w: %s version %d", content.ErrVersionConflict, d.ID, d.Version))
	}
	return item, refusal, err
}

// mayReplace tells whether an item of another owner is still the same publisher's: newer versions by the key that follows,
// older ones by the key that went before. The old key makes no new versions once its successor has.
func mayReplace(publishers []Publisher, newest, d content.Document) bool {
	if d.Version > newest.Version {
		return follows(publishers, newest.Owner, d.Owner)
	}
	return follows(publishers, d.Owner, newest.Owner)
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
