/* A world for the agent's tests: a server, a package manager and a root folder, without network or rights.
 * What they remember lies in shared memory and files, so that it outlives an agent that is killed. */
#ifndef MAMORI_TEST_WORLD_H
#define MAMORI_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/agent.h"
#include "agent/facts.h"
#include "agent/net.h"
#include "base/json.h"
#include "plan/pkgmgr.h"
#include "trust/key.h"

#define WORLD_PACKAGES 4
#define WORLD_ORDERS 2000
#define WORLD_STATES 3

/* One order of one package, as the server knows it. */
struct world_order {
	char id[32];
	const char *kind; /* NULL: apply */
	unsigned package, to; /* version that is wanted */
	int64_t expires;
	bool given; /* at least once */
	bool running; /* a result `running` came */
	unsigned ends; /* different ends that came; more than one is a defect */
	char end[32]; /* installed, failed, … */
	char why[400], words[200];
	unsigned applied; /* how often an installer began with it */
};

/* A result of a slot's pass as it came. */
struct world_slot_result {
	char order[200], patch[64], state[32], trigger[16], title[100], why[300];
};

/* Shared between the processes of a test. */
struct world_memory {
	unsigned orders;
	struct world_order order[WORLD_ORDERS];
	char lineage[64]; /* last that was issued */
	unsigned issued, confirmed; /* numbers of the last issued and the last presented lineage */
	unsigned reverted; /* check-ins with a lineage older than one that was presented */
	unsigned check_ins, puts, refreshed, staged, stagings, planned;
	char hash[3][SHA256_HEX_LEN]; /* of sections that were received */
	char announced[3][SHA256_HEX_LEN];
	/* What the test wants to happen. */
	bool away; /* no answer */
	bool away_after_take; /* no answer once an order is running */
	int refuse_status; /* instead of 200 */
	const char *refuse_body;
	bool give_again; /* orders are given at every check-in, although they were given */
	bool replay; /* orders are given even after they ended */
	bool stage_security, renew;
	bool bad_signature;
	unsigned apply_ms; /* how long an installation takes */
	bool refresh_dies; /* the agent is killed while it refreshes */
	bool apply_dies; /* the installer is killed in the middle: even packages are done, odd ones not */
	bool apply_fails;
	bool plan_fails; /* until the manager was brought in order */
	enum err_code recover_error;
	pid_t installer;
	unsigned renewals, bad_results;
	/* Unattended patching. */
	char directive[200000]; /* its document; empty: none */
	int64_t directive_serial, named_serial; /* what is given, what the agent named last */
	bool directive_forged;
	int64_t now; /* the time in this world; 0: the real one */
	int64_t up_since;
	char boot[40];
	unsigned reboots_asked;
	bool reboot_fails;
	bool down; /* it was told to restart */
	int64_t idle;
	unsigned staged_bits; /* packages whose next version is downloaded */
	bool used, on_battery;
	char process[32]; /* what runs of while-running */
	bool service_down; /* one of the services does not run after a reboot */
	bool stale; /* old code runs until a restart of services */
	char down_units[400]; /* "smbd.service " of each that systemctl has stopped; "-all" none can be stopped */
	char nft[4096]; /* what nft was given last */
	bool no_nft;
	char mitigations[4096]; /* a member of the last check-in */
	char commands[8192]; /* what was run, a line each */
	unsigned applied[WORLD_PACKAGES], taken_back[WORLD_PACKAGES];
	unsigned slot_results;
	struct world_slot_result slot_result[100];
	unsigned outsides; /* results about what others did … */
	unsigned
		others_did; /* … of which the test really did so many: no more, or mamori takes its own work for theirs */
	char outside[20][600]; /* PATCH|STATE|ACT|BY|WHY */
	char metadata[4096], slot[4096], asks[4096]; /* members of the last check-in */
	unsigned fetched; /* files of it that were asked for */
	unsigned contacts; /* of the agent with this world, of any kind … */
	unsigned kill_at; /* … at which one it is killed; 0 never */
	unsigned sent_before_apply; /* `running` results that were there when an installer began */
};

struct world {
	struct host_view view;
	struct clock clock;
	char *dir;
	const char *updates; /* folder of a repository of update metadata that the server has; NULL: none */
	struct arena arena;
	struct world_memory *m;
	struct key *order_key, *ca_key;
	char order_public[2000];
	char signing_public[2000]; /* from the enrolment */
	struct net net;
	struct runner runner;
	struct agent agent;
};

int world_setup(void **state);
int world_teardown(void **state);
/* Enrols; fails the test otherwise. */
void world_enrol(struct world *w);
/* An order for the next version of a package; returns it. */
struct world_order *world_order(struct world *w, unsigned package);
/* Version of a package in the root's dpkg database. */
unsigned world_version(struct world *w, unsigned package);
const char *world_path(struct world *w, const char *name);
bool world_once(struct world *w, struct err *e);

/* Every contact of the agent with this world: where a test may kill it. */
void world_contact(struct world *w);
/* From a test's own clock on: an instant in the device's zone (UTC), "2026-11-24T22:00:00Z". */
void world_time(struct world *w, const char *at);
/* A directive with a policy in JSON that approves these patches; its serial is one more than the last. */
struct world_directive {
	const char *policy; /* JSON, keys of the policy form */
	const char *patches[8]; /* NULL-terminated */
	const char *withdrawn;
	const char *hold;
	bool lease_needed;
	const char *lease; /* slot id */
	const char *host; /* NULL: ours */
	int64_t expires; /* 0: in 14 days */
	int64_t serial; /* 0: the next */
	bool emergency;
	bool paired; /* of a redundancy group */
	const char *mitigate; /* an emergency that may not be installed here */
};
void world_direct(struct world *w, const struct world_directive *d);
/* A member of the last report, "reason", "act", …; in the world's arena. */
const char *world_report(struct world *w, const char *key);
/* agent_once() without regard to when it wants to come again; that is given back. */
unsigned world_turn(struct world *w);
/* The machine comes up again with another boot id. */
void world_reboot(struct world *w);

#define assert_ok(call) \
	do { \
		struct err assert_ok_e = { 0 }; \
		struct err *e = &assert_ok_e; \
		if (!(call)) \
			fail_msg("%s: %s", #call, e->text); \
	} while (0)

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#endif
