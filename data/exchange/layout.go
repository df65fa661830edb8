package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"wardbook/data/bundle"
	"wardbook/data/content"
)

const (
	changesPath = "changes.json"
	readmePath  = "README.txt"
	maxChanges  = 4 << 20
	maxReadme   = 64 << 10
	maxSums     = 8 << 20
	// maxTexts bounds the documents of one bundle together, bytes: they are all in memory while they are compared.
	maxTexts = 24 << 20
)

const readmeText = `This is a Wardbook content bundle: training material and checklists, signed by its publisher.

Import it with Wardbook. It can also be looked at with standard tools: it is a ZIP archive.
  unzip -l FILE.wardbook                          lists what is in it
  unzip FILE.wardbook                             unpacks it
  minisign -V -P KEY -m manifest.json             checks the signature with the publisher's key
  sha256sum -c SHA256SUMS                         checks every file
`

// VersionState is what a bundle says of an older version.
type VersionState struct {
	ID      string        `json:"id"`
	Version int           `json:"version"`
	State   content.State `json:"state"` // superseded or withdrawn
}

type changes struct {
	Versions []VersionState `json:"versions"`
}

func documentPath(d content.Document) string {
	return fmt.Sprintf("content/%s/%s/%d.json", d.Kind, d.ID, d.Version)
}

func mediaPath(m content.MediaRef) string {
	extension := ".png"
	if m.MIME == "image/jpeg" {
		extension = ".jpg"
	}
	return "media/" + m.SHA256 + extension
}

// mediaOpener opens a document's media file, for writing a bundle.
type mediaOpener func(d content.Document, m content.MediaRef) (io.ReadCloser, error)

// sourcesOf lays documents out as the entries of a bundle.
func sourcesOf(documents []content.Document, versions []VersionState, open mediaOpener) ([]bundle.Source, error) {
	var sources []bundle.Source
	add := func(name string, text []byte) {
		sources = append(sources, bundle.Source{Path: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text)), nil
		}})
	}
	seen := map[string]bool{}
	for _, d := range documents {
		encoded, err := d.Encode()
		if err != nil {
			return nil, err
		}
		add(documentPath(d), encoded)
		for _, m := range d.Media {
			name := mediaPath(m)
			if seen[name] {
				continue
			}
			seen[name] = true
			sources = append(sources, bundle.Source{Path: name, Size: m.Size, Open: func() (io.ReadCloser, error) { return open(d, m) }})
		}
	}
	slices.SortFunc(versions, func(a, b VersionState) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	encoded, err := json.MarshalIndent(changes{Versions: versions}, "", " ")
	if err != nil {
		return nil, err
	}
	add(changesPath, append(encoded, '\n'))
	add(readmePath, []byte(readmeText))
	slices.SortFunc(sources, func(a, b bundle.Source) int { return strings.Compare(a.Path, b.Path) })
	return sources, nil
}

func openFolderMedia(folder content.Folder) mediaOpener {
	return func(d content.Document, m content.MediaRef) (io.ReadCloser, error) {
		for _, source := range folder.Sources {
			if source.Document.ID == d.ID {
				return folder.Open(source, m.Path)
			}
		}
		return nil, fs.ErrNotExist
	}
}

// parcel is what a content bundle holds, read and checked. Media are only named: their bytes are read when stored.
type parcel struct {
	documents []content.Document
	versions  []VersionState
}

// readParcel reads every document of a bundle. Everything that is not exactly where the layout says is refused.
func readParcel(ctx context.Context, b *bundle.Reader) (parcel, error) {
	var p parcel
	manifest := b.Manifest()
	if manifest.Kind != bundle.KindContent {
		return p, fmt.Errorf("%w: it is a %s bundle", ErrWrongKind, manifest.Kind)
	}
	media := map[string]int64{}
	left := int64(maxTexts)
	for _, entry := range manifest.Entries {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		switch {
		case strings.HasPrefix(entry.Path, "content/"):
			if left -= entry.Size; left < 0 {
				return p, fmt.Errorf("%w: it holds more than %d MiB of texts", ErrBadLayout, maxTexts>>20)
			}
			d, err := readDocument(b, entry)
			if err != nil {
				return p, err
			}
			p.documents = append(p.documents, d)
		case strings.HasPrefix(entry.Path, "media/"):
			media[entry.Path] = entry.Size
		case entry.Path == changesPath:
			if entry.Size > maxChanges {
				return p, fmt.Errorf("%w: %s is too long", ErrBadLayout, changesPath)
			}
			encoded, err := b.ReadEntry(changesPath, maxChanges)
			if err != nil {
				return p, err
			}
			if p.versions, err = parseChanges(encoded); err != nil {
				return p, err
			}
		case entry.Path == readmePath && entry.Size <= maxReadme, entry.Path == bundle.SumsName && entry.Size <= maxSums:
			// Nothing in them is used, but a file that is damaged anywhere is refused.
			if _, err := b.ReadEntry(entry.Path, maxSums); err != nil {
				return p, err
			}
		default:
			return p, fmt.Errorf("%w: %s has no place in it", ErrBadLayout, entry.Path)
		}
	}
	return p, first(p.checkDocuments(), p.checkMedia(manifest, media))
}

