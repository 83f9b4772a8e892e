#include "relay/digest.h"

#include "base/arena.h"
#include "base/codec.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCES_MAX 4096
#define NAMES_MAX (4u << 20) /* of one source */
#define KEY_LEN 16
static const char magic[8] = "mamori1k";

/* One name. A URL is known by half of its own SHA-256: to find a second one is as hard as to break AES-128. */
struct row {
	unsigned char key[KEY_LEN];
	unsigned char sha256[SHA256_LEN];
	uint64_t size;
};

/* How a file of names begins; the rows follow, sorted. */
struct head {
	char magic[8];
	uint64_t count;
	unsigned char sha256[SHA256_LEN]; /* of the rows: a file that a power cut damaged is none */
};

struct source {
	char name[SHA256_HEX_LEN + 8]; /* of the file */
	struct timespec changed;
	ino_t inode;
	int64_t made;
	void *map;
	size_t map_len;
	const struct row *rows;
	size_t count;
	bool seen;
};

struct digest_map {
	char *folder;
	pthread_rwlock_t lock;
	struct source *sources; /* newest first */
	size_t count, cap;
	struct timespec read; /* the folder's time when it was read */
	int64_t looked; /* monotonic milliseconds */
};

struct digest_batch {
	struct row *rows;
	size_t count, cap;
};

static void
row_key(struct str url, unsigned char key[KEY_LEN])
{
	unsigned char whole[SHA256_LEN];
	sha256(url, whole);
	memcpy(key, whole, KEY_LEN);
}

bool
digest_parse(struct str hex, uint64_t size, struct digest *out)
{
	BUF_AUTO bytes = { 0 };
	if (hex.len != SHA256_HEX_LEN - 1 || !hex_decode(&bytes, hex))
		return false;
	memcpy(out->sha256, bytes.ptr, SHA256_LEN);
	out->size = size;
	return true;
}

void
digest_hex(const struct digest *d, char out[SHA256_HEX_LEN])
{
	BUF_AUTO hex = { 0 };
	hex_encode(&hex, d->sha256, SHA256_LEN);
	memcpy(out, hex.ptr, SHA256_HEX_LEN);
}

/* ---- collecting ---- */

struct digest_batch *
digest_batch_new(void)
{
	return xcalloc(1, sizeof(struct digest_batch));
}

void
digest_batch_add(struct digest_batch *b, struct str url, const struct digest *d)
{
	if (b->count == NAMES_MAX)
		return;
	if (b->count == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->rows = xrealloc(b->rows, b->cap, sizeof(b->rows[0]));
	}
	struct row *r = &b->rows[b->count++];
	row_key(url, r->key);
	memcpy(r->sha256, d->sha256, SHA256_LEN);
	r->size = d->size;
}

size_t
digest_batch_count(const struct digest_batch *b)
{
	return b->count;
}

void
digest_batch_free(struct digest_batch *b)
{
	if (!b)
		return;
	free(b->rows);
	free(b);
}

void
digest_batch_cleanup(struct digest_batch **b)
{
	digest_batch_free(*b);
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(a, b, KEY_LEN);
}

/* ---- files ---- */

static void
source_name(struct str source, char out[SHA256_HEX_LEN + 8])
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(source, hex);
	snprintf(out, SHA256_HEX_LEN + 8, "%s.known", hex);
}

static void
source_unmap(struct source *s)
{
	if (s->map)
		munmap(s->map, s->map_len);
	s->map = NULL;
}

static bool
source_valid(struct source *s)
{
	const struct head *h = s->map;
	unsigned char seen[SHA256_LEN];
	if (s->map_len < sizeof(*h) || memcmp(h->magic, magic, sizeof(magic)) != 0 || h->count > NAMES_MAX ||
	    s->map_len != sizeof(*h) + h->count * sizeof(struct row))
		return false;
	s->rows = (const struct row *)(h + 1);
	s->count = h->count;
	sha256(str_sub((const char *)s->rows, s->count * sizeof(struct row)), seen);
	return memcmp(seen, h->sha256, sizeof(seen)) == 0;
}

static bool
source_map(struct source *s, int folder)
{
	struct stat st;
	FD_AUTO fd = openat(folder, s->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return false;
	s->map_len = (size_t)st.st_size;
	s->map = mmap(NULL, s->map_len, PROT_READ, MAP_SHARED, fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return false;
	}
	s->changed = st.st_mtim;
	s->inode = st.st_ino;
	s->made = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (source_valid(s)) {
		/* What the check touched is not needed in memory. */
		(void)!madvise(s->map, s->map_len, MADV_DONTNEED);
		return true;
	}
	source_unmap(s);
	return false;
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static struct source *
source_find(const struct digest_map *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->sources[i].name, name) == 0)
			return &m->sources[i];
	return NULL;
}

static void
source_load(struct digest_map *m, int folder, const char *name)
{
	struct stat st;
	struct source *s = source_find(m, name), fresh = { .seen = true };
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (s && same_time(s->changed, st.st_mtim) && s->inode == st.st_ino) {
		s->seen = true;
		return;
	}
	memcpy(fresh.name, name, sizeof(fresh.name) - 1 < strlen(name) ? sizeof(fresh.name) - 1 : strlen(name));
	if (!source_map(&fresh, folder))
		return;
	if (s) {
		source_unmap(s);
	} else if (m->count == SOURCES_MAX) {
		source_unmap(&fresh);
		return;
	} else {
		if (m->count == m->cap) {
			m->cap = m->cap ? m->cap * 2 : 16;
			m->sources = xrealloc(m->sources, m->cap, sizeof(m->sources[0]));
		}
		s = &m->sources[m->count++];
	}
	*s = fresh;
}

