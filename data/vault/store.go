// Package vault keeps a SQLite database encrypted at rest as a log of sealed pages.
//
// A [Store] is one database. It lives in memory; every commit appends one record to the store's log, sealed with
// XChaCha20-Poly1305 and chained to the record before it, and is durable before Write returns. What is read is always
// a committed state: anything that was changed, exchanged, left out or put back is refused, except that the end of the
// log beyond the last anchor may be missing after a crash. Nothing leaves the process in the clear: no journal, no
// temporary file.
//
// docs/storage-format.md describes the files, docs/threat-model.md what they protect.
package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"github.com/mattn/go-sqlite3"
)

// Store is an open encrypted database. It has one connection; reads and writes are serialised. It may be used by
// several goroutines.
type Store struct {
	fsys       fileSystem
	dir        string
	lock       *flock.Flock
	turn       chan struct{} // holds one token: whoever has it uses the connection
	waiting    atomic.Int32  // how many wait for it
	db         *sql.DB
	img        *image
	log        *pageLog
	cap        int64
	mediaBytes atomic.Int64
	closed     bool // under turn
}

// Options tune a store. The zero value is what the program uses.
type Options struct {
	// MemoryCap limits the database image in bytes; 0 takes min(1 GiB, an eighth of the machine's memory).
	MemoryCap int64
	// AnchorEvery is the number of commits between two anchors; 0 takes the default.
	AnchorEvery int
}

// WarnAt is the part of the memory cap from which people are warned: Info.ImageBytes - Info.FreeBytes above
// WarnAt * Info.CapBytes.
const WarnAt = 0.7

// Info describes a store for `wardbook store info`. Sizes are bytes.
type Info struct {
	Store         uuid.UUID
	Incarnation   uuid.UUID
	FormatVersion int
	Generation    uint64
	Sequence      uint64
	Epoch         uint64
	LogBytes      int64
	ImageBytes    int64
	FreeBytes     int64 // of ImageBytes: freed by deletions, used again before the image grows
	CapBytes      int64
	MediaBytes    int64
	TornTail      bool // bytes beyond the last whole record were dropped at open
}

// Errors that callers decide on.
var (
	ErrNewerFormat   = errors.New("the store was written by a newer program")
	ErrNewerSchema   = errors.New("the store's tables were made by a newer program")
	ErrDamaged       = errors.New("the store is damaged")
	ErrRolledBack    = errors.New("the store is older than its anchor")
	ErrWrongKey      = errors.New("the key does not open this store")
	ErrFull          = errors.New("the store is at its size limit")
	ErrFailed        = errors.New("the store failed and must be reopened")
	ErrMediaNotFound = errors.New("no such media in the store")
	ErrInUse         = errors.New("the store is open elsewhere")
)

var errClosed = fmt.Errorf("the store is closed: %w", fs.ErrClosed)

const lockName = "lock"

// Create makes a new store in dir, which must not hold one.
func Create(ctx context.Context, dir string, key *Key, opts Options) (*Store, error) {
	return create(ctx, diskFiles{}, dir, key, opts)
}

// Open opens the store in dir. It returns fs.ErrNotExist when there is none, and ErrWrongKey, ErrDamaged,
// ErrRolledBack, ErrNewerFormat or ErrInUse, having changed nothing.
func Open(ctx context.Context, dir string, key *Key, opts Options) (*Store, error) {
	return open(ctx, diskFiles{}, dir, key, opts)
}

func create(ctx context.Context, fsys fileSystem, dir string, key *Key, opts Options) (*Store, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, err
	}
	lock, err := lockStore(dir)
	if err != nil {
		return nil, err
	}
	g, err := newestLog(fsys, dir)
	if err == nil && g != 0 {
		err = fmt.Errorf("%s already holds a store: %w", dir, fs.ErrExist)
	}
	if err == nil {
		err = createLog(fsys, dir, key, time.Now())
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return openLocked(ctx, fsys, dir, key, opts, lock)
}

func open(ctx context.Context, fsys fileSystem, dir string, key *Key, opts Options) (*Store, error) {
	if g, err := newestLog(fsys, dir); err != nil {
		return nil, err
	} else if g == 0 {
		return nil, fmt.Errorf("%s holds no store: %w", dir, fs.ErrNotExist)
	}
	lock, err := lockStore(dir)
	if err != nil {
		return nil, err
	}
	return openLocked(ctx, fsys, dir, key, opts, lock)
}

// lockStore keeps a second process, or a second Open in this one, from appending to the same log.
func lockStore(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	if !ok {
		return nil, ErrInUse
	}
	return lock, nil
}

