/* A query over all segments, on all cores (exposure/eval.h). */
#include "exposure/cores.h"
#include "exposure/eval.h"

struct work {
	struct exposure_index *ix;
	segment_fn *fn;
	void *user;
	atomic_size_t next;
};

static void *
run(void *user)
{
	struct work *w = user;
	struct evaluator ev = { .ix = w->ix };

	for (;;) {
		size_t i = atomic_fetch_add(&w->next, 1);
		if (i >= w->ix->count || index_is_late(w->ix))
			break;
		ev.s = w->ix->segments[i];
		/* A segment that turns out damaged is remembered as such and named by exposure_damaged(). */
		if (!atomic_load(&ev.s->damaged) && !w->fn(w->user, i, &ev) && !index_is_late(w->ix))
			(void)segment_damage(ev.s);
	}
	evaluator_free(&ev);
	return NULL;
}

void
each_segment(struct exposure_index *ix, bool threads, segment_fn *fn, void *user)
{
	struct work w = { .ix = ix, .fn = fn, .user = user };

	on_all_cores(threads && ix->count > 1 ? ix->count : 1, run, &w);
}
