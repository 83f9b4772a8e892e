/* The directive: everything a host needs to patch itself unattended, signed by the server for this host (TYPE "directive"),
 * kept on the host and obeyed online or not. Form: doc/agent-protocol.md. A host takes it only when its serial is not lower
 * than the last one's. */
#ifndef MAMORI_PLAN_DIRECTIVE_H
#define MAMORI_PLAN_DIRECTIVE_H

#include "plan/calendar.h"

struct directive_patch { /* approved, and released by its ring for this host */
	struct str patch;
	int64_t since; /* not before; 0: now */
	bool emergency;
	int64_t emergency_by; /* the end of the emergency rule's time */
	struct str reason; /* which rule or person approved */
};

struct directive_hold {
	struct str id, by, why;
	int64_t until; /* 0: until released */
};

/* Release signed for one slot: members of a redundancy group or a limited ring start nothing without one. */
struct directive_lease {
	struct str slot;
	int64_t until; /* nothing starts later; a dead host cannot keep it for ever */
};

struct directive {
	struct str host, server;
	int64_t serial, issued;
	int64_t expires; /* issued + offline-for: nothing new starts after it */
	struct policy policy;
	struct zone *zones;
	size_t zone_count;
	struct day_lists lists;
	ARRAY_OF(struct directive_patch) patches;
	/* Emergencies that may not be installed here now (forbidden by a vendor, halted, kept back): only mitigated. */
	ARRAY_OF(struct str) mitigate;
	bool paired; /* one of a redundancy group, never two of it at once */
	ARRAY_OF(struct str) withdrawn; /* patches to go back from where the package manager can */
	ARRAY_OF(struct directive_hold) holds;
	bool lease_needed;
	ARRAY_OF(struct directive_lease) leases;
	int64_t install_estimate, reboot_estimate; /* learned for this model, 0 unknown */
	bool reboot_consented; /* two approvers agreed to a reboot in service hours */
	ARRAY_OF(struct str) stop_services, start_services; /* steps of a server system that are due on this host now */
};

void directive_write(const struct directive *d, struct json_writer *w);
bool directive_parse(struct arena *a, struct str document, struct directive *out, struct err *e) MUST_CHECK;

#endif
