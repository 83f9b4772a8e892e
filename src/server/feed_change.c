#include "server/feed_change.h"

#include "base/log.h"
#include "base/table.h"
#include "os/file.h"
#include "server/due.h"
#include "store/host.h"
#include "store/host_patch.h"
#include "store/setting.h"
#include "store/trend.h"
#include "vuln/change.h"

#include <stdio.h>
#include <unistd.h>

struct change {
	struct app *app;
	struct store *st;
	struct arena *arena;
	const struct vuln_index *before, *now; /* NULL: there is none */
	uint64_t generation_before, generation;
	int64_t time;
	struct priority_policy policy;
	struct host_source *hosts;
	struct table to_sum; /* hosts whose sums changed */
	struct table spared; /* hosts that keep their findings; value NULL: not any more */
	struct feed_change *out;
};

/* ---- which hosts ---- */

/* What changed for the systems of the fleet, each looked at once. */
static bool
system_change(struct change *c, struct table *known, struct str os, const struct index_change **out, struct err *e)
{
	void **slot = table_put(known, os, NULL);
	if (!*slot) {
		struct index_change *found = ARENA_NEW(c->arena, struct index_change);
		if (!index_change_find(c->before, c->now, os, c->arena, found, e))
			return false;
		*slot = found;
	}
	*out = *slot;
	return true;
}

static bool
host_concerned(struct change *c, struct table *known, const struct host_source *h, bool *concerned, struct err *e)
{
	const struct index_change *change;
	*concerned = !h->matched || !c->before || !c->now || h->generation != c->generation_before || !h->names.ptr;
	if (*concerned)
		return true;
	if (!system_change(c, known, h->os_key, &change, e))
		return false;
	struct name_set names = { (const void *)h->names.ptr, h->names.len / sizeof(uint32_t) };
	*concerned = change->all || name_set_meets(change->names, names);
	return true;
}

static bool
hosts_choose(struct change *c, struct err *e)
{
	TABLE_AUTO known = { 0 };
	c->out->ids = ARENA_ARRAY(c->arena, struct str, c->out->hosts + 1);
	for (size_t i = 0; i < c->out->hosts; i++) {
		const struct host_source *h = &c->hosts[i];
		bool concerned;
		if (h->matched && h->generation == c->generation)
			continue;
		if (!host_concerned(c, &known, h, &concerned, e))
			return false;
		if (!concerned)
			*table_put(&c->spared, h->id, NULL) = &c->hosts[i];
		if (concerned)
			c->out->ids[c->out->count++] = h->id;
		else if (!host_set_generation(c->st, h->id, c->generation, e))
			return false;
	}
	return true;
}

/* ---- what is known of vulnerabilities ---- */

/* What the index does not know, an advisory lent to it: that stays as it is. */
static void
lent_keep(struct vulnerability_row *now, const struct vulnerability_row *before)
{
	if (now->severity == SEVERITY_UNKNOWN)
		now->severity = before->severity;
	if (now->cvss < 0)
		now->cvss = before->cvss;
	if (!now->title.len)
		now->title = before->title;
}

