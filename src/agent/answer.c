#include "agent/answer.h"

#include "base/time.h"
#include "base/tr.h"

#define NEED_MAX 16
#define ACCEPTED_MAX 100000
#define ORDERS_MAX 1000
#define LINEAGE_MAX 256

static const struct json_limits limits = { .depth = 8, .string_max = 2U << 20, .total = 4U << 20 };

/* One line of a stranger's text: no control characters, at most 600 bytes, whole characters. */
static struct str
clean(struct arena *arena, struct str s)
{
	struct str head = str_head(s, 600);
	while (head.len < s.len && head.len > 0 && ((unsigned char)s.ptr[head.len] & 0xc0) == 0x80)
		head.len--;
	char *copy = arena_cstr(arena, head);
	for (size_t i = 0; i < head.len; i++)
		if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
			copy[i] = ' ';
	return str_sub(copy, head.len);
}

static bool
strings_only(const struct json *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].kind != JSON_KIND_STRING)
			return false;
	return true;
}

bool
answer_parse(struct arena *arena, struct str body, struct answer *out, struct err *e)
{
	struct json *v;
	if (!json_parse(arena, body, &limits, &v, e))
		return err_wrap(e, "reading the server's answer");
	return answer_read(arena, v, true, out, e);
}

bool
answer_read(struct arena *arena, const struct json *v, bool lineage, struct answer *out, struct err *e)
{
	struct answer r = { 0 };
	r.all = v;
	r.lineage = json_get_str(v, "lineage");
	r.need = json_get_array(v, "need", &r.need_count);
	r.accepted = json_get_array(v, "accepted", &r.accepted_count);
	r.orders = json_get_array(v, "orders", &r.order_count);
	if ((lineage && r.lineage.len == 0) || r.lineage.len > LINEAGE_MAX || str_find_char(r.lineage, '\n') >= 0)
		return err_set(e, ERR_INPUT, "reading the server's answer: it has no proper lineage");
	if (r.need_count > NEED_MAX || r.accepted_count > ACCEPTED_MAX || r.order_count > ORDERS_MAX ||
	    !strings_only(r.need, r.need_count) || !strings_only(r.accepted, r.accepted_count))
		return err_set(e, ERR_INPUT, "reading the server's answer: its lists are not what they should be");
	int64_t interval = json_get_i64(v, "interval", 300);
	r.interval = interval < 5 ? 5 : interval > 86400 ? 86400 : (unsigned)interval;
	r.renew = json_get_bool(v, "renew", false);
	r.directive = json_get(v, "directive");
	if (r.directive && r.directive->kind != JSON_KIND_OBJECT)
		r.directive = NULL;
	if (!time_parse(json_get_str(v, "now"), &r.now))
		r.now = 0;
	r.stage_security = str_eq(json_get_str(v, "stage"), STR("security"));
	struct str notice = json_get_str(v, "notice");
	r.notice = notice.len ? clean(arena, notice) : STR_NONE;
	*out = r;
	return true;
}

/* The sentences for what stops an agent; the server's own words follow. */
static const struct stop {
	int status;
	const char *code; /* NULL: any */
	const char *state;
	enum err_code err;
	const char *sentence;
} stops[] = {
	{ 409, "cloned", "cloned", ERR_REFUSED,
	  "the server saw this machine's identity on two machines (a cloned disk?); on each of them run: mamori-agent "
	  "enrol --again --token-file FILE" },
	{ 403, "pending", "pending", ERR_REFUSED,
	  "the server has not approved this machine yet; approve it on its page, this agent keeps asking" },
	{ 403, "revoked", "revoked", ERR_REFUSED,
	  "the server revoked this machine; if it should come back, enrol it with a new token: mamori-agent enrol "
	  "--again --token-file FILE" },
	{ 426, NULL, NULL, ERR_REFUSED,
	  "the server speaks another version of the agent protocol; update mamori-agent or the server" },
	{ 413, NULL, NULL, ERR_TOO_LARGE, "the server refused a message of this machine as too large" },
};

bool
answer_error(struct arena *arena, int status, struct str body, const char **state, struct err *e)
{
	struct json *v = NULL;
	struct str code = STR_NONE, words = STR_NONE;
	*state = NULL;
	if (json_parse(arena, body, &limits, &v, NULL)) {
		code = json_get_str(json_get(v, "error"), "code");
		words = clean(arena, json_get_str(json_get(v, "error"), "message"));
	}
	for (size_t i = 0; i < COUNT(stops); i++) {
		if (stops[i].status != status || (stops[i].code && !str_eq(code, str_of(stops[i].code))))
			continue;
		*state = stops[i].state;
		if (words.len == 0)
			return err_set(e, stops[i].err, "%s", tr(stops[i].sentence));
		return err_set(e, stops[i].err, "%s (%.*s)", tr(stops[i].sentence), STR_ARG(words));
	}
	if (words.len == 0)
		return err_set(e, status >= 500 ? ERR_UNREACHABLE : ERR_REFUSED, "the server answered with status %d",
			       status);
	return err_set(e, status >= 500 || status == 429 ? ERR_UNREACHABLE : ERR_REFUSED,
		       "the server answered with status %d: %.*s", status, STR_ARG(words));
}
