/* What a host's newest plan (its "updates" section) means for the states of its updates. */
#ifndef MAMORI_PATCH_PLAN_ROWS_H
#define MAMORI_PATCH_PLAN_ROWS_H

#include "plan/pkgmgr.h"
#include "store/store.h"

/* Pending updates become rows; those that are queued or running stay so; what the plan does not name any more
 * and nothing holds goes (installed by other hands, or superseded). */
bool plan_rows_apply(struct store *st, struct str host, const struct patch_list *plan, int64_t now,
		     struct err *e) MUST_CHECK;

/* A patch's packages as the JSON array of the API. */
struct str patch_packages_json(struct arena *a, const struct patch *p);

#endif