static bool
findings_judge(struct change *c, const struct vulnerability_row *v, struct err *e)
{
	struct finding_place *places;
	size_t count;
	ARENA_AUTO a = { 0 };
	if (!finding_places(c->st, &a, v->id, &places, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct priority p;
		int64_t reason;
		due_decide(&c->policy, &c->app->zone, v, &places[i], &p);
		if (!table_has(&c->to_sum, places[i].host))
			table_put(&c->to_sum, arena_str(c->arena, places[i].host), NULL);
		if (!reason_put(c->st, p.reason, p.reason_ja, &reason, e))
			return false;
		if ((int)p.action == places[i].action && p.due == places[i].due && reason == places[i].reason)
			continue;
		c->out->findings++;
		if (!finding_set_due(c->st, places[i].id, (int)p.action, p.due, reason, e))
			return false;
	}
	return true;
}

/* What was known is not known any more: an advisory may lend it, and which one only matching tells. */
static bool
is_lost(struct change *c, const struct vulnerability_row *now)
{
	struct vulnerability before;
	if (!c->before || !vuln_lookup(c->before, c->arena, now->id, &before))
		return false;
	return (before.severity != SEVERITY_UNKNOWN && now->severity == SEVERITY_UNKNOWN) ||
	       (before.cvss >= 0 && now->cvss < 0) || (before.title.len > 0 && !now->title.len);
}

static bool
hosts_add(struct change *c, struct str vulnerability, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct finding_place *places;
	size_t count;
	if (!finding_places(c->st, &a, vulnerability, &places, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct host_source *h = table_get(&c->spared, places[i].host);
		if (!h)
			continue;
		*table_put(&c->spared, h->id, NULL) = NULL;
		c->out->ids[c->out->count++] = h->id;
		if (!host_set_generation(c->st, h->id, h->generation, e))
			return false;
	}
	return true;
}

static bool
vulnerability_take(struct change *c, const struct vulnerability_row *before, struct err *e)
{
	struct vulnerability known;
	(void)vuln_lookup(c->now, c->arena, before->id, &known);
	struct vulnerability_row now = due_row_of(&known);
	now.id = before->id; /* a name that became an alias goes when its hosts are matched */
	if (is_lost(c, &now) && !hosts_add(c, before->id, e))
		return false;
	lent_keep(&now, before);
	if (due_row_same(&now, before))
		return true;
	c->out->vulnerabilities++;
	if (!vulnerability_put(c->st, &now, e))
		return false;
	return due_same(&c->policy, before, &now) || findings_judge(c, &now, e);
}

static bool
vulnerabilities_take(struct change *c, struct err *e)
{
	struct vulnerability_row *rows;
	struct table_slot *slot;
	size_t count;
	if (!vulnerability_all(c->st, c->arena, &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!vulnerability_take(c, &rows[i], e))
			return false;
	for (size_t i = 0; table_next(&c->to_sum, &i, &slot);)
		if (!finding_sum(c->st, slot->key, due_today(c->app, c->time), e))
			return false;
	return true;
}

/* ---- the rest ---- */

static bool
end_of_life_take(struct store *st, const struct vuln_index *ix, const struct host_source *hosts, size_t count,
		 int64_t now, struct err *e)
{
	for (size_t i = 0; i < count; i++) { /* they come by system */
		struct end_of_life eol;
		if (i > 0 && str_eq(hosts[i].os_key, hosts[i - 1].os_key))
			continue;
		match_end_of_life(ix, hosts[i].os_key, now, &eol);
		if (!host_set_eol(st, hosts[i].os_key, eol.eol, eol.ended, e))
			return false;
	}
	return true;
}

/* The index that findings are of, under a name of its own: it survives the next import. Without it everything is
 * matched again, which is only slower. */
static void
index_remember(struct change *c)
{
	const char *index = path_join(c->arena, c->app->data, "feeds/index"),
		   *kept = path_join(c->arena, c->app->data, "feeds/index.matched"),
		   *fresh = path_join(c->arena, c->app->data, "feeds/.index.matched");
	(void)unlink(fresh);
	if (link(index, fresh) != 0 || rename(fresh, kept) != 0)
		log_warn("feeds", "%s could not be kept: after the next import every host will be matched again",
			 index);
}

/* A set of deadlines was chosen, or a newer program brings other rules: every finding is to be judged again. */
static bool
policy_check(struct change *c, struct err *e)
{
	struct str stored, digest;
	digest = arena_printf(c->arena, "%llu", (unsigned long long)due_policy_digest(&c->policy));
	if (!setting_get(c->st, c->arena, "priority-digest", &stored, e))
		return false;
	if (str_eq(stored, digest))
		return true;
	return host_forget_generation(c->st, e) && setting_put(c->st, "priority-digest", digest, e);
}

static bool
change_apply(struct change *c, struct err *e)
{
	if (!due_policy_read(c->st, c->arena, &c->policy, e) || !policy_check(c, e) ||
	    !host_sources(c->st, c->arena, &c->hosts, &c->out->hosts, e) || !hosts_choose(c, e))
		return false;
	if (!c->now || c->generation == c->generation_before)
		return true;
	if (!vulnerabilities_take(c, e) || !end_of_life_take(c->st, c->now, c->hosts, c->out->hosts, c->time, e))
		return false;
	index_remember(c);
	return true;
}

bool
feed_change_apply(struct app *app, struct store *st, int64_t now, struct arena *a, struct feed_change *out,
		  struct err *e)
{
	struct index_ref *ref = app_index(app);
	struct vuln_index *kept = NULL;
	struct err none = { 0 };
	*out = (struct feed_change){ 0 };
	(void)!vuln_index_open_file(path_join(a, app->data, "feeds/index.matched"), &kept, &none);
	struct change c = { .app = app, .st = st, .arena = a, .before = kept, .time = now, .out = out };
	c.now = ref ? ref->index : NULL;
	c.generation = c.now ? vuln_index_generation(c.now) : 0;
	c.generation_before = kept ? vuln_index_generation(kept) : 0;
	bool ok = change_apply(&c, e);
	table_free(&c.to_sum);
	table_free(&c.spared);
	vuln_index_close(kept);
	index_release(app, ref);
	return ok;
}

bool
feed_change_start(struct app *app, struct store *st, int64_t now, struct arena *a, struct feed_change *out,
		  struct err *e)
{
	if (store_begin(st, e) && feed_change_apply(app, st, now, a, out, e) && store_commit(st, e))
		return true;
	store_rollback(st);
	return err_wrap(e, "looking which hosts the feeds concern");
}

bool
day_change_apply(struct app *app, struct store *st, int64_t now, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct host_source *hosts;
	size_t count;
	if (!finding_sum_due(st, due_today(app, now), e) || !host_sources(st, &a, &hosts, &count, e))
		return false;
	struct index_ref *ref = app_index(app);
	bool ok = !ref || end_of_life_take(st, ref->index, hosts, count, now, e);
	index_release(app, ref);
	return ok && trend_prune(st, app_day(app, now), e);
}
