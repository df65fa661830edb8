package vault

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
)

// Anchor names the newest commit known to be durable.
type Anchor struct {
	Store      uuid.UUID
	Generation uint64
	Sequence   uint64
	Tag        [16]byte
	// Incarnation changes when a backup is restored, so that others see "restored" where they would see a store that
	// went backwards.
	Incarnation uuid.UUID
}

const (
	anchorName    = "anchor"
	anchorMagic   = "WBANCHOR"
	anchorSlots   = 2
	anchorPrefix  = 40 // in the clear: magic, version, slot, store, generation
	anchorBody    = 64 // plaintext: sequence, tag, incarnation, epoch, time
	anchorSealed  = anchorPrefix + overhead + anchorBody
	anchorDefault = 32 // commits between two anchors
)

// sealAnchor makes the block of one slot.
func sealAnchor(s *sealer, slot uint32, a Anchor, epoch uint64, at int64) []byte {
	b := make([]byte, blockSize)
	copy(b, anchorMagic)
	binary.BigEndian.PutUint32(b[8:], formatVersion)
	binary.BigEndian.PutUint32(b[12:], slot)
	copy(b[16:], a.Store[:])
	binary.BigEndian.PutUint64(b[32:], a.Generation)
	p := b[anchorPrefix+nonceSize:]
	binary.BigEndian.PutUint64(p, a.Sequence)
	copy(p[8:], a.Tag[:])
	copy(p[24:], a.Incarnation[:])
	binary.BigEndian.PutUint64(p[40:], epoch)
	binary.BigEndian.PutUint64(p[48:], uint64(at))
	s.sealInPlace(b[anchorPrefix:anchorSealed], b[:anchorPrefix])
	return b
}

// openAnchor opens a slot's block. key returns the sealers that may have sealed an anchor of a generation.
func openAnchor(b []byte, slot uint32, store uuid.UUID, key func(generation uint64) []*sealer) (Anchor, bool) {
	if len(b) != blockSize || string(b[:8]) != anchorMagic || binary.BigEndian.Uint32(b[8:]) != formatVersion ||
		binary.BigEndian.Uint32(b[12:]) != slot || uuid.UUID(b[16:32]) != store ||
		!allZero(b[anchorSealed:]) {
		return Anchor{}, false
	}
	generation := binary.BigEndian.Uint64(b[32:])
	for _, s := range key(generation) {
		if p, err := s.openInPlace(bytes.Clone(b[anchorPrefix:anchorSealed]), b[:anchorPrefix]); err == nil {
			return Anchor{
				Store: store, Generation: generation,
				Sequence: binary.BigEndian.Uint64(p), Tag: tag(p[8:24]), Incarnation: uuid.UUID(p[24:40]),
			}, true
		}
	}
	return Anchor{}, false
}

func (a Anchor) compare(b Anchor) int {
	if c := cmp.Compare(a.Generation, b.Generation); c != 0 {
		return c
	}
	return cmp.Compare(a.Sequence, b.Sequence)
}

// anchorFile holds two slots. A new anchor goes into the slot that is not the newest, so that a torn write leaves one.
type anchorFile struct {
	f     file
	valid [anchorSlots]bool
	slot  [anchorSlots]Anchor
	raw   [anchorSlots][]byte
}

func openAnchorFile(fsys fileSystem, name string) (*anchorFile, error) {
	f, err := fsys.OpenFile(name, os.O_RDWR)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: the anchor file is missing", ErrDamaged)
		}
		return nil, err
	}
	a := &anchorFile{f: f}
	for i := range a.raw {
		b := make([]byte, blockSize)
		n, err := f.ReadAt(b, int64(i)*blockSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(fmt.Errorf("read the anchor: %w", err), f.Close())
		}
		a.raw[i] = b[:n]
	}
	return a, nil
}

// verify opens the slots with the keys known so far and reports the newest.
func (a *anchorFile) verify(store uuid.UUID, key func(generation uint64) []*sealer) (newest Anchor, ok bool) {
	for i := range a.raw {
		a.slot[i], a.valid[i] = openAnchor(a.raw[i], uint32(i), store, key)
		if a.valid[i] && (!ok || a.slot[i].compare(newest) > 0) {
			newest, ok = a.slot[i], true
		}
	}
	return newest, ok
}

// write makes the anchor durable. The log must be durable up to it before.
func (a *anchorFile) write(s *sealer, an Anchor, epoch uint64) error {
	slot := 0
	if a.valid[0] && (!a.valid[1] || a.slot[0].compare(a.slot[1]) > 0) {
		slot = 1
	}
	b := sealAnchor(s, uint32(slot), an, epoch, time.Now().UnixMilli())
	a.valid[slot] = false
	if _, err := a.f.WriteAt(b, int64(slot)*blockSize); err != nil {
		return fmt.Errorf("write the anchor: %w", err)
	}
	if err := a.f.Sync(); err != nil {
		return fmt.Errorf("write the anchor: %w", err)
	}
	a.slot[slot], a.valid[slot] = an, true
	return nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// anchorKeyring finds the keys that anchors of a generation may be sealed with.
type anchorKeyring struct {
	key   *Key
	store uuid.UUID
	more  map[uint64]*sealer
	made  []*sealer
}

func anchorKeys(key *Key, store uuid.UUID) *anchorKeyring {
	return &anchorKeyring{key: key, store: store, more: map[uint64]*sealer{}}
}

// add takes the anchor key of an earlier generation, whose store key may have been another.
func (k *anchorKeyring) add(generation uint64, key [32]byte) {
	if s, err := newSealer(bytes.Clone(key[:])); err == nil {
		k.more[generation] = s
		k.made = append(k.made, s)
	}
}

func (k *anchorKeyring) forGeneration(generation uint64) []*sealer {
	var out []*sealer
	if raw, err := deriveKey(k.key, k.store, generation, purposeAnchor); err == nil {
		if s, err := newSealer(raw); err == nil {
			out = append(out, s)
			k.made = append(k.made, s)
		}
	}
	if s := k.more[generation]; s != nil {
		out = append(out, s)
	}
	return out
}

func (k *anchorKeyring) wipe() {
	for _, s := range k.made {
		s.wipe()
	}
}
