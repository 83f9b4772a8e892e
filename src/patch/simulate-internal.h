/* What the files of the simulator share (private to the room). */
#ifndef MAMORI_PATCH_SIMULATE_INTERNAL_H
#define MAMORI_PATCH_SIMULATE_INTERNAL_H

#include "base/table.h"
#include "patch/ring.h"
#include "patch/simulate.h"
#include "plan/approval.h"

#define SIM_MINUTE INT64_C(60000)
#define SIM_HOUR (60 * SIM_MINUTE)
#define SIM_DAY (24 * SIM_HOUR)

enum {
	SIM_SOURCES = 16, /* software that gets updates, for each of two systems */
	SIM_SYSTEMS = 2,
	SIM_OLDER = 4,
	SIM_LEASES = 3,
	SIM_OFF = 6,
	SIM_SEEN = 8, /* installs of a host that are remembered by the checks */
	SIM_CHECK_IN_MINUTES = 5,
};

enum sim_event_kind {
	SIM_TURN,
	SIM_DONE,
	SIM_DAILY,
	SIM_POWER_OFF,
	SIM_POWER_ON,
	SIM_NET_ON,
	SIM_CONTACT,
	SIM_SERVER,
	SIM_EDIT
};

/* When the machine or its agent dies. */
enum sim_crash { CRASH_NOT, CRASH_BEFORE, CRASH_IN_IT, CRASH_BEHIND, CRASH_AFTER, CRASHES };

struct sim_event {
	int64_t at;
	uint32_t host, stamp; /* a stamp of before is no longer meant */
	enum sim_event_kind kind;
};

struct sim_patch {
	struct str id;
	unsigned system, source, version, before; /* the version before: place + 1 */
	int64_t first_seen, answered; /* by the vendor; 0 never */
	int severity;
	bool known_exploited, feature, withdrawn;
	enum vendor_answer answer;
	double fails, breaks, reboots, services; /* shares of hosts */
};

/* One patch in one policy. */
struct sim_line {
	struct ring_count counts[POLICY_RINGS_MAX];
	int64_t released[POLICY_RINGS_MAX]; /* 0: not yet */
	int64_t halted_at;
};

/* Hosts that get the same patches: policy, ring and operating system. */
struct sim_channel {
	unsigned policy, ring, system;
	unsigned hosts;
	ARRAY_OF(struct directive_patch) patches; /* replaced, never changed: directives point here */
	ARRAY_OF(struct str) withdrawn;
	int64_t serial, again; /* to be looked at again */
};

struct sim_host {
	size_t id;
	struct str name, boot;
	unsigned policy, ring, system, channel, boots, model;
	size_t partner; /* of its redundancy group, SIZE_MAX none */
	struct str pair;
	size_t set; /* server system, SIZE_MAX none */
	bool database; /* its role in it */
	/* its agent */
	struct slot_state s, disk;
	struct slot_cache cache;
	struct directive d, began;
	struct directive_lease leases[SIM_LEASES];
	struct str services[1];
	struct slot_decision doing;
	struct str doing_patches[SIM_SOURCES];
	struct slot_facts answers; /* only the ward's answers in it */
	/* its truth */
	bool on, net, working;
	bool edited; /* it was told the edited policy */
	int64_t relay_back; /* its relay's outage ends */
	uint32_t turn_stamp, done_stamp, power_stamp;
	uint16_t installed[SIM_SOURCES], known[SIM_SOURCES], staged[SIM_SOURCES], failed[SIM_SOURCES];
	uint16_t mitigated[SIM_SOURCES]; /* for which version its services are stopped; 0: for none */
	int64_t first_mitigated;
	uint16_t counted[SIM_SOURCES]; /* newest version that the rings have counted */
	int64_t released[SIM_SOURCES]; /* when the newest approved one became so for this host */
	bool reboot_needed, services_need, stopped, broken, interrupted;
	enum sim_crash crash; /* how the act under way will end */
	bool new_boot;
	int64_t hold_until, skew, skewed_until, contact, confirmed, ward_asked;
	struct {
		int64_t from, to;
	} off[SIM_OFF]; /* newest first */
	unsigned refused;
	int64_t refused_for;
	int64_t bad_close; /* the last slot that ended otherwise than done */
	enum slot_reason last_reason;
	/* for the checks */
	struct {
		uint64_t slot;
		unsigned pass, reboots;
		bool installed;
		bool edited, scripted; /* which policy it began with; its pre-script ran */
	} seen[SIM_SEEN];
	unsigned seen_count;
	bool down;
};

struct sim_set { /* a server system: two application servers and a database */
	size_t app[2], database;
	int64_t opened; /* the slot it works on */
};

