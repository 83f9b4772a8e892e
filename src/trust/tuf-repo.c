/* A repository: its folder, what is published, what waits (trust/tuf-repo.h). */
#include "trust/tuf-repo-internal.h"

#include "os/file.h"

#include <unistd.h>

enum { FILE_MAX = 64 << 20, LISTED_MAX = 100000 };

/* One row for each role. Root comes seldom and needs people; the timestamp is what a machine notices first. */
static const struct repo_kind kinds[] = {
	{ "root", TUF_TYPE_ROOT, false, false, 365, NULL },
	{ "timestamp", TUF_TYPE_TIMESTAMP, false, true, 7, NULL },
	{ "snapshot", TUF_TYPE_SNAPSHOT, false, true, 14, NULL },
	{ "targets", TUF_TYPE_TARGETS, false, false, 365, NULL },
	{ "approval", TUF_TYPE_TARGETS, true, true, 30, "approval" },
	{ "index", TUF_TYPE_TARGETS, true, true, 30, "index" },
	{ "catalog", TUF_TYPE_TARGETS, true, false, 365, "catalog" },
	{ "custom", TUF_TYPE_TARGETS, true, false, 365, "custom" },
};

const struct repo_kind *
repo_kind_of(struct str role)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_eq(role, str_of(kinds[i].name)))
			return &kinds[i];
	return &kinds[COUNT(kinds) - 1];
}

const char *
repo_path(struct tuf_repo *r, const char *folder, struct str name)
{
	return arena_printf(&r->arena, "%s/%s/%.*s", r->folder, folder, STR_ARG(name)).ptr;
}

bool
repo_parse(struct tuf_repo *r, struct str text, enum tuf_type type, struct tuf_document **out, struct err *e)
{
	enum tuf_reason reason;
	if (!tuf_document_parse(&r->arena, text, type, out, &reason, e))
		return false;
	*ARRAY_PUSH(&r->arena, &r->all) = *out;
	return true;
}

bool
repo_read(struct tuf_repo *r, const char *folder, struct str file, enum tuf_type type, struct tuf_document **out,
	  struct err *e)
{
	BUF_AUTO text = { 0 };
	struct err why = { 0 };
	const char *path = repo_path(r, folder, file);
	*out = NULL;
	if (file_read(path, FILE_MAX, &text, &why)) {
		if (repo_parse(r, buf_str(&text), type, out, e))
			return true;
		return err_wrap(e, "reading %s", path);
	}
	if (why.code == ERR_NOT_FOUND)
		return true;
	if (e)
		*e = why;
	return false;
}

/* The newest root: the greatest N of N.root.json. */
static bool
load_root(struct tuf_repo *r, struct err *e)
{
	struct str *names;
	size_t count;
	int64_t newest = 0, n;
	const char *folder = repo_path(r, "metadata", STR(""));
	if (!file_exists(folder))
		return true;
	if (!dir_list(&r->arena, folder, LISTED_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_ends(names[i], STR(".root.json")) && str_to_i64(str_head(names[i], names[i].len - 10), &n) &&
		    n > newest)
			newest = n;
	return newest == 0 ||
	       repo_read(r, "metadata", tuf_file_name(&r->arena, newest, STR("root")), TUF_TYPE_ROOT, &r->root, e);
}

bool
repo_published(struct tuf_repo *r, struct str role, struct tuf_document **out, struct err *e)
{
	struct tuf_meta m;
	*out = NULL;
	if (!r->snapshot || !tuf_meta_find(r->snapshot, role, &m))
		return true;
	return repo_read(r, "metadata", tuf_file_name(&r->arena, m.version, role), TUF_TYPE_TARGETS, out, e);
}

bool
repo_load(struct tuf_repo *r, struct err *e)
{
	struct tuf_meta m;
	r->root = r->timestamp = r->snapshot = r->targets = NULL;
	if (!load_root(r, e) || !repo_read(r, "metadata", STR("timestamp.json"), TUF_TYPE_TIMESTAMP, &r->timestamp, e))
		return false;
	if (!r->timestamp || !tuf_meta_find(r->timestamp, STR("snapshot"), &m))
		return true;
	return repo_read(r, "metadata", tuf_file_name(&r->arena, m.version, STR("snapshot")), TUF_TYPE_SNAPSHOT,
			 &r->snapshot, e) &&
	       repo_published(r, STR("targets"), &r->targets, e);
}

bool
tuf_repo_open(const char *folder, const struct clock *clock, struct tuf_repo **out, struct err *e)
{
	TUF_REPO_AUTO r = xcalloc(1, sizeof(*r));
	*r = (struct tuf_repo){ .folder = folder, .clock = clock, .lock = -1 };
	if (!file_exists(repo_path(r, "pending", STR(""))))
		return err_set(e, ERR_NOT_FOUND,
			       "%s is no repository of update metadata; make one with: mamori repo init", folder);
	if (!file_lock(repo_path(r, ".", STR("lock")), &r->lock, e))
		return err_wrap(e, "opening the repository %s", folder);
	if (!repo_load(r, e))
		return err_wrap(e, "opening the repository %s", folder);
	*out = r;
	r = NULL;
	return true;
}

void
tuf_repo_close(struct tuf_repo *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->all.count; i++)
		tuf_document_free(r->all.items[i]);
	for (size_t i = 0; i < r->roles.count; i++)
		table_free(&r->roles.items[i]->targets);
	fd_cleanup(&r->lock);
	arena_free(&r->arena);
	free(r);
}

