/* The search for a target among those that targets delegates to: 5.6.7 (trust/tuf.h). */
#include "trust/tuf-client.h"

/* A role that waits for its visit, and whose word it is that it may be asked. */
struct visit {
	const struct tuf_document *parent; /* NULL: the top-level targets */
	const struct tuf_delegation *delegation;
	struct str by;
	int64_t expires; /* of the chain down to here */
};

struct search {
	struct tuf_client *c;
	struct str path;
	ARRAY_OF(struct visit) stack;
	struct table visited;
	struct arena arena;
};

static void
search_end(struct search *s)
{
	table_free(&s->visited);
	arena_free(&s->arena);
}
#define SEARCH_AUTO __attribute__((cleanup(search_end))) struct search

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What one target is: its own words, where they come from, and where the file is. */
static void
target_fill(struct tuf_client *c, struct str path, const struct json *t, const struct visit *v, int64_t expires,
	    struct tuf_target *out)
{
	const struct json *hashes = json_get(t, "hashes");
	ptrdiff_t slash = str_rfind_char(path, '/');
	struct str folder = slash < 0 ? STR("") : str_head(path, (size_t)slash + 1);
	struct str name = str_skip(path, folder.len);
	*out = (struct tuf_target){ .path = path,
				    .length = (uint64_t)json_get_i64(t, "length", 0),
				    .sha256 = json_get_str(hashes, "sha256"),
				    .sha512 = json_get_str(hashes, "sha512"),
				    .custom = json_get(t, "custom"),
				    .role = v->delegation ? v->delegation->name : STR("targets"),
				    .file = path,
				    .expires = expires };
	struct str digest = out->sha256.ptr ? out->sha256 : out->sha512;
	if (c->root->consistent)
		out->file = arena_printf(&c->arena, "%.*s%.*s.%.*s", STR_ARG(folder), STR_ARG(digest), STR_ARG(name));
}

/* Loads a role once, but believes it for each delegator only by that one's keys. */
static bool
visit_load(struct tuf_client *c, const struct visit *v, const struct tuf_document **out, struct err *e)
{
	if (!v->delegation) {
		*out = c->targets;
		return true;
	}
	struct tuf_document *d = table_get(&c->delegated, v->delegation->name);
	if (!d || !str_eq(d->verified_for, v->by)) {
		const struct tuf_chain chain = { .role = v->delegation->name,
						 .keys = &v->parent->keys,
						 .holders = &v->delegation->holders,
						 .by = v->by };
		if (!tuf_load_targets(c, &chain, &d, e))
			return false;
		*table_put(&c->delegated, v->delegation->name, NULL) = d;
	}
	*out = d;
	return true;
}

/* Puts those that may speak for the path on the stack, the first on top. A terminating one ends the list, and what
 * waits behind its parent is not asked any more. */
static void
push_delegations(struct search *s, const struct tuf_document *d, struct str by, int64_t expires)
{
	ARRAY_OF(const struct tuf_delegation *) list = { 0 };
	for (size_t i = 0; i < d->delegations.count; i++) {
		const struct tuf_delegation *child = &d->delegations.items[i];
		if (!tuf_delegation_covers(child, s->path))
			continue;
		*ARRAY_PUSH(&s->arena, &list) = child;
		if (child->terminating) {
			s->stack.count = 0;
			break;
		}
	}
	while (list.count > 0) {
		list.count--;
		*ARRAY_PUSH(&s->arena, &s->stack) = (struct visit){
			.parent = d, .delegation = list.items[list.count], .by = by, .expires = expires
		};
	}
}

static bool
unknown(struct search *s, struct err *e)
{
	return TUF_REFUSE(
		s->c, TUF_TARGET_UNKNOWN, STR("targets"), e, ERR_NOT_FOUND,
		"nobody whose signature counts vouches for “%.*s”; it must be added, signed and published first",
		STR_ARG(s->path));
}

