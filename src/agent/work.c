#include "agent/work.h"

#include <unistd.h>

#include "agent/attempt.h"
#include "agent/checkin.h"
#include "agent/installer.h"
#include "agent/mandate.h"
#include "agent/order.h"
#include "agent/outside.h"
#include "agent/planning.h"
#include "agent/removal.h"
#include "base/log.h"
#include "base/sentence.h"

#define PATIENCE_S 120U
#define PASS_KEEP_MS (86400LL * 1000)
#define LEFTOVERS "leftovers" /* there from a failed pass until nothing is left half done */

static const char *const state_names[] = {
	[APPLY_INSTALLED] = "installed",
	[APPLY_PENDING_REBOOT] = "installed-pending-reboot",
	[APPLY_FAILED] = "failed",
};

/* ---- results ---- */

static struct attempt
attempt_of(const struct order_taken *t, const struct patch *p)
{
	static const char *const acts[ORDER_ACTS] = { [ORDER_ACT_BACK] = "back", [ORDER_ACT_REMOVE] = "remove" };
	return (struct attempt){ .order = t->name.len ? t->name : t->order.id,
				 .trigger = t->trigger,
				 .act = acts[t->act],
				 .patch = t->act == ORDER_ACT_BACK ? p->instead_of : p->id,
				 .title = p->title,
				 .packages = p->packages.items,
				 .package_count = p->packages.count,
				 .started = t->started };
}

static bool
results_running(struct session *s, const struct order_taken *t, struct err *e)
{
	for (size_t i = 0; i < t->list.patches.count; i++) {
		struct attempt r = attempt_of(t, &t->list.patches.items[i]);
		r.state = "running";
		if (!attempt_write(s, &r, e))
			return false;
	}
	return true;
}

static bool
results_refused(struct session *s, const struct order_taken *t, struct err *e)
{
	for (size_t i = 0; i < t->refused.count; i++) {
		const struct order_refusal *f = &t->refused.items[i];
		const struct patch *p = planning_find(s, f->patch);
		struct attempt r = { .order = t->name.len ? t->name : t->order.id,
				     .trigger = t->trigger,
				     .patch = f->patch,
				     .title = f->patch };
		if (p)
			r = attempt_of(t, p);
		r.state = "failed";
		r.why = f->why;
		r.started = r.finished = t->started;
		if (!attempt_write(s, &r, e))
			return false;
	}
	return true;
}

static const struct ending *
ending_find(const struct outcome *o, struct str patch)
{
	for (size_t i = 0; i < o->endings.count; i++)
		if (str_eq(o->endings.items[i].patch, patch))
			return &o->endings.items[i];
	return NULL;
}

static bool
all_done(const struct order_taken *t, const struct outcome *o)
{
	for (size_t i = 0; i < t->list.patches.count; i++) {
		const struct ending *end = ending_find(o, t->list.patches.items[i].id);
		if (!end || end->outcome == APPLY_FAILED)
			return false;
	}
	return true;
}

/* For people: why an update that nobody ordered was done. */
static struct str
why_of(const struct order_taken *t, const struct patch *p, const struct ending *end, struct arena *a)
{
	if (!end)
		return str_of(tr("the installer said nothing about this patch"));
	if (t->act == ORDER_ACT_BACK && end->outcome != APPLY_FAILED && end->why.len == 0)
		return arena_printf(a, tr("%.*s was withdrawn and taken back"), STR_ARG(p->instead_of));
	return end->why;
}

/* What cannot go is not tried in every slot. */
static bool
removal_note(struct session *s, const struct patch *p, const char *state, int64_t at, struct str *why, struct err *e)
{
	struct str app = str_skip(p->id, strlen(MANDATE_REMOVE));
	return strcmp(state, "failed") == 0 ? removal_failed(s, app, at, why, e) : removal_gone(s, app, e);
}

