/* Inside the room: what happens to segments when others come beside them. */
#ifndef MAMORI_EXPOSURE_JOIN_H
#define MAMORI_EXPOSURE_JOIN_H

#include "exposure/index-read.h"
#include "exposure/segment-write.h"

/* Finds banners that are in segments from `first` on and also elsewhere (or twice), writes each once, with the values,
 * records and origins of all, into *joined (NULL: there was none), and marks them dead where they were. On the way counts
 * the different addresses of segments from `count_from` (at most first) on that are not in the ones before. On all cores. */
bool join_segments(struct exposure_index *ix, size_t first, size_t count_from, const char *data,
		   struct segment_writer **joined, uint64_t *addresses, struct err *e) MUST_CHECK;
/* Adds banner doc of segment i, whose origins become w's. */
bool join_copy(struct exposure_index *ix, size_t i, uint32_t doc, struct segment_writer *w, struct raw_cache *cache,
	       struct err *e) MUST_CHECK;
/* The same with one value more (NULL: none). */
bool join_copy_with(struct exposure_index *ix, size_t i, uint32_t doc, const struct banner_value *more,
		    struct segment_writer *w, struct raw_cache *cache, struct err *e) MUST_CHECK;
/* A mark that the banner counts no more. */
void segment_kill(struct segment *s, uint32_t doc);

#endif
