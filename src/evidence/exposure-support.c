/* The report's chapter on support: which systems got updates on the day they were seen (evidence/exposure-study.h). */
#include "evidence/exposure-study.h"

#include "base/time.h"

static void
level_row(struct study *s, struct grid *t, struct chart *c, struct str name, struct str where, bool emphasis)
{
	struct facet f = ask_facet(&s->k, where, FIELD_SUPPORT, FIELDS, 10);
	uint64_t n = ask_count(&s->k, where), levels[3] = { 0 }, known = 0;
	static const struct str names[] = { { "mainstream", 10 }, { "extended", 8 }, { "ended", 5 } };

	for (size_t i = 0; i < f.values.count; i++)
		for (size_t k = 0; k < COUNT(names); k++)
			if (str_eq(f.values.items[i].value, names[k]))
				levels[k] = f.values.items[i].count;
	for (size_t k = 0; k < COUNT(levels); k++)
		known += levels[k];
	if (emphasis)
		grid_emphasise(t);
	grid_text(s->r, t, name);
	grid_count(s->r, t, n);
	grid_count(s->r, t, known);
	for (size_t k = 0; k < COUNT(levels); k++)
		grid_count(s->r, t, levels[k]);
	grid_share(s->r, t, levels[2], known);
	struct chart_row *row = chart_row(s->a, c, name);
	memcpy(row->values, levels, sizeof(levels));
	row->emphasis = emphasis;
}

static void
levels(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = STR(""), .weight = 1 },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("Support known"), .right = true },
		{ .title = TR("Full support"), .right = true },
		{ .title = TR("Security fixes only"), .right = true },
		{ .title = TR("Ended"), .right = true },
		{ .title = TR("Ended of known"), .right = true },
	};
	struct chart *c = chart_new(s->a, CHART_STACKED, s->r->lang,
				    TR("Support of the operating system on the day of the observation"));

	chart_series(c, TR("Full support"), COLOR_GREEN);
	chart_series(c, TR("Security fixes only"), COLOR_ORANGE);
	chart_series(c, TR("Ended"), COLOR_RED);
	struct grid *t = study_table(s, TR("Support in three levels"), columns, COUNT(columns));
	if (s->code.len > 0) {
		level_row(s, t, c, s->place, s->here, true);
		level_row(s, t, c, TR("Elsewhere"), s->elsewhere, false);
	}
	level_row(s, t, c, TR("Everywhere"), STR(""), false);
	t->note = TR("Each banner is judged by the day on which it was observed, not by today. Security fixes only: "
		     "the maker's extended "
		     "support, so the end is near. The confidence is that of the operating system.");
	report_chart(s->r, c);
}

static struct str
day_text(struct study *s, int64_t ms)
{
	char text[TIME_RFC3339_MAX];

	return ms == 0 ? STR("–") : arena_printf(s->a, "%.10s", time_rfc3339(ms, text));
}

static struct str
level_name(struct str level)
{
	return str_eq(level, STR("ended")) ? TR("Ended") : TR("Security fixes only");
}

struct ending {
	struct str system, level;
	uint64_t here, all;
};

static int
worst_first(const void *x, const void *y)
{
	const struct ending *a = x, *b = y;
	int d = str_cmp(a->level, b->level); /* "ended" before "extended" */

	if (d)
		return d;
	if (a->here != b->here)
		return a->here < b->here ? 1 : -1;
	return a->all != b->all ? (a->all < b->all ? 1 : -1) : str_cmp(a->system, b->system);
}

void
study_support(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Operating system"), .weight = 1 },
		{ .title = TR("Support"), .weight = 0.7 },
		{ .title = TR("Full support until"), .right = true },
		{ .title = TR("Fixes until"), .right = true },
		{ .title = s->place.len > 0 ? s->place : TR("Banners"), .right = true },
		{ .title = TR("Everywhere"), .right = true },
	};

	report_heading(s->r, 1, TR("Systems whose support has ended or is ending"));
	report_text(s->r, BLOCK_TEXT,
		    TR("A system out of support gets no more fixes: every weakness found from that day on stays open "
		       "for good."));
	levels(s);
	struct grid *t =
		study_table(s, TR("Systems out of support, or with security fixes only"), columns, COUNT(columns));
	struct tally_rows all = ask_either(&s->k, STR("support:ended,extended"), FIELD_OS, FIELD_SUPPORT), here = { 0 };
	if (s->code.len > 0)
		here = ask_either(&s->k, arena_printf(s->a, "%.*s support:ended,extended", STR_ARG(s->here)), FIELD_OS,
				  FIELD_SUPPORT);
	struct ending *list = ARENA_ARRAY(s->a, struct ending, all.rows.count + 1);
	size_t n = 0;
	for (size_t i = 0; i < all.rows.count; i++) {
		struct ending one = { .all = all.rows.items[i].stated + all.rows.items[i].inferred };
		if (!str_split(all.rows.items[i].value, '\t', &one.system, &one.level))
			continue;
		one.here = s->code.len > 0 ? tally_of(&here, all.rows.items[i].value) : one.all;
		list[n++] = one;
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), worst_first);
	for (size_t i = 0; i < n && i < 2 * s->k.request->top; i++) {
		int64_t mainstream = 0, ended = 0;
		(void)enrich_support_dates(s->k.request->rules, list[i].system, &mainstream, &ended);
		grid_text(s->r, t, list[i].system);
		grid_text(s->r, t, level_name(list[i].level));
		grid_text(s->r, t, day_text(s, mainstream));
		grid_text(s->r, t, day_text(s, ended));
		grid_count(s->r, t, list[i].here);
		grid_count(s->r, t, list[i].all);
	}
	if (n == 0)
		t->note = TR("None was seen.");
	else if (n > 2 * s->k.request->top)
		t->note = arena_printf(s->a, tr("%zu more are not listed."), n - 2 * s->k.request->top);
}
