/* A server system step by step: the next one begins when all hosts of the one before are done and well. */
#include "patch/ring.h"

static bool
backup_fits(const struct policy_step *p, const struct step_status *s, int64_t now, struct arena *a, struct str *why)
{
	if (p->backup_newer_than == 0)
		return true;
	if (s->backup == 0) {
		*why = arena_printf(a, "step for group %.*s waits: no backup of it is known", STR_ARG(p->group));
		return false;
	}
	if (s->backup < now - p->backup_newer_than) {
		*why = arena_printf(a, "step for group %.*s waits: its newest backup is %lld hours old",
				    STR_ARG(p->group), (long long)((now - s->backup) / 3600000));
		return false;
	}
	return true;
}

static bool
failed_says(const struct policy *p, const struct step_status *status, size_t i, struct arena *a, struct str *why)
{
	*why = arena_printf(a, "stopped: the step for group %.*s failed on %u of %u hosts",
			    STR_ARG(p->steps.items[i].group), status[i].failed, status[i].hosts);
	return false;
}

/* Nothing is stopped for the sake of a host that cannot be reached, has just failed, or will not be patched without its
 * backup. */
static bool
all_ready(const struct policy *p, const struct step_status *status, size_t from, int64_t now, struct arena *a,
	  struct str *why)
{
	for (size_t i = from; i < p->steps.count; i++) {
		if (status[i].failed > 0)
			return failed_says(p, status, i, a, why);
		if (status[i].done >= status[i].hosts)
			continue;
		if (!backup_fits(&p->steps.items[i], &status[i], now, a, why))
			return false;
		if (status[i].silent == 0)
			continue;
		*why = arena_printf(a, "the steps wait: %u of %u hosts of group %.*s are silent", status[i].silent,
				    status[i].hosts, STR_ARG(p->steps.items[i].group));
		return false;
	}
	return true;
}

bool
step_due(const struct policy *p, const struct step_status *status, int64_t now, size_t *step, struct arena *a,
	 struct str *why)
{
	*why = STR_NONE;
	for (size_t i = 0; i < p->steps.count; i++) {
		const struct policy_step *ps = &p->steps.items[i];
		const struct step_status *s = &status[i];

		*step = i;
		if (s->failed > 0)
			return failed_says(p, status, i, a, why);
		if (s->done < s->hosts)
			return all_ready(p, status, i, now, a, why);
		if (s->hosts > 0 && !s->healthy) {
			*why = arena_printf(a, "the step for group %.*s is done, but not all of its hosts are well",
					    STR_ARG(ps->group));
			return false;
		}
	}
	*step = p->steps.count;
	return true;
}
