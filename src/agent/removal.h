/* Packages that the policy wants out and that could not go (another one needs them …): tried again as soon as the packages of
 * this machine or what is to go have changed, at the latest after seven days, and not in every slot. */
#ifndef MAMORI_AGENT_REMOVAL_H
#define MAMORI_AGENT_REMOVAL_H

#include "agent/session.h"
#include "plan/directive.h"

/* Is this one not to be tried now? */
bool removal_waits(struct session *s, const struct directive *d, struct str app);
/* What came of a try at `at`; failed with its reason, which becomes the sentence that says when it is tried again. */
bool removal_gone(struct session *s, struct str app, struct err *e) MUST_CHECK;
bool removal_failed(struct session *s, struct str app, int64_t at, struct str *why, struct err *e) MUST_CHECK;
/* Adds those that could not go to s->settings ("remove:NAME", failed, why), for as long as the policy wants them out. */
void removals_tell(struct session *s, const struct policy *p);

#endif
