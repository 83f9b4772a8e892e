/* HTTP client (libcurl): https with our CA or the system's, client certificate, UNIX socket. */
#ifndef MAMORI_NET_CLIENT_H
#define MAMORI_NET_CLIENT_H

#include "base/buf.h"

struct http_client_options {
	const char *unix_socket; /* talk to this socket, whatever the URL's host */
	struct str ca_pem; /* trust only this CA; empty: the system's store */
	const char *ca_key_digest; /* enrolment: accept the chain whose CA key has this digest, nothing else;
	                                the CA certificate that the server presented is given back in the response */
	struct str certificate_pem, key_pem; /* client certificate */
	const char *language; /* Accept-Language, or NULL */
	const char *user_agent;
	unsigned connect_timeout_s; /* 0 = 10 */
	unsigned timeout_s; /* whole exchange, 0 = 60 */
	size_t body_max; /* of the response, 0 = 16 MiB; more is ERR_TOO_LARGE */
	const char *proxy; /* NULL: from the environment, "" none */
	struct str proxy_ca_pem; /* an https proxy (our relay) is trusted by this CA alone; empty: the system's store */
	/* Looked at about once a second while an exchange lasts; true ends it (ERR_UNREACHABLE). May be NULL. */
	bool (*stop)(void *user);
	void *stop_user;
};

struct http_response {
	int status;
	struct buf body;
	char content_type[128];
	char etag[200], last_modified[64];
	struct buf ca_pem; /* with ca_key_digest */
};
void http_response_free(struct http_response *r);
#define HTTP_RESPONSE_AUTO __attribute__((cleanup(http_response_free))) struct http_response

struct http_client; /* keeps its connection; one thread at a time */
bool http_client_new(const struct http_client_options *o, struct http_client **out, struct err *e) MUST_CHECK;
void http_client_free(struct http_client *c);
void http_client_cleanup(struct http_client **c);

/* headers: NULL-terminated "Name: value", may be NULL. Any status is true; no answer is ERR_UNREACHABLE,
 * a certificate refused by either side is ERR_REFUSED with the reason in plain words. */
bool http_request(struct http_client *c, const char *method, const char *url, const char *const *headers,
		  struct str body, struct http_response *r, struct err *e) MUST_CHECK;

/* The same, but each piece of the answer goes to take as it comes, whatever the status; there is no cap and no limit of time while
 * anything moves. http:// is taken, too: what is asked here is no server of ours. take: false ends it (false, e untouched). *status is set
 * before the first piece comes. */
typedef bool http_take_fn(void *user, struct str bytes);
bool http_stream(struct http_client *c, const char *method, const char *url, const char *const *headers,
		 struct str body, http_take_fn *take, void *user, int *status, struct err *e) MUST_CHECK;

/* Downloads into a file (temp + rename), resuming nothing: at most max bytes; progress may be NULL. */
typedef void http_progress_fn(void *user, uint64_t got, uint64_t total);
bool http_download(struct http_client *c, const char *url, const char *path, uint64_t max, http_progress_fn *progress,
		   void *user, struct err *e) MUST_CHECK;

/* A download that may go on where an earlier one broke off, and that may be answered with "not changed". What has
 * arrived so far stays beside path as path.part, with what it is part of (ETag or date) in path.part.of. */
struct http_fetch {
	char etag[200], last_modified[64]; /* in: of the copy that is there already, or empty; out: of what arrived */
	bool not_modified; /* out: nothing arrived, the copy is still the current one */
	bool resumed; /* out: only the rest was asked for */
	bool try_again; /* out, with false: another try may succeed (no answer, broken off, 429, 5xx) */
};
bool http_fetch(struct http_client *c, const char *url, const char *path, uint64_t max, struct http_fetch *f,
		http_progress_fn *progress, void *user, struct err *e) MUST_CHECK;

#endif
