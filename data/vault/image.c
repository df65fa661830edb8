// The page image of one store. See vfs.c for what becomes of it.

#include "image.h"

#include <stdlib.h>
#include <string.h>

enum { WB_SPARE_PAGES = 64 };

// wbSeal is the Go side: it seals and makes durable n pages as one record of a database of size pages. 0: done.
extern int wbSeal(uintptr_t owner, wb_page **pages, uint32_t n, uint32_t size);

void wb_wipe(void *p, uint64_t n) {
	memset(p, 0, (size_t)n);
	__asm__ __volatile__("" : : "r"(p) : "memory"); // keeps the compiler from dropping the memset
}

static uint32_t get32(const unsigned char *p) {
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(unsigned char *p, uint32_t v) {
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

// Pending pages.

static wb_page *find(const wb_image *img, uint32_t i) {
	wb_page **row = img->pending[i / WB_CHUNK_PAGES];
	return row ? row[i % WB_CHUNK_PAGES] : NULL;
}

static void drop(wb_image *img, wb_page *p) {
	img->pending[p->index / WB_CHUNK_PAGES][p->index % WB_CHUNK_PAGES] = NULL;
	wb_wipe(p->data, WB_PAGE_SIZE);
	if (img->nspare < WB_SPARE_PAGES) {
		p->next = img->spare;
		img->spare = p;
		img->nspare++;
	} else {
		free(p);
	}
}

wb_page *wb_obtain(wb_image *img, uint32_t i) {
	if (i / WB_CHUNK_PAGES >= WB_MAX_CHUNKS) {
		return NULL;
	}
	wb_page ***row = &img->pending[i / WB_CHUNK_PAGES];
	if (!*row && !(*row = calloc(WB_CHUNK_PAGES, sizeof **row))) {
		return NULL;
	}
	wb_page **slot = &(*row)[i % WB_CHUNK_PAGES];
	if (*slot) {
		return *slot;
	}
	if (img->nlist == img->caplist) {
		uint32_t cap = img->caplist ? img->caplist * 2 : 256;
		wb_page **list = realloc(img->list, cap * sizeof *list); // pointers alone, never pages
		if (!list) {
			return NULL;
		}
		img->list = list;
		img->caplist = cap;
	}
	wb_page *p = img->spare;
	if (p) {
		img->spare = p->next;
		img->nspare--;
	} else if (!(p = malloc(sizeof *p))) {
		return NULL;
	}
	p->next = NULL;
	p->index = i;
	img->list[img->nlist++] = p;
	return *slot = p;
}

void wb_drop_from(wb_image *img, uint32_t first) {
	uint32_t kept = 0;
	for (uint32_t i = 0; i < img->nlist; i++) {
		wb_page *p = img->list[i];
		if (p->index >= first) {
			drop(img, p);
		} else {
			img->list[kept++] = p;
		}
	}
	img->nlist = kept;
}

void wb_forget(wb_image *img) {
	wb_drop_from(img, 0);
	img->size = img->committed;
	img->floor = UINT32_MAX;
}

void wb_fail(wb_image *img) {
	img->failed = 1;
	wb_forget(img);
}

// The committed image.

const unsigned char *wb_view(const wb_image *img, uint32_t i) {
	const wb_page *p = find(img, i);
	if (p) {
		return p->data;
	}
	if (i < img->committed && i < img->floor && img->chunk[i / WB_CHUNK_PAGES]) {
		return img->chunk[i / WB_CHUNK_PAGES] + (size_t)(i % WB_CHUNK_PAGES) * WB_PAGE_SIZE;
	}
	return NULL;
}

// prepare allocates the chunks that the pending pages will enter, so that entering them cannot fail.
static int prepare(wb_image *img) {
	for (uint32_t i = 0; i < img->nlist; i++) {
		unsigned char **chunk = &img->chunk[img->list[i]->index / WB_CHUNK_PAGES];
		if (!*chunk && !(*chunk = calloc(WB_CHUNK_PAGES, WB_PAGE_SIZE))) {
			return SQLITE_IOERR_NOMEM;
		}
	}
	return SQLITE_OK;
}

// enter moves every pending page below size into the committed image, which then has size pages.
static void enter(wb_image *img, uint32_t size) {
	for (uint32_t i = 0; i < img->nlist; i++) {
		wb_page *p = img->list[i];
		if (p->index < size) {
			memcpy(img->chunk[p->index / WB_CHUNK_PAGES] + (size_t)(p->index % WB_CHUNK_PAGES) * WB_PAGE_SIZE,
				p->data, WB_PAGE_SIZE);
		}
		drop(img, p);
	}
	img->nlist = 0;
	for (uint32_t i = size; i < img->committed; i++) {
		unsigned char *c = img->chunk[i / WB_CHUNK_PAGES];
		if (c) {
			wb_wipe(c + (size_t)(i % WB_CHUNK_PAGES) * WB_PAGE_SIZE, WB_PAGE_SIZE);
		}
	}
	for (uint32_t c = (size + WB_CHUNK_PAGES - 1) / WB_CHUNK_PAGES;
		c < (img->committed + WB_CHUNK_PAGES - 1) / WB_CHUNK_PAGES; c++) {
		free(img->chunk[c]);
		img->chunk[c] = NULL;
	}
	img->committed = img->size = size;
	img->floor = UINT32_MAX;
}

static int by_index(const void *a, const void *b) {
	uint32_t x = (*(wb_page *const *)a)->index, y = (*(wb_page *const *)b)->index;
	return (x > y) - (x < y);
}

int wb_seal(wb_image *img) {
	if (img->nlist == 0 && img->floor >= img->committed) {
		return SQLITE_OK;
	}
	if (img->size == 0) { // a first transaction that was rolled back
		return img->committed == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC;
	}
	// Every commit counts up in page 1. Where page 1 is as committed, a transaction was rolled back. Other pages may
	// differ even then: SQLite does not restore a free page whose old content nobody needs.
	const wb_page *head = find(img, 0);
	if (!head ? img->floor != 0 : img->committed && memcmp(head->data, img->chunk[0], WB_PAGE_SIZE) == 0) {
		wb_forget(img);
		return SQLITE_OK;
	}
	// SQLite shrinks the file only after the sync, so the size is what page 1 says.
	const unsigned char *first = wb_view(img, 0);
	uint32_t size = first ? get32(first + 28) : 0;
	if (size == 0 || size > img->size) {
		return SQLITE_IOERR_FSYNC;
	}
	for (uint32_t i = img->floor; i < img->committed && i < size; i++) {
		if (!find(img, i)) { // truncated away, then passed over: zeros now
			wb_page *p = wb_obtain(img, i);
			if (!p) {
				return SQLITE_IOERR_NOMEM;
			}
			memset(p->data, 0, WB_PAGE_SIZE);
		}
	}
	uint32_t kept = 0;
	for (uint32_t i = 0; i < img->nlist; i++) {
		wb_page *p = img->list[i];
		int same = 0;
		if (p->index < size && p->index < img->committed) {
			const unsigned char *c = img->chunk[p->index / WB_CHUNK_PAGES];
			same = c && memcmp(c + (size_t)(p->index % WB_CHUNK_PAGES) * WB_PAGE_SIZE, p->data, WB_PAGE_SIZE) == 0;
		}
		if (same || p->index >= size) {
			drop(img, p);
		} else {
			img->list[kept++] = p;
		}
	}
	img->nlist = kept;
	if (kept == 0) {
		img->size = img->committed;
		img->floor = UINT32_MAX;
		return SQLITE_OK;
	}
	if (!img->gate) {
		return SQLITE_IOERR_FSYNC;
	}
	qsort(img->list, kept, sizeof *img->list, by_index);
	int rc = prepare(img);
	if (rc == SQLITE_OK && wbSeal(img->owner, img->list, kept, size) != 0) {
		rc = SQLITE_IOERR_FSYNC;
	}
	if (rc == SQLITE_OK) {
		enter(img, size);
	}
	return rc;
}

// Loading verified records.

int wb_load(wb_image *img, const unsigned char *entries, uint32_t n) {
	for (uint32_t i = 0; i < n; i++, entries += WB_ENTRY_SIZE) {
		uint32_t number = get32(entries);
		wb_page *p = number ? wb_obtain(img, number - 1) : NULL;
		if (!p) {
			return number ? SQLITE_IOERR_NOMEM : SQLITE_ERROR;
		}
		memcpy(p->data, entries + 4, WB_PAGE_SIZE);
	}
	return SQLITE_OK;
}

int wb_load_commit(wb_image *img, uint32_t pages) {
	if (pages > (uint32_t)WB_MAX_CHUNKS * WB_CHUNK_PAGES) {
		return SQLITE_ERROR;
	}
	for (uint32_t i = 0; i < img->nlist; i++) {
		if (img->list[i]->index >= pages) {
			return SQLITE_ERROR;
		}
	}
	int rc = prepare(img);
	if (rc == SQLITE_OK) {
		enter(img, pages);
	}
	return rc;
}

void wb_load_drop(wb_image *img) { wb_forget(img); }

void wb_entries(wb_page **pages, uint32_t first, uint32_t n, unsigned char *out) {
	for (uint32_t i = first; i < first + n; i++, out += WB_ENTRY_SIZE) {
		put32(out, pages[i]->index + 1);
		memcpy(out + 4, pages[i]->data, WB_PAGE_SIZE);
	}
}

// Reading the committed image as a whole.

static const unsigned char *committed(const wb_image *img, uint32_t i) {
	const unsigned char *c = i < img->committed ? img->chunk[i / WB_CHUNK_PAGES] : NULL;
	return c ? c + (size_t)(i % WB_CHUNK_PAGES) * WB_PAGE_SIZE : NULL;
}

static int all_zero(const unsigned char *p) {
	return p[0] == 0 && memcmp(p, p + 1, WB_PAGE_SIZE - 1) == 0;
}

uint32_t wb_live(wb_image *img, uint32_t *out, uint32_t cap) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < img->committed; i++) {
		const unsigned char *p = committed(img, i);
		if (p && !all_zero(p)) {
			if (n < cap) {
				out[n] = i;
			}
			n++;
		}
	}
	return n;
}

