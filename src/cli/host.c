/* mamori host …: the managed machines. */
#include "cli/verbs.h"
#include "base/codec.h"

struct str
cli_when(struct cli *c, struct str rfc3339)
{
	int64_t ms;
	char text[TIME_RFC3339_MAX];
	if (!time_parse(rfc3339, &ms))
		return STR("–");
	return arena_str(c->arena, str_of(time_local(ms, text)));
}

void
cli_path(struct buf *path, const char *before, const char *part, const char *after)
{
	buf_add(path, str_of(before));
	percent_encode(path, str_of(part));
	buf_add(path, str_of(after));
}

void
cli_print_json(const struct json *value)
{
	BUF_AUTO line = { 0 };
	json_tree(&(struct json_writer){ .out = &line }, value);
	cli_print_line(&line);
}

static int
host_list_run(struct cli *c, int argc, char **argv)
{
	const char *group = NULL, *attention = NULL;
	const struct cli_option options[] = {
		{ "group", "NAME", "Only this department or ward", &group, NULL, NULL },
		{ "attention", "WHAT",
		  "Only hosts with: security, failed, silent, reboot, eol, kev, overdue, not-matched", &attention, NULL,
		  NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	BUF_AUTO path = { 0 };
	if (!cli_parse(c, &verb_host_list, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	buf_add(&path, STR("/api/v1/hosts"));
	cli_query(&path, "group", group);
	cli_query(&path, "attention", attention);
	struct json **items;
	size_t count;
	if (!cli_api_items(c, buf_cstr(&path), &items, &count, &e))
		return cli_fail(c, &e);
	static const char *const headers[] = { "HOST",     "GROUP",   "STATE", "SYSTEM",
					       "SECURITY", "PENDING", "KEV",   "LAST SEEN" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		const struct json *h = items[i];
		if (c->json) {
			cli_print_json(h);
			continue;
		}
		cli_table_cell(t, json_get_str(h, "name"));
		cli_table_cell(t, cli_or_dash(json_get_str(h, "group")));
		cli_table_cell(t, json_get_bool(h, "silent", false) ? str_of(tr("silent"))
								    : str_of(tr(json_get_str(h, "state").ptr)));
		cli_table_cell(t, json_get_str(json_get(h, "os"), "name"));
		cli_table_cellf(t, "%lld", (long long)json_get_i64(h, "security", 0));
		cli_table_cellf(t, "%lld", (long long)json_get_i64(h, "pending", 0));
		cli_table_cellf(t, "%lld", (long long)json_get_i64(json_get(h, "findings"), "kev", 0));
		cli_table_cell(t, cli_when(c, json_get_str(h, "last_seen")));
	}
	if (!c->json && count)
		cli_table_print(t);
	else if (!c->json)
		puts(tr("No hosts. Enrol one: mamori token create > token, then on it: mamori-agent enrol --token-file "
			"token"));
	return 0;
}

/* Verbs that do one thing to one host and show what became of it. */
static int
host_change(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *method, const char *suffix,
	    bool takes_group)
{
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, verb, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands != (takes_group ? 2 : 1)) {
		err_set(&e, ERR_USAGE, "usage: mamori %s %s", verb->name, verb->args);
		return cli_fail(c, &e);
	}
	struct str id;
	if (!cli_host_find(c, argv[0], &id, &e))
		return cli_fail(c, &e);
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	cli_path(&path, "/api/v1/hosts/", id.ptr, suffix);
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	if (takes_group)
		json_put_str(&w, "group", *argv[1] ? str_of(argv[1]) : STR_NONE);
	json_end_object(&w);
	struct json *answer;
	if (!cli_api(c, method, buf_cstr(&path), strcmp(method, "GET") == 0 ? STR_NONE : buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	if (c->json) {
		cli_print_json(answer);
		return 0;
	}
	struct str name = json_get_str(answer, "name"), sentence = json_get_str(answer, "sentence");
	printf("%.*s: %.*s\n", STR_ARG(name), STR_ARG(sentence));
	return 0;
}

static int
host_show_run(struct cli *c, int argc, char **argv)
{
	return host_change(c, &verb_host_show, argc, argv, "GET", "", false);
}

static int
host_approve_run(struct cli *c, int argc, char **argv)
{
	return host_change(c, &verb_host_approve, argc, argv, "POST", "/approve", false);
}

static int
host_revoke_run(struct cli *c, int argc, char **argv)
{
	return host_change(c, &verb_host_revoke, argc, argv, "POST", "/revoke", false);
}

static int
host_group_run(struct cli *c, int argc, char **argv)
{
	return host_change(c, &verb_host_group, argc, argv, "PATCH", "", true);
}

const struct cli_verb verb_host_list = {
	"host list", "", "List the managed machines", "  mamori host list --attention security", host_list_run,
};
const struct cli_verb verb_host_show = { "host show", "HOST", "Show one machine", NULL, host_show_run };
const struct cli_verb verb_host_approve = {
	"host approve", "HOST", "Let a pending machine in", NULL, host_approve_run,
};
const struct cli_verb verb_host_revoke = {
	"host revoke", "HOST", "Shut a machine out: its certificate is refused from now on", NULL, host_revoke_run,
};
const struct cli_verb verb_host_group = {
	"host group",
	"HOST GROUP",
	"Put a machine into a department or ward (\"\" for none)",
	"  mamori host group xray-2 radiology",
	host_group_run,
};
