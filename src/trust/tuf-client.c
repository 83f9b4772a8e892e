/* The client workflow of The Update Framework 1.0.x; the numbers are those of its section 5 (trust/tuf.h). */
#include "trust/tuf-client.h"

#include "base/time.h"
#include "os/file.h"

static const struct tuf_limits defaults = { .root_max = 512U << 10,
					    .timestamp_max = 64U << 10,
					    .snapshot_max = 4U << 20,
					    .targets_max = 32U << 20,
					    .roots = 1024,
					    .visits = 64 };

#define ROOT STR("root")
#define TIMESTAMP STR("timestamp")
#define SNAPSHOT STR("snapshot")
#define TARGETS STR("targets")

void
tuf_mark(struct tuf_client *c, enum tuf_reason reason, struct str role)
{
	c->reason = reason;
	c->role = role;
}

bool
tuf_take(struct tuf_client *c, struct str bytes, enum tuf_type type, struct str role, struct tuf_document **out,
	 struct err *e)
{
	enum tuf_reason reason;
	if (!tuf_document_parse(&c->arena, bytes, type, out, &reason, e)) {
		tuf_mark(c, reason, role);
		return err_wrap(e, "update metadata “%.*s”", STR_ARG(role));
	}
	*ARRAY_PUSH(&c->arena, &c->all) = *out;
	return true;
}

bool
tuf_fetch(struct tuf_client *c, struct str name, size_t max, enum tuf_reason too_long, struct str role, struct buf *out,
	  struct err *e)
{
	struct err why = { 0 };
	if (!c->o.fetch)
		return TUF_REFUSE(
			c, TUF_UNAVAILABLE, role, e, ERR_UNREACHABLE,
			"update metadata %.*s is not in the folder of what is trusted, and there is no source to "
			"fetch it from",
			STR_ARG(name));
	bool ok = c->o.fetch(c->o.user, name.ptr, max, out, &why);
	if ((!ok && why.code == ERR_TOO_LARGE) || out->len > max)
		return TUF_REFUSE(
			c, too_long, role, e, ERR_REFUSED,
			"update metadata %.*s does not end after %zu bytes, the most that it may have; the source "
			"may be sending endless data",
			STR_ARG(name), max);
	if (ok)
		return true;
	tuf_mark(c, TUF_UNAVAILABLE, role);
	if (e)
		*e = why;
	return err_wrap(e, "fetching update metadata %.*s", STR_ARG(name));
}

bool
tuf_is_fresh(const struct tuf_client *c, const struct tuf_document *d)
{
	return d->expires > c->time && d->expires > d->issued;
}

static void
time_advance(struct tuf_client *c, const struct tuf_document *d)
{
	if (d && d->issued > c->time)
		c->time = d->issued;
}

static bool
signed_by_root(const struct tuf_client *c, const struct tuf_document *d)
{
	return tuf_is_signed(d, &c->root->keys, &c->root->roles[d->type]);
}

/* ---- 5.2 ---- */

static void
limits_default(struct tuf_limits *l)
{
#define DEFAULT(field) \
	if (l->field == 0) \
	l->field = defaults.field
	DEFAULT(root_max);
	DEFAULT(timestamp_max);
	DEFAULT(snapshot_max);
	DEFAULT(targets_max);
	DEFAULT(roots);
	DEFAULT(visits);
#undef DEFAULT
}

/* What lies in the folder was verified when it was kept; the root may have changed since, by a crash between two steps. */
static void
load_stored(struct tuf_client *c)
{
	struct tuf_document *d = tuf_stored(c, TIMESTAMP, TUF_TYPE_TIMESTAMP);
	c->timestamp = d && signed_by_root(c, d) ? d : NULL;
	d = tuf_stored(c, SNAPSHOT, TUF_TYPE_SNAPSHOT);
	c->snapshot = d && signed_by_root(c, d) ? d : NULL;
	d = tuf_stored(c, TARGETS, TUF_TYPE_TARGETS);
	c->targets = d && signed_by_root(c, d) ? d : NULL;
	time_advance(c, c->timestamp);
	time_advance(c, c->snapshot);
	time_advance(c, c->targets);
}

