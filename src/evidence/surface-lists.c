/* The chapters that list what there is: domains, hosts, networks, what we depend on, what a person should look at
 * (evidence/surface-study.h). */
#include "evidence/surface-study.h"

#include "base/time.h"

enum { SERVICES_SHOWN = 6 };

/* The next asset of a kind that is ours (or whatever own is). */
static const struct surface_asset *
next(const struct surface_model *m, const char *kind, enum ownership own, size_t *i)
{
	while (*i < m->assets.count) {
		const struct surface_asset *s = &m->assets.items[(*i)++];
		if (s->own == own && (!kind || str_eq(s->kind, str_of(kind))))
			return s;
	}
	return NULL;
}

static size_t
count_of(const struct surface_model *m, const char *kind, enum ownership own)
{
	size_t count = 0;
	for (size_t i = 0; next(m, kind, own, &i);)
		count++;
	return count;
}

static struct str
percent(struct arena *a, double confidence)
{
	return arena_printf(a, "%.0f%%", 100 * confidence);
}

static struct str
or_dash(struct str s)
{
	return s.len ? s : STR("–");
}

/* A name as people read it, and as machines do. */
static struct str
both_names(struct arena *a, const struct surface_asset *asset)
{
	return str_eq(asset->shown, asset->name)
		       ? asset->name
		       : arena_printf(a, "%.*s %.*s", STR_ARG(asset->shown), STR_ARG(asset->name));
}

static struct str
told(struct surface_study *s, const struct json *tree, const char *key, size_t max)
{
	struct str text = json_get_str(tree, key);
	return text.len ? report_clean(s->a, text, max) : STR("–");
}

static struct str
why(struct surface_study *s, const struct surface_asset *asset)
{
	struct str words = surface_rule_words(s->a, asset->rule);
	return asset->from.len ? arena_printf(s->a, "%.*s: %.*s", STR_ARG(words), STR_ARG(asset->from)) : words;
}

/* ---- domains ---- */

void
surface_study_domains(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Domain"), .weight = 1.4, .code = true },
		{ .title = TR("Registrant"), .weight = 1.2 },
		{ .title = TR("Registrar"), .weight = 0.9 },
		{ .title = TR("Ends on") },
		{ .title = TR("Why it is ours"), .weight = 1.8 },
		{ .title = TR("Sure") },
	};
	size_t count = count_of(s->m, "domain", OWN_APPROVED);
	report_heading(s->r, 1, TR("Domains"));
	struct grid *t = surface_list(s, arena_printf(s->a, tr("Our domains (%zu)"), count), columns, COUNT(columns));
	const struct surface_asset *asset;
	for (size_t i = 0; surface_room(s, t) && (asset = next(s->m, "domain", OWN_APPROVED, &i));) {
		const struct json *tree = surface_asset_tree(s->m, asset);
		int64_t ends = 0;
		(void)time_parse(json_get_str(tree, "expires"), &ends);
		grid_text(s->r, t, both_names(s->a, asset));
		grid_text(s->r, t, told(s, tree, "registrant", 120));
		grid_text(s->r, t, told(s, tree, "registrar", 120));
		grid_text(s->r, t, surface_day_short(s->a, ends));
		grid_text(s->r, t, why(s, asset));
		grid_text(s->r, t, percent(s->a, asset->confidence));
		surface_unit_cell(s, t, asset->unit);
	}
	surface_cut_say(s, t, count);
}

/* ---- hosts ---- */

static struct str
service_text(struct surface_study *s, const struct json *service)
{
	struct str address, port = STR_NONE, product = json_get_str(service, "product");
	(void)str_split(json_get_str(service, "service"), ' ', &address, &port);
	if (product.len == 0)
		product = json_get_str(service, "protocol");
	return report_clean(s->a, arena_printf(s->a, "%.*s %.*s", STR_ARG(port), STR_ARG(product)), 80);
}

static struct str
services_of(struct surface_study *s, struct str addresses)
{
	BUF_AUTO list = { 0 };
	struct str one;
	size_t shown = 0, more = 0;
	while (str_word(&addresses, &one)) {
		const struct surface_asset *address = surface_asset_find(s->m, STR("address"), one);
		size_t count;
		const struct json *services =
			json_get_array(address ? surface_asset_tree(s->m, address) : NULL, "services", &count);
		for (size_t i = 0; i < count; i++) {
			struct str text = service_text(s, &services[i]);
			if (shown == SERVICES_SHOWN) {
				more++;
				continue;
			}
			buf_addf(&list, "%s%.*s", shown++ ? ", " : "", STR_ARG(text));
		}
	}
	if (more)
		buf_addf(&list, " … (+%zu)", more);
	return list.len ? arena_str(s->a, buf_str(&list)) : STR("–");
}

