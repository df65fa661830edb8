package vault

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Blob names a stored media file: a random file name, its own random key, and what was in it.
// The row that holds it lives in the store, so the key never stands beside the file.
type Blob struct {
	Name   string   // random; the file's name in the media folder
	Key    [32]byte // seals this file alone
	Size   int64    // plaintext bytes
	SHA256 [32]byte // of the plaintext
}

const (
	mediaFolder  = "media"
	mediaMagic   = "WBMEDIA1" // ends with the format version
	mediaHead    = len(mediaMagic)
	mediaChunk   = 64 << 10 // plaintext bytes of every chunk but the last
	sealedChunk  = mediaChunk + overhead
	mediaNameLen = 32 // hexadecimal digits
)

// mediaChunks is the number of chunks for so many plaintext bytes. An empty file has one empty chunk.
func mediaChunks(size int64) int64 { return max(1, (size+mediaChunk-1)/mediaChunk) }

// mediaFileSize is the length of the sealed file.
func mediaFileSize(size int64) int64 { return int64(mediaHead) + size + mediaChunks(size)*overhead }

// mediaAD binds a chunk to its file, its place and whether it is the last.
func mediaAD(name string, index int64, last bool) []byte {
	ad := make([]byte, 0, 64)
	ad = append(ad, mediaMagic...)
	ad = append(ad, name...)
	ad = binary.BigEndian.AppendUint64(ad, uint64(index))
	if last {
		return append(ad, 1)
	}
	return append(ad, 0)
}

func validMediaName(name string) bool {
	if len(name) != mediaNameLen {
		return false
	}
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func (s *Store) mediaDir() string { return filepath.Join(s.dir, mediaFolder) }

// PutMedia seals what r holds into a new media file and makes it durable (directory too) before returning.
// Memory use does not grow with the size. Call it before the Write that stores the Blob; a file no row names is an
// orphan and is swept at the next open (see SweepMedia).
func (s *Store) PutMedia(ctx context.Context, r io.Reader) (Blob, error) {
	var b Blob
	var name [mediaNameLen / 2]byte
	rand.Read(name[:])
	rand.Read(b.Key[:])
	b.Name = hex.EncodeToString(name[:])
	if err := s.fsys.MkdirAll(s.mediaDir()); err != nil {
		return Blob{}, err
	}
	path := filepath.Join(s.mediaDir(), b.Name)
	f, err := s.fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return Blob{}, err
	}
	err = b.seal(ctx, f, r)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = errors.Join(s.fsys.SyncDir(s.mediaDir()), s.fsys.SyncDir(s.dir))
	}
	if err != nil {
		_ = s.fsys.Remove(path) // what stays is an orphan, and swept
		return Blob{}, fmt.Errorf("keep media: %w", err)
	}
	s.mediaBytes.Add(mediaFileSize(b.Size))
	return b, nil
}

// seal writes the sealed file, one chunk at a time.
func (b *Blob) seal(ctx context.Context, f file, r io.Reader) error {
	key, err := newSealer(b.Key[:])
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(mediaMagic), 0); err != nil {
		return err
	}
	hash := sha256.New()
	// One chunk is read ahead: the last one must know that it is the last.
	now, ahead := make([]byte, sealedChunk), make([]byte, sealedChunk)
	defer func() { clear(now); clear(ahead) }()
	read := func(buf []byte) (int, error) {
		n, err := io.ReadFull(r, buf[nonceSize:nonceSize+mediaChunk])
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	n, err := read(now)
	if err != nil {
		return err
	}
	for i := int64(0); ; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		following := 0
		if n == mediaChunk {
			if following, err = read(ahead); err != nil {
				return err
			}
		}
		last := following == 0
		hash.Write(now[nonceSize : nonceSize+n])
		sealed := now[:n+overhead]
		key.sealInPlace(sealed, mediaAD(b.Name, i, last))
		if _, err := f.WriteAt(sealed, int64(mediaHead)+i*sealedChunk); err != nil {
			return err
		}
		b.Size += int64(n)
		if last {
			hash.Sum(b.SHA256[:0])
			return nil
		}
		now, ahead, n = ahead, now, following
	}
}

// OpenMedia returns the plaintext of a blob as it is read and verified, chunk by chunk. What does not verify is never
// returned; ErrDamaged says so.
func (s *Store) OpenMedia(b Blob) (io.ReadSeekCloser, error) {
	if !validMediaName(b.Name) || b.Size < 0 {
		return nil, ErrMediaNotFound
	}
	f, err := s.fsys.OpenFile(filepath.Join(s.mediaDir(), b.Name), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMediaNotFound
	}
	if err != nil {
		return nil, err
	}
	m, err := newMediaReader(f, b)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return m, nil
}

// mediaReader reads a sealed file at any place, holding one chunk of it.
type mediaReader struct {
	f     file
	key   *sealer
	blob  Blob
	pos   int64
	buf   []byte
	chunk []byte // plaintext of chunk number held
	held  int64
}

