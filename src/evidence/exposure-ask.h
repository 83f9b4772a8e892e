/* Inside the room: questions to a store of banners, each kept with the table that it filled. The first error stays; after it
 * every answer is 0. */
#ifndef MAMORI_EVIDENCE_EXPOSURE_ASK_H
#define MAMORI_EVIDENCE_EXPOSURE_ASK_H

#include "evidence/exposure-report.h"

struct asked {
	unsigned table; /* 0: of the summary */
	struct str words; /* a command: "facet country:10 Q port:104" */
};

struct ask {
	const struct exposure_request *request;
	struct arena *a;
	struct str base; /* Q: what every question begins with */
	struct err *e;
	bool failed;
	bool quiet; /* questions of one row among many are written down once, by ask_note() */
	unsigned table; /* whose questions these are */
	ARRAY_OF(struct asked) asked;
};

bool ask_begin(struct ask *k, const struct exposure_request *request, struct arena *a, struct err *e) MUST_CHECK;
/* more: what narrows Q; "" for all of it. */
uint64_t ask_count(struct ask *k, struct str more);
uint64_t ask_hosts(struct ask *k, struct str more); /* different addresses */
/* second: FIELDS unless two-way. */
struct facet ask_facet(struct ask *k, struct str more, enum field field, enum field second, size_t top);
/* Banners in any order: all of them, or so many at random, the same ones every time. */
void ask_each(struct ask *k, struct str more, uint64_t sample, bool texts, exposure_each_fn *each, void *user);
/* The first and last time of an observation; 0: there is none. */
void ask_range(struct ask *k, int64_t *first, int64_t *last);
void ask_note(struct ask *k, struct str words);
/* What was stated where something is, else what was inferred: "(country:JP OR (-country:* country.inferred:JP))". */
struct str ask_in_country(struct ask *k, struct str code);

/* Values of a field, stated or (where nothing is) inferred, put together. */
struct tally_row {
	struct str value;
	uint64_t stated, inferred;
};
struct tally_rows {
	ARRAY_OF(struct tally_row) rows; /* by falling sum, then value */
	uint64_t total;
};
struct tally_rows ask_either(struct ask *k, struct str more, enum field field, enum field second);
uint64_t tally_of(const struct tally_rows *t, struct str value);

#endif
