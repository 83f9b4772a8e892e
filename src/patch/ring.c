#include "patch/ring.h"

#include "base/time.h"

static bool
lists_meet(const struct str_list *a, const struct str_list *b)
{
	for (size_t i = 0; i < a->items.count; i++) {
		for (size_t k = 0; k < b->items.count; k++) {
			if (str_eq(a->items.items[i], b->items.items[k]))
				return true;
		}
	}
	return false;
}

static bool
list_has(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->items.count; i++) {
		if (str_eq(l->items.items[i], s))
			return true;
	}
	return false;
}

size_t
ring_of(const struct policy *p, const struct policy_subject *s)
{
	size_t rest = p->rings.count ? p->rings.count - 1 : 0;

	for (size_t i = 0; i < p->rings.count; i++) {
		const struct ring *r = &p->rings.items[i];
		if (r->tags.items.count == 0 && r->groups.items.count == 0)
			rest = i;
		else if (lists_meet(&r->tags, &s->tags) || lists_meet(&r->groups, &s->groups) ||
			 list_has(&r->groups, s->group))
			return i;
	}
	return rest;
}

unsigned
ring_needed(const struct ring *r, unsigned hosts)
{
	/* 0.9 of 10 is 9, also where 0.9 is a little more than it says. */
	double exact = r->min_success * hosts - 1e-9;
	unsigned needed = exact > 0 ? (unsigned)exact + 1 : 0;

	needed = needed > hosts ? hosts : needed;
	return needed ? needed : 1;
}

bool
ring_halts(const struct policy *p, const struct ring_count *counts, size_t *ring)
{
	for (size_t i = 0; i < p->rings.count; i++) {
		const struct ring *r = &p->rings.items[i];
		const struct ring_count *c = &counts[i];
		/* Only a rate that somebody asked for can be out of reach; the last ring has nobody behind it. */
		bool hopeless = r->min_success > 0 && i + 1 < p->rings.count && c->failed > 0 &&
				c->failed > c->hosts - ring_needed(r, c->hosts);
		if (c->hosts == 0)
			continue;
		if (c->unhealthy > 0 || hopeless || (r->error_stop > 0 && c->failed >= r->error_stop)) {
			*ring = i;
			return true;
		}
	}
	return false;
}

/* What stands between this ring and those behind it. */
static enum ring_state
ring_passes(const struct ring *r, const struct ring_count *c, int64_t now, int64_t *until)
{
	if (c->members == 0)
		return RING_EMPTY;
	if (c->hosts == 0) {
		*until = c->seen + r->soak;
		return now < *until ? RING_SOAKING : RING_RELEASED;
	}
	if (c->installed < ring_needed(r, c->hosts))
		return RING_WAITS;
	*until = (c->reached ? c->reached : c->last_installed) + r->soak;
	return now < *until ? RING_SOAKING : RING_RELEASED;
}

void
ring_decide(const struct policy *p, const struct ring_count *counts, bool halted, size_t ring, int64_t now,
	    struct ring_decision *out)
{
	*out = (struct ring_decision){ .state = RING_RELEASED, .because = ring };
	if (ring_halts(p, counts, &out->because) || halted) {
		out->state = RING_HALTED;
		return;
	}
	for (size_t i = 0; i < ring && i < p->rings.count; i++) {
		int64_t until = 0;
		enum ring_state state = ring_passes(&p->rings.items[i], &counts[i], now, &until);
		if (state == RING_RELEASED)
			continue;
		*out = (struct ring_decision){ state, i, state == RING_SOAKING ? until : 0 };
		return;
	}
}

struct str
ring_why(struct arena *a, const struct policy *p, const struct ring_count *counts, const struct ring_decision *r)
{
	char when[TIME_RFC3339_MAX];

	if (r->state == RING_RELEASED || r->because >= p->rings.count)
		return STR("");
	const struct ring *ring = &p->rings.items[r->because];
	const struct ring_count *c = &counts[r->because];
	switch (r->state) {
	case RING_SOAKING:
		if (c->hosts == 0)
			return arena_printf(a, "no machine of ring %.*s has spoken of it yet: waits until %s",
					    STR_ARG(ring->name), time_local(r->until, when));
		return arena_printf(a, "waits until ring %.*s has run with it for long enough: %s", STR_ARG(ring->name),
				    time_local(r->until, when));
	case RING_WAITS:
		return arena_printf(a, "waits for ring %.*s: %u of %u hosts have it, %u are needed",
				    STR_ARG(ring->name), c->installed, c->hosts, ring_needed(ring, c->hosts));
	case RING_EMPTY:
		return arena_printf(a, "ring %.*s has no machine", STR_ARG(ring->name));
	case RING_HALTED:
		return arena_printf(
			a, "halted: it failed on %u of %u hosts of ring %.*s; look at them, then lift the halt",
			c->failed, c->hosts, STR_ARG(ring->name));
	case RING_RELEASED:
		break;
	}
	return STR("");
}
