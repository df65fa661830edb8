// The page image of one store and the SQLite file system that serves it. See vfs.c.
#ifndef WARDBOOK_VFS_H
#define WARDBOOK_VFS_H

#include <stdint.h>

enum {
	WB_PAGE_SIZE = 4096,
	WB_CHUNK_PAGES = 256,  // pages in one chunk of the committed image: 1 MiB
	WB_MAX_CHUNKS = 4096,  // 4 GiB: far above any memory cap
	WB_ENTRY_SIZE = 4100,  // page number, then the page: the unit of a record's body
};

typedef struct wb_image wb_image;

// wb_page is a page written since the last record. Pages are counted from 0 here, from 1 on disk.
typedef struct wb_page {
	struct wb_page *next;
	uint32_t index;
	unsigned char data[WB_PAGE_SIZE];
} wb_page;

// wb_image_new makes an empty image and registers its file system; owner is handed back to wbSeal. NULL: no memory.
wb_image *wb_image_new(uintptr_t owner);
// wb_image_free unregisters the file system, wipes every page and frees the image. It must not be open in SQLite.
void wb_image_free(wb_image *img);
const char *wb_image_name(wb_image *img);

// wb_load takes n entries of a verified record; wb_load_commit makes them part of the committed image, which then has
// the given number of pages. Both return 0 or an SQLite error code.
int wb_load(wb_image *img, const unsigned char *entries, uint32_t n);
int wb_load_commit(wb_image *img, uint32_t pages);
void wb_load_drop(wb_image *img);

// wb_entries copies n pages, from the first-th on, as entries of a record.
void wb_entries(wb_page **pages, uint32_t first, uint32_t n, unsigned char *out);

// wb_allow opens (1) or shuts (0) the gate: with the gate shut a sync that finds changed pages fails the image.
void wb_allow(wb_image *img, int on);
// wb_arm fixes the settings that the sealed log depends on; wb_harden sets SQLite's defensive mode and says if it is on.
void wb_arm(wb_image *img);
int wb_harden(wb_image *img);
// wb_foreign_keys switches SQLite's enforcement of foreign keys; 1: done.
int wb_foreign_keys(wb_image *img, int on);
int wb_failed(wb_image *img);
int wb_is_open(wb_image *img);
void wb_fail(wb_image *img);
uint32_t wb_pages(wb_image *img);      // pages of the committed image
uint32_t wb_free_pages(wb_image *img); // of these, pages on SQLite's free list
uint32_t wb_pending(wb_image *img);    // pages written since the last record
// wb_live writes the numbers (from 0) of the committed pages that hold anything but zeros, at most cap of them, and
// returns how many there are. wb_committed copies n of them as entries of a record; wb_same says whether n entries are
// what the committed image holds.
uint32_t wb_live(wb_image *img, uint32_t *out, uint32_t cap);
void wb_committed(wb_image *img, const uint32_t *pages, uint32_t n, unsigned char *out);
int wb_same(wb_image *img, const unsigned char *entries, uint32_t n);
uint64_t wb_physical_memory(void);     // bytes, 0 when unknown
void wb_wipe(void *p, uint64_t n);

#endif
