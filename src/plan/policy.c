#include "plan/policy.h"

#include <stdlib.h>

#define LINE(k, n, first) [POLICY_##k] = { n, offsetof(struct policy, first), sizeof(((struct policy *)NULL)->first) }

/* Each line of an effective policy: its name and where it lies. */
static const struct policy_line {
	const char *name;
	size_t offset, size;
} lines[POLICY_KEYS] = {
	LINE(APPROVE, "approve", approve),
	LINE(VENDOR, "vendor-validation", vendor),
	LINE(OFFLINE_FOR, "offline-for", offline_for),
	LINE(INSTALL_WINDOWS, "install.windows", install.windows),
	LINE(INSTALL_VALID, "install.valid", install.valid),
	LINE(INSTALL_BLACKOUT, "install.blackout", install.blackouts),
	/* Three members in a row. */
	[POLICY_INSTALL_MISSED] = { "install.missed", offsetof(struct policy, install.missed),
				    offsetof(struct calendar_rules, spread) - offsetof(struct calendar_rules, missed) },
	LINE(INSTALL_SPREAD, "install.spread", install.spread),
	LINE(IDLE_FIRST, "install.idle-first", idle_first),
	LINE(WHILE_RUNNING, "install.while-running", busy),
	LINE(PASSES, "install.passes", passes),
	LINE(REBOOT, "reboot", reboot),
	LINE(RINGS, "rings", rings),
	LINE(REDUNDANCY, "redundancy", redundancy),
	LINE(EMERGENCY, "emergency", emergency),
	LINE(STEPS, "steps", steps),
	LINE(SETTINGS, "settings", settings),
	LINE(REMOVE, "remove", remove),
	LINE(SCRIPTS, "scripts", scripts),
	LINE(NOTICE, "notice", notice),
	LINE(BACKUP, "backup", backup),
};

const char *
policy_key_name(enum policy_key k)
{
	return (unsigned)k < POLICY_KEYS ? lines[k].name : "";
}

/* Host names know no case; * stands for any text. */
static bool
pattern_fits(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			mark = i;
		} else if (p < pattern.len && str_eq_nocase(str_sub(pattern.ptr + p, 1), str_sub(s.ptr + i, 1))) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
list_has(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->items.count; i++) {
		if (str_eq(l->items.items[i], s))
			return true;
	}
	return false;
}

static bool
names_fit(const struct str_list *patterns, struct str name)
{
	for (size_t i = 0; i < patterns->items.count; i++) {
		if (pattern_fits(patterns->items.items[i], name))
			return true;
	}
	return false;
}

static bool
groups_fit(const struct str_list *groups, const struct policy_subject *s)
{
	bool any = s->group.len > 0 && list_has(groups, s->group);

	for (size_t i = 0; i < s->groups.items.count && !any; i++)
		any = list_has(groups, s->groups.items.items[i]);
	return any;
}

static bool
tags_fit(const struct str_list *tags, const struct policy_subject *s)
{
	for (size_t i = 0; i < s->tags.items.count; i++) {
		if (list_has(tags, s->tags.items.items[i]))
			return true;
	}
	return false;
}

/* "debian:12" and "debian" as the host says, "linux" for all that is not Windows. */
static bool
os_fits(const struct str_list *os, struct str of)
{
	bool windows = str_starts(of, STR("windows"));

	for (size_t i = 0; i < os->items.count; i++) {
		struct str want = os->items.items[i];
		if (str_eq(want, of) || (str_eq(want, STR("linux")) && of.len > 0 && !windows) ||
		    (str_starts(of, want) && of.ptr[want.len] == ':'))
			return true;
	}
	return false;
}

int
policy_specificity(const struct policy *p, const struct policy_subject *s)
{
	const struct {
		const struct str_list *list;
		bool fits;
		int narrow;
	} asks[] = {
		{ &p->applies.names, names_fit(&p->applies.names, s->name), 5 },
		{ &p->applies.tags, tags_fit(&p->applies.tags, s), 4 },
		{ &p->applies.roles, list_has(&p->applies.roles, s->role), 4 },
		{ &p->applies.groups, groups_fit(&p->applies.groups, s), 3 },
		{ &p->applies.sites, list_has(&p->applies.sites, s->site), 2 },
		{ &p->applies.os, os_fits(&p->applies.os, s->os), 1 },
	};
	int narrowest = 0;

	for (size_t i = 0; i < COUNT(asks); i++) {
		if (asks[i].list->items.count == 0)
			continue;
		if (!asks[i].fits)
			return -1;
		narrowest = asks[i].narrow > narrowest ? asks[i].narrow : narrowest;
	}
	return narrowest;
}

struct candidate {
	const struct policy *policy;
	int narrow;
};

static int
candidate_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->narrow != y->narrow)
		return y->narrow - x->narrow;
	if (x->policy->rank != y->policy->rank)
		return x->policy->rank < y->policy->rank ? -1 : 1;
	return str_cmp(x->policy->name, y->policy->name);
}

void
policy_effective(const struct policy *all, size_t count, const struct policy_subject *s, struct arena *a,
		 struct effective_policy *out)
{
	struct candidate *c = ARENA_ARRAY(a, struct candidate, count + 1);
	struct effective_policy e = { 0 };
	size_t n = 0;

	policy_defaults(&e.policy);
	for (size_t i = 0; i < count; i++) {
		int narrow = policy_specificity(&all[i], s);
		if (narrow >= 0)
			c[n++] = (struct candidate){ &all[i], narrow };
	}
	if (n > 1)
		qsort(c, n, sizeof(*c), candidate_order);
	for (size_t i = 0; i < n; i++) {
		const struct policy *p = c[i].policy;
		*ARRAY_PUSH(a, &e.applied.items) = p->name;
		for (size_t k = 0; k < POLICY_KEYS; k++) {
			if (!(p->written >> k & 1) || (e.policy.written >> k & 1))
				continue;
			memcpy((char *)&e.policy + lines[k].offset, (const char *)p + lines[k].offset, lines[k].size);
			e.origin[k] = p->name;
			e.policy.written |= 1U << k;
		}
	}
	if (n > 0) {
		bool windows = e.origin[POLICY_INSTALL_WINDOWS].len > 0;
		e.policy.name = windows ? e.origin[POLICY_INSTALL_WINDOWS] : c[0].policy->name;
		e.policy.rank = c[0].policy->rank;
	}
	*out = e;
}

bool
policy_app_fits(struct str pattern, struct str app)
{
	if (pattern.len == 0)
		return true;
	if (str_ends(pattern, STR("*")))
		return app.len >= pattern.len - 1 &&
		       str_eq_nocase(str_head(app, pattern.len - 1), str_head(pattern, pattern.len - 1));
	return str_eq_nocase(pattern, app);
}