func openLocked(ctx context.Context, fsys fileSystem, dir string, key *Key, opts Options, lock *flock.Flock) (*Store, error) {
	s := &Store{fsys: fsys, dir: dir, lock: lock, turn: make(chan struct{}, 1), cap: memoryCap(opts.MemoryCap)}
	err := s.readLog(ctx, key, opts)
	if err == nil {
		err = s.connect(ctx)
	}
	if err == nil {
		err = s.countMedia()
	}
	if err == nil {
		err = s.sweepLogs()
	}
	if err != nil {
		return nil, errors.Join(err, s.tearDown())
	}
	return s, nil
}

// memoryCap is a whole number of pages.
func memoryCap(asked int64) int64 {
	if asked <= 0 {
		asked = 1 << 30
		if m := machineMemory(); m > 0 {
			asked = min(asked, m/8)
		}
	}
	return max(1, min(asked/pageSize, maxPages)) * pageSize
}

// readLog verifies the newest generation against the anchor and builds the image from it.
func (s *Store) readLog(ctx context.Context, key *Key, opts Options) error {
	generation, err := newestLog(s.fsys, s.dir)
	if err != nil {
		return err
	}
	name := logName(generation)
	f, err := s.fsys.OpenFile(filepath.Join(s.dir, name), os.O_RDWR)
	if err != nil {
		return err
	}
	l := &pageLog{name: name, f: f, every: opts.AnchorEvery}
	if l.every <= 0 {
		l.every = anchorDefault
	}
	defer func() {
		if s.log == nil { // not taken over
			_ = f.Close()
			if l.anchors != nil {
				_ = l.anchors.f.Close()
			}
			l.seal.keys.wipe()
		}
	}()
	first := make([]byte, blockSize)
	n, err := readFull(f, first)
	if err != nil {
		return err
	}
	head, err := parseHead(first[:n])
	if err != nil {
		return err
	}
	if head.generation != generation {
		return fmt.Errorf("%w: %s says it is generation %d", ErrDamaged, name, head.generation)
	}
	keys, err := deriveGeneration(key, head.store, generation)
	if err != nil {
		return err
	}
	l.seal = recordSealer{head.store, generation, keys}
	if !head.fits(keys) {
		return ErrWrongKey
	}
	if l.anchors, err = openAnchorFile(s.fsys, filepath.Join(s.dir, anchorName)); err != nil {
		return err
	}
	find := anchorKeys(key, head.store)
	l.anchors.verify(head.store, find.forGeneration)
	want := map[uint64]tag{}
	for i, a := range l.anchors.slot {
		if l.anchors.valid[i] && a.Generation == generation {
			want[a.Sequence] = tag{}
		}
	}
	if s.img, err = newImage(l); err != nil {
		return err
	}
	got, err := replay(ctx, f, &l.seal, want, s.img)
	if err != nil {
		return inFile(err, name)
	}
	if got.start.epoch != head.epoch {
		return inFile(fmt.Errorf("%w: its first block and its first record name different keys", ErrDamaged), name)
	}
	if got.start.predecessor != 0 {
		find.add(got.start.predecessor, got.start.predecessorAnchor)
	}
	newest, ok := l.anchors.verify(head.store, find.forGeneration)
	find.wipe()
	if !ok {
		return fmt.Errorf("%w: neither slot of the anchor file verifies", ErrDamaged)
	}
	if err := got.checkAnchor(generation, newest); err != nil {
		return inFile(err, name)
	}
	l.start, l.sequence, l.tag, l.end, l.pages, l.records = got.start, got.sequence, got.tag, got.end, got.pages, got.records
	l.free = s.img.freePages()
	if newest.Generation == generation {
		l.anchored = newest.Sequence
	}
	if l.size, err = f.Size(); err != nil {
		return err
	}
	if got.tail != "" || l.size%blockSize != 0 {
		// Only now, when nothing else was found wrong, is the file touched.
		l.torn = got.tail != ""
		if err := errors.Join(f.Truncate(got.end), f.Sync()); err != nil {
			return fmt.Errorf("drop the unfinished end of the log: %w", err)
		}
		l.size = got.end
	}
	s.log = l
	return nil
}

func inFile(err error, name string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w (in %s)", err, name)
}

func (s *Store) connect(ctx context.Context) error {
	s.db = sql.OpenDB(&connector{img: s.img, maxPages: s.cap/pageSize + reserve(s.cap), drv: &sqlite3.SQLiteDriver{}})
	s.db.SetMaxOpenConns(1)
	s.db.SetMaxIdleConns(1)
	s.db.SetConnMaxIdleTime(0)
	s.db.SetConnMaxLifetime(0)
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return nil
}

