/* /api/v1/surface/gateways: the ledger of remote gateways, held against what others saw. */
#include "base/time.h"
#include "server/policies.h"
#include "server/surfaces.h"
#include "store/surface.h"
#include "surface/fact.h"
#include "vuln/csv.h"

enum { CELL_BYTES = 300, ADDRESSES_MAX = 64 };

/* ---- the ledger comes in ---- */

/* The columns, by the names that ledgers give them. */
enum column { NAME, ADDRESS, MAKER, MODEL, FIRMWARE, HOLDER, TELEPHONE, PATCHED, LEDGER_COLUMNS };
static const char *const columns[LEDGER_COLUMNS][4] = {
	[NAME] = { "name", "名称", "機器名", NULL },
	[ADDRESS] = { "address", "アドレス", "IPアドレス", NULL },
	[MAKER] = { "maker", "メーカー", "製造元", NULL },
	[MODEL] = { "model", "機種", "型番", NULL },
	[FIRMWARE] = { "firmware", "ファームウェア", "バージョン", NULL },
	[HOLDER] = { "holder", "契約先", "保守会社", NULL },
	[TELEPHONE] = { "telephone", "電話", "電話番号", NULL },
	[PATCHED] = { "patched", "最終更新日", "最終適用日", NULL },
};

static bool
header_read(struct csv_reader *csv, ptrdiff_t at[LEDGER_COLUMNS], struct err *e)
{
	if (csv_next(csv, e) != CSV_RECORD)
		return err_set(e, ERR_INPUT, "the ledger has no first line that names its columns");
	for (unsigned c = 0; c < LEDGER_COLUMNS; c++) {
		at[c] = -1;
		for (size_t i = 0; at[c] < 0 && columns[c][i]; i++)
			at[c] = csv_column(csv, columns[c][i]);
	}
	return at[NAME] >= 0 || at[ADDRESS] >= 0 ||
	       err_set(e, ERR_INPUT,
		       "the ledger needs a column name or address; the others are maker, model, firmware, holder, "
		       "telephone, patched");
}

static bool
row_read(struct request *r, const struct csv_reader *csv, const ptrdiff_t at[LEDGER_COLUMNS], size_t row,
	 struct surface_gateway *g, struct err *e)
{
	struct str cell[LEDGER_COLUMNS];
	for (unsigned c = 0; c < LEDGER_COLUMNS; c++)
		cell[c] = at[c] < 0 ? STR("") : arena_line(&r->arena, str_trim(csv_field(csv, at[c])), CELL_BYTES);
	*g = (struct surface_gateway){ .name = cell[NAME].len ? cell[NAME] : cell[ADDRESS],
				       .address = cell[ADDRESS],
				       .maker = cell[MAKER],
				       .model = cell[MODEL],
				       .firmware = cell[FIRMWARE],
				       .holder = cell[HOLDER],
				       .telephone = cell[TELEPHONE],
				       .by = r->user,
				       .at = r->now };
	if (!g->name.len)
		return err_set(e, ERR_INPUT, "row %zu of the ledger has neither name nor address", row);
	if (cell[PATCHED].len && !time_parse(cell[PATCHED], &g->patched_at))
		return err_set(e, ERR_INPUT, "row %zu of the ledger: “%.*s” is no day like 2026-11-22", row,
			       STR_ARG(cell[PATCHED]));
	return true;
}

static bool
ledger_read(struct request *r, struct csv_reader *csv, struct surface_gateway *rows, size_t *count, struct err *e)
{
	ptrdiff_t at[LEDGER_COLUMNS] = { 0 };
	if (!header_read(csv, at, e))
		return false;
	for (size_t row = 2;; row++) {
		enum csv_status status = csv_next(csv, e);
		if (status == CSV_END || status == CSV_FAILED)
			return status == CSV_END;
		if (status == CSV_BAD)
			return err_set(e, ERR_INPUT, "row %zu of the ledger is malformed", row);
		if (*count == SURFACE_GATEWAYS_MAX)
			return err_set(e, ERR_TOO_LARGE, "a ledger has at most %d rows", SURFACE_GATEWAYS_MAX);
		if (!row_read(r, csv, at, row, &rows[*count], e))
			return false;
		for (size_t i = 0; i < *count; i++)
			if (str_eq(rows[i].name, rows[*count].name))
				return err_set(e, ERR_INPUT, "row %zu of the ledger: “%.*s” is there twice", row,
					       STR_ARG(rows[i].name));
		++*count;
	}
}