static bool
load_root(struct tuf_client *c, struct err *e)
{
	if (!file_exists(path_join(&c->arena, c->o.folder, "root.json")))
		return err_set(e, ERR_NOT_FOUND,
			       "there is no trusted root in %s; enrolment or an administrator has to hand one over",
			       c->o.folder);
	c->root = tuf_stored(c, ROOT, TUF_TYPE_ROOT);
	if (!c->root || !signed_by_root(c, c->root))
		return err_set(
			e, ERR_REFUSED,
			"the trusted root in %s is damaged or not signed by its own keys; hand over the root again",
			c->o.folder);
	return true;
}

bool
tuf_client_open(const struct tuf_options *o, struct tuf_client **out, struct err *e)
{
	struct tuf_client *c = xcalloc(1, sizeof(*c));
	c->o = *o;
	limits_default(&c->o.limits);
	c->time = o->seen > o->now ? o->seen : o->now;
	if (!load_root(c, e)) {
		tuf_client_free(c);
		return false;
	}
	time_advance(c, c->root);
	load_stored(c);
	*out = c;
	return true;
}

void
tuf_client_free(struct tuf_client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->all.count; i++)
		tuf_document_free(c->all.items[i]);
	table_free(&c->delegated);
	arena_free(&c->arena);
	free(c);
}

void
tuf_client_cleanup(struct tuf_client **c)
{
	tuf_client_free(*c);
}

/* ---- 5.3 ---- */

/* 5.3.11, before the new root is kept: a crash in between loses a memory of versions, never leaves those that somebody
 * with the old keys has run far ahead. */
static bool
forget_rotated(struct tuf_client *c, const struct tuf_document *next, struct err *e)
{
	if (tuf_holders_equal(&c->root->roles[TUF_TYPE_TIMESTAMP], &next->roles[TUF_TYPE_TIMESTAMP]) &&
	    tuf_holders_equal(&c->root->roles[TUF_TYPE_SNAPSHOT], &next->roles[TUF_TYPE_SNAPSHOT]))
		return true;
	if (!tuf_forget(c, TIMESTAMP, e) || !tuf_forget(c, SNAPSHOT, e))
		return false;
	c->timestamp = NULL;
	c->snapshot = NULL;
	/* So is a time that only they vouched for. */
	c->time = c->o.seen > c->o.now ? c->o.seen : c->o.now;
	time_advance(c, c->root);
	return true;
}

static bool
root_accept(struct tuf_client *c, const struct tuf_document *next, bool *same, struct err *e)
{
	long long have = c->root->version, got = next->version;
	if (!signed_by_root(c, next))
		return TUF_REFUSE(c, TUF_ROOT_NOT_BY_OLD, ROOT, e, ERR_REFUSED,
				  "root %lld is not signed by enough keys of the trusted root %lld; it is not from the "
				  "people who "
				  "hold the root keys",
				  got, have);
	if (!tuf_is_signed(next, &next->keys, &next->roles[TUF_TYPE_ROOT]))
		return TUF_REFUSE(
			c, TUF_ROOT_NOT_BY_NEW, ROOT, e, ERR_REFUSED,
			"root %lld is not signed by enough of the keys that it names itself; it has to be signed with "
			"those, too",
			got);
	if (got < have)
		return TUF_REFUSE(
			c, TUF_ROOT_ROLLBACK, ROOT, e, ERR_REFUSED,
			"root %lld came in the place of the next one after %lld: an old root is being replayed", got,
			have);
	if (got > have + 1)
		return TUF_REFUSE(c, TUF_ROOT_SKIPPED, ROOT, e, ERR_REFUSED,
				  "root %lld came in the place of root %lld; every root in between must be there", got,
				  have + 1);
	*same = got == have;
	return true;
}

