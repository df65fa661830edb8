package exchange_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// film is a PNG in name and first bytes, of any size, that costs no memory.
type film struct {
	seed byte
	at   int64
	size int64
}

func (f *film) Read(p []byte) (int, error) {
	if f.at == f.size {
		return 0, io.EOF
	}
	// A read ends where its bytes change, so that what is read does not depend on how it is cut.
	if head := "\x89PNG\r\n\x1a\n"; f.at < int64(len(head)) {
		n := copy(p, head[f.at:])
		f.at += int64(n)
		return n, nil
	}
	n := int(min(int64(len(p)), f.size-f.at, 1<<16-f.at%(1<<16)))
	for i := range p[:n] {
		p[i] = f.seed ^ byte(f.at>>16)
	}
	f.at += int64(n)
	return n, nil
}

func (f *film) Close() error { return nil }

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

// grown runs work and gives by how many bytes the process's memory grew at its highest.
func grown(t *testing.T, work func()) int64 {
	t.Helper()
	debug.FreeOSMemory()
	before := memory(t, "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the highest memory cannot be reset: %v", err)
	}
	work()
	return memory(t, "VmHWM") - before
}

// Given a bundle of 500 MiB, nearly all of it media, clear or encrypted, then importing it takes at most 64 MiB more memory.
func TestImportingALargeBundleTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 500 MiB four times")
	}
	const allowed = 64 << 20
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprintf("encrypted %v", encrypted), func(t *testing.T) {
			p := newPublisher(t, "good")
			wing := trusting(t, p)
			var recipients []age.Recipient
			if encrypted {
				recipients = append(recipients, wing.session.Actor().Recipient())
			}
			path := largeBundle(t, p, []int64{200 << 20, 150 << 20, 100 << 20, 50 << 20}, recipients)
			info, err := os.Stat(path)
			if err != nil || info.Size() < 500<<20 {
				t.Fatalf("the bundle has %d bytes, %v", info.Size(), err)
			}
			started := time.Now()
			more := grown(t, func() { wing.take(path, exchange.ImportOptions{}) })
			t.Logf("importing %d MiB took %.1f s and %.1f MiB more memory", info.Size()>>20, time.Since(started).Seconds(), float64(more)/(1<<20))
			if more > allowed {
				t.Errorf("importing took %d MiB more memory", more>>20)
			}
			media, ref, err := wing.session.Content().Media(context.Background(), content.Ref{ID: "films", Version: 1}, "images/0.png")
			if err != nil {
				t.Fatal(err)
			}
			defer media.Close()
			sum := sha256.New()
			if _, err := io.Copy(sum, media); err != nil || hex.EncodeToString(sum.Sum(nil)) != ref.SHA256 {
				t.Errorf("the media are not what was sent: %v", err)
			}
		})
	}
	t.Run("the measure sees memory that grows", func(t *testing.T) {
		more := grown(t, func() {
			held := bytes.Repeat([]byte{1}, 80<<20)
			t.Logf("held %d bytes", len(held))
		})
		if more < allowed {
			t.Errorf("80 MiB were held, and %d MiB measured", more>>20)
		}
	})
}

func largeBundle(t *testing.T, p *publisher, sizes []int64, recipients []age.Recipient) string {
	t.Helper()
	d := p.module("films", 1, "Films.")
	var sources []bundle.Source
	for i, size := range sizes {
		sum := sha256.New()
		if _, err := io.Copy(sum, &film{seed: byte(i), size: size}); err != nil {
			t.Fatal(err)
		}
		name := hex.EncodeToString(sum.Sum(nil))
		d.Media = append(d.Media, content.MediaRef{Path: fmt.Sprintf("images/%d.png", i), SHA256: name, Size: size, MIME: "image/png"})
		sources = append(sources, bundle.Source{Path: "media/" + name + ".png", Size: size, Open: func() (io.ReadCloser, error) {
			return &film{seed: byte(i), size: size}, nil
		}})
	}
	for name, text := range map[string]string{"content/module/films/1.json": encoded(t, d), "changes.json": `{"versions":[]}`} {
		sources = append(sources, bundle.Source{Path: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}})
	}
	path := filepath.Join(t.TempDir(), "large.wardbook")
	m := bundle.Manifest{
		Kind: bundle.KindContent, Issuer: bundle.Issuer{Name: p.name}, Stream: p.stream, Sequence: 1,
		Created: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Languages: []string{"en"},
	}
	if _, err := bundle.Export(context.Background(), path, m, p.key, sources, recipients, bundle.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return path
}
