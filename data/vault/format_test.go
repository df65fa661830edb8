package vault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

var (
	knownStore = uuid.MustParse("6f1d2c3b-4a59-4687-8796-a5b4c3d2e1f0")
	knownKey   = Key{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
	}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	must(t, err)
	return b
}

// The derived keys, computed apart from this package with HMAC-SHA256 after RFC 5869.
func TestKnownKeys(t *testing.T) {
	for _, c := range []struct {
		generation    uint64
		purpose, want string
	}{
		{1, purposeCheck, "b353964437a41d9afc475f4c376672fa63f00df20ba353835c78428008beb735"},
		{1, purposeHeader, "4f761613e25045e183b6bad632d927d8497d2cedd1a9857b80d4ac808583a554"},
		{1, purposeBody, "3acc270597551bfa76d786edd0789d95e60132528c3cfdfe09dd0796c96dbc5f"},
		{1, purposeAnchor, "ba0991705f224201fa66e7f5b3158a98c1e8b5a32577c0de258a5f9317e33317"},
		{2, purposeHeader, "d22d3cc33f0983598d1e7e62fad83eeaa4036a84f844d3bc20186c9dcf1ddae1"},
	} {
		got, err := deriveKey(&knownKey, knownStore, c.generation, c.purpose)
		must(t, err)
		if hex.EncodeToString(got) != c.want {
			t.Errorf("%s, generation %d: %x", c.purpose, c.generation, got)
		}
	}
}

// A header, a chunk and an anchor sealed apart from this package open to what they should.
func TestKnownRecords(t *testing.T) {
	keys, err := deriveGeneration(&knownKey, knownStore, 1)
	must(t, err)
	r := recordSealer{knownStore, 1, keys}
	h, tg, err := r.openHeader(unhex(t, "6465666768696a6b6c6d6e6f707172737475767778797a7bdd11af0b0b721b965fcea9d22d58d0ba153f0e3f331f77b1ddb9ff7e96a897df69e92b955899116ca3b7cb8ea5f847d31f03717faa7ebf65436d41a67128cbe351baa0ec1a74a04fd0bc488f202496045904aed8c878758ebde296024137bbd7f2859d2e17b58d8b95fae74b31831b18"), 8192)
	want := recordHeader{sequence: 7, kind: kindCommit, pages: 3, body: 2 * entrySize, time: 1795500000000, previous: tag{0xaa, 15: 0xbb}}
	if err != nil || h != want || h.size() != 12288 || !h.sane() {
		t.Errorf("header: %+v, %v", h, err)
	}
	chunk, err := keys.body.openInPlace(unhex(t, "6465666768696a6b6c6d6e6f707172737475767778797a7bb6521d010543fb609ba96141dff645f9b1b5bba8b51d55e1fe0f46549e528bae928d5a40"), r.chunkAD(7, tg, 0, true))
	if err != nil || string(chunk) != "the body of record 7" {
		t.Errorf("chunk: %q, %v", chunk, err)
	}
	block := append(unhex(t, "5742414e43484f5200000001000000016f1d2c3b4a5946878796a5b4c3d2e1f000000000000000016465666768696a6b6c6d6e6f707172737475767778797a7bdcf7591fb1cd6cfcd850f4c57c0990eb91489ada00e6ee6911f16632f0f38df628d7d4b5af3b6263502b4e220671e9ddd989bc24624b38c15988496336495fab9bcaca06f187465b572c3bc5032d993d"), make([]byte, blockSize-anchorSealed)...)
	a, ok := openAnchor(block, 1, knownStore, anchorKeys(&knownKey, knownStore).forGeneration)
	if !ok || a != (Anchor{knownStore, 1, 7, tag(tg), uuid.MustParse("01020304-0506-4708-890a-0b0c0d0e0f10")}) {
		t.Errorf("anchor: %+v, %v", a, ok)
	}
	m := mediaReaderOf(t, unhex(t, "57424d45444941316465666768696a6b6c6d6e6f707172737475767778797a7b11169dd99e90ceafebf873bc806127f6eea937face"), Blob{Name: "000102030405060708090a0b0c0d0e0f", Key: knownKey, Size: 5})
	b := make([]byte, 10)
	if n, err := m.Read(b); err != nil || string(b[:n]) != "media" {
		t.Errorf("media: %q, %v", b[:n], err)
	}
	// And what this package seals has the same form.
	again := sealAnchor(keys.anchor, 1, a, 1, 0)
	if !bytes.Equal(again[:anchorPrefix], block[:anchorPrefix]) || !allZero(again[anchorSealed:]) {
		t.Error("an anchor's form changed")
	}
	start := startBody{2, 9, tag{1}, [32]byte{2}, knownStore, 3, 4}
	var buf [startSize]byte
	if start.encode(buf[:]); decodeStart(buf[:]) != start {
		t.Error("a start does not survive")
	}
}

func mediaReaderOf(t *testing.T, b []byte, blob Blob) *mediaReader {
	t.Helper()
	m, err := newMediaReader(&memFile{b}, blob)
	must(t, err)
	return m
}

var updateFixture = flag.Bool("update-fixture", false, "write testdata/format1 anew; only before format 1 is released")

const fixture = "testdata/format1"

