/* mamori surface confirm: a look at hosts of one's own, one by one, because a person names them. */
#include "base/sentence.h"
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/ask.h"
#include "surface/result.h"

#include <stdio.h>

enum { HOSTS_MAX = 100, PORT = 443 };

struct confirming {
	struct cli *c;
	struct cli_table *table; /* NULL: --json */
	size_t failed;
};

/* ---- whether it may be looked at ---- */

static bool
named(const struct json *asset, struct str name)
{
	struct str kind = json_get_str(asset, "kind");
	return (str_eq(json_get_str(asset, "name"), name) || str_eq(json_get_str(asset, "unicode"), name)) &&
	       (str_eq(kind, STR("host")) || str_eq(kind, STR("domain")) || str_eq(kind, STR("address")));
}

/* A contractor's things are looked at where it is written down who agreed. */
static bool
agreed(struct cli *c, int64_t run, const struct json *asset, struct err *e)
{
	struct seeds seeds = { .arena = c->arena };
	struct str text, company = json_get_str(asset, "company"), name = json_get_str(asset, "name");
	if (!str_eq(json_get_str(asset, "owner"), STR("contractor")))
		return true;
	if (!surface_run_read(c, run, "run.json", &text, e) || !result_seeds(text, &seeds, e))
		return false;
	for (size_t i = 0; i < seeds.count; i++)
		if (seeds.items[i].owner == SEED_CONTRACTOR && str_eq(seeds.items[i].company, company) &&
		    !seed_may_expand(&seeds.items[i], NULL))
			return err_set(
				e, ERR_REFUSED,
				"%.*s is a contractor's, and nobody is written down who agreed: mamori surface seed "
				"add … --consent-by NAME --consent-at DAY",
				STR_ARG(name));
	return true;
}

static bool
may_look(struct cli *c, int64_t run, const struct json *asset, struct err *e)
{
	struct str ownership = json_get_str(asset, "ownership"), name = json_get_str(asset, "name");
	if (!str_eq(ownership, STR("approved")))
		return err_set(
			e, ERR_REFUSED,
			"nothing is sent to %.*s: it is not approved as ours, but %.*s. Where it is ours, say so "
			"(mamori surface verdict %.*s approved) and begin a new run",
			STR_ARG(name), STR_ARG(ownership), STR_ARG(name));
	return agreed(c, run, asset, e);
}

/* Its address as the run knows it: nobody is asked for another one. */
static bool
question_of(struct cli *c, const struct json *asset, struct str *what, struct err *e)
{
	size_t count = 0;
	struct str name = json_get_str(asset, "name"), address = name;
	if (!str_eq(json_get_str(asset, "kind"), STR("address"))) {
		const struct json *list = json_get_array(asset, "addresses", &count);
		if (!count)
			return err_set(e, ERR_NOT_FOUND, "the run knows no address of %.*s", STR_ARG(name));
		address = list[0].text;
	}
	*what = arena_printf(c->arena, "%.*s %.*s %d", STR_ARG(name), STR_ARG(address), PORT);
	return true;
}

static bool
host_find(struct cli *c, int64_t run, struct str lines, const char *host, struct str *what, struct err *e)
{
	struct str line;
	while (str_line(&lines, &line)) {
		struct json *asset;
		if (!str_contains(line, str_of(host)))
			continue;
		if (!json_parse(c->arena, line, NULL, &asset, e))
			return false;
		if (named(asset, str_of(host)))
			return may_look(c, run, asset, e) && question_of(c, asset, what, e);
	}
	return err_set(e, ERR_REFUSED,
		       "nothing is sent to %s: run %lld does not know it as ours; see: mamori surface assets", host,
		       (long long)run);
}

/* ---- what came of it ---- */

static struct str
header_of(const struct json *look, struct str wanted)
{
	size_t count = 0;
	const struct json *headers = json_get_array(look, "headers", &count);
	for (size_t i = 0; i < count; i++) {
		struct str name, value;
		if (str_split(headers[i].text, ':', &name, &value) && str_eq_nocase(name, wanted))
			return str_trim(value);
	}
	return STR_NONE;
}

