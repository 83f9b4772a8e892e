#include "agent/planning.h"

#include <unistd.h>

#include "base/log.h"
#include "base/sentence.h"

#define REFRESH_AFTER_MS (24LL * 3600 * 1000)
#define REFRESH_RETRY_MS (3600LL * 1000)
#define STAGE_RETRY_MS (3600LL * 1000)
#define STAGE_MAX (2ULL << 30)

static bool
is_root(const struct session *s)
{
	/* A manager given by a test needs no rights. */
	return geteuid() == 0 || s->agent->pkgmgr;
}

static bool
fingerprint(struct session *s, struct str *out, struct err *e)
{
	BUF_AUTO b = { 0 };
	if (!s->manager->fingerprint(&s->manager_ctx, &b, e))
		return false;
	*out = arena_str(s->arena, buf_str(&b));
	return true;
}

void
planning_load(struct session *s, bool *fresh)
{
	struct json *v;
	struct err e = { 0 };
	BUF_AUTO updates = { 0 };
	struct planning p = { .known = true };
	struct str now;
	*fresh = !s->manager;
	if (!s->manager || !state_load(s->agent, s->arena, "plan.json", &v, &e) || !v ||
	    !str_eq(json_get_str(v, "manager"), str_of(s->manager->name)))
		return;
	struct json_writer w = { .out = &updates };
	json_tree(&w, json_get(v, "updates"));
	if (!patch_list_parse(s->arena, arena_str(s->arena, buf_str(&updates)), &p.list, &e) ||
	    !time_parse(json_get_str(v, "planned_at"), &p.planned_at))
		return;
	p.fingerprint = json_get_str(v, "fingerprint");
	p.error = json_get_str(v, "error");
	s->plan = p;
	*fresh = p.error.len == 0 && fingerprint(s, &now, &e) && str_eq(now, p.fingerprint);
}

static void
planning_save(struct session *s)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	struct err e = { 0 };
	json_begin_object(&w);
	json_put_cstr(&w, "manager", s->manager->name);
	json_put_str(&w, "fingerprint", s->plan.fingerprint);
	json_put_time(&w, "planned_at", s->plan.planned_at);
	json_put_str(&w, "error", s->plan.error);
	json_key(&w, "updates");
	patch_list_write(&s->plan.list, &w);
	json_end_object(&w);
	if (!state_save(s->agent, "plan.json", buf_str(&b), &e))
		log_warn("plan", "%s", e.text);
}

void
planning_run(struct session *s)
{
	struct err e = { 0 };
	LANG_ENGLISH_AUTO; /* it is sent */
	struct planning p = { .known = true, .planned_at = clock_now(s->agent->clock) };
	if (!s->manager)
		return;
	/* The fingerprint from before: a change while planning makes the plan old, never new. */
	if (!fingerprint(s, &p.fingerprint, &e) || !s->manager->plan(&s->manager_ctx, s->arena, &p.list, &e)) {
		log_warn("plan", "%s", e.text);
		s->plan.error = arena_str(s->arena, str_of(e.text));
		if (s->plan.known)
			planning_save(s);
		return;
	}
	s->plan = p;
	planning_save(s);
}

const struct patch *
planning_find(const struct session *s, struct str id)
{
	for (size_t i = 0; i < s->plan.list.patches.count; i++)
		if (str_eq(s->plan.list.patches.items[i].id, id))
			return &s->plan.list.patches.items[i];
	return NULL;
}

bool
planning_refresh_due(const struct session *s, bool asked)
{
	int64_t now = clock_now(s->agent->clock);
	if (!s->manager || !is_root(s))
		return false;
	if (asked)
		return true;
	int64_t last = s->contact.refreshed;
	if (last && now >= last && now - last < REFRESH_RETRY_MS)
		return false;
	return now - s->plan.list.lists_at > REFRESH_AFTER_MS;
}

void
planning_way(struct session *s, const char *relay)
{
	s->relay = (struct pkgmgr_relay){ .url = relay, .ca_pem = str_of(s->id.ca) };
	s->manager_ctx.relay = relay ? &s->relay : NULL;
}

/* A relay passes on what a signed list names, and knows only lists that came through itself. */
static bool
run_by(struct session *s, const struct planning_work *w, const struct way *way, struct err *e)
{
	struct err why = { 0 };
	if (w->run(s, w->user, e))
		return true;
	if (!w->packages || !way->url || e->code != ERR_REFUSED)
		return false;
	log_info("plan", "showing the relay %s the package lists", way->url);
	if (!s->manager->refresh(&s->manager_ctx, &why))
		return false;
	err_clear(e);
	return w->run(s, w->user, e);
}

