package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of a store key in bytes.
const KeySize = 32

// Key is the random key of one store. Derived keys seal its records, anchors and media.
type Key [KeySize]byte

// Wipe overwrites the key.
func (k *Key) Wipe() { clear(k[:]) }

const (
	nonceSize = chacha20poly1305.NonceSizeX // 24
	tagSize   = chacha20poly1305.Overhead   // 16
	overhead  = nonceSize + tagSize
)

// The purposes of derived keys; part of the format.
const (
	purposeCheck  = "key check"
	purposeHeader = "record header"
	purposeBody   = "record body"
	purposeAnchor = "anchor"
)

// deriveKey returns HKDF-SHA256(key, salt = store id, info = "wardbook store 1 " + purpose + 0 + generation).
func deriveKey(key *Key, store uuid.UUID, generation uint64, purpose string) ([]byte, error) {
	info := binary.BigEndian.AppendUint64([]byte("wardbook store 1 "+purpose+"\x00"), generation)
	out, err := hkdf.Key(sha256.New, key[:], store[:], string(info), KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the %s key: %w", purpose, err)
	}
	return out, nil
}

// sealer seals with XChaCha20-Poly1305 under one derived key, always with a random nonce.
type sealer struct {
	aead cipher.AEAD
	key  []byte
}

func newSealer(key []byte) (*sealer, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	return &sealer{aead: aead, key: key}, nil
}

func (s *sealer) wipe() {
	if s != nil {
		clear(s.key)
		s.aead = nil
	}
}

// generationKeys are the keys of one generation of the log.
type generationKeys struct {
	header, body, anchor *sealer
	check                []byte // stands in the log's first block: tells a wrong key from damage
}

func deriveGeneration(key *Key, store uuid.UUID, generation uint64) (*generationKeys, error) {
	var k generationKeys
	for _, p := range []struct {
		purpose string
		out     **sealer
	}{{purposeHeader, &k.header}, {purposeBody, &k.body}, {purposeAnchor, &k.anchor}} {
		raw, err := deriveKey(key, store, generation, p.purpose)
		if err != nil {
			return nil, err
		}
		if *p.out, err = newSealer(raw); err != nil {
			return nil, err
		}
	}
	var err error
	k.check, err = deriveKey(key, store, generation, purposeCheck)
	return &k, err
}

func (k *generationKeys) wipe() {
	if k != nil {
		k.header.wipe()
		k.body.wipe()
		k.anchor.wipe()
	}
}
