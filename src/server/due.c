#include "server/due.h"

#include "store/setting.h"

bool
due_policy_read(struct store *st, struct arena *a, struct priority_policy *out, struct err *e)
{
	struct str set;
	struct err unknown = { 0 };
	if (!setting_get(st, a, "deadlines", &set, e))
		return false;
	if (set.len && priority_policy_read(STR(""), "", arena_cstr(a, set), a, out, &unknown))
		return true;
	/* A set that an older program knew: the usual one is better than no date at all. */
	return priority_policy_read(STR(""), "", NULL, a, out, e);
}

uint64_t
due_policy_digest(const struct priority_policy *p)
{
	uint64_t h = 1;
	for (size_t i = 0; i < p->rules.count; i++) {
		const struct priority_rule *r = &p->rules.items[i];
		h = str_hash(str_sub((const char *)r->conditions, r->count * sizeof(r->conditions[0])), h);
		h = str_hash(str_sub((const char *)&r->epss, sizeof(r->epss)), h + (uint64_t)r->action);
		h = str_hash(r->reason_ja, str_hash(r->reason, h));
	}
	for (size_t i = 0; i < p->deadlines.count; i++) {
		const struct deadline *d = &p->deadlines.items[i];
		uint64_t parts[] = { d->any_action, d->any_severity, d->any_action ? 0 : (uint64_t)d->action,
				     d->any_severity ? 0 : (uint64_t)d->severity, (uint64_t)d->days };
		h = str_hash(str_sub((const char *)parts, sizeof(parts)), h);
	}
	return h >> 1; /* fits the database's numbers */
}

struct vulnerability_row
due_row_of(const struct vulnerability *v)
{
	return (struct vulnerability_row){
		.id = v->id,
		.title = v->title.len ? v->title : STR_NONE,
		.severity = (int)v->severity,
		.cvss = v->cvss,
		.epss = v->epss,
		.kev = v->kev,
		.kev_due = v->kev_due,
		.kev_added = v->kev_added,
		.facts = (int64_t)v->kev_ransomware | (int64_t)v->ssvc.exploitation << 1 |
			 (int64_t)v->ssvc.automatable << 3 | (int64_t)v->ssvc.impact << 5,
	};
}

struct vulnerability
due_vulnerability_of(const struct vulnerability_row *r)
{
	return (struct vulnerability){
		.id = r->id,
		.severity = (enum severity)r->severity,
		.cvss = r->cvss,
		.epss = r->epss,
		.kev = r->kev,
		.kev_due = r->kev_due,
		.kev_added = r->kev_added,
		.kev_ransomware = r->facts & 1,
		.ssvc = { (enum ssvc_exploitation)(r->facts >> 1 & 3), (enum ssvc_automatable)(r->facts >> 3 & 3),
			  (enum ssvc_impact)(r->facts >> 5 & 3) },
	};
}

bool
due_row_same(const struct vulnerability_row *x, const struct vulnerability_row *y)
{
	return str_eq(x->title, y->title) && x->severity == y->severity && !(x->cvss < y->cvss) &&
	       !(x->cvss > y->cvss) && !(x->epss < y->epss) && !(x->epss > y->epss) && x->kev == y->kev &&
	       x->kev_due == y->kev_due && x->kev_added == y->kev_added && x->facts == y->facts;
}

void
due_decide(const struct priority_policy *p, const struct zone *zone, const struct vulnerability_row *v,
	   const struct finding_place *place, struct priority *out)
{
	struct priority_policy own = *p;
	struct vulnerability known = due_vulnerability_of(v);
	own.exposed = place->exposed;
	own.importance = (enum importance)place->importance;
	own.now = zone_local(zone, place->first_seen);
	priority_decide(&own, &known, place->published, place->fixable, out);
}

bool
due_same(const struct priority_policy *p, const struct vulnerability_row *before, const struct vulnerability_row *now)
{
	/* The dates that a due date is counted from, and the column of the sets. */
	if (before->kev != now->kev || before->kev_due != now->kev_due || before->kev_added != now->kev_added ||
	    before->severity != now->severity)
		return false;
	const struct zone any = { 0 }; /* only action and reason are compared */
	for (int exposed = 0; exposed < 2; exposed++)
		for (int importance = IMPORTANCE_LOW; importance <= IMPORTANCE_HIGH; importance++) {
			struct finding_place place = { .exposed = exposed, .importance = importance };
			struct priority then, here;
			due_decide(p, &any, before, &place, &then);
			due_decide(p, &any, now, &place, &here);
			if (then.action != here.action || !str_eq(then.reason, here.reason))
				return false;
		}
	return true;
}
