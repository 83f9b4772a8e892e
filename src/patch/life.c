#include "patch/life.h"

#include "base/sentence.h"
#include "base/time.h"
#include "patch/why.h"
#include "store/host_mitigation.h"

enum { REBOOT_UNKNOWN_MS = 600000, BACK_STEP_MS = 300000 };

/* ---- the slot ---- */

static void
decide(struct policy_set *set, struct host_life *h)
{
	const struct outlook *o = &h->outlook;
	struct str *missing = ARENA_ARRAY(h->arena, struct str, o->count + 1);
	bool *staged = ARENA_ARRAY(h->arena, bool, o->count + 1);
	size_t count = 0;
	for (size_t i = 0; i < o->count; i++) {
		if (o->patches[i].row.state == PATCH_KEPT_BACK)
			continue;
		missing[count] = o->patches[i].row.patch;
		staged[count++] = o->patches[i].row.staged;
	}
	struct slot_facts f = {
		.now = set->now,
		.confirmed = set->now,
		.host = o->host.id,
		.boot = STR("-"),
		.device = policy_set_device(set, &o->host),
		.missing = missing,
		.missing_count = count,
		.staged = staged,
		.idle = -1,
	};
	/* As for a host that kept up until now: what it missed is its own to tell. */
	struct slot_state s = { .policy = h->directive.policy.name, .accounted = set->now, .clock_seen = set->now };
	slot_decide(&h->directive, &s, &f, h->arena, &h->slot);
	h->slot_why = tr_sentence(h->arena, slot_why(h->arena, &h->directive, &h->slot, &f));
}

int64_t
slot_back_by(const struct policy *p, const struct slot *s, int64_t reboot_ms)
{
	int64_t at = s->end;
	if (!s->end || s->ready_by > s->start)
		return s->ready_by;
	if (p->reboot.mode != REBOOT_NEVER)
		at += reboot_ms ? reboot_ms + reboot_ms / 2 : REBOOT_UNKNOWN_MS;
	return (at + BACK_STEP_MS - 1) / BACK_STEP_MS * BACK_STEP_MS;
}

static enum slot_reason
reason_parse(struct str name, enum slot_reason otherwise)
{
	for (int r = 0; r < SLOT_REASONS; r++)
		if (str_eq(name, str_of(slot_reason_name((enum slot_reason)r))))
			return (enum slot_reason)r;
	return otherwise;
}

/* The host sees more than the server does: somebody at the keyboard, a full disk, a slot that is done. */
static void
own_words(struct host_life *h, int64_t serial)
{
	const struct slot_report *r = &h->report;
	bool fresh = r->at && r->serial == serial && r->at > h->now - 3 * h->interval - 900000;
	if (!fresh || !r->why.len)
		return;
	h->own_words = true;
	h->slot_why = tr_sentence(h->arena, r->why);
	h->slot.reason = reason_parse(r->reason, h->slot.reason);
	if (r->start && r->start != h->slot.slot.start)
		h->slot.slot.ready_by = 0; /* of another one */
	if (r->start)
		h->slot.slot.start = r->start;
	if (r->end)
		h->slot.slot.end = r->end;
	h->slot.until = r->until;
}

/* ---- mitigations ---- */

static const struct mitigate_patch *
mitigation_find(const struct mitigate_list *l, struct str patch)
{
	for (size_t i = 0; i < l->patches.count; i++)
		if (str_eq(l->patches.items[i].patch, patch))
			return &l->patches.items[i];
	return NULL;
}

/* What the host told counts; of an emergency that it has not told of, what it will do when it hears of it. */
static bool
mitigations_look(struct policy_set *set, struct host_life *h, struct err *e)
{
	const struct outlook *o = &h->outlook;
	struct str *missing = ARENA_ARRAY(h->arena, struct str, o->count + 1);
	struct mitigate_facts f = { .now = set->now, .host = o->host.id, .slot = STR(""), .local_hold = STR("") };
	struct mitigate_list planned;
	struct host_mitigation told;
	struct json *v = NULL;
	if (!host_mitigation_get(set->st, h->arena, o->host.id, &told, e) ||
	    (told.report.len && !json_parse(h->arena, told.report, NULL, &v, e)) ||
	    !mitigate_parse(h->arena, v, &h->mitigations, e))
		return false;
	for (size_t i = 0; i < o->count; i++)
		missing[f.missing_count++] = o->patches[i].row.patch;
	f.missing = missing;
	mitigate_decide(&h->directive, &f, h->arena, &planned);
	for (size_t i = 0; i < planned.patches.count; i++)
		if (!mitigation_find(&h->mitigations, planned.patches.items[i].patch))
			*ARRAY_PUSH(h->arena, &h->mitigations.patches) = planned.patches.items[i];
	return true;
}

/* An emergency's sentence comes first; what is mitigated is so in every state but a failure, which needs somebody. */
static void
life_emergency(const struct host_life *h, const struct host_patch *row, struct life *out)
{
	const struct mitigate_patch *m = mitigation_find(&h->mitigations, row->patch);
	if (!m || row->state == PATCH_INSTALLED)
		return;
	struct str why = mitigate_why(h->arena, h->outlook.policy.origin[POLICY_EMERGENCY], m);
	out->why = arena_printf(h->arena, "%.*s %.*s", STR_ARG(why), STR_ARG(out->why));
	bool waits = row->state == PATCH_MISSING || row->state == PATCH_KEPT_BACK;
	if (m->state == MITIGATE_IN_FORCE && waits)
		out->state = "mitigated";
}

