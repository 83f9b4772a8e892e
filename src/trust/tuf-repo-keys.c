/* Keys of a repository: made, shared out, replaced; and signing anywhere (trust/tuf-repo.h). */
#include "trust/tuf-repo-internal.h"

#include "base/codec.h"
#include "os/copy.h"
#include "os/file.h"
#include "trust/canonical.h"

static const char *
online_path(struct arena *a, const char *folder, const char *role, bool next)
{
	return arena_printf(a, "%s/online/%s%s.pem", folder, role, next ? ".next" : "").ptr;
}

bool
repo_online_key(const char *folder, struct arena *a, const char *role, bool next, struct keyfile *out, struct err *e)
{
	KEY_AUTO k = NULL;
	BUF_AUTO pem = { 0 };
	struct json object;
	if (!key_load_or_create(online_path(a, folder, role, next), &k, e) || !key_public_to_pem(k, &pem, e) ||
	    !tuf_key_object(a, buf_str(&pem), &object, &out->keyid, e))
		return false;
	out->public_pem = arena_str(a, buf_str(&pem));
	return true;
}

static bool
holders_name(const struct tuf_holders *h, struct str id)
{
	for (size_t i = 0; i < h->count; i++)
		if (str_eq(h->ids[i], id))
			return true;
	return false;
}

/* One online key as it is on disk; *k = NULL: there is none of that name. */
static bool
online_load(struct tuf_repo *r, const char *role, bool next, struct key **k, struct str *id, struct err *e)
{
	const char *path = online_path(&r->arena, r->folder, role, next);
	struct keyfile f = { 0 };
	*k = NULL;
	if (!file_exists(path))
		return true;
	if (!repo_online_key(r->folder, &r->arena, role, next, &f, e))
		return false;
	*id = f.keyid;
	return key_load_or_create(path, k, e);
}

bool
repo_sign_tree(struct arena *a, struct json *whole, const struct key *k, struct err *e)
{
	BUF_AUTO pem = { 0 };
	BUF_AUTO message = { 0 };
	BUF_AUTO der = { 0 };
	BUF_AUTO hex = { 0 };
	struct json object, signature = tree_object();
	struct str id;
	if (!key_public_to_pem(k, &pem, e) || !tuf_key_object(a, buf_str(&pem), &object, &id, e) ||
	    !canonical_write(tree_get(whole, STR("signed")), &message, e) || !key_sign(k, buf_str(&message), &der, e))
		return false;
	hex_encode(&hex, der.ptr, der.len);
	tree_add(a, &signature, STR("keyid"), tree_text(id));
	tree_add(a, &signature, STR("sig"), tree_text(arena_str(a, buf_str(&hex))));
	struct json *list = tree_get(whole, STR("signatures"));
	for (size_t i = 0; i < list->count; i++) {
		if (!str_eq(json_get_str(&list->item[i], "keyid"), id))
			continue;
		list->item[i] = signature;
		return true;
	}
	tree_push(a, list, signature);
	return true;
}

bool
repo_sign_online(struct tuf_repo *r, struct repo_role *role, const struct tuf_holders *holders, struct err *e)
{
	bool any = false;
	for (int next = 0; next < 2; next++) {
		KEY_AUTO k = NULL;
		struct str id = STR_NONE;
		if (!online_load(r, arena_cstr(&r->arena, role->name), next, &k, &id, e))
			return false;
		if (!k || !holders_name(holders, id))
			continue;
		if (!repo_sign_tree(&r->arena, role->whole, k, e))
			return false;
		any = true;
	}
	return any ||
	       err_set(e, ERR_REFUSED,
		       "none of the keys in %s/online is one that may sign “%.*s”; replace it with: mamori key rotate",
		       r->folder, STR_ARG(role->name));
}

bool
repo_settle_online(struct tuf_repo *r, const char *role, const struct tuf_holders *holders, struct err *e)
{
	KEY_AUTO old = NULL;
	KEY_AUTO next = NULL;
	struct str old_id = STR_NONE, next_id = STR_NONE;
	if (!online_load(r, role, false, &old, &old_id, e) || !online_load(r, role, true, &next, &next_id, e))
		return false;
	if (!next || !holders_name(holders, next_id) || (old && holders_name(holders, old_id)))
		return true;
	return file_move(online_path(&r->arena, r->folder, role, true), online_path(&r->arena, r->folder, role, false),
			 e);
}

