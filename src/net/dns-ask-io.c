#include "net/dns-ask-internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECEIVE_BUFFER = 4 << 20, ROUNDS = 16, TCP_PATIENCE_US = 5000000, TCP_MAX = 64, TCP_PAUSE_US = 20000 };

struct ask_tcp {
	struct dns_ask *ask;
	struct ask_question *question;
	struct bufferevent *bev;
};

/* ---- UDP ---- */

static bool
same_address(const union ask_address *x, const union ask_address *y)
{
	if (x->any.sa_family != y->any.sa_family)
		return false;
	if (x->any.sa_family == AF_INET)
		return x->in.sin_port == y->in.sin_port && x->in.sin_addr.s_addr == y->in.sin_addr.s_addr;
	return x->in6.sin6_port == y->in6.sin6_port &&
	       memcmp(&x->in6.sin6_addr, &y->in6.sin6_addr, sizeof(x->in6.sin6_addr)) == 0;
}

static void
datagram(struct ask_socket *s, const unsigned char *bytes, size_t len, const union ask_address *from)
{
	struct dns_ask *a = s->ask;
	uint32_t i = len >= DNS_HEADER ? s->by_id[bytes[0] << 8 | bytes[1]] : ASK_NONE;
	if (i == ASK_NONE || !same_address(from, &a->resolver[a->question[i].resolver].address)) {
		a->counts.strange++;
		return;
	}
	(void)ask_take(a, &a->question[i], bytes, len);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ask_socket *s = arg;
	struct dns_ask *a = s->ask;
	union ask_address from[ASK_BATCH];
	struct iovec iov[ASK_BATCH];
	struct mmsghdr message[ASK_BATCH];
	ask_enter(a);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < ASK_BATCH; i++) {
			iov[i] = (struct iovec){ a->reading[i], ASK_READ };
			message[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &from[i],
								    .msg_namelen = sizeof(from[i]),
								    .msg_iov = &iov[i],
								    .msg_iovlen = 1 } };
		}
		int n = recvmmsg(fd, message, ASK_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			datagram(s, a->reading[i], message[i].msg_len, &from[i]);
		if (n < ASK_BATCH)
			break;
		ask_send(a);
	}
	ask_leave(a);
}

