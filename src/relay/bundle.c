/* Taking a bundle in. The order makes every moment of a crash harmless: content goes into the cache by its digest, packages
 * before the lists that name them and those before the Release that names the lists; then everything else; the counter is
 * written last, so that what was begun is begun again and finds its content there. */
#include "relay/bundle.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/tr.h"
#include "os/file.h"
#include "relay/target.h"

#include <stdlib.h>
#include <unistd.h>

#define STATE_MAX ((size_t)64 << 10)
#define LETTER_MAX ((size_t)16 << 20)

/* ---- state ---- */

static const char *
bundles_path(struct arena *a, const char *data, const char *name)
{
	return path_join(a, path_join(a, data, "bundles"), name);
}

static int64_t
get_time(const struct json *j, const char *key)
{
	int64_t at;
	return time_parse(json_get_str(j, key), &at) ? at : 0;
}

bool
relay_bundle_state_read(const char *data, struct arena *a, struct relay_bundle_state *out, struct err *e)
{
	const char *path = bundles_path(a, data, "state.json");
	BUF_AUTO text = { 0 };
	struct json *j;
	*out = (struct relay_bundle_state){ .site = STR(""), .id = STR("") };
	if (!file_exists(path))
		return true;
	if (!file_read(path, STATE_MAX, &text, e) || !json_parse(a, buf_str(&text), NULL, &j, e))
		return err_wrap(e, "reading what was taken in so far");
	*out = (struct relay_bundle_state){
		.site = json_get_str(j, "site"),
		.id = json_get_str(j, "id"),
		.counter = json_get_i64(j, "counter", 0),
		.made = get_time(j, "made"),
		.expires = get_time(j, "expires"),
		.imported = get_time(j, "imported"),
		.up_counter = json_get_i64(j, "up_counter", 0),
		.seen = get_time(j, "seen"),
	};
	return true;
}

void
relay_bundle_state_write(const struct relay_bundle_state *s, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "site", s->site);
	json_put_str(w, "id", s->id);
	json_put_i64(w, "counter", s->counter);
	json_put_time(w, "made", s->made);
	json_put_time(w, "expires", s->expires);
	json_put_time(w, "imported", s->imported);
	json_put_i64(w, "up_counter", s->up_counter);
	json_put_time(w, "seen", s->seen);
	json_end_object(w);
}

static bool
state_put(const char *data, const struct relay_bundle_state *s, struct arena *a, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	relay_bundle_state_write(s, &w);
	return file_write(bundles_path(a, data, "state.json"), buf_str(&text), 0640, e);
}

/* ---- which bundle ---- */

struct taking {
	const struct relay_bundle_import *in;
	struct arena *a;
	struct relay_bundle_state state;
	struct bundle_place place;
	struct bundle_head head;
	struct bundle_list list;
	struct relay_bundle_result *out;
	const char *own; /* DATA/bundles/ID */
	uint64_t done;
};

static int64_t
now_of(const struct taking *t)
{
	int64_t now = clock_now(t->in->clock);
	return now > t->state.seen ? now : t->state.seen;
}

static bool
head_judge(struct taking *t, const char *folder, struct bundle_head *head, enum bundle_reason *reason, struct err *e)
{
	struct bundle_place p = { .folder = folder };
	struct bundle_expect x = {
		.direction = BUNDLE_DOWN,
		.site = t->in->site.len ? t->in->site : t->state.site,
		.server = t->in->server,
		.counter = t->state.counter,
		.now = now_of(t),
	};
	return bundle_read_head(&p, t->in->key, t->a, head, reason, e) && bundle_judge(head, &x, reason, e);
}

