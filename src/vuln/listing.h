/* Inside the room: publishers that keep one document for each advisory or month, and a list of them with their dates:
 * CSAF's changes.csv (CSAF 2.0, 7.1.13: "PATH","TIME" in each line), its ROLIE feeds (7.1.15, RFC 8322) and Microsoft's
 * list of months (JSON). */
#ifndef MAMORI_VULN_LISTING_H
#define MAMORI_VULN_LISTING_H

#include "base/arena.h"

/* A row of a feed's table; the last has no url. */
struct feed_listing {
	const char *publisher; /* the mirror's folder FEED/PUBLISHER; NULL: FEED itself */
	const char *url; /* of the list; documents are below its folder */
	const char *ecosystem; /* only for a fleet of this OSV ecosystem; NULL: for everybody */
	const char *below; /* put before a document's name: "cvrf/" */
	size_t newest; /* at most so many documents, the newest */
};

struct listing_entry {
	struct str path; /* below the list's folder, or with a "/" in front below its host's root; letters, digits, ".",
			    "_", "-" and "/" only */
	int64_t changed;
};

#define LISTING_MAX (64u << 20) /* bytes */

/* Those that changed after `since`, newest first. *bad: lines that name no document, or one elsewhere. */
bool listing_read(struct str text, const struct feed_listing *l, int64_t since, struct arena *a,
		  struct listing_entry **out, size_t *count, size_t *bad, struct err *e) MUST_CHECK;

#endif
