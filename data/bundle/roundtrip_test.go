package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"
)

var pathPart = rapid.StringMatching(`[a-z0-9_][a-z0-9_-]{0,12}(\.[a-z]{1,4})?`).Filter(func(s string) bool { return checkPart(s) == nil })

func drawFiles(t *rapid.T) map[string]string {
	paths := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(pathPart, 1, 4).Draw(t, "parts"), "/")
	}), 0, 12).Draw(t, "paths")
	slices.Sort(paths)
	files := map[string]string{}
	for _, p := range paths {
		if checkPaths(slices.Sorted(maps.Keys(mapsWith(files, p, "")))) == nil {
			size := rapid.SampledFrom([]int{0, 1, 100, 65_535, 65_536, 65_537, 200_000}).Draw(t, "size")
			files[p] = strings.Repeat(rapid.StringN(1, 3, 8).Draw(t, "text"), size)[:size]
		}
	}
	return files
}

func drawManifest(t *rapid.T) Manifest {
	id, err := NewID()
	if err != nil {
		t.Fatal(err)
	}
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("aZ é\u0639\u200c\"\\<&/")), 1, 40, MaxLineLength)
	line := rapid.Map(letters, strings.TrimSpace).Filter(func(s string) bool { return s != "" })
	m := Manifest{
		ID: id, Kind: KindContent, Issuer: Issuer{Name: line.Draw(t, "name")},
		Stream: rapid.StringMatching(`[a-z0-9-]{1,64}`).Draw(t, "stream"), Sequence: rapid.Uint64Min(1).Draw(t, "sequence"),
		Created: time.Unix(rapid.Int64Range(1_000_000_000, 4_000_000_000).Draw(t, "created"), 0).UTC(),
		Note:    rapid.OneOf(rapid.Just(""), line).Draw(t, "note"),
	}
	if rapid.Bool().Draw(t, "expires") {
		m.Expires = m.Created.Add(time.Duration(rapid.IntRange(1, 1000).Draw(t, "hours")) * time.Hour)
	}
	return m
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	reader := fixtureIdentity(t, readerKeyFile)
	key := fixtureKey(t)
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		// Given any files and any manifest.
		files, m := drawFiles(t), drawManifest(t)
		var recipients []age.Recipient
		if rapid.Bool().Draw(t, "encrypted") {
			recipients = append(recipients, reader.Recipient())
		}
		// When they are written and opened.
		p, err := Prepare(ctx, m, key, sourcesOf(files), recipients)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := p.Write(ctx, &file, nil); err != nil {
			t.Fatal(err)
		}
		if int64(file.Len()) != p.Size() {
			t.Fatalf("%d bytes were written, %d announced", file.Len(), p.Size())
		}
		r, err := Open(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), Options{Identities: []age.Identity{reader}})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.VerifyAll(ctx, nil); err != nil {
			t.Fatal(err)
		}
		// Then the manifest and every file come back, and nothing else.
		if !reflect.DeepEqual(r.Manifest(), p.Manifest()) || r.ManifestHash() != p.ManifestHash() || r.Encrypted() != (recipients != nil) {
			t.Fatalf("read %+v, wrote %+v", r.Manifest(), p.Manifest())
		}
		if r.Manifest().Note != m.Note || r.Manifest().Sequence != m.Sequence || !r.Manifest().Expires.Equal(m.Expires) {
			t.Fatalf("read %+v, given %+v", r.Manifest(), m)
		}
		got := map[string]string{}
		for _, e := range r.Manifest().Entries {
			data, err := r.ReadEntry(e.Path, e.Size)
			if err != nil {
				t.Fatal(err)
			}
			got[e.Path] = string(data)
		}
		delete(got, SumsName)
		if !maps.Equal(got, files) {
			t.Fatalf("read %d files, wrote %d", len(got), len(files))
		}
		if recipients == nil {
			sameAsZip(t, file.Bytes(), r)
		}
	})
}