func readDocument(b *bundle.Reader, entry bundle.Entry) (content.Document, error) {
	if entry.Size > content.MaxDocumentBytes {
		return content.Document{}, fmt.Errorf("%w: %s is too long", ErrBadLayout, entry.Path)
	}
	encoded, err := b.ReadEntry(entry.Path, content.MaxDocumentBytes)
	if err != nil {
		return content.Document{}, err
	}
	d, err := content.Decode(encoded)
	if err != nil {
		return d, fmt.Errorf("%s: %w", entry.Path, err)
	}
	if documentPath(d) != entry.Path {
		return d, fmt.Errorf("%w: %s holds %s", ErrBadLayout, entry.Path, d.Ref())
	}
	return d, nil
}

// parseChanges reads changes.json.
func parseChanges(encoded []byte) ([]VersionState, error) {
	var c changes
	if len(encoded) > maxChanges || strictJSON(encoded, &c) != nil {
		return nil, fmt.Errorf("%w: %s cannot be read", ErrBadLayout, changesPath)
	}
	for _, v := range c.Versions {
		if !content.ValidID(v.ID) || v.Version < 1 || v.State != content.StateSuperseded && v.State != content.StateWithdrawn {
			return nil, fmt.Errorf("%w: %s says something about %q that is not possible", ErrBadLayout, changesPath, v.ID)
		}
	}
	return c.Versions, nil
}

// checkDocuments holds what a document cannot hold of itself: that an id has one kind and one owner in the bundle, that
// what changes.json speaks of is in it, and that media have names and types that a library can keep.
func (p *parcel) checkDocuments() error {
	seen := map[string]content.Document{}
	for _, d := range p.documents {
		if other, ok := seen[d.ID]; ok && other.Kind != d.Kind {
			return fmt.Errorf("%w: %s is a %s and a %s", ErrBadLayout, d.ID, other.Kind, d.Kind)
		}
		seen[d.ID] = d
		paths := map[string]bool{}
		for _, m := range d.Media {
			if !fs.ValidPath(m.Path) || m.Path == "." || paths[m.Path] || m.Size < 0 || m.Size > content.MaxImageBytes ||
				m.MIME != "image/png" && m.MIME != "image/jpeg" {
				return fmt.Errorf("%w: %s names a file that it cannot have", ErrBadLayout, d.Ref())
			}
			paths[m.Path] = true
		}
	}
	for _, v := range p.versions {
		if _, ok := seen[v.ID]; !ok {
			return fmt.Errorf("%w: %s speaks of %s, which the bundle does not bring", ErrBadLayout, changesPath, v.ID)
		}
	}
	return nil
}

// checkMedia holds that the bundle brings exactly the media that its documents name, in the sizes that they say.
func (p *parcel) checkMedia(manifest bundle.Manifest, media map[string]int64) error {
	named := map[string]bool{}
	for _, d := range p.documents {
		for _, m := range d.Media {
			name := mediaPath(m)
			size, ok := media[name]
			entry, _ := manifest.Entry(name)
			if !ok || size != m.Size || entry.SHA256.String() != m.SHA256 {
				return fmt.Errorf("%w: %s of %s is missing or differs", ErrBadLayout, m.Path, d.Ref())
			}
			named[name] = true
		}
	}
	for name := range media {
		if !named[name] {
			return fmt.Errorf("%w: no document names %s", ErrBadLayout, path.Base(name))
		}
	}
	return nil
}

// checkOwners holds that a publisher brings only its own content: the owner in every document is the signer's key or
// one that the signer follows.
func (p *parcel) checkOwners(signer bundle.PublicKey, publishers []Publisher) error {
	for _, d := range p.documents {
		if d.Owner != signer.Fingerprint() && !follows(publishers, d.Owner, signer.Fingerprint()) {
			return fmt.Errorf("%w: %s", ErrForeignOwner, d.Ref())
		}
	}
	return nil
}

// strictJSON reads exactly one JSON value without unknown fields.
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
