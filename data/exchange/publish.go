package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// PublishItem is what publishing would do with one document of the folder.
type PublishItem struct {
	content.Ref
	Kind     content.Kind
	Title    content.Text
	Change   Change   // new, changed or same
	Previous int      // the newest version here, 0 if none
	Diff     []string // what changed, in plain lines
}

// PublishPreview says what publishing a folder would do, and what the linter has to say.
type PublishPreview struct {
	Findings []content.Finding
	Items    []PublishItem
	Blocked  bool // by a finding of severity error
}

// prepared is a folder with owners and versions, compared with the library.
type prepared struct {
	folder  content.Folder
	preview PublishPreview
}

// PreviewPublish reads and lints a folder and compares it with what is published already. It changes nothing; before the
// first publication, items are shown under a key that is made only then.
func (s *Service) PreviewPublish(ctx context.Context, folder string) (PublishPreview, error) {
	if err := s.actor.Require("publish", account.RoleTrainer); err != nil {
		return PublishPreview{}, err
	}
	if err := checkFolder(folder); err != nil {
		return PublishPreview{}, err
	}
	var p prepared
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		owner := "not made yet"
		found, err := readOfficeTx(ctx, tx)
		if err != nil {
			return err
		}
		if found != nil {
			key, err := bundle.ParsePublicKey(found.publicKey)
			if err != nil {
				return err
			}
			owner = key.Fingerprint()
		}
		p, err = prepareTx(ctx, tx, folder, owner)
		return err
	})
	return p.preview, wrap("look at the folder", err)
}

func checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder: %w", folder, fs.ErrInvalid)
	}
	return err
}

func prepareTx(ctx context.Context, tx *sql.Tx, folder, owner string) (prepared, error) {
	k := &known{ctx: ctx, tx: tx}
	read, findings := content.ReadFolder(os.DirFS(folder))
	findings = append(findings, content.Lint(read, k)...)
	ready, more := content.Prepare(read, k, owner)
	findings = append(findings, more...)
	p := prepared{folder: ready, preview: PublishPreview{Findings: findings, Blocked: content.Blocks(findings)}}
	for _, source := range ready.Sources {
		p.preview.Items = append(p.preview.Items, itemOf(source.Document, k))
	}
	return p, k.err
}

func itemOf(d content.Document, k *known) PublishItem {
	item := PublishItem{Ref: d.Ref(), Kind: d.Kind, Title: d.Title, Change: ChangeNew}
	newest, ok := k.Newest(d.ID)
	if !ok {
		return item
	}
	item.Previous, item.Change = newest.Version, ChangeChanged
	if content.SameSubstance(newest, d) {
		item.Change = ChangeSame
	} else {
		item.Diff = content.Compare(newest, d)
	}
	return item
}

// PublishRequest is what a trainer decides when publishing.
type PublishRequest struct {
	Folder     string
	Out        string // the bundle file, which must not exist
	Note       string // what is new, for those who read it
	Effective  string // the day from which the new versions count, 2026-11-23; "" is today
	Older      map[string]content.State
	Expires    time.Time // when the bundle ends; zero is never
	Recipients []string  // age recipients, if the bundle is to be encrypted
	Progress   Progress
}

// Published says what publishing wrote.
type Published struct {
	ID           string
	Path         string
	Size         int64
	FileHash     bundle.Hash
	ManifestHash bundle.Hash
	Sequence     uint64
	Items        []PublishItem
}

