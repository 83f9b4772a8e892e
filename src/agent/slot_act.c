#include "agent/slot_act.h"

#include <unistd.h>

#include "agent/checkin.h"
#include "agent/mitigation.h"
#include "agent/planning.h"
#include "agent/script.h"
#include "agent/service.h"
#include "agent/ward.h"
#include "agent/work.h"
#include "base/log.h"
#include "base/sentence.h"

#define UNITS "slot-units.json"
#define UNITS_MAX 5000
#define SETTLE_S 120U
#define GAVE_UP_S 10U

/* ---- services ---- */

/* Each on its own: one that fails keeps the others from nothing. */
static void
units_do(struct slot_turn *t, const char *verb, const struct str *units, size_t count, struct slot_result *r)
{
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };
		if (service_do(t->s, verb, units[i], &e))
			continue;
		log_warn("service", "%s %.*s: %s", verb, STR_ARG(units[i]), e.text);
		t->why = arena_printf(t->s->arena, "%s %.*s: %s", verb, STR_ARG(units[i]), e.text);
		r->ok = false;
	}
}

static void
act_stop_services(struct slot_turn *t, struct slot_result *r)
{
	units_do(t, "stop", t->decision->services.items.items, t->decision->services.items.count, r);
}

static void
act_start_services(struct slot_turn *t, struct slot_result *r)
{
	units_do(t, "start", t->decision->services.items.items, t->decision->services.items.count, r);
}

static void
act_restart_services(struct slot_turn *t, struct slot_result *r)
{
	const struct needs_restart *n = &t->facts->seen.restart;
	if (n->init) {
		struct err e = { 0 };
		const char *argv[] = { "systemctl", "daemon-reexec", NULL };
		if (!service_ctl(t->s, argv, NULL, &e))
			log_warn("service", "%s", e.text);
	}
	units_do(t, "try-restart", n->units.items, n->units.count, r);
}

/* ---- services before and after ---- */

enum unit_health { UNIT_FINE, UNIT_COMES, UNIT_BROKEN, UNIT_GAVE_UP };

/* A service that ran before and does not now is broken when it failed, or when it is switched on, runs for good and was
 * not started. What runs once, on demand or was taken out is not. */
static enum unit_health
unit_ask(struct slot_turn *t, struct str unit)
{
	struct str out;
	struct err e = { 0 };
	if (!service_show(t->s, unit, "LoadState,ActiveState,Type,TriggeredBy,UnitFileState", &out, &e))
		return UNIT_BROKEN;
	struct str active = service_property(out, "ActiveState"), file = service_property(out, "UnitFileState");
	if (str_eq(active, STR("failed")))
		return UNIT_GAVE_UP; /* systemd itself will not start it again */
	if (str_eq(active, STR("activating")) || str_eq(active, STR("reloading")))
		return UNIT_COMES;
	bool expected = str_eq(service_property(out, "LoadState"), STR("loaded")) &&
			str_starts(active, STR("inactive")) && !str_eq(service_property(out, "Type"), STR("oneshot")) &&
			service_property(out, "TriggeredBy").len == 0 &&
			(str_starts(file, STR("enabled")) || str_eq(file, STR("generated")));
	return expected ? UNIT_BROKEN : UNIT_FINE;
}

static bool
runs(const struct str *units, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(units[i], name))
			return true;
	return false;
}

bool
slot_units_keep(struct session *s, struct str slot, bool ill, struct err *e)
{
	const struct host_view *view = facts_view(s);
	struct slot_turn t = { .s = s };
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	struct json *old = NULL;
	struct str *units;
	size_t count, before_count;
	if (state_load(s->agent, s->arena, UNITS, &old, NULL) && old && str_eq(json_get_str(old, "slot"), slot))
		return true;
	view->units(view->user, s->arena, &units, &count);
	json_begin_object(&w);
	json_put_str(&w, "slot", slot);
	json_key(&w, "units");
	json_begin_array(&w);
	for (size_t i = 0; i < count && i < UNITS_MAX; i++)
		json_str(&w, units[i]);
	const struct json *before = json_get_array(old, "units", &before_count);
	for (size_t i = 0; ill && i < before_count && count + i < UNITS_MAX; i++)
		if (!runs(units, count, before[i].text) && !mitigation_stops(s, before[i].text) &&
		    unit_ask(&t, before[i].text) != UNIT_FINE)
			json_str(&w, before[i].text);
	json_end_array(&w);
	json_end_object(&w);
	return state_save(s->agent, UNITS, buf_str(&b), e);
}

struct health {
	size_t bad, hopeless; /* broken or still to come; those of them that will not come by themselves */
	struct str broken; /* one of them */
};

/* One look. */
static struct health
health_look(struct slot_turn *t, const struct json *before, size_t count)
{
	struct health h = { 0 };
	const struct host_view *view = facts_view(t->s);
	struct str *now;
	size_t running;
	view->units(view->user, t->s->arena, &now, &running);
	for (size_t i = 0; i < count; i++) {
		if (runs(now, running, before[i].text) || mitigation_stops(t->s, before[i].text))
			continue;
		enum unit_health unit = unit_ask(t, before[i].text);
		if (unit == UNIT_FINE)
			continue;
		h.hopeless += unit == UNIT_GAVE_UP;
		if (h.bad++ == 0)
			h.broken = before[i].text;
	}
	return h;
}

