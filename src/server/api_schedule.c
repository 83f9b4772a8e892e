/* What will happen when: a host's effective policy, previews, the calendar, tomorrow's slots. */
#include "base/sentence.h"
#include "server/policies.h"

enum { SLOTS_MAX = 2000, CALENDAR_DAYS_MAX = 400, HOSTS_SHOWN = 1000 };
static const int64_t DAY = 86400000LL;

/* ---- parameters ---- */

static bool
instant_of(struct request *r, struct str text, const char *key, int64_t otherwise, int64_t *out, struct err *e)
{
	*out = otherwise;
	return !text.len || time_parse(text, out) ||
	       err_set(e, ERR_USAGE, "%s must be a day (2026-11-21) or an instant with zone", key);
}

static bool
span_check(int64_t from, int64_t until, struct err *e)
{
	return (until > from && until - from <= CALENDAR_DAYS_MAX * DAY) ||
	       err_set(e, ERR_USAGE, "until must lie after from, by at most %d days", CALENDAR_DAYS_MAX);
}

/* ---- a host's policy ---- */

static void
lines_write(struct json_writer *w, const struct effective_policy *p)
{
	json_key(w, "lines");
	json_begin_array(w);
	for (int k = 0; k < POLICY_KEYS; k++) {
		json_begin_object(w);
		json_put_cstr(w, "key", policy_key_name((enum policy_key)k));
		json_key(w, "from");
		json_str_or_null(w, p->origin[k].len ? p->origin[k] : STR_NONE);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
strings_write(struct json_writer *w, const char *key, const struct str *items, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, items[i]);
	json_end_array(w);
}

static void
directive_line_write(struct json_writer *w, const struct directive_row *d, const struct slot_report *s)
{
	json_key(w, "directive");
	json_begin_object(w);
	json_put_i64(w, "serial", d->serial);
	json_put_time(w, "issued", d->issued);
	json_put_time(w, "expires", d->expires);
	json_put_i64(w, "obeyed", s->serial);
	json_put_i64(w, "patches", d->goes);
	json_put_bool(w, "current", d->due > 0);
	json_end_object(w);
}

/* In whose clock the hours of a window are: its own zone, else the machine's, else that of this server. */
static void
zone_name_write(struct request *r, const struct window *window, struct str device)
{
	struct str name = window && window->tz.len ? window->tz : device;
	str_or_null(&r->w, "tz", name.len ? name : r->app->zone.name);
}

static void
slot_write(struct request *r, const struct host_life *h)
{
	struct json_writer *w = &r->w;
	json_key(w, "slot");
	json_begin_object(w);
	json_put_str(w, "id", h->own_words ? h->report.slot : h->slot.slot_id);
	json_put_time(w, "start", h->slot.slot.start);
	json_put_time(w, "end", h->slot.slot.end);
	zone_name_write(r, h->slot.slot.window, h->outlook.host.timezone);
	json_put_cstr(w, "reason", slot_reason_name(h->slot.reason));
	json_put_str(w, "why", h->slot_why);
	json_put_bool(w, "told_by_host", h->own_words);
	json_put_time(w, "reported", h->report.at);
	json_end_object(w);
}

/* Members of a redundancy group or a limited ring: whether it may start now, and until when. */
static void
lease_write(struct json_writer *w, const struct outlook *o)
{
	json_key(w, "lease");
	json_begin_object(w);
	json_put_bool(w, "needed", o->lease_needed);
	json_key(w, "slot");
	json_str_or_null(w, o->lease_found ? o->lease.slot : STR_NONE);
	json_put_time(w, "until", o->lease_found ? o->lease.until : 0);
	json_end_object(w);
}

bool
api_host_policy(struct request *r, struct err *e)
{
	struct policy_set set;
	struct host_life h;
	struct directive_row d;
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e) ||
	    !host_life_make(&set, &r->arena, r->argument, r->interval, &h, e) ||
	    !directive_row_get(r->st, &r->arena, r->argument, &d, e))
		return false;
	const struct outlook *o = &h.outlook;
	struct json_writer *w = &r->w;
	json_begin_object(w);
	host_ref_write(r, "host", o->host.id, o->host.name);
	strings_write(w, "groups", o->host.groups, o->host.group_count);
	strings_write(w, "tags", o->host.tags, o->host.tag_count);
	str_or_null(w, "role", o->host.role);
	str_or_null(w, "role_guess", o->host.role.len ? STR_NONE : o->host.role_guess);
	str_or_null(w, "site", o->host.site);
	str_or_null(w, "redundancy", o->host.redundancy);
	strings_write(w, "applied", o->policy.applied.items.items, o->policy.applied.items.count);
	lines_write(w, &o->policy);
	json_key(w, "policy");
	policy_write(&o->policy.policy, w);
	json_key(w, "ring");
	if (o->rings)
		json_str(w, o->policy.policy.rings.items[o->ring].name);
	else
		json_null(w);
	directive_line_write(w, &d, &h.report);
	lease_write(w, o);
	if (o->governed)
		slot_write(r, &h);
	json_end_object(w);
	return true;
}

