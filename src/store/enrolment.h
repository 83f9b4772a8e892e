/* Tokens that machines enrol with; only the SHA-256 of the secret is kept. */
#ifndef MAMORI_STORE_ENROLMENT_H
#define MAMORI_STORE_ENROLMENT_H

#include "store/store.h"

struct enrolment {
	struct str id, secret_hash, role, group; /* group.ptr NULL: none */
	bool approve; /* hosts stay pending until somebody approves them */
	int64_t uses, used, created_at, expires, revoked_at;
};

bool enrolment_insert(struct store *st, const struct enrolment *t, struct err *e) MUST_CHECK;
bool enrolment_get(struct store *st, struct arena *a, struct str id, struct enrolment *out, struct err *e) MUST_CHECK;
bool enrolment_list(struct store *st, struct arena *a, struct page *p, struct enrolment **out, size_t *count,
		    struct err *e) MUST_CHECK;
/* Counts one use; ERR_REFUSED when none is left. */
bool enrolment_use(struct store *st, struct str id, struct err *e) MUST_CHECK;
bool enrolment_revoke(struct store *st, struct str id, int64_t now, struct err *e) MUST_CHECK;

#endif
