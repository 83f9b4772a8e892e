/* What an origin says about a file before it sends it: the head of its answer, line by line (RFC 9110, 9111). */
#ifndef MAMORI_RELAY_ANSWER_H
#define MAMORI_RELAY_ANSWER_H

#include "base/str.h"
#include "relay/cache.h"

#define LENGTH_UNKNOWN UINT64_MAX

struct answer {
	int status; /* 0: no head yet */
	uint64_t length; /* LENGTH_UNKNOWN: not said */
	bool has_range; /* Content-Range was there and is well formed */
	uint64_t range_first, range_total; /* total: LENGTH_UNKNOWN for "*" */
	bool chunked;
	bool contradicts; /* two lengths that differ, lines that are none */
	bool no_store, no_cache, has_age;
	int64_t max_age, age; /* seconds */
	int64_t date; /* the origin's clock, milliseconds; 0: not said */
	bool has_expires;
	int64_t expires; /* by the origin's clock; 0: long ago */
	char etag[128], last_modified[40], type[80];
};

/* One line with or without its end. "HTTP/…" begins anew (after 100 Continue). */
void answer_line(struct answer *a, struct str line);

/* What says that a part belongs to the same file, byte for byte (RFC 9110, section 8.8): its tag unless that is weak, or when it
 * changed if that was long enough ago; "" without either. */
const char *answer_strong(const struct answer *a);

/* How long it may be given out without asking again, as an instant: what the origin said, else by its age and name. */
int64_t answer_fresh_until(const struct answer *a, struct str url, int64_t now);

/* "Sun, 06 Nov 1994 08:49:37 GMT", milliseconds; false: it is none. */
bool http_date_parse(struct str s, int64_t *ms);

#endif
