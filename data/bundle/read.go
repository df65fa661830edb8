package bundle

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"time"

	"aead.dev/minisign"
	"filippo.io/age"
)

// Options say who opens a bundle and with what.
type Options struct {
	Identities     []age.Identity   // X25519 identities; needed for encrypted bundles alone
	Now            func() time.Time // for CheckExpiry; time.Now if nil
	ProgramVersion string           // such as "0.1.0"; empty: any minimum version is accepted

	// verifying is set when the writer reads its own file back with the file key, without being a recipient.
	verifying bool
}

// Reader is an open bundle whose signature and layout are verified. The data of an entry is verified while it is read.
// A Reader may be used from several goroutines. It does not own the file: close that after the last use.
type Reader struct {
	file      io.ReaderAt
	fileSize  int64
	zip       io.ReaderAt
	manifest  Manifest
	raw       []byte
	places    map[string]place
	encrypted bool
	now       func() time.Time
}

// Open verifies that size bytes at r are a bundle, whole in structure and signed by the key that its manifest names. It
// does not read the entries' data (see VerifyAll), and it does not decide whether the issuer is trusted or the bundle has
// expired. Any refusal is a *Refusal; a *ReadError means that reading itself failed.
func Open(ctx context.Context, r io.ReaderAt, size int64, opts Options) (*Reader, error) {
	b := &Reader{file: source{r}, fileSize: size, now: opts.Now}
	if b.now == nil {
		b.now = time.Now
	}
	intro, err := readUpTo(b.file, 0, len(sealIntro), size)
	if err != nil {
		return nil, err
	}
	b.zip = b.file
	zipSize, recipient, stanzas := size, "", 0
	if string(intro) == sealIntro {
		b.encrypted = true
		if b.zip, zipSize, recipient, stanzas, err = unseal(b.file, size, opts.Identities); err != nil {
			return nil, err
		}
	} else if len(intro) > 0 && strings.HasPrefix(sealIntro, string(intro)) {
		return nil, ErrTruncated
	}
	manifest, signature, err := readHead(b.zip, zipSize)
	if err != nil {
		return nil, err
	}
	key, err := verifyManifest(manifest, signature)
	if err != nil {
		return nil, err
	}
	if b.manifest, err = DecodeManifest(manifest); err != nil {
		return nil, err
	}
	b.raw = manifest
	if err := checkSignatureForm(b.manifest, key, signature); err != nil {
		return nil, err
	}
	if err := b.manifest.checkProgram(opts.ProgramVersion); err != nil {
		return nil, err
	}
	if err := b.checkAddressing(recipient, stanzas, opts.verifying); err != nil {
		return nil, err
	}
	l := newLayout(manifest, signature, b.manifest.Entries)
	if err := l.compare(ctx, b.zip, zipSize); err != nil {
		return nil, err
	}
	b.places = make(map[string]place, len(l.places))
	for _, p := range l.places[2:] {
		b.places[p.entry.Path] = p
	}
	return b, nil
}

// readHead reads the first two entries and nothing else.
func readHead(zip io.ReaderAt, size int64) (manifest, signature []byte, err error) {
	manifest, next, err := readFirst(zip, size, 0, ManifestName, MaxManifestSize, ErrManifestTooLong)
	if err != nil {
		return nil, nil, err
	}
	signature, _, err = readFirst(zip, size, next, SignatureName, maxSignatureSize, ErrBadSignature)
	return manifest, signature, err
}