// Publish lints a folder, gives what changed its next version, writes the bundle, reads it back, and puts the new
// versions into the office's own library. For each document with an older version, Older says by "id" (the newest older
// one) or "id@version" whether it is superseded, as it is by itself, or withdrawn.
//
// The file is written and verified first and everything in the library changes in one transaction afterwards. A failure
// or crash in between leaves the library and its numbers as they were, and at most a bundle file that names a number
// that will be used again: it is removed when the failure is noticed; after a crash it stands at Out, and the next
// publication to the same place says so.
func (s *Service) Publish(ctx context.Context, request PublishRequest) (Published, error) {
	if err := s.actor.Require("publish", account.RoleTrainer); err != nil {
		return Published{}, err
	}
	if request.Note = strings.TrimSpace(request.Note); request.Note == "" {
		return Published{}, ErrNoNote
	}
	if request.Effective == "" {
		request.Effective = s.now().Local().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, request.Effective); err != nil {
		return Published{}, fmt.Errorf("%w: %s", ErrBadDate, request.Effective)
	}
	if err := checkFolder(request.Folder); err != nil {
		return Published{}, err
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Published{}, err
	}
	// The key is made in a transaction of its own: a publication that fails afterwards leaves a key that the next uses.
	var o *office
	var key bundle.PrivateKey
	err = s.library.Write(ctx, func(tx *sql.Tx) (err error) {
		o, key, err = s.ensureOfficeTx(ctx, tx, roster)
		return err
	})
	if err != nil {
		return Published{}, err
	}
	defer key.Wipe()
	var p prepared
	err = s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		p, err = prepareTx(ctx, tx, request.Folder, key.Public().Fingerprint())
		return err
	})
	if err != nil {
		return Published{}, wrap("look at the folder", err)
	}
	if p.preview.Blocked {
		return Published{Items: p.preview.Items}, &LintError{Findings: p.preview.Findings}
	}
	fresh, err := s.finish(&p, request)
	if err != nil {
		return Published{}, err
	}
	return s.write(ctx, o, key, request.Out, outgoing{
		documents: documentsOf(p), fresh: fresh.documents, versions: fresh.versions, open: openFolderMedia(p.folder), folder: p.folder,
		note: request.Note, expires: request.Expires, recipients: request.Recipients, items: p.preview.Items, progress: request.Progress,
	})
}

// LintError says that a folder has mistakes; it is ErrLint and carries what the linter said.
type LintError struct{ Findings []content.Finding }

func (e *LintError) Error() string {
	count := 0
	firstError := ""
	for _, f := range e.Findings {
		if f.Severity == content.SeverityError {
			if count++; count == 1 {
				firstError = f.String()
			}
		}
	}
	return fmt.Sprintf("%s (%d; the first: %s)", ErrLint, count, firstError)
}

// Is makes it ErrLint.
func (e *LintError) Is(target error) bool { return target == ErrLint }

func documentsOf(p prepared) []content.Document {
	var documents []content.Document
	for _, source := range p.folder.Sources {
		documents = append(documents, source.Document)
	}
	return documents
}

// finish gives new versions their note and day, and decides about older ones.
func (s *Service) finish(p *prepared, request PublishRequest) (parcel, error) {
	var fresh parcel
	older := maps.Clone(request.Older)
	for i, item := range p.preview.Items {
		d := &p.folder.Sources[i].Document
		if item.Change == ChangeSame {
			continue
		}
		d.ChangeNote, d.EffectiveFrom = request.Note, request.Effective
		fresh.documents = append(fresh.documents, *d)
		if item.Previous == 0 {
			continue
		}
		decided := false
		for name, state := range older {
			id, version := name, item.Previous
			if base, number, ok := strings.Cut(name, "@"); ok {
				id = base
				if _, err := fmt.Sscanf(number, "%d", &version); err != nil {
					return fresh, fmt.Errorf("%w: %s", ErrOlderVersion, name)
				}
			}
			if id != d.ID {
				continue
			}
			if version >= d.Version || version < 1 || state != content.StateSuperseded && state != content.StateWithdrawn {
				return fresh, fmt.Errorf("%w: %s", ErrOlderVersion, name)
			}
			fresh.versions = append(fresh.versions, VersionState{ID: id, Version: version, State: state})
			decided = decided || version == item.Previous
			delete(older, name)
		}
		if !decided {
			fresh.versions = append(fresh.versions, VersionState{ID: d.ID, Version: item.Previous, State: content.StateSuperseded})
		}
	}
	if len(older) > 0 {
		return fresh, fmt.Errorf("%w: %s", ErrOlderVersion, slices.Sorted(maps.Keys(older))[0])
	}
	if len(fresh.documents) == 0 {
		return fresh, ErrNothingToPublish
	}
	return fresh, nil
}

