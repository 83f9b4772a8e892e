/* Publishing: what has signatures enough becomes what clients read, at once (trust/tuf-repo.h).
 *
 * Every file but the timestamp has a name of its own for each version, so the timestamp's rename is the moment at which
 * a new state appears. A new root appears by itself, though, and may be at odds with the timestamp beside it: it
 * comes with a folder of its own, and the rename of a link is the moment. */
#include "trust/tuf-repo-internal.h"

#include "os/copy.h"
#include "os/file.h"
#include "trust/canonical.h"

enum { KEPT_VERSIONS = 32, CLOCK_SLACK_MS = 5 * 60 * 1000, LISTED_MAX = 100000, COPY_MAX = 64 << 20 };

/* A file of the new state. */
struct publish_file {
	struct str name, text;
};

struct publish {
	struct tuf_repo *r;
	int64_t now;
	struct tuf_document *root, *targets; /* of the new state */
	bool new_root;
	ARRAY_OF(struct publish_file) files; /* to be written, the timestamp apart */
	struct str timestamp_text;
	struct json *meta; /* of the new snapshot */
	ARRAY_OF(struct str) done; /* roles that are pending no more */
	struct tuf_published *what;
};

static void
wait_for(struct publish *p, struct str role)
{
	if (!p->what || p->what->waiting_count == COUNT(p->what->waiting))
		return;
	for (size_t i = 0; i < p->what->waiting_count; i++)
		if (str_eq(p->what->waiting[i], role))
			return;
	p->what->waiting[p->what->waiting_count++] = role;
}

/* The pending version of a role as a document; NULL: none. */
static bool
pending_document(struct publish *p, struct str role, struct tuf_document **out, struct err *e)
{
	struct repo_role *pending;
	BUF_AUTO text = { 0 };
	*out = NULL;
	if (!repo_pending(p->r, role, &pending, e))
		return false;
	if (!pending)
		return true;
	repo_role_text(pending, &text);
	return repo_parse(p->r, buf_str(&text), pending->type, out, e);
}

static void
add_file(struct publish *p, struct str role, const struct tuf_document *d)
{
	*ARRAY_PUSH(&p->r->arena, &p->files) =
		(struct publish_file){ tuf_file_name(&p->r->arena, d->version, role), d->bytes };
	*ARRAY_PUSH(&p->r->arena, &p->done) = role;
}

static bool
choose_root(struct publish *p, struct err *e)
{
	struct tuf_document *next;
	const struct tuf_document *have = p->r->root;
	p->root = p->r->root;
	if (!pending_document(p, STR("root"), &next, e))
		return false;
	p->new_root = next && (!have || tuf_is_signed(next, &have->keys, &have->roles[TUF_TYPE_ROOT])) &&
		      tuf_is_signed(next, &next->keys, &next->roles[TUF_TYPE_ROOT]);
	if (p->new_root)
		p->root = next;
	else if (next)
		wait_for(p, STR("root"));
	return true;
}

/* Targets that the root's keys have signed: the pending or the published; NULL: neither. */
static bool
choose_targets(struct publish *p, bool *is_new, struct err *e)
{
	struct tuf_document *next;
	const struct tuf_holders *holders = &p->root->roles[TUF_TYPE_TARGETS];
	p->targets = NULL;
	*is_new = false;
	if (!pending_document(p, STR("targets"), &next, e))
		return false;
	if (next && tuf_is_signed(next, &p->root->keys, holders)) {
		p->targets = next;
		*is_new = true;
	} else if (p->r->targets && tuf_is_signed(p->r->targets, &p->root->keys, holders)) {
		p->targets = p->r->targets;
	}
	if (next && !*is_new)
		wait_for(p, STR("targets"));
	return true;
}

static bool
check_clock(const struct publish *p, struct err *e)
{
	char a[TIME_RFC3339_MAX], b[TIME_RFC3339_MAX];
	if (p->r->timestamp && p->r->timestamp->issued > p->now + CLOCK_SLACK_MS)
		return err_set(e, ERR_REFUSED,
			       "this machine's clock says %s, and the last timestamp was issued at %s; set the clock "
			       "right, then "
			       "publish again",
			       time_rfc3339(p->now, a), time_rfc3339(p->r->timestamp->issued, b));
	/* A timestamp issued then would be refused by every client. */
	if (p->root->expires <= p->now)
		return err_set(e, ERR_REFUSED,
			       "the root expired at %s. If this machine's clock (%s) is right, renew it: mamori repo "
			       "renew --role "
			       "root",
			       time_rfc3339(p->root->expires, a), time_rfc3339(p->now, b));
	return true;
}

