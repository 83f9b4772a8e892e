/* Facets of what was stated or inferred: "os:any". A value counts the banners of which either says it, each once, as the query
 * os:any:VALUE finds them. Works with every store. */
#ifndef MAMORI_EXPOSURE_FACET_ANY_H
#define MAMORI_EXPOSURE_FACET_ANY_H

#include "exposure/backend.h"

/* What people write: "country", "country:10", "os:any", "os:any:10", "os.any", "os/country:50". */
struct facet_words {
	enum field field, second; /* second: FIELDS unless two-way */
	bool any;
	uint64_t top;
};
/* top holds what is meant without a number. ERR_USAGE. */
bool facet_words_read(struct str text, struct facet_words *w, struct err *e) MUST_CHECK;
/* Asks the store for them. */
bool facet_ask(const struct exposure_backend *b, void *state, const struct query *q, const struct facet_words *w,
	       struct arena *a, struct facet *out, struct err *e) MUST_CHECK;
/* "os", "os:any" */
struct str facet_field_name(struct arena *a, const struct facet *f);

#endif
