/* A version as a row of parts, compared one after the other like words of a dictionary. A scheme cuts its versions
 * into parts such that this comparison is its order; that it is a total order, and that the key agrees, then follows
 * for all input. */
#ifndef MAMORI_VERSION_PARTS_H
#define MAMORI_VERSION_PARTS_H

#include "base/buf.h"

enum part_value { PART_BARE, PART_NUMBER, PART_TEXT, PART_TEXT_FOLDED };

/* Rank decides first; parts of one rank at one place have one kind of value. Every row ends with a part of rank `last`
 * of its scheme, which is the only one to have it. */
struct part {
	unsigned char rank;
	bool last;
	enum part_value value;
	struct str text;
};

/* The next part of a walk, which knows its version; not called again behind the last. */
typedef struct part part_next_fn(void *walk);

int part_compare(const struct part *x, const struct part *y);
int parts_compare(void *a, void *b, part_next_fn *next);
void parts_key(void *walk, part_next_fn *next, struct buf *out);

static inline struct part
part_bare(unsigned char rank)
{
	return (struct part){ .rank = rank };
}

static inline struct part
part_last(unsigned char rank)
{
	return (struct part){ .rank = rank, .last = true };
}

static inline struct part
part_number(unsigned char rank, struct str digits)
{
	return (struct part){ .rank = rank, .value = PART_NUMBER, .text = digits };
}

static inline struct part
part_text(unsigned char rank, struct str text)
{
	return (struct part){ .rank = rank, .value = PART_TEXT, .text = text };
}

static inline struct part
part_folded(unsigned char rank, struct str text)
{
	return (struct part){ .rank = rank, .value = PART_TEXT_FOLDED, .text = text };
}

/* str_cmp with ASCII capitals as small letters. */
int str_cmp_folded(struct str a, struct str b);
/* The place of a word in a list, case folded; -1 when it is not there. */
int word_find(struct str word, const struct str *words, size_t count);

#endif
