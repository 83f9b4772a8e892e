/* The chapters on certificates that end and on e-mail (evidence/surface-study.h). */
#include "evidence/surface-study.h"

#include "base/time.h"

#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
enum { SOON = 60 };

/* ---- certificates ---- */

struct ending {
	const struct surface_asset *asset;
	const struct json *tree;
	int64_t until;
};

static int
by_end(const void *a, const void *b)
{
	const struct ending *x = a, *y = b;
	if (x->until != y->until)
		return x->until < y->until ? -1 : 1;
	return str_cmp(x->asset->name, y->asset->name);
}

static struct str
joined(struct surface_study *s, const struct json *tree, const char *key, bool of_ours)
{
	BUF_AUTO list = { 0 };
	size_t count, shown = 0;
	const struct json *items = json_get_array(tree, key, &count);
	for (size_t i = 0; i < count && list.len < 120; i++) {
		struct str one = report_clean(s->a, items[i].text, 120);
		/* In one owner's report no name of another's. */
		if (of_ours && s->m->narrowed && !surface_asset_find(s->m, STR("host"), one) &&
		    !surface_asset_find(s->m, STR("domain"), one))
			continue;
		buf_addf(&list, "%s%.*s", shown++ ? " " : "", STR_ARG(one));
	}
	if (shown < count)
		buf_addf(&list, " … (%zu)", count);
	return list.len ? arena_str(s->a, buf_str(&list)) : STR("–");
}

static void
ending_rows(struct surface_study *s, struct grid *t, const struct ending *list, size_t count)
{
	for (size_t i = 0; i < count && surface_room(s, t); i++) {
		const struct ending *one = &list[i];
		int64_t days = (one->until - s->m->ended) / DAY_MS;
		if (one->until < s->m->ended)
			grid_text(s->r, t, TR("ended"));
		else
			grid_text(s->r, t, arena_printf(s->a, tr("in %lld days"), (long long)days));
		grid_text(s->r, t, surface_day_short(s->a, one->until));
		grid_text(s->r, t, joined(s, one->tree, "names", true));
		grid_text(s->r, t, joined(s, one->tree, "shown_at", false));
		grid_text(s->r, t, report_clean(s->a, json_get_str(one->tree, "issuer"), 100));
		surface_unit_cell(s, t, one->asset->unit);
	}
}

void
surface_study_certificates(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Ends in") },
		{ .title = TR("Ends on") },
		{ .title = TR("Names"), .weight = 1.6, .code = true },
		{ .title = TR("Shown by"), .weight = 1.1, .code = true },
		{ .title = TR("Issuer"), .weight = 1.2 },
	};
	struct ending *list = ARENA_ARRAY(s->a, struct ending, s->m->assets.count + 1);
	size_t count = 0, dated = 0;
	report_heading(s->r, 1, TR("Certificates that end soon"));
	for (size_t i = 0; i < s->m->assets.count; i++) {
		const struct surface_asset *asset = &s->m->assets.items[i];
		struct ending one = { .asset = asset };
		size_t shown;
		if (asset->own != OWN_APPROVED || !str_eq(asset->kind, STR("certificate")))
			continue;
		one.tree = surface_asset_tree(s->m, asset);
		bool known = time_parse(json_get_str(one.tree, "until"), &one.until);
		dated += known;
		(void)json_get_array(one.tree, "shown_at", &shown);
		if (known && shown && one.until < s->m->ended + SOON * DAY_MS)
			list[count++] = one;
	}
	if (count > 1)
		qsort(list, count, sizeof(*list), by_end);
	struct grid *t = surface_list(s, arena_printf(s->a, tr("Certificates in use that end within %d days"), SOON),
				      columns, COUNT(columns));
	t->note =
		dated ? TR("Only certificates that a source saw some service show. Those that stand in logs alone may "
			   "have been replaced long ago.")
		      : TR("This run kept no dates of certificates; discover once more to have them.");
	ending_rows(s, t, list, count);
	surface_cut_say(s, t, count);
}

/* ---- e-mail ---- */

enum posture { POSTURE_GOOD, POSTURE_WEAK, POSTURE_MISSING, POSTURE_UNKNOWN, POSTURES };

struct mail_posture {
	struct str words;
	enum posture is;
};

/* Runs from before these facts were kept tell the faults only. */
static enum posture
by_risk(const struct surface_study *s, const struct surface_asset *asset, const char *missing, const char *weak)
{
	return surface_risk_of(s->m, str_of(missing), asset->name) ? POSTURE_MISSING
	       : surface_risk_of(s->m, str_of(weak), asset->name)  ? POSTURE_WEAK
								   : POSTURE_UNKNOWN;
}

