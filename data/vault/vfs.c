// A SQLite file system whose only file is a page image in memory.
//
// The committed image holds what the last sealed record says. Pages that SQLite writes afterwards are kept apart,
// because SQLite writes uncommitted pages early when its cache is full, and asks for a sync after a rollback too.
// A sync hands the pages that differ from the committed image to wbSeal (in Go), which makes them durable as one
// record; only then do they enter the committed image.
//
// The few public SQLite structures are declared here after the documented, stable interface; the functions come from
// the SQLite that the driver brings.

#include "vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_file sqlite3_file;
typedef struct sqlite3_vfs sqlite3_vfs;
typedef long long sqlite3_int64;

typedef struct sqlite3_io_methods {
	int iVersion;
	int (*xClose)(sqlite3_file *);
	int (*xRead)(sqlite3_file *, void *, int, sqlite3_int64);
	int (*xWrite)(sqlite3_file *, const void *, int, sqlite3_int64);
	int (*xTruncate)(sqlite3_file *, sqlite3_int64);
	int (*xSync)(sqlite3_file *, int);
	int (*xFileSize)(sqlite3_file *, sqlite3_int64 *);
	int (*xLock)(sqlite3_file *, int);
	int (*xUnlock)(sqlite3_file *, int);
	int (*xCheckReservedLock)(sqlite3_file *, int *);
	int (*xFileControl)(sqlite3_file *, int, void *);
	int (*xSectorSize)(sqlite3_file *);
	int (*xDeviceCharacteristics)(sqlite3_file *);
} sqlite3_io_methods; // version 1: no shared memory, no memory mapping

struct sqlite3_file {
	const sqlite3_io_methods *pMethods;
};

struct sqlite3_vfs {
	int iVersion;
	int szOsFile;
	int mxPathname;
	sqlite3_vfs *pNext;
	const char *zName;
	void *pAppData;
	int (*xOpen)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
	int (*xDelete)(sqlite3_vfs *, const char *, int);
	int (*xAccess)(sqlite3_vfs *, const char *, int, int *);
	int (*xFullPathname)(sqlite3_vfs *, const char *, int, char *);
	void *(*xDlOpen)(sqlite3_vfs *, const char *);
	void (*xDlError)(sqlite3_vfs *, int, char *);
	void (*(*xDlSym)(sqlite3_vfs *, void *, const char *))(void);
	void (*xDlClose)(sqlite3_vfs *, void *);
	int (*xRandomness)(sqlite3_vfs *, int, char *);
	int (*xSleep)(sqlite3_vfs *, int);
	int (*xCurrentTime)(sqlite3_vfs *, double *);
	int (*xGetLastError)(sqlite3_vfs *, int, char *);
	int (*xCurrentTimeInt64)(sqlite3_vfs *, sqlite3_int64 *);
};

extern int sqlite3_vfs_register(sqlite3_vfs *, int);
extern int sqlite3_vfs_unregister(sqlite3_vfs *);
extern sqlite3_vfs *sqlite3_vfs_find(const char *);
extern int sqlite3_db_config(sqlite3 *, int, ...);
extern char *sqlite3_mprintf(const char *, ...);

// wbSeal is the Go side: it seals and makes durable n pages as one record of a database of size pages. 0: done.
extern int wbSeal(uintptr_t owner, wb_page **pages, uint32_t n, uint32_t size);

enum {
	SQLITE_OK = 0,
	SQLITE_ERROR = 1,
	SQLITE_NOTFOUND = 12,
	SQLITE_CANTOPEN = 14,
	SQLITE_IOERR = 10,
	SQLITE_IOERR_SHORT_READ = SQLITE_IOERR | (2 << 8),
	SQLITE_IOERR_READ = SQLITE_IOERR | (1 << 8),
	SQLITE_IOERR_WRITE = SQLITE_IOERR | (3 << 8),
	SQLITE_IOERR_FSYNC = SQLITE_IOERR | (4 << 8),
	SQLITE_IOERR_TRUNCATE = SQLITE_IOERR | (6 << 8),
	SQLITE_IOERR_DELETE = SQLITE_IOERR | (10 << 8),
	SQLITE_IOERR_NOMEM = SQLITE_IOERR | (12 << 8),
	SQLITE_OPEN_MAIN_DB = 0x100,
	SQLITE_FCNTL_PRAGMA = 14,
	SQLITE_FCNTL_PDB = 30,
	SQLITE_DBCONFIG_ENABLE_FKEY = 1002,
	SQLITE_DBCONFIG_DEFENSIVE = 1010,
	SQLITE_IOCAP_POWERSAFE_OVERWRITE = 0x1000,
	SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN = 0x800,
	SQLITE_IOCAP_SUBPAGE_READ = 0x8000,
	SQLITE_LOCK_RESERVED = 2,
	WB_SPARE_PAGES = 64, // freed pages kept for the next transaction
};

