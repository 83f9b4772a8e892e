#include "patch/outlook.h"

#include "base/sentence.h"
#include "base/time.h"
#include "plan/classify.h"
#include "store/emergency.h"

struct making {
	struct policy_set *set;
	struct arena *a;
	struct outlook *o;
	struct verdict_row *verdicts;
	size_t verdict_count;
	struct str *vendors;
	size_t vendor_count;
	struct vendor_answer_row *answers;
	size_t answer_count;
	struct earlier_patch *earlier;
	size_t earlier_count;
	struct ring_stage *stages;
	size_t stage_count;
	struct emergency_row *emergencies;
	size_t emergency_count;
	bool exposed;
};

/* ---- facts ---- */

static enum verdict
verdict_parse(struct str s)
{
	return str_eq(s, STR("approved"))    ? VERDICT_APPROVED
	       : str_eq(s, STR("rejected"))  ? VERDICT_REJECTED
	       : str_eq(s, STR("withdrawn")) ? VERDICT_WITHDRAWN
					     : VERDICT_NONE;
}

static void
facts_verdict(const struct making *m, struct str patch, struct approval_facts *f)
{
	for (size_t i = 0; i < m->verdict_count; i++)
		if (str_eq(m->verdicts[i].patch, patch)) { /* the strongest comes first */
			f->verdict = verdict_parse(m->verdicts[i].verdict);
			f->verdict_by = m->verdicts[i].by;
			f->verdict_reason = m->verdicts[i].reason;
			return;
		}
}

/* Later is stricter. */
static int
strictness(enum vendor_answer a)
{
	static const int order[] = {
		[VENDOR_NOT_ASKED] = 0, [VENDOR_VALIDATED] = 1, [VENDOR_UNKNOWN] = 2, [VENDOR_FORBIDDEN] = 3
	};
	return order[a];
}

static void
facts_vendor(const struct making *m, struct str patch, struct approval_facts *f)
{
	for (size_t v = 0; v < m->vendor_count; v++) {
		enum vendor_answer answer = VENDOR_UNKNOWN;
		int64_t asked = f->first_seen;
		for (size_t i = 0; i < m->answer_count; i++) {
			const struct vendor_answer_row *r = &m->answers[i];
			if (!str_eq(r->patch, patch) || !str_eq(r->vendor, m->vendors[v]))
				continue;
			asked = r->asked_at;
			answer = str_eq(r->answer, STR("validated"))   ? VENDOR_VALIDATED
				 : str_eq(r->answer, STR("forbidden")) ? VENDOR_FORBIDDEN
								       : VENDOR_UNKNOWN;
		}
		if (strictness(answer) <= strictness(f->vendor))
			continue;
		f->vendor = answer;
		f->vendor_name = m->vendors[v];
		f->vendor_asked = asked;
	}
}

static struct approval_facts
facts_of(const struct making *m, struct str patch, struct str source, struct str classification, int severity,
	 int64_t kev, int64_t first_seen)
{
	struct approval_facts f = {
		.app = source,
		.classification = classification,
		.severity = severity,
		.known_exploited = kev > 0,
		.exposed = m->exposed,
		.first_seen = first_seen,
	};
	facts_verdict(m, patch, &f);
	facts_vendor(m, patch, &f);
	return f;
}

static void
facts_inherit(const struct making *m, struct patch_outlook *p)
{
	struct approval_facts *older = ARENA_ARRAY(m->a, struct approval_facts, m->earlier_count + 1);
	size_t n = 0;
	for (size_t i = 0; i < m->earlier_count; i++) {
		const struct earlier_patch *x = &m->earlier[i];
		if (str_eq(x->source, p->row.source) && !str_eq(x->patch, p->row.patch))
			older[n++] = facts_of(m, x->patch, x->source,
					      patch_classify(x->security, x->origins, p->row.from, x->version),
					      x->severity, x->kev, x->first_seen);
	}
	approval_inherit(&m->o->policy.policy, &p->facts, older, n);
}

/* ---- rings ---- */

struct str
ring_decisions_write(struct arena *a, const struct ring_decision *d, size_t count)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++) {
		json_begin_array(&w);
		json_i64(&w, d[i].state);
		json_i64(&w, (int64_t)d[i].because);
		json_i64(&w, d[i].until);
		json_end_array(&w);
	}
	json_end_array(&w);
	return arena_str(a, buf_str(&text));
}

