/* Services of this machine, by systemctl: what the slot machine and mitigations stop and start. */
#ifndef MAMORI_AGENT_SERVICE_H
#define MAMORI_AGENT_SERVICE_H

#include "agent/session.h"

/* argv begins with "systemctl". False with its own last words. *out (or NULL): what it printed, in the arena. */
bool service_ctl(struct session *s, const char *const *argv, struct str *out, struct err *e) MUST_CHECK;
/* systemctl VERB -- UNIT; a name that is none is ERR_INPUT. */
bool service_do(struct session *s, const char *verb, struct str unit, struct err *e) MUST_CHECK;
/* KEY=VALUE lines of these properties ("LoadState,ActiveState"). */
bool service_show(struct session *s, struct str unit, const char *properties, struct str *out,
		  struct err *e) MUST_CHECK;
/* A value of them; STR_NONE: not there. */
struct str service_property(struct str text, const char *name);

#endif
