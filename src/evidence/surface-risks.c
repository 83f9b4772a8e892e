/* The chapter on what must be fixed, and the remote gateways (evidence/surface-study.h). */
#include "evidence/surface-study.h"

static struct str
change_word(enum risk_change change)
{
	static const char *const words[] = { "new", "remains", "" };
	return change == RISK_FIRST ? STR("") : str_of(tr(words[change]));
}

static struct str
asset_shown(const struct surface_study *s, const struct surface_risk *r)
{
	const struct surface_asset *asset = surface_asset_find(s->m, r->kind, r->asset);
	if (!asset || str_eq(asset->shown, asset->name))
		return r->asset;
	return arena_printf(s->a, "%.*s %.*s", STR_ARG(asset->shown), STR_ARG(asset->name));
}

/* "in progress: sato", "accepted until 2027-03-31", beside whether it is new. */
static struct str
state_of(const struct surface_study *s, const struct surface_risk *r)
{
	BUF_AUTO text = { 0 };
	buf_add(&text, change_word(r->change));
	if (r->status.len && !str_eq(r->status, STR("open")))
		buf_addf(&text, "%s%.*s", text.len ? " · " : "", STR_ARG(surface_sentence(s->a, r->status)));
	if (r->until)
		buf_addf(&text, tr(" until %.*s"), STR_ARG(surface_day_short(s->a, r->until)));
	if (r->assignee.len)
		buf_addf(&text, "%s%.*s", text.len ? " · " : "", STR_ARG(r->assignee));
	if (r->host.len)
		buf_addf(&text, "%s%s%.*s", text.len ? " · " : "", tr("host "), STR_ARG(r->host));
	return text.len ? arena_str(s->a, buf_str(&text)) : STR("–");
}

/* What answers at the addresses of a name. */
static struct str
services_at(const struct surface_study *s, struct str addresses)
{
	BUF_AUTO list = { 0 };
	struct str one;
	while (str_word(&addresses, &one)) {
		const struct surface_asset *asset = surface_asset_find(s->m, STR("address"), one);
		const struct json *tree = asset ? surface_asset_tree(s->m, asset) : NULL;
		size_t count;
		const struct json *services = json_get_array(tree, "services", &count);
		for (size_t i = 0; i < count && list.len < 80; i++) {
			struct str address, port, product = json_get_str(&services[i], "product");
			if (str_split(json_get_str(&services[i], "service"), ' ', &address, &port))
				buf_addf(&list, "%s%.*s%s%.*s", list.len ? ", " : "", STR_ARG(port),
					 product.len ? " " : "", STR_ARG(product));
		}
	}
	return list.len ? report_clean(s->a, buf_str(&list), 100) : STR("–");
}

/* A record only says again what the columns beside it do. */
static struct str
seen_as(const struct surface_study *s, const struct surface_risk *r)
{
	if (r->more.len)
		return arena_printf(s->a, "%.*s: %.*s", STR_ARG(r->detail), STR_ARG(r->more));
	if (r->detail.len)
		return surface_sentence(s->a, r->detail);
	if (str_eq(r->kind, STR("host")))
		return services_at(s, r->beside);
	return r->evidence.len ? r->evidence : STR("–");
}

/* ---- on paper: what to do is said once for each fault ---- */

static void
rule_table(struct surface_study *s, size_t begin, size_t count)
{
	const struct surface_risk *first = &s->m->risks.items[begin];
	bool compared = s->m->request->number_before > 0;
	const struct grid_column all[] = {
		{ .title = TR("Asset"), .weight = 1.5, .code = true },
		{ .title = TR("Name or address"), .weight = 1.4, .code = true },
		{ .title = TR("What was seen"), .weight = 1.3 },
		{ .title = TR("Seen by, when"), .weight = 1 },
		{ .title = TR("State"), .weight = 0.9 },
	};
	struct str severity = surface_severity_word(first->severity);
	struct str says = surface_sentence(s->a, first->says);
	struct grid *t =
		surface_list(s, arena_printf(s->a, tr("%.*s: %.*s (%zu)"), STR_ARG(severity), STR_ARG(says), count),
			     all, COUNT(all) - !(compared || s->m->states));
	struct str act = surface_sentence(s->a, first->act), advice = surface_advice_word(first->advice);
	t->note = arena_printf(s->a, tr("What to do (%.*s): %.*s"), STR_ARG(advice), STR_ARG(act));
	for (size_t i = begin; i < begin + count && surface_room(s, t); i++) {
		const struct surface_risk *r = &s->m->risks.items[i];
		grid_text(s->r, t, asset_shown(s, r));
		grid_text(s->r, t, r->beside.len ? r->beside : STR("–"));
		grid_text(s->r, t, seen_as(s, r));
		grid_text(s->r, t, surface_seen(s, r->source, r->seen));
		if (compared || s->m->states)
			grid_text(s->r, t, state_of(s, r));
		surface_unit_cell(s, t, r->unit);
	}
	surface_cut_say(s, t, count);
}

