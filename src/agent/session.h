/* One run of `once`: what its parts share. Lives as long as the check-in; its arena frees everything. */
#ifndef MAMORI_AGENT_SESSION_H
#define MAMORI_AGENT_SESSION_H

#include "agent/contact.h"
#include "agent/identity.h"
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

struct session {
	const struct agent *agent;
	struct arena *arena;
	struct identity id;
	struct key *signing, *order_key;
	struct net net;
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
};

#endif
