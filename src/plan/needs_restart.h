/* What has to start anew before updates count: from the processes that still hold replaced code to the services that
 * can be restarted, and to what only a reboot cures. */
#ifndef MAMORI_PLAN_NEEDS_RESTART_H
#define MAMORI_PLAN_NEEDS_RESTART_H

#include "os/live.h"

struct needs_restart {
	ARRAY_OF(struct str) units; /* to be restarted, each once */
	bool init; /* the first process: it starts itself anew without harm */
	ARRAY_OF(struct str) signals; /* why only a reboot helps: "dbus.service (/usr/lib/…/libssl.so.3)" */
};

/* remote: is this logon (a scope) one over the network? Such logons are kept and end by themselves; those at the
 * machine itself may last for ever (auto-logon), so that they count. */
void needs_restart_judge(const struct stale_list *stale, bool (*remote)(const void *user, struct str scope),
			 const void *user, struct arena *a, struct needs_restart *out);

#endif
