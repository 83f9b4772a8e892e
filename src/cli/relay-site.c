/* mamori relay enrol|status on the relay's machine; relay list|set|revoke, site list|set through the server. */
#include "cli/client.h"
#include "relay/member.h"

static int
enrol_run(struct cli *c, int argc, char **argv)
{
	const char *token_file = NULL, *proxy = NULL, *credentials = NULL, *name = NULL;
	cli_list names = { 0 };
	bool again = false;
	const struct cli_option options[] = {
		{ "token-file", "FILE", "The token, in a file that only you can read", &token_file, NULL, NULL },
		{ "name", "NAME", "Name or address by which hosts reach it, beside the machine's own; repeatable",
		  &name, NULL, &names },
		{ "proxy", "URL", "Proxy on the way to the server, or the relay above this one", &proxy, NULL, NULL },
		{ "proxy-credentials", "FILE", "A file with one line, user:password, for the proxy", &credentials, NULL,
		  NULL },
		{ "again", NULL, "Enrol anew although it is enrolled", NULL, &again, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_words(c, &verb_relay_enrol, options, COUNT(options), argc, argv, 0, 0, &operands, &e))
		return cli_fail(c, &e);
	if (!token_file) {
		err_set(&e, ERR_USAGE,
			"relay enrol needs --token-file FILE; a token never belongs on the command line");
		return cli_fail(c, &e);
	}
	*ARRAY_PUSH(c->arena, &names) = NULL;
	struct member_enrolment o = { .data = c->data,
				      .token_file = token_file,
				      .names = names.items,
				      .proxy = proxy,
				      .proxy_credentials = credentials,
				      .again = again,
				      .clock = c->clock };
	BUF_AUTO json = { 0 };
	if (!member_enrol(&o, &e))
		return cli_fail(c, &e);
	if (!c->json) {
		printf(tr("This relay is enrolled. Start it with: mamori relay run --data %s --listen ADDR:PORT "
			  "--allow "
			  "ORIGIN-URL"),
		       c->data);
		putchar('\n');
		return 0;
	}
	if (!member_status(c->data, c->clock, &json, &e))
		return cli_fail(c, &e);
	cli_print_line(&json);
	return 0;
}

static void
line(const char *label, struct str value)
{
	BUF_AUTO b = { 0 };
	buf_add(&b, str_of(tr(label)));
	for (size_t width = cli_width(buf_str(&b)); width < 22; width++)
		buf_add_char(&b, ' ');
	buf_add(&b, value.len ? value : STR("–"));
	puts(buf_cstr(&b));
}

static struct str
mebibytes(struct cli *c, const struct json *v, const char *key)
{
	return arena_printf(c->arena, "%lld MiB", (long long)(json_get_i64(v, key, 0) >> 20));
}

static void
status_print(struct cli *c, const struct json *v)
{
	int64_t hits = json_get_i64(v, "hits", 0), asked = hits + json_get_i64(v, "misses", 0);
	if (!json_get_bool(v, "enrolled", false))
		puts(tr("This relay is not enrolled; it runs for trying out, without TLS."));
	else
		line("Server", json_get_str(v, "server"));
	line("Site", json_get_str(v, "site"));
	line("Certificate until", cli_when(c, json_get_str(v, "certificate_until")));
	line("Server reached", cli_when(c, json_get_str(v, "reached")));
	line("Trouble", json_get_str(v, "error"));
	line("Status of", cli_when(c, json_get_str(v, "at")));
	line("Space", arena_printf(c->arena, "%.*s / %.*s", STR_ARG(mebibytes(c, v, "space")),
				   STR_ARG(mebibytes(c, v, "space_max"))));
	line("Hit rate", asked ? arena_printf(c->arena, "%lld %%", (long long)(hits * 100 / asked)) : STR_NONE);
	line("Given to hosts", mebibytes(c, v, "served"));
	line("Fetched", mebibytes(c, v, "fetched"));
	line("Package lists of", cli_when(c, json_get_str(v, "metadata_at")));
	line("Letters waiting", arena_printf(c->arena, "%lld", (long long)json_get_i64(v, "queue", 0)));
}

static int
status_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	struct json *v;
	BUF_AUTO json = { 0 };
	if (!cli_words(c, &verb_relay_status, NULL, 0, argc, argv, 0, 0, &operands, &e) ||
	    !member_status(c->data, c->clock, &json, &e))
		return cli_fail(c, &e);
	if (c->json) {
		cli_print_line(&json);
		return 0;
	}
	if (!json_parse(c->arena, buf_str(&json), NULL, &v, &e))
		return cli_fail(c, &e);
	status_print(c, v);
	return 0;
}

/* ---- through the server ---- */

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "RELAY", "name", CELL_TEXT },
		{ "ID", "id", CELL_TEXT },
		{ "SITE", "site", CELL_TEXT },
		{ "STATE", "state", CELL_WORD },
		{ "LAST CONTACT", "last_seen", CELL_TIME },
		{ "LISTS OF", "metadata_at", CELL_TIME },
		{ "LETTERS", "queue", CELL_NUMBER },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_words(c, &verb_relay_list, NULL, 0, argc, argv, 0, 0, &operands, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/relays", columns, COUNT(columns),
			     "No relays. Enrol one with: mamori token create --role relay, mamori relay enrol");
}

