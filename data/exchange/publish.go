package exchange

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
// versions into the office's own library.
//
// For each document with an older version, Older says by "id" (the newest older one) or "id@version" whether it is
// superseded, as it is by itself, or withdrawn. For a document that did not change, "id" withdraws the version that is
// published, and nothing takes its place.
//
// The order of acts: media into the library, named by nothing yet; the number reserved; the file written, flushed, read
// back and verified; then everything in the library in one transaction. A failure leaves the library as it was and removes
// the file. The number is given back only if the file is surely gone: otherwise, and after a crash in between, a bundle
// with that number may lie on a stick, and the next publication takes the number after it.
func (s *Service) Publish(ctx context.Context, request PublishRequest) (Published, error) {
	if err := s.actor.Require("publish", account.RoleTrainer); err != nil {
		return Published{}, err
	}
	if err := s.checkRequest(&request); err != nil {
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
	o, key, err := s.readyOffice(ctx, roster)
	if err != nil {
		return Published{}, err
	}
	defer key.Wipe()
	p, err := s.prepare(ctx, roster, request.Folder)
	if err != nil {
		return Published{}, wrap("look at the folder", err)
	}
	if p.preview.Blocked {
		return Published{Items: p.preview.Items}, &LintError{Findings: p.preview.Findings}
	}
	fresh, err := finish(&p, request)
	if err != nil {
		return Published{}, err
	}
	return s.write(ctx, o, key, request.Out, outgoing{
		documents: documentsOf(p), fresh: fresh.documents, decided: fresh.versions, told: p.told, open: openFolderMedia(p.folder),
		note: request.Note, expires: request.Expires, recipients: request.Recipients, items: p.preview.Items, progress: request.Progress,
	})
}

// readyOffice makes the office's key at the first publication. That is a transaction of its own: a publication that fails
// afterwards leaves a key that the next one uses.
func (s *Service) readyOffice(ctx context.Context, roster *account.Roster) (o *office, key bundle.PrivateKey, err error) {
	err = s.library.Write(ctx, func(tx *sql.Tx) (err error) {
		o, key, err = s.readyOfficeTx(ctx, tx, roster)
		return err
	})
	return o, key, err
}

// checkRequest puts what a person typed into the form that a bundle can carry.
func (s *Service) checkRequest(request *PublishRequest) error {
	request.Note = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(request.Note))
	switch {
	case request.Note == "":
		return ErrNoNote
	case len(request.Note) > bundle.MaxNoteLength:
		return ErrLongNote
	case !request.Expires.IsZero() && !request.Expires.After(s.now()):
		return ErrExpiryPast
	}
	if request.Effective == "" {
		request.Effective = s.now().Local().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, request.Effective); err != nil {
		return fmt.Errorf("%w: %s", ErrBadDate, request.Effective)
	}
	return checkFolder(request.Folder)
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

// finish gives new versions their note and day, and decides about older ones.
func finish(p *prepared, request PublishRequest) (fresh parcel, err error) {
	older, err := readOlder(request.Older)
	if err != nil {
		return fresh, err
	}
	for i, item := range p.preview.Items {
		d := &p.folder.Sources[i].Document
		versions := older[d.ID]
		delete(older, d.ID)
		if newest, ok := versions[0]; ok {
			delete(versions, 0)
			versions[item.Previous] = newest
		}
		if item.Change != ChangeSame {
			d.ChangeNote, d.EffectiveFrom = request.Note, request.Effective
			fresh.documents = append(fresh.documents, *d)
			if _, decided := versions[item.Previous]; !decided && item.Previous > 0 {
				fresh.versions = append(fresh.versions, VersionState{ID: d.ID, Version: item.Previous, State: content.StateSuperseded})
			}
		}
		for _, version := range slices.Sorted(maps.Keys(versions)) {
			state := versions[version]
			if version < 1 || version > item.Previous || item.Change == ChangeSame && version == item.Previous && state != content.StateWithdrawn {
				return fresh, fmt.Errorf("%w: %s@%d", ErrOlderVersion, d.ID, version)
			}
			fresh.versions = append(fresh.versions, VersionState{ID: d.ID, Version: version, State: state})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(older)) {
		return fresh, fmt.Errorf("%w: %s", ErrOlderVersion, id)
	}
	if len(fresh.documents) == 0 && !slices.ContainsFunc(fresh.versions, func(v VersionState) bool { return v.State == content.StateWithdrawn && !slices.Contains(p.told, v) }) {
		return fresh, ErrNothingToPublish
	}
	return fresh, nil
}

// readOlder reads "id" and "id@version"; version 0 stands for the newest published one.
func readOlder(older map[string]content.State) (map[string]map[int]content.State, error) {
	read := map[string]map[int]content.State{}
	for name, state := range older {
		id, number, numbered := strings.Cut(name, "@")
		version, err := strconv.Atoi(cmp.Or(number, "0"))
		if err != nil || numbered && version < 1 || state != content.StateSuperseded && state != content.StateWithdrawn {
			return nil, fmt.Errorf("%w: %s", ErrOlderVersion, name)
		}
		if read[id] == nil {
			read[id] = map[int]content.State{}
		}
		read[id][version] = state
	}
	return read, nil
}

// outgoing is a bundle on its way out.
type outgoing struct {
	documents  []content.Document // everything the bundle brings
	fresh      []content.Document // what is new in the library, too
	decided    []VersionState     // what this publication says of other versions
	told       []VersionState     // what was said of them before
	open       mediaOpener
	note       string
	expires    time.Time
	recipients []string
	items      []PublishItem
	progress   Progress
}

// versions is what the bundle says of other versions: what was withdrawn stays so.
func (b outgoing) versions() []VersionState {
	said := map[content.Ref]content.State{}
	for _, v := range slices.Concat(b.told, b.decided) {
		ref := content.Ref{ID: v.ID, Version: v.Version}
		if said[ref] != content.StateWithdrawn {
			said[ref] = v.State
		}
	}
	var list []VersionState
	for ref, state := range said {
		list = append(list, VersionState{ID: ref.ID, Version: ref.Version, State: state})
	}
	return list
}

func (s *Service) write(ctx context.Context, o *office, key bundle.PrivateKey, out string, b outgoing) (published Published, err error) {
	sources, err := sourcesOf(b.documents, b.versions(), b.open)
	if err != nil {
		return Published{}, err
	}
	manifest, recipients, err := s.manifestOf(ctx, o, b)
	if err != nil {
		return Published{}, err
	}
	stored := &storing{service: s, blobs: map[string]vault.Blob{}}
	defer stored.finish(&err)
	if err := stored.putAll(ctx, b.fresh, b.open); err != nil {
		return Published{}, wrap("publish", err)
	}
	if err := s.reserve(ctx, o); err != nil {
		return Published{}, err
	}
	options := bundle.ExportOptions{}
	if b.progress != nil {
		options.Progress = func(stage bundle.Stage, done, total int64) { b.progress(string(stage), done, total) }
	}
	written, err := bundle.Export(ctx, out, manifest, key, sources, recipients, options)
	if err != nil {
		return Published{}, s.giveBack(ctx, o, exportLeftNothing(ctx, out, err), err)
	}
	published = Published{
		Path: written.Path, Size: written.Size, FileHash: written.FileHash, ManifestHash: written.ManifestHash,
		Sequence: o.nextSequence, Items: b.items,
	}
	write := s.library.Write
	if len(b.fresh) == 0 && len(b.decided) == 0 {
		write = s.library.WriteReserved // exporting goes on when the library is full
	}
	err = write(ctx, func(tx *sql.Tx) error { return s.publishTx(ctx, tx, o, b, written, stored.blobs, &published) })
	if err != nil {
		removed := os.Remove(written.Path)
		return Published{}, s.giveBack(ctx, o, removed == nil, errors.Join(wrap("publish", err), removed))
	}
	return published, nil
}

// reserve notes that a bundle with the next number is about to be written.
func (s *Service) reserve(ctx context.Context, o *office) error {
	return s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE exchange_office SET reserved = next_sequence WHERE number = ? AND stream = ? AND next_sequence = ? AND reserved = 0`,
			o.number, o.stream, o.nextSequence)
		return oneRow(result, err)
	})
}

// giveBack frees the reserved number if no file with it can be anywhere, and returns the failure that led here.
func (s *Service) giveBack(ctx context.Context, o *office, gone bool, failure error) error {
	if !gone {
		return failure
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(failure, s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE exchange_office SET reserved = 0 WHERE number = ? AND reserved = ?`, o.number, o.nextSequence)
		return err
	}))
}

