/* What the files of the cache share. Everything in struct cache is under its mutex. */
#ifndef MAMORI_RELAY_CACHE_INTERNAL_H
#define MAMORI_RELAY_CACHE_INTERNAL_H

#include "relay/blob.h"
#include "base/arena.h"
#include "relay/cache.h"

#include <pthread.h>

/* An object on disk. In the list by use, newest first. */
struct object {
	struct object *chain;
	struct object *newer, *older;
	unsigned char sha256[SHA256_LEN];
	uint64_t size;
	int64_t used, touched; /* touched: what the file's own time says */
	struct blob *open; /* kept open for the next reader, or NULL */
};

/* A URL; its texts lie behind it, NUL-terminated: url, etag, last-modified, type. */
struct known_url {
	struct known_url *chain;
	uint64_t hash;
	unsigned char sha256[SHA256_LEN];
	uint64_t size;
	int64_t checked, fresh_until;
	bool verified;
	unsigned short url_len, etag_at, modified_at, type_at; /* offsets in text */
	char text[];
};

struct cache {
	char *folder;
	uint64_t size_max;
	int64_t age_max;
	const struct clock *clock;
	pthread_mutex_t mutex;
	int journal, lock;
	uint64_t journal_read; /* bytes of the journal that are in memory */
	uint64_t journal_lines;
	struct buf torn; /* the beginning of a line whose end is not there yet */

	struct object **objects;
	size_t object_slots, object_count;
	struct object *newest, *oldest;
	size_t open_count;
	uint64_t bytes, evicted;
	int64_t aged; /* when the last look for old objects was, monotonic milliseconds; 0: never */

	struct known_url **urls;
	size_t url_slots, url_count;
};

/* cache-index.c: the tables in memory. */
struct object *index_object(struct cache *c, const unsigned char *sha256);
struct object *index_object_add(struct cache *c, const unsigned char *sha256, uint64_t size, int64_t used);
void index_object_remove(struct cache *c, struct object *o); /* and frees it */
void index_object_use(struct cache *c, struct object *o, int64_t now);
/* What was read in, in the order of its use. */
void index_sort(struct cache *c, int64_t now);
void index_object_close(struct cache *c, struct object *o);
struct known_url *index_url(struct cache *c, struct str url);
void index_url_put(struct cache *c, struct str url, const struct cache_entry *entry);
void index_url_remove(struct cache *c, struct str url);
void index_url_sweep(struct cache *c); /* forgets URLs whose objects are gone */
void index_entry(const struct known_url *u, struct cache_entry *out);
void index_free(struct cache *c);

/* The object on disk that this process does not know yet; NULL when there is none of that size. */
struct object *cache_adopt(struct cache *c, const unsigned char *sha256, uint64_t size);
static inline void
text_cleanup(char **p)
{
	free(*p);
}
#define TEXT_AUTO __attribute__((cleanup(text_cleanup))) char *

bool cache_sha256(const char *hex, unsigned char out[SHA256_LEN]);
/* "FOLDER/objects/AB/SHA256" */
char *cache_object_path(const struct cache *c, const unsigned char *sha256);

/* cache-journal.c */
bool journal_sync(struct cache *c, struct err *e) MUST_CHECK; /* not under the mutex: it waits for the disk */
bool journal_open(struct cache *c, struct err *e) MUST_CHECK;
void journal_close(struct cache *c);
/* Takes up what was appended since. */
void journal_catch_up(struct cache *c);
/* entry NULL: the URL is gone. */
bool journal_append(struct cache *c, struct str url, const struct cache_entry *entry, struct err *e) MUST_CHECK;
/* One line: for the journal's fuzz target too. False: it is none. */
bool journal_parse(struct str line, struct buf *url, struct cache_entry *entry, bool *gone);

/* The object behind a URL, with a reference of the caller's; NULL: not there. For the loops. */
struct blob *cache_open_url(struct cache *c, struct str url, struct cache_entry *entry);
/* The object with this digest, whatever it is called. */
struct blob *cache_open_digest(struct cache *c, const unsigned char *sha256);

#endif
