#include "patch/policy_set.h"

#include "base/time.h"

static const int64_t DAY = 86400000LL;
enum { ZONE_AHEAD_DAYS = 1100, ZONE_BACK_DAYS = 40 };

static bool
policies_parse(struct policy_set *s, const struct policy_version *texts, size_t count, struct err *e)
{
	static const struct json_limits limits = { .depth = 24, .string_max = 65536, .total = 2 << 20 };
	s->policies = ARENA_ARRAY(s->arena, struct policy, count + 1);
	for (size_t i = 0; i < count; i++) {
		struct json *j;
		if (!json_parse(s->arena, texts[i].json, &limits, &j, e) ||
		    !policy_from_json(s->arena, j, &s->policies[s->count], e))
			return err_wrap(e, "reading policy %.*s", STR_ARG(texts[i].name));
		s->count++;
	}
	return true;
}

static bool
lists_parse(struct policy_set *s, struct err *e)
{
	struct day_list_text *texts;
	size_t count;
	if (!day_list_all(s->st, s->arena, &texts, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!day_list_parse(s->arena, texts[i].name, texts[i].days, ARRAY_PUSH(s->arena, &s->lists.lists), e))
			return err_wrap(e, "reading the list of days %.*s", STR_ARG(texts[i].name));
	/* Behind those of the hospital: a list of its own of that name wins. */
	day_list_holidays_jp(s->arena, ARRAY_PUSH(s->arena, &s->lists.lists));
	return true;
}

bool
policy_set_load(struct store *st, struct arena *a, int64_t now, struct policy_set *out, struct err *e)
{
	struct policy_set s = { .arena = a, .st = st, .now = now };
	struct policy_version *texts;
	struct str *groups;
	size_t count, group_count;
	if (!policy_text_all(st, a, &texts, &count, e) || !policies_parse(&s, texts, count, e) || !lists_parse(&s, e) ||
	    !group_names(st, a, &groups, &group_count, e))
		return false;
	s.groups.items = groups;
	s.groups.count = group_count;
	*out = s;
	return true;
}

/* What lies behind is of no use to a host. */
static void
zone_trim(struct arena *a, struct zone *z, int64_t from)
{
	struct zone out = { .name = z->name, .offset = zone_offset(z, from) };
	for (size_t i = 0; i < z->transitions.count; i++)
		if (z->transitions.items[i].at > from)
			*ARRAY_PUSH(a, &out.transitions) = z->transitions.items[i];
	*z = out;
}

const struct zone *
policy_set_zone(struct policy_set *s, struct str name)
{
	for (size_t i = 0; i < s->zones.count; i++)
		if (str_eq(s->zones.items[i]->name, name))
			return s->zones.items[i];
	struct zone *z = ARENA_NEW(s->arena, struct zone);
	struct err ignored = { 0 };
	int64_t until = s->now + ZONE_AHEAD_DAYS * DAY;
	if (!name.len)
		zone_device("/", until, s->arena, z);
	else if (!zone_load(NULL, name, until, s->arena, z, &ignored))
		return NULL;
	zone_trim(s->arena, z, s->now - ZONE_BACK_DAYS * DAY);
	z->name = arena_str(s->arena, name);
	*ARRAY_PUSH(s->arena, &s->zones) = z;
	return z;
}

const struct zone *
policy_set_device(struct policy_set *s, const struct host_facts *h)
{
	const struct zone *z = h->timezone.len ? policy_set_zone(s, h->timezone) : NULL;
	return z ? z : policy_set_zone(s, STR(""));
}

static bool
zones_add(struct policy_set *s, const struct calendar_rules *r, struct arena *a, struct zone **zones, size_t *count,
	  struct err *e)
{
	for (size_t i = 0; i < r->windows.count; i++) {
		struct str name = r->windows.items[i].tz;
		bool known = !name.len;
		for (size_t k = 0; k < *count; k++)
			known |= str_eq((*zones)[k].name, name);
		if (known)
			continue;
		const struct zone *z = policy_set_zone(s, name);
		if (!z)
			return err_set(e, ERR_NOT_FOUND,
				       "the time zone %.*s of a window is unknown on this server: install tzdata",
				       STR_ARG(name));
		(*zones)[(*count)++] = *z;
	}
	return true;
}

bool
policy_set_zones(struct policy_set *s, const struct policy *p, struct arena *a, struct zone **out, size_t *count,
		 struct err *e)
{
	size_t n = 0;
	struct zone *zones =
		ARENA_ARRAY(a, struct zone, p->install.windows.count + p->reboot.windows.windows.count + 1);
	if (!zones_add(s, &p->install, a, &zones, &n, e) || !zones_add(s, &p->reboot.windows, a, &zones, &n, e))
		return false;
	*out = zones;
	*count = n;
	return true;
}

static void
lists_add(const struct policy_set *s, const struct calendar_rules *r, struct arena *a, struct day_lists *out)
{
	for (size_t i = 0; i < r->windows.count; i++) {
		const struct window *w = &r->windows.items[i];
		const struct day_list *l = w->rule == WINDOW_DAYS ? day_list_find(&s->lists, w->days) : NULL;
		if (!l || day_list_find(out, w->days))
			continue;
		struct day_list *copy = ARRAY_PUSH(a, &out->lists);
		*copy = (struct day_list){ .name = l->name };
		for (size_t k = 0; k < l->days.count; k++) {
			int64_t at = l->days.items[k] * DAY;
			if (at > s->now - ZONE_BACK_DAYS * DAY && at < s->now + ZONE_AHEAD_DAYS * DAY)
				*ARRAY_PUSH(a, &copy->days) = l->days.items[k];
		}
	}
}

void
policy_set_lists(const struct policy_set *s, const struct policy *p, struct arena *a, struct day_lists *out)
{
	*out = (struct day_lists){ 0 };
	lists_add(s, &p->install, a, out);
	lists_add(s, &p->reboot.windows, a, out);
}

const struct policy *
policy_set_find(const struct policy_set *s, struct str name)
{
	for (size_t i = 0; i < s->count; i++)
		if (str_eq(s->policies[i].name, name))
			return &s->policies[i];
	return NULL;
}

static struct str
or_empty(struct str s)
{
	return s.ptr ? s : STR("");
}

struct policy_subject
policy_subject_of(const struct host_facts *h)
{
	struct policy_subject s = {
		.id = h->id,
		.name = h->name,
		.group = or_empty(h->group),
		.os = or_empty(h->os),
		/* Nobody said what it is: like a server it is treated with a server's care, until somebody does. */
		.role = or_empty(h->role.len ? h->role : h->role_guess),
		.site = or_empty(h->site),
	};
	s.groups.items.items = h->groups;
	s.groups.items.count = h->group_count;
	s.tags.items.items = h->tags;
	s.tags.items.count = h->tag_count;
	return s;
}

bool
policy_set_emergency(struct store *st, struct arena *a, struct str host, int64_t now, struct str *out, struct err *e)
{
	struct policy_set set;
	struct host_facts facts;
	if (!policy_set_load(st, a, now, &set, e) || !host_facts_get(st, a, host, &facts, e))
		return false;
	struct effective_policy *eff = ARENA_NEW(a, struct effective_policy);
	struct policy_subject subject = policy_subject_of(&facts);
	policy_effective(set.policies, set.count, &subject, a, eff);
	*out = eff->origin[POLICY_EMERGENCY];
	return true;
}

static void
names_take(struct str *names, size_t count, struct str_list *out)
{
	out->items.items = names;
	out->items.count = count;
}

bool
policy_set_fleet(struct policy_set *s, struct err *e)
{
	struct str *tags, *groups;
	size_t tag_count, group_count;
	if (!tag_names(s->st, s->arena, &tags, &tag_count, e) ||
	    !peopled_groups(s->st, s->arena, &groups, &group_count, e))
		return false;
	names_take(tags, tag_count, &s->tags);
	names_take(groups, group_count, &s->peopled);
	s->fleet_known = true;
	return true;
}

struct policy_world
policy_world_of(const struct policy_set *s, struct str_list *groups, bool strict)
{
	groups->items.items = s->groups.items;
	groups->items.count = s->groups.count;
	return (struct policy_world){
		.groups = groups,
		.tags = s->fleet_known ? &s->tags : NULL,
		.peopled = s->fleet_known ? &s->peopled : NULL,
		.lists = &s->lists,
		.strict = strict,
	};
}
