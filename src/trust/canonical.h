/* Canonical JSON as signatures of update metadata are over (OLPC's "Canonical JSON", wiki.laptop.org/go/Canonical_JSON):
 * no blanks, keys in the order of their bytes, strings with only " and \ escaped, whole numbers without sign of zero or
 * leading zeros, no fractions or exponents. */
#ifndef MAMORI_TRUST_CANONICAL_H
#define MAMORI_TRUST_CANONICAL_H

#include "base/json.h"

/* Appends the canonical form. ERR_INPUT for a number that is not whole. */
bool canonical_write(const struct json *value, struct buf *out, struct err *e) MUST_CHECK;

#endif
