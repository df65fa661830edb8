package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
)

func exportTo(t *testing.T, path string, opts ExportOptions, recipients ...age.Recipient) (Written, error) {
	t.Helper()
	return Export(t.Context(), path, fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), recipients, opts)
}

func listFolder(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestExportSaysWhatItWrote(t *testing.T) {
	for name, recipients := range map[string][]age.Recipient{
		"clear":     nil,
		"encrypted": {fixtureIdentity(t, strangerKeyFile).Recipient(), fixtureIdentity(t, readerKeyFile).Recipient()},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			var stages []Stage
			written, err := exportTo(t, filepath.Join(folder, "week48.wardbook"), ExportOptions{Progress: func(s Stage, done, total int64) {
				if done > total {
					t.Errorf("%s: %d of %d", s, done, total)
				}
				if !slices.Contains(stages, s) {
					stages = append(stages, s)
				}
			}}, recipients...)
			if err != nil {
				t.Fatal(err)
			}
			if got := listFolder(t, folder); !slices.Equal(got, []string{"week48.wardbook"}) {
				t.Errorf("the folder holds %q", got)
			}
			file, err := os.ReadFile(written.Path)
			if err != nil {
				t.Fatal(err)
			}
			if int64(len(file)) != written.Size || sha256.Sum256(file) != written.FileHash {
				t.Errorf("the file has %d bytes, %d were announced", len(file), written.Size)
			}
			r, err := Open(t.Context(), bytes.NewReader(file), int64(len(file)), fixtureOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			if r.ManifestHash() != written.ManifestHash || r.Encrypted() != (recipients != nil) {
				t.Error("another manifest was written")
			}
			if hash, err := r.FileHash(t.Context()); err != nil || hash != written.FileHash {
				t.Errorf("file hash %v, %v", hash, err)
			}
			if !slices.Equal(stages, []Stage{StageHash, StageWrite, StageReread}) {
				t.Errorf("stages %q", stages)
			}
		})
	}
}

func TestExportLeavesOtherFilesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "week48.wardbook")
	if err := os.WriteFile(path, []byte("an older bundle"), 0o644); err != nil {
		t.Fatal(err)
	}
	unread := ExportOptions{Progress: func(s Stage, _, _ int64) { t.Errorf("the work began: %s", s) }}
	if _, err := exportTo(t, path, unread); !errors.Is(err, ErrTargetExists) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "an older bundle" {
		t.Errorf("the older file now holds %q, %v", data, err)
	}
	// Nor does it replace one that appears while it writes.
	folder := t.TempDir()
	late := filepath.Join(folder, "late.wardbook")
	opts := ExportOptions{Progress: func(s Stage, _, _ int64) {
		if s == StageReread {
			_ = os.WriteFile(late, []byte("somebody else's"), 0o644)
		}
	}}
	if _, err := exportTo(t, late, opts); !errors.Is(err, ErrTargetExists) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(late); err != nil || string(data) != "somebody else's" {
		t.Errorf("the other file now holds %q, %v", data, err)
	}
	if got := listFolder(t, folder); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
}

