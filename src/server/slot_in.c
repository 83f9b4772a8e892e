#include "server/slot_in.h"

#include "base/codec.h"
#include "base/log.h"
#include "patch/outlook.h"
#include "plan/slot.h"
#include "server/planner.h"
#include "store/fleet_group.h"
#include "store/ring_stage.h"

enum { ID_MAX = 400, WORD_MAX = 60, WHY_MAX = 500 };
static const int64_t DAY = 86400000LL;
static const int64_t SLOT_LENGTH_MAX = 7 * 86400000LL;
static const int64_t HOLD_DEFAULT = 86400000LL; /* without an end: nobody remembers to release it */
static const int64_t HOLD_MAX = 14 * 86400000LL;

/* ---- parsing ---- */

static bool
text(struct arena *a, const struct json *j, const char *key, size_t max, struct str *out, struct err *e)
{
	struct str s = json_get_str(j, key);
	if (s.len > max)
		return err_set(e, ERR_INPUT, "the check-in's %s is longer than %zu bytes", key, max);
	*out = arena_line(a, s, max);
	return true;
}

static bool
instant(const struct json *j, const char *key, int64_t *out, struct err *e)
{
	struct str s = json_get_str(j, key);
	*out = 0;
	return !s.len || time_parse(s, out) || err_set(e, ERR_INPUT, "the check-in's %s is no time", key);
}

static int64_t
number(const struct json *j, const char *key, int64_t max)
{
	int64_t n = json_get_i64(j, key, 0);
	return n < 0 ? 0 : n > max ? max : n;
}

static bool
parse_finished(struct arena *a, const struct json *slot, struct slot_in *out, struct err *e)
{
	size_t count;
	const struct json *items = json_get_array(slot, "finished", &count);
	for (size_t i = 0; i < count && i < SLOT_IN_FINISHED; i++) {
		struct slot_end *end = &out->ended[out->ended_count];
		if (!text(a, &items[i], "id", ID_MAX, &end->id, e) ||
		    !text(a, &items[i], "how", WORD_MAX, &end->how, e) || !instant(&items[i], "at", &end->at, e))
			return false;
		out->ended_count++;
	}
	return true;
}

static bool
parse_slot(struct arena *a, const struct json *slot, struct slot_in *out, struct err *e)
{
	struct slot_report *r = &out->report;
	if (!text(a, slot, "id", ID_MAX, &r->slot, e) || !text(a, slot, "act", WORD_MAX, &r->act, e) ||
	    !text(a, slot, "reason", WORD_MAX, &r->reason, e) || !text(a, slot, "why", WHY_MAX, &r->why, e) ||
	    !instant(slot, "start", &r->start, e) || !instant(slot, "end", &r->end, e) ||
	    !instant(slot, "until", &r->until, e) || !text(a, slot, "lease_unused", ID_MAX, &out->unused, e) ||
	    !text(a, slot, "mitigate", ID_MAX, &out->mitigate, e) || !parse_finished(a, slot, out, e))
		return false;
	r->pass = number(slot, "pass", 1000);
	r->install_ms = number(slot, "install_ms", 2 * DAY);
	r->reboot_ms = number(slot, "reboot_ms", 2 * DAY);
	out->healthy = json_get_bool(slot, "healthy", true);
	out->given = true;
	return true;
}

static bool
parse_asks(struct arena *a, const struct json *body, struct slot_in *out, struct err *e)
{
	size_t count;
	const struct json *items = json_get_array(body, "asks", &count);
	for (size_t i = 0; i < count && i < SLOT_IN_ASKS; i++) {
		struct slot_ask *k = &out->asks[out->ask_count];
		BUF_AUTO raw = { 0 };
		if (!text(a, &items[i], "ask", WORD_MAX, &k->ask, e) ||
		    !text(a, &items[i], "why", WHY_MAX, &k->why, e) || !instant(&items[i], "until", &k->until, e) ||
		    !instant(&items[i], "at", &k->at, e))
			return false;
		json_tree(&(struct json_writer){ .out = &raw }, &items[i]);
		k->raw = arena_str(a, buf_str(&raw));
		out->ask_count++;
	}
	return true;
}

