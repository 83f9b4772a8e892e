/* How many bytes a second may come from origins, by the hour of the day. */
#ifndef MAMORI_RELAY_LIMIT_H
#define MAMORI_RELAY_LIMIT_H

#include "base/err.h"
#include "base/str.h"
#include "relay/relay.h"

/* "08:00-18:00=10M" (bytes a second; k, M, G of 1000; 0 closes the line), "=2M" all day. */
bool limit_parse(struct str text, struct relay_limit *out, struct err *e) MUST_CHECK;
/* "10M", "1.5G" and plain numbers. */
bool size_parse(struct str text, uint64_t *out);
/* The smallest limit in force at that minute of the day; UINT64_MAX when there is none. */
uint64_t limit_at(const struct relay_limit *limits, size_t count, unsigned minute);

/* A bucket that fills at that rate. Not for several threads. */
struct bucket {
	uint64_t rate; /* UINT64_MAX: no limit */
	int64_t filled; /* monotonic milliseconds */
	int64_t tokens;
};
/* Fills it up to now. */
void bucket_fill(struct bucket *b, uint64_t rate, int64_t now);
static inline bool
bucket_open(const struct bucket *b)
{
	return b->rate == UINT64_MAX || b->tokens > 0;
}

/* How large the cache may be, as `relay run` was told: in R/cache.limit, so that what is taken in beside it keeps to it. 0: by
 * the disk. */
bool cache_limit_keep(const char *data, uint64_t size, struct err *e) MUST_CHECK;
uint64_t cache_limit_kept(const char *data);

#endif
