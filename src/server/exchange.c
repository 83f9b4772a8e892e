#include "server/exchange.h"

#include "base/log.h"
#include "server/queue.h"
#include "server/route.h"
#include "store/host.h"
#include "store/session.h"

struct exchange {
	struct job job;
	struct http_exchange *http;
	struct request r;
	bool keep; /* the writer's part succeeded */
	bool slow; /* on the threads for what takes long */
};

static const struct route_table *
table_of(const struct request *r)
{
	return r->door == DOOR_AGENTS ? &routes_agents : &routes_dashboard;
}

/* ---- the answer ---- */

static bool
header_given(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->reply_header_count; i++)
		if (strcmp(r->reply_headers[i].name, name) == 0)
			return true;
	return false;
}

static void
headers_default(struct request *r)
{
	request_header(r, "X-Content-Type-Options", "nosniff");
	if (!header_given(r, "Referrer-Policy"))
		request_header(r, "Referrer-Policy", "no-referrer");
	if (r->raw)
		return;
	request_header(r, "Cache-Control", "no-store");
	if (r->out.len) {
		request_header(r, "Content-Type", "application/json");
		request_header(r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	}
}

static void
exchange_answer(struct exchange *x)
{
	struct request *r = &x->r;
	struct http_header headers[REQUEST_HEADERS_MAX];
	headers_default(r);
	for (size_t i = 0; i < r->reply_header_count; i++)
		headers[i] = (struct http_header){ r->reply_headers[i].name, r->reply_headers[i].value };
	bool head = str_eq(r->method, STR("HEAD"));
	http_reply(x->http, r->status, headers, r->reply_header_count, head ? STR("") : buf_str(&r->out));
}

static void
exchange_free(struct exchange *x)
{
	request_end(&x->r);
	free(x);
}

/* ---- the session's idle time, written apart from the request ---- */

struct touch {
	struct job job;
	int64_t now;
	size_t len;
	char hash[SHA256_HEX_LEN];
};

static bool
touch_write(struct job *j, struct store *st)
{
	struct touch *t = (struct touch *)j;
	struct err e = { 0 };
	return session_touch(st, str_sub(t->hash, t->len), t->now, &e);
}

static void
touch_done(struct job *j, bool committed, const struct err *e)
{
	(void)committed; /* the next request tries again */
	(void)e;
	free(j);
}

static const struct job_ops touch_ops = { NULL, touch_write, touch_done };

static void
session_touch_later(struct app *app, const struct request *r)
{
	struct touch *t = xcalloc(1, sizeof(*t));
	t->job.ops = &touch_ops;
	t->now = r->now;
	t->len = r->session_hash.len < sizeof(t->hash) ? r->session_hash.len : sizeof(t->hash) - 1;
	memcpy(t->hash, r->session_hash.ptr, t->len);
	queue_write(app->queue, &t->job);
}

/* ---- the threads ---- */

static void
exchange_read(struct job *j, struct store *st)
{
	struct exchange *x = (struct exchange *)j;
	struct app *app = x->r.app;
	x->r.st = st;
	/* A page that has asked something newer meanwhile closed this one: it must not stand before that. */
	if (x->slow && http_is_gone(x->http)) {
		request_error(&x->r, 503, "busy", STR("nobody waits for this any more"));
		exchange_answer(x);
		exchange_free(x);
		return;
	}
	bool writes = route_prepare(table_of(&x->r), &x->r);
	if (x->r.session_touch)
		session_touch_later(app, &x->r);
	if (writes) {
		queue_write(app->queue, &x->job);
		return;
	}
	exchange_answer(x);
	exchange_free(x);
}

static bool
exchange_write(struct job *j, struct store *st)
{
	struct exchange *x = (struct exchange *)j;
	x->r.st = st;
	x->keep = route_write(&x->r);
	return x->keep;
}

static void
exchange_done(struct job *j, bool committed, const struct err *e)
{
	struct exchange *x = (struct exchange *)j;
	struct app *app = x->r.app;
	if (!committed && x->keep) {
		x->r.reply_header_count = 0; /* no cookie of a session that was not kept */
		request_fail(&x->r, e);
	}
	if (committed && x->keep && x->r.match_host.len)
		queue_match(app->queue, x->r.match_host);
	for (size_t i = 0; committed && x->keep && i < x->r.match_host_count; i++)
		queue_match(app->queue, x->r.match_hosts[i]);
	exchange_answer(x);
	exchange_free(x);
}

static const struct job_ops exchange_ops = { exchange_read, exchange_write, exchange_done };

/* ---- the loop thread ---- */

static enum lang
language_of(struct str accepted)
{
	/* The first language named wins; browsers put the reader's own there. */
	return str_eq_nocase(str_head(str_trim(accepted), 2), STR("ja")) ? LANG_JA : LANG_EN;
}

static void
request_fill(struct request *r, const struct http_exchange *h)
{
	r->method = http_method(h);
	r->path = http_path(h);
	r->query = http_query(h);
	r->body = http_body(h);
	r->peer = http_peer(h);
	r->certificate_pem = http_client_certificate(h);
	r->peer_uid = http_peer_uid(h);
	r->headers = (struct request_headers){
		.host = http_header_get(h, "Host"),
		.origin = http_header_get(h, "Origin"),
		.cookie = http_header_get(h, "Cookie"),
		.csrf = http_header_get(h, "X-Mamori-CSRF"),
		.language = http_header_get(h, "Accept-Language"),
		.encoding = http_header_get(h, "Accept-Encoding"),
		.content_type = http_header_get(h, "Content-Type"),
		.if_none_match = http_header_get(h, "If-None-Match"),
	};
	r->lang = language_of(r->headers.language);
}

void
exchange_start(void *user, int listener, struct http_exchange *h)
{
	static const enum door doors[LISTENERS] = { DOOR_DASHBOARD, DOOR_AGENTS, DOOR_SOCKET };
	struct app *app = user;
	struct exchange *x = xcalloc(1, sizeof(*x));
	x->job.ops = &exchange_ops;
	x->http = h;
	request_init(&x->r, app, doors[listener]);
	request_fill(&x->r, h);
	x->slow = route_is_slow(table_of(&x->r), &x->r);
	if (x->slow ? queue_slow(app->queue, &x->job) : queue_read(app->queue, &x->job))
		return;
	lang_set_thread(x->r.lang);
	request_error(&x->r, 503, "busy", str_of(tr("the server has too much to do at the moment: try again shortly")));
	request_header(&x->r, "Retry-After", "10");
	exchange_answer(x);
	exchange_free(x);
}