static int
newest_first(const void *a, const void *b)
{
	const struct source *x = a, *y = b;
	return (x->made < y->made) - (x->made > y->made);
}

/* Under the write lock: takes up what changed in the folder. */
static void
map_read(struct digest_map *m)
{
	struct stat st;
	DIR *dir = opendir(m->folder);
	if (!dir)
		return;
	if (fstat(dirfd(dir), &st) == 0)
		m->read = st.st_mtim;
	for (size_t i = 0; i < m->count; i++)
		m->sources[i].seen = false;
	for (struct dirent *d; (d = readdir(dir));)
		if (strlen(d->d_name) == SHA256_HEX_LEN + 5 && str_ends(str_of(d->d_name), STR(".known")))
			source_load(m, dirfd(dir), d->d_name);
	closedir(dir);
	size_t kept = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (m->sources[i].seen)
			m->sources[kept++] = m->sources[i];
		else
			source_unmap(&m->sources[i]);
	}
	m->count = kept;
	if (kept)
		qsort(m->sources, kept, sizeof(m->sources[0]), newest_first);
}

/* Another process may have changed the folder; looked for at most once a second. */
static bool
map_is_stale(struct digest_map *m)
{
	struct timespec now;
	struct stat st;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	int64_t tick = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (tick - __atomic_load_n(&m->looked, __ATOMIC_RELAXED) < 1000)
		return false;
	__atomic_store_n(&m->looked, tick, __ATOMIC_RELAXED);
	return stat(m->folder, &st) == 0 && !same_time(st.st_mtim, m->read);
}

bool
digest_map_open(const char *folder, struct digest_map **out, struct err *e)
{
	if (!dir_make(folder, 0750, e))
		return false;
	struct digest_map *m = xcalloc(1, sizeof(*m));
	m->folder = xstrdup(folder);
	pthread_rwlock_init(&m->lock, NULL);
	map_read(m);
	*out = m;
	return true;
}

void
digest_map_close(struct digest_map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		source_unmap(&m->sources[i]);
	pthread_rwlock_destroy(&m->lock);
	free(m->sources);
	free(m->folder);
	free(m);
}

static bool
find_row(const struct digest_map *m, const unsigned char key[KEY_LEN], struct digest *out)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct row *r = bsearch(key, m->sources[i].rows, m->sources[i].count, sizeof(struct row), by_key);
		if (!r)
			continue;
		memcpy(out->sha256, r->sha256, SHA256_LEN);
		out->size = r->size;
		return true;
	}
	return false;
}

bool
digest_find(struct digest_map *m, struct str url, struct digest *out)
{
	unsigned char key[KEY_LEN];
	pthread_rwlock_rdlock(&m->lock);
	bool any = m->count > 0;
	if (any)
		row_key(url, key);
	bool found = any && find_row(m, key, out);
	bool stale = map_is_stale(m);
	pthread_rwlock_unlock(&m->lock);
	if (!stale)
		return found;
	row_key(url, key);
	pthread_rwlock_wrlock(&m->lock);
	map_read(m);
	found = find_row(m, key, out);
	pthread_rwlock_unlock(&m->lock);
	return found;
}

bool
digest_map_replace(struct digest_map *m, struct str source, struct digest_batch *b, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	char name[SHA256_HEX_LEN + 8];
	struct head h = { .count = b->count };
	source_name(source, name);
	const char *path = path_join(&a, m->folder, name);
	if (b->count)
		qsort(b->rows, b->count, sizeof(b->rows[0]), by_key);
	struct str rows = str_sub((const char *)b->rows, b->count * sizeof(b->rows[0]));
	memcpy(h.magic, magic, sizeof(magic));
	sha256(rows, h.sha256);
	buf_reserve(&text, sizeof(h) + rows.len);
	buf_add(&text, str_sub((const char *)&h, sizeof(h)));
	buf_add(&text, rows);
	bool ok = b->count ? file_write(path, buf_str(&text), 0640, e) : file_remove(path, e);
	if (!ok)
		return err_wrap(e, "keeping the digests of %.*s", STR_ARG(source));
	pthread_rwlock_wrlock(&m->lock);
	map_read(m);
	pthread_rwlock_unlock(&m->lock);
	return true;
}

bool
digest_map_has(struct digest_map *m, struct str source, int64_t *made)
{
	char name[SHA256_HEX_LEN + 8];
	source_name(source, name);
	pthread_rwlock_rdlock(&m->lock);
	const struct source *s = source_find(m, name);
	if (s && made)
		*made = s->made;
	pthread_rwlock_unlock(&m->lock);
	return s != NULL;
}

const char *
digest_map_folder(const struct digest_map *m)
{
	return m->folder;
}

uint64_t
digest_map_count(struct digest_map *m)
{
	uint64_t n = 0;
	pthread_rwlock_rdlock(&m->lock);
	for (size_t i = 0; i < m->count; i++)
		n += m->sources[i].count;
	pthread_rwlock_unlock(&m->lock);
	return n;
}