/* The one relay with this id or name. */
static bool
relay_find(struct cli *c, const char *name, struct str *id, struct err *e)
{
	struct json **items;
	size_t count, found = 0;
	if (!cli_api_items(c, "/api/v1/relays", &items, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct str its = json_get_str(items[i], "id");
		if (str_eq(its, str_of(name))) {
			*id = its;
			return true;
		}
		if (str_eq_nocase(json_get_str(items[i], "name"), str_of(name))) {
			*id = its;
			found++;
		}
	}
	if (found > 1)
		return err_set(e, ERR_INPUT, "more than one relay is called %s: name it by its id (mamori relay list)",
			       name);
	return found == 1 || err_set(e, ERR_NOT_FOUND, "no relay is called %s; see: mamori relay list", name);
}

static int
set_run(struct cli *c, int argc, char **argv)
{
	const char *site = NULL;
	const struct cli_option options[] = {
		{ "site", "NAME", "The site whose hosts it serves; “-” for hosts without one", &site, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	struct str id;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_relay_set, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (!site) {
		err_set(&e, ERR_USAGE, "say what to set: --site NAME");
		return cli_fail(c, &e);
	}
	if (!relay_find(c, argv[0], &id, &e))
		return cli_fail(c, &e);
	json_begin_object(&w);
	json_put_cstr(&w, "site", strcmp(site, "-") == 0 ? NULL : site);
	json_end_object(&w);
	cli_path(&path, "/api/v1/relays/", arena_cstr(c->arena, id), "");
	return cli_send(c, "PATCH", buf_cstr(&path), buf_str(&body),
			"Done. Its hosts hear of it at their next check-in.");
}

static int
revoke_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	struct str id;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_relay_revoke, NULL, 0, argc, argv, 1, 1, &operands, &e) ||
	    !relay_find(c, argv[0], &id, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/relays/", arena_cstr(c->arena, id), "/revoke");
	return cli_send(c, "POST", buf_cstr(&path), STR_NONE, "Done. This relay is not trusted any more.");
}

static int
site_list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "SITE", "site", CELL_TEXT },           { "HOSTS", "hosts", CELL_NUMBER },
		{ "RELAYS", "relays", CELL_NUMBER },     { "LISTS OF", "metadata_at", CELL_TIME },
		{ "LIMIT (h)", "fresh_h", CELL_NUMBER }, { "LETTERS", "queue", CELL_NUMBER },
	};
	struct err e = { 0 };
	int operands = 0;
	if (!cli_words(c, &verb_site_list, NULL, 0, argc, argv, 0, 0, &operands, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/sites", columns, COUNT(columns), "No sites.");
}

static int
site_set_run(struct cli *c, int argc, char **argv)
{
	const char *fresh = NULL, *only = NULL;
	const struct cli_option options[] = {
		{ "relay-only", "yes|no", "Its hosts never try anything but their relays", &only, NULL, NULL },
		{ "fresh", "TIME", "How old package lists may be before it is an alarm: 72h", &fresh, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	int64_t ms = 0;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_site_set, options, COUNT(options), argc, argv, 1, 1, &operands, &e))
		return cli_fail(c, &e);
	if (fresh && !time_parse_duration(str_of(fresh), &ms))
		err_set(&e, ERR_USAGE, "--fresh takes a time such as 24h or 3d, not “%s”", fresh);
	else if (only && strcmp(only, "yes") != 0 && strcmp(only, "no") != 0)
		err_set(&e, ERR_USAGE, "--relay-only takes yes or no, not “%s”", only);
	if (e.code)
		return cli_fail(c, &e);
	json_begin_object(&w);
	if (only)
		json_put_bool(&w, "relay_only", strcmp(only, "yes") == 0);
	if (fresh)
		json_put_i64(&w, "fresh_h", ms / 3600000);
	json_end_object(&w);
	cli_path(&path, "/api/v1/sites/", argv[0], "");
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body),
			"Done. Its hosts hear of it at their next check-in.");
}

const struct cli_verb verb_relay_enrol = {
	"relay enrol",
	"",
	"Make this machine a relay of a server, with a token",
	"  mamori token create --role relay --group ward-net > relay.token     (on the server; the group is its site)\n"
	"  mamori relay enrol --data /srv/relay --token-file relay.token --name 10.1.0.5",
	enrol_run,
};
const struct cli_verb verb_relay_status = {
	"relay status",
	"",
	"Show how the relay in --data is doing: server, space, package lists, letters",
	"  mamori relay status --data /srv/relay",
	status_run,
};
const struct cli_verb verb_relay_list = { "relay list", "", "List relays: site, last contact, age of package lists",
					  "  mamori relay list", list_run };
const struct cli_verb verb_relay_set = { "relay set", "RELAY", "Say which site a relay serves",
					 "  mamori relay set relay-1 --site ward-net", set_run };
const struct cli_verb verb_relay_revoke = { "relay revoke", "RELAY", "Trust a relay no more", NULL, revoke_run };
const struct cli_verb verb_site_list = { "site list", "", "List sites: hosts, relays, age of package lists",
					 "  mamori site list", site_list_run };
const struct cli_verb verb_site_set = {
	"site set",
	"SITE",
	"Set what holds for the hosts of a site",
	"  mamori site set ward-net --relay-only yes --fresh 48h",
	site_set_run,
};