/* Of several the oldest that is new; where none is, what the newest is refused for. */
static bool
bundle_choose(struct taking *t, enum bundle_reason *reason, struct err *e)
{
	const char **found;
	size_t count, best = SIZE_MAX;
	int64_t newest = -1;
	if (!bundle_find(t->a, t->in->folder, &found, &count, e)) {
		*reason = BUNDLE_UNREADABLE;
		return false;
	}
	if (!count) {
		*reason = BUNDLE_NONE;
		return err_set(e, ERR_NOT_FOUND, "there is no bundle in %s", t->in->folder);
	}
	for (size_t i = 0; i < count; i++) {
		struct bundle_head h = { 0 };
		struct err why = { 0 };
		enum bundle_reason r;
		if (head_judge(t, found[i], &h, &r, &why)) {
			if (best == SIZE_MAX || h.counter < t->head.counter) {
				best = i;
				t->head = h;
			}
		} else if (h.counter > newest || (newest < 0 && h.counter == 0)) {
			newest = h.counter;
			*reason = r;
			*e = why;
		}
	}
	if (best == SIZE_MAX)
		return false;
	*reason = BUNDLE_FINE;
	err_clear(e);
	t->place.folder = found[best];
	return true;
}

/* ---- members ---- */

static void
progress(void *user, uint64_t done, uint64_t total)
{
	const struct taking *t = user;
	if (t->in->doing)
		t->in->doing(t->in->user, tr("checking"), done, total);
}

static bool
is_known(struct taking *t, struct str url, const struct bundle_member *m)
{
	struct cache_entry have;
	return cache_find(t->in->cache, url, &have) && have.verified && strcmp(have.sha256, m->sha256) == 0;
}

/* The file under its first name, the object that is there then under the others. */
static bool
content_put(struct taking *t, const struct bundle_member *m, struct str url, enum bundle_reason *reason, struct err *e)
{
	const char *temp = path_join(t->a, t->own, "member");
	if (cache_has(t->in->cache, str_of(m->sha256))) {
		struct cache_entry entry = { .size = m->size, .verified = true, .checked = t->head.made };
		memcpy(entry.sha256, m->sha256, sizeof(entry.sha256));
		return cache_record(t->in->cache, url, &entry, e);
	}
	t->out->bytes += m->size;
	return bundle_member_file(&t->place, &t->head, m, temp, reason, e) &&
	       cache_put(t->in->cache, url, temp, m->sha256, m->size, e);
}

static bool
content_take(struct taking *t, const struct bundle_member *m, enum bundle_reason *reason, struct err *e)
{
	t->out->there += cache_has(t->in->cache, str_of(m->sha256));
	for (size_t i = 0; i < m->url_count; i++) {
		BUF_AUTO url = { 0 };
		if (!url_canonical(m->urls[i], &url)) {
			*reason = BUNDLE_DAMAGED;
			return err_set(e, ERR_INPUT, "the member %.*s of the bundle has no proper address",
				       STR_ARG(m->name));
		}
		if (!is_known(t, buf_str(&url), m) && !content_put(t, m, buf_str(&url), reason, e))
			return false;
	}
	t->out->content++;
	return true;
}

static bool
letter_take(struct taking *t, const struct bundle_member *m, enum bundle_reason *reason, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	if (!bundle_member_buf(&t->place, &t->head, m, LETTER_MAX, &bytes, reason, e))
		return false;
	t->out->letters++;
	return !t->in->letter || t->in->letter(t->in->user, m->name, buf_str(&bytes), e);
}

/* A name with a folder in it is none of a file: nothing but this folder is written to. */
static bool
plain_name(struct str name)
{
	return name.len <= 128 && name.ptr[0] != '.' && str_find_char(name, '/') < 0;
}