/* Writes every result that an order still lacks, then closes it: done again after a crash it gives the same. */
static bool
order_finish(struct session *s, struct order_taken *t, const struct outcome *o, struct err *e)
{
	LANG_ENGLISH_AUTO;
	t->installed = t->failed = 0;
	for (size_t i = 0; i < t->list.patches.count; i++) {
		const struct patch *p = &t->list.patches.items[i];
		const struct ending *end = ending_find(o, p->id);
		struct attempt r = attempt_of(t, p);
		r.state = end ? state_names[end->outcome] : "failed";
		if (end && end->outcome != APPLY_FAILED)
			t->installed++;
		else
			t->failed++;
		r.finished = o->finished;
		r.why = why_of(t, p, end, s->arena);
		if (t->act == ORDER_ACT_REMOVE && !removal_note(s, p, r.state, o->finished, &r.why, e))
			return false;
		r.words = end ? end->words : STR_NONE;
		if (!attempt_write(s, &r, e))
			return false;
		log_info("patch", "%.*s: %s%s%.*s", STR_ARG(p->id), r.state, r.why.len ? ": " : "", STR_ARG(r.why));
	}
	if (!results_refused(s, t, e) || (!all_done(t, o) && !state_save(s->agent, LEFTOVERS, STR("\n"), e)))
		return false;
	if (!outside_ours(s, &t->list, e))
		return false;
	t->open = false;
	return order_save(s, t, e);
}

/* ---- taking an order ---- */

static void
refuse(struct session *s, struct order_taken *t, struct str patch, const char *why)
{
	*ARRAY_PUSH(s->arena, &t->refused) = (struct order_refusal){ patch, arena_str(s->arena, str_of(why)) };
	log_warn("order", "%.*s: %.*s: %s", STR_ARG(t->order.id), STR_ARG(patch), why);
}

/* Why nothing of this order is done, or NULL. */
static const char *
reason_against_all(struct session *s, const struct order *o)
{
	char until[TIME_RFC3339_MAX];
	if (o->expires <= order_now(s))
		return arena_printf(s->arena, tr("the order expired at %s before this machine could start it"),
				    time_rfc3339(o->expires, until))
			.ptr;
	if (!s->manager)
		return tr("no package manager that this agent knows was found on this machine");
	if (geteuid() != 0 && !s->agent->pkgmgr)
		return tr(
			"needs root: the agent of this machine runs without the rights to install; run it as a system "
			"service");
	if (s->plan.error.len > 0)
		return arena_cstr(s->arena, s->plan.error);
	if (!s->plan.known)
		return tr("the package manager's plan is not known yet");
	return NULL;
}

static bool
already_listed(const struct order_taken *t, struct str id)
{
	for (size_t i = 0; i < t->list.patches.count; i++)
		if (str_eq(t->list.patches.items[i].id, id))
			return true;
	return false;
}

/* Sorts the patches of an order into those that our own plan has and those that are refused. */
static void
order_sort(struct session *s, struct order_taken *t)
{
	LANG_ENGLISH_AUTO; /* refusals become results */
	const char *all = reason_against_all(s, &t->order);
	t->list.manager = s->plan.list.manager;
	for (size_t i = 0; i < t->order.patches.count; i++) {
		struct str id = t->order.patches.items[i];
		const struct patch *p = planning_find(s, id);
		if (all)
			refuse(s, t, id, all);
		else if (!p)
			refuse(s, t, id,
			       tr("this update is not pending on this machine: it is installed already, was replaced "
				  "by a "
				  "newer one or is unknown to its package manager"));
		else if (p->kept_back.len > 0)
			refuse(s, t, id, arena_cstr(s->arena, p->kept_back));
		else if (!already_listed(t, id))
			*ARRAY_PUSH(s->arena, &t->list.patches) = *p;
	}
}

/* The server hears of a machine that installs for long at its usual interval. */
static void
wait_for_installer(struct session *s, struct str order)
{
	while (!installer_wait(s, order, s->contact.interval * 1000U)) {
		struct err e = { 0 };
		if (!checkin_send(s, &e))
			log_warn("server", "%s", e.text);
	}
}

