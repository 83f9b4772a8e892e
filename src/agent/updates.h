/* Update metadata (trust/tuf.h) on this machine: fetched by the part without rights, verified by the part with them.
 *
 * updates/       what is trusted; its root came with enrolment, and only a root that it signed replaces it
 * updates.json   when that was verified last, and what was wrong with what came since
 * vouched/NAME   scripts that the signed metadata vouches for (role "custom": keys that the server does not have) */
#ifndef MAMORI_AGENT_UPDATES_H
#define MAMORI_AGENT_UPDATES_H

#include "agent/session.h"
#include "plan/directive.h"

#define UPDATES_SCRIPT_MAX (1U << 20)

/* Keeps the first root, as enrolment brought it. One that is there already stays, whatever came: true. */
bool updates_begin(const struct agent *a, struct str root, struct err *e) MUST_CHECK;
/* What is trusted now, into s->metadata; without a root nothing. */
void updates_load(struct session *s);
/* After a check-in: brings what is trusted up to what the server names, and fetches the scripts that the policy names. What
 * is refused changes nothing, and the next check-in says why. */
void updates_run(struct session *s);
/* The member "metadata" of a check-in; nothing without a root. */
void updates_write(struct session *s, struct json_writer *w);
/* The metadata has expired: nothing new is put aside. */
bool updates_expired(const struct session *s);
/* What an unattended slot may do by the age of the metadata: expired, only updates that lie staged, and for offline-for; after
 * that the directive is over. */
void updates_limit(struct session *s, struct directive *d);

/* The bytes of a script, if the metadata vouches for it and it is here; verified anew. *named: it is named there.
 * ERR_REFUSED: the bytes are not those; ERR_NOT_FOUND: they have not come yet, or nobody vouches for it. */
bool updates_script(struct session *s, struct str name, struct buf *out, bool *named, struct err *e) MUST_CHECK;

#endif
