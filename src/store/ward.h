/* Wards that act without an account: a PIN for each department, and the sessions it opens. */
#ifndef MAMORI_STORE_WARD_H
#define MAMORI_STORE_WARD_H

#include "store/store.h"

struct ward {
	struct str group, salt, pin, by; /* salt and pin: bytes */
	int64_t rounds, at;
};
/* Ends the sessions that the PIN before opened. */
bool ward_put(struct store *st, const struct ward *w, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND */
bool ward_get(struct store *st, struct arena *a, struct str group, struct ward *out, struct err *e) MUST_CHECK;
bool ward_delete(struct store *st, struct str group, struct err *e) MUST_CHECK;

struct ward_session {
	struct str hash, group, csrf;
	int64_t expires;
};
/* Also clears away what has expired. */
bool ward_session_insert(struct store *st, const struct ward_session *s, int64_t now, struct err *e) MUST_CHECK;
bool ward_session_get(struct store *st, struct arena *a, struct str hash, struct ward_session *out,
		      struct err *e) MUST_CHECK;

struct ward_machine {
	struct str host, name;
};
bool ward_machines(struct store *st, struct arena *a, struct str group, struct ward_machine **out, size_t *count,
		   struct err *e) MUST_CHECK;

#endif
