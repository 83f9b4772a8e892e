/* One file on its way in: into its part on disk, digested as it comes, readable at once but for what is held back. */
#include "relay/origin-internal.h"

#include "base/log.h"

#include <errno.h>
#include <unistd.h>

#define N_(text) text

#define DISCARD_MAX (64u << 10)
/* Of an answer's fields, all in all: interim answers before it and what stands behind its chunks included. */
#define HEAD_BYTES_MAX (128u << 10)
#define SIGNED_MAX (32u << 20)
#define UNSIZED_MAX (1ull << 30)
#define READER_WAIT_MS 20000
#define NOBODY_WAIT_MS 5000
/* Readers are called once for so many bytes, or at the end of a round. */
#define TELL_BYTES (256u << 10)

/* ---- beginning and end ---- */

/* A part of its own for each file that is wanted, not for each address: while an address changes what it stands for,
 * two may be on their way at once. */
static char *
part_path(struct uplink *u, const struct flow_ask *ask)
{
	BUF_AUTO key = { 0 };
	char hex[SHA256_HEX_LEN] = "";
	if (ask->kind == FLOW_KNOWN)
		digest_hex(&ask->digest, hex);
	buf_add(&key, ask->url);
	buf_addf(&key, " %d %s", (int)ask->kind, hex);
	return cache_part_path(u->o.cache, buf_str(&key));
}

struct transfer_state *
transfer_new(struct uplink *u, struct flow *f, const struct flow_ask *ask)
{
	struct transfer_state *t = xcalloc(1, sizeof(*t));
	t->u = u;
	t->flow = f;
	t->total = ask->kind == FLOW_KNOWN ? ask->digest.size : LENGTH_UNKNOWN;
	t->keep = true;
	if (ask->kind == FLOW_KNOWN || ask->kind == FLOW_UNVERIFIED || ask->kind == FLOW_SIGNED)
		t->part = part_path(u, ask);
	if (ask->have) {
		t->have_entry = *ask->have;
		t->conditional = *ask->have->etag || *ask->have->last_modified;
	}
	if (ask->via)
		t->via = xstrdup(ask->via);
	return t;
}

void
transfer_free(struct transfer_state *t)
{
	char unused[SHA256_HEX_LEN];
	if (t->curl)
		curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	if (t->sha)
		sha256_close(t->sha, unused);
	blob_unref(t->blob);
	flow_unref(t->flow);
	free(t->part);
	free(t->location);
	free(t->via);
	free(t);
}

void
transfer_retire(struct transfer_state *t)
{
	if (t->curl) {
		curl_multi_remove_handle(t->u->multi, t->curl);
		curl_easy_cleanup(t->curl);
		t->curl = NULL;
	}
	if (t->link) {
		*t->link = t->next;
		if (t->next)
			t->next->link = t->link;
		t->link = NULL;
		t->next = NULL;
		t->u->active_count--;
		t->u->room = true;
		atomic_fetch_sub(&t->u->fetches, 1);
	}
}

void
transfer_fail(struct transfer_state *t, int status, const char *why)
{
	transfer_retire(t);
	/* Without a known digest and a validator nothing can be gone on with. */
	bool usable = t->have > 0 && !t->spilled &&
		      (t->flow->kind == FLOW_KNOWN || (t->flow->kind == FLOW_UNVERIFIED && *t->validator));
	if (!usable || t->verdict == VERDICT_WRONG)
		part_remove(t);
	flow_end(t->u, t->flow, FLOW_FAILED, status, why);
	transfer_free(t);
}

void
transfer_begin(struct transfer_state *t)
{
	if (t->flow->kind == FLOW_LEARN) {
		transfer_retire(t);
		finish_learn(t);
		return;
	}
	if (t->u->o.relay->offline) {
		transfer_fail(t, 504, N_("this relay has no way out and does not have that file"));
		return;
	}
	if (t->flow->kind == FLOW_HEAD || t->flow->kind == FLOW_TUNNEL) {
		attempt_start(t);
		return;
	}
	part_open(t);
	if (t->total != LENGTH_UNKNOWN) {
		cache_evict(t->u->o.cache, t->total - t->have);
		if (!t->spilled && !part_has_room(t))
			(void)!part_spill(t);
	}
	if (!t->resumed && t->total > 0)
		attempt_start(t);
	else
		t->retry_at = 1; /* first what lies there is digested */
}

