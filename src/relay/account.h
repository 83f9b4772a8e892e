/* What a relay tells of its list of origins: which there are, how fresh the signed lists of each are, and who asked for
 * something else. See doc/relay.md. */
#ifndef MAMORI_RELAY_ACCOUNT_H
#define MAMORI_RELAY_ACCOUNT_H

#include "base/json.h"
#include "relay/relay.h"

/* Members "origins", "refused" and "refused_total" of the object that is open. */
void account_write(struct relay *r, struct json_writer *w);

#endif
