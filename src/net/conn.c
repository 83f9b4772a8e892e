/* One connection of the server: handshake, request, work, answer, and again. The connection is freed only here, on
 * the loop thread; an exchange that a worker holds is told by conn == NULL. */
#include "net/server-internal.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/tr.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#define HANDSHAKE_MS 15000
#define LINGER_MS 2000
#define LINGER_BYTES (64u << 20)
/* Slower bodies are taken for an attack; a modem manages ten times that. */
#define BYTES_PER_SECOND_MIN 512
/* What one connection may have waiting unread, the request in hand aside. */
#define READ_AHEAD (64u << 10)
/* Smaller answers are copied, larger ones handed over. */
#define COPY_MAX 4096

enum conn_state {
	CONN_HANDSHAKE,
	CONN_READ,
	CONN_WORK, /* a worker has the exchange */
	CONN_WRITE,
	CONN_LINGER, /* all is said; the peer's leftovers are drained, lest a reset overtakes our last words */
};

struct conn {
	struct conn *next, **link;
	struct listener *listener;
	struct bufferevent *bev;
	SSL *ssl; /* owned by bev; NULL: plain */
	struct event *linger; /* reads the leftovers */
	struct peer *peer;
	struct request request; /* being read */
	struct http_exchange *exchange; /* CONN_WORK */
	enum conn_state state;
	bool began; /* the first byte of the request is there */
	bool continued; /* 100 Continue was sent */
	bool eof; /* the peer has ended its side */
	bool close; /* after this answer */
	bool unread; /* the request's rest will never be read */
	int64_t since; /* monotonic milliseconds: when this state, or the last stretch that moved enough, began */
	int64_t deadline;
	size_t progress; /* bytes seen at the last deadline */
	size_t drained;
};