void wb_committed(wb_image *img, const uint32_t *pages, uint32_t n, unsigned char *out) {
	for (uint32_t i = 0; i < n; i++, out += WB_ENTRY_SIZE) {
		const unsigned char *p = committed(img, pages[i]);
		put32(out, pages[i] + 1);
		if (p) {
			memcpy(out + 4, p, WB_PAGE_SIZE);
		} else {
			memset(out + 4, 0, WB_PAGE_SIZE);
		}
	}
}

int wb_same(wb_image *img, const unsigned char *entries, uint32_t n) {
	for (uint32_t i = 0; i < n; i++, entries += WB_ENTRY_SIZE) {
		uint32_t number = get32(entries);
		const unsigned char *p = number ? committed(img, number - 1) : NULL;
		if (!p || memcmp(p, entries + 4, WB_PAGE_SIZE) != 0) {
			return 0;
		}
	}
	return 1;
}

uint32_t wb_pages(wb_image *img) { return img->committed; }
uint32_t wb_pending(wb_image *img) { return img->nlist; }

uint32_t wb_free_pages(wb_image *img) { return img->committed && img->chunk[0] ? get32(img->chunk[0] + 36) : 0; }

void wb_release(wb_image *img) {
	wb_forget(img);
	while (img->spare) {
		wb_page *p = img->spare;
		img->spare = p->next;
		free(p); // wiped when it was dropped
	}
	for (uint32_t c = 0; c < WB_MAX_CHUNKS; c++) {
		if (img->chunk[c]) {
			wb_wipe(img->chunk[c], (uint64_t)WB_CHUNK_PAGES * WB_PAGE_SIZE);
			free(img->chunk[c]);
		}
		free(img->pending[c]);
	}
	free(img->list);
}