static bool
file_take(struct taking *t, const struct bundle_member *m, enum bundle_reason *reason, struct err *e)
{
	bool tuf = str_eq(m->kind, STR("tuf"));
	const char *folder = path_join(t->a, t->own, tuf ? "tuf" : "file");
	if (!plain_name(m->name)) {
		*reason = BUNDLE_DAMAGED;
		return err_set(e, ERR_INPUT, "the member %.*s of the bundle has a name that no file may have",
			       STR_ARG(m->name));
	}
	const char *path = path_join(t->a, folder, arena_cstr(t->a, m->name));
	if (!dir_make(folder, 0700, e) || !bundle_member_file(&t->place, &t->head, m, path, reason, e))
		return false;
	t->out->files++;
	bool ok = tuf || !t->in->file || t->in->file(t->in->user, m->kind, m->name, path, e);
	if (!tuf)
		(void)unlink(path);
	return ok;
}

/* Packages stand behind the lists that name them: taken in from the end, a list never names what is not there yet. */
static bool
contents_take(struct taking *t, enum bundle_reason *reason, struct err *e)
{
	for (size_t i = t->list.members.count; i-- > 0;) {
		const struct bundle_member *m = &t->list.members.items[i];
		if (!str_eq(m->kind, STR("content")))
			continue;
		if (t->in->doing)
			t->in->doing(t->in->user, tr("taking in"), t->done, t->head.total);
		if (!content_take(t, m, reason, e))
			return false;
		t->done += m->stored;
	}
	return true;
}

static bool
member_take(struct taking *t, const struct bundle_member *m, enum bundle_reason *reason, struct err *e)
{
	return str_eq(m->kind, STR("letter")) ? letter_take(t, m, reason, e) : file_take(t, m, reason, e);
}

/* The update metadata follows what it names, but for the vulnerability data, which is looked at by it. */
static bool
others_take(struct taking *t, enum bundle_reason *reason, struct err *e)
{
	bool tuf = false;
	for (int turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < t->list.members.count; i++) {
			const struct bundle_member *m = &t->list.members.items[i];
			bool is_tuf = str_eq(m->kind, STR("tuf")), is_index = str_eq(m->kind, STR("index"));
			if (str_eq(m->kind, STR("content")) || turn != (is_tuf ? 1 : is_index ? 2 : 0))
				continue;
			tuf |= is_tuf;
			if (!member_take(t, m, reason, e))
				return false;
		}
		if (turn == 1 && tuf && t->in->file &&
		    !t->in->file(t->in->user, STR("tuf"), STR(""), path_join(t->a, t->own, "tuf"), e))
			return false;
	}
	return true;
}

static struct str
source_of(struct arena *a, int64_t counter)
{
	return arena_printf(a, "bundle %lld", (long long)counter);
}

/* What the addresses stand for is known from now on, as if the archives' signed lists had been read. A full bundle says it
 * all anew; one that builds on others adds to them. */
static bool
digests_learn(struct taking *t, struct err *e)
{
	DIGEST_BATCH_AUTO batch = digest_batch_new();
	if (!t->in->digests)
		return true;
	for (size_t i = 0; i < t->list.members.count; i++) {
		const struct bundle_member *m = &t->list.members.items[i];
		struct digest d;
		for (size_t k = 0; k < m->url_count; k++) {
			BUF_AUTO url = { 0 };
			if (url_canonical(m->urls[k], &url) && digest_parse(str_of(m->sha256), m->size, &d))
				digest_batch_add(batch, buf_str(&url), &d);
		}
	}
	if (!digest_map_replace(t->in->digests, source_of(t->a, t->head.counter), batch, e))
		return false;
	for (int64_t n = t->state.counter;
	     t->head.since == 0 && n > 0 && digest_map_has(t->in->digests, source_of(t->a, n), NULL); n--) {
		DIGEST_BATCH_AUTO none = digest_batch_new();
		if (!digest_map_replace(t->in->digests, source_of(t->a, n), none, e))
			return false;
	}
	return true;
}

/* The cache makes room by forgetting what was not used for longest: what does not fit into it at all would push itself
 * out. */
