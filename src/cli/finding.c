/* mamori finding …: what is vulnerable in the fleet, and by when to act. */
#include "base/table.h"
#include "cli/verbs.h"

static void
row_cells(struct cli_table *t, const struct json *f)
{
	struct str due = str_head(json_get_str(f, "due"), 10);
	cli_table_cell(t, json_get_str(json_get(f, "host"), "name"));
	cli_table_cell(t, json_get_str(f, "vulnerability"));
	cli_table_cell(t, str_of(tr(json_get_str(f, "action").ptr)));
	if (due.len && json_get_bool(f, "overdue", false))
		cli_table_cellf(t, tr("%.*s (overdue)"), STR_ARG(due));
	else
		cli_table_cell(t, cli_or_dash(due));
	cli_table_cell(t, str_of(json_get_bool(f, "kev", false) ? tr("exploited") : ""));
	cli_table_cell(t, str_of(tr(json_get_str(f, "severity").ptr)));
	cli_table_cell(t, json_get_str(f, "package"));
	cli_table_cell(t, json_get_str(f, "installed"));
	cli_table_cell(t, cli_or_dash(json_get_str(f, "fixed")));
	cli_table_cell(t, cli_or_dash(json_get_str(f, "action_why")));
}

static void
summary(struct json **rows, size_t count)
{
	TABLE_AUTO hosts = { 0 };
	TABLE_AUTO vulnerabilities = { 0 };
	size_t overdue = 0;
	for (size_t i = 0; i < count; i++) {
		table_put(&hosts, json_get_str(json_get(rows[i], "host"), "id"), NULL);
		table_put(&vulnerabilities, json_get_str(rows[i], "vulnerability"), NULL);
		overdue += json_get_bool(rows[i], "overdue", false);
	}
	printf("\n");
	printf(tr("Findings: %zu, vulnerabilities: %zu, hosts: %zu, past their due date: %zu."), count,
	       vulnerabilities.count, hosts.count, overdue);
	printf("\n");
}

static bool
path_build(struct cli *c, const char *host, struct buf *path, struct err *e)
{
	struct str id = STR_NONE;
	if (host && !cli_host_find(c, host, &id, e))
		return false;
	buf_add(path, STR("/api/v1/findings?sort=due"));
	if (id.len)
		buf_addf(path, "&host=%.*s", STR_ARG(id));
	return true;
}

static int
finding_list_run(struct cli *c, int argc, char **argv)
{
	const char *host = NULL, *vulnerability = NULL, *patch = NULL, *group = NULL, *action = NULL, *severity = NULL;
	bool overdue = false;
	const struct cli_option options[] = {
		{ "host", "HOST", "Only this machine (name or id)", &host, NULL, NULL },
		{ "group", "NAME", "Only this department or ward", &group, NULL, NULL },
		{ "vulnerability", "ID", "Only this vulnerability", &vulnerability, NULL, NULL },
		{ "patch", "ID", "Only what this update fixes", &patch, NULL, NULL },
		{ "action", "ACTION", "Only: act-now, within-days, next-window, watch (several by comma)", &action,
		  NULL, NULL },
		{ "severity", "LEVEL", "Only: critical, high, medium, low, unknown (several by comma)", &severity, NULL,
		  NULL },
		{ "overdue", NULL, "Only what is past its due date", NULL, &overdue, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	BUF_AUTO path = { 0 };
	if (!cli_parse(c, &verb_finding_list, options, COUNT(options), argc, argv, &operands, &e) ||
	    !path_build(c, host, &path, &e))
		return cli_fail(c, &e);
	cli_query(&path, "group", group);
	cli_query(&path, "vulnerability", vulnerability);
	cli_query(&path, "patch", patch);
	cli_query(&path, "action", action);
	cli_query(&path, "severity", severity);
	cli_query(&path, "due", overdue ? "overdue" : NULL);
	struct json **rows;
	size_t count;
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, &e))
		return cli_fail(c, &e);
	static const char *const headers[] = { "HOST",     "VULNERABILITY", "ACTION",    "DUE",   "EXPLOITED",
					       "SEVERITY", "PACKAGE",       "INSTALLED", "FIXED", "WHY" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		if (c->json)
			cli_print_json(rows[i]);
		else
			row_cells(t, rows[i]);
	}
	if (c->json)
		return 0;
	if (!count) {
		puts(tr("No finding matches."));
		return 0;
	}
	cli_table_print(t);
	summary(rows, count);
	return 0;
}

const struct cli_verb verb_finding_list = {
	"finding list",
	"",
	"List what is vulnerable by machine, with by when to act and why, the most pressing first",
	"  mamori finding list --overdue\n"
	"  mamori finding list --host ward-3-pc-07 --action act-now,within-days\n"
	"  mamori finding list --vulnerability CVE-2024-6387 --json",
	finding_list_run,
};
