/* One-time sign-in codes and sessions; of both only the SHA-256 is kept. */
#ifndef MAMORI_STORE_SESSION_H
#define MAMORI_STORE_SESSION_H

#include "store/store.h"

struct signin {
	struct str hash, user, role;
	int64_t expires;
};

struct session {
	struct str hash, user, role, csrf;
	int64_t seen_at, expires;
};

bool signin_insert(struct store *st, const struct signin *s, struct err *e) MUST_CHECK;
/* Takes the code: it works once. ERR_REFUSED when unknown, used or expired. */
bool signin_take(struct store *st, struct arena *a, struct str hash, int64_t now, struct signin *out,
		 struct err *e) MUST_CHECK;

/* Also clears away what has expired. */
bool session_insert(struct store *st, const struct session *s, int64_t idle_before, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND when there is none of that hash. */
bool session_get(struct store *st, struct arena *a, struct str hash, struct session *out, struct err *e) MUST_CHECK;
bool session_touch(struct store *st, struct str hash, int64_t now, struct err *e) MUST_CHECK;
bool session_delete(struct store *st, struct str hash, struct err *e) MUST_CHECK;

#endif
