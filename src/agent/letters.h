/* Letters (trust/letter.h): what a check-in would say and hear while the server cannot be reached, left at a relay of the
 * site and taken from there. letters.json in the state folder keeps the numbers: of the last one written, durable before
 * it leaves, and of the last answer taken. */
#ifndef MAMORI_AGENT_LETTERS_H
#define MAMORI_AGENT_LETTERS_H

#include "agent/session.h"

/* Takes the server's newest letter from a relay, if there is one: accepted results are forgotten, the directive is
 * obeyed, orders are added to the session. *relay: a relay answered. Failures are logged. */
void letters_fetch(struct session *s, bool *relay);
/* Leaves a letter with all that the server has not confirmed; it replaces the one before. False: no relay took it. */
bool letters_leave(struct session *s, struct err *e) MUST_CHECK;

#endif
