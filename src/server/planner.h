/* Directives and rings kept up to date: only what is due, in batches, computed beside the writer and kept by it. */
#ifndef MAMORI_SERVER_PLANNER_H
#define MAMORI_SERVER_PLANNER_H

#include "patch/directive_make.h"
#include "patch/stage.h"
#include "server/app.h"

enum { PLANNER_HOSTS = 200, PLANNER_STAGES = 100 };

struct planner_batch {
	struct arena arena;
	int64_t now;
	struct directive_work *directives;
	size_t directive_count;
	struct stage_work *stages;
	size_t stage_count;
};

/* What is due now, at most a batch of it; reads only. with_stages false: hosts alone. */
bool planner_compute(struct app *app, struct store *st, bool with_stages, struct planner_batch *b,
		     struct err *e) MUST_CHECK;
/* On the writer. */
bool planner_keep(struct store *st, struct planner_batch *b, struct err *e) MUST_CHECK;
void planner_batch_free(struct planner_batch *b);

/* All that is due, at once and in transactions of its own: where no server runs. */
bool planner_settle(struct app *app, struct store *st, struct err *e) MUST_CHECK;

/* On the writer: one host's directive when it is due, for the answer to its check-in. */
bool planner_host(struct app *app, struct store *st, struct arena *a, struct str host, int64_t now,
		  struct directive_row *out, struct err *e) MUST_CHECK;
/* On the writer: the rings of a host's updates that are to be counted anew, at once: what has just broken a machine goes
 * to no other one between two rounds. */
bool planner_stages_host(struct store *st, struct arena *a, struct str host, int64_t now, struct err *e) MUST_CHECK;
/* What time brings beside: holds, workarounds and emergencies that end. */
bool planner_tick(struct store *st, int64_t now, struct err *e) MUST_CHECK;

#endif
