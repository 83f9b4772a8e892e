#include "relay/updates.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "os/file.h"
#include "relay/target.h"
#include "trust/tuf.h"

#include <fcntl.h>
#include <unistd.h>

enum {
	FILE_MAX = 4 << 20,
	FILES_MAX = 100000,
	ROOT_MAX = 512 << 10,
	PIECE = 4 << 20,
	SCRIPT_MAX = 1 << 20,
	KEPT = 2,
	ADDRESSES_MAX = 4096
};
#define TRUSTED "updates"
#define INDEX STR("index/feeds.mamori")
#define SCRIPT_PATH "custom/scripts/"
#define AT "/agent/v1/relay/"

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

bool
updates_call(const char *data, struct relay_call *c)
{
	static const struct place {
		const char *prefix, *folder;
	} places[] = { { "/relay/v1/updates/", RELAY_METADATA }, { "/relay/v1/scripts/", RELAY_SCRIPTS } };
	ARENA_AUTO a = { 0 };
	BUF_AUTO name = { 0 };
	BUF_AUTO bytes = { 0 };
	const struct place *p = NULL;
	struct str path = relay_call_path(c);
	for (size_t i = 0; i < COUNT(places); i++)
		if (str_starts(path, str_of(places[i].prefix)))
			p = &places[i];
	if (!p)
		return false;
	if (!str_eq(relay_call_method(c), STR("GET"))) {
		relay_call_reply(c, 405, "text/plain; charset=utf-8", STR("update metadata is read with GET\n"));
	} else if (!percent_decode(&name, str_skip(path, strlen(p->prefix))) || !name_valid(buf_str(&name)) ||
		   !file_read(path_join(&a, path_join(&a, data, p->folder), buf_cstr(&name)), FILE_MAX, &bytes, NULL)) {
		relay_call_reply(c, 404, "text/plain; charset=utf-8", STR("this relay does not have that file\n"));
	} else {
		relay_call_reply(c, 200, "application/octet-stream", buf_str(&bytes));
	}
	return true;
}

static bool
copy(struct arena *a, const char *from, const char *to, struct str name, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	const char *file = arena_cstr(a, name);
	return file_read(path_join(a, from, file), FILE_MAX, &bytes, e) &&
	       file_write(path_join(a, to, file), buf_str(&bytes), 0644, e);
}