bool
api_surface_gateways_import(struct request *r, struct err *e)
{
	struct str table;
	struct input in;
	struct csv_reader csv = { 0 };
	size_t count = 0;
	if (!body_sheet(r, &table, e))
		return false;
	if (!table.len)
		return err_set(e, ERR_USAGE, "give the ledger as csv or as file");
	struct surface_gateway *rows = ARENA_ARRAY(&r->arena, struct surface_gateway, SURFACE_GATEWAYS_MAX);
	input_of_mem(&in, "ledger.csv", table);
	csv.in = &in;
	bool ok = ledger_read(r, &csv, rows, &count, e);
	csv_free(&csv);
	input_close(&in);
	if (!ok || !surface_gateway_replace(r->st, rows, count, e) ||
	    !request_audit(r, "surface.gateways", STR(""), arena_printf(&r->arena, "%zu rows", count), e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "read", (int64_t)count);
	json_put_i64(&r->w, "kept", (int64_t)count);
	json_end_object(&r->w);
	return true;
}

/* ---- against what was seen ---- */

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool
holds(struct str text, struct str word)
{
	for (size_t i = 0; word.len && i + word.len <= text.len; i++) {
		size_t k = 0;
		while (k < word.len && lower(text.ptr[i + k]) == lower(word.ptr[k]))
			k++;
		if (k == word.len)
			return true;
	}
	return false;
}

/* What products of a maker call themselves. */
static const struct {
	const char *maker, *words;
} makers[] = {
	{ "fortinet", "forti" },
	{ "フォーティネット", "forti" },
	{ "cisco", "cisco|anyconnect|adaptive security" },
	{ "シスコ", "cisco|anyconnect|adaptive security" },
	{ "palo alto", "palo alto|globalprotect" },
	{ "パロアルト", "palo alto|globalprotect" },
	{ "ivanti", "ivanti|pulse secure|connect secure" },
	{ "citrix", "citrix|netscaler" },
	{ "f5", "f5|big-ip" },
};

static bool
maker_fits(struct str maker, struct str seen)
{
	if (holds(seen, maker))
		return true;
	for (size_t i = 0; i < COUNT(makers); i++) {
		struct str rest = str_of(makers[i].words), one;
		if (!holds(maker, str_of(makers[i].maker)))
			continue;
		while (str_cut(&rest, '|', &one))
			if (holds(seen, one))
				return true;
	}
	return false;
}

/* The last word that begins like a version: "FortiGate 7.2.4" has 7.2.4. */
static struct str
version_of(struct str seen)
{
	struct str word, found = STR_NONE;
	while (str_word(&seen, &word)) {
		struct str digits = word.len > 1 && lower(word.ptr[0]) == 'v' ? str_skip(word, 1) : word;
		if (digits.len && digits.ptr[0] >= '0' && digits.ptr[0] <= '9' && str_find_char(digits, '.') > 0)
			found = digits;
	}
	return found;
}

/* Where it differs, in English; NULL: nowhere that could be seen. */
static const char *
difference(const struct surface_gateway *g, struct str seen)
{
	struct str version = version_of(seen);
	struct str firmware =
		g->firmware.len > 1 && lower(g->firmware.ptr[0]) == 'v' ? str_skip(g->firmware, 1) : g->firmware;
	if (seen.len && g->maker.len && !maker_fits(g->maker, seen) && !(g->model.len && holds(seen, g->model)))
		return "Another maker was seen there than the ledger has.";
	if (version.len && firmware.len && !holds(firmware, version) && !holds(version, firmware))
		return "Another version was seen there than the ledger has.";
	return NULL;
}

static bool
address_add(struct arena *a, struct str text, struct str *out, size_t *count)
{
	struct str address = thing_canonical(a, THING_ADDRESS, text);
	if (!address.len || *count == ADDRESSES_MAX)
		return false;
	out[(*count)++] = address;
	return true;
}

/* Its addresses: its own, or those that the run has for its name. */
static size_t
addresses_of(struct request *r, const struct surface_run *run, struct str declared, struct str out[ADDRESSES_MAX])
{
	size_t count = 0, n;
	if (!declared.len || address_add(&r->arena, declared, out, &count))
		return count;
	struct str name = thing_canonical(&r->arena, THING_NAME, declared);
	for (size_t i = 0; name.len && i < run->asset_count; i++) {
		struct err e = { 0 };
		struct json *line;
		if (!str_eq(run->assets[i].name, name) || !json_parse(&r->arena, run->assets[i].line, NULL, &line, &e))
			continue;
		const struct json *list = json_get_array(line, "addresses", &n);
		for (size_t k = 0; k < n; k++)
			(void)address_add(&r->arena, list[k].text, out, &count);
	}
	return count;
}

static bool
at_address(const struct run_risk *s, struct str address)
{
	return str_starts(s->asset, address) && (s->asset.len == address.len || s->asset.ptr[address.len] == ' ');
}

static void
seen_write(struct request *r, const struct run_risk *s)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "asset", s->asset);
	str_or_null(&r->w, "detail", s->detail);
	str_or_null(&r->w, "source", s->source);
	json_put_time(&r->w, "seen", s->seen);
	json_end_object(&r->w);
}

