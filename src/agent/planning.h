/* What the package manager would do: planned anew only when its fingerprint changed, because planning takes
 * seconds; refreshing the lists and staging ahead of time. */
#ifndef MAMORI_AGENT_PLANNING_H
#define MAMORI_AGENT_PLANNING_H

#include "agent/session.h"

/* Reads the stored plan; *fresh: it is what planning would give now. */
void planning_load(struct session *s, bool *fresh);
/* Plans and stores. A failure is kept in s->plan.error and reported, not returned: the old plan stays. */
void planning_run(struct session *s);
/* The patch of this id in the plan, or NULL. */
const struct patch *planning_find(const struct session *s, struct str id);
/* Lists are older than a day and were not tried in the last hour, or `asked`; as root only. */
bool planning_refresh_due(const struct session *s, bool asked);
void planning_refresh(struct session *s);
/* Packages come through this relay from now on; NULL: directly. */
void planning_way(struct session *s, const char *relay);
/* Does it with packages coming by the way that worked last, then by the others: a relay that is away, dies in the middle or
 * has no leave to fetch something is not the end. run() must have changed nothing when it fails. Of all troubles the
 * first is told. */
struct planning_work {
	bool (*run)(struct session *s, void *user, struct err *e);
	void *user;
	bool packages; /* it fetches what the lists name: a relay that has not seen these lists is shown them first */
};
bool planning_by_any_way(struct session *s, const struct planning_work *w, struct err *e) MUST_CHECK;
/* Downloads what was asked for (s->stage_security, s->stage_patches) within the limits of space; *did: something
 * was. Failures are logged: nothing depends on it. */
void planning_stage(struct session *s, bool *did);

#endif
