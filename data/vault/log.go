package vault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	growthLeast = 128 << 10 // bytes of zeros by which a small log grows beyond its last record
	growthMost  = 1 << 20
	flushSize   = sealedHeader + chunkSize + overhead + blockSize // of the write buffer
)

var logNames = regexp.MustCompile(`^log-([0-9]{20})$`)

func logName(generation uint64) string { return fmt.Sprintf("log-%020d", generation) }

// newestLog returns the highest generation in a store's folder, 0 if there is none. A generation gets its name only
// once it was written and verified, so the highest is the current one.
func newestLog(fsys fileSystem, dir string) (uint64, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var newest uint64
	for _, e := range entries {
		if g, ok := generationOf(e.Name()); ok {
			newest = max(newest, g)
		}
	}
	return newest, nil
}

// generationOf is the generation whose log has a name.
func generationOf(name string) (uint64, bool) {
	m := logNames.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	g, err := strconv.ParseUint(m[1], 10, 64)
	return g, err == nil
}

// pageLog appends sealed records to one generation's file and keeps the anchor. It is safe for several goroutines.
type pageLog struct {
	mu      sync.Mutex
	name    string
	f       file
	anchors *anchorFile
	seal    recordSealer
	start   startBody

	sequence uint64 // of the last durable record
	tag      tag
	end      int64 // of the last durable record
	size     int64 // of the file: zeros follow the last record, so that an append need not grow it
	pages    uint32
	free     uint32
	records  uint64 // in this generation

	every    int // commits between anchors
	anchored uint64
	torn     bool
	buf      []byte
	failed   error
	late     error // why the last anchor could not be written
}

// entryWriter writes entries first to first+n-1 of a record into dst.
type entryWriter func(dst []byte, first, n uint32)

// appendCommit seals n changed pages as the next record and makes it durable. After an error nothing more is accepted.
func (l *pageLog) appendCommit(n, pages uint32, write entryWriter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	h := recordHeader{
		sequence: l.sequence + 1, kind: kindCommit, pages: pages, body: uint64(n) * entrySize,
		time: time.Now().UnixMilli(), previous: l.tag,
	}
	err := l.append(h, func(dst []byte, chunk uint64) error {
		write(dst, uint32(chunk)*chunkEntries, uint32(len(dst)/entrySize))
		return nil
	})
	if err != nil {
		l.failed = err
		// What of the record reached the file is not wanted. If this fails too, the next open sorts it out.
		_ = l.f.Truncate(l.end)
		return err
	}
	l.pages = pages
	if l.sequence-l.anchored >= uint64(l.every) {
		l.late = l.writeAnchor() // the commit is durable all the same; the next commit, Anchor or Close tries again
	}
	return nil
}

// append writes one record at the end of the log and flushes it. An error of fill ends it.
func (l *pageLog) append(h recordHeader, fill func(dst []byte, chunk uint64) error) error {
	next := l.end + h.size()
	if next > l.size {
		l.grow(next)
	}
	if l.buf == nil {
		l.buf = make([]byte, 0, flushSize)
	}
	at := l.end
	buf := l.buf[:sealedHeader]
	t := l.seal.sealHeader(buf, h, l.end)
	flush := func() error {
		n, err := l.f.WriteAt(buf, at)
		at += int64(n)
		buf = buf[:0]
		if err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
		return nil
	}
	count := h.chunks()
	for i := range count {
		n := int(min(chunkSize, h.body-i*chunkSize))
		if len(buf)+n+overhead > cap(buf) {
			if err := flush(); err != nil {
				return err
			}
		}
		sealed := buf[len(buf) : len(buf)+n+overhead]
		if err := fill(sealed[nonceSize:nonceSize+n], i); err != nil {
			return err
		}
		l.seal.keys.body.sealInPlace(sealed, l.seal.chunkAD(h.sequence, t, i, i == count-1))
		buf = buf[:len(buf)+len(sealed)]
	}
	pad := int(next - at - int64(len(buf)))
	if len(buf)+pad > cap(buf) {
		if err := flush(); err != nil {
			return err
		}
	}
	tail := buf[len(buf) : len(buf)+pad]
	clear(tail)
	buf = buf[:len(buf)+pad]
	if err := flush(); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	l.sequence, l.tag, l.end = h.sequence, t, next
	l.size = max(l.size, next)
	l.records++
	return nil
}

