// A SQLite file system whose only file is a page image in memory.
//
// The committed image holds what the last sealed record says. Pages that SQLite writes afterwards are kept apart,
// because SQLite writes uncommitted pages early when its cache is full, and asks for a sync after a rollback too.
// A sync hands the pages that differ from the committed image to wbSeal (in Go), which makes them durable as one
// record; only then do they enter the committed image.
//
// The few public SQLite structures are declared here after the documented, stable interface; the functions come from
// the SQLite that the driver brings.

#include "image.h"

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

enum {
	SQLITE_NOTFOUND = 12,
	SQLITE_CANTOPEN = 14,
	SQLITE_IOERR_SHORT_READ = SQLITE_IOERR | (2 << 8),
	SQLITE_IOERR_READ = SQLITE_IOERR | (1 << 8),
	SQLITE_IOERR_WRITE = SQLITE_IOERR | (3 << 8),
	SQLITE_IOERR_TRUNCATE = SQLITE_IOERR | (6 << 8),
	SQLITE_IOERR_DELETE = SQLITE_IOERR | (10 << 8),
	SQLITE_OPEN_MAIN_DB = 0x100,
	SQLITE_FCNTL_PRAGMA = 14,
	SQLITE_FCNTL_PDB = 30,
	SQLITE_DBCONFIG_ENABLE_FKEY = 1002,
	SQLITE_DBCONFIG_DEFENSIVE = 1010,
	SQLITE_IOCAP_POWERSAFE_OVERWRITE = 0x1000,
	SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN = 0x800,
	SQLITE_IOCAP_SUBPAGE_READ = 0x8000,
	SQLITE_LOCK_RESERVED = 2,
};

// wb_vfs is one image's file system.
typedef struct wb_vfs {
	sqlite3_vfs vfs;
	sqlite3_vfs *base; // randomness, time and sleep
	char name[40];
} wb_vfs;

typedef struct wb_file {
	sqlite3_file base;
	wb_image *img;
} wb_file;

// The methods of the open file.

static wb_image *image(sqlite3_file *f) { return ((wb_file *)f)->img; }

static int f_close(sqlite3_file *f) {
	wb_image *img = image(f);
	wb_forget(img);
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
		const unsigned char *p = wb_view(img, (uint32_t)i);
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
	wb_page *p = wb_obtain(img, i);
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
		wb_drop_from(img, (uint32_t)size);
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
	int rc = wb_seal(img);
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

static sqlite3_vfs *base(sqlite3_vfs *vfs) { return ((wb_vfs *)vfs)->base; }

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
	wb_vfs *w = calloc(1, sizeof *w);
	if (!img || !w) {
		free(img);
		free(w);
		return NULL;
	}
	img->owner = owner;
	img->floor = UINT32_MAX;
	img->vfs = w;
	snprintf(w->name, sizeof w->name, "wardbook-%llx", (unsigned long long)(uintptr_t)img);
	sqlite3_vfs vfs = {2, (int)sizeof(wb_file), 512, NULL, w->name, img, v_open, v_delete, v_access, v_path, v_dlopen,
		v_dlerror, v_dlsym, v_dlclose, v_random, v_sleep, v_time, v_error, v_time64};
	w->vfs = vfs;
	w->base = def;
	if (sqlite3_vfs_register(&w->vfs, 0) != SQLITE_OK) {
		free(img);
		free(w);
		return NULL;
	}
	return img;
}

void wb_image_free(wb_image *img) {
	wb_vfs *w = img->vfs;
	sqlite3_vfs_unregister(&w->vfs);
	wb_release(img);
	free(img);
	free(w);
}

const char *wb_image_name(wb_image *img) { return ((wb_vfs *)img->vfs)->name; }
void wb_allow(wb_image *img, int on) { img->gate = on; }
void wb_arm(wb_image *img) { img->armed = 1; }
int wb_failed(wb_image *img) { return img->failed; }
int wb_is_open(wb_image *img) { return img->open; }

int wb_harden(wb_image *img) {
	int on = 0;
	return img->db && sqlite3_db_config(img->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on) == SQLITE_OK && on == 1;
}

int wb_foreign_keys(wb_image *img, int on) {
	int is = -1;
	return img->db && sqlite3_db_config(img->db, SQLITE_DBCONFIG_ENABLE_FKEY, on, &is) == SQLITE_OK && is == on;
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
