/* Inside the room: JSON records of one form taken apart for compression: what they share is kept once as a template, and the
 * values of each place stand behind each other, where like is beside like. */
#ifndef MAMORI_EXPOSURE_RAW_SPLIT_H
#define MAMORI_EXPOSURE_RAW_SPLIT_H

#include "exposure/banner.h"
#include "exposure/vocabulary.h"

enum {
	SPLIT_TEMPLATES = 48, /* of one block; records of more forms are stored as they are */
	SPLIT_SLOTS = 1024, /* places of all templates together */
	SPLIT_STRING = 1, /* stands in a template for what is between quotation marks */
	SPLIT_NUMBER = 2,
	SPLIT_FORMS = 4, /* of records that came last: mostly the next one has one of these */
};

/* What stands between the values of a record. */
struct split_form {
	uint32_t template, count;
	uint16_t gap[PIECES_MAX + 1]; /* how long each is; the highest bit: a number follows */
	char text[VALUE_MAX + 2 * PIECES_MAX + 16]; /* behind each other */
};

struct raw_split {
	struct vocabulary templates;
	uint32_t template_count; /* of these, the ones that records have */
	struct buf of; /* varint: each record's template */
	uint32_t first_slot[SPLIT_TEMPLATES + 1];
	struct buf slots[SPLIT_SLOTS]; /* values, each with a line end */
	uint32_t slot_count;
	struct split_form form[SPLIT_FORMS];
	uint32_t form_count, form_next;
};

/* Where the values of a record stand, where nobody has looked yet; room for PIECES_MAX. False: there are more, it has control
 * characters, or a string does not end. */
bool raw_pieces(struct str record, struct raw_piece *out, size_t *count) MUST_CHECK;
/* Takes one more record apart. False: it is not like those before it, or not JSON, and nothing was added. */
bool raw_split_add(struct raw_split *s, struct str record, const struct raw_piece *pieces, size_t count) MUST_CHECK;
void raw_split_reset(struct raw_split *s);
void raw_split_write(const struct raw_split *s, struct buf *out);
void raw_split_free(struct raw_split *s);
/* The inverse: what raw_split_write() wrote at p to lines, of `records`; the place behind, or NULL: damaged. At most max bytes
 * are made. */
const uint8_t *raw_join(const uint8_t *p, const uint8_t *end, uint64_t records, size_t max, struct buf *lines);

#endif
