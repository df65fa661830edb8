// Package content keeps the training material: courses, modules, checklists and glossaries. A published version never
// changes: an id and version seen with other content is refused. Old versions stay readable, marked superseded or
// withdrawn, because attempts, drafts and records pin the version they were made with.
package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
)

// Kind tells what a document is.
type Kind string

// The kinds of documents.
const (
	KindCourse    Kind = "course"
	KindModule    Kind = "module"
	KindChecklist Kind = "checklist"
	KindGlossary  Kind = "glossary"
)

// Kinds lists the kinds in the order in which people meet them.
func Kinds() []Kind { return []Kind{KindCourse, KindModule, KindChecklist, KindGlossary} }

// DefaultLanguage is the language of a text that names none, and the one fallen back to.
const DefaultLanguage = "en"

// BuiltinOwner owns the starter content, which comes with the program and needs no signature.
const BuiltinOwner = "builtin"

// Text is one text in several languages, by BCP 47 tag.
type Text map[string]string

// In returns the text in a language. fellBack tells that it is missing there and another language is given instead.
func (t Text) In(language string) (text string, fellBack bool) {
	if text, ok := t[language]; ok {
		return text, false
	}
	if text, ok := t[DefaultLanguage]; ok {
		return text, true
	}
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		return t[tag], true
	}
	return "", false
}

// Ref names a version of a document. Version 0 asks for the newest usable one.
type Ref struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

func (r Ref) String() string { return fmt.Sprintf("%s@%d", r.ID, r.Version) }

// MediaRef names an image or attachment that a document brings, by its path in the module's folder.
type MediaRef struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
	Size   int64  `json:"size"`   // bytes
	MIME   string `json:"mime"`
}

// Document is one version of a course, module, checklist or glossary. Exactly the body of its kind is set.
// Owner, change note and effective date are part of the version.
type Document struct {
	Kind          Kind       `json:"kind"`
	ID            string     `json:"id"`
	Version       int        `json:"version"`
	Owner         string     `json:"owner"` // the fingerprint of the publisher's key, or BuiltinOwner
	BasedOn       *Ref       `json:"based_on,omitempty"`
	Title         Text       `json:"title"`
	Summary       Text       `json:"summary,omitempty"`
	Languages     []string   `json:"languages"`
	EffectiveFrom string     `json:"effective_from,omitempty"` // a day, 2026-11-23
	ChangeNote    string     `json:"change_note,omitempty"`
	Course        *Course    `json:"course,omitempty"`
	Module        *Module    `json:"module,omitempty"`
	Checklist     *Checklist `json:"checklist,omitempty"`
	Glossary      *Glossary  `json:"glossary,omitempty"`
	Media         []MediaRef `json:"media,omitempty"`
}

// Ref returns the document's id and version.
func (d Document) Ref() Ref { return Ref{ID: d.ID, Version: d.Version} }

// MaxDocumentBytes bounds the encoded form of a document.
const MaxDocumentBytes = 8 << 20

// Errors of documents.
var (
	ErrMalformedDocument = errors.New("this is not a well-formed document")
	ErrVersionConflict   = errors.New("this version is already here with other content")
	ErrNotOwner          = errors.New("this item belongs to another publisher")
	ErrNotFound          = errors.New("no such content here")
	ErrWithdrawn         = errors.New("this version has been withdrawn")
)

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// deviceName matches what Windows keeps for itself, whatever stands behind a dot. An id names files.
var deviceName = regexp.MustCompile(`^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// ValidID reports whether an id has the form that is stable on every system: 3 to 64 lower-case letters, digits and
// single hyphens, and not the name of a device.
func ValidID(id string) bool {
	return len(id) >= 3 && len(id) <= 64 && idForm.MatchString(id) && !deviceName.MatchString(id)
}

// Encode returns the one byte form of the document.
func (d Document) Encode() ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode %s: %w", d.Ref(), err)
	}
	return buffer.Bytes(), nil
}

// Hash is the SHA-256 of the encoded form.
func (d Document) Hash() ([32]byte, error) {
	encoded, err := d.Encode()
	return sha256.Sum256(encoded), err
}

// Decode reads the encoded form back. It refuses, with ErrMalformedDocument, whatever Encode would not have written
// (unknown fields, another byte form, trailing bytes) and whatever no document can be: a body that does not fit the kind,
// ids used twice, a question without a right answer, a checklist that offers other answers than its kind has, a text that
// is too long or hides something.
func Decode(encoded []byte) (Document, error) {
	if len(encoded) > MaxDocumentBytes {
		return Document{}, fmt.Errorf("%w: it is larger than %d MiB", ErrMalformedDocument, MaxDocumentBytes>>20)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return Document{}, fmt.Errorf("%w: %w", ErrMalformedDocument, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Document{}, fmt.Errorf("%w: something follows it", ErrMalformedDocument)
	}
	if err := d.check(); err != nil {
		return Document{}, err
	}
	again, err := d.Encode()
	if err != nil {
		return Document{}, err
	}
	if !bytes.Equal(again, encoded) {
		return Document{}, fmt.Errorf("%w: it is not in the one form that is written", ErrMalformedDocument)
	}
	return d, nil
}