// sameAsZip checks that an ordinary ZIP reader sees exactly the entries that the manifest names.
func sameAsZip(t interface{ Fatalf(string, ...any) }, file []byte, r *Reader) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatalf("archive/zip: %v", err)
	}
	want := []string{ManifestName, SignatureName}
	for _, e := range r.Manifest().Entries {
		want = append(want, e.Path)
	}
	var got []string
	for _, f := range z.File {
		got = append(got, f.Name)
		rc, err := f.Open()
		if err != nil {
			t.Fatalf("archive/zip: %s: %v", f.Name, err)
		}
		data, err := io.ReadAll(rc)
		if err != nil {
			t.Fatalf("archive/zip: %s: %v", f.Name, err)
		}
		if e, ok := r.Manifest().Entry(f.Name); ok && entryOf(f.Name, data) != e {
			t.Fatalf("archive/zip reads another %s", f.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("archive/zip sees %q, the manifest names %q", got, want)
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	write := func() []byte {
		var b bytes.Buffer
		if err := Write(t.Context(), &b, fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if first := write(); !bytes.Equal(first, write()) {
		t.Error("two writings differ")
	}
}

func TestEncryptedBundles(t *testing.T) {
	reader, stranger := fixtureIdentity(t, readerKeyFile), fixtureIdentity(t, strangerKeyFile)
	file := tamper{seal: []age.Recipient{reader.Recipient()}}.build(t)
	open := func(identities ...age.Identity) error {
		_, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), Options{Identities: identities})
		return err
	}
	if err := open(); !errors.Is(err, ErrNeedsKey) {
		t.Errorf("without a key: %v", err)
	}
	if err := open(stranger); !errors.Is(err, ErrNotForUs) {
		t.Errorf("with a stranger's key: %v", err)
	}
	if err := open(stranger, reader); err != nil {
		t.Errorf("with the recipient's key among others: %v", err)
	}
	// Given the plain ZIP that a recipient took out of it, when it is handed on, then it is refused: the sender addressed it.
	plain, err := age.Decrypt(bytes.NewReader(file), reader)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	if err := outcome(t, zipped, Options{}); !errors.Is(err, ErrNotEncrypted) {
		t.Errorf("taken out of its encryption: %v", err)
	}
	// And encrypted again for a stranger it is refused by the stranger's program.
	again := seal(t, zipped, stranger.Recipient())
	if err := outcome(t, again, Options{Identities: []age.Identity{stranger}}); !errors.Is(err, ErrForwarded) {
		t.Errorf("encrypted again: %v", err)
	}
}

func TestWritingRefusesWhatReadingWouldRefuse(t *testing.T) {
	key := fixtureKey(t)
	reader := fixtureIdentity(t, readerKeyFile).Recipient()
	other, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	with := func(f func(*Manifest)) Manifest {
		m := fixtureManifest()
		f(&m)
		return m
	}
	same := func(*Manifest) {}
	for name, c := range map[string]struct {
		manifest   Manifest
		sources    []Source
		recipients []age.Recipient
		want       error
	}{
		"records in the clear":     {with(func(m *Manifest) { m.Kind = KindRecords }), nil, nil, ErrNotEncrypted},
		"an encrypted card":        {with(func(m *Manifest) { m.Kind = KindCard }), nil, []age.Recipient{reader}, ErrManifestField},
		"no date":                  {with(func(m *Manifest) { m.Created = time.Time{} }), nil, nil, ErrManifestField},
		"no issuer":                {with(func(m *Manifest) { m.Issuer.Name = "" }), nil, nil, ErrManifestField},
		"a hidden character":       {with(func(m *Manifest) { m.Note = "a\u202eb" }), nil, nil, ErrUnsafeText},
		"a text that is not UTF-8": {with(func(m *Manifest) { m.Note = "a\xffb" }), nil, nil, ErrUnsafeText},
		"an unknown kind":          {with(func(m *Manifest) { m.Kind = "misc" }), nil, nil, ErrUnknownKind},
		"a bad path":               {with(same), sourcesOf(map[string]string{"../x": ""}), nil, ErrNameParent},
		"its own checksum list":    {with(same), sourcesOf(map[string]string{SumsName: ""}), nil, ErrNameReserved},
		"one file twice":           {with(same), append(sourcesOf(map[string]string{"x": ""}), sourcesOf(map[string]string{"x": ""})...), nil, ErrNameDuplicate},
		"a recipient twice":        {with(same), nil, []age.Recipient{reader, reader}, ErrManifestField},
		"a post-quantum recipient": {with(same), nil, []age.Recipient{hybrid.Recipient()}, ErrSealMethod},
		"a source of 4 GiB":        {with(same), []Source{{Path: "x", Size: 1 << 32}}, nil, ErrEntryTooBig},
		"10,000 sources":           {with(same), make([]Source, MaxEntries), nil, ErrTooManyEntries},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := Write(t.Context(), &out, c.manifest, key, c.sources, c.recipients)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("%d bytes were written", out.Len())
			}
		})
	}
	t.Run("somebody else's key as issuer", func(t *testing.T) {
		m := with(func(m *Manifest) { m.Issuer.PublicKey = other.Public() })
		if err := Write(t.Context(), io.Discard, m, key, nil, nil); err == nil {
			t.Error("was written")
		}
	})
	t.Run("no key", func(t *testing.T) {
		if err := Write(t.Context(), io.Discard, with(same), PrivateKey{}, nil, nil); err == nil {
			t.Error("was written")
		}
	})
}