static int64_t
number_at(const struct json *row, size_t i)
{
	int64_t n = 0;
	return row->kind == JSON_KIND_ARRAY && i < row->count && str_to_i64(row->item[i].text, &n) ? n : 0;
}

bool
ring_decisions_read(struct arena *a, struct str json, size_t ring, struct ring_decision *out)
{
	struct json *rows;
	struct err ignored = { 0 };
	if (!json_parse(a, json, NULL, &rows, &ignored) || rows->kind != JSON_KIND_ARRAY || ring >= rows->count)
		return false;
	const struct json *row = &rows->item[ring];
	*out = (struct ring_decision){ .state = (enum ring_state)number_at(row, 0),
				       .because = (size_t)number_at(row, 1),
				       .until = number_at(row, 2) };
	return true;
}

static void
ring_look(const struct making *m, struct patch_outlook *p)
{
	const struct ring_stage *stage = NULL;
	struct ring_decision second;
	if (!m->o->rings) {
		p->ring_known = p->stage_known = true;
		p->facts.pilot = p->facts.pilot_proved = true;
		return;
	}
	for (size_t i = 0; i < m->stage_count && !stage; i++)
		if (str_eq(m->stages[i].patch, p->row.patch))
			stage = &m->stages[i];
	p->stage_known = stage != NULL;
	p->facts.pilot = m->o->ring == 0;
	p->ring_known = stage && ring_decisions_read(m->a, stage->decisions, m->o->ring, &p->ring);
	p->facts.pilot_proved =
		stage && ring_decisions_read(m->a, stage->decisions, 1, &second) && second.state == RING_RELEASED;
	/* The first ring waits for nobody; whether it was halted is known as soon as somebody has it. */
	if (!p->ring_known && m->o->ring == 0) {
		p->ring = (struct ring_decision){ .state = RING_RELEASED };
		p->ring_known = true;
	}
	if (!p->ring_known)
		p->ring = (struct ring_decision){ .state = RING_WAITS };
}

/* ---- one update ---- */

static void
due_by(struct outlook *o, int64_t at, int64_t now)
{
	if (at > now && at < o->due)
		o->due = at;
}

static void
emergency_look(const struct making *m, struct patch_outlook *p)
{
	for (size_t i = 0; i < m->emergency_count; i++)
		if (str_eq(m->emergencies[i].patch, p->row.patch)) {
			p->emergency_since = m->emergencies[i].since;
			m->o->reboot_consented |= m->emergencies[i].consents >= EMERGENCY_CONSENTS;
		}
}

static void
patch_look(const struct making *m, const struct pending_patch *row, struct patch_outlook *p)
{
	struct outlook *o = m->o;
	int64_t now = m->set->now;
	*p = (struct patch_outlook){ .row = *row };
	p->facts = facts_of(m, row->patch, row->source, patch_classify(row->security, row->origins, row->from, row->to),
			    row->severity, row->kev, row->first_seen);
	p->facts.mitigated = row->mitigation.ptr != NULL;
	ring_look(m, p);
	facts_inherit(m, p);
	approval_decide(&o->policy.policy, &p->facts, now, &p->approval);
	if (p->approval.emergency)
		emergency_look(m, p);
	bool released = p->ring.state == RING_RELEASED || (p->approval.emergency && p->ring.state != RING_HALTED) ||
			(p->ring.state == RING_EMPTY && p->facts.verdict == VERDICT_APPROVED);
	bool waits_for_age = p->approval.state == APPROVAL_WAITS && p->approval.until;
	/* A host that is offline when the time comes goes on by itself; a soaking ring needs a look at how it went. */
	p->goes = released && row->state != PATCH_KEPT_BACK && (p->approval.state == APPROVAL_YES || waits_for_age);
	p->since = p->goes && waits_for_age ? p->approval.until : 0;
	due_by(o, p->approval.until, now);
	due_by(o, p->ring.until, now);
}

/* ---- the host ---- */

