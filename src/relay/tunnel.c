/* Bytes between a host and a server that it speaks TLS with from end to end. Each direction holds at most one piece:
 * who does not read is not read for. */
#include "relay/relay-internal.h"

#include <errno.h>
#include <unistd.h>

#define PIECE (16u << 10)
#define PIECES_PER_TURN 16

/* Bytes on their way in one direction. */
struct lane {
	struct buf held;
	size_t at;
	bool ended; /* no more come in */
	bool closed; /* and that was said on */
};

struct tunnel {
	struct conn *conn;
	int fd;
	struct event read_event, write_event;
	bool reading, writing;
	struct lane out, in; /* to the server, to the host */
};

static void
on_server(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	tunnel_go(((struct tunnel *)user)->conn);
}

static void
server_want(struct tunnel *t, bool read, bool write)
{
	if (read != t->reading)
		read ? event_add(&t->read_event, NULL) : event_del(&t->read_event);
	if (write != t->writing)
		write ? event_add(&t->write_event, NULL) : event_del(&t->write_event);
	t->reading = read;
	t->writing = write;
}

static ssize_t
server_recv(struct tunnel *t, char *into, size_t n)
{
	ssize_t got = recv(t->fd, into, n, 0);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? CONN_AGAIN : CONN_BROKEN;
}

static ssize_t
server_send(struct tunnel *t, const char *bytes, size_t n)
{
	ssize_t put = send(t->fd, bytes, n, MSG_NOSIGNAL);
	if (put >= 0)
		return put;
	return errno == EAGAIN || errno == EINTR ? CONN_AGAIN : CONN_BROKEN;
}

void
tunnel_start(struct conn *c, int fd)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	struct event_base *base = c->loop->base;
	t->conn = c;
	t->fd = fd;
	evutil_make_socket_nonblocking(fd);
	event_assign(&t->read_event, base, fd, EV_READ | EV_PERSIST, on_server, t);
	event_assign(&t->write_event, base, fd, EV_WRITE | EV_PERSIST, on_server, t);
	buf_add(&t->in.held, STR("HTTP/1.1 200 Connection established\r\n\r\n"));
	buf_add(&t->out.held, buf_str(&c->in));
	buf_free(&c->in);
	c->in = (struct buf){ 0 };
	c->tunnel = t;
	c->state = CONN_TUNNEL;
	c->deadline = 0;
}

void
tunnel_free(struct tunnel *t)
{
	if (!t)
		return;
	event_del(&t->read_event);
	event_del(&t->write_event);
	/* Also where libcurl still holds a descriptor of it. */
	shutdown(t->fd, SHUT_RDWR);
	close(t->fd);
	buf_free(&t->out.held);
	buf_free(&t->in.held);
	free(t);
}

/* Moves one piece in one direction; false: broken. *moved: more may be possible. */
static bool
lane_move(struct tunnel *t, struct lane *l, bool out, bool *moved)
{
	struct conn *c = t->conn;
	char *scratch = c->loop->scratch;
	*moved = false;
	if (l->held.len == 0 && !l->ended) {
		ssize_t n = out ? conn_recv(c, scratch, PIECE) : server_recv(t, scratch, PIECE);
		if (n == CONN_BROKEN)
			return false;
		if (n == CONN_AGAIN)
			return true;
		l->ended = n == 0;
		if (n > 0)
			buf_add(&l->held, str_sub(scratch, (size_t)n));
	}
	if (l->held.len > 0) {
		const char *from = l->held.ptr + l->at;
		size_t left = l->held.len - l->at;
		ssize_t n = out ? server_send(t, from, left) : conn_send(c, from, left, false);
		if (n == CONN_BROKEN)
			return false;
		if (n == CONN_AGAIN)
			return true;
		l->at += (size_t)n;
		*moved = true;
		if (l->at < l->held.len)
			return true;
		buf_free(&l->held);
		l->held = (struct buf){ 0 };
		l->at = 0;
	}
	if (l->ended && !l->closed && l->held.len == 0) {
		l->closed = true;
		if (out)
			shutdown(t->fd, SHUT_WR);
		else if (!c->ssl)
			shutdown(c->fd, SHUT_WR);
	}
	return true;
}

void
tunnel_go(struct conn *c)
{
	struct tunnel *t = c->tunnel;
	bool out = true, in = true;
	for (unsigned i = 0; (out || in) && i < PIECES_PER_TURN; i++)
		if (!lane_move(t, &t->out, true, &out) || !lane_move(t, &t->in, false, &in)) {
			conn_free(c);
			return;
		}
	/* Over TLS to the relay there is no half: when the server has ended, all has. */
	if ((t->out.closed && t->in.closed) || (t->in.closed && c->ssl)) {
		conn_free(c);
		return;
	}
	conn_want(c, !t->out.ended && t->out.held.len == 0, t->in.held.len > 0);
	server_want(t, !t->in.ended && t->in.held.len == 0, t->out.held.len > 0);
}
