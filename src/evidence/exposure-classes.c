/* The report's chapters on what kinds of systems are seen, whose they are, what they give away, and how sure that is
 * (evidence/exposure-study.h). */
#include "evidence/exposure-study.h"

static const char *const class_names[] = { "dicom", "pacs", "emr", "hl7", "device", "facility", "office", "network" };

static void
class_row(struct study *s, struct grid *t, struct chart *c, struct str value)
{
	struct str more = arena_printf(s->a, "class:%.*s", STR_ARG(value));
	uint64_t n = ask_count(&s->k, more), sure = sure_between(&s->sure, FIELD_CLASS, value, SURE_ENOUGH, 100);
	uint64_t seen = sure_between(&s->sure, FIELD_CLASS, value, 0, 100);

	grid_text(s->r, t, study_class(value));
	grid_count(s->r, t, ask_hosts(&s->k, more));
	grid_count(s->r, t, n);
	if (s->code.len > 0)
		grid_count(s->r, t, ask_count(&s->k, arena_printf(s->a, "%.*s %.*s", STR_ARG(s->here), STR_ARG(more))));
	grid_text(s->r, t, sure_text(&s->sure, FIELD_CLASS, value));
	grid_share(s->r, t, sure, seen);
	if (n == 0)
		return;
	struct chart_row *row = chart_row(s->a, c, study_class(value));
	row->values[0] = sure_between(&s->sure, FIELD_CLASS, value, 80, 100);
	row->values[1] = sure_between(&s->sure, FIELD_CLASS, value, SURE_ENOUGH, 79);
	row->values[2] = sure_between(&s->sure, FIELD_CLASS, value, 0, SURE_ENOUGH - 1);
}

static void
put_kinds(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Kind of organisation"), .weight = 1 },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("Share"), .right = true },
		{ .title = TR("Confidence"), .right = true },
	};
	struct grid *t = study_table(s, TR("Whose address it is, by kind of organisation"), columns, COUNT(columns));
	struct facet f = ask_facet(&s->k, STR(""), FIELD_ORG_KIND, FIELDS, 20);
	uint64_t known = f.other;

	for (size_t i = 0; i < f.values.count; i++) {
		struct str value = f.values.items[i].value;
		known += f.values.items[i].count;
		grid_text(s->r, t, study_kind(value));
		grid_count(s->r, t, f.values.items[i].count);
		grid_share(s->r, t, f.values.items[i].count, s->all);
		grid_text(s->r, t, sure_text(&s->sure, FIELD_ORG_KIND, value));
	}
	grid_text(s->r, t, TR("Not known"));
	grid_count(s->r, t, s->all - known);
	grid_share(s->r, t, s->all - known, s->all);
	grid_none(s->r, t);
	t->note = arena_printf(s->a, tr("Shares are of all %.*s banners."), STR_ARG(count_text(s->a, s->all)));
}

void
study_classes(struct study *s)
{
	const struct grid_column six[] = {
		{ .title = TR("Class"), .weight = 1 },        { .title = TR("Addresses"), .right = true },
		{ .title = TR("Banners"), .right = true },    { .title = s->place, .right = true },
		{ .title = TR("Confidence"), .right = true }, { .title = TR("Sure enough"), .right = true },
	};
	const struct grid_column five[] = { six[0], six[1], six[2], six[4], six[5] };
	bool two = s->code.len > 0;
	struct chart *c = chart_new(s->a, CHART_STACKED, s->r->lang, TR("Classes, and how sure they are"));

	chart_series(c, TR("80 per cent and more"), COLOR_ACCENT);
	chart_series(c, TR("60 to 79 per cent"), COLOR_SKY);
	chart_series(c, TR("below 60 per cent"), COLOR_LINE);
	report_heading(s->r, 1, TR("What kinds of systems are seen"));
	struct grid *t = study_table(s, TR("Classes of systems"), two ? six : five, two ? COUNT(six) : COUNT(five));
	ask_note(&s->k, STR("count Q class:CLASS"));
	ask_note(&s->k, STR("count --distinct ip Q class:CLASS"));
	if (two)
		ask_note(&s->k, STR("count Q C class:CLASS"));
	s->k.quiet = true;
	for (size_t i = 0; i < COUNT(class_names); i++)
		class_row(s, t, c, str_of(class_names[i]));
	s->k.quiet = false;
	t->note = TR("A banner can be of several classes. Building, office and network equipment counts only where a "
		     "hospital or "
		     "clinic shows it. Sure enough: a confidence of 60 per cent or more.");
	report_chart(s->r, c);
	put_kinds(s);
}

