/* Asks many HTTP questions at once, of strangers: GET alone, on one event loop and one thread (libcurl). Redirects are told, not
 * followed: whoever asks decides whether it may go there. Sizes and times are capped; a server that dribbles is given up. */
#ifndef MAMORI_NET_HTTP_ASK_H
#define MAMORI_NET_HTTP_ASK_H

#include "base/buf.h"

struct event_base;
struct http_ask;

struct http_ask_result {
	bool whole; /* the answer came to its end; else why */
	bool too_large; /* it did not: more than body_max */
	int status; /* 0: no answer */
	struct str body; /* all views live until the callback returns */
	struct str location; /* of a redirect: absolute, as libcurl resolved it; empty: none */
	int64_t retry_after_s; /* -1: not said */
	bool inside; /* who answered has an address that is not public (loopback, private, link-local) */
	const char *why; /* a sentence */
};

/* May ask more; must not free. */
typedef void http_ask_fn(void *user, void *question, const struct http_ask_result *r);

struct http_ask_options {
	http_ask_fn *done;
	void *user;
	unsigned connect_timeout_s; /* 0 = 10 */
	unsigned timeout_s; /* whole exchange, 0 = 300 */
	unsigned silence_s; /* slower than 100 bytes a second for so long, 0 = 30 */
};

struct http_ask_request {
	const char *url;
	const char *shown; /* the URL in sentences, where it has a secret in it; NULL: url */
	const char *const *headers; /* NULL-terminated "Name: value"; may be NULL */
	size_t body_max; /* 0 = 16 MiB */
	bool public_only; /* an address that is not public is not connected to */
};

bool http_ask_new(struct event_base *base, const struct http_ask_options *o, struct http_ask **out,
		  struct err *e) MUST_CHECK;
/* question comes back in the callback, never before this returns. */
void http_ask(struct http_ask *h, const struct http_ask_request *r, void *question);
/* Without callbacks for what is under way. */
void http_ask_free(struct http_ask *h);

/* Whether only this machine, its network or nobody can have this numeric address. */
bool address_is_inside(const char *numeric);

#endif
