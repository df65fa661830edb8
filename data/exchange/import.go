package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

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
// row names are swept at the next sign-in. A refusal of a bundle is kept in the history and the log.
func (s *Service) Import(ctx context.Context, path string, options ImportOptions) (ImportResult, error) {
	if options.Progress == nil {
		options.Progress = func(string, int64, int64) {}
	}
	o, err := s.open(ctx, path)
	if err != nil {
		return ImportResult{}, s.kept(ctx, nil, err)
	}
	defer o.file.Close()
	if !options.Expect.IsZero() && options.Expect != o.reader.ManifestHash() {
		return ImportResult{}, ErrChangedSince
	}
	result, err := s.importOpened(ctx, o, path, options)
	return result, s.kept(ctx, o, err)
}

// kept keeps a refusal in the history and the log, and returns it.
func (s *Service) kept(ctx context.Context, o *opened, err error) error {
	if err == nil || !isRefusal(err) || o == nil && errors.Is(err, bundle.ErrNotBundle) {
		return err // also a file that was never a bundle, such as a picture that somebody dropped on the window
	}
	return errors.Join(err, s.keepRefusal(context.WithoutCancel(ctx), o, err))
}

// trustFirstTx decides to trust the signer of a bundle, as the import that follows in the same transaction needs: it stands
// only if that is whole.
func (s *Service) trustFirstTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, o *opened, fingerprint string) error {
	if fingerprint == "" {
		return nil
	}
	key := o.reader.SignedBy()
	if !key.MatchesFingerprint(fingerprint) {
		return ErrFingerprint
	}
	publishers, err := publishersTx(ctx, tx, roster)
	if err != nil {
		return err
	}
	switch _, state := stateOf(publishers, key); state {
	case TrustTrusted, TrustOwn:
		return nil
	case TrustRevoked:
		return ErrRevokedPublisher
	}
	if err := s.mayDecide(); err != nil {
		return err
	}
	trusted := describe(key, Publisher{Name: oneLine(o.reader.Manifest().Issuer.Name), State: TrustTrusted})
	return s.decideTx(ctx, tx, roster, ruling{act: audit.ActPublisherTrust, publisher: trusted})
}

