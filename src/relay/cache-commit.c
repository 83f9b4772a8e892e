/* How a file becomes an object: synced, renamed, its folder synced, then recorded, and the record synced. Nobody who reads
 * from the cache waits meanwhile. */
#include "relay/cache-internal.h"

#include "base/codec.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One of those that are taken in together. */
struct incoming {
	int fd;
	unsigned char sha256[SHA256_LEN];
};

static bool
begin(struct incoming *in, const struct cache_commit *item, struct err *e)
{
	struct stat st;
	if (!cache_sha256(item->entry->sha256, in->sha256))
		return err_set(e, ERR_BUG, "“%s” is no SHA-256", item->entry->sha256);
	in->fd = open(item->part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in->fd < 0 || fstat(in->fd, &st) != 0 || (uint64_t)st.st_size != item->entry->size)
		return err_set(e, ERR_CONFLICT, "%s changed while it was taken into the cache", item->part);
	/* The disk begins with all of them; it is asked about each below. */
	(void)!sync_file_range(in->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	/* Its own time says when it was last used. */
	return futimens(in->fd, NULL) == 0 || err_sys(e, "cannot take %s into the cache", item->part);
}

static bool
place(struct cache *c, const struct incoming *in, const struct cache_commit *item, struct err *e)
{
	TEXT_AUTO path = cache_object_path(c, in->sha256);
	return (fdatasync(in->fd) == 0 && rename(item->part, path) == 0) ||
	       err_sys(e, "cannot take %s into the cache", item->part);
}

static bool
folder_sync(struct cache *c, const struct incoming *in, const struct cache_commit *item, struct err *e)
{
	TEXT_AUTO folder = cache_object_path(c, in->sha256);
	*strrchr(folder, '/') = '\0';
	FD_AUTO fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (fd >= 0 && fsync(fd) == 0) || err_sys(e, "cannot take %s into the cache", item->part);
}

static bool
record(struct cache *c, const struct incoming *in, const struct cache_commit *item, struct err *e)
{
	pthread_mutex_lock(&c->mutex);
	/* One that was there and had been cut or lost is replaced by this. */
	struct object *old = index_object(c, in->sha256);
	if (old)
		index_object_remove(c, old);
	index_object_add(c, in->sha256, item->entry->size, clock_now(c->clock));
	bool ok = journal_append(c, item->url, item->entry, e);
	pthread_mutex_unlock(&c->mutex);
	return ok;
}

void
cache_commit_all(struct cache *c, struct cache_commit *items, size_t count)
{
	struct incoming *in = xcalloc(count, sizeof(*in));
	struct err e = { 0 };
	for (size_t i = 0; i < count; i++) {
		in[i].fd = -1;
		items[i].done = begin(&in[i], &items[i], &items[i].error);
	}
	for (size_t i = 0; i < count; i++)
		items[i].done = items[i].done && place(c, &in[i], &items[i], &items[i].error);
	for (size_t i = 0; i < count; i++)
		items[i].done = items[i].done && folder_sync(c, &in[i], &items[i], &items[i].error);
	for (size_t i = 0; i < count; i++)
		items[i].done = items[i].done && record(c, &in[i], &items[i], &items[i].error);
	bool synced = journal_sync(c, &e);
	for (size_t i = 0; i < count; i++) {
		if (!synced && items[i].done) {
			items[i].done = false;
			items[i].error = e;
		}
		if (in[i].fd >= 0)
			close(in[i].fd);
	}
	free(in);
}

bool
cache_commit(struct cache *c, struct str url, const char *part, const struct cache_entry *entry, struct err *e)
{
	struct cache_commit item = { .url = url, .part = part, .entry = entry };
	cache_commit_all(c, &item, 1);
	if (!item.done && e)
		*e = item.error;
	return item.done;
}

/* Copies and digests. */
static bool
copy_checked(int from, int to, const char *sha256, uint64_t size, const char *path, struct err *e)
{
	char seen[SHA256_HEX_LEN];
	uint64_t total = 0;
	bool ok = true;
	size_t room = 256u << 10;
	char *bytes = xcalloc(1, room);
	struct sha256_stream *s = sha256_open();
	for (ssize_t n; ok && (n = read(from, bytes, room)) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		ok = n > 0 && (total += (uint64_t)n) <= size && write(to, bytes, (size_t)n) == n;
		if (ok)
			sha256_update(s, str_sub(bytes, (size_t)n));
		else if (n > 0 && total > size)
			errno = 0;
	}
	sha256_close(s, seen);
	free(bytes);
	if (!ok && errno != 0)
		return err_sys(e, "cannot copy %s into the cache", path);
	if (!ok || total != size)
		return err_set(e, ERR_REFUSED, "%s is not as large as it should be; it was not taken in", path);
	if (strcmp(seen, sha256) != 0)
		return err_set(e, ERR_REFUSED, "%s has another SHA-256 than it should have; it was not taken in", path);
	return true;
}

bool
cache_put(struct cache *c, struct str url, const char *path, const char *sha256, uint64_t size, struct err *e)
{
	struct cache_entry entry = { .size = size, .verified = true, .checked = clock_now(c->clock) };
	BUF_AUTO name = { 0 };
	snprintf(entry.sha256, sizeof(entry.sha256), "%s", sha256);
	FD_AUTO from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return err_sys(e, "cannot open %s", path);
	cache_evict(c, size);
	buf_addf(&name, "%s/parts/put-", c->folder);
	random_token(&name, 12);
	FD_AUTO to = open(name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (to < 0)
		return err_sys(e, "cannot create a file in %s/parts", c->folder);
	bool ok = copy_checked(from, to, sha256, size, path, e) && cache_commit(c, url, name.ptr, &entry, e);
	if (!ok)
		unlink(name.ptr);
	return ok;
}