/* One new root; *more: look for another. */
static bool
root_next(struct tuf_client *c, bool *more, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	struct err why = { 0 };
	struct tuf_document *next;
	bool same = false;
	*more = false;
	if (!tuf_fetch(c, tuf_file_name(&c->arena, c->root->version + 1, ROOT), c->o.limits.root_max, TUF_ROOT_TOO_LONG,
		       ROOT, &bytes, &why)) {
		if (why.code == ERR_NOT_FOUND)
			return true;
		if (e)
			*e = why;
		return false;
	}
	if (!tuf_take(c, buf_str(&bytes), TUF_TYPE_ROOT, ROOT, &next, e) || !root_accept(c, next, &same, e))
		return false;
	if (same)
		return true;
	if (!forget_rotated(c, next, e) || !tuf_keep(c, ROOT, next, e))
		return false;
	c->root = next;
	*more = true;
	return true;
}

static bool
root_check_fresh(struct tuf_client *c, struct err *e)
{
	char when[TIME_RFC3339_MAX];
	if (tuf_is_fresh(c, c->root))
		return true;
	return TUF_REFUSE(
		c, TUF_ROOT_EXPIRED, ROOT, e, ERR_REFUSED,
		"root %lld expired at %s and there is no newer one; updates may be withheld. Check this machine's "
		"clock, then have the root renewed",
		(long long)c->root->version, time_rfc3339(c->root->expires, when));
}

static bool
update_root(struct tuf_client *c, struct err *e)
{
	bool more = true;
	for (unsigned i = 0; i < c->o.limits.roots && more; i++)
		if (!root_next(c, &more, e))
			return false;
	time_advance(c, c->root);
	if (!root_check_fresh(c, e))
		return false;
	/* The keys may be others now, with thresholds of their own. */
	if (c->timestamp && !signed_by_root(c, c->timestamp))
		c->timestamp = NULL;
	if (c->snapshot && !signed_by_root(c, c->snapshot))
		c->snapshot = NULL;
	return true;
}

/* ---- 5.4 ---- */

static bool
timestamp_expired(struct tuf_client *c, const struct tuf_document *d, struct err *e)
{
	char when[TIME_RFC3339_MAX];
	return TUF_REFUSE(
		c, TUF_TIMESTAMP_EXPIRED, TIMESTAMP, e, ERR_REFUSED,
		"timestamp %lld expired at %s: new updates may be withheld. Check this machine's clock, and that the "
		"server still publishes",
		(long long)d->version, time_rfc3339(d->expires, when));
}

static bool
timestamp_not_older(struct tuf_client *c, const struct tuf_document *next, struct err *e)
{
	struct tuf_meta have = { 0 }, got = { 0 };
	if (!c->timestamp)
		return true;
	if (next->version < c->timestamp->version)
		return TUF_REFUSE(c, TUF_TIMESTAMP_ROLLBACK, TIMESTAMP, e, ERR_REFUSED,
				  "timestamp %lld is older than the trusted one (%lld): an old state is being replayed",
				  (long long)next->version, (long long)c->timestamp->version);
	if (tuf_meta_find(c->timestamp, SNAPSHOT, &have) && tuf_meta_find(next, SNAPSHOT, &got) &&
	    got.version < have.version)
		return TUF_REFUSE(
			c, TUF_TIMESTAMP_SNAPSHOT_ROLLBACK, TIMESTAMP, e, ERR_REFUSED,
			"timestamp %lld names snapshot %lld, which is older than the one known (%lld): an old state is "
			"being replayed",
			(long long)next->version, (long long)got.version, (long long)have.version);
	return true;
}