/* ---- preview ---- */

struct previewing {
	struct policy_set set;
	struct policy policy;
	const struct zone *device;
	struct str host; /* empty: without spread */
};

static bool
preview_policy(struct request *r, struct previewing *p, struct err *e)
{
	struct str yaml = json_get_str(r->json, "yaml"), name = json_get_str(r->json, "policy"),
		   host = json_get_str(r->json, "host");
	struct policy_remarks remarks;
	struct host_facts h;
	p->device = policy_set_zone(&p->set, STR(""));
	if (host.len) {
		if (!host_facts_get(r->st, &r->arena, host, &h, e))
			return false;
		struct policy_subject subject = policy_subject_of(&h);
		struct effective_policy eff;
		policy_effective(p->set.policies, p->set.count, &subject, &r->arena, &eff);
		p->device = policy_set_device(&p->set, &h);
		p->host = h.id;
		p->policy = eff.policy;
	}
	if (yaml.len) {
		if (policy_read(r, &p->set, yaml, &p->policy, &remarks))
			return true;
		return err_set(e, ERR_INPUT, "the policy is refused: POST …/policies/check says where and why");
	}
	if (host.len)
		return true;
	const struct policy *found = policy_set_find(&p->set, name);
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "there is no policy of this name and version: see mamori policy list");
	p->policy = *found;
	return true;
}

static void
slot_item_write(struct request *r, struct str policy, const struct slot *s, struct str device)
{
	struct json_writer *w = &r->w;
	json_put_str(w, "policy", policy);
	json_put_str(w, "window", s->window->name);
	json_put_time(w, "start", s->start);
	json_put_time(w, "end", s->end);
	json_put_time(w, "cutoff", s->cutoff);
	json_put_time(w, "ready_by", s->ready_by);
	zone_name_write(r, s->window, device);
}