static void
addresses_alone(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("IP address"), .weight = 1, .code = true },
		{ .title = TR("Services seen"), .weight = 2 },
		{ .title = TR("Network"), .weight = 1, .code = true },
		{ .title = TR("Why it is ours"), .weight = 1.6 },
	};
	struct grid *t = surface_list(s, TR("Our addresses to which no name of ours points"), columns, COUNT(columns));
	const struct surface_asset *asset;
	size_t rows = 0;
	for (size_t i = 0; (asset = next(s->m, "address", OWN_APPROVED, &i));) {
		if (asset->names.len)
			continue;
		rows++;
		if (!surface_room(s, t))
			continue;
		grid_text(s->r, t, asset->name);
		grid_text(s->r, t, services_of(s, asset->name));
		grid_text(s->r, t, told(s, surface_asset_tree(s->m, asset), "network", 60));
		grid_text(s->r, t, why(s, asset));
		surface_unit_cell(s, t, asset->unit);
	}
	surface_cut_say(s, t, rows);
}

void
surface_study_hosts(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Host name"), .weight = 1.7, .code = true },
		{ .title = TR("Addresses"), .weight = 1.1, .code = true },
		{ .title = TR("Services seen there"), .weight = 1.7 },
		{ .title = TR("Seen by, when"), .weight = 0.9 },
	};
	size_t count = count_of(s->m, "host", OWN_APPROVED);
	report_heading(s->r, 1, TR("Hosts"));
	struct grid *t = surface_list(s, arena_printf(s->a, tr("Our hosts (%zu)"), count), columns, COUNT(columns));
	const struct surface_asset *asset;
	for (size_t i = 0; surface_room(s, t) && (asset = next(s->m, "host", OWN_APPROVED, &i));) {
		grid_text(s->r, t, both_names(s->a, asset));
		grid_text(s->r, t, or_dash(asset->addresses));
		grid_text(s->r, t, services_of(s, asset->addresses));
		grid_text(s->r, t, surface_seen(s, asset->source, asset->seen));
		surface_unit_cell(s, t, asset->unit);
	}
	surface_cut_say(s, t, count);
	addresses_alone(s);
}

/* ---- networks ---- */

void
surface_study_networks(struct surface_study *s)
{
	static const char *const kinds[] = { "network", "as" };
	const struct grid_column columns[] = {
		{ .title = TR("Kind") },
		{ .title = TR("Network"), .weight = 1.2, .code = true },
		{ .title = TR("Holder"), .weight = 1.4 },
		{ .title = TR("Country") },
		{ .title = TR("Ownership") },
		{ .title = TR("Why"), .weight = 1.8 },
	};
	static const enum ownership owns[] = { OWN_APPROVED, OWN_CANDIDATE };
	const struct surface_asset *asset;
	size_t rows = 0;
	report_heading(s->r, 1, TR("Networks"));
	struct grid *t = surface_list(s, TR("Networks and AS numbers"), columns, COUNT(columns));
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (size_t o = 0; o < COUNT(owns); o++)
			for (size_t i = 0; (asset = next(s->m, kinds[k], owns[o], &i));) {
				rows++;
				if (!surface_room(s, t))
					continue;
				const struct json *tree = surface_asset_tree(s->m, asset);
				grid_text(s->r, t, surface_kind_word(s->a, asset->kind));
				grid_text(s->r, t, asset->name);
				grid_text(s->r, t, told(s, tree, "holder", 120));
				grid_text(s->r, t, told(s, tree, "lies_in", 12));
				grid_text(s->r, t, owns[o] == OWN_APPROVED ? TR("ours") : TR("candidate"));
				grid_text(s->r, t, why(s, asset));
				surface_unit_cell(s, t, asset->unit);
			}
	surface_cut_say(s, t, rows);
}

/* ---- what we depend on ---- */

