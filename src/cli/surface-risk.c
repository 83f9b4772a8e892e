/* mamori surface risk: who fixes what, and what became of it. */
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"

#define RISKS "/api/v1/surface/risks"

struct words {
	const char *status, *assignee, *until, *reason, *detail;
	bool gone;
};

static struct str
state(const struct json *row, const char *key)
{
	return json_get_str(json_get(row, "state"), key);
}

static struct str
word(struct cli *c, struct str s)
{
	return s.len ? str_of(tr(arena_cstr(c->arena, s))) : STR("–");
}

static bool
list(struct cli *c, const struct words *w, struct err *e)
{
	static const char *const headers[] = {
		"SEVERITY", "RISK", "ASSET", "DETAIL", "STATUS", "WHO", "UNTIL", "NOTE"
	};
	struct json **rows;
	size_t count;
	BUF_AUTO path = { 0 };
	buf_add(&path, STR(RISKS));
	cli_query(&path, "status", w->status);
	cli_query(&path, "assignee", w->assignee);
	cli_query(&path, "gone", w->gone ? "true" : NULL);
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, e))
		return false;
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		if (c->json) {
			cli_print_json(rows[i]);
			continue;
		}
		cli_table_cell(t, word(c, json_get_str(rows[i], "severity")));
		cli_table_cell(t, json_get_str(rows[i], "risk"));
		cli_table_cell(t, json_get_str(rows[i], "asset"));
		cli_table_cell(t, cli_or_dash(json_get_str(rows[i], "detail")));
		cli_table_cell(t, word(c, state(rows[i], "status")));
		cli_table_cell(t, cli_or_dash(state(rows[i], "assignee")));
		cli_table_cell(t, cli_when(c, state(rows[i], "accepted_until")));
		cli_table_cell(t, cli_or_dash(state(rows[i], "note")));
	}
	if (!c->json && count)
		cli_table_print(t);
	else if (!c->json)
		puts(tr("Nothing of that kind has to be fixed."));
	return true;
}

/* Which one is meant, where the detail is not given: the only one that the newest run or an earlier one has. */
static bool
detail_find(struct cli *c, const char *risk, const char *asset, const char *gone, struct str *detail, size_t *found,
	    struct err *e)
{
	struct json **rows;
	size_t count;
	BUF_AUTO path = { 0 };
	buf_add(&path, STR(RISKS));
	cli_query(&path, "risk", risk);
	cli_query(&path, "q", asset);
	cli_query(&path, "gone", gone);
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(json_get_str(rows[i], "asset"), str_of(asset)))
			continue;
		*detail = json_get_str(rows[i], "detail");
		++*found;
	}
	return true;
}

static bool
detail_of(struct cli *c, char **argv, const struct words *w, struct str *detail, struct err *e)
{
	size_t found = 0;
	*detail = str_of(w->detail ? w->detail : "");
	if (w->detail)
		return true;
	if (!detail_find(c, argv[0], argv[1], NULL, detail, &found, e) ||
	    (!found && !detail_find(c, argv[0], argv[1], "true", detail, &found, e)))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "no run has told of the risk %s on %s; see: mamori surface risk",
			       argv[0], argv[1]);
	return found == 1 ||
	       err_set(e, ERR_INPUT, "%s has %zu risks %s: say which with --detail", argv[1], found, argv[0]);
}

static int
history(struct cli *c, const char *risk, const char *asset, struct str detail)
{
	static const struct cli_column columns[] = {
		{ "WHEN", "at", CELL_TIME },      { "BY", "by", CELL_TEXT },     { "STATUS", "status", CELL_WORD },
		{ "WHO", "assignee", CELL_TEXT }, { "NOTE", "note", CELL_TEXT },
	};
	BUF_AUTO path = { 0 };
	cli_path(&path, RISKS "/", risk, "/history");
	cli_query(&path, "asset", asset);
	cli_query(&path, "detail", detail.len ? arena_cstr(c->arena, detail) : NULL);
	return cli_show_list(c, buf_cstr(&path), columns, COUNT(columns), "Nothing was decided about it yet.");
}