void
tuf_repo_cleanup(struct tuf_repo **r)
{
	tuf_repo_close(*r);
}

/* ---- pending ---- */

struct repo_role *
repo_role_new(struct tuf_repo *r, struct str name, enum tuf_type type, int64_t version)
{
	struct repo_role *role = ARENA_NEW(&r->arena, struct repo_role);
	struct json whole = tree_object(), signed_part = tree_object();
	*role = (struct repo_role){ .name = arena_str(&r->arena, name), .type = type };
	tree_add(&r->arena, &signed_part, STR("_type"), tree_text(str_of(tuf_type_names[type])));
	tree_add(&r->arena, &signed_part, STR("spec_version"), tree_text(STR("1.0.31")));
	tree_add(&r->arena, &signed_part, STR("version"), tree_number(&r->arena, version));
	tree_add(&r->arena, &whole, STR("signatures"), tree_array());
	tree_add(&r->arena, &whole, STR("signed"), signed_part);
	role->whole = ARENA_NEW(&r->arena, struct json);
	*role->whole = whole;
	role->signed_part = tree_get(role->whole, STR("signed"));
	repo_role_stamp(r, role);
	return role;
}

struct repo_role *
repo_new_targets(struct tuf_repo *r, struct str name)
{
	struct repo_role *role = repo_role_new(r, name, TUF_TYPE_TARGETS, 1);
	tree_add(&r->arena, role->signed_part, STR("targets"), tree_object());
	repo_add_pending(r, role);
	return role;
}

/* "custom/…" to any depth that a target may have: a wildcard matches no slash. */
static struct json
patterns(struct tuf_repo *r, const char *first)
{
	struct json list = tree_array();
	struct str pattern = str_of(first);
	for (int depth = 0; depth < 7; depth++) {
		pattern = arena_printf(&r->arena, "%.*s/*", STR_ARG(pattern));
		tree_push(&r->arena, &list, tree_text(pattern));
	}
	return list;
}

struct json *
repo_new_delegation(struct tuf_repo *r, struct json *roles, const char *name)
{
	struct json role = tree_object();
	tree_add(&r->arena, &role, STR("name"), tree_text(arena_str(&r->arena, str_of(name))));
	tree_add(&r->arena, &role, STR("keyids"), tree_array());
	tree_add(&r->arena, &role, STR("threshold"), tree_number(&r->arena, 1));
	tree_add(&r->arena, &role, STR("paths"), patterns(r, repo_kind_of(str_of(name))->pattern));
	/* Nobody else speaks for these paths, whoever is delegated to later. */
	tree_add(&r->arena, &role, STR("terminating"), tree_bool(true));
	return tree_push(&r->arena, roles, role);
}

void
repo_role_stamp(struct tuf_repo *r, struct repo_role *role)
{
	const struct repo_kind *kind = repo_kind_of(role->name);
	int64_t now = clock_now(r->clock), life = kind->days * DAY_MS;
	if (kind->online && r->valid_for > life)
		life = r->valid_for;
	tree_set(&r->arena, role->signed_part, STR("issued"), tree_time(&r->arena, now));
	tree_set(&r->arena, role->signed_part, STR("expires"), tree_time(&r->arena, now + life));
	tree_set(&r->arena, role->whole, STR("signatures"), tree_array());
	role->dirty = true;
}

void
repo_role_text(const struct repo_role *role, struct buf *out)
{
	struct json_writer w = { .out = out };
	json_tree(&w, role->whole);
	buf_add_char(out, '\n');
}

