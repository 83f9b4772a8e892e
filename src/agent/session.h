/* One run of `once`: what its parts share. Lives as long as the check-in; its arena frees everything. */
#ifndef MAMORI_AGENT_SESSION_H
#define MAMORI_AGENT_SESSION_H

#include "agent/contact.h"
#include "agent/identity.h"
#include "agent/way.h"
#include "plan/inventory.h"
#include "plan/pkgmgr.h"
#include "trust/key.h"

/* A section's body and its hash; no body: the section is not known yet. */
struct section {
	const char *name;
	struct str body;
	char hash[SHA256_HEX_LEN];
};

enum section_index { SECTION_SYSTEM, SECTION_PACKAGES, SECTION_UPDATES, SECTION_COUNT };

/* The package manager's own simulation, and what it was computed from. */
struct planning {
	bool known;
	struct str fingerprint;
	int64_t planned_at;
	struct str error; /* why there is none or it is old; empty: fine */
	struct patch_list list;
};

/* Update metadata, as it is trusted here (agent/updates.h). */
struct metadata_seen {
	bool rooted; /* there is a trusted root; else nothing of this means anything */
	bool by_check_in; /* the first root came with an answer, not with enrolment: no script runs by it */
	int64_t root, timestamp; /* versions */
	int64_t expires; /* the first of it; 0: it is not complete */
	int64_t named; /* the timestamp that the server named last */
	int64_t verified, seen; /* when that was verified; the latest signed time */
	struct str trouble; /* why what came was refused; empty: it was not */
};

struct session {
	const struct agent *agent;
	struct arena *arena;
	struct identity id;
	struct key *signing, *order_key;
	struct net net;
	struct ways ways;
	bool by_letter; /* the server is away in this run, but a relay carries letters */
	bool ways_new; /* the server named others in this run: the process that talks does not know them yet */
	struct pkgmgr_relay relay; /* what manager_ctx.relay points at, when packages come through one */
	const struct pkgmgr *manager; /* NULL: none in this root */
	struct pkgmgr_ctx manager_ctx;
	struct contact contact;
	struct inventory inventory;
	char machine[SHA256_HEX_LEN];
	struct section sections[SECTION_COUNT];
	struct planning plan;
	/* What the answers asked for and is not done yet. */
	ARRAY_OF(struct json) orders; /* signed */
	ARRAY_OF(struct str) refused; /* signatures of orders refused by this run: the server goes on sending them */
	bool stage_security, refresh, renew;
	bool unfinished; /* an order stays open: look again soon */
	ARRAY_OF(struct str) stage_patches;
	/* Unattended patching. */
	int64_t directive_serial; /* that is obeyed; 0 none */
	struct str slot_report; /* the member "slot" of a check-in, as JSON; empty: none */
	int64_t asks_until; /* what was said at the machine up to then went into the last request */
	int64_t confirmed; /* our clock when the server agreed with it in this run; 0: it has not */
	int64_t slot_until; /* when the slot machine wants to look again; 0: no wish */
	bool down; /* the machine is being restarted */
	struct setting_list settings; /* of the policy, as they are on this host */
	struct str mitigations; /* the member of a check-in, as JSON; empty: nothing is known of it */
	bool stands; /* a mitigation is in force, or was begun */
	bool mitigation_waits; /* one waits for a lease */
	bool mitigated; /* what stands was looked at in this run */
	struct backup_seen backup;
	struct metadata_seen metadata;
	int64_t metadata_named; /* the timestamp that the server named in this run; 0: none */
	struct str metadata_root; /* offered to a machine that has none */
	struct patch_list back; /* ways back from withdrawn patches */
};

#endif
