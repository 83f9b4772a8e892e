#include "agent/updates.h"

#include "agent/answer.h"
#include "agent/mandate.h"
#include "agent/order.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/sentence.h"
#include "trust/tuf.h"

#define FOLDER "updates"
#define NOTES "updates.json"
#define VOUCHED "vouched"
#define ROOT_MAX (512U << 10)
#define TARGETS_MAX (4U << 20) /* what one answer of the part that talks to the network holds */
#define ROLE STR("custom")
#define PATH "custom/scripts/"

static bool
came_by_check_in(const struct agent *a, struct arena *arena)
{
	struct json *v = NULL;
	return state_load(a, arena, NOTES, &v, NULL) && json_get_bool(v, "by_check_in", false);
}

bool
updates_begin(const struct agent *a, struct str root, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct err why = { 0 };
	const char *folder = state_path(a, &arena, FOLDER);
	/* A token is a better witness than an answer was. */
	if (came_by_check_in(a, &arena) &&
	    (!dir_remove_all(folder, e) || !file_remove(state_path(a, &arena, NOTES), e)))
		return err_wrap(e, "keeping the root of the update metadata");
	if (tuf_store_begin(folder, root, &why))
		return true;
	if (why.code == ERR_CONFLICT)
		return true;
	return err_set(e, why.code, "keeping the root of the update metadata: %s", why.text);
}

/* ---- what is there ---- */

static void
look(struct session *s, const struct tuf_client *c)
{
	struct metadata_seen *m = &s->metadata;
	m->root = tuf_client_version(c, STR("root"));
	m->timestamp = tuf_client_version(c, STR("timestamp"));
	m->expires = tuf_client_expires(c);
	if (tuf_client_seen(c) > m->seen)
		m->seen = tuf_client_seen(c);
}

static bool
client_open(struct session *s, tuf_fetch_fn *fetch, struct tuf_client **out, struct err *e)
{
	struct tuf_options o = {
		.folder = state_path(s->agent, s->arena, FOLDER),
		.fetch = fetch,
		.user = s,
		.now = order_now(s),
		.seen = s->metadata.seen,
		.limits = { .root_max = ROOT_MAX, .snapshot_max = TARGETS_MAX, .targets_max = TARGETS_MAX }
	};
	return tuf_client_open(&o, out, e);
}

void
updates_load(struct session *s)
{
	TUF_CLIENT_AUTO c = NULL;
	struct json *v = NULL;
	struct err e = { 0 };
	s->metadata =
		(struct metadata_seen){ .rooted = file_exists(state_path(s->agent, s->arena, FOLDER "/root.json")) };
	if (!s->metadata.rooted)
		return;
	if (!state_load(s->agent, s->arena, NOTES, &v, &e))
		log_warn("updates", "%s", e.text);
	s->metadata.seen = json_get_i64(v, "seen", 0);
	s->metadata.verified = json_get_i64(v, "verified", 0);
	s->metadata.named = json_get_i64(v, "named", 0);
	s->metadata.by_check_in = json_get_bool(v, "by_check_in", false);
	s->metadata.trouble = json_get_str(v, "trouble");
	LANG_ENGLISH_AUTO;
	if (client_open(s, NULL, &c, &e))
		look(s, c);
	else
		s->metadata.trouble = arena_str(s->arena, str_of(e.text));
}

static bool
notes_save(struct session *s)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	struct err e = { 0 };
	json_begin_object(&w);
	json_put_i64(&w, "seen", s->metadata.seen);
	json_put_i64(&w, "verified", s->metadata.verified);
	json_put_i64(&w, "named", s->metadata.named);
	json_put_bool(&w, "by_check_in", s->metadata.by_check_in);
	json_put_str(&w, "trouble", s->metadata.trouble);
	json_end_object(&w);
	if (state_save(s->agent, NOTES, buf_str(&b), &e))
		return true;
	log_warn("state", "%s", e.text);
	return false;
}

static void
trouble_set(struct session *s, const struct err *e)
{
	s->metadata.trouble = arena_str(s->arena, str_of(e->text));
	log_warn("updates", "%s", e->text);
}

