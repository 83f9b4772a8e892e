/* Relays, the sites that they serve, and how far letters of hosts have come. */
#ifndef MAMORI_STORE_RELAY_H
#define MAMORI_STORE_RELAY_H

#include "store/certificate.h"

struct relay_row {
	struct str id, name, site; /* site.ptr NULL: it serves hosts without a site */
	bool revoked;
	struct str names, urls; /* JSON arrays of texts */
	int64_t enrolled_at;
	struct str token, status_key;
	/* What it said last. */
	struct str version, peer, trouble; /* trouble.ptr NULL: none */
	int64_t last_seen;
	int64_t space, space_max, hits, misses, served, fetched;
	int64_t metadata_at, queue;
	struct str origins, refused; /* JSON arrays, as in doc/agent-protocol.md; empty: it told nothing of them */
	int64_t refused_total;
};

struct site_row {
	struct str name;
	bool relay_only; /* its hosts never try anything but their relays */
	int64_t fresh_ms; /* older repository metadata is an alarm */
	struct str note;
	int64_t hosts, relays; /* read only: active ones */
	int64_t metadata_at, last_seen, queue; /* read only: of its relays the newest, and all letters */
};
#define SITE_FRESH_MS INT64_C(259200000)

bool relay_insert(struct store *st, const struct relay_row *r, struct err *e) MUST_CHECK;
bool relay_get(struct store *st, struct arena *a, struct str id, struct relay_row *out, struct err *e) MUST_CHECK;
/* Sort keys: name site last_seen. */
bool relay_list(struct store *st, struct arena *a, struct page *p, struct relay_row **out, size_t *count,
		struct err *e) MUST_CHECK;
bool relay_known_sort(struct str key);
/* Those of a site that are not revoked, best known first; site.ptr NULL: of hosts without one. */
bool relay_of_site(struct store *st, struct arena *a, struct str site, struct relay_row **out, size_t *count,
		   struct err *e) MUST_CHECK;
/* The relay that says it is reached at this URL; ERR_NOT_FOUND. */
bool relay_by_url(struct store *st, struct arena *a, struct str url, struct relay_row *out, struct err *e) MUST_CHECK;
/* urls and all that it said. */
bool relay_set_status(struct store *st, const struct relay_row *r, struct err *e) MUST_CHECK;
bool relay_set_names(struct store *st, struct str id, struct str names, struct err *e) MUST_CHECK;
/* site.ptr NULL: none. */
bool relay_set_site(struct store *st, struct str id, struct str site, struct err *e) MUST_CHECK;
/* It and its certificates. */
bool relay_revoke(struct store *st, struct str id, int64_t now, struct err *e) MUST_CHECK;
bool relay_delete(struct store *st, struct str id, struct err *e) MUST_CHECK;

/* As store/certificate.h, with the relay's id in `host`. */
bool relay_certificate_insert(struct store *st, const struct certificate *c, struct err *e) MUST_CHECK;
bool relay_certificate_get(struct store *st, struct arena *a, struct str serial, struct certificate *out,
			   struct err *e) MUST_CHECK;

/* Every site that has a row, a host or a relay, by name. */
bool site_list(struct store *st, struct arena *a, struct site_row **out, size_t *count, struct err *e) MUST_CHECK;
/* Defaults when it has no row; name.ptr NULL is the site of hosts without one. */
bool site_get(struct store *st, struct arena *a, struct str name, struct site_row *out, struct err *e) MUST_CHECK;
bool site_put(struct store *st, const struct site_row *s, struct err *e) MUST_CHECK;
bool site_delete(struct store *st, struct str name, struct err *e) MUST_CHECK;
/* The site of a host; ptr NULL: none. */
bool site_of_host(struct store *st, struct arena *a, struct str host, struct str *site, struct err *e) MUST_CHECK;

struct letter_row {
	struct str host, relay; /* relay.ptr NULL: a bundle, or none yet */
	int64_t received, sent, at; /* serial numbers; 0: none yet */
	struct str answer; /* the newest, as it was written; ptr NULL: none */
};
/* A host that never wrote gives an empty one. */
bool letter_row_get(struct store *st, struct arena *a, struct str host, struct letter_row *out,
		    struct err *e) MUST_CHECK;
bool letter_row_put(struct store *st, const struct letter_row *l, struct err *e) MUST_CHECK;

#endif