static bool
making_read(struct making *m, struct str host, struct err *e)
{
	struct store *st = m->set->st;
	struct outlook *o = m->o;
	int64_t now = m->set->now;
	m->exposed = o->host.exposed;
	if (!verdicts_of_host(st, m->a, host, &m->verdicts, &m->verdict_count, e) ||
	    !vendors_of_host(st, m->a, host, &m->vendors, &m->vendor_count, e) ||
	    (m->vendor_count && !vendor_answers_of_host(st, m->a, host, &m->answers, &m->answer_count, e)) ||
	    !earlier_patches(st, m->a, host, &m->earlier, &m->earlier_count, e) ||
	    !holds_of_host(st, m->a, host, now, &o->holds, &o->hold_count, e) ||
	    !lease_of_host(st, m->a, host, now, &o->lease, &o->lease_found, e) ||
	    (o->rings &&
	     !ring_stages_of_host(st, m->a, o->policy.origin[POLICY_RINGS], host, &m->stages, &m->stage_count, e)))
		return false;
	return !o->policy.policy.emergency.set || emergency_all(st, m->a, &m->emergencies, &m->emergency_count, e);
}

static void
withdrawn_look(const struct making *m)
{
	struct outlook *o = m->o;
	o->withdrawn = ARENA_ARRAY(m->a, struct str, m->verdict_count + 1);
	for (size_t i = 0; i < m->verdict_count; i++) {
		bool again = o->withdrawn_count && str_eq(o->withdrawn[o->withdrawn_count - 1], m->verdicts[i].patch);
		if (!again && verdict_parse(m->verdicts[i].verdict) == VERDICT_WITHDRAWN)
			o->withdrawn[o->withdrawn_count++] = m->verdicts[i].patch;
	}
}

/* Hosts of a server system go one after the other; what waits for its time goes only when that has come. */
static bool
steps_look(const struct making *m, struct err *e)
{
	struct outlook *o = m->o;
	const struct policy *p = &o->policy.policy;
	bool wants = false;
	for (size_t i = 0; i < o->count; i++)
		wants |= o->patches[i].goes && o->patches[i].since <= m->set->now;
	if (!step_turn_make(m->set, m->a, p, &o->host, wants, &o->steps, e))
		return false;
	for (size_t i = 0; o->steps.member && i < o->count; i++) {
		struct patch_outlook *x = &o->patches[i];
		x->step_waits = x->goes && (!o->steps.turn || x->since > m->set->now);
		x->goes &= !x->step_waits;
	}
	due_by(o, o->steps.due, m->set->now);
	return true;
}

bool
outlook_make(struct policy_set *set, struct arena *a, struct str host, struct outlook *out, struct err *e)
{
	struct outlook o = { .due = INT64_MAX };
	struct making m = { .set = set, .a = a, .o = &o };
	struct pending_patch *rows = NULL;
	size_t count = 0;
	if (!host_facts_get(set->st, a, host, &o.host, e))
		return false;
	o.subject = policy_subject_of(&o.host);
	policy_effective(set->policies, set->count, &o.subject, a, &o.policy);
	o.governed = o.policy.applied.items.count > 0;
	o.rings = o.governed && o.policy.policy.rings.count > 1;
	o.ring = o.rings ? ring_of(&o.policy.policy, &o.subject) : 0;
	struct str redundancy = o.host.redundancy.len ? o.host.redundancy : STR("");
	o.lease_needed = o.governed && lease_needed(&o.policy.policy, o.ring, redundancy);
	if (o.governed && (!making_read(&m, host, e) || !pending_patches(set->st, a, host, &rows, &count, e)))
		return false;
	o.patches = ARENA_ARRAY(a, struct patch_outlook, count + 1);
	o.count = count;
	for (size_t i = 0; i < count; i++)
		patch_look(&m, &rows[i], &o.patches[i]);
	if (o.governed && (!steps_look(&m, e) || !model_time_get(set->st, host, &o.estimate, e)))
		return false;
	withdrawn_look(&m);
	for (size_t i = 0; i < o.hold_count; i++)
		due_by(&o, o.holds[i].until, set->now);
	if (o.lease_found)
		due_by(&o, o.lease.until, set->now);
	*out = o;
	return true;
}

