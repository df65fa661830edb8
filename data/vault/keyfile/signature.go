package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"aead.dev/minisign"
	"filippo.io/age"
	"golang.org/x/crypto/blake2b"
)

// maxSignature bounds a minisign signature: two comment lines and two lines of base64.
const maxSignature = 1024

// Sign makes a prehashed minisign signature, the kind that the minisign command makes by default.
func Sign(key minisign.PrivateKey, msg []byte, trustedComment string) []byte {
	r := minisign.NewReader(bytes.NewReader(msg))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil // a bytes.Reader does not fail
	}
	return r.SignWithComments(key, trustedComment, "signature made by Wardbook")
}

// Verify reports whether signature is a minisign signature over msg by the key written "RW…".
func Verify(publicKey string, msg, signature []byte) bool {
	if len(signature) > maxSignature {
		return false
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(publicKey)); err != nil {
		return false
	}
	return minisign.Verify(key, msg, signature)
}

// EncodeSigningKey writes a minisign secret key as the one line of base64 that stands in a minisign key file.
func EncodeSigningKey(key minisign.PrivateKey) (string, error) {
	text, err := key.MarshalText()
	if err != nil {
		return "", err
	}
	_, line, found := bytes.Cut(text, []byte("\n"))
	if !found {
		return "", errors.New("unexpected form of a minisign key")
	}
	return string(bytes.TrimSpace(line)), nil
}

// DecodeSigningKey reads what EncodeSigningKey writes and refuses a key whose halves do not belong together.
func DecodeSigningKey(line string) (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	if err := key.UnmarshalText([]byte(line)); err != nil {
		return minisign.PrivateKey{}, err
	}
	if again, err := EncodeSigningKey(key); err != nil || again != line {
		return minisign.PrivateKey{}, errors.New("the signing key is not written as minisign writes it")
	}
	// A key whose public half does not belong to its secret half would give its secret away in its signatures.
	public, ok := key.Public().(minisign.PublicKey)
	if !ok || !Verify(public.String(), []byte("self-test"), Sign(key, []byte("self-test"), "self-test")) {
		return minisign.PrivateKey{}, errors.New("the halves of the signing key do not belong together")
	}
	return key, nil
}

// recoveryLabel separates the signing key of a recovery key from any other use of its bytes.
const recoveryLabel = "wardbook recovery signing key 1"

// RecoverySigningKey derives the minisign key with which a recovery key signs. An age identity cannot sign, and a
// second secret to be written down would not be. So it is HKDF-SHA-256 over the identity's text, taken as an Ed25519
// seed.
func RecoverySigningKey(identity *age.X25519Identity) (minisign.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, []byte(identity.String()), nil, recoveryLabel, ed25519.SeedSize)
	if err != nil {
		return minisign.PrivateKey{}, fmt.Errorf("deriving the signing key: %w", err)
	}
	defer clear(seed)
	return signingKeyFromSeed(seed)
}

// signingKeyFromSeed builds the minisign secret key of an Ed25519 seed, in the layout of an unencrypted minisign key
// file: algorithm, KDF and checksum names, 48 zero bytes, key id, seed, public key, checksum (unused).
func signingKeyFromSeed(seed []byte) (minisign.PrivateKey, error) {
	private := ed25519.NewKeyFromSeed(seed)
	defer clear(private)
	id := blake2b.Sum256(private[ed25519.SeedSize:])
	var raw [158]byte
	defer clear(raw[:])
	copy(raw[0:], "Ed")
	copy(raw[4:], "B2")
	binary.LittleEndian.PutUint64(raw[54:], binary.LittleEndian.Uint64(id[:8]))
	copy(raw[62:], private)
	return DecodeSigningKey(base64.StdEncoding.EncodeToString(raw[:]))
}