// readFirst reads one stored entry at offset that must have this name and no more than most bytes.
func readFirst(zip io.ReaderAt, size, offset int64, name string, most uint32, tooLong *Refusal) ([]byte, int64, error) {
	header, err := readUpTo(zip, offset, localFixed, size)
	if err != nil {
		return nil, 0, err
	}
	if offset == 0 && (len(header) < 4 || binary.LittleEndian.Uint32(header) != localSignature) {
		return nil, 0, ErrNotBundle
	}
	if len(header) < localFixed {
		return nil, 0, ErrTruncated
	}
	fields := readFields(header[6:])
	if binary.LittleEndian.Uint32(header) != localSignature || int(fields.nameLength) != len(name) {
		return nil, 0, ErrNoManifest
	}
	gotName, err := readUpTo(zip, offset+localFixed, len(name), size)
	if err != nil {
		return nil, 0, err
	}
	switch found := fields.refuse(false); {
	case len(gotName) < len(name):
		return nil, 0, ErrTruncated
	case string(gotName) != name:
		return nil, 0, ErrNoManifest
	case found != nil:
		return nil, 0, about(found, "entry", name)
	case fields.length > most:
		return nil, 0, tooLong
	}
	dataOffset := offset + localFixed + int64(len(name))
	data, err := readUpTo(zip, dataOffset, int(fields.length), size)
	if err != nil {
		return nil, 0, err
	}
	if len(data) < int(fields.length) {
		return nil, 0, ErrTruncated
	}
	return data, dataOffset + int64(len(data)), nil
}

// signerComment is the untrusted comment of a bundle's signature. It says which key to check with before the manifest is
// parsed; that it told the truth is checked afterwards.
const signerComment = "Wardbook bundle signed with "

// verifyManifest checks the signature over the bytes of the manifest, before anything in them is parsed.
func verifyManifest(manifest, signature []byte) (PublicKey, error) {
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(signature); err != nil {
		return PublicKey{}, ErrBadSignature
	}
	text, ok := strings.CutPrefix(parsed.UntrustedComment, signerComment)
	if !ok {
		return PublicKey{}, ErrBadSignature
	}
	key, err := ParsePublicKey(text)
	if err != nil {
		return PublicKey{}, ErrBadSignature
	}
	if _, err := key.Verify(manifest, signature); err != nil {
		return PublicKey{}, err
	}
	return key, nil
}

// checkSignatureForm ties the signature to this manifest: its key is the issuer's, its comment names this bundle, and it is
// written in the one form that signing gives.
func checkSignatureForm(m Manifest, key PublicKey, signature []byte) error {
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(signature); err != nil {
		return ErrBadSignature
	}
	if key.String() != m.Issuer.PublicKey.String() || parsed.TrustedComment != m.trustedComment() {
		return ErrBadSignature
	}
	parsed.UntrustedComment = signerComment + key.String()
	if again, err := parsed.MarshalText(); err != nil || !bytes.Equal(again, signature) {
		return ErrBadSignature
	}
	return nil
}

// checkAddressing compares how the file is encrypted with what the signed manifest says, so that nobody can forward a
// bundle in its sender's name.
func (b *Reader) checkAddressing(recipient string, stanzas int, verifying bool) error {
	named := b.manifest.Recipients
	switch {
	case !b.encrypted && len(named) > 0:
		return ErrNotEncrypted
	case !b.encrypted:
		return nil
	case len(named) == 0:
		return ErrMustBeClear
	}
	if !verifying {
		ours := false
		for _, r := range named {
			ours = ours || r == recipient
		}
		if !ours {
			return ErrForwarded
		}
	}
	if stanzas != len(named) {
		return ErrForwarded
	}
	return nil
}

// Manifest is the signed description of the bundle.
func (b *Reader) Manifest() Manifest { return b.manifest }

// SignedBy is the key that signed the bundle. Whether to trust it is another matter.
func (b *Reader) SignedBy() PublicKey { return b.manifest.Issuer.PublicKey }

// Encrypted reports whether the bundle is inside an age file.
func (b *Reader) Encrypted() bool { return b.encrypted }

// Size is the size of the file in bytes.
func (b *Reader) Size() int64 { return b.fileSize }

// ManifestHash identifies what the bundle says: the SHA-256 of manifest.json. It stays the same when the same bundle is
// encrypted again, and is what the next bundle of the stream names as Previous.
func (b *Reader) ManifestHash() Hash { return sha256.Sum256(b.raw) }

// CheckExpiry gives an *ExpiredError if the bundle has expired by the clock of Options.
func (b *Reader) CheckExpiry() error { return b.manifest.CheckExpiry(b.now()) }

