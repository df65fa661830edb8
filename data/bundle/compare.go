package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// compare reads everything in a ZIP of size bytes but the entries' data and refuses any byte that differs from the layout.
// The layout alone decides; the functions below only find the sentence that explains a difference best.
func (l layout) compare(ctx context.Context, zip io.ReaderAt, size int64) error {
	if l.size > MaxBundleSize {
		return ErrBundleTooBig
	}
	for _, p := range l.places {
		if err := ctx.Err(); err != nil {
			return err
		}
		want := p.localHeader()
		got, err := readUpTo(zip, p.offset, len(want), size)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return about(l.explain(zip, size, p.offset, p, explainLocal), "entry", p.entry.Path)
		}
	}
	got, err := readUpTo(zip, l.start, len(l.central), size)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, l.central) {
		return l.explainCentral(zip, size, got)
	}
	if size > l.size {
		return ErrUnclaimedBytes
	}
	return nil
}

// readUpTo reads n bytes at offset, or what there is before size.
func readUpTo(r io.ReaderAt, offset int64, n int, size int64) ([]byte, error) {
	if offset >= size {
		return nil, nil
	}
	b := make([]byte, min(int64(n), size-offset))
	if got, err := r.ReadAt(b, offset); got < len(b) {
		if errors.Is(err, io.EOF) {
			return b[:got], nil
		}
		return nil, err
	}
	return b, nil
}

// explain names the difference between what stands at offset and what p should have there.
func (l layout) explain(zip io.ReaderAt, size, offset int64, p place, header func([]byte, place) *Refusal) error {
	got, err := readUpTo(zip, offset, centralFixed+MaxPathLength, size)
	if err != nil {
		return err
	}
	if found := header(got, p); found != nil {
		return found
	}
	return l.explainSize(size)
}

func (l layout) explainSize(size int64) *Refusal {
	switch {
	case size < l.size:
		return ErrTruncated
	case size > l.size:
		return ErrUnclaimedBytes
	}
	return ErrLayout
}

func (l layout) explainCentral(zip io.ReaderAt, size int64, got []byte) error {
	at := l.start
	for _, p := range l.places {
		want := p.centralHeader()
		from := at - l.start
		if from >= int64(len(got)) || !bytes.HasPrefix(got[from:], want) {
			return about(l.explain(zip, size, at, p, explainCentralHeader), "entry", p.entry.Path)
		}
		at += int64(len(want))
	}
	// The headers are as they should be, so the end records differ.
	end := got[at-l.start:]
	if len(end) >= endFixed && binary.LittleEndian.Uint32(end) == endSignature && binary.LittleEndian.Uint16(end[20:]) != 0 {
		return ErrComment
	}
	return l.explainSize(size)
}

// headerFields are the fields, common to both kinds of header, that have a refusal of their own.
type headerFields struct {
	flags, method       uint16
	crc, packed, length uint32
	nameLength, extra   uint16
}

func readFields(b []byte) headerFields {
	le := binary.LittleEndian
	return headerFields{
		flags: le.Uint16(b[0:]), method: le.Uint16(b[2:]),
		crc: le.Uint32(b[8:]), packed: le.Uint32(b[12:]), length: le.Uint32(b[16:]),
		nameLength: le.Uint16(b[20:]), extra: le.Uint16(b[22:]),
	}
}

// refuse finds what a header has that no bundle may have, whatever its manifest says.
func (f headerFields) refuse(extraAllowed bool) *Refusal {
	switch {
	case f.flags&flagEncrypted != 0:
		return ErrZipEncrypted
	case f.flags&flagDescriptor != 0:
		return ErrDataDescriptor
	case f.method != 0:
		return ErrDeflated
	case f.extra != 0 && !extraAllowed:
		return ErrExtraField
	case f.packed != f.length:
		return ErrLyingSize
	}
	return nil
}

func (f headerFields) refuseFor(p place, name []byte) *Refusal {
	if found := f.refuse(p.zip64()); found != nil {
		return found
	}
	if int64(f.length) != p.entry.Size {
		return ErrLyingSize
	}
	if len(name) >= int(f.nameLength) && string(name[:f.nameLength]) != p.entry.Path {
		var found *Refusal
		if errors.As(CheckPath(string(name[:f.nameLength])), &found) && found != ErrNameReserved {
			return found
		}
	}
	return nil
}

func explainLocal(got []byte, p place) *Refusal {
	if len(got) < localFixed || binary.LittleEndian.Uint32(got) != localSignature {
		return nil
	}
	return readFields(got[6:]).refuseFor(p, got[localFixed:])
}

func explainCentralHeader(got []byte, p place) *Refusal {
	if len(got) < centralFixed || binary.LittleEndian.Uint32(got) != centralSignature {
		return nil
	}
	if found := readFields(got[8:]).refuseFor(p, got[centralFixed:]); found != nil {
		return found
	}
	switch {
	case binary.LittleEndian.Uint16(got[32:]) != 0:
		return ErrComment
	case !p.zip64() && int64(binary.LittleEndian.Uint32(got[42:])) != p.offset:
		return ErrOverlap
	}
	return nil
}
