/* The report's chapters that compare places: countries, TLS, operating systems (evidence/exposure-study.h). */
#include "evidence/exposure-study.h"

#include "evidence/world.h"

static struct chart *
country_chart(struct study *s, enum chart_kind kind, struct str title, size_t top)
{
	struct chart *c = chart_new(s->a, kind, s->r->lang, title);

	for (size_t i = 0; i < s->countries.rows.count && i < top; i++) {
		const struct tally_row *row = &s->countries.rows.items[i];
		struct str label = kind == CHART_WORLD ? row->value : world_name(s->a, row->value, s->r->lang);
		struct chart_row *bar = chart_row(s->a, c, label);
		bar->values[0] = row->stated + row->inferred;
		bar->emphasis = kind != CHART_WORLD && str_eq(row->value, s->code);
	}
	return c;
}

void
study_countries(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Country"), .weight = 1 },          { .title = TR("Addresses"), .right = true },
		{ .title = TR("Banners"), .right = true },        { .title = TR("Share"), .right = true },
		{ .title = TR("Place inferred"), .right = true },
	};
	size_t top = s->k.request->top, rows = s->countries.rows.count;

	report_heading(s->r, 1, TR("Countries"));
	struct grid *t = study_table(
		s, arena_printf(s->a, tr("The %zu countries with the most banners"), rows < top ? rows : top), columns,
		COUNT(columns));
	ask_note(&s->k, STR("facet country:2000 Q"));
	ask_note(&s->k, STR("facet country.inferred:2000 Q -country:*"));
	ask_note(&s->k, STR("count --distinct ip Q (country:CODE OR (-country:* country.inferred:CODE))"));
	s->k.quiet = true;
	uint64_t shown = 0;
	for (size_t i = 0; i < rows && i < top; i++) {
		const struct tally_row *row = &s->countries.rows.items[i];
		if (str_eq(row->value, s->code))
			grid_emphasise(t);
		grid_text(s->r, t,
			  arena_printf(s->a, "%.*s (%.*s)", STR_ARG(world_name(s->a, row->value, s->r->lang)),
				       STR_ARG(row->value)));
		grid_count(s->r, t, ask_hosts(&s->k, ask_in_country(&s->k, row->value)));
		grid_count(s->r, t, row->stated + row->inferred);
		grid_share(s->r, t, row->stated + row->inferred, s->all);
		grid_share(s->r, t, row->inferred, row->stated + row->inferred);
		shown += row->stated + row->inferred;
	}
	s->k.quiet = false;
	t->note = arena_printf(
		s->a,
		tr("Shares are of all %.*s banners; %.*s in other countries, %.*s in none that is known. A place "
		   "is inferred from the address where the source stated none."),
		STR_ARG(count_text(s->a, s->all)), STR_ARG(count_text(s->a, s->countries.total - shown)),
		STR_ARG(count_text(s->a, s->all - s->countries.total)));
	report_chart(s->r, country_chart(s, CHART_BARS, TR("Banners by country"), top));
}

/* ---- TLS ---- */

static void
tls_row(struct study *s, struct grid *t, struct chart *c, struct str name, struct str where, bool emphasis)
{
	uint64_t n = ask_count(&s->k, where);
	struct str with = arena_printf(s->a, "%.*s%stls:true", STR_ARG(where), where.len > 0 ? " " : "");
	uint64_t tls = ask_count(&s->k, with);

	if (emphasis)
		grid_emphasise(t);
	grid_text(s->r, t, name);
	grid_count(s->r, t, ask_hosts(&s->k, where));
	grid_count(s->r, t, n);
	grid_count(s->r, t, tls);
	grid_count(s->r, t, n - tls);
	grid_share(s->r, t, n - tls, n);
	struct chart_row *row = chart_row(s->a, c, name);
	row->values[0] = tls;
	row->values[1] = n - tls;
	row->emphasis = emphasis;
}

