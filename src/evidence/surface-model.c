/* Reading a run (evidence/surface-model.h). */
#include "evidence/surface-model.h"

#include "base/sentence.h"
#include "base/time.h"
#include "surface/risk.h"
#include "trust/key.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 300, TEXT_BYTES = 400, BESIDE_MAX = 4, NAMES_BYTES = 120 };

static struct str
text_of(const struct surface_model *m, const struct json *object, const char *key, size_t max)
{
	struct str s = json_get_str(object, key);
	return s.len ? report_clean(m->arena, s, max) : STR("");
}

static int64_t
time_of(const struct json *object, const char *key)
{
	int64_t ms = 0;
	return time_parse(json_get_str(object, key), &ms) ? ms : 0;
}

static struct str
key_of(struct arena *a, struct str kind, struct str name)
{
	return arena_printf(a, "%.*s %.*s", STR_ARG(kind), STR_ARG(name));
}

const struct surface_asset *
surface_asset_find(const struct surface_model *m, struct str kind, struct str name)
{
	ARENA_AUTO a = { 0 };
	size_t number = (size_t)(uintptr_t)table_get(&m->by_name, key_of(&a, kind, name));
	return number ? &m->assets.items[number - 1] : NULL;
}

const struct json *
surface_asset_tree(const struct surface_model *m, const struct surface_asset *asset)
{
	struct err e = { 0 };
	struct json *tree = NULL;
	return json_parse(m->arena, asset->line, NULL, &tree, &e) ? tree : NULL;
}

const struct surface_risk *
surface_risk_of(const struct surface_model *m, struct str id, struct str asset)
{
	ARENA_AUTO a = { 0 };
	size_t number = (size_t)(uintptr_t)table_get(&m->by_risk, key_of(&a, id, asset));
	return number ? &m->risks.items[number - 1] : NULL;
}

/* ---- assets ---- */

static struct str
addresses_of(const struct surface_model *m, const struct json *asset)
{
	BUF_AUTO list = { 0 };
	size_t count;
	const struct json *items = json_get_array(asset, "addresses", &count);
	for (size_t i = 0; i < count && i < BESIDE_MAX; i++)
		buf_addf(&list, "%s%.*s", i ? " " : "", STR_ARG(items[i].text));
	if (count > BESIDE_MAX)
		buf_addf(&list, " … (%zu)", count);
	return report_clean(m->arena, buf_str(&list), NAME_MAX_BYTES);
}

static void
asset_read(struct surface_model *m, struct str line, const struct json *tree)
{
	size_t steps, unit = surface_unit_of(m, tree);
	const struct json *path = json_get_array(tree, "path", &steps), *last = steps ? &path[steps - 1] : NULL;
	bool added;
	if (!surface_unit_wanted(m, unit))
		return;
	struct surface_asset *s = ARRAY_PUSH(m->arena, &m->assets);
	*s = (struct surface_asset){ .line = line,
				     .kind = text_of(m, tree, "kind", 40),
				     .name = text_of(m, tree, "name", NAME_MAX_BYTES),
				     .shown = text_of(m, tree, "unicode", NAME_MAX_BYTES),
				     .confidence = json_get_double(tree, "confidence", 0),
				     .unit = unit,
				     .rule = text_of(m, last, "rule", 40),
				     .from = text_of(m, last, "from", NAME_MAX_BYTES),
				     .source = text_of(m, last, "source", 40),
				     .evidence = text_of(m, last, "evidence", TEXT_BYTES),
				     .seen = time_of(last, "seen"),
				     .addresses = addresses_of(m, tree) };
	if (s->shown.len == 0)
		s->shown = s->name;
	if (!ownership_parse(json_get_str(tree, "ownership"), &s->own))
		s->own = OWN_UNKNOWN;
	m->owned[s->own]++;
	*table_put(&m->by_name, key_of(m->arena, s->kind, s->name), &added) = (void *)(uintptr_t)m->assets.count;
}

typedef void line_fn(struct surface_model *m, struct str line, const struct json *tree);

static bool
lines_read(struct surface_model *m, struct str text, const char *file, line_fn *each, struct err *e)
{
	struct str line;
	size_t number = 0;
	while (str_line(&text, &line)) {
		ARENA_AUTO a = { 0 };
		struct json *tree;
		number++;
		if (str_trim(line).len == 0)
			continue;
		if (!json_parse(&a, line, NULL, &tree, e))
			return err_wrap(e, "reading line %zu of the run's %s", number, file);
		each(m, line, tree);
	}
	return true;
}