bool
updates_mirror(const char *data, const char *folder, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	const char *to = path_join(&a, data, RELAY_METADATA);
	if (!dir_make(to, 0755, e) || !dir_list(&a, folder, FILES_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (name_valid(names[i]) && str_ends(names[i], STR(".json")) &&
		    !str_eq(names[i], STR("timestamp.json")) && !copy(&a, folder, to, names[i], e))
			return false;
	return copy(&a, folder, to, STR("timestamp.json"), e);
}

/* ---- a way out ---- */

struct pull {
	const char *data, *metadata;
	const struct updates_source *from;
	struct arena arena;
	ARRAY_OF(struct tuf_target) scripts, named; /* named: files of vendors, with the addresses where they are had */
	struct tuf_target index;
};

static bool
pull_get(void *user, const char *name, size_t max, struct buf *out, struct err *e)
{
	struct pull *p = user;
	BUF_AUTO path = { 0 };
	size_t before = out->len;
	buf_add(&path, STR(AT "updates/"));
	percent_encode(&path, str_of(name));
	if (!p->from->get(p->from->user, buf_cstr(&path), max, out, e))
		return false;
	return out->len - before <= max || err_set(e, ERR_TOO_LARGE, "%s is larger than %zu bytes", name, max);
}

/* The first root comes from the server that this relay is enrolled with, over its own TLS; a host trusts no relay's. */
static bool
root_begin(struct pull *p, const char *trusted, bool *none, struct err *e)
{
	BUF_AUTO root = { 0 };
	struct err why = { 0 };
	if (file_exists(path_join(&p->arena, trusted, "root.json")))
		return true;
	if (pull_get(p, "1.root.json", ROOT_MAX, &root, &why))
		return tuf_store_begin(trusted, buf_str(&root), e);
	*none = why.code == ERR_NOT_FOUND;
	return *none || err_set(e, why.code, "%s", why.text);
}

static bool
target_note(void *user, const struct tuf_target *t, struct err *e)
{
	struct pull *p = user;
	size_t count = 0;
	(void)e;
	(void)json_get_array(t->custom, "urls", &count);
	if (str_eq(t->role, STR("index")) && str_eq(t->path, INDEX))
		p->index = *t;
	else if (str_eq(t->role, STR("custom")) && str_starts(t->path, STR(SCRIPT_PATH)))
		*ARRAY_PUSH(&p->arena, &p->scripts) = *t;
	else if (count > 0 && (str_eq(t->role, STR("custom")) || str_eq(t->role, STR("catalog"))))
		*ARRAY_PUSH(&p->arena, &p->named) = *t;
	return true;
}

static const char *const roles[] = { "targets", "approval", "index", "catalog", "custom" };

/* Every role's files become known, and so its metadata is here. One that this repository does not have is none. */
static bool
targets_read(struct pull *p, struct tuf_client *c, struct err *e)
{
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct err why = { 0 };
		if (tuf_client_version(c, str_of(roles[i])) &&
		    !tuf_client_each(c, str_of(roles[i]), target_note, p, &why))
			return err_set(e, why.code, "%s (%s)", why.text, tuf_reason_name(tuf_client_reason(c, NULL)));
	}
	return true;
}

/* ---- what hosts are given ---- */

static bool
version_copy(struct pull *p, struct tuf_client *c, const char *role, struct err *e)
{
	int64_t version = tuf_client_version(c, str_of(role));
	const char *to = arena_printf(&p->arena, "%s/%lld.%s.json", p->metadata, (long long)version, role).ptr;
	const char *from = arena_printf(&p->arena, "%s/" TRUSTED "/%s.json", p->data, role).ptr;
	BUF_AUTO bytes = { 0 };
	if (version == 0 || file_exists(to))
		return true;
	return file_read(from, FILE_MAX, &bytes, e) && file_write(to, buf_str(&bytes), 0644, e);
}

/* A host may be many keys behind: each root is signed by the one before, which it looks at itself. */
static bool
roots_copy(struct pull *p, struct tuf_client *c, struct err *e)
{
	for (int64_t n = tuf_client_version(c, STR("root")); n > 0; n--) {
		BUF_AUTO bytes = { 0 };
		const char *name = arena_printf(&p->arena, "%lld.root.json", (long long)n).ptr;
		const char *to = path_join(&p->arena, p->metadata, name);
		if (file_exists(to))
			continue;
		if (!pull_get(p, name, ROOT_MAX, &bytes, e) || !file_write(to, buf_str(&bytes), 0644, e))
			return false;
	}
	return true;
}

/* Versions that nothing names any more, but for the last ones: a host may be in the middle of them. */
static void
versions_prune(struct pull *p, struct tuf_client *c)
{
	struct str *names, number, rest;
	size_t count;
	int64_t version;
	if (!dir_list(&p->arena, p->metadata, FILES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!str_split(names[i], '.', &number, &rest) || !str_to_i64(number, &version) ||
		    !str_ends(rest, STR(".json")) || str_eq(rest, STR("root.json")))
			continue;
		int64_t now = tuf_client_version(c, str_head(rest, rest.len - strlen(".json")));
		if (now && version < now - KEPT)
			(void)unlink(path_join(&p->arena, p->metadata, arena_cstr(&p->arena, names[i])));
	}
}

/* From what the relay trusts itself, the timestamp last: what it names is there. */
static bool
metadata_give(struct pull *p, struct tuf_client *c, struct err *e)
{
	BUF_AUTO timestamp = { 0 };
	BUF_AUTO given = { 0 };
	const char *to = path_join(&p->arena, p->metadata, "timestamp.json");
	if (!dir_make(p->metadata, 0755, e) || !roots_copy(p, c, e) || !version_copy(p, c, "snapshot", e))
		return false;
	for (size_t i = 0; i < COUNT(roles); i++)
		if (!version_copy(p, c, roles[i], e))
			return false;
	if (!file_read(path_join(&p->arena, path_join(&p->arena, p->data, TRUSTED), "timestamp.json"), FILE_MAX,
		       &timestamp, e))
		return false;
	bool same = file_read(to, FILE_MAX, &given, NULL) && str_eq(buf_str(&given), buf_str(&timestamp));
	if (!same && !file_write(to, buf_str(&timestamp), 0644, e))
		return false;
	versions_prune(p, c);
	return true;
}

static struct str
name_of(const struct tuf_target *t)
{
	return str_skip(t->file, (size_t)(str_rfind_char(t->file, '/') + 1));
}

static bool
is_the_file(const struct tuf_target *t, struct str bytes, struct err *e)
{
	struct tuf_check *k = tuf_check_open(t);
	bool ok = tuf_check_add(k, bytes, e);
	return tuf_check_end(k, NULL, ok ? e : NULL) && ok;
}

static bool
script_give(struct pull *p, const struct tuf_target *t, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	BUF_AUTO path = { 0 };
	const char *folder = path_join(&p->arena, p->data, RELAY_SCRIPTS);
	struct str name = name_of(t);
	if (!name_valid(name) || t->length > SCRIPT_MAX)
		return true;
	const char *to = path_join(&p->arena, folder, arena_cstr(&p->arena, name));
	if (file_exists(to))
		return true;
	buf_add(&path, STR(AT "scripts/"));
	percent_encode(&path, name);
	return p->from->get(p->from->user, buf_cstr(&path), SCRIPT_MAX, &bytes, e) &&
	       is_the_file(t, buf_str(&bytes), e) && dir_make(folder, 0755, e) &&
	       file_write(to, buf_str(&bytes), 0644, e);
}

/* ---- the vulnerability data ---- */

static bool
piece_put(int fd, struct str bytes, struct err *e)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);
		if (n < 0)
			return err_sys(e, "writing the vulnerability data");
		bytes = str_skip(bytes, (size_t)n);
	}
	return true;
}

