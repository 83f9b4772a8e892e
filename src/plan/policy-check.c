/* What shows only when a policy is read as a whole: windows that overlap or never come, rules that can never fit, names that
 * nobody knows. Errors refuse the policy, warnings are for the person who wrote it. */
#include "plan/policy-node.h"

#include "base/time.h"
#include "base/tr.h"
#include "plan/calendar.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

struct checking {
	struct arena *a;
	const struct policy_node *root;
	const struct policy_world *world; /* may be NULL */
	struct policy_remarks *remarks;
};

#define check_says(c, warning, line, column, ...) \
	policy_remark_add((c)->a, (c)->remarks, (warning), (line), (column), __VA_ARGS__)

static const struct policy_node *
node_get(const struct policy_node *n, const char *key)
{
	for (size_t i = 0; n && n->kind == POLICY_NODE_MAP && i < n->count; i++) {
		if (str_eq(n->key[i].text, str_of(key)))
			return &n->item[i];
	}
	return NULL;
}

/* Where member i of a list was written; the policy's beginning when nobody knows. */
static const struct policy_node *
node_member(const struct checking *c, const struct policy_node *list, size_t i)
{
	if (!list)
		return c->root;
	return list->kind == POLICY_NODE_LIST && i < list->count ? &list->item[i] : list;
}

/* ---- approval ---- */

/* Whether everything that b fits is caught by a before it. */
static bool
rule_covers(const struct approve_rule *a, const struct approve_rule *b)
{
	struct str prefix = a->app;
	bool star = str_ends(prefix, STR("*"));

	if ((a->known_exploited >= 0 && a->known_exploited != b->known_exploited) ||
	    (a->exposed >= 0 && a->exposed != b->exposed))
		return false;
	if (a->classification.len > 0 && !str_eq(a->classification, b->classification))
		return false;
	if (a->severities && (b->severities == 0 || (b->severities & ~a->severities)))
		return false;
	if (star)
		return str_starts(b->app, str_head(prefix, prefix.len - 1));
	return a->app.len == 0 || str_eq(a->app, b->app);
}

static void
approve_check(const struct checking *c, const struct policy *p)
{
	const struct policy_node *list = node_get(c->root, "approve");

	for (size_t j = 1; j < p->approve.count; j++) {
		const struct policy_node *at = node_member(c, list, j);
		for (size_t i = 0; i < j; i++) {
			const struct approve_rule *before = &p->approve.items[i], *rule = &p->approve.items[j];
			if (!rule_covers(before, rule))
				continue;
			if (before->never != rule->never)
				check_says(c, true, at->line, at->column,
					   tr("approve rule %zu contradicts rule %zu, which catches all of it first; "
					      "change their order or remove one"),
					   j + 1, i + 1);
			else
				check_says(
					c, true, at->line, at->column,
					tr("approve rule %zu can never fit: rule %zu catches all of it first; change "
					   "their order or remove one"),
					j + 1, i + 1);
			break;
		}
	}
}

/* ---- names ---- */

static bool
group_known(const struct checking *c, struct str name)
{
	const struct str_list *known = c->world ? c->world->groups : NULL;

	for (size_t i = 0; known && i < known->items.count; i++) {
		if (str_eq(known->items.items[i], name))
			return true;
	}
	return !known;
}

static void
group_check(const struct checking *c, const struct policy_node *at, struct str name)
{
	if (!group_known(c, name))
		check_says(c, !c->world->strict, at->line, at->column,
			   tr("there is no group “%.*s” yet; create it, or correct the name"), STR_ARG(name));
}

static void
groups_check(const struct checking *c, const struct policy_node *list, const struct str_list *groups)
{
	for (size_t i = 0; i < groups->items.count; i++)
		group_check(c, node_member(c, list, i), groups->items.items[i]);
}

static bool
list_has(const struct str_list *l, struct str name)
{
	for (size_t i = 0; l && i < l->items.count; i++) {
		if (str_eq(l->items.items[i], name))
			return true;
	}
	return false;
}

/* A tag is nothing that is created first, so that a misspelt one shows only by the machines that it has not. */
static void
tags_check(const struct checking *c, const struct policy_node *list, const struct str_list *tags)
{
	for (size_t i = 0; c->world && c->world->tags && i < tags->items.count; i++) {
		const struct policy_node *at = node_member(c, list, i);
		if (!list_has(c->world->tags, tags->items.items[i]))
			check_says(c, true, at->line, at->column,
				   tr("no machine has the tag “%.*s”; is it written right?"),
				   STR_ARG(arena_line(c->a, tags->items.items[i], 60)));
	}
}