bool
api_policy_preview(struct request *r, struct err *e)
{
	struct previewing p = { .host = STR("") };
	struct calendar_world world;
	struct zone *zones;
	size_t zone_count;
	int64_t from, until;
	if (!instant_of(r, json_get_str(r->json, "from"), "from", r->now, &from, e) ||
	    !instant_of(r, json_get_str(r->json, "until"), "until", from + 31 * DAY, &until, e) ||
	    !span_check(from, until, e) || !policy_set_load(r->st, &r->arena, r->now, &p.set, e) ||
	    !preview_policy(r, &p, e) || !policy_set_zones(&p.set, &p.policy, &r->arena, &zones, &zone_count, e))
		return false;
	world = (struct calendar_world){ p.device, zones, zone_count, &p.set.lists };
	struct slot *slots = ARENA_ARRAY(&r->arena, struct slot, SLOTS_MAX);
	size_t count = calendar_slots(&p.policy.install, &world, p.host, from, until, slots, SLOTS_MAX);
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		slot_item_write(r, p.policy.name, &slots[i], p.device->name);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

/* ---- the calendar: hosts that have the same windows are one row ---- */

struct calendar_slot {
	const struct host_cluster *cluster;
	struct slot slot;
	int64_t back_by;
};
struct calendar_view {
	struct policy_set set;
	struct host_cluster *clusters;
	size_t cluster_count;
	ARRAY_OF(struct calendar_slot) slots; /* by start */
	/* Something may also happen outside of them: an emergency, what was missed and is made up for at once. */
	bool emergency, missed;
};

static bool
cluster_slots(struct request *r, struct calendar_view *v, const struct host_cluster *c, int64_t from, int64_t until,
	      struct err *e)
{
	struct host_facts h;
	struct effective_policy eff;
	struct zone *zones;
	size_t zone_count;
	if (!host_facts_get(r->st, &r->arena, c->host, &h, e))
		return false;
	struct policy_subject subject = policy_subject_of(&h);
	policy_effective(v->set.policies, v->set.count, &subject, &r->arena, &eff);
	if (!policy_set_zones(&v->set, &eff.policy, &r->arena, &zones, &zone_count, e))
		return false;
	struct calendar_rules *rules = ARENA_NEW(&r->arena, struct calendar_rules);
	*rules = eff.policy.install;
	v->emergency |= eff.policy.emergency.set;
	v->missed |= rules->missed == MISSED_ASAP;
	struct calendar_world world = { policy_set_device(&v->set, &h), zones, zone_count, &v->set.lists };
	struct slot *slots = ARENA_ARRAY(&r->arena, struct slot, SLOTS_MAX);
	size_t n = calendar_slots(rules, &world, STR(""), from, until, slots, SLOTS_MAX);
	for (size_t i = 0; i < n && v->slots.count < SLOTS_MAX; i++)
		*ARRAY_PUSH(&r->arena, &v->slots) =
			(struct calendar_slot){ c, slots[i], slot_back_by(&eff.policy, &slots[i], c->reboot_ms) };
	return true;
}

static int
slot_order(const void *a, const void *b)
{
	const struct calendar_slot *x = a, *y = b;
	if (x->slot.start != y->slot.start)
		return x->slot.start < y->slot.start ? -1 : 1;
	return str_cmp(x->cluster->group.ptr ? x->cluster->group : STR(""),
		       y->cluster->group.ptr ? y->cluster->group : STR(""));
}

static bool
calendar_make(struct request *r, struct str group, int64_t from, int64_t until, struct calendar_view *v, struct err *e)
{
	*v = (struct calendar_view){ 0 };
	if (!policy_set_load(r->st, &r->arena, r->now, &v->set, e) ||
	    !host_clusters(r->st, &r->arena, group, &v->clusters, &v->cluster_count, e))
		return false;
	for (size_t i = 0; i < v->cluster_count; i++)
		if (!cluster_slots(r, v, &v->clusters[i], from, until, e))
			return false;
	if (v->slots.count > 1)
		qsort(v->slots.items, v->slots.count, sizeof(*v->slots.items), slot_order);
	return true;
}

/* ---- its days ---- */

static void
day_write(struct json_writer *w, int64_t day, struct str name, const char *kind, struct str list, struct str group)
{
	char text[TIME_RFC3339_MAX];
	json_begin_object(w);
	json_put_str(w, "day", str_head(str_of(time_rfc3339(day * DAY, text)), 10));
	json_put_str(w, "name", name);
	json_put_cstr(w, "kind", kind);
	json_key(w, "list");
	json_str_or_null(w, list);
	json_key(w, "group");
	json_str_or_null(w, group);
	json_end_object(w);
}

/* Of one department, as its policy has them now. */
static bool
blackouts_write(struct request *r, struct calendar_view *v, const struct host_cluster *c, int64_t from, int64_t until,
		struct err *e)
{
	struct host_facts h;
	struct effective_policy eff;
	if (!host_facts_get(r->st, &r->arena, c->host, &h, e))
		return false;
	struct policy_subject subject = policy_subject_of(&h);
	policy_effective(v->set.policies, v->set.count, &subject, &r->arena, &eff);
	const struct calendar_rules *rules = &eff.policy.install;
	for (size_t i = 0; i < rules->blackouts.count; i++) {
		const struct day_span *s = &rules->blackouts.items[i];
		int64_t first = s->from > from ? s->from : from, last = s->to && s->to < until - 1 ? s->to : until - 1;
		for (int64_t day = first; day <= last; day++)
			day_write(&r->w, day, s->why, "blackout", STR_NONE, c->group);
	}
	return true;
}

/* "days" of the span, and the end of the answer that request_list_begin() began. */
static bool
days_write(struct request *r, struct calendar_view *v, int64_t from_ms, int64_t until_ms, struct err *e)
{
	/* A day more on either side: the reader's zone is his own. */
	int64_t from = from_ms / DAY - 1, until = (until_ms + DAY - 1) / DAY + 1;
	struct day_list_text *texts;
	struct named_days days;
	size_t count;
	if (!day_list_all(r->st, &r->arena, &texts, &count, e))
		return false;
	json_end_array(&r->w);
	json_key(&r->w, "days");
	json_begin_array(&r->w);
	day_list_holidays_named(&r->arena, from, until, &days);
	for (size_t i = 0; i < days.count; i++)
		day_write(&r->w, days.items[i].day, days.items[i].name, "holiday", STR("祝日"), STR_NONE);
	for (size_t i = 0; i < count; i++) {
		day_list_named(&r->arena, texts[i].days, from, until, &days);
		for (size_t k = 0; k < days.count; k++)
			day_write(&r->w, days.items[k].day, days.items[k].name, "list", texts[i].name, STR_NONE);
	}
	for (size_t i = 0; i < v->cluster_count; i++)
		if (!blackouts_write(r, v, &v->clusters[i], from, until, e))
			return false;
	json_end_array(&r->w);
	json_key(&r->w, "outside");
	json_begin_object(&r->w);
	json_put_bool(&r->w, "emergency", v->emergency);
	json_put_bool(&r->w, "missed", v->missed);
	json_end_object(&r->w);
	json_end_object(&r->w);
	return true;
}

bool
api_calendar(struct request *r, struct err *e)
{
	static const char *const filters[] = { "from", "until", "group", NULL };
	struct calendar_view v;
	int64_t from, until;
	if (!request_query(r, filters, e) || !instant_of(r, request_parameter(r, "from"), "from", r->now, &from, e) ||
	    !instant_of(r, request_parameter(r, "until"), "until", from + 31 * DAY, &until, e) ||
	    !span_check(from, until, e) || !calendar_make(r, request_parameter(r, "group"), from, until, &v, e))
		return false;
	struct page page = { .total = (int64_t)v.slots.count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < v.slots.count; i++) {
		const struct calendar_slot *s = &v.slots.items[i];
		json_begin_object(&r->w);
		str_or_null(&r->w, "group", s->cluster->group);
		slot_item_write(r, s->cluster->policy, &s->slot, s->cluster->timezone);
		json_put_i64(&r->w, "hosts", s->cluster->hosts);
		json_put_i64(&r->w, "patches", s->cluster->patches);
		json_end_object(&r->w);
	}
	return days_write(r, &v, from, until, e);
}

/* ---- the notice of the day before ---- */

/* Held when the slot begins: nothing happens there, and that is what the ward asked for. */
static bool
held_write(struct request *r, struct str host, int64_t start, struct err *e)
{
	struct hold *holds;
	size_t count;
	if (!holds_of_host(r->st, &r->arena, host, start, &holds, &count, e))
		return false;
	json_key(&r->w, "held");
	if (!count) {
		json_null(&r->w);
		return true;
	}
	json_begin_object(&r->w);
	json_put_str(&r->w, "by", holds[0].by);
	json_put_str(&r->w, "why", holds[0].why);
	json_put_time(&r->w, "until", holds[0].until);
	json_end_object(&r->w);
	return true;
}

static bool
tomorrow_hosts_write(struct request *r, const struct host_cluster *c, int64_t start, struct err *e)
{
	struct cluster_host *hosts;
	struct str *titles;
	size_t count, title_count;
	if (!cluster_hosts(r->st, &r->arena, c, HOSTS_SHOWN, &hosts, &count, e) ||
	    !slot_titles(r, c, start, hosts, count, &titles, &title_count, e))
		return false;
	json_key(&r->w, "hosts");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "id", hosts[i].id);
		json_put_str(&r->w, "name", hosts[i].name);
		json_put_i64(&r->w, "patches", hosts[i].patches);
		if (!held_write(r, hosts[i].id, start, e))
			return false;
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	strings_write(&r->w, "updates", titles, title_count);
	return true;
}

