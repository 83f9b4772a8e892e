/* What one matching changes in the store: only rows that differ are written. */
#include "base/table.h"
#include "server/due.h"
#include "server/match_inside.h"
#include "store/trend.h"
#include "vuln/match.h"

struct old_finding {
	const struct finding_row *row;
	struct old_finding *next; /* of the same key: one package installed for two architectures */
	bool kept;
};

/* What is known of one vulnerability of the host over all its packages. */
struct seen {
	int64_t first; /* seen */
	int severity;
	const struct vulnerability_row *now; /* NULL: the host does not have it any more */
	bool before, still_installed;
};

struct keeper {
	struct arena arena;
	struct store *st;
	struct match_job *j;
	int64_t now;
	struct finding_row *rows;
	struct old_finding *old;
	size_t count;
	const struct finding_row **fresh; /* that no old one stands for */
	size_t fresh_count;
	struct table by_key, firsts,
		seen; /* old ones by package, version and vulnerability; first seen; per vulnerability */
	struct table fixes; /* "PATCH VULNERABILITY" of the new findings to the one that was written last, NULL: none */
	struct table reasons; /* sentence to its number */
	struct table sums; /* patches whose fixes changed */
};

static void
keeper_cleanup(struct keeper *k)
{
	table_free(&k->by_key);
	table_free(&k->firsts);
	table_free(&k->seen);
	table_free(&k->fixes);
	table_free(&k->reasons);
	table_free(&k->sums);
	arena_free(&k->arena);
}

/* Words that have no spaces. */
static struct str
joined(struct arena *a, const struct str *words, size_t count)
{
	size_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += words[i].len + 1;
	char *text = ARENA_ARRAY(a, char, len), *at = text;
	for (size_t i = 0; i < count; i++) {
		if (words[i].len)
			memcpy(at, words[i].ptr, words[i].len);
		at += words[i].len;
		*at++ = ' ';
	}
	return str_sub(text, len);
}

static struct str
key_of(struct arena *a, const struct finding_row *f)
{
	const struct str words[] = { f->package, f->installed, f->vulnerability.id };
	return joined(a, words, COUNT(words));
}

/* A newer version of the package that has it still is the same finding to people. */
static struct str
first_key(struct arena *a, const struct finding_row *f)
{
	const struct str words[] = { f->package, f->vulnerability.id };
	return joined(a, words, COUNT(words));
}

static struct str
fix_key(struct arena *a, struct str patch, struct str vulnerability)
{
	const struct str words[] = { patch, vulnerability };
	return joined(a, words, COUNT(words));
}

static struct seen *
seen_of(struct keeper *k, struct str vulnerability)
{
	void **slot = table_put(&k->seen, vulnerability, NULL);
	if (!*slot)
		*slot = ARENA_NEW(&k->arena, struct seen);
	return *slot;
}

static bool
old_read(struct keeper *k, struct err *e)
{
	struct arena *a = &k->arena;
	if (!finding_of_host(k->st, a, k->j->host->id, &k->rows, &k->count, e))
		return false;
	k->old = ARENA_ARRAY(a, struct old_finding, k->count + 1);
	for (size_t i = k->count; i-- > 0;) { /* from the end: a chain keeps the order of its rows */
		const struct finding_row *f = &k->rows[i];
		void **slot = table_put(&k->by_key, key_of(a, f), NULL);
		k->old[i] = (struct old_finding){ .row = f, .next = *slot };
		*slot = &k->old[i];
		int64_t **first = (int64_t **)table_put(&k->firsts, first_key(a, f), NULL);
		bool new = !*first;
		if (new)
			*first = ARENA_NEW(a, int64_t);
		if (new || f->first_seen < **first)
			**first = f->first_seen;
		struct seen *s = seen_of(k, f->vulnerability.id);
		s->first = !s->before || f->first_seen < s->first ? f->first_seen : s->first;
		s->severity = f->vulnerability.severity;
		s->before = true;
		s->still_installed = s->still_installed || match_is_installed(k->j, f->package, f->installed);
	}
	return true;
}

