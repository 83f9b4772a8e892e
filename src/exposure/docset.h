/* Inside the room: a set of the banners of one segment, by number: a sorted list while it is small, else a bit for
 * each. And its stored form, a posting. */
#ifndef MAMORI_EXPOSURE_DOCSET_H
#define MAMORI_EXPOSURE_DOCSET_H

#include "exposure/bits.h"

struct docset {
	uint32_t docs; /* banners of the segment */
	uint32_t count; /* in the set */
	uint32_t *list; /* sorted; NULL: bits */
	const uint64_t *bits; /* docset_words(docs) of them; none is set behind the last banner */
	void *own; /* memory to free; bits may lie in a mapped file instead */
};

void docset_free(struct docset *s);
#define DOCSET_AUTO __attribute__((cleanup(docset_free))) struct docset

static inline size_t
docset_words(uint32_t docs)
{
	return ((size_t)docs + 63) / 64;
}

static inline bool
docset_bit(const uint64_t *bits, uint32_t doc)
{
	return bits[doc >> 6] >> (doc & 63) & 1;
}

struct docset docset_none(uint32_t docs);
struct docset docset_all(uint32_t docs);
/* Takes over a malloc'ed list. */
struct docset docset_of_list(uint32_t docs, uint32_t *list, uint32_t count);
/* Takes over malloc'ed words and counts them. */
struct docset docset_of_bits(uint32_t docs, uint64_t *bits);
/* A set with bits of its own, to be written to; the count is not kept. */
uint64_t *docset_new_bits(uint32_t docs);
bool docset_has(const struct docset *s, uint32_t doc);
/* Each takes a over: what comes back is the answer. b stays. */
struct docset docset_and(struct docset a, const struct docset *b);
struct docset docset_minus(struct docset a, const struct docset *b);
struct docset docset_or(struct docset a, const struct docset *b);
struct docset docset_not(struct docset a);
/* Walks: for (uint32_t d = docset_first(s, &w); d != DOCSET_END; d = docset_next(s, &w)) */
enum { DOCSET_BATCH = 1024 };
#define DOCSET_END UINT32_MAX
struct docset_walk {
	uint64_t word;
	size_t at;
};
/* The next numbers, at most DOCSET_BATCH; 0 at the end. Start with a zeroed walk. */
size_t docset_batch(const struct docset *s, struct docset_walk *w, uint32_t *into);

/* ---- stored ---- */

/* Appends count sorted numbers below docs in the smallest form (bits are aligned to 8 in the file). fast: of a value that one
 * banner in 16 has, a bit for each banner, which needs no decoding; there are no 16 of them in a column. */
void posting_write(struct buf *out, const uint32_t *list, uint32_t count, uint32_t docs, bool fast);
/* bytes: the posting; section_end: PACKED_PAD bytes behind it are readable. False: damaged. */
bool posting_read(struct str bytes, uint32_t count, uint32_t docs, struct docset *out) MUST_CHECK;

#endif
