/* Rings, limits, error stops, redundancy groups and steps: who may go next. Pure over what the store knows, so that the
 * simulator runs it too. */
#ifndef MAMORI_PATCH_RING_H
#define MAMORI_PATCH_RING_H

#include "plan/policy.h"

/* Which ring of the policy a host is in: the first whose tags or groups fit, else the last without any. */
size_t ring_of(const struct policy *p, const struct policy_subject *s);

/* One patch (or everything that came out together) in one ring of one policy. */
struct ring_count {
	unsigned members; /* all of it; none: it can prove nothing, and the rings behind it wait */
	unsigned hosts; /* that miss it or got it, and were heard of lately: a machine in a cupboard stops no ring */
	unsigned installed, failed, running; /* installed: after reboot, rescan and health check */
	unsigned unhealthy; /* of failed: the health check after it failed; one halts the ring */
	int64_t seen; /* when it was first heard of anywhere */
	int64_t first_installed, last_installed;
	int64_t reached; /* when as many were installed as ring_needed() says: soaking starts; 0: last_installed */
};

/* Stored by number. */
enum ring_state { RING_RELEASED, RING_SOAKING, RING_WAITS, RING_HALTED, RING_EMPTY };
struct ring_decision {
	enum ring_state state;
	size_t because; /* the ring that is waited for or that halted */
	int64_t until; /* soak's end, 0 open */
};
/* So many of its hosts must have it: min-success of them, at least one. */
unsigned ring_needed(const struct ring *r, unsigned hosts);
/* counts: one for each ring of the policy, in order; halted: a halt that nobody lifted yet stays. A ring is released when
 * each ring before it has soaked and its success rate suffices. A ring none of whose members speaks of it is
 * passed over once it has been known for as long as that ring soaks: they may only look later. One without members is not. */
void ring_decide(const struct policy *p, const struct ring_count *counts, bool halted, size_t ring, int64_t now,
		 struct ring_decision *out);
/* Do these failures halt everything? By error-stop, by a health check, or because the success rate cannot be reached any
 * more. *ring: which one. */
bool ring_halts(const struct policy *p, const struct ring_count *counts, size_t *ring);

/* "waits for ring pilot: 3 of 5 hosts have it, 5 are needed"; empty when released. */
struct str ring_why(struct arena *a, const struct policy *p, const struct ring_count *counts,
		    const struct ring_decision *r);

/* Leases for slots: limits at once (not where a policy has steps: they order its hosts), redundancy groups. */
struct lease {
	struct str host, slot, redundancy_group;
	size_t ring;
	int64_t from, until;
	bool other_rings; /* of another policy's rings: it counts in a redundancy group only */
};
struct lease_request {
	struct str host, slot, redundancy_group; /* group empty: none */
	const struct policy *policy;
	size_t ring;
	unsigned ring_hosts;
	int64_t slot_start, slot_end, now;
	bool partner_down; /* a member of its redundancy group is silent or unhealthy */
	bool halted; /* a ring of its policy is */
	bool emergency; /* ring limits do not count, redundancy does */
};
enum { LEASE_GRACE_MS = 30 * 60 * 1000 }; /* the reboot of a unit may start 15 minutes late and takes its time */
/* Must a host of this ring have one? Later rings, limited rings and members of a redundancy group do. */
bool lease_needed(const struct policy *p, size_t ring, struct str redundancy_group);
/* held: those of the same rings or redundancy group; those that ended do not count. False with the reason as a sentence. */
bool lease_grant(const struct lease_request *r, const struct lease *held, size_t count, struct lease *out,
		 struct arena *a, struct str *why);

/* Steps of a server system. */
struct step_status {
	unsigned hosts, done, failed;
	unsigned silent; /* not heard of lately: no step begins while one of its own hosts or of a later step is */
	bool healthy; /* all of them, as far as they say */
	int64_t backup; /* newest backup of the group's hosts, oldest host counts; 0 unknown */
};
/* The step that is due now, count when all are done; false with the reason: a gate is closed. */
bool step_due(const struct policy *p, const struct step_status *status, int64_t now, size_t *step, struct arena *a,
	      struct str *why);

#endif
