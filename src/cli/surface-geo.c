#include "cli/surface-geo.h"

#include "base/table.h"
#include "exposure/enrich-geo.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { NETWORKS_MAX = 5000 }; /* of all seeds: more would be a provider's */

struct surface_geo {
	struct geo *geo;
	const struct own_seed *seeds;
	size_t seed_count;
	struct arena arena;
	struct table asked; /* addresses */
	struct facts *into; /* while the tables are gone through */
	size_t networks;
	bool walked;
};

bool
surface_geo_open(const char *path, const struct own_seed *seeds, size_t count, struct surface_geo **out, struct err *e)
{
	struct geo *geo;
	*out = NULL;
	if (!path)
		return true;
	if (!geo_open_file(path, &geo, e))
		return false;
	struct surface_geo *x = xcalloc(1, sizeof(*x));
	x->geo = geo;
	x->seeds = seeds;
	x->seed_count = count;
	*out = x;
	return true;
}

void
surface_geo_close(struct surface_geo *x)
{
	if (!x)
		return;
	geo_close(x->geo);
	table_free(&x->asked);
	arena_free(&x->arena);
	free(x);
}

/* ---- from AS numbers to networks ---- */

static bool
is_seed(const struct surface_geo *x, struct str as)
{
	for (size_t i = 0; i < x->seed_count; i++)
		if (x->seeds[i].is == THING_AS && !x->seeds[i].stays && str_eq(x->seeds[i].name, as))
			return true;
	return false;
}

static void
on_network(void *user, const unsigned char ip[16], unsigned bits, uint32_t number)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct surface_geo *x = user;
	ARENA_AUTO a = { 0 };
	char text[INET6_ADDRSTRLEN];
	struct str as = arena_printf(&a, "AS%u", number);
	bool v4 = bits >= 96 && memcmp(ip, mapped, sizeof(mapped)) == 0;
	if (x->networks >= NETWORKS_MAX || !is_seed(x, as))
		return;
	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip + 12 : ip, text, sizeof(text)))
		return;
	struct str network = arena_printf(&a, "%s/%u", text, v4 ? bits - 96 : bits);
	if (!fact_add(x->into, FACT_IN_AS, THING_NETWORK, network) || !fact_object(x->into, THING_AS, as))
		return;
	fact_evidence(x->into, arena_printf(&a, "%.*s is announced by %.*s", STR_ARG(network), STR_ARG(as)));
	x->networks++;
}

static void
networks(struct surface_geo *x, struct facts *f)
{
	struct err ignored = { 0 };
	bool any = false;
	for (size_t i = 0; i < x->seed_count; i++)
		any |= x->seeds[i].is == THING_AS;
	x->walked = true;
	x->into = f;
	if (any && !geo_each_network(x->geo, on_network, x, &ignored))
		f->bad++;
	x->into = NULL;
}

/* ---- addresses ---- */

static bool
bytes_of(struct str address, unsigned char ip[16])
{
	char text[INET6_ADDRSTRLEN];
	unsigned char v4[4];
	if (address.len >= sizeof(text))
		return false;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, v4) != 1)
		return inet_pton(AF_INET6, text, ip) == 1;
	memset(ip, 0, 16);
	ip[10] = ip[11] = 0xff;
	memcpy(ip + 12, v4, sizeof(v4));
	return true;
}

static void
address_more(struct surface_geo *x, struct str address, struct facts *f)
{
	ARENA_AUTO a = { 0 };
	unsigned char ip[16];
	struct str country = STR_NONE, as = STR_NONE;
	if (!bytes_of(address, ip))
		return;
	geo_find(x->geo, ip, &a, &country, &as);
	if (country.len == 2 && fact_add(f, FACT_COUNTRY, THING_ADDRESS, address))
		fact_text(f, country);
	if (as.len && fact_add(f, FACT_IN_AS, THING_ADDRESS, address))
		(void)fact_object(f, THING_AS, as);
}

void
surface_geo_more(struct surface_geo *x, const struct graph *g, struct facts *f)
{
	if (!x->walked)
		networks(x, f);
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		bool added = false;
		if (n->is != THING_ADDRESS)
			continue;
		table_put(&x->asked, arena_str(&x->arena, n->name), &added);
		if (added)
			address_more(x, n->name, f);
	}
}