/* Of what the server signs: less than half of its time is left, or less than was asked for. */
static bool
past_half(const struct publish *p, const struct tuf_document *d)
{
	/* Metadata knows whole seconds. */
	return !d || d->expires - p->now < (d->expires - d->issued) / 2 || d->expires - p->now < p->r->valid_for - 1000;
}

/* {"version", "length", "hashes"} of a file into the new snapshot's or timestamp's list. */
static void
list_file(struct publish *p, struct json *meta, struct str role, int64_t version, struct str bytes)
{
	struct arena *a = &p->r->arena;
	struct json entry = tree_object(), hashes = tree_object();
	char hex[129];
	tuf_digest_hex(false, bytes, hex);
	tree_add(a, &hashes, STR("sha256"), tree_text(arena_str(a, str_of(hex))));
	tree_add(a, &entry, STR("hashes"), hashes);
	tree_add(a, &entry, STR("length"), tree_number(a, (int64_t)bytes.len));
	tree_add(a, &entry, STR("version"), tree_number(a, version));
	tree_set(a, meta, arena_printf(a, "%.*s.json", STR_ARG(role)), entry);
}

/* A role that the server signs: as it was, or the pending one, or one renewed in time. */
static bool
online_role(struct publish *p, const struct tuf_delegation *d, struct tuf_document **out, bool *is_new, struct err *e)
{
	struct repo_role *pending;
	struct tuf_document *have;
	BUF_AUTO text = { 0 };
	if (!repo_published(p->r, d->name, &have, e) || !repo_pending(p->r, d->name, &pending, e))
		return false;
	if (!pending && have && !past_half(p, have) && tuf_is_signed(have, &p->targets->keys, &d->holders)) {
		*out = have;
		return true;
	}
	if (!repo_edit(p->r, d->name, &pending, e) || !repo_sign_online(p->r, pending, &d->holders, e))
		return false;
	repo_role_text(pending, &text);
	*is_new = true;
	return repo_parse(p->r, buf_str(&text), TUF_TYPE_TARGETS, out, e);
}

/* A role that people sign: the pending one if they have; else what is published, even if its keys are others by now:
 * clients refuse it for what it names, but a list may not lose it. */
static bool
offline_role(struct publish *p, const struct tuf_delegation *d, struct tuf_document **out, bool *is_new, struct err *e)
{
	struct tuf_document *next;
	if (!pending_document(p, d->name, &next, e))
		return false;
	*is_new = next && tuf_is_signed(next, &p->targets->keys, &d->holders);
	if (*is_new) {
		*out = next;
		return true;
	}
	if (next)
		wait_for(p, d->name);
	return repo_published(p->r, d->name, out, e);
}

static bool
collect_delegated(struct publish *p, struct err *e)
{
	for (size_t i = 0; i < p->targets->delegations.count; i++) {
		const struct tuf_delegation *d = &p->targets->delegations.items[i];
		const struct repo_kind *kind = repo_kind_of(d->name);
		bool online = kind->online && str_eq(str_of(kind->name), d->name), is_new = false;
		struct tuf_document *document = NULL;
		if (!(online ? online_role : offline_role)(p, d, &document, &is_new, e))
			return err_wrap(e, "publishing “%.*s”", STR_ARG(d->name));
		if (!document)
			continue;
		list_file(p, p->meta, d->name, document->version, document->bytes);
		if (is_new)
			add_file(p, d->name, document);
	}
	return true;
}

/* What once was listed stays listed, also when nobody delegates to it any more. */
static void
collect_former(struct publish *p)
{
	for (size_t i = 0; p->r->snapshot && i < p->r->snapshot->meta->count; i++) {
		struct str key = p->r->snapshot->meta->key[i];
		if (!tree_get(p->meta, key))
			tree_add(&p->r->arena, p->meta, key, p->r->snapshot->meta->item[i]);
	}
}

static bool
same_meta(const struct json *a, const struct json *b)
{
	BUF_AUTO one = { 0 };
	BUF_AUTO two = { 0 };
	return canonical_write(a, &one, NULL) && canonical_write(b, &two, NULL) && str_eq(buf_str(&one), buf_str(&two));
}

