/* One connection: which language the first byte speaks, requests in, answers out. A body is never in memory: it goes
 * from its file to the socket, at the pace of whoever reads it. */
#include "relay/relay-internal.h"

#include "base/log.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define N_(text) text

#define IDLE_MS 300000
#define SEND_MS 60000
#define CALL_BODY_MS 300000
#define LINGER_MS 2000
/* What one connection may move before others have their turn. */
#define TURN_BYTES (2u << 20)
#define TLS_TURN_BYTES (512u << 10)
/* One record: what does not fit into the socket's buffer is read again. */
#define TLS_PIECE (16u << 10)
/* Up to here a body goes out behind its head in one call. */
#define SMALL_BODY (32u << 10)
#define REQUESTS_PER_TURN 32

/* ---- bytes ---- */

void
conn_want(struct conn *c, bool read, bool write)
{
	if (read != c->reading) {
		read ? event_add(&c->read_event, NULL) : event_del(&c->read_event);
		c->reading = read;
	}
	if (write != c->writing) {
		write ? event_add(&c->write_event, NULL) : event_del(&c->write_event);
		c->writing = write;
	}
}

static ssize_t
tls_result(struct conn *c, int n)
{
	int reason = SSL_get_error(c->ssl, n);
	/* What it leaves in OpenSSL's queue must not be taken for another connection's. */
	ERR_clear_error();
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
		return CONN_AGAIN;
	return reason == SSL_ERROR_ZERO_RETURN ? 0 : CONN_BROKEN;
}

ssize_t
conn_recv(struct conn *c, char *into, size_t n)
{
	if (c->ssl) {
		int got = SSL_read(c->ssl, into, (int)n);
		return got > 0 ? got : tls_result(c, got);
	}
	ssize_t got;
	while ((got = recv(c->fd, into, n, 0)) < 0 && errno == EINTR)
		;
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? CONN_AGAIN : CONN_BROKEN;
}

ssize_t
conn_send(struct conn *c, const char *bytes, size_t n, bool more)
{
	if (c->ssl) {
		int put = SSL_write(c->ssl, bytes, (int)n);
		if (put > 0)
			return put;
		ssize_t r = tls_result(c, put);
		return r == 0 ? CONN_BROKEN : r;
	}
	ssize_t put;
	while ((put = send(c->fd, bytes, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0))) < 0 && errno == EINTR)
		;
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EWOULDBLOCK ? CONN_AGAIN : CONN_BROKEN;
}