/* The installer has ended: takes its word, or reads from the package database what happened. */
static bool
order_end(struct session *s, struct order_taken *t, struct err *e)
{
	struct outcome o = { 0 };
	bool there;
	struct err why = { 0 };
	if (!installer_outcome(s, t->order.id, &o, &there, &why)) {
		log_error("order", "%s", why.text);
		there = false;
	}
	if (!there && t->list.patches.count > 0 && !installer_interrupted(s, t, &o, e))
		return false;
	return order_finish(s, t, &o, e);
}

/* Somebody else holds the package manager, perhaps the orphan of our own installer: waits, then gives up for now. */
static bool
order_end_patiently(struct session *s, struct order_taken *t, struct err *e)
{
	unsigned patience = s->agent->patience_s ? s->agent->patience_s : PATIENCE_S;
	for (unsigned waited = 0;; waited++) {
		err_clear(e);
		if (order_end(s, t, e))
			return true;
		if (e->code != ERR_BUSY || waited >= patience)
			return false;
		sleep(1);
	}
}

/* Busy for too long: the order stays open, and the next run asks again soon. */
static bool
order_settle(struct session *s, struct order_taken *t, struct err *e)
{
	struct err why = { 0 };
	wait_for_installer(s, t->order.id);
	if (order_end_patiently(s, t, &why))
		return true;
	if (why.code != ERR_BUSY)
		return err_set(e, why.code, "%s", why.text);
	log_warn("order", "%.*s stays open: %s", STR_ARG(t->order.id), why.text);
	s->unfinished = true;
	return true;
}

static bool
order_apply(struct session *s, struct order_taken *t, bool *did, struct err *e)
{
	struct err why = { 0 };
	if (t->list.patches.count == 0)
		return order_finish(s, t, &(struct outcome){ 0 }, e);
	log_info("order", "%.*s by %.*s: installing %zu patches", STR_ARG(t->order.id), STR_ARG(t->order.by),
		 t->list.patches.count);
	if (!results_running(s, t, e))
		return false;
	/* The server should know before anything changes; without it the work goes on and the result waits. */
	if (!checkin_send(s, &why))
		log_warn("server", "%s", why.text);
	*did = true;
	if (!installer_start(s, t, e))
		return false;
	return order_settle(s, t, e);
}

/* Of an order that installs nothing. False: nothing is to be done for it. */
static bool
wish_add(struct session *s, const struct order *o)
{
	if (o->expires <= order_now(s)) {
		log_warn("order", "%.*s expired before this machine saw it", STR_ARG(o->id));
		return false;
	}
	if (o->kind == ORDER_REFRESH)
		s->refresh = true;
	for (size_t i = 0; o->kind == ORDER_STAGE && i < o->patches.count; i++)
		*ARRAY_PUSH(s->arena, &s->stage_patches) = o->patches.items[i];
	return s->manager && (geteuid() == 0 || s->agent->pkgmgr);
}

static bool
order_take(struct session *s, const struct json *signed_order, bool *did, struct err *e)
{
	struct err why = { 0 };
	struct order_taken t = { .started = clock_now(s->agent->clock),
				 .list.manager = s->manager ? s->manager->name : NULL };
	if (!order_open(s, signed_order, &t.order, &why)) {
		log_warn("order", "refused: %s", why.text);
		*ARRAY_PUSH(s->arena, &s->refused) = json_get_str(signed_order, "signature");
		return true;
	}
	if (order_seen(s, t.order.id)) {
		log_debug("order", "%.*s was taken before", STR_ARG(t.order.id));
		return true;
	}
	if (t.order.kind == ORDER_APPLY) {
		t.open = true;
		order_sort(s, &t);
	}
	if (t.order.kind != ORDER_APPLY)
		t.open = wish_add(s, &t.order);
	return order_save(s, &t, e) && (t.order.kind != ORDER_APPLY || order_apply(s, &t, did, e));
}