/* A timestamp or snapshot of the next version over this list. */
static bool
sign_list(struct publish *p, enum tuf_type type, const struct tuf_document *before, const struct json *meta,
	  struct tuf_document **out, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct repo_role *role =
		repo_role_new(p->r, str_of(tuf_type_names[type]), type, before ? before->version + 1 : 1);
	tree_add(&p->r->arena, role->signed_part, STR("meta"), *meta);
	if (!repo_sign_online(p->r, role, &p->root->roles[type], e))
		return false;
	repo_role_text(role, &text);
	return repo_parse(p->r, buf_str(&text), type, out, e);
}

static bool
signed_by_new_root(const struct publish *p, const struct tuf_document *d)
{
	return d && tuf_is_signed(d, &p->root->keys, &p->root->roles[d->type]);
}

static bool
make_lists(struct publish *p, struct tuf_document **timestamp, struct err *e)
{
	struct tuf_document *snapshot = p->r->snapshot;
	struct json meta = tree_object();
	bool fresh = snapshot && !past_half(p, snapshot) && same_meta(p->meta, snapshot->meta) &&
		     signed_by_new_root(p, snapshot);
	if (!fresh && !sign_list(p, TUF_TYPE_SNAPSHOT, snapshot, p->meta, &snapshot, e))
		return false;
	*timestamp = p->r->timestamp;
	if (fresh && !past_half(p, *timestamp) && signed_by_new_root(p, *timestamp) && !p->new_root)
		return true;
	if (!fresh)
		*ARRAY_PUSH(&p->r->arena, &p->files) =
			(struct publish_file){ tuf_file_name(&p->r->arena, snapshot->version, STR("snapshot")),
					       snapshot->bytes };
	list_file(p, &meta, STR("snapshot"), snapshot->version, snapshot->bytes);
	if (!sign_list(p, TUF_TYPE_TIMESTAMP, p->r->timestamp, &meta, timestamp, e))
		return false;
	p->timestamp_text = (*timestamp)->bytes;
	return true;
}

/* ---- writing ---- */

static bool
write_files(struct publish *p, const char *folder, struct err *e)
{
	struct tuf_repo *r = p->r;
	for (size_t i = 0; i < p->files.count; i++)
		if (!file_write(repo_path(r, folder, p->files.items[i].name), p->files.items[i].text, 0644, e))
			return false;
	return file_write(repo_path(r, folder, STR("timestamp.json")), p->timestamp_text, 0644, e);
}

