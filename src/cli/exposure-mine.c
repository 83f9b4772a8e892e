/* mamori exposure mine …: which networks are ours, for mine:true in queries. */
#include "cli/verbs.h"
#include "exposure/mine.h"

static int
list_run(struct cli *c)
{
	static const char *const headers[] = { "NETWORK", "FROM" };
	struct cli_table *t = c->json ? NULL : cli_table_new(c->arena, headers, COUNT(headers));
	struct err e = { 0 };
	struct mine m;
	size_t rows = 0;

	if (!mine_load(c->arena, c->data, &m, &e))
		return cli_fail(c, &e);
	for (unsigned o = 0; o < MINE_ORIGINS; o++) {
		for (size_t i = 0; i < m.of[o].count; i++, rows++) {
			BUF_AUTO text = { 0 };
			BUF_AUTO line = { 0 };
			struct json_writer w = { .out = &line };
			mine_write(&m.of[o].items[i], &text);
			if (t) {
				cli_table_cell(t, buf_str(&text));
				cli_table_cell(t, str_of(mine_origin_name((enum mine_origin)o)));
				continue;
			}
			json_begin_object(&w);
			json_put_str(&w, "network", buf_str(&text));
			json_put_cstr(&w, "from", mine_origin_name((enum mine_origin)o));
			json_end_object(&w);
			cli_print_line(&line);
		}
	}
	if (t && rows > 0)
		cli_table_print(t);
	else if (t)
		printf("%s\n", tr("No network is known as ours: mamori exposure mine set 192.0.2.0/24 …"));
	return 0;
}

static int
set_run(struct cli *c, char **argv, int operands)
{
	struct err e = { 0 };
	struct mine_network *items = ARENA_ARRAY(c->arena, struct mine_network, (size_t)operands + 1);
	for (int i = 0; i < operands; i++) {
		if (!mine_parse(str_of(argv[i]), &items[i])) {
			err_set(&e, ERR_USAGE, "“%s” is neither an address nor a network such as 192.0.2.0/24",
				argv[i]);
			return cli_fail(c, &e);
		}
	}
	if (!mine_store(c->data, MINE_SET, items, (size_t)operands, &e))
		return cli_fail(c, &e);
	return 0;
}

static int
mine_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;

	if (!cli_parse(c, &verb_exposure_mine, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands > 0 && strcmp(argv[0], "set") == 0)
		return set_run(c, argv + 1, operands - 1);
	if (operands == 1 && strcmp(argv[0], "list") == 0)
		return list_run(c);
	err_set(&e, ERR_USAGE, "say what to do: mamori exposure mine list, or mamori exposure mine set NETWORK…");
	return cli_fail(c, &e);
}

const struct cli_verb verb_exposure_mine = {
	"exposure mine",
	"list | set [NETWORK…]",
	"Which networks are ours, for mine:true in queries (public addresses of the fleet's hosts are known by "
	"themselves)",
	"  mamori exposure mine set 192.0.2.0/24 2001:db8:7::/48\n  mamori exposure search mine:true",
	mine_run,
};
