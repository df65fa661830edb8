package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// hostileCase is one bundle that must be refused, with the one reason.
type hostileCase struct {
	name string // "" or a variant; the fixture is named by the refusal's code and this
	want *Refusal
	tamper
	large bool // too large to be kept as a fixture
}

func (c hostileCase) fixture() string {
	name := "refused-" + c.want.Code()
	if c.name != "" {
		name += "--" + c.name
	}
	return name + Extension
}

// named puts one more entry into the manifest and the ZIP, under any name.
func named(paths ...string) tamper {
	return tamper{files: func() map[string]string {
		files := fixtureFiles()
		for _, p := range paths {
			files[p] = "hostile\n"
		}
		return files
	}()}
}

func hostileCases(t testing.TB) []hostileCase {
	reader := fixtureIdentity(t, readerKeyFile).Recipient()
	stranger := fixtureIdentity(t, strangerKeyFile).Recipient()
	module := "modules/observe-and-record/module.json"
	cases := slices.Concat(
		fileCases(t, reader, stranger),
		manifestCases(t, reader),
		nameCases(),
		layoutCases(module),
	)
	return cases
}

func fileCases(t testing.TB, reader, stranger *age.X25519Recipient) []hostileCase {
	other := func() PrivateKey {
		key, err := GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	scrypt := func(plain []byte) []byte {
		r, err := age.NewScryptRecipient("an invented passphrase")
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(5)
		return seal(t, plain, r)
	}
	base64Bit := func(sig []byte) []byte {
		// The last letter before "=" of the first signature line has two unused bits: same signature, other bytes.
		lines := bytes.Split(sig, []byte("\n"))
		raw, err := base64.StdEncoding.DecodeString(string(lines[1]))
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.IndexByte(lines[1], '=') - 1
		for _, letter := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
			changed := bytes.Clone(lines[1])
			changed[at] = letter
			if again, err := base64.StdEncoding.DecodeString(string(changed)); err == nil && bytes.Equal(raw, again) && letter != lines[1][at] {
				lines[1] = changed
				return bytes.Join(lines, []byte("\n"))
			}
		}
		t.Fatal("no other spelling of the signature found")
		return nil
	}
	return []hostileCase{
		{"", ErrNotBundle, tamper{file: func([]byte) []byte { return []byte("Shift plan for week 48\n") }}, false},
		{"empty", ErrNotBundle, tamper{file: func([]byte) []byte { return nil }}, false},
		{"bytes-before", ErrNotBundle, tamper{zip: func(z *rawZip) { z.before = []byte("MZ\x90") }}, false},
		{"", ErrTruncated, tamper{file: func(b []byte) []byte { return b[:len(b)-7] }}, false},
		{"in-an-entry", ErrTruncated, tamper{file: func(b []byte) []byte { return b[:len(b)-700] }}, false},
		{"in-the-header", ErrTruncated, tamper{seal: []age.Recipient{reader}, file: func(b []byte) []byte { return b[:60] }}, false},
		{"", ErrNoManifest, tamper{zip: func(z *rawZip) { z.entries = z.entries[2:] }}, false},
		{"signature-elsewhere", ErrNoManifest, tamper{zip: func(z *rawZip) {
			z.entries[1], z.entries[2] = z.entries[2], z.entries[1]
		}}, false},
		{"capital-letters", ErrNoManifest, tamper{zip: func(z *rawZip) { z.entries[0].name = "MANIFEST.JSON" }}, false},
		{"", ErrBadSignature, tamper{zip: func(z *rawZip) {
			z.entries[0].data = rewrite(`"sequence": 2`, `"sequence": 9`)(z.entries[0].data)
		}}, false},
		{"foreign-key", ErrBadSignature, tamper{signer: other}, false},
		{"other-issuer", ErrBadSignature, tamper{manifest: func(m *Manifest) { m.Issuer.PublicKey = other().Public() }}, false},
		{"comment-of-another-purpose", ErrBadSignature, tamper{trusted: func(string) string { return statementComment(PurposeSuccessor) }}, false},
		{"comment-of-another-sequence", ErrBadSignature, tamper{trusted: func(s string) string { return strings.Replace(s, "sequence:2", "sequence:3", 1) }}, false},
		{"untrusted-comment", ErrBadSignature, tamper{untrusted: func(s string) string { return s + " and friends" }}, false},
		{"no-key-named", ErrBadSignature, tamper{untrusted: func(string) string { return "signature from minisign secret key" }}, false},
		{"second-spelling", ErrBadSignature, tamper{signature: base64Bit}, false},
		{"not-prehashed", ErrBadSignature, tamper{signature: func(sig []byte) []byte {
			return bytes.Replace(sig, []byte("\nRU"), []byte("\nRW"), 1)
		}}, false},
		{"too-long", ErrBadSignature, tamper{signature: func(sig []byte) []byte { return append(sig, bytes.Repeat([]byte("\n"), 4000)...) }}, false},

		{"", ErrNotForUs, tamper{seal: []age.Recipient{stranger}}, false},
		{"", ErrForwarded, tamper{seal: []age.Recipient{reader}, manifest: func(m *Manifest) { m.Recipients = []string{stranger.String()} }}, false},
		{"one-recipient-more", ErrForwarded, tamper{seal: []age.Recipient{reader, stranger}, manifest: func(m *Manifest) { m.Recipients = []string{reader.String()} }}, false},
		{"", ErrNotEncrypted, tamper{manifest: func(m *Manifest) { m.Recipients = []string{reader.String()} }}, false},
		{"records", ErrNotEncrypted, tamper{manifest: func(m *Manifest) { m.Kind = KindRecords }}, false},
		{"progress", ErrNotEncrypted, tamper{manifest: func(m *Manifest) { m.Kind = KindProgress }}, false},
		{"", ErrMustBeClear, tamper{sealWith: func(b []byte) []byte { return seal(t, b, reader) }}, false},
		{"passphrase", ErrSealMethod, tamper{sealWith: scrypt}, false},
		{"plug-in", ErrSealMethod, tamper{seal: []age.Recipient{reader}, file: func(b []byte) []byte {
			return bytes.Replace(b, []byte("-> X25519 "), []byte("-> yubikey "), 1)
		}}, false},
		{"", ErrSealDamaged, tamper{seal: []age.Recipient{reader}, file: func(b []byte) []byte { b[len(b)-40] ^= 1; return b }}, false},
		{"endless-line", ErrSealDamaged, tamper{file: func([]byte) []byte {
			return append([]byte(sealIntro+"-> X25519 "), bytes.Repeat([]byte("A"), 40<<10)...)
		}}, true},
		{"cut-and-ended", ErrSealDamaged, tamper{seal: []age.Recipient{reader}, file: func(b []byte) []byte { return b[:len(b)-100] }}, false},
	}
}