func (s *Store) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	switch {
	case s.closed:
		err = errClosed
	case s.img.failed():
		err = s.explain(errors.New("an earlier transaction failed"))
	}
	if err != nil {
		s.release()
	}
	return err
}

func (s *Store) release() { <-s.turn }

// Write runs do in one transaction and makes it durable before returning nil. An error of do, or a cancelled ctx,
// rolls everything back. Do not call Read or Write inside do. ErrFull says that the store is at its limit: reading and
// deleting still work. After ErrFailed the store must be closed and opened again; the transaction may then turn out to
// have been kept.
func (s *Store) Write(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return s.withinLimit(context.WithoutCancel(ctx), tx)
	}, true)
}

// WriteReserved is Write for what must go on when the store is full: removing, and the log's entries about reading and
// exporting. It may use a reserve beyond the limit, which nothing else may.
func (s *Store) WriteReserved(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.transact(ctx, do, true)
}

// withinLimit refuses a transaction that would make the database larger than its limit. One that does not make it larger
// is no matter: removing goes on in a store that has begun its reserve.
func (s *Store) withinLimit(ctx context.Context, tx *sql.Tx) error {
	limit, committed := uint32(s.cap/pageSize), s.img.pages()
	if committed < limit/2 {
		return nil // no need to ask: SQLite's own limit is not far beyond ours
	}
	var pages uint32
	if err := tx.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	if pages > limit && pages > committed {
		return ErrFull
	}
	return nil
}

// reserve is how many pages beyond the limit WriteReserved may use.
func reserve(limit int64) int64 { return min(max(limit/pageSize/16, 16), 4096) }

// Read runs do in a transaction that is rolled back afterwards. Do not call Read or Write inside do.
func (s *Store) Read(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.transact(ctx, do, false)
}

func (s *Store) transact(ctx context.Context, do func(tx *sql.Tx) error, keep bool) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	// Cancelling is looked at here alone: database/sql would otherwise roll back, and drop the connection, from a
	// goroutine of its own.
	tx, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return s.explain(err)
	}
	done := false
	defer func() {
		if !done { // do panicked
			_ = tx.Rollback()
		}
	}()
	err = do(tx)
	done = true
	if err == nil && keep {
		err = ctx.Err()
	}
	if err != nil || !keep {
		return s.explain(errors.Join(err, s.rollBack(tx)))
	}
	s.img.allow(true)
	defer s.img.allow(false)
	return s.explain(tx.Commit())
}

// rollBack ends a transaction. SQLite may have ended it already, as it does after some errors.
func (s *Store) rollBack(tx *sql.Tx) error {
	err := tx.Rollback()
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("the transaction was ended by its user: %w", err)
	}
	if idle, idleErr := s.idle(); idleErr == nil && idle {
		return nil
	}
	return err
}

// idle says whether no transaction is open on the connection.
func (s *Store) idle() (idle bool, err error) {
	conn, err := s.db.Conn(context.Background())
	if err != nil {
		return false, err
	}
	err = conn.Raw(func(c any) error {
		sc, ok := c.(*sqlite3.SQLiteConn)
		if !ok {
			return errors.New("the SQLite driver is not the one expected")
		}
		idle = sc.AutoCommit()
		return nil
	})
	return idle, errors.Join(err, conn.Close())
}

// explain names the store's own errors.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if s.img.failed() {
		if cause := s.log.failure(); cause != nil {
			err = cause
		}
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	if e, ok := errors.AsType[sqlite3.Error](err); ok && e.Code == sqlite3.ErrFull {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// Anchor returns the newest durable commit, and makes the anchor file say so.
func (s *Store) Anchor() (Anchor, error) { return s.log.anchor() }

// Info describes the store. It waits for no transaction.
func (s *Store) Info() Info {
	i := s.log.info()
	i.CapBytes = s.cap
	i.MediaBytes = s.mediaBytes.Load()
	return i
}

// Close writes the anchor, wipes keys and pages, and closes the files. It waits for a running transaction. Closing
// again does nothing.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer s.release()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if !s.img.failed() {
		_, err = s.log.anchor()
	}
	return errors.Join(err, s.tearDown())
}

// tearDown gives back whatever was taken, in the reverse order.
func (s *Store) tearDown() error {
	var err error
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	if s.img != nil {
		err = errors.Join(err, s.img.free())
	}
	if s.log != nil {
		err = errors.Join(err, s.log.close())
	}
	return errors.Join(err, s.lock.Unlock())
}
