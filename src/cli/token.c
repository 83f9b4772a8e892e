/* mamori token …, mamori signin: the secrets that let a machine or a person in. */
#include "cli/client.h"

/* What a new secret is shown as: alone on its line, so that it can be copied or redirected. */
static int
secret_print(struct cli *c, struct json *answer, const char *key)
{
	if (c->json) {
		cli_print_json(answer);
		return 0;
	}
	struct str text = json_get_str(answer, key);
	printf("%.*s\n", (int)text.len, text.ptr);
	int64_t expires;
	char when[TIME_RFC3339_MAX];
	if (time_parse(json_get_str(answer, "expires"), &expires) && c->tty) {
		fprintf(stderr, tr("Valid until %s."), time_local(expires, when));
		fputc('\n', stderr);
	}
	return 0;
}

static int
token_create_run(struct cli *c, int argc, char **argv)
{
	const char *role = "host", *group = NULL, *uses = "1", *ttl = "24h";
	const struct cli_option options[] = {
		{ "role", "host|relay", "What may enrol with it (default: host)", &role, NULL, NULL },
		{ "group", "NAME", "Department or ward that its hosts join; of a relay, the site that it serves",
		  &group, NULL, NULL },
		{ "uses", "N", "How many machines may enrol with it (default: 1)", &uses, NULL, NULL },
		{ "ttl", "TIME", "How long it is valid: 15m, 24h, 14d (default: 24h)", &ttl, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	int64_t ttl_ms;
	uint64_t count = 0;
	if (!cli_parse(c, &verb_token_create, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (!time_parse_duration(str_of(ttl), &ttl_ms))
		err_set(&e, ERR_USAGE, "--ttl takes a time such as 15m, 24h or 14d, not “%s”", ttl);
	else if (!str_to_u64(str_of(uses), &count))
		err_set(&e, ERR_USAGE, "--uses takes a number, not “%s”", uses);
	if (e.code)
		return cli_fail(c, &e);
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	json_put_cstr(&w, "role", role);
	if (group)
		json_put_cstr(&w, "group", group);
	json_put_i64(&w, "uses", (int64_t)count);
	json_put_i64(&w, "ttl_s", ttl_ms / 1000);
	json_end_object(&w);
	struct json *answer;
	if (!cli_api(c, "POST", "/api/v1/tokens", buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	return secret_print(c, answer, "token");
}

static int
token_list_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	struct json **items;
	size_t count;
	if (!cli_parse(c, &verb_token_list, NULL, 0, argc, argv, &operands, &e) ||
	    !cli_api_items(c, "/api/v1/tokens", &items, &count, &e))
		return cli_fail(c, &e);
	static const char *const headers[] = { "ID", "ROLE", "GROUP", "USED", "EXPIRES" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		if (c->json) {
			cli_print_json(items[i]);
			continue;
		}
		cli_table_cell(t, json_get_str(items[i], "id"));
		cli_table_cell(t, json_get_str(items[i], "role"));
		cli_table_cell(t, cli_or_dash(json_get_str(items[i], "group")));
		cli_table_cellf(t, "%lld/%lld%s", (long long)json_get_i64(items[i], "used", 0),
				(long long)json_get_i64(items[i], "uses", 0),
				json_get_bool(items[i], "revoked", false) ? tr(" revoked") : "");
		cli_table_cell(t, cli_when(c, json_get_str(items[i], "expires")));
	}
	if (!c->json && count)
		cli_table_print(t);
	else if (!c->json)
		puts(tr("No tokens. Make one with: mamori token create"));
	return 0;
}

static int
token_revoke_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int operands = 0;
	if (!cli_parse(c, &verb_token_revoke, NULL, 0, argc, argv, &operands, &e))
		return cli_fail(c, &e);
	if (operands != 1) {
		err_set(&e, ERR_USAGE, "name one token; see: mamori token list");
		return cli_fail(c, &e);
	}
	BUF_AUTO path = { 0 };
	cli_path(&path, "/api/v1/tokens/", argv[0], "");
	struct json *answer;
	if (!cli_api(c, "DELETE", buf_cstr(&path), STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	return 0;
}

static int
signin_run(struct cli *c, int argc, char **argv)
{
	const char *role = NULL, *user = NULL;
	const struct cli_option options[] = {
		{ "role", "ROLE", "viewer, auditor, operator, approver or administrator", &role, NULL, NULL },
		{ "user", "NAME", "Whose decisions they are, in the audit log", &user, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	struct json *answer;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_parse(c, &verb_signin, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	json_begin_object(&w);
	cli_put(&w, "role", role);
	cli_put(&w, "user", user);
	json_end_object(&w);
	if (!cli_api(c, "POST", "/api/v1/signin-links", buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	return secret_print(c, answer, "link");
}

const struct cli_verb verb_token_create = {
	"token create",
	"",
	"Print a token with which a machine enrols",
	"  mamori token create --group ward-3 --uses 20 --ttl 7d > ward-3.token\n"
	"  mamori-agent enrol --token-file ward-3.token",
	token_create_run,
};
const struct cli_verb verb_token_list = { "token list", "", "List tokens", NULL, token_list_run };
const struct cli_verb verb_token_revoke = { "token revoke", "ID", "Take a token back", NULL, token_revoke_run };
const struct cli_verb verb_signin = {
	"signin",
	"",
	"Print a new one-time sign-in link, for an administrator unless --role says otherwise",
	"  mamori signin --role approver --user suzuki",
	signin_run,
};