func manifestCases(t testing.TB, reader *age.X25519Recipient) []hostileCase {
	deep := `"note": ` + strings.Repeat("[", 5_000)
	var many map[string]string
	{
		many = map[string]string{}
		for i := range MaxEntries {
			many[fmt.Sprintf("m/%05d", i)] = ""
		}
	}
	field := func(name, from, to string) hostileCase {
		return hostileCase{name, ErrManifestField, tamper{text: rewrite(from, to)}, false}
	}
	change := func(name string, want *Refusal, f func(*Manifest)) hostileCase {
		return hostileCase{name, want, tamper{manifest: f}, false}
	}
	badStatement, err := SignStatement(fixtureKey(t), PurposeSuccessor, "a new key")
	if err != nil {
		t.Fatal(err)
	}
	badStatement.Body = "a\u202enew key"
	return []hostileCase{
		{"", ErrManifestTooLong, tamper{zip: func(z *rawZip) {
			z.entries[0].packed, z.entries[0].length = MaxManifestSize+1, MaxManifestSize+1
		}}, false},
		{"endless-line", ErrManifestTooLong, tamper{text: func([]byte) []byte { return bytes.Repeat([]byte("x"), MaxManifestSize+1) }}, true},
		{"", ErrManifestTooDeep, tamper{text: rewrite(`"note": `, deep)}, false},
		{"", ErrManifestMalformed, tamper{text: rewrite(`"format": 1,`, `"format": 1;`)}, false},
		{"a-number-as-text", ErrManifestMalformed, tamper{text: rewrite(`"sequence": 2`, `"sequence": "2"`)}, false},
		{"trailing-text", ErrManifestMalformed, tamper{text: func(b []byte) []byte { return append(b, "{}"...) }}, false},
		{"a-key-that-is-none", ErrManifestMalformed, tamper{text: rewrite(`"public_key": "RW`, `"public_key": "XX`)}, false},
		{"", ErrManifestUnknownField, tamper{text: rewrite(`"kind": `, `"score": 3, "kind": `)}, false},
		{"", ErrManifestDuplicateKey, tamper{text: rewrite(`"kind": "content",`, `"kind": "content", "kind": "card",`)}, false},
		{"in-an-entry", ErrManifestDuplicateKey, tamper{text: rewrite(`"path": "README.txt",`, `"path": "README.txt", "path": "README.txt",`)}, false},
		{"", ErrManifestNotCanonical, tamper{text: compact}, false},
		{"escaped-letter", ErrManifestNotCanonical, tamper{text: rewrite(`"Staff only"`, `"\u0053taff only"`)}, false},
		{"capital-field", ErrManifestNotCanonical, tamper{text: rewrite(`"sequence": 2`, `"Sequence": 2`)}, false},
		{"null-list", ErrManifestNotCanonical, tamper{text: rewrite(`"handling_mark": "Staff only"`, `"handling_mark": null`)}, false},
		{"not-utf8", ErrManifestNotCanonical, tamper{text: rewrite(`Staff only`, "Staff \xff only")}, false},
		{"capital-hash", ErrManifestNotCanonical, tamper{text: func(raw []byte) []byte {
			hash := entryOf("", []byte(fixtureFiles()["README.txt"])).SHA256.String()
			return rewrite(hash, strings.ToUpper(hash))(raw)
		}}, false},
		field("format", `"format": 1`, `"format": 0`),
		field("id", `"id": "019`, `"id": "01A`),
		field("sequence", `"sequence": 2`, `"sequence": 0`),
		field("stream", `"stream": "7d1f0a52"`, `"stream": "../7d1f"`),
		field("issuer", `"name": "Northgate training office"`, `"name": ""`),
		field("time-zone", `"created": "2026-11-23T22:00:00Z"`, `"created": "2026-11-23T22:00:00+02:00"`),
		field("minimum-program", `"minimum_program": "0.1.0"`, `"minimum_program": "new"`),
		change("language", ErrManifestField, func(m *Manifest) { m.Languages = []string{"<b>"} }),
		change("languages-unsorted", ErrManifestField, func(m *Manifest) { m.Languages = []string{"fr", "en"} }),
		change("expires-before-created", ErrManifestField, func(m *Manifest) { m.Expires = fixtureTime.Add(-time.Hour) }),
		change("anchor", ErrManifestField, func(m *Manifest) { m.Anchor = &Anchor{Store: "library", Tag: "no hash"} }),
		change("recipient", ErrManifestField, func(m *Manifest) { m.Recipients = []string{"age1nobody"} }),
		change("note-too-long", ErrManifestField, func(m *Manifest) { m.Note = strings.Repeat("long ", 1000) }),
		change("negative-size", ErrManifestField, func(m *Manifest) { m.Entries[0].Size = -1 }),
		{"sealed-card", ErrManifestField, tamper{seal: []age.Recipient{reader}, manifest: func(m *Manifest) { m.Kind = KindCard }}, false},
		change("", ErrUnsafeText, func(m *Manifest) { m.Issuer.Name = "Northgate \u202egnilriart\u202c" }),
		change("terminal-escape", ErrUnsafeText, func(m *Manifest) { m.Note = "Ready.\x1b[2J" }),
		change("two-lines", ErrUnsafeText, func(m *Manifest) { m.HandlingMark = "Staff only\nSigned by headquarters" }),
		change("statement", ErrUnsafeText, func(m *Manifest) { m.Successors = []Statement{badStatement} }),
		change("", ErrUnknownKind, func(m *Manifest) { m.Kind = "program" }),
		{"", ErrNewerFormat, tamper{text: rewrite(`"format": 1,`, `"format": 2, "something_new": {},`)}, false},
		change("", ErrNewerProgram, func(m *Manifest) { m.MinimumProgram = "0.2" }),
		change("", ErrExpired, func(m *Manifest) { m.Expires = fixtureTime.Add(time.Hour) }),
		{"", ErrTooManyEntries, tamper{files: many}, true},
		{"empty-objects", ErrTooManyEntries, tamper{text: rewrite(`"entries": [`, `"entries": [`+strings.Repeat("{},", 1_000_000))}, true},
		{"endless-list", ErrManifestMalformed, tamper{text: rewrite(`"languages": [`, `"languages": [`+strings.Repeat(`"",`, 1_000_000))}, true},
		{"", ErrEntryTooBig, tamper{entries: func(list []Entry) []Entry { list[0].Size = MaxEntrySize + 1; return list }}, false},
		{"", ErrBundleTooBig, tamper{entries: func(list []Entry) []Entry {
			for i := range 17 {
				list = append(list, Entry{Path: fmt.Sprintf("z/%02d", i), Size: MaxEntrySize})
			}
			return list
		}}, false},
		change("", ErrSums, func(m *Manifest) {
			m.Entries = slices.DeleteFunc(m.Entries, func(e Entry) bool { return e.Path == SumsName })
		}),
		change("other-list", ErrSums, func(m *Manifest) {
			at := slices.IndexFunc(m.Entries, func(e Entry) bool { return e.Path == SumsName })
			m.Entries[at] = entryOf(SumsName, []byte("nothing\n"))
		}),
	}
}