func (s *Service) importOpened(ctx context.Context, o *opened, path string, options ImportOptions) (result ImportResult, err error) {
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	p, err := readParcel(ctx, o.reader)
	if err != nil {
		return ImportResult{}, err
	}
	take := func(preview Preview) {
		preview.Path = path
		result = ImportResult{Preview: preview, Items: preview.Items, AlreadyHere: preview.AlreadyHere}
	}
	preview, err := s.look(ctx, roster, o, p, nil, options.TrustFingerprint)
	take(preview)
	if err != nil {
		return result, wrap("look at the bundle", err)
	}
	overridden, err := s.decideRefusal(preview, options)
	if err != nil || result.AlreadyHere {
		return result, err
	}
	stored := &storing{service: s, blobs: map[string]vault.Blob{}}
	defer stored.finish(&err)
	if err := s.storeMedia(ctx, o, p, stored, options.Progress); err != nil {
		return result, err
	}
	id := ""
	err = s.library.Write(ctx, func(tx *sql.Tx) error {
		if err := s.trustFirstTx(ctx, tx, roster, o, options.TrustFingerprint); err != nil {
			return err
		}
		preview, err := s.previewTx(ctx, tx, roster, o, p, nil) // the library may have changed while media were stored
		if err != nil {
			return err
		}
		take(preview)
		if _, err := s.decideRefusal(preview, options); err != nil || result.AlreadyHere {
			return err
		}
		id, err = s.importTx(ctx, tx, roster, o, p, stored.blobs, overridden)
		return err
	})
	if err != nil {
		return result, wrap("import the bundle", err)
	}
	result.ImportID = id
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

// storing is media on their way into the library, by their place in a bundle.
type storing struct {
	service *Service
	blobs   map[string]vault.Blob
	fresh   []vault.Blob // stored now, not known before
}

// put stores what open gives, or finds it stored already. sum is its SHA-256.
func (st *storing) put(ctx context.Context, name string, sum bundle.Hash, open func() (io.ReadCloser, error), progress func(int64)) error {
	if _, ok := st.blobs[name]; ok {
		return nil
	}
	known, err := st.service.knownMedia(ctx, sum)
	if err != nil {
		return err
	}
	if known.Name != "" {
		st.blobs[name] = known
		return nil
	}
	file, err := open()
	if err != nil {
		return wrap("read "+name, err)
	}
	defer file.Close()
	blob, err := st.service.library.PutMedia(ctx, &counting{reader: file, ctx: ctx, progress: progress})
	if err != nil {
		return wrap("store "+name, err)
	}
	st.fresh = append(st.fresh, blob)
	if bundle.Hash(blob.SHA256) != sum {
		return fmt.Errorf("%w: %s", errChangedFile, name)
	}
	st.blobs[name] = blob
	return nil
}

// finish takes back what nothing names, after a failure above all. It fails nothing that has succeeded: what it cannot
// remove, the next sweep does.
func (st *storing) finish(err *error) {
	if left := st.removeUnused(); *err != nil {
		*err = errors.Join(*err, left)
	}
}

// removeUnused takes back what was stored and that nothing names.
func (st *storing) removeUnused() error {
	if len(st.fresh) == 0 {
		return nil
	}
	var kept map[string]bool
	err := st.service.library.Read(context.Background(), func(tx *sql.Tx) (err error) {
		kept, err = content.KeptMediaTx(context.Background(), tx)
		return err
	})
	if err != nil {
		return nil //nolint:nilerr // the store has failed or is locked, which the caller reports already
	}
	for _, blob := range st.fresh {
		if !kept[blob.Name] {
			err = errors.Join(err, st.service.library.RemoveMedia(blob.Name))
		}
	}
	return err
}

var errChangedFile = errors.New("a file changed while it was read; try again")

// storeMedia reads every media file of the bundle once, hashed as it passes, and stores it.
func (s *Service) storeMedia(ctx context.Context, o *opened, p parcel, stored *storing, progress Progress) error {
	sizes := map[string]int64{}
	var total, done int64
	for _, d := range p.documents {
		for _, m := range d.Media {
			if _, ok := sizes[mediaPath(m)]; !ok {
				sizes[mediaPath(m)] = m.Size
				total += m.Size
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		entry, _ := o.reader.Manifest().Entry(name)
		err := stored.put(ctx, name, entry.SHA256, func() (io.ReadCloser, error) { return o.reader.OpenEntry(name) },
			func(n int64) { progress(StageStore, done+n, total) })
		if err != nil {
			return err
		}
		done += sizes[name]
		progress(StageStore, done, total)
	}
	return nil
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

func (s *Service) importTx(ctx context.Context, tx *sql.Tx, roster *account.Roster, o *opened, p parcel, blobs map[string]vault.Blob, overridden bool) (string, error) {
	m, signer := o.reader.Manifest(), o.reader.SignedBy()
	publishers, err := s.applyStatementsTx(ctx, tx, roster, m)
	if err != nil {
		return "", err
	}
	if err := putTx(ctx, tx, p, ownersOf(p.documents), m.ID, s.now(), publishers, blobsByPath(blobs)); err != nil {
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
	wentBack, err := wentBackTx(ctx, tx, m, signer.Fingerprint())
	if err == nil {
		err = keepAnchorTx(ctx, tx, m, signer.Fingerprint())
	}
	if err != nil {
		return "", err
	}
	details := map[string]string{"publisher": signer.Fingerprint(), "sequence": fmt.Sprint(m.Sequence), "manifest": o.reader.ManifestHash().String()}
	if wentBack {
		details["alarm"] = "the publisher's store went back"
	}
	if overridden {
		if err := s.log(ctx, tx, audit.ActExpiryOverride, m.ID, "", map[string]string{"expired": m.Expires.Format(time.RFC3339)}); err != nil {
			return "", err
		}
	}
	return id, s.log(ctx, tx, audit.ActBundleImport, m.ID, "", details)
}

func blobsByPath(blobs map[string]vault.Blob) func(content.Document) map[string]vault.Blob {
	return func(d content.Document) map[string]vault.Blob {
		byPath := map[string]vault.Blob{}
		for _, m := range d.Media {
			byPath[m.Path] = blobs[mediaPath(m)]
		}
		return byPath
	}
}
