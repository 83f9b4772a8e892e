/* mamori patch …: what is pending, ordering it, and what was done. */
#include "base/table.h"
#include "cli/verbs.h"

#include <time.h>

/* Keys that scripts rely on (design.md, Shapes), then the rest of the row as the API gives it. */
static void
row_print_json(const struct json *row)
{
	static const char *const promised[] = { "patch", "title", "from", "to", "state", "at", "trigger", "why" };
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	const struct json *host = json_get(row, "host");
	json_begin_object(&w);
	json_put_str(&w, "host", json_get_str(host, "name"));
	json_put_str(&w, "host_id", json_get_str(host, "id"));
	json_key(&w, "group");
	json_str_or_null(&w, json_get_str(row, "group"));
	for (size_t i = 0; i < COUNT(promised); i++) {
		json_key(&w, promised[i]);
		json_str_or_null(&w, json_get_str(row, promised[i]));
	}
	for (size_t i = 0; i < row->count; i++) {
		bool written = str_eq(row->key[i], STR("host")) || str_eq(row->key[i], STR("group"));
		for (size_t k = 0; k < COUNT(promised) && !written; k++)
			written = str_eq(row->key[i], str_of(promised[k]));
		if (written)
			continue;
		json_key_str(&w, row->key[i]);
		json_tree(&w, &row->item[i]);
	}
	json_end_object(&w);
	cli_print_line(&line);
}

/* ---- list ---- */

static void
list_summary(struct json **rows, size_t count)
{
	TABLE_AUTO hosts = { 0 };
	size_t security = 0, missing = 0;
	for (size_t i = 0; i < count; i++) {
		table_put(&hosts, json_get_str(json_get(rows[i], "host"), "id"), NULL);
		security += json_get_bool(rows[i], "security", false);
		missing += str_eq(json_get_str(rows[i], "state"), STR("missing"));
	}
	printf("\n");
	printf(tr("Updates: %zu, security updates among them: %zu, hosts: %zu."), count, security, hosts.count);
	printf("\n");
	if (missing)
		puts(tr("To order them: mamori patch apply --security, or --host HOST --patch ID; --dry-run only shows "
			"it."));
}

static int
patch_list_run(struct cli *c, int argc, char **argv)
{
	const char *host = NULL, *group = NULL, *state = NULL, *patch = NULL;
	bool security = false;
	const struct cli_option options[] = {
		{ "host", "HOST", "Only this machine (name or id)", &host, NULL, NULL },
		{ "group", "NAME", "Only this department or ward", &group, NULL, NULL },
		{ "patch", "ID", "Only this update", &patch, NULL, NULL },
		{ "state", "STATE",
		  "Only: missing, queued, running, installed, installed-pending-reboot, failed, kept-back", &state,
		  NULL, NULL },
		{ "security", NULL, "Only security updates", NULL, &security, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	struct str id = STR_NONE;
	if (!cli_parse(c, &verb_patch_list, options, COUNT(options), argc, argv, &operands, &e) ||
	    (host && !cli_host_find(c, host, &id, &e)))
		return cli_fail(c, &e);
	BUF_AUTO path = { 0 };
	buf_add(&path, STR("/api/v1/host-patches"));
	cli_query(&path, "host", id.ptr);
	cli_query(&path, "group", group);
	cli_query(&path, "patch", patch);
	cli_query(&path, "state", state);
	cli_query(&path, "security", security ? "true" : NULL);
	struct json **rows;
	size_t count;
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, &e))
		return cli_fail(c, &e);
	static const char *const headers[] = { "HOST", "GROUP", "UPDATE", "KIND", "STATE", "WHY" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		if (c->json) {
			row_print_json(rows[i]);
			continue;
		}
		cli_table_cell(t, json_get_str(json_get(rows[i], "host"), "name"));
		cli_table_cell(t, cli_or_dash(json_get_str(rows[i], "group")));
		cli_table_cell(t, json_get_str(rows[i], "title"));
		cli_table_cell(t, str_of(json_get_bool(rows[i], "security", false) ? tr("security") : tr("other")));
		cli_table_cell(t, str_of(tr(json_get_str(rows[i], "state").ptr)));
		cli_table_cell(t, json_get_str(rows[i], "why"));
	}
	if (c->json)
		return 0;
	if (!count) {
		puts(tr("No updates are pending here."));
		return 0;
	}
	cli_table_print(t);
	list_summary(rows, count);
	return 0;
}

/* ---- history ---- */

