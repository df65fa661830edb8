package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// ErrGaveWay says that a compaction stopped because somebody wanted to use the store. The store is as it was.
var ErrGaveWay = errors.New("the compaction gave way to other work")

// CompactOptions tune a compaction.
type CompactOptions struct {
	// GiveWay stops it with ErrGaveWay as soon as somebody waits for the store: it is for the background.
	GiveWay bool
	// Progress, if any, is told how many bytes of how many were written.
	Progress func(done, total int64)
}

// A log is worth compacting when it is that much larger than what it holds, and not small anyway.
const (
	compactFactor = 2
	compactLeast  = 16 << 20
)

// WorthCompacting says whether the log has grown to over twice the live pages and at least 16 MiB.
func (i Info) WorthCompacting() bool {
	return i.LogBytes >= compactLeast && i.LogBytes > compactFactor*(i.ImageBytes-i.FreeBytes)
}

// Compact begins a new generation of the log, which holds the current pages alone, under keys of its own derived from the
// store's key. The generation before stays until the next compaction, older ones go. Until the new one is written, flushed,
// read again and found to be the same, nothing changes; from then on it counts, also after a crash. ErrWrongKey, ErrGaveWay.
func (s *Store) Compact(ctx context.Context, key *Key, opts CompactOptions) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	if err := s.ownKey(key); err != nil {
		return err
	}
	next, err := s.nextGeneration(ctx, key, s.log.start.epoch, opts)
	if err != nil {
		return fmt.Errorf("compact the store: %w", err)
	}
	return s.switchTo(next)
}

