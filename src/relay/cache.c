#include "relay/cache-internal.h"

#include "base/codec.h"
#include "base/log.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS (24 * 3600 * (int64_t)1000)
#define AGE_DEFAULT (90 * DAY_MS)
#define SIZE_DEFAULT_MAX (100ull << 30)
#define TOUCH_MS (3600 * (int64_t)1000)
#define AGE_EVERY_MS (3600 * (int64_t)1000)
#define OPEN_MAX_COUNT 256
/* A part that nobody went on with for so long is of no more use. */
#define PART_AGE (7 * DAY_MS)
#define URLS_SPARE 4096

char *
cache_object_path(const struct cache *c, const unsigned char *sha256)
{
	BUF_AUTO hex = { 0 };
	BUF_AUTO path = { 0 };
	hex_encode(&hex, sha256, SHA256_LEN);
	buf_addf(&path, "%s/objects/%.2s/%s", c->folder, hex.ptr, hex.ptr);
	return xstrdup(path.ptr);
}

char *
cache_part_path(struct cache *c, struct str name)
{
	char hex[SHA256_HEX_LEN];
	BUF_AUTO path = { 0 };
	sha256_hex(name, hex);
	buf_addf(&path, "%s/parts/%s", c->folder, hex);
	return xstrdup(path.ptr);
}

bool
cache_sha256(const char *hex, unsigned char out[SHA256_LEN])
{
	BUF_AUTO bytes = { 0 };
	if (!hex_decode(&bytes, str_of(hex)) || bytes.len != SHA256_LEN)
		return false;
	memcpy(out, bytes.ptr, SHA256_LEN);
	return true;
}

struct object *
cache_adopt(struct cache *c, const unsigned char *sha256, uint64_t size)
{
	struct stat st;
	TEXT_AUTO path = cache_object_path(c, sha256);
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return NULL;
	return index_object_add(c, sha256, size, clock_now(c->clock));
}

/* ---- opening ---- */

static void
read_objects(struct cache *c, const char *folder)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (struct dirent *d; (d = readdir(dir));) {
		unsigned char sha256[SHA256_LEN];
		struct stat st;
		if (strlen(d->d_name) == SHA256_HEX_LEN - 1 && cache_sha256(d->d_name, sha256) &&
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			index_object_add(c, sha256, (uint64_t)st.st_size, (int64_t)st.st_mtime * 1000);
	}
	closedir(dir);
}

static bool
read_folder(struct cache *c, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *objects = path_join(&a, c->folder, "objects");
	if (!dir_make(objects, 0750, e) || !dir_make(path_join(&a, c->folder, "parts"), 0750, e))
		return false;
	for (unsigned i = 0; i < 256; i++) {
		struct str name = arena_printf(&a, "%s/%02x", objects, i);
		if (mkdir(name.ptr, 0750) != 0 && errno != EEXIST)
			return err_sys(e, "cannot make the folder %s", name.ptr);
		read_objects(c, name.ptr);
	}
	index_sort(c, clock_now(c->clock));
	return true;
}