void
surface_study_dependencies(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Kind") },
		{ .title = TR("Depended on"), .weight = 1.5, .code = true },
		{ .title = TR("By"), .weight = 1.3, .code = true },
		{ .title = TR("How it is known"), .weight = 1.7 },
		{ .title = TR("Seen by, when"), .weight = 0.9 },
	};
	size_t count = count_of(s->m, NULL, OWN_DEPENDENCY);
	report_heading(s->r, 1, TR("What we depend on"));
	report_text(s->r, BLOCK_TEXT,
		    TR("Name servers, mail, delivery networks, hosting of others. They are not ours and are not judged "
		       "here; where one of them stops or is broken into, what stands under “by” is hit."));
	struct grid *t = surface_list(s, arena_printf(s->a, tr("Dependencies (%zu)"), count), columns, COUNT(columns));
	const struct surface_asset *asset;
	for (size_t i = 0; surface_room(s, t) && (asset = next(s->m, NULL, OWN_DEPENDENCY, &i));) {
		grid_text(s->r, t, surface_kind_word(s->a, asset->kind));
		grid_text(s->r, t, both_names(s->a, asset));
		grid_text(s->r, t, or_dash(asset->from));
		grid_text(s->r, t, or_dash(asset->evidence));
		grid_text(s->r, t, surface_seen(s, asset->source, asset->seen));
		surface_unit_cell(s, t, asset->unit);
	}
	surface_cut_say(s, t, count);
}

/* ---- what a person should look at ---- */

/* In a report of one owner nothing is named that is another's. */
static bool
may_name(const struct surface_study *s, const struct json *reason)
{
	static const char *const kinds[] = {
		"domain", "host", "organisation", "network", "address", "certificate", "as"
	};
	struct str from = json_get_str(reason, "from");
	if (!s->m->narrowed)
		return true;
	for (size_t k = 0; k < COUNT(kinds); k++)
		if (surface_asset_find(s->m, str_of(kinds[k]), from))
			return true;
	return false;
}

static struct str
evidence_of(struct surface_study *s, const struct surface_asset *asset)
{
	BUF_AUTO list = { 0 };
	size_t count;
	const struct json *items = json_get_array(surface_asset_tree(s->m, asset), "evidence", &count);
	for (size_t i = 0; i < count && i < 5; i++) {
		struct str rule = surface_rule_words(s->a, report_clean(s->a, json_get_str(&items[i], "rule"), 40));
		struct str from = report_clean(s->a, json_get_str(&items[i], "from"), 120);
		if (may_name(s, &items[i]) && from.len)
			buf_addf(&list, "%s%.*s: %.*s", i ? "; " : "", STR_ARG(rule), STR_ARG(from));
		else
			buf_addf(&list, "%s%.*s", i ? "; " : "", STR_ARG(rule));
	}
	return list.len ? arena_str(s->a, buf_str(&list)) : why(s, asset);
}

void
surface_study_candidates(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Kind") },
		{ .title = TR("Name"), .weight = 1.5, .code = true },
		{ .title = TR("Ownership") },
		{ .title = TR("Sure") },
		{ .title = TR("What speaks for it"), .weight = 2 },
		{ .title = TR("Seen by, when"), .weight = 0.9 },
		{ .title = TR("Ours? (to fill in)"), .weight = 0.7 },
	};
	static const enum ownership owns[] = { OWN_CANDIDATE, OWN_MONITOR };
	size_t count = 0;
	const struct surface_asset *asset;
	report_heading(s->r, 1, TR("What a person should look at"));
	report_text(s->r, BLOCK_TEXT,
		    TR("One kind of evidence speaks for these, which is not enough. Whoever knows the organisation "
		       "decides; nothing below was judged for risks."));
	struct grid *t = surface_list(s, TR("Candidates, and what looks like ours"), columns, COUNT(columns));
	for (size_t o = 0; o < COUNT(owns); o++)
		for (size_t i = 0; (asset = next(s->m, NULL, owns[o], &i));) {
			count++;
			if (!surface_room(s, t))
				continue;
			grid_text(s->r, t, surface_kind_word(s->a, asset->kind));
			grid_text(s->r, t, both_names(s->a, asset));
			grid_text(s->r, t, owns[o] == OWN_CANDIDATE ? TR("candidate") : TR("monitor"));
			grid_text(s->r, t, percent(s->a, asset->confidence));
			grid_text(s->r, t, evidence_of(s, asset));
			grid_text(s->r, t, surface_seen(s, asset->source, asset->seen));
			grid_text(s->r, t, STR(""));
			surface_unit_cell(s, t, asset->unit);
		}
	surface_cut_say(s, t, count);
}