func newMediaReader(f file, b Blob) (*mediaReader, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size != mediaFileSize(b.Size) {
		return nil, fmt.Errorf("%w: media file %s has %d bytes, it should have %d", ErrDamaged, b.Name, size, mediaFileSize(b.Size))
	}
	magic := make([]byte, mediaHead)
	if _, err := f.ReadAt(magic, 0); err != nil {
		return nil, err
	}
	if string(magic) != mediaMagic {
		return nil, fmt.Errorf("%w: media file %s is not one of ours", ErrDamaged, b.Name)
	}
	m := &mediaReader{f: f, blob: b, held: -1, buf: make([]byte, sealedChunk)}
	m.key, err = newSealer(m.blob.Key[:])
	return m, err
}

func (m *mediaReader) Read(p []byte) (int, error) {
	if m.key.aead == nil {
		return 0, fs.ErrClosed
	}
	if m.pos >= m.blob.Size {
		if m.blob.Size == 0 && m.held < 0 {
			if err := m.hold(0); err != nil {
				return 0, err
			}
		}
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := m.hold(m.pos / mediaChunk); err != nil {
		return 0, err
	}
	n := copy(p, m.chunk[m.pos%mediaChunk:])
	m.pos += int64(n)
	return n, nil
}

// hold reads and verifies one chunk.
func (m *mediaReader) hold(i int64) error {
	if m.held == i {
		return nil
	}
	m.held = -1
	n := min(mediaChunk, m.blob.Size-i*mediaChunk) + overhead
	if _, err := m.f.ReadAt(m.buf[:n], int64(mediaHead)+i*sealedChunk); err != nil {
		return fmt.Errorf("read media: %w", err)
	}
	plain, err := m.key.openInPlace(m.buf[:n], mediaAD(m.blob.Name, i, i == mediaChunks(m.blob.Size)-1))
	if err != nil {
		return fmt.Errorf("%w: chunk %d of media file %s does not verify", ErrDamaged, i, m.blob.Name)
	}
	m.chunk, m.held = plain, i
	return nil
}

func (m *mediaReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += m.pos
	case io.SeekEnd:
		offset += m.blob.Size
	default:
		return 0, fmt.Errorf("seek from %d: %w", whence, fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d: %w", offset, fs.ErrInvalid)
	}
	m.pos = offset
	return offset, nil
}

func (m *mediaReader) Close() error {
	clear(m.buf)
	m.held = -1
	m.key.wipe()
	return m.f.Close()
}

// RemoveMedia unlinks a blob's file. Call it after the Write that forgot the Blob.
func (s *Store) RemoveMedia(name string) error {
	if !validMediaName(name) {
		return ErrMediaNotFound
	}
	path := filepath.Join(s.mediaDir(), name)
	size, err := s.fileSize(path)
	if err == nil {
		err = s.fsys.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrMediaNotFound
	}
	if err != nil {
		return err
	}
	s.mediaBytes.Add(-size)
	return s.fsys.SyncDir(s.mediaDir())
}

// SweepMedia removes every media file whose name is not in keep. Call it right after opening, before anything is put.
func (s *Store) SweepMedia(keep map[string]bool) (removed int, err error) {
	names, err := s.mediaNames()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if keep[name] || !validMediaName(name) {
			continue
		}
		if err := s.RemoveMedia(name); err != nil && !errors.Is(err, ErrMediaNotFound) {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// CheckMedia verifies one media file from end to end. It returns ErrMediaNotFound or ErrDamaged.
func (s *Store) CheckMedia(ctx context.Context, b Blob) error {
	r, err := s.OpenMedia(b)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, &contextReader{ctx, r})
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if [32]byte(hash.Sum(nil)) != b.SHA256 {
		return fmt.Errorf("%w: media file %s is not what was put there", ErrDamaged, b.Name)
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func (s *Store) mediaNames() ([]string, error) {
	entries, err := s.fsys.ReadDir(s.mediaDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (s *Store) fileSize(path string) (int64, error) {
	f, err := s.fsys.OpenFile(path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	size, err := f.Size()
	return size, errors.Join(err, f.Close())
}

func (s *Store) countMedia() error {
	names, err := s.mediaNames()
	if err != nil {
		return err
	}
	var sum int64
	for _, name := range names {
		size, err := s.fileSize(filepath.Join(s.mediaDir(), name))
		if err != nil {
			return err
		}
		sum += size
	}
	s.mediaBytes.Store(sum)
	return nil
}

// checkMediaFiles looks at what can be seen without the blobs' keys.
func (s *Store) checkMediaFiles(ctx context.Context) ([]string, error) {
	names, err := s.mediaNames()
	if err != nil {
		return nil, err
	}
	var problems []string
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return problems, err
		}
		if !validMediaName(name) {
			problems = append(problems, fmt.Sprintf("The media folder holds %q, which is not ours.", name))
			continue
		}
		f, err := s.fsys.OpenFile(filepath.Join(s.mediaDir(), name), os.O_RDONLY)
		if err != nil {
			return problems, err
		}
		magic := make([]byte, mediaHead)
		_, err = readFull(f, magic)
		if err = errors.Join(err, f.Close()); err != nil {
			return problems, err
		}
		if string(magic) != mediaMagic {
			problems = append(problems, fmt.Sprintf("Media file %s is damaged.", name))
		}
	}
	return problems, nil
}