func nameCases() []hostileCase {
	of := func(variant string, want *Refusal, paths ...string) hostileCase {
		return hostileCase{variant, want, named(paths...), false}
	}
	twice := tamper{entries: func(list []Entry) []Entry { return slices.Insert(list, 1, list[0]) }}
	return []hostileCase{
		of("", ErrNameEmpty, "a//b"),
		of("at-the-end", ErrNameEmpty, "modules/"),
		of("", ErrNameTooLong, strings.Repeat("a", MaxPartLength+1)),
		of("deep", ErrNameTooLong, "a"+strings.Repeat("/a", MaxPathParts)),
		of("path", ErrNameTooLong, strings.Repeat(strings.Repeat("a", 60)+"/", 3)+strings.Repeat("a", 60)),
		of("", ErrNameAbsolute, "/etc/passwd"),
		of("", ErrNameParent, "../evil"),
		of("inside", ErrNameParent, "modules/../../evil"),
		of("", ErrNameBackslash, `modules\evil`),
		of("unc", ErrNameBackslash, `\\host\share`),
		of("", ErrNameDrive, "C:/evil"),
		of("relative", ErrNameDrive, "c:evil"),
		of("", ErrNameStream, "modules/text.md:hidden"),
		of("", ErrNameDevice, "CON"),
		of("nul", ErrNameDevice, "modules/nul.txt"),
		of("com1", ErrNameDevice, "Com1.json"),
		of("lpt9", ErrNameDevice, "a/LPT9"),
		of("conin", ErrNameDevice, "CONIN$"),
		of("", ErrNameTrailing, "evil.exe."),
		of("space", ErrNameTrailing, "evil.exe "),
		of("dot", ErrNameTrailing, "a/./b"),
		of("", ErrNameBidi, "lesson\u202egpj.exe"),
		of("isolate", ErrNameBidi, "lesson\u2066txt"),
		of("", ErrNameLookAlike, "m\u043edule.json"),
		of("full-width-slash", ErrNameLookAlike, "a\uff0fb"),
		of("joiner", ErrNameLookAlike, "READ\u200bME.txt"),
		of("", ErrNameCharacter, "a b"),
		of("control", ErrNameCharacter, "a\x07b"),
		of("nul-byte", ErrNameCharacter, "a\x00b"),
		of("hidden", ErrNameCharacter, ".hidden"),
		of("option", ErrNameCharacter, "-rf"),
		of("wildcard", ErrNameCharacter, "a*"),
		of("home", ErrNameCharacter, "~root"),
		of("", ErrNameReserved, "Manifest.json"),
		of("signature", ErrNameReserved, SignatureName),
		of("sums", ErrNameReserved, "sha256sums"),
		{"", ErrNameDuplicate, twice, false},
		of("", ErrNameCaseDuplicate, "Readme.txt"),
		of("folder", ErrNameCaseDuplicate, "Modules/new.json"),
		of("", ErrNameFileAndFolder, "modules"),
		of("other-order", ErrNameFileAndFolder, "README.txt/inside"),
		{"", ErrNamesUnsorted, tamper{entries: func(list []Entry) []Entry {
			slices.Reverse(list)
			return list
		}}, false},
	}
}

