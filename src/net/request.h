/* One HTTP/1.1 request (RFC 9112), taken in as its bytes arrive. Strict where leniency lets two readers
 * disagree about where a request ends: no folded lines, no bare LF, no repeated or contradictory lengths. */
#ifndef MAMORI_NET_REQUEST_H
#define MAMORI_NET_REQUEST_H

#include "base/buf.h"

enum request_state {
	REQUEST_HEAD,
	REQUEST_BODY,
	REQUEST_CHUNK_SIZE,
	REQUEST_CHUNK_DATA,
	REQUEST_CHUNK_END,
	REQUEST_TRAILER,
	REQUEST_DONE,
	REQUEST_BAD,
};

struct request_field {
	struct str name, value;
};

struct request {
	size_t head_max, body_max; /* set before the first byte */
	bool proxy; /* set before the first byte: CONNECT is understood, and an address of another server is one */
	enum request_state state;
	struct buf head; /* the views below lie in it */
	struct str method, path, query;
	struct str scheme, authority; /* with `proxy` only: of absolute-form; authority alone for CONNECT; else empty */
	struct request_field *fields;
	size_t field_count;
	struct buf body;
	bool http11; /* else HTTP/1.0 */
	bool keep_alive;
	bool wants_continue; /* Expect: 100-continue, and a body is due */
	int status; /* REQUEST_BAD: the answer, 400 and up */
	const char *why; /* REQUEST_BAD: one English sentence, a key of the catalogue */
	uint64_t left; /* internal: bytes of the body or chunk still to come */
	struct buf line; /* internal: a chunk's size or trailer line */
	size_t trailer; /* internal: bytes of trailers seen */
};

/* Takes bytes in and returns how many belong to this request; r->state says what is next. */
size_t request_feed(struct request *r, struct str bytes);
/* The first field of that name, or STR_NONE. */
struct str request_field(const struct request *r, struct str name);
void request_free(struct request *r);

#endif