/* ---- what comes ---- */

/* How much may be read by hosts. */
static void
publish(struct transfer_state *t)
{
	uint64_t readable = t->have;
	if (t->flow->kind == FLOW_SIGNED)
		return;
	if (t->flow->kind == FLOW_KNOWN) {
		uint64_t most = t->total > HELD_BACK ? t->total - HELD_BACK : 0;
		readable = readable < most ? readable : most;
	}
	atomic_store_explicit(&t->blob->readable, readable, memory_order_release);
	if (t->have - t->told >= TELL_BYTES)
		transfer_tell(t);
}

void
transfer_tell(struct transfer_state *t)
{
	if (t->told == t->have || !t->flow->blob)
		return;
	t->told = t->have;
	flow_stir(t->u, t->flow);
}

/* Readers get to know the file: its size is certain, and some of it will be given before the end. */
static void
announce(struct transfer_state *t)
{
	struct flow *f = t->flow;
	if (f->blob)
		return;
	f->entry.size = t->total;
	f->blob = blob_ref(t->blob);
	atomic_store_explicit(&f->state, FLOW_COMING, memory_order_release);
	publish(t);
	flow_stir(t->u, f);
}

void
transfer_release(struct transfer_state *t)
{
	struct flow *f = t->flow;
	t->blob->size = f->entry.size = t->have;
	if (!f->blob)
		f->blob = blob_ref(t->blob);
	atomic_store_explicit(&t->blob->readable, t->have, memory_order_release);
	flow_end(t->u, f, FLOW_DONE, 200, NULL);
}

/* The file as it is now: what hosts are told about it. */
void
transfer_note(struct transfer_state *t)
{
	struct cache_entry *e = &t->flow->entry;
	int64_t now = clock_now(t->u->o.relay->clock);
	e->checked = now;
	e->fresh_until = answer_fresh_until(&t->answer, str_of(t->flow->url), now);
	e->verified = t->flow->kind != FLOW_UNVERIFIED;
	memcpy(e->etag, t->answer.etag, sizeof(e->etag));
	memcpy(e->last_modified, t->answer.last_modified, sizeof(e->last_modified));
	memcpy(e->type, t->answer.type, sizeof(e->type));
}

bool
transfer_verdict(struct transfer_state *t, enum verdict v)
{
	t->verdict = v;
	return false;
}

/* The origin sends it all again. */
static bool
accept_whole(struct transfer_state *t)
{
	const struct answer *a = &t->answer;
	if (t->have == 0)
		return true;
	/* The same bytes again, or their digest will tell. */
	bool same = t->flow->kind == FLOW_KNOWN || (*t->validator && strcmp(t->validator, answer_strong(a)) == 0);
	if (same)
		t->skip = t->have;
	else if (t->flow->blob)
		return transfer_verdict(t, VERDICT_WRONG); /* it changed under those who read it */
	else
		part_restart(t);
	return true;
}

static bool
accept_part(struct transfer_state *t)
{
	const struct answer *a = &t->answer;
	bool fits = a->has_range && a->range_first == t->have && t->have > 0 &&
		    (t->total == LENGTH_UNKNOWN || a->range_total == LENGTH_UNKNOWN || a->range_total == t->total);
	/* An origin that did not look at If-Range may send a part of another file. A digest tells, where there is one. */
	const char *theirs = *t->validator == '"' ? a->etag : a->last_modified;
	bool other = t->flow->kind != FLOW_KNOWN && *t->validator && *theirs && strcmp(theirs, t->validator) != 0;
	if (!fits || other)
		return transfer_verdict(t, t->flow->blob ? VERDICT_WRONG : VERDICT_RESTART);
	if (t->total == LENGTH_UNKNOWN)
		t->total = a->range_total;
	return true;
}

