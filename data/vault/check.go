package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
)

// Check verifies log chain, anchors, media, and runs SQLite's integrity and foreign key checks.
// It returns one sentence per problem found. Media files are checked for their form; CheckMedia verifies the content
// of one, with its key.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var problems []string
	err := s.Read(ctx, func(tx *sql.Tx) error {
		found, err := s.log.check(ctx)
		problems = append(problems, found...)
		if err != nil {
			return err
		}
		found, err = texts(ctx, tx, "PRAGMA integrity_check")
		if err != nil {
			return err
		}
		for _, f := range found {
			if f != "ok" {
				problems = append(problems, "The database is inconsistent: "+f+".")
			}
		}
		broken, err := brokenReferences(ctx, tx)
		for _, b := range broken {
			problems = append(problems, "A reference leads nowhere: "+b+".")
		}
		return err
	})
	if err != nil {
		return problems, err
	}
	media, err := s.checkMediaFiles(ctx)
	return append(problems, media...), err
}

// texts reads a query's single text column.
func texts(ctx context.Context, tx *sql.Tx, query string) (out []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// brokenReferences names the rows whose foreign key has no row to lead to.
func brokenReferences(ctx context.Context, tx *sql.Tx) (out []string, err error) {
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var table, parent string
		var row, constraint sql.NullInt64
		if err := rows.Scan(&table, &row, &parent, &constraint); err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("row %d of %s, to %s", row.Int64, table, parent))
	}
	return out, rows.Err()
}

// failure is why the log accepts nothing more, or nil.
func (l *pageLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// noteFree keeps how many pages SQLite has on its free list.
func (l *pageLog) noteFree(pages uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = pages
}

func (l *pageLog) info() Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Info{
		Store: l.seal.store, Incarnation: l.start.incarnation, FormatVersion: formatVersion,
		Generation: l.seal.generation, Sequence: l.sequence, Epoch: l.start.epoch, LogBytes: l.end,
		ImageBytes: int64(l.pages) * pageSize, FreeBytes: int64(l.free) * pageSize, TornTail: l.torn,
	}
}

// check reads the log and the anchors again from the disk, and holds them against what is known in memory.
func (l *pageLog) check(ctx context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, l.failed
	}
	var problems []string
	if l.late != nil {
		problems = append(problems, fmt.Sprintf("The anchor could not be written: %v.", l.late))
	}
	for i := range l.anchors.slot {
		b := make([]byte, blockSize)
		if _, err := l.anchors.f.ReadAt(b, int64(i)*blockSize); err != nil && !errors.Is(err, io.EOF) {
			return problems, fmt.Errorf("read the anchor: %w", err)
		}
		_, ok := openAnchor(b, uint32(i), l.seal.store, func(g uint64) []*sealer {
			if g == l.seal.generation {
				return []*sealer{l.seal.keys.anchor}
			}
			return nil
		})
		if !ok && l.anchors.valid[i] && l.anchors.slot[i].Generation == l.seal.generation {
			problems = append(problems, fmt.Sprintf("Slot %d of the anchor file does not verify.", i+1))
		}
	}
	want := map[uint64]tag{l.anchored: {}}
	got, err := replay(ctx, l.f, &l.seal, maps.Clone(want), discardPages{})
	switch {
	case err != nil && ctx.Err() != nil:
		return problems, ctx.Err()
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrNewerFormat):
		return append(problems, fmt.Sprintf("%s: %v.", l.name, err)), nil
	case err != nil:
		return problems, err
	case got.tail != "":
		problems = append(problems, fmt.Sprintf("%s: %s.", l.name, got.tail))
	case got.sequence != l.sequence || got.tag != l.tag:
		problems = append(problems, fmt.Sprintf("%s ends with record %d, it should end with record %d.", l.name, got.sequence, l.sequence))
	}
	return problems, nil
}

// discardPages takes the pages of a log that is only verified.
type discardPages struct{}

func (discardPages) load([]byte) error   { return nil }
func (discardPages) commit(uint32) error { return nil }
func (discardPages) drop()               {}

// readFull reads from the start of a file, as much as there is.
func readFull(f file, b []byte) (int, error) {
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("read the file: %w", err)
	}
	return n, nil
}