static bool
update_timestamp(struct tuf_client *c, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	struct tuf_document *next;
	if (!tuf_fetch(c, tuf_file_name(&c->arena, 0, TIMESTAMP), c->o.limits.timestamp_max, TUF_TIMESTAMP_TOO_LONG,
		       TIMESTAMP, &bytes, e) ||
	    !tuf_take(c, buf_str(&bytes), TUF_TYPE_TIMESTAMP, TIMESTAMP, &next, e))
		return false;
	if (!signed_by_root(c, next))
		return TUF_REFUSE(c, TUF_TIMESTAMP_UNSIGNED, TIMESTAMP, e, ERR_REFUSED,
				  "timestamp %lld is not signed by enough of the keys that root %lld names for it",
				  (long long)next->version, (long long)c->root->version);
	if (!timestamp_not_older(c, next, e))
		return false;
	if (c->timestamp && next->version == c->timestamp->version) /* nothing new, which is normal; but not for ever */
		return tuf_is_fresh(c, c->timestamp) || timestamp_expired(c, c->timestamp, e);
	if (!tuf_is_fresh(c, next))
		return timestamp_expired(c, next, e);
	/* A signed time past the root's end can only be a wrong clock: believing it would lock this machine out. */
	if (c->root->expires <= next->issued)
		return TUF_REFUSE(c, TUF_TIMESTAMP_EXPIRED, TIMESTAMP, e, ERR_REFUSED,
				  "timestamp %lld was issued after the root expired; the server's clock may be wrong",
				  (long long)next->version);
	if (!tuf_keep(c, TIMESTAMP, next, e))
		return false;
	c->timestamp = next;
	time_advance(c, next);
	return root_check_fresh(c, e);
}

/* ---- 5.5 ---- */

/* 5.5.5 */
static bool
snapshot_not_older(struct tuf_client *c, const struct tuf_document *next, struct err *e)
{
	for (size_t i = 0; c->snapshot && i < c->snapshot->meta->count; i++) {
		struct str key = c->snapshot->meta->key[i];
		long long have = json_get_i64(&c->snapshot->meta->item[i], "version", 0);
		struct tuf_meta got;
		if (!str_ends(key, STR(".json")))
			continue;
		struct str role = str_head(key, key.len - 5);
		if (!tuf_meta_find(next, role, &got))
			return TUF_REFUSE(c, TUF_SNAPSHOT_REMOVED, SNAPSHOT, e, ERR_REFUSED,
					  "snapshot %lld does not list %.*s any more, which the snapshot before did; "
					  "nothing that was "
					  "published may vanish",
					  (long long)next->version, STR_ARG(key));
		if (got.version < have)
			return TUF_REFUSE(c, TUF_SNAPSHOT_ROLLBACK, SNAPSHOT, e, ERR_REFUSED,
					  "snapshot %lld lists %.*s %lld, which is older than the one known (%lld): an "
					  "old state is "
					  "being replayed",
					  (long long)next->version, STR_ARG(key), (long long)got.version, have);
	}
	return true;
}

static bool
snapshot_check(struct tuf_client *c, const struct tuf_document *next, const struct tuf_meta *listed, struct err *e)
{
	char when[TIME_RFC3339_MAX];
	if (!signed_by_root(c, next))
		return TUF_REFUSE(c, TUF_SNAPSHOT_UNSIGNED, SNAPSHOT, e, ERR_REFUSED,
				  "snapshot %lld is not signed by enough of the keys that root %lld names for it",
				  (long long)next->version, (long long)c->root->version);
	if (next->version != listed->version)
		return TUF_REFUSE(c, TUF_SNAPSHOT_VERSION, SNAPSHOT, e, ERR_REFUSED,
				  "snapshot %lld came where the timestamp names %lld; two states are being mixed",
				  (long long)next->version, (long long)listed->version);
	if (!snapshot_not_older(c, next, e))
		return false;
	if (!tuf_is_fresh(c, next))
		return TUF_REFUSE(c, TUF_SNAPSHOT_EXPIRED, SNAPSHOT, e, ERR_REFUSED,
				  "snapshot %lld expired at %s: new updates may be withheld. Check this machine's "
				  "clock, and that "
				  "the server still publishes",
				  (long long)next->version, time_rfc3339(next->expires, when));
	return true;
}

/* Length and digests as the one who lists it says. */
static bool
as_listed(const struct tuf_meta *listed, struct str bytes)
{
	return (listed->length < 0 || (uint64_t)listed->length == bytes.len) && tuf_hashes_match(listed->hashes, bytes);
}

/* How much may be read of a listed file; false: it is said to be longer than may be. */
static bool
listed_max(const struct tuf_meta *listed, size_t cap, size_t *max)
{
	*max = listed->length >= 0 ? (size_t)listed->length : cap;
	return listed->length < 0 || (uint64_t)listed->length <= cap;
}

