#include "server/publish.h"

#include "base/log.h"
#include "base/sentence.h"
#include "os/copy.h"
#include "os/file.h"
#include "server/api.h"
#include "trust/tuf-repo.h"
#include "vuln/feed.h"

enum { STATE_MAX = 64 << 10, KEPT_INDEXES = 2, NAMES_MAX = 10000, INDEX_MAX = 1 << 30 };
#define SOON (INT64_C(45) * 86400000)

static const char *
repo_folder(struct arena *a, const char *data)
{
	return path_join(a, data, "updates");
}

/* ---- the vulnerability data ---- */

/* A server that was made before there was this role signs no such thing: `mamori key rotate --role index --online`. */
static bool
may_index(struct tuf_repo *r, struct arena *a, bool *may, struct err *e)
{
	struct tuf_repo_role_list roles = { 0 };
	*may = false;
	if (!tuf_repo_roles(r, a, &roles, e))
		return false;
	for (size_t i = 0; i < roles.items.count; i++)
		*may |= str_eq(roles.items.items[i].name, STR("index")) && roles.items.items[i].key_count > 0;
	return true;
}

/* Relays may still be fetching the one before. */
static void
indexes_prune(struct arena *a, const char *folder)
{
	struct str *names;
	size_t count;
	const char *path[KEPT_INDEXES] = { 0 };
	if (!dir_list(a, folder, NAMES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *file = path_join(a, folder, arena_cstr(a, names[i]));
		for (size_t k = 0; k < KEPT_INDEXES && file; k++) {
			if (!path[k] || file_mtime(file) > file_mtime(path[k])) {
				const char *other = path[k];
				path[k] = file;
				file = other;
			}
		}
		if (file && !file_remove(file, NULL))
			log_warn("updates", "%s cannot be removed", file);
	}
}

/* *stamp: which state of the imported data; empty: there is none. */
static void
index_stamp(struct arena *a, const char *data, struct buf *stamp)
{
	const char *index = path_join(a, path_join(a, data, "feeds"), "index");
	if (file_exists(index))
		file_stamp(index, stamp);
}

static bool
is_named(struct tuf_repo *r, const char *file, bool *named, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	char hex[SHA256_HEX_LEN];
	struct str now;
	if (!file_read(file, INDEX_MAX, &bytes, e) || !tuf_repo_target(r, "index", STR(PUBLISH_INDEX), &now, e))
		return false;
	sha256_hex(buf_str(&bytes), hex);
	*named = str_eq(now, str_of(hex));
	return true;
}

/* *news: it is another one than what is named. */
static bool
index_put(struct tuf_repo *r, struct arena *a, const char *data, bool *news, struct err *e)
{
	const char *folder = repo_folder(a, data), *file = path_join(a, folder, "index.part");
	size_t count;
	bool named = false;
	const struct tuf_put p = { .path = STR(PUBLISH_INDEX), .file = file };
	bool ok = feed_export(data, file, &count, e) && is_named(r, file, &named, e) &&
		  (named || tuf_repo_put_target(r, "index", &p, e));
	*news = ok && !named;
	return file_remove(file, ok ? e : NULL) && ok;
}

/* When it has changed since it was looked at. */
static bool
index_look(struct tuf_repo *r, struct arena *a, const char *data, struct publish_memory *m, bool *named, struct err *e)
{
	BUF_AUTO stamp = { 0 };
	bool may;
	*named = false;
	index_stamp(a, data, &stamp);
	if (stamp.len == 0 || str_eq(buf_str(&stamp), buf_str(&m->index)))
		return true;
	if (!may_index(r, a, &may, e) || (may && !index_put(r, a, data, named, e)))
		return err_wrap(e, "naming the vulnerability data");
	buf_truncate(&m->index, 0);
	buf_add(&m->index, buf_str(&stamp));
	return true;
}

void
publish_forget(struct publish_memory *m)
{
	buf_free(&m->index);
}

/* ---- what came of it ---- */

static void
role_write(struct json_writer *w, const struct tuf_repo_role *role)
{
	int64_t lacks = role->pending ? role->threshold - role->signatures : 0;
	json_begin_object(w);
	json_put_str(w, "role", role->name);
	json_put_i64(w, "lacks", role->online ? 0 : (lacks > 0 ? lacks : 0) + role->lacks_old);
	json_put_time(w, "expires", role->online ? 0 : role->expires);
	json_end_object(w);
}

static void
state_keep(struct tuf_repo *r, struct arena *a, const char *data, const struct err *trouble)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	struct tuf_repo_role_list roles = { 0 };
	struct err e = { 0 };
	if (r && !tuf_repo_roles(r, a, &roles, &e))
		trouble = trouble->code ? trouble : &e;
	json_begin_object(&w);
	json_put_cstr(&w, "trouble", trouble->code ? trouble->text : NULL);
	json_key(&w, "roles");
	json_begin_array(&w);
	for (size_t i = 0; i < roles.items.count; i++)
		role_write(&w, &roles.items.items[i]);
	json_end_array(&w);
	json_end_object(&w);
	const char *path = path_join(a, repo_folder(a, data), "state.json");
	BUF_AUTO before = { 0 };
	if (file_read(path, STATE_MAX, &before, NULL) && str_eq(buf_str(&before), buf_str(&text)))
		return;
	if (!file_write(path, buf_str(&text), 0644, &e))
		log_warn("updates", "%s", e.text);
}

