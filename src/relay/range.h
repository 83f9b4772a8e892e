/* What a host asks of a file: a part of it, or all of it only if it changed (RFC 9110, sections 13 and 14). */
#ifndef MAMORI_RELAY_RANGE_H
#define MAMORI_RELAY_RANGE_H

#include "base/str.h"

struct range_ask {
	struct str range, if_range, if_none_match, if_modified_since; /* fields, or STR_NONE */
};

struct range {
	int status; /* 200, 206, 304, 416 */
	uint64_t first, end; /* bytes first … end − 1 */
};

/* size: of the whole file; etag and last_modified: of it, empty when it has none. Several ranges at once are answered
 * with the whole file, as section 14.2 allows. */
void range_find(const struct range_ask *ask, uint64_t size, struct str etag, struct str last_modified,
		struct range *out);

#endif
