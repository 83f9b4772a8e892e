/* What the API's rows about exposure share: parameters of an address or a body, the query with the place of its error, open
 * data for as long as the request lasts, pages by cursor. Private to server. */
#ifndef MAMORI_SERVER_EXPOSURE_ASK_H
#define MAMORI_SERVER_EXPOSURE_ASK_H

#include "server/exposure_pool.h"
#include "server/route.h"

enum {
	ASK_LIMIT_MS = 12000, /* of one answer */
	ASK_PARAMETER_MAX = 12000, /* bytes of one in an address; longer queries are POSTed */
};

struct asking {
	struct exposure_use use;
	struct query *q;
	int64_t from_us;
};
void asking_end(struct asking *x);
#define ASKING_AUTO __attribute__((cleanup(asking_end))) struct asking

/* Reads parameters, parses `q` and opens the data. False with no e: r holds the answer already (a query that cannot be read:
 * `at` tells where, in UTF-16 units as a page counts them). */
bool asking_begin(struct request *r, const char *const *allowed, struct asking *x, struct err *e) MUST_CHECK;
/* The same without a query. */
bool asking_open(struct request *r, const char *const *allowed, struct asking *x, struct err *e) MUST_CHECK;
/* Parses a query as `q` is; *out is untouched when it fails as above. */
bool asking_query(struct request *r, struct str text, struct query **out, struct err *e) MUST_CHECK;
/* "ms" and, where parts could not be read, "damaged". */
void asking_tell(struct request *r, const struct asking *x);

/* Of the address or, for a POST, of the body; STR_NONE without. */
struct str ask_text(const struct request *r, const char *key);
bool ask_number(const struct request *r, const char *key, uint64_t otherwise, uint64_t most, uint64_t *out,
		struct err *e) MUST_CHECK;
bool ask_field(struct request *r, struct str name, enum field *out, struct err *e) MUST_CHECK;

/* q AND low ≤ field ≤ high; q AND field = text. */
struct query *query_and_range(struct arena *a, struct query *q, enum field f, int64_t low, int64_t high);
struct query *query_and_equal(struct arena *a, struct query *q, enum field f, struct str text);
struct query *query_and(struct arena *a, struct query *p, struct query *q);

/* Pages, newest first: everything up to an instant, less what was shown of that instant. */
struct cursor {
	int64_t until; /* INT64_MAX: from the newest */
	uint64_t skip;
};
bool cursor_read(const struct request *r, struct cursor *out, struct err *e) MUST_CHECK;
struct str cursor_text(struct arena *a, const struct cursor *c);
/* Moves it behind a banner that was shown. */
void cursor_pass(struct cursor *c, const struct banner *b);

/* IP~PORT~TRANSPORT~MILLISECONDS: what tells one banner from another. */
struct str banner_key_text(struct arena *a, const struct banner *b);

/* A copy whose texts are cut to max bytes each, without html. */
struct banner banner_brief(struct arena *a, const struct banner *b, size_t max);

#endif
