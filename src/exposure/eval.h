/* Inside the room: a query against one segment. */
#ifndef MAMORI_EXPOSURE_EVAL_H
#define MAMORI_EXPOSURE_EVAL_H

#include "exposure/index-read.h"
#include "exposure/query-filter.h"

struct evaluator {
	struct segment *s;
	struct exposure_index *ix; /* for its deadline; NULL: none */
	struct raw_cache cache; /* for phrases */
	struct arena arena;
};
void evaluator_free(struct evaluator *ev);
/* The banners that match and count; false: the segment is damaged. */
bool evaluate(struct evaluator *ev, const struct query *q, struct docset *out) MUST_CHECK;

/* Runs fn for each segment, on all cores where the work is worth a thread. fn gives false when the segment is damaged: it is
 * then left out. */
typedef bool segment_fn(void *user, size_t i, struct evaluator *ev);
void each_segment(struct exposure_index *ix, bool threads, segment_fn *fn, void *user);
/* Does this query have to read records, or whole dictionaries? */
bool query_is_heavy(const struct query *q);

/* Sets that are put together from many postings. */
struct gathering {
	uint32_t docs;
	uint64_t *bits;
	struct docset one; /* while there is only one */
	bool any;
};
void gather_add(struct gathering *g, struct docset s);
struct docset gather_end(struct gathering *g);
/* Frees what came together; false. */
bool gather_fail(struct gathering *g);

/* Kinds of queries that read columns; within: as eval(). */
bool eval_range(struct evaluator *ev, const struct query *q, const struct docset *within,
		struct docset *out) MUST_CHECK;
bool eval_net(struct evaluator *ev, const struct query *q, struct docset *out) MUST_CHECK;
bool eval_geo(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out) MUST_CHECK;

/* Text that * stands in for any run of bytes; ASCII case does not count. */
bool like_matches(struct str text, struct str pattern);

#endif