static bool
reason_of(struct keeper *k, const struct priority *p, int64_t *out, struct err *e)
{
	int64_t **slot = (int64_t **)table_put(&k->reasons, p->reason, NULL);
	if (!*slot) {
		*slot = ARENA_NEW(&k->arena, int64_t);
		if (!reason_put(k->st, p->reason, p->reason_ja, *slot, e))
			return false;
	}
	*out = **slot;
	return true;
}

/* First seen, action and due date of a new finding. */
static bool
date(struct keeper *k, struct finding_row *f, struct err *e)
{
	const int64_t *first = k->count ? table_get(&k->firsts, first_key(&k->arena, f)) : NULL;
	struct priority p;
	f->first_seen = first && *first ? *first : k->now;
	struct finding_place place = {
		.fixable = f->fixed.ptr != NULL,
		.exposed = k->j->host->exposed,
		.importance = k->j->host->importance,
		.published = f->published,
		.first_seen = f->first_seen,
	};
	due_decide(&k->j->policy, &k->j->app->zone, &f->vulnerability, &place, &p);
	f->action = (int)p.action;
	f->due = p.due;
	return reason_of(k, &p, &f->reason, e);
}

static bool
text_same(struct str x, struct str y)
{
	return !x.ptr == !y.ptr && str_eq(x, y);
}

static bool
finding_same(const struct finding_row *x, const struct finding_row *y)
{
	return text_same(x->source, y->source) && text_same(x->fixed, y->fixed) && str_eq(x->aliases, y->aliases) &&
	       str_eq(x->advisories, y->advisories) && x->running == y->running && str_eq(x->why, y->why) &&
	       text_same(x->patch, y->patch) && x->published == y->published && x->first_seen == y->first_seen &&
	       x->action == y->action && x->due == y->due && x->reason == y->reason;
}

/* The old finding that says the same. */
static struct old_finding *
old_same(struct keeper *k, const struct finding_row *f)
{
	struct old_finding *o = k->count ? table_get(&k->by_key, key_of(&k->arena, f)) : NULL;
	while (o && (o->kept || !finding_same(o->row, f)))
		o = o->next;
	return o;
}

static bool
finding_keep(struct keeper *k, struct finding_row *f, struct err *e)
{
	struct seen *s = seen_of(k, f->vulnerability.id);
	/* Once for each vulnerability: packages of one source have the same ones. */
	if (!(s->now && due_row_same(s->now, &f->vulnerability)) && !vulnerability_put(k->st, &f->vulnerability, e))
		return false;
	s->now = &f->vulnerability;
	if (k->count > 0 && f->patch.len)
		table_put(&k->fixes, fix_key(&k->arena, f->patch, f->vulnerability.id), NULL);
	if (!date(k, f, e))
		return false;
	struct old_finding *o = old_same(k, f);
	if (o)
		o->kept = true;
	else
		k->fresh[k->fresh_count++] = f;
	return true;
}

/* What an update fixes is kept after it was installed; it goes when the advisories say so no more. */
static bool
gone(struct keeper *k, const struct finding_row *f, struct err *e)
{
	struct arena *a = &k->arena;
	if (!finding_delete(k->st, f->id, e))
		return false;
	if (!f->patch.len || !match_is_installed(k->j, f->package, f->installed) ||
	    table_has(&k->fixes, fix_key(a, f->patch, f->vulnerability.id)))
		return true;
	table_put(&k->sums, f->patch, NULL);
	return patch_fix_drop(k->st, f->patch, f->vulnerability.id, e);
}

