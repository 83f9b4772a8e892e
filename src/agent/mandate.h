/* The directive as it is kept here: signed, so that what is obeyed offline is what was signed.
 *
 * directive.json       the newest
 * directive-slot.json  the one that the slot in work began with; it keeps its policy */
#ifndef MAMORI_AGENT_MANDATE_H
#define MAMORI_AGENT_MANDATE_H

#include "agent/session.h"
#include "plan/directive.h"

/* Verifies, and keeps it durably. ERR_REFUSED: a wrong signature, another host's, or older than the one we have. */
bool mandate_take(struct session *s, const struct json *signed_directive, struct err *e) MUST_CHECK;
/* False: there is none, or it is not signed by the key that this machine was enrolled with (logged). */
bool mandate_load(struct session *s, struct directive *out);
/* The one with this serial that a slot began with. */
bool mandate_load_began(struct session *s, int64_t serial, struct directive *out);
/* Keeps the newest beside, for the slot that begins with it; durable before this returns. */
bool mandate_keep(struct session *s, struct err *e) MUST_CHECK;
/* The same with what the policy removes as patches of its own ("remove:NAME"), where they are installed and not waited with (removal.h). */
void mandate_widen(struct session *s, const struct directive *d, struct directive *out);
#define MANDATE_REMOVE "remove:"

#endif
