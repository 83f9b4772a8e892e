#include "patch/why.h"

#include "base/time.h"
#include "base/tr.h"
#include "patch/order_request.h"

static struct str
why_queued(struct arena *a, const struct host_patch *p, int64_t interval, int64_t now)
{
	char when[TIME_RFC3339_MAX];
	int64_t silent = 3 * interval > 900000 ? 3 * interval : 900000;
	if (str_eq(p->order_state, STR("fetched")))
		return arena_printf(a, tr("Ordered by %.*s; %.*s has fetched the order and is about to start."),
				    STR_ARG(p->order_by), STR_ARG(p->host_name));
	if (p->last_seen && p->last_seen < now - silent)
		return arena_printf(
			a, tr("Ordered by %.*s; waits for %.*s, which was last seen at %s: check that it is on."),
			STR_ARG(p->order_by), STR_ARG(p->host_name), time_local(p->last_seen, when));
	return arena_printf(a, tr("Ordered by %.*s; %.*s fetches it at its next check-in, at the latest %s."),
			    STR_ARG(p->order_by), STR_ARG(p->host_name),
			    time_local(next_check_in(p->last_seen, interval, now), when));
}

static struct str
why_failed(struct arena *a, const struct host_patch *p)
{
	char when[TIME_RFC3339_MAX];
	struct str reason = p->why.len ? p->why : p->words;
	time_local(p->at, when);
	if (str_eq(p->order_state, STR("expired")))
		return arena_printf(
			a, tr("Failed at %s: the order expired before the host reported on it. Order it again."), when);
	if (!reason.len)
		return arena_printf(a, tr("Failed at %s, without a word from the package manager. Order it again."),
				    when);
	if (p->why.len && p->words.len)
		return arena_printf(a, tr("Failed at %s: %.*s. The package manager says: %.*s"), when, STR_ARG(p->why),
				    STR_ARG(p->words));
	return arena_printf(a, tr("Failed at %s: %.*s"), when, STR_ARG(reason));
}

struct str
host_patch_why(struct arena *a, const struct host_patch *p, int64_t interval, int64_t now)
{
	char when[TIME_RFC3339_MAX];
	time_local(p->at, when);
	switch (p->state) {
	case PATCH_MISSING:
		return arena_printf(a,
				    tr("Not ordered yet. Order it on this page or with: mamori patch apply --host %.*s "
				       "--patch %.*s"),
				    STR_ARG(p->host_name), STR_ARG(p->patch));
	case PATCH_QUEUED:
		return why_queued(a, p, interval, now);
	case PATCH_RUNNING:
		return arena_printf(a, tr("Being installed since %s."), when);
	case PATCH_INSTALLED:
		return arena_printf(a, tr("Installed at %s."), when);
	case PATCH_PENDING_REBOOT:
		return arena_printf(a, tr("Installed at %s; it takes effect when %.*s is restarted."), when,
				    STR_ARG(p->host_name));
	case PATCH_FAILED:
		return why_failed(a, p);
	case PATCH_KEPT_BACK:
		return arena_printf(a, tr("Held back by the package manager: %.*s"), STR_ARG(p->kept_back));
	case PATCH_STATES:
		break;
	}
	return STR("");
}
