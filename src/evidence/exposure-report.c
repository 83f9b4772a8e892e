/* The report on medical systems: its head, its figures, how it was made (evidence/exposure-report.h). */
#include "evidence/exposure-report.h"

#include "base/sentence.h"
#include "base/time.h"
#include "evidence/exposure-study.h"
#include "evidence/world.h"
#include "trust/key.h"

struct grid *
study_table(struct study *s, struct str title, const struct grid_column *columns, size_t count)
{
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, count);

	memcpy(copy, columns, count * sizeof(*copy));
	struct grid *t = report_table(s->r, title, copy, count);
	s->k.table = t->number;
	return t;
}

/* ---- what is known before the chapters ---- */

static void
choose_country(struct study *s)
{
	s->code = s->k.request->country;
	if (s->code.len == 0 && s->countries.rows.count > 0)
		s->code = s->countries.rows.items[0].value;
	s->here = s->elsewhere = s->place = STR("");
	s->all_here = s->all;
	if (s->code.len == 0)
		return;
	s->place = world_name(s->a, s->code, s->r->lang);
	s->here = ask_in_country(&s->k, s->code);
	s->elsewhere = arena_printf(s->a, "-%.*s", STR_ARG(s->here));
	s->all_here = ask_count(&s->k, s->here);
}

/* A stranger's store could state anything as a country; it goes into queries. */
static bool
is_code(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < 'A' || s.ptr[i] > 'Z') && (s.ptr[i] < 'a' || s.ptr[i] > 'z'))
			return false;
	return s.len == 2;
}

static void
keep_codes(struct tally_rows *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->rows.count; i++) {
		if (is_code(t->rows.items[i].value))
			t->rows.items[n++] = t->rows.items[i];
		else
			t->total -= t->rows.items[i].stated + t->rows.items[i].inferred;
	}
	t->rows.count = n;
}

static void
ask_support(struct study *s)
{
	struct facet f = ask_facet(&s->k, STR(""), FIELD_SUPPORT, FIELDS, 10);

	for (size_t i = 0; i < f.values.count; i++) {
		s->known += f.values.items[i].count;
		if (str_eq(f.values.items[i].value, STR("ended")))
			s->ended = f.values.items[i].count;
		else if (str_eq(f.values.items[i].value, STR("extended")))
			s->extended = f.values.items[i].count;
	}
}

static bool
ask_head(struct study *s)
{
	s->all = ask_count(&s->k, STR(""));
	if (!s->k.failed && s->all == 0) {
		s->k.failed = true;
		return err_set(
			s->k.e, ERR_NOT_FOUND,
			"no imported banner is of a medical system here, so there is nothing to report on (asked: "
			"%.*s); import some with mamori exposure import FILE…, or ask for more",
			STR_ARG(s->k.base));
	}
	s->hosts = ask_hosts(&s->k, STR(""));
	s->plain = s->all - ask_count(&s->k, STR("tls:true"));
	s->countries = ask_either(&s->k, STR(""), FIELD_COUNTRY, FIELDS);
	keep_codes(&s->countries);
	choose_country(s);
	ask_support(s);
	ask_range(&s->k, &s->first, &s->last);
	sure_walk(&s->k, s->all, &s->sure);
	const struct exposure_backend *b = s->k.request->backend;
	if (!s->k.failed && b->origins)
		s->k.failed = !b->origins(s->k.request->state, s->a, &s->origins, &s->origin_count, s->k.e);
	return !s->k.failed;
}

/* ---- the first page ---- */

static struct str
day(struct study *s, int64_t ms)
{
	int year;
	unsigned month, d;

	time_civil(ms / 86400000 - (ms % 86400000 < 0), &year, &month, &d);
	return arena_printf(s->a, s->r->lang == LANG_JA ? "%d年%u月%u日" : "%d-%02u-%02u", year, month, d);
}

