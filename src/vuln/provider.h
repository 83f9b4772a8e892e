/* Inside the room: where a publisher of CSAF says its lists of documents are (provider-metadata.json, CSAF 2.0, 7.1.7
 * and 7.1.8). */
#ifndef MAMORI_VULN_PROVIDER_H
#define MAMORI_VULN_PROVIDER_H

#include "base/arena.h"

#define PROVIDER_LISTS_MAX 16

struct provider {
	ARRAY_OF(struct str) lists; /* addresses on the publisher's own host: ROLIE feeds, or a folder's changes.csv */
	size_t bad; /* lists elsewhere, or more than are taken */
};

/* "https://host:port" of an address; empty: it is none. */
struct str url_origin(struct str url);
/* What of an address comes behind "ORIGIN/", where that is its origin and what follows is a plain path; else
 * STR_NONE. Plain: letters, digits, ".", "_", "-" and "/", nothing that leads upwards. */
struct str url_path_within(struct str url, struct str origin);

/* False: the text is no provider-metadata.json. Of feeds only what needs no account is taken (TLP white, clear or
 * unlabeled). A folder counts only where there is no feed: both name the same documents. */
bool provider_read(struct str text, struct str origin, struct arena *a, struct provider *out) MUST_CHECK;

#endif