bool
host_life_make(struct policy_set *set, struct arena *a, struct str host, int64_t interval, struct host_life *out,
	       struct err *e)
{
	struct host_life h = { .arena = a, .interval = interval, .now = set->now };
	struct directive_row row;
	if (!outlook_make(set, a, host, &h.outlook, e))
		return false;
	if (h.outlook.governed) {
		if (!directive_row_get(set->st, a, host, &row, e) || !slot_report_get(set->st, a, host, &h.report, e) ||
		    !outlook_directive(set, &h.outlook, a, &h.directive, e))
			return false;
		h.directive.serial = row.serial;
		h.directive.issued = set->now;
		h.directive.expires = set->now + h.directive.policy.offline_for;
		decide(set, &h);
		own_words(&h, row.serial);
		if (!mitigations_look(set, &h, e))
			return false;
	}
	*out = h;
	return true;
}

/* ---- one update ---- */

static const struct patch_outlook *
outlook_find(const struct outlook *o, struct str patch)
{
	for (size_t i = 0; i < o->count; i++)
		if (str_eq(o->patches[i].row.patch, patch))
			return &o->patches[i];
	return NULL;
}

static struct str
approval_sentence(const struct host_life *h, const struct patch_outlook *p)
{
	return tr_sentence(h->arena, approval_why(h->arena, &h->outlook.policy.policy, &p->facts, &p->approval));
}

static const char *
approval_word(const struct patch_outlook *p)
{
	switch (p->approval.state) {
	case APPROVAL_WITHDRAWN:
		return "withdrawn";
	case APPROVAL_VENDOR_FORBIDDEN:
		return "vendor-forbidden";
	case APPROVAL_WAITS_VENDOR:
		return "waiting-vendor";
	case APPROVAL_REJECTED:
	case APPROVAL_NEVER:
		return "not-applicable";
	case APPROVAL_WAITS:
	case APPROVAL_WAITS_PERSON:
	case APPROVAL_YES:
		break;
	}
	return "waiting-approval";
}

static void
life_mitigated(const struct host_life *h, const struct patch_outlook *p, struct life *out)
{
	const struct pending_patch *r = &p->row;
	*out = (struct life){ "mitigated",
			      arena_printf(h->arena, tr("A workaround stands in (%.*s): %.*s"),
					   STR_ARG(r->mitigation_owner), STR_ARG(r->mitigation)),
			      0 };
}

static void
life_held(const struct host_life *h, struct life *out)
{
	const struct hold *hold = &h->outlook.holds[0];
	char when[TIME_RFC3339_MAX];
	struct str why = hold->until ? arena_printf(h->arena, tr("Held by %.*s until %s: %.*s"), STR_ARG(hold->by),
						    time_local(hold->until, when), STR_ARG(hold->why))
				     : arena_printf(h->arena, tr("Held by %.*s until released: %.*s"),
						    STR_ARG(hold->by), STR_ARG(hold->why));
	*out = (struct life){ "held", why, hold->until };
}

/* Approved and released: the rest is the slot's. */
static void
life_slot(const struct host_life *h, const struct host_patch *row, struct life *out)
{
	int64_t start = h->slot.slot.start;
	out->why = h->slot_why;
	out->next = start > h->now ? start : h->slot.until > h->now ? h->slot.until : start;
	out->state = "waiting-window";
	if (h->slot.reason == SLOT_HELD)
		out->state = "held";
	else if (h->slot.reason == SLOT_NO_WINDOW)
		out->state = "missing";
	if (row->state != PATCH_FAILED)
		return;
	struct str failed = host_patch_why(h->arena, row, h->interval, h->now);
	out->state = "failed";
	out->why = arena_printf(h->arena, "%.*s %.*s", STR_ARG(failed), STR_ARG(h->slot_why));
}

/* The machine on which it failed says so first, and in the installer's words: there somebody has to look. */
static void
life_ring(const struct host_life *h, const struct host_patch *row, const struct patch_outlook *p, struct life *out)
{
	struct str why = outlook_ring_why(h->arena, &h->outlook, p);
	if (row->state == PATCH_FAILED) {
		out->why = arena_printf(h->arena, "%.*s %.*s", STR_ARG(out->why), STR_ARG(why));
		return;
	}
	*out = (struct life){ "waiting-ring", why, p->ring.until };
}

static void
life_plain(const struct host_life *h, const struct host_patch *row, struct life *out)
{
	const struct outlook *o = &h->outlook;
	const struct patch_outlook *p =
		row->state == PATCH_MISSING || row->state == PATCH_FAILED ? outlook_find(o, row->patch) : NULL;
	*out = (struct life){ patch_state_name(row->state), host_patch_why(h->arena, row, h->interval, h->now), 0 };
	if (!o->governed || !p)
		return;
	bool approved = p->approval.state == APPROVAL_YES;
	bool gone = p->approval.state == APPROVAL_WITHDRAWN;
	if (!approved && !gone && p->facts.mitigated)
		life_mitigated(h, p, out);
	else if (!approved)
		*out = (struct life){ approval_word(p), approval_sentence(h, p), p->approval.until };
	else if (p->step_waits && o->steps.why.len)
		*out = (struct life){ "waiting-window", tr_sentence(h->arena, o->steps.why), h->slot.slot.start };
	else if (!p->goes && !p->step_waits)
		life_ring(h, row, p, out);
	else if (o->hold_count)
		life_held(h, out);
	else
		life_slot(h, row, out);
}

void
life_of(const struct host_life *h, const struct host_patch *row, struct life *out)
{
	life_plain(h, row, out);
	if (h->outlook.governed)
		life_emergency(h, row, out);
}
