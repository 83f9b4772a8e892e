/* Normalised records on their way into a feed file: one bucket per feed and source, each record once per key,
 * the newest one. */
#ifndef MAMORI_VULN_BUCKET_H
#define MAMORI_VULN_BUCKET_H

#include "vuln/feed.h"
#include "vuln/record.h"

#define BUCKET_MAX (UINT64_C(1) << 30) /* bytes of one feed and source */

struct bucket {
	char feed[32];
	char source[96]; /* whose content it is: an OSV ecosystem, else "" (the feed has one publisher) */
	char path[256]; /* where it came from, for people */
	bool merge; /* its records replace earlier ones one by one, never the whole */
	int64_t published; /* what the feed says of its own age, 0: nothing */
	int64_t imported;
	struct buf payload;
	uint32_t *slots; /* hashed keys: where their newest row is + 1; the key itself is read there */
	size_t slot_count; /* a power of two */
	uint64_t count; /* live records */
};

struct bucket_set {
	struct bucket *items[64];
	size_t count;
};

struct bucket_row { /* one record in a payload */
	bool live;
	int64_t modified;
	struct str key, body;
};

/* The set's bucket for feed and source, made when missing; NULL when the set is full. */
struct bucket *bucket_set_get(struct bucket_set *s, const char *feed, struct str source);
void bucket_set_clear(struct bucket_set *s);
void bucket_set_drop(struct bucket_set *s, size_t i);
#define BUCKET_SET_AUTO __attribute__((cleanup(bucket_set_clear))) struct bucket_set
/* Moves everything of `from` into `into`, which may lose older records to it; *duplicates counts keys met twice. */
bool bucket_set_merge(struct bucket_set *into, struct bucket_set *from, uint64_t *duplicates, struct err *e) MUST_CHECK;

enum bucket_put { BUCKET_ADDED, BUCKET_REPLACED, BUCKET_OLDER };
bool bucket_put(struct bucket *b, struct str key, int64_t modified, struct str body, enum bucket_put *how,
		struct err *e) MUST_CHECK;
/* The live row of a key; false when there is none. */
bool bucket_find(const struct bucket *b, struct str key, struct bucket_row *row);
/* Walks a payload from offset 0; false at the end, *bad when it is damaged. */
bool bucket_row_next(struct str payload, size_t *offset, struct bucket_row *row, bool *bad);

/* A feed file (doc/feed-store.md) of what the bucket holds. The bucket's memory becomes the file's: the bucket
 * keeps its names and its count, but no record. */
void bucket_write(struct bucket *b, struct buf *out);
/* Header into *out (payload not copied); false: damaged or foreign, e says which file. */
bool bucket_open(const char *path, struct str file, struct bucket *out, struct str *payload, struct err *e) MUST_CHECK;
/* The header alone, from a file's first bytes; the payload is not looked at. */
bool bucket_open_head(const char *path, struct str start, struct bucket *out, struct err *e) MUST_CHECK;
/* "osv-AlmaLinux.feed" */
struct str bucket_file_name(const struct bucket *b, struct arena *a);

#endif
