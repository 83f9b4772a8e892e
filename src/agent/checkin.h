/* The conversation with the server: section hashes and results go out, what the server needs and orders come
 * back (doc/agent-protocol.md). */
#ifndef MAMORI_AGENT_CHECKIN_H
#define MAMORI_AGENT_CHECKIN_H

#include "agent/session.h"

/* Reads the inventory and writes the sections system and packages; updates comes from the plan when it is known. */
bool checkin_sections(struct session *s, struct err *e) MUST_CHECK;
/* One exchange: check-in, the sections that are needed, renewal when asked; more check-ins while results are left.
 * The new lineage is durable before anything else is done; orders and wishes are added to the session. */
bool checkin_send(struct session *s, struct err *e) MUST_CHECK;

/* The same in a letter: {"check_in":{…},"sections":{"NAME":"its body"},"answered":n}, with all sections. */
bool checkin_letter(struct session *s, int64_t answered, struct buf *out, struct err *e) MUST_CHECK;
/* What the server answered to one. */
bool checkin_answer_by_letter(struct session *s, const struct json *answer, struct err *e) MUST_CHECK;

#endif
