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
	unsigned package, to; /* version that is wanted */
	int64_t expires;
	bool given; /* at least once */
	bool running; /* a result `running` came */
	unsigned ends; /* different ends that came; more than one is a defect */
	char end[32]; /* installed, failed, … */
	char why[400], words[200];
	unsigned applied; /* how often an installer began with it */
};

/* Shared between the processes of a test. */
struct world_memory {
	unsigned orders;
	struct world_order order[WORLD_ORDERS];
	char lineage[64]; /* last that was issued */
	unsigned issued, confirmed; /* numbers of the last issued and the last presented lineage */
	unsigned reverted; /* check-ins with a lineage older than one that was presented */
	unsigned check_ins, puts, refreshed, staged, planned;
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
	bool apply_dies; /* the installer is killed in the middle: even packages are done, odd ones not */
	bool apply_fails;
	bool plan_fails; /* until the manager was brought in order */
	enum err_code recover_error;
	pid_t installer;
	unsigned renewals, bad_results;
	unsigned sent_before_apply; /* `running` results that were there when an installer began */
};

struct world {
	char *dir;
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

#define assert_ok(call) \
	do { \
		struct err assert_ok_e = { 0 }; \
		struct err *e = &assert_ok_e; \
		if (!(call)) \
			fail_msg("%s: %s", #call, e->text); \
	} while (0)

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#endif
