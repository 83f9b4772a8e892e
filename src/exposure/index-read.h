/* Inside the room: an opened index. */
#ifndef MAMORI_EXPOSURE_INDEX_READ_H
#define MAMORI_EXPOSURE_INDEX_READ_H

#include "exposure/index.h"
#include "exposure/manifest.h"
#include "exposure/mine.h"
#include "exposure/segment.h"

#include <stdatomic.h>

/* The values of all segments of a column under common numbers. */
struct column_union {
	uint32_t count;
	uint32_t **numbers; /* of each segment: common number of each of its values; NULL: it has none */
	struct union_name {
		uint32_t segment, number;
	} * names; /* where a common number's text stands */
};

struct exposure_index {
	struct arena arena;
	struct manifest manifest;
	struct segment **segments; /* those that could be opened */
	size_t count;
	const struct segment_origin **origins; /* of each segment */
	size_t *origin_counts;
	struct str *damaged;
	size_t damaged_count;
	const char *manifest_path;
	struct manifest_mark mark; /* of the manifest's file when it was read */
	struct mine mine; /* networks of our own */
	const char *mine_path;
	struct manifest_mark mine_mark;
	_Atomic(struct column_union *) unions[COLUMNS]; /* made when first needed */
	int64_t deadline; /* 0: none */
	atomic_bool late; /* the deadline passed while something was asked */
};

/* The deadline has passed; remembered until the next one is set. */
bool index_is_late(struct exposure_index *ix);
/* False with ERR_BUSY: what was just asked was given up. */
bool index_in_time(struct exposure_index *ix, struct err *e) MUST_CHECK;

/* Opens the segments that a manifest names; what is damaged is set aside. False: one is missing, as when another process
 * merged them meanwhile (ERR_NOT_FOUND; only if whole, else it is set aside). */
bool index_open_manifest(struct exposure_index *ix, const char *folder, bool whole, struct err *e) MUST_CHECK;

/* Banners that count no more, as a file of its own. */
bool dead_write(const char *path, const uint64_t *bits, uint32_t docs, struct err *e) MUST_CHECK;
bool dead_read(const char *path, uint32_t docs, uint64_t **bits, struct err *e) MUST_CHECK;

/* All of one banner: values in the arena, views of the record in the cache. origins: numbers of the segment's origins. */
struct decoded {
	struct banner banner;
	uint32_t *origins;
	size_t origin_count;
};
bool banner_decode(struct segment *s, uint32_t doc, bool raw, struct raw_cache *cache, struct arena *a,
		   struct decoded *out) MUST_CHECK;
/* What tells one banner from another. */
struct banner_key {
	unsigned char ip[16];
	uint16_t port;
	uint8_t transport;
	int64_t timestamp;
};
void banner_read_key(struct segment *s, uint32_t doc, struct banner_key *key);
/* By which samples are drawn; ClickHouse computes the same (clickhouse-sql.c). */
uint64_t banner_key_hash(const struct banner_key *key, uint64_t seed);
/* A number of a column with one value for each banner. */
int64_t column_number(struct segment *s, struct column *c, uint32_t doc, bool *there);

#endif