bool
slot_in_parse(struct arena *a, const struct json *body, struct slot_in *out, struct err *e)
{
	struct slot_in in = { .healthy = true, .serial = number(body, "directive", INT64_MAX) };
	const struct json *slot = json_get(body, "slot");
	if ((slot && slot->kind == JSON_KIND_OBJECT && !parse_slot(a, slot, &in, e)) || !parse_asks(a, body, &in, e))
		return false;
	*out = in;
	return true;
}

/* ---- the report ---- */

bool
slot_id_is_of(struct str id, struct str host)
{
	ptrdiff_t last = str_rfind_char(id, '/');
	return last > 0 && str_eq(str_skip(id, (size_t)last + 1), host);
}

/* The other hosts of its server system wait for its services to be stopped, and for its health. */
static bool
steps_changed(struct request *r, const struct slot_report *before, const struct slot_report *now, struct err *e)
{
	struct str steps = str_of(slot_reason_name(SLOT_STEPS));
	bool same = str_eq(before->reason, steps) == str_eq(now->reason, steps) &&
		    !before->unhealthy_since == !now->unhealthy_since;
	return same || directive_row_touch(r->st, r->host.id, e);
}

static bool
report_keep(struct request *r, const struct slot_in *in, struct slot_report *out, struct err *e)
{
	struct slot_report before, now = in->report;
	if (!slot_report_get(r->st, &r->arena, r->host.id, &before, e))
		return false;
	now.host = r->host.id;
	now.serial = in->serial;
	now.at = r->now;
	/* From the start of the slot in work: what was installed in it is what may have done it. */
	if (!in->healthy)
		now.unhealthy_since = before.unhealthy_since            ? before.unhealthy_since
				      : now.start && now.start < r->now ? now.start
									: r->now - DAY;
	if (!slot_report_put(r->st, &now, e))
		return false;
	*out = now;
	if (!steps_changed(r, &before, &now, e))
		return false;
	if (!now.unhealthy_since == !before.unhealthy_since)
		return true;
	int64_t since = now.unhealthy_since ? now.unhealthy_since : before.unhealthy_since;
	if (now.unhealthy_since) {
		log_warn("host", "%.*s: its health check failed after an update", STR_ARG(r->host.name));
		if (!request_audit(r, "host.unhealthy", r->host.id, now.slot, e))
			return false;
	}
	return ring_stages_touch_host(r->st, r->host.id, since, e) &&
	       (!now.unhealthy_since || planner_stages_host(r->st, &r->arena, r->host.id, r->now, e));
}

static bool
ended_keep(struct request *r, const struct slot_in *in, struct err *e)
{
	struct lease_row lease;
	bool leased;
	if (!lease_of_host(r->st, &r->arena, r->host.id, r->now, &lease, &leased, e))
		return false;
	for (size_t i = 0; i < in->ended_count; i++) {
		const struct slot_end *end = &in->ended[i];
		if (!slot_id_is_of(end->id, r->host.id))
			continue;
		if (i < 8 &&
		    !slot_done_put(r->st, r->host.id, end->id, end->at < r->now ? end->at : r->now, end->how, e))
			return false;
		/* Free for its partner, once it is well again. */
		if (leased && in->healthy && str_eq(lease.slot, end->id) && !lease_drop(r->st, r->host.id, e))
			return false;
	}
	return true;
}

/* ---- wishes ---- */

static struct str
ask_id(struct request *r, const struct slot_ask *k)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(arena_printf(&r->arena, "%.*s\n%.*s", STR_ARG(r->host.id), STR_ARG(k->raw)), hex);
	return arena_str(&r->arena, str_sub(hex, 18));
}

static struct str
at_machine(struct request *r)
{
	return arena_printf(&r->arena, "%.*s", STR_ARG(r->host.name));
}

static bool
ask_hold(struct request *r, const struct slot_ask *k, struct err *e)
{
	struct hold h, known;
	struct err none = { 0 };
	h = (struct hold){ .id = ask_id(r, k), .host = r->host.id, .by = at_machine(r), .why = k->why, .at = r->now };
	if (hold_get(r->st, &r->arena, h.id, &known, &none))
		return true; /* the answer to it was lost */
	h.until = k->until > r->now ? k->until : r->now + HOLD_DEFAULT;
	if (h.until > r->now + HOLD_MAX)
		h.until = r->now + HOLD_MAX;
	return hold_insert(r->st, &h, e) && request_audit(r, "hold.create", h.id, k->why, e);
}

