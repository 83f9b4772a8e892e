/* mamori surface assets|show|risks: what a run found. */
#include "base/table.h"
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/result.h"

#include <stdio.h>

enum { ASSETS_MAX = 1 << 30 };

/* ---- a run ---- */

bool
surface_run_number(struct cli *c, const char *told, int64_t *number, struct err *e)
{
	const char *folder = path_join(c->arena, c->data, "surface");
	if (told && (!str_to_i64(str_of(told), number) || *number < 1))
		return err_set(e, ERR_USAGE, "“%s” is no number of a run", told);
	if (!told && !result_newest(folder, number, e))
		return false;
	if (!told && !*number)
		return err_set(e, ERR_NOT_FOUND, "there is no run yet: mamori surface discover --seed example.co.jp");
	return file_exists(result_path(c->arena, folder, *number, "assets.jsonl")) ||
	       err_set(e, ERR_NOT_FOUND, "there is no run %lld; the runs are in %s/runs", (long long)*number, folder);
}

bool
surface_run_read(struct cli *c, int64_t number, const char *file, struct str *lines, struct err *e)
{
	BUF_AUTO text = { 0 };
	const char *folder = path_join(c->arena, c->data, "surface");
	if (!file_read(result_path(c->arena, folder, number, file), ASSETS_MAX, &text, e))
		return false;
	*lines = arena_str(c->arena, buf_str(&text));
	return true;
}

/* ---- assets ---- */

struct filter {
	const char *ownership, *kind, *owner;
};

static bool
listed(struct str list, struct str word)
{
	struct str one;
	while (str_cut(&list, ',', &one))
		if (str_eq(str_trim(one), word))
			return true;
	return false;
}

static bool
wanted(const struct filter *f, const struct json *asset)
{
	return (!f->ownership || listed(str_of(f->ownership), json_get_str(asset, "ownership"))) &&
	       (!f->kind || listed(str_of(f->kind), json_get_str(asset, "kind"))) &&
	       (!f->owner || listed(str_of(f->owner), json_get_str(asset, "owner")));
}

/* A misspelled filter would quietly find nothing. */
static bool
filter_check(const struct filter *f, struct err *e)
{
	static const char kinds[] = "domain,host,address,network,as,certificate,organisation";
	struct str rest = str_of(f->ownership ? f->ownership : ""), one;
	enum ownership o;
	while (str_cut(&rest, ',', &one))
		if (!ownership_parse(str_trim(one), &o))
			return err_set(
				e, ERR_USAGE,
				"--ownership takes approved, candidate, dependency, monitor and excluded, not “%.*s”",
				STR_ARG(one));
	for (rest = str_of(f->kind ? f->kind : ""); str_cut(&rest, ',', &one);)
		if (!listed(str_of(kinds), str_trim(one)))
			return err_set(e, ERR_USAGE, "--kind takes %s, not “%.*s”", kinds, STR_ARG(one));
	for (rest = str_of(f->owner ? f->owner : ""); str_cut(&rest, ',', &one);)
		if (!listed(STR("self,group,contractor"), str_trim(one)))
			return err_set(e, ERR_USAGE, "--owner takes self, group and contractor, not “%.*s”",
				       STR_ARG(one));
	return true;
}

static struct str
word(struct cli *c, struct str s)
{
	return str_of(tr(arena_cstr(c->arena, s)));
}

static void
row(struct cli *c, struct cli_table *t, const struct json *asset)
{
	size_t steps;
	const struct json *path = json_get_array(asset, "path", &steps);
	struct str unicode = json_get_str(asset, "unicode");
	cli_table_cell(t, word(c, json_get_str(asset, "kind")));
	cli_table_cell(t, unicode.len ? unicode : json_get_str(asset, "name"));
	cli_table_cell(t, cli_ownership(c, json_get_str(asset, "ownership")));
	cli_table_cellf(t, "%.0f %%", 100 * json_get_double(asset, "confidence", 0));
	cli_table_cell(t, steps ? json_get_str(&path[steps - 1], "rule") : STR_NONE);
	cli_table_cell(t, cli_or_dash(steps ? json_get_str(&path[steps - 1], "from") : STR_NONE));
}

