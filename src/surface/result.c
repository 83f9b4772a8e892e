#include "surface/result.h"

#include "os/copy.h"
#include "os/file.h"
#include "surface/domain.h"
#include "surface/result-facts.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS_MAX = 100000, PATH_MAX_STEPS = 64 };

/* ---- one asset ---- */

static const char *const kinds[] = {
	[THING_DOMAIN] = "domain",           [THING_NAME] = "host",  [THING_ADDRESS] = "address",
	[THING_NETWORK] = "network",         [THING_AS] = "as",      [THING_ORGANISATION] = "organisation",
	[THING_CERTIFICATE] = "certificate", [THING_SERVICE] = NULL,
};

bool
asset_listed(const struct node *n)
{
	return n->own != OWN_UNKNOWN && kinds[n->is];
}

static void
reason_write(struct json_writer *w, const struct graph *g, unsigned rule, uint32_t by, uint32_t edge)
{
	const struct edge *e = edge == GRAPH_NONE ? NULL : &g->edges[edge];
	const struct node *from = graph_at(g, by);
	json_begin_object(w);
	json_put_str(w, "from", from ? from->name : STR_NONE);
	json_put_cstr(w, "from_kind", from ? thing_name(from->is) : NULL);
	json_put_cstr(w, "rule", own_rule_row(rule)->name);
	json_put_cstr(w, "source",
		      e                                           ? service_name(e->service)
		      : rule == RULE_SEED || rule == RULE_VERDICT ? "person"
								  : "mamori");
	json_put_str(w, "asked", e ? e->source : STR_NONE);
	json_put_time(w, "seen", e ? e->at : 0);
	json_put_str(w, "evidence", e && e->evidence.len ? e->evidence : str_of(own_rule_row(rule)->words));
	json_end_object(w);
}

/* From the seed to the asset. */
static void
path_write(struct json_writer *w, const struct graph *g, const struct node *n)
{
	const struct node *steps[PATH_MAX_STEPS];
	size_t count = 0;
	for (; n && count < PATH_MAX_STEPS; n = graph_at(g, n->by))
		steps[count++] = n;
	json_key(w, "path");
	json_begin_array(w);
	while (count-- > 0)
		reason_write(w, g, steps[count]->rule, steps[count]->by, steps[count]->why);
	json_end_array(w);
}

static void
evidence_write(struct json_writer *w, const struct graph *g, const struct own_judge *j, const struct node *n)
{
	struct evidence evidence[EVIDENCE_MAX];
	size_t count = own_evidence(j, n, evidence, COUNT(evidence));
	json_key(w, "evidence");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		reason_write(w, g, evidence[i].rule, evidence[i].by, evidence[i].edge);
	json_end_array(w);
}

static void
addresses_write(struct json_writer *w, const struct graph *g, const struct node *n)
{
	const struct edge *e;
	json_key(w, "addresses");
	json_begin_array(w);
	for (size_t i = 0; (e = graph_out(g, n, FACT_ADDRESS, &i));)
		json_str(w, graph_at(g, e->to)->name);
	json_end_array(w);
}

static void
owner_write(struct json_writer *w, const struct seeds *seeds, const struct node *n)
{
	const struct seed *s = n->owner && n->owner <= seeds->count ? &seeds->items[n->owner - 1] : NULL;
	json_put_cstr(w, "owner", seed_owner_name(s ? s->owner : SEED_SELF));
	json_put_str(w, "company", s && s->company.len ? s->company : STR_NONE);
	json_put_str(w, "site", s && s->site.len ? s->site : STR_NONE);
	json_put_str(w, "country", s && s->country.len ? s->country : STR_NONE);
}

