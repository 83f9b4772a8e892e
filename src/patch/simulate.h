/* A fleet of virtual hosts and a virtual server that run the real decisions (slot machine, approvals, rings, leases, steps,
 * calendar) through virtual time: machines that are off, networks that are lost, patches that fail, crashes at every step,
 * clocks that jump. What happens is judged from the acts alone (simulate-check.c), not by the code that decided them. */
#ifndef MAMORI_PATCH_SIMULATE_H
#define MAMORI_PATCH_SIMULATE_H

#include "plan/slot.h"

enum invariant {
	INVARIANT_WINDOW, /* no install outside a window, emergency, ward's choice and what was missed aside */
	INVARIANT_CUTOFF, /* nothing starts after the cutoff */
	INVARIANT_TWICE, /* no pass of a slot twice */
	INVARIANT_PAIR, /* never two of a redundancy group down by our acts */
	INVARIANT_HALT, /* a halted ring stays halted */
	INVARIANT_AHEAD, /* no member of a ring runs ahead of its release, offline or not */
	INVARIANT_REBOOTS, /* never more reboots than the policy's number in a slot */
	INVARIANT_UNIT, /* a unit leaves no reboot pending beyond its slot */
	INVARIANT_REASON, /* what is approved ends installed or has a reason */
	INVARIANT_SERVICES, /* stopped services run again by the end of the slot; nothing is patched before its step */
	INVARIANT_HOLD, /* nothing is installed or rebooted on a machine that is held */
	INVARIANT_MITIGATE, /* an emergency with a row is mitigated as soon as its host hears of it, until it is in */
	INVARIANT_EDIT, /* a running slot keeps the policy it began with; the edited one holds for the next */
	INVARIANTS
};
enum { SIMULATE_MODELS = 4 };
const char *invariant_name(enum invariant i);

struct simulate_options {
	unsigned hosts, days;
	uint64_t seed;
	const struct policy *policies; /* none: a hospital's own, built in */
	size_t policy_count;
	/* What those name: zones, lists of days, and the zone of the devices (NULL: Asia/Tokyo). */
	const struct zone *device, *zones;
	size_t zone_count;
	const struct day_lists *lists;
	bool emergency; /* only this: one advisory at ten in the morning, every host on, how long until the last is patched */
	/* For tests: the executor (never the decisions) does wrong what this invariant forbids; INVARIANTS: nothing. */
	enum invariant fault;
	/* Tells every act of this host; SIZE_MAX: none. */
	size_t trace;
	void (*line)(void *user, struct str line);
	void *user;
	void (*progress)(void *user, unsigned day, unsigned days);
};

struct simulate_group {
	struct str name;
	unsigned hosts, slots, reboots, missed, crashes, emergencies;
	uint64_t approved, installed; /* host × patch */
	uint64_t waiting[SLOT_REASONS]; /* of those that are not installed: why */
	int64_t share[3]; /* milliseconds from release to 50, 90, 99 % installed; 0: not reached */
};

/* What the server learned of a model of machine, and how often that was not enough. */
struct simulate_model {
	unsigned hosts, installs, overruns; /* overruns: an act of ours went beyond the end of its slot */
	int64_t install_ms, reboot_ms;
};

struct simulate_report {
	ARRAY_OF(struct simulate_group) groups;
	struct simulate_model models[SIMULATE_MODELS];
	/* Policies edited in the middle: hosts that were in a slot then, and slots that began by the edited ones. */
	unsigned edited_in_slot, edited_slots;
	unsigned steps_left_out; /* policies whose steps are not stop, database, applications: simulated without them */
	unsigned relay_hosts; /* behind relays that were gone for a day */
	uint64_t decisions, acts, violations[INVARIANTS], violated;
	unsigned halts, withdrawn, patches;
	size_t first_host; /* of the first violation, SIZE_MAX none */
	struct str first; /* what it was */
	int64_t emergency_last, emergency_half; /* from the advisory to the last host, to half of them; 0: not all */
	int64_t mitigated_last; /* from the advisory to the last host that was mitigated; 0: none was */
	unsigned emergency_hosts, emergency_patched, emergency_mitigated;
};

/* The same options give the same report. Strings live in the arena. */
bool simulate_run(const struct simulate_options *o, struct arena *a, struct simulate_report *out,
		  struct err *e) MUST_CHECK;

#endif