// exportLeftNothing tells whether a failed export surely left no bundle: it was cancelled or refused, and no file stands
// there, or only the one that stood there before. A drive that fails may hold one that it does not show.
func exportLeftNothing(ctx context.Context, out string, failure error) bool {
	if errors.Is(failure, bundle.ErrTargetExists) {
		return true
	}
	if ctx.Err() == nil && bundle.Code(failure) == "" {
		return false
	}
	path, err := filepath.Abs(out)
	if err != nil {
		return false
	}
	_, err = os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func oneRow(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if count, err := result.RowsAffected(); err != nil || count != 1 {
		return first(err, ErrBusy)
	}
	return nil
}

// minimumProgram is the oldest program that understands what a content bundle of this program holds.
const minimumProgram = "0.1.0"

func (s *Service) manifestOf(ctx context.Context, o *office, b outgoing) (bundle.Manifest, []age.Recipient, error) {
	anchor, err := s.library.Anchor()
	if err != nil {
		return bundle.Manifest{}, nil, err
	}
	m := bundle.Manifest{
		Kind: bundle.KindContent, Issuer: bundle.Issuer{Name: o.name}, Stream: o.stream, Sequence: o.nextSequence,
		Created: s.now(), Expires: b.expires, Note: b.note, MinimumProgram: minimumProgram,
		Anchor: &bundle.Anchor{Store: anchor.Store.String(), Generation: anchor.Generation, Sequence: anchor.Sequence, Tag: fmt.Sprintf("%x", anchor.Tag), Incarnation: anchor.Incarnation.String()},
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
	err = s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		m.Successors, m.Revocations, err = ownStatementsTx(ctx, tx)
		return err
	})
	if err != nil {
		return m, nil, wrap("read what the office says of its keys", err)
	}
	var recipients []age.Recipient
	named := map[string]bool{}
	for _, text := range b.recipients {
		text = strings.TrimSpace(text)
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return m, nil, fmt.Errorf("%q is not an age recipient: %w", text, err)
		}
		if !named[recipient.String()] {
			named[recipient.String()] = true
			recipients = append(recipients, recipient)
		}
	}
	return m, recipients, nil
}

