/* Results that the server does not have yet: one file for each order × patch, signed when it is written.
 * `running` may be replaced by an end; nothing replaces an end. */
#ifndef MAMORI_AGENT_ATTEMPT_H
#define MAMORI_AGENT_ATTEMPT_H

#include "agent/session.h"

struct attempt {
	struct str order, patch, title;
	const struct patch_package *packages;
	size_t package_count;
	const char *act; /* back, remove; NULL: it is installed */
	const char *trigger; /* order, window, emergency, outside; NULL: order */
	struct str by; /* outside: who did it, as far as it is known */
	const char *state; /* running, installed, installed-pending-reboot, failed */
	int64_t started, finished; /* finished 0: it runs */
	struct str why, words; /* empty: null */
};

/* "ORDER/PATCH", in the arena. */
struct str attempt_id(struct arena *arena, struct str order, struct str patch);
/* Signs and stores; does nothing when an end is stored already. */
bool attempt_write(struct session *s, const struct attempt *t, struct err *e) MUST_CHECK;

/* A stored result as it goes to the server. */
struct attempt_stored {
	struct str id, state;
	const struct json *result; /* signed */
	const char *file; /* below the state folder */
};
/* Those of this host, ends first; those of an earlier identity are deleted, damaged ones are set aside. */
bool attempt_list(struct session *s, struct attempt_stored **out, size_t *count, struct err *e) MUST_CHECK;
/* The server has it durably. */
bool attempt_forget(struct session *s, const struct attempt_stored *t, struct err *e) MUST_CHECK;

#endif
