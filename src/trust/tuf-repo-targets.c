/* Files that a repository vouches for (trust/tuf-repo.h). */
#include "trust/tuf-repo-internal.h"

#include "base/codec.h"
#include "os/copy.h"
#include "os/file.h"
#include "trust/canonical.h"

enum { PATH_BYTES_MAX = 512, PIECES_MAX = 8, CUSTOM_MAX = 64 << 10 };

static bool
bad_path(struct str path, struct err *e)
{
	return err_set(
		e, ERR_INPUT,
		"“%.*s” cannot be the path of a target: it is relative, its parts are not empty and begin with no dot, "
		"there are at most %d of them and %d bytes, without control characters, \\, *, ? and [",
		STR_ARG(path), PIECES_MAX, PATH_BYTES_MAX);
}

/* What every client, file system and URL takes in the same way. */
static bool
path_check(struct str path, const struct repo_kind *kind, struct err *e)
{
	struct str rest = path, piece, first = STR_NONE;
	size_t pieces = 0;
	if (path.len == 0 || path.len > PATH_BYTES_MAX || !str_is_utf8(path) || path.ptr[path.len - 1] == '/')
		return bad_path(path, e);
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7f || strchr("\\*?[", path.ptr[i]))
			return bad_path(path, e);
	while (str_cut(&rest, '/', &piece)) {
		if (piece.len == 0 || piece.len > 180 || piece.ptr[0] == '.' || ++pieces > PIECES_MAX)
			return bad_path(path, e);
		if (pieces == 1)
			first = piece;
	}
	if (kind->delegated && (pieces < 2 || !str_eq(first, str_of(kind->pattern))))
		return err_set(e, ERR_INPUT,
			       "the role “%s” vouches only for paths that begin with “%s/”, not for “%.*s”", kind->name,
			       kind->pattern, STR_ARG(path));
	return true;
}

struct measure {
	struct tuf_digest *digest;
	uint64_t length;
};

static void
measure_piece(void *user, struct str piece)
{
	struct measure *m = user;
	tuf_digest_add(m->digest, piece);
	m->length += piece.len;
}

/* Each with the owner of the repository, who may be a server that adds files there later. */
static bool
make_folders(struct tuf_repo *r, struct str folder, struct err *e)
{
	for (size_t i = 0; i < folder.len; i++) {
		if (folder.ptr[i] != '/')
			continue;
		const char *path = repo_path(r, "targets", str_head(folder, i));
		if (!file_exists(path) && (!dir_make(path, 0755, e) || !dir_give(path, r->folder, e)))
			return false;
	}
	return true;
}

/* Copies aside, then under the name that its digest gives it. */
static bool
take_file(struct tuf_repo *r, const struct tuf_put *p, uint64_t *length, char sha256[129], struct err *e)
{
	ptrdiff_t slash = str_rfind_char(p->path, '/');
	struct str folder = slash < 0 ? STR("") : str_head(p->path, (size_t)slash + 1);
	const char *aside = repo_path(r, "targets", STR(".incoming"));
	struct measure m = { .digest = tuf_digest_open(false) };
	if (!make_folders(r, folder, e)) {
		tuf_digest_close(m.digest, sha256);
		return false;
	}
	bool ok = file_copy(p->file, aside, 0644, measure_piece, &m, e);
	tuf_digest_close(m.digest, sha256);
	*length = m.length;
	if (!ok)
		return false;
	const char *name =
		arena_printf(&r->arena, "%.*s%s.%.*s", STR_ARG(folder), sha256, STR_ARG(str_skip(p->path, folder.len)))
			.ptr;
	return dir_give(aside, r->folder, e) && file_move(aside, repo_path(r, "targets", str_of(name)), e);
}

static bool
named_digest(const struct tuf_put *p, uint64_t *length, char sha256[129], struct err *e)
{
	BUF_AUTO raw = { 0 };
	if (p->sha256.len != 64 || !hex_decode(&raw, p->sha256) || p->length > TUF_NUMBER_MAX)
		return err_set(e, ERR_INPUT, "“%.*s” needs a file, or its length and SHA-256 in hexadecimal",
			       STR_ARG(p->path));
	BUF_AUTO lower = { 0 };
	hex_encode(&lower, raw.ptr, raw.len);
	memcpy(sha256, lower.ptr, 64);
	sha256[64] = '\0';
	*length = p->length;
	return true;
}

/* Place + 1 of each path, so that thousands can be put without looking through all of them each time. */
static void
index_targets(struct repo_role *role, const struct json *targets)
{
	if (role->targets.count == targets->count)
		return;
	table_free(&role->targets);
	for (size_t i = 0; i < targets->count; i++)
		*table_put(&role->targets, targets->key[i], NULL) = (void *)(uintptr_t)(i + 1);
}

