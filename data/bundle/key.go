package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"aead.dev/minisign"
)

// PublicKey is a minisign public key. Two keys are the same if their Ed25519 keys are: compare with Equal, or by
// Fingerprint, never by String, which also holds minisign's unprotected key number.
type PublicKey struct{ key minisign.PublicKey }

// ParsePublicKey reads "RW…" or the two-line text of a minisign .pub file.
func ParsePublicKey(text string) (PublicKey, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	var k PublicKey
	if err := k.key.UnmarshalText([]byte(text)); err != nil {
		return PublicKey{}, errors.New("this is not a minisign public key: it should be 56 characters starting with RW")
	}
	if !strings.HasSuffix(text, k.String()) {
		return PublicKey{}, errors.New("this is not a minisign public key in its usual form")
	}
	return k, nil
}

// String is the key in minisign's form, 56 characters starting with "RW".
func (k PublicKey) String() string { return k.key.String() }

// IsZero reports whether k was never set.
func (k PublicKey) IsZero() bool { return k.key.Equal(minisign.PublicKey{}) }

// Equal reports whether both are the same Ed25519 key.
func (k PublicKey) Equal(other PublicKey) bool { return bytes.Equal(k.raw(), other.raw()) }

// MarshalText implements encoding.TextMarshaler.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *PublicKey) UnmarshalText(text []byte) error {
	parsed, err := ParsePublicKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// raw is the Ed25519 key without minisign's key number.
func (k PublicKey) raw() []byte {
	const prefix = 2 + 8 // algorithm, key number
	decoded, err := base64.StdEncoding.DecodeString(k.key.String())
	if err != nil || len(decoded) != prefix+ed25519.PublicKeySize {
		return nil
	}
	return decoded[prefix:]
}

// Verify checks a minisign signature over message and returns its trusted comment. Only prehashed signatures count, which
// is what Wardbook and current minisign write.
func (k PublicKey) Verify(message, signature []byte) (trustedComment string, err error) {
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(signature); err != nil || parsed.Algorithm != minisign.HashEdDSA {
		return "", ErrBadSignature
	}
	if !minisign.Verify(k.key, message, signature) {
		return "", ErrBadSignature
	}
	return parsed.TrustedComment, nil
}

// digest is what fingerprints are made of: the Ed25519 key alone, so that a changed key number is no new key.
func (k PublicKey) digest() [sha256.Size]byte {
	return sha256.Sum256(append([]byte("wardbook public key 1\n"), k.raw()...))
}

// Fingerprint is 128 bits of hash as eight groups of four hexadecimal digits, such as "3f2a-9c17-…".
func (k PublicKey) Fingerprint() string {
	digest := k.digest()
	digits := hex.EncodeToString(digest[:16])
	groups := make([]string, 0, 8)
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:i+4])
	}
	return strings.Join(groups, "-")
}

// FingerprintWords is 96 bits of the same hash as six made-up words that can be read out over a telephone in any
// language, such as "lusab-babad-gutih-tugad-huhib-rojok". Each word holds 16 bits: consonant, vowel, consonant, vowel,
// consonant, with 4, 2, 4, 2 and 4 bits.
func (k PublicKey) FingerprintWords() string {
	digest := k.digest()
	return speakable(digest[:12])
}

// speakable writes pairs of bytes as five-letter words; an odd last byte is left out.
func speakable(raw []byte) string {
	const consonants, vowels = "bdfghjklmnprstvz", "aiou"
	words := make([]string, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		n := uint16(raw[i])<<8 | uint16(raw[i+1])
		words = append(words, string([]byte{
			consonants[n>>12], vowels[n>>10&3], consonants[n>>6&15], vowels[n>>4&3], consonants[n&15],
		}))
	}
	return strings.Join(words, "-")
}

// MatchesFingerprint reports whether a person typed this key's whole fingerprint, its words or the key itself. Case of
// letters, spaces and hyphens do not matter in the first two; a part of a fingerprint never matches.
func (k PublicKey) MatchesFingerprint(typed string) bool {
	if given, err := ParsePublicKey(typed); err == nil {
		return given.Equal(k)
	}
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", " ", "", "\t", "", "\n", "", "\r", "").Replace(s))
	}
	given := plain(typed)
	return given == plain(k.Fingerprint()) || given == plain(k.FingerprintWords())
}

// PrivateKey is a minisign private key, not protected by a passphrase: keep it in sealed storage only.
type PrivateKey struct{ key minisign.PrivateKey }

// GenerateKey makes a new key pair.
func GenerateKey() (PrivateKey, error) {
	_, key, err := minisign.GenerateKey(nil)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("making a signing key: %w", err)
	}
	return PrivateKey{key: key}, nil
}

// Public is the public half.
func (k PrivateKey) Public() PublicKey {
	public, _ := k.key.Public().(minisign.PublicKey)
	return PublicKey{key: public}
}

// IsZero reports whether k was never set, or was wiped.
func (k PrivateKey) IsZero() bool { return k.key.Equal(minisign.PrivateKey{}) }

// MarshalBinary gives the key unprotected, as the text of a minisign secret key file without passphrase.
func (k PrivateKey) MarshalBinary() ([]byte, error) {
	if k.IsZero() {
		return nil, errors.New("there is no signing key")
	}
	return k.key.MarshalText()
}

// UnmarshalBinary reads what MarshalBinary writes. A key whose two halves do not belong together is refused: signing with
// it would reveal it.
func (k *PrivateKey) UnmarshalBinary(data []byte) error {
	const seedAt = 62 // in the decoded key, after the key number
	var parsed minisign.PrivateKey
	if err := parsed.UnmarshalText(data); err != nil {
		return fmt.Errorf("reading a signing key: %w", err)
	}
	_, encoded, _ := bytes.Cut(data, []byte("\n"))
	raw, err := base64.StdEncoding.DecodeString(string(encoded))
	if err != nil || len(raw) < seedAt+ed25519.PrivateKeySize {
		return errors.New("reading a signing key: it is not in the usual form")
	}
	defer clear(raw)
	held := raw[seedAt : seedAt+ed25519.PrivateKeySize]
	if !bytes.Equal(ed25519.NewKeyFromSeed(held[:ed25519.SeedSize]), held) {
		return errors.New("reading a signing key: its two halves do not belong together")
	}
	k.key = parsed
	return nil
}

// Wipe forgets this copy of the key.
func (k *PrivateKey) Wipe() { k.key = minisign.PrivateKey{} }

const untrustedComment = "signed with Wardbook"

// Sign makes a prehashed minisign signature over message. The trusted comment is signed with it: give each purpose of
// signing its own first words, so that a signature for one purpose never serves another.
func (k PrivateKey) Sign(message []byte, trustedComment string) ([]byte, error) {
	return k.sign(message, trustedComment, untrustedComment)
}

func (k PrivateKey) sign(message []byte, trusted, untrusted string) ([]byte, error) {
	const most = 1024 // well below what minisign's command accepts
	if k.IsZero() {
		return nil, errors.New("signing: there is no signing key")
	}
	for _, comment := range []string{trusted, untrusted} {
		if len(comment) > most || strings.ContainsFunc(comment, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, errors.New("signing: a comment is one line of at most 1,024 bytes")
		}
	}
	reader := minisign.NewReader(bytes.NewReader(message))
	if _, err := io.Copy(io.Discard, reader); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return reader.SignWithComments(k.key, trusted, untrusted), nil
}
