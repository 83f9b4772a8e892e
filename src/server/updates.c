#include "server/updates.h"

#include "base/log.h"
#include "base/sentence.h"
#include "os/file.h"
#include "store/host_metadata.h"

enum { TIMESTAMP_MAX = 64 << 10, ROOT_MAX = 512 << 10, FILE_MAX = 4 << 20, ROOTS_MAX = 100000, TROUBLE_MAX = 1000 };

/* ---- files ---- */

/* One file of one folder: whatever could be more than that is not there. */
static bool
name_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '/' || c == '\\' || c == '%' || (unsigned char)c <= ' ' || c == 0x7f)
			return false;
	}
	return name.len > 0 && name.len <= 250 && name.ptr[0] != '.';
}

static bool
file_give(struct request *r, const char *folder, const char *type, struct err *e)
{
	struct err why = { 0 };
	const char *path =
		path_join(&r->arena, path_join(&r->arena, r->app->data, folder), arena_cstr(&r->arena, r->argument));
	if (!name_valid(r->argument) || !file_read(path, FILE_MAX, &r->out, &why)) {
		if (why.code != ERR_NONE && why.code != ERR_NOT_FOUND)
			log_warn("updates", "%s", why.text);
		return err_set(e, ERR_NOT_FOUND, "the server's update metadata has no file of that name");
	}
	r->raw = true;
	request_header(r, "Content-Type", type);
	return true;
}

bool
updates_file(struct request *r, struct err *e)
{
	if (!str_ends(r->argument, STR(".json")))
		return err_set(e, ERR_NOT_FOUND, "the server's update metadata has no file of that name");
	return file_give(r, "updates/metadata", "application/json", e);
}

bool
updates_script_file(struct request *r, struct err *e)
{
	return file_give(r, "updates/targets/custom/scripts", "application/octet-stream", e);
}

bool
updates_index_piece(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "from", NULL };
	uint64_t from = 0;
	struct err why = { 0 };
	const char *path = path_join(&r->arena, path_join(&r->arena, r->app->data, "updates/targets/index"),
				     arena_cstr(&r->arena, r->argument));
	if (!request_query(r, allowed, e))
		return false;
	struct str text = request_parameter(r, "from");
	if (text.len && (!str_to_u64(text, &from) || from > INT64_MAX))
		return err_set(e, ERR_USAGE, "“%.*s” is no place in a file", STR_ARG(text));
	if (!name_valid(r->argument) || !file_piece(path, (int64_t)from, FILE_MAX, &r->out, &why))
		return err_set(e, ERR_NOT_FOUND, "the server's update metadata has no file of that name");
	r->raw = true;
	request_header(r, "Content-Type", "application/octet-stream");
	return true;
}

/* ---- what is told ---- */

/* The newest root; 0: there is none. */
static int64_t
root_newest(struct request *r, const char *folder)
{
	struct str *names;
	size_t count;
	int64_t newest = 0;
	if (!file_exists(folder) || !dir_list(&r->arena, folder, ROOTS_MAX, &names, &count, NULL))
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t n;
		if (str_ends(names[i], STR(".root.json")) &&
		    str_to_u64(str_head(names[i], names[i].len - strlen(".root.json")), &n) && (int64_t)n > newest)
			newest = (int64_t)n;
	}
	return newest;
}

bool
updates_root_write(struct request *r, struct err *e)
{
	const char *folder = path_join(&r->arena, r->app->data, "updates/metadata");
	BUF_AUTO root = { 0 };
	int64_t newest = root_newest(r, folder);
	if (!newest)
		return true;
	if (!file_read(arena_printf(&r->arena, "%s/%lld.root.json", folder, (long long)newest).ptr, ROOT_MAX, &root, e))
		return err_wrap(e, "reading the root of the update metadata");
	json_put_str(&r->w, "root", buf_str(&root));
	return true;
}

bool
updates_named_write(struct request *r, const struct updates_in *in, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json *v;
	struct err why = { 0 };
	const char *path = path_join(&r->arena, r->app->data, "updates/metadata/timestamp.json");
	if (!file_exists(path))
		return true;
	/* A damaged repository must not keep hosts from checking in. */
	if (!file_read(path, TIMESTAMP_MAX, &text, &why) || !json_parse(&r->arena, buf_str(&text), NULL, &v, &why)) {
		log_warn("updates", "%s", why.text);
		return true;
	}
	json_key(&r->w, "metadata");
	json_begin_object(&r->w);
	json_put_i64(&r->w, "timestamp", json_get_i64(json_get(v, "signed"), "version", 0));
	if (!in->given && !updates_root_write(r, e))
		return false;
	json_end_object(&r->w);
	return true;
}

/* ---- what hosts say ---- */

bool
updates_parse(struct arena *a, const struct json *body, struct updates_in *out, struct err *e)
{
	const struct json *m = json_get(body, "metadata");
	struct updates_in in = { .given = m && m->kind == JSON_KIND_OBJECT };
	struct str expires = json_get_str(m, "expires");
	in.timestamp = json_get_i64(m, "timestamp", 0);
	if (expires.len && !time_parse(expires, &in.expires))
		return err_set(e, ERR_INPUT, "the check-in's metadata.expires is no time");
	in.trouble = arena_line(a, json_get_str(m, "trouble"), TROUBLE_MAX);
	*out = in;
	return true;
}

bool
updates_keep(struct request *r, const struct updates_in *in, struct err *e)
{
	struct host_metadata before,
		now = { in->timestamp, in->expires, in->trouble.len ? in->trouble : STR(""), r->now };
	if (!in->given)
		return true;
	if (!host_metadata_get(r->st, &r->arena, r->host.id, &before, e))
		return false;
	if (now.trouble.len && !str_eq(now.trouble, before.trouble)) {
		log_warn("updates", "%.*s: %.*s", STR_ARG(r->host.name), STR_ARG(now.trouble));
		if (!request_audit(r, "host.metadata", r->host.id, now.trouble, e))
			return false;
	}
	if (before.at && before.timestamp == now.timestamp && before.expires == now.expires &&
	    str_eq(before.trouble, now.trouble))
		return true;
	return host_metadata_put(r->st, r->host.id, &now, e);
}

struct str
updates_trouble(struct request *r, struct str host)
{
	struct host_metadata m;
	struct err e = { 0 };
	if (!host_metadata_get(r->st, &r->arena, host, &m, &e)) {
		log_error("updates", "%s", e.text);
		return STR("");
	}
	return m.trouble.len ? tr_sentence(&r->arena, m.trouble) : STR("");
}