static bool
assets_show(struct cli *c, struct str lines, const struct filter *f, struct err *e)
{
	static const char *const headers[] = { "KIND", "NAME", "OWNERSHIP", "SURE", "RULE", "FROM" };
	struct cli_table *t = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	struct str line;
	size_t rows = 0;
	while (str_line(&lines, &line)) {
		struct json *asset;
		if (!json_parse(c->arena, line, NULL, &asset, e))
			return false;
		if (!wanted(f, asset))
			continue;
		rows++;
		if (t)
			row(c, t, asset);
		else
			printf("%.*s\n", (int)line.len, line.ptr);
	}
	if (t && rows)
		cli_table_print(t);
	else if (t)
		printf("%s\n", tr("No asset is of that kind."));
	return true;
}

static int
assets_run(struct cli *c, int argc, char **argv)
{
	struct filter f = { 0 };
	const char *run = NULL;
	const struct cli_option options[] = {
		{ "ownership", "LIST", "Only approved, candidate, dependency, monitor, excluded", &f.ownership, NULL,
		  NULL },
		{ "kind", "LIST", "Only domain, host, address, network, as, certificate, organisation", &f.kind, NULL,
		  NULL },
		{ "owner", "LIST", "Only self, group, contractor", &f.owner, NULL, NULL },
		{ "run", "N", "Of this run instead of the newest", &run, NULL, NULL },
	};
	struct err e = { 0 };
	struct str lines;
	int64_t number;
	int n;
	if (!cli_words(c, &verb_surface_assets, options, COUNT(options), argc, argv, 0, 0, &n, &e) ||
	    !filter_check(&f, &e) || !surface_run_number(c, run, &number, &e) ||
	    !surface_run_read(c, number, "assets.jsonl", &lines, &e) || !assets_show(c, lines, &f, &e))
		return cli_fail(c, &e);
	return 0;
}

const struct cli_verb verb_surface_assets = {
	"surface assets",
	"",
	"What the last run found, each with its ownership and the fact it came in over",
	"mamori surface assets --ownership candidate\nmamori surface assets --kind host --json",
	assets_run,
	false,
};

/* ---- one of them ---- */

static void
reasons_show(struct cli *c, const struct json *asset, const char *key, const char *title)
{
	static const char *const headers[] = { "FROM", "RULE", "SOURCE", "SEEN", "EVIDENCE" };
	size_t count;
	const struct json *items = json_get_array(asset, key, &count);
	if (!count)
		return;
	printf("\n%s\n", title);
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		cli_table_cell(t, cli_or_dash(json_get_str(&items[i], "from")));
		cli_table_cell(t, json_get_str(&items[i], "rule"));
		cli_table_cell(t, json_get_str(&items[i], "source"));
		cli_table_cell(t, cli_when(c, json_get_str(&items[i], "seen")));
		cli_table_cell(t, word(c, json_get_str(&items[i], "evidence")));
	}
	cli_table_print(t);
}

