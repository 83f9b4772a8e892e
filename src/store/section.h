/* Sections of check-ins: stored once by their hash, but counted as received only from the host that sent them. */
#ifndef MAMORI_STORE_SECTION_H
#define MAMORI_STORE_SECTION_H

#include "store/store.h"

struct section {
	struct str name, announced, hash; /* hash.ptr NULL: none received yet */
	int64_t received_at;
};

/* A host says that its section has this hash now. *needed: this host has not sent that body itself. */
bool section_announce(struct store *st, struct str host, struct str name, struct str hash, bool *needed,
		      struct err *e) MUST_CHECK;
/* ERR_CONFLICT when the host did not announce this hash for this section. */
bool section_check(struct store *st, struct str host, struct str name, struct str hash, struct err *e) MUST_CHECK;
bool section_put(struct store *st, struct str host, struct str name, struct str hash, struct str body, int64_t now,
		 struct err *e) MUST_CHECK;
/* All are asked for again. */
bool section_forget(struct store *st, struct str host, struct err *e) MUST_CHECK;
bool section_list(struct store *st, struct arena *a, struct str host, struct section **out, size_t *count,
		  struct err *e) MUST_CHECK;
/* The body that this host sent last; STR_NONE when it sent none. */
bool section_body(struct store *st, struct arena *a, struct str host, const char *name, struct str *body,
		  struct err *e) MUST_CHECK;

#endif