func (s *Service) publishTx(ctx context.Context, tx *sql.Tx, o *office, b outgoing, written bundle.Written, blobs map[string]vault.Blob, published *Published) error {
	result, err := tx.ExecContext(ctx, `UPDATE exchange_office SET next_sequence = ?1 + 1, previous = ?2, reserved = 0
		WHERE number = ?3 AND stream = ?4 AND next_sequence = ?1 AND reserved = ?1`, o.nextSequence, written.ManifestHash.String(), o.number, o.stream)
	if err := oneRow(result, err); err != nil {
		return err
	}
	// What the bundle brings stands in the library already, but for what is new.
	p := parcel{documents: b.fresh, versions: b.decided}
	if err := putTx(ctx, tx, p, ownersOf(b.documents), written.Manifest.ID, s.now(), o.chain, blobsByPath(blobs)); err != nil {
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
	_, err = tx.ExecContext(ctx, `INSERT INTO exchange_publication (id, bundle_id, manifest_hash, issuer, stream, sequence, note, items, file_hash, size, account_id, account_name, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, published.ID, written.Manifest.ID, written.ManifestHash.String(), written.Manifest.Issuer.PublicKey.Fingerprint(),
		o.stream, o.nextSequence, b.note, string(encoded), written.FileHash.String(), written.Size, s.actor.AccountID(), s.actor.AccountName(), s.now().UnixMilli())
	if err != nil {
		return err
	}
	for _, v := range b.decided {
		if v.State == content.StateWithdrawn {
			if err := s.log(ctx, tx, audit.ActContentWithdraw, fmt.Sprintf("%s@%d", v.ID, v.Version), b.note, nil); err != nil {
				return err
			}
		}
	}
	act := audit.ActPublish
	if len(b.fresh) == 0 && len(b.decided) == 0 {
		act = audit.ActBundleExport
	}
	return s.log(ctx, tx, act, written.Manifest.ID, b.note, map[string]string{
		"sequence": fmt.Sprint(o.nextSequence), "manifest": written.ManifestHash.String(), "items": fmt.Sprint(len(b.documents)),
	})
}
