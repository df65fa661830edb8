package vault

/*
#include "vfs.h"
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// image is the database in memory and the SQLite file system that serves it (image.c, vfs.c). It is used
// within the store's turn, or before it is handed out.
type image struct {
	c      *C.wb_image
	handle cgo.Handle
}

// commitSink makes the pages of a transaction durable.
type commitSink interface {
	appendCommit(n, pages uint32, write entryWriter) error
	noteFree(pages uint32)
}

func newImage(sink commitSink) (*image, error) {
	h := cgo.NewHandle(sink)
	c := C.wb_image_new(C.uintptr_t(h))
	if c == nil {
		h.Delete()
		return nil, errors.New("there is no memory for the store")
	}
	return &image{c: c, handle: h}, nil
}

//export wbSeal
func wbSeal(owner C.uintptr_t, pages **C.wb_page, n, size C.uint32_t) C.int {
	sink := cgo.Handle(owner).Value().(commitSink)
	err := sink.appendCommit(uint32(n), uint32(size), func(dst []byte, first, n uint32) {
		C.wb_entries(pages, C.uint32_t(first), C.uint32_t(n), (*C.uchar)(unsafe.Pointer(unsafe.SliceData(dst))))
	})
	if err != nil {
		return 1 // the sink keeps the reason
	}
	if p := *pages; p.index == 0 {
		sink.noteFree(binary.BigEndian.Uint32(unsafe.Slice((*byte)(unsafe.Pointer(&p.data[36])), 4)))
	}
	return 0
}

// free wipes and frees the image. SQLite must have closed it.
func (m *image) free() error {
	if C.wb_is_open(m.c) != 0 {
		m.fail() // keeps whoever still has it from sealing anything
		return errors.New("the store is still in use")
	}
	C.wb_image_free(m.c)
	m.handle.Delete()
	return nil
}

func (m *image) name() string      { return C.GoString(C.wb_image_name(m.c)) }
func (m *image) failed() bool      { return C.wb_failed(m.c) != 0 }
func (m *image) arm()              { C.wb_arm(m.c) }
func (m *image) harden() bool      { return C.wb_harden(m.c) != 0 }
func (m *image) pages() uint32     { return uint32(C.wb_pages(m.c)) }
func (m *image) pending() uint32   { return uint32(C.wb_pending(m.c)) }
func (m *image) freePages() uint32 { return uint32(C.wb_free_pages(m.c)) }

// foreignKeys switches their enforcement, which a migration that rebuilds a table must do without.
func (m *image) foreignKeys(on bool) error {
	if C.wb_foreign_keys(m.c, cBool(on)) == 0 {
		return errors.New("SQLite does not switch the enforcement of foreign keys")
	}
	return nil
}

func cBool(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

// live returns the numbers, from 0, of the committed pages that hold anything.
func (m *image) live() []uint32 {
	n := C.wb_live(m.c, nil, 0)
	if n == 0 {
		return nil
	}
	pages := make([]uint32, n)
	C.wb_live(m.c, (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(pages))), n)
	return pages
}

// committed writes committed pages into dst as entries of a record.
func (m *image) committed(dst []byte, pages []uint32) {
	if len(pages) > 0 {
		C.wb_committed(m.c, (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(pages))), C.uint32_t(len(pages)), (*C.uchar)(unsafe.Pointer(unsafe.SliceData(dst))))
	}
}

// same says whether entries of a record are what the committed image holds.
func (m *image) same(entries []byte) bool {
	n := len(entries) / entrySize
	return n > 0 && len(entries)%entrySize == 0 && C.wb_same(m.c, (*C.uchar)(unsafe.Pointer(unsafe.SliceData(entries))), C.uint32_t(n)) != 0
}

// fail drops what is not durable and lets nothing be read, written or sealed any more.
func (m *image) fail() { C.wb_fail(m.c) }

// allow opens the gate for one commit. With the gate shut SQLite cannot make anything durable.
func (m *image) allow(on bool) { C.wb_allow(m.c, cBool(on)) }

func (m *image) load(entries []byte) error {
	n := len(entries) / entrySize
	if n == 0 || len(entries)%entrySize != 0 {
		return fmt.Errorf("%w: a record holds part of a page", ErrDamaged)
	}
	return loadError(C.wb_load(m.c, (*C.uchar)(unsafe.Pointer(unsafe.SliceData(entries))), C.uint32_t(n)))
}

func (m *image) commit(pages uint32) error {
	return loadError(C.wb_load_commit(m.c, C.uint32_t(pages)))
}

func (m *image) drop() { C.wb_load_drop(m.c) }

func loadError(rc C.int) error {
	switch rc {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: a record names a page that cannot be", ErrDamaged)
	}
	return errors.New("there is no memory for the store")
}

// machineMemory is the machine's memory in bytes, 0 when unknown.
func machineMemory() int64 { return int64(C.wb_physical_memory()) }