static void
figures(struct study *s)
{
	struct key_figure *f = ARENA_ARRAY(s->a, struct key_figure, 4);

	f[0] = (struct key_figure){ count_text(s->a, s->all), TR("Banners"),
				    arena_printf(s->a,
						 tr("of medical systems, hospitals and clinics; %.*s are sure enough"),
						 STR_ARG(share_text(s->a, s->sure.enough, s->sure.seen))),
				    COLOR_ACCENT };
	f[1] = (struct key_figure){ count_text(s->a, s->hosts), TR("Addresses"),
				    s->countries.rows.count == 1
					    ? TR("in 1 country")
					    : arena_printf(s->a, tr("in %zu countries"), s->countries.rows.count),
				    COLOR_ACCENT };
	f[2] = (struct key_figure){ share_text(s->a, s->plain, s->all), TR("Without TLS"),
				    arena_printf(s->a, tr("%.*s of %.*s banners"), STR_ARG(count_text(s->a, s->plain)),
						 STR_ARG(count_text(s->a, s->all))),
				    COLOR_ORANGE };
	f[3] = (struct key_figure){ share_text(s->a, s->ended, s->known), TR("Out of support"),
				    s->known == 0 ? TR("no banner's support is known")
						  : arena_printf(s->a, tr("%.*s of %.*s whose support is known"),
								 STR_ARG(count_text(s->a, s->ended)),
								 STR_ARG(count_text(s->a, s->known))),
				    COLOR_RED };
	report_figures(s->r, f, 4);
}

static void
support_point(struct study *s)
{
	struct arena *a = s->a;

	if (s->known == 0) {
		report_text(s->r, BLOCK_POINT, TR("It is not known of any banner whether its system was in support."));
		return;
	}
	report_text(s->r, BLOCK_POINT,
		    arena_printf(a,
				 tr("Of %.*s banners whose system's support is known, %.*s (%.*s) were out of support "
				    "on the day they "
				    "were seen; %.*s more get security fixes only."),
				 STR_ARG(count_text(a, s->known)), STR_ARG(count_text(a, s->ended)),
				 STR_ARG(share_text(a, s->ended, s->known)), STR_ARG(count_text(a, s->extended))));
}

static void
dicom_point(struct study *s)
{
	struct arena *a = s->a;

	if (s->dicom == 0)
		return;
	if (s->dicom_told == 0) {
		report_text(s->r, BLOCK_POINT,
			    arena_printf(a,
					 tr("%.*s servers answered in DICOM, the language of medical images; it is not "
					    "known of any whether it accepts any caller."),
					 STR_ARG(count_text(a, s->dicom))));
		return;
	}
	report_text(s->r, BLOCK_POINT,
		    arena_printf(a,
				 tr("%.*s servers answered in DICOM, the language of medical images; of %.*s whose "
				    "manner is "
				    "known, %.*s accept any caller."),
				 STR_ARG(count_text(a, s->dicom)), STR_ARG(count_text(a, s->dicom_told)),
				 STR_ARG(count_text(a, s->dicom_open))));
}

static void
points(struct study *s)
{
	struct arena *a = s->a;

	if (s->countries.rows.count > 0) {
		const struct tally_row *most = &s->countries.rows.items[0];
		uint64_t n = most->stated + most->inferred;
		report_text(s->r, BLOCK_POINT,
			    arena_printf(a, tr("Most are in %.*s: %.*s banners, %.*s of all."),
					 STR_ARG(world_name(a, most->value, s->r->lang)), STR_ARG(count_text(a, n)),
					 STR_ARG(share_text(a, n, s->all))));
	}
	if (s->code.len > 0 && s->k.request->country.len > 0)
		report_text(s->r, BLOCK_POINT,
			    arena_printf(a, tr("%.*s: %.*s banners, %.*s of all."), STR_ARG(s->place),
					 STR_ARG(count_text(a, s->all_here)),
					 STR_ARG(share_text(a, s->all_here, s->all))));
	support_point(s);
	dicom_point(s);
	report_text(s->r, BLOCK_POINT,
		    arena_printf(a, tr("%.*s look like honeypots; they are counted except where it says so."),
				 STR_ARG(count_text(a, sure_scaled(&s->sure, s->sure.trap)))));
}

static void
first_page(struct study *s)
{
	struct chart *map = chart_new(s->a, CHART_WORLD, s->r->lang, TR("Banners of medical systems by country"));

	figures(s);
	points(s);
	for (size_t i = 0; i < s->countries.rows.count; i++) {
		const struct tally_row *row = &s->countries.rows.items[i];
		chart_row(s->a, map, row->value)->values[0] = row->stated + row->inferred;
	}
	report_chart(s->r, map);
	report_text(
		s->r, BLOCK_NOTE,
		world_country_count > 0
			? TR("Borders: Natural Earth (public domain), simplified; they state no position. Points are "
			     "countries too "
			     "small for the map.")
			: TR("This build has no map: the packages with the borders were missing when it was built."));
}

/* ---- how it was made ---- */

