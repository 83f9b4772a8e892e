/* What SemVer and NuGet share: numbers, labels of a pre-release, build metadata. */
#ifndef MAMORI_VERSION_SEMANTIC_H
#define MAMORI_VERSION_SEMANTIC_H

#include "version/parts.h"

struct semantic {
	struct str rest;
	unsigned numbers; /* still to come */
	bool fold, in_labels, started;
};

/* A walk over v with that many numbers; missing ones are 0. */
struct semantic semantic_start(struct str v, unsigned numbers, bool fold);
part_next_fn semantic_next;
/* MAJOR.MINOR.PATCH (between `least` and `most` numbers) [-labels][+metadata], perhaps behind a v; leading zeros only
 * where `padded`. */
bool semantic_valid(struct str v, unsigned least, unsigned most, bool padded);

#endif
