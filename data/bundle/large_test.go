package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
)

// noise is a stream of size bytes that does not compress and costs no memory.
type noise struct {
	block []byte
	left  int64
	n     uint64
}

func newNoise(size int64) *noise {
	n := &noise{block: make([]byte, 64<<10), left: size}
	r := rand.NewChaCha8([32]byte{1})
	if _, err := r.Read(n.block); err != nil {
		panic(err)
	}
	return n
}

func (n *noise) Read(p []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	size := copy(p[:min(int64(len(p)), n.left)], n.block)
	if size >= 8 {
		n.n++
		binary.LittleEndian.PutUint64(p, n.n)
	}
	n.left -= int64(size)
	return size, nil
}

// memory reads a figure of this process from the kernel, bytes.
func memory(t *testing.T, field string) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell a process its memory")
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no %s", field)
	return 0
}

// peakOf runs work and gives by how many bytes the process's resident memory grew at its highest.
func peakOf(t *testing.T, work func()) int64 {
	t.Helper()
	debug.FreeOSMemory()
	before := memory(t, "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the highest memory cannot be reset: %v", err)
	}
	work()
	return memory(t, "VmHWM") - before
}

func TestMemoryDoesNotGrowWithTheBundle(t *testing.T) {
	const total, allowed = 500 << 20, 64 << 20
	if testing.Short() {
		t.Skip("writes 500 MiB twice")
	}
	// The 500 MiB are sparse in memory and never in the repository: three media files and a thousand small texts.
	var sources []Source
	add := func(path string, size int64) {
		sources = append(sources, Source{Path: path, Size: size, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(newNoise(size)), nil
		}})
	}
	for i := range 1000 {
		add(fmt.Sprintf("texts/%04d.json", i), 10_000)
	}
	add("media/a.mp4", 300<<20)
	add("media/b.mp4", 100<<20)
	add("media/c.mp4", total-400<<20-10_000_000)
	reader := fixtureIdentity(t, readerKeyFile)
	for name, recipients := range map[string][]age.Recipient{"clear": nil, "encrypted": {reader.Recipient()}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "large.wardbook")
			grown := peakOf(t, func() {
				if _, err := Export(t.Context(), path, fixtureManifest(), fixtureKey(t), sources, recipients, ExportOptions{}); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("writing and rereading 500 MiB took %.1f MiB", float64(grown)/(1<<20))
			if grown > allowed {
				t.Errorf("writing took %d MiB more memory", grown>>20)
			}
			grown = peakOf(t, func() { readAll(t, path, reader) })
			t.Logf("reading 500 MiB took %.1f MiB", float64(grown)/(1<<20))
			if grown > allowed {
				t.Errorf("reading took %d MiB more memory", grown>>20)
			}
		})
	}
	t.Run("the measure sees memory that grows", func(t *testing.T) {
		grown := peakOf(t, func() {
			held := make([]byte, 80<<20)
			for i := range held {
				held[i] = byte(i)
			}
			t.Logf("held %d bytes", len(held))
		})
		if grown < allowed {
			t.Errorf("80 MiB were held, and %d MiB measured", grown>>20)
		}
	})
}

func readAll(t *testing.T, path string, identity age.Identity) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), f, info.Size(), Options{Identities: []age.Identity{identity}})
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	if err := r.VerifyAll(t.Context(), func(done, total int64) {
		if done < last || done > total {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	}); err != nil {
		t.Fatal(err)
	}
	if last != r.Manifest().Size() {
		t.Errorf("progress ended at %d of %d", last, r.Manifest().Size())
	}
}

