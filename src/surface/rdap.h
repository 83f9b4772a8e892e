/* Answers of RDAP (RFC 9083): domain, ip network, autnum, entity, nameserver, or an error. */
#ifndef MAMORI_SURFACE_RDAP_H
#define MAMORI_SURFACE_RDAP_H

#include "surface/registration.h"

/* Reads the body of one answer; http_status 0 when it is not known (a file). 404 and 429 need no body, and what came
 * with them may be anything. A search's answer gives its first result. ERR_INPUT: not JSON, or of no known class. */
bool rdap_read(struct arena *a, struct str body, int http_status, struct registration *out, struct err *e) MUST_CHECK;

/* An answer to a search (RFC 9082 3.2, RFC 9536): domains, or entities. */
struct rdap_search {
	size_t results; /* that each was called for; more than RDAP_RESULTS_MAX are left */
	bool more; /* the server has more than it told, or more were left */
	struct str cursor; /* of the next page (RFC 8977); STR_NONE: none is offered */
};

enum { RDAP_RESULTS_MAX = 2000, RDAP_CURSOR_MAX = 600 };

/* r lives until it returns. */
typedef void rdap_result_fn(void *user, const struct registration *r);

/* Calls each, which may be NULL, for every result. ERR_INPUT: not JSON, or no answer to a search. */
bool rdap_search_read(struct arena *a, struct str body, rdap_result_fn *each, void *user, struct rdap_search *out,
		      struct err *e) MUST_CHECK;

#endif
