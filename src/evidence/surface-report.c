/* The report on a run: its first page, the plan, whose is what; and the order of the chapters (evidence/surface-report.h). */
#include "evidence/surface-study.h"

#include "base/sentence.h"

#include <stdlib.h>

enum { PAPER_ROWS = 1500, SHEET_ROWS = 1000000, ACT_FIRST = 4 };

/* ---- the first page ---- */

static size_t
kind_count(const struct surface_model *m, const char *kind)
{
	size_t count = 0;
	for (size_t i = 0; i < m->assets.count; i++)
		count += m->assets.items[i].own == OWN_APPROVED && str_eq(m->assets.items[i].kind, str_of(kind));
	return count;
}

static size_t
new_count(const struct surface_model *m)
{
	size_t count = 0;
	for (size_t i = 0; i < m->risks.count; i++)
		count += m->risks.items[i].change == RISK_NEW;
	return count;
}

static struct str
number(struct surface_study *s, size_t n)
{
	return count_text(s->a, n);
}

static void
figures(struct surface_study *s)
{
	const struct surface_model *m = s->m;
	struct key_figure *f = ARENA_ARRAY(s->a, struct key_figure, 4);
	size_t urgent = m->severities[RISK_CRITICAL] + m->severities[RISK_HIGH];
	f[0] = (struct key_figure){ number(s, m->owned[OWN_APPROVED]), TR("Assets that are ours"),
				    arena_printf(s->a, tr("%zu domains, %zu hosts, %zu addresses"),
						 kind_count(m, "domain"), kind_count(m, "host"),
						 kind_count(m, "address")),
				    COLOR_ACCENT };
	f[1] = (struct key_figure){ number(s, urgent), TR("Critical and high risks"),
				    arena_printf(s->a, tr("of %zu risks in all; critical: %zu"), m->risks.count,
						 m->severities[RISK_CRITICAL]),
				    urgent ? COLOR_RED : COLOR_GREEN };
	f[2] = (struct key_figure){ m->request->number_before ? number(s, m->gone.count) : STR("–"), TR("Reduced"),
				    m->request->number_before
					    ? arena_printf(s->a, tr("since run %lld; new: %zu"),
							   (long long)m->request->number_before, new_count(m))
					    : TR("there is no run before to compare with"),
				    COLOR_GREEN };
	f[3] = (struct key_figure){ number(s, m->owned[OWN_CANDIDATE]), TR("Candidates"),
				    TR("may be ours; a person should look"), COLOR_ORANGE };
	report_figures(s->r, f, 4);
}

static size_t
failed_sources(const struct surface_model *m)
{
	size_t count, failed = 0;
	const struct json *rows = json_get_array(m->run, "coverage", &count);
	for (size_t i = 0; i < count; i++)
		failed += json_get_i64(&rows[i], "answered", 0) + json_get_i64(&rows[i], "nothing", 0) == 0 ||
			  json_get_i64(&rows[i], "failed", 0) > 0;
	return failed;
}

/* What to begin with, in words. */
static void
points(struct surface_study *s)
{
	size_t told = 0;
	for (size_t i = 0, count; i < s->m->risks.count && told < ACT_FIRST; i += count) {
		const struct surface_risk *r = &s->m->risks.items[i];
		count = surface_rule_count(s->m, i);
		if (r->severity < RISK_HIGH)
			break;
		struct str says = surface_sentence(s->a, r->says), severity = surface_severity_word(r->severity);
		told++;
		report_text(s->r, BLOCK_POINT,
			    arena_printf(s->a, tr("%.*s: %.*s (%zu)"), STR_ARG(severity), STR_ARG(says), count));
	}
	if (!told)
		report_text(s->r, BLOCK_POINT, TR("No critical and no high risk was seen."));
	size_t failed = failed_sources(s->m);
	if (failed)
		report_text(
			s->r, BLOCK_POINT,
			arena_printf(s->a,
				     tr("%zu sources failed, in part or wholly: what only they know is missing. See "
					"“What was asked”."),
				     failed));
}

static void
severity_chart(struct surface_study *s)
{
	struct chart *c = chart_new(s->a, CHART_BARS, s->r->lang, TR("Risks by severity"));
	for (int v = RISK_CRITICAL; v >= RISK_LOW; v--) {
		struct chart_row *row = chart_row(s->a, c, surface_severity_word((enum severity_of_risk)v));
		row->values[0] = s->m->severities[v];
		row->emphasis = v == RISK_CRITICAL;
	}
	report_chart(s->r, c);
}

static void
class_chart(struct surface_study *s)
{
	struct chart *c = chart_new(s->a, CHART_BARS, s->r->lang, TR("Risks by class (red: with critical ones)"));
	for (enum risk_class k = 0; k < RISK_CLASSES; k++) {
		uint64_t count = 0;
		bool critical = false;
		for (size_t i = 0; i < s->m->risks.count; i++) {
			count += s->m->risks.items[i].class == k;
			critical |= s->m->risks.items[i].class == k && s->m->risks.items[i].severity == RISK_CRITICAL;
		}
		if (!count && k == RISKS_OTHER)
			continue;
		struct chart_row *row = chart_row(s->a, c, surface_class_name(k));
		row->values[0] = count;
		row->emphasis = critical;
	}
	report_chart(s->r, c);
}