struct peer *
peer_ref(struct peer *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void
peer_unref(struct peer *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	buf_free(&p->certificate);
	free(p);
}

void
exchange_free(struct http_exchange *x)
{
	request_free(&x->request);
	buf_free(&x->out);
	peer_unref(x->peer);
	free(x);
}

static void
conn_free(struct conn *c)
{
	struct http_server *s = c->listener->server;
	if (c->exchange) {
		c->exchange->conn = NULL;
		atomic_store(&c->exchange->gone, true);
	}
	if (c->linger)
		event_free(c->linger);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->listener->connections--;
	request_free(&c->request);
	peer_unref(c->peer);
	bufferevent_free(c->bev);
	free(c);
	server_conn_gone(s);
}

/* Says goodbye in TLS. What it leaves in OpenSSL's error queue must not be taken for another connection's. */
static void
conn_notify_close(struct conn *c)
{
	if (c->ssl && SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	ERR_clear_error();
}

static void
conn_await(struct conn *c, enum conn_state state, int64_t ms)
{
	c->state = state;
	c->progress = 0;
	c->since = server_monotonic();
	c->deadline = c->since + ms;
}

/* ---- ending ---- */

static void
on_linger(evutil_socket_t fd, short what, void *user)
{
	(void)what;
	struct conn *c = user;
	char waste[16384];
	ssize_t n = recv(fd, waste, sizeof(waste), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->drained += (size_t)n;
	if (n <= 0 || c->drained > LINGER_BYTES)
		conn_free(c);
}

/* Closes so that the peer can still read what was said last: a close with bytes unread makes the kernel send a reset,
 * which may reach the peer first. */
static void
conn_linger(struct conn *c)
{
	struct http_server *s = c->listener->server;
	int fd = bufferevent_getfd(c->bev);
	if (s->closing || c->eof || fd < 0) {
		conn_free(c);
		return;
	}
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	conn_notify_close(c);
	shutdown(fd, SHUT_WR);
	c->linger = event_new(s->base, fd, EV_READ | EV_PERSIST, on_linger, c);
	if (!c->linger || event_add(c->linger, NULL) != 0) {
		conn_free(c);
		return;
	}
	conn_await(c, CONN_LINGER, LINGER_MS);
}

static void
conn_close(struct conn *c)
{
	int pending = 0;
	int fd = bufferevent_getfd(c->bev);
	if (c->unread || (fd >= 0 && ioctl(fd, FIONREAD, &pending) == 0 && pending > 0)) {
		conn_linger(c);
		return;
	}
	conn_notify_close(c);
	conn_free(c);
}

/* ---- answers ---- */

static void
free_out(const void *data, size_t len, void *user)
{
	(void)len, (void)user;
	free((void *)(uintptr_t)data);
}

void
conn_answer(struct http_exchange *x)
{
	struct conn *c = x->conn;
	struct evbuffer *output = bufferevent_get_output(c->bev);
	c->exchange = NULL;
	c->close = x->close || c->eof || c->listener->server->closing;
	conn_await(c, CONN_WRITE, c->listener->timeout_ms);
	c->progress = x->out.len;
	if (x->out.len <= COPY_MAX) {
		evbuffer_add(output, x->out.ptr, x->out.len);
	} else {
		evbuffer_add_reference(output, x->out.ptr, x->out.len, free_out, NULL);
		x->out = (struct buf){ 0 };
	}
	exchange_free(x);
}

static const char *
status_code_name(int status)
{
	return status == 413 || status == 431 ? "too-large" : "input";
}

/* Takes the request out of the connection's hands. */
static struct http_exchange *
conn_exchange(struct conn *c)
{
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	x->server = c->listener->server;
	x->conn = c;
	x->peer = peer_ref(c->peer);
	x->request = c->request;
	x->close = !c->request.keep_alive;
	c->request = (struct request){ .head_max = c->listener->head_max, .body_max = c->listener->body_max };
	c->began = c->continued = false;
	return x;
}

/* Answers a request that is malformed or too large; its rest is not read. */
static void
conn_refuse(struct conn *c)
{
	static const struct http_header headers[] = { { "Content-Type", "application/json" } };
	int status = c->request.status;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	json_key(&w, "error");
	json_begin_object(&w);
	json_put_cstr(&w, "code", status_code_name(status));
	json_put_cstr(&w, "message", tr(c->request.why));
	json_end_object(&w);
	json_end_object(&w);
	bufferevent_disable(c->bev, EV_READ);
	c->unread = true;
	c->request.keep_alive = false;
	struct http_exchange *x = conn_exchange(c);
	exchange_write(x, status, headers, COUNT(headers), buf_str(&body));
	conn_answer(x);
}

/* ---- reading ---- */

static void
conn_dispatch(struct conn *c)
{
	struct listener *l = c->listener;
	c->state = CONN_WORK;
	c->exchange = conn_exchange(c);
	l->server->on_request(l->server->user, l->index, c->exchange);
}

static void
conn_begin(struct conn *c)
{
	c->began = true;
	conn_await(c, CONN_READ, c->listener->timeout_ms);
}

static void
conn_read(struct conn *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);
	while (c->state == CONN_READ) {
		struct evbuffer_iovec piece;
		if (evbuffer_peek(input, -1, NULL, &piece, 1) < 1 || piece.iov_len == 0)
			break;
		if (!c->began)
			conn_begin(c);
		size_t used = request_feed(&c->request, str_sub(piece.iov_base, piece.iov_len));
		evbuffer_drain(input, used);
		if (c->request.state == REQUEST_BAD)
			conn_refuse(c);
		else if (c->request.state == REQUEST_DONE)
			conn_dispatch(c);
	}
	if (c->state == CONN_READ && c->eof) {
		conn_free(c);
		return;
	}
	if (c->state == CONN_READ && c->request.wants_continue && !c->continued && c->request.body.len == 0) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		c->continued = true;
		bufferevent_write(c->bev, go_on, sizeof(go_on) - 1);
	}
}

static void
on_read(struct bufferevent *bev, void *user)
{
	(void)bev;
	conn_read(user);
}

static void
on_write(struct bufferevent *bev, void *user)
{
	struct conn *c = user;
	if (c->state != CONN_WRITE || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (c->close) {
		conn_close(c);
		return;
	}
	conn_await(c, CONN_READ, c->listener->timeout_ms);
	conn_read(c);
}

static void
handshake_failed(struct conn *c)
{
	unsigned long code = bufferevent_get_openssl_error(c->bev);
	/* Someone who connects and leaves, as monitors do, is nobody's concern. */
	if (code != 0 && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		server_log_refused(c->listener, c->peer->address, tls_server_reason(c->ssl, code));
	conn_linger(c);
}

static void
on_event(struct bufferevent *bev, short what, void *user)
{
	struct conn *c = user;
	if (what & BEV_EVENT_CONNECTED) {
		conn_await(c, CONN_READ, c->listener->timeout_ms);
		if (c->listener->client_ca.len > 0)
			(void)!tls_peer_certificate(c->ssl, &c->peer->certificate);
		return;
	}
	bool error = (what & BEV_EVENT_ERROR) != 0;
	c->eof = c->eof || (what & BEV_EVENT_EOF);
	switch (c->state) {
	case CONN_HANDSHAKE:
		handshake_failed(c);
		return;
	case CONN_READ:
		conn_free(c);
		return;
	case CONN_WORK:
	case CONN_WRITE:
		/* A peer that has only ended its own side still wants the answer; over TLS libevent writes no more
		 * then, and the connection would keep its place until the timeout. */
		if (error || c->ssl)
			conn_free(c);
		else
			bufferevent_disable(bev, EV_READ);
		return;
	case CONN_LINGER:
		return;
	}
}

/* ---- beginning ---- */

static struct peer *
peer_new(const struct sockaddr *address, socklen_t len, int fd)
{
	struct peer *p = xcalloc(1, sizeof(*p));
	struct ucred cred;
	socklen_t cred_len = sizeof(cred);
	p->refs = 1;
	p->uid = -1;
	if (address->sa_family == AF_UNIX) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) == 0)
			p->uid = (int64_t)cred.uid;
		snprintf(p->address, sizeof(p->address), "uid %lld", (long long)p->uid);
	} else if (getnameinfo(address, len, p->address, sizeof(p->address), NULL, 0, NI_NUMERICHOST) != 0) {
		snprintf(p->address, sizeof(p->address), "?");
	}
	return p;
}

