/* What somebody who mistyped may have meant. */
#ifndef MAMORI_BASE_SUGGEST_H
#define MAMORI_BASE_SUGGEST_H

#include "base/str.h"

/* Edits that turn a into b: a letter put in, left out, replaced, or two neighbours swapped (optimal string alignment;
 * Damerau 1964). Texts of more than 64 bytes are far from everything: SIZE_MAX. */
size_t suggest_distance(struct str a, struct str b);

/* Whether that few edits are likely a slip: at most one in three letters, and two for short words that share a start. */
bool suggest_near(struct str typed, struct str name, size_t *distance);

#endif
