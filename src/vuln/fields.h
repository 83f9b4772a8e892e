/* Small CSV texts in memory (RFC 4180): tables compiled in, lists that people write. */
#ifndef MAMORI_VULN_FIELDS_H
#define MAMORI_VULN_FIELDS_H

#include "base/arena.h"

#define FIELDS_MAX 64

struct fields {
	struct str text[FIELDS_MAX];
	size_t count, number; /* the line's, from 1 */
};

/* The next line that is neither empty nor a remark (#). *end: there is none. False: quotes that are not closed, or more
 * than FIELDS_MAX fields; the line is used up. Texts are views, or in the arena. */
bool fields_next(struct str *text, struct arena *a, struct fields *out, bool *end) MUST_CHECK;
/* The same, and a field in quotes may go on over line ends. Where its quotes never close, only the line is used up. */
bool fields_record(struct str *text, struct arena *a, struct fields *out, bool *end) MUST_CHECK;
/* "" past the end, and for place -1. */
struct str fields_at(const struct fields *f, ptrdiff_t place);

#endif
