package bundle

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/google/uuid"
)

// check holds every rule about a manifest's values. Writing and reading ask the same.
func (m Manifest) check() error {
	if m.Format != Format {
		return about(ErrManifestField, "field", "format")
	}
	if !m.Kind.Valid() {
		return about(ErrUnknownKind, "kind", string(m.Kind))
	}
	if id, err := uuid.Parse(m.ID); err != nil || id.Version() != 7 || id.String() != m.ID {
		return about(ErrManifestField, "field", "id")
	}
	if m.Issuer.Name == "" || m.Issuer.PublicKey.IsZero() {
		return about(ErrManifestField, "field", "issuer")
	}
	if m.Sequence == 0 {
		return about(ErrManifestField, "field", "sequence")
	}
	for _, check := range []func() error{m.checkForms, m.checkTimes, m.checkTexts, m.checkRecipients, m.checkStatements, m.checkEntries} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkForms checks the fields that have a written form.
func (m Manifest) checkForms() error {
	var (
		stream   = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
		language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
		store    = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
		tag      = regexp.MustCompile(`^[0-9a-f]{2,128}$`)
	)
	if !stream.MatchString(m.Stream) {
		return about(ErrManifestField, "field", "stream")
	}
	if !sortedUnique(m.Languages) || len(m.Languages) > 100 {
		return about(ErrManifestField, "field", "languages")
	}
	for _, l := range m.Languages {
		if !language.MatchString(l) {
			return about(ErrManifestField, "language", l)
		}
	}
	if m.MinimumProgram != "" {
		if _, ok := parseVersion(m.MinimumProgram); !ok || strings.ContainsAny(m.MinimumProgram, "v-+") {
			return about(ErrManifestField, "field", "minimum_program")
		}
	}
	if m.Anchor != nil && (!store.MatchString(m.Anchor.Store) || !tag.MatchString(m.Anchor.Tag) || m.Anchor.Incarnation != "" && !store.MatchString(m.Anchor.Incarnation) ||
		m.Anchor.Generation > math.MaxInt64 || m.Anchor.Sequence > math.MaxInt64) {
		return about(ErrManifestField, "field", "anchor")
	}
	return nil
}

func (m Manifest) checkTimes() error {
	whole := func(t time.Time) bool {
		return t.Location() == time.UTC && t.Nanosecond() == 0 && t.Year() >= 2000 && t.Year() <= 9999
	}
	if !whole(m.Created) {
		return about(ErrManifestField, "field", "created")
	}
	if !m.Expires.IsZero() && (!whole(m.Expires) || !m.Expires.After(m.Created)) {
		return about(ErrManifestField, "field", "expires")
	}
	return nil
}

func (m Manifest) checkTexts() error {
	for _, text := range []struct {
		field, value string
		most         int
		lines        bool
	}{
		{"issuer.name", m.Issuer.Name, MaxLineLength, false},
		{"handling_mark", m.HandlingMark, MaxLineLength, false},
		{"note", m.Note, MaxNoteLength, true},
	} {
		if len(text.value) > text.most || strings.TrimSpace(text.value) != text.value {
			return about(ErrManifestField, "field", text.field)
		}
		if err := checkText(text.field, text.value, text.lines); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what could make a shown text lie: control characters and bidi embeddings, overrides and isolates.
// The joiners and the plain direction marks stay: Arabic and Persian are written with them.
func checkText(field, text string, lines bool) error {
	for i, r := range text {
		switch {
		case unicode.IsPrint(r), r == '\u00a0', r >= '\u200c' && r <= '\u200f', r == '\u061c', lines && r == '\n':
			if r == utf8.RuneError {
				if _, width := utf8.DecodeRuneInString(text[i:]); width == 1 {
					return about(ErrUnsafeText, "field", field)
				}
			}
		default:
			return about(ErrUnsafeText, "field", field)
		}
	}
	return nil
}

func (m Manifest) checkRecipients() error {
	if len(m.Recipients) > MaxRecipients || !sortedUnique(m.Recipients) {
		return about(ErrManifestField, "field", "recipients")
	}
	for _, r := range m.Recipients {
		if parsed, err := age.ParseX25519Recipient(r); err != nil || parsed.String() != r {
			return about(ErrManifestField, "recipient", r)
		}
	}
	switch {
	case m.Kind.alwaysEncrypted() && !m.Encrypted():
		return ErrNotEncrypted
	case m.Kind == KindCard && m.Encrypted():
		return about(ErrManifestField, "field", "recipients")
	}
	return nil
}

func (m Manifest) checkStatements() error {
	for _, list := range [][]Statement{m.Successors, m.Revocations} {
		if len(list) > MaxStatements {
			return about(ErrManifestField, "field", "successors or revocations")
		}
		for _, s := range list {
			if err := s.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m Manifest) checkEntries() error {
	if len(m.Entries) > MaxEntries {
		return ErrTooManyEntries
	}
	paths := make([]string, len(m.Entries))
	for i, e := range m.Entries {
		if e.Size < 0 {
			return about(ErrManifestField, "size of", e.Path)
		}
		if e.Size > MaxEntrySize {
			return about(ErrEntryTooBig, "entry", e.Path)
		}
		paths[i] = e.Path
	}
	if err := checkPaths(paths); err != nil {
		return err
	}
	// SHA256SUMS says nothing that the manifest does not say; it is there for people with stock tools, so it must agree.
	want := sums(m.Entries)
	given, present := m.Entry(SumsName)
	if present != (len(want) > 0) {
		return ErrSums
	}
	if present && (given.Size != int64(len(want)) || given.SHA256 != sha256.Sum256(want) || given.CRC32 != Checksum(crc32.ChecksumIEEE(want))) {
		return ErrSums
	}
	return nil
}

func sortedUnique(list []string) bool {
	return slices.IsSorted(list) && len(slices.Compact(slices.Clone(list))) == len(list)
}

// checkProgram compares the version that a bundle asks for with the one that runs. An empty running version asks nothing:
// a program that only inspects a file.
func (m Manifest) checkProgram(running string) error {
	if running == "" || m.MinimumProgram == "" {
		return nil
	}
	have, ok := parseVersion(running)
	if !ok {
		return fmt.Errorf("the program's own version %q is not a version number", running)
	}
	need, ok := parseVersion(m.MinimumProgram)
	if !ok {
		return about(ErrManifestField, "field", "minimum_program")
	}
	if slices.Compare(have[:], need[:]) < 0 {
		return fmt.Errorf("%w (it needs %s; this is %s)", ErrNewerProgram, m.MinimumProgram, running)
	}
	return nil
}

// parseVersion reads "1", "1.2", "1.2.3" with an optional "v" before and anything after "-" or "+".
func parseVersion(text string) ([3]uint32, bool) {
	var v [3]uint32
	text = strings.TrimPrefix(text, "v")
	if cut := strings.IndexAny(text, "-+"); cut >= 0 {
		text = text[:cut]
	}
	parts := strings.Split(text, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != part {
			return v, false
		}
		v[i] = uint32(n)
	}
	return v, true
}

// printable keeps a foreign error text from carrying hidden characters into a message.
func printable(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}