static bool
asset_find(struct cli *c, struct str lines, struct str name, struct str *found, struct json **asset, struct err *e)
{
	struct str line;
	while (str_line(&lines, &line)) {
		if (!str_contains(line, name))
			continue;
		if (!json_parse(c->arena, line, NULL, asset, e))
			return false;
		if (str_eq(json_get_str(*asset, "name"), name) || str_eq(json_get_str(*asset, "unicode"), name)) {
			*found = line;
			return true;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "the run has no asset “%.*s”; see: mamori surface assets", STR_ARG(name));
}

static int
show_run(struct cli *c, int argc, char **argv)
{
	const char *run = NULL;
	const struct cli_option options[] = {
		{ "run", "N", "Of this run instead of the newest", &run, NULL, NULL },
	};
	struct err e = { 0 };
	struct str lines, line = STR_NONE;
	struct json *asset = NULL;
	int64_t number;
	int n;
	if (!cli_words(c, &verb_surface_show, options, COUNT(options), argc, argv, 1, 1, &n, &e) ||
	    !surface_run_number(c, run, &number, &e) || !surface_run_read(c, number, "assets.jsonl", &lines, &e) ||
	    !asset_find(c, lines, str_of(argv[0]), &line, &asset, &e))
		return cli_fail(c, &e);
	if (c->json) {
		printf("%.*s\n", (int)line.len, line.ptr);
		return 0;
	}
	struct str kind = word(c, json_get_str(asset, "kind")),
		   own = cli_ownership(c, json_get_str(asset, "ownership"));
	printf("%s  %.*s  %.*s  %.0f %%\n", argv[0], STR_ARG(kind), STR_ARG(own),
	       100 * json_get_double(asset, "confidence", 0));
	reasons_show(c, asset, "path", tr("From the start to here:"));
	reasons_show(c, asset, "evidence", tr("Everything that speaks for it:"));
	return 0;
}

const struct cli_verb verb_surface_show = {
	"surface show",
	"NAME",
	"One asset: the path of evidence that leads to it",
	"mamori surface show vpn.example.co.jp",
	show_run,
	false,
};

/* ---- what must be fixed ---- */

static bool
severity_check(const char *list, struct err *e)
{
	struct str rest = str_of(list ? list : ""), one;
	while (str_cut(&rest, ',', &one))
		if (!listed(STR("critical,high,medium,low,info"), str_trim(one)))
			return err_set(e, ERR_USAGE,
				       "--severity takes critical, high, medium, low and info, not “%.*s”",
				       STR_ARG(one));
	return true;
}

/* What a run tells must be fixed, and what people decided about it where a server keeps that. */
struct risk_list {
	const char *severity, *owner, *status, *assignee;
	struct table states; /* its name → struct json: the API's "state" */
	bool known; /* a server keeps states */
};

static struct str
risk_key(struct cli *c, const struct json *risk)
{
	struct str name = json_get_str(risk, "risk"), asset = json_get_str(risk, "asset");
	struct str detail = json_get_str(risk, "detail");
	return arena_printf(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(name), STR_ARG(asset), STR_ARG(detail));
}

/* Without a server's folder nobody decided anything, and a filter by that would quietly find all or nothing. */
static bool
states_fetch(struct cli *c, int64_t run, struct risk_list *l, struct err *e)
{
	struct json **rows = NULL;
	size_t count = 0;
	BUF_AUTO path = { 0 };
	l->known = file_exists(path_join(c->arena, c->data, "mamori.db"));
	if (!l->known)
		return (!l->status && !l->assignee) ||
		       err_set(e, ERR_USAGE,
			       "%s is no server's folder, so nobody decided anything about risks there: leave --status "
			       "and --assignee out, or begin with mamori init --data %s",
			       c->data, c->data);
	buf_addf(&path, "/api/v1/surface/risks?run=%lld", (long long)run);
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, e))
		return err_wrap(e, "reading what was decided about risks");
	for (size_t i = 0; i < count; i++)
		*table_put(&l->states, risk_key(c, rows[i]), NULL) =
			(void *)(uintptr_t)json_get(rows[i], "state"); /* read only */
	return true;
}

static struct str
status_of(const struct json *state)
{
	struct str status = json_get_str(state, "status");
	return status.len ? status : STR("open");
}

static bool
risk_wanted(const struct risk_list *l, const struct json *risk, const struct json *state)
{
	return (!l->severity || listed(str_of(l->severity), json_get_str(risk, "severity"))) &&
	       (!l->owner || listed(str_of(l->owner), json_get_str(risk, "owner"))) &&
	       (!l->status || listed(str_of(l->status), status_of(state))) &&
	       (!l->assignee || str_eq(json_get_str(state, "assignee"), str_of(l->assignee)));
}

static void
risk_json(const struct json *risk, const struct json *state, bool known)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	for (size_t i = 0; i < risk->count; i++) {
		json_key_str(&w, risk->key[i]);
		json_tree(&w, &risk->item[i]);
	}
	if (known) {
		json_key(&w, "state");
		if (state)
			json_tree(&w, state);
		else
			json_null(&w);
	}
	json_end_object(&w);
	cli_print_line(&out);
}