// Rekey gives the store another key. The database is rebuilt, so that nothing that was removed is left in its pages, and
// written as a new generation under the new key and the next key epoch; then every earlier generation is removed. What
// remains elsewhere, in backups, stays readable with the old key. Interrupted, the store opens either with the old key,
// as it was, or with the new one. ErrWrongKey.
func (s *Store) Rekey(ctx context.Context, key, next *Key, opts CompactOptions) error {
	if *key == *next {
		return fmt.Errorf("re-key the store: %w: the new key is the old one", ErrWrongKey)
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	if err := s.ownKey(key); err != nil {
		return err
	}
	if err := s.rebuild(ctx); err != nil {
		return s.explain(fmt.Errorf("rebuild the database: %w", err))
	}
	fresh, err := s.nextGeneration(ctx, next, s.log.start.epoch+1, opts)
	if err != nil {
		return fmt.Errorf("re-key the store: %w", err)
	}
	return s.switchTo(fresh)
}

// ownKey holds a key against the one that the store was opened with.
func (s *Store) ownKey(key *Key) error {
	keys, err := deriveGeneration(key, s.log.seal.store, s.log.seal.generation)
	if err != nil {
		return err
	}
	defer keys.wipe()
	if !(logHead{keyCheck: keys.check}).fits(s.log.seal.keys) {
		return ErrWrongKey
	}
	return nil
}

// rebuild has SQLite write the database anew, in order and without anything that was removed.
func (s *Store) rebuild(ctx context.Context) error {
	conn, err := s.db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	err = conn.Raw(func(c any) error {
		sc, ok := c.(*sqlite3.SQLiteConn)
		if !ok {
			return errors.New("the SQLite driver is not the one expected")
		}
		// VACUUM attaches a temporary database, which lies in memory.
		sc.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
		defer sc.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
		s.img.allow(true)
		defer s.img.allow(false)
		_, err := sc.Exec("VACUUM", nil)
		return err
	})
	return errors.Join(err, conn.Close())
}

// nextGeneration writes the committed image as the next generation, beside the current one and under a name that does not
// count yet, and reads it again.
func (s *Store) nextGeneration(ctx context.Context, key *Key, epoch uint64, opts CompactOptions) (next *pageLog, err error) {
	// The anchor must not fall two generations behind.
	if _, err := s.log.anchor(); err != nil {
		return nil, err
	}
	old := s.log
	generation := old.seal.generation + 1
	keys, err := deriveGeneration(key, old.seal.store, generation)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(s.dir, logName(generation)) + ".new"
	f, err := s.fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		keys.wipe()
		return nil, err
	}
	defer func() {
		if err != nil {
			keys.wipe()
			err = errors.Join(err, f.Close(), s.fsys.Remove(path))
		}
	}()
	now := time.Now().UnixMilli()
	next = &pageLog{
		name: logName(generation), f: f, anchors: old.anchors, every: old.every, seal: recordSealer{old.seal.store, generation, keys},
		start: startBody{
			predecessor: old.seal.generation, lastSequence: old.sequence, lastTag: old.tag, predecessorAnchor: [32]byte(old.seal.keys.anchor.key),
			incarnation: old.start.incarnation, epoch: epoch, created: now,
		},
		sequence: old.sequence, end: blockSize, size: 1 << 62,
	}
	head := logHead{store: old.seal.store, generation: generation, epoch: epoch, keyCheck: keys.check}
	if _, err := f.WriteAt(head.encode(), 0); err != nil {
		return nil, err
	}
	begin := recordHeader{sequence: old.sequence + 1, kind: kindStart, body: startSize, time: now}
	if err := next.append(begin, func(dst []byte, _ uint64) error { next.start.encode(dst); return nil }); err != nil {
		return nil, err
	}
	live := s.img.live()
	if len(live) > 0 {
		h := recordHeader{
			sequence: begin.sequence + 1, kind: kindCommit, pages: s.img.pages(), body: uint64(len(live)) * entrySize, time: now, previous: next.tag,
		}
		total := int64(h.body)
		err := next.append(h, func(dst []byte, chunk uint64) error {
			if err := s.mayGoOn(ctx, opts); err != nil {
				return err
			}
			from := int(chunk) * chunkEntries
			s.img.committed(dst, live[from:from+len(dst)/entrySize])
			if opts.Progress != nil {
				opts.Progress(int64(from)*entrySize+int64(len(dst)), 2*total)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		next.pages = h.pages
	}
	next.free = old.free
	return next, s.readBack(ctx, next, len(live), opts)
}

func (s *Store) mayGoOn(ctx context.Context, opts CompactOptions) error {
	if opts.GiveWay && s.waiting.Load() > 0 {
		return ErrGaveWay
	}
	return ctx.Err()
}

// readBack reads a generation that was just written and holds it against the image.
func (s *Store) readBack(ctx context.Context, next *pageLog, live int, opts CompactOptions) error {
	compare := &comparison{store: s, ctx: ctx, opts: opts, total: int64(live) * entrySize}
	got, err := replay(ctx, next.f, &next.seal, nil, compare)
	switch {
	case err != nil:
		return err
	case got.sequence != next.sequence || got.tag != next.tag || got.end != next.end || got.start != next.start || compare.pages != live || got.tail != "":
		return fmt.Errorf("%w: the new generation is not what was written", ErrDamaged)
	}
	if next.size, err = next.f.Size(); err != nil {
		return err
	}
	return nil
}

// comparison takes the pages of a log that must be those of the store's image.
type comparison struct {
	store *Store
	ctx   context.Context
	opts  CompactOptions
	total int64
	pages int
}

func (c *comparison) load(entries []byte) error {
	if err := c.store.mayGoOn(c.ctx, c.opts); err != nil {
		return err
	}
	if !c.store.img.same(entries) {
		return fmt.Errorf("%w: the new generation holds other pages than were written", ErrDamaged)
	}
	c.pages += len(entries) / entrySize
	if c.opts.Progress != nil {
		c.opts.Progress(c.total+int64(c.pages)*entrySize, 2*c.total)
	}
	return nil
}

func (c *comparison) commit(pages uint32) error {
	if pages != c.store.img.pages() {
		return fmt.Errorf("%w: the new generation has another size", ErrDamaged)
	}
	return nil
}

func (c *comparison) drop() {}

// switchTo makes a verified generation the current one and removes what no longer counts. Once the generation has its name,
// it counts: if it cannot be used then, the store must be opened again. What cannot be removed is tried again at every open.
func (s *Store) switchTo(next *pageLog) error {
	path := filepath.Join(s.dir, next.name)
	err := next.f.Close() // Windows renames no open file
	if err == nil {
		err = s.fsys.Rename(path+".new", path)
	}
	if err != nil {
		// Whether it has its name now decides which generation counts.
		newest, readErr := newestLog(s.fsys, s.dir)
		if readErr == nil && newest != next.seal.generation {
			next.seal.keys.wipe()
			return fmt.Errorf("name the new generation: %w", errors.Join(err, s.fsys.Remove(path+".new")))
		}
	}
	if err == nil {
		err = s.fsys.SyncDir(s.dir)
	}
	if err == nil {
		next.f, err = s.fsys.OpenFile(path, os.O_RDWR)
	}
	if err != nil {
		s.log.fail(err)
		s.img.fail()
		next.seal.keys.wipe()
		return s.explain(fmt.Errorf("name the new generation: %w", err))
	}
	if err := s.log.become(next); err != nil {
		return fmt.Errorf("close the generation before: %w", err)
	}
	// From here on nothing is in danger: the commit of the new generation is durable, the anchor may lag one behind.
	_, err = s.log.anchor()
	return errors.Join(err, s.sweepLogs())
}

// sweepLogs removes what no longer counts: what an interrupted compaction left, generations before the one that this one
// was made from, and that one too if its key is another: it was withdrawn.
func (s *Store) sweepLogs() error {
	entries, err := s.fsys.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("remove old logs: %w", err)
	}
	removed := false
	for _, e := range entries {
		stale, readErr := s.staleLog(e.Name())
		if readErr != nil {
			err = errors.Join(err, readErr)
		}
		if stale {
			removed = true
			err = errors.Join(err, s.fsys.Remove(filepath.Join(s.dir, e.Name())))
		}
	}
	if removed {
		err = errors.Join(err, s.fsys.SyncDir(s.dir))
	}
	if err != nil {
		return fmt.Errorf("remove old logs: %w", err)
	}
	return nil
}

func (s *Store) staleLog(name string) (bool, error) {
	if unfinished, ok := strings.CutSuffix(name, ".new"); ok {
		_, isLog := generationOf(unfinished)
		return isLog, nil
	}
	generation, isLog := generationOf(name)
	switch {
	case !isLog || generation >= s.log.seal.generation:
		return false, nil
	case generation != s.log.start.predecessor:
		return true, nil
	}
	f, err := s.fsys.OpenFile(filepath.Join(s.dir, name), os.O_RDONLY)
	if err != nil {
		return false, err
	}
	first := make([]byte, blockSize)
	n, err := readFull(f, first)
	if err = errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	head, err := parseHead(first[:n])
	return err == nil && head.epoch != s.log.start.epoch, nil //nolint:nilerr // a damaged one is kept: it does no harm
}

// fail lets nothing be appended any more.
func (l *pageLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = err
}

// become goes on with another generation's file and keys.
func (l *pageLog) become(next *pageLog) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.f
	l.seal.keys.wipe()
	clear(l.start.predecessorAnchor[:])
	clear(next.buf[:cap(next.buf)])
	l.name, l.f, l.seal, l.start = next.name, next.f, next.seal, next.start
	l.sequence, l.tag, l.end, l.size, l.pages, l.free, l.records = next.sequence, next.tag, next.end, next.size, next.pages, next.free, next.records
	l.anchored, l.torn = 0, false
	return old.Close()
}