bool
planning_by_any_way(struct session *s, const struct planning_work *w, struct err *e)
{
	size_t order[NET_WAYS_MAX];
	size_t count = ways_for_packages(&s->ways, clock_now(s->agent->clock), order);
	struct err first = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct way *way = &s->ways.way[order[i]];
		struct err why = { 0 };
		planning_way(s, way->url);
		bool ok = run_by(s, w, way, &why);
		if (ok) {
			s->ways.packages = way->url;
			s->ways.packages_direct = !way->url;
			return true;
		}
		if (first.code == ERR_NONE)
			first = why;
		bool other_may = why.code == ERR_UNREACHABLE || (way->url && why.code == ERR_REFUSED);
		if (!other_may)
			break;
		if (i + 1 < count)
			log_warn("plan", "%s", why.text);
	}
	planning_way(s, s->ways.packages);
	*e = first;
	return count == 0;
}

/* And what worked is tried first the next time. */
static bool
by_any_way(struct session *s, const struct planning_work *w, struct err *e)
{
	const char *before = ways_packages_name(&s->ways);
	struct err why = { 0 };
	if (!planning_by_any_way(s, w, e))
		return false;
	const char *now = ways_packages_name(&s->ways);
	bool same = before && now && strcmp(before, now) == 0;
	if (!same && s->ways.count > 1 && !ways_save(s->agent, &s->ways, &why))
		log_warn("state", "%s", why.text);
	return true;
}

static bool
run_refresh(struct session *s, void *user, struct err *e)
{
	(void)user;
	return s->manager->refresh(&s->manager_ctx, e);
}

void
planning_refresh(struct session *s)
{
	struct err e = { 0 };
	LANG_ENGLISH_AUTO;
	s->contact.refreshed = clock_now(s->agent->clock);
	s->contact.refresh_error = NULL;
	if (!by_any_way(s, &(struct planning_work){ .run = run_refresh }, &e)) {
		log_warn("plan", "%s", e.text);
		s->contact.refresh_error = arena_cstr(s->arena, str_of(e.text));
	}
	if (!contact_save(s->agent, &s->contact, &e))
		log_warn("plan", "%s", e.text);
	planning_run(s);
}

static bool
stage_wanted(const struct session *s, const struct patch *p)
{
	if (p->staged || p->kept_back.len > 0)
		return false;
	if (s->stage_security && p->security)
		return true;
	for (size_t i = 0; i < s->stage_patches.count; i++)
		if (str_eq(s->stage_patches.items[i], p->id))
			return true;
	return false;
}

/* At most 2 GiB in all, and a tenth of the disk stays free. */
static bool
stage_fits(struct session *s, uint64_t size)
{
	struct err e = { 0 };
	uint64_t free_bytes, total;
	if (size > STAGE_MAX) {
		log_warn("stage",
			 "%llu bytes are to be fetched ahead, more than the limit of 2 GiB; nothing is fetched",
			 (unsigned long long)size);
		return false;
	}
	if (!file_space(s->manager_ctx.stage_dir, &free_bytes, &e) ||
	    !file_space_total(s->manager_ctx.stage_dir, &total, &e)) {
		log_warn("stage", "%s", e.text);
		return false;
	}
	if (free_bytes < size || free_bytes - size < total / 10) {
		log_warn("stage", "the disk would be fuller than 90 %%; nothing is fetched ahead");
		return false;
	}
	return true;
}

struct patches {
	const struct patch *items;
	size_t count;
};

static bool
run_stage(struct session *s, void *user, struct err *e)
{
	const struct patches *p = user;
	return s->manager->stage(&s->manager_ctx, p->items, p->count, e);
}

void
planning_stage(struct session *s, bool *did)
{
	ARRAY_OF(struct patch) wanted = { 0 };
	struct err e = { 0 };
	uint64_t size = 0;
	*did = false;
	if (!s->manager || !is_root(s) || !s->plan.known)
		return;
	/* A closed network without a mirror fails each time, slowly: not at every check-in. A person's order is. */
	int64_t since = clock_now(s->agent->clock) - s->contact.stage_failed;
	if (s->contact.stage_failed && s->stage_patches.count == 0 && since >= 0 && since < STAGE_RETRY_MS)
		return;
	for (size_t i = 0; i < s->plan.list.patches.count; i++) {
		const struct patch *p = &s->plan.list.patches.items[i];
		if (!stage_wanted(s, p))
			continue;
		*ARRAY_PUSH(s->arena, &wanted) = *p;
		size = p->size > STAGE_MAX ? STAGE_MAX + 1 : size + p->size;
	}
	s->stage_security = false;
	s->stage_patches.count = 0;
	if (wanted.count == 0 || !stage_fits(s, size))
		return;
	log_info("stage", "fetching %zu patches ahead, %llu bytes", wanted.count, (unsigned long long)size);
	struct patches patches = { wanted.items, wanted.count };
	if (!by_any_way(s, &(struct planning_work){ run_stage, &patches, true }, &e))
		log_warn("stage", "%s", e.text);
	s->contact.stage_failed = e.code == ERR_NONE ? 0 : clock_now(s->agent->clock);
	*did = true;
	planning_run(s);
}