/* What it began with: whose surface this is. */
static void
seeds_say(struct surface_study *s)
{
	enum { SHOWN = 6 };
	size_t count, told = 0;
	const struct json *seeds = json_get_array(s->m->run, "seeds", &count);
	BUF_AUTO list = { 0 };
	for (size_t i = 0; i < count && !s->m->narrowed; i++) {
		struct str kind, value;
		if (!str_split(json_get_str(&seeds[i], "seed"), ':', &kind, &value) || told++ >= SHOWN)
			continue;
		buf_addf(&list, "%s%.*s", list.len ? ", " : "", STR_ARG(report_clean(s->a, value, 80)));
	}
	if (told > SHOWN)
		buf_addf(&list, " … (%zu)", told);
	if (list.len)
		report_text(s->r, BLOCK_NOTE, arena_printf(s->a, tr("Begun with: %s"), buf_cstr(&list)));
	struct str rules = report_clean(s->a, json_get_str(s->m->run, "rules"), 80);
	report_text(s->r, BLOCK_NOTE,
		    arena_printf(s->a, tr("Data of run %lld: SHA-256 %.*s · rules: %.*s"),
				 (long long)s->m->request->number, STR_ARG(s->m->digest),
				 STR_ARG(rules.len ? rules : STR("–"))));
}

void
surface_study_first(struct surface_study *s)
{
	figures(s);
	points(s);
	severity_chart(s);
	class_chart(s);
	seeds_say(s);
	report_text(s->r, BLOCK_NOTE,
		    TR("Made from public information and from what others had seen. Nothing was sent to the systems "
		       "named here."));
}

/* ---- whose ---- */

static int
by_owner(const void *a, const void *b)
{
	const struct surface_unit *x = *(const struct surface_unit *const *)a,
				  *y = *(const struct surface_unit *const *)b;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	int c = str_cmp(x->company, y->company);
	c = c ? c : str_cmp(x->country, y->country);
	return c ? c : str_cmp(x->site, y->site);
}

void
surface_study_units(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Organisation, base"), .weight = 1 }, { .title = TR("Owner") },
		{ .title = TR("Domains"), .right = true },          { .title = TR("Hosts"), .right = true },
		{ .title = TR("Addresses"), .right = true },        { .title = TR("Candidates"), .right = true },
		{ .title = TR("critical"), .right = true },         { .title = TR("high"), .right = true },
		{ .title = TR("medium"), .right = true },           { .title = TR("low"), .right = true },
	};
	const struct surface_unit **list = ARENA_ARRAY(s->a, const struct surface_unit *, s->m->units.count + 1);
	/* On paper the names need the room, and rows are in the order of owners anyway. */
	bool owners = s->form == SURFACE_SHEETS;
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	if (!owners)
		memmove(&copy[1], &copy[2], (COUNT(columns) - 2) * sizeof(*copy));
	report_heading(s->r, 1, TR("By organisation and base"));
	struct grid *t = report_table(s->r, TR("Assets and risks of each organisation and base"), copy,
				      COUNT(columns) - !owners);
	size_t count = 0;
	for (size_t i = 0; i < s->m->units.count; i++)
		if (surface_unit_wanted(s->m, i))
			list[count++] = &s->m->units.items[i];
	if (count > 1)
		qsort(list, count, sizeof(*list), by_owner);
	for (size_t i = 0; i < count; i++) {
		const struct surface_unit *u = list[i];
		const size_t n[] = { u->domains, u->hosts, u->addresses, u->candidates };
		grid_text(s->r, t, u->label);
		if (owners)
			grid_text(s->r, t, surface_owner_word(u->owner));
		for (size_t k = 0; k < COUNT(n); k++)
			grid_count(s->r, t, n[k]);
		for (int v = RISK_CRITICAL; v >= RISK_LOW; v--)
			grid_count(s->r, t, u->risks[v]);
	}
	t->note =
		TR("A base abroad is told by the seed's country or by the country at the end of the names that lead to "
		   "it; an address alone is counted where its name is.");
}

/* ---- all of it ---- */

static void
head(struct surface_study *s)
{
	struct report *r = s->r;
	struct str day = surface_day(s, s->m->ended);
	r->subtitle = arena_printf(s->a, tr("Run %lld, finished on %.*s (UTC)"), (long long)s->m->request->number,
				   STR_ARG(day));
	if (s->m->narrowed) {
		enum seed_owner owner;
		struct str whose = seed_owner_parse(s->m->request->owner, &owner)
					   ? surface_owner_word(owner)
					   : report_clean(s->a, s->m->request->owner, 120);
		r->subtitle = arena_printf(s->a, tr("%.*s · only what belongs to: %.*s"), STR_ARG(r->subtitle),
					   STR_ARG(whose));
	}
	r->author = STR("mamori");
	r->footer = arena_printf(s->a, tr("%.*s · run %lld · confidential · mamori %s"), STR_ARG(r->title),
				 (long long)s->m->request->number, MAMORI_VERSION);
}

struct report *
surface_report(struct surface_model *m, enum surface_form form)
{
	enum lang before = lang_swap(m->lang);
	struct surface_study s = {
		.m = m, .a = m->arena, .form = form, .rows_max = form == SURFACE_SHEETS ? SHEET_ROWS : PAPER_ROWS
	};
	size_t units = 0;
	for (size_t i = 0; i < m->units.count; i++)
		units += surface_unit_wanted(m, i);
	s.units = units > 1;
	s.r = report_new(m->arena, m->lang, TR("What the internet can see of us"), m->ended);
	head(&s);
	surface_study_first(&s);
	report_page(s.r);
	surface_study_plan(&s);
	surface_study_units(&s);
	report_page(s.r);
	surface_study_risks(&s);
	surface_study_gateways(&s);
	report_page(s.r);
	surface_study_domains(&s);
	surface_study_mail(&s);
	surface_study_certificates(&s);
	surface_study_hosts(&s);
	surface_study_networks(&s);
	surface_study_candidates(&s);
	surface_study_dependencies(&s);
	report_page(s.r);
	surface_study_coverage(&s);
	surface_study_seeds(&s);
	surface_study_method(&s);
	(void)lang_swap(before);
	return s.r;
}
