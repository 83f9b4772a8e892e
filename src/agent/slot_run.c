#include "agent/slot_run.h"

#include <unistd.h>

#include "agent/checkin.h"
#include "agent/mitigation.h"
#include "agent/order.h"
#include "agent/slot_act.h"
#include "agent/updates.h"
#include "agent/ward.h"
#include "agent/way_back.h"
#include "base/log.h"
#include "base/sentence.h"

#define STATE "slot.json"
#define REPORT "slot-report.json"
#define TURNS_MAX 200
#define SAME_MAX 3 /* an act that comes again and again without an end is left for the next run */
#define REPORTED_MAX 16
#define KEEP_CLOCK_MS (3600LL * 1000)
#define WHY_MAX 300 /* of a script: the server takes 500 bytes of the whole sentence */

struct slot_work {
	struct session *s;
	struct directive newest, began;
	bool has_began;
	struct slot_state state;
	int64_t saved; /* state's clock when it was last written */
	struct facts facts;
	struct slot_decision decision;
	bool healthy, *sent;
	struct str trouble; /* the last failure's words */
	struct str script; /* why the first script of the policy kept the last slot from beginning; empty: it did not */
	struct str given_back; /* the slot whose lease was handed back … */
	bool news; /* of mitigations */
	int64_t given_serial; /* … as this directive has it: no use of it until a newer one says so again */
};

/* ---- what is kept ---- */

static bool
state_read(struct slot_work *k, struct err *e)
{
	struct session *s = k->s;
	BUF_AUTO text = { 0 };
	struct err why = { 0 };
	if (!file_read(state_path(s->agent, s->arena, STATE), 4U << 20, &text, &why))
		return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.text);
	if (!slot_state_parse(s->arena, arena_str(s->arena, buf_str(&text)), &k->state, &why)) {
		/* Only a broken disk does this; nothing may be done twice for it: a new host waits for its next slot. */
		log_error("slot", "%s", why.text);
		k->state = (struct slot_state){ 0 };
	}
	k->saved = k->state.clock_seen;
	return true;
}

static bool
state_write(struct slot_work *k, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	slot_state_write(&k->state, &w);
	if (!state_save(k->s->agent, STATE, buf_str(&b), e))
		return err_wrap(e, "keeping what is to be done in this slot");
	k->saved = k->state.clock_seen;
	return true;
}

struct str
slot_run_id(struct session *s)
{
	struct slot_work k = { .s = s };
	return state_read(&k, NULL) ? k.state.slot : STR("");
}

/* ---- the report ---- */

static void
finished_write(const struct slot_state *st, struct json_writer *w)
{
	json_key(w, "finished");
	json_begin_array(w);
	for (unsigned i = 0; i < st->finished_count && i < REPORTED_MAX; i++) {
		json_begin_object(w);
		json_put_str(w, "id", st->finished[i].id);
		json_put_time(w, "at", st->finished[i].at);
		json_put_cstr(w, "how", slot_reason_name(st->finished[i].how));
		json_end_object(w);
	}
	json_end_array(w);
}

/* A lease that is of no use now goes back, where the server can hear it; cut off, it is kept. What is said may arrive
 * although the answer is lost: from here on this directive's lease counts as gone, or both of a pair could go at once. */
static void
lease_note(struct slot_work *k)
{
	const struct slot_decision *d = &k->decision;
	if (k->given_serial != k->newest.serial)
		k->given_back = STR_NONE;
	/* A mitigation needs it although nothing can be installed. */
	bool unused = *k->sent && slot_lease_unused(d) && !(k->newest.paired && k->s->stands);
	for (size_t i = 0; unused && i < k->newest.leases.count; i++) {
		if (!str_eq(k->newest.leases.items[i].slot, d->open_id))
			continue;
		k->given_back = d->open_id;
		k->given_serial = k->newest.serial;
	}
}

/* Nothing may be installed here, so no slot asks for it: a lease only to mitigate. */
static void
mitigate_write_wish(const struct slot_work *k, struct json_writer *w)
{
	struct session *s = k->s;
	struct str id = slot_mitigate_id(s->arena, &k->newest, str_of(s->id.host));
	if (id.len > 0 && (s->mitigation_waits || s->stands))
		json_put_str(w, "mitigate", id);
}