/* An address is at the base of the first name that points to it: the network that it lies in may serve all of them. */
static void
name_join(struct surface_model *m, const struct surface_asset *host, struct surface_asset *address)
{
	const struct surface_unit *here = &m->units.items[host->unit], *there = &m->units.items[address->unit];
	if (address->names.len == 0 && here->owner == there->owner && str_eq(here->company, there->company))
		address->unit = host->unit;
	address->names = address->names.len
				 ? arena_printf(m->arena, "%.*s %.*s", STR_ARG(address->names), STR_ARG(host->shown))
				 : host->shown;
}

/* Which names point to an address: what people call it by. */
static void
names_join(struct surface_model *m)
{
	for (size_t i = 0; i < m->assets.count; i++) {
		const struct surface_asset *host = &m->assets.items[i];
		struct str rest = host->addresses, one;
		while (host->own == OWN_APPROVED && str_word(&rest, &one)) {
			size_t at = (size_t)(uintptr_t)table_get(&m->by_name, key_of(m->arena, STR("address"), one));
			if (at && m->assets.items[at - 1].names.len < NAMES_BYTES)
				name_join(m, host, &m->assets.items[at - 1]);
		}
	}
}

/* ---- risks ---- */

static enum risk_class
class_of(struct str id)
{
	static const struct {
		const char *begins;
		enum risk_class class;
	} rows[] = {
		{ "exposed-dicom", RISKS_CLINICAL },
		{ "exposed-hl7", RISKS_CLINICAL },
		{ "exposed-clinical", RISKS_CLINICAL },
		{ "exposed-remote", RISKS_ENTRY },
		{ "exposed-smb", RISKS_ENTRY },
		{ "exposed-vnc", RISKS_ENTRY },
		{ "exposed-telnet", RISKS_ENTRY },
		{ "exposed-", RISKS_DATA },
		{ "plain-", RISKS_DATA },
		{ "vpn-", RISKS_GATEWAY },
		{ "known-", RISKS_KNOWN },
		{ "vulnerable-", RISKS_KNOWN },
		{ "unsupported", RISKS_KNOWN },
		{ "takeover", RISKS_DANGLING },
		{ "dangling", RISKS_DANGLING },
		{ "spf-", RISKS_MAIL },
		{ "dmarc-", RISKS_MAIL },
		{ "dkim-", RISKS_MAIL },
		{ "certificate-", RISKS_CERTIFICATE },
		{ "domain-expires", RISKS_REGISTRATION },
		{ "forgotten", RISKS_REGISTRATION },
		{ "test-page", RISKS_REGISTRATION },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_starts(id, str_of(rows[i].begins)))
			return rows[i].class;
	return RISKS_OTHER;
}

static enum severity_of_risk
severity_of(struct str name)
{
	for (unsigned s = 0; s < SEVERITIES; s++)
		if (str_eq(name, str_of(risk_severity_name(s))))
			return s;
	return RISK_INFO;
}

static void decided_take(const struct surface_model *m, const struct json *line, struct surface_risk *out);

static struct surface_risk
risk_of(struct surface_model *m, struct str line, const struct json *tree)
{
	struct surface_risk r = { .line = line,
				  .id = text_of(m, tree, "risk", 60),
				  .kind = text_of(m, tree, "kind", 40),
				  .asset = text_of(m, tree, "asset", NAME_MAX_BYTES),
				  .detail = text_of(m, tree, "detail", NAME_MAX_BYTES),
				  .source = text_of(m, tree, "source", 40),
				  .evidence = text_of(m, tree, "evidence", TEXT_BYTES),
				  .says = text_of(m, tree, "says", TEXT_BYTES),
				  .advice = text_of(m, tree, "advice", 40),
				  .act = text_of(m, tree, "act", TEXT_BYTES),
				  .more = text_of(m, tree, "more", TEXT_BYTES),
				  .severity = severity_of(json_get_str(tree, "severity")),
				  .seen = time_of(tree, "seen") };
	struct str kind = r.kind, name = r.asset, rest;
	r.class = class_of(r.id);
	r.unit = surface_unit_of_risk(m, tree);
	if (str_eq(kind, STR("service")) && str_split(r.asset, ' ', &name, &rest))
		kind = STR("address");
	const struct surface_asset *asset = surface_asset_find(m, kind, name);
	r.beside = !asset ? STR("") : str_eq(kind, STR("address")) ? asset->names : asset->addresses;
	decided_take(m, tree, &r);
	return r;
}