static void
risk_row(struct cli *c, struct cli_table *t, const struct json *risk, const struct json *state, bool known)
{
	cli_table_cell(t, word(c, json_get_str(risk, "severity")));
	cli_table_cell(t, word(c, json_get_str(risk, "says")));
	cli_table_cell(t, json_get_str(risk, "asset"));
	cli_table_cell(t, cli_or_dash(json_get_str(risk, "detail")));
	cli_table_cell(t, cli_when(c, json_get_str(risk, "seen")));
	if (known) {
		cli_table_cell(t, word(c, status_of(state)));
		cli_table_cell(t, cli_or_dash(json_get_str(state, "assignee")));
		cli_table_cell(t, cli_when(c, json_get_str(state, "accepted_until")));
	}
	cli_table_cell(t, word(c, json_get_str(risk, "act")));
}

static struct cli_table *
risk_table(struct cli *c, bool known)
{
	static const char *const plain[] = { "SEVERITY", "RISK", "ASSET", "DETAIL", "SEEN", "DO" };
	static const char *const decided[] = { "SEVERITY", "RISK", "ASSET", "DETAIL", "SEEN",
					       "STATUS",   "WHO",  "UNTIL", "DO" };
	return known ? cli_table_new(c->arena, decided, COUNT(decided)) : cli_table_new(c->arena, plain, COUNT(plain));
}

static bool
risks_show(struct cli *c, struct str lines, struct risk_list *l, struct err *e)
{
	struct cli_table *t = c->json ? NULL : risk_table(c, l->known);
	struct str line;
	size_t rows = 0;
	while (str_line(&lines, &line)) {
		struct json *risk;
		if (!json_parse(c->arena, line, NULL, &risk, e))
			return false;
		const struct json *state = l->known ? table_get(&l->states, risk_key(c, risk)) : NULL;
		if (!risk_wanted(l, risk, state))
			continue;
		rows++;
		if (t)
			risk_row(c, t, risk, state, l->known);
		else
			risk_json(risk, state, l->known);
	}
	if (t && rows)
		cli_table_print(t);
	else if (t)
		printf("%s\n", tr("Nothing of that kind has to be fixed."));
	return true;
}

static bool
status_check(const char *list, struct err *e)
{
	struct str rest = str_of(list ? list : ""), one;
	while (str_cut(&rest, ',', &one))
		if (!listed(STR("open,in-progress,accepted,done"), str_trim(one)))
			return err_set(e, ERR_USAGE, "--status takes open, in-progress, accepted and done, not “%.*s”",
				       STR_ARG(one));
	return true;
}

static int
risks_run(struct cli *c, int argc, char **argv)
{
	const char *run = NULL;
	struct risk_list l = { 0 };
	const struct cli_option options[] = {
		{ "severity", "LIST", "Only critical, high, medium, low, info", &l.severity, NULL, NULL },
		{ "owner", "LIST", "Only self, group, contractor", &l.owner, NULL, NULL },
		{ "status", "LIST", "Only open, in-progress, accepted, done", &l.status, NULL, NULL },
		{ "assignee", "NAME", "Only what this person fixes", &l.assignee, NULL, NULL },
		{ "run", "N", "Of this run instead of the newest", &run, NULL, NULL },
	};
	struct filter f = { 0 };
	struct err e = { 0 };
	struct str lines;
	int64_t number;
	int n;
	if (!cli_words(c, &verb_surface_risks, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	f.owner = l.owner;
	bool ok = severity_check(l.severity, &e) && filter_check(&f, &e) && status_check(l.status, &e) &&
		  surface_run_number(c, run, &number, &e) && surface_run_read(c, number, "risks.jsonl", &lines, &e) &&
		  states_fetch(c, number, &l, &e) && risks_show(c, lines, &l, &e);
	table_free(&l.states);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_surface_risks = {
	"surface risks",
	"",
	"What must be fixed, with what was seen by whom and when, and what to do",
	"mamori surface risks --severity critical,high\nmamori surface risks --status open --assignee sato\n"
	"mamori surface risks --owner contractor --json",
	risks_run,
	false,
};
