/* One feed: a row in feeds.c and a file below feeds/. */
#ifndef MAMORI_VULN_OPS_H
#define MAMORI_VULN_OPS_H

#include "vuln/bucket.h"
#include "vuln/listing.h"
#include "vuln/sniff.h"

/* Where a reader puts what it finds in one input. */
struct feed_sink {
	const char *feed;
	struct bucket_set *set;
	struct feed_count *count;
	struct buf body; /* scratch */
	int64_t published; /* the newest date that the feed states; the reader sets it */
	int64_t latest; /* a later date is taken for this one: it would hide every correction; 0: no bound */
	bool full; /* a record found no room: no fault of the input's form */
};

/* A record was met and left out. */
void sink_skip(struct feed_sink *s, const char *reason);
/* What one record may say: ranges of versions of all its packages, and packages times vulnerabilities, which is what it
 * comes to in an index. The largest real ones have some thousands, and some hundred thousands. */
#define RECORD_RANGES_MAX 100000
#define RECORD_FACTS_MAX 5000000

/* A record was met and is kept, unless its key was there already with a newer date (then "duplicate"), a version in it
 * is monstrous ("too-long"), or it says more than one may ("too-large"). */
bool sink_keep(struct feed_sink *s, struct str source, struct str key, int64_t modified, const struct record *r,
	       struct err *e) MUST_CHECK;
void count_skip(struct feed_count *c, const char *reason, uint64_t n);

struct json_reader;
/* The reader's error, or (where its text is fine JSON of another form) that; returns false. */
bool sink_json_error(const struct json_reader *r, struct err *e);

struct feed_ops {
	const char *name; /* "kev" */
	const char *title; /* for people: an English key of the catalogue */
	bool merge; /* records replace earlier ones of the same key, the others stay */
	bool (*recognise)(const struct sniff *s);
	/* Reads one input to its end. False: it cannot be understood as a whole. */
	bool (*read)(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e);
	/* Public addresses, NULL-terminated; "%s" stands for the ecosystem. */
	const char *const *urls;
	const struct feed_listing *listings; /* lists of documents; NULL: none */
	int64_t fetch_after; /* milliseconds; a copy that is younger is not asked for again, 0: always asked */
};

extern const struct feed_ops *const feeds_all[]; /* NULL-terminated */

/* How old each feed may be, in the order of feeds_all; it ends where feed is NULL. */
struct feed_age {
	const char *feed;
	unsigned days;
	bool by_published; /* the publisher dates every issue: its age counts, not the import's */
};
extern const struct feed_age feed_ages[];

const struct feed_ops *feed_find(const char *name);

extern const struct feed_ops feed_osv, feed_debian_dsa, feed_debian_dla, feed_debian_tracker, feed_cve, feed_csaf,
	feed_jvn, feed_kev, feed_epss, feed_eol, feed_msrc_definitions, feed_msrc_cvrf;

#define DAY_MS (INT64_C(24) * 3600 * 1000)

#endif