bool
slot_units_run(struct session *s)
{
	struct slot_turn t = { .s = s };
	struct json *v = NULL;
	size_t count;
	if (!state_load(s->agent, s->arena, UNITS, &v, NULL) || !v)
		return true;
	const struct json *before = json_get_array(v, "units", &count);
	return health_look(&t, before, count).bad == 0;
}

/* Services need their time after a start: looked at until all run, two minutes at most, and not long where all the others
 * have given up. */
static void
act_health(struct slot_turn *t, struct slot_result *r)
{
	unsigned patience = t->s->agent->patience_s ? t->s->agent->patience_s : SETTLE_S;
	struct json *v = NULL;
	size_t count;
	struct health h;
	if (!state_load(t->s->agent, t->s->arena, UNITS, &v, NULL) || !v ||
	    !str_eq(json_get_str(v, "slot"), t->decision->slot_id))
		return;
	const struct json *before = json_get_array(v, "units", &count);
	for (unsigned waited = 0;; waited += 2) {
		h = health_look(t, before, count);
		if (h.bad == 0 || waited >= patience || (h.bad == h.hopeless && waited >= GAVE_UP_S))
			break;
		sleep(2);
	}
	t->healthy = h.bad == 0;
	r->ok = t->healthy;
	if (h.bad == 0)
		return;
	LANG_ENGLISH_AUTO;
	t->why = arena_printf(t->s->arena, tr("%zu services that ran before do not run any more, among them %.*s"),
			      h.bad, STR_ARG(h.broken));
	log_error("health", "%.*s", STR_ARG(t->why));
}

/* ---- updates ---- */

static void
act_stage(struct slot_turn *t, struct slot_result *r)
{
	struct session *s = t->s;
	bool did;
	for (size_t i = 0; i < t->decision->patch_count; i++)
		*ARRAY_PUSH(s->arena, &s->stage_patches) = t->decision->patches[i];
	planning_stage(s, &did);
	s->stage_patches.count = 0;
	for (size_t i = 0; i < t->decision->patch_count; i++) {
		const struct patch *p = planning_find(s, t->decision->patches[i]);
		r->ok = r->ok && (!p || p->staged);
	}
}

/* One kind of patches of a pass; adds to r. */
static void
pass_do(struct slot_turn *t, enum order_act act, const struct patch_list *l, struct slot_result *r)
{
	struct session *s = t->s;
	struct err e = { 0 };
	unsigned installed = 0, failed = 0;
	struct work_pass p = { .name = arena_printf(s->arena, "slot:%.*s/%u", STR_ARG(t->decision->slot_id),
						    t->decision->pass),
			       .trigger = t->decision->kind == SLOT_BY_EMERGENCY ? "emergency" : "window",
			       .act = act,
			       .patches = l->patches.items,
			       .count = l->patches.count };
	if (l->patches.count == 0 || t->unfinished)
		return;
	if (!work_pass(s, &p, &installed, &failed, &e)) {
		log_warn("slot", "%s", e.text);
		t->why = arena_printf(s->arena, "%s", e.text);
		t->unfinished = e.code == ERR_BUSY;
		r->ok = false;
		failed += t->unfinished ? 0 : (unsigned)l->patches.count;
	}
	r->installed += installed;
	r->failed += failed;
	r->ok = r->ok && failed == 0;
	s->unfinished = s->unfinished || t->unfinished;
}

/* "remove:NAME" as a patch that takes out the version that is in. */
static void
removal_add(struct session *s, struct str id, struct patch_list *out)
{
	struct str name = str_skip(id, strlen(MANDATE_REMOVE));
	struct patch p = { .id = id };
	for (size_t i = 0; i < s->inventory.packages.count; i++) {
		const struct package *have = &s->inventory.packages.items[i];
		if (!str_eq(have->name, name))
			continue;
		p.title = arena_printf(s->arena, "%.*s %.*s → –", STR_ARG(have->name), STR_ARG(have->version));
		p.source = have->source;
		p.version = have->version;
		*ARRAY_PUSH(s->arena, &p.packages) = (struct patch_package){
			.name = have->name, .arch = have->arch, .from = have->version, .to = have->version
		};
	}
	if (p.packages.count > 0)
		*ARRAY_PUSH(s->arena, &out->patches) = p;
}

/* What is installed and running has changed: the facts of the next turn are read anew. */
static void
look_again(struct slot_turn *t)
{
	struct err e = { 0 };
	if (!checkin_sections(t->s, &e))
		log_warn("inventory", "%s", e.text);
}