static bool
update_snapshot(struct tuf_client *c, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	struct tuf_meta listed = { 0 };
	struct tuf_document *next = c->snapshot;
	size_t max;
	bool is_listed = tuf_meta_find(c->timestamp, SNAPSHOT, &listed);
	bool have = is_listed && next && next->version == listed.version && as_listed(&listed, next->bytes);
	struct str name = tuf_file_name(&c->arena, c->root->consistent ? listed.version : 0, SNAPSHOT);
	if (!have) {
		if (!listed_max(&listed, c->o.limits.snapshot_max, &max))
			return TUF_REFUSE(c, TUF_SNAPSHOT_TOO_LONG, SNAPSHOT, e, ERR_REFUSED,
					  "the snapshot is said to have %lld bytes, more than it may have (%zu)",
					  (long long)listed.length, c->o.limits.snapshot_max);
		if (!tuf_fetch(c, name, max, TUF_SNAPSHOT_TOO_LONG, SNAPSHOT, &bytes, e))
			return false;
		if (!as_listed(&listed, buf_str(&bytes)))
			return TUF_REFUSE(c, TUF_SNAPSHOT_HASH, SNAPSHOT, e, ERR_REFUSED,
					  "%.*s is not the file whose length and digest the timestamp names; fetch it "
					  "again, and look "
					  "at the source if it stays so",
					  STR_ARG(name));
		if (!tuf_take(c, buf_str(&bytes), TUF_TYPE_SNAPSHOT, SNAPSHOT, &next, e))
			return false;
	}
	if (!snapshot_check(c, next, &listed, e) || (!have && !tuf_keep(c, SNAPSHOT, next, e)))
		return false;
	c->snapshot = next;
	return true;
}

/* ---- 5.6 ---- */

static bool
targets_signed(const struct tuf_chain *chain, const struct tuf_document *d)
{
	return tuf_is_signed(d, chain->keys, chain->holders);
}

/* From the folder: the very file that the snapshot names; cut off from every source, what was trusted last. */
static struct tuf_document *
targets_stored(struct tuf_client *c, const struct tuf_chain *chain, const struct tuf_meta *listed)
{
	struct tuf_document *d = tuf_stored(c, chain->role, TUF_TYPE_TARGETS);
	if (!d || !targets_signed(chain, d))
		return NULL;
	if (d->version == listed->version && as_listed(listed, d->bytes))
		return d;
	return !c->o.fetch && d->version < listed->version ? d : NULL;
}

static bool
targets_fetch(struct tuf_client *c, const struct tuf_chain *chain, const struct tuf_meta *listed,
	      struct tuf_document **out, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	size_t max;
	struct str name = tuf_file_name(&c->arena, c->root->consistent ? listed->version : 0, chain->role);
	if (!listed_max(listed, c->o.limits.targets_max, &max))
		return TUF_REFUSE(c, TUF_TARGETS_TOO_LONG, chain->role, e, ERR_REFUSED,
				  "%.*s is said to have %lld bytes, more than it may have (%zu)", STR_ARG(name),
				  (long long)listed->length, c->o.limits.targets_max);
	if (!tuf_fetch(c, name, max, TUF_TARGETS_TOO_LONG, chain->role, &bytes, e))
		return false;
	if (!as_listed(listed, buf_str(&bytes)))
		return TUF_REFUSE(
			c, TUF_TARGETS_HASH, chain->role, e, ERR_REFUSED,
			"%.*s is not the file whose length and digest the snapshot names; fetch it again, and look at "
			"the source if it stays so",
			STR_ARG(name));
	if (!tuf_take(c, buf_str(&bytes), TUF_TYPE_TARGETS, chain->role, out, e))
		return false;
	if (!targets_signed(chain, *out))
		return TUF_REFUSE(c, TUF_TARGETS_UNSIGNED, chain->role, e, ERR_REFUSED,
				  "“%.*s” %lld is not signed by enough of the keys that “%.*s” names for it",
				  STR_ARG(chain->role), (long long)(*out)->version, STR_ARG(chain->by));
	if ((*out)->version != listed->version)
		return TUF_REFUSE(c, TUF_TARGETS_VERSION, chain->role, e, ERR_REFUSED,
				  "“%.*s” %lld came where the snapshot names %lld; two states are being mixed",
				  STR_ARG(chain->role), (long long)(*out)->version, (long long)listed->version);
	return true;
}

