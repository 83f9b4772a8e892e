/* Inside the room: the addresses of many segments side by side, each of them once, in order. The cost of one does not depend on how
 * many segments there are, but for a logarithm. */
#ifndef MAMORI_EXPOSURE_ADDRESS_WALK_H
#define MAMORI_EXPOSURE_ADDRESS_WALK_H

#include "exposure/index-read.h"

struct address_place {
	uint32_t segment, rank;
};

struct address_cursor;
struct address_walk {
	struct exposure_index *ix;
	struct address_cursor *cursors; /* of each segment */
	bool *aside; /* segments whose own addresses are not asked for: they are only looked up in them */
	uint32_t *heap; /* the other segments, the smallest address on top */
	size_t heap_count;
	uint64_t from, to; /* of IPv4, as numbers; what ends with the last one goes on with IPv6 */
	bool v6; /* after all of IPv4 */
	uint64_t walked; /* places since pages were let go */
	/* what was found: one address, where it is, and how many banners it has there */
	struct address_place *places;
	size_t count;
	uint64_t banners;
};

/* What is needed to walk a segment's addresses is there and whole. */
bool address_walk_ready(struct segment *s) MUST_CHECK;
/* The same of its banners' keys (banner_read_key). */
bool address_keys_ready(struct segment *s) MUST_CHECK;
/* Addresses of the segments from `first` on, and where else they are; all segments are ready. More segments may be set aside by
 * address_walk_aside() before the first step. */
void address_walk_begin(struct address_walk *w, struct exposure_index *ix, size_t first);
/* The same for a part of the addresses. Walks of different parts can be done at the same time; pages are let go by who does. */
void address_walk_begin_part(struct address_walk *w, struct exposure_index *ix, size_t first, uint64_t from,
			     uint64_t to);
/* Bounds of parts with about so many banners each: part i is from (*bounds)[i] to (*bounds)[i + 1]. Returns how many, at least 1;
 * the bounds are malloc'ed. */
size_t address_walk_parts(struct exposure_index *ix, size_t banners, uint64_t **bounds);
void address_walk_aside(struct address_walk *w, size_t segment);
bool address_walk_next(struct address_walk *w);
void address_walk_end(struct address_walk *w);

#endif
