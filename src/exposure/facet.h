/* Inside the room: how often each value of a column is among the hits of one segment. */
#ifndef MAMORI_EXPOSURE_FACET_H
#define MAMORI_EXPOSURE_FACET_H

#include "exposure/eval.h"

struct tally {
	struct segment *s;
	struct column *c;
	uint32_t *counts; /* by number of the value */
	uint32_t values;
	int64_t *numbers; /* plain columns: the values themselves, sorted; else NULL */
	uint64_t total; /* entries counted */
	uint32_t most;
};
void tally_free(struct tally *t);
/* False: damaged. */
bool tally_segment(struct evaluator *ev, struct column *c, const struct query *q, struct tally *t) MUST_CHECK;

/* Of a column whose segments have dictionaries; NULL: one of them is damaged. It belongs to the index. */
const struct column_union *column_union_of(struct exposure_index *ix, unsigned column);
void column_union_free(struct column_union *u, size_t segments);

/* Two-way: out->field by out->second. */
bool facet_pairs(struct exposure_index *ix, const struct query *q, size_t top, struct arena *a, struct facet *out);

/* Number of the step that holds an instant, and its name. */
int64_t histogram_step_of(enum histogram_step step, int64_t ms);
struct str histogram_step_name(struct arena *a, enum histogram_step step, int64_t n);

/* A value as people and machines read it. */
struct str value_text(enum field f, struct arena *a, struct segment *s, struct column *c, const int64_t *numbers,
		      uint32_t i);
struct str number_text(enum field f, struct arena *a, int64_t v);
struct str address_text(struct arena *a, const unsigned char ip[16]);

#endif