static bool
index_fetch(struct pull *p, const char *part, struct err *e)
{
	FD_AUTO fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct tuf_check *k = tuf_check_open(&p->index);
	uint64_t at = 0;
	bool ok = fd >= 0 || err_sys(e, "writing %s", part);
	while (ok && at < p->index.length) {
		BUF_AUTO bytes = { 0 };
		BUF_AUTO path = { 0 };
		buf_add(&path, STR(AT "index/"));
		percent_encode(&path, name_of(&p->index));
		buf_addf(&path, "?from=%llu", (unsigned long long)at);
		ok = p->from->get(p->from->user, buf_cstr(&path), PIECE, &bytes, e) &&
		     (bytes.len > 0 || err_set(e, ERR_INPUT, "the server has less of it than its metadata says")) &&
		     tuf_check_add(k, buf_str(&bytes), e) && piece_put(fd, buf_str(&bytes), e);
		at += bytes.len;
	}
	return tuf_check_end(k, NULL, ok ? e : NULL) && ok;
}

static bool
index_take(struct pull *p, struct err *e)
{
	BUF_AUTO taken = { 0 };
	const char *note = path_join(&p->arena, p->data, "index.taken"),
		   *part = path_join(&p->arena, p->data, "index.part");
	if (!p->index.path.len || !p->index.sha256.len || !p->from->index)
		return true;
	if (file_read(note, 256, &taken, NULL) && str_eq(buf_str(&taken), p->index.sha256))
		return true;
	bool ok = index_fetch(p, part, e) && p->from->index(p->data, part, p->from->now, e) &&
		  file_write(note, p->index.sha256, 0644, e);
	(void)unlink(part);
	return ok || err_wrap(e, "fetching the vulnerability data");
}

/* ---- vendors named by approved content ---- */