size_t
surface_rule_count(const struct surface_model *m, size_t first)
{
	size_t i = first;
	while (i < m->risks.count && str_eq(m->risks.items[i].id, m->risks.items[first].id))
		i++;
	return i - first;
}

static void
class_write(struct surface_study *s, enum risk_class class)
{
	bool headed = false;
	for (size_t i = 0, count; i < s->m->risks.count; i += count) {
		count = surface_rule_count(s->m, i);
		if (s->m->risks.items[i].class != class)
			continue;
		if (!headed)
			report_heading(s->r, 2, surface_class_name(class));
		headed = true;
		rule_table(s, i, count);
	}
}

/* ---- in sheets: one list to filter ---- */

static void
sheet_write(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Severity") },
		{ .title = TR("Class") },
		{ .title = TR("What is wrong") },
		{ .title = TR("Asset"), .code = true },
		{ .title = TR("Name or address"), .code = true },
		{ .title = TR("What was seen") },
		{ .title = TR("Seen by") },
		{ .title = TR("When") },
		{ .title = TR("Kind of action") },
		{ .title = TR("What to do") },
		{ .title = TR("Change") },
		{ .title = TR("Evidence"), .code = true },
		{ .title = TR("Owner") },
		{ .title = TR("Organisation, base") },
		{ .title = TR("Assigned to") },
		{ .title = TR("State") },
		{ .title = TR("Accepted until") },
		{ .title = TR("Managed host") },
	};
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	struct grid *t = report_table(s->r, TR("What must be fixed"), copy, COUNT(columns));
	for (size_t i = 0; i < s->m->risks.count && surface_room(s, t); i++) {
		const struct surface_risk *r = &s->m->risks.items[i];
		const struct surface_unit *u = &s->m->units.items[r->unit];
		const struct str cells[COUNT(columns)] = { surface_severity_word(r->severity),
							   surface_class_name(r->class),
							   surface_sentence(s->a, r->says),
							   r->asset,
							   r->beside,
							   seen_as(s, r),
							   surface_source_word(r->source),
							   surface_day_short(s->a, r->seen),
							   surface_advice_word(r->advice),
							   surface_sentence(s->a, r->act),
							   change_word(r->change),
							   r->evidence,
							   surface_owner_word(u->owner),
							   u->label,
							   r->assignee,
							   surface_sentence(s->a, r->status),
							   surface_day_short(s->a, r->until),
							   r->host };
		for (size_t k = 0; k < COUNT(cells); k++)
			grid_text(s->r, t, cells[k].ptr ? cells[k] : STR(""));
	}
	surface_cut_say(s, t, s->m->risks.count);
}

/* What the run before told and this one no more: proof that work was done. */
static void
reduced(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Severity") },
		{ .title = TR("What was wrong"), .weight = 1.6 },
		{ .title = TR("Asset"), .weight = 1.4, .code = true },
		{ .title = TR("What was seen"), .weight = 1.2 },
		{ .title = TR("State"), .weight = 1 },
	};
	if (s->m->gone.count == 0)
		return;
	struct grid *t = surface_list(s, TR("Reduced: not seen any more"), columns, COUNT(columns));
	for (size_t i = 0; i < s->m->gone.count && surface_room(s, t); i++) {
		const struct surface_risk *r = &s->m->gone.items[i];
		grid_text(s->r, t, surface_severity_word(r->severity));
		grid_text(s->r, t, surface_sentence(s->a, r->says));
		grid_text(s->r, t, r->asset);
		grid_text(s->r, t, r->detail.len ? surface_sentence(s->a, r->detail) : STR("–"));
		grid_text(s->r, t, r->status.len ? state_of(s, r) : STR("–"));
		surface_unit_cell(s, t, r->unit);
	}
	surface_cut_say(s, t, s->m->gone.count);
}

static void risks_write(struct surface_study *s);

void
surface_study_risks(struct surface_study *s)
{
	risks_write(s);
	reduced(s);
}

static void
risks_write(struct surface_study *s)
{
	report_heading(s->r, 1, TR("What must be fixed"));
	if (s->m->risks.count == 0) {
		report_text(s->r, BLOCK_TEXT,
			    TR("Nothing of what was seen has to be fixed. What no source saw is not judged."));
		return;
	}
	report_text(s->r, BLOCK_TEXT,
		    TR("What others saw from the internet, without any test of ours. Each line is to be checked by the "
		       "person in charge; “seen by, when” says whom to ask."));
	if (s->form == SURFACE_SHEETS) {
		sheet_write(s);
		return;
	}
	for (enum risk_class c = 0; c < RISK_CLASSES; c++)
		class_write(s, c);
}

/* ---- remote gateways: what is seen beside what the ledger has ---- */

static struct str
vulnerabilities_of(const struct surface_study *s, struct str asset)
{
	BUF_AUTO list = { 0 };
	for (size_t i = 0; i < s->m->risks.count; i++) {
		const struct surface_risk *r = &s->m->risks.items[i];
		if (r->class == RISKS_KNOWN && str_eq(r->asset, asset) && r->detail.len && list.len < 200)
			buf_addf(&list, "%s%.*s", list.len ? ", " : "", STR_ARG(r->detail));
	}
	return list.len ? arena_str(s->a, buf_str(&list)) : STR("–");
}

