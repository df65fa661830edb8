// Package bundle is the `.wardbook` file format alone: it writes, verifies and reads bundle files. It knows no domain, no
// store and no trust: it answers "is this file whole, and whose key signed it", never "do we believe that publisher".
//
// A bundle is a ZIP whose entries are stored, not compressed. The first two entries are manifest.json and its minisign
// signature; the manifest names every other entry with size and hashes. An encrypted bundle is that ZIP inside an age file.
// The package promises:
//
//   - nothing but the first two entries is looked at before the signature verifies;
//   - the whole ZIP layout is recomputed from the signed manifest and compared byte for byte, so that every tool that opens
//     the file sees the entries that were signed and nothing else;
//   - no plaintext copy of an encrypted bundle is made, and memory does not grow with the size of a bundle;
//   - each structural refusal is an error of its own with one plain sentence (see Refusal).
//
// The format is described in docs/bundle-format.md.
package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Format is the newest manifest format that this package reads, and the one that it writes.
const Format = 1

// Extension is the file name extension of every bundle.
const Extension = ".wardbook"

// Limits of format 1. All sizes are bytes.
const (
	MaxManifestSize   = 4 << 20    // manifest.json
	MaxManifestDepth  = 6          // nesting of objects and arrays in manifest.json
	MaxEntries        = 10_000     // entries named in the manifest
	MaxEntrySize      = 1<<32 - 2  // one entry: the largest that needs no ZIP64 size
	MaxBundleSize     = 64 << 30   // the ZIP before encryption
	MaxRecipients     = 100        // recipients of an encrypted bundle
	MaxPathLength     = 200        // an entry's path
	MaxPartLength     = 100        // one part of a path, between slashes
	MaxPathParts      = 8          // parts of a path
	MaxNoteLength     = 4_000      // change note, bytes of UTF-8
	MaxLineLength     = 200        // issuer name and handling mark, bytes of UTF-8
	MaxStatements     = 1_000      // successors and revocations, each
	MaxStatementBody  = 8 << 10    // body of one statement
	maxSignatureSize  = 2 << 10    // manifest.json.minisig
	maxSealHeaderSize = 32 << 10   // age header
	maxFATFileSize    = 1<<32 - 1  // a file on FAT32
	copyBufferSize    = 256 * 1024 // memory of one copying loop
)

// Names of the entries that the format itself owns.
const (
	ManifestName  = "manifest.json"
	SignatureName = "manifest.json.minisig"
	SumsName      = "SHA256SUMS"
)

// Kind says what a bundle carries. Kinds are never mixed in one bundle.
type Kind string

// The four kinds.
const (
	KindContent  Kind = "content"  // training material and checklists; encrypted only if asked
	KindProgress Kind = "progress" // learning results; always encrypted
	KindRecords  Kind = "records"  // casework; always encrypted
	KindCard     Kind = "card"     // public keys and a name; never encrypted
)

// Kinds lists every kind of format 1.
func Kinds() []Kind { return []Kind{KindContent, KindProgress, KindRecords, KindCard} }

// Valid reports whether k is a kind of format 1.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// alwaysEncrypted says for which kinds a bundle in the clear is refused.
func (k Kind) alwaysEncrypted() bool { return k == KindProgress || k == KindRecords }

// Hash is a SHA-256 hash. In JSON and text it is 64 lower-case hexadecimal digits.
type Hash [32]byte

// String gives 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h was never set.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}

// ParseHash reads what String writes.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if len(text) != 2*len(h) {
		return Hash{}, errors.New("a SHA-256 hash has 64 hexadecimal digits")
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return Hash{}, fmt.Errorf("not a SHA-256 hash: %w", err)
	}
	return h, nil
}

// Checksum is the CRC-32 that ZIP tools compare when they extract an entry. It protects against nothing but accidents; the
// SHA-256 is what counts. In JSON it is 8 lower-case hexadecimal digits.
type Checksum uint32

// String gives 8 lower-case hexadecimal digits.
func (c Checksum) String() string { return fmt.Sprintf("%08x", uint32(c)) }

// MarshalText implements encoding.TextMarshaler.
func (c Checksum) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Checksum) UnmarshalText(text []byte) error {
	var raw [4]byte
	if len(text) != 8 {
		return errors.New("a CRC-32 has 8 hexadecimal digits")
	}
	if _, err := hex.Decode(raw[:], text); err != nil {
		return fmt.Errorf("not a CRC-32: %w", err)
	}
	*c = Checksum(uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3]))
	return nil
}
