/* A run as data: CSV, JSON, GraphML (evidence/surface-report.h). Anybody's text is made one line of clean characters first,
 * so that it is as harmless in a terminal and a spreadsheet as on paper. */
#include "evidence/surface-study.h"

#include "base/csv.h"
#include "base/sentence.h"
#include "base/time.h"
#include "evidence/markup.h"

enum { DATA_TEXT_MAX = 1000, DEPTH_MAX = 16 };

/* ---- CSV ---- */

static void
row_add(struct buf *out, const struct str *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		csv_add(out, cells[i].ptr ? cells[i] : STR(""), i + 1 == count);
}

static struct str
when(struct arena *a, int64_t ms)
{
	char text[TIME_RFC3339_MAX];
	return ms ? arena_str(a, str_of(time_rfc3339(ms, text))) : STR("");
}

void
surface_csv_risks(const struct surface_model *m, struct buf *out)
{
	static const char *const changes[] = { "new", "remains", "" };
	enum lang before = lang_swap(m->lang);
	/* Excel takes a file without it for the letters of its own country. */
	buf_add(out,
		STR("\xef\xbb\xbf"
		    "severity,class,risk,asset,beside,detail,source,seen,evidence,says,advice,act,change,owner,company,"
		    "site,country,unit,status,assignee,accepted_until,note,host,more\r\n"));
	for (size_t i = 0; i < m->risks.count; i++) {
		ARENA_AUTO a = { 0 };
		const struct surface_risk *r = &m->risks.items[i];
		const struct surface_unit *u = &m->units.items[r->unit];
		const struct str cells[] = { str_of(risk_severity_name(r->severity)),
					     surface_class_name(r->class),
					     r->id,
					     r->asset,
					     r->beside,
					     r->detail,
					     r->source,
					     when(&a, r->seen),
					     r->evidence,
					     surface_sentence(&a, r->says),
					     r->advice,
					     surface_sentence(&a, r->act),
					     str_of(changes[r->change]),
					     str_of(seed_owner_name(u->owner)),
					     u->company,
					     u->site,
					     u->country,
					     u->label,
					     r->status,
					     r->assignee,
					     when(&a, r->until),
					     r->note,
					     r->host,
					     r->more };
		row_add(out, cells, COUNT(cells));
	}
	(void)lang_swap(before);
}

void
surface_csv_assets(const struct surface_model *m, struct buf *out)
{
	enum lang before = lang_swap(m->lang);
	buf_add(out,
		STR("\xef\xbb\xbf"
		    "kind,name,unicode,ownership,confidence,addresses,names,rule,why,from,source,seen,evidence,owner,"
		    "company,site,country,unit\r\n"));
	for (size_t i = 0; i < m->assets.count; i++) {
		ARENA_AUTO a = { 0 };
		const struct surface_asset *s = &m->assets.items[i];
		const struct surface_unit *u = &m->units.items[s->unit];
		const struct str cells[] = { s->kind,
					     s->name,
					     s->shown,
					     str_of(ownership_name(s->own)),
					     arena_printf(&a, "%.2f", s->confidence),
					     s->addresses,
					     s->names,
					     s->rule,
					     surface_rule_words(&a, s->rule),
					     s->from,
					     s->source,
					     when(&a, s->seen),
					     s->evidence,
					     str_of(seed_owner_name(u->owner)),
					     u->company,
					     u->site,
					     u->country,
					     u->label };
		row_add(out, cells, COUNT(cells));
	}
	(void)lang_swap(before);
}

/* ---- JSON ---- */

static struct str
clean(struct arena *a, struct str s)
{
	return report_clean(a, s, DATA_TEXT_MAX);
}

static void
tree_write(struct json_writer *w, struct arena *a, const struct json *v, unsigned depth, bool narrowed)
{
	if (v->kind == JSON_KIND_STRING)
		json_str(w, clean(a, v->text));
	else if (v->kind == JSON_KIND_ARRAY && depth < DEPTH_MAX) {
		json_begin_array(w);
		for (size_t i = 0; i < v->count; i++)
			tree_write(w, a, &v->item[i], depth + 1, narrowed);
		json_end_array(w);
	} else if (v->kind == JSON_KIND_OBJECT && depth < DEPTH_MAX) {
		json_begin_object(w);
		for (size_t i = 0; i < v->count; i++) {
			/* Whom we ask is nobody else's business. */
			if (narrowed && str_eq(v->key[i], STR("asked")))
				continue;
			json_key_str(w, clean(a, v->key[i]));
			tree_write(w, a, &v->item[i], depth + 1, narrowed);
		}
		json_end_object(w);
	} else if (v->kind == JSON_KIND_ARRAY || v->kind == JSON_KIND_OBJECT)
		json_null(w);
	else
		json_tree(w, v);
}

/* Lists that may name other owners' things: not in one owner's report. */
static bool
others_too(const struct json *value, struct str key)
{
	return value->kind == JSON_KIND_ARRAY && (str_eq(key, STR("evidence")) || str_eq(key, STR("names")));
}

