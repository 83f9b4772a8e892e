/* What a repository looks like to those who keep it (trust/tuf-repo.h). */
#include "trust/tuf-repo-internal.h"

struct report {
	struct tuf_repo *r;
	struct arena *a;
	struct tuf_repo_role_list *out;
	struct tuf_document *root, *targets; /* as they will be, where a change waits */
};

/* What waits for signatures, as a document; NULL: nothing. */
static bool
waiting(struct tuf_repo *r, struct str role, struct tuf_document **out, struct err *e)
{
	struct repo_role *pending;
	BUF_AUTO text = { 0 };
	*out = NULL;
	if (!repo_pending(r, role, &pending, e))
		return false;
	if (!pending)
		return true;
	repo_role_text(pending, &text);
	return repo_parse(r, buf_str(&text), pending->type, out, e);
}

static bool
add_role(struct report *p, struct str name, struct tuf_document *published, const struct tuf_keys *keys,
	 const struct tuf_holders *holders, struct err *e)
{
	struct tuf_document *next;
	const struct repo_kind *kind = repo_kind_of(name);
	if (!waiting(p->r, name, &next, e))
		return false;
	struct tuf_repo_role role = { .name = arena_str(p->a, name),
				      .published = published ? published->version : 0,
				      .expires = published ? published->expires : 0,
				      .pending = next ? next->version : 0,
				      .threshold = holders->threshold,
				      .online = kind->online,
				      .key_count = holders->count };
	if (next || published)
		role.signatures = tuf_signed_by(next ? next : published, keys, holders);
	/* A new root needs the keys of the one before as well. */
	if (next && next->type == TUF_TYPE_ROOT && p->r->root) {
		const struct tuf_holders *before = &p->r->root->roles[TUF_TYPE_ROOT];
		int64_t old = tuf_signed_by(next, &p->r->root->keys, before);
		role.lacks_old = old < before->threshold ? before->threshold - old : 0;
	}
	role.keys = ARENA_ARRAY(p->a, struct str, holders->count + 1);
	for (size_t i = 0; i < holders->count; i++)
		role.keys[i] = arena_str(p->a, holders->ids[i]);
	*ARRAY_PUSH(p->a, &p->out->items) = role;
	return true;
}

static bool
load_newest(struct report *p, struct err *e)
{
	if (!waiting(p->r, STR("root"), &p->root, e) || !waiting(p->r, STR("targets"), &p->targets, e))
		return false;
	p->root = p->root ? p->root : p->r->root;
	p->targets = p->targets ? p->targets : p->r->targets;
	if (p->root && p->targets)
		return true;
	return err_set(e, ERR_INPUT,
		       "the repository %s has lost its root or its targets; bring its folder back from a backup",
		       p->r->folder);
}

bool
tuf_repo_roles(struct tuf_repo *r, struct arena *a, struct tuf_repo_role_list *out, struct err *e)
{
	struct report p = { .r = r, .a = a, .out = out };
	if (!load_newest(&p, e))
		return false;
	struct tuf_document *const top[TUF_TYPES] = { r->root, r->timestamp, r->snapshot, r->targets };
	for (size_t i = 0; i < TUF_TYPES; i++)
		if (!add_role(&p, str_of(tuf_type_names[i]), top[i], &p.root->keys, &p.root->roles[i], e))
			return false;
	for (size_t i = 0; i < p.targets->delegations.count; i++) {
		const struct tuf_delegation *d = &p.targets->delegations.items[i];
		struct tuf_document *published;
		if (!repo_published(r, d->name, &published, e) ||
		    !add_role(&p, d->name, published, &p.targets->keys, &d->holders, e))
			return false;
	}
	return true;
}

bool
tuf_describe(struct arena *a, struct str metadata, struct tuf_description *out, struct err *e)
{
	struct tuf_document *d;
	if (!tuf_document_any(a, metadata, &d, e))
		return false;
	*out = (struct tuf_description){ .type = str_of(tuf_type_names[d->type]),
					 .version = d->version,
					 .expires = d->expires,
					 .issued = d->issued };
	for (size_t i = 0; d->targets && i < d->targets->count; i++)
		*ARRAY_PUSH(a, &out->targets) =
			(struct tuf_described_file){ d->targets->key[i],
						     json_get_str(json_get(&d->targets->item[i], "hashes"), "sha256"),
						     json_get_i64(&d->targets->item[i], "length", 0) };
	for (size_t i = 0; i < d->delegations.count; i++)
		*ARRAY_PUSH(a, &out->delegates) =
			(struct tuf_holding){ d->delegations.items[i].name, d->delegations.items[i].holders.ids,
					      d->delegations.items[i].holders.count,
					      d->delegations.items[i].holders.threshold };
	for (size_t i = 0; d->type == TUF_TYPE_ROOT && i < TUF_TYPES; i++)
		*ARRAY_PUSH(a, &out->delegates) = (struct tuf_holding){ str_of(tuf_type_names[i]), d->roles[i].ids,
									d->roles[i].count, d->roles[i].threshold };
	for (size_t i = 0; i < d->signatures->count; i++)
		*ARRAY_PUSH(a, &out->signers) = json_get_str(&d->signatures->item[i], "keyid");
	tuf_document_free(d);
	return true;
}
