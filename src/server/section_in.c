/* PUT /agent/v1/sections/NAME: one section of a host, checked before it is stored. */
#include "base/log.h"
#include "patch/group_rule.h"
#include "patch/plan_rows.h"
#include "plan/inventory.h"
#include "plan/server_guess.h"
#include "server/check_in.h"
#include "store/fleet_group.h"
#include "store/section.h"
#include "store/step.h"

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

/* As machines of one kind call themselves. */
static struct str
model_of(struct arena *a, const struct hardware *h)
{
	if (!h->model.len)
		return STR("");
	return arena_line(a, arena_printf(a, "%.*s %.*s", STR_ARG(h->maker), STR_ARG(h->model)), TEXT_BYTES);
}

/* A host may lie about itself, but not make a backup of tomorrow count until then. */
static bool
backup_store(struct request *r, const struct backup_seen *b, struct err *e)
{
	if (b->at <= 0)
		return true;
	if (b->at > r->now + BACKUP_AHEAD_MS) {
		log_warn("host", "%.*s: says that its newest backup is from the future", STR_ARG(r->host.name));
		return true;
	}
	return host_saw_backup(r->st, r->host.id, b->at < r->now ? b->at : r->now, e);
}

/* From both sections, whichever came last; a host that sent only one of them looks like nothing yet. */
static bool
role_guess_keep(struct request *r, const struct inventory *system, const struct package_list *packages, struct err *e)
{
	struct inventory inv = { 0 };
	struct package_list list = { 0 };
	struct str body, why;
	struct err unreadable = { 0 };
	if (!section_body(r->st, &r->arena, r->host.id, system ? "packages" : "system", &body, e))
		return false;
	if (system && body.len && !inventory_parse_packages(&r->arena, body, &list, &unreadable))
		return true;
	if (!system && (!body.len || !inventory_parse_system(&r->arena, body, &inv, &unreadable)))
		return true;
	bool server = server_guess(system ? system : &inv, packages ? packages : &list, &r->arena, &why);
	return host_set_role_guess(r->st, r->host.id, server ? STR("server") : STR_NONE, why, e);
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
	if (!host_set_system(r->st, &h, e) ||
	    !host_set_timezone(r->st, h.id, arena_line(a, inv->timezone, TEXT_BYTES), e) ||
	    !host_set_model(r->st, h.id, model_of(a, &inv->hardware), e) || !backup_store(r, &inv->backup, e) ||
	    !group_rules_host(r->st, a, h.id, e))
		return false;
	if (!role_guess_keep(r, inv, NULL, e))
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
			  ? host_set_packages(r->st, r->host.id, (int64_t)p->packages.count, e) &&
				    role_guess_keep(r, NULL, &p->packages, e)
			  : plan_rows_apply(r->st, r->host.id, &p->updates, r->now, e);
	if (!ok)
		return false;
	r->match_host = r->host.id;
	r->status = 204;
	return true;
}
