package bundle

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzOpen gives the parser of the first two headers, and everything behind it, any bytes. Whatever opens must be what an
// ordinary ZIP reader sees, and must come from the one writer: its layout follows from its manifest.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(fixtureFolder, "*"+Extension))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 20_000 {
			f.Add(data)
		}
	}
	opts := fixtureOptions(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), opts)
		if err != nil {
			if Code(err) == "" {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if err := r.VerifyAll(t.Context(), nil); err != nil {
			if Code(err) == "" {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if !r.Encrypted() {
			sameAsZip(t, data, r)
		}
	})
}

// FuzzReadHead gives the capped header parser alone any bytes, without the signature that stops almost everything else.
func FuzzReadHead(f *testing.F) {
	file := tamper{}.build(f)
	f.Add(file)
	f.Add(file[:40])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		manifest, signature, err := readHead(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if Code(err) == "" {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		want := newLayout(manifest, signature, nil)
		for i, part := range [][]byte{manifest, signature} {
			p := want.places[i]
			if !bytes.Equal(data[p.dataOffset():p.nextOffset()], part) {
				t.Fatal("the parser read other bytes than the layout names")
			}
		}
	})
}

// FuzzDecodeManifest: what is accepted has exactly this one form.
func FuzzDecodeManifest(f *testing.F) {
	raw, err := decodable(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(compact(raw))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := DecodeManifest(text)
		if err != nil {
			if Code(err) == "" {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		again, err := m.Encode()
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("accepted, and written differently: %v", err)
		}
	})
}

// FuzzCheckPath: a path that is accepted is harmless on every system.
func FuzzCheckPath(f *testing.F) {
	for _, c := range nameCases() {
		for path := range c.files {
			f.Add(path)
		}
	}
	f.Fuzz(func(t *testing.T, path string) {
		if err := CheckPath(path); err != nil {
			if Code(err) == "" {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if !filepath.IsLocal(path) || filepath.ToSlash(filepath.Clean(path)) != path || strings.ContainsAny(path, "\\:*?\"<>|$~ ") {
			t.Fatalf("%q was accepted", path)
		}
		for _, part := range strings.Split(path, "/") {
			if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.HasPrefix(part, "-") {
				t.Fatalf("%q was accepted", path)
			}
		}
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if _, err := z.Create(path); err != nil {
			t.Fatal(err)
		}
	})
}