static bool
room_check(struct taking *t, struct err *e)
{
	uint64_t need = 0;
	struct cache_stats stats = cache_stats(t->in->cache);
	for (size_t i = 0; i < t->list.members.count; i++)
		if (str_eq(t->list.members.items[i].kind, STR("content")))
			need += t->list.members.items[i].size;
	return need <= stats.size_max || err_set(e, ERR_NO_SPACE,
						 "the bundle's files have %.1f MB and the relay's cache holds %.1f MB: "
						 "give its folder a larger disk, or relay run a larger --cache-size",
						 (double)need / 1e6, (double)stats.size_max / 1e6);
}

/* Parts that came alone are kept; the sentence says what is still missing. */
static bool
parts_check(struct taking *t, enum bundle_reason *reason, struct err *e)
{
	struct err why = { 0 };
	if (bundle_check_parts(&t->place, &t->head, &t->list, reason, e))
		return true;
	if (*reason != BUNDLE_INCOMPLETE)
		return false;
	why = *e;
	if (!bundle_spool(&t->place, &t->head, reason, e))
		return false;
	*reason = BUNDLE_INCOMPLETE;
	*e = why;
	return false;
}

static bool
bundle_take(struct taking *t, enum bundle_reason *reason, struct err *e)
{
	t->own = bundles_path(t->a, t->in->data, arena_cstr(t->a, t->head.id));
	t->place.spool = t->own;
	t->place.progress = progress;
	t->place.user = t;
	t->out->head = t->head;
	if (!dir_make(t->own, 0700, e) || !bundle_read_list(&t->place, &t->head, t->a, &t->list, reason, e) ||
	    !room_check(t, e) || !parts_check(t, reason, e) || !contents_take(t, reason, e) || !digests_learn(t, e) ||
	    !others_take(t, reason, e))
		return false;
	t->state.site = t->head.site;
	t->state.id = t->head.id;
	t->state.counter = t->head.counter;
	t->state.made = t->head.made;
	t->state.expires = t->head.expires;
	t->state.imported = clock_now(t->in->clock);
	t->state.seen = t->head.made > t->state.seen ? t->head.made : t->state.seen;
	return state_put(t->in->data, &t->state, t->a, e) && dir_remove_all(t->own, e);
}

bool
relay_bundle_take(const struct relay_bundle_import *in, struct arena *a, struct relay_bundle_result *out,
		  enum bundle_reason *reason, struct err *e)
{
	struct taking t = { .in = in, .a = a, .out = out };
	FD_AUTO lock = -1;
	*out = (struct relay_bundle_result){ 0 };
	*reason = BUNDLE_FINE;
	if (!dir_make(path_join(a, in->data, "bundles"), 0700, e) ||
	    !file_lock(bundles_path(a, in->data, "lock"), &lock, e) ||
	    !relay_bundle_state_read(in->data, a, &t.state, e)) {
		*reason = BUNDLE_UNREADABLE;
		return false;
	}
	if (bundle_choose(&t, reason, e) && bundle_take(&t, reason, e))
		return true;
	if (*reason == BUNDLE_FINE)
		*reason = BUNDLE_UNREADABLE;
	return false;
}

/* ---- what a running relay learns ---- */

void
relay_bundle_allow(struct relay *r, const char *data, int64_t *seen)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, data, RELAY_BUNDLE_ALLOW);
	int64_t now = file_mtime(path);
	BUF_AUTO text = { 0 };
	struct str rest, line;
	if (now == *seen || !file_read(path, STATE_MAX, &text, NULL))
		return;
	*seen = now;
	rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		struct err e = { 0 };
		if (line.len && !relay_allow(r, line, &e))
			log_warn("bundle", "%.*s: %s", STR_ARG(line), e.text);
	}
}

/* ---- and back ---- */

static bool
status_add(const struct relay_bundle_export *x, const char *work, struct arena *a, struct bundle_make *w, struct err *e)
{
	struct bundle_member m = { .kind = STR("status"), .name = STR("relay.json") };
	const char *path = path_join(a, work, "relay.json");
	if (!file_write(path, x->status, 0600, e) || !bundle_member_prepare(a, path, work, true, &m, e))
		return false;
	*ARRAY_PUSH(a, &w->list.members) = m;
	return true;
}

