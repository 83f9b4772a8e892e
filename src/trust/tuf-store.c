/* What a client trusts, in its folder (trust/tuf.h). */
#include "trust/tuf-client.h"

#include "os/file.h"

static const char *
stored_path(struct tuf_client *c, struct str role)
{
	return path_join(&c->arena, c->o.folder, tuf_file_name(&c->arena, 0, role).ptr);
}

static size_t
stored_max(const struct tuf_client *c, enum tuf_type type)
{
	switch (type) {
	case TUF_TYPE_ROOT:
		return c->o.limits.root_max;
	case TUF_TYPE_TIMESTAMP:
		return c->o.limits.timestamp_max;
	case TUF_TYPE_SNAPSHOT:
		return c->o.limits.snapshot_max;
	case TUF_TYPE_TARGETS:
	case TUF_TYPES:
		break;
	}
	return c->o.limits.targets_max;
}

struct tuf_document *
tuf_stored(struct tuf_client *c, struct str role, enum tuf_type type)
{
	BUF_AUTO bytes = { 0 };
	struct tuf_document *d = NULL;
	enum tuf_reason before = c->reason;
	struct str whose = c->role;
	bool ok = file_read(stored_path(c, role), stored_max(c, type), &bytes, NULL) &&
		  tuf_take(c, buf_str(&bytes), type, role, &d, NULL);
	tuf_mark(c, before, whose); /* a damaged copy is no failure: it is fetched again */
	return ok ? d : NULL;
}

bool
tuf_keep(struct tuf_client *c, struct str role, const struct tuf_document *d, struct err *e)
{
	if (file_write(stored_path(c, role), d->bytes, 0644, e))
		return true;
	tuf_mark(c, TUF_STORE, role);
	return err_wrap(e, "keeping trusted metadata");
}

bool
tuf_forget(struct tuf_client *c, struct str role, struct err *e)
{
	if (file_remove(stored_path(c, role), e))
		return true;
	tuf_mark(c, TUF_STORE, role);
	return err_wrap(e, "removing metadata whose keys were replaced");
}

bool
tuf_store_begin(const char *folder, struct str root, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct tuf_document *d;
	enum tuf_reason reason;
	const char *path = path_join(&a, folder, "root.json");
	if (file_exists(path))
		return err_set(e, ERR_CONFLICT,
			       "%s has a trusted root already; remove the folder if trust is to begin anew", folder);
	if (!tuf_document_parse(&a, root, TUF_TYPE_ROOT, &d, &reason, e))
		return err_wrap(e, "the first trusted root");
	bool is_signed = tuf_is_signed(d, &d->keys, &d->roles[TUF_TYPE_ROOT]);
	tuf_document_free(d);
	if (!is_signed)
		return err_set(e, ERR_REFUSED,
			       "the first trusted root has not enough signatures by its own keys; take it from the "
			       "administrator again");
	return dir_make(folder, 0755, e) && file_write(path, root, 0644, e);
}

bool
tuf_fetch_folder(void *user, const char *name, size_t max, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	return file_read(path_join(&a, user, name), max, out, e);
}
