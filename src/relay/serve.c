/* What is answered: from the cache, from a file on its way in, or with one sentence that says why not. */
#include "relay/relay-internal.h"

#include "base/log.h"
#include "base/tr.h"
#include "net/status.h"
#include "relay/answer.h"
#include "relay/cache-internal.h"
#include "relay/learn.h"

#include <unistd.h>

#define N_(text) text

/* A flow may let go of its beginning just before it is read: asked anew so often. */
#define ASKED_MAX 4
/* Who asks for the newest state gets what is no older than this. */
#define CURRENT_MS 2000
#define VIA_MAX 400

/* ---- heads ---- */

static void
head_begin(struct conn *c, int status)
{
	buf_truncate(&c->out, 0);
	c->out_at = 0;
	const char digits[] = { (char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
				(char)('0' + status % 10), ' ' };
	buf_reserve(&c->out, 512);
	buf_add(&c->out, STR("HTTP/1.1 "));
	buf_add(&c->out, str_sub(digits, sizeof(digits)));
	buf_add(&c->out, str_of(http_status_text(status)));
	buf_add(&c->out, STR("\r\nDate: "));
	buf_add(&c->out, str_of(loop_date(c->loop)));
	buf_add(&c->out, STR("\r\n"));
}

static void
head_field(struct conn *c, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_add(&c->out, str_of(name));
	buf_add(&c->out, STR(": "));
	buf_add(&c->out, str_of(value));
	buf_add(&c->out, STR("\r\n"));
}

static void
head_number(struct conn *c, const char *name, uint64_t n)
{
	char digits[24], *at = digits + sizeof(digits) - 1;
	*at = '\0';
	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	head_field(c, name, at);
}

static void
head_end(struct conn *c)
{
	if (c->loop->closing)
		c->close = true;
	if (c->close)
		buf_add(&c->out, STR("Connection: close\r\n"));
	else if (!c->request.http11)
		buf_add(&c->out, STR("Connection: keep-alive\r\n"));
	buf_add(&c->out, STR("\r\n"));
	loop_wait_remove(c);
	c->state = CONN_SEND;
}

void
serve_json(struct conn *c, int status, const char *type, struct str body)
{
	bool bodyless = status == 204 || status == 304;
	head_begin(c, status);
	head_field(c, "Content-Type", body.len ? (type ? type : "application/json") : "");
	if (!bodyless)
		head_number(c, "Content-Length", body.len);
	head_end(c);
	if (!bodyless && !str_eq(c->request.method, STR("HEAD")))
		buf_add(&c->out, body);
}

void
serve_refuse(struct conn *c, int status, const char *why)
{
	BUF_AUTO body = { 0 };
	atomic_fetch_add_explicit(&c->loop->refused, 1, memory_order_relaxed);
	buf_addf(&body, "%s\n", tr(why)); // NOLINT: a sentence of the catalogue, not a format
	/* Whoever sent what cannot be understood may have sent more of it. */
	if (status == 400 || status == 413 || status == 431)
		c->close = true;
	serve_json(c, status, "text/plain; charset=utf-8", buf_str(&body));
}

/* ---- files ---- */

static void
etag_of(const struct cache_entry *e, bool known, char out[128])
{
	memcpy(out, e->etag, 128);
	if (!known || !*e->sha256)
		return;
	out[0] = out[33] = '"';
	memcpy(out + 1, e->sha256, 32);
	out[34] = '\0';
}

/* The answer's head, and which bytes follow it. Takes the reference to b over. */
static void
serve_blob(struct conn *c, struct blob *b, uint64_t size, const struct cache_entry *e, bool known)
{
	const struct request *q = &c->request;
	const struct range_ask ask = { request_field(q, STR("Range")), request_field(q, STR("If-Range")),
				       request_field(q, STR("If-None-Match")),
				       request_field(q, STR("If-Modified-Since")) };
	struct range range;
	char etag[128], span[96];
	etag_of(e, known, etag);
	range_find(&ask, size, str_of(etag), str_of(e->last_modified), &range);
	head_begin(c, range.status);
	head_field(c, "ETag", etag);
	head_field(c, "Last-Modified", e->last_modified);
	if (range.status == 200)
		span[0] = '\0';
	else if (range.status == 206)
		snprintf(span, sizeof(span), "bytes %llu-%llu/%llu", (unsigned long long)range.first,
			 (unsigned long long)range.end - 1, (unsigned long long)size);
	else
		snprintf(span, sizeof(span), "bytes */%llu", (unsigned long long)size);
	if (range.status == 206 || range.status == 416)
		head_field(c, "Content-Range", span);
	if (range.status != 304) {
		head_field(c, "Content-Type", *e->type ? e->type : "application/octet-stream");
		head_field(c, "Accept-Ranges", "bytes");
		head_number(c, "Content-Length", range.end - range.first);
	}
	head_end(c);
	if (c->head_only || range.end == range.first) {
		blob_unref(b);
		return;
	}
	c->blob = b;
	c->at = range.first;
	c->end = range.end;
}

static void
serve_head(struct conn *c, const struct cache_entry *e)
{
	char etag[128];
	etag_of(e, c->flow == NULL, etag);
	head_begin(c, 200);
	head_field(c, "ETag", etag);
	head_field(c, "Last-Modified", e->last_modified);
	head_field(c, "Content-Type", e->type);
	head_field(c, "Accept-Ranges", "bytes");
	if (e->size != LENGTH_UNKNOWN)
		head_number(c, "Content-Length", e->size);
	head_end(c);
}

/* How a file is looked up. */
struct look {
	struct str url;
	const struct origin *origin;
	struct digest digest;
	enum flow_kind kind;
	bool want_current; /* the host asks for the newest state */
};

static bool
wants_current(const struct request *q)
{
	struct str control = request_field(q, STR("Cache-Control"));
	struct str pragma = request_field(q, STR("Pragma"));
	return str_contains(control, STR("no-cache")) || str_contains(control, STR("max-age=0")) ||
	       str_contains(pragma, STR("no-cache"));
}

static void
look_up(struct conn *c, struct look *l)
{
	struct relay *r = c->loop->relay;
	*l = (struct look){ .url = buf_str(&c->target.url), .origin = c->target.origin };
	if (digest_find(r->digests, l->url, &l->digest)) {
		l->kind = FLOW_KNOWN;
		return;
	}
	enum signed_kind signed_as = signed_kind(l->url);
	l->want_current = wants_current(&c->request);
	if (l->origin->unverified || signed_as == SIGNED_SIGNATURE)
		l->kind = FLOW_UNVERIFIED;
	else
		l->kind = signed_as != SIGNED_NONE ? FLOW_SIGNED : FLOW_LEARN;
}

/* From the cache, if what is there may be given out without asking. `stale`: whatever is there. */
static bool
serve_cached(struct conn *c, const struct look *l, bool stale, struct cache_entry *e, bool *have)
{
	struct relay *r = c->loop->relay;
	bool known = l->kind == FLOW_KNOWN;
	char wanted[SHA256_HEX_LEN];
	*have = false;
	if (l->kind == FLOW_LEARN)
		return false;
	struct blob *b = cache_open_url(r->cache, l->url, e);
	if (known) {
		digest_hex(&l->digest, wanted);
		if (b && (strcmp(e->sha256, wanted) != 0 || b->size != l->digest.size)) {
			blob_unref(b);
			b = NULL;
		}
		if (!b) {
			*e = (struct cache_entry){ 0 };
			memcpy(e->sha256, wanted, sizeof(wanted));
			b = cache_open_digest(r->cache, l->digest.sha256);
			/* Cut short by whatever: it is fetched anew. */
			if (b && b->size != l->digest.size) {
				blob_unref(b);
				b = NULL;
			}
		}
	} else if (b && !stale) {
		int64_t now = clock_now(r->o.clock);
		/* A clock that was set back must not make it fresh for ever. */
		bool fresh = e->fresh_until > now && e->checked <= now;
		if (l->want_current && now - e->checked > CURRENT_MS)
			fresh = false;
		/* What passed without a signature does not pass for signed because the list changed; what is signed is
		 * read again when what it said was lost. */
		if (l->kind == FLOW_SIGNED && (!e->verified || !learn_is_kept(r->digests, l->url)))
			*have = fresh = false;
		else
			*have = true;
		if (!fresh) {
			blob_unref(b);
			return false;
		}
	} else if (b && l->kind == FLOW_SIGNED && !e->verified) {
		blob_unref(b);
		b = NULL;
	}
	if (!b)
		return false;
	serve_blob(c, b, b->size, e, known);
	return true;
}

/* The relays that it came through, with us behind them; false: a circle, or too many. */
static bool
via_add(const struct conn *c, struct buf *via)
{
	struct str before = request_field(&c->request, STR("Via"));
	char us[48];
	const struct relay *r = c->loop->relay;
	snprintf(us, sizeof(us), "1.1 mamori-%llx", (unsigned long long)r->started ^ (unsigned long long)getpid());
	if (str_contains(before, str_of(us)) || before.len > VIA_MAX)
		return false;
	if (before.len > 0) {
		buf_add(via, before);
		buf_add(via, STR(", "));
	}
	buf_add(via, str_of(us));
	return true;
}

static void
serve_ask_for(struct conn *c, const struct look *l, const struct cache_entry *have)
{
	struct loop *loop = c->loop;
	struct flow_ask ask = { .kind = l->kind,
				.url = l->url,
				.origin = l->origin,
				.digest = l->digest,
				.have = have,
				.loop = loop->index };
	BUF_AUTO via = { 0 };
	bool joined;
	if (c->asked++ >= ASKED_MAX) {
		serve_refuse(c, 503, N_("that file cannot be passed on at the moment; ask again in a moment"));
		return;
	}
	if (!via_add(c, &via)) {
		serve_refuse(c, 508, N_("the relays ask each other in a circle"));
		return;
	}
	ask.via = buf_cstr(&via);
	if (c->head_only && l->kind == FLOW_UNVERIFIED)
		ask.kind = FLOW_HEAD;
	c->flow = uplink_ask(loop->relay->uplink, &ask, &joined);
	atomic_fetch_add_explicit(joined ? &loop->joined : &loop->misses, 1, memory_order_relaxed);
	c->state = CONN_ASK;
	c->deadline = 0;
	loop_wait_add(c);
	conn_want(c, c->in.len == 0, false);
}

static void
serve_file(struct conn *c)
{
	struct relay *r = c->loop->relay;
	struct cache_entry e = { 0 };
	struct look l;
	bool have;
	look_up(c, &l);
	if (serve_cached(c, &l, c->checked || r->o.offline, &e, &have)) {
		atomic_fetch_add_explicit(&c->loop->hits, 1, memory_order_relaxed);
	} else if (l.kind == FLOW_LEARN && c->learned) {
		serve_refuse(c, 403,
			     N_("no signed metadata that the relay has seen names that file; ask for the repository's "
				"metadata through the relay first"));
	} else if (l.kind == FLOW_KNOWN && c->head_only) {
		e.size = l.digest.size;
		serve_head(c, &e);
	} else {
		serve_ask_for(c, &l, have ? &e : NULL);
	}
}

/* ---- flows ---- */

static void
flow_drop(struct conn *c)
{
	if (c->following)
		flow_leave(c->loop->relay->uplink, c->flow, &c->follower);
	c->following = false;
	flow_unref(c->flow);
	c->flow = NULL;
	loop_wait_remove(c);
}

/* It begins to come, or is here. */
static void
serve_flow(struct conn *c)
{
	struct flow *f = c->flow;
	struct cache_entry e = f->entry;
	bool known = f->kind == FLOW_KNOWN;
	if (f->kind == FLOW_HEAD) {
		serve_head(c, &e);
		return;
	}
	if (known)
		digest_hex(&f->digest, e.sha256);
	uint64_t size = f->blob->size;
	serve_blob(c, blob_ref(f->blob), size, &e, known);
	if (!c->blob)
		return;
	c->following = flow_follow(f, &c->follower, c->at);
	if (c->following)
		return;
	/* Too late for this one: its beginning is gone. */
	blob_unref(c->blob);
	c->blob = NULL;
	flow_drop(c);
	serve_file(c);
}

static void
serve_failed(struct conn *c)
{
	struct flow *f = c->flow;
	struct cache_entry e;
	struct look l;
	bool have, had = f->kind == FLOW_UNVERIFIED || f->kind == FLOW_SIGNED;
	int status = f->status;
	const char *why = f->why;
	bool gone = f->gone;
	bool tunnel = f->kind == FLOW_TUNNEL;
	flow_drop(c);
	if (tunnel) { /* of no origin: there is nothing to look up */
		serve_refuse(c, status, why);
		return;
	}
	look_up(c, &l);
	/* An origin that cannot be asked does not take away what is here. */
	if (had && !gone && status >= 500 && serve_cached(c, &l, true, &e, &have))
		return;
	serve_refuse(c, status, why);
}

void
serve_ask(struct conn *c)
{
	struct flow *f = c->flow;
	switch (flow_state(f)) {
	case FLOW_ASKING:
		break;
	case FLOW_COMING:
		serve_flow(c);
		break;
	case FLOW_DONE:
		if (f->kind == FLOW_TUNNEL) {
			int fd = f->fd;
			f->fd = -1;
			flow_drop(c);
			tunnel_start(c, fd);
		} else if (f->kind == FLOW_LEARN) {
			flow_drop(c);
			c->learned = true;
			serve_file(c);
		} else {
			serve_flow(c);
		}
		break;
	case FLOW_SAME:
		flow_drop(c);
		c->checked = true;
		serve_file(c);
		break;
	case FLOW_FAILED:
		serve_failed(c);
		break;
	}
}

/* ---- requests ---- */

static void
serve_tunnel(struct conn *c)
{
	struct look l = { .kind = FLOW_TUNNEL, .url = buf_str(&c->target.url) };
	if (c->loop->relay->o.offline)
		serve_refuse(c, 504, N_("this relay has no way out"));
	else
		serve_ask_for(c, &l, NULL);
}

/* Of what is not on the list, for the dashboard: the server's name as it was asked for. */
static void
note_refused(struct conn *c)
{
	char peer[80];
	struct relay *r = c->loop->relay;
	struct str what = c->request.authority;
	if (!what.len && str_starts(c->request.path, STR("/o/"))) {
		what = str_skip(c->request.path, 3);
		ptrdiff_t slash = str_find_char(what, '/');
		what = slash < 0 ? what : str_head(what, (size_t)slash);
	}
	conn_peer(c, peer);
	refusal_add(&r->refusals, what, peer, clock_now(r->o.clock));
}

void
serve_request(struct conn *c)
{
	const struct allowlist *allow = atomic_load_explicit(&c->loop->relay->allow, memory_order_acquire);
	c->head_only = str_eq(c->request.method, STR("HEAD"));
	target_find(allow, &c->request, &c->target);
	switch (c->target.kind) {
	case TARGET_FILE:
		serve_file(c);
		break;
	case TARGET_TUNNEL:
		serve_tunnel(c);
		break;
	case TARGET_OWN:
		call_start(c);
		break;
	case TARGET_REFUSED:
		if (c->target.status == 403)
			note_refused(c);
		serve_refuse(c, c->target.status, c->target.why);
		break;
	}
}
