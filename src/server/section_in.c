/* PUT /agent/v1/sections/NAME: one section of a host, checked before it is stored. */
#include "base/log.h"
#include "patch/plan_rows.h"
#include "plan/inventory.h"
#include "server/check_in.h"
#include "store/section.h"

/* A host may say what it likes, but lists of hosts show this of every one of them. */
enum { NAME_BYTES = 253, TEXT_BYTES = 200, ADDRESS_BYTES = 64, ADDRESSES_MAX = 64 };

struct prepared {
	struct str hash;
	struct inventory inventory; /* system */
	struct package_list packages;
	struct patch_list updates;
};

static bool
parse(struct request *r, struct prepared *p, struct err *e)
{
	if (str_eq(r->argument, STR("system")))
		return inventory_parse_system(&r->arena, r->body, &p->inventory, e);
	if (str_eq(r->argument, STR("packages")))
		return inventory_parse_packages(&r->arena, r->body, &p->packages, e);
	if (str_eq(r->argument, STR("updates")))
		return patch_list_parse(&r->arena, r->body, &p->updates, e);
	return err_set(e, ERR_NOT_FOUND, "there is no section “%.*s”", STR_ARG(r->argument));
}

bool
section_prepare(struct request *r, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	char hash[SHA256_HEX_LEN];
	sha256_hex(r->body, hash);
	p->hash = arena_str(&r->arena, str_of(hash));
	/* Before the parser sees it: only what this host has announced. */
	if (!section_check(r->st, r->host.id, r->argument, p->hash, e))
		return false;
	if (!parse(r, p, e))
		return err_wrap(e, "reading section %.*s", STR_ARG(r->argument));
	r->prepared = p;
	return true;
}

static struct str
addresses_json(struct arena *a, const struct hardware *h)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	size_t left = ADDRESSES_MAX;
	json_begin_array(&w);
	for (size_t i = 0; i < h->interfaces.count; i++)
		for (size_t j = 0; j < h->interfaces.items[i].address_count && left > 0; j++, left--)
			json_str(&w, arena_line(a, h->interfaces.items[i].addresses[j], ADDRESS_BYTES));
	json_end_array(&w);
	return arena_str(a, buf_str(&text));
}

static bool
system_store(struct request *r, const struct inventory *inv, struct err *e)
{
	struct arena *a = &r->arena;
	struct host h = {
		.id = r->host.id,
		.name = inv->hostname.len ? arena_line(a, inv->hostname, NAME_BYTES) : r->host.name,
		.os_key = inv->os.id.len ? arena_line(a, os_key(&inv->os, a), TEXT_BYTES) : r->host.os_key,
		.os_name = arena_line(a, inv->os.name, TEXT_BYTES),
		.serial = arena_line(a, inv->hardware.serial, TEXT_BYTES),
		.addresses = addresses_json(&r->arena, &inv->hardware),
		.reboot = inv->reboot_signals.count > 0,
	};
	if (!host_set_system(r->st, &h, e))
		return false;
	return h.reboot || host_patch_rebooted(r->st, h.id, r->now, e);
}

bool
section_handle(struct request *r, struct err *e)
{
	const struct prepared *p = r->prepared;
	/* Again: another check-in may have announced something newer meanwhile. */
	if (!section_check(r->st, r->host.id, r->argument, p->hash, e) ||
	    !section_put(r->st, r->host.id, r->argument, p->hash, r->body, r->now, e))
		return false;
	bool ok = str_eq(r->argument, STR("system")) ? system_store(r, &p->inventory, e)
		  : str_eq(r->argument, STR("packages"))
			  ? host_set_packages(r->st, r->host.id, (int64_t)p->packages.count, e)
			  : plan_rows_apply(r->st, r->host.id, &p->updates, r->now, e);
	if (!ok)
		return false;
	r->match_host = r->host.id;
	r->status = 204;
	return true;
}