bool
ask_sockets_open(struct dns_ask *a, unsigned family, unsigned count, struct err *e)
{
	const int size = RECEIVE_BUFFER;
	union ask_address any = { .any.sa_family = family ? AF_INET6 : AF_INET };
	for (unsigned i = 0; i < count; i++) {
		struct ask_socket *s = &a->socket[family * ASK_SOCKETS_MAX + i];
		s->ask = a;
		s->fd = socket(any.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		/* Bound to port 0 the kernel gives each a random one. */
		if (s->fd < 0 || bind(s->fd, &any.any, family ? sizeof(any.in6) : sizeof(any.in)) != 0) {
			(void)err_sys(e, "cannot open a UDP socket for DNS questions");
			if (s->fd >= 0)
				close(s->fd);
			return false;
		}
		/* As much as the system allows. */
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		s->by_id = malloc(65536 * sizeof(*s->by_id));
		s->event = event_new(a->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
		if (!s->by_id || !s->event)
			abort();
		memset(s->by_id, 0xff, 65536 * sizeof(*s->by_id));
		event_add(s->event, NULL);
		a->sockets[family]++;
	}
	return true;
}

void
ask_sockets_close(struct dns_ask *a)
{
	for (unsigned f = 0; f < 2; f++)
		for (unsigned i = 0; i < a->sockets[f]; i++) {
			struct ask_socket *s = &a->socket[f * ASK_SOCKETS_MAX + i];
			event_free(s->event);
			close(s->fd);
			free(s->by_id);
		}
}

static uint16_t
free_id(struct dns_ask *a, const struct ask_socket *s)
{
	uint16_t id;
	do
		id = ask_random(a);
	while (s->by_id[id] != ASK_NONE);
	return id;
}

static void
batch_add(struct dns_ask *a, struct ask_question *q)
{
	struct ask_resolver *r = &a->resolver[q->resolver];
	unsigned family = r->address.any.sa_family == AF_INET6;
	struct ask_batch *b = &a->batch[family];
	if (b->count == 0)
		b->socket = family * ASK_SOCKETS_MAX + ask_random(a) % a->sockets[family];
	struct ask_socket *s = &a->socket[b->socket];
	unsigned i = b->count++;
	q->socket = (uint8_t)b->socket;
	q->id = free_id(a, s);
	q->tries++;
	b->question[i] = (uint32_t)(q - a->question);
	s->by_id[q->id] = b->question[i];
	size_t len = dns_query_write(&(struct dns_query){ .id = q->id,
							  .type = q->type,
							  .name = &q->name,
							  .recurse = true,
							  .dnssec = a->dnssec || q->type == DNS_NSEC,
							  .udp_size = q->plain ? 0 : ASK_UDP_SIZE },
				     b->bytes[i]);
	b->iov[i] = (struct iovec){ b->bytes[i], len };
	b->message[i] = (struct mmsghdr){
		.msg_hdr = { .msg_name = &r->address, .msg_namelen = r->len, .msg_iov = &b->iov[i], .msg_iovlen = 1 }
	};
	ask_await(a, q, ASK_SENT, a->now + ask_patience(a, q));
}

/* False when the kernel takes no more for now; what was not sent is ready again and has lost no try. */
static bool
batch_send(struct dns_ask *a, struct ask_batch *b)
{
	unsigned sent = 0, count = b->count;
	bool full = false;
	b->count = 0;
	while (sent < count && !full) {
		int n = sendmmsg(a->socket[b->socket].fd, b->message + sent, count - sent, MSG_DONTWAIT);
		if (n > 0) {
			sent += (unsigned)n;
			a->counts.sent += (unsigned)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
			full = true;
		} else if (errno != EINTR) {
			sent++; /* no way to this resolver: the next one's turn comes with time */
		}
	}
	while (count > sent) {
		struct ask_question *q = &a->question[b->question[--count]];
		ask_recall(a, q);
		q->tries--;
		ask_ready_unpop(a, q);
	}
	return !full;
}

void
ask_send(struct dns_ask *a)
{
	bool more = true;
	struct ask_question *q;
	while (more && a->in_flight < a->in_flight_max && (q = ask_ready_pop(a))) {
		if (q->want_tcp) {
			if (a->connections < TCP_MAX)
				ask_tcp_open(a, q);
			else
				ask_wait(a, q, a->now + TCP_PAUSE_US);
			continue;
		}
		if (q->tries > 0)
			q->resolver = (uint8_t)((q->resolver + 1u) % a->resolvers);
		batch_add(a, q);
		for (unsigned f = 0; f < 2; f++)
			if (a->batch[f].count == ASK_BATCH)
				more &= batch_send(a, &a->batch[f]);
	}
	for (unsigned f = 0; f < 2; f++)
		if (a->batch[f].count > 0)
			(void)batch_send(a, &a->batch[f]);
}

/* ---- TCP ---- */

static void
tcp_failed(struct ask_tcp *t)
{
	struct dns_ask *a = t->ask;
	struct ask_question *q = t->question;
	ask_recall(a, q);
	ask_again(a, q);
}

static void
on_tcp_read(struct bufferevent *bev, void *arg)
{
	struct ask_tcp *t = arg;
	struct dns_ask *a = t->ask;
	struct evbuffer *in = bufferevent_get_input(bev);
	unsigned char head[2];
	if (evbuffer_copyout(in, head, 2) < 2)
		return;
	size_t len = (size_t)(head[0] << 8 | head[1]);
	if (evbuffer_get_length(in) < len + 2)
		return;
	unsigned char *copy = malloc(len + 1); /* at most 64 KiB; the connection is gone before the callback */
	if (!copy)
		abort();
	ask_enter(a);
	evbuffer_drain(in, 2);
	evbuffer_remove(in, copy, len);
	if (!ask_take(a, t->question, copy, len))
		tcp_failed(t);
	free(copy);
	ask_leave(a);
}

static void
on_tcp_event(struct bufferevent *bev, short what, void *arg)
{
	struct ask_tcp *t = arg;
	struct dns_ask *a = t->ask;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	ask_enter(a);
	tcp_failed(t);
	ask_leave(a);
}

void
ask_tcp_close(struct ask_question *q)
{
	struct ask_tcp *t = q->tcp;
	if (!t)
		return;
	q->tcp = NULL;
	t->ask->connections--;
	bufferevent_free(t->bev);
	free(t);
}

void
ask_tcp_open(struct dns_ask *a, struct ask_question *q)
{
	struct ask_resolver *r = &a->resolver[q->resolver];
	unsigned char query[2 + DNS_QUERY_MAX];
	struct ask_tcp *t = calloc(1, sizeof(*t));
	if (!t || !(t->bev = bufferevent_socket_new(a->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS)))
		abort();
	t->ask = a;
	t->question = q;
	q->tcp = t;
	q->id = ask_random(a);
	a->connections++;
	a->counts.tcp++;
	size_t len = dns_query_write(&(struct dns_query){ .id = q->id,
							  .type = q->type,
							  .name = &q->name,
							  .recurse = true,
							  .dnssec = a->dnssec || q->type == DNS_NSEC,
							  .udp_size = q->plain ? 0 : ASK_UDP_SIZE },
				     query + 2);
	query[0] = (unsigned char)(len >> 8);
	query[1] = (unsigned char)len;
	ask_await(a, q, ASK_TCP, a->now + TCP_PATIENCE_US);
	bufferevent_setcb(t->bev, on_tcp_read, NULL, on_tcp_event, t);
	bufferevent_setwatermark(t->bev, EV_READ, 2, DNS_MESSAGE_MAX + 2);
	bufferevent_enable(t->bev, EV_READ | EV_WRITE);
	bufferevent_write(t->bev, query, len + 2);
	/* That it failed is told later, by on_tcp_event or by time. */
	(void)bufferevent_socket_connect(t->bev, &r->address.any, (int)r->len);
}