bool
tuf_sign(struct arena *a, struct str metadata, const struct key *k, struct buf *out, struct err *e)
{
	struct tuf_document *d;
	struct json whole = tree_object();
	/* What no client would read is not worth a signature. */
	if (!tuf_document_any(a, metadata, &d, e))
		return err_wrap(e, "reading update metadata");
	tree_add(a, &whole, STR("signatures"), *tree_thaw(a, d->signatures));
	tree_add(a, &whole, STR("signed"), *tree_thaw(a, d->signed_part));
	tuf_document_free(d);
	if (!repo_sign_tree(a, &whole, k, e))
		return false;
	struct json_writer w = { .out = out };
	json_tree(&w, &whole);
	buf_add_char(out, '\n');
	return true;
}

/* ---- who may sign ---- */

/* The key under its id, once. */
static bool
put_key(struct arena *a, struct json *keys, const struct keyfile *f, struct str *id, struct err *e)
{
	struct json object;
	if (!tuf_key_object(a, f->public_pem, &object, id, e))
		return false;
	tree_set(a, keys, *id, object);
	return true;
}

/* Adds an id that is not yet in the list. */
static void
list_id(struct arena *a, struct json *ids, struct str id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (str_eq(ids->item[i].text, id))
			return;
	tree_push(a, ids, tree_text(id));
}

static bool
check_threshold(const char *role, size_t keys, int64_t threshold, struct err *e)
{
	if (threshold >= 1 && (uint64_t)threshold <= keys)
		return true;
	return err_set(e, ERR_USAGE, "“%s” would have %zu keys and need %lld signatures; nobody could sign it", role,
		       keys, (long long)threshold);
}

bool
repo_put_holders(struct arena *a, struct json *role, struct json *keys, const struct tuf_signers *s, struct err *e)
{
	struct json ids = tree_array();
	int64_t threshold = s->threshold ? s->threshold : 1;
	for (size_t i = 0; i < s->count; i++) {
		struct str id;
		if (!put_key(a, keys, &s->keys[i], &id, e))
			return false;
		list_id(a, &ids, id);
	}
	tree_set(a, role, STR("keyids"), ids);
	tree_set(a, role, STR("threshold"), tree_number(a, threshold));
	return true;
}

/* The object that holds a role's "keyids" and "threshold", in the pending root or targets, and the keys beside it. */
struct holding {
	struct repo_role *document;
	struct json *role, *keys, *roles;
};

static bool
holding_edit(struct tuf_repo *r, const char *role, struct holding *h, struct err *e)
{
	bool delegated = repo_kind_of(str_of(role))->delegated;
	if (!repo_edit(r, delegated ? STR("targets") : STR("root"), &h->document, e))
		return false;
	struct json *s = h->document->signed_part, *owner = delegated ? tree_get(s, STR("delegations")) : s;
	h->keys = tree_get(owner, STR("keys"));
	h->roles = tree_get(owner, STR("roles"));
	h->role = delegated ? NULL : tree_get(h->roles, str_of(role));
	for (size_t i = 0; delegated && h->roles && i < h->roles->count; i++)
		if (str_eq(json_get_str(&h->roles->item[i], "name"), str_of(role)))
			h->role = &h->roles->item[i];
	/* One that nobody was asked about when the repository was made: its first key makes it. */
	if (!h->role && delegated && h->roles)
		h->role = repo_new_delegation(r, h->roles, role);
	if (!h->role || !h->keys)
		return err_set(e, ERR_NOT_FOUND, "the repository %s has no role “%s”", r->folder, role);
	return true;
}

/* Takes the one key out whose id begins so. */
static bool
revoke_one(struct json *ids, const char *role, const char *start, struct err *e)
{
	size_t hits = 0, at = 0;
	for (size_t i = 0; i < ids->count; i++) {
		if (strlen(start) < 8 || !str_starts(ids->item[i].text, str_of(start)))
			continue;
		at = i;
		hits++;
	}
	if (hits != 1)
		return err_set(
			e, ERR_NOT_FOUND,
			"“%s” does not name one key of “%s”; give its id, or the first eight digits or more of it",
			start, role);
	tree_take_out(ids, at);
	return true;
}