/* ---- from the network ---- */

/* The way of the check-in: the server, or the relay that carries our letters. */
static bool
fetch(struct session *s, const char *what, struct str name, size_t max, struct buf *out, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	BUF_AUTO path = { 0 };
	const char *state;
	buf_addf(&path, "/%s/v1/%s/", s->by_letter ? "relay" : "agent", what);
	percent_encode(&path, name);
	if (!net_call(&s->net, s->by_letter ? NET_RELAY_GET : NET_GET, buf_cstr(&path), STR(""), &r, e))
		return false;
	if (r.status == 404)
		return err_set(e, ERR_NOT_FOUND, "%s does not have %.*s", s->by_letter ? "the relay" : "the server",
			       STR_ARG(name));
	if (r.status != 200)
		return answer_error(s->arena, r.status, buf_str(&r.body), &state, e);
	if (r.body.len > max)
		return err_set(e, ERR_TOO_LARGE, "%.*s is larger than %zu bytes", STR_ARG(name), max);
	buf_add(out, buf_str(&r.body));
	return true;
}

static bool
fetch_metadata(void *user, const char *name, size_t max, struct buf *out, struct err *e)
{
	return fetch(user, "updates", str_of(name), max, out, e);
}

static const char *
vouched_path(struct session *s, struct str name)
{
	return state_pathf(s->agent, s->arena, VOUCHED "/%.*s", STR_ARG(name));
}

static bool
is_the_file(const struct tuf_target *t, struct str bytes, struct err *e)
{
	struct tuf_check *k = tuf_check_open(t);
	bool ok = tuf_check_add(k, bytes, e);
	return tuf_check_end(k, NULL, ok ? e : NULL) && ok;
}

/* Who vouches counts, not only that somebody does. */
static bool
script_find(struct session *s, struct tuf_client *c, struct str name, struct tuf_target *t, struct err *e)
{
	struct str path = arena_printf(s->arena, PATH "%.*s", STR_ARG(name));
	if (!tuf_client_find(c, path, t, e))
		return false;
	if (!str_eq(t->role, ROLE))
		return err_set(
			e, ERR_REFUSED,
			"“%.*s” is vouched for by “%.*s”, whose word does not make a script run; the holders of the "
			"keys of “custom” have to sign it",
			STR_ARG(path), STR_ARG(t->role));
	if (s->metadata.by_check_in)
		return err_set(e, ERR_REFUSED,
			       "this machine got the root of the update metadata from the running server, not when it "
			       "was enrolled: "
			       "scripts run by it once an administrator enrols the machine again (mamori-agent enrol "
			       "--again)");
	return t->length <= UPDATES_SCRIPT_MAX ||
	       err_set(e, ERR_TOO_LARGE, "the script %.*s is larger than %u bytes", STR_ARG(name), UPDATES_SCRIPT_MAX);
}

static bool
script_there(struct session *s, struct str name, const struct tuf_target *t)
{
	BUF_AUTO bytes = { 0 };
	return file_read(vouched_path(s, name), UPDATES_SCRIPT_MAX, &bytes, NULL) &&
	       is_the_file(t, buf_str(&bytes), NULL);
}

static bool
script_fetch(struct session *s, struct tuf_client *c, struct str name, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	struct tuf_target t;
	struct err why = { 0 };
	if (!script_find(s, c, name, &t, &why)) {
		enum tuf_reason reason = tuf_client_reason(c, NULL);
		/* That nobody vouches for it is no trouble: an administrator may have signed it beside. */
		if (why.code == ERR_NOT_FOUND)
			return true;
		err_set(e, why.code, "%s", why.text);
		return reason == TUF_OK ? false
					: err_wrap(e, "update metadata was refused (%s)", tuf_reason_name(reason));
	}
	if (script_there(s, name, &t))
		return true;
	ptrdiff_t slash = str_rfind_char(t.file, '/');
	if (!fetch(s, "scripts", str_skip(t.file, (size_t)(slash + 1)), UPDATES_SCRIPT_MAX, &bytes, e) ||
	    !is_the_file(&t, buf_str(&bytes), e) || !dir_make(state_path(s->agent, s->arena, VOUCHED), 0700, e) ||
	    !file_write(vouched_path(s, name), buf_str(&bytes), 0600, e))
		return err_wrap(e, "fetching the script %.*s", STR_ARG(name));
	log_info("updates", "the script %.*s is here and verified", STR_ARG(name));
	return true;
}