static void
report_make(struct slot_work *k, struct str why)
{
	struct session *s = k->s;
	const struct slot_decision *d = &k->decision;
	BUF_AUTO b = { 0 };
	BUF_AUTO old = { 0 };
	struct json_writer w = { .out = &b };
	struct err e = { 0 };
	const char *path = state_path(s->agent, s->arena, REPORT);
	json_begin_object(&w);
	json_put_str(&w, "id", k->state.slot.len ? k->state.slot : d->slot_id);
	json_put_time(&w, "start", d->slot.start);
	json_put_time(&w, "end", d->slot.end);
	json_put_cstr(&w, "act", slot_act_name(d->act));
	json_put_cstr(&w, "reason", slot_reason_name(d->reason));
	json_put_str(&w, "why", why);
	json_put_time(&w, "until", d->until);
	json_put_i64(&w, "pass", d->pass);
	finished_write(&k->state, &w);
	json_put_i64(&w, "install_ms", k->state.install_ms);
	json_put_i64(&w, "reboot_ms", k->state.reboot_ms);
	json_put_bool(&w, "healthy", k->healthy);
	json_put_str(&w, "trouble", k->trouble);
	json_put_str(&w, "script", k->script);
	mitigate_write_wish(k, &w);
	if (k->given_back.len > 0) {
		json_put_str(&w, "lease_unused", k->given_back);
		json_put_i64(&w, "lease_serial", k->given_serial);
	}
	json_end_object(&w);
	s->slot_report = arena_str(s->arena, buf_str(&b));
	if (file_read(path, 1U << 20, &old, NULL) && str_eq(buf_str(&old), s->slot_report))
		return;
	if (!state_save(s->agent, REPORT, s->slot_report, &e))
		log_warn("slot", "%s", e.text);
}

void
slot_report_load(struct session *s)
{
	struct json *v;
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	if (!state_load(s->agent, s->arena, REPORT, &v, NULL) || !v)
		return;
	json_tree(&w, v);
	s->slot_report = arena_str(s->arena, buf_str(&b));
}

static void
report_before(struct slot_work *k)
{
	struct json *v = NULL;
	k->healthy = !state_load(k->s->agent, k->s->arena, REPORT, &v, NULL) || json_get_bool(v, "healthy", true);
	k->trouble = json_get_str(v, "trouble");
	k->script = json_get_str(v, "script");
	k->given_back = json_get_str(v, "lease_unused");
	k->given_serial = json_get_i64(v, "lease_serial", 0);
}

/* ---- turns ---- */

/* A withdrawn update that cannot be gone back from is a trouble that stays until somebody acts. */
static void
back_plan(struct slot_work *k)
{
	struct session *s = k->s;
	way_back_plan(s, &k->newest);
	for (size_t i = 0; i < s->back.patches.count; i++)
		if (s->back.patches.items[i].kept_back.len > 0)
			k->trouble = s->back.patches.items[i].kept_back;
}

/* Whether replaced code is looked for, which reads the maps of every process. */
static bool
looks_for_stale(const struct slot_work *k)
{
	return k->state.slot.len > 0 || k->state.reboot_pending_since != 0;
}

static void
lease_strip(struct session *s, struct str slot, struct directive *d)
{
	struct directive kept = { 0 };
	for (size_t i = 0; i < d->leases.count; i++)
		if (!str_eq(d->leases.items[i].slot, slot))
			*ARRAY_PUSH(s->arena, &kept.leases) = d->leases.items[i];
	d->leases.items = kept.leases.items;
	d->leases.count = kept.leases.count;
}

void
slot_lease_strip(struct session *s, struct directive *d)
{
	struct json *v = NULL;
	if (state_load(s->agent, s->arena, REPORT, &v, NULL) && json_get_str(v, "lease_unused").len > 0 &&
	    json_get_i64(v, "lease_serial", 0) == d->serial)
		lease_strip(s, json_get_str(v, "lease_unused"), d);
}

static void
decide(struct slot_work *k, struct directive *newest)
{
	const struct directive *began = NULL;
	struct directive wide_began;
	mandate_widen(k->s, &k->newest, newest);
	updates_limit(k->s, newest);
	if (k->given_back.len > 0 && k->given_serial == newest->serial)
		lease_strip(k->s, k->given_back, newest);
	/* Before anything of the slot: in the turn after a rescan it is undone, and the health check finds it running. */
	k->news = mitigation_run(k->s, newest, k->state.slot) || k->news;
	if (k->state.slot.len > 0 && k->has_began) {
		wide_began = k->began;
		began = ARENA_NEW(k->s->arena, struct directive);
		memcpy((void *)began, &wide_began, sizeof(wide_began));
	}
	facts_read(k->s, newest, began, looks_for_stale(k), &k->facts);
	slot_decide(newest, &k->state, &k->facts.slot, k->s->arena, &k->decision);
}

/* The stamp: durable before this returns. A slot that begins keeps its directive first. */
static bool
stamp(struct slot_work *k, const struct directive *newest, struct err *e)
{
	struct session *s = k->s;
	struct slot_state before = k->state;
	bool changed = slot_begin(&k->state, newest, &k->decision, &k->facts.slot, s->arena);
	k->facts.jumped = false;
	if (k->state.slot.len > 0 && !str_eq(before.slot, k->state.slot)) {
		k->has_began = false;
		k->trouble = k->script = STR_NONE;
		if (!mandate_keep(s, e) || !slot_units_keep(s, k->state.slot, !k->healthy, e))
			return false;
		k->began = k->newest;
		k->has_began = true;
	}
	if ((changed || k->state.clock_seen - k->saved > KEEP_CLOCK_MS) && !state_write(k, e))
		return false;
	if (k->facts.slot.ward_now || k->facts.slot.ward_later)
		ward_answered(s);
	return true;
}

