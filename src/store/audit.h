/* The audit log: append-only, each row's hash over its content and the hash before. */
#ifndef MAMORI_STORE_AUDIT_H
#define MAMORI_STORE_AUDIT_H

#include "store/store.h"

struct audit {
	int64_t seq, at;
	struct str who, what, object, detail, hash;
};

/* Appends; seq and hash are set here. who: a user, "token ID" or "host NAME"; what: a verb such as
 * "order.create"; object: its id; detail: for people. */
bool audit_add(struct store *st, const struct audit *row, struct err *e) MUST_CHECK;
bool audit_list(struct store *st, struct arena *a, struct page *p, struct audit **out, size_t *count,
		struct err *e) MUST_CHECK;
/* Walks the whole chain; *broken is the first row that does not fit, 0 when all do. */
bool audit_verify(struct store *st, int64_t *broken, struct err *e) MUST_CHECK;

#endif