static void
state_write(struct json_writer *w, const struct surface_risk *r)
{
	json_key(w, "state");
	json_begin_object(w);
	json_put_str(w, "status", r->status);
	json_put_str(w, "assignee", r->assignee.len ? r->assignee : STR_NONE);
	json_put_time(w, "accepted_until", r->until);
	json_put_str(w, "note", r->note.len ? r->note : STR_NONE);
	json_put_str(w, "host", r->host.len ? r->host : STR_NONE);
	json_end_object(w);
}

/* A line of the run, with what the report adds to it. */
static void
line_write(struct json_writer *w, const struct surface_model *m, struct str line, size_t unit, const char *change,
	   const struct surface_risk *risk)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct json *tree;
	if (!json_parse(&a, line, NULL, &tree, &e) || tree->kind != JSON_KIND_OBJECT)
		return;
	json_begin_object(w);
	for (size_t i = 0; i < tree->count; i++) {
		if (m->narrowed && (others_too(&tree->item[i], tree->key[i]) || str_eq(tree->key[i], STR("asked"))))
			continue;
		json_key_str(w, clean(&a, tree->key[i]));
		tree_write(w, &a, &tree->item[i], 0, m->narrowed);
	}
	json_put_str(w, "unit", m->units.items[unit].label);
	if (change)
		json_put_cstr(w, "change", change);
	if (risk && risk->status.len)
		state_write(w, risk);
	json_end_object(w);
}

static void
risks_write(struct json_writer *w, const struct surface_model *m)
{
	static const char *const changes[] = { "new", "remains", NULL };
	json_key(w, "risks");
	json_begin_array(w);
	for (size_t i = 0; i < m->risks.count; i++)
		line_write(w, m, m->risks.items[i].line, m->risks.items[i].unit, changes[m->risks.items[i].change],
			   &m->risks.items[i]);
	json_end_array(w);
	json_key(w, "reduced");
	json_begin_array(w);
	for (size_t i = 0; i < m->gone.count; i++)
		line_write(w, m, m->gone.items[i].line, m->gone.items[i].unit, NULL, &m->gone.items[i]);
	json_end_array(w);
	json_key(w, "not_checked_again");
	json_begin_array(w);
	for (size_t i = 0; i < m->unchecked.count; i++)
		line_write(w, m, m->unchecked.items[i].line, m->unchecked.items[i].unit, NULL, &m->unchecked.items[i]);
	json_end_array(w);
}

static void
counts_write(struct json_writer *w, const struct surface_model *m)
{
	static const enum ownership shown[] = { OWN_APPROVED, OWN_CANDIDATE, OWN_DEPENDENCY, OWN_MONITOR,
						OWN_EXCLUDED };
	json_key(w, "assets_by_ownership");
	json_begin_object(w);
	for (size_t i = 0; i < COUNT(shown); i++)
		json_put_i64(w, ownership_name(shown[i]), (int64_t)m->owned[shown[i]]);
	json_end_object(w);
	json_key(w, "risks_by_severity");
	json_begin_object(w);
	for (int v = RISK_CRITICAL; v >= RISK_INFO; v--)
		json_put_i64(w, risk_severity_name((enum severity_of_risk)v), (int64_t)m->severities[v]);
	json_end_object(w);
}

/* Of the run's own account what speaks of sources: seeds of others, and what was asked, are not a contractor's to read. */
static void
run_write(struct json_writer *w, const struct surface_model *m)
{
	static const char *const keys[] = { "seeds", "coverage", "resolvers_left_out", "limited" };
	ARENA_AUTO a = { 0 };
	for (size_t k = 0; k < COUNT(keys) && !m->narrowed; k++) {
		const struct json *v = json_get(m->run, keys[k]);
		if (!v)
			continue;
		json_key(w, keys[k]);
		tree_write(w, &a, v, 0, m->narrowed);
	}
}

void
surface_json(const struct surface_model *m, struct buf *out)
{
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_put_i64(&w, "run", m->request->number);
	json_put_time(&w, "began", m->began);
	json_put_time(&w, "ended", m->ended);
	json_key(&w, "compared_with");
	if (m->request->number_before)
		json_i64(&w, m->request->number_before);
	else
		json_null(&w);
	json_put_str(&w, "digest", m->digest);
	json_put_str(&w, "rules", clean(m->arena, json_get_str(m->run, "rules")));
	json_put_str(&w, "owner", m->narrowed ? m->request->owner : STR_NONE);
	counts_write(&w, m);
	risks_write(&w, m);
	json_key(&w, "assets");
	json_begin_array(&w);
	for (size_t i = 0; i < m->assets.count; i++)
		line_write(&w, m, m->assets.items[i].line, m->assets.items[i].unit, NULL, NULL);
	json_end_array(&w);
	run_write(&w, m);
	json_end_object(&w);
	buf_add_char(out, '\n');
}
