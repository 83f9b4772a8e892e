/* Pieces of order-preserving keys. Each piece ends itself (none is the beginning of another of its kind), so that
 * pieces written one behind the other compare like tuples. */
#ifndef MAMORI_VERSION_KEY_H
#define MAMORI_VERSION_KEY_H

#include "base/buf.h"

/* Digits by value, as digits_cmp orders them: how many there are without leading zeros, then two in a byte. */
void key_number(struct buf *out, struct str digits);
/* Bytes as str_cmp orders them; NUL is escaped, so that the end sorts before everything. */
void key_text(struct buf *out, struct str text);
/* The same, ASCII capitals as small letters. */
void key_text_folded(struct buf *out, struct str text);

#endif