bool
api_slots_tomorrow(struct request *r, struct err *e)
{
	static const char *const filters[] = { "group", NULL };
	struct calendar_view v;
	if (!request_query(r, filters, e))
		return false;
	/* The day after this one where this server stands. */
	struct zone z;
	zone_device("/", r->now + 3 * DAY, &r->arena, &z);
	int64_t local = zone_local(&z, r->now);
	int64_t from = zone_instant(&z, local - local % DAY + DAY),
		until = zone_instant(&z, local - local % DAY + 2 * DAY);
	if (!calendar_make(r, request_parameter(r, "group"), from, until, &v, e))
		return false;
	json_begin_object(&r->w);
	json_put_time(&r->w, "from", from);
	json_put_time(&r->w, "until", until);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < v.slots.count; i++) {
		const struct calendar_slot *s = &v.slots.items[i];
		if (s->slot.start < from) /* began today: its notice was yesterday's */
			continue;
		json_begin_object(&r->w);
		str_or_null(&r->w, "group", s->cluster->group);
		slot_item_write(r, s->cluster->policy, &s->slot, s->cluster->timezone);
		json_put_time(&r->w, "back_by", s->back_by);
		if (!tomorrow_hosts_write(r, s->cluster, s->slot.start, e))
			return false;
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}
