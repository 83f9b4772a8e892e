#include "server/planner.h"

#include "base/log.h"
#include "server/not_back.h"
#include "store/audit.h"
#include "store/emergency.h"
#include "store/setting.h"
#include "store/step.h"

enum { TRY_AGAIN_MS = 600000, HOUR_MS = 3600000 };

static bool
audit(struct store *st, const char *what, struct str object, struct str detail, int64_t now, struct err *e)
{
	struct audit row = {
		.at = now, .who = STR("mamori"), .what = str_of(what), .object = object, .detail = detail
	};
	return audit_add(st, &row, e);
}

/* ---- computing ---- */

static bool
stages_compute(struct policy_set *set, const struct ring_stage *due, size_t count, struct planner_batch *b,
	       struct err *e)
{
	b->stages = ARENA_ARRAY(&b->arena, struct stage_work, count + 1);
	for (size_t i = 0; i < count; i++)
		if (!stage_make(set, &b->arena, due[i].policy, due[i].patch, &b->stages[b->stage_count++], e))
			return false;
	return true;
}

/* One that cannot be made must not keep all others waiting: it keeps what it has and is tried again. */
static bool
directive_try(const struct directive_maker *m, struct planner_batch *b, struct str host, struct directive_work *out,
	      struct err *e)
{
	struct err why = { 0 };
	if (directive_make(m, &b->arena, host, out, &why))
		return true;
	log_error("planner", "%s", why.text);
	*out = (struct directive_work){ .host = host };
	if (!directive_row_get(m->set->st, &b->arena, host, &out->row, e))
		return false;
	out->row.due = b->now + TRY_AGAIN_MS;
	return true;
}

static bool
batch_compute(struct app *app, struct store *st, bool with_stages, struct planner_batch *b, struct err *e)
{
	struct policy_set set;
	struct str *hosts;
	struct ring_stage *stages = NULL;
	size_t count, stage_count = 0;
	*b = (struct planner_batch){ .now = clock_now(app->clock) };
	if (!directive_due(st, &b->arena, b->now, PLANNER_HOSTS, &hosts, &count, e) ||
	    (with_stages && !ring_stages_due(st, &b->arena, b->now, PLANNER_STAGES, &stages, &stage_count, e)))
		return false;
	if (!count && !stage_count)
		return true;
	if (!policy_set_load(st, &b->arena, b->now, &set, e) || !stages_compute(&set, stages, stage_count, b, e))
		return false;
	struct directive_maker m = { .set = &set,
				     .order_key = app->order_key,
				     .server = app_display_name(app, &b->arena) };
	b->directives = ARENA_ARRAY(&b->arena, struct directive_work, count + 1);
	for (size_t i = 0; i < count; i++)
		if (!directive_try(&m, b, hosts[i], &b->directives[b->directive_count++], e))
			return false;
	return true;
}

bool
planner_compute(struct app *app, struct store *st, bool with_stages, struct planner_batch *b, struct err *e)
{
	*b = (struct planner_batch){ 0 };
	if (!store_snapshot(st, e))
		return false;
	bool ok = batch_compute(app, st, with_stages, b, e);
	store_rollback(st);
	return ok;
}

void
planner_batch_free(struct planner_batch *b)
{
	arena_free(&b->arena);
}

/* ---- keeping ---- */