func TestRenamingNeverReplaces(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	for _, p := range []string{from, to} {
		if err := os.WriteFile(p, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := renameFile(from, to); !errors.Is(err, ErrTargetExists) {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(to); string(data) != to {
		t.Error("the file was replaced")
	}
}

// faultyDisk is the real disk until something fails.
type faultyDisk struct {
	osDisk
	fail  string // the operation that fails
	err   error
	after int64 // bytes that can be written before a write fails
	flip  int64 // the byte that is read back wrongly; 0: none
}

type faultyFile struct {
	diskFile
	d       *faultyDisk
	written int64
}

func (d *faultyDisk) create(path string) (diskFile, error) {
	if d.fail == "create" {
		return nil, d.err
	}
	f, err := d.osDisk.create(path)
	return &faultyFile{diskFile: f, d: d}, err
}

func (d *faultyDisk) open(path string) (diskFile, error) {
	if d.fail == "open" {
		return nil, d.err
	}
	f, err := d.osDisk.open(path)
	return &faultyFile{diskFile: f, d: d}, err
}

func (d *faultyDisk) rename(from, to string) error {
	if d.fail == "rename" {
		return d.err
	}
	return d.osDisk.rename(from, to)
}

func (d *faultyDisk) syncFolder(folder string) error {
	if d.fail == "sync folder" {
		return d.err
	}
	return d.osDisk.syncFolder(folder)
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if f.d.fail == "write" && f.written+int64(len(b)) > f.d.after {
		n, _ := f.diskFile.Write(b[:max(0, f.d.after-f.written)])
		return n, f.d.err
	}
	f.written += int64(len(b))
	return f.diskFile.Write(b)
}

func (f *faultyFile) Sync() error {
	if f.d.fail == "sync" {
		return f.d.err
	}
	return f.diskFile.Sync()
}

func (f *faultyFile) Close() error {
	err := f.diskFile.Close()
	if f.d.fail == "close" && err == nil {
		return f.d.err
	}
	return err
}

func (f *faultyFile) ReadAt(b []byte, offset int64) (int, error) {
	if f.d.fail == "read" {
		return 0, f.d.err
	}
	n, err := f.diskFile.ReadAt(b, offset)
	if at := f.d.flip - offset; f.d.flip > 0 && at >= 0 && at < int64(n) {
		b[at] ^= 1
	}
	return n, err
}

func TestAFailedExportLeavesNothing(t *testing.T) {
	recipient := fixtureIdentity(t, readerKeyFile).Recipient()
	for name, c := range map[string]struct {
		disk faultyDisk
		want error
	}{
		"the drive is full at once":            {faultyDisk{fail: "create", err: syscall.ENOSPC}, ErrNoSpace},
		"the drive is full at the start":       {faultyDisk{fail: "write", err: syscall.ENOSPC}, ErrNoSpace},
		"the drive is full half-way":           {faultyDisk{fail: "write", err: syscall.ENOSPC, after: 1500}, ErrNoSpace},
		"the drive is full at the flushing":    {faultyDisk{fail: "sync", err: syscall.ENOSPC}, ErrNoSpace},
		"the drive is full at the closing":     {faultyDisk{fail: "close", err: syscall.ENOSPC}, ErrNoSpace},
		"the drive is write-protected":         {faultyDisk{fail: "create", err: syscall.EROFS}, ErrReadOnly},
		"the file grows too large":             {faultyDisk{fail: "write", err: syscall.EFBIG, after: 1000}, ErrTooBigForFAT},
		"the stick is pulled while writing":    {faultyDisk{fail: "write", err: syscall.EIO, after: 1000}, syscall.EIO},
		"the stick is pulled before rereading": {faultyDisk{fail: "open", err: syscall.EIO}, syscall.EIO},
		"the stick is pulled while rereading":  {faultyDisk{fail: "read", err: syscall.EIO}, syscall.EIO},
		"a byte of the manifest changes":       {faultyDisk{flip: 200}, ErrRereadDiffers},
		"a byte of an entry changes":           {faultyDisk{flip: 2000}, ErrRereadDiffers},
		"the renaming fails":                   {faultyDisk{fail: "rename", err: syscall.EACCES}, syscall.EACCES},
		"the folder cannot be flushed":         {faultyDisk{fail: "sync folder", err: syscall.EIO}, syscall.EIO},
	} {
		for kind, recipients := range map[string][]age.Recipient{"clear": nil, "encrypted": {recipient}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				folder := t.TempDir()
				d := c.disk
				e := exporter{disk: &d, volume: volumeOf, progress: func(Stage, int64, int64) {}}
				_, err := e.export(t.Context(), filepath.Join(folder, "x.wardbook"), fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), recipients)
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if left := listFolder(t, folder); len(left) > 0 {
					t.Errorf("%q was left behind", left)
				}
			})
		}
	}
}

