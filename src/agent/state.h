/* The state folder (0700): every file is whole at any moment (os/file.h), and whatever consists of several files
 * has one whose appearance makes it count. A check-in holds the lock; readers need none.
 *
 * identity.json        who we are to the server; names the keys that belong to it
 * KEYS.tls.key KEYS.signing.key
 * lineage              the server's last, with the host it was given to
 * contact.json         last contact, failures, the last signed time
 * plan.json            the package manager's plan and what it was computed from
 * orders/ID.json       an order that was taken, written before its work starts; .lock held by its installer,
 *                      .outcome written by it, .log the package manager's words
 * attempts/HASH.json   a signed result that the server does not have yet
 * settings.json        values of other programs' files as they were before a policy's settings (agent/settings.h)
 * mitigations.json     what an emergency had stopped and closed here, written before it is (agent/mitigation.h)
 * ports.nft rdp.nft    ports that are closed when the machine starts (agent/ports.h)
 * removals.json        packages that could not be removed (agent/removal.h)
 * way-back.json        ways back that are none, and were told
 * updates/ updates.json vouched/  update metadata and what it vouches for (agent/updates.h)
 * staged/              packages downloaded ahead, or notes where they are on this machine
 * packages.seen        packages as the last run saw them (agent/outside.h)
 * leftovers            a pass failed and may have left packages half done
 * reserve              space for results on a disk that an installation filled
 * wake, run.lock, check-in.lock */
#ifndef MAMORI_AGENT_STATE_H
#define MAMORI_AGENT_STATE_H

#include "agent/agent.h"
#include "base/arena.h"
#include "base/json.h"
#include "os/file.h"

/* Creates the folder and its subfolders when they are missing. */
bool state_make(const struct agent *a, struct err *e) MUST_CHECK;
/* Taken by whatever changes the folder. ERR_BUSY when a check-in is running. */
bool state_lock(const struct agent *a, int *fd, struct err *e) MUST_CHECK;

/* Path below the folder, in the arena. */
const char *state_path(const struct agent *a, struct arena *arena, const char *name);
const char *state_pathf(const struct agent *a, struct arena *arena, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A JSON file of ours; a missing one gives *out = NULL and true, a damaged one ERR_INPUT. */
bool state_load(const struct agent *a, struct arena *arena, const char *name, struct json **out,
		struct err *e) MUST_CHECK;
/* On a full disk the reserve is given up for it. */
bool state_save(const struct agent *a, const char *name, struct str content, struct err *e) MUST_CHECK;
/* Removes what killed writers left and makes the reserve anew; with the lock held. */
void state_tidy(const struct agent *a);

#endif
