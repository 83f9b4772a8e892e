/* May this patch go onto this host: people first, then the rules, then the vendor. */
#include "plan/approval.h"

#include "base/time.h"

static const char *const severity_names[] = { "unknown", "low", "medium", "high", "critical" };

static bool
flag_fits(int wanted, bool is)
{
	return wanted < 0 || (wanted != 0) == is;
}

static bool
rule_fits(const struct approve_rule *r, const struct approval_facts *f)
{
	bool any_class = r->classification.len == 0 || str_eq(r->classification, STR("any"));

	return flag_fits(r->known_exploited, f->known_exploited) && flag_fits(r->exposed, f->exposed) &&
	       (any_class || str_eq(r->classification, f->classification)) &&
	       (r->severities == 0 || (r->severities >> f->severity & 1)) && policy_app_fits(r->app, f->app);
}

size_t
approval_rule(const struct policy *p, const struct approval_facts *f)
{
	for (size_t i = 0; i < p->approve.count; i++) {
		if (rule_fits(&p->approve.items[i], f))
			return i;
	}
	return SIZE_MAX;
}

static int
class_rank(struct str classification)
{
	return str_eq(classification, STR("security")) ? 2 : str_eq(classification, STR("bugfix")) ? 1 : 0;
}

void
approval_inherit(const struct policy *p, struct approval_facts *f, const struct approval_facts *older, size_t count)
{
	int64_t own_asked = f->vendor_asked;

	for (size_t i = 0; i < count; i++) {
		f->known_exploited = f->known_exploited || older[i].known_exploited;
		f->exposed = f->exposed || older[i].exposed;
		if (class_rank(older[i].classification) > class_rank(f->classification))
			f->classification = older[i].classification;
		if (older[i].severity > f->severity)
			f->severity = older[i].severity;
	}
	size_t rule = approval_rule(p, f);
	for (size_t i = 0; i < count; i++) {
		/* What the rule would not have let in by itself gives no age: a feature is no old security update. */
		if (approval_rule(p, &older[i]) != rule)
			continue;
		if (older[i].first_seen && older[i].first_seen < f->first_seen)
			f->first_seen = older[i].first_seen;
		if (own_asked && older[i].vendor_asked && older[i].vendor_asked < f->vendor_asked)
			f->vendor_asked = older[i].vendor_asked;
	}
}

static bool
emergency_fits(const struct emergency_rules *r, const struct approval_facts *f)
{
	return r->set && (!r->known_exploited || f->known_exploited) && (!r->exposed || f->exposed) &&
	       (r->severities == 0 || (r->severities >> f->severity & 1));
}

static enum approval_state
by_vendor(const struct policy *p, const struct approval_facts *f, int64_t now, int64_t *until)
{
	const struct vendor_rules *v = &p->vendor;
	int64_t asked = f->vendor_asked ? f->vendor_asked : f->first_seen;

	if (!v->set || f->vendor != VENDOR_UNKNOWN)
		return APPROVAL_YES;
	if (v->unknown_wait && now < asked + v->unknown_wait) {
		*until = v->unknown_then == UNKNOWN_WAIT ? 0 : asked + v->unknown_wait;
		return APPROVAL_WAITS_VENDOR;
	}
	switch (v->unknown_then) {
	case UNKNOWN_APPLY:
		return APPROVAL_YES;
	case UNKNOWN_APPLY_TO_PILOT:
		return f->pilot || f->pilot_proved ? APPROVAL_YES : APPROVAL_WAITS_VENDOR;
	case UNKNOWN_NEVER:
		return APPROVAL_NEVER;
	case UNKNOWN_WAIT:
		break;
	}
	return APPROVAL_WAITS_VENDOR;
}

/* What people and vendors said outright. */
static bool
by_people(const struct policy *p, const struct approval_facts *f, struct approval *out)
{
	out->rule = SIZE_MAX;
	if (f->verdict == VERDICT_WITHDRAWN)
		out->state = APPROVAL_WITHDRAWN;
	else if (f->verdict == VERDICT_REJECTED)
		out->state = APPROVAL_REJECTED;
	else if (f->vendor == VENDOR_FORBIDDEN && (p->vendor.forbidden_never || f->verdict != VERDICT_APPROVED))
		out->state = APPROVAL_VENDOR_FORBIDDEN;
	else if (f->verdict == VERDICT_APPROVED)
		out->state = APPROVAL_YES;
	else
		return false;
	out->urgent = (out->state == APPROVAL_YES || out->state == APPROVAL_VENDOR_FORBIDDEN) &&
		      emergency_fits(&p->emergency, f);
	out->emergency = out->urgent && out->state == APPROVAL_YES;
	return true;
}

void
approval_decide(const struct policy *p, const struct approval_facts *f, int64_t now, struct approval *out)
{
	*out = (struct approval){ 0 };
	if (by_people(p, f, out))
		return;
	out->rule = approval_rule(p, f);
	const struct approve_rule *r = out->rule == SIZE_MAX ? NULL : &p->approve.items[out->rule];
	if (r && r->never) {
		out->state = APPROVAL_NEVER;
		return;
	}
	/* Known exploited and exposed does not wait for an age, a person or an answer; only for what somebody forbade. */
	if (emergency_fits(&p->emergency, f)) {
		out->emergency = out->urgent = true;
		out->state = APPROVAL_YES;
		return;
	}
	if (!r) {
		out->state = APPROVAL_WAITS_PERSON;
		return;
	}
	if (r->after > 0 && f->first_seen + r->after > now) {
		out->state = APPROVAL_WAITS;
		out->until = f->first_seen + r->after;
		return;
	}
	out->state = by_vendor(p, f, now, &out->until);
	if (out->state == APPROVAL_NEVER)
		out->rule = SIZE_MAX;
}