// layoutCases are signed correctly; only the ZIP around the entries lies.
func layoutCases(module string) []hostileCase {
	of := func(variant string, want *Refusal, f func(z *rawZip)) hostileCase {
		return hostileCase{variant, want, tamper{zip: f}, false}
	}
	return []hostileCase{
		of("", ErrDeflated, func(z *rawZip) { z.entry(module).method = 8 }),
		of("manifest", ErrDeflated, func(z *rawZip) { z.entry(ManifestName).method = 8 }),
		of("", ErrZipEncrypted, func(z *rawZip) { z.entry(module).flags = flagEncrypted }),
		of("manifest", ErrZipEncrypted, func(z *rawZip) { z.entry(ManifestName).flags = flagEncrypted }),
		of("", ErrDataDescriptor, func(z *rawZip) {
			e := z.entry(module)
			e.flags = flagDescriptor
			e.after = binary.LittleEndian.AppendUint32(nil, 0x08074b50)
		}),
		of("signature", ErrDataDescriptor, func(z *rawZip) { z.entry(SignatureName).flags = flagDescriptor }),
		of("", ErrExtraField, func(z *rawZip) { z.entry(module).localExtra = []byte{0x55, 0x54, 0, 0} }),
		of("central", ErrExtraField, func(z *rawZip) { z.entry(module).extra = []byte{0x55, 0x54, 0, 0} }),
		of("manifest", ErrExtraField, func(z *rawZip) { z.entry(ManifestName).localExtra = []byte{0x55, 0x54, 0, 0} }),
		of("", ErrComment, func(z *rawZip) { z.comment = "PK\x05\x06 another end" }),
		of("entry", ErrComment, func(z *rawZip) { z.entry(module).comment = "look here" }),
		of("", ErrOverlap, func(z *rawZip) { z.entry(module).offset = 0 }),
		of("manifest-elsewhere", ErrOverlap, func(z *rawZip) { z.entry(ManifestName).offset = 1 }),
		of("", ErrUnclaimedBytes, func(z *rawZip) { z.entry(module).after = []byte("hidden") }),
		of("at-the-end", ErrUnclaimedBytes, func(z *rawZip) { z.after = []byte("hidden") }),
		of("entry-not-in-manifest", ErrUnclaimedBytes, func(z *rawZip) {
			z.entries = append(z.entries, newRawEntry("evil.exe", []byte("MZ")))
		}),
		of("entry-of-the-directory-alone", ErrUnclaimedBytes, func(z *rawZip) {
			e := newRawEntry("evil.exe", nil)
			e.noLocal, e.offset = true, 0
			z.entries = append(z.entries, e)
		}),
		of("", ErrLyingSize, func(z *rawZip) { e := z.entry(module); e.packed, e.length = 5, 5 }),
		of("packed", ErrLyingSize, func(z *rawZip) { z.entry(module).packed = 5 }),
		of("central", ErrLyingSize, func(z *rawZip) { z.entry(module).centralPacked = 5 }),
		of("manifest", ErrLyingSize, func(z *rawZip) { z.entry(ManifestName).packed = 5 }),
		of("", ErrLayout, func(z *rawZip) { z.entry(module).crc++ }),
		of("count", ErrLayout, func(z *rawZip) { z.count = 3 }),
		of("symbolic-link", ErrLayout, func(z *rawZip) {
			e := z.entry(module)
			e.madeBy, e.attributes = 3<<8|20, 0o120777<<16
		}),
		of("date", ErrLayout, func(z *rawZip) { z.entry(module).day++ }),
		of("other-name", ErrLayout, func(z *rawZip) { z.entry(module).centralName = strings.Replace(module, ".json", ".html", 1) }),
		of("parent-in-the-directory", ErrNameParent, func(z *rawZip) { z.entry("README.txt").centralName = "../ADME.tx" }),
		of("", ErrEntryChanged, func(z *rawZip) { z.entry(module).data = bytes.ToUpper(z.entry(module).data) }),
		{"wrong-crc", ErrEntryChanged, tamper{
			entries: func(list []Entry) []Entry { list[0].CRC32++; return list },
			zip:     func(z *rawZip) { z.entry("README.txt").crc++ },
		}, false},
		of("same-crc", ErrEntryChanged, func(z *rawZip) {
			// The CRC-32's own polynomial laid over the data changes them and not their CRC-32.
			data := bytes.Clone(z.entry("README.txt").data)
			for i, b := range []byte{0x41, 0x06, 0x71, 0xdb, 0x01} {
				data[i] ^= b
			}
			if crc32.ChecksumIEEE(data) != z.entry("README.txt").crc {
				panic("the CRC-32 changed")
			}
			z.entry("README.txt").data = data
		}),
		of("swapped", ErrEntryChanged, func(z *rawZip) {
			// Same length, so that nothing but the hash can tell.
			z.entry("README.txt").data = bytes.Repeat([]byte("x"), len(z.entry("README.txt").data))
		}),
	}
}

