/* What the files of the asker share: dns-ask.c decides, dns-ask-io.c moves packets. */
#ifndef MAMORI_NET_DNS_ASK_INTERNAL_H
#define MAMORI_NET_DNS_ASK_INTERNAL_H

#include "net/dns-ask.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define ASK_NONE UINT32_MAX

enum {
	ASK_SOCKETS_MAX = 32, /* a family */
	ASK_BATCH = 64,
	ASK_READ = 2048, /* more than we offer to take */
	ASK_UDP_SIZE = 1232,
	ASK_WHEEL = 4096,
	ASK_TICK_US = 4000,
	ASK_BUCKETS = 1 << 14,
};

union ask_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct ask_resolver {
	union ask_address address;
	socklen_t len;
	char text[280];
	int64_t smooth, spread, patience; /* µs, RFC 6298 */
};

enum ask_state { ASK_FREE, ASK_READY, ASK_WAITING, ASK_SENT, ASK_TCP };

struct ask_question {
	struct dns_name name;
	uint16_t type, id;
	uint8_t socket, resolver, tries;
	bool plain; /* without EDNS */
	bool want_tcp, answered_tcp;
	uint8_t rcode; /* of the last refusal, 0: none */
	uint8_t state;
	uint32_t next, prev, slot; /* in the list of ready or free ones, or of a wheel's slot */
	int64_t due, sent_at; /* µs */
	uint64_t authority;
	void *user;
	struct ask_tcp *tcp;
};

struct ask_socket {
	struct dns_ask *ask;
	struct event *event;
	int fd;
	uint32_t *by_id; /* 65,536: the question that waits for that id here */
};

/* A full bucket is as good as none, so its place may be taken over. */
struct ask_bucket {
	uint64_t authority;
	int64_t full_at; /* µs */
};

struct ask_batch {
	unsigned count;
	unsigned socket;
	uint32_t question[ASK_BATCH];
	unsigned char bytes[ASK_BATCH][DNS_QUERY_MAX];
	struct iovec iov[ASK_BATCH];
	struct mmsghdr message[ASK_BATCH];
};

struct dns_ask {
	struct event_base *base;
	dns_ask_fn *done;
	void *user;
	struct event *tick_event, *flush_event;
	bool inside, flush_asked, ticking, dnssec;
	struct ask_resolver *resolver;
	unsigned resolvers, turn;
	struct ask_socket socket[2 * ASK_SOCKETS_MAX]; /* IPv4 first */
	unsigned sockets[2], socket_turn[2];
	struct ask_question *question;
	uint32_t pending_max, used, free, ready_head, ready_tail;
	uint32_t in_flight_max, in_flight, connections;
	unsigned tries;
	int64_t now, tick, patience_max, interval; /* interval: µs a packet of one authority, 0: no limit */
	uint32_t wheel[ASK_WHEEL];
	struct ask_bucket *bucket;
	struct ask_batch batch[2];
	unsigned char random[4096];
	size_t random_at;
	struct dns_ask_counts counts;
	unsigned char reading[ASK_BATCH][ASK_READ];
};

uint16_t ask_random(struct dns_ask *a);
int64_t ask_time(void);
/* Between these the callbacks may ask; what became ready is sent at the end. */
void ask_enter(struct dns_ask *a);
void ask_leave(struct dns_ask *a);
/* The question was sent, or a connection opened: until then an answer is awaited. */
void ask_await(struct dns_ask *a, struct ask_question *q, enum ask_state state, int64_t due);
/* How long this try's answer is awaited. */
int64_t ask_patience(const struct dns_ask *a, const struct ask_question *q);
/* Not before due. */
void ask_wait(struct dns_ask *a, struct ask_question *q, int64_t due);
/* No longer awaited; the id is free again. */
void ask_recall(struct dns_ask *a, struct ask_question *q);
/* Whether a message answers this question; if so it is acted upon, and q may be gone. */
bool ask_take(struct dns_ask *a, struct ask_question *q, const unsigned char *bytes, size_t len);
/* Next try, or the end. */
void ask_again(struct dns_ask *a, struct ask_question *q);
struct ask_question *ask_ready_pop(struct dns_ask *a);
void ask_ready_unpop(struct dns_ask *a, struct ask_question *q);

bool ask_sockets_open(struct dns_ask *a, unsigned family, unsigned count, struct err *e);
void ask_sockets_close(struct dns_ask *a);
/* Sends what is ready as far as in_flight_max allows. */
void ask_send(struct dns_ask *a);
void ask_tcp_open(struct dns_ask *a, struct ask_question *q);
void ask_tcp_close(struct ask_question *q);

#endif