static int
set(struct cli *c, char **argv, struct str detail, const struct words *w)
{
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	cli_path(&path, RISKS "/", argv[0], "");
	json_begin_object(&j);
	json_put_cstr(&j, "asset", argv[1]);
	json_put_str(&j, "detail", detail.ptr ? detail : STR(""));
	cli_put(&j, "status", w->status);
	cli_put(&j, "assignee", w->assignee);
	cli_put(&j, "until", w->until);
	cli_put(&j, "reason", w->reason);
	json_end_object(&j);
	bool done = w->status && strcmp(w->status, "done") == 0;
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body),
			done ? "Noted; a later run shows whether it is gone." : "Noted.");
}

static int
risk_run(struct cli *c, int argc, char **argv)
{
	struct words w = { 0 };
	const struct cli_option options[] = {
		{ "status", "STATUS", "open, in-progress, accepted (with --until) or done", &w.status, NULL, NULL },
		{ "assignee", "NAME", "Who fixes it", &w.assignee, NULL, NULL },
		{ "until", "DAY", "Until when it is accepted; then it is open again", &w.until, NULL, NULL },
		{ "reason", "TEXT", "Why: kept in the audit log", &w.reason, NULL, NULL },
		{ "detail", "TEXT", "Which one, where an asset has several of the same risk", &w.detail, NULL, NULL },
		{ "gone", NULL, "Only those that the newest run shows no more", NULL, &w.gone, NULL },
	};
	struct err e = { 0 };
	struct str detail;
	int n;
	if (!cli_words(c, &verb_surface_risk, options, COUNT(options), argc, argv, 0, 2, &n, &e))
		return cli_fail(c, &e);
	if (n == 0)
		return list(c, &w, &e) ? 0 : cli_fail(c, &e);
	if (n == 1)
		return cli_fail(c, (err_set(&e, ERR_USAGE, "usage: mamori %s %s", verb_surface_risk.name,
					    verb_surface_risk.args),
				    &e));
	if (!detail_of(c, argv, &w, &detail, &e))
		return cli_fail(c, &e);
	if (!w.status && !w.assignee && !w.until)
		return history(c, argv[0], argv[1], detail);
	return set(c, argv, detail, &w);
}

const struct cli_verb verb_surface_risk = {
	"surface risk",
	"[RISK ASSET]",
	"Who fixes what must be fixed, and what became of it\n"
	"Without words: all of them, with status. With a risk and an asset: what was decided about it, or with "
	"options, "
	"what is decided now. What is done counts once a later run shows it no more; seen again it is open again.",
	"mamori surface risk --status open\n"
	"mamori surface risk vpn-gateway '192.0.2.1 443/tcp' --status in-progress --assignee sato\n"
	"mamori surface risk dmarc-missing example.jp --status accepted --until 2027-03-31 --reason 'moves in March'",
	risk_run,
	false,
};

/* ---- after a run ---- */

void
surface_tell(struct cli *c)
{
	struct err e = { 0 };
	struct json *answer;
	if (!file_exists(path_join(c->arena, c->data, "mamori.db"))) /* no server's folder */
		return;
	if (!cli_api(c, "POST", "/api/v1/surface/told", STR("{}"), &answer, &e)) {
		fprintf(stderr, tr("mamori: the run is kept, but the server does not know of it yet: %s\n"), e.text);
		return;
	}
	long long back = (long long)json_get_i64(answer, "back", 0),
		  expired = (long long)json_get_i64(answer, "expired", 0);
	if (c->json)
		return;
	if (back) {
		printf(tr("Risks that were done and were seen again: %lld."), back);
		putchar('\n');
	}
	if (expired) {
		printf(tr("Risks whose acceptance has ended: %lld."), expired);
		putchar('\n');
	}
}