void
study_tls(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = STR(""), .weight = 1 },
		{ .title = TR("Addresses"), .right = true },
		{ .title = TR("Banners"), .right = true },
		{ .title = TR("With TLS"), .right = true },
		{ .title = TR("Without TLS"), .right = true },
		{ .title = TR("Share without"), .right = true },
	};
	struct chart *c = chart_new(s->a, CHART_STACKED, s->r->lang, TR("Banners with and without TLS"));

	chart_series(c, TR("With TLS"), COLOR_BLUE);
	chart_series(c, TR("Without TLS"), COLOR_RED);
	report_heading(s->r, 1, TR("Encryption on the way"));
	report_text(s->r, BLOCK_TEXT,
		    TR("Without TLS, passwords, names and images cross the internet as they are: whoever carries them "
		       "can read and "
		       "change them."));
	struct grid *t = study_table(s, TR("All banners beside those without TLS"), columns, COUNT(columns));
	if (s->code.len > 0) {
		tls_row(s, t, c, s->place, s->here, true);
		tls_row(s, t, c, TR("Elsewhere"), s->elsewhere, false);
	}
	tls_row(s, t, c, TR("Everywhere"), STR(""), false);
	t->note = TR("Confidence: stated by the source. A banner counts as without TLS where the source names no TLS; "
		     "a scan that never "
		     "tried TLS on a port counts there, too.");
	report_chart(s->r, c);
}

/* ---- operating systems ---- */

void
study_systems(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Operating system"), .weight = 1 },
		{ .title = s->place.len > 0 ? s->place : TR("Banners"), .right = true },
		{ .title = TR("Share"), .right = true },
		{ .title = TR("Elsewhere"), .right = true },
		{ .title = TR("Share"), .right = true },
		{ .title = TR("Confidence"), .right = true },
	};
	struct str title = s->place.len > 0
				   ? arena_printf(s->a, tr("Operating systems of %.*s beside the rest of the world"),
						  STR_ARG(s->place))
				   : TR("Operating systems");
	struct chart *c = chart_new(s->a, CHART_PAIRS, s->r->lang, title);

	report_heading(s->r, 1, TR("Operating systems"));
	struct grid *t = study_table(s, title, columns, COUNT(columns));
	struct tally_rows here = ask_either(&s->k, s->here, FIELD_OS, FIELDS);
	struct tally_rows there = { 0 };
	if (s->code.len > 0)
		there = ask_either(&s->k, s->elsewhere, FIELD_OS, FIELDS);
	chart_series(c, s->place.len > 0 ? s->place : TR("Banners"), COLOR_RED);
	chart_series(c, TR("Elsewhere"), COLOR_BLUE);
	for (size_t i = 0; i < here.rows.count && i < s->k.request->top; i++) {
		const struct tally_row *row = &here.rows.items[i];
		uint64_t n = row->stated + row->inferred, m = tally_of(&there, row->value);
		grid_text(s->r, t, row->value);
		grid_count(s->r, t, n);
		grid_share(s->r, t, n, here.total);
		grid_count(s->r, t, m);
		grid_share(s->r, t, m, there.total);
		struct str sure = sure_text(&s->sure, FIELD_OS_INFERRED, row->value);
		grid_text(s->r, t, row->inferred == 0 ? TR("stated") : sure);
		struct chart_row *bar = chart_row(s->a, c, report_clean(s->a, row->value, 60));
		bar->values[0] = n;
		bar->of[0] = here.total;
		bar->values[1] = m;
		bar->of[1] = there.total;
	}
	t->note = arena_printf(
		s->a,
		tr("Shares are of the banners whose system is known: %.*s and %.*s. Where the source states none, it "
		   "is "
		   "inferred from the banner; the confidence is the median, with the range of nine in ten."),
		STR_ARG(count_text(s->a, here.total)), STR_ARG(count_text(s->a, there.total)));
	report_chart(s->r, c);
}
