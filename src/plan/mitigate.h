/* What is done at once on a host where an emergency's update is missing, and why not: the rows `mitigations` of its policy
 * (plan/policy.h). Pure; the agent that does it, the simulator and the server's "why" run this same code.
 *
 * Whatever the decision lists as due is to be in force; what it does not list any more is to be undone. It does not look
 * at windows, disk or who works: a mitigation is for the time until those let the update in. It does look at holds (the
 * ward's word counts, also for what is in force already) and, in a redundancy group, at the lease: in force
 * for as long as this machine has it and no longer, so that never two of a group are stopped together, whatever the
 * network does. */
#ifndef MAMORI_PLAN_MITIGATE_H
#define MAMORI_PLAN_MITIGATE_H

#include "plan/directive.h"

enum mitigate_kind { MITIGATE_STOP_SERVICE, MITIGATE_CLOSE_PORT, MITIGATE_KINDS };
const char *mitigate_kind_name(enum mitigate_kind k); /* "stop-service" */

enum mitigate_state {
	MITIGATE_DUE, /* to be in force from now on */
	MITIGATE_IN_FORCE,
	MITIGATE_HELD,
	MITIGATE_NO_LEASE,
	MITIGATE_NO_ROW, /* the policy has none for this software */
	MITIGATE_OFF, /* the policy says mitigate: no */
	MITIGATE_FAILED,
	MITIGATE_NOT_APPLICABLE, /* this machine has no such service */
	MITIGATE_STATES
};
const char *mitigate_state_name(enum mitigate_state s); /* "in-force" */

struct mitigate_act {
	enum mitigate_kind kind;
	struct str what; /* "smbd", "22/tcp" */
	struct str except; /* "10.1.0.0/16, fd00::/8"; empty: nobody */
	struct mitigation_port port;
	const struct network *networks; /* those of except */
	size_t network_count;
	/* of a host's report */
	enum mitigate_state state;
	int64_t since;
	struct str why; /* of a failure: a sentence in English, as the catalogue has it */
};

struct mitigate_patch {
	struct str patch;
	enum mitigate_state state;
	int64_t since; /* in force since; 0: not */
	struct str detail, by; /* the hold's reason and whose it is (empty: the ward's, at the machine) */
	int64_t until; /* the hold's end; 0: until released */
	ARRAY_OF(struct mitigate_act) acts;
};
struct mitigate_list {
	ARRAY_OF(struct mitigate_patch) patches;
};

struct mitigate_facts {
	int64_t now;
	struct str host, slot; /* slot: the id of the one in work, empty none */
	const struct str *missing; /* ids of updates that are not in, or not in effect */
	size_t missing_count;
	const struct str *pending; /* those that are in and wait for a restart: mitigated until then, if they were */
	size_t pending_count;
	struct str local_hold; /* by the ward, at the machine: reason; empty none */
	int64_t local_hold_until;
};

/* One entry for each emergency that is missing here, in the directive's order. */
void mitigate_decide(const struct directive *d, const struct mitigate_facts *f, struct arena *a,
		     struct mitigate_list *out);
/* The same thing done: kind, what and for whom not. */
bool mitigate_act_same(const struct mitigate_act *a, const struct mitigate_act *b);
/* Sums up what its acts say: in force when one is (the others' words stay theirs), else failed, else not-applicable. */
void mitigate_sum(struct mitigate_patch *p);

/* "smbd stopped, port 22/tcp closed except to 10.1.0.0/16", in the reader's language. state: only those acts;
 * MITIGATE_STATES: all. */
struct str mitigate_acts_text(struct arena *a, const struct mitigate_patch *p, enum mitigate_state state);
/* One sentence, in the reader's language: "smbd stopped since 14:02 by policy servers until samba 2:4.17 is installed." */
struct str mitigate_why(struct arena *a, struct str policy, const struct mitigate_patch *p);
/* "samba 2:4.17" of "deb:samba@2:4.17". */
struct str mitigate_patch_name(struct arena *a, struct str patch);

/* The member "mitigations" of a check-in (doc/agent-protocol.md); reading caps what a stranger may say. */
void mitigate_write(const struct mitigate_list *l, struct json_writer *w);
bool mitigate_parse(struct arena *a, const struct json *array, struct mitigate_list *out, struct err *e) MUST_CHECK;

/* A name that systemctl takes for one unit and for nothing else. */
bool service_name_valid(struct str name);
/* nftables' own words for these ports: one table of ours, replaced as a whole in one transaction; no act that closes a
 * port: the table goes. What this machine began itself and what comes from itself is never cut. */
void mitigate_nft(const char *table, const struct mitigate_act *acts, size_t count, struct buf *out);

#endif
