/* Why a question found nothing: the terms that no banner at all matches, so that a slip of the pen is not taken for an
 * answer. */
#ifndef MAMORI_EXPOSURE_NOTHING_H
#define MAMORI_EXPOSURE_NOTHING_H

#include "exposure/backend.h"

enum { NOTHING_TERMS = 16 /* are counted at most */ };

struct nothing {
	bool empty; /* nothing is imported at all */
	ARRAY_OF(const struct query *) terms; /* parts of the query's tree */
};

/* What must not be there may be nowhere: negated terms are not looked at. */
bool exposure_nothing(const struct exposure_backend *b, void *state, const struct query *q, struct arena *a,
		      struct nothing *out, struct err *e) MUST_CHECK;
/* The query without one of its terms, in canonical form. */
struct str exposure_without(const struct query *q, const struct query *term, struct arena *a);

#endif