/* One role; *found says whether it names the path. */
static bool
visit_one(struct search *s, const struct visit *v, struct tuf_target *out, bool *found, struct err *e)
{
	const struct tuf_document *d;
	if (!visit_load(s->c, v, &d, e))
		return err_wrap(e, "looking for “%.*s”", STR_ARG(s->path));
	int64_t expires = earlier(v->expires, d->expires);
	size_t i = 0;
	const struct json *t = table_get(&d->index, s->path);
	*found = t != NULL;
	if (!t) {
		push_delegations(s, d, v->delegation ? v->delegation->name : STR("targets"), expires);
		return true;
	}
	/* The path as it lies in the document lives as long as the client does. */
	while (&d->targets->item[i] != t)
		i++;
	target_fill(s->c, d->targets->key[i], t, v, expires, out);
	return true;
}

static bool
find_ready(struct tuf_client *c, struct err *e)
{
	tuf_mark(c, TUF_OK, STR_NONE);
	if (c->o.fetch && !c->updated)
		return TUF_REFUSE(c, TUF_UNAVAILABLE, STR("targets"), e, ERR_BUG,
				  "targets are looked for before an update of the metadata has succeeded");
	if (!c->targets || !c->snapshot || !c->timestamp)
		return TUF_REFUSE(c, TUF_UNAVAILABLE, STR("targets"), e, ERR_UNREACHABLE,
				  "there is no complete update metadata in %s yet; it has to be fetched once",
				  c->o.folder);
	return true;
}

bool
tuf_client_find(struct tuf_client *c, struct str path, struct tuf_target *out, struct err *e)
{
	SEARCH_AUTO s = { .c = c, .path = path };
	unsigned visits = 0;
	bool found = false, added;
	if (!find_ready(c, e))
		return false;
	*ARRAY_PUSH(&s.arena, &s.stack) = (struct visit){ .expires = tuf_client_expires(c) };
	while (s.stack.count > 0 && !found) {
		struct visit v = s.stack.items[--s.stack.count];
		table_put(&s.visited, v.delegation ? v.delegation->name : STR("targets"), &added);
		if (!added)
			continue;
		if (++visits > c->o.limits.visits)
			return TUF_REFUSE(
				c, TUF_SEARCH_TOO_LONG, STR("targets"), e, ERR_REFUSED,
				"“%.*s” was not found among the first %u roles that were asked; the delegations may be "
				"meant to keep this machine busy",
				STR_ARG(path), c->o.limits.visits);
		if (!visit_one(&s, &v, out, &found, e))
			return false;
	}
	return found || unknown(&s, e);
}

/* The document of a role that targets delegates to, or targets itself. */
static bool
role_document(struct tuf_client *c, struct str role, const struct tuf_document **out, struct err *e)
{
	struct visit v = { .by = STR("targets"), .parent = c->targets };
	if (str_eq(role, STR("targets")))
		return visit_load(c, &v, out, e);
	for (size_t i = 0; i < c->targets->delegations.count; i++) {
		v.delegation = &c->targets->delegations.items[i];
		if (str_eq(v.delegation->name, role))
			return visit_load(c, &v, out, e);
	}
	return TUF_REFUSE(c, TUF_TARGETS_UNLISTED, role, e, ERR_NOT_FOUND, "nobody delegates to the role “%.*s”",
			  STR_ARG(role));
}

bool
tuf_client_each(struct tuf_client *c, struct str role, tuf_each_fn *each, void *user, struct err *e)
{
	const struct tuf_document *d;
	if (!find_ready(c, e) || !role_document(c, role, &d, e))
		return false;
	for (size_t i = 0; i < d->targets->count; i++) {
		struct tuf_target t;
		struct err why = { 0 };
		/* The search itself decides who may speak for a path, and who is asked first. */
		if (!tuf_client_find(c, d->targets->key[i], &t, &why)) {
			if (c->reason == TUF_TARGET_UNKNOWN)
				continue;
			if (e)
				*e = why;
			return false;
		}
		if (str_eq(t.role, role) && !each(user, &t, e))
			return false;
	}
	tuf_mark(c, TUF_OK, STR_NONE);
	return true;
}
