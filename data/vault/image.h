// The page image: what vfs.c and image.c share. Not for Go.
#ifndef WARDBOOK_IMAGE_H
#define WARDBOOK_IMAGE_H

#include "vfs.h"

// SQLite's result codes that the image answers with.
enum {
	SQLITE_OK = 0,
	SQLITE_ERROR = 1,
	SQLITE_IOERR = 10,
	SQLITE_IOERR_FSYNC = SQLITE_IOERR | (4 << 8),
	SQLITE_IOERR_NOMEM = SQLITE_IOERR | (12 << 8),
};

struct wb_image {
	uintptr_t owner;

	unsigned char *chunk[WB_MAX_CHUNKS]; // the committed image
	uint32_t committed;                  // its pages
	wb_page **pending[WB_MAX_CHUNKS];    // pages written since, by index
	uint32_t size;                       // pages of the file as SQLite sees it
	uint32_t floor;                      // committed pages from here on were truncated away since

	wb_page **list; // the pending pages, in the order of writing
	uint32_t nlist, caplist;
	wb_page *spare; // freed pages kept for the next transaction
	uint32_t nspare;

	int open, gate, armed, failed, lock;
	void *vfs; // the file system that serves it
	void *db;  // the connection that has it open
};

// wb_view returns page i as SQLite sees it, or NULL where it reads as zeros.
const unsigned char *wb_view(const wb_image *img, uint32_t i);
// wb_obtain returns the pending page i, new and undefined if there was none. NULL: no memory, or beyond 4 GiB.
wb_page *wb_obtain(wb_image *img, uint32_t i);
// wb_drop_from drops the pending pages from an index on.
void wb_drop_from(wb_image *img, uint32_t first);
// wb_forget drops every pending page: SQLite sees the committed image again.
void wb_forget(wb_image *img);
// wb_seal makes the pages that differ from the committed image durable. It does nothing when none differs, or when the
// sync is that of a rollback.
int wb_seal(wb_image *img);
// wb_release wipes and frees all pages.
void wb_release(wb_image *img);

#endif