static void
asset_write(struct json_writer *w, const struct graph *g, const struct own_judge *j, const struct seeds *seeds,
	    const struct node *n)
{
	ARENA_AUTO a = { 0 };
	json_begin_object(w);
	json_put_cstr(w, "kind", kinds[n->is]);
	json_put_str(w, "name", n->name);
	json_put_cstr(w, "ownership", ownership_name(n->own));
	json_key(w, "confidence");
	json_double(w, n->confidence, 2);
	owner_write(w, seeds, n);
	if (n->is == THING_DOMAIN || n->is == THING_NAME) {
		json_put_str(w, "unicode", domain_unicode(&a, n->name));
		addresses_write(w, g, n);
	}
	result_facts_write(w, g, n);
	path_write(w, g, n);
	if (n->is == THING_DOMAIN)
		evidence_write(w, g, j, n);
	json_end_object(w);
}

/* ---- what was asked ---- */

static void
coverage_write(struct json_writer *w, enum service s, const struct coverage *c)
{
	json_begin_object(w);
	json_put_cstr(w, "source", service_name(s));
	json_put_i64(w, "questions", (int64_t)c->put);
	json_put_i64(w, "stored", (int64_t)c->stored);
	json_put_i64(w, "asked", (int64_t)c->asked);
	json_put_i64(w, "answered", (int64_t)c->data);
	json_put_i64(w, "nothing", (int64_t)c->none);
	json_put_i64(w, "failed", (int64_t)c->failed);
	json_put_i64(w, "not_asked", (int64_t)c->not_asked);
	json_put_str(w, "last_failure", c->last_failure.len ? c->last_failure : STR_NONE);
	json_end_object(w);
}

static void
counts_write(struct json_writer *w, const struct graph *g)
{
	static const enum ownership shown[] = { OWN_APPROVED, OWN_CANDIDATE, OWN_DEPENDENCY, OWN_MONITOR,
						OWN_EXCLUDED };
	json_key(w, "assets");
	json_begin_object(w);
	for (size_t o = 0; o < COUNT(shown); o++) {
		int64_t count = 0;
		for (size_t i = 0; i < g->count; i++)
			count += g->nodes[i]->own == shown[o] && asset_listed(g->nodes[i]);
		json_put_i64(w, ownership_name(shown[o]), count);
	}
	json_end_object(w);
}

void
discovery_write(struct json_writer *w, const struct discovery *d)
{
	counts_write(w, &d->graph);
	json_put_i64(w, "rounds", d->rounds);
	json_put_i64(w, "guessed", (int64_t)d->guessed);
	json_put_i64(w, "wildcards", (int64_t)d->wildcards);
	json_put_i64(w, "by_wildcard", (int64_t)d->by_wildcard);
	json_put_i64(w, "spared", (int64_t)d->spared);
	json_put_i64(w, "hashed_absent", (int64_t)d->hashed_absent);
	json_put_i64(w, "walked", (int64_t)d->walked);
	json_put_i64(w, "log_entries", (int64_t)d->log_entries);
	json_put_i64(w, "log_entries_of_ours", (int64_t)d->log_learnt);
	json_put_i64(w, "unreadable", (int64_t)d->bad);
	json_put_i64(w, "searches_cut", (int64_t)d->searches_cut);
	json_put_i64(w, "names_not_asked", (int64_t)d->names_left);
	json_put_bool(w, "limited", d->limited || d->graph.refused > 0 || d->names_left > 0 || d->searches_cut > 0);
	json_key(w, "coverage");
	json_begin_array(w);
	for (unsigned s = 0; s < SERVICES; s++)
		if (d->coverage[s].put)
			coverage_write(w, (enum service)s, &d->coverage[s]);
	json_end_array(w);
	json_key(w, "resolvers_left_out");
	json_begin_array(w);
	for (size_t i = 0; i < d->fault_count; i++) {
		json_begin_object(w);
		json_put_str(w, "resolver", d->faults[i].resolver);
		json_put_str(w, "why", d->faults[i].why);
		json_end_object(w);
	}
	json_end_array(w);
}

/* ---- on disk ---- */

const char *
result_path(struct arena *a, const char *folder, int64_t number, const char *file)
{
	return arena_printf(a, "%s/runs/%06lld/%s", folder, (long long)number, file).ptr;
}

