package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// The keys of the frozen fixtures. They protect nothing.
const (
	publisherKeyFile = "testdata/format1/publisher.key"
	readerKeyFile    = "testdata/format1/reader-key.txt"
	strangerKeyFile  = "testdata/format1/stranger-key.txt"
)

var (
	fixtureTime = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	fixtureID   = "019ab2c4-6e00-7b1d-8f3a-5c7e91d2a604"
)

func fixtureKey(t testing.TB) PrivateKey {
	t.Helper()
	text, err := os.ReadFile(publisherKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	var key PrivateKey
	if err := key.UnmarshalBinary(text); err != nil {
		t.Fatal(err)
	}
	return key
}

func fixtureIdentity(t testing.TB, file string) *age.X25519Identity {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return identities[0].(*age.X25519Identity)
}

// fixtureOptions are what every fixture is opened with.
func fixtureOptions(t testing.TB) Options {
	return Options{
		Identities:     []age.Identity{fixtureIdentity(t, readerKeyFile)},
		Now:            func() time.Time { return fixtureTime.Add(24 * time.Hour) },
		ProgramVersion: "0.1.0",
	}
}

func fixtureManifest() Manifest {
	return Manifest{
		ID: fixtureID, Kind: KindContent, Issuer: Issuer{Name: "Northgate training office"},
		Stream: "7d1f0a52", Sequence: 2, Previous: sha256.Sum256([]byte("the bundle before")),
		Created: fixtureTime, Languages: []string{"en", "fr"}, MinimumProgram: "0.1.0",
		HandlingMark: "Staff only", Note: "Module 6: second vignette rewritten.",
	}
}

func fixtureFiles() map[string]string {
	return map[string]string{
		"modules/observe-and-record/module.json": `{"id":"observe-and-record","version":2}` + "\n",
		"modules/observe-and-record/media/1.txt": "An invented vignette.\n",
		"README.txt":                             "Opened with any ZIP program.\n",
	}
}

func sourcesOf(files map[string]string) []Source {
	var list []Source
	for path, text := range files {
		list = append(list, Source{Path: path, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}})
	}
	return list
}

// rawEntry is an entry of a ZIP in which any field may lie.
type rawEntry struct {
	name, centralName       string
	data                    []byte
	flags, method           uint16
	localExtra, extra       []byte
	comment                 string
	packed, length          uint32 // as both headers say
	centralPacked           uint32 // as the central directory says
	crc                     uint32
	offset                  int64  // as the central directory says; negative: the true one
	after                   []byte // bytes between this entry and the next
	noLocal, noCentral      bool
	attributes, madeBy, day uint32
}

type rawZip struct {
	entries []*rawEntry
	comment string
	count   int // as the end record says; negative: the true one
	before  []byte
	after   []byte
}

// entry finds an entry to tamper with.
func (z *rawZip) entry(name string) *rawEntry {
	for _, e := range z.entries {
		if e.name == name {
			return e
		}
	}
	panic("no entry " + name)
}

func newRawEntry(name string, data []byte) *rawEntry {
	size := uint32(len(data))
	return &rawEntry{
		name: name, centralName: name, data: data, packed: size, length: size, centralPacked: size,
		crc: crc32.ChecksumIEEE(data), offset: -1, madeBy: versionStored, day: firstDay,
	}
}

// bytes writes the ZIP with code of its own, so that it does not share the mistakes of the package under test.
func (z *rawZip) bytes() []byte {
	le := binary.LittleEndian
	out := bytes.Clone(z.before)
	var central []byte
	count := 0
	for _, e := range z.entries {
		offset := int64(len(out))
		if e.offset >= 0 {
			offset = e.offset
		}
		if !e.noLocal {
			h := make([]byte, 30)
			le.PutUint32(h, 0x04034b50)
			le.PutUint16(h[4:], 10)
			le.PutUint16(h[6:], e.flags)
			le.PutUint16(h[8:], e.method)
			le.PutUint16(h[12:], uint16(e.day))
			le.PutUint32(h[14:], e.crc)
			le.PutUint32(h[18:], e.packed)
			le.PutUint32(h[22:], e.length)
			le.PutUint16(h[26:], uint16(len(e.name)))
			le.PutUint16(h[28:], uint16(len(e.localExtra)))
			out = append(append(append(append(append(out, h...), e.name...), e.localExtra...), e.data...), e.after...)
		}
		if !e.noCentral {
			h := make([]byte, 46)
			le.PutUint32(h, 0x02014b50)
			le.PutUint16(h[4:], uint16(e.madeBy))
			le.PutUint16(h[6:], 10)
			le.PutUint16(h[8:], e.flags)
			le.PutUint16(h[10:], e.method)
			le.PutUint16(h[14:], uint16(e.day))
			le.PutUint32(h[16:], e.crc)
			le.PutUint32(h[20:], e.centralPacked)
			le.PutUint32(h[24:], e.length)
			le.PutUint16(h[28:], uint16(len(e.centralName)))
			le.PutUint16(h[30:], uint16(len(e.extra)))
			le.PutUint16(h[32:], uint16(len(e.comment)))
			le.PutUint32(h[38:], e.attributes)
			le.PutUint32(h[42:], uint32(offset))
			central = append(append(append(append(central, h...), e.centralName...), e.extra...), e.comment...)
			count++
		}
	}
	if z.count >= 0 {
		count = z.count
	}
	end := make([]byte, 22)
	le.PutUint32(end, 0x06054b50)
	le.PutUint16(end[8:], uint16(count))
	le.PutUint16(end[10:], uint16(count))
	le.PutUint32(end[12:], uint32(len(central)))
	le.PutUint32(end[16:], uint32(len(out)))
	le.PutUint16(end[20:], uint16(len(z.comment)))
	return slices.Concat(out, central, end, []byte(z.comment), z.after)
}