static void
risk_read(struct surface_model *m, struct str line, const struct json *tree)
{
	struct surface_risk r = risk_of(m, line, tree);
	if (!surface_unit_wanted(m, r.unit))
		return;
	m->severities[r.severity]++;
	m->units.items[r.unit].risks[r.severity]++;
	*ARRAY_PUSH(m->arena, &m->risks) = r;
}

static int
by_severity(const void *a, const void *b)
{
	const struct surface_risk *x = a, *y = b;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	int c = str_cmp(x->id, y->id);
	c = c ? c : str_cmp(x->asset, y->asset);
	c = c ? c : str_cmp(x->detail, y->detail);
	return c ? c : str_cmp(x->line, y->line);
}

/* What chapters rely on: all of one rule stand together. */
static void
risks_sort(struct surface_model *m)
{
	if (m->risks.count > 1)
		qsort(m->risks.items, m->risks.count, sizeof(*m->risks.items), by_severity);
	for (size_t i = 0; i < m->risks.count; i++) {
		const struct surface_risk *r = &m->risks.items[i];
		bool added;
		void **place = table_put(&m->by_risk, key_of(m->arena, r->id, r->asset), &added);
		if (added)
			*place = (void *)(uintptr_t)(i + 1);
	}
}

/* Whether a source was asked and answered in this run: what it saw before is gone only then. An answer that was stored proves
 * nothing. */
static bool
source_answered(const struct surface_model *m, struct str source)
{
	size_t count;
	const struct json *rows = json_get_array(m->run, "coverage", &count);
	if (source.len == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&rows[i], "source"), source))
			return json_get_i64(&rows[i], "asked", 0) > json_get_i64(&rows[i], "failed", 0);
	return false;
}

/* An earlier run beside this one: counts, and what is there no more. */
struct earlier {
	struct surface_counts *counts;
	bool lists;
	struct table keys; /* of its risks */
};

static void
earlier_read(struct surface_model *m, struct earlier *x, struct str line, const struct json *tree)
{
	struct surface_risk r = risk_of(m, line, tree);
	bool added;
	*table_put(&x->keys, key_of(m->arena, r.id, r.asset), &added) = m;
	if (!surface_unit_wanted(m, r.unit))
		return;
	/* The same one when rule and thing are: its detail (a date, a version) may change. */
	const struct surface_risk *now = surface_risk_of(m, r.id, r.asset);
	bool answered = now || source_answered(m, r.source);
	x->counts[r.severity].gone += !now && answered;
	x->counts[r.severity].unchecked += !now && !answered;
	if (!now && x->lists && answered)
		*ARRAY_PUSH(m->arena, &m->gone) = r;
	else if (!now && x->lists)
		*ARRAY_PUSH(m->arena, &m->unchecked) = r;
}

static bool
earlier_lines(struct surface_model *m, struct earlier *x, struct str text, int64_t number, struct err *e)
{
	struct str line;
	while (number && str_line(&text, &line)) {
		ARENA_AUTO a = { 0 };
		struct json *tree;
		if (str_trim(line).len == 0)
			continue;
		if (!json_parse(&a, line, NULL, &tree, e))
			return err_wrap(e, "reading risks.jsonl of run %lld", (long long)number);
		earlier_read(m, x, line, tree);
	}
	return true;
}

static bool
earlier_all(struct surface_model *m, struct str text, int64_t number, bool last, struct err *e)
{
	struct earlier x = { .counts = last ? m->last : m->year, .lists = last };
	bool ok = earlier_lines(m, &x, text, number, e);
	for (size_t i = 0; ok && i < m->risks.count; i++) {
		ARENA_AUTO a = { 0 };
		struct surface_risk *r = &m->risks.items[i];
		bool known = table_has(&x.keys, key_of(&a, r->id, r->asset));
		x.counts[r->severity].remains += known;
		x.counts[r->severity].fresh += !known;
		if (last)
			r->change = !number ? RISK_FIRST : known ? RISK_REMAINS : RISK_NEW;
	}
	table_free(&x.keys);
	return ok;
}

/* ---- what people decided ---- */

static struct str
decision_key(struct arena *a, const struct json *row)
{
	return arena_printf(a, "%.*s\n%.*s\n%.*s", STR_ARG(json_get_str(row, "risk")),
			    STR_ARG(json_get_str(row, "asset")), STR_ARG(json_get_str(row, "detail")));
}