static void
drop_old_parts(struct cache *c)
{
	ARENA_AUTO a = { 0 };
	const char *folder = path_join(&a, c->folder, "parts");
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	int64_t now = clock_now(c->clock);
	for (struct dirent *d; (d = readdir(dir));) {
		struct stat st;
		if (d->d_name[0] == '.' || fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (now - (int64_t)st.st_mtime * 1000 > PART_AGE || str_starts(str_of(d->d_name), STR("put-")))
			unlinkat(dirfd(dir), d->d_name, 0);
	}
	closedir(dir);
}

static uint64_t
size_default(const char *folder)
{
	uint64_t total = 0;
	struct err e = { 0 };
	if (!file_space_total(folder, &total, &e))
		return SIZE_DEFAULT_MAX;
	total = total / 10 * 6;
	return total < SIZE_DEFAULT_MAX ? total : SIZE_DEFAULT_MAX;
}

bool
cache_open(const struct cache_options *o, struct cache **out, struct err *e)
{
	struct cache *c = xcalloc(1, sizeof(*c));
	c->folder = xstrdup(o->folder);
	c->clock = o->clock ? o->clock : &clock_system;
	c->age_max = o->age_max ? o->age_max : AGE_DEFAULT;
	c->journal = c->lock = -1;
	pthread_mutex_init(&c->mutex, NULL);
	if (!read_folder(c, e) || !journal_open(c, e)) {
		cache_close(c);
		return err_wrap(e, "opening the cache in %s", o->folder);
	}
	c->size_max = o->size_max ? o->size_max : size_default(o->folder);
	drop_old_parts(c);
	*out = c;
	return true;
}

void
cache_close(struct cache *c)
{
	if (!c)
		return;
	index_free(c);
	journal_close(c);
	pthread_mutex_destroy(&c->mutex);
	free(c->folder);
	free(c);
}

/* ---- looking ---- */

/* The object that a URL stands for, when it is there. */
static struct object *
url_object(struct cache *c, const struct known_url *u)
{
	struct object *o = index_object(c, u->sha256);
	if (!o)
		o = cache_adopt(c, u->sha256, u->size);
	return o && o->size == u->size ? o : NULL;
}

static struct known_url *
find_url(struct cache *c, struct str url)
{
	struct known_url *u = index_url(c, url);
	struct object *o = u ? index_object(c, u->sha256) : NULL;
	if (o && o->size == u->size)
		return u;
	journal_catch_up(c);
	u = index_url(c, url);
	return u && url_object(c, u) ? u : NULL;
}

bool
cache_find(struct cache *c, struct str url, struct cache_entry *out)
{
	pthread_mutex_lock(&c->mutex);
	struct known_url *u = find_url(c, url);
	if (u)
		index_entry(u, out);
	pthread_mutex_unlock(&c->mutex);
	return u != NULL;
}

bool
cache_has(struct cache *c, struct str url_or_sha256)
{
	unsigned char sha256[SHA256_LEN];
	char hex[SHA256_HEX_LEN];
	struct cache_entry entry;
	if (url_or_sha256.len != SHA256_HEX_LEN - 1 || str_contains(url_or_sha256, STR(":")))
		return cache_find(c, url_or_sha256, &entry);
	memcpy(hex, url_or_sha256.ptr, SHA256_HEX_LEN - 1);
	hex[SHA256_HEX_LEN - 1] = '\0';
	if (!cache_sha256(hex, sha256))
		return false;
	TEXT_AUTO path = cache_object_path(c, sha256);
	return file_exists(path);
}

/* Makes room among the objects that are kept open: the one unused for longest is closed. */
static void
open_limit(struct cache *c)
{
	if (c->open_count < OPEN_MAX_COUNT)
		return;
	struct object *o = c->oldest;
	while (o && !o->open)
		o = o->newer;
	if (o)
		index_object_close(c, o);
}

/* With a reference for the caller. */
static struct blob *
object_open(struct cache *c, struct object *o)
{
	int64_t now = clock_now(c->clock);
	if (!o->open) {
		TEXT_AUTO path = cache_object_path(c, o->sha256);
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		struct stat st;
		if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != o->size) {
			/* Somebody took it away, or cut it: it is not there. */
			if (fd >= 0)
				close(fd);
			if (fd >= 0 || errno == ENOENT || errno == ELOOP)
				index_object_remove(c, o);
			return NULL;
		}
		open_limit(c);
		o->open = blob_new(fd, o->size);
		c->open_count++;
	}
	index_object_use(c, o, now);
	if (now - o->touched > TOUCH_MS || o->touched > now) {
		(void)!futimens(o->open->fd, NULL);
		o->touched = now;
	}
	return blob_ref(o->open);
}