// tamper builds a bundle step by step; each step may be spoilt. Everything is signed with the key, so that only the step
// that was spoilt can be the reason for a refusal.
type tamper struct {
	manifest  func(*Manifest)       // before it is written; checks nothing
	text      func([]byte) []byte   // the written manifest, before it is signed
	trusted   func(string) string   // the trusted comment
	untrusted func(string) string   // the untrusted comment
	signature func([]byte) []byte   // the signature file
	zip       func(*rawZip)         // the ZIP
	seal      []age.Recipient       // encrypted for these
	file      func([]byte) []byte   // the finished file
	files     map[string]string     // nil: fixtureFiles
	signer    func() PrivateKey     // nil: the key of the fixtures
	sealWith  func([]byte) []byte   // instead of seal
	entries   func([]Entry) []Entry // the list in the manifest, SHA256SUMS made after it
}

func (h tamper) build(t testing.TB) []byte {
	t.Helper()
	key := fixtureKey(t)
	files := h.files
	if files == nil {
		files = fixtureFiles()
	}
	m := fixtureManifest()
	m.Format = Format
	m.Issuer.PublicKey = key.Public()
	for path, text := range files {
		m.Entries = append(m.Entries, entryOf(path, []byte(text)))
	}
	byPath := func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(m.Entries, byPath)
	if h.entries != nil {
		m.Entries = h.entries(m.Entries)
	}
	if list := sums(m.Entries); len(list) > 0 {
		own := entryOf(SumsName, list)
		at, _ := slices.BinarySearchFunc(m.Entries, own, byPath)
		m.Entries = slices.Insert(m.Entries, at, own)
		files = mapsWith(files, SumsName, string(list))
	}
	for _, r := range h.seal {
		m.Recipients = append(m.Recipients, r.(*age.X25519Recipient).String())
	}
	slices.Sort(m.Recipients)
	if h.manifest != nil {
		h.manifest(&m)
	}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if h.text != nil {
		raw = h.text(raw)
	}
	trusted, untrusted := m.trustedComment(), signerComment+key.Public().String()
	if h.trusted != nil {
		trusted = h.trusted(trusted)
	}
	if h.untrusted != nil {
		untrusted = h.untrusted(untrusted)
	}
	if h.signer != nil {
		key = h.signer()
	}
	signature, err := key.sign(raw, trusted, untrusted)
	if err != nil {
		t.Fatal(err)
	}
	if h.signature != nil {
		signature = h.signature(signature)
	}
	z := &rawZip{count: -1}
	z.entries = append(z.entries, newRawEntry(ManifestName, raw), newRawEntry(SignatureName, signature))
	for _, e := range m.Entries {
		z.entries = append(z.entries, newRawEntry(e.Path, []byte(files[e.Path])))
	}
	if h.zip != nil {
		h.zip(z)
	}
	out := z.bytes()
	if len(h.seal) > 0 {
		out = seal(t, out, h.seal...)
	}
	if h.sealWith != nil {
		out = h.sealWith(out)
	}
	if h.file != nil {
		out = h.file(out)
	}
	return out
}

func entryOf(path string, data []byte) Entry {
	return Entry{Path: path, Size: int64(len(data)), SHA256: sha256.Sum256(data), CRC32: Checksum(crc32.ChecksumIEEE(data))}
}

func mapsWith(m map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func seal(t testing.TB, plain []byte, recipients ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rewrite changes one thing in a written manifest and fails if it is not there.
func rewrite(from, to string) func([]byte) []byte {
	return func(raw []byte) []byte {
		if !bytes.Contains(raw, []byte(from)) {
			panic("the manifest has no " + from)
		}
		return bytes.Replace(raw, []byte(from), []byte(to), 1)
	}
}

// compact is the same JSON without the spaces.
func compact(raw []byte) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// outcome opens and reads a bundle as an importer does and gives the first refusal.
func outcome(t testing.TB, file []byte, opts Options) error {
	t.Helper()
	r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), opts)
	if err != nil {
		return err
	}
	if err := r.CheckExpiry(); err != nil {
		return err
	}
	return r.VerifyAll(t.Context(), nil)
}
