/* Inside the room: what publishers call the copies that we have (DATA/feeds/validators.json), so that an update asks
 * for changes only. */
#ifndef MAMORI_VULN_VALIDATORS_H
#define MAMORI_VULN_VALIDATORS_H

#include "base/arena.h"
#include "base/time.h"

struct validator {
	struct str url;
	char etag[200], last_modified[64];
	int64_t newest; /* of a list: the date of the newest document that is imported */
	int64_t checked; /* when the publisher last said that this is its newest */
};

struct validators {
	struct arena *arena;
	ARRAY_OF(struct validator) list;
};

/* Missing or damaged: empty, and everything is fetched whole. */
void validators_read(struct validators *v, const char *data);
bool validators_write(const struct validators *v, const char *data, struct err *e) MUST_CHECK;
struct validator *validators_find(const struct validators *v, struct str url);
struct validator *validators_put(struct validators *v, struct str url); /* found or made */

#endif