void
publish_run(const char *data, const struct clock *clock, struct publish_memory *m)
{
	LANG_ENGLISH_AUTO;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct tuf_published what = { 0 };
	TUF_REPO_AUTO r = NULL;
	bool named = false;
	const char *folder = repo_folder(&a, data);
	if (!file_exists(path_join(&a, folder, "pending")))
		return;
	if (!tuf_repo_open(folder, clock, &r, &e)) {
		if (e.code == ERR_BUSY) /* somebody works on it: the next minute will do */
			return;
		log_error("updates", "signing the metadata of updates: %s", e.text);
		state_keep(NULL, &a, data, &e);
		return;
	}
	/* Daily updates must not wait for what is wrong with the vulnerability data. */
	struct err of_index = { 0 };
	bool looked = index_look(r, &a, data, m, &named, &of_index);
	bool ok = tuf_repo_publish(r, &what, &e);
	if (!ok)
		log_error("updates", "signing the metadata of updates: %s", e.text);
	else if (!looked)
		log_error("updates", "%s", of_index.text);
	else if (what.changed)
		log_info("updates", "metadata published, timestamp %lld", (long long)what.timestamp_version);
	if (ok && named)
		indexes_prune(&a, path_join(&a, folder, "targets/index"));
	state_keep(r, &a, data, ok ? &of_index : &e);
}

/* ---- what is told ---- */

struct str
publish_reminder(struct arena *a, const char *data)
{
	if (file_exists(path_join(a, repo_folder(a, data), "pending")))
		return STR_NONE;
	return arena_printf(
		a,
		tr("Machines take their vendors' signed updates. For the hospital's own packages and scripts, and for "
		   "closed networks, an administrator makes keys once, on a USB stick: mamori repo init %s --new-keys "
		   "FOLDER-ON-THE-STICK"),
		repo_folder(a, data));
}

static void
role_notice(struct request *r, const struct json *role)
{
	char when[TIME_RFC3339_MAX];
	struct str name = json_get_str(role, "role");
	int64_t lacks = json_get_i64(role, "lacks", 0), expires = 0;
	const char *folder = repo_folder(&r->arena, r->app->data);
	if (lacks > 0)
		notice_write(
			r, "warning", "metadata-unsigned",
			arena_printf(
				&r->arena,
				tr("The update metadata “%.*s” waits for %lld signature(s): carry %s/pending/%.*s.json "
				   "to the key and back (mamori key sign)."),
				STR_ARG(name), (long long)lacks, folder, STR_ARG(name)));
	if (!time_parse(json_get_str(role, "expires"), &expires) || expires > r->now + SOON)
		return;
	notice_write(
		r, expires > r->now ? "warning" : "alarm", "metadata-ends",
		arena_printf(
			&r->arena,
			tr("The update metadata “%.*s” ends at %s: mamori repo renew %s --role %.*s, then let it be "
			   "signed."),
			STR_ARG(name), time_local(expires, when), folder, STR_ARG(name)));
}

void
publish_notices_write(struct request *r)
{
	BUF_AUTO text = { 0 };
	struct json *v;
	struct str none = publish_reminder(&r->arena, r->app->data);
	if (none.len) {
		notice_write(r, "info", "no-metadata", none);
		return;
	}
	if (!file_read(path_join(&r->arena, repo_folder(&r->arena, r->app->data), "state.json"), STATE_MAX, &text,
		       NULL) ||
	    !json_parse(&r->arena, buf_str(&text), NULL, &v, NULL))
		return;
	struct str trouble = json_get_str(v, "trouble");
	if (trouble.len)
		notice_write(r, "alarm", "metadata-trouble",
			     arena_printf(&r->arena, tr("The update metadata: %.*s"),
					  STR_ARG(tr_sentence(&r->arena, trouble))));
	size_t count;
	const struct json *roles = json_get_array(v, "roles", &count);
	for (size_t i = 0; i < count; i++)
		role_notice(r, &roles[i]);
}