struct wb_image {
	sqlite3_vfs vfs;
	sqlite3_vfs *base; // randomness, time and sleep
	char name[40];
	uintptr_t owner;
	sqlite3 *db;

	unsigned char *chunk[WB_MAX_CHUNKS]; // the committed image
	uint32_t committed;                  // its pages
	wb_page **pending[WB_MAX_CHUNKS];    // pages written since, by index
	uint32_t size;                       // pages of the file as SQLite sees it
	uint32_t floor;                      // committed pages from here on were truncated away since

	wb_page **list; // the pending pages, in the order of writing
	uint32_t nlist, caplist;
	wb_page *spare;
	uint32_t nspare;

	int open, gate, armed, failed, lock;
};

typedef struct wb_file {
	sqlite3_file base;
	wb_image *img;
} wb_file;

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

// obtain returns the pending page i, new and undefined if there was none. NULL: no memory, or beyond 4 GiB.
static wb_page *obtain(wb_image *img, uint32_t i) {
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

static void drop_from(wb_image *img, uint32_t first) {
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

static void forget_pending(wb_image *img) {
	drop_from(img, 0);
	img->size = img->committed;
	img->floor = UINT32_MAX;
}

void wb_fail(wb_image *img) {
	img->failed = 1;
	forget_pending(img);
}

// The committed image.

// view returns page i as SQLite sees it, or NULL where it reads as zeros.
static const unsigned char *view(const wb_image *img, uint32_t i) {
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

// seal makes the pages that differ from the committed image durable. It does nothing when none differs, or when the
// sync is that of a rollback.
static int seal(wb_image *img) {
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
		forget_pending(img);
		return SQLITE_OK;
	}
	// SQLite shrinks the file only after the sync, so the size is what page 1 says.
	const unsigned char *first = view(img, 0);
	uint32_t size = first ? get32(first + 28) : 0;
	if (size == 0 || size > img->size) {
		return SQLITE_IOERR_FSYNC;
	}
	for (uint32_t i = img->floor; i < img->committed && i < size; i++) {
		if (!find(img, i)) { // truncated away, then passed over: zeros now
			wb_page *p = obtain(img, i);
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

// The methods of the open file.

static wb_image *image(sqlite3_file *f) { return ((wb_file *)f)->img; }

static int f_close(sqlite3_file *f) {
	wb_image *img = image(f);
	forget_pending(img);
	img->open = img->armed = img->gate = img->lock = 0;
	img->db = NULL;
	f->pMethods = NULL;
	return SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *out, int n, sqlite3_int64 off) {
	wb_image *img = image(f);
	unsigned char *dst = out;
	if (img->failed) {
		return SQLITE_IOERR_READ;
	}
	while (n > 0) {
		uint64_t i = (uint64_t)off / WB_PAGE_SIZE;
		int at = (int)(off % WB_PAGE_SIZE), len = WB_PAGE_SIZE - at;
		if (i >= img->size) {
			memset(dst, 0, (size_t)n);
			return SQLITE_IOERR_SHORT_READ;
		}
		if (len > n) {
			len = n;
		}
		const unsigned char *p = view(img, (uint32_t)i);
		if (p) {
			memcpy(dst, p + at, (size_t)len);
		} else {
			memset(dst, 0, (size_t)len);
		}
		dst += len;
		off += len;
		n -= len;
	}
	return SQLITE_OK;
}

// f_write keeps a page apart from the committed image. It fails only when memory runs out, or for a write that is not
// one whole page, which only a changed page size could bring.
static int f_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 off) {
	wb_image *img = image(f);
	if (img->failed) {
		return SQLITE_IOERR_WRITE;
	}
	if (n != WB_PAGE_SIZE || off % WB_PAGE_SIZE != 0) {
		wb_fail(img);
		return SQLITE_IOERR_WRITE;
	}
	uint32_t i = (uint32_t)(off / WB_PAGE_SIZE);
	wb_page *p = obtain(img, i);
	if (!p) {
		wb_fail(img);
		return SQLITE_IOERR_NOMEM;
	}
	memcpy(p->data, data, WB_PAGE_SIZE);
	if (i >= img->size) {
		img->size = i + 1;
	}
	return SQLITE_OK;
}

// f_truncate comes after the sync of a commit, whose record already has the new size, or within a rollback. It needs
// no record and never touches the committed image.
static int f_truncate(sqlite3_file *f, sqlite3_int64 bytes) {
	wb_image *img = image(f);
	uint64_t size = ((uint64_t)bytes + WB_PAGE_SIZE - 1) / WB_PAGE_SIZE;
	if (img->failed) {
		return SQLITE_IOERR_TRUNCATE;
	}
	if (size > (uint64_t)WB_MAX_CHUNKS * WB_CHUNK_PAGES) {
		wb_fail(img);
		return SQLITE_IOERR_TRUNCATE;
	}
	if (size < img->size) {
		drop_from(img, (uint32_t)size);
		if (size < img->committed && size < img->floor) {
			img->floor = (uint32_t)size;
		}
	}
	img->size = (uint32_t)size;
	return SQLITE_OK;
}

static int f_sync(sqlite3_file *f, int flags) {
	(void)flags;
	wb_image *img = image(f);
	if (img->failed) {
		return SQLITE_IOERR_FSYNC;
	}
	int rc = seal(img);
	if (rc != SQLITE_OK) {
		wb_fail(img);
	}
	return rc;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *out) {
	*out = (sqlite3_int64)image(f)->size * WB_PAGE_SIZE;
	return SQLITE_OK;
}

static int f_lock(sqlite3_file *f, int level) {
	if (level > image(f)->lock) {
		image(f)->lock = level;
	}
	return SQLITE_OK;
}

static int f_unlock(sqlite3_file *f, int level) {
	if (level < image(f)->lock) {
		image(f)->lock = level;
	}
	return SQLITE_OK;
}

static int f_reserved(sqlite3_file *f, int *out) {
	*out = image(f)->lock >= SQLITE_LOCK_RESERVED;
	return SQLITE_OK;
}

static int same_word(const char *a, const char *b) {
	for (; *a && *b; a++, b++) {
		char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
		if (x != *b) {
			return 0;
		}
	}
	return *a == *b;
}

// f_control notes the connection and keeps the settings that the sealed log depends on as they were set at open.
static int f_control(sqlite3_file *f, int op, void *arg) {
	static const char *const fixed[] = {"auto_vacuum", "foreign_keys", "journal_mode", "locking_mode", "max_page_count",
		"mmap_size", "page_size", "secure_delete", "synchronous", "temp_store", "temp_store_directory",
		"trusted_schema", "writable_schema"};
	wb_image *img = image(f);
	if (op == SQLITE_FCNTL_PDB) {
		img->db = *(sqlite3 **)arg;
		return SQLITE_OK;
	}
	if (op == SQLITE_FCNTL_PRAGMA && img->armed) {
		char **a = arg;
		for (size_t i = 0; a[2] && i < sizeof fixed / sizeof *fixed; i++) {
			if (same_word(a[1], fixed[i])) {
				a[0] = sqlite3_mprintf("%s is fixed while the store is open", fixed[i]);
				return SQLITE_ERROR;
			}
		}
	}
	return SQLITE_NOTFOUND;
}

static int f_sector(sqlite3_file *f) {
	(void)f;
	return WB_PAGE_SIZE;
}

static int f_traits(sqlite3_file *f) {
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_SUBPAGE_READ;
}

static const sqlite3_io_methods methods = {1, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock,
	f_reserved, f_control, f_sector, f_traits};

// The file system. Only the main database opens, once; there is no other file to find, delete or make.

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
	wb_image *img = vfs->pAppData;
	f->pMethods = NULL; // SQLite closes a file whose methods are set, even when opening it failed
	if (!name || !(flags & SQLITE_OPEN_MAIN_DB) || img->open || img->failed) {
		return SQLITE_CANTOPEN;
	}
	img->open = 1;
	((wb_file *)f)->img = img;
	f->pMethods = &methods;
	if (out) {
		*out = flags;
	}
	return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync_dir) {
	(void)vfs, (void)name, (void)sync_dir;
	return SQLITE_IOERR_DELETE;
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
	(void)vfs, (void)name, (void)flags;
	*out = 0;
	return SQLITE_OK;
}

static int v_path(sqlite3_vfs *vfs, const char *name, int n, char *out) {
	(void)vfs;
	if ((int)strlen(name) >= n) {
		return SQLITE_CANTOPEN;
	}
	strcpy(out, name);
	return SQLITE_OK;
}

static void *v_dlopen(sqlite3_vfs *vfs, const char *name) {
	(void)vfs, (void)name;
	return NULL;
}

static void v_dlerror(sqlite3_vfs *vfs, int n, char *out) {
	(void)vfs;
	snprintf(out, (size_t)n, "extensions are not loaded");
}

static void (*v_dlsym(sqlite3_vfs *vfs, void *lib, const char *name))(void) {
	(void)vfs, (void)lib, (void)name;
	return NULL;
}

static void v_dlclose(sqlite3_vfs *vfs, void *lib) { (void)vfs, (void)lib; }

static sqlite3_vfs *base(sqlite3_vfs *vfs) { return ((wb_image *)vfs->pAppData)->base; }

static int v_random(sqlite3_vfs *vfs, int n, char *out) { return base(vfs)->xRandomness(base(vfs), n, out); }
static int v_sleep(sqlite3_vfs *vfs, int us) { return base(vfs)->xSleep(base(vfs), us); }
static int v_time(sqlite3_vfs *vfs, double *out) { return base(vfs)->xCurrentTime(base(vfs), out); }
static int v_time64(sqlite3_vfs *vfs, sqlite3_int64 *out) { return base(vfs)->xCurrentTimeInt64(base(vfs), out); }

static int v_error(sqlite3_vfs *vfs, int n, char *out) {
	(void)vfs, (void)n, (void)out;
	return 0;
}

wb_image *wb_image_new(uintptr_t owner) {
	sqlite3_vfs *def = sqlite3_vfs_find(NULL);
	if (!def || def->iVersion < 2) {
		return NULL;
	}
	wb_image *img = calloc(1, sizeof *img);
	if (!img) {
		return NULL;
	}
	img->base = def;
	img->owner = owner;
	img->floor = UINT32_MAX;
	snprintf(img->name, sizeof img->name, "wardbook-%llx", (unsigned long long)(uintptr_t)img);
	sqlite3_vfs vfs = {2, (int)sizeof(wb_file), 512, NULL, img->name, img, v_open, v_delete, v_access, v_path, v_dlopen,
		v_dlerror, v_dlsym, v_dlclose, v_random, v_sleep, v_time, v_error, v_time64};
	img->vfs = vfs;
	if (sqlite3_vfs_register(&img->vfs, 0) != SQLITE_OK) {
		free(img);
		return NULL;
	}
	return img;
}

void wb_image_free(wb_image *img) {
	sqlite3_vfs_unregister(&img->vfs);
	forget_pending(img);
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
	free(img);
}

const char *wb_image_name(wb_image *img) { return img->name; }
void wb_allow(wb_image *img, int on) { img->gate = on; }
void wb_arm(wb_image *img) { img->armed = 1; }
int wb_failed(wb_image *img) { return img->failed; }
int wb_is_open(wb_image *img) { return img->open; }
uint32_t wb_pages(wb_image *img) { return img->committed; }
uint32_t wb_pending(wb_image *img) { return img->nlist; }

uint32_t wb_free_pages(wb_image *img) { return img->committed && img->chunk[0] ? get32(img->chunk[0] + 36) : 0; }

int wb_harden(wb_image *img) {
	int on = 0;
	return img->db && sqlite3_db_config(img->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on) == SQLITE_OK && on == 1;
}

int wb_foreign_keys(wb_image *img, int on) {
	int is = -1;
	return img->db && sqlite3_db_config(img->db, SQLITE_DBCONFIG_ENABLE_FKEY, on, &is) == SQLITE_OK && is == on;
}

int wb_load(wb_image *img, const unsigned char *entries, uint32_t n) {
	for (uint32_t i = 0; i < n; i++, entries += WB_ENTRY_SIZE) {
		uint32_t number = get32(entries);
		wb_page *p = number ? obtain(img, number - 1) : NULL;
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

void wb_load_drop(wb_image *img) { forget_pending(img); }

void wb_entries(wb_page **pages, uint32_t first, uint32_t n, unsigned char *out) {
	for (uint32_t i = first; i < first + n; i++, out += WB_ENTRY_SIZE) {
		put32(out, pages[i]->index + 1);
		memcpy(out + 4, pages[i]->data, WB_PAGE_SIZE);
	}
}

uint64_t wb_physical_memory(void) {
#ifdef _WIN32
	MEMORYSTATUSEX m;
	m.dwLength = sizeof m;
	return GlobalMemoryStatusEx(&m) ? m.ullTotalPhys : 0;
#else
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
#endif
}
