/* Which addresses the internet may see of the fleet, told to exposure: what hosts say of themselves, and where they come from. */
#include "base/json.h"
#include "base/log.h"
#include "exposure/mine.h"
#include "server/exposures.h"
#include "store/host.h"

struct addresses {
	struct arena *a;
	ARRAY_OF(struct mine_network) list;
};

static void
add(struct addresses *x, struct str text)
{
	struct mine_network n;
	struct str address = text, zone;

	(void)str_split(text, '%', &address, &zone);
	if (x->list.count < MINE_MAX && mine_parse(address, &n) && mine_is_public(&n))
		*ARRAY_PUSH(x->a, &x->list) = n;
}

static void
add_host(struct addresses *x, const struct host *h)
{
	ARENA_AUTO a = { 0 };
	struct json *tree;
	struct err e = { 0 };

	if (h->state != HOST_ACTIVE)
		return;
	add(x, h->peer);
	if (!json_parse(&a, h->addresses, NULL, &tree, &e) || tree->kind != JSON_KIND_ARRAY)
		return;
	for (size_t i = 0; i < tree->count; i++)
		add(x, tree->item[i].kind == JSON_KIND_OBJECT ? json_get_str(&tree->item[i], "address")
							      : tree->item[i].text);
}

void
exposure_mine_refresh(const char *data, struct store *st)
{
	ARENA_AUTO a = { 0 };
	struct addresses x = { .a = &a };
	struct str *ids;
	struct err e = { 0 };
	size_t count;
	bool ok = host_ids(st, &a, HOST_ACTIVE, &ids, &count, &e);

	for (size_t i = 0; ok && i < count; i++) {
		ARENA_AUTO own = { 0 };
		struct host h;
		ok = host_get(st, &own, ids[i], &h, &e);
		if (ok)
			add_host(&x, &h);
	}
	if (!ok || !mine_store(data, MINE_FLEET, x.list.items, x.list.count, &e))
		log_error("exposure", "which addresses are the fleet's could not be kept: %s", e.text);
}
