/* Pages of the service (letters, status): whole requests, answered on threads of their own. */
#include "relay/relay-internal.h"

#include "base/json.h"
#include "base/log.h"
#include "net/tls.h"

#include <signal.h>
#include <unistd.h>

#define N_(text) text

struct relay_call {
	struct relay *relay;
	struct loop *loop;
	struct conn *conn; /* loop thread only; NULL once the connection is gone */
	struct relay_call *next;
	struct request request;
	struct buf certificate;
	char peer[80];
	int status;
	struct buf type, body;
};

struct str
relay_call_method(const struct relay_call *c)
{
	return c->request.method;
}

struct str
relay_call_path(const struct relay_call *c)
{
	return c->request.path;
}

struct str
relay_call_query(const struct relay_call *c)
{
	return c->request.query;
}

struct str
relay_call_body(const struct relay_call *c)
{
	return buf_str(&c->request.body);
}

struct str
relay_call_peer(const struct relay_call *c)
{
	return str_of(c->peer);
}

struct str
relay_call_header(const struct relay_call *c, const char *name)
{
	return request_field(&c->request, str_of(name));
}

struct str
relay_call_certificate(const struct relay_call *c)
{
	return c->certificate.len ? buf_str(&c->certificate) : STR_NONE;
}

static void
call_free(struct relay_call *call)
{
	request_free(&call->request);
	buf_free(&call->certificate);
	buf_free(&call->type);
	buf_free(&call->body);
	free(call);
}

void
relay_call_reply(struct relay_call *call, int status, const char *type, struct str body)
{
	struct loop *l = call->loop;
	call->status = status;
	if (type)
		buf_add(&call->type, str_of(type));
	buf_add(&call->body, body);
	pthread_mutex_lock(&call->relay->mutex);
	call->next = l->replies;
	l->replies = call;
	pthread_mutex_unlock(&call->relay->mutex);
	loop_wake(l);
}

void
call_take_replies(struct loop *l)
{
	pthread_mutex_lock(&l->relay->mutex);
	struct relay_call *call = l->replies, *next;
	l->replies = NULL;
	pthread_mutex_unlock(&l->relay->mutex);
	for (; call; call = next) {
		next = call->next;
		struct conn *c = call->conn;
		if (c) {
			c->call = NULL;
			serve_json(c, call->status, call->type.len ? call->type.ptr : NULL, buf_str(&call->body));
			conn_go(c);
		}
		call_free(call);
	}
}

void
call_forget(struct relay_call *call)
{
	call->conn = NULL;
}

void
call_health(struct conn *c)
{
	struct relay *r = c->loop->relay;
	struct uplink_stats s = uplink_stats(r->uplink);
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	json_put_cstr(&w, "status", "ok");
	json_put_cstr(&w, "version", MAMORI_VERSION);
	json_put_time(&w, "now", clock_now(r->o.clock));
	json_put_bool(&w, "offline", r->o.offline);
	json_put_time(&w, "uplink-ok", s.ok);
	json_put_time(&w, "uplink-failed", s.failed);
	json_end_object(&w);
	serve_json(c, 200, NULL, buf_str(&body));
}

void
call_start(struct conn *c)
{
	struct relay *r = c->loop->relay;
	if (str_eq(c->request.path, STR("/relay/v1/health")) &&
	    (str_eq(c->request.method, STR("GET")) || c->head_only)) {
		call_health(c);
		return;
	}
	if (!c->ssl || !SSL_get0_peer_certificate(c->ssl)) {
		serve_refuse(c, 403, N_("this page is for hosts with a certificate of ours, over TLS"));
		return;
	}
	if (!r->o.service || !r->o.service->call) {
		serve_refuse(c, 404, N_("this relay is not enrolled: it only gives out files"));
		return;
	}
	struct relay_call *call = xcalloc(1, sizeof(*call));
	call->relay = r;
	call->loop = c->loop;
	call->conn = c;
	(void)!tls_peer_certificate(c->ssl, &call->certificate);
	conn_peer(c, call->peer);
	/* serve_json still asks for these two. */
	bool http11 = c->request.http11;
	call->request = c->request;
	c->request = (struct request){ .http11 = http11 };
	c->call = call;
	c->state = CONN_CALL;
	c->deadline = 0;
	conn_want(c, c->in.len == 0, false);
	pthread_mutex_lock(&r->mutex);
	*r->calls_end = call;
	r->calls_end = &call->next;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

static void *
caller_run(void *arg)
{
	struct relay *r = arg;
	pthread_mutex_lock(&r->mutex);
	for (;;) {
		while (!r->calls && !r->calls_stop)
			pthread_cond_wait(&r->changed, &r->mutex);
		struct relay_call *call = r->calls;
		if (!call)
			break;
		r->calls = call->next;
		if (!r->calls)
			r->calls_end = &r->calls;
		call->next = NULL;
		pthread_mutex_unlock(&r->mutex);
		if (!r->o.service->call(r->o.service->user, r, call))
			relay_call_reply(call, 404, "text/plain; charset=utf-8", STR("there is no such page\n"));
		pthread_mutex_lock(&r->mutex);
	}
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

static void *
ticker_run(void *arg)
{
	struct relay *r = arg;
	while (!atomic_load(&r->stop)) {
		r->o.service->tick(r->o.service->user, r);
		for (unsigned i = 0; i < 10 && !atomic_load(&r->stop); i++)
			usleep(100000);
	}
	return NULL;
}

bool
call_threads_start(struct relay *r)
{
	const struct relay_service *s = r->o.service;
	if (!s)
		return true;
	while (s->call && r->caller_count < COUNT(r->callers)) {
		if (pthread_create(&r->callers[r->caller_count], NULL, caller_run, r) != 0)
			return false;
		r->caller_count++;
	}
	r->ticker_runs = s->tick && pthread_create(&r->ticker, NULL, ticker_run, r) == 0;
	return !s->tick || r->ticker_runs;
}

void
call_threads_stop(struct relay *r)
{
	pthread_mutex_lock(&r->mutex);
	r->calls_stop = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	while (r->caller_count > 0)
		pthread_join(r->callers[--r->caller_count], NULL);
	if (r->ticker_runs)
		pthread_join(r->ticker, NULL);
	r->ticker_runs = false;
	for (unsigned i = 0; i < r->loop_count; i++)
		for (struct relay_call *call = r->loops[i].replies, *next; call; call = next) {
			next = call->next;
			call_free(call);
		}
}