/* Everything that is published now, into the folder of a new root. */
static bool
copy_published(struct tuf_repo *r, const char *folder, struct err *e)
{
	struct str *names;
	size_t count;
	const char *from = repo_path(r, "metadata", STR(""));
	if (!file_exists(from))
		return true;
	if (!dir_list(&r->arena, from, LISTED_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO bytes = { 0 };
		if (names[i].ptr[0] == '.')
			continue;
		if (!file_read(repo_path(r, "metadata", names[i]), COPY_MAX, &bytes, e) ||
		    !file_write(repo_path(r, folder, names[i]), buf_str(&bytes), 0644, e))
			return false;
	}
	return true;
}

static bool
write_generation(struct publish *p, struct err *e)
{
	struct tuf_repo *r = p->r;
	const char *folder = arena_printf(&r->arena, "metadata.%lld", (long long)p->root->version).ptr;
	const char *path = repo_path(r, ".", str_of(folder));
	/* One that a crash has left is not whole. */
	if (!dir_remove_all(path, e) || !dir_make(path, 0755, e) || !dir_give(path, r->folder, e) ||
	    !copy_published(r, folder, e) || !write_files(p, folder, e) ||
	    !file_write(repo_path(r, folder, STR("root.json")), p->root->bytes, 0644, e) ||
	    !link_replace(repo_path(r, ".", STR("metadata")), folder, e))
		return false;
	/* The one before stays for who is reading in it; nobody is in that before it. */
	return p->root->version < 3 ||
	       dir_remove_all(
		       arena_printf(&r->arena, "%s/metadata.%lld", r->folder, (long long)p->root->version - 2).ptr, e);
}

/* Versions that no client asks for any more. Roots stay: the chain begins with the first. */
static bool
prune(struct publish *p, struct err *e)
{
	struct tuf_repo *r = p->r;
	struct str *names;
	size_t count;
	if (!dir_list(&r->arena, repo_path(r, "metadata", STR("")), LISTED_MAX, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct str number, rest, role;
		struct tuf_meta m;
		int64_t version;
		if (!str_split(names[i], '.', &number, &rest) || !str_to_i64(number, &version) ||
		    !str_ends(rest, STR(".json")))
			continue;
		role = str_head(rest, rest.len - 5);
		bool listed = str_eq(role, STR("snapshot")) ? tuf_meta_find(r->timestamp, role, &m)
							    : tuf_meta_find(r->snapshot, role, &m);
		if (listed && version < m.version - KEPT_VERSIONS &&
		    !file_remove(repo_path(r, "metadata", names[i]), e))
			return false;
	}
	return true;
}

static bool
settle_online(struct publish *p, struct err *e)
{
	for (size_t i = 0; i < p->targets->delegations.count; i++) {
		const struct tuf_delegation *d = &p->targets->delegations.items[i];
		const struct repo_kind *kind = repo_kind_of(d->name);
		if (kind->online && str_eq(d->name, str_of(kind->name)) &&
		    !repo_settle_online(p->r, kind->name, &d->holders, e))
			return false;
	}
	return repo_settle_online(p->r, "timestamp", &p->root->roles[TUF_TYPE_TIMESTAMP], e) &&
	       repo_settle_online(p->r, "snapshot", &p->root->roles[TUF_TYPE_SNAPSHOT], e);
}

/* What was published waits no more. */
static bool
clear_pending(struct publish *p, struct err *e)
{
	struct tuf_repo *r = p->r;
	for (size_t i = 0; i < p->done.count; i++) {
		if (!file_remove(repo_path(r, "pending", tuf_file_name(&r->arena, 0, p->done.items[i])), e))
			return false;
		for (size_t k = 0; k < r->roles.count; k++) {
			if (!str_eq(r->roles.items[k]->name, p->done.items[i]))
				continue;
			table_free(&r->roles.items[k]->targets);
			r->roles.items[k] = r->roles.items[--r->roles.count];
			break;
		}
	}
	return true;
}

/* The state that clients would see; *ready: there is one that root and targets vouch for. */
static bool
choose(struct publish *p, bool *ready, struct err *e)
{
	bool new_targets = false;
	*ready = false;
	if (!choose_root(p, e))
		return false;
	if (!p->root)
		return true;
	if (!choose_targets(p, &new_targets, e))
		return false;
	if (!p->targets && p->new_root) { /* the new root's keys have not signed targets yet: both wait */
		p->root = p->r->root;
		p->new_root = false;
		wait_for(p, STR("root"));
		if (!p->root)
			return true;
		if (!choose_targets(p, &new_targets, e))
			return false;
	}
	if (!p->targets)
		return true;
	if (p->new_root)
		add_file(p, STR("root"), p->root);
	if (new_targets)
		add_file(p, STR("targets"), p->targets);
	list_file(p, p->meta, STR("targets"), p->targets->version, p->targets->bytes);
	*ready = true;
	return true;
}

static bool
publish(struct publish *p, struct err *e)
{
	struct tuf_document *timestamp;
	bool ready;
	if (!choose(p, &ready, e) || !tuf_repo_save(p->r, e))
		return false;
	if (!ready)
		return true;
	if (!check_clock(p, e) || !collect_delegated(p, e))
		return false;
	collect_former(p);
	if (!make_lists(p, &timestamp, e))
		return false;
	p->what->changed = p->timestamp_text.ptr != NULL;
	p->what->timestamp_version = timestamp->version;
	p->what->expires = timestamp->expires;
	if (!p->what->changed)
		return true;
	if (!(p->new_root ? write_generation(p, e) : write_files(p, "metadata", e)))
		return false;
	return clear_pending(p, e) && repo_load(p->r, e) && settle_online(p, e) && prune(p, e);
}

bool
tuf_repo_publish(struct tuf_repo *r, struct tuf_published *what, struct err *e)
{
	struct tuf_published own;
	struct json meta = tree_object();
	struct publish p = { .r = r, .now = clock_now(r->clock), .meta = &meta, .what = what ? what : &own };
	*p.what = (struct tuf_published){ 0 };
	if (!publish(&p, e))
		return err_wrap(e, "publishing the repository %s", r->folder);
	return true;
}
