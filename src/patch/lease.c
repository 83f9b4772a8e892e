/* Who may start in which slot: so many of a ring at once, and never two of a redundancy group. */
#include "patch/ring.h"

bool
lease_needed(const struct policy *p, size_t ring, struct str redundancy_group)
{
	if (p->redundancy && redundancy_group.len)
		return true;
	if (ring >= p->rings.count)
		return false;
	const struct ring *r = &p->rings.items[ring];
	return ring > 0 || r->max_at_once > 0 || r->max_share > 0;
}

/* The most that a ring may have at work at once, 0 no limit. */
static unsigned
ring_limit(const struct ring *r, unsigned hosts)
{
	unsigned limit = r->max_at_once;

	if (r->max_share > 0) {
		/* A share of a small ring is still one host: else it would never be patched. */
		unsigned share = (unsigned)(r->max_share * hosts + 1e-9);
		share = share ? share : 1;
		limit = limit && limit < share ? limit : share;
	}
	return limit;
}

static bool
overlap(const struct lease *l, const struct lease_request *r)
{
	return l->from < r->slot_end + LEASE_GRACE_MS && r->slot_start < l->until + LEASE_GRACE_MS;
}

/* Names of hosts differ at their ends. */
static bool
same_host(const struct lease *l, const struct lease_request *r)
{
	return l->host.len == r->host.len && l->host.len > 0 &&
	       l->host.ptr[l->host.len - 1] == r->host.ptr[r->host.len - 1] && str_eq(l->host, r->host);
}

/* Thousands may be held: what is cheap to say is asked first. False: a partner has one. */
static bool
held_count(const struct lease_request *r, bool limited, const struct lease *held, size_t count, unsigned *at_once)
{
	bool paired = r->policy->redundancy && r->redundancy_group.len > 0;

	for (size_t i = 0; i < count; i++) {
		const struct lease *l = &held[i];
		if (l->until + LEASE_GRACE_MS <= r->now || !overlap(l, r))
			continue;
		bool partner = paired && str_eq(l->redundancy_group, r->redundancy_group);
		bool counts = limited && l->ring == r->ring && !l->other_rings;
		if ((!partner && !counts) || same_host(l, r))
			continue;
		if (partner)
			return false;
		++*at_once;
	}
	return true;
}

bool
lease_grant(const struct lease_request *r, const struct lease *held, size_t count, struct lease *out, struct arena *a,
	    struct str *why)
{
	const struct ring *ring = r->ring < r->policy->rings.count ? &r->policy->rings.items[r->ring] : NULL;
	/* A server system is stopped as a whole: half of it on a lease would wait for the other half for ever. */
	bool counted = ring && !r->emergency && r->policy->steps.count == 0;
	unsigned limit = counted ? ring_limit(ring, r->ring_hosts) : 0, at_once = 0;

	*why = STR_NONE;
	if (r->halted) {
		*why = STR("the rings of its policy are halted");
		return false;
	}
	if (r->slot_end <= r->now) {
		*why = STR("its slot is over");
		return false;
	}
	if (r->policy->redundancy && r->redundancy_group.len && r->partner_down) {
		*why = arena_printf(a, "another machine of group %.*s is silent or not well",
				    STR_ARG(r->redundancy_group));
		return false;
	}
	if (!held_count(r, limit > 0, held, count, &at_once)) {
		*why = arena_printf(a, "the other machine of group %.*s has its turn: never both at once",
				    STR_ARG(r->redundancy_group));
		return false;
	}
	if (limit && at_once >= limit) {
		*why = arena_printf(a, "%u hosts of ring %.*s have their turn: not more at once", at_once,
				    STR_ARG(ring->name));
		return false;
	}
	*out = (struct lease){ r->host, r->slot, r->redundancy_group, r->ring, r->slot_start, r->slot_end, false };
	return true;
}
