#include "relay/member.h"

#include "base/json.h"
#include "os/file.h"
#include "relay/member-internal.h"
#include "trust/cert.h"

#define MEMBER_FILE "relay.json"
#define MEMBER_MAX ((size_t)256 << 10)
#define STATUS_MAX ((size_t)64 << 10)

static const char *
text(struct arena *a, const struct json *v, const char *key)
{
	struct str s = json_get_str(v, key);
	return s.len ? arena_cstr(a, s) : NULL;
}

void
member_list_read(struct arena *a, const struct json *v, const char *key, const char **out, size_t max)
{
	size_t count, kept = 0;
	const struct json *items = json_get_array(v, key, &count);
	for (size_t i = 0; i < count && kept < max; i++)
		if (items[i].kind == JSON_KIND_STRING && items[i].text.len)
			out[kept++] = arena_cstr(a, items[i].text);
	if (kept < max)
		out[kept] = NULL;
}

void
member_list_write(struct json_writer *w, const char *key, const char *const *items, size_t max)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < max && items[i]; i++)
		json_cstr(w, items[i]);
	json_end_array(w);
}

bool
member_load(const char *data, struct arena *a, struct member *out, bool *enrolled, struct err *e)
{
	const char *path = path_join(a, data, MEMBER_FILE);
	BUF_AUTO content = { 0 };
	struct json *v;
	*enrolled = false;
	if (!file_exists(path))
		return true;
	if (!file_read(path, MEMBER_MAX, &content, e) || !json_parse(a, buf_str(&content), NULL, &v, e))
		return err_wrap(e, "reading who this relay is (%s)", path);
	struct member m = {
		.data = arena_cstr(a, str_of(data)),
		.id = text(a, v, "relay"),
		.name = text(a, v, "name"),
		.server = text(a, v, "server"),
		.site = text(a, v, "site"),
		.ca = text(a, v, "ca"),
		.order_key = text(a, v, "order_key"),
		.certificate = text(a, v, "certificate"),
	};
	member_list_read(a, v, "agents", m.agents, MEMBER_URLS_MAX);
	member_list_read(a, v, "dashboards", m.dashboards, MEMBER_URLS_MAX);
	member_list_read(a, v, "names", m.names, MEMBER_NAMES_MAX);
	if (!time_parse(json_get_str(v, "not_after"), &m.not_after))
		m.not_after = 0;
	if (!time_parse(json_get_str(v, "enrolled_at"), &m.enrolled_at))
		m.enrolled_at = 0;
	if (!m.id || !m.ca || !m.certificate || !m.agents[0])
		return err_set(e, ERR_INPUT,
			       "%s is incomplete; enrol again with a new token: mamori relay enrol --again --data %s "
			       "--token-file FILE",
			       path, data);
	*out = m;
	*enrolled = true;
	return true;
}

bool
member_save(const struct member *m, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO content = { 0 };
	struct json_writer w = { .out = &content };
	json_begin_object(&w);
	json_put_cstr(&w, "relay", m->id);
	json_put_cstr(&w, "name", m->name);
	json_put_cstr(&w, "server", m->server);
	json_put_cstr(&w, "site", m->site);
	member_list_write(&w, "agents", m->agents, MEMBER_URLS_MAX);
	member_list_write(&w, "dashboards", m->dashboards, MEMBER_URLS_MAX);
	member_list_write(&w, "names", m->names, MEMBER_NAMES_MAX);
	json_put_cstr(&w, "ca", m->ca);
	json_put_cstr(&w, "order_key", m->order_key);
	json_put_cstr(&w, "certificate", m->certificate);
	json_put_time(&w, "not_after", m->not_after);
	json_put_time(&w, "enrolled_at", m->enrolled_at);
	json_end_object(&w);
	return file_write(path_join(&a, m->data, MEMBER_FILE), buf_str(&content), 0600, e);
}

bool
member_certificate_take(struct member *m, struct arena *a, const struct key *k, struct str pem, int64_t now,
			struct err *e)
{
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	BUF_AUTO ours = { 0 };
	if (!cert_read(pem, &info, e) || !cert_key_digest(pem, digest, e) || !key_id(k, &ours, e) ||
	    !cert_check(pem, str_of(m->ca), now, e))
		return err_wrap(e, "checking the certificate that the server issued");
	if (!str_eq(str_of(digest), buf_str(&ours)))
		return err_set(e, ERR_REFUSED, "the certificate that the server issued is for another key than ours");
	m->certificate = arena_cstr(a, pem);
	m->not_after = info.not_after;
	return true;
}

/* What the running relay wrote last; an object without it, too. */
static bool
status_copy(const char *data, struct arena *a, struct json_writer *w, struct err *e)
{
	BUF_AUTO content = { 0 };
	struct json *v;
	const char *path = path_join(a, data, "status.json");
	if (!file_exists(path))
		return true;
	if (!file_read(path, STATUS_MAX, &content, e) || !json_parse(a, buf_str(&content), NULL, &v, e))
		return err_wrap(e, "reading %s", path);
	for (size_t i = 0; v->kind == JSON_KIND_OBJECT && i < v->count; i++) {
		json_key_str(w, v->key[i]);
		json_tree(w, &v->item[i]);
	}
	return true;
}

bool
member_status(const char *data, const struct clock *clock, struct buf *json, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct member m = { 0 };
	bool enrolled;
	struct json_writer w = { .out = json };
	(void)clock;
	if (!member_load(data, &a, &m, &enrolled, e))
		return false;
	json_begin_object(&w);
	json_put_bool(&w, "enrolled", enrolled);
	if (enrolled) {
		json_put_cstr(&w, "relay", m.id);
		json_put_cstr(&w, "name", m.name);
		json_put_cstr(&w, "server", m.server);
		json_put_cstr(&w, "site", m.site);
		member_list_write(&w, "names", m.names, MEMBER_NAMES_MAX);
		json_put_time(&w, "certificate_until", m.not_after);
		json_put_time(&w, "enrolled_at", m.enrolled_at);
	}
	if (!status_copy(data, &a, &w, e))
		return false;
	json_end_object(&w);
	return true;
}