struct str
outlook_ring_why(struct arena *a, const struct outlook *o, const struct patch_outlook *p)
{
	char when[TIME_RFC3339_MAX];
	const struct policy *policy = &o->policy.policy;
	struct str ring = p->ring.because < policy->rings.count ? policy->rings.items[p->ring.because].name : STR("");
	switch (p->ring.state) {
	case RING_HALTED:
		return arena_printf(a, tr("Halted: it failed in ring %.*s. An approver must let it go on."),
				    STR_ARG(ring));
	case RING_SOAKING:
		return arena_printf(a, tr("Waits until %s: ring %.*s has it and is watched so long."),
				    time_local(p->ring.until, when), STR_ARG(ring));
	case RING_EMPTY:
		return arena_printf(
			a,
			tr("Ring %.*s has no machine, so that nobody tries it first. Give a machine its tag "
			   "or group, take the ring out of the policy, or approve this update by hand."),
			STR_ARG(ring));
	case RING_WAITS:
	case RING_RELEASED:
		break;
	}
	return arena_printf(a, tr("Waits for ring %.*s to have it first."), STR_ARG(ring));
}

/* ---- the directive ---- */

bool
patch_outlook_urgent(const struct patch_outlook *p)
{
	return p->approval.urgent && (!p->approval.emergency || p->emergency_since);
}

/* Why it does not wait for a window: by which rule, since when, and until when it is to be in. */
static struct str
emergency_reason(const struct outlook *o, struct arena *a, const struct patch_outlook *p)
{
	const struct emergency_rules *r = &o->policy.policy.emergency;
	char since[TIME_RFC3339_MAX], by[TIME_RFC3339_MAX];
	return arena_printf(a, "emergency since %s by policy %.*s (%.*s): to be in by %s",
			    time_rfc3339(p->emergency_since, since), STR_ARG(o->policy.origin[POLICY_EMERGENCY]),
			    STR_ARG(approval_emergency_words(a, r)), time_rfc3339(p->emergency_since + r->within, by));
}

static void
directive_patches(const struct outlook *o, struct arena *a, struct directive *d)
{
	LANG_ENGLISH_AUTO;
	lang_set_thread(LANG_EN);
	const struct policy *policy = &o->policy.policy;
	for (size_t i = 0; i < o->count; i++) {
		const struct patch_outlook *p = &o->patches[i];
		if (!p->goes)
			continue;
		bool emergency = p->approval.emergency && p->emergency_since;
		*ARRAY_PUSH(a, &d->patches) = (struct directive_patch){
			.patch = p->row.patch,
			.since = p->since,
			.emergency = emergency,
			.emergency_by = emergency ? p->emergency_since + policy->emergency.within : 0,
			.reason = emergency ? emergency_reason(o, a, p)
					    : approval_why(a, policy, &p->facts, &p->approval),
		};
	}
}

bool
outlook_directive(struct policy_set *set, const struct outlook *o, struct arena *a, struct directive *out,
		  struct err *e)
{
	struct directive d = {
		.host = o->host.id,
		.policy = o->policy.policy,
		.lease_needed = o->lease_needed,
		.reboot_consented = o->reboot_consented,
		.install_estimate = o->estimate.install_ms,
		.reboot_estimate = o->estimate.reboot_ms,
	};
	d.stop_services.items = o->steps.stop.items.items;
	d.stop_services.count = o->steps.stop.items.count;
	d.start_services.items = o->steps.start.items.items;
	d.start_services.count = o->steps.start.items.count;
	if (!policy_set_zones(set, &d.policy, a, &d.zones, &d.zone_count, e))
		return false;
	policy_set_lists(set, &d.policy, a, &d.lists);
	directive_patches(o, a, &d);
	for (size_t i = 0; i < o->count; i++)
		if (patch_outlook_urgent(&o->patches[i]) && !o->patches[i].goes)
			*ARRAY_PUSH(a, &d.mitigate) = o->patches[i].row.patch;
	d.paired = o->lease_needed && d.policy.redundancy && o->host.redundancy.len > 0;
	for (size_t i = 0; i < o->withdrawn_count; i++)
		*ARRAY_PUSH(a, &d.withdrawn) = o->withdrawn[i];
	for (size_t i = 0; i < o->hold_count; i++)
		*ARRAY_PUSH(a, &d.holds) = (struct directive_hold){
			.id = o->holds[i].id, .by = o->holds[i].by, .why = o->holds[i].why, .until = o->holds[i].until
		};
	if (o->lease_found)
		*ARRAY_PUSH(a, &d.leases) = (struct directive_lease){ .slot = o->lease.slot, .until = o->lease.until };
	*out = d;
	return true;
}