static struct bufferevent *
conn_stream(struct listener *l, int fd, SSL **ssl)
{
	if (!l->tls)
		return bufferevent_socket_new(l->server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	pthread_mutex_lock(&l->server->mutex);
	*ssl = SSL_new(l->context);
	pthread_mutex_unlock(&l->server->mutex);
	if (!*ssl)
		return NULL;
	struct bufferevent *bev = bufferevent_openssl_socket_new(l->server->base, fd, *ssl, BUFFEREVENT_SSL_ACCEPTING,
								 BEV_OPT_CLOSE_ON_FREE);
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	else
		SSL_free(*ssl);
	return bev;
}

void
conn_new(struct listener *l, int fd, const struct sockaddr *address, socklen_t len)
{
	SSL *ssl = NULL;
	struct bufferevent *bev = conn_stream(l, fd, &ssl);
	if (!bev) {
		close(fd);
		return;
	}
	struct http_server *s = l->server;
	struct conn *c = xcalloc(1, sizeof(*c));
	c->listener = l;
	c->bev = bev;
	c->ssl = ssl;
	c->peer = peer_new(address, len, fd);
	c->request = (struct request){ .head_max = l->head_max, .body_max = l->body_max };
	c->next = s->conns;
	c->link = &s->conns;
	if (c->next)
		c->next->link = &c->next;
	s->conns = c;
	l->connections++;
	if (ssl)
		conn_await(c, CONN_HANDSHAKE, l->timeout_ms < HANDSHAKE_MS ? l->timeout_ms : HANDSHAKE_MS);
	else
		conn_await(c, CONN_READ, l->timeout_ms);
	bufferevent_setcb(bev, on_read, on_write, on_event, c);
	/* A peer that sends the next request before this one is answered waits in its own kernel. */
	bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* ---- limits ---- */

/* Whether enough bytes moved since the last deadline to be given another. */
static bool
conn_moves(struct conn *c)
{
	size_t enough = (size_t)c->listener->timeout_ms * BYTES_PER_SECOND_MIN / 1000;
	size_t now, moved;
	if (c->state == CONN_WRITE) {
		now = evbuffer_get_length(bufferevent_get_output(c->bev));
		moved = c->progress > now ? c->progress - now : 0;
	} else {
		now = c->request.body.len;
		moved = now - c->progress;
	}
	c->progress = now;
	c->since = c->deadline;
	c->deadline += c->listener->timeout_ms;
	return moved >= enough && moved > 0;
}

void
conn_sweep(struct http_server *s)
{
	int64_t now = server_monotonic();
	struct conn *next;
	for (struct conn *c = s->conns; c; c = next) {
		next = c->next;
		if (c->state == CONN_WORK || now < c->deadline)
			continue;
		bool moves = c->state == CONN_WRITE || (c->state == CONN_READ && c->request.body.len > 0);
		if (moves && conn_moves(c))
			continue;
		if (c->state == CONN_HANDSHAKE || c->began)
			server_log_refused(c->listener, c->peer->address, "too slow");
		conn_free(c);
	}
}

bool
conn_evict(struct listener *l)
{
	struct conn *oldest = NULL;
	for (struct conn *c = l->server->conns; c; c = c->next)
		/* Half a handshake or half a request is no claim to a place: who means it is done in a moment, so the
		 * oldest is the one that holds places to keep others out. */
		if (c->listener == l && c->state != CONN_WORK && c->state != CONN_WRITE &&
		    (!oldest || c->since < oldest->since))
			oldest = c;
	if (oldest)
		conn_free(oldest);
	return oldest != NULL;
}

void
conn_close_idle(struct http_server *s)
{
	struct conn *next;
	for (struct conn *c = s->conns; c; c = next) {
		next = c->next;
		c->close = true;
		if (c->state != CONN_WORK && c->state != CONN_WRITE)
			conn_free(c);
	}
}

void
conn_close_all(struct http_server *s)
{
	while (s->conns)
		conn_free(s->conns); // NOLINT(clang-analyzer-unix.Malloc): it unlinks itself first
}