bool
result_newest(const char *folder, int64_t *number, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	const char *runs = path_join(&a, folder, "runs");
	*number = 0;
	if (!file_exists(runs))
		return true;
	if (!dir_list(&a, runs, RUNS_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		int64_t n;
		if (str_to_i64(names[i], &n) && n > *number)
			*number = n;
	}
	return true;
}

static int
by_kind_and_name(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
	return x->is != y->is ? (x->is < y->is ? -1 : 1) : str_cmp(x->name, y->name);
}

static void
assets_write(struct discovery *d, const struct seeds *seeds, struct buf *out)
{
	ARENA_AUTO a = { 0 };
	struct graph *g = &d->graph;
	struct own_judge *j = own_open(g);
	const struct node **listed = ARENA_ARRAY(&a, const struct node *, g->count + 1);
	size_t count = 0;
	for (size_t i = 0; i < g->count; i++)
		if (asset_listed(g->nodes[i]))
			listed[count++] = g->nodes[i];
	qsort(listed, count, sizeof(struct node *), by_kind_and_name);
	for (size_t i = 0; i < count; i++) {
		struct json_writer w = { .out = out };
		asset_write(&w, g, j, seeds, listed[i]);
		buf_add(out, STR("\n"));
	}
	own_close(j);
}

static void
seed_write(struct json_writer *w, const struct seed *s)
{
	ARENA_AUTO a = { 0 };
	json_begin_object(w);
	json_put_str(w, "seed", seed_text(&a, s));
	json_put_cstr(w, "owner", seed_owner_name(s->owner));
	json_put_str(w, "company", s->company.len ? s->company : STR_NONE);
	json_put_str(w, "site", s->site.len ? s->site : STR_NONE);
	json_put_str(w, "country", s->country.len ? s->country : STR_NONE);
	json_put_str(w, "consent-by", s->consent_by.len ? s->consent_by : STR_NONE);
	json_put_time(w, "consent-at", s->consent_at);
	json_end_object(w);
}

static void
risk_write(struct json_writer *w, const struct graph *g, const struct seeds *seeds, const struct risk *r)
{
	const struct node *n = graph_at(g, r->node);
	const struct edge *e = r->edge == GRAPH_NONE ? NULL : &g->edges[r->edge];
	json_begin_object(w);
	json_put_cstr(w, "risk", r->rule->id);
	json_put_cstr(w, "severity", risk_severity_name(r->rule->severity));
	json_put_cstr(w, "kind", thing_name(n->is));
	json_put_str(w, "asset", n->name);
	owner_write(w, seeds, n);
	json_put_str(w, "detail", r->detail.len ? r->detail : STR_NONE);
	if (r->more.len)
		json_put_str(w, "more", r->more);
	if (r->maker.len || r->model.len) {
		json_put_str(w, "maker", r->maker.len ? r->maker : STR_NONE);
		json_put_str(w, "model", r->model.len ? r->model : STR_NONE);
		json_put_str(w, "version", r->version.len ? r->version : STR_NONE);
	}
	json_put_cstr(w, "source", e ? service_name(e->service) : NULL);
	json_put_str(w, "asked", e ? e->source : STR_NONE);
	json_put_time(w, "seen", e ? e->at : 0);
	json_put_str(w, "evidence", e && e->evidence.len ? e->evidence : STR_NONE);
	json_put_cstr(w, "says", r->rule->says);
	json_put_cstr(w, "advice", risk_advice_name(r->rule->advice));
	json_put_cstr(w, "act", r->rule->act);
	json_end_object(w);
}

static void
risks_write(const struct discovery *d, const struct seeds *seeds, const struct risks *risks, struct buf *out)
{
	for (size_t i = 0; i < risks->list.count; i++) {
		struct json_writer w = { .out = out };
		risk_write(&w, &d->graph, seeds, &risks->list.items[i]);
		buf_add(out, STR("\n"));
	}
}

static void
seeds_write(struct json_writer *w, const struct seeds *seeds)
{
	json_key(w, "seeds");
	json_begin_array(w);
	for (size_t i = 0; i < seeds->count; i++)
		seed_write(w, &seeds->items[i]);
	json_end_array(w);
}

static void
run_write(const struct discovery *d, const struct seeds *seeds, struct result_times times, struct buf *out)
{
	ARENA_AUTO rules = { 0 };
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_put_str(&w, "rules", risk_rules_version(&rules));
	json_put_time(&w, "began", times.began);
	json_put_time(&w, "ended", times.ended);
	seeds_write(&w, seeds);
	discovery_write(&w, d);
	json_end_object(&w);
	buf_add(out, STR("\n"));
}

struct own_seed *
seeds_own(struct arena *a, const struct seeds *seeds)
{
	struct own_seed *own = ARENA_ARRAY(a, struct own_seed, seeds->count + 1);
	for (size_t i = 0; i < seeds->count; i++) {
		const struct seed *s = &seeds->items[i];
		own[i] = (struct own_seed){ .is = s->is,
					    .name = s->value,
					    .owner = (uint16_t)(s->owner == SEED_SELF ? 0 : i + 1),
					    .stays = !seed_may_expand(s, NULL) };
	}
	return own;
}

/* It was taken then, whatever its size. */
static bool
seed_again(struct arena *a, const struct json *row, struct seed *s, struct err *e)
{
	static const char *const attributes[] = { "owner", "company", "site", "country", "consent-by", "consent-at" };
	struct seed_options o = { .large = true };
	if (!seed_read(a, json_get_str(row, "seed"), &o, s, e))
		return false;
	for (size_t k = 0; k < COUNT(attributes); k++)
		if (!seed_set(a, s, str_of(attributes[k]), json_get_str(row, attributes[k]), &o, e))
			return false;
	return true;
}

bool
result_seeds(struct str run, struct seeds *out, struct err *e)
{
	struct json *tree;
	size_t count;
	if (!json_parse(out->arena, run, NULL, &tree, e))
		return false;
	const struct json *items = json_get_array(tree, "seeds", &count);
	for (size_t i = 0; i < count; i++) {
		struct seed s;
		if (!seed_again(out->arena, &items[i], &s, e))
			return false;
		(void)seeds_add(out, &s);
	}
	return true;
}

enum { UNFINISHED_MAX = 64 << 20 };

bool
result_begin(const char *folder, const struct seeds *seeds, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	seeds_write(&w, seeds);
	json_end_object(&w);
	return file_write(path_join(&a, folder, "unfinished.json"), buf_str(&out), 0600, e);
}

bool
result_unfinished(const char *folder, struct seeds *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	const char *path = path_join(&a, folder, "unfinished.json");
	if (!file_exists(path))
		return true;
	return (file_read(path, UNFINISHED_MAX, &text, e) &&
		result_seeds(arena_str(out->arena, buf_str(&text)), out, e)) ||
	       err_wrap(e, "reading %s, which says with what the run began that was stopped", path);
}

bool
result_finished(const char *folder, struct err *e)
{
	ARENA_AUTO a = { 0 };
	return file_remove(path_join(&a, folder, "unfinished.json"), e);
}

bool
result_write(const char *folder, struct discovery *d, const struct seeds *seeds, const struct risks *risks,
	     struct result_times times, int64_t *number, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO assets = { 0 };
	BUF_AUTO found = { 0 };
	BUF_AUTO run = { 0 };
	const char *runs = path_join(&a, folder, "runs");
	const char *making = path_join(&a, runs, "making");
	if (!result_newest(folder, number, e) || !dir_make(runs, 0700, e) ||
	    (file_exists(making) && !dir_remove_all(making, e)) || !dir_make(making, 0700, e))
		return false;
	assets_write(d, seeds, &assets);
	risks_write(d, seeds, risks, &found);
	run_write(d, seeds, times, &run);
	const char *to = arena_printf(&a, "%s/%06lld", runs, (long long)++*number).ptr;
	return file_write(path_join(&a, making, "assets.jsonl"), buf_str(&assets), 0600, e) &&
	       file_write(path_join(&a, making, "risks.jsonl"), buf_str(&found), 0600, e) &&
	       file_write(path_join(&a, making, "run.json"), buf_str(&run), 0600, e) && file_move(making, to, e);
}
