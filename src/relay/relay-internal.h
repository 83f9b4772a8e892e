/* What the files of the relay itself share: run.c (start and end), loop.c (one loop for each core), conn.c (one
 * connection's bytes), hello.c (how it begins), crowd.c (who has to go), serve.c (what is answered), call.c (pages of the service), tunnel.c. Everything of a connection
 * belongs to its loop's thread. */
#ifndef MAMORI_RELAY_RELAY_INTERNAL_H
#define MAMORI_RELAY_RELAY_INTERNAL_H

#include "base/arena.h"
#include "net/request.h"
#include "relay/blob.h"
#include "relay/origin.h"
#include "relay/range.h"
#include "relay/refusal.h"
#include "relay/relay.h"
#include "relay/target.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>

enum {
	LOOPS_MAX = 64,
	SCRATCH = 256 << 10,
	HEAD_MAX = 16 << 10,
	CALL_BODY_MAX = 8 << 20,
	CALL_BODIES_MAX = 64, /* on their way in at once, of each loop */
	HANDSHAKES_MAX = 64, /* the same */
};

enum conn_state {
	CONN_SNIFF, /* not a byte yet */
	CONN_HELD, /* has said hello; its handshake begins when others are over */
	CONN_HANDSHAKE,
	CONN_READ, /* a request is awaited, or half of it is here */
	CONN_ASK, /* waits for a flow */
	CONN_SEND,
	CONN_CALL, /* a page of the service is being made */
	CONN_TUNNEL,
	CONN_LINGER, /* all is said; the peer's leftovers are drained, lest a reset overtakes our last words */
};

struct tunnel;
struct relay_call;

struct conn {
	struct conn *next, **link; /* of the loop */
	struct conn *wait_next,
		**wait_link; /* of those that wait for a flow, or for their handshake; wait_link NULL: of neither */
	struct loop *loop;
	SSL *ssl; /* NULL: plain */
	int fd;
	enum conn_state state;
	bool turning, gone; /* in its turn: freed when that is over */
	bool reading, writing; /* which events are on */
	bool close; /* after this answer */
	bool eof; /* the peer has ended its side */
	bool head_only, learned, checked;
	bool body; /* counted in loop->bodies */
	bool handshakes; /* counted in loop->handshakes */
	unsigned char asked; /* how often a flow was asked for, for this request */
	int64_t deadline; /* monotonic milliseconds, 0: none */
	struct event read_event, write_event;
	struct request request;
	struct buf in; /* bytes behind the request in hand */
	struct buf out; /* of the answer's head, and of short answers: not yet sent */
	size_t out_at;
	struct target target;
	struct flow *flow;
	struct follower follower;
	bool following;
	struct blob *blob; /* of the body */
	uint64_t at, end;
	struct tunnel *tunnel;
	struct relay_call *call;
	struct sockaddr_storage peer;
};

struct loop {
	struct relay *relay;
	unsigned index;
	pthread_t thread;
	bool runs;
	struct event_base *base;
	int listen_fd, wake_fd;
	struct event *accept, *wake, *sweep;
	struct conn *conns, *waiting;
	struct conn *held; /* CONN_HELD */
	size_t conn_count, bodies, handshakes;
	_Atomic bool stirred;
	bool closing, paused;
	char *scratch; /* SCRATCH bytes, for whatever is being read or sent right now */
	time_t date_of;
	char date[40];
	int64_t now; /* monotonic, of this round */
	struct relay_call *replies; /* under relay->mutex */
	/* Read by others. */
	_Atomic uint64_t requests, hits, misses, joined, refused, bytes_served, connections;
};

struct relay {
	struct relay_options o;
	struct cache *cache;
	struct digest_map *digests;
	struct uplink *uplink;
	struct loop *loops;
	unsigned loop_count;
	unsigned port;
	size_t connections_max;
	_Atomic bool stop;
	int64_t started;

	pthread_mutex_t mutex; /* list being replaced, tls, calls, replies */
	pthread_cond_t changed;
	struct arena arena; /* of every list there has been */
	_Atomic(const struct allowlist *) allow;
	size_t given; /* so many of its origins were named when it was started; the others came with bundles */
	struct refusals refusals;
	SSL_CTX *tls; /* NULL: plain only */
	struct relay_call *calls, **calls_end;
	pthread_t callers[2], ticker;
	unsigned caller_count;
	bool ticker_runs, calls_stop;
};

/* loop.c */
bool loop_open(struct loop *l, struct relay *r, unsigned index, struct err *e) MUST_CHECK;
void loop_run(struct loop *l);
void loop_wake(struct loop *l); /* any thread, signal handlers */
void loop_stir(void *user, unsigned loop); /* uplink_options.stir */
void loop_free(struct loop *l);
void loop_wait_add(struct conn *c);
void loop_wait_remove(struct conn *c);
void loop_hold(struct conn *c);
const char *loop_date(struct loop *l);

/* conn.c */
void conn_accept(struct loop *l, int fd, const struct sockaddr *peer, socklen_t len);
void conn_free(struct conn *c);
void conn_linger(struct conn *c); /* so that the peer can still read what was said last */
void conn_await(struct conn *c); /* the next request */
void conn_reset(struct conn *c); /* so that the peer cannot take what it has for the whole */
/* Does what can be done now; may free c. */
void conn_go(struct conn *c);
/* At most n bytes; > 0 moved, 0 the peer has ended, CONN_AGAIN later, CONN_BROKEN never. */
enum { CONN_AGAIN = -1, CONN_BROKEN = -2 };
ssize_t conn_recv(struct conn *c, char *into, size_t n);
ssize_t conn_send(struct conn *c, const char *bytes, size_t n, bool more);
void conn_want(struct conn *c, bool read, bool write);
/* The answer is complete; reads on or ends. */
void conn_answered(struct conn *c);
void conn_peer(const struct conn *c, char into[80]);

/* hello.c: the steps of CONN_SNIFF and CONN_HANDSHAKE; false: c is gone or waits */
enum { HEAD_MS = 30000, HANDSHAKE_MS = 15000 };
bool hello_sniff(struct conn *c);
bool hello_shake(struct conn *c);
void hello_over(struct conn *c); /* its handshake does not count any more; harmless when it never did */
void hello_look(struct conn *c); /* once a second */

/* crowd.c */
void conn_overdue(struct loop *l);
/* Ends the connection that has been idle for longest, else one of a host that holds most of them; false: all are at work. */
bool conn_make_room(struct loop *l, const struct sockaddr_storage *newcomer);

/* lean.c */
void lean_after_start(void); /* gives back what only the start needed */
void lean_now(void); /* gives back what was freed */

/* serve.c */
void serve_request(struct conn *c); /* the request is whole; afterwards c is in another state */
void serve_ask(struct conn *c); /* CONN_ASK: did the flow go on? */
/* One sentence; why: English, a key of the catalogue. */
void serve_refuse(struct conn *c, int status, const char *why);
void serve_json(struct conn *c, int status, const char *type, struct str body);

/* call.c */
void call_start(struct conn *c);
void call_health(struct conn *c);
void call_take_replies(struct loop *l);
void call_forget(struct relay_call *call); /* its connection is gone; loop thread */
bool call_threads_start(struct relay *r);
void call_threads_stop(struct relay *r);

/* tunnel.c */
void tunnel_start(struct conn *c, int fd);
void tunnel_go(struct conn *c);
void tunnel_free(struct tunnel *t);

#endif