static struct mail_posture
spf_of(struct surface_study *s, const struct surface_asset *asset, const struct json *tree)
{
	struct str spf = json_get_str(tree, "spf");
	struct mail_posture p = { report_clean(s->a, spf, 60), POSTURE_WEAK };
	if (spf.len == 0)
		p.is = by_risk(s, asset, "spf-missing", "spf-weak");
	else if (str_eq(spf, STR("none")))
		p.is = POSTURE_MISSING;
	else if (str_eq(spf, STR("-all")) || str_eq(spf, STR("~all")) || str_starts(spf, STR("redirect")))
		p.is = POSTURE_GOOD;
	return p;
}

static struct mail_posture
dmarc_of(struct surface_study *s, const struct surface_asset *asset, const struct json *tree)
{
	struct str dmarc = json_get_str(tree, "dmarc");
	struct mail_posture p = { report_clean(s->a, dmarc, 60), POSTURE_MISSING };
	if (dmarc.len == 0)
		p.is = by_risk(s, asset, "dmarc-missing", "dmarc-weak");
	else if (str_eq(dmarc, STR("reject")) || str_eq(dmarc, STR("quarantine")))
		p.is = POSTURE_GOOD;
	else if (str_eq(dmarc, STR("none")))
		p.is = POSTURE_WEAK;
	return p;
}

/* A key under a selector that nobody guessed cannot be seen, so DKIM is never said to be missing. */
static struct mail_posture
dkim_of(struct surface_study *s, const struct json *tree)
{
	size_t count;
	(void)json_get_array(tree, "dkim", &count);
	return (struct mail_posture){ count ? joined(s, tree, "dkim", false) : STR(""),
				      count ? POSTURE_GOOD : POSTURE_UNKNOWN };
}

static struct str
posture_text(struct surface_study *s, struct mail_posture p)
{
	static const char *const words[POSTURES] = { "protects", "weak", "not there", "not known" };
	struct str word = str_of(tr(words[p.is]));
	/* "missing (none)" says it twice. */
	bool said = p.is == POSTURE_MISSING && (str_eq(p.words, STR("none")) || str_eq(p.words, STR("missing")));
	return p.words.len && !said ? arena_printf(s->a, "%.*s (%.*s)", STR_ARG(word), STR_ARG(p.words)) : word;
}

static void
mail_chart(struct surface_study *s, uint64_t counts[3][POSTURES])
{
	static const char *const rows[] = { "SPF", "DMARC", "DKIM" };
	struct chart *c = chart_new(s->a, CHART_STACKED, s->r->lang, TR("Domains by protection of their e-mail"));
	chart_series(c, TR("Protects"), COLOR_GREEN);
	chart_series(c, TR("Weak"), COLOR_ORANGE);
	chart_series(c, TR("Missing"), COLOR_RED);
	chart_series(c, TR("Not known"), COLOR_GREY);
	for (size_t i = 0; i < COUNT(rows); i++)
		memcpy(chart_row(s->a, c, str_of(rows[i]))->values, counts[i], sizeof(counts[i]));
	report_chart(s->r, c);
}

void
surface_study_mail(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Domain"), .weight = 1.4, .code = true },
		{ .title = TR("SPF: who may send"), .weight = 1 },
		{ .title = TR("DMARC: what happens to forgeries"), .weight = 1 },
		{ .title = TR("DKIM: signed"), .weight = 1 },
		{ .title = TR("Mail goes to"), .weight = 1.2, .code = true },
	};
	uint64_t counts[3][POSTURES] = { 0 };
	size_t rows = 0;
	report_heading(s->r, 1, TR("E-mail authentication"));
	report_text(s->r, BLOCK_TEXT,
		    TR("Without SPF and DMARC anybody can write to patients and partners in the name of a domain, also "
		       "of one that sends no mail."));
	struct grid *t = surface_list(s, TR("Protection of each domain"), columns, COUNT(columns));
	for (size_t i = 0; i < s->m->assets.count; i++) {
		const struct surface_asset *asset = &s->m->assets.items[i];
		if (asset->own != OWN_APPROVED || !str_eq(asset->kind, STR("domain")))
			continue;
		const struct json *tree = surface_asset_tree(s->m, asset);
		const struct mail_posture p[] = { spf_of(s, asset, tree), dmarc_of(s, asset, tree), dkim_of(s, tree) };
		rows++;
		for (size_t k = 0; k < COUNT(p); k++)
			counts[k][p[k].is]++;
		if (!surface_room(s, t))
			continue;
		grid_text(s->r, t, asset->shown);
		for (size_t k = 0; k < COUNT(p); k++)
			grid_text(s->r, t, posture_text(s, p[k]));
		grid_text(s->r, t, joined(s, tree, "mail", false));
		surface_unit_cell(s, t, asset->unit);
	}
	t->note = TR("DKIM is seen only under selectors that are commonly used: “not known” does not mean that it is "
		     "missing.");
	surface_cut_say(s, t, rows);
	if (rows)
		mail_chart(s, counts);
}
