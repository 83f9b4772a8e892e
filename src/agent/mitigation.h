/* Mitigations of an emergency on this host (plan/mitigate.h): done at once when a directive asks for them, whether or not
 * there is a window, a lease of time or a server, and undone when the update is in or nothing asks for them any more.
 *
 * mitigations.json holds what was begun and is written before anything is done; every act may be done again without harm.
 * A service that is stopped has a drop-in beside its unit, so that neither a restart of the machine nor another package
 * starts it; its condition is that very file, so that an agent that is taken out leaves no service dead. */
#ifndef MAMORI_AGENT_MITIGATION_H
#define MAMORI_AGENT_MITIGATION_H

#include "agent/session.h"
#include "plan/mitigate.h"

#define MITIGATION_MEMORY "mitigations.json"

/* d: the directive that is obeyed; slot: the id of the one in work, empty none. Fills in s->mitigations, which the check-in
 * tells; true: it tells something new. Never fails: what cannot be done says so. Does nothing without the right to. */
bool mitigation_run(struct session *s, const struct directive *d, struct str slot);
/* Is it stopped by a mitigation? ("smbd.service") */
bool mitigation_stops(struct session *s, struct str unit);
/* What is in force, for people at the machine: English sentences of the catalogue; empty: nothing. */
struct str mitigation_notice(struct session *s);

/* In mitigation-linux.c. */

/* "smbd.service" of "smbd". */
struct str mitigation_unit(struct arena *a, struct str service);
/* Sets x->state: MITIGATE_DUE when there is such a service, *runs: it is up; else what is in the way, with x->why. */
void mitigation_service_look(struct session *s, struct mitigate_act *x, bool *runs);
/* Stopped, and kept from starting. */
bool mitigation_service_stop(struct session *s, struct str service, struct err *e) MUST_CHECK;
/* Free to start; start: it is started as well. */
bool mitigation_service_free(struct session *s, struct str service, bool start, struct err *e) MUST_CHECK;

#endif