/* A letter may be handed over or replaced while the bundle is written: what goes in is a copy. */
static bool
letters_add(const struct relay_bundle_export *x, const char *work, struct arena *a, struct bundle_make *w,
	    struct err *e)
{
	for (size_t i = 0; x->letters && x->letters[i]; i++) {
		BUF_AUTO bytes = { 0 };
		const char *name = strrchr(x->letters[i], '/'), *copy = arena_printf(a, "%s/letter-%zu", work, i).ptr;
		struct bundle_member m = { .kind = STR("letter"), .name = str_of(name ? name + 1 : x->letters[i]) };
		struct err gone = { 0 };
		if (str_ends(m.name, STR(".letter")))
			m.name.len -= strlen(".letter");
		if (!file_read(x->letters[i], LETTER_MAX, &bytes, &gone)) {
			if (gone.code == ERR_NOT_FOUND)
				continue;
			*e = gone;
			return false;
		}
		if (!file_write(copy, buf_str(&bytes), 0600, e) || !bundle_member_prepare(a, copy, work, false, &m, e))
			return false;
		*ARRAY_PUSH(a, &w->list.members) = m;
	}
	return true;
}

static void
written(void *user, uint64_t done, uint64_t total)
{
	const struct relay_bundle_export *x = user;
	if (x->doing)
		x->doing(x->user, tr("writing"), done, total);
}

static bool
head_fill(const struct relay_bundle_export *x, const struct relay_bundle_state *s, struct arena *a,
	  struct bundle_head *h, struct err *e)
{
	BUF_AUTO id = { 0 };
	BUF_AUTO key = { 0 };
	random_token(&id, 12);
	if (!key_id(x->key, &key, e))
		return false;
	int64_t now = clock_now(x->clock);
	now = now > s->seen ? now : s->seen;
	*h = (struct bundle_head){ .direction = BUNDLE_UP,
				   .id = arena_str(a, buf_str(&id)),
				   .site = x->site.len ? x->site : s->site,
				   .server = x->server,
				   .from = x->from,
				   .key = arena_str(a, buf_str(&key)),
				   .counter = s->up_counter,
				   .seen = s->counter,
				   .made = now,
				   .expires = now + x->life };
	return true;
}

/* The number is used up before anything is written: no two bundles ever have the same one. */
bool
relay_bundle_pack(const struct relay_bundle_export *x, struct arena *a, struct bundle_head *out, const char **folder,
		  struct err *e)
{
	struct relay_bundle_state s;
	struct bundle_make w = { .part_size = x->part_size,
				 .sign = bundle_sign_key,
				 .sign_user = (void *)(uintptr_t)x->key,
				 .progress = written,
				 .user = (void *)(uintptr_t)x };
	const char *work = bundles_path(a, x->data, "up");
	FD_AUTO lock = -1;
	if (!dir_make(work, 0700, e) || !file_lock(bundles_path(a, x->data, "lock"), &lock, e) ||
	    !relay_bundle_state_read(x->data, a, &s, e))
		return false;
	s.up_counter++;
	if (!state_put(x->data, &s, a, e) || !head_fill(x, &s, a, &w.head, e) || !status_add(x, work, a, &w, e) ||
	    !letters_add(x, work, a, &w, e))
		return false;
	BUF_AUTO site = { 0 };
	percent_encode(&site, w.head.site);
	w.folder = arena_printf(a, "%s/mamori-up-%s-%lld", x->to, buf_cstr(&site), (long long)w.head.counter).ptr;
	if (!bundle_make(&w, a, NULL, e))
		return false;
	*out = w.head;
	*folder = w.folder;
	return dir_remove_all(work, e);
}
