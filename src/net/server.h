/* HTTP server (libevent's bufferevents, OpenSSL): loop threads do I/O only. A complete request is given to
 * on_request on the loop thread, which hands it to a worker; the worker calls http_reply() from any thread. */
#ifndef MAMORI_NET_SERVER_H
#define MAMORI_NET_SERVER_H

#include "base/buf.h"

struct http_exchange; /* one request waiting for its answer; owned by the server until http_reply */

struct http_header {
	const char *name, *value;
};

/* Views live until http_reply. */
struct str http_method(const struct http_exchange *x);
struct str http_path(const struct http_exchange *x); /* undecoded, without the query */
struct str http_query(const struct http_exchange *x); /* undecoded, without "?" */
struct str http_body(const struct http_exchange *x);
struct str http_header_get(const struct http_exchange *x, const char *name); /* or STR_NONE */
struct str http_peer(const struct http_exchange *x); /* address, for the log */
/* PEM of the verified client certificate, or STR_NONE. */
struct str http_client_certificate(const struct http_exchange *x);
/* uid of the process at the other end of a UNIX socket, or -1. */
int64_t http_peer_uid(const struct http_exchange *x);

/* Whoever asked has closed the connection: nobody will read an answer. From any thread. */
bool http_is_gone(const struct http_exchange *x);

/* Answers and gives the exchange back; the body is copied. headers: count of them. */
void http_reply(struct http_exchange *x, int status, const struct http_header *headers, size_t count, struct str body);

typedef void http_request_fn(void *user, int listener, struct http_exchange *x);

struct http_listener {
	const char *address; /* "127.0.0.1:8443", "[::1]:8443"; or NULL with unix_path */
	const char *unix_path; /* mode 0600 */
	/* The chain behind the certificate is sent along. */
	struct str certificate_pem, key_pem; /* empty: no TLS (UNIX socket or loopback only) */
	struct str client_ca_pem; /* set: a client certificate of this CA is required; handshakes without one fail */
	size_t body_max; /* larger bodies are answered 413 without being read; 0 = 1 MiB */
	size_t header_max; /* 0 = 16 KiB */
	unsigned connections_max; /* 0 = 1000 */
	unsigned timeout_s; /* idle or slow peers, 0 = 60 */
};

struct http_server;
/* Binds all listeners; a taken port is ERR_CONFLICT and says which. */
bool http_server_new(const struct http_listener *listeners, size_t count, http_request_fn *on_request, void *user,
		     struct http_server **out, struct err *e) MUST_CHECK;
/* Loops until http_server_stop(); then answers what is in flight for at most 3 s. */
void http_server_run(struct http_server *s);
void http_server_stop(struct http_server *s); /* from any thread or a signal handler */
/* New server certificate for listener i (renewal), from any thread. */
bool http_server_set_certificate(struct http_server *s, size_t i, struct str certificate_pem, struct str key_pem,
				 struct err *e) MUST_CHECK;
/* Port really bound (address with port 0), 0 for UNIX sockets. */
unsigned http_server_port(const struct http_server *s, size_t i);
/* Every exchange must have been answered: end the workers first. */
void http_server_free(struct http_server *s);

#endif