/* A head with 200 or 206: may its body be taken in? */
static bool
accept_head(struct transfer_state *t)
{
	struct answer *a = &t->answer;
	if (a->contradicts || (a->chunked && a->length != LENGTH_UNKNOWN))
		return transfer_verdict(t, VERDICT_GARBLED);
	if (a->status == 206 ? !accept_part(t) : !accept_whole(t))
		return false;
	if (a->status == 200 && a->length != LENGTH_UNKNOWN) {
		if (t->total != LENGTH_UNKNOWN && a->length != t->total)
			return transfer_verdict(t, VERDICT_WRONG);
		t->total = a->length;
	}
	if (t->flow->kind == FLOW_SIGNED && t->total != LENGTH_UNKNOWN && t->total > SIGNED_MAX)
		return transfer_verdict(t, VERDICT_TOO_LARGE);
	if (t->total != LENGTH_UNKNOWN)
		t->blob->size = t->total;
	t->keep = t->keep && !(a->no_store && t->flow->kind == FLOW_UNVERIFIED);
	transfer_note(t);
	if (t->flow->kind == FLOW_UNVERIFIED) {
		if (a->status == 200)
			part_note(t, answer_strong(a));
		if (t->total != LENGTH_UNKNOWN && !t->spilled) {
			cache_evict(t->u->o.cache, t->total - t->have);
			if (!part_has_room(t))
				(void)!part_spill(t);
		}
	}
	bool sized = t->total != LENGTH_UNKNOWN;
	if (sized && (t->flow->kind == FLOW_UNVERIFIED || (t->flow->kind == FLOW_KNOWN && t->total > HELD_BACK)))
		announce(t);
	return true;
}

size_t
transfer_on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer_state *t = user;
	struct str line = str_sub(bytes, size * count);
	if ((t->head_bytes += line.len) > HEAD_BYTES_MAX) {
		transfer_verdict(t, VERDICT_GARBLED);
		return 0;
	}
	if (str_starts(line, STR("HTTP/")))
		t->head_done = t->accepted = false;
	/* What stands behind a chunked body is no head. */
	if (t->head_done)
		return line.len;
	answer_line(&t->answer, line);
	if (str_trim(line).len > 0 || t->answer.status < 200)
		return line.len;
	t->head_done = true;
	if (t->answer.status != 200 && t->answer.status != 206)
		return line.len;
	if (t->flow->kind == FLOW_HEAD) {
		transfer_note(t);
		t->flow->entry.size = t->answer.length;
		return line.len;
	}
	t->accepted = accept_head(t);
	return t->accepted ? line.len : 0;
}

static bool
write_all(struct transfer_state *t, struct str bytes)
{
	uint64_t at = t->have;
	while (bytes.len > 0) {
		int fd = t->spilled ? t->blob->spill : t->blob->fd;
		ssize_t n = pwrite(fd, bytes.ptr, bytes.len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0) {
			at += (uint64_t)n;
			bytes = str_skip(bytes, (size_t)n);
			continue;
		}
		/* The rest of this piece goes to memory: from where the disk ended. */
		t->have = at;
		if (!part_spill(t))
			return transfer_verdict(t, VERDICT_NO_ROOM);
	}
	t->have = at;
	return true;
}

/* Into the part, and from there to whoever reads. */
static bool
store(struct transfer_state *t, struct str bytes)
{
	if (!write_all(t, bytes))
		return false;
	if (!part_is_lazy(t)) {
		sha256_update(t->sha, bytes);
		t->hashed = t->have;
	}
	if (t->flow->blob)
		publish(t);
	return true;
}

void
transfer_flush(struct uplink *u)
{
	struct transfer_state *t = u->staged_of;
	size_t n = u->staged;
	u->staged_of = NULL;
	u->staged = 0;
	/* What went wrong is t's verdict. */
	if (n > 0 && t->verdict == VERDICT_NONE)
		(void)!store(t, str_sub(u->stage, n));
}

/* libcurl gives 16 KiB at a time, of one file after the other: a file system is faster with more. */
static bool
stage(struct transfer_state *t, struct str bytes)
{
	struct uplink *u = t->u;
	if (u->staged_of != t || bytes.len > STAGE_BYTES - u->staged)
		transfer_flush(u);
	if (t->verdict != VERDICT_NONE)
		return false;
	if (bytes.len > STAGE_BYTES)
		return store(t, bytes);
	memcpy(u->stage + u->staged, bytes.ptr, bytes.len);
	u->staged += bytes.len;
	u->staged_of = t;
	return true;
}

