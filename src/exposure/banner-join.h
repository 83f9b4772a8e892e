/* Inside the room: the same banner from several sources as one: all their values, records and texts. */
#ifndef MAMORI_EXPOSURE_BANNER_JOIN_H
#define MAMORI_EXPOSURE_BANNER_JOIN_H

#include "base/buf.h"
#include "exposure/banner.h"

struct banner_join {
	ARRAY_OF(struct banner_value) values;
	struct buf raw;
};

/* Adds what b says that is not there yet; texts are copied into a. */
void banner_join_add(struct banner_join *j, struct arena *a, const struct banner *b);
/* Its views live as long as j and the arena. */
void banner_join_end(const struct banner_join *j, struct banner *out);
void banner_join_free(struct banner_join *j);

#endif
