/* Listen addresses, and the names by which others reach them. */
#ifndef MAMORI_SERVER_ENDPOINT_H
#define MAMORI_SERVER_ENDPOINT_H

#include "base/arena.h"
#include "base/err.h"

struct endpoint {
	struct str host; /* "127.0.0.1", "::1" (no brackets), "0.0.0.0" */
	unsigned port;
};

/* "127.0.0.1:8443", "[::1]:8443"; ERR_USAGE on anything else. */
bool endpoint_parse(struct arena *a, struct str text, struct endpoint *out, struct err *e) MUST_CHECK;
bool endpoint_is_wildcard(const struct endpoint *p);
bool endpoint_is_loopback(const struct endpoint *p);
/* "https://HOST:PORT", IPv6 in brackets. */
struct str endpoint_url(struct arena *a, struct str host, unsigned port);
/* An address, not a name. */
bool host_is_address(struct str host);
/* The host of a Host header: no port, no brackets; STR_NONE when it is none. */
struct str host_of_header(struct str header);
/* Is this the https origin of the page that a Host header asks for? With its port: another program of the same
 * machine may have pages, too. */
bool origin_is(struct str origin, struct str header);
/* This machine's own addresses except loopback ones, at most max. */
size_t machine_addresses(struct arena *a, struct str *out, size_t max);
/* This machine's name. */
struct str machine_name(struct arena *a);

#endif