/* The ledger's row for a gateway that was seen; NULL: it has none. */
static const struct json *
ledger_of(const struct surface_study *s, struct str asset)
{
	for (size_t i = 0; i < s->m->request->ledger_count; i++) {
		const struct json *row = s->m->request->ledger[i];
		size_t count;
		const struct json *seen = json_get_array(row, "seen", &count);
		for (size_t k = 0; k < count; k++)
			if (str_eq(json_get_str(&seen[k], "asset"), asset))
				return row;
	}
	return NULL;
}

static struct str
ledger_text(const struct surface_study *s, const struct json *row, const char *key)
{
	struct str text = json_get_str(row, key);
	return text.len ? report_clean(s->a, text, 120) : STR("");
}

static struct str
ledger_words(const struct surface_study *s, const struct json *row)
{
	static const char *const keys[] = { "maker", "model", "firmware" };
	BUF_AUTO text = { 0 };
	if (s->m->request->ledger && (!row || str_eq(json_get_str(row, "state"), STR("not-declared"))))
		return TR("not in the ledger");
	for (size_t k = 0; k < COUNT(keys); k++)
		if (json_get_str(row, keys[k]).len)
			buf_addf(&text, "%s%.*s", text.len ? " " : "", STR_ARG(json_get_str(row, keys[k])));
	if (json_get_str(row, "why").len)
		buf_addf(&text, "%s%.*s", text.len ? " – " : "", STR_ARG(json_get_str(row, "why")));
	return text.len ? report_clean(s->a, buf_str(&text), 300) : STR("");
}

/* What the ledger has and nobody saw: switched off, renamed, or hidden well. Only in the whole organisation's report. */
static void
not_seen(struct surface_study *s)
{
	static const char *const keys[] = { "name", "address", "maker", "model", "firmware", "holder", "telephone" };
	const struct grid_column columns[] = {
		{ .title = TR("Name"), .weight = 1 },        { .title = TR("Address"), .weight = 1, .code = true },
		{ .title = TR("Maker"), .weight = 1 },       { .title = TR("Model"), .weight = 1 },
		{ .title = TR("Firmware"), .weight = 0.8 },  { .title = TR("Contract holder"), .weight = 1 },
		{ .title = TR("Telephone"), .weight = 0.8 },
	};
	struct grid *t = NULL;
	for (size_t i = 0; i < s->m->request->ledger_count && !s->m->narrowed; i++) {
		const struct json *row = s->m->request->ledger[i];
		if (!str_eq(json_get_str(row, "state"), STR("not-seen")))
			continue;
		if (!t) {
			struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
			memcpy(copy, columns, sizeof(columns));
			t = report_table(s->r, TR("In the ledger, and seen by nobody"), copy, COUNT(columns));
		}
		for (size_t k = 0; k < COUNT(keys); k++)
			grid_text(s->r, t, ledger_text(s, row, keys[k]));
	}
}

void
surface_study_gateways(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Gateway"), .weight = 1.3, .code = true },
		{ .title = TR("Names"), .weight = 1.3, .code = true },
		{ .title = TR("Maker, model, version as seen"), .weight = 1.3 },
		{ .title = TR("Vulnerabilities told"), .weight = 1 },
		{ .title = TR("Seen by, when"), .weight = 1 },
		{ .title = TR("Ledger: model and firmware"), .weight = 1 },
		{ .title = TR("Ledger: contract holder"), .weight = 1 },
	};
	size_t rows = 0;
	report_heading(s->r, 1, TR("Remote gateways"));
	report_text(s->r, BLOCK_TEXT,
		    TR("The doors that attackers used most. Fill in what your ledger says, and compare: a gateway that "
		       "the ledger does not know is the first thing to look into."));
	struct grid *t = surface_list(s, TR("Remote gateways seen from the internet"), columns, COUNT(columns));
	for (size_t i = 0; i < s->m->risks.count; i++) {
		const struct surface_risk *r = &s->m->risks.items[i];
		if (r->class != RISKS_GATEWAY)
			continue;
		rows++;
		if (!surface_room(s, t))
			continue;
		grid_text(s->r, t, r->asset);
		grid_text(s->r, t, r->beside.len ? r->beside : STR("–"));
		grid_text(s->r, t, r->detail.len ? r->detail : STR("–"));
		grid_text(s->r, t, vulnerabilities_of(s, r->asset));
		grid_text(s->r, t, surface_seen(s, r->source, r->seen));
		const struct json *row = ledger_of(s, r->asset);
		grid_text(s->r, t, ledger_words(s, row));
		grid_text(s->r, t, ledger_text(s, row, "holder"));
		surface_unit_cell(s, t, r->unit);
	}
	surface_cut_say(s, t, rows);
	not_seen(s);
}
