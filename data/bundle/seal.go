package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

const sealIntro = "age-encryption.org/v1\n"

// recipientStrings gives the sorted text forms of recipients. Format 1 takes X25519 recipients alone: they are what every
// age in use opens.
func recipientStrings(recipients []age.Recipient) ([]string, error) {
	var list []string
	for _, r := range recipients {
		known, ok := r.(*age.X25519Recipient)
		if !ok {
			return nil, fmt.Errorf("%w (a recipient of type %T)", ErrSealMethod, r)
		}
		list = append(list, known.String())
	}
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		return nil, about(ErrManifestField, "field", "recipients")
	}
	return list, nil
}

// keepFileKey is a recipient that remembers the key of the age file that is being written, so that the file can be read
// back and verified although the writer is none of its recipients.
type keepFileKey struct {
	age.Recipient
	fileKey []byte
}

func (k *keepFileKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	k.fileKey = bytes.Clone(fileKey)
	return k.Recipient.Wrap(fileKey)
}

// sealedSize is the size of the age file around a ZIP of size bytes.
func sealedSize(size int64, recipients []age.Recipient) (int64, error) {
	const chunk, tag = 64 << 10, 16
	if len(recipients) == 0 {
		return size, nil
	}
	var header counter
	if _, err := age.Encrypt(&header, recipients...); err != nil {
		return 0, fmt.Errorf("preparing the encryption: %w", err)
	}
	chunks := max(1, (size+chunk-1)/chunk)
	return header.n + size + chunks*tag, nil
}

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// unseal opens an age file in place. It returns the ZIP, its size, and the recipient that the identity stands for
// ("" for an injected file key, which only the writer of the file has).
func unseal(file io.ReaderAt, size int64, identities []age.Identity) (zip io.ReaderAt, zipSize int64, recipient string, stanzas int, err error) {
	if stanzas, err = checkSealHeader(file, size); err != nil {
		return nil, 0, "", 0, err
	}
	if len(identities) == 0 {
		return nil, 0, "", 0, ErrNeedsKey
	}
	for _, identity := range identities {
		plain, plainSize, err := age.DecryptReaderAt(file, size, identity)
		if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
			continue
		}
		if err != nil {
			return nil, 0, "", 0, sealError(err)
		}
		if own, ok := identity.(*age.X25519Identity); ok {
			recipient = own.Recipient().String()
		}
		return sealedReader{plain}, plainSize, recipient, stanzas, nil
	}
	return nil, 0, "", 0, ErrNotForUs
}

// checkSealHeader bounds the age header before age's own parser reads it, which takes lines of any length, and counts the
// recipients. Passphrases and plug-ins are refused here: a passphrase's cost is chosen by whoever made the file.
func checkSealHeader(file io.ReaderAt, size int64) (stanzas int, err error) {
	head, err := readUpTo(file, 0, maxSealHeaderSize, size)
	if err != nil {
		return 0, err
	}
	text := string(head)
	for text != "" {
		line, rest, whole := strings.Cut(text, "\n")
		if !whole {
			break
		}
		text = rest
		switch {
		case strings.HasPrefix(line, "---"):
			return stanzas, nil
		case strings.HasPrefix(line, "-> X25519 "):
			stanzas++
		case strings.HasPrefix(line, "->"):
			return 0, ErrSealMethod
		}
	}
	if size <= maxSealHeaderSize {
		return 0, ErrTruncated
	}
	return 0, ErrSealDamaged
}

// sealError tells a failing disk from a damaged file.
func sealError(err error) error {
	if failed, ok := errors.AsType[*ReadError](err); ok {
		return failed
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return ErrSealDamaged
}

// sealedReader is the ZIP inside an age file, with this package's errors.
type sealedReader struct{ plain io.ReaderAt }

func (s sealedReader) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.plain.ReadAt(p, offset)
	if err == nil || n == len(p) {
		return n, nil
	}
	if err == io.EOF {
		return n, io.EOF
	}
	return n, sealError(err)
}