// FileHash is the SHA-256 of the file as it lies on the disk, what `sha256sum` prints. It reads the whole file.
func (b *Reader) FileHash(ctx context.Context) (Hash, error) {
	sum := sha256.New()
	if _, err := copyContext(ctx, sum, io.NewSectionReader(b.file, 0, b.fileSize), b.fileSize, nil); err != nil {
		return Hash{}, err
	}
	return Hash(sum.Sum(nil)), nil
}

// OpenEntry reads an entry. The size and hashes are compared when the end is reached: what was read before io.EOF is not
// verified yet, and the last Read fails with ErrEntryChanged if it differs. An unknown path gives fs.ErrNotExist.
func (b *Reader) OpenEntry(path string) (io.ReadCloser, error) {
	p, ok := b.places[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	section := io.NewSectionReader(b.zip, p.dataOffset(), p.entry.Size)
	return &entryReader{
		// Buffered, because each small read of an encrypted file costs as much as a large one.
		data:  bufio.NewReaderSize(section, int(min(p.entry.Size, copyBufferSize))),
		entry: p.entry, sha: sha256.New(), crc: crc32.NewIEEE(),
	}, nil
}

// ReadEntry gives a whole entry, verified, if it has at most most bytes.
func (b *Reader) ReadEntry(path string, most int64) ([]byte, error) {
	r, err := b.OpenEntry(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size := b.places[path].entry.Size
	if size > most {
		return nil, fmt.Errorf("the entry %q has %d bytes; at most %d were expected", path, size, most)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, err
	}
	return data, nil
}

// VerifyAll reads every entry and compares it with the manifest. Progress, if not nil, is told bytes from time to time.
func (b *Reader) VerifyAll(ctx context.Context, progress func(done, total int64)) error {
	total := b.manifest.Size()
	var done int64
	for _, e := range b.manifest.Entries {
		r, err := b.OpenEntry(e.Path)
		if err != nil {
			return err
		}
		n, err := copyContext(ctx, io.Discard, r, e.Size, func(n int64) {
			if progress != nil {
				progress(done+n, total)
			}
		})
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
		done += n
	}
	if progress != nil {
		progress(done, total)
	}
	return nil
}

// entryReader hashes what passes through and compares at the end.
type entryReader struct {
	data   io.Reader
	entry  Entry
	sha    hash.Hash
	crc    hash.Hash32
	read   int64
	failed error
}

func (r *entryReader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	n, err := r.data.Read(p)
	r.sha.Write(p[:n])
	r.crc.Write(p[:n])
	r.read += int64(n)
	if err == io.EOF {
		switch {
		case r.read < r.entry.Size:
			err = about(ErrTruncated, "entry", r.entry.Path)
		case Hash(r.sha.Sum(nil)) != r.entry.SHA256 || Checksum(r.crc.Sum32()) != r.entry.CRC32:
			err = about(ErrEntryChanged, "entry", r.entry.Path)
		}
	}
	if err != nil {
		r.failed = err
	}
	return n, err
}

func (r *entryReader) Close() error {
	if r.failed == nil {
		r.failed = fs.ErrClosed
	}
	return nil
}

// source is the bundle's file. It marks failures of the disk as such, and hides that a ReaderAt may report the end of the
// file together with the last bytes.
type source struct{ r io.ReaderAt }

func (s source) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.r.ReadAt(p, offset)
	if n == len(p) || err == nil {
		return n, nil
	}
	if err == io.EOF {
		return n, io.EOF
	}
	return n, &ReadError{Err: err}
}

// copyContext copies with a bounded buffer, stops when ctx ends, and tells progress the bytes so far. About size bytes are
// expected: a small file gets a small buffer.
func copyContext(ctx context.Context, w io.Writer, r io.Reader, size int64, progress func(int64)) (int64, error) {
	buffer := make([]byte, min(max(size, 0)+1, copyBufferSize))
	var done int64
	for {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return done, err
			}
			done += int64(n)
			if progress != nil {
				progress(done)
			}
		}
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}