static bool
take_bytes(struct transfer_state *t, struct str bytes)
{
	if (t->skip > 0) {
		size_t n = bytes.len < t->skip ? bytes.len : (size_t)t->skip;
		t->skip -= n;
		bytes = str_skip(bytes, n);
		/* What was begun again counts from where it was left. */
	}
	if (bytes.len == 0)
		return true;
	uint64_t most = t->total != LENGTH_UNKNOWN ? t->total : t->flow->kind == FLOW_SIGNED ? SIGNED_MAX : UNSIZED_MAX;
	uint64_t have = t->have + (t->u->staged_of == t ? t->u->staged : 0);
	if (bytes.len > most - have)
		return transfer_verdict(t, t->total != LENGTH_UNKNOWN ? VERDICT_WRONG : VERDICT_TOO_LARGE);
	return stage(t, bytes);
}

size_t
transfer_on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer_state *t = user;
	size_t n = size * count;
	if (!t->accepted) {
		t->discarded += n;
		return t->discarded > DISCARD_MAX ? 0 : n;
	}
	t->pause = !bucket_open(&t->u->bucket)              ? PAUSE_LIMIT
		   : t->spilled && !part_memory_has_room(t) ? PAUSE_READERS
							    : PAUSE_NONE;
	if (t->verdict != VERDICT_NONE)
		return 0;
	if (t->pause != PAUSE_NONE) {
		t->paused_at = monotonic_ms();
		return CURL_WRITEFUNC_PAUSE;
	}
	t->u->bucket.tokens -= (int64_t)n;
	atomic_fetch_add_explicit(&t->u->bytes_fetched, n, memory_order_relaxed);
	return take_bytes(t, str_sub(bytes, n)) ? n : 0;
}

/* ---- between two rounds ---- */

/* The slowest is cut off when it has kept the others waiting; when nobody is left, all ends. */
static void
wait_for_readers(struct transfer_state *t, int64_t now)
{
	struct flow *f = t->flow;
	bool nobody;
	uint64_t least = part_slowest(t, &nobody);
	if (nobody && now - t->paused_at > NOBODY_WAIT_MS) {
		transfer_fail(t, 507, N_("the relay's disk is full, and nobody waits for that file any more"));
		return;
	}
	if (part_memory_has_room(t)) {
		t->pause = PAUSE_NONE;
		curl_easy_pause(t->curl, CURLPAUSE_CONT);
		return;
	}
	if (nobody || now - t->paused_at < READER_WAIT_MS)
		return;
	t->paused_at = now;
	pthread_mutex_lock(&f->mutex);
	for (struct follower *r = f->followers; r; r = r->next)
		if (atomic_load(&r->at) == least)
			atomic_store(&r->too_slow, true);
	pthread_mutex_unlock(&f->mutex);
	flow_stir(t->u, f);
}

void
transfer_step(struct transfer_state *t, int64_t now)
{
	if (t->pause == PAUSE_LIMIT && t->curl && bucket_open(&t->u->bucket)) {
		t->pause = PAUSE_NONE;
		curl_easy_pause(t->curl, CURLPAUSE_CONT);
	} else if (t->pause == PAUSE_READERS && t->curl) {
		wait_for_readers(t, now);
	} else if (t->retry_at && t->hashed < t->have && t->resumed && !part_is_lazy(t)) {
		part_reread(t);
	} else if (t->retry_at && t->have == t->total && !t->curl) {
		/* All of it lies there: the relay was stopped before it was taken in. */
		t->answer = (struct answer){ .length = LENGTH_UNKNOWN };
		transfer_note(t);
		t->retry_at = 0;
		transfer_complete(t);
	} else if (t->retry_at && t->retry_at <= now) {
		attempt_start(t);
	}
}

int
transfer_delay(const struct transfer_state *t, int64_t now)
{
	if (t->retry_at && t->resumed && t->hashed < t->have && !part_is_lazy(t))
		return 0;
	if (t->retry_at)
		return t->retry_at > now ? (int)(t->retry_at - now) : 0;
	return t->pause == PAUSE_LIMIT ? 20 : t->pause == PAUSE_READERS ? 100 : -1;
}
