package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Sizes of the log's parts in bytes. docs/storage-format.md describes every field.
const (
	formatVersion  = 1
	blockSize      = 4096 // records, the head and anchor slots start on this boundary
	pageSize       = 4096
	entrySize      = 4 + pageSize // page number, page
	chunkEntries   = 255          // entries in one full chunk: just under 1 MiB
	chunkSize      = chunkEntries * entrySize
	headerSize     = 96 // plaintext
	sealedHeader   = headerSize + overhead
	startSize      = 128 // plaintext body of a generation's first record
	maxPages       = 1 << 20
	headChecksumAt = blockSize - sha256.Size
)

const logMagic = "WARDBOOK"

// The kinds of record.
const (
	kindStart  = 1 // the first record of a generation
	kindCommit = 2 // the pages that one transaction changed
)

// Tag identifies a record and, through the chain, everything before it.
type tag = [16]byte

// logHead is the first block of a log file, in the clear: what must be known before a key is.
type logHead struct {
	store      uuid.UUID
	generation uint64
	epoch      uint64
	keyCheck   []byte // 32 bytes
}

func (h logHead) encode() []byte {
	b := make([]byte, 0, blockSize)
	b = append(b, logMagic...)
	b = binary.BigEndian.AppendUint32(b, formatVersion)
	b = binary.BigEndian.AppendUint32(b, pageSize)
	b = append(b, h.store[:]...)
	b = binary.BigEndian.AppendUint64(b, h.generation)
	b = binary.BigEndian.AppendUint64(b, h.epoch)
	b = append(b, h.keyCheck...)
	b = b[:headChecksumAt]
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// parseHead tells damage (the checksum, which every version keeps in the same place) from a newer format.
func parseHead(b []byte) (logHead, error) {
	if len(b) < blockSize {
		return logHead{}, fmt.Errorf("%w: the log's first block is incomplete", ErrDamaged)
	}
	b = b[:blockSize]
	if string(b[:8]) != logMagic {
		return logHead{}, fmt.Errorf("%w: the log's first block is not one of ours", ErrDamaged)
	}
	if sum := sha256.Sum256(b[:headChecksumAt]); !bytes.Equal(sum[:], b[headChecksumAt:]) {
		return logHead{}, fmt.Errorf("%w: the log's first block has changed", ErrDamaged)
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != formatVersion {
		return logHead{}, fmt.Errorf("%w: storage format %d, this program knows %d", ErrNewerFormat, v, formatVersion)
	}
	if n := binary.BigEndian.Uint32(b[12:]); n != pageSize {
		return logHead{}, fmt.Errorf("%w: pages of %d bytes", ErrDamaged, n)
	}
	return logHead{
		store:      uuid.UUID(b[16:32]),
		generation: binary.BigEndian.Uint64(b[32:]),
		epoch:      binary.BigEndian.Uint64(b[40:]),
		keyCheck:   bytes.Clone(b[48:80]),
	}, nil
}

func (h logHead) fits(k *generationKeys) bool {
	return subtle.ConstantTimeCompare(h.keyCheck, k.check) == 1
}

// recordHeader is what a record says of itself before its body.
type recordHeader struct {
	sequence uint64
	kind     uint16
	pages    uint32 // of the database after this record
	body     uint64 // plaintext bytes
	time     int64  // Unix milliseconds UTC by the workstation's clock; for people, never for order
	previous tag
}

func (h recordHeader) encode(b []byte) {
	clear(b[:headerSize])
	binary.BigEndian.PutUint64(b, h.sequence)
	binary.BigEndian.PutUint16(b[8:], h.kind)
	binary.BigEndian.PutUint32(b[12:], h.pages)
	binary.BigEndian.PutUint64(b[16:], h.body)
	binary.BigEndian.PutUint64(b[24:], uint64(h.time))
	copy(b[32:], h.previous[:])
}

func decodeHeader(b []byte) recordHeader {
	return recordHeader{
		sequence: binary.BigEndian.Uint64(b),
		kind:     binary.BigEndian.Uint16(b[8:]),
		pages:    binary.BigEndian.Uint32(b[12:]),
		body:     binary.BigEndian.Uint64(b[16:]),
		time:     int64(binary.BigEndian.Uint64(b[24:])),
		previous: tag(b[32:48]),
	}
}

func (h recordHeader) chunks() uint64 { return (h.body + chunkSize - 1) / chunkSize }

// size is the whole record's length in the file, padding included.
func (h recordHeader) size() int64 {
	n := sealedHeader + h.body + h.chunks()*overhead
	return int64((n + blockSize - 1) / blockSize * blockSize)
}

// sane says whether an authentic header can be followed at all, so that no length of it is trusted blindly.
func (h recordHeader) sane() bool {
	switch h.kind {
	case kindStart:
		return h.body == startSize && h.pages == 0
	case kindCommit:
		return h.pages >= 1 && h.pages <= maxPages && h.body > 0 && h.body%entrySize == 0 && h.body/entrySize <= uint64(h.pages)
	}
	return false
}

// recordSealer seals and opens the records of one generation.
type recordSealer struct {
	store      uuid.UUID
	generation uint64
	keys       *generationKeys
}

// headerAD binds a header to its place: store, generation and byte offset.
func (r *recordSealer) headerAD(offset int64) []byte {
	ad := make([]byte, 0, 40)
	ad = append(ad, "WBH1"...)
	ad = append(ad, r.store[:]...)
	ad = binary.BigEndian.AppendUint64(ad, r.generation)
	return binary.BigEndian.AppendUint64(ad, uint64(offset))
}

// chunkAD binds a chunk of a body to its record (by sequence and tag), its index, and whether it is the last.
func (r *recordSealer) chunkAD(sequence uint64, t tag, index uint64, last bool) []byte {
	ad := make([]byte, 0, 64)
	ad = append(ad, "WBB1"...)
	ad = append(ad, r.store[:]...)
	ad = binary.BigEndian.AppendUint64(ad, r.generation)
	ad = binary.BigEndian.AppendUint64(ad, sequence)
	ad = append(ad, t[:]...)
	ad = binary.BigEndian.AppendUint64(ad, index)
	if last {
		return append(ad, 1)
	}
	return append(ad, 0)
}

// sealHeader writes the sealed header into dst and returns the record's tag.
func (r *recordSealer) sealHeader(dst []byte, h recordHeader, offset int64) tag {
	h.encode(dst[nonceSize:])
	r.keys.header.sealInPlace(dst[:sealedHeader], r.headerAD(offset))
	return tag(dst[sealedHeader-tagSize : sealedHeader])
}

// openHeader opens the header at an offset. It needs no other record.
func (r *recordSealer) openHeader(b []byte, offset int64) (recordHeader, tag, error) {
	var plain [headerSize]byte
	if len(b) < sealedHeader {
		return recordHeader{}, tag{}, errNotSealed
	}
	out, err := r.keys.header.aead.Open(plain[:0], b[:nonceSize], b[nonceSize:sealedHeader], r.headerAD(offset))
	if err != nil {
		return recordHeader{}, tag{}, errNotSealed
	}
	return decodeHeader(out), tag(b[sealedHeader-tagSize : sealedHeader]), nil
}

var errNotSealed = errors.New("does not verify")

// sealInPlace seals b, which is room for the nonce, the plaintext, and room for the tag. No plaintext is left in it.
func (s *sealer) sealInPlace(b, ad []byte) {
	rand.Read(b[:nonceSize])
	plain := b[nonceSize : len(b)-tagSize]
	s.aead.Seal(plain[:0], b[:nonceSize], plain, ad)
}

// openInPlace opens what sealInPlace made and returns the plaintext, which lies within b.
func (s *sealer) openInPlace(b, ad []byte) ([]byte, error) {
	if len(b) < overhead {
		return nil, errNotSealed
	}
	plain, err := s.aead.Open(b[nonceSize:nonceSize], b[:nonceSize], b[nonceSize:], ad)
	if err != nil {
		return nil, errNotSealed
	}
	return plain, nil
}

// startBody is the body of a generation's first record.
type startBody struct {
	predecessor       uint64 // generation, 0: none
	lastSequence      uint64 // of the predecessor
	lastTag           tag
	predecessorAnchor [32]byte // key of the predecessor's anchors, so that they verify after a change of the store key
	incarnation       uuid.UUID
	epoch             uint64
	created           int64 // Unix milliseconds UTC
}

func (s startBody) encode(b []byte) {
	clear(b[:startSize])
	binary.BigEndian.PutUint64(b, s.predecessor)
	binary.BigEndian.PutUint64(b[8:], s.lastSequence)
	copy(b[16:], s.lastTag[:])
	copy(b[32:], s.predecessorAnchor[:])
	copy(b[64:], s.incarnation[:])
	binary.BigEndian.PutUint64(b[80:], s.epoch)
	binary.BigEndian.PutUint64(b[88:], uint64(s.created))
}

func decodeStart(b []byte) startBody {
	return startBody{
		predecessor:       binary.BigEndian.Uint64(b),
		lastSequence:      binary.BigEndian.Uint64(b[8:]),
		lastTag:           tag(b[16:32]),
		predecessorAnchor: [32]byte(b[32:64]),
		incarnation:       uuid.UUID(b[64:80]),
		epoch:             binary.BigEndian.Uint64(b[80:]),
		created:           int64(binary.BigEndian.Uint64(b[88:])),
	}
}