static bool
directive_announce(struct store *st, struct arena *a, const struct directive_work *w, int64_t now, struct err *e)
{
	struct str *begun;
	size_t count;
	if (!directive_keep(st, a, w, now, &begun, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		log_warn("emergency", "%.*s: known to be exploited, and exposed: it goes out at once",
			 STR_ARG(begun[i]));
		if (!audit(st, "emergency.begin", begun[i], w->row.policy, now, e))
			return false;
	}
	return true;
}

static bool
stage_announce(struct store *st, struct arena *a, const struct stage_work *w, int64_t now, struct err *e)
{
	struct ring_halt halt;
	bool halted;
	if (!stage_keep(st, a, w, now, &halted, &halt, e))
		return false;
	if (!halted)
		return true;
	log_warn("ring", "%.*s of policy %.*s is halted everywhere: %.*s", STR_ARG(halt.patch), STR_ARG(halt.policy),
		 STR_ARG(halt.why));
	return audit(st, "ring.halt", halt.patch,
		     arena_printf(a, "policy %.*s, ring %.*s: %.*s", STR_ARG(halt.policy), STR_ARG(halt.ring),
				  STR_ARG(halt.why)),
		     now, e);
}

bool
planner_keep(struct store *st, struct planner_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->stage_count; i++)
		if (!stage_announce(st, &b->arena, &b->stages[i], b->now, e))
			return false;
	for (size_t i = 0; i < b->directive_count; i++)
		if (!directive_announce(st, &b->arena, &b->directives[i], b->now, e))
			return false;
	return true;
}

bool
planner_settle(struct app *app, struct store *st, struct err *e)
{
	for (bool more = true; more;) {
		struct planner_batch b;
		bool ok = planner_compute(app, st, true, &b, e);
		more = ok && (b.stage_count || b.directive_count);
		if (ok && more) {
			ok = store_begin(st, e) && planner_keep(st, &b, e) && store_commit(st, e);
			if (!ok)
				store_rollback(st);
		}
		planner_batch_free(&b);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- one host ---- */

bool
planner_host(struct app *app, struct store *st, struct arena *a, struct str host, int64_t now,
	     struct directive_row *out, struct err *e)
{
	if (!directive_row_get(st, a, host, out, e))
		return false;
	if (out->due > now)
		return true;
	struct policy_set set;
	struct directive_work w;
	struct directive_maker m = { .set = &set, .order_key = app->order_key, .server = app_display_name(app, a) };
	if (!policy_set_load(st, a, now, &set, e) || !directive_make(&m, a, host, &w, e) ||
	    !directive_announce(st, a, &w, now, e))
		return false;
	*out = w.row;
	return true;
}

bool
planner_stages_host(struct store *st, struct arena *a, struct str host, int64_t now, struct err *e)
{
	struct policy_set set;
	struct directive_row row;
	struct ring_stage *due;
	size_t count;
	if (!directive_row_get(st, a, host, &row, e) ||
	    !ring_stages_touched(st, a, row.ring_policy, host, PLANNER_STAGES, &due, &count, e))
		return false;
	if (!count)
		return true;
	if (!policy_set_load(st, a, now, &set, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct stage_work w;
		if (!stage_make(&set, a, due[i].policy, due[i].patch, &w, e) || !stage_announce(st, a, &w, now, e))
			return false;
	}
	return true;
}

/* Once an hour: how long updates take on each model. */
static bool
models_learn(struct store *st, struct arena *a, int64_t now, struct err *e)
{
	int64_t hour, changed;
	if (!setting_number(st, "models", 0, INT64_MAX, 0, &hour, e))
		return false;
	if (hour == now / HOUR_MS)
		return true;
	if (!model_times_learn(st, a, &changed, e) ||
	    !setting_put(st, "models", arena_printf(a, "%lld", (long long)(now / HOUR_MS)), e))
		return false;
	if (changed)
		log_debug("planner", "%lld models take another time than was known", (long long)changed);
	return true;
}

bool
planner_tick(struct store *st, int64_t now, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *ended;
	size_t count;
	int64_t patched;
	if (!models_learn(st, &a, now, e) || !not_back_tick(st, &a, now, e) ||
	    !mitigation_end_patched(st, now, &patched, e) || !emergency_end(st, &a, now, &ended, &count, e))
		return false;
	if (patched &&
	    !audit(st, "mitigation.end", STR(""), arena_printf(&a, "%lld are patched now", (long long)patched), now, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		log_info("emergency", "%.*s: no host misses it any more", STR_ARG(ended[i]));
		if (!audit(st, "emergency.end", ended[i], STR("no host misses it any more"), now, e))
			return false;
	}
	return true;
}
