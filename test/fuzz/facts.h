/* What the targets of readers of answers share: "QUESTION\nANSWER", and what every fact promises. */
#ifndef MAMORI_FUZZ_FACTS_H
#define MAMORI_FUZZ_FACTS_H

#include "surface/read.h"

#include <stdlib.h>

#include "../unit/surface/facts.h"

typedef void facts_reader_fn(struct facts *f, struct str what, struct str answer);

static inline void
facts_check(const struct facts *f)
{
	if (!facts_are_sound(f))
		abort();
}

static inline int
facts_fuzz(const uint8_t *data, size_t size, facts_reader_fn *reader)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct str what = { 0 }, answer = str_sub((const char *)data, size);
	if (!str_line(&answer, &what))
		return 0;
	reader(&f, what, answer);
	facts_check(&f);
	return 0;
}

#endif
