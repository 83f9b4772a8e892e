/* An update's way through the rings of a policy: counted, decided, halted. */
#ifndef MAMORI_PATCH_STAGE_H
#define MAMORI_PATCH_STAGE_H

#include "patch/outlook.h"

struct stage_work {
	struct ring_stage row;
	bool halts; /* an error stop that nobody has noticed yet */
	struct ring_halt halt; /* id is set when it is kept */
};

struct stage_view { /* of one policy × update */
	const struct policy *policy;
	struct ring_count *counts; /* one for each ring */
	struct ring_decision *decisions;
	bool halted;
};

/* Hosts that are silent so long stop no ring. */
#define STAGE_SILENT_MS (7 * INT64_C(86400000))

/* False in *found: the policy is not in force any more, or has no rings. */
bool stage_look(struct policy_set *set, struct arena *a, struct str policy, struct str patch, struct stage_view *out,
		bool *found, struct err *e) MUST_CHECK;
/* What is to be stored; reads only. */
bool stage_make(struct policy_set *set, struct arena *a, struct str policy, struct str patch, struct stage_work *out,
		struct err *e) MUST_CHECK;
/* On the writer. *halted: this was the first to halt it; *halt tells. */
bool stage_keep(struct store *st, struct arena *a, const struct stage_work *w, int64_t now, bool *halted,
		struct ring_halt *halt, struct err *e) MUST_CHECK;

#endif