/* New since the last matching, and fixed: gone because its package is, not because an advisory was withdrawn. */
static bool
count(struct keeper *k, struct err *e)
{
	const struct host *h = k->j->host;
	struct table_slot *slot;
	int64_t added = 0, fixed = 0;
	for (size_t i = 0; table_next(&k->seen, &i, &slot);) {
		const struct seen *s = slot->value;
		added += s->now && !s->before;
		if (s->now || !s->before || s->still_installed)
			continue;
		fixed++;
		int64_t waited = s->first && s->first < k->now ? k->now - s->first : 0;
		if (!trend_fix_add(k->st, h->group, app_day(k->j->app, k->now), s->severity, waited, e))
			return false;
	}
	return trend_add(k->st, h->group, added, fixed, e);
}

static bool
fix_store(struct keeper *k, const struct patch_fix *fix, struct err *e)
{
	bool changed;
	if (!patch_fix_put(k->st, fix, &changed, e))
		return false;
	if (changed)
		table_put(&k->sums, fix->patch, NULL);
	return true;
}

static bool
fixes_store(struct keeper *k, struct err *e)
{
	const struct match_job *j = k->j;
	for (size_t i = 0; i < j->changelog_count; i++)
		if (!vulnerability_mention(k->st, &j->changelog[i], e) || !fix_store(k, &j->changelog_fixes[i], e))
			return false;
	for (size_t i = 0; i < j->finding_count; i++) {
		const struct finding_row *f = &j->findings[i];
		struct patch_fix fix = { f->patch, f->vulnerability.id, "advisory", f->advisories };
		void **last = f->patch.len
				      ? table_put(&k->fixes, fix_key(&k->arena, fix.patch, fix.vulnerability), NULL)
				      : NULL;
		/* The last one counts, as when each is written; most packages of a source say the same. */
		if (!last || (*last && str_eq(((const struct finding_row *)*last)->advisories, f->advisories)))
			continue;
		*last = &j->findings[i];
		if (!fix_store(k, &fix, e))
			return false;
	}
	return true;
}

static bool
sums_store(struct keeper *k, struct err *e)
{
	struct table_slot *slot;
	for (size_t i = 0; table_next(&k->sums, &i, &slot);)
		if (!patch_sum(k->st, slot->key, e))
			return false;
	return true;
}

static bool
findings_store(struct store *st, struct match_job *j, struct err *e)
{
	__attribute__((cleanup(keeper_cleanup))) struct keeper k = { .st = st, .j = j, .now = j->host->matched_at };
	if (!old_read(&k, e))
		return false;
	k.fresh = ARENA_ARRAY(&k.arena, const struct finding_row *, j->finding_count + 1);
	for (size_t i = 0; i < j->finding_count; i++)
		if (!finding_keep(&k, &j->findings[i], e))
			return false;
	if (!finding_insert_all(st, j->host->id, k.fresh, k.fresh_count, e))
		return false;
	for (size_t i = 0; i < k.count; i++)
		if (!k.old[i].kept && !gone(&k, k.old[i].row, e))
			return false;
	return fixes_store(&k, e) && sums_store(&k, e) && count(&k, e);
}

/* Computed with an index that is not the server's any more. */
static bool
index_changed(const struct match_job *j)
{
	struct index_ref *ref = app_index(j->app);
	uint64_t generation = ref ? vuln_index_generation(ref->index) : 0;
	index_release(j->app, ref);
	return generation != j->host->matched_generation;
}

bool
match_store(struct store *st, struct match_job *j, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str packages, updates;
	const struct host *h = j->host;
	if (!match_sections_hash(st, &a, h->id, &packages, &updates, e))
		return false;
	if (!str_eq(packages, j->packages_hash) || !str_eq(updates, j->updates_hash))
		return true;
	if (j->refused)
		return host_set_not_matched(st, h->id, h->not_matched, e);
	j->again = index_changed(j);
	if (j->again)
		return true;
	return findings_store(st, j, e) && host_set_names(st, h->id, j->names, e) && host_set_match(st, h, e) &&
	       finding_sum(st, h->id, due_today(j->app, h->matched_at), e);
}
