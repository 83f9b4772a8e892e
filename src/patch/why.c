#include "patch/why.h"

#include "base/sentence.h"
#include "base/time.h"
#include "patch/order_request.h"

enum { REASON_MAX = 240 }; /* bytes: a sentence stands in one row of a table */

/* The host's reason in the reader's language, whole characters. */
static struct str
reason_of(struct arena *a, struct str text)
{
	struct str told = tr_sentence(a, text);
	if (told.len <= REASON_MAX)
		return told;
	size_t len = REASON_MAX;
	while (len > 0 && ((unsigned char)told.ptr[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(a, "%.*s…", (int)len, told.ptr);
}

/* What the package manager said last; all of it is in the history. */
static struct str
last_line(struct str words)
{
	struct str line, last = STR("");
	while (str_line(&words, &line))
		if (str_trim(line).len)
			last = str_trim(line);
	return last;
}

static struct str
why_queued(struct arena *a, const struct host_patch *p, int64_t interval, int64_t now)
{
	char when[TIME_RFC3339_MAX];
	int64_t silent = 3 * interval > 900000 ? 3 * interval : 900000;
	if (str_eq(p->order_state, STR("fetched")))
		return arena_printf(a, tr("Ordered by %.*s; about to start."), STR_ARG(p->order_by));
	if (p->last_seen && p->last_seen < now - silent)
		return arena_printf(a, tr("Ordered by %.*s; not seen since %s: check that it is on."),
				    STR_ARG(p->order_by), time_local(p->last_seen, when));
	return arena_printf(a, tr("Ordered by %.*s; starts by %s."), STR_ARG(p->order_by),
			    time_local(next_check_in(p->last_seen, interval, now), when));
}

static struct str
why_failed(struct arena *a, const struct host_patch *p)
{
	char when[TIME_RFC3339_MAX];
	time_local(p->at, when);
	if (str_eq(p->order_state, STR("expired")))
		return arena_printf(a, tr("Failed at %s: the order expired unanswered. Order it again."), when);
	struct str reason = reason_of(a, p->why.len ? p->why : last_line(p->words));
	if (!reason.len)
		return arena_printf(a, tr("Failed at %s for an unknown reason. Order it again."), when);
	return arena_printf(a, tr("Failed at %s: %.*s"), when, STR_ARG(reason));
}

struct str
host_patch_why(struct arena *a, const struct host_patch *p, int64_t interval, int64_t now)
{
	char when[TIME_RFC3339_MAX];
	struct str reason;
	time_local(p->at, when);
	switch (p->state) {
	case PATCH_MISSING:
		return str_of(tr("Not ordered yet."));
	case PATCH_QUEUED:
		return why_queued(a, p, interval, now);
	case PATCH_RUNNING:
		return arena_printf(a, tr("Being installed since %s."), when);
	case PATCH_INSTALLED:
		if (p->why.len && str_eq(p->cause, STR("outside")))
			return arena_printf(a, tr("Installed at %s. %.*s"), when, STR_ARG(reason_of(a, p->why)));
		return arena_printf(a, tr("Installed at %s."), when);
	case PATCH_PENDING_REBOOT:
		return arena_printf(a, tr("Installed at %s; takes effect after a restart."), when);
	case PATCH_FAILED:
		return why_failed(a, p);
	case PATCH_KEPT_BACK:
		reason = reason_of(a, p->kept_back);
		return arena_printf(a, tr("Held back by the package manager: %.*s"), STR_ARG(reason));
	case PATCH_STATES:
		break;
	}
	return STR("");
}