void
study_method(struct study *s)
{
	report_heading(s->r, 1, TR("How this was counted"));
	report_text(s->r, BLOCK_POINT,
		    TR("A banner is what one service (address, port, transport) said at one time. The same service "
		       "seen at two times is "
		       "two banners and one address."));
	report_text(s->r, BLOCK_POINT,
		    TR("What a source states is kept as stated. What mamori infers (place, operating system, class, "
		       "kind of "
		       "organisation, honeypot) carries a confidence, and is used only where nothing is stated."));
	report_text(s->r, BLOCK_POINT,
		    TR("Only what the imported sources saw is here: machines behind a VPN, in closed networks or never "
		       "scanned are not. "
		       "A count is a lower bound of what is exposed, and an upper bound of what is surely medical."));
	report_text(s->r, BLOCK_POINT,
		    TR("A confidence is given as the median, with the range of nine in ten in brackets."));
	report_text(s->r, BLOCK_POINT,
		    TR("No system was contacted to make this report, and no data of patients is in it."));
}

static struct str
digest_of_inputs(struct study *s)
{
	BUF_AUTO all = { 0 };
	char hex[SHA256_HEX_LEN];

	for (size_t i = 0; i < s->origin_count; i++) {
		const struct segment_origin *o = &s->origins[i];
		const struct str parts[] = { o->snapshot, o->source, o->digest, o->rules };
		for (size_t k = 0; k < COUNT(parts); k++) {
			buf_add(&all, parts[k]);
			buf_add_char(&all, '\n');
		}
	}
	sha256_hex(buf_str(&all), hex);
	return arena_str(s->a, str_of(hex));
}

static struct str
rules_of_inputs(struct study *s)
{
	BUF_AUTO list = { 0 };

	for (size_t i = 0; i < s->origin_count; i++) {
		struct str one = s->origins[i].rules.len > 0 ? s->origins[i].rules : TR("not enriched");
		if (list.len > 0 && str_contains(buf_str(&list), one))
			continue;
		buf_addf(&list, "%s%.*s", list.len > 0 ? ", " : "", STR_ARG(one));
	}
	return arena_str(s->a, buf_str(&list));
}

/* A path may name somebody's folders: the file's own name is enough. */
static struct str
file_name(struct str path)
{
	ptrdiff_t slash = str_rfind_char(path, '/');

	return slash >= 0 ? str_skip(path, (size_t)slash + 1) : path;
}

static void
fact(struct study *s, struct grid *t, struct str name, struct str value)
{
	grid_text(s->r, t, name);
	grid_text(s->r, t, value);
}

void
study_inputs(struct study *s)
{
	const struct grid_column facts[] = {
		{ .title = TR("What"), .weight = 0.4 },
		{ .title = TR("Value"), .weight = 1, .code = true },
	};
	const struct grid_column inputs[] = {
		{ .title = TR("Snapshot"), .weight = 0.6 },
		{ .title = TR("Source"), .weight = 0.35 },
		{ .title = TR("File"), .weight = 0.6 },
		{ .title = TR("Digest of the file (SHA-256)"), .weight = 1.2, .code = true },
		{ .title = TR("Rules"), .weight = 0.4 },
	};
	char first[TIME_RFC3339_MAX], last[TIME_RFC3339_MAX];

	report_heading(s->r, 1, TR("What was asked, and of which data"));
	report_text(s->r, BLOCK_TEXT,
		    TR("Whoever has the same data gets the same report, to the last byte, and can ask each question "
		       "again with mamori "
		       "exposure."));
	struct grid *t = study_table(s, TR("The report's own facts"), facts, COUNT(facts));
	fact(s, t, STR("Q"), s->k.base);
	if (s->code.len > 0)
		fact(s, t, STR("C"), s->here);
	fact(s, t, STR("D"), STR(STUDY_DICOM));
	fact(s, t, TR("Observations"),
	     arena_printf(s->a, "%s – %s", time_rfc3339(s->first, first), time_rfc3339(s->last, last)));
	fact(s, t, TR("Digest of the data"),
	     s->origin_count > 0 ? digest_of_inputs(s) : TR("this store does not tell"));
	fact(s, t, TR("Rules of the imports"), s->origin_count > 0 ? rules_of_inputs(s) : STR("–"));
	fact(s, t, TR("Rules of this report"), enrich_version(s->k.request->rules));
	fact(s, t, TR("Made by"), STR("mamori " MAMORI_VERSION));
	t->note = TR("The digest is SHA-256 over snapshot, source, file digest and rules of every import, one a line, "
		     "in order.");
	if (s->origin_count == 0)
		return;
	t = study_table(s, TR("Imported data"), inputs, COUNT(inputs));
	for (size_t i = 0; i < s->origin_count && i < 200; i++) {
		grid_text(s->r, t, s->origins[i].snapshot);
		grid_text(s->r, t, s->origins[i].source);
		grid_text(s->r, t, file_name(s->origins[i].file));
		grid_text(s->r, t, s->origins[i].digest);
		grid_text(s->r, t, s->origins[i].rules.len > 0 ? s->origins[i].rules : TR("not enriched"));
	}
	if (s->origin_count > 200)
		t->note = arena_printf(s->a, tr("%zu more are not listed."), s->origin_count - 200);
}