/* ---- the sentence ---- */

static struct str
list_add(struct arena *a, struct str list, const char *joint, struct str word)
{
	return list.len ? arena_printf(a, "%.*s%s%.*s", STR_ARG(list), joint, STR_ARG(word)) : word;
}

/* "security, critical or high, after 3 d" */
static struct str
rule_words(struct arena *a, const struct approve_rule *r)
{
	struct str words = STR_NONE, severities = STR_NONE;

	if (r->known_exploited >= 0)
		words = r->known_exploited ? STR("known exploited") : STR("not known exploited");
	if (r->exposed >= 0)
		words = list_add(a, words, ", ", r->exposed ? STR("exposed") : STR("not exposed"));
	if (r->classification.len && !str_eq(r->classification, STR("any")))
		words = list_add(a, words, ", ", r->classification);
	for (size_t i = COUNT(severity_names); i-- > 0;) {
		if (r->severities >> i & 1)
			severities = list_add(a, severities, " or ", str_of(severity_names[i]));
	}
	if (severities.len)
		words = list_add(a, words, ", ", severities);
	if (r->app.len)
		words = list_add(a, words, ", ", r->app);
	if (r->after >= 86400000)
		words = list_add(a, words, ", ", arena_printf(a, "after %lld d", (long long)(r->after / 86400000)));
	else if (r->after > 0)
		words = list_add(a, words, ", ", arena_printf(a, "after %lld h", (long long)(r->after / 3600000)));
	return words.len ? words : STR("any");
}

struct str
approval_emergency_words(struct arena *a, const struct emergency_rules *r)
{
	const struct approve_rule as = { .known_exploited = r->known_exploited ? 1 : -1,
					 .exposed = r->exposed ? 1 : -1,
					 .severities = r->severities };
	return rule_words(a, &as);
}

static struct str
why_yes(struct arena *a, const struct policy *p, const struct approval_facts *f, const struct approval *r)
{
	if (r->emergency && f->verdict != VERDICT_APPROVED)
		return arena_printf(a, "approved by the emergency rule of policy %.*s: %.*s", STR_ARG(p->name),
				    STR_ARG(approval_emergency_words(a, &p->emergency)));
	if (f->verdict == VERDICT_APPROVED)
		return arena_printf(a, "approved by %.*s", STR_ARG(f->verdict_by));
	return arena_printf(a, "approved by rule %zu of policy %.*s: %.*s", r->rule + 1, STR_ARG(p->name),
			    STR_ARG(rule_words(a, &p->approve.items[r->rule])));
}

static struct str
why_vendor(struct arena *a, const struct policy *p, const struct approval_facts *f, const struct approval *r)
{
	char when[TIME_RFC3339_MAX];

	if (r->until)
		return arena_printf(a, "waits for the answer of vendor %.*s until %s; then policy %.*s decides",
				    STR_ARG(f->vendor_name), time_local(r->until, when), STR_ARG(p->name));
	if (p->vendor.unknown_then == UNKNOWN_APPLY_TO_PILOT)
		return arena_printf(
			a, "vendor %.*s did not answer in time: the first ring tries it, then the others follow",
			STR_ARG(f->vendor_name));
	return arena_printf(a, "waits for the answer of vendor %.*s", STR_ARG(f->vendor_name));
}

static struct str
why_state(struct arena *a, const struct policy *p, const struct approval_facts *f, const struct approval *r)
{
	char when[TIME_RFC3339_MAX];

	switch (r->state) {
	case APPROVAL_YES:
		return why_yes(a, p, f, r);
	case APPROVAL_WAITS:
		return arena_printf(a, "approved from %s on by rule %zu of policy %.*s: %.*s",
				    time_local(r->until, when), r->rule + 1, STR_ARG(p->name),
				    STR_ARG(rule_words(a, &p->approve.items[r->rule])));
	case APPROVAL_WAITS_PERSON:
		return arena_printf(a, "waits for a person's approval: no rule of policy %.*s fits", STR_ARG(p->name));
	case APPROVAL_WAITS_VENDOR:
		return why_vendor(a, p, f, r);
	case APPROVAL_VENDOR_FORBIDDEN:
		return arena_printf(a, "forbidden by vendor %.*s", STR_ARG(f->vendor_name));
	case APPROVAL_REJECTED:
		if (f->verdict_reason.len)
			return arena_printf(a, "rejected by %.*s: %.*s", STR_ARG(f->verdict_by),
					    STR_ARG(f->verdict_reason));
		return arena_printf(a, "rejected by %.*s", STR_ARG(f->verdict_by));
	case APPROVAL_NEVER:
		if (r->rule == SIZE_MAX)
			return arena_printf(a, "vendor %.*s did not answer in time, and policy %.*s then says never",
					    STR_ARG(f->vendor_name), STR_ARG(p->name));
		return arena_printf(a, "rule %zu of policy %.*s says never: %.*s", r->rule + 1, STR_ARG(p->name),
				    STR_ARG(rule_words(a, &p->approve.items[r->rule])));
	case APPROVAL_WITHDRAWN:
		if (f->verdict_reason.len)
			return arena_printf(a, "withdrawn by %.*s: %.*s", STR_ARG(f->verdict_by),
					    STR_ARG(f->verdict_reason));
		return arena_printf(a, "withdrawn by %.*s", STR_ARG(f->verdict_by));
	}
	return STR("");
}

struct str
approval_why(struct arena *a, const struct policy *p, const struct approval_facts *f, const struct approval *r)
{
	struct str why = why_state(a, p, f, r);

	if (f->mitigated && r->state != APPROVAL_YES)
		return arena_printf(a, "a workaround stands in: %.*s", STR_ARG(why));
	return why;
}
