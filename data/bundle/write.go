package bundle

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

// Source is a file to be put into a bundle. Open is called twice: once to hash it, once to copy it.
type Source struct {
	Path string // in the bundle; see CheckPath
	Size int64  // bytes
	Open func() (io.ReadCloser, error)
}

// Prepared is a bundle that is hashed and signed, and not yet written.
type Prepared struct {
	manifest   Manifest
	raw        []byte
	signature  []byte
	layout     layout
	sources    map[string]Source
	sums       []byte
	recipients []age.Recipient
	size       int64
}

// Prepare hashes the sources and signs the manifest. Of m, the fields Format, Entries, Recipients and Issuer.PublicKey are
// filled in (an issuer key that is set must be the signing key's), ID is made if it is empty, languages are sorted, and
// times are cut to whole seconds.
func Prepare(ctx context.Context, m Manifest, key PrivateKey, sources []Source, recipients []age.Recipient) (*Prepared, error) {
	return prepare(ctx, m, key, sources, recipients, nil)
}

func prepare(ctx context.Context, m Manifest, key PrivateKey, sources []Source, recipients []age.Recipient, progress func(done, total int64)) (*Prepared, error) {
	p := &Prepared{sources: make(map[string]Source, len(sources)), recipients: recipients}
	if err := p.fill(m, key); err != nil {
		return nil, err
	}
	if err := p.hash(ctx, sources, progress); err != nil {
		return nil, err
	}
	if err := p.manifest.check(); err != nil {
		return nil, err
	}
	var err error
	if p.raw, err = p.manifest.Encode(); err != nil {
		return nil, err
	}
	// What reading would refuse is not signed; and the writer sees the manifest as every reader will.
	if p.manifest, err = DecodeManifest(p.raw); err != nil {
		return nil, err
	}
	if p.signature, err = key.sign(p.raw, p.manifest.trustedComment(), signerComment+key.Public().String()); err != nil {
		return nil, err
	}
	p.layout = newLayout(p.raw, p.signature, p.manifest.Entries)
	if p.layout.size > MaxBundleSize {
		return nil, ErrBundleTooBig
	}
	if p.size, err = sealedSize(p.layout.size, recipients); err != nil {
		return nil, err
	}
	return p, nil
}

// fill completes the fields that follow from the key and the recipients.
func (p *Prepared) fill(m Manifest, key PrivateKey) error {
	if key.IsZero() {
		return errors.New("writing a bundle: there is no signing key")
	}
	if !m.Issuer.PublicKey.IsZero() && m.Issuer.PublicKey.String() != key.Public().String() {
		return errors.New("writing a bundle: the issuer's key is not the signing key")
	}
	m.Format = Format
	m.Issuer.PublicKey = key.Public()
	m.Languages = slices.Sorted(slices.Values(m.Languages))
	m.Created = m.Created.UTC().Truncate(time.Second)
	m.Expires = m.Expires.UTC().Truncate(time.Second)
	var err error
	if m.Recipients, err = recipientStrings(p.recipients); err != nil {
		return err
	}
	if m.ID == "" {
		if m.ID, err = NewID(); err != nil {
			return err
		}
	}
	m.Entries = nil
	p.manifest = m
	return nil
}