static void
gateway_write(struct request *r, const struct surface_gateway *g, const char *state, const char *why,
	      const struct run_risk *const *seen, size_t count)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	str_or_null(w, "name", g->name);
	str_or_null(w, "address", g->address);
	str_or_null(w, "maker", g->maker);
	str_or_null(w, "model", g->model);
	str_or_null(w, "firmware", g->firmware);
	str_or_null(w, "holder", g->holder);
	str_or_null(w, "telephone", g->telephone);
	json_put_time(w, "patched_at", g->patched_at);
	json_put_cstr(w, "state", state);
	json_put_cstr(w, "why", why ? tr(why) : NULL);
	str_or_null(w, "seen_as",
		    count ? arena_printf(&r->arena, "%.*s %.*s", STR_ARG(seen[0]->asset), STR_ARG(seen[0]->detail))
			  : STR_NONE);
	json_key(w, "seen");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		seen_write(r, seen[i]);
	json_end_array(w);
	json_end_object(w);
}

/* The gateways that a run tells of; those that the ledger has are marked. */
struct sight {
	const struct run_risk **seen;
	bool *declared;
	size_t count;
};

/* Doors for people from outside: not only VPN gateways, also what serves as one, and what is called one. */
static bool
is_door(struct str risk)
{
	return str_eq(risk, STR("vpn-gateway")) || str_eq(risk, STR("vpn-name")) ||
	       str_eq(risk, STR("exposed-remote-desktop")) || str_eq(risk, STR("exposed-vnc"));
}

static struct sight
sight_of(struct arena *a, const struct surface_run *run)
{
	struct sight s = { .seen = ARENA_ARRAY(a, const struct run_risk *, (run ? run->risk_count : 0) + 1),
			   .declared = ARENA_ARRAY(a, bool, (run ? run->risk_count : 0) + 1) };
	for (size_t i = 0; run && i < run->risk_count; i++)
		if (is_door(run->risks[i].risk))
			s.seen[s.count++] = &run->risks[i];
	return s;
}

struct row {
	const char *state, *why;
	const struct run_risk **seen;
	size_t count;
};

/* Screens that are open to everybody are doors that no ledger allows for. */
static bool
is_gateway(const struct run_risk *s)
{
	return str_starts(s->risk, STR("vpn-"));
}

static bool
is_at(const struct run_risk *s, const struct str *addresses, size_t count, struct str name)
{
	bool at = name.len && str_eq(s->asset, name);
	for (size_t k = 0; !at && k < count; k++)
		at = at_address(s, addresses[k]);
	return at;
}

