#include "agent/mandate.h"

#include "agent/removal.h"
#include "base/log.h"

#define NEWEST "directive.json"
#define OF_SLOT "directive-slot.json"
#define DIRECTIVE_MAX (8U << 20)

static bool
open_signed(struct session *s, const struct json *v, struct directive *out, struct err *e)
{
	struct str document;
	if (!signed_open(v, s->order_key, "directive", &document, e))
		return err_wrap(e, "checking the signature of a directive");
	if (!directive_parse(s->arena, document, out, e))
		return false;
	if (!str_eq(out->host, str_of(s->id.host)))
		return err_set(e, ERR_REFUSED, "a directive is for another host (%.*s)", STR_ARG(out->host));
	return true;
}

static bool
load(struct session *s, const char *name, struct directive *out)
{
	struct err e = { 0 };
	struct json *v;
	struct directive d = { 0 };
	if (!state_load(s->agent, s->arena, name, &v, &e) || (v && !open_signed(s, v, &d, &e))) {
		log_warn("policy", "%s", e.text);
		return false;
	}
	if (!v)
		return false;
	*out = d;
	return true;
}

bool
mandate_load(struct session *s, struct directive *out)
{
	bool ok = load(s, NEWEST, out);
	s->directive_serial = ok ? out->serial : 0;
	return ok;
}

bool
mandate_load_began(struct session *s, int64_t serial, struct directive *out)
{
	struct directive d;
	if (!load(s, OF_SLOT, &d) || d.serial != serial)
		return false;
	*out = d;
	return true;
}

bool
mandate_take(struct session *s, const struct json *signed_directive, struct err *e)
{
	struct directive d, have;
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	if (!open_signed(s, signed_directive, &d, e))
		return false;
	if (mandate_load(s, &have) && d.serial < have.serial)
		return err_set(e, ERR_REFUSED, "a directive with serial %lld came, which is older than ours (%lld)",
			       (long long)d.serial, (long long)have.serial);
	json_tree(&w, signed_directive);
	if (b.len > DIRECTIVE_MAX)
		return err_set(e, ERR_TOO_LARGE, "a directive is larger than %u bytes", DIRECTIVE_MAX);
	if (!state_save(s->agent, NEWEST, buf_str(&b), e))
		return err_wrap(e, "keeping the directive");
	if (d.issued > s->contact.signed_time)
		s->contact.signed_time = d.issued;
	s->directive_serial = d.serial;
	log_info("policy", "directive %lld: policy %.*s, %zu updates approved", (long long)d.serial,
		 STR_ARG(d.policy.name), d.patches.count);
	return true;
}

bool
mandate_keep(struct session *s, struct err *e)
{
	BUF_AUTO b = { 0 };
	return file_read(state_path(s->agent, s->arena, NEWEST), DIRECTIVE_MAX, &b, e) &&
	       state_save(s->agent, OF_SLOT, buf_str(&b), e);
}

static bool
is_installed(const struct session *s, struct str name)
{
	for (size_t i = 0; i < s->inventory.packages.count; i++)
		if (str_eq(s->inventory.packages.items[i].name, name))
			return true;
	return false;
}

void
mandate_widen(struct session *s, const struct directive *d, struct directive *out)
{
	*out = *d;
	memset(&out->patches, 0, sizeof(out->patches));
	for (size_t i = 0; i < d->patches.count; i++)
		*ARRAY_PUSH(s->arena, &out->patches) = d->patches.items[i];
	for (size_t i = 0; i < d->policy.remove.count; i++) {
		const struct removal *r = &d->policy.remove.items[i];
		if (is_installed(s, r->app) && !removal_waits(s, d, r->app))
			*ARRAY_PUSH(s->arena, &out->patches) =
				(struct directive_patch){ .patch = arena_printf(s->arena, MANDATE_REMOVE "%.*s",
										STR_ARG(r->app)),
							  .reason = r->why };
	}
}