/* The digest of each file, under every address that people signed for it. */
static bool
addresses_learn(struct pull *p, struct relay *relay, struct err *e)
{
	DIGEST_BATCH_AUTO batch = digest_batch_new();
	ARRAY_OF(struct str) urls = { 0 };
	for (size_t i = 0; i < p->named.count; i++) {
		const struct tuf_target *t = &p->named.items[i];
		size_t count;
		struct digest d;
		const struct json *addresses = json_get_array(t->custom, "urls", &count);
		if (!digest_parse(t->sha256, t->length, &d))
			continue;
		for (size_t k = 0; k < count && urls.count < ADDRESSES_MAX; k++) {
			BUF_AUTO url = { 0 };
			if (addresses[k].kind != JSON_KIND_STRING || !url_canonical(addresses[k].text, &url))
				continue;
			digest_batch_add(batch, buf_str(&url), &d);
			*ARRAY_PUSH(&p->arena, &urls) = arena_str(&p->arena, buf_str(&url));
		}
	}
	if (urls.count == ADDRESSES_MAX)
		log_warn("updates", "of the addresses in the update metadata only %d may pass", ADDRESSES_MAX);
	/* What may pass is what is known. */
	if (!digest_map_replace(relay_digests(relay), STR("tuf"), batch, e))
		return false;
	relay_allow_files(relay, urls.items, urls.count);
	return true;
}

bool
updates_name(const char *data, struct relay *relay, int64_t now, struct buf *seen, struct err *e)
{
	struct pull p = { .data = data };
	TUF_CLIENT_AUTO c = NULL;
	BUF_AUTO state = { 0 };
	const char *trusted = path_join(&p.arena, data, TRUSTED);
	struct tuf_options o = { .folder = trusted, .now = now };
	/* Written last, by whoever brings new metadata: what it names is there. */
	file_stamp(path_join(&p.arena, path_join(&p.arena, data, RELAY_METADATA), "timestamp.json"), &state);
	bool same = str_eq(buf_str(&state), buf_str(seen)), ok = true;
	if (!same && file_exists(path_join(&p.arena, trusted, "root.json")))
		ok = tuf_client_open(&o, &c, e) && targets_read(&p, c, e) && addresses_learn(&p, relay, e);
	if (ok && !same) {
		buf_truncate(seen, 0);
		buf_add(seen, buf_str(&state));
	}
	arena_free(&p.arena);
	return ok;
}

/* ---- all of it ---- */

static bool
pull_all(struct pull *p, struct tuf_client *c, struct err *e)
{
	if (!tuf_client_update(c, e))
		return err_wrap(e, "the server's update metadata was refused (%s)",
				tuf_reason_name(tuf_client_reason(c, NULL)));
	if (!targets_read(p, c, e))
		return err_wrap(e, "the server's update metadata was refused");
	/* Scripts before what names them. */
	for (size_t i = 0; i < p->scripts.count; i++)
		if (!script_give(p, &p->scripts.items[i], e))
			return err_wrap(e, "fetching %.*s", STR_ARG(p->scripts.items[i].path));
	return metadata_give(p, c, e) && index_take(p, e);
}

bool
updates_pull(const char *data, const struct updates_source *from, struct err *e)
{
	struct pull p = { .data = data, .from = from };
	TUF_CLIENT_AUTO c = NULL;
	bool none = false;
	const char *trusted = path_join(&p.arena, data, TRUSTED);
	p.metadata = path_join(&p.arena, data, RELAY_METADATA);
	struct tuf_options o = { .folder = trusted,
				 .fetch = pull_get,
				 .user = &p,
				 .now = from->now,
				 .limits = { .snapshot_max = FILE_MAX, .targets_max = FILE_MAX } };
	bool ok = root_begin(&p, trusted, &none, e) && (none || (tuf_client_open(&o, &c, e) && pull_all(&p, c, e)));
	arena_free(&p.arena);
	return ok;
}

bool
updates_index_fits(const char *data, const char *file, int64_t now, struct err *e)
{
	ARENA_AUTO a = { 0 };
	TUF_CLIENT_AUTO c = NULL;
	struct tuf_target t;
	BUF_AUTO bytes = { 0 };
	struct tuf_options o = { .folder = path_join(&a, data, TRUSTED), .now = now };
	/* Whether it is current is no question here, only whether it is what was signed. */
	if (!tuf_client_open(&o, &c, NULL) || !tuf_client_find(c, INDEX, &t, NULL) || !str_eq(t.role, STR("index")))
		return true;
	return file_read(file, (size_t)1 << 30, &bytes, e) && is_the_file(&t, buf_str(&bytes), e);
}
