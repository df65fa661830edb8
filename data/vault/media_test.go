package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

func TestMediaRoundTrip(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	var total int64
	for _, n := range []int{0, 1, mediaChunk - 1, mediaChunk, mediaChunk + 1, 3 * mediaChunk, 300_000} {
		want := randomBytes(n)
		b, err := s.PutMedia(ctx, iotest.HalfReader(bytes.NewReader(want)))
		must(t, err)
		if b.Size != int64(n) || b.SHA256 != sha256.Sum256(want) {
			t.Fatalf("%d bytes: %+v", n, b)
		}
		st, err := os.Stat(filepath.Join(dir, mediaFolder, b.Name))
		must(t, err)
		if st.Size() != mediaFileSize(int64(n)) || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
			t.Fatalf("%d bytes: the file has %d, mode %v", n, st.Size(), st.Mode())
		}
		total += st.Size()
		r, err := s.OpenMedia(b)
		must(t, err)
		if err := iotest.TestReader(r, want); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		must(t, r.Close())
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Fatal("a closed reader reads")
		}
		must(t, s.CheckMedia(ctx, b))
	}
	if s.Info().MediaBytes != total {
		t.Fatalf("%d media bytes, want %d", s.Info().MediaBytes, total)
	}
	must(t, s.Close())
	if s = openStore(t, dir); s.Info().MediaBytes != total {
		t.Fatalf("%d media bytes after opening, want %d", s.Info().MediaBytes, total)
	}
}

// Every chunk is bound to its file, its place and the end: nothing changed, moved, shortened or lengthened is returned.
func TestMediaTampering(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	want := randomBytes(3*mediaChunk + 100)
	b, err := s.PutMedia(ctx, bytes.NewReader(want))
	must(t, err)
	other, err := s.PutMedia(ctx, bytes.NewReader(want))
	must(t, err)
	path := filepath.Join(dir, mediaFolder, b.Name)
	good, err := os.ReadFile(path)
	must(t, err)
	otherFile, err := os.ReadFile(filepath.Join(dir, mediaFolder, other.Name))
	must(t, err)
	c := func(i int) []byte { return good[mediaHead+i*sealedChunk:][:sealedChunk] }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	cases := map[string][]byte{
		"exchanged":  join(good[:mediaHead], c(1), c(0), good[mediaHead+2*sealedChunk:]),
		"repeated":   join(good[:mediaHead], c(0), c(0), good[mediaHead+2*sealedChunk:]),
		"shortened":  good[:len(good)-1],
		"cut":        good[:mediaHead+3*sealedChunk],
		"lengthened": append(bytes.Clone(good), 0),
		"other file": otherFile,
		"empty":      {},
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		bad := bytes.Clone(good)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		cases["bit"] = bad
		for name, bad := range cases {
			must(t, os.WriteFile(path, bad, 0o600))
			if err := s.CheckMedia(ctx, b); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		clear(cases)
	}
	must(t, os.WriteFile(path, good, 0o600))
	// A blob that claims to be shorter ends in a chunk that was not the last.
	short := b
	short.Size = 2 * mediaChunk
	must(t, os.WriteFile(path, good[:mediaFileSize(short.Size)], 0o600))
	m, err := s.OpenMedia(short)
	must(t, err)
	defer func() { _ = m.Close() }()
	if got, err := io.ReadAll(m); !errors.Is(err, ErrDamaged) || len(got) != mediaChunk {
		t.Fatalf("cut at a chunk with a matching size: %d bytes, %v", len(got), err)
	}
}

func TestMediaSweepAndRemove(t *testing.T) {
	ctx := context.Background()
	s, dir := createStore(t, Options{})
	if n, err := s.SweepMedia(nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	keep, err := s.PutMedia(ctx, strings.NewReader("keep"))
	must(t, err)
	drop, err := s.PutMedia(ctx, strings.NewReader("drop"))
	must(t, err)
	gone, err := s.PutMedia(ctx, strings.NewReader("gone"))
	must(t, err)
	must(t, s.RemoveMedia(gone.Name))
	if n, err := s.SweepMedia(map[string]bool{keep.Name: true}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	must(t, s.CheckMedia(ctx, keep))
	for _, b := range []Blob{drop, gone, {Name: "../anchor", Size: 1}, {Name: strings.Repeat("0", mediaNameLen)}} {
		if _, err := s.OpenMedia(b); !errors.Is(err, ErrMediaNotFound) {
			t.Errorf("%s opens: %v", b.Name, err)
		}
		if err := s.RemoveMedia(b.Name); !errors.Is(err, ErrMediaNotFound) {
			t.Errorf("%s is removed: %v", b.Name, err)
		}
	}
	if s.Info().MediaBytes != mediaFileSize(4) {
		t.Error(s.Info().MediaBytes)
	}
	must(t, os.WriteFile(filepath.Join(dir, mediaFolder, "notes.txt"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, mediaFolder, strings.Repeat("0", mediaNameLen)), []byte("x"), 0o600))
	if p, err := s.Check(ctx); err != nil || len(p) != 2 {
		t.Error(p, err)
	}
}

// Memory use does not grow with the size, and a cancelled or failing source leaves nothing.
func TestMediaStreams(t *testing.T) {
	s, _ := createStore(t, Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := s.PutMedia(context.Background(), io.LimitReader(rand.NewChaCha8([32]byte{}), 64<<20))
	must(t, err)
	must(t, s.CheckMedia(context.Background(), b))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were allocated for 64 MiB", used)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.PutMedia(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.PutMedia(context.Background(), iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if names, err := s.mediaNames(); err != nil || len(names) != 1 {
		t.Error(names, err)
	}
}
