/* mamori surface verdict|verdicts: what people decide about assets, and what discovery takes of it. */
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/result.h"

#define VERDICTS "/api/v1/surface/verdicts"

bool
surface_verdicts_fetch(struct cli *c, struct verdict **out, size_t *count, struct err *e)
{
	struct json **items;
	size_t n, kept = 0;
	*out = NULL;
	*count = 0;
	if (!file_exists(path_join(c->arena, c->data, "mamori.db"))) /* no server's folder */
		return true;
	if (!cli_api_items(c, VERDICTS, &items, &n, e))
		return err_wrap(e, "reading what was decided about assets");
	*out = ARENA_ARRAY(c->arena, struct verdict, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct verdict *v = &(*out)[kept];
		v->name = json_get_str(items[i], "name");
		kept += thing_parse(json_get_str(items[i], "kind"), &v->is) &&
			ownership_parse(json_get_str(items[i], "ownership"), &v->own);
	}
	*count = kept;
	return true;
}

/* As the newest run has it; STR_NONE: it does not know it. */
static struct str
seen_as(struct cli *c, struct str name, struct str *canonical)
{
	struct err e = { 0 };
	struct str lines, line;
	struct json *asset;
	int64_t number;
	if (!surface_run_number(c, NULL, &number, &e) || !surface_run_read(c, number, "assets.jsonl", &lines, &e))
		return STR_NONE;
	while (str_line(&lines, &line)) {
		if (!str_contains(line, name) || !json_parse(c->arena, line, NULL, &asset, &e))
			continue;
		*canonical = json_get_str(asset, "name");
		if (str_eq(*canonical, name) || str_eq(json_get_str(asset, "unicode"), name))
			return json_get_str(asset, "kind");
	}
	*canonical = name;
	return STR_NONE;
}

/* What it looks like: an organisation is never guessed. */
static struct str
looks_like(struct cli *c, struct str name)
{
	static const enum thing things[] = { THING_NETWORK, THING_ADDRESS, THING_AS, THING_CERTIFICATE };
	for (size_t i = 0; i < COUNT(things); i++)
		if ((things[i] != THING_NETWORK || str_find_char(name, '/') > 0) &&
		    thing_canonical(c->arena, things[i], name).len)
			return str_of(thing_name(things[i]));
	struct str domain = thing_canonical(c->arena, THING_DOMAIN, name);
	if (!domain.len)
		return STR_NONE;
	return str_of(
		thing_name(str_eq(domain, thing_canonical(c->arena, THING_NAME, name)) ? THING_DOMAIN : THING_NAME));
}

static bool
path_of(struct cli *c, const char *name, const char *kind, struct buf *path, struct err *e)
{
	struct str is = str_of(kind), canonical = str_of(name);
	if (!kind)
		is = seen_as(c, str_of(name), &canonical);
	if (!is.len)
		is = looks_like(c, canonical);
	if (!is.len)
		return err_set(e, ERR_USAGE, "say what “%s” is: --kind organisation", name);
	cli_path(path, VERDICTS "/", arena_printf(c->arena, "%.*s:%.*s", STR_ARG(is), STR_ARG(canonical)).ptr, "");
	return true;
}

static int
verdict_run(struct cli *c, int argc, char **argv)
{
	const char *reason = NULL, *kind = NULL;
	const struct cli_option options[] = {
		{ "reason", "TEXT", "Why: kept in the audit log", &reason, NULL, NULL },
		{ "kind", "KIND",
		  "What it is, where no run has seen it: domain, host, address, network, as, "
		  "certificate, organisation",
		  &kind, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_surface_verdict, options, COUNT(options), argc, argv, 2, 2, &n, &e) ||
	    !path_of(c, argv[0], kind, &path, &e))
		return cli_fail(c, &e);
	if (strcmp(argv[1], "candidate") == 0)
		return cli_send(c, "DELETE", buf_cstr(&path), STR_NONE,
				"Taken back: from the next run on the evidence decides again.");
	json_begin_object(&w);
	json_put_cstr(&w, "ownership", argv[1]);
	cli_put(&w, "reason", reason);
	json_end_object(&w);
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body),
			"Decided: every run from the next one on follows it.");
}

static int
verdicts_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "KIND", "kind", CELL_WORD },
		{ "NAME", "name", CELL_TEXT },
		{ "OWNERSHIP", "ownership", CELL_OWNERSHIP },
		{ "BY", "by", CELL_TEXT },
		{ "WHEN", "at", CELL_TIME },
		{ "REASON", "reason", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_surface_verdicts, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, VERDICTS, columns, COUNT(columns), "Nobody has decided anything about an asset.");
}

const struct cli_verb verb_surface_verdict = {
	"surface verdict",
	"NAME approved|dependency|monitor|excluded|candidate",
	"Decide whose an asset is; the next run follows it\n"
	"excluded takes with it what hung on it alone; candidate takes the decision back.",
	"mamori surface verdict example.net excluded --reason 'sold in 2024'\n"
	"mamori surface verdict 198.51.100.0/24 approved\n"
	"mamori surface verdict example.net candidate",
	verdict_run,
	false,
};
const struct cli_verb verb_surface_verdicts = {
	"surface verdicts", "", "What people decided about assets", NULL, verdicts_run, false,
};