bool
tuf_load_targets(struct tuf_client *c, const struct tuf_chain *chain, struct tuf_document **out, struct err *e)
{
	struct tuf_meta listed;
	char when[TIME_RFC3339_MAX];
	if (!tuf_meta_find(c->snapshot, chain->role, &listed))
		return TUF_REFUSE(
			c, TUF_TARGETS_UNLISTED, chain->role, e, ERR_REFUSED,
			"the snapshot does not list the metadata of “%.*s”; it has not been published yet, or "
			"somebody holds it back",
			STR_ARG(chain->role));
	struct tuf_document *d = targets_stored(c, chain, &listed);
	bool have = d != NULL;
	if (!have && !targets_fetch(c, chain, &listed, &d, e))
		return false;
	/* Without a source the folder's content is looked at for what it is; its age is the caller's to judge. */
	if (c->o.fetch && !tuf_is_fresh(c, d))
		return TUF_REFUSE(
			c, TUF_TARGETS_EXPIRED, chain->role, e, ERR_REFUSED,
			"“%.*s” %lld expired at %s: it has to be signed anew by its key holders, or newer ones are "
			"being withheld. Check this machine's clock, too",
			STR_ARG(chain->role), (long long)d->version, time_rfc3339(d->expires, when));
	if (!have && !tuf_keep(c, chain->role, d, e))
		return false;
	d->verified_for = chain->by;
	*out = d;
	return true;
}

static bool
update_targets(struct tuf_client *c, struct err *e)
{
	const struct tuf_chain chain = {
		.role = TARGETS, .keys = &c->root->keys, .holders = &c->root->roles[TUF_TYPE_TARGETS], .by = ROOT
	};
	return tuf_load_targets(c, &chain, &c->targets, e);
}

bool
tuf_client_update(struct tuf_client *c, struct err *e)
{
	tuf_mark(c, TUF_OK, STR_NONE);
	c->updated = false;
	if (!c->o.fetch)
		return TUF_REFUSE(c, TUF_UNAVAILABLE, ROOT, e, ERR_USAGE, "there is no source to update from");
	if (!update_root(c, e) || !update_timestamp(c, e) || !update_snapshot(c, e) || !update_targets(c, e))
		return false;
	table_free(&c->delegated);
	c->updated = true;
	tuf_mark(c, TUF_OK, STR_NONE);
	return true;
}

/* ---- what is trusted ---- */

enum tuf_reason
tuf_client_reason(const struct tuf_client *c, struct str *role)
{
	if (role)
		*role = c->role;
	return c->reason;
}

int64_t
tuf_client_version(const struct tuf_client *c, struct str role)
{
	const struct tuf_document *const top[TUF_TYPES] = { c->root, c->timestamp, c->snapshot, c->targets };
	struct tuf_meta m;
	for (size_t i = 0; i < TUF_TYPES; i++)
		if (str_eq(role, str_of(tuf_type_names[i])))
			return top[i] ? top[i]->version : 0;
	return tuf_meta_find(c->snapshot, role, &m) ? m.version : 0;
}

int64_t
tuf_client_expires(const struct tuf_client *c)
{
	const struct tuf_document *const top[TUF_TYPES] = { c->root, c->timestamp, c->snapshot, c->targets };
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < TUF_TYPES; i++) {
		if (!top[i])
			return 0;
		first = top[i]->expires < first ? top[i]->expires : first;
	}
	return first;
}

int64_t
tuf_client_seen(const struct tuf_client *c)
{
	const struct tuf_document *const top[TUF_TYPES] = { c->root, c->timestamp, c->snapshot, c->targets };
	int64_t seen = c->o.seen;
	for (size_t i = 0; i < TUF_TYPES; i++)
		seen = top[i] && top[i]->issued > seen ? top[i]->issued : seen;
	return seen;
}

int64_t
tuf_client_time(const struct tuf_client *c)
{
	return c->time;
}