/* Only what was held at this machine: a person's hold is released by a person. */
static bool
ask_release(struct request *r, struct err *e)
{
	struct hold *holds;
	size_t count;
	if (!holds_of_host(r->st, &r->arena, r->host.id, r->now, &holds, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(holds[i].by, at_machine(r)))
			continue;
		if (!hold_release(r->st, holds[i].id, at_machine(r), r->now, e) ||
		    !request_audit(r, "hold.release", holds[i].id, STR("at the machine"), e))
			return false;
	}
	return true;
}

static bool
asks_keep(struct request *r, const struct slot_in *in, struct err *e)
{
	for (size_t i = 0; i < in->ask_count; i++) {
		const struct slot_ask *k = &in->asks[i];
		bool ok = str_eq(k->ask, STR("hold"))      ? ask_hold(r, k, e)
			  : str_eq(k->ask, STR("release")) ? ask_release(r, e)
			  : str_eq(k->ask, STR("now")) || str_eq(k->ask, STR("later"))
				  ? request_audit(r, arena_printf(&r->arena, "ward.%.*s", STR_ARG(k->ask)).ptr,
						  r->host.id, k->why, e)
				  : true; /* a newer agent's */
		if (!ok)
			return false;
	}
	return true;
}

/* ---- leases ---- */

/* A slot that its policy could give it: nobody keeps its partner down with a slot of a hundred years. */
static bool
slot_plausible(struct request *r, const struct directive_row *row, const struct slot_report *s)
{
	struct str policy = arena_printf(&r->arena, "%.*s/", STR_ARG(row->policy));
	return slot_id_is_of(s->slot, r->host.id) && str_starts(s->slot, policy) && s->start && s->end > s->start &&
	       s->end - s->start <= SLOT_LENGTH_MAX && s->end > r->now && s->start < r->now + DAY;
}

/* Limits are those of rings, and rings those of the policy that wrote them. */
static struct str
limits_of(const struct directive_row *row)
{
	return row->ring_policy.len ? row->ring_policy : row->policy;
}

static bool
lease_request_fill(struct request *r, const struct directive_row *row, const struct slot_report *s,
		   struct policy_set *set, struct lease_request *q, struct err *e)
{
	struct host_facts *h = ARENA_NEW(&r->arena, struct host_facts);
	struct effective_policy *eff = ARENA_NEW(&r->arena, struct effective_policy);
	int64_t hosts;
	if (!host_facts_get(r->st, &r->arena, r->host.id, h, e) ||
	    !ring_hosts(r->st, limits_of(row), row->ring, &hosts, e))
		return false;
	struct policy_subject subject = policy_subject_of(h);
	policy_effective(set->policies, set->count, &subject, &r->arena, eff);
	*q = (struct lease_request){
		.host = r->host.id,
		.slot = s->slot,
		.redundancy_group = eff->policy.redundancy && h->redundancy.len ? h->redundancy : STR(""),
		.policy = &eff->policy,
		.ring = (size_t)row->ring,
		.ring_hosts = (unsigned)hosts,
		.slot_start = s->start,
		.slot_end = s->end,
		.now = r->now,
		.emergency = str_find(s->slot, STR("/emergency/")) > 0,
	};
	return !q->redundancy_group.len ||
	       partner_down(r->st, q->redundancy_group, r->host.id, request_silent_before(r), &q->partner_down, e);
}

