/* The query language (Shodan's grammar with OR, parentheses, ranges, CIDR, dates, phrases) and what answers it. The tree
 * is compiled to bitmap algebra here and to SQL for ClickHouse (clickhouse.h). */
#ifndef MAMORI_EXPOSURE_QUERY_H
#define MAMORI_EXPOSURE_QUERY_H

#include "exposure/banner.h"
#include "base/buf.h"

enum { QUERY_MAX = 1 << 20, QUERY_DEPTH_MAX = 64, QUERY_NODES_MAX = 100000 };

enum query_kind {
	QUERY_ALL, /* the empty query */
	QUERY_AND,
	QUERY_OR,
	QUERY_NOT,
	QUERY_WORD, /* word or phrase in a text field; field FIELDS: in any (all:) */
	QUERY_EQUAL, /* keyword, bool, number, address */
	QUERY_RANGE, /* numbers, times: low ≤ x ≤ high */
	QUERY_NET, /* address and prefix length */
	QUERY_EXISTS,
	QUERY_GEO,
	QUERY_LIKE, /* keyword with * for any run of bytes, without regard to ASCII case */
};

struct query {
	enum query_kind kind;
	enum field field;
	unsigned column; /* where it was written, from 1 */
	struct str text;
	bool open; /* WORD: the last word may go on */
	int64_t low, high;
	unsigned char net[16];
	unsigned prefix; /* of 128 */
	double box[4]; /* GEO: south, west, north, east */
	double radius_km; /* > 0: around the box's middle */
	struct query **children;
	size_t count;
};

/* ERR_INPUT with the column and a caret line: "column 14: unknown filter contry; did you mean country?" */
bool query_parse(struct arena *a, struct str text, struct query **out, struct err *e) MUST_CHECK;
/* The same; *at: on failure the byte of text that the error is about. */
bool query_parse_at(struct arena *a, struct str text, struct query **out, size_t *at, struct err *e) MUST_CHECK;
void query_write(const struct query *q, struct buf *out); /* canonical form */

struct exposure_index;

/* All cost is bounded by the index; *out counts banners. */
bool exposure_query_count(struct exposure_index *ix, const struct query *q, uint64_t *out, struct err *e) MUST_CHECK;

struct facet_value {
	struct str value;
	uint64_t count;
};
struct facet {
	enum field field, second; /* second: FIELDS unless two-way */
	ARRAY_OF(struct facet_value) values; /* falling count, then value; two-way: "a\tb" */
	uint64_t other; /* the remaining non-null */
	bool any; /* stated or inferred (facet-any.h) */
};
bool exposure_facet(struct exposure_index *ix, const struct query *q, enum field field, enum field second, size_t top,
		    struct arena *a, struct facet *out, struct err *e) MUST_CHECK;
/* Banners of a TIME field by the step they fall in, in UTC, as facet values "2026-11", by rising time; empty steps between
 * are there. At most HISTOGRAM_MAX. */
enum histogram_step { STEP_HOUR, STEP_DAY, STEP_WEEK, STEP_MONTH, STEP_YEAR };
enum { HISTOGRAM_MAX = 100000 };
bool exposure_histogram(struct exposure_index *ix, const struct query *q, enum field field, enum histogram_step step,
			struct arena *a, struct facet *out, struct err *e) MUST_CHECK;
/* Distinct values (addresses of hosts, for one). */
bool exposure_distinct(struct exposure_index *ix, const struct query *q, enum field field, uint64_t *out,
		       struct err *e) MUST_CHECK;
/* Banners by their order (newest first, or by a field), values decoded, raw on demand. */
struct exposure_page {
	uint64_t offset, limit;
	enum field sort; /* FIELDS: newest first */
	bool falling, raw; /* without raw: no texts either */
	uint64_t sample; /* 0, or so many at random by seed */
	uint64_t seed;
	/* Which ones is decided as above, but they come in whatever order reads them fastest: for walks over very many. */
	bool any_order;
};
typedef bool exposure_each_fn(void *user, const struct banner *b, struct err *e);
bool exposure_search(struct exposure_index *ix, const struct query *q, const struct exposure_page *page,
		     exposure_each_fn *each, void *user, struct err *e) MUST_CHECK;

/* Two queries compared by service (address, port, transport), the newest banner of each: a report of what is new, gone and
 * changed, in the order of the addresses. */
enum exposure_change { EXPOSURE_NEW, EXPOSURE_GONE, EXPOSURE_CHANGED };
struct exposure_difference {
	enum exposure_change change;
	const struct banner *before, *after; /* NULL: not there */
	uint8_t fields[FIELDS]; /* CHANGED: 1 for each field that differs */
};
typedef bool exposure_difference_fn(void *user, const struct exposure_difference *d, struct err *e);
bool exposure_diff(struct exposure_index *ix, const struct query *before, const struct query *after,
		   exposure_difference_fn *each, void *user, struct err *e) MUST_CHECK;

#endif