static struct str
replaced(struct arena *a, struct str text, struct str what, const char *by)
{
	ptrdiff_t at = what.len > 0 ? str_find(text, what) : -1;

	if (at < 0)
		return text;
	struct str rest = replaced(a, str_skip(text, (size_t)at + what.len), what, by);
	return arena_printf(a, "%.*s%s%.*s", STR_ARG(str_head(text, (size_t)at)), by, STR_ARG(rest));
}

static void
questions(struct study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Table"), .right = true },
		{ .title = TR("mamori exposure …"), .weight = 1, .code = true },
	};
	size_t asked = s->k.asked.count; /* nothing is asked for this table */
	struct grid *t = study_table(s, TR("The questions behind each table"), columns, COUNT(columns));

	for (size_t i = 0; i < asked; i++) {
		unsigned table = s->k.asked.items[i].table;
		bool again = i > 0 && s->k.asked.items[i - 1].table == table;
		grid_text(s->r, t, again ? STR("") : table > 0 ? arena_printf(s->a, "%u", table) : TR("first page"));
		struct str words = replaced(s->a, s->k.asked.items[i].words, s->here, "C");
		grid_text(s->r, t, replaced(s->a, words, STR(STUDY_DICOM), "D"));
	}
	t->note = TR("Q, C and D stand for the queries of the report's own facts, to be written in their places; the "
		     "whole in quotation marks.");
}

/* ---- the whole ---- */

static struct report *
assemble(struct study *s, struct report *chapters)
{
	struct report *whole = report_new(s->a, chapters->lang, chapters->title, s->last);

	struct str first = day(s, s->first), last = day(s, s->last);
	struct str seen = str_eq(first, last) ? arena_printf(s->a, tr("Observed on %.*s (UTC)"), STR_ARG(first))
					      : arena_printf(s->a, tr("Observed from %.*s to %.*s (UTC)"),
							     STR_ARG(first), STR_ARG(last));
	whole->subtitle = s->code.len > 0 ? arena_printf(s->a, tr("%.*s · %.*s beside the rest of the world"),
							 STR_ARG(seen), STR_ARG(s->place))
					  : seen;
	whole->author = STR("mamori");
	s->r = whole;
	first_page(s);
	report_page(whole);
	for (size_t i = 0; i < chapters->blocks.count; i++)
		*ARRAY_PUSH(s->a, &whole->blocks) = chapters->blocks.items[i];
	whole->tables = chapters->tables;
	whole->footer = s->origin_count > 0
				? arena_printf(s->a, "%.*s · SHA-256 %.16s… · mamori %s", STR_ARG(whole->title),
					       digest_of_inputs(s).ptr, MAMORI_VERSION)
				: arena_printf(s->a, "%.*s · mamori %s", STR_ARG(whole->title), MAMORI_VERSION);
	return whole;
}

bool
exposure_report(struct arena *a, const struct exposure_request *request, struct report **out, struct err *e)
{
	struct study s = { .a = a };
	enum lang before = lang_swap(request->lang);

	s.r = report_new(a, request->lang, TR("What the internet shows of medical systems"), 0);
	bool ok = ask_begin(&s.k, request, a, e) && ask_head(&s);
	if (ok) {
		study_countries(&s);
		study_tls(&s);
		study_systems(&s);
		study_support(&s);
		study_classes(&s);
		study_dicom(&s);
		study_leaks(&s);
		study_funnel(&s);
		study_method(&s);
		study_inputs(&s);
		questions(&s);
		*out = assemble(&s, s.r);
	}
	sure_free(&s.sure);
	(void)lang_swap(before);
	return ok && !s.k.failed;
}
