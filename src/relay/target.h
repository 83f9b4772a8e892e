/* What a request is for: the relay's own pages, a file of an origin, a tunnel. And the list of origins that may be
 * asked at all. Whatever is not on the list is refused before any name is resolved. */
#ifndef MAMORI_RELAY_TARGET_H
#define MAMORI_RELAY_TARGET_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/request.h"

/* An allowed origin: "https://deb.example.org/debian". */
struct origin {
	bool https, unverified;
	char host[256]; /* lower case; no brackets */
	char port[6]; /* never empty */
	struct str path; /* canonical prefix, "/" or "/debian/": a whole number of segments */
};

struct allowlist {
	ARRAY_OF(struct origin) origins;
	ARRAY_OF(struct origin)
	named; /* single files, for which nothing but their own path stands; no tunnel leads there */
	ARRAY_OF(struct origin) tunnels; /* host:port that are reachable by CONNECT besides https origins */
};

/* "ORIGIN-URL[,unverified]". Credentials, queries and fragments are ERR_USAGE. */
bool allow_add(struct allowlist *l, struct arena *a, struct str text, struct err *e) MUST_CHECK;
/* The address of one file; false: it is malformed. Its query is not looked at. */
bool allow_add_file(struct allowlist *l, struct arena *a, struct str url) MUST_CHECK;
/* "host:port" of the mamori server. */
bool allow_add_tunnel(struct allowlist *l, struct arena *a, struct str text, struct err *e) MUST_CHECK;

enum target_kind {
	TARGET_FILE,
	TARGET_TUNNEL,
	TARGET_OWN, /* below /relay/v1/ */
	TARGET_REFUSED, /* status and why say how */
};

struct target {
	enum target_kind kind;
	int status;
	const char *why; /* one English sentence, a key of the catalogue */
	const struct origin *origin;
	struct buf url; /* TARGET_FILE: canonical, "https://host[:port]/path[?query]"; TARGET_TUNNEL: "host:port" */
};

void target_find(const struct allowlist *l, const struct request *r, struct target *t);
void target_free(struct target *t);

/* Canonical form of a URL of an allowed origin: lower-case host, no default port, path decoded and encoded again in one
 * way, no dot segments. False when it is malformed or not allowed; *origin (may be NULL) is the one that allows it. */
bool allow_url(const struct allowlist *l, struct str url, struct buf *canonical, const struct origin **origin);
/* The canonical form alone, of any http or https URL. */
bool url_canonical(struct str url, struct buf *out);

#endif