// outgoing is a bundle on its way out.
type outgoing struct {
	documents  []content.Document // everything the bundle brings
	fresh      []content.Document // what is new in the library, too
	versions   []VersionState
	open       mediaOpener
	folder     content.Folder
	note       string
	expires    time.Time
	recipients []string
	items      []PublishItem
	progress   Progress
}

func (s *Service) write(ctx context.Context, o *office, key bundle.PrivateKey, out string, b outgoing) (Published, error) {
	sources, err := sourcesOf(b.documents, b.versions, b.open)
	if err != nil {
		return Published{}, err
	}
	manifest, recipients, err := s.manifestOf(o, b)
	if err != nil {
		return Published{}, err
	}
	options := bundle.ExportOptions{}
	if b.progress != nil {
		options.Progress = func(stage bundle.Stage, done, total int64) { b.progress(string(stage), done, total) }
	}
	written, err := bundle.Export(ctx, out, manifest, key, sources, recipients, options)
	if err != nil {
		return Published{}, err
	}
	published := Published{
		Path: written.Path, Size: written.Size, FileHash: written.FileHash, ManifestHash: written.ManifestHash,
		Sequence: o.nextSequence, Items: b.items,
	}
	blobs := map[string]vault.Blob{}
	err = s.storeFolderMedia(ctx, b.folder, b.fresh, blobs)
	if err == nil {
		err = s.library.Write(ctx, func(tx *sql.Tx) error { return s.publishTx(ctx, tx, o, b, written, blobs, &published) })
	}
	if err != nil {
		return Published{}, errors.Join(wrap("publish", err), s.removeMedia(blobs), os.Remove(written.Path))
	}
	return published, nil
}

func (s *Service) manifestOf(o *office, b outgoing) (bundle.Manifest, []age.Recipient, error) {
	anchor, err := s.library.Anchor()
	if err != nil {
		return bundle.Manifest{}, nil, err
	}
	m := bundle.Manifest{
		Kind: bundle.KindContent, Issuer: bundle.Issuer{Name: o.name}, Stream: o.stream, Sequence: o.nextSequence,
		Created: s.now(), Expires: b.expires, Note: b.note, MinimumProgram: "0.1.0",
		Anchor: &bundle.Anchor{Store: anchor.Store.String(), Generation: anchor.Generation, Sequence: anchor.Sequence, Tag: fmt.Sprintf("%x", anchor.Tag)},
	}
	if o.previous != "" {
		if m.Previous, err = bundle.ParseHash(o.previous); err != nil {
			return m, nil, err
		}
	}
	languages := map[string]bool{}
	for _, d := range b.documents {
		for _, language := range d.Languages {
			languages[language] = true
		}
	}
	m.Languages = slices.Sorted(maps.Keys(languages))
	var recipients []age.Recipient
	for _, text := range b.recipients {
		recipient, err := age.ParseX25519Recipient(strings.TrimSpace(text))
		if err != nil {
			return m, nil, fmt.Errorf("%q is not an age recipient: %w", text, err)
		}
		recipients = append(recipients, recipient)
	}
	return m, recipients, nil
}