static bool
lease_try(struct request *r, const struct directive_row *row, const struct slot_report *s, struct err *e)
{
	struct policy_set set;
	struct lease_request q;
	struct lease_row *near;
	struct lease granted;
	struct str why;
	size_t count;
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e) || !lease_request_fill(r, row, s, &set, &q, e) ||
	    !leases_near(r->st, &r->arena, limits_of(row), q.redundancy_group, r->now - LEASE_GRACE_MS, &near, &count,
			 e))
		return false;
	struct lease *held = ARENA_ARRAY(&r->arena, struct lease, count + 1);
	for (size_t i = 0; i < count; i++)
		held[i] = (struct lease){ .host = near[i].host,
					  .slot = near[i].slot,
					  .redundancy_group = near[i].redundancy.ptr ? near[i].redundancy : STR(""),
					  .ring = (size_t)near[i].ring,
					  .from = near[i].start,
					  .until = near[i].until,
					  .other_rings = !str_eq(near[i].policy, limits_of(row)) };
	if (!lease_grant(&q, held, count, &granted, &r->arena, &why)) {
		log_debug("lease", "%.*s gets none: %.*s", STR_ARG(r->host.name), STR_ARG(why));
		return true; /* it asks again with its next check-in */
	}
	struct lease_row l = { .host = r->host.id,
			       .slot = granted.slot,
			       .policy = limits_of(row),
			       .redundancy = q.redundancy_group.len ? q.redundancy_group : STR_NONE,
			       .ring = row->ring,
			       .start = granted.from,
			       .until = granted.until };
	return lease_put(r->st, &l, e);
}

static bool
has_ended(const struct slot_in *in, struct str slot)
{
	for (size_t i = 0; i < in->ended_count; i++)
		if (str_eq(in->ended[i].id, slot))
			return true;
	return false;
}

/* Handed back: the other machine of its pair may have it at once, this one asks anew when it could use it. */
static bool
lease_back(struct request *r, const struct slot_in *in, struct err *e)
{
	struct lease_row lease;
	bool leased;
	if (!in->unused.len)
		return true;
	if (!lease_of_host(r->st, &r->arena, r->host.id, r->now, &lease, &leased, e))
		return false;
	if (!leased || !str_eq(lease.slot, in->unused))
		return true;
	log_debug("lease", "%.*s hands its own back: %.*s", STR_ARG(r->host.name), STR_ARG(in->report.reason));
	return lease_drop(r->st, r->host.id, e);
}

static bool
is_mitigate(struct str slot)
{
	return str_find(slot, STR(SLOT_MITIGATE)) > 0;
}

/* A lease to mitigate lasts as long as the wish, and at most its time: then it is the other machine's turn. */
static bool
lease_mitigate(struct request *r, const struct slot_in *in, const struct directive_row *row, bool *has, struct err *e)
{
	struct slot_report s = { .slot = in->mitigate, .start = r->now, .end = r->now + SLOT_MITIGATE_MS };
	struct lease_row lease;
	bool leased;
	*has = false;
	if (!lease_of_host(r->st, &r->arena, r->host.id, r->now, &lease, &leased, e))
		return false;
	if (leased && is_mitigate(lease.slot) && !str_eq(lease.slot, in->mitigate))
		return lease_drop(r->st, r->host.id, e);
	if (!in->mitigate.len || !is_mitigate(in->mitigate) || !slot_plausible(r, row, &s))
		return true;
	*has = true;
	return leased || lease_try(r, row, &s, e);
}

static bool
lease_look(struct request *r, const struct slot_in *in, const struct slot_report *s, struct err *e)
{
	struct directive_row row;
	struct lease_row lease;
	bool leased, mitigates = false;
	if (!directive_row_get(r->st, &r->arena, r->host.id, &row, e))
		return false;
	if (row.lease_needed && !lease_mitigate(r, in, &row, &mitigates, e))
		return false;
	/* Its window still comes: what is installed in it has a lease of its own, once the time is there. */
	if (row.lease_needed && mitigates && s->start > r->now)
		return true;
	if (!row.lease_needed || !slot_plausible(r, &row, s) || has_ended(in, s->slot) || str_eq(in->unused, s->slot))
		return true;
	if (!lease_of_host(r->st, &r->arena, r->host.id, r->now, &lease, &leased, e))
		return false;
	return (leased && str_eq(lease.slot, s->slot)) || lease_try(r, &row, s, e);
}

bool
slot_in_keep(struct request *r, const struct slot_in *in, struct err *e)
{
	struct slot_report now;
	if (!asks_keep(r, in, e))
		return false;
	if (!in->given)
		return true;
	return report_keep(r, in, &now, e) && ended_keep(r, in, e) && lease_back(r, in, e) &&
	       lease_look(r, in, &now, e);
}
