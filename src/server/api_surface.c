/* /api/v1/surface/verdicts: what people decide about assets; the next run follows it. */
#include "server/policies.h"
#include "server/surfaces.h"
#include "store/surface.h"
#include "surface/graph.h"

enum { NAME_BYTES = 512, REASON_BYTES = 500 };

static void
verdict_write(struct request *r, const struct surface_verdict *v)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "kind", v->kind);
	json_put_str(w, "name", v->name);
	json_put_str(w, "ownership", v->ownership);
	str_or_null(w, "reason", v->reason);
	json_put_str(w, "by", v->by);
	json_put_time(w, "at", v->at);
	json_end_object(w);
}

bool
api_surface_verdicts(struct request *r, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct surface_verdict *rows;
	struct page page;
	size_t count;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e) ||
	    !surface_verdict_list(r->st, &r->arena, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		verdict_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

/* KIND:NAME of the address, as runs have it. */
static bool
subject(struct request *r, struct surface_verdict *v, struct err *e)
{
	struct str kind, name, canonical, host;
	enum thing is;
	if (!str_split(r->argument, ':', &kind, &name) || !thing_parse(kind, &is) || is == THING_SERVICE)
		return err_set(e, ERR_USAGE,
			       "say what is decided about as KIND:NAME; kinds are domain, host, address, network, as, "
			       "certificate and organisation");
	name = str_trim(name);
	canonical = name.len > NAME_BYTES ? STR_NONE : thing_canonical(&r->arena, is, name);
	if (!canonical.len)
		return err_set(e, ERR_USAGE, "“%.*s” is no %.*s", STR_ARG(str_head(name, NAME_BYTES)), STR_ARG(kind));
	if (is == THING_DOMAIN || is == THING_NAME) {
		/* A decision about one host must not become one about its whole domain. */
		host = thing_canonical(&r->arena, THING_NAME, name);
		struct str domain = thing_canonical(&r->arena, THING_DOMAIN, name);
		if (is == THING_DOMAIN && !str_eq(host, domain))
			return err_set(e, ERR_USAGE, "“%.*s” is a host below %.*s, no domain", STR_ARG(name),
				       STR_ARG(domain));
		if (str_eq(host, domain))
			is = THING_DOMAIN;
	}
	v->kind = str_of(thing_name(is));
	v->name = canonical;
	return true;
}

bool
api_surface_verdict_put(struct request *r, struct err *e)
{
	struct surface_verdict v = { .by = r->user, .at = r->now };
	enum ownership own;
	if (!subject(r, &v, e) || !body_text(r, "ownership", 20, true, &v.ownership, e) ||
	    !body_text(r, "reason", REASON_BYTES, false, &v.reason, e))
		return false;
	if (!ownership_parse(v.ownership, &own) || own == OWN_UNKNOWN || own == OWN_CANDIDATE)
		return err_set(e, ERR_USAGE, "ownership must be approved, dependency, monitor or excluded");
	if (!surface_verdict_put(r->st, &v, e) ||
	    !request_audit(r, "surface.verdict", arena_printf(&r->arena, "%.*s:%.*s", STR_ARG(v.kind), STR_ARG(v.name)),
			   arena_printf(&r->arena, "%.*s %.*s", STR_ARG(v.ownership), STR_ARG(v.reason)), e))
		return false;
	verdict_write(r, &v);
	return true;
}

bool
api_surface_verdict_delete(struct request *r, struct err *e)
{
	struct surface_verdict v = { 0 }, was;
	r->status = 204;
	return subject(r, &v, e) && surface_verdict_get(r->st, &r->arena, v.kind, v.name, &was, e) &&
	       surface_verdict_delete(r->st, v.kind, v.name, e) &&
	       request_audit(r, "surface.undo", arena_printf(&r->arena, "%.*s:%.*s", STR_ARG(v.kind), STR_ARG(v.name)),
			     was.ownership, e);
}