func TestAnInterruptedExportLeavesNothing(t *testing.T) {
	for _, stage := range []Stage{StageHash, StageWrite, StageReread} {
		t.Run(string(stage), func(t *testing.T) {
			folder := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			opts := ExportOptions{Progress: func(s Stage, _, _ int64) {
				if s == stage {
					cancel()
				}
			}}
			_, err := Export(ctx, filepath.Join(folder, "x.wardbook"), fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil, opts)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if left := listFolder(t, folder); len(left) > 0 {
				t.Errorf("%q was left behind", left)
			}
		})
	}
	t.Run("a source changes", func(t *testing.T) {
		folder := t.TempDir()
		opened := 0
		s := Source{Path: "x", Size: 1, Open: func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(strings.NewReader(string(rune('0' + opened)))), nil
		}}
		_, err := Export(t.Context(), filepath.Join(folder, "x.wardbook"), fixtureManifest(), fixtureKey(t), []Source{s}, nil, ExportOptions{})
		if !errors.Is(err, ErrSourceChanged) {
			t.Errorf("got %v", err)
		}
		if left := listFolder(t, folder); len(left) > 0 {
			t.Errorf("%q was left behind", left)
		}
	})
	t.Run("there is no such folder", func(t *testing.T) {
		if _, err := exportTo(t, filepath.Join(t.TempDir(), "gone", "x.wardbook"), ExportOptions{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLargeBundlesAndFAT32(t *testing.T) {
	const gib = 1 << 30
	fat := ExportOptions{Volume: func(string) (VolumeInfo, error) {
		return VolumeInfo{FileSystem: "FAT32", MaxFileSize: maxFATFileSize, Free: 60 * gib}, nil
	}}
	opened := false
	source := func(path string, size int64) Source {
		return Source{Path: path, Size: size, Open: func() (io.ReadCloser, error) {
			opened = true
			return nil, errors.New("must not be read")
		}}
	}
	export := func(folder string, opts ExportOptions, sources ...Source) error {
		_, err := Export(t.Context(), filepath.Join(folder, "x.wardbook"), fixtureManifest(), fixtureKey(t), sources, nil, opts)
		return err
	}
	t.Run("beyond the limit it is refused before anything is read or written", func(t *testing.T) {
		folder := t.TempDir()
		err := export(folder, fat, source("a.mp4", 3*gib), source("b.mp4", gib/2), source("c.mp4", 3*gib))
		var tooBig *TooBigForFATError
		if !errors.As(err, &tooBig) || !errors.Is(err, ErrTooBigForFAT) || Code(err) != "too-big-for-fat" {
			t.Fatalf("got %v", err)
		}
		if len(tooBig.Parts) != 2 || !slices.Equal(tooBig.Parts[0].Entries, []string{"a.mp4", "b.mp4"}) || !slices.Equal(tooBig.Parts[1].Entries, []string{"c.mp4"}) {
			t.Errorf("to be split into %+v", tooBig.Parts)
		}
		want := "The bundle would be 6.50 GiB, but this drive holds no file of 4 GiB or more (FAT32); nothing was written. " +
			"Split it into 2 bundles of about 3.50 GiB and 3.00 GiB, or use a drive formatted as exFAT or NTFS."
		if err.Error() != want {
			t.Errorf("said %q", err)
		}
		if opened || len(listFolder(t, folder)) > 0 {
			t.Error("something was read or written")
		}
	})
	t.Run("a file that alone is too large is not split", func(t *testing.T) {
		err := export(t.TempDir(), fat, source("a.mp4", MaxEntrySize))
		var tooBig *TooBigForFATError
		if !errors.As(err, &tooBig) || len(tooBig.Parts) != 0 || !strings.HasSuffix(err.Error(), "Use a drive formatted as exFAT or NTFS.") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("without room it is refused before anything is read or written", func(t *testing.T) {
		folder := t.TempDir()
		opts := ExportOptions{Volume: func(string) (VolumeInfo, error) { return VolumeInfo{Free: 1000}, nil }}
		if err := export(folder, opts, source("a.mp4", 2000)); !errors.Is(err, ErrNoSpace) {
			t.Errorf("got %v", err)
		}
		if opened || len(listFolder(t, folder)) > 0 {
			t.Error("something was read or written")
		}
	})
	t.Run("the exact size decides at the limit", func(t *testing.T) {
		p, err := Prepare(t.Context(), fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil)
		if err != nil {
			t.Fatal(err)
		}
		for limit, want := range map[int64]error{p.Size(): nil, p.Size() - 1: ErrTooBigForFAT} {
			if err := (VolumeInfo{MaxFileSize: limit, Free: -1}).refuse(p.Size(), nil); !errors.Is(err, want) {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
	})
	t.Run("the parts fit", func(t *testing.T) {
		var sources []Source
		for i := range 40 {
			sources = append(sources, source(strings.Repeat("x", i+1), int64(i)*gib/11))
		}
		for _, part := range split(sources, maxFATFileSize) {
			sealed := part.Size + (part.Size/65536+1)*16 + maxSealHeaderSize
			if sealed > maxFATFileSize {
				t.Errorf("a part of %d bytes would not fit encrypted", part.Size)
			}
		}
	})
	t.Run("the estimate is no less than the truth", func(t *testing.T) {
		p, err := Prepare(t.Context(), fixtureManifest(), fixtureKey(t), sourcesOf(fixtureFiles()), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := estimate(sourcesOf(fixtureFiles())...); got < p.Size() {
			t.Errorf("estimated %d, in truth %d", got, p.Size())
		}
	})
}

func TestTheDriveIsLookedAt(t *testing.T) {
	v, err := volumeOf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if v.Free == 0 {
		t.Errorf("%+v", v)
	}
	if _, err := volumeOf(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that does not exist has a drive")
	}
}
