/* The command line as a client of the server's API. */
#include "cli/verbs.h"
#include "base/codec.h"
#include "net/client.h"
#include "os/file.h"
#include "os/user.h"
#include "server/server.h"

#define PAGE 1000
#define ITEMS_MAX 1000000

/* An API error's code back from its name. */
static enum err_code
code_from_name(struct str name)
{
	for (enum err_code code = ERR_USAGE; code <= ERR_BUG; code++) {
		if (str_eq(name, str_of(err_code_name(code))))
			return code;
	}
	return ERR_SYSTEM;
}

static bool
answer_open(struct cli *c, int status, struct str body, struct json **answer, struct err *e)
{
	*answer = NULL;
	if (body.len && !json_parse(c->arena, body, &(struct json_limits){ .depth = 32 }, answer, e))
		return err_wrap(e, "reading the server's answer");
	if (status >= 200 && status < 300)
		return true;
	const struct json *error = json_get(*answer, "error");
	struct str message = json_get_str(error, "message");
	if (!message.len)
		return err_set(e, ERR_BUG, "the server answered %d without saying why", status);
	return err_set(e, code_from_name(json_get_str(error, "code")), "%.*s", STR_ARG(message));
}

static bool
api_by_socket(struct cli *c, const char *socket, const char *method, const char *path, struct str body,
	      struct json **answer, bool *absent, struct err *e)
{
	__attribute__((cleanup(http_client_cleanup))) struct http_client *client = NULL;
	struct http_client_options o = { .unix_socket = socket,
					 .language = lang_current() == LANG_JA ? "ja" : "en",
					 .body_max = 256 << 20,
					 .proxy = "" };
	if (!http_client_new(&o, &client, e))
		return false;
	BUF_AUTO url = { 0 };
	buf_addf(&url, "http://mamori%s", path);
	HTTP_RESPONSE_AUTO r = { 0 };
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	if (!http_request(client, method, buf_cstr(&url), headers, body, &r, e)) {
		*absent = e->code == ERR_UNREACHABLE;
		return false;
	}
	return answer_open(c, r.status, buf_str(&r.body), answer, e);
}

bool
cli_api(struct cli *c, const char *method, const char *path, struct str body, struct json **answer, struct err *e)
{
	const char *socket = path_join(c->arena, c->data, "mamori.sock");
	if (file_exists(socket)) {
		bool absent = false;
		/* Where others may write, the socket may be anybody's. */
		if (!dir_check_private(c->data, user_find("mamori").uid, e))
			return false;
		if (api_by_socket(c, socket, method, path, body, answer, &absent, e))
			return true;
		if (!absent)
			return false;
		/* A socket that a killed server left behind: the folder's lock decides below. */
		err_clear(e);
	}
	int status = 0;
	BUF_AUTO text = { 0 };
	if (!server_api_local(c->data, c->clock, method, path, body, &status, &text, e))
		return false;
	return answer_open(c, status, buf_str(&text), answer, e);
}

void
cli_query(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_add_char(path, str_find_char(buf_str(path), '?') >= 0 ? '&' : '?');
	buf_add(path, str_of(name));
	buf_add_char(path, '=');
	percent_encode(path, str_of(value));
}

bool
cli_api_items(struct cli *c, const char *path, struct json ***items, size_t *count, struct err *e)
{
	ARRAY_OF(struct json *) all = { 0 };
	for (size_t offset = 0, total = 1; offset < total && offset < ITEMS_MAX; offset += PAGE) {
		BUF_AUTO page = { 0 };
		buf_add(&page, str_of(path));
		struct str number = arena_printf(c->arena, "%zu", offset);
		cli_query(&page, "limit", "1000");
		cli_query(&page, "offset", number.ptr);
		struct json *answer;
		if (!cli_api(c, "GET", buf_cstr(&page), STR_NONE, &answer, e))
			return false;
		total = (size_t)json_get_i64(answer, "total", 0);
		const struct json *list = json_get(answer, "items");
		for (size_t i = 0; list && i < list->count; i++)
			*ARRAY_PUSH(c->arena, &all) = &list->item[i];
		if (!list || !list->count)
			break;
	}
	*items = all.items;
	*count = all.count;
	return true;
}

bool
cli_host_find(struct cli *c, const char *name, struct str *id, struct err *e)
{
	struct json **hosts;
	size_t count;
	if (!cli_api_items(c, "/api/v1/hosts", &hosts, &count, e))
		return false;
	BUF_AUTO same = { 0 };
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		struct str host_id = json_get_str(hosts[i], "id");
		if (str_eq(host_id, str_of(name))) {
			*id = host_id;
			return true;
		}
		if (str_eq_nocase(json_get_str(hosts[i], "name"), str_of(name))) {
			buf_addf(&same, "%s%.*s", found ? ", " : "", STR_ARG(host_id));
			*id = host_id;
			found++;
		}
	}
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "there is no host %s; see: mamori host list", name);
	if (found > 1)
		return err_set(e, ERR_INPUT, "%zu hosts are called %s; use one of their ids: %s", found, name,
			       buf_cstr(&same));
	return true;
}
