/* Signed results of hosts: what came of one patch of an order. */
#ifndef MAMORI_PATCH_RESULT_H
#define MAMORI_PATCH_RESULT_H

#include "base/json.h"
#include "base/time.h"
#include "store/order.h"

struct result {
	struct str attempt, order, host, patch, title, from, to, packages; /* packages: a JSON array */
	struct str trigger; /* order, window, emergency, outside */
	struct str by; /* outside: who did it, as far as the host knows */
	enum patch_state state;
	int64_t started, finished;
	struct str act; /* empty: installed; back: gone back from; remove: taken out */
	struct str why, words; /* ptr NULL: none */
	struct str signed_text; /* evidence: the signed document as it came */
};

/* The document inside a signed result; every length is capped. */
bool result_parse(struct arena *a, struct str document, struct result *out, struct err *e) MUST_CHECK;

/* Stores it. True also when the same attempt ended before: an end is never replaced, and the host may forget
 * its copy. One of a slot (its order is "slot:SLOT/PASS") has no order: its slot must be one of this host and of a policy of ours.
 * Nor has one of what somebody else did on the host (its order is "outside:HOST/NUMBER").
 * ERR_REFUSED when it is about another host or an unknown order, slot or attempt. */
bool result_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now,
		   struct err *e) MUST_CHECK;

#endif