void
study_leaks(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Given away"), .weight = 0.75 },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("Share"), .right = true },
		{ .title = TR("Confidence"), .right = true },
		{ .title = TR("What an attacker learns"), .weight = 1.1 },
		{ .title = TR("What to do"), .weight = 1.2 },
	};

	report_heading(s->r, 1, TR("What the banners give away"));
	struct grid *t = study_table(s, TR("Given away, and what that is good for"), columns, COUNT(columns));
	struct facet f = ask_facet(&s->k, STR(""), FIELD_LEAKS, FIELDS, 30);
	for (size_t i = 0; i < f.values.count; i++) {
		struct str name, learns, act;
		(void)study_leak(f.values.items[i].value, &name, &learns, &act);
		grid_text(s->r, t, name);
		grid_count(s->r, t, f.values.items[i].count);
		grid_share(s->r, t, f.values.items[i].count, s->all);
		grid_text(s->r, t, sure_text(&s->sure, FIELD_LEAKS, f.values.items[i].value));
		grid_text(s->r, t, learns);
		grid_text(s->r, t, act);
	}
	t->note = f.values.count > 0
			  ? arena_printf(s->a, tr("Shares are of all %.*s banners."), STR_ARG(count_text(s->a, s->all)))
			  : TR("None was seen.");
}

/* ---- the funnel ---- */

void
study_funnel(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Step"), .weight = 1 },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("Of all"), .right = true },
		{ .title = TR("Left out"), .right = true },
	};
	uint64_t steps[3] = { s->all, sure_scaled(&s->sure, s->sure.enough), sure_scaled(&s->sure, s->sure.genuine) };
	const struct str names[3] = { TR("Candidates"), TR("Sure enough (60 per cent or more)"),
				      TR("After the honeypot filter") };
	struct chart *c = chart_new(s->a, CHART_FUNNEL, s->r->lang, TR("From candidates to what can be relied on"));

	report_heading(s->r, 1, TR("How sure this is"));
	report_text(
		s->r, BLOCK_TEXT,
		TR("A port that is open proves little. The first step counts every sign, the second only banners with "
		   "an answer or "
		   "a name of their own that is worth 60 per cent or more, the third leaves out what looks like a "
		   "honeypot."));
	struct grid *t = study_table(s, TR("The funnel of all medical banners"), columns, COUNT(columns));
	for (size_t i = 0; i < COUNT(steps); i++) {
		grid_text(s->r, t, names[i]);
		grid_count(s->r, t, steps[i]);
		grid_share(s->r, t, steps[i], s->all);
		if (i > 0)
			grid_count(s->r, t, steps[i - 1] - steps[i]);
		else
			grid_none(s->r, t);
		chart_row(s->a, c, names[i])->values[0] = steps[i];
	}
	ask_note(&s->k, STR("search --json --limit 0 Q (class, org.kind and honeypot with their confidences)"));
	if (s->sure.seen < s->sure.of)
		t->note = arena_printf(s->a, tr("From a sample of %.*s banners of %.*s, the same one every time."),
				       STR_ARG(count_text(s->a, s->sure.seen)), STR_ARG(count_text(s->a, s->sure.of)));
	else
		t->note =
			arena_printf(s->a, tr("Every one of the %.*s banners was looked at. %.*s look like honeypots."),
				     STR_ARG(count_text(s->a, s->sure.seen)), STR_ARG(count_text(s->a, s->sure.trap)));
	report_chart(s->r, c);
}