// hash reads every source once and lists the entries in order, SHA256SUMS among them.
func (p *Prepared) hash(ctx context.Context, sources []Source, progress func(done, total int64)) error {
	if len(sources) >= MaxEntries {
		return ErrTooManyEntries
	}
	sources = slices.SortedFunc(slices.Values(sources), func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	paths := make([]string, len(sources))
	var done, total int64
	for i, s := range sources {
		if s.Path == SumsName {
			return about(ErrNameReserved, "entry", s.Path)
		}
		if s.Size > MaxEntrySize {
			return about(ErrEntryTooBig, "entry", s.Path)
		}
		paths[i] = s.Path
		total += s.Size
	}
	if err := checkPaths(paths); err != nil {
		return err
	}
	for _, s := range sources {
		e, err := hashSource(ctx, s, func(n int64) {
			if progress != nil {
				progress(done+n, total)
			}
		})
		if err != nil {
			return err
		}
		done += s.Size
		p.sources[s.Path] = s
		p.manifest.Entries = append(p.manifest.Entries, e)
	}
	if p.sums = sums(p.manifest.Entries); len(p.sums) > 0 {
		own := Entry{Path: SumsName, Size: int64(len(p.sums)), SHA256: sha256.Sum256(p.sums), CRC32: Checksum(crc32.ChecksumIEEE(p.sums))}
		at, _ := slices.BinarySearchFunc(p.manifest.Entries, SumsName, func(e Entry, name string) int { return strings.Compare(e.Path, name) })
		p.manifest.Entries = slices.Insert(p.manifest.Entries, at, own)
	}
	return nil
}

func hashSource(ctx context.Context, s Source, progress func(int64)) (Entry, error) {
	sha, crc := sha256.New(), crc32.NewIEEE()
	if err := copySource(ctx, io.MultiWriter(sha, crc), s, progress); err != nil {
		return Entry{}, err
	}
	return Entry{Path: s.Path, Size: s.Size, SHA256: Hash(sha.Sum(nil)), CRC32: Checksum(crc.Sum32())}, nil
}

// copySource copies exactly the announced number of bytes, or fails.
func copySource(ctx context.Context, w io.Writer, s Source, progress func(int64)) (err error) {
	r, err := s.Open()
	if err != nil {
		return fmt.Errorf("opening %q for a bundle: %w", s.Path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	// One byte more than announced is let through to the reader's side, so that a grown file is noticed and not cut.
	n, err := copyContext(ctx, &exactly{w: w, left: s.Size}, io.LimitReader(r, s.Size+1), s.Size, progress)
	if errors.Is(err, errTooLong) || (err == nil && n != s.Size) {
		return about(ErrSourceChanged, "file", s.Path)
	}
	if err != nil {
		return fmt.Errorf("copying %q into a bundle: %w", s.Path, err)
	}
	return nil
}

var errTooLong = errors.New("more bytes than announced")

// exactly lets no more than left bytes through.
type exactly struct {
	w    io.Writer
	left int64
}

func (e *exactly) Write(b []byte) (int, error) {
	if int64(len(b)) > e.left {
		return 0, errTooLong
	}
	e.left -= int64(len(b))
	return e.w.Write(b)
}

// Manifest is the finished manifest.
func (p *Prepared) Manifest() Manifest { return p.manifest }

// ManifestHash is the hash that the next bundle of the stream names as Previous.
func (p *Prepared) ManifestHash() Hash { return sha256.Sum256(p.raw) }

// Size is the size of the file to be written, bytes.
func (p *Prepared) Size() int64 { return p.size }

// Write hashes, signs and writes a bundle in one go; Prepare tells what will be written first. The sources are streamed.
func Write(ctx context.Context, w io.Writer, m Manifest, key PrivateKey, sources []Source, recipients []age.Recipient) error {
	p, err := Prepare(ctx, m, key, sources, recipients)
	if err != nil {
		return err
	}
	return p.Write(ctx, w, nil)
}

// Write writes the bundle. Each source is hashed again on the way: one that changed since Prepare ends the writing with
// ErrSourceChanged, and what was written must be thrown away. Progress, if not nil, is told bytes of entries.
func (p *Prepared) Write(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	fileKey, err := p.write(ctx, w, progress)
	clear(fileKey)
	return err
}

// write returns the key of the age file, if there is one, for reading the file back.
func (p *Prepared) write(ctx context.Context, w io.Writer, progress func(done, total int64)) (fileKey []byte, err error) {
	if len(p.recipients) == 0 {
		return nil, p.writeZip(ctx, w, progress)
	}
	keep := &keepFileKey{Recipient: p.recipients[0]}
	sealed, err := age.Encrypt(w, append([]age.Recipient{keep}, p.recipients[1:]...)...)
	if err != nil {
		return nil, fmt.Errorf("starting the encryption: %w", err)
	}
	if err := p.writeZip(ctx, sealed, progress); err != nil {
		return nil, err // without Close: an age file that is not ended cannot be mistaken for a whole one
	}
	if err := sealed.Close(); err != nil {
		return nil, fmt.Errorf("ending the encryption: %w", err)
	}
	return keep.fileKey, nil
}

func (p *Prepared) writeZip(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	total := p.manifest.Size()
	var done int64
	for _, at := range p.layout.places {
		if _, err := w.Write(at.localHeader()); err != nil {
			return err
		}
		var err error
		switch at.entry.Path {
		case ManifestName:
			_, err = w.Write(p.raw)
		case SignatureName:
			_, err = w.Write(p.signature)
		case SumsName:
			_, err = w.Write(p.sums)
			done += at.entry.Size
		default:
			err = p.writeSource(ctx, w, at.entry, func(n int64) {
				if progress != nil {
					progress(done+n, total)
				}
			})
			done += at.entry.Size
		}
		if err != nil {
			return err
		}
	}
	_, err := w.Write(p.layout.central)
	return err
}

func (p *Prepared) writeSource(ctx context.Context, w io.Writer, e Entry, progress func(int64)) error {
	sha := sha256.New()
	if err := copySource(ctx, io.MultiWriter(w, sha), p.sources[e.Path], progress); err != nil {
		return err
	}
	if Hash(sha.Sum(nil)) != e.SHA256 {
		return about(ErrSourceChanged, "file", e.Path)
	}
	return nil
}