// grow writes zeros beyond the coming record: overwriting them is flushed in half the time of growing the file.
// Failing to do so is no failure; a full disk shows when the record itself is written.
func (l *pageLog) grow(need int64) {
	step := min(max(l.end/4, growthLeast), growthMost) / blockSize * blockSize
	zeros := make([]byte, step)
	if _, err := l.f.WriteAt(zeros, need); err != nil {
		_ = l.f.Truncate(need)
		l.size = need
		return
	}
	l.size = need + step
}

func (l *pageLog) anchorNow() Anchor {
	return Anchor{
		Store: l.seal.store, Generation: l.seal.generation, Sequence: l.sequence, Tag: l.tag,
		Incarnation: l.start.incarnation,
	}
}

func (l *pageLog) writeAnchor() error {
	if l.anchored == l.sequence {
		return nil
	}
	if err := l.anchors.write(l.seal.keys.anchor, l.anchorNow(), l.start.epoch); err != nil {
		return err
	}
	l.anchored = l.sequence
	return nil
}

// anchor makes the anchor file name the last durable record.
func (l *pageLog) anchor() (Anchor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return Anchor{}, l.failed
	}
	l.late = l.writeAnchor()
	return l.anchorNow(), l.late
}

func (l *pageLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := errors.Join(l.f.Close(), l.anchors.f.Close())
	l.seal.keys.wipe()
	clear(l.start.predecessorAnchor[:])
	clear(l.buf[:cap(l.buf)])
	l.failed = errClosed
	return err
}

// createLog writes the first generation of a new store: its head, its first record, its anchor. The log gets its name
// last, so that a store exists whole or not at all.
func createLog(fsys fileSystem, dir string, key *Key, at time.Time) error {
	store, incarnation := uuid.New(), uuid.New()
	const generation, epoch = 1, 1
	keys, err := deriveGeneration(key, store, generation)
	if err != nil {
		return err
	}
	defer keys.wipe()
	path := filepath.Join(dir, logName(generation))
	f, err := fsys.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			_ = f.Close()
		}
	}()
	head := logHead{store: store, generation: generation, epoch: epoch, keyCheck: keys.check}
	if _, err := f.WriteAt(head.encode(), 0); err != nil {
		return err
	}
	start := startBody{incarnation: incarnation, epoch: epoch, created: at.UnixMilli()}
	l := &pageLog{f: f, seal: recordSealer{store, generation, keys}, start: start, end: blockSize, size: 1 << 62}
	h := recordHeader{sequence: 1, kind: kindStart, body: startSize, time: at.UnixMilli()}
	if err := l.append(h, func(dst []byte, _ uint64) error { start.encode(dst); return nil }); err != nil {
		return err
	}
	af, err := fsys.OpenFile(filepath.Join(dir, anchorName), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	l.anchors = &anchorFile{f: af}
	// Both slots, so that the file has its full size from the start.
	err = errors.Join(l.anchors.write(keys.anchor, l.anchorNow(), epoch), l.anchors.write(keys.anchor, l.anchorNow(), epoch), af.Close())
	if err != nil {
		return err
	}
	closed = true
	if err := f.Close(); err != nil {
		return err
	}
	if err := fsys.Rename(path+".new", path); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

// window reads a file forwards in large pieces.
type window struct {
	f     file
	size  int64
	buf   []byte
	start int64
	n     int
}

// at returns n bytes from an offset, fewer at the end of the file. They are valid until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	if left := w.size - off; int64(n) > left {
		n = int(max(left, 0))
	}
	if off >= w.start && off+int64(n) <= w.start+int64(w.n) {
		return w.buf[off-w.start:][:n], nil
	}
	if len(w.buf) < n {
		w.buf = make([]byte, max(n, 2<<20))
	}
	want := min(int64(len(w.buf)), w.size-off)
	got, err := w.f.ReadAt(w.buf[:want], off)
	if int64(got) < want && err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	w.start, w.n = off, got
	return w.buf[:min(n, got)], nil
}