/* What is said of the file beside length and digest; NULL: nothing. */
static bool
custom_part(struct tuf_repo *r, const struct tuf_put *p, struct json **out, struct err *e)
{
	const struct json_limits limits = { .depth = 16, .total = CUSTOM_MAX };
	BUF_AUTO canonical = { 0 };
	*out = NULL;
	if (p->custom.len == 0)
		return true;
	if (!json_parse(&r->arena, p->custom, &limits, out, e) || (*out)->kind != JSON_KIND_OBJECT ||
	    !canonical_write(*out, &canonical, e))
		return err_set(e, ERR_INPUT,
			       "what is said of “%.*s” beside its digest is no JSON object of at most %d bytes with "
			       "whole numbers",
			       STR_ARG(p->path), CUSTOM_MAX);
	return true;
}

static void
put_entry(struct tuf_repo *r, struct repo_role *role, struct str path, uint64_t length, const char *sha256,
	  const struct json *custom)
{
	struct json entry = tree_object(), hashes = tree_object();
	tree_add(&r->arena, &hashes, STR("sha256"), tree_text(arena_str(&r->arena, str_of(sha256))));
	if (custom)
		tree_add(&r->arena, &entry, STR("custom"), *custom);
	tree_add(&r->arena, &entry, STR("hashes"), hashes);
	tree_add(&r->arena, &entry, STR("length"), tree_number(&r->arena, (int64_t)length));
	struct json *targets = tree_get(role->signed_part, STR("targets"));
	index_targets(role, targets);
	uintptr_t place = (uintptr_t)table_get(&role->targets, path);
	if (place) {
		targets->item[place - 1] = entry;
		return;
	}
	struct str key = arena_str(&r->arena, path);
	tree_add(&r->arena, targets, key, entry);
	*table_put(&role->targets, key, NULL) = (void *)(uintptr_t)targets->count;
}

static bool
role_of_targets(const char *name, struct err *e)
{
	const struct repo_kind *kind = repo_kind_of(str_of(name));
	if (kind->type != TUF_TYPE_TARGETS || !str_eq(str_of(kind->name), str_of(name)))
		return err_set(
			e, ERR_USAGE,
			"files belong to one of the roles approval, index, catalog, custom and targets, not “%s”",
			name);
	return true;
}

bool
tuf_repo_put_target(struct tuf_repo *r, const char *role, const struct tuf_put *p, struct err *e)
{
	struct repo_role *edited;
	struct json *custom;
	uint64_t length = 0;
	char sha256[129];
	if (!role_of_targets(role, e) || !path_check(p->path, repo_kind_of(str_of(role)), e) ||
	    !custom_part(r, p, &custom, e) ||
	    !(p->file ? take_file(r, p, &length, sha256, e) : named_digest(p, &length, sha256, e)) ||
	    !repo_edit(r, str_of(role), &edited, e))
		return false;
	put_entry(r, edited, p->path, length, sha256, custom);
	return true;
}

bool
tuf_repo_target(struct tuf_repo *r, const char *role, struct str path, struct str *sha256, struct err *e)
{
	struct tuf_document *d;
	*sha256 = STR_NONE;
	if (!repo_published(r, str_of(role), &d, e))
		return false;
	for (size_t i = 0; d && i < d->targets->count; i++)
		if (str_eq(d->targets->key[i], path))
			*sha256 = json_get_str(json_get(&d->targets->item[i], "hashes"), "sha256");
	return true;
}

bool
tuf_repo_remove_target(struct tuf_repo *r, const char *role, struct str path, struct err *e)
{
	struct repo_role *edited;
	struct tuf_document *d;
	if (!role_of_targets(role, e) || !repo_pending(r, str_of(role), &edited, e))
		return false;
	/* Looked for before anything is changed, so that a slip leaves signatures as they are. */
	if (!edited && !repo_published(r, str_of(role), &d, e))
		return false;
	const struct json *targets = edited ? json_get(edited->signed_part, "targets") : d ? d->targets : NULL;
	bool known = false;
	for (size_t i = 0; targets && i < targets->count && !known; i++)
		known = str_eq(targets->key[i], path);
	if (!known)
		return err_set(e, ERR_NOT_FOUND, "the role “%s” does not name “%.*s”", role, STR_ARG(path));
	if (!repo_edit(r, str_of(role), &edited, e))
		return false;
	tree_remove(tree_get(edited->signed_part, STR("targets")), path);
	table_free(&edited->targets);
	return true;
}