/* The rings behind an empty one wait for it. Of tags alone each one has been told. */
static void
ring_peopled_check(const struct checking *c, const struct policy_node *at, const struct ring *r)
{
	bool any = !c->world || !c->world->peopled || r->groups.items.count == 0;
	for (size_t i = 0; i < r->groups.items.count && !any; i++)
		any = list_has(c->world->peopled, r->groups.items.items[i]);
	for (size_t i = 0; i < r->tags.items.count && !any; i++)
		any = list_has(c->world->tags, r->tags.items.items[i]);
	if (!any)
		check_says(
			c, true, at->line, at->column,
			tr("ring “%.*s” has no machine: the rings behind it will wait until one is put into its group"),
			STR_ARG(r->name));
}

static bool
ring_is_rest(const struct ring *r)
{
	return r->tags.items.count == 0 && r->groups.items.count == 0;
}

static void
rings_check(const struct checking *c, const struct policy *p)
{
	const struct policy_node *list = node_get(c->root, "rings");

	for (size_t i = 0; i < p->rings.count; i++) {
		const struct ring *ring = &p->rings.items[i];
		const struct policy_node *at = node_member(c, list, i);
		const struct policy_node *groups = node_get(at, "groups"), *tags = node_get(at, "tags");
		groups_check(c, groups ? groups : at, &ring->groups);
		tags_check(c, tags ? tags : at, &ring->tags);
		if (i + 1 < p->rings.count)
			ring_peopled_check(c, at, ring);
		for (size_t j = 0; j < i; j++) {
			if (str_eq(p->rings.items[j].name, ring->name))
				check_says(c, false, at->line, at->column,
					   tr("there are two rings “%.*s”; give one another name"),
					   STR_ARG(ring->name));
		}
		if (i + 1 < p->rings.count && ring_is_rest(ring))
			check_says(
				c, true, at->line, at->column,
				tr("ring “%.*s” takes all hosts, so that the rings behind it stay empty; make it the "
				   "last, or give it tags or groups"),
				STR_ARG(ring->name));
	}
}

static void
steps_check(const struct checking *c, const struct policy *p)
{
	const struct policy_node *list = node_get(c->root, "steps");

	for (size_t i = 0; i < p->steps.count; i++)
		group_check(c, node_member(c, list, i), p->steps.items[i].group);
}

/* ---- calendars ---- */

/* A day of the month that none of the months has. */
static bool
window_impossible(const struct window *w)
{
	static const unsigned char lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (w->rule != WINDOW_MONTHLY || (w->monthdays & 1))
		return false;
	for (unsigned m = 0; m < 12; m++) {
		if ((w->months == 0 || (w->months >> m & 1)) && (w->monthdays & ((2ULL << lengths[m]) - 1)))
			return false;
	}
	return true;
}

static void
window_check(const struct checking *c, const struct calendar_rules *r, size_t i)
{
	const struct window *w = &r->windows.items[i];
	int64_t ready = (w->ready_by - w->at + 24 * 60) % (24 * 60);

	for (size_t j = 0; j < i; j++) {
		if (str_eq(r->windows.items[j].name, w->name))
			check_says(c, false, w->line, w->column,
				   tr("there are two windows “%.*s”; give one another name"), STR_ARG(w->name));
	}
	if (window_impossible(w))
		check_says(c, false, w->line, w->column,
			   tr("window “%.*s” can never come: none of its months has such a day"), STR_ARG(w->name));
	if (w->ready_by >= 0 && (ready ? ready : 24 * 60) * MINUTE_MS < w->length)
		check_says(
			c, true, w->line, w->column,
			tr("window “%.*s” is to be ready before it ends; what does not fit before “ready-by” will not "
			   "start"),
			STR_ARG(w->name));
	if (r->spread > 0 && r->spread >= w->length - w->cutoff)
		check_says(
			c, true, w->line, w->column,
			tr("window “%.*s”: “spread” is as long as the time in which work may start, so that some hosts "
			   "begin at its very end; make it shorter"),
			STR_ARG(w->name));
	if (w->rule == WINDOW_DAYS && c->world && c->world->lists && !day_list_find(c->world->lists, w->days))
		check_says(
			c, !c->world->strict, w->line, w->column,
			tr("there is no list of days “%.*s” yet, so that window “%.*s” never comes; import it as CSV"),
			STR_ARG(w->days), STR_ARG(w->name));
}

/* Zones that windows name; an unknown one refuses the policy. */
static size_t
zones_load(const struct checking *c, const struct calendar_rules *r, int64_t until, struct zone *zones)
{
	size_t count = 0;

	for (size_t i = 0; i < r->windows.count; i++) {
		const struct window *w = &r->windows.items[i];
		struct err e = { 0 };
		bool have = w->tz.len == 0 || str_eq(w->tz, STR("UTC"));
		for (size_t j = 0; j < count && !have; j++)
			have = str_eq(zones[j].name, w->tz);
		if (have)
			continue;
		if (zone_load(c->world->zoneinfo, w->tz, until, c->a, &zones[count], &e))
			count++;
		else
			check_says(c, false, w->line, w->column, "%s", e.text);
	}
	return count;
}

