/* Inside the room: JSON records of one form taken apart for compression: what they share is kept once as a template, and the
 * values of each place stand behind each other, where like is beside like. */
#ifndef MAMORI_EXPOSURE_RAW_SPLIT_H
#define MAMORI_EXPOSURE_RAW_SPLIT_H

#include "exposure/vocabulary.h"

enum {
	SPLIT_TEMPLATES = 48, /* of one block; records of more forms are stored as they are */
	SPLIT_SLOTS = 1024, /* places of all templates together */
	SPLIT_STRING = 1, /* stands in a template for what is between quotation marks */
	SPLIT_NUMBER = 2,
};

struct raw_split {
	struct vocabulary templates;
	struct buf of; /* varint: each record's template */
	uint32_t first_slot[SPLIT_TEMPLATES + 1];
	struct buf slots[SPLIT_SLOTS]; /* values, each with a line end */
	uint32_t slot_count;
};

/* Takes records apart that are lines. False: they are not alike enough, or not JSON. */
bool raw_split(struct raw_split *s, struct str lines) MUST_CHECK;
void raw_split_write(const struct raw_split *s, struct buf *out);
void raw_split_free(struct raw_split *s);
/* The inverse: what raw_split_write() wrote at p to lines, of `records`; the place behind, or NULL: damaged. At most max bytes
 * are made. */
const uint8_t *raw_join(const uint8_t *p, const uint8_t *end, uint64_t records, size_t max, struct buf *lines);

#endif