static bool
name_usable(struct str name)
{
	return name.len > 0 && name.len <= 100 && name.ptr[0] != '.' && str_find_char(name, '/') < 0;
}

static size_t
scripts_of(struct session *s, struct str names[2])
{
	struct directive d;
	size_t n = 0;
	if (!mandate_load(s, &d))
		return 0;
	if (name_usable(d.policy.scripts.pre))
		names[n++] = d.policy.scripts.pre;
	if (name_usable(d.policy.scripts.post))
		names[n++] = d.policy.scripts.post;
	return n;
}

/* By what is here: is there something to be fetched for the policy's scripts? */
static bool
scripts_due(struct session *s)
{
	struct str names[2];
	size_t count = scripts_of(s, names);
	TUF_CLIENT_AUTO c = NULL;
	if (count == 0 || !client_open(s, NULL, &c, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct tuf_target t;
		if (tuf_client_find(c, arena_printf(s->arena, PATH "%.*s", STR_ARG(names[i])), &t, NULL)
			    ? str_eq(t.role, ROLE) && !script_there(s, names[i], &t)
			    : tuf_client_reason(c, NULL) != TUF_TARGET_UNKNOWN)
			return true;
	}
	return false;
}

static bool
run(struct session *s, struct tuf_client *c, struct err *e)
{
	struct str names[2];
	bool ok = tuf_client_update(c, e);
	enum tuf_reason reason = ok ? TUF_OK : tuf_client_reason(c, NULL);
	look(s, c);
	if (!ok) {
		/* A relay that no bundle reached yet has none: only its expiry will be a trouble. */
		if (reason == TUF_UNAVAILABLE && (s->by_letter || e->code == ERR_UNREACHABLE))
			e->code = ERR_UNREACHABLE;
		else
			err_wrap(e, "update metadata was refused (%s)", tuf_reason_name(reason));
		return false;
	}
	s->metadata.verified = tuf_client_time(c);
	size_t count = scripts_of(s, names);
	for (size_t i = 0; i < count; i++)
		if (!script_fetch(s, c, names[i], e))
			return false;
	return true;
}

/* A machine that was enrolled before there was a root. The note comes first: a root without it counts for more. */
static void
root_take(struct session *s)
{
	struct err e = { 0 };
	if (s->metadata.rooted || s->metadata_root.len == 0 || s->metadata_root.len > ROOT_MAX)
		return;
	s->metadata.by_check_in = true;
	if (notes_save(s) && tuf_store_begin(state_path(s->agent, s->arena, FOLDER), s->metadata_root, &e)) {
		s->metadata.rooted = true;
		log_info("updates", "the first root of the update metadata is here");
	} else if (e.code) {
		log_warn("updates", "keeping the root of the update metadata: %s", e.text);
	}
}

/* By letter nobody says what is the newest: the relay may have it. */
static bool
is_current(struct session *s)
{
	const struct metadata_seen *m = &s->metadata;
	return !s->by_letter && m->named == m->timestamp && m->expires > 0 && m->trouble.len == 0 &&
	       !updates_expired(s) && !scripts_due(s);
}

void
updates_run(struct session *s)
{
	struct metadata_seen *m = &s->metadata;
	struct err e = { 0 };
	TUF_CLIENT_AUTO c = NULL;
	root_take(s);
	/* A letter comes once; what it named is tried until it is here. */
	if (s->metadata_named || !s->by_letter)
		m->named = s->metadata_named;
	if (!m->rooted || (m->named == 0 && !s->by_letter) || is_current(s))
		return;
	LANG_ENGLISH_AUTO;
	if (!client_open(s, fetch_metadata, &c, &e)) {
		trouble_set(s, &e);
	} else if (run(s, c, &e)) {
		m->trouble = STR_NONE;
	} else if (e.code == ERR_UNREACHABLE) {
		log_warn("updates", "%s", e.text);
	} else {
		trouble_set(s, &e);
	}
	(void)notes_save(s);
}

/* ---- what follows ---- */

bool
updates_expired(const struct session *s)
{
	int64_t now = order_now(s);
	return s->metadata.rooted && s->metadata.expires &&
	       s->metadata.expires <= (now > s->metadata.seen ? now : s->metadata.seen);
}

static enum tuf_freshness
freshness(const struct session *s, int64_t offline_for, struct tuf_staged *staged, int64_t *until)
{
	const struct metadata_seen *m = &s->metadata;
	int64_t now = order_now(s);
	*staged = (struct tuf_staged){ .verified = m->verified, .expires = m->expires, .offline_for = offline_for };
	return tuf_staged_freshness(staged, now > m->seen ? now : m->seen, until);
}

static bool
is_unstaged(const struct session *s, struct str patch)
{
	for (size_t i = 0; i < s->plan.list.patches.count; i++)
		if (str_eq(s->plan.list.patches.items[i].id, patch))
			return !s->plan.list.patches.items[i].staged;
	return false;
}

void
updates_limit(struct session *s, struct directive *d)
{
	struct tuf_staged staged;
	struct directive kept = { 0 };
	int64_t until = 0;
	if (!updates_expired(s))
		return;
	enum tuf_freshness f = freshness(s, d->policy.offline_for, &staged, &until);
	int64_t end = f == TUF_EXPIRED_BUT_STAGED ? until : s->metadata.expires;
	if (!d->expires || end < d->expires)
		d->expires = end;
	for (size_t i = 0; i < d->patches.count; i++)
		if (!is_unstaged(s, d->patches.items[i].patch))
			*ARRAY_PUSH(s->arena, &kept.patches) = d->patches.items[i];
	d->patches.items = kept.patches.items;
	d->patches.count = kept.patches.count;
}

void
updates_write(struct session *s, struct json_writer *w)
{
	LANG_ENGLISH_AUTO;
	const struct metadata_seen *m = &s->metadata;
	struct str trouble = m->trouble;
	BUF_AUTO sentence = { 0 };
	struct directive d;
	if (!m->rooted)
		return;
	/* What follows from its age says more than that it is old. */
	if (updates_expired(s) && (trouble.len == 0 || str_contains(trouble, STR("-expired)")))) {
		struct tuf_staged staged;
		int64_t until = 0;
		bool known = mandate_load(s, &d);
		enum tuf_freshness f = freshness(s, known ? d.policy.offline_for : 0, &staged, &until);
		tuf_staged_sentence(f, &staged, until, &sentence);
		trouble = buf_str(&sentence);
	}
	json_key(w, "metadata");
	json_begin_object(w);
	json_put_i64(w, "root", m->root);
	json_put_i64(w, "timestamp", m->timestamp);
	json_put_time(w, "expires", m->expires);
	json_key(w, "trouble");
	json_str_or_null(w, trouble);
	json_end_object(w);
}

bool
updates_script(struct session *s, struct str name, struct buf *out, bool *named, struct err *e)
{
	TUF_CLIENT_AUTO c = NULL;
	BUF_AUTO bytes = { 0 };
	struct tuf_target t;
	*named = false;
	if (!file_exists(state_path(s->agent, s->arena, FOLDER "/root.json")))
		return err_set(e, ERR_NOT_FOUND, "this machine has no update metadata");
	if (!client_open(s, NULL, &c, e) || !script_find(s, c, name, &t, e))
		return false;
	*named = true;
	const char *path = vouched_path(s, name);
	if (!file_read(path, UPDATES_SCRIPT_MAX, &bytes, e) || !is_the_file(&t, buf_str(&bytes), e))
		return err_wrap(e, "reading the script %.*s that the update metadata vouches for", STR_ARG(name));
	buf_add(out, buf_str(&bytes));
	return true;
}
