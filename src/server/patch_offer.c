#include "server/patch_offer.h"

struct offer {
	struct str version;
	size_t patch;
};

struct offers {
	ARRAY_OF(struct offer) list;
};

/* Updates come in the plan's order: one that holds nothing newer than an earlier one is never the first that fits. */
static void
offer_add(struct patch_offers *o, struct table *t, struct str name, struct str version, size_t patch)
{
	void **slot = table_put(t, name, NULL);
	if (!*slot)
		*slot = ARENA_NEW(&o->arena, struct offers);
	struct offers *known = *slot;
	size_t n = known->list.count;
	if (n == 0 || o->scheme->compare(known->list.items[n - 1].version, version) < 0)
		*ARRAY_PUSH(&o->arena, &known->list) = (struct offer){ version, patch };
}

void
patch_offers_init(struct patch_offers *o, const struct patch_list *plan, const struct version_scheme *scheme)
{
	*o = (struct patch_offers){ .plan = plan, .scheme = scheme };
	for (size_t i = 0; i < plan->patches.count; i++) {
		const struct patch *p = &plan->patches.items[i];
		offer_add(o, &o->sources, p->source, p->version, i);
		for (size_t k = 0; k < p->packages.count; k++)
			offer_add(o, &o->packages, p->packages.items[k].name, p->packages.items[k].to, i);
	}
}

void
patch_offers_free(struct patch_offers *o)
{
	table_free(&o->sources);
	table_free(&o->packages);
	arena_free(&o->arena);
}

static size_t
first_from(const struct patch_offers *o, const struct table *t, struct str name, struct str fixed)
{
	const struct offers *known = table_get(t, name);
	if (!known)
		return SIZE_MAX;
	size_t low = 0, high = known->list.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (o->scheme->compare(known->list.items[middle].version, fixed) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->list.count ? known->list.items[low].patch : SIZE_MAX;
}

struct str
patch_offers_find(const struct patch_offers *o, struct str source, struct str package, struct str fixed)
{
	if (!fixed.len)
		return STR_NONE;
	size_t by_source = first_from(o, &o->sources, source, fixed),
	       by_package = first_from(o, &o->packages, package, fixed);
	size_t first = by_source < by_package ? by_source : by_package;
	return first == SIZE_MAX ? STR_NONE : o->plan->patches.items[first].id;
}
