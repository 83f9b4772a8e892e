/* mamori group …, host set, host not-back: what policies ask of machines. */
#include "cli/client.h"

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "GROUP", "group", CELL_TEXT },
		{ "KIND", "kind", CELL_WORD },
		{ "HOSTS", "hosts", CELL_NUMBER },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_group_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/groups", columns, COUNT(columns), "No groups yet.");
}

static void
list_put(struct json_writer *w, const char *key, const cli_list *list)
{
	if (!list->count)
		return;
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++)
		json_str(w, str_of(list->items[i]));
	json_end_array(w);
}

static int
create_run(struct cli *c, int argc, char **argv)
{
	cli_list os = { 0 }, names = { 0 }, tags = { 0 }, networks = { 0 };
	const struct cli_option options[] = {
		{ "os", "OS", "Members by system: linux, windows, debian:12; may be repeated", NULL, NULL, &os },
		{ "match", "PATTERN", "Members by name, * stands for anything; may be repeated", NULL, NULL, &names },
		{ "tag", "TAG", "Members by tag; may be repeated", NULL, NULL, &tags },
		{ "network", "NET", "Members by address, such as 10.3.0.0/16; may be repeated", NULL, NULL, &networks },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_group_create, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/groups/", argv[0], "");
	json_begin_object(&w);
	if (os.count || names.count || tags.count || networks.count) {
		json_key(&w, "rule");
		json_begin_object(&w);
		list_put(&w, "os", &os);
		list_put(&w, "names", &names);
		list_put(&w, "tags", &tags);
		list_put(&w, "networks", &networks);
		json_end_object(&w);
	}
	json_end_object(&w);
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body), "The group is there.");
}

static int
members_change(struct cli *c, const struct cli_verb *verb, int argc, char **argv, const char *suffix)
{
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, verb, NULL, 0, argc, argv, 2, 1000, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/groups/", argv[0], suffix);
	json_begin_object(&w);
	json_key(&w, "hosts");
	json_begin_array(&w);
	for (int i = 1; i < n; i++) {
		struct str id;
		if (!cli_host_find(c, argv[i], &id, &e))
			return cli_fail(c, &e);
		json_str(&w, id);
	}
	json_end_array(&w);
	json_end_object(&w);
	return cli_send(c, "POST", buf_cstr(&path), buf_str(&body), "Done.");
}

static int
add_run(struct cli *c, int argc, char **argv)
{
	return members_change(c, &verb_group_add, argc, argv, "/hosts");
}

static int
remove_run(struct cli *c, int argc, char **argv)
{
	return members_change(c, &verb_group_remove, argc, argv, "/remove");
}

static int
delete_run(struct cli *c, int argc, char **argv)
{
	return cli_delete(c, &verb_group_delete, argc, argv, "/api/v1/groups/",
			  "The group is gone; its machines stay.");
}

static int
import_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int n;
	bool dry = false;
	const struct cli_option options[] = {
		{ "dry-run", NULL, "Only show what would change", NULL, &dry, NULL },
	};
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_group_import, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	json_begin_object(&w);
	json_put_bool(&w, "dry_run", dry);
	if (!cli_put_sheet(c, &w, argv[0], &e))
		return cli_fail(c, &e);
	json_end_object(&w);
	return cli_send_rows(c, "POST", "/api/v1/groups/import", buf_str(&body));
}

static int
host_set_run(struct cli *c, int argc, char **argv)
{
	const char *group = NULL, *role = NULL, *site = NULL, *redundancy = NULL, *backup_at = NULL;
	cli_list tags = { 0 };
	bool no_tags = false;
	const struct cli_option options[] = {
		{ "group", "NAME", "Its department or ward", &group, NULL, NULL },
		{ "role", "NAME", "Its role, such as ward or server", &role, NULL, NULL },
		{ "site", "NAME", "Where it stands", &site, NULL, NULL },
		{ "redundancy", "NAME", "Machines of one such group are never down together", &redundancy, NULL, NULL },
		{ "tag", "TAG", "Exactly these tags; may be repeated", NULL, NULL, &tags },
		{ "backup-at", "TIME", "When its newest backup was made; steps of server systems may ask for it",
		  &backup_at, NULL, NULL },
		{ "no-tags", NULL, "No tags at all", NULL, &no_tags, NULL },
	};
	struct err e = { 0 };
	struct str id;
	int n;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_host_set, options, COUNT(options), argc, argv, 1, 1, &n, &e) ||
	    !cli_host_find(c, argv[0], &id, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/hosts/", id.ptr, "");
	json_begin_object(&w);
	cli_put(&w, "group", group);
	cli_put(&w, "role", role);
	cli_put(&w, "site", site);
	cli_put(&w, "redundancy", redundancy);
	cli_put(&w, "backup_at", backup_at);
	list_put(&w, "tags", &tags);
	if (no_tags && !tags.count) {
		json_key(&w, "tags");
		json_begin_array(&w);
		json_end_array(&w);
	}
	json_end_object(&w);
	return cli_send(c, "PATCH", buf_cstr(&path), buf_str(&body), "Done.");
}

static int
not_back_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "HOST", "host", CELL_HOST },
		{ "READY BY", "ready_by", CELL_TIME },
		{ "LAST SEEN", "last_seen", CELL_TIME },
		{ "WHY", "why", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_host_not_back, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/not-back", columns, COUNT(columns), "Every machine is back from its updates.");
}

const struct cli_verb verb_group_list = { "group list", "", "List departments and groups", NULL, list_run };
const struct cli_verb verb_group_create = {
	"group create",
	"NAME",
	"Make a group by hand, or by a rule that machines follow by themselves",
	"  mamori group create imaging --match 'xray-*' --match 'ct-*'",
	create_run,
};
const struct cli_verb verb_group_add = { "group add", "NAME HOST…", "Put machines into a group", NULL, add_run };
const struct cli_verb verb_group_remove = { "group remove", "NAME HOST…", "Take machines out of a group", NULL,
					    remove_run };
const struct cli_verb verb_group_delete = { "group delete", "NAME", "Forget a group", NULL, delete_run };
const struct cli_verb verb_group_import = {
	"group import",
	"FILE.csv|FILE.xlsx",
	"Take departments, tags, roles and sites from a directory's export",
	"  mamori group import computers.csv\n  mamori group import 端末一覧.xlsx --dry-run",
	import_run,
};
const struct cli_verb verb_host_set = {
	"host set",
	"HOST",
	"Set a machine's department, role, site, tags and redundancy group",
	"  mamori host set nurse-1 --redundancy nurses-3 --tag pilot",
	host_set_run,
};
const struct cli_verb verb_host_not_back = {
	"host not-back", "", "List machines that are not back from their updates", NULL, not_back_run,
};