func TestChangingSourcesAreNoticed(t *testing.T) {
	for name, second := range map[string]string{"other bytes": "two", "shorter": "on", "longer": "ones", "much longer": strings.Repeat("one", 1<<20)} {
		for _, onOpen := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, read %d", name, onOpen), func(t *testing.T) {
				if onOpen == 1 && name == "other bytes" {
					t.Skip("nothing is known before the first reading")
				}
				opened := 0
				s := Source{Path: "x", Size: 3, Open: func() (io.ReadCloser, error) {
					if opened++; opened >= onOpen {
						return io.NopCloser(strings.NewReader(second)), nil
					}
					return io.NopCloser(strings.NewReader("one")), nil
				}}
				if err := Write(t.Context(), io.Discard, fixtureManifest(), fixtureKey(t), []Source{s}, nil); !errors.Is(err, ErrSourceChanged) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestEntriesAreVerifiedWhileRead(t *testing.T) {
	file := tamper{zip: func(z *rawZip) { z.entry("README.txt").data[0] ^= 1 }}.build(t)
	r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), fixtureOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.OpenEntry("README.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(e); !errors.Is(err, ErrEntryChanged) {
		t.Errorf("reading to the end: %v", err)
	}
	if _, err := e.Read(make([]byte, 1)); !errors.Is(err, ErrEntryChanged) {
		t.Errorf("reading on: %v", err)
	}
	if data, err := r.ReadEntry("README.txt", 1000); !errors.Is(err, ErrEntryChanged) || data != nil {
		t.Errorf("reading whole: %q, %v", data, err)
	}
	if _, err := r.ReadEntry(SumsName, 10); err == nil {
		t.Error("an entry larger than asked for was read")
	}
	for _, path := range []string{"nothing", ManifestName, "../README.txt", ""} {
		if _, err := r.OpenEntry(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("opening %q: %v", path, err)
		}
	}
	sound, err := r.OpenEntry(SumsName)
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.Close(); err != nil {
		t.Error(err)
	}
	if _, err := sound.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reading after closing: %v", err)
	}
}