void
conn_peer(const struct conn *c, char into[80])
{
	socklen_t len = c->peer.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (getnameinfo((const struct sockaddr *)&c->peer, len, into, 80, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(into, 80, "?");
}

/* ---- beginning and end ---- */

static void
on_ready(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	struct conn *c = user;
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	c->loop->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	conn_go(c);
}

void
conn_accept(struct loop *l, int fd, const struct sockaddr *peer, socklen_t len)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	c->loop = l;
	c->fd = fd;
	c->deadline = l->now + HANDSHAKE_MS * 2;
	memcpy(&c->peer, peer, len < sizeof(c->peer) ? len : sizeof(c->peer));
	event_assign(&c->read_event, l->base, fd, EV_READ | EV_PERSIST, on_ready, c);
	event_assign(&c->write_event, l->base, fd, EV_WRITE | EV_PERSIST, on_ready, c);
	c->next = l->conns;
	c->link = &l->conns;
	if (c->next)
		c->next->link = &c->next;
	l->conns = c;
	l->conn_count++;
	atomic_store_explicit(&l->connections, l->conn_count, memory_order_relaxed);
	conn_want(c, true, false);
}

/* What belongs to one request. */
static void
conn_clear(struct conn *c)
{
	if (c->following)
		flow_leave(c->loop->relay->uplink, c->flow, &c->follower);
	c->following = false;
	flow_unref(c->flow);
	c->flow = NULL;
	blob_unref(c->blob);
	c->blob = NULL;
	loop_wait_remove(c);
	if (c->call)
		call_forget(c->call);
	c->call = NULL;
	target_free(&c->target);
	c->target = (struct target){ 0 };
	request_free(&c->request);
	c->request = (struct request){ 0 };
	buf_free(&c->out);
	c->out = (struct buf){ 0 };
	c->out_at = 0;
	c->head_only = c->learned = c->checked = false;
	if (c->body)
		c->loop->bodies--;
	c->body = false;
	c->asked = 0;
}

void
conn_free(struct conn *c)
{
	struct loop *l = c->loop;
	conn_clear(c);
	hello_over(c);
	tunnel_free(c->tunnel);
	buf_free(&c->in);
	event_del(&c->read_event);
	event_del(&c->write_event);
	if (c->ssl) {
		if (SSL_is_init_finished(c->ssl))
			SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	close(c->fd);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	l->conn_count--;
	atomic_store_explicit(&l->connections, l->conn_count, memory_order_relaxed);
	c->gone = true;
	if (!c->turning)
		free(c);
	if (l->closing && !l->conns)
		event_base_loopbreak(l->base);
}

void
conn_reset(struct conn *c)
{
	const struct linger now = { 1, 0 };
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (c->ssl)
		SSL_set_quiet_shutdown(c->ssl, 1);
	conn_free(c);
}

void
conn_linger(struct conn *c)
{
	if (c->loop->closing || c->eof) {
		conn_free(c);
		return;
	}
	conn_clear(c);
	if (c->ssl && SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	ERR_clear_error();
	shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->deadline = c->loop->now + LINGER_MS;
	conn_want(c, true, false);
}

static void
linger_go(struct conn *c)
{
	char waste[4096];
	ssize_t n;
	while ((n = recv(c->fd, waste, sizeof(waste), 0)) > 0)
		;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		conn_free(c);
}

void
conn_await(struct conn *c)
{
	c->state = CONN_READ;
	c->request = (struct request){ .head_max = HEAD_MAX, .body_max = CALL_BODY_MAX, .proxy = true };
	c->deadline = c->loop->now + IDLE_MS;
}

void
conn_answered(struct conn *c)
{
	bool close = c->close || c->eof || c->loop->closing;
	conn_clear(c);
	if (close) {
		conn_linger(c);
		return;
	}
	conn_await(c);
}

/* ---- in ---- */

/* Bodies are for pages of the service alone, and for those whom we know. */
static bool
body_is_welcome(const struct conn *c)
{
	return c->ssl && SSL_get0_peer_certificate(c->ssl) && str_starts(c->request.path, STR("/relay/v1/"));
}

/* However slowly it comes, it has an end, and no more than so many lie in memory. */
static bool
body_begins(struct conn *c)
{
	if (c->body)
		return true;
	if (c->loop->bodies >= CALL_BODIES_MAX)
		return false;
	c->body = true;
	c->loop->bodies++;
	c->deadline = c->loop->now + CALL_BODY_MS;
	return true;
}

/* Feeds bytes to the request; what is behind it is kept. */
static void
feed(struct conn *c, struct str bytes)
{
	bool idle = c->request.head.len == 0;
	size_t used = request_feed(&c->request, bytes);
	bytes = str_skip(bytes, used);
	if (idle && c->request.head.len > 0)
		c->deadline = c->loop->now + HEAD_MS;
	enum request_state s = c->request.state;
	if (s == REQUEST_BAD) {
		c->close = true;
		serve_refuse(c, c->request.status, c->request.why);
		return;
	}
	if (s != REQUEST_HEAD && (s != REQUEST_DONE || c->request.body.len > 0) && !body_is_welcome(c)) {
		c->close = true;
		serve_refuse(c, 413, N_("no body is taken with such a request"));
		return;
	}
	if (s != REQUEST_HEAD && s != REQUEST_DONE && !body_begins(c)) {
		c->close = true;
		serve_refuse(c, 503, N_("the relay takes in too much at the moment; try again in a moment"));
		return;
	}
	if (s == REQUEST_DONE)
		buf_add(&c->in, bytes);
	if (s == REQUEST_DONE) {
		atomic_fetch_add_explicit(&c->loop->requests, 1, memory_order_relaxed);
		c->close = !c->request.keep_alive;
		serve_request(c);
	}
}

/* false: c is gone, or waits for bytes. */
static bool
read_go(struct conn *c)
{
	if (c->in.len > 0) {
		struct buf in = c->in;
		c->in = (struct buf){ 0 };
		feed(c, buf_str(&in));
		buf_free(&in);
		return true;
	}
	ssize_t n = conn_recv(c, c->loop->scratch, 16384);
	if (n == CONN_AGAIN) {
		conn_want(c, true, false);
		return false;
	}
	if (n <= 0) {
		conn_free(c);
		return false;
	}
	feed(c, str_sub(c->loop->scratch, (size_t)n));
	return true;
}

/* ---- out ---- */

/* The head, and a short whole body behind it. false: later, or c is gone. */
static bool
send_head(struct conn *c)
{
	struct loop *l = c->loop;
	size_t left = c->out.len - c->out_at;
	uint64_t body = c->blob ? c->end - c->at : 0;
	int fd;
	if (left == 0)
		return true;
	memcpy(l->scratch, c->out.ptr + c->out_at, left);
	size_t n = left;
	if (body > 0 && body <= SMALL_BODY && left <= HEAD_MAX && blob_at(c->blob, c->at, body, &fd) == body) {
		ssize_t got = pread(fd, l->scratch + left, (size_t)body, (off_t)c->at);
		n += got > 0 ? (size_t)got : 0;
	}
	ssize_t put = conn_send(c, l->scratch, n, body > n - left);
	if (put == CONN_AGAIN) {
		conn_want(c, false, true);
		return false;
	}
	if (put <= 0) {
		conn_free(c);
		return false;
	}
	c->deadline = l->now + SEND_MS;
	if ((size_t)put <= left) {
		c->out_at += (size_t)put;
		return c->out_at == c->out.len || send_head(c);
	}
	c->out_at = c->out.len;
	c->at += (uint64_t)put - left;
	atomic_fetch_add_explicit(&l->bytes_served, (uint64_t)put - left, memory_order_relaxed);
	return true;
}

/* One piece of the body; > 0 moved, else CONN_AGAIN or CONN_BROKEN. */
static ssize_t
send_piece(struct conn *c, int fd, uint64_t n)
{
	if (!c->ssl) {
		off_t at = (off_t)c->at;
		ssize_t put = sendfile(c->fd, fd, &at, (size_t)n);
		if (put > 0)
			return put;
		return put < 0 && (errno == EAGAIN || errno == EINTR) ? CONN_AGAIN : CONN_BROKEN;
	}
	/* A record that could not be sent is offered again from the same place: the file does not change. */
	size_t want = n < TLS_PIECE ? (size_t)n : TLS_PIECE;
	ssize_t got = pread(fd, c->loop->scratch, want, (off_t)c->at);
	return got > 0 ? conn_send(c, c->loop->scratch, (size_t)got, false) : CONN_BROKEN;
}

/* Nothing more can be read of the file right now. */
static bool
send_starved(struct conn *c)
{
	if (!c->flow || atomic_load(&c->blob->failed) || atomic_load(&c->follower.too_slow)) {
		conn_reset(c);
		return false;
	}
	c->deadline = 0;
	loop_wait_add(c);
	/* A host that goes away meanwhile is noticed. */
	conn_want(c, c->in.len == 0, false);
	return false;
}

/* false: later, or c is gone. */
static bool
send_body(struct conn *c)
{
	uint64_t turn = 0, most = c->ssl ? TLS_TURN_BYTES : TURN_BYTES;
	while (c->at < c->end) {
		int fd;
		uint64_t n = blob_at(c->blob, c->at, c->end - c->at, &fd);
		if (n == 0)
			return send_starved(c);
		if (turn >= most) {
			conn_want(c, false, true);
			return false;
		}
		ssize_t put = send_piece(c, fd, n < most ? n : most);
		if (put == CONN_AGAIN) {
			conn_want(c, false, true);
			return false;
		}
		if (put <= 0) {
			conn_reset(c);
			return false;
		}
		c->at += (uint64_t)put;
		turn += (uint64_t)put;
		c->deadline = c->loop->now + SEND_MS;
		atomic_fetch_add_explicit(&c->loop->bytes_served, (uint64_t)put, memory_order_relaxed);
		if (c->following)
			flow_advance(c->loop->relay->uplink, c->flow, &c->follower, c->at);
	}
	return true;
}

/* Has the peer gone while its answer is being prepared? Bytes of a next request wait in the kernel. */
static bool
peer_is_there(struct conn *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK);
	if (n > 0)
		conn_want(c, false, c->writing);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return true;
	conn_free(c);
	return false;
}

static bool
send_go(struct conn *c)
{
	if (c->wait_link && c->reading && !peer_is_there(c))
		return false;
	loop_wait_remove(c);
	if (!send_head(c) || !send_body(c))
		return false;
	conn_answered(c);
	return true;
}

static bool
ask_go(struct conn *c)
{
	if (c->reading && !peer_is_there(c))
		return false;
	serve_ask(c);
	return c->state != CONN_ASK;
}

/* One step; true: another may be possible at once. */
static bool
step(struct conn *c)
{
	switch (c->state) {
	case CONN_SNIFF:
		return hello_sniff(c);
	case CONN_HELD:
		return false;
	case CONN_HANDSHAKE:
		return hello_shake(c);
	case CONN_READ:
		return read_go(c);
	case CONN_ASK:
		return ask_go(c);
	case CONN_SEND:
		return send_go(c);
	case CONN_CALL:
		if (c->reading)
			(void)!peer_is_there(c);
		return false;
	case CONN_TUNNEL:
		tunnel_go(c);
		return false;
	case CONN_LINGER:
		linger_go(c);
		return false;
	}
	return false;
}

void
conn_go(struct conn *c)
{
	bool on = true;
	c->turning = true; /* whoever frees it meanwhile leaves its memory to us */
	for (unsigned turns = 0; on && !c->gone && turns < REQUESTS_PER_TURN; turns++)
		on = step(c);
	c->turning = false; // NOLINT(clang-analyzer-unix.Malloc): conn_free leaves it to us
	if (c->gone)
		free(c);
	else if (on) /* others first; the socket can be written to, so this comes again at once */
		conn_want(c, c->reading, true);
}
