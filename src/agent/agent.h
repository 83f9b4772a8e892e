/* The agent: enrolment, check-in, orders, results; two processes of rights (agent/net.c unprivileged, the rest). */
#ifndef MAMORI_AGENT_AGENT_H
#define MAMORI_AGENT_AGENT_H

#include "base/buf.h"
#include "base/time.h"
#include "os/proc.h"

struct host_view;
struct net;
struct pkgmgr;

struct agent {
	const char *state; /* folder, default /var/lib/mamori-agent */
	const char *root; /* "/" or a folder: what is inventoried and patched */
	const struct clock *clock;
	const struct runner *runner;
	/* For tests; NULL in the program: a process without rights, the manager that the root has. */
	const struct net *net;
	const struct pkgmgr *pkgmgr;
	const struct host_view *view; /* NULL: this machine, or nothing for another root */
	const char *const *relays; /* enrolment: through these, NULL-terminated; NULL: directly */
	unsigned patience_s; /* how long a busy package manager, or services after a start, are waited for; 0 = 120 */
};

/* Enrols with the token in a file; a host that is enrolled already is ERR_CONFLICT unless `again`. */
bool agent_enrol(const struct agent *a, const char *token_file, bool again, struct err *e) MUST_CHECK;
/* One whole check-in: recover, inventory, plan if needed, send, run orders, send results.
 * *next_s: when the next one is due, also after a failure. ERR_UNREACHABLE leaves results stored for the next time. */
bool agent_once(const struct agent *a, unsigned *next_s, struct err *e) MUST_CHECK;
/* Status for people and --json: enrolment, last contact, what waits. */
bool agent_status(const struct agent *a, struct buf *json, struct err *e) MUST_CHECK;
/* Takes the lock of the state folder and becomes mamori-agent-wait (same process), or waits itself where that
 * program is missing. Returns false, or ends the process. */
bool agent_run(const struct agent *a, struct err *e) MUST_CHECK;
/* Asks a running agent to check in at once; ERR_UNREACHABLE when none runs on this state folder. */
bool agent_now(const struct agent *a, struct err *e) MUST_CHECK;

/* For people at the machine, without rights (agent/ward.h). what: hold, release, now, later; until 0: none.
 * *answer: a sentence. */
bool agent_ask(const struct agent *a, const char *what, const char *why, int64_t until, struct buf *answer,
	       struct err *e) MUST_CHECK;
/* What is planned here, as JSON; ERR_NOT_FOUND when nothing is. */
bool agent_notice(const struct agent *a, struct buf *json, struct err *e) MUST_CHECK;
/* Called by the program that waits when somebody is at the socket (descriptor WAITER_WARD_FD). */
bool agent_ward(const struct agent *a);

#endif