func TestAFailingDriveIsNoRefusal(t *testing.T) {
	unplugged := errors.New("input/output error")
	for name, file := range smallBundles(t) {
		t.Run(name, func(t *testing.T) {
			for _, at := range []int64{0, 40, 300, 1000, int64(len(file)) - 30} {
				r, err := Open(t.Context(), failing{bytes.NewReader(file), at, unplugged}, int64(len(file)), fixtureOptions(t))
				if err == nil {
					err = r.VerifyAll(t.Context(), nil)
				}
				if failed := (*ReadError)(nil); !errors.As(err, &failed) || !errors.Is(err, unplugged) || Code(err) != "" {
					t.Errorf("unplugged at %d: %v", at, err)
				}
			}
		})
	}
}

// failing fails when the byte at is read.
type failing struct {
	r   *bytes.Reader
	at  int64
	err error
}

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset <= f.at && f.at < offset+int64(len(p)) {
		return 0, f.err
	}
	return f.r.ReadAt(p, offset)
}

// eager reports the end of the file together with the last bytes, as an io.ReaderAt may.
type eager struct{ r *bytes.Reader }

func (e eager) ReadAt(p []byte, offset int64) (int, error) {
	n, err := e.r.ReadAt(p, offset)
	if err == nil && offset+int64(n) == e.r.Size() {
		err = io.EOF
	}
	return n, err
}

func TestTheEndMayComeWithTheLastBytes(t *testing.T) {
	for name, file := range smallBundles(t) {
		r, err := Open(t.Context(), eager{bytes.NewReader(file)}, int64(len(file)), fixtureOptions(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := r.VerifyAll(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadersAreSafeTogether(t *testing.T) {
	reader := fixtureIdentity(t, readerKeyFile)
	files := map[string]string{"a.bin": strings.Repeat("a", 300_000), "b.bin": strings.Repeat("b", 300_000), "c.bin": strings.Repeat("c", 10)}
	file := tamper{files: files, seal: []age.Recipient{reader.Recipient()}}.build(t)
	r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), Options{Identities: []age.Identity{reader}})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		for path, want := range files {
			wait.Go(func() {
				if got, err := r.ReadEntry(path, 1<<20); err != nil || string(got) != want {
					t.Errorf("%s: %d bytes, %v", path, len(got), err)
				}
			})
		}
	}
	wait.Wait()
}

func TestCancellingEndsTheWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, io.Discard, fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v", err)
	}
	file := tamper{}.build(t)
	r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), fixtureOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.VerifyAll(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("verifying: %v", err)
	}
}

func TestExpiryNamesBothDates(t *testing.T) {
	m := fixtureManifest()
	m.Expires = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if err := m.CheckExpiry(time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)); err != nil {
		t.Errorf("a second before: %v", err)
	}
	err := m.CheckExpiry(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
	if !errors.Is(err, ErrExpired) || Code(err) != "expired" {
		t.Fatalf("a month after: %v", err)
	}
	if want := "This bundle expired on 1 Dec 2026; this computer's date is 2 Jan 2027."; err.Error() != want {
		t.Errorf("said %q, want %q", err, want)
	}
	m.Expires = time.Time{}
	if err := m.CheckExpiry(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("without expiry: %v", err)
	}
}

func TestProgramVersions(t *testing.T) {
	for _, c := range []struct {
		needs, runs string
		want        error
	}{
		{"0.1.0", "0.1.0", nil},
		{"0.1", "0.1.0", nil},
		{"0.1.0", "0.2.0-dev", nil},
		{"0.10.0", "0.9.9", ErrNewerProgram},
		{"1", "0.99", ErrNewerProgram},
		{"1", "v1.0.0", nil},
		{"", "0.1", nil},
		{"9", "", nil},
	} {
		if err := (Manifest{MinimumProgram: c.needs}).checkProgram(c.runs); !errors.Is(err, c.want) {
			t.Errorf("needs %q, runs %q: %v", c.needs, c.runs, err)
		}
	}
	if err := (Manifest{MinimumProgram: "1"}).checkProgram("unknown"); err == nil || Code(err) != "" {
		t.Errorf("a program that does not know its version: %v", err)
	}
}