static bool
revoke(struct tuf_repo *r, const struct tuf_rotation *change, struct json *ids, struct err *e)
{
	for (size_t i = 0; change->revoke && change->revoke[i]; i++)
		if (!revoke_one(ids, change->role, change->revoke[i], e))
			return false;
	if (!change->online)
		return true;
	struct str id = STR_NONE;
	KEY_AUTO old = NULL;
	if (!online_load(r, change->role, false, &old, &id, e))
		return false;
	for (size_t i = 0; old && i < ids->count; i++) {
		if (!str_eq(ids->item[i].text, id))
			continue;
		tree_take_out(ids, i);
		break;
	}
	return true;
}

static bool
add(struct tuf_repo *r, const struct tuf_rotation *change, const struct holding *h, struct json *ids, struct err *e)
{
	struct keyfile online = { 0 };
	struct str id;
	for (size_t i = 0; i < change->add_count; i++) {
		if (!put_key(&r->arena, h->keys, &change->add[i], &id, e))
			return false;
		list_id(&r->arena, ids, id);
	}
	if (!change->online)
		return true;
	if (!repo_online_key(r->folder, &r->arena, change->role, true, &online, e) ||
	    !put_key(&r->arena, h->keys, &online, &id, e))
		return false;
	list_id(&r->arena, ids, id);
	return true;
}

static bool
names_id(const struct json *role, struct str id)
{
	size_t count;
	const struct json *ids = json_get_array(role, "keyids", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(ids[i].text, id))
			return true;
	return false;
}

/* Keys that no role has any more. */
static void
drop_unused_keys(struct holding *h)
{
	for (size_t i = h->keys->count; i-- > 0;) {
		bool used = false;
		for (size_t k = 0; k < h->roles->count && !used; k++)
			used = names_id(&h->roles->item[k], h->keys->key[i]);
		if (!used)
			tree_remove(h->keys, h->keys->key[i]);
	}
}

static bool
rotation_check(const struct tuf_rotation *change, struct err *e)
{
	const struct repo_kind *kind = repo_kind_of(str_of(change->role));
	if (!str_eq(str_of(kind->name), str_of(change->role)))
		return err_set(e, ERR_USAGE,
			       "there is no role “%s”; the roles are root, targets, timestamp, snapshot, approval, "
			       "index, catalog and custom",
			       change->role);
	if (change->online && !kind->online)
		return err_set(
			e, ERR_USAGE,
			"“%s” is signed by people; its new key is made with: mamori key new --role %s --out FILE",
			change->role, change->role);
	return true;
}

bool
tuf_repo_rotate(struct tuf_repo *r, const struct tuf_rotation *change, struct err *e)
{
	struct holding h = { 0 };
	struct repo_role *own;
	struct str role = str_of(change->role);
	if (!rotation_check(change, e) || !holding_edit(r, change->role, &h, e))
		return false;
	struct json ids = *tree_thaw(&r->arena, tree_get(h.role, STR("keyids")));
	int64_t threshold = change->threshold ? change->threshold : json_get_i64(h.role, "threshold", 1);
	if (!add(r, change, &h, &ids, e) || !revoke(r, change, &ids, e) ||
	    !check_threshold(change->role, ids.count, threshold, e))
		return false;
	tree_set(&r->arena, h.role, STR("keyids"), ids);
	tree_set(&r->arena, h.role, STR("threshold"), tree_number(&r->arena, threshold));
	drop_unused_keys(&h);
	/* What the old keys have signed is worth nothing under the new ones: it waits to be signed anew. */
	if (repo_kind_of(role)->type != TUF_TYPE_TARGETS)
		return true;
	struct tuf_document *published;
	if (!repo_pending(r, role, &own, e) || !repo_published(r, role, &published, e))
		return false;
	if (!own && !published) {
		repo_new_targets(r, role);
		return true;
	}
	return repo_edit(r, role, &own, e);
}