struct sim {
	const struct simulate_options *o;
	struct simulate_report *out;
	struct arena *a; /* of the report */
	struct arena memory; /* of the run */
	struct arena scratch; /* of one turn */
	int64_t now, start, end;
	struct zone zone;
	const struct policy *policies, *edited; /* the latter from edit_at */
	size_t policy_count;
	int64_t edit_at; /* 0: never */
	int64_t relay_at; /* every fifth relay is gone for a day then; 0: never */
	unsigned *ring_hosts; /* [policy][ring] */
	struct sim_host *hosts;
	size_t host_count;
	ARRAY_OF(struct sim_channel) channels;
	ARRAY_OF(struct sim_patch) patches;
	struct table by_id; /* patch id → place + 1 */
	struct sim_line *lines; /* [policy][patch], for SIM_PATCHES_MAX */
	unsigned newest[SIM_SYSTEMS][SIM_SOURCES]; /* place + 1 */
	ARRAY_OF(struct sim_set) sets;
	ARRAY_OF(struct lease) leases[64];
	int64_t lease_next[64]; /* when the first of them is over */
	unsigned lease_change[64]; /* counts what was given back */
	ARRAY_OF(struct sim_event) heap;
	uint64_t *delays; /* histograms of hours: [policy][delay] */
	int64_t server_next;
	struct str emergency;
	int64_t emergency_at, *emergency_done;
};
enum { SIM_PATCHES_MAX = 4000, SIM_DELAYS = 24 * 400 };

/* simulate.c */
uint64_t sim_dice(const struct sim *m, uint64_t a, uint64_t b, uint64_t c);
/* True for so large a share of all (a, b, c). */
bool sim_chance(const struct sim *m, double share, uint64_t a, uint64_t b, uint64_t c);
void sim_event(struct sim *m, int64_t at, size_t host, enum sim_event_kind kind, uint32_t stamp);
void sim_trace(struct sim *m, const struct sim_host *h, const char *fmt, ...) PRINTF_LIKE(3, 4);
void sim_turn_at(struct sim *m, struct sim_host *h, int64_t at);

/* simulate-fleet.c */
bool sim_fleet(struct sim *m, struct err *e) MUST_CHECK;
bool sim_behind_lost_relay(const struct sim_host *h);

/* simulate-server.c */
void sim_server(struct sim *m); /* patches come, vendors answer, channels are looked at */
void sim_edit(struct sim *m); /* somebody edits every policy */
void sim_learn(struct sim *m, const struct sim_host *h, enum slot_act act, int64_t took);
void sim_contact(struct sim *m, struct sim_host *h); /* the newest directive, package lists, the time */
void sim_lease(struct sim *m, struct sim_host *h, const struct slot_decision *d);
void sim_lease_back(struct sim *m, struct sim_host *h, struct str slot);
void sim_count(struct sim *m, struct sim_host *h, unsigned source, unsigned version, bool installed, bool unhealthy);
void sim_dirty(struct sim *m, unsigned policy);
struct sim_patch *sim_patch_find(struct sim *m, struct str id);
static inline struct sim_line *
sim_line(struct sim *m, unsigned policy, size_t patch)
{
	return &m->lines[(size_t)policy * SIM_PATCHES_MAX + patch];
}

/* simulate-host.c */
size_t sim_place(const struct sim *m, unsigned system, unsigned source, unsigned version);
void sim_close(struct sim *m, struct sim_host *h, const struct slot_decision *d);
void sim_installed(struct sim *m, struct sim_host *h, size_t count);
void sim_turn(struct sim *m, struct sim_host *h);
void sim_done(struct sim *m, struct sim_host *h);
void sim_daily(struct sim *m, struct sim_host *h);
void sim_power(struct sim *m, struct sim_host *h, bool on);
/* The policy in force on this host, as it was told. */
static inline const struct policy *
sim_policy(const struct sim *m, const struct sim_host *h, bool edited)
{
	return edited ? &m->edited[h->policy] : &m->policies[h->policy];
}
/* What its package manager would install; count of them, with `staged` beside. */
size_t sim_missing(struct sim *m, const struct sim_host *h, struct str *ids, bool *staged);

/* simulate-mitigate.c */
void sim_mitigate(struct sim *m, struct sim_host *h); /* before each turn, as the agent does */
bool sim_mitigated(const struct sim_host *h);
void check_mitigated(struct sim *m, struct sim_host *h);

/* simulate-check.c: the acts as they are done */
void sim_violation(struct sim *m, const struct sim_host *h, enum invariant i, const char *fmt, ...) PRINTF_LIKE(4, 5);
void check_begin(struct sim *m, struct sim_host *h, const struct slot_decision *d);
void check_up(struct sim *m, struct sim_host *h); /* no act of ours keeps it down */
void check_close(struct sim *m, struct sim_host *h, const struct slot_decision *d);
void check_end(struct sim *m, struct sim_host *h);

#endif
