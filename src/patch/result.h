/* Signed results of hosts: what came of one patch of an order. */
#ifndef MAMORI_PATCH_RESULT_H
#define MAMORI_PATCH_RESULT_H

#include "base/json.h"
#include "base/time.h"
#include "store/order.h"

struct result {
	struct str attempt, order, host, patch, title, from, to, packages; /* packages: a JSON array */
	enum patch_state state;
	int64_t started, finished;
	struct str why, words; /* ptr NULL: none */
	struct str signed_text; /* evidence: the signed document as it came */
};

/* The document inside a signed result; every length is capped. */
bool result_parse(struct arena *a, struct str document, struct result *out, struct err *e) MUST_CHECK;

/* Stores it. True also when the same attempt ended before: an end is never replaced, and the host may forget
 * its copy. ERR_REFUSED when it is about another host or an unknown order or attempt. */
bool result_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now,
		   struct err *e) MUST_CHECK;

#endif