/* What anybody saw answering at its addresses, though it does not say that it is a gateway. */
static void
services_find(struct request *r, const struct surface_run *run, const struct str *addresses, size_t n, struct row *out)
{
	size_t services;
	for (size_t i = 0; i < run->asset_count && !out->count; i++) {
		struct err e = { 0 };
		struct json *line;
		bool at = false;
		for (size_t k = 0; k < n && str_eq(run->assets[i].kind, STR("address")); k++)
			at |= str_eq(run->assets[i].name, addresses[k]);
		if (!at || !json_parse(&r->arena, run->assets[i].line, NULL, &line, &e))
			continue;
		const struct json *one = json_get_array(line, "services", &services);
		if (!services)
			continue;
		struct run_risk *s = ARENA_NEW(&r->arena, struct run_risk);
		struct str product = json_get_str(one, "product"), title = json_get_str(one, "title");
		*s = (struct run_risk){ .asset = json_get_str(one, "service"),
					.detail = product.len ? product : title,
					.source = json_get_str(one, "source") };
		if (!time_parse(json_get_str(one, "seen"), &s->seen))
			s->seen = 0;
		out->seen[out->count++] = s;
		out->why = "Something answers there, and does not say that it is a gateway.";
	}
}

static void
declared_judge(struct request *r, const struct surface_run *run, const struct surface_gateway *g, struct sight *s,
	       struct row *out)
{
	struct str addresses[ADDRESSES_MAX], name = thing_canonical(&r->arena, THING_NAME, g->address);
	size_t n = run ? addresses_of(r, run, g->address, addresses) : 0;
	*out = (struct row){ .state = run ? "not-seen" : "unknown",
			     .seen = ARENA_ARRAY(&r->arena, const struct run_risk *, s->count + 1) };
	for (size_t i = 0; i < s->count; i++) {
		if (!is_gateway(s->seen[i]) || !is_at(s->seen[i], addresses, n, name))
			continue;
		out->seen[out->count++] = s->seen[i];
		s->declared[i] = true;
		out->why = out->why ? out->why : difference(g, s->seen[i]->detail);
	}
	if (out->count)
		out->state = out->why ? "differs" : "seen";
	else if (run)
		services_find(r, run, addresses, n, out);
	if (out->count && strcmp(out->state, "not-seen") == 0)
		out->state = "seen";
}

static bool
gateways_write(struct request *r, const struct surface_run *run, struct page *page, struct err *e)
{
	struct surface_gateway *ledger;
	size_t count, n = 0;
	if (!surface_gateway_list(r->st, &r->arena, &ledger, &count, e))
		return false;
	struct sight s = sight_of(&r->arena, run);
	struct row *rows = ARENA_ARRAY(&r->arena, struct row, count + s.count + 1);
	struct surface_gateway *about = ARENA_ARRAY(&r->arena, struct surface_gateway, count + s.count + 1);
	struct str wanted = request_parameter(r, "state");
	for (size_t i = 0; i < count; i++) {
		declared_judge(r, run, &ledger[i], &s, &rows[n]);
		about[n] = ledger[i];
		n += surface_wanted(wanted, str_of(rows[n].state));
	}
	for (size_t i = 0; i < s.count; i++)
		if (!s.declared[i] && surface_wanted(wanted, STR("not-declared"))) {
			rows[n] = (struct row){ .state = "not-declared", .seen = &s.seen[i], .count = 1 };
			about[n++] = (struct surface_gateway){ 0 };
		}
	page->total = (int64_t)n;
	request_list_begin(r, page);
	for (int64_t i = page->offset; i < page->total && i < page->offset + page->limit; i++)
		gateway_write(r, &about[i], rows[i].state, rows[i].why, rows[i].seen, rows[i].count);
	request_list_end(r);
	return true;
}

bool
api_surface_gateways(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "state", NULL };
	struct surface_run *run = NULL;
	struct page page;
	int64_t newest;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e) ||
	    !surface_words_check(r, "state", "seen,not-seen,differs,not-declared,unknown", e) ||
	    !surface_runs_newest(r->app->surface, &newest, e) ||
	    (newest && !surface_run_borrow(r->app->surface, newest, &run, e)))
		return false;
	bool ok = gateways_write(r, run, &page, e);
	if (run)
		surface_run_return(r->app->surface, run);
	return ok;
}
