package bundle

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path/filepath"

	"filippo.io/age"
)

// Written says what Export left on the disk.
type Written struct {
	Path         string // absolute
	Size         int64  // of the file, bytes
	FileHash     Hash   // of the file, what `sha256sum` prints
	ManifestHash Hash   // what the next bundle of the stream names as Previous
	Manifest     Manifest
}

// Stage names a part of Export's work.
type Stage string

// The stages, in their order.
const (
	StageHash   Stage = "hash"   // reading the sources
	StageWrite  Stage = "write"  // writing the file
	StageReread Stage = "reread" // reading it back and verifying it
)

// ExportOptions may be left zero.
type ExportOptions struct {
	Progress func(stage Stage, done, total int64)    // bytes; may be nil
	Volume   func(folder string) (VolumeInfo, error) // asks the operating system if nil
}

// VolumeInfo is what Export wants to know about a drive.
type VolumeInfo struct {
	FileSystem  string // such as "FAT32", "ext4"; "" if unknown
	MaxFileSize int64  // largest file, bytes; 0: no limit that matters
	Free        int64  // bytes this user may still write; negative: unknown
}

// Export writes a bundle to path: under another name beside it first, then flushed to the drive, read back and verified,
// and only then given its name. Whatever fails, nothing is left behind; a file that is already there is never touched
// (ErrTargetExists). A bundle that the drive's file system cannot hold is refused before anything is written, with the
// sizes to split by (*TooBigForFATError).
func Export(ctx context.Context, path string, m Manifest, key PrivateKey, sources []Source, recipients []age.Recipient, opts ExportOptions) (Written, error) {
	e := exporter{disk: osDisk{}, volume: opts.Volume, progress: opts.Progress}
	if e.volume == nil {
		e.volume = volumeOf
	}
	if e.progress == nil {
		e.progress = func(Stage, int64, int64) {}
	}
	return e.export(ctx, path, m, key, sources, recipients)
}

// disk is what Export does to the file system; tests make it fail.
type disk interface {
	create(path string) (diskFile, error) // must not exist
	open(path string) (diskFile, error)   // for reading, past the cache where the system allows it
	exists(path string) (bool, error)
	rename(from, to string) error
	remove(path string) error
	syncFolder(folder string) error
}

type diskFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Sync() error
	Stat() (fs.FileInfo, error)
}

type exporter struct {
	disk     disk
	volume   func(folder string) (VolumeInfo, error)
	progress func(stage Stage, done, total int64)
}

func (e exporter) export(ctx context.Context, path string, m Manifest, key PrivateKey, sources []Source, recipients []age.Recipient) (Written, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Written{}, fmt.Errorf("finding the folder for the bundle: %w", err)
	}
	folder := filepath.Dir(path)
	if err := e.refuseExisting(path); err != nil {
		return Written{}, err
	}
	volume, err := e.volume(folder)
	if err != nil {
		return Written{}, fmt.Errorf("looking at the drive for the bundle: %w", err)
	}
	// Before hours are spent on hashing; the exact size is compared below.
	if err := volume.refuse(estimate(sources...), sources); err != nil {
		return Written{}, err
	}
	p, err := prepare(ctx, m, key, sources, recipients, func(done, total int64) { e.progress(StageHash, done, total) })
	if err != nil {
		return Written{}, err
	}
	if err := volume.refuse(p.Size(), sources); err != nil {
		return Written{}, err
	}
	temporary, err := temporaryName(folder)
	if err != nil {
		return Written{}, err
	}
	written, err := e.writeVerified(ctx, p, temporary, path)
	if err != nil {
		return Written{}, explainDisk(err)
	}
	return written, nil
}

func (e exporter) refuseExisting(path string) error {
	switch there, err := e.disk.exists(path); {
	case err != nil:
		return fmt.Errorf("looking for an older file of the same name: %w", err)
	case there:
		return fmt.Errorf("%w (%s)", ErrTargetExists, path)
	}
	return nil
}

// writeVerified leaves either the verified bundle under its name or nothing.
func (e exporter) writeVerified(ctx context.Context, p *Prepared, temporary, path string) (_ Written, err error) {
	left := temporary // the file to remove if anything fails
	defer func() {
		if err == nil || left == "" {
			return
		}
		if failed := e.disk.remove(left); failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("the unfinished file %s could not be removed: %w", left, failed))
		}
	}()
	fileHash, fileKey, err := e.writeFile(ctx, p, temporary, &left)
	defer clear(fileKey)
	if err != nil {
		return Written{}, err
	}
	if err := e.reread(ctx, p, temporary, fileKey); err != nil {
		return Written{}, err
	}
	if err := e.refuseExisting(path); err != nil {
		return Written{}, err
	}
	if err := e.disk.rename(temporary, path); err != nil {
		return Written{}, fmt.Errorf("giving the bundle its name: %w", err)
	}
	left = path
	if err := e.disk.syncFolder(filepath.Dir(path)); err != nil {
		return Written{}, fmt.Errorf("flushing the folder to the drive: %w", err)
	}
	return Written{Path: path, Size: p.Size(), FileHash: fileHash, ManifestHash: p.ManifestHash(), Manifest: p.Manifest()}, nil
}