struct blob *
cache_open_url(struct cache *c, struct str url, struct cache_entry *entry)
{
	struct blob *b = NULL;
	pthread_mutex_lock(&c->mutex);
	struct known_url *u = find_url(c, url);
	struct object *o = u ? url_object(c, u) : NULL;
	if (o) {
		index_entry(u, entry);
		b = object_open(c, o);
	}
	pthread_mutex_unlock(&c->mutex);
	return b;
}

struct blob *
cache_open_digest(struct cache *c, const unsigned char *sha256)
{
	pthread_mutex_lock(&c->mutex);
	struct object *o = index_object(c, sha256);
	struct stat st;
	if (!o) {
		/* Another process may have put it there: a bundle's import. */
		TEXT_AUTO path = cache_object_path(c, sha256);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			o = index_object_add(c, sha256, (uint64_t)st.st_size, clock_now(c->clock));
	}
	struct blob *b = o ? object_open(c, o) : NULL;
	pthread_mutex_unlock(&c->mutex);
	return b;
}

int
cache_object(struct cache *c, const char *hex, uint64_t *size)
{
	unsigned char sha256[SHA256_LEN];
	struct stat st;
	if (!cache_sha256(hex, sha256))
		return -1;
	TEXT_AUTO path = cache_object_path(c, sha256);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -1;
	}
	(void)!futimens(fd, NULL);
	*size = (uint64_t)st.st_size;
	return fd;
}

/* ---- changing ---- */

bool
cache_record(struct cache *c, struct str url, const struct cache_entry *entry, struct err *e)
{
	pthread_mutex_lock(&c->mutex);
	bool ok = journal_append(c, url, entry, e);
	pthread_mutex_unlock(&c->mutex);
	return ok;
}

bool
cache_forget(struct cache *c, struct str url, struct err *e)
{
	pthread_mutex_lock(&c->mutex);
	bool ok = !index_url(c, url) || journal_append(c, url, NULL, e);
	pthread_mutex_unlock(&c->mutex);
	return ok;
}

/* ---- room ---- */

static bool
remove_oldest(struct cache *c)
{
	struct object *o = c->oldest;
	TEXT_AUTO path = cache_object_path(c, o->sha256);
	if (unlink(path) != 0 && errno != ENOENT) {
		log_warn("cache", "%s cannot be removed: %s", path, strerror(errno));
		return false;
	}
	index_object_remove(c, o);
	return true;
}

/* Once an hour, and of all objects no more than a twenty-fourth at a time: a clock that was set wrong is seen before it
 * has emptied the cache. */
static size_t
remove_aged(struct cache *c)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t tick = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if (c->aged != 0 && tick - c->aged < AGE_EVERY_MS)
		return 0;
	c->aged = tick;
	int64_t now = clock_now(c->clock);
	size_t most = c->object_count / 24 + 1, gone = 0;
	while (gone < most && c->oldest && now - c->oldest->used > c->age_max && remove_oldest(c))
		gone++;
	return gone;
}

size_t
cache_evict(struct cache *c, uint64_t wanted)
{
	size_t gone = 0;
	pthread_mutex_lock(&c->mutex);
	/* What is larger than the whole cache is not kept: nothing goes for it. */
	uint64_t keep = wanted <= c->size_max ? c->size_max - wanted : UINT64_MAX;
	while (c->oldest && c->bytes > keep && remove_oldest(c))
		gone++;
	gone += remove_aged(c);
	c->evicted += gone;
	if (c->url_count > 4 * c->object_count + URLS_SPARE)
		index_url_sweep(c);
	pthread_mutex_unlock(&c->mutex);
	return gone;
}

struct cache_stats
cache_stats(struct cache *c)
{
	pthread_mutex_lock(&c->mutex);
	struct cache_stats s = { c->object_count, c->bytes, c->size_max, c->url_count, c->evicted };
	pthread_mutex_unlock(&c->mutex);
	return s;
}
