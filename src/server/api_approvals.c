/* /api/v1/verdicts, mitigations, holds: what people say about updates and machines. */
#include "base/sentence.h"
#include "server/policies.h"

enum { PATCH_BYTES = 300, GROUP_BYTES = 100, REASON_BYTES = 500 };

/* ---- verdicts ---- */

static void
verdict_write(struct request *r, const struct verdict_row *v)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", v->id);
	json_put_str(w, "patch", v->patch);
	str_or_null(w, "group", v->group);
	json_put_str(w, "verdict", v->verdict);
	json_put_str(w, "by", v->by);
	json_put_str(w, "reason", v->reason);
	json_put_time(w, "at", v->at);
	json_put_time(w, "undone_at", v->undone_at);
	str_or_null(w, "undone_by", v->undone_by);
	json_end_object(w);
}

bool
api_verdicts(struct request *r, struct err *e)
{
	static const char *const filters[] = { "patch", "undone", NULL };
	struct page page;
	struct verdict_row *rows;
	size_t count;
	int undone;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !request_tristate(r, "undone", &undone, e))
		return false;
	struct verdict_filter f = { .patch = request_parameter(r, "patch"), .undone = undone > 0 };
	if (!verdict_list(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		verdict_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

bool
api_verdict_create(struct request *r, struct err *e)
{
	struct verdict_row v = { .id = id_new(&r->arena), .by = r->user, .at = r->now };
	struct patch_row known;
	if (!body_text(r, "patch", PATCH_BYTES, true, &v.patch, e) ||
	    !body_text(r, "group", GROUP_BYTES, false, &v.group, e) ||
	    !body_text(r, "verdict", 20, true, &v.verdict, e) ||
	    !body_text(r, "reason", REASON_BYTES, true, &v.reason, e))
		return false;
	if (!str_eq(v.verdict, STR("approved")) && !str_eq(v.verdict, STR("rejected")) &&
	    !str_eq(v.verdict, STR("withdrawn")))
		return err_set(e, ERR_USAGE, "verdict must be approved, rejected or withdrawn");
	if (str_eq(v.verdict, STR("withdrawn")) && v.group.len)
		return err_set(e, ERR_USAGE, "an update is withdrawn everywhere at once: leave the group out");
	if ((v.group.len && !group_needed(r, v.group, e)) || !patch_get(r->st, &r->arena, v.patch, &known, e) ||
	    !verdict_insert(r->st, &v, e) ||
	    !request_audit(r, arena_printf(&r->arena, "patch.%.*s", STR_ARG(v.verdict)).ptr, v.patch,
			   arena_printf(&r->arena, "%.*s %.*s", STR_ARG(v.group), STR_ARG(v.reason)), e))
		return false;
	verdict_write(r, &v);
	return true;
}

bool
api_verdict_delete(struct request *r, struct err *e)
{
	struct verdict_row v = { 0 };
	if (!verdict_undo(r->st, &r->arena, r->argument, r->user, r->now, &v, e) ||
	    !request_audit(r, "patch.undo", v.patch, v.verdict, e))
		return false;
	verdict_write(r, &v);
	return true;
}

/* ---- workarounds ---- */

static void
mitigation_write(struct request *r, const struct mitigation *m)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", m->id);
	json_put_str(w, "subject", m->subject);
	str_or_null(w, "group", m->group);
	json_put_str(w, "workaround", m->workaround);
	json_put_str(w, "owner", m->owner);
	json_put_str(w, "by", m->by);
	json_put_time(w, "at", m->at);
	json_put_time(w, "ended_at", m->ended_at);
	str_or_null(w, "ended_why", m->ended_why);
	json_end_object(w);
}

bool
api_mitigations(struct request *r, struct err *e)
{
	static const char *const filters[] = { "ended", NULL };
	struct page page;
	struct mitigation *rows;
	size_t count;
	int ended;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !request_tristate(r, "ended", &ended, e) ||
	    !mitigation_list(r->st, &r->arena, ended > 0, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		mitigation_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

bool
api_mitigation_create(struct request *r, struct err *e)
{
	struct mitigation m = { .id = id_new(&r->arena), .by = r->user, .at = r->now };
	if (!body_text(r, "subject", PATCH_BYTES, true, &m.subject, e) ||
	    !body_text(r, "group", GROUP_BYTES, false, &m.group, e) ||
	    !body_text(r, "workaround", REASON_BYTES, true, &m.workaround, e) ||
	    !body_text(r, "owner", GROUP_BYTES, true, &m.owner, e) || (m.group.len && !group_needed(r, m.group, e)) ||
	    !mitigation_insert(r->st, &m, e) || !request_audit(r, "mitigation.create", m.subject, m.workaround, e))
		return false;
	mitigation_write(r, &m);
	return true;
}

bool
api_mitigation_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return mitigation_end(r->st, r->argument, arena_printf(&r->arena, "ended by %.*s", STR_ARG(r->user)), r->now,
			      e) &&
	       request_audit(r, "mitigation.end", r->argument, STR(""), e);
}

/* ---- holds ---- */

static void
hold_write(struct request *r, const struct hold *h)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", h->id);
	if (h->host.ptr) {
		host_ref_write(r, "host", h->host, h->host_name.ptr ? h->host_name : h->host);
	} else {
		json_key(w, "host");
		json_null(w);
	}
	str_or_null(w, "group", h->group);
	json_put_str(w, "by", h->by);
	json_put_str(w, "why", h->why);
	json_put_time(w, "at", h->at);
	json_put_time(w, "until", h->until);
	json_put_time(w, "released_at", h->released_at);
	str_or_null(w, "released_by", h->released_by);
	json_end_object(w);
}

bool
api_holds(struct request *r, struct err *e)
{
	static const char *const filters[] = { "ended", NULL };
	struct page page;
	struct hold *rows;
	size_t count;
	int ended;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !request_tristate(r, "ended", &ended, e) ||
	    !hold_list(r->st, &r->arena, ended > 0, r->now, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		hold_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

static bool
hold_scope(struct request *r, struct hold *h, struct err *e)
{
	struct str host, group;
	struct host known;
	if (!body_text(r, "host", GROUP_BYTES, false, &host, e) ||
	    !body_text(r, "group", GROUP_BYTES, false, &group, e))
		return false;
	if (!host.len == !group.len)
		return err_set(e, ERR_USAGE, "a hold is of one host or of one group: give either");
	if (group.len) {
		h->group = group;
		return group_needed(r, group, e);
	}
	if (!host_get(r->st, &r->arena, host, &known, e))
		return false;
	h->host = known.id;
	h->host_name = known.name;
	return true;
}

bool
api_hold_create(struct request *r, struct err *e)
{
	struct hold h = { .id = id_new(&r->arena), .by = r->user, .at = r->now };
	if (!hold_scope(r, &h, e) || !body_text(r, "why", REASON_BYTES, true, &h.why, e) ||
	    !body_time(r, "until", &h.until, e))
		return false;
	if (h.until && h.until <= r->now)
		return err_set(e, ERR_USAGE, "until lies in the past");
	if (!hold_insert(r->st, &h, e) || !request_audit(r, "hold.create", h.id, h.why, e))
		return false;
	hold_write(r, &h);
	return true;
}

bool
api_hold_release(struct request *r, struct err *e)
{
	struct hold h;
	if (!hold_get(r->st, &r->arena, r->argument, &h, e) || !hold_release(r->st, h.id, r->user, r->now, e) ||
	    !request_audit(r, "hold.release", h.id, h.why, e))
		return false;
	h.released_at = r->now;
	h.released_by = r->user;
	hold_write(r, &h);
	return true;
}