func TestHostileBundlesAreRefused(t *testing.T) {
	opts := fixtureOptions(t)
	seen := map[*Refusal]bool{}
	for _, c := range hostileCases(t) {
		t.Run(strings.TrimSuffix(c.fixture(), Extension), func(t *testing.T) {
			// Given a bundle with one fault, signed so that the fault alone can be the reason.
			file := c.build(t)
			// When somebody opens and reads it, then it is refused for that reason.
			got := outcome(t, file, opts)
			if !errors.Is(got, c.want) {
				t.Fatalf("got %q (%v), want %q", Code(got), got, c.want.Code())
			}
			if Code(got) != c.want.Code() {
				t.Fatalf("code %q, want %q", Code(got), c.want.Code())
			}
			if strings.ContainsFunc(got.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' || r == '\u2066' }) {
				t.Fatalf("the sentence carries hidden characters: %q", got)
			}
		})
		seen[c.want] = true
	}
	t.Run("a bundle without a fault is not refused", func(t *testing.T) {
		if err := outcome(t, tamper{}.build(t), opts); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("every refusal has a hostile bundle", func(t *testing.T) {
		elsewhere := []*Refusal{
			ErrNeedsKey, // needs no hostile file, see TestEncryptedBundles
			// Refusals of Export, see export_test.go.
			ErrSourceChanged, ErrTargetExists, ErrNoSpace, ErrTooBigForFAT, ErrRereadDiffers, ErrReadOnly,
		}
		for _, r := range Refusals() {
			if !seen[r] && !slices.Contains(elsewhere, r) {
				t.Errorf("no hostile bundle is refused with %s", r.Code())
			}
		}
	})
}

func TestRefusalsAreToldApart(t *testing.T) {
	codes, sentences := map[string]bool{}, map[string]bool{}
	for _, r := range Refusals() {
		if codes[r.Code()] || sentences[r.Error()] {
			t.Errorf("%s is there twice", r.Code())
		}
		codes[r.Code()], sentences[r.Error()] = true, true
		if !strings.HasSuffix(r.Error(), ".") || strings.Contains(r.Error(), "\n") {
			t.Errorf("%s is not one sentence: %q", r.Code(), r.Error())
		}
	}
	if got := Code(fmt.Errorf("importing: %w", about(ErrNameParent, "entry", "../x"))); got != "name-parent" {
		t.Errorf("a wrapped refusal has the code %q", got)
	}
	if got := Code(errors.New("the disk is on fire")); got != "" {
		t.Errorf("an ordinary error has the code %q", got)
	}
}

func TestOnlyTheSignatureOpensTheRest(t *testing.T) {
	// Given a bundle with a bad signature and a broken rest, in memory that fails when the rest is touched.
	file := tamper{signature: func(sig []byte) []byte { sig[len(sig)-20] ^= 1; return sig }}.build(t)
	head := bytes.Index(file, []byte("README.txt\"")) // in the manifest, which may be read
	end := bytes.Index(file[head:], []byte("PK\x03\x04"))
	end += head
	end += 4 + bytes.Index(file[end+4:], []byte("PK\x03\x04")) // the third local header
	r := guarded{bytes.NewReader(file), int64(end)}
	// When it is opened, then the signature is refused before anything else is read.
	_, err := Open(t.Context(), r, int64(len(file)), fixtureOptions(t))
	if !errors.Is(err, ErrBadSignature) {
		t.Fatalf("got %v", err)
	}
	// And with a good signature the rest is read: the guard works.
	file = tamper{}.build(t)
	_, err = Open(t.Context(), guarded{bytes.NewReader(file), int64(end)}, int64(len(file)), fixtureOptions(t))
	if failed := (*ReadError)(nil); !errors.As(err, &failed) {
		t.Fatalf("got %v, want the guard's error", err)
	}
}

// guarded fails when bytes from limit on are read.
type guarded struct {
	r     *bytes.Reader
	limit int64
}

func (g guarded) ReadAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > g.limit {
		return 0, errors.New("read beyond the signature")
	}
	return g.r.ReadAt(p, offset)
}

func TestManifestFieldsHaveOneForm(t *testing.T) {
	// Given a correct manifest, when any scalar of it is replaced by a foreign value, then it is refused or stays itself.
	raw, err := decodable(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, foreign := range []any{nil, true, 1.5, -1, "\u0000", []any{}, map[string]any{}, []any{nil}, strings.Repeat("x", 70_000)} {
			changed := maps.Clone(fields)
			changed[name] = foreign
			text, err := json.MarshalIndent(changed, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeManifest(text); err == nil {
				t.Errorf("%s = %.40v was accepted", name, foreign)
			} else if Code(err) == "" {
				t.Errorf("%s = %.40v: %v is no refusal", name, foreign, err)
			}
		}
	}
}

// decodable is a complete manifest that DecodeManifest accepts.
func decodable(t testing.TB) Manifest {
	t.Helper()
	file := tamper{}.build(t)
	r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), fixtureOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	return r.Manifest()
}
