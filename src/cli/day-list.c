/* mamori day-list …: lists of days that windows name: closed days, an accreditation, the Cabinet Office's holidays. */
#include "cli/client.h"

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "LIST", "name", CELL_TEXT },
		{ "DAYS", "count", CELL_NUMBER },
		{ "BY", "by", CELL_TEXT },
		{ "WHEN", "at", CELL_TIME },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_day_list_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/day-lists", columns, COUNT(columns), "No lists of days yet.");
}

static int
show_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct json **items;
	size_t count;
	int n;
	if (!cli_words(c, &verb_day_list_show, NULL, 0, argc, argv, 1, 1, &n, &e) ||
	    !cli_api_items(c, "/api/v1/day-lists", &items, &count, &e))
		return cli_fail(c, &e);
	for (size_t i = 0; i < count; i++) {
		struct str csv = json_get_str(items[i], "csv");
		if (!str_eq(json_get_str(items[i], "name"), str_of(argv[0])))
			continue;
		if (c->json)
			cli_print_json(items[i]);
		else
			fwrite(csv.ptr, 1, csv.len, stdout);
		return 0;
	}
	err_set(&e, ERR_NOT_FOUND, "there is no list of days “%s”; mamori day-list list shows them", argv[0]);
	return cli_fail(c, &e);
}

static int
import_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct json *answer;
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_day_list_import, NULL, 0, argc, argv, 2, 2, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/day-lists/", argv[0], "");
	json_begin_object(&w);
	if (!cli_put_sheet(c, &w, argv[1], &e))
		return cli_fail(c, &e);
	json_end_object(&w);
	if (!cli_api(c, "PUT", buf_cstr(&path), buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	if (c->json) {
		cli_print_json(answer);
		return 0;
	}
	printf(tr("%s: %lld days."), argv[0], (long long)json_get_i64(answer, "count", 0));
	putchar('\n');
	return 0;
}

static int
delete_run(struct cli *c, int argc, char **argv)
{
	return cli_delete(c, &verb_day_list_delete, argc, argv, "/api/v1/day-lists/", "The list of days is gone.");
}

const struct cli_verb verb_day_list_list = { "day-list list", "", "List the lists of days that windows name", NULL,
					     list_run };
const struct cli_verb verb_day_list_show = { "day-list show", "NAME", "Print a list's days as CSV",
					     "  mamori day-list show 祝日", show_run };
const struct cli_verb verb_day_list_import = {
	"day-list import",
	"NAME FILE",
	"Take a list of days from CSV (UTF-8 or Shift_JIS) or .xlsx, one date a line; it replaces the list of that "
	"name",
	"  mamori day-list import 休診日 closed.csv\n  mamori day-list import 祝日 syukujitsu.csv",
	import_run,
};
const struct cli_verb verb_day_list_delete = { "day-list delete", "NAME", "Forget a list of days", NULL, delete_run };