// writeFile writes and flushes the file. Left is emptied if no file was made.
func (e exporter) writeFile(ctx context.Context, p *Prepared, temporary string, left *string) (_ Hash, fileKey []byte, err error) {
	f, err := e.disk.create(temporary)
	if err != nil {
		*left = ""
		return Hash{}, nil, fmt.Errorf("making the file: %w", err)
	}
	// A second Close is harmless; the first one's error is the one that counts.
	defer f.Close()
	w := &hashingWriter{w: f, sum: sha256.New()}
	fileKey, err = p.write(ctx, w, func(done, total int64) { e.progress(StageWrite, done, total) })
	if err != nil {
		return Hash{}, fileKey, err
	}
	if err := f.Sync(); err != nil {
		return Hash{}, fileKey, fmt.Errorf("flushing the bundle to the drive: %w", err)
	}
	if err := f.Close(); err != nil {
		return Hash{}, fileKey, fmt.Errorf("closing the bundle: %w", err)
	}
	return Hash(w.sum.Sum(nil)), fileKey, nil
}

// reread opens and verifies the written file as any reader would. Every byte is read once and counts: what is not an
// entry's data is compared with the layout, and in an encrypted bundle every chunk is authenticated.
func (e exporter) reread(ctx context.Context, p *Prepared, temporary string, fileKey []byte) error {
	f, err := e.disk.open(temporary)
	if err != nil {
		return fmt.Errorf("opening the written bundle: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("looking at the written bundle: %w", err)
	}
	if info.Size() != p.Size() {
		return ErrRereadDiffers
	}
	opts := Options{}
	if len(fileKey) > 0 {
		opts.Identities = []age.Identity{age.NewInjectedFileKeyIdentity(fileKey)}
		opts.verifying = true
	}
	r, err := Open(ctx, f, info.Size(), opts)
	if err != nil {
		return rereadError(ctx, err)
	}
	if r.ManifestHash() != p.ManifestHash() {
		return ErrRereadDiffers
	}
	return rereadError(ctx, r.VerifyAll(ctx, func(done, total int64) { e.progress(StageReread, done, total) }))
}

func rereadError(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrRereadDiffers, err)
}

// hashingWriter hashes what reached the file.
type hashingWriter struct {
	w   io.Writer
	sum hash.Hash
}

func (h *hashingWriter) Write(b []byte) (int, error) {
	n, err := h.w.Write(b)
	h.sum.Write(b[:max(n, 0)])
	return n, err
}

// temporaryName is short, so that it fits wherever the final name fits, and random, so that it meets no other file.
func temporaryName(folder string) (string, error) {
	var random [6]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("naming a temporary file: %w", err)
	}
	return filepath.Join(folder, ".wardbook-"+hex.EncodeToString(random[:])+".part"), nil
}

// explainDisk gives the failures that a person can do something about their own sentence.
func explainDisk(err error) error {
	switch {
	case Code(err) != "":
		return err
	case isNoSpace(err):
		return fmt.Errorf("%w (%w)", ErrNoSpace, err)
	case isTooBig(err):
		return fmt.Errorf("%w (%w)", ErrTooBigForFAT, err)
	case isReadOnly(err):
		return fmt.Errorf("%w (%w)", ErrReadOnly, err)
	}
	return err
}

// estimate is what a bundle of these sources takes at most, but for statements and encryption, bytes.
func estimate(sources ...Source) int64 {
	const (
		manifestHead = 4 << 10
		perEntry     = localFixed + centralFixed + 66 + 170 // headers, SHA256SUMS line, manifest entry without the path
		timesNamed   = 4
	)
	size := int64(manifestHead)
	for _, s := range sources {
		size += s.Size + perEntry + timesNamed*int64(len(s.Path))
	}
	return size
}

// refuse says why a file of size bytes cannot be written here.
func (v VolumeInfo) refuse(size int64, sources []Source) error {
	if v.MaxFileSize > 0 && size > v.MaxFileSize {
		return &TooBigForFATError{Size: size, Limit: v.MaxFileSize, Parts: split(sources, v.MaxFileSize)}
	}
	if v.Free >= 0 && size > v.Free {
		return fmt.Errorf("%w (it needs %d bytes; %d are free)", ErrNoSpace, size, v.Free)
	}
	return nil
}

// split fills one bundle after the other in the order of the sources. It gives nothing if one source alone does not fit.
func split(sources []Source, limit int64) []FATPart {
	// Encryption adds 16 bytes per 64 KiB and a header; a little room is left for both.
	limit -= limit/4096 + maxSealHeaderSize
	var parts []FATPart
	empty := estimate()
	for _, s := range sources {
		add := estimate(s) - empty
		if empty+add > limit {
			return nil
		}
		if len(parts) == 0 || parts[len(parts)-1].Size+add > limit {
			parts = append(parts, FATPart{Size: empty})
		}
		last := &parts[len(parts)-1]
		last.Size += add
		last.Entries = append(last.Entries, s.Path)
	}
	return parts
}