static int
patch_history_run(struct cli *c, int argc, char **argv)
{
	const char *host = NULL, *group = NULL, *state = NULL, *patch = NULL, *from = NULL, *to = NULL;
	const struct cli_option options[] = {
		{ "host", "HOST", "Only this machine (name or id)", &host, NULL, NULL },
		{ "group", "NAME", "Only this department or ward", &group, NULL, NULL },
		{ "patch", "ID", "Only this update", &patch, NULL, NULL },
		{ "state", "STATE", "Only: running, installed, installed-pending-reboot, failed", &state, NULL, NULL },
		{ "from", "DAY", "From this day or instant on", &from, NULL, NULL },
		{ "to", "DAY", "Up to this day or instant", &to, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	struct str id = STR_NONE;
	if (!cli_parse(c, &verb_patch_history, options, COUNT(options), argc, argv, &operands, &e) ||
	    (host && !cli_host_find(c, host, &id, &e)))
		return cli_fail(c, &e);
	BUF_AUTO path = { 0 };
	buf_add(&path, STR("/api/v1/history"));
	cli_query(&path, "host", id.ptr);
	cli_query(&path, "group", group);
	cli_query(&path, "patch", patch);
	cli_query(&path, "state", state);
	cli_query(&path, "from", from);
	cli_query(&path, "to", to);
	struct json **rows;
	size_t count;
	if (!cli_api_items(c, buf_cstr(&path), &rows, &count, &e))
		return cli_fail(c, &e);
	static const char *const headers[] = { "WHEN", "GROUP", "HOST", "UPDATE", "OUTCOME", "WHY" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		if (c->json) {
			row_print_json(rows[i]);
			continue;
		}
		cli_table_cell(t, cli_when(c, json_get_str(rows[i], "at")));
		cli_table_cell(t, cli_or_dash(json_get_str(rows[i], "group")));
		cli_table_cell(t, json_get_str(json_get(rows[i], "host"), "name"));
		cli_table_cell(t, json_get_str(rows[i], "title"));
		cli_table_cell(t, str_of(tr(json_get_str(rows[i], "state").ptr)));
		cli_table_cell(t, json_get_str(rows[i], "why"));
	}
	if (!c->json && count)
		cli_table_print(t);
	else if (!c->json)
		puts(tr("Nothing has been installed through mamori yet."));
	return 0;
}

/* ---- apply, stage ---- */

struct order_args {
	cli_list hosts, patches;
	bool security, all, dry_run, wait;
};

static bool
order_body(struct cli *c, const char *kind, const struct order_args *o, struct buf *body, struct err *e)
{
	struct json_writer w = { .out = body };
	json_begin_object(&w);
	json_put_cstr(&w, "kind", kind);
	json_key(&w, "hosts");
	if (o->hosts.count == 0) {
		json_str(&w, STR("all"));
	} else {
		json_begin_array(&w);
		for (size_t i = 0; i < o->hosts.count; i++) {
			struct str id;
			if (!cli_host_find(c, o->hosts.items[i], &id, e))
				return false;
			json_str(&w, id);
		}
		json_end_array(&w);
	}
	json_key(&w, "patches");
	if (o->patches.count == 0) {
		json_str(&w, o->all ? STR("all") : STR("security"));
	} else {
		json_begin_array(&w);
		for (size_t i = 0; i < o->patches.count; i++)
			json_str(&w, str_of(o->patches.items[i]));
		json_end_array(&w);
	}
	json_put_bool(&w, "dry_run", o->dry_run);
	json_end_object(&w);
	return true;
}

static void
order_print(struct cli *c, const struct json *answer, bool dry_run, bool named)
{
	size_t orders, refused;
	const struct json *order = json_get_array(answer, "orders", &orders);
	for (size_t i = 0; i < orders; i++) {
		struct str name = json_get_str(json_get(&order[i], "host"), "name");
		size_t patches;
		const struct json *patch = json_get_array(&order[i], "patches", &patches);
		struct str starts = cli_when(c, json_get_str(&order[i], "starts_by"));
		if (dry_run)
			printf(tr("%.*s: updates that would be ordered: %zu"), STR_ARG(name), patches);
		else
			printf(tr("%.*s: updates ordered: %zu; starts at the next check-in, by %.*s"), STR_ARG(name),
			       patches, STR_ARG(starts));
		printf("\n");
		for (size_t k = 0; k < patches; k++) {
			struct str title = json_get_str(&patch[k], "title");
			printf("  %.*s\n", STR_ARG(title));
		}
	}
	const struct json *no = json_get_array(answer, "refused", &refused);
	for (size_t i = 0; i < refused; i++) {
		struct str name = json_get_str(json_get(&no[i], "host"), "name"), why = json_get_str(&no[i], "why");
		printf("%.*s: %.*s\n", STR_ARG(name), STR_ARG(why));
	}
	if (!orders && !refused && !named)
		puts(tr("Nothing to order: no pending update matches."));
}

/* The attempts of this order that have not ended. */
static bool
order_open_attempts(struct cli *c, struct str order, size_t expected, size_t *open, size_t *failed, struct err *e)
{
	struct json **rows;
	size_t count, ended = 0;
	*failed = 0;
	if (!cli_api_items(c, "/api/v1/history", &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct str state = json_get_str(rows[i], "state");
		if (!str_eq(json_get_str(rows[i], "order"), order) || str_eq(state, STR("running")) ||
		    str_eq(state, STR("queued")))
			continue;
		ended++;
		*failed += str_eq(state, STR("failed"));
	}
	*open = expected > ended ? expected - ended : 0;
	return true;
}

/* Follows all orders to their end; 0, or 1 when an update failed. */
static int
order_wait(struct cli *c, const struct json *answer)
{
	size_t orders, total_failed = 0, total = 0;
	const struct json *order = json_get_array(answer, "orders", &orders);
	for (size_t i = 0; i < orders; i++) {
		size_t patches, open = 1, failed = 0;
		json_get_array(&order[i], "patches", &patches);
		total += patches;
		while (open) {
			ARENA_AUTO scratch = { 0 };
			struct cli round = *c;
			round.arena = &scratch;
			struct err e = { 0 };
			if (!order_open_attempts(&round, json_get_str(&order[i], "id"), patches, &open, &failed, &e)) {
				cli_progress_end(c);
				return cli_fail(c, &e);
			}
			cli_progress(c, json_get_str(json_get(&order[i], "host"), "name").ptr, patches - open, patches);
			if (open)
				nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
		}
		total_failed += failed;
	}
	cli_progress_end(c);
	if (!c->json) {
		printf(tr("%zu updates done, %zu failed."), total - total_failed, total_failed);
		printf("\n");
	}
	return total_failed ? 1 : 0;
}

static int
order_run(struct cli *c, const struct cli_verb *verb, const char *kind, int argc, char **argv)
{
	struct order_args o = { 0 };
	const struct cli_option options[] = {
		{ "host", "HOST", "This machine (name or id; may be repeated; default: all)", NULL, NULL, &o.hosts },
		{ "patch", "ID", "This update (may be repeated)", NULL, NULL, &o.patches },
		{ "security", NULL, "All security updates", NULL, &o.security, NULL },
		{ "all", NULL, "All pending updates", NULL, &o.all, NULL },
		{ "dry-run", NULL, "Only show what would be ordered", NULL, &o.dry_run, NULL },
		{ "wait", NULL, "Wait until every machine has finished", NULL, &o.wait, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, verb, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	for (int i = 0; i < operands; i++)
		*ARRAY_PUSH(c->arena, &o.patches) = argv[i];
	if ((o.patches.count > 0) + o.security + o.all != 1) {
		err_set(&e, ERR_USAGE, "say which updates: --patch ID, --security or --all (one of them)");
		return cli_fail(c, &e);
	}
	BUF_AUTO body = { 0 };
	struct json *answer;
	if (!order_body(c, kind, &o, &body, &e) || !cli_api(c, "POST", "/api/v1/orders", buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		order_print(c, answer, o.dry_run, o.patches.count > 0);
	size_t orders, refused;
	json_get_array(answer, "orders", &orders);
	json_get_array(answer, "refused", &refused);
	if (!orders && refused && o.patches.count)
		return 5; /* its words were printed above; "all" and "security" of a host that lacks nothing is done */
	if (!orders && o.patches.count) {
		err_set(&e, ERR_NOT_FOUND, "no host lacks an update with this id; see: mamori patch list --json");
		return cli_fail(c, &e);
	}
	return o.wait && !o.dry_run ? order_wait(c, answer) : 0;
}

static int
patch_apply_run(struct cli *c, int argc, char **argv)
{
	return order_run(c, &verb_patch_apply, "apply", argc, argv);
}

static int
patch_stage_run(struct cli *c, int argc, char **argv)
{
	return order_run(c, &verb_patch_stage, "stage", argc, argv);
}

const struct cli_verb verb_patch_list = {
	"patch list",
	"",
	"List pending updates by machine, with why each is not applied",
	"  mamori patch list --group ward-3 --security\n  mamori patch list --json",
	patch_list_run,
};
const struct cli_verb verb_patch_apply = {
	"patch apply",
	"[ID…]",
	"Order updates: machines install them at their next check-in",
	"  mamori patch apply --security --dry-run\n"
	"  mamori patch apply --host ward-3-pc-07 --patch deb:openssl@3.0.17-1~deb12u2 --wait",
	patch_apply_run,
};
const struct cli_verb verb_patch_stage = {
	"patch stage",
	"[ID…]",
	"Download updates ahead and read which vulnerabilities they fix",
	"  mamori patch stage --security",
	patch_stage_run,
};
const struct cli_verb verb_patch_history = {
	"patch history",
	"",
	"Show when, on which machine, which update, and how it ended",
	"  mamori patch history --from 2026-11-01 --group ward-3",
	patch_history_run,
};