bool
work_wishes_done(struct session *s, enum order_kind kind, struct err *e)
{
	struct str *ids;
	size_t count;
	struct order_taken t;
	if (!order_list_open(s, &ids, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct err why = { 0 };
		if (!order_load(s, ids[i], &t, &why)) {
			log_error("order", "%s", why.text);
			continue;
		}
		t.open = t.order.kind != kind;
		if (!t.open && !order_save(s, &t, e))
			return false;
	}
	return true;
}

bool
work_pass(struct session *s, const struct work_pass *p, unsigned *installed, unsigned *failed, struct err *e)
{
	char hash[SHA256_HEX_LEN];
	bool did;
	struct str key = arena_printf(s->arena, "%.*s %d", STR_ARG(p->name), (int)p->act);
	struct order_taken t = { .started = clock_now(s->agent->clock),
				 .open = true,
				 .name = p->name,
				 .trigger = p->trigger,
				 .act = p->act };
	sha256_hex(key, hash);
	t.order = (struct order){ .id = arena_printf(s->arena, "slot-%.32s", hash),
				  .host = str_of(s->id.host),
				  .by = STR("policy"),
				  .kind = ORDER_APPLY,
				  .issued = t.started,
				  .expires = t.started + PASS_KEEP_MS };
	/* The slot machine gives every pass once; should it ever come again, it is not done again. */
	if (order_seen(s, t.order.id))
		return err_set(e, ERR_CONFLICT, "%.*s was begun before", STR_ARG(p->name));
	t.list.manager = s->plan.list.manager;
	for (size_t i = 0; i < p->count; i++)
		*ARRAY_PUSH(s->arena, &t.list.patches) = p->patches[i];
	if (!order_save(s, &t, e) || !order_apply(s, &t, &did, e))
		return false;
	*installed = t.installed;
	*failed = t.failed;
	return !t.open || err_set(e, ERR_BUSY, "%.*s: the package manager is busy", STR_ARG(p->name));
}

/* An order is only carried out by a plan of now. What keeps the manager from planning may be what a crash left. */
static void
plan_renew(struct session *s)
{
	struct err e = { 0 };
	bool did = false;
	if (!s->manager || s->plan.error.len == 0 || (geteuid() != 0 && !s->agent->pkgmgr))
		return;
	if (!s->manager->recover(&s->manager_ctx, &did, &e))
		log_warn("plan", "%s", e.text);
	planning_run(s);
}

bool
work_orders(struct session *s, bool *did, struct err *e)
{
	*did = false;
	plan_renew(s);
	/* By index: a check-in during an installation may add orders. */
	for (size_t i = 0; i < s->orders.count; i++) {
		struct json signed_order = s->orders.items[i];
		if (*did) {
			/* What the last order changed decides what is pending for this one. */
			planning_run(s);
		}
		if (!order_take(s, &signed_order, did, e))
			return false;
	}
	s->orders.count = 0;
	return true;
}

/* One order that an earlier run left open. */
static bool
order_recover(struct session *s, struct str id, bool *did, struct err *e)
{
	struct order_taken t;
	struct err why = { 0 };
	if (!order_load(s, id, &t, &why)) {
		log_error("order", "%s", why.text);
		return true;
	}
	log_info("order", "%.*s was left open by an earlier run", STR_ARG(id));
	if (t.order.kind != ORDER_APPLY) {
		t.open = wish_add(s, &t.order);
		return t.open || order_save(s, &t, e);
	}
	*did = true;
	return order_settle(s, &t, e);
}

/* What failed may have left packages unpacked and not configured, which no plan shows and nobody can order: every
 * later run tries to end that, until the package manager says that nothing is left. */
static void
leftovers_end(struct session *s, bool *did)
{
	struct err e = { 0 };
	bool ended = false;
	const char *mark = state_path(s->agent, s->arena, LEFTOVERS);
	if (!s->manager || !file_exists(mark))
		return;
	if (!s->manager->recover(&s->manager_ctx, &ended, &e) || !file_remove(mark, &e))
		log_warn("plan", "%s", e.text);
	*did = *did || ended;
}

bool
work_recover(struct session *s, bool *did, struct err *e)
{
	struct str *ids;
	size_t count;
	*did = false;
	if (!order_list_open(s, &ids, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!order_recover(s, ids[i], did, e))
			return false;
	leftovers_end(s, did);
	return true;
}