func (s *Service) publishTx(ctx context.Context, tx *sql.Tx, o *office, b outgoing, written bundle.Written, blobs map[string]vault.Blob, published *Published) error {
	result, err := tx.ExecContext(ctx, `UPDATE exchange_office SET next_sequence = ?, previous = ? WHERE next_sequence = ?`,
		o.nextSequence+1, written.ManifestHash.String(), o.nextSequence)
	if err != nil {
		return err
	}
	if count, err := result.RowsAffected(); err != nil || count != 1 {
		return errors.Join(err, errors.New("another publication came first; publish again"))
	}
	p := parcel{documents: b.fresh, versions: b.versions}
	if err := putTx(ctx, tx, p, written.Manifest.ID, s.now(), nil, blobsByPath(blobs)); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	published.ID = id.String()
	refs := []content.Ref{}
	for _, d := range b.documents {
		refs = append(refs, d.Ref())
	}
	encoded, err := json.Marshal(refs)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_publication (id, bundle_id, manifest_hash, sequence, note, items, file_hash, size, account_id, account_name, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, published.ID, written.Manifest.ID, written.ManifestHash.String(), o.nextSequence, b.note,
		string(encoded), written.FileHash.String(), written.Size, s.actor.AccountID(), s.actor.AccountName(), s.now().UnixMilli())
	if err != nil {
		return err
	}
	for _, v := range b.versions {
		if v.State == content.StateWithdrawn {
			if err := s.log(ctx, tx, audit.ActContentWithdraw, fmt.Sprintf("%s@%d", v.ID, v.Version), "", nil); err != nil {
				return err
			}
		}
	}
	act := audit.ActPublish
	if len(b.fresh) == 0 {
		act = audit.ActBundleExport
	}
	return s.log(ctx, tx, act, written.Manifest.ID, b.note, map[string]string{
		"sequence": fmt.Sprint(o.nextSequence), "manifest": written.ManifestHash.String(), "items": fmt.Sprint(len(b.documents)),
	})
}

// ExportContent writes current versions of the office's own content into a new bundle, for a workstation that missed
// earlier ones. Items are ids; none means everything the office owns. Content of other publishers keeps their signature
// and is passed on as their own bundle.
func (s *Service) ExportContent(ctx context.Context, out string, items []string, progress Progress) (Published, error) {
	if err := s.actor.Require("export content", account.RoleTrainer); err != nil {
		return Published{}, err
	}
	var o *office
	var documents []content.Document
	blobs := map[string]vault.Blob{}
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		if o, err = readOfficeTx(ctx, tx); err != nil || o == nil {
			return err
		}
		documents, err = ownDocumentsTx(ctx, tx, o, items)
		for _, d := range documents {
			for _, m := range d.Media {
				sum, err := bundle.ParseHash(m.SHA256)
				if err != nil {
					return err
				}
				if blobs[m.SHA256], _, err = content.StoredMediaTx(ctx, tx, sum); err != nil {
					return err
				}
			}
		}
		return err
	})
	switch {
	case err != nil:
		return Published{}, wrap("gather the content", err)
	case o == nil || len(documents) == 0:
		return Published{}, ErrNothingToPublish
	}
	key, err := o.openKey(s.actor)
	if err != nil {
		return Published{}, err
	}
	defer key.Wipe()
	return s.write(ctx, o, key, out, outgoing{
		documents: documents, note: "Content that was published before", progress: progress,
		open: func(_ content.Document, m content.MediaRef) (io.ReadCloser, error) {
			return s.library.OpenMedia(blobs[m.SHA256])
		},
	})
}

func ownDocumentsTx(ctx context.Context, tx *sql.Tx, o *office, items []string) ([]content.Document, error) {
	key, err := bundle.ParsePublicKey(o.publicKey)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM content_version WHERE owner = ? AND state = 'current' ORDER BY id`, key.Fingerprint())
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			items = append(items, id)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	var documents []content.Document
	for _, id := range items {
		d, _, err := content.GetTx(ctx, tx, content.Ref{ID: id})
		if errors.Is(err, content.ErrNotFound) {
			return nil, fmt.Errorf("%w: %s", ErrNoSuchItem, id)
		}
		if err != nil {
			return nil, err
		}
		if d.Owner != key.Fingerprint() {
			return nil, fmt.Errorf("%w: %s", ErrForeignContent, id)
		}
		documents = append(documents, d)
	}
	return documents, nil
}

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