// sparseBundle writes a bundle of more than 4 GiB as a sparse file: its headers are real, its data are holes.
func sparseBundle(t *testing.T, sizes ...int64) (string, *Prepared) {
	t.Helper()
	m := fixtureManifest()
	m.Format, m.Issuer.PublicKey = Format, fixtureKey(t).Public()
	for i, size := range sizes {
		m.Entries = append(m.Entries, Entry{Path: fmt.Sprintf("media/%d.mp4", i), Size: size})
	}
	list := sums(m.Entries)
	m.Entries = append([]Entry{entryOf(SumsName, list)}, m.Entries...)
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := fixtureKey(t).sign(raw, m.trustedComment(), signerComment+fixtureKey(t).Public().String())
	if err != nil {
		t.Fatal(err)
	}
	p := &Prepared{manifest: m, raw: raw, signature: signature, layout: newLayout(raw, signature, m.Entries)}
	path := filepath.Join(t.TempDir(), "sparse.wardbook")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(p.layout.size); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	write := func(b []byte, at int64) {
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range p.layout.places {
		write(at.localHeader(), at.offset)
	}
	write(raw, p.layout.places[0].dataOffset())
	write(signature, p.layout.places[1].dataOffset())
	write(list, p.layout.places[2].dataOffset())
	write(p.layout.central, p.layout.start)
	return path, p
}

func TestBundlesBeyond4GiBOpenEverywhere(t *testing.T) {
	const gib = 1 << 30
	for name, sizes := range map[string][]int64{
		"the last entry begins below 4 GiB":  {3 * gib, 2 * gib},
		"entries begin beyond 4 GiB":         {3 * gib, 3 * gib, 5, 7},
		"the largest entry":                  {MaxEntrySize, MaxEntrySize, 1},
		"the directory alone is beyond":      {MaxEntrySize},
		"everything is just below the limit": {4*gib - 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			path, p := sparseBundle(t, sizes...)
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			// Given a bundle beyond 4 GiB, when our reader, Go's and Info-ZIP's look at it, then all see the same entries.
			r, err := Open(t.Context(), f, p.layout.size, Options{})
			if err != nil {
				t.Fatal(err)
			}
			z, err := zip.NewReader(f, p.layout.size)
			if err != nil {
				t.Fatal(err)
			}
			if len(z.File) != len(p.layout.places) {
				t.Fatalf("archive/zip sees %d entries", len(z.File))
			}
			for i, at := range p.layout.places {
				offset, err := z.File[i].DataOffset()
				if err != nil || z.File[i].Name != at.entry.Path || offset != at.dataOffset() || int64(z.File[i].UncompressedSize64) != at.entry.Size {
					t.Errorf("archive/zip sees %s with %d bytes at %d, %v", z.File[i].Name, z.File[i].UncompressedSize64, offset, err)
				}
			}
			needCommands(t, "unzip")
			for _, arguments := range [][]string{{"-Z1", path}, {"-p", path, SumsName}} {
				out, err := exec.CommandContext(t.Context(), "unzip", arguments...).CombinedOutput()
				if err != nil {
					t.Errorf("unzip %s: %v\n%s", arguments[0], err, out)
				}
				if arguments[0] == "-Z1" && strings.Count(string(out), "\n") != len(p.layout.places) {
					t.Errorf("unzip sees\n%s", out)
				}
				if arguments[0] == "-p" && !bytes.Equal(out, sums(r.Manifest().Entries)) {
					t.Errorf("unzip gives %q", out)
				}
			}
			// And a changed byte in the ZIP64 records is refused.
			end := bytes.Clone(p.layout.central)
			for at := range end {
				changed := overlay{f, p.layout.start + int64(at), end[at] ^ 1}
				if _, err := Open(t.Context(), changed, p.layout.size, Options{}); Code(err) == "" {
					t.Fatalf("byte %d of the directory changed: %v", at, err)
				}
			}
		})
	}
}

// overlay is a file with one byte changed.
type overlay struct {
	r    io.ReaderAt
	at   int64
	byte byte
}

func (o overlay) ReadAt(p []byte, offset int64) (int, error) {
	n, err := o.r.ReadAt(p, offset)
	if at := o.at - offset; at >= 0 && at < int64(n) {
		p[at] = o.byte
	}
	return n, err
}

func needCommands(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("this test runs the real %s, which is not installed (scripts/needs test installs it)", name)
		}
	}
}