static void
look_print(struct confirming *x, const struct answer *a, const struct json *look)
{
	struct str host, address, port, what = a->question->what;
	(void)str_word(&what, &host);
	(void)str_word(&what, &address);
	(void)str_word(&what, &port);
	cli_table_cell(x->table, host);
	cli_table_cellf(x->table, "%.*s:%.*s", STR_ARG(address), STR_ARG(port));
	cli_table_cell(x->table, cli_or_dash(json_get_str(look, "protocol")));
	cli_table_cellf(x->table, "%d", a->http_status);
	cli_table_cell(x->table, cli_or_dash(header_of(look, STR("server"))));
	cli_table_cell(x->table, a->kind == ANSWER_DATA ? STR("–") : tr_sentence(x->c->arena, a->why));
}

static void
look_json(const struct answer *a, const struct json *look)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct str what = a->question->what, host = STR_NONE, address = STR_NONE;
	struct str server = header_of(look, STR("server"));
	(void)str_word(&what, &host);
	(void)str_word(&what, &address);
	json_begin_object(&w);
	json_put_str(&w, "host", host);
	json_put_str(&w, "address", address);
	json_put_bool(&w, "answered", a->kind == ANSWER_DATA);
	json_put_i64(&w, "status", a->http_status);
	json_put_str(&w, "protocol", json_get_str(look, "protocol"));
	json_put_str(&w, "cipher", json_get_str(look, "cipher"));
	json_put_str(&w, "server", server.len ? server : STR_NONE);
	json_put_time(&w, "seen", a->at);
	json_put_str(&w, "why", a->why.len ? a->why : STR_NONE);
	json_end_object(&w);
	cli_print_line(&out);
}

static void
on_answer(void *user, void *tag, const struct answer *a)
{
	struct confirming *x = user;
	struct json *look = NULL;
	struct err ignored = { 0 };
	(void)tag;
	if (a->kind != ANSWER_DATA || !json_parse(x->c->arena, a->body, NULL, &look, &ignored))
		x->failed++;
	if (x->table)
		look_print(x, a, look);
	else
		look_json(a, look);
}

static bool
look_at(struct cli *c, const struct str *what, size_t count, size_t *failed, struct err *e)
{
	static const char *const headers[] = { "HOST", "ADDRESS", "TLS", "STATUS", "SERVER", "WHY" };
	struct sources sources;
	struct asker *k;
	struct confirming x = { .c = c, .table = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers)) };
	sources_default(&sources);
	const struct asker_options o = { .folder = path_join(c->arena, c->data, "surface"),
					 .sources = &sources,
					 .clock = c->clock,
					 .again = true,
					 .confirm = true,
					 .done = on_answer,
					 .user = &x };
	if (!asker_open(&o, &k, e))
		return false;
	for (size_t i = 0; i < count; i++)
		asker_put(k, SERVICE_CONFIRM, what[i], NULL);
	bool ok = asker_run(k, e);
	asker_close(k);
	cli_give(c, "surface");
	if (ok && x.table)
		cli_table_print(x.table);
	*failed = x.failed;
	return ok;
}

static int
confirm_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct str lines, what[HOSTS_MAX] = { 0 };
	int64_t run;
	size_t failed;
	int n;
	if (!cli_words(c, &verb_surface_confirm, NULL, 0, argc, argv, 1, HOSTS_MAX, &n, &e) ||
	    !surface_run_number(c, NULL, &run, &e) || !surface_run_read(c, run, "assets.jsonl", &lines, &e))
		return cli_fail(c, &e);
	/* All of them may be looked at, or none is. */
	for (int i = 0; i < n; i++)
		if (!host_find(c, run, lines, argv[i], &what[i], &e))
			return cli_fail(c, &e);
	if (!look_at(c, what, (size_t)n, &failed, &e))
		return cli_fail(c, &e);
	if (!c->json)
		puts(tr("Kept, and written into the log. The next run counts it: mamori surface discover --offline"));
	return failed ? err_exit_status(&(struct err){ .code = ERR_UNREACHABLE }) : 0;
}

const struct cli_verb verb_surface_confirm = {
	"surface confirm",
	"HOST…",
	"Look once at a host of ours: one TLS handshake and one GET\n"
	"The only words that send anything to what was found, and only to what the newest run has as approved: to the "
	"address that it knows, port 443, once for each host that is named. It is written into the log before it "
	"leaves; "
	"the next run counts what was seen.",
	"mamori surface confirm vpn.example.co.jp",
	confirm_run,
	false,
};