// A store that an earlier program wrote opens in this one, and goes on.
func TestFixtureOfFormat1(t *testing.T) {
	ctx := context.Background()
	if *updateFixture {
		writeFixture(t)
	}
	s, err := Open(ctx, copyStore(t, fixture), &knownKey, Options{})
	must(t, err)
	defer func() { _ = s.Close() }()
	i := s.Info()
	if i.FormatVersion != 1 || i.Generation != 1 || i.Epoch != 1 || i.Sequence != 5 || i.TornTail {
		t.Errorf("%+v", i)
	}
	if n := count(t, s, "SELECT count(*) FROM note WHERE text = 'entry ' || id"); n != 40 {
		t.Errorf("%d rows", n)
	}
	if n := count(t, s, "SELECT count(*) FROM note_text WHERE note_text MATCH 'entry'"); n != 40 {
		t.Errorf("%d found", n)
	}
	var b Blob
	raw, err := os.ReadFile(fixture + ".blob.json")
	must(t, err)
	must(t, json.Unmarshal(raw, &b))
	must(t, s.CheckMedia(ctx, b))
	must(t, run(s, "INSERT INTO note(text) VALUES ('more')"))
	assertSound(t, s)
}

func writeFixture(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := Create(ctx, dir, &knownKey, Options{})
	must(t, err)
	must(t, run(s, "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT", "CREATE VIRTUAL TABLE note_text USING fts5(text)", FTSSecureDelete("note_text")))
	for range 2 {
		must(t, s.Write(ctx, func(tx *sql.Tx) error {
			for range 30 {
				if _, err := tx.Exec("INSERT INTO note(text) VALUES ('entry ' || (SELECT coalesce(max(id), 0) + 1 FROM note))"); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	must(t, run(s, "DELETE FROM note WHERE id > 40", "INSERT INTO note_text(rowid, text) SELECT id, text FROM note"))
	b, err := s.PutMedia(ctx, bytes.NewReader(randomBytes(70_000)))
	must(t, err)
	must(t, s.Close())
	log := readLogFile(t, dir)
	keys, err := deriveGeneration(&knownKey, s.Info().Store, 1)
	must(t, err)
	recs := recordsIn(&recordSealer{s.Info().Store, 1, keys}, log)
	must(t, os.WriteFile(filepath.Join(dir, logName(1)), log[:recs[len(recs)-1].to+blockSize], 0o600)) // little room at the end
	must(t, os.Remove(filepath.Join(dir, lockName)))
	must(t, os.RemoveAll(fixture))
	must(t, os.CopyFS(fixture, os.DirFS(dir)))
	raw, err := json.Marshal(b)
	must(t, err)
	must(t, os.WriteFile(fixture+".blob.json", raw, 0o600))
}

// FuzzLog feeds anything to the reader of logs: it ends, it returns no page that was not sealed, and it never takes
// more for whole than there is.
func FuzzLog(f *testing.F) {
	log, err := os.ReadFile(filepath.Join(fixture, logName(1)))
	must(f, err)
	head, err := parseHead(log)
	must(f, err)
	keys, err := deriveGeneration(&knownKey, head.store, 1)
	must(f, err)
	r := &recordSealer{head.store, 1, keys}
	_, _, err = replayBytes(r, bytes.Clone(log))
	must(f, err)
	states := map[string]bool{}
	recs := recordsIn(r, log)
	for _, rec := range recs {
		_, state, err := replayBytes(r, bytes.Clone(log[:rec.to]))
		must(f, err)
		states[state] = true
	}
	f.Add(log, uint16(0), byte(0))
	f.Add(log[:blockSize], uint16(0), byte(0))
	for _, rec := range recs {
		f.Add(log[:rec.to], uint16(rec.from/512), byte(1))
		f.Add(append(bytes.Clone(log[:rec.from]), log[rec.to:]...), uint16(1), byte(0))
	}
	f.Add([]byte{}, uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, flip byte) {
		b = bytes.Clone(b)
		if i := int(at) * 512; i < len(b) {
			b[i] ^= flip
		}
		if h, err := parseHead(b); err == nil && h.store != head.store {
			t.Log("another head")
		}
		got, state, err := replayBytes(r, b)
		if err == nil && (!states[state] || got.end > int64(len(b))) {
			t.Fatalf("a state that never was: %+v", got)
		}
	})
}

// FuzzHeader takes any authentic header: one that is followed has a size that can be.
func FuzzHeader(f *testing.F) {
	var b [headerSize]byte
	recordHeader{sequence: 3, kind: kindCommit, pages: 10, body: 3 * entrySize}.encode(b[:])
	f.Add(b[:])
	f.Add(bytes.Repeat([]byte{255}, headerSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < headerSize {
			return
		}
		h := decodeHeader(b)
		if h.sane() && (h.size() < blockSize || h.size()%blockSize != 0 || h.size() > 5<<30 || h.chunks() == 0) {
			t.Fatalf("%+v: %d bytes", h, h.size())
		}
	})
}

// FuzzAnchor feeds anything to the reader of anchors.
func FuzzAnchor(f *testing.F) {
	b, err := os.ReadFile(filepath.Join(fixture, anchorName))
	must(f, err)
	log, err := os.ReadFile(filepath.Join(fixture, logName(1)))
	must(f, err)
	head, err := parseHead(log)
	must(f, err)
	ring := anchorKeys(&knownKey, head.store)
	f.Add(b[:blockSize], uint32(0))
	f.Add(b[blockSize:], uint32(1))
	f.Add([]byte(anchorMagic), uint32(0))
	f.Fuzz(func(t *testing.T, in []byte, slot uint32) {
		a, ok := openAnchor(in, slot, head.store, ring.forGeneration)
		if ok && !bytes.Equal(in, b[:blockSize]) && !bytes.Equal(in, b[blockSize:]) {
			t.Fatalf("forged: %+v", a)
		}
	})
}
