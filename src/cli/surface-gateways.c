/* mamori surface gateways: the ledger of remote gateways, held against what others saw. */
#include "cli/client.h"

#define GATEWAYS "/api/v1/surface/gateways"

static int
list(struct cli *c, const char *state)
{
	static const struct cli_column columns[] = {
		{ "STATE", "state", CELL_WORD },        { "NAME", "name", CELL_TEXT },
		{ "ADDRESS", "address", CELL_TEXT },    { "MAKER", "maker", CELL_TEXT },
		{ "MODEL", "model", CELL_TEXT },        { "FIRMWARE", "firmware", CELL_TEXT },
		{ "HOLDER", "holder", CELL_TEXT },      { "TELEPHONE", "telephone", CELL_TEXT },
		{ "PATCHED", "patched_at", CELL_TIME }, { "SEEN AS", "seen_as", CELL_TEXT },
	};
	BUF_AUTO path = { 0 };
	buf_add(&path, STR(GATEWAYS));
	cli_query(&path, "state", state);
	return cli_show_list(c, buf_cstr(&path), columns, COUNT(columns),
			     "No gateway is in the ledger, and none was seen.");
}

static int
gateways_run(struct cli *c, int argc, char **argv)
{
	const char *state = NULL;
	const struct cli_option options[] = {
		{ "state", "LIST", "Only seen, not-seen, differs, not-declared", &state, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_surface_gateways, options, COUNT(options), argc, argv, 0, 2, &n, &e))
		return cli_fail(c, &e);
	if (n == 0 || (n == 1 && strcmp(argv[0], "list") == 0))
		return list(c, state);
	if (n == 2 && strcmp(argv[0], "import") == 0)
		return cli_send_sheet(c, "POST", GATEWAYS "/import", argv[1]);
	return cli_fail(c, (err_set(&e, ERR_USAGE, "usage: mamori %s %s", verb_surface_gateways.name,
				    verb_surface_gateways.args),
			    &e));
}

const struct cli_verb verb_surface_gateways = {
	"surface gateways",
	"[list | import FILE.xlsx|FILE.csv]",
	"The ledger of VPN and remote gateways, held against what others saw\n"
	"import takes the whole ledger: columns name, address, maker, model, firmware, holder, telephone, patched.",
	"mamori surface gateways import ledger.xlsx\n"
	"mamori surface gateways --state not-declared,differs",
	gateways_run,
	false,
};
