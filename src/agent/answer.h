/* The server's answers, read with caps: the only bytes of the network that the part with rights looks at. */
#ifndef MAMORI_AGENT_ANSWER_H
#define MAMORI_AGENT_ANSWER_H

#include "base/arena.h"
#include "base/json.h"

struct answer {
	struct str lineage, notice;
	const struct json *need, *accepted, *orders;
	const struct json *directive; /* signed; NULL: none came */
	const struct json *all; /* the whole object */
	int64_t now; /* the server's clock, 0 unknown */
	size_t need_count, accepted_count, order_count;
	unsigned interval; /* seconds, 5 … 86400 */
	bool renew, stage_security;
};

/* The body of a check-in's 200. Everything lives in the arena. */
bool answer_parse(struct arena *arena, struct str body, struct answer *out, struct err *e) MUST_CHECK;
/* The same from a tree; lineage: it must have one (a letter has none). */
bool answer_read(struct arena *arena, const struct json *v, bool lineage, struct answer *out, struct err *e) MUST_CHECK;

/* Why the server said no: a status other than success as an error, with its own sentence.
 * *state: "revoked" "pending" "cloned" or NULL, static. */
bool answer_error(struct arena *arena, int status, struct str body, const char **state, struct err *e);

#endif
