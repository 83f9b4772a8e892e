/* The order for versions of unknown make, for those of other schemes that are not valid there. */
#ifndef MAMORI_VERSION_GENERIC_H
#define MAMORI_VERSION_GENERIC_H

#include "version/parts.h"

struct generic {
	struct str rest;
	bool after_digits;
	size_t zeros; /* so many 0 are known to come before a number above 0 */
};

struct generic generic_start(struct str v);
part_next_fn generic_next;

#endif
