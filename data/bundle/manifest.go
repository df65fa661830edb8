package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Manifest describes a bundle. It is signed; everything that a bundle says about itself is in it.
type Manifest struct {
	Format         int         `json:"format"`
	ID             string      `json:"id"` // UUIDv7
	Kind           Kind        `json:"kind"`
	Issuer         Issuer      `json:"issuer"`
	Stream         string      `json:"stream"`              // random name of a series of bundles from one issuer
	Sequence       uint64      `json:"sequence"`            // counts from 1 within the stream
	Previous       Hash        `json:"previous,omitzero"`   // hash of the manifest before this one in the stream; none for the first
	Created        time.Time   `json:"created"`             // UTC, whole seconds
	Expires        time.Time   `json:"expires,omitzero"`    // UTC, whole seconds; zero: never
	Languages      []string    `json:"languages,omitempty"` // BCP 47, sorted
	MinimumProgram string      `json:"minimum_program,omitempty"`
	Recipients     []string    `json:"recipients,omitempty"` // age1…, sorted; present exactly if the bundle is encrypted
	HandlingMark   string      `json:"handling_mark,omitempty"`
	Note           string      `json:"note,omitempty"` // change note
	Anchor         *Anchor     `json:"anchor,omitempty"`
	Successors     []Statement `json:"successors,omitempty"`
	Revocations    []Statement `json:"revocations,omitempty"`
	Entries        []Entry     `json:"entries"` // sorted by path, bytewise
}

// Issuer is who made the bundle: what the signature was checked with, and the name that this key's holder gave.
type Issuer struct {
	Name      string    `json:"name"`
	PublicKey PublicKey `json:"public_key"`
}

// Anchor is the place up to which the issuing store had written, so that others can tell if it ever goes back.
type Anchor struct {
	Store      string `json:"store"`
	Generation uint64 `json:"generation"`
	Sequence   uint64 `json:"sequence"`
	Tag        string `json:"tag"`
	// Incarnation changes when the store is restored from a backup: that is no going back.
	Incarnation string `json:"incarnation,omitempty"`
}

// Entry is one file in the bundle.
type Entry struct {
	Path   string   `json:"path"`
	Size   int64    `json:"size"` // bytes
	SHA256 Hash     `json:"sha256"`
	CRC32  Checksum `json:"crc32"`
}

// NewID makes an id for a manifest: a UUIDv7.
func NewID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making a bundle id: %w", err)
	}
	return id.String(), nil
}

// Encode gives the one form in which a manifest may be written: UTF-8 JSON, the fields in the order of the struct,
// indented with tabs, ended by a line feed.
func (m Manifest) Encode() ([]byte, error) {
	if m.Entries == nil {
		m.Entries = []Entry{}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	if err := encoder.Encode(m); err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeManifest reads what Encode writes and nothing else: no other field, order, spacing, number or letter form.
func DecodeManifest(raw []byte) (Manifest, error) {
	if len(raw) > MaxManifestSize {
		return Manifest{}, ErrManifestTooLong
	}
	if err := checkShape(raw); err != nil {
		return Manifest{}, err
	}
	var known struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return Manifest{}, ErrManifestMalformed
	}
	switch {
	case known.Format > Format:
		return Manifest{}, fmt.Errorf("%w (format %d; this program reads format %d)", ErrNewerFormat, known.Format, Format)
	case known.Format < 1:
		return Manifest{}, about(ErrManifestField, "field", "format")
	}
	if err := checkDuplicateKeys(raw); err != nil {
		return Manifest{}, err
	}
	var m Manifest
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return Manifest{}, about(ErrManifestUnknownField, "field", strings.Trim(name, `"`))
		}
		return Manifest{}, fmt.Errorf("%w (%s)", ErrManifestMalformed, printable(err.Error()))
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	again, err := m.Encode()
	if err != nil {
		return Manifest{}, err
	}
	if !bytes.Equal(again, raw) {
		return Manifest{}, ErrManifestNotCanonical
	}
	return m, nil
}

// checkShape counts brackets and commas outside strings, before any parser sees the text: nesting costs a parser stack,
// and a list of a million empty objects costs it many times the memory of the text.
func checkShape(raw []byte) error {
	const (
		mostLists  = MaxEntries + 2*MaxStatements + 16
		mostCommas = 4*MaxEntries + 4*MaxStatements + 1_000
	)
	depth, lists, commas, inString, escaped := 0, 0, 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			lists++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			commas++
		}
		switch {
		case depth > MaxManifestDepth:
			return ErrManifestTooDeep
		case lists > mostLists:
			return ErrTooManyEntries
		case commas > mostCommas:
			return about(ErrManifestMalformed, "field", "a list longer than any may be")
		}
	}
	return nil
}

// checkDuplicateKeys finds a field that an object has twice; encoding/json would silently take the last.
func checkDuplicateKeys(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	type object struct {
		keys  map[string]bool // nil in an array
		isKey bool
	}
	var open []object
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil // at the end, or malformed, which the decoder reports
		}
		top := len(open) - 1
		if key, ok := token.(string); ok && top >= 0 && open[top].keys != nil && open[top].isKey {
			if open[top].keys[key] {
				return about(ErrManifestDuplicateKey, "field", key)
			}
			open[top].keys[key] = true
			open[top].isKey = false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{keys: map[string]bool{}, isKey: true})
			continue
		case json.Delim('['):
			open = append(open, object{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:top]
			top--
		}
		if top >= 0 {
			open[top].isKey = true
		}
	}
}

// trustedComment is the comment that the signature of this manifest must carry. It names the bundle for people who use
// minisign's command, and keeps a signature made for another purpose from serving as a bundle's.
func (m Manifest) trustedComment() string {
	return fmt.Sprintf("wardbook bundle format:%d kind:%s stream:%s sequence:%d id:%s", m.Format, m.Kind, m.Stream, m.Sequence, m.ID)
}

// Encrypted reports whether the bundle of this manifest is inside an age file.
func (m Manifest) Encrypted() bool { return len(m.Recipients) > 0 }

// Size is the sum of the entries' sizes in bytes.
func (m Manifest) Size() int64 {
	var sum int64
	for _, e := range m.Entries {
		sum += e.Size
	}
	return sum
}

// Entry finds an entry by its path.
func (m Manifest) Entry(path string) (Entry, bool) {
	for _, e := range m.Entries {
		if e.Path == path {
			return e, true
		}
	}
	return Entry{}, false
}

// CheckExpiry gives an *ExpiredError if the bundle has expired at now. Whether that refuses it is for others to decide.
func (m Manifest) CheckExpiry(now time.Time) error {
	if m.Expires.IsZero() || now.Before(m.Expires) {
		return nil
	}
	return &ExpiredError{Expires: m.Expires, Now: now}
}

// sums is the text of SHA256SUMS: every entry but itself, as `sha256sum -c` reads it. Empty if there is no other entry.
func sums(entries []Entry) []byte {
	var out bytes.Buffer
	for _, e := range entries {
		if e.Path != SumsName {
			fmt.Fprintf(&out, "%s  %s\n", e.SHA256, e.Path)
		}
	}
	return out.Bytes()
}