void
repo_add_pending(struct tuf_repo *r, struct repo_role *role)
{
	*ARRAY_PUSH(&r->arena, &r->roles) = role;
}

static struct repo_role *
role_thaw(struct tuf_repo *r, struct str name, enum tuf_type type, const struct tuf_document *d)
{
	struct repo_role *role = ARENA_NEW(&r->arena, struct repo_role);
	*role = (struct repo_role){ .name = arena_str(&r->arena, name), .type = type };
	struct json whole = tree_object();
	tree_add(&r->arena, &whole, STR("signatures"), *tree_thaw(&r->arena, d->signatures));
	tree_add(&r->arena, &whole, STR("signed"), *tree_thaw(&r->arena, d->signed_part));
	role->whole = ARENA_NEW(&r->arena, struct json);
	*role->whole = whole;
	role->signed_part = tree_get(role->whole, STR("signed"));
	return role;
}

/* What is published of any role, with its version; 0 when nothing is. */
static bool
published_version(struct tuf_repo *r, struct str role, struct tuf_document **d, int64_t *version, struct err *e)
{
	*d = str_eq(role, STR("root")) ? r->root : NULL;
	if (!*d && !str_eq(role, STR("root")) && !repo_published(r, role, d, e))
		return false;
	*version = *d ? (*d)->version : 0;
	return true;
}

bool
repo_pending(struct tuf_repo *r, struct str role, struct repo_role **out, struct err *e)
{
	struct tuf_document *d, *published;
	enum tuf_type type = repo_kind_of(role)->type;
	struct str file = tuf_file_name(&r->arena, 0, role);
	int64_t version;
	*out = NULL;
	for (size_t i = 0; i < r->roles.count; i++) {
		if (str_eq(r->roles.items[i]->name, role)) {
			*out = r->roles.items[i];
			return true;
		}
	}
	if (!repo_read(r, "pending", file, type, &d, e) || !published_version(r, role, &published, &version, e))
		return false;
	if (d && d->version <= version) /* published, and then something crashed before it was taken away here */
		return file_remove(repo_path(r, "pending", file), e);
	if (d && d->version != version + 1)
		return err_set(
			e, ERR_CONFLICT,
			"%s/pending/%.*s has version %lld, and %lld is published; it belongs to another state of the "
			"repository. Remove it and make the change again",
			r->folder, STR_ARG(file), (long long)d->version, (long long)version);
	if (!d)
		return true;
	*out = role_thaw(r, role, type, d);
	repo_add_pending(r, *out);
	return true;
}

bool
repo_edit(struct tuf_repo *r, struct str role, struct repo_role **out, struct err *e)
{
	struct tuf_document *d;
	int64_t version;
	if (!repo_pending(r, role, out, e))
		return false;
	if (!*out) {
		if (!published_version(r, role, &d, &version, e))
			return false;
		if (!d)
			return err_set(e, ERR_NOT_FOUND, "the repository %s has no role “%.*s”", r->folder,
				       STR_ARG(role));
		*out = role_thaw(r, role, repo_kind_of(role)->type, d);
		tree_set(&r->arena, (*out)->signed_part, STR("version"), tree_number(&r->arena, version + 1));
		repo_add_pending(r, *out);
	}
	repo_role_stamp(r, *out);
	return true;
}

void
tuf_repo_valid_for(struct tuf_repo *r, int64_t ms)
{
	const int64_t most = 90 * DAY_MS;
	r->valid_for = ms < 0 ? 0 : ms > most ? most : ms;
}

bool
tuf_repo_save(struct tuf_repo *r, struct err *e)
{
	for (size_t i = 0; i < r->roles.count; i++) {
		struct repo_role *role = r->roles.items[i];
		BUF_AUTO text = { 0 };
		if (!role->dirty)
			continue;
		repo_role_text(role, &text);
		if (!file_write(repo_path(r, "pending", tuf_file_name(&r->arena, 0, role->name)), buf_str(&text), 0644,
				e))
			return false;
		role->dirty = false;
	}
	return true;
}

bool
tuf_repo_renew(struct tuf_repo *r, const char *role, struct err *e)
{
	struct repo_role *edited;
	const struct repo_kind *kind = repo_kind_of(str_of(role));
	if (kind->type == TUF_TYPE_TIMESTAMP || kind->type == TUF_TYPE_SNAPSHOT)
		return err_set(e, ERR_USAGE, "timestamp and snapshot are renewed by publishing: mamori repo publish");
	return repo_edit(r, str_of(role), &edited, e);
}
