/* The relay's store of files: objects named by their SHA-256, and what each URL stands for. A file becomes an object
 * only whole, and where its digest is known only if it has that digest; what is there survives a crash at any moment.
 *
 * In the folder: objects/AB/SHA256 · parts/KEY, files on their way in, with parts/KEY.of · journal, one line of JSON
 * for each URL, only appended to. Several processes may have it open: a bundle is imported beside a running relay,
 * which takes up the lines that others appended. Safe to call from any thread. */
#ifndef MAMORI_RELAY_CACHE_H
#define MAMORI_RELAY_CACHE_H

#include "base/buf.h"
#include "base/time.h"
#include "trust/key.h"

struct cache;

struct cache_options {
	const char *folder; /* made when missing */
	uint64_t size_max; /* bytes of objects kept, 0: 60 % of the file system, at most 100 GiB */
	int64_t age_max; /* milliseconds without use after which an object goes, 0: 90 days */
	const struct clock *clock;
};

/* What a URL stands for. */
struct cache_entry {
	char sha256[SHA256_HEX_LEN];
	uint64_t size;
	bool verified; /* the digest was known before the file came; else it was only computed */
	int64_t checked; /* when the origin last said that this is current, milliseconds */
	int64_t fresh_until; /* by the origin's Cache-Control; 0: ask again */
	char etag[128], last_modified[40], type[80]; /* as the origin gave them, or empty; printable, no line ends */
};

struct cache_stats {
	uint64_t objects, bytes, size_max, urls;
	uint64_t evicted; /* objects, since the start */
};

bool cache_open(const struct cache_options *o, struct cache **out, struct err *e) MUST_CHECK;
void cache_close(struct cache *c);

/* A URL (canonical, see target.h) or 64 hexadecimal digits: is it there, whole? */
bool cache_has(struct cache *c, struct str url_or_sha256);
/* What the URL stands for; false when nothing of it is there. */
bool cache_find(struct cache *c, struct str url, struct cache_entry *out);
/* The object read-only, as a descriptor of the caller's; marks it used. -1 when it is not there. */
int cache_object(struct cache *c, const char *sha256, uint64_t *size);

/* Takes a copy of the file at path in as url: atomic, durable, its size and SHA-256 checked (ERR_REFUSED when they are
 * others). It counts as verified. */
bool cache_put(struct cache *c, struct str url, const char *path, const char *sha256, uint64_t size,
	       struct err *e) MUST_CHECK;

/* Says that url stands for an object that is there already (revalidated, or another name of it). Outlives a crash of
 * this process; of the machine only what cache_put and cache_commit brought is sure to. */
bool cache_record(struct cache *c, struct str url, const struct cache_entry *entry, struct err *e) MUST_CHECK;
/* Forgets what a URL stands for; the object stays until it is evicted. */
bool cache_forget(struct cache *c, struct str url, struct err *e) MUST_CHECK;

/* ---- files on their way in ---- */

/* Where the part of this name (any text) lies; the caller owns the text. */
char *cache_part_path(struct cache *c, struct str name);
/* The whole part becomes the object of url: synced, renamed, recorded. Its digest has been checked by the caller. */
bool cache_commit(struct cache *c, struct str url, const char *part, const struct cache_entry *entry,
		  struct err *e) MUST_CHECK;

/* Several at once, which costs hardly more waiting for the disk than one. */
struct cache_commit {
	struct str url;
	const char *part;
	const struct cache_entry *entry;
	bool done;
	struct err error; /* unless done */
};
void cache_commit_all(struct cache *c, struct cache_commit *items, size_t count);

/* Makes room: what was not used for longest goes first, until `wanted` more bytes fit into size_max, and everything
 * that was not used for age_max. Gives the objects removed. Objects being read stay readable. */
size_t cache_evict(struct cache *c, uint64_t wanted);
struct cache_stats cache_stats(struct cache *c);

#endif
