/* Machines that are not back from their slot: looked at at any time, and listed once at the moment by which they should be. */
#include "server/not_back.h"

#include "base/log.h"
#include "base/sentence.h"
#include "patch/policy_set.h"
#include "server/policies.h"
#include "store/audit.h"
#include "store/setting.h"

enum { NAMES_TOLD = 20, LISTS_SHOWN = 50 };
static const int64_t DAY = 86400000LL;

struct looking {
	struct store *st;
	struct arena *a;
	int64_t now, silent_before;
};

/* The moment by which the host should have been back from the slot that it reported last. */
static bool
ready_by(const struct looking *l, struct policy_set *set, const struct not_back *n, int64_t *out, struct err *e)
{
	struct host_facts h;
	struct effective_policy eff;
	struct zone *zones;
	size_t zone_count;
	struct slot slots[8];
	*out = n->end;
	if (!host_facts_get(l->st, l->a, n->host, &h, e))
		return false;
	struct policy_subject subject = policy_subject_of(&h);
	policy_effective(set->policies, set->count, &subject, l->a, &eff);
	if (!policy_set_zones(set, &eff.policy, l->a, &zones, &zone_count, e))
		return false;
	struct calendar_world world = { policy_set_device(set, &h), zones, zone_count, &set->lists };
	size_t count =
		calendar_slots(&eff.policy.install, &world, n->host, n->start, n->start + 1, slots, COUNT(slots));
	for (size_t i = 0; i < count; i++)
		if (slots[i].start == n->start && slots[i].ready_by)
			*out = slots[i].ready_by;
	return true;
}

static bool
look(const struct looking *l, struct not_back **out, size_t *count, struct err *e)
{
	struct policy_set set;
	struct not_back *rows;
	size_t n, kept = 0;
	if (!not_back_candidates(l->st, l->a, l->silent_before, l->now - 7 * DAY, l->now, &rows, &n, e))
		return false;
	if (n && !policy_set_load(l->st, l->a, l->now, &set, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ready_by(l, &set, &rows[i], &rows[i].ready_by, e))
			return false;
		if (rows[i].unhealthy || rows[i].ready_by <= l->now)
			rows[kept++] = rows[i];
	}
	*out = rows;
	*count = kept;
	return true;
}

bool
not_back_list(struct request *r, struct not_back **out, size_t *count, struct err *e)
{
	const struct looking l = { r->st, &r->arena, r->now, request_silent_before(r) };
	return look(&l, out, count, e);
}

/* ---- the list of the morning ---- */

/* One list: everybody who should have been back by this moment. */
static bool
list_keep(const struct looking *l, int64_t at, const struct not_back *rows, size_t count, struct err *e)
{
	BUF_AUTO names = { 0 };
	char when[TIME_RFC3339_MAX];
	size_t told = 0;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].ready_by != at)
			continue;
		if (!not_back_keep(l->st, at, &rows[i], e))
			return false;
		if (told++ < NAMES_TOLD)
			buf_addf(&names, "%s%.*s", told > 1 ? ", " : "", STR_ARG(rows[i].name));
	}
	if (told > NAMES_TOLD)
		buf_add(&names, STR(" …"));
	struct audit row = { .at = l->now,
			     .who = STR("mamori"),
			     .what = STR("slot.not-back"),
			     .object = str_of(time_rfc3339(at, when)),
			     .detail = arena_printf(l->a, "%zu: %s", told, buf_cstr(&names)) };
	log_warn("slot", "%zu machines are not back by %s: %s", told, when, buf_cstr(&names));
	return audit_add(l->st, &row, e);
}

bool
not_back_tick(struct store *st, struct arena *a, int64_t now, struct err *e)
{
	int64_t seconds, last;
	struct not_back *rows;
	size_t count;
	if (!setting_number(st, "interval", 10, 86400, 300, &seconds, e) ||
	    !setting_number(st, "not-back", 0, INT64_MAX, 0, &last, e))
		return false;
	struct looking l = { st, a, now, now - (3 * seconds > 900 ? 3 * seconds : 900) * 1000 };
	if (!last || last > now)
		last = now - DAY;
	if (!look(&l, &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool first = rows[i].ready_by > last && rows[i].ready_by <= now;
		for (size_t k = 0; k < i && first; k++)
			first = rows[k].ready_by != rows[i].ready_by;
		if (first && !list_keep(&l, rows[i].ready_by, rows, count, e))
			return false;
	}
	return setting_put(st, "not-back", arena_printf(a, "%lld", (long long)now), e);
}

bool
not_back_notice(struct request *r, struct err *e)
{
	struct kept_not_back *rows;
	size_t count, same = 0;
	char when[TIME_RFC3339_MAX];
	BUF_AUTO names = { 0 };
	if (!not_back_kept(r->st, &r->arena, r->now - DAY, LISTS_SHOWN, &rows, &count, e))
		return false;
	for (; same < count && rows[same].at == rows[0].at; same++)
		if (same < 5)
			buf_addf(&names, "%s%.*s", same ? ", " : "", STR_ARG(rows[same].name));
	if (same)
		notice_write(r, "warning", "not-back-list",
			     arena_printf(&r->arena, tr("At %s %zu machines were not back: %s"),
					  time_local(rows[0].at, when), same, buf_cstr(&names)));
	return true;
}

/* ---- the API ---- */

static bool
kept_write(struct request *r, struct err *e)
{
	struct kept_not_back *rows;
	size_t count;
	if (!not_back_kept(r->st, &r->arena, 0, 1000, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_time(&r->w, "at", rows[i].at);
		host_ref_group_write(r, "host", rows[i].host, rows[i].name, rows[i].group);
		json_put_str(&r->w, "state", rows[i].state);
		json_put_time(&r->w, "last_seen", rows[i].last_seen);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

bool
api_not_back(struct request *r, struct err *e)
{
	static const char *const filters[] = { "kept", NULL };
	struct not_back *rows;
	size_t count;
	int kept;
	char when[TIME_RFC3339_MAX];
	if (!request_query(r, filters, e) || !request_tristate(r, "kept", &kept, e))
		return false;
	if (kept > 0)
		return kept_write(r, e);
	if (!not_back_list(r, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		host_ref_group_write(r, "host", rows[i].host, rows[i].name, rows[i].group);
		json_put_str(&r->w, "slot", rows[i].slot);
		json_put_time(&r->w, "start", rows[i].start);
		json_put_time(&r->w, "ready_by", rows[i].ready_by);
		json_put_time(&r->w, "last_seen", rows[i].last_seen);
		json_put_cstr(&r->w, "state", rows[i].unhealthy ? "unhealthy" : "silent");
		json_put_str(&r->w, "why",
			     rows[i].unhealthy
				     ? str_of(tr("It is back, but its health check failed after the update."))
				     : arena_printf(&r->arena, tr("Not back from its slot: last seen %s. Look at it."),
						    time_local(rows[i].last_seen, when)));
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}
