/* Which bundles went to a closed site, and which came back. Their contents are none of the database. */
#ifndef MAMORI_STORE_BUNDLE_H
#define MAMORI_STORE_BUNDLE_H

#include "store/store.h"

struct bundle_row {
	struct str site;
	bool up;
	int64_t counter;
	struct str id;
	struct str relay; /* up: who made it; else empty */
	int64_t since, seen, made, expires;
	int64_t at; /* signed, or taken in; 0: not finished */
	int64_t members, bytes;
	struct str by;
};

/* Replaces the row of the same site, direction, relay and number. */
bool bundle_row_put(struct store *st, const struct bundle_row *b, struct err *e) MUST_CHECK;
bool bundle_row_get(struct store *st, struct arena *a, struct str site, int64_t counter, struct bundle_row *out,
		    struct err *e) MUST_CHECK; /* one that goes down */
/* Newest first; site.ptr NULL: of all sites. */
bool bundle_row_list(struct store *st, struct arena *a, struct str site, struct page *p, struct bundle_row **out,
		     size_t *count, struct err *e) MUST_CHECK;
/* The highest number used so far, 0: none. relay: empty for those that go down. */
bool bundle_newest(struct store *st, struct str site, struct str relay, int64_t *counter, struct err *e) MUST_CHECK;

/* What is known of a site: the newest that was made for it, the newest that it took in, and the newest that came back. */
struct bundle_site {
	struct str site;
	struct bundle_row down, up; /* counter 0: none */
	int64_t seen, seen_made; /* number of the last one taken in there, and when that was made; 0: none known */
};
bool bundle_site_get(struct store *st, struct arena *a, struct str site, struct bundle_site *out,
		     struct err *e) MUST_CHECK;
/* Sites that ever had a bundle. */
bool bundle_sites(struct store *st, struct arena *a, struct str **out, size_t *count, struct err *e) MUST_CHECK;
/* Active hosts of a site. */
bool bundle_hosts(struct store *st, struct arena *a, struct str site, struct str **ids, size_t *count,
		  struct err *e) MUST_CHECK;

/* A package of which the site's machines have a version with known vulnerabilities that a newer one fixes. */
struct bundle_need {
	struct str package;
	int64_t severity; /* the worst; enum severity of vuln */
	int64_t kev, vulnerabilities, hosts; /* kev, vulnerabilities: different ones */
};

/* What the site's active machines said of themselves, so what its next bundle is for. */
struct bundle_next {
	int64_t hosts;
	int64_t heard_first, heard_last; /* of their newest words the oldest and the newest; 0: none spoke yet */
	int64_t updates, bytes; /* that they know of and lack */
	int64_t vulnerabilities; /* different ones, with a fix */
	int64_t letters; /* of machines that an answer waits for */
	struct bundle_need *needs; /* worst first: a page of them */
	size_t need_count;
};
bool bundle_next_get(struct store *st, struct arena *a, struct str site, struct page *p, struct bundle_next *out,
		     struct err *e) MUST_CHECK;

#endif