static void
decided_read(struct surface_model *m)
{
	const struct surface_request *r = m->request;
	m->states = r->decided != NULL;
	for (size_t i = 0; r->decided && i < r->decided_count; i++) {
		bool added;
		*table_put(&m->decided, decision_key(m->arena, r->decided[i]), &added) = r->decided[i];
	}
}

static void
decided_take(const struct surface_model *m, const struct json *line, struct surface_risk *out)
{
	ARENA_AUTO a = { 0 };
	const struct json *row = table_get(&m->decided, decision_key(&a, line)), *state = json_get(row, "state");
	if (!row)
		return;
	out->status = text_of(m, state, "status", 20);
	out->assignee = text_of(m, state, "assignee", 100);
	out->until = time_of(state, "accepted_until");
	/* What we say among ourselves is nobody else's to read. */
	out->note = m->narrowed ? STR("") : text_of(m, state, "note", TEXT_BYTES);
	out->host = m->narrowed ? STR("") : text_of(m, json_get(row, "host"), "name", 100);
}

/* ---- all of it ---- */

static void
units_count(struct surface_model *m)
{
	for (size_t i = 0; i < m->assets.count; i++) {
		const struct surface_asset *s = &m->assets.items[i];
		struct surface_unit *u = &m->units.items[s->unit];
		u->candidates += s->own == OWN_CANDIDATE;
		if (s->own != OWN_APPROVED)
			continue;
		u->domains += str_eq(s->kind, STR("domain"));
		u->hosts += str_eq(s->kind, STR("host"));
		u->addresses += str_eq(s->kind, STR("address"));
	}
}

static bool
owner_known(const struct surface_model *m, struct err *e)
{
	BUF_AUTO names = { 0 };
	if (m->assets.count > 0 || m->request->owner.len == 0)
		return true;
	for (size_t i = 0; i < m->units.count; i++)
		if (m->units.items[i].company.len && !str_contains(buf_str(&names), m->units.items[i].company))
			buf_addf(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(m->units.items[i].company));
	return err_set(
		e, ERR_NOT_FOUND,
		"nothing in run %lld belongs to “%.*s”; --owner takes self, group, contractor or a company of the "
		"seeds: %s",
		(long long)m->request->number, STR_ARG(m->request->owner), names.len ? buf_cstr(&names) : "–");
}

/* Over each file's digest, so that no two runs share it. */
static struct str
digest_of(struct arena *a, const struct surface_request *r)
{
	const struct str files[] = { r->assets, r->risks, r->run };
	char hex[SHA256_HEX_LEN];
	BUF_AUTO all = { 0 };
	for (size_t i = 0; i < COUNT(files); i++) {
		sha256_hex(files[i], hex);
		buf_addf(&all, "%s\n", hex);
	}
	sha256_hex(buf_str(&all), hex);
	return arena_str(a, str_of(hex));
}

bool
surface_model_read(struct arena *a, const struct surface_request *r, struct surface_model *out, struct err *e)
{
	*out = (struct surface_model){ .arena = a, .lang = r->lang, .request = r, .narrowed = r->owner.len > 0 };
	if (!json_parse(a, r->run, NULL, &out->run, e))
		return err_wrap(e, "reading run.json of run %lld", (long long)r->number);
	out->began = time_of(out->run, "began");
	out->ended = time_of(out->run, "ended");
	out->digest = digest_of(a, r);
	surface_home_find(out);
	if (!lines_read(out, r->assets, "assets.jsonl", asset_read, e) || !owner_known(out, e))
		return false;
	names_join(out);
	decided_read(out);
	if (!lines_read(out, r->risks, "risks.jsonl", risk_read, e))
		return false;
	risks_sort(out);
	if (!earlier_all(out, r->risks_before, r->number_before, true, e) ||
	    !earlier_all(out, r->risks_year, r->number_year, false, e))
		return false;
	units_count(out);
	return true;
}

void
surface_model_free(struct surface_model *m)
{
	table_free(&m->by_name);
	table_free(&m->by_risk);
	table_free(&m->decided);
	table_free(&m->units_by_key);
}

bool
surface_read(struct arena *a, const struct surface_request *r, struct surface_model **out, struct err *e)
{
	enum lang before = lang_swap(r->lang);
	struct surface_model *m = ARENA_NEW(a, struct surface_model);
	bool ok = surface_model_read(a, r, m, e);
	(void)lang_swap(before);
	*out = m;
	if (!ok)
		surface_close(m);
	return ok;
}

void
surface_close(struct surface_model *m)
{
	surface_model_free(m);
}
