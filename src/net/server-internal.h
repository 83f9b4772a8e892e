/* What server.c (loop, listeners, replies) and conn.c (one connection) share. Everything here belongs to the loop
 * thread unless it says otherwise. Several loops would mean several struct http_server behind one handle, each with
 * its own SO_REUSEPORT sockets: nothing is shared between connections but this struct. */
#ifndef MAMORI_NET_SERVER_INTERNAL_H
#define MAMORI_NET_SERVER_INTERNAL_H

#include "net/request.h"
#include "net/server.h"
#include "net/tls.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* Who is at the other end; shared by a connection and the exchanges that may outlive it. */
struct peer {
	_Atomic unsigned refs;
	int64_t uid; /* -1 unless a UNIX socket */
	struct buf certificate; /* PEM; empty: none */
	char address[80];
};

struct peer *peer_ref(struct peer *p);
void peer_unref(struct peer *p);

struct conn;

struct http_exchange {
	struct http_server *server;
	struct conn *conn; /* loop thread only; NULL once the connection is gone */
	atomic_bool gone; /* the same, for other threads */
	struct peer *peer;
	struct request request;
	struct buf out; /* the whole answer, written by http_reply */
	bool close;
	struct http_exchange *next; /* in the queue of replies */
};

void exchange_free(struct http_exchange *x);

struct listener {
	struct http_server *server;
	int index;
	struct evconnlistener *accept;
	char *unix_path; /* NULL: TCP */
	char name[160]; /* for the log: "127.0.0.1:8443" */
	unsigned port;
	bool tls;
	SSL_CTX *context; /* under server->mutex */
	struct buf client_ca;
	size_t body_max, head_max;
	unsigned connections_max, connections;
	int64_t timeout_ms;
	bool paused; /* out of descriptors; taken up again by the sweep */
};

struct http_server {
	struct event_base *base;
	struct event *wake_event, *sweep, *end;
	http_request_fn *on_request;
	void *user;
	struct listener *listeners;
	size_t listener_count;
	struct conn *conns;
	bool sweeping;
	struct timeval sweep_every;
	bool closing; /* stop was asked for: only answers in flight are still written */
	int64_t refused_since; /* window of the log about refused connections */
	unsigned refused;

	int wake; /* eventfd: any thread, signal handlers */
	_Atomic bool stop;
	pthread_mutex_t mutex;
	struct http_exchange *replies, **replies_end; /* under mutex */
};

int64_t server_monotonic(void);
/* Logs a refused or broken connection, at most 20 a minute. */
void server_log_refused(struct listener *l, const char *peer, const char *reason);
/* A connection has ended. */
void server_conn_gone(struct http_server *s);
/* The head of an answer and its body, as bytes. */
void exchange_write(struct http_exchange *x, int status, const struct http_header *headers, size_t count,
		    struct str body);

/* Takes the socket over. */
void conn_new(struct listener *l, int fd, const struct sockaddr *address, socklen_t len);
/* The answer has come (x->conn is set); frees x. */
void conn_answer(struct http_exchange *x);
/* Ends what is too slow; called a few times per timeout. */
void conn_sweep(struct http_server *s);
/* Closes the connection whose peer has kept us waiting longest; false when all are being served. */
bool conn_evict(struct listener *l);
/* Ends every connection that is not waiting for an answer or being written to. */
void conn_close_idle(struct http_server *s);
void conn_close_all(struct http_server *s);

#endif
