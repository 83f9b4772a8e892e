/* Scripts before and after an installation. The policy only names one; it runs only when an administrator signed it with
 * a key that the server does not have: as target custom/scripts/NAME of the update metadata (agent/updates.h), or scripts/NAME beside scripts/NAME.sig (ECDSA P-256, SHA-256, DER, over
 * "mamori\nscript\n" and the bytes), by one of the keys of administrators.pem, all in the state folder that only root can
 * write. It runs as root, with a clean environment and a time limit: who holds such a key administers the machine. */
#ifndef MAMORI_AGENT_SCRIPT_H
#define MAMORI_AGENT_SCRIPT_H

#include "agent/session.h"

#define SCRIPT_KEYS "administrators.pem"
#define SCRIPT_FOLDER "scripts"

/* ERR_REFUSED: not signed by such a key. ERR_CONFLICT: it ran and said no (its last words are told). */
bool script_run(struct session *s, struct str name, struct str slot, unsigned pass, struct err *e) MUST_CHECK;

#endif