/* That it waits for the next window is half of the answer where a script kept it out of the last one. */
static void
script_tell(struct slot_work *k)
{
	bool waits = k->decision.reason == SLOT_BEFORE_WINDOW || k->decision.reason == SLOT_FINISHED;
	if (waits && k->state.finished_count > 0 && k->state.finished[0].how == SLOT_PRE_FAILED)
		k->decision.script = arena_line(k->s->arena, k->script, WHY_MAX);
}

static void
show(struct slot_work *k, const struct directive *newest)
{
	LANG_ENGLISH_AUTO; /* it is sent; the notice is told in the reader's language */
	script_tell(k);
	struct str why = slot_why(k->s->arena, newest, &k->decision, &k->facts.slot);
	lease_note(k);
	report_make(k, why);
	way_back_tell(k->s, k->state.slot.len ? k->state.slot : k->decision.slot_id);
	ward_notice(k->s, &k->decision, why, &k->facts.slot);
}

/* One act. *again: another turn follows. */
static bool
act(struct slot_work *k, const struct directive *newest, bool *again, bool *down, struct err *e)
{
	struct session *s = k->s;
	struct slot_result r = { 0 };
	struct slot_turn t = { .s = s,
			       .policy = k->has_began ? &k->began : newest,
			       .decision = &k->decision,
			       .facts = &k->facts,
			       .sent = k->sent };
	log_info("slot", "%.*s: %s (%s)", STR_ARG(k->decision.slot_id), slot_act_name(k->decision.act),
		 slot_reason_name(k->decision.reason));
	slot_act(&t, &r);
	if (k->decision.act == SLOT_HEALTH)
		k->healthy = t.healthy;
	if (t.why.len > 0)
		k->trouble = t.why;
	if (k->decision.act == SLOT_PRE_SCRIPT)
		k->script = t.why;
	*down = t.leave;
	*again = !t.leave && !t.unfinished;
	if (!*again)
		return true;
	facts_read(s, newest, k->facts.slot.began, looks_for_stale(k), &k->facts);
	slot_ended(&k->state, &k->decision, &r, &k->facts.slot, s->arena);
	return state_write(k, e);
}

static bool
turns(struct slot_work *k, bool *down, struct err *e)
{
	struct session *s = k->s;
	enum slot_act last = SLOT_WAIT;
	unsigned same = 0;
	bool again = true;
	for (int i = 0; i < TURNS_MAX && again; i++) {
		struct directive newest;
		/* A check-in during the last act may have brought another one. */
		if (s->directive_serial != k->newest.serial && !mandate_load(s, &k->newest))
			break;
		decide(k, &newest);
		same = k->decision.act == last ? same + 1 : 0;
		last = k->decision.act;
		if (!stamp(k, &newest, e))
			return false;
		show(k, &newest);
		if (k->decision.act == SLOT_WAIT || same >= SAME_MAX)
			break;
		/* Closing is its stamp. */
		if (k->decision.act != SLOT_CLOSE && !act(k, &newest, &again, down, e))
			return false;
	}
	return true;
}

/* The server hears what was decided when it is something else than it was told. */
static void
tell(struct slot_work *k, struct str told)
{
	struct err e = { 0 };
	struct str now = k->s->slot_report;
	if (!*k->sent || (str_eq(told, now) && !k->news))
		return;
	if (!checkin_send(k->s, &e)) {
		log_warn("server", "%s", e.text);
		*k->sent = false;
	}
}

static bool
can_patch(const struct session *s)
{
	return s->manager && s->plan.known && (geteuid() == 0 || s->agent->pkgmgr);
}

static bool
recover(struct slot_work *k, struct err *e)
{
	enum slot_act interrupted = SLOT_WAIT;
	bool begun = k->state.begun;
	facts_read(k->s, &k->newest, k->has_began ? &k->began : NULL, false, &k->facts);
	slot_recover(&k->state, &k->facts.slot, k->s->arena, &interrupted);
	if (interrupted != SLOT_WAIT)
		log_warn("slot", "%.*s: %s was interrupted", STR_ARG(k->state.slot), slot_act_name(interrupted));
	return !begun || state_write(k, e);
}

bool
slot_run(struct session *s, bool *sent, int64_t *until, bool *down, struct err *e)
{
	struct slot_work k = { .s = s, .sent = sent };
	struct str told = s->slot_report;
	*until = 0;
	*down = false;
	if (!mandate_load(s, &k.newest) || !can_patch(s))
		return true;
	report_before(&k);
	facts_open(s, &k.facts);
	facts_confirmed(s, &k.facts);
	if (!state_read(&k, e))
		return false;
	k.has_began = k.state.slot.len > 0 && mandate_load_began(s, k.state.serial, &k.began);
	back_plan(&k);
	if (!recover(&k, e))
		return false;
	if (!k.healthy && k.state.slot.len == 0)
		k.healthy = slot_units_run(s);
	bool ok = turns(&k, down, e);
	facts_save(s, &k.facts);
	if (ok)
		*until = k.decision.until;
	tell(&k, told);
	return ok;
}