static void
act_install(struct slot_turn *t, struct slot_result *r)
{
	struct session *s = t->s;
	struct patch_list updates = { .manager = s->plan.list.manager }, removals = updates;
	for (size_t i = 0; i < t->decision->patch_count; i++) {
		struct str id = t->decision->patches[i];
		const struct patch *p = planning_find(s, id);
		if (p)
			*ARRAY_PUSH(s->arena, &updates.patches) = *p;
		else if (str_starts(id, STR(MANDATE_REMOVE)))
			removal_add(s, id, &removals);
	}
	pass_do(t, ORDER_ACT_APPLY, &updates, r);
	pass_do(t, ORDER_ACT_REMOVE, &removals, r);
	look_again(t);
}

static void
act_withdraw(struct slot_turn *t, struct slot_result *r)
{
	struct session *s = t->s;
	struct patch_list back = { .manager = s->plan.list.manager };
	for (size_t i = 0; i < t->decision->patch_count; i++)
		for (size_t k = 0; k < s->back.patches.count; k++)
			if (str_eq(s->back.patches.items[k].instead_of, t->decision->patches[i]))
				*ARRAY_PUSH(s->arena, &back.patches) = s->back.patches.items[k];
	pass_do(t, ORDER_ACT_BACK, &back, r);
	look_again(t);
	s->back = (struct patch_list){ 0 }; /* done, or not possible after all: not again in this run */
	planning_run(s);
}

static void
act_rescan(struct slot_turn *t, struct slot_result *r)
{
	struct err e = { 0 };
	planning_run(t->s);
	r->ok = t->s->plan.error.len == 0;
	look_again(t);
	if (*t->sent && !checkin_send(t->s, &e)) {
		log_warn("server", "%s", e.text);
		*t->sent = false;
	}
}

/* ---- the rest ---- */

static void
script_act(struct slot_turn *t, struct str name, struct slot_result *r)
{
	LANG_ENGLISH_AUTO; /* it is sent */
	struct err e = { 0 };
	if (name.len == 0 || script_run(t->s, name, t->decision->slot_id, t->decision->pass, &e))
		return;
	log_error("script", "%s", e.text);
	t->why = arena_printf(t->s->arena, "%s", e.text);
	r->ok = false;
}

static void
act_pre_script(struct slot_turn *t, struct slot_result *r)
{
	script_act(t, t->policy->policy.scripts.pre, r);
}

static void
act_post_script(struct slot_turn *t, struct slot_result *r)
{
	script_act(t, t->policy->policy.scripts.post, r);
}

/* The notice itself is written after every turn. Terminals hear of it too, where there is wall. */
static void
act_notify(struct slot_turn *t, struct slot_result *r)
{
	struct session *s = t->s;
	char at[TIME_RFC3339_MAX];
	(void)r;
	ward_call(s, arena_printf(s->arena, tr("mamori: %zu updates are planned here for %s. See: mamori-agent notice"),
				  t->decision->patch_count, time_local(t->decision->slot.start, at)));
}

/* The report goes out first: a server that knows why a machine is away does not worry. */
static void
act_reboot(struct slot_turn *t, struct slot_result *r)
{
	static const char *const ways[][4] = { { "systemctl", "reboot", NULL }, { "shutdown", "-r", "now", NULL } };
	struct err e = { 0 };
	if (facts_view(t->s) == &host_view_folder) {
		r->ok = false;
		t->why = STR("a root folder cannot be restarted");
		return;
	}
	if (*t->sent && !checkin_send(t->s, &e)) {
		log_warn("server", "%s", e.text);
		*t->sent = false;
	}
	sync();
	for (size_t i = 0; i < COUNT(ways); i++) {
		PROC_RESULT_AUTO p = { 0 };
		struct proc_spec spec = { .argv = ways[i], .timeout_s = 60, .own_session = true };
		err_clear(&e);
		if (runner_run(t->s->agent->runner, &spec, &p, &e) && p.status == 0) {
			log_info("slot", "this machine restarts");
			t->leave = true;
			return;
		}
		log_warn("slot", "restarting by %s did not work: %s%.*s", ways[i][0], e.text,
			 STR_ARG(str_trim(buf_str(&p.err))));
	}
	r->ok = false;
	t->why = STR("this machine could not be restarted");
}

void
slot_act(struct slot_turn *t, struct slot_result *r)
{
	static void (*const acts[SLOT_ACTS])(struct slot_turn * t, struct slot_result * r) = {
		[SLOT_STAGE] = act_stage,
		[SLOT_NOTIFY] = act_notify,
		[SLOT_STOP_SERVICES] = act_stop_services,
		[SLOT_PRE_SCRIPT] = act_pre_script,
		[SLOT_WITHDRAW] = act_withdraw,
		[SLOT_INSTALL] = act_install,
		[SLOT_POST_SCRIPT] = act_post_script,
		[SLOT_RESTART_SERVICES] = act_restart_services,
		[SLOT_REBOOT] = act_reboot,
		[SLOT_RESCAN] = act_rescan,
		[SLOT_HEALTH] = act_health,
		[SLOT_START_SERVICES] = act_start_services,
	};
	int64_t began = clock_now(t->s->agent->clock);
	*r = (struct slot_result){ .ok = true };
	t->healthy = true;
	if (acts[t->decision->act])
		acts[t->decision->act](t, r);
	r->took = clock_now(t->s->agent->clock) - began;
	if (r->took < 0)
		r->took = 0;
}
