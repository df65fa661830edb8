package vault

import (
	"context"
	"errors"
	"fmt"
)

// imageLoader takes the pages of verified records. A record's pages count only once commit was called.
type imageLoader interface {
	load(entries []byte) error
	commit(pages uint32) error
	drop()
}

// replayed is what reading a log from its start to its last whole record gave.
type replayed struct {
	start    startBody
	sequence uint64
	tag      tag
	end      int64  // of the last whole record
	pages    uint32 // of the database
	records  uint64
	tags     map[uint64]tag // of the sequences asked for
	tail     string         // what is wrong beyond the end; empty: nothing but zeros
}

// replay verifies a log's records in order and loads their pages. It ends at the first thing that is no whole record.
// If that can only be an append that was cut short (no later block holds a valid header), tail says what is there;
// anything else is damage. Nothing is written.
func replay(ctx context.Context, f file, r *recordSealer, want map[uint64]tag, into imageLoader) (*replayed, error) {
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	out := &replayed{end: blockSize, tags: want}
	w := &window{f: f, size: size}
	defer func() { clear(w.buf) }() // chunks are opened in place
	for out.end < size {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := w.at(out.end, sealedHeader)
		if err != nil {
			return nil, err
		}
		h, t, err := r.openHeader(b, out.end)
		if err != nil {
			return out, out.judgeTail(w, r, "has a header that does not verify")
		}
		switch {
		case h.kind != kindStart && h.kind != kindCommit:
			return nil, fmt.Errorf("%w: a record of kind %d", ErrNewerFormat, h.kind)
		case !h.sane():
			return nil, fmt.Errorf("%w: record %d at byte %d has an impossible size", ErrDamaged, h.sequence, out.end)
		case out.records == 0 && h.kind != kindStart, out.records > 0 && (h.kind == kindStart || h.sequence != out.sequence+1):
			return nil, fmt.Errorf("%w: record %d at byte %d stands where record %d should", ErrDamaged, h.sequence, out.end, out.sequence+1)
		case out.records > 0 && h.previous != out.tag:
			return nil, fmt.Errorf("%w: record %d at byte %d does not follow the one before it", ErrDamaged, h.sequence, out.end)
		}
		if err := out.body(w, r, h, t, into); err != nil {
			into.drop()
			if errors.Is(err, errNotSealed) {
				return out, out.judgeTail(w, r, "has a body that does not verify")
			}
			return nil, err
		}
		if _, ok := want[h.sequence]; ok {
			want[h.sequence] = t
		}
		out.sequence, out.tag, out.pages = h.sequence, t, h.pages
		out.end += h.size()
		out.records++
	}
	if out.records == 0 {
		return nil, fmt.Errorf("%w: the log holds no record", ErrDamaged)
	}
	return out, nil
}

// body verifies one record's body and loads it.
func (p *replayed) body(w *window, r *recordSealer, h recordHeader, t tag, into imageLoader) error {
	if p.end+h.size() > w.size {
		return errNotSealed
	}
	at := p.end + sealedHeader
	count := h.chunks()
	for i := range count {
		n := int(min(chunkSize, h.body-i*chunkSize)) + overhead
		b, err := w.at(at, n)
		if err != nil {
			return err
		}
		plain, err := r.keys.body.openInPlace(b, r.chunkAD(h.sequence, t, i, i == count-1))
		if err != nil {
			return err
		}
		if h.kind == kindStart {
			p.start = decodeStart(plain)
		} else if err := into.load(plain); err != nil {
			return err
		}
		clear(plain)
		at += int64(n)
	}
	pad, err := w.at(at, int(p.end+h.size()-at))
	if err != nil {
		return err
	}
	if !allZero(pad) {
		return errNotSealed
	}
	if h.kind == kindCommit {
		return into.commit(h.pages)
	}
	return nil
}

// judgeTail looks beyond the last whole record: a valid header further on means that a record before it was damaged,
// because each record was durable before the next was begun.
func (p *replayed) judgeTail(w *window, r *recordSealer, what string) error {
	what = fmt.Sprintf("record %d at byte %d %s", p.sequence+1, p.end, what)
	w.n = 0 // opening in place spoilt what the window held
	zero := true
	for at := p.end; at < w.size; at += blockSize {
		b, err := w.at(at, blockSize)
		if err != nil {
			return err
		}
		if allZero(b) {
			continue
		}
		zero = false
		if at == p.end {
			continue
		}
		if h, _, err := r.openHeader(b, at); err == nil {
			return fmt.Errorf("%w: %s, and record %d follows it", ErrDamaged, what, h.sequence)
		}
	}
	if p.records == 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, what)
	}
	if !zero {
		p.tail = what
	}
	return nil
}

// checkAnchor holds the newest anchor against what the log says.
func (p *replayed) checkAnchor(generation uint64, a Anchor) error {
	switch {
	case a.Generation == generation && a.Sequence <= p.sequence:
		if p.tags[a.Sequence] != a.Tag {
			return fmt.Errorf("%w: its record %d is not the one that the anchor names", ErrRolledBack, a.Sequence)
		}
		return nil
	case a.Generation == generation:
		if p.tail != "" {
			return fmt.Errorf("%w: %s, and the anchor names record %d", ErrDamaged, p.tail, a.Sequence)
		}
		return fmt.Errorf("%w: it ends with record %d, the anchor names record %d", ErrRolledBack, p.sequence, a.Sequence)
	case a.Generation > generation:
		return fmt.Errorf("%w: it is generation %d, the anchor names generation %d", ErrRolledBack, generation, a.Generation)
	case a.Generation == p.start.predecessor:
		if a.Sequence > p.start.lastSequence || a.Sequence == p.start.lastSequence && a.Tag != p.start.lastTag {
			return fmt.Errorf("%w: generation %d was made from record %d of the one before, the anchor names record %d",
				ErrRolledBack, generation, p.start.lastSequence, a.Sequence)
		}
		return nil
	}
	return fmt.Errorf("%w: the anchor names generation %d, the log is generation %d", ErrDamaged, a.Generation, generation)
}
