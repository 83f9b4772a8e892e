/* mamori policy check, and what the verbs about policies share. The verbs that ask a server are in files of their own. */
#include "cli/policy.h"

#include "cli/verbs.h"
#include "os/file.h"
#include "plan/policy-yaml.h"
#include "vuln/sheet.h"

enum { POLICY_FILE_MAX = 1024 * 1024, DAYS_FILE_MAX = 4 * 1024 * 1024 };

/* "休診日=closed.csv" */
static bool
days_read(struct cli *c, const char *word, struct day_lists *lists, struct err *e)
{
	BUF_AUTO file = { 0 };
	BUF_AUTO csv = { 0 };
	struct str name, path;
	struct day_list list;

	if (!str_split(str_of(word), '=', &name, &path) || name.len == 0 || path.len == 0)
		return err_set(e, ERR_USAGE, "--days takes NAME=CSV, such as 休診日=closed.csv, not “%s”", word);
	if (!file_read(arena_cstr(c->arena, path), DAYS_FILE_MAX, &file, e) || !sheet_csv(buf_str(&file), &csv, e) ||
	    !day_list_parse(c->arena, name, arena_str(c->arena, buf_str(&csv)), &list, e))
		return false;
	*ARRAY_PUSH(c->arena, &lists->lists) = list;
	return true;
}

bool
cli_policy_read(struct cli *c, const char *path, const cli_list *days, struct cli_policy *out, struct err *e)
{
	BUF_AUTO yaml = { 0 };
	struct policy_world world = { .lists = &out->lists, .now = clock_now(c->clock) };

	*out = (struct cli_policy){ 0 };
	/* The reader's own lists first: whoever names one 祝日 means that one. */
	for (size_t i = 0; days && i < days->count; i++) {
		if (!days_read(c, days->items[i], &out->lists, e))
			return false;
	}
	day_list_holidays_jp(c->arena, ARRAY_PUSH(c->arena, &out->lists.lists));
	if (!file_read(path, POLICY_FILE_MAX, &yaml, e))
		return false;
	out->refused =
		!policy_from_yaml(c->arena, arena_str(c->arena, buf_str(&yaml)), &world, &out->policy, &out->remarks);
	return true;
}

void
cli_policy_remarks(FILE *out, const char *path, const struct policy_remarks *remarks)
{
	for (size_t i = 0; i < remarks->items.count; i++) {
		const struct policy_remark *r = &remarks->items.items[i];
		fprintf(out, "%s:%u:%u: %s: %.*s\n", path, r->line, r->column, r->warning ? tr("warning") : tr("error"),
			STR_ARG(r->text));
	}
}

static void
remarks_json(const char *path, const struct policy_remarks *remarks)
{
	for (size_t i = 0; i < remarks->items.count; i++) {
		const struct policy_remark *r = &remarks->items.items[i];
		BUF_AUTO line = { 0 };
		struct json_writer w = { .out = &line };
		json_begin_object(&w);
		json_put_cstr(&w, "file", path);
		json_put_i64(&w, "line", r->line);
		json_put_i64(&w, "column", r->column);
		json_put_cstr(&w, "severity", r->warning ? "warning" : "error");
		json_put_str(&w, "text", r->text);
		json_end_object(&w);
		cli_print_line(&line);
	}
}

static bool
check(struct cli *c, int argc, char **argv, struct err *e)
{
	cli_list days = { 0 };
	const struct cli_option options[] = {
		{ "days", "NAME=CSV", "A list of days that windows name; may be repeated", NULL, NULL, &days },
	};
	int operands, refused = 0;

	if (!cli_parse(c, &verb_policy_check, options, COUNT(options), argc, argv, &operands, e))
		return false;
	if (operands == 0)
		return err_set(e, ERR_USAGE, "name at least one policy file; see: mamori policy check --help");
	for (int i = 0; i < operands; i++) {
		struct cli_policy p;
		if (!cli_policy_read(c, argv[i], &days, &p, e))
			return false;
		refused += p.refused;
		if (c->json)
			remarks_json(argv[i], &p.remarks);
		else
			cli_policy_remarks(stdout, argv[i], &p.remarks);
		if (!c->json && !p.refused) {
			printf(tr("%s: policy %.*s is good"), argv[i], STR_ARG(p.policy.name));
			putchar('\n');
		}
	}
	if (refused)
		return err_set(e, ERR_INPUT, "%d of %d policies are refused; the lines above say why", refused,
			       operands);
	return true;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };

	return check(c, argc, argv, &e) ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_policy_check = {
	.name = "policy check",
	.args = "FILE…",
	.help = "Check policies before they are installed: mistakes with line and column, and what looks unintended",
	.examples = "  mamori policy check ward-pc.yaml\n"
		    "  mamori policy check --days 休診日=closed.csv policies/*.yaml",
	.run = run,
};
