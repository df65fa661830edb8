package exchange_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// publisher signs bundles that no office made, so that anything can be in them.
type publisher struct {
	t      testing.TB
	key    bundle.PrivateKey
	name   string
	stream string
}

func newPublisher(t testing.TB, name string) *publisher {
	t.Helper()
	key, err := bundle.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return &publisher{t: t, key: key, name: name, stream: "stream-of-" + name}
}

func (p *publisher) fingerprint() string { return p.key.Public().Fingerprint() }

// parts are what a bundle is made of.
type parts struct {
	sequence   uint64
	documents  []content.Document
	versions   []exchange.VersionState
	files      map[string]string // more entries, or others in place of these
	without    []string          // entries left out
	manifest   func(*bundle.Manifest)
	recipients []age.Recipient
}

// write writes a bundle whose signature and layout are good, whatever is in it.
func (p *publisher) write(b parts) string {
	p.t.Helper()
	files := map[string][]byte{"README.txt": []byte("A test.\n")}
	for _, d := range b.documents {
		encoded, err := d.Encode()
		if err != nil {
			p.t.Fatal(err)
		}
		files[fmt.Sprintf("content/%s/%s/%d.json", d.Kind, d.ID, d.Version)] = encoded
		for _, m := range d.Media {
			files["media/"+m.SHA256+".png"] = pictureOf(m.SHA256)
		}
	}
	changes, err := json.Marshal(map[string]any{"versions": append([]exchange.VersionState{}, b.versions...)})
	if err != nil {
		p.t.Fatal(err)
	}
	files["changes.json"] = changes
	for name, text := range b.files {
		files[name] = []byte(text)
	}
	for _, name := range b.without {
		delete(files, name)
	}
	var sources []bundle.Source
	for name, text := range files {
		sources = append(sources, bundle.Source{Path: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text)), nil
		}})
	}
	m := bundle.Manifest{
		Kind: bundle.KindContent, Issuer: bundle.Issuer{Name: p.name}, Stream: p.stream, Sequence: max(b.sequence, 1),
		Created: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Languages: []string{"en"}, MinimumProgram: "0.1.0",
	}
	if b.manifest != nil {
		b.manifest(&m)
	}
	path := filepath.Join(p.t.TempDir(), "forged.wardbook")
	if _, err := bundle.Export(context.Background(), path, m, p.key, sources, b.recipients, bundle.ExportOptions{}); err != nil {
		p.t.Fatalf("forge a bundle: %v", err)
	}
	return path
}

// module is a document of this publisher.
func (p *publisher) module(id string, version int, body string) content.Document {
	return content.Document{
		Kind: content.KindModule, ID: id, Version: version, Owner: p.fingerprint(), Title: content.Text{"en": "Module " + id}, Languages: []string{"en"},
		EffectiveFrom: "2026-11-20", ChangeNote: "Note", Module: &content.Module{Minutes: 5, Lessons: []content.Lesson{{
			ID: "first", Title: content.Text{"en": "First"}, Kind: content.LessonPlain, Body: content.Text{"en": body},
		}}},
	}
}

// pictures are made from their own hash's seed, so that a document can name one by a short seed.
var pictures = map[string][]byte{}

func pictureOf(sum string) []byte { return pictures[sum] }

// withPicture adds media to a document.
func withPicture(d content.Document, path, seed string, size int) content.Document {
	data := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte(seed), size/len(seed)+1)...)[:size]
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	pictures[name] = data
	d.Media = append(d.Media, content.MediaRef{Path: path, SHA256: name, Size: int64(size), MIME: "image/png"})
	return d
}

// trusting is a workstation that trusts these publishers.
func trusting(t *testing.T, publishers ...*publisher) *site {
	t.Helper()
	s := newSite(t)
	for _, p := range publishers {
		if err := s.Trust(context.Background(), p.key.Public(), p.name, p.fingerprint()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// query gives the rows of a query.
func (s *site) query(query string) string {
	s.t.Helper()
	rows, err := s.Rows(context.Background(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// everything is all that this package and content keep, and the media files.
func (s *site) everything() string {
	s.t.Helper()
	var all string
	for _, table := range []string{
		"content_version", "content_media", "content_part", "content_words", "exchange_import", "exchange_received", "exchange_withdrawal", "exchange_decision",
		"exchange_publication", "exchange_handover", "exchange_statement",
	} {
		all += table + "\n" + s.query("SELECT * FROM "+table)
	}
	all += s.query("SELECT act, object, details FROM audit_entry WHERE act NOT IN ('sign-in', 'lock')")
	files, err := filepath.Glob(filepath.Join(s.station.Dir(), "library", "media", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		all += filepath.Base(file) + "\n"
	}
	return all
}

// merged is what the library is, whatever the order and time in which it came.
func (s *site) merged() string {
	s.t.Helper()
	return s.query("SELECT id, version, kind, owner, hex(hash), state FROM content_version ORDER BY id, version") +
		s.query("SELECT document_id, version, path, hex(sha256), size FROM content_media ORDER BY document_id, version, path") +
		s.query("SELECT document_id, version, part, language, body FROM content_part JOIN content_words ON content_words.rowid = number ORDER BY document_id, version, part") +
		s.query("SELECT document_id, version FROM exchange_withdrawal ORDER BY document_id, version") +
		s.query("SELECT issuer, stream, sequence, manifest_hash FROM exchange_received ORDER BY issuer, stream, sequence")
}

func (s *site) states(id string) string {
	s.t.Helper()
	return s.query("SELECT version, state FROM content_version WHERE id = '" + id + "' ORDER BY version")
}