static void
never_check(const struct checking *c, const struct calendar_rules *r, const struct calendar_world *world)
{
	for (size_t i = 0; i < r->windows.count; i++) {
		struct window *w = &r->windows.items[i];
		struct calendar_rules alone = *r;
		struct slot s;
		alone.windows.items = w;
		alone.windows.count = 1;
		if (w->rule == WINDOW_DAYS && !(world->lists && day_list_find(world->lists, w->days)))
			continue; /* said already, or not known here */
		if (!calendar_next(&alone, world, STR(""), c->world->now, &s) && !window_impossible(w))
			check_says(c, true, w->line, w->column,
				   tr("window “%.*s” has no day in the next ten years; look at its dates, valid and "
				      "blackout"),
				   STR_ARG(w->name));
	}
}

/* Windows of the device's zone can be compared with each other, those of named zones with each other. */
static void
overlap_check(const struct checking *c, const struct calendar_rules *r, const struct calendar_world *world, bool named)
{
	enum { SLOTS = 4096 };
	struct calendar_rules some = *r;
	struct slot *slots = ARENA_ARRAY(c->a, struct slot, SLOTS), *open = slots;
	uint64_t told[POLICY_WINDOWS_MAX] = { 0 };
	size_t count;

	some.windows.items = ARENA_ARRAY(c->a, struct window, r->windows.count + 1);
	some.windows.count = 0;
	some.spread = 0;
	for (size_t i = 0; i < r->windows.count; i++) {
		if ((r->windows.items[i].tz.len > 0) == named)
			some.windows.items[some.windows.count++] = r->windows.items[i];
	}
	if (some.windows.count == 0)
		return;
	count = calendar_slots(&some, world, STR(""), c->world->now, c->world->now + 400 * DAY_MS, slots, SLOTS);
	for (size_t i = 1; i < count; i++) {
		const struct window *x = open->window, *y = slots[i].window;
		size_t from = (size_t)(x - some.windows.items), to = (size_t)(y - some.windows.items);
		if (slots[i].start < open->end && !(told[from] >> to & 1) && !(told[to] >> from & 1)) {
			char day[TIME_RFC3339_MAX];
			told[from] |= UINT64_C(1) << to;
			time_rfc3339(slots[i].date * DAY_MS, day);
			check_says(c, true, y->line, y->column,
				   tr("windows “%.*s” and “%.*s” overlap, first on %.10s; the one that begins later "
				      "counts"),
				   STR_ARG(x->name), STR_ARG(y->name), day);
		}
		if (slots[i].end > open->end)
			open = &slots[i];
	}
}

static void
calendar_check(const struct checking *c, const struct calendar_rules *r)
{
	struct calendar_world world = { 0 };
	struct zone zones[POLICY_WINDOWS_MAX];
	bool was_refused;

	for (size_t i = 0; i < r->windows.count; i++)
		window_check(c, r, i);
	if (!c->world || c->world->now == 0 || r->windows.count == 0)
		return;
	was_refused = c->remarks->refused;
	world.zone_count = zones_load(c, r, c->world->now + 3700 * DAY_MS, zones);
	world.zones = zones;
	world.lists = c->world->lists;
	if (c->remarks->refused != was_refused)
		return; /* without its zone a window seems never to come */
	never_check(c, r, &world);
	overlap_check(c, r, &world, false);
	overlap_check(c, r, &world, true);
}

void
policy_check(struct arena *a, const struct policy_node *n, const struct policy_world *world, const struct policy *p,
	     struct policy_remarks *remarks)
{
	const struct checking c = { a, n, world, remarks };
	const struct policy_node *applies = node_get(n, "applies-to");
	const struct policy_node *groups = node_get(applies, "groups"), *tags = node_get(applies, "tags");
	const struct policy_node *reboot = node_get(n, "reboot");

	groups_check(&c, groups ? groups : n, &p->applies.groups);
	tags_check(&c, tags ? tags : n, &p->applies.tags);
	approve_check(&c, p);
	calendar_check(&c, &p->install);
	calendar_check(&c, &p->reboot.windows);
	rings_check(&c, p);
	steps_check(&c, p);
	if (reboot && p->reboot.atomic && p->reboot.mode == REBOOT_NEVER)
		check_says(&c, true, reboot->line, reboot->column,
			   tr("“mode: never” with “unit: atomic”: what needs a reboot is never installed"));
}
