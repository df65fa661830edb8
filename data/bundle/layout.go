package bundle

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// ZIP constants (PKWARE APPNOTE 6.3). Every entry is stored, carries the date 1 January 1980 and no attributes, so that the
// same entries always give the same bytes.
const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50
	end64Signature   = 0x06064b50
	locatorSignature = 0x07064b50

	localFixed   = 30
	centralFixed = 46
	endFixed     = 22
	end64Fixed   = 56
	locatorFixed = 20

	versionStored = 10
	versionZIP64  = 45
	firstDay      = 1<<5 | 1 // 1 January 1980 in MS-DOS form

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
)

// place is where an entry lies in the ZIP.
type place struct {
	entry  Entry
	offset int64 // of its local header
}

func (p place) zip64() bool       { return p.offset >= math.MaxUint32 }
func (p place) dataOffset() int64 { return p.offset + int64(localFixed+len(p.entry.Path)) }
func (p place) nextOffset() int64 { return p.dataOffset() + p.entry.Size }
func (p place) neededVersion() int {
	return map[bool]int{false: versionStored, true: versionZIP64}[p.zip64()]
}

// layout is the whole ZIP but for the data of the entries. It follows from the manifest and its signature alone.
type layout struct {
	places  []place // manifest, signature, then the manifest's entries in order
	central []byte  // central directory, the ZIP64 end records where needed, end record
	start   int64   // offset of central
	size    int64   // of the whole ZIP, bytes
}

func newLayout(manifest, signature []byte, entries []Entry) layout {
	own := func(name string, data []byte) Entry {
		return Entry{Path: name, Size: int64(len(data)), CRC32: Checksum(crc32.ChecksumIEEE(data))}
	}
	l := layout{places: make([]place, 0, len(entries)+2)}
	for _, e := range append([]Entry{own(ManifestName, manifest), own(SignatureName, signature)}, entries...) {
		p := place{entry: e, offset: l.start}
		l.places = append(l.places, p)
		l.start = p.nextOffset()
	}
	for _, p := range l.places {
		l.central = append(l.central, p.centralHeader()...)
	}
	l.central = append(l.central, endRecords(len(l.places), l.start, int64(len(l.central)))...)
	l.size = l.start + int64(len(l.central))
	return l
}

func (p place) localHeader() []byte {
	b := make([]byte, 0, localFixed+len(p.entry.Path))
	b = binary.LittleEndian.AppendUint32(b, localSignature)
	b = p.appendCommon(b)
	b = binary.LittleEndian.AppendUint16(b, 0) // no extra field
	return append(b, p.entry.Path...)
}

// appendCommon writes what both headers share, from the needed version to the length of the name.
func (p place) appendCommon(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, uint16(p.neededVersion()))
	b = le.AppendUint16(b, 0) // flags
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint16(b, 0) // midnight
	b = le.AppendUint16(b, firstDay)
	b = le.AppendUint32(b, uint32(p.entry.CRC32))
	b = le.AppendUint32(b, uint32(p.entry.Size))
	b = le.AppendUint32(b, uint32(p.entry.Size))
	return le.AppendUint16(b, uint16(len(p.entry.Path)))
}

func (p place) centralHeader() []byte {
	le := binary.LittleEndian
	var extra []byte
	offset := uint32(math.MaxUint32)
	if p.zip64() {
		extra = le.AppendUint16(extra, 1) // ZIP64
		extra = le.AppendUint16(extra, 8)
		extra = le.AppendUint64(extra, uint64(p.offset))
	} else {
		offset = uint32(p.offset)
	}
	b := make([]byte, 0, centralFixed+len(p.entry.Path)+len(extra))
	b = le.AppendUint32(b, centralSignature)
	b = le.AppendUint16(b, uint16(p.neededVersion())) // made by: MS-DOS, so no Unix modes, links or devices
	b = p.appendCommon(b)
	b = le.AppendUint16(b, uint16(len(extra)))
	b = le.AppendUint16(b, 0) // no comment
	b = le.AppendUint16(b, 0) // disk 0
	b = le.AppendUint16(b, 0) // internal attributes
	b = le.AppendUint32(b, 0) // external attributes
	b = le.AppendUint32(b, offset)
	b = append(b, p.entry.Path...)
	return append(b, extra...)
}

// endRecords ends a central directory of count headers and size bytes that starts at start. Counts stay far below the
// 65,535 of plain ZIP, so only the offset can need ZIP64.
func endRecords(count int, start, size int64) []byte {
	le := binary.LittleEndian
	var b []byte
	offset := uint32(math.MaxUint32)
	if start >= math.MaxUint32 {
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, end64Fixed-12)
		b = le.AppendUint16(b, versionZIP64)
		b = le.AppendUint16(b, versionZIP64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(start))
		b = le.AppendUint32(b, locatorSignature)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(start+size))
		b = le.AppendUint32(b, 1)
	} else {
		offset = uint32(start)
	}
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, offset)
	return le.AppendUint16(b, 0) // no comment
}
