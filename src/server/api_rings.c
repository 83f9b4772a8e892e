/* Rings, halts and emergencies: how far updates have come, and who lets them go on. */
#include "base/sentence.h"
#include "patch/stage.h"
#include "server/not_back.h"
#include "server/policies.h"
#include "store/emergency.h"

enum { REASON_BYTES = 500 };

static const char *const ring_words[] = { "released", "soaking", "waits", "halted", "empty" };

/* GET /api/v1/rings?policy&patch: one update's way through the rings of one policy. */
bool
api_rings(struct request *r, struct err *e)
{
	static const char *const filters[] = { "policy", "patch", NULL };
	struct policy_set set;
	struct stage_view v;
	bool found;
	if (!request_query(r, filters, e) || !policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	struct str policy = request_parameter(r, "policy"), patch = request_parameter(r, "patch");
	if (!policy.len || !patch.len)
		return err_set(e, ERR_USAGE, "give policy and patch");
	if (!stage_look(&set, &r->arena, policy, patch, &v, &found, e))
		return false;
	struct page page = { .total = found ? (int64_t)v.policy->rings.count : 0 };
	request_list_begin(r, &page);
	for (size_t i = 0; i < (size_t)page.total; i++) {
		const struct ring_count *c = &v.counts[i];
		json_begin_object(&r->w);
		json_put_str(&r->w, "ring", v.policy->rings.items[i].name);
		json_put_cstr(&r->w, "state", ring_words[v.decisions[i].state]);
		json_put_time(&r->w, "until", v.decisions[i].until);
		json_put_str(&r->w, "why",
			     tr_sentence(&r->arena, ring_why(&r->arena, v.policy, v.counts, &v.decisions[i])));
		json_put_i64(&r->w, "hosts", c->hosts);
		json_put_i64(&r->w, "installed", c->installed);
		json_put_i64(&r->w, "failed", c->failed);
		json_put_i64(&r->w, "unhealthy", c->unhealthy);
		json_put_i64(&r->w, "running", c->running);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

static void
halt_write(struct request *r, const struct ring_halt *h)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", h->id);
	json_put_str(&r->w, "policy", h->policy);
	json_put_str(&r->w, "patch", h->patch);
	str_or_null(&r->w, "title", h->title);
	json_put_str(&r->w, "ring", h->ring);
	json_put_str(&r->w, "why", tr_sentence(&r->arena, h->why));
	json_put_time(&r->w, "at", h->at);
	json_put_time(&r->w, "lifted_at", h->lifted_at);
	str_or_null(&r->w, "lifted_by", h->lifted_by);
	json_end_object(&r->w);
}

bool
api_halts(struct request *r, struct err *e)
{
	static const char *const filters[] = { "lifted", NULL };
	struct page page;
	struct ring_halt *rows;
	size_t count;
	int lifted;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !request_tristate(r, "lifted", &lifted, e) ||
	    !ring_halt_list(r->st, &r->arena, lifted > 0, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		halt_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

bool
api_halt_resume(struct request *r, struct err *e)
{
	struct ring_halt h;
	struct str reason;
	if (!body_text(r, "reason", REASON_BYTES, true, &reason, e) ||
	    !ring_halt_lift(r->st, &r->arena, r->argument, r->user, r->now, &h, e) ||
	    !request_audit(r, "ring.resume", h.patch,
			   arena_printf(&r->arena, "policy %.*s, ring %.*s: %.*s", STR_ARG(h.policy), STR_ARG(h.ring),
					STR_ARG(reason)),
			   e))
		return false;
	halt_write(r, &h);
	return true;
}

/* ---- emergencies ---- */

bool
api_emergencies(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct emergency_row *rows;
	size_t count;
	if (!request_query(r, filters, e) ||
	    !emergency_list(r->st, &r->arena, r->now - NOTICE_EVENT_MS, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "patch", rows[i].patch);
		str_or_null(&r->w, "title", rows[i].title);
		json_put_time(&r->w, "since", rows[i].since);
		json_put_time(&r->w, "ended_at", rows[i].ended_at);
		json_put_i64(&r->w, "waiting", rows[i].waiting);
		json_put_i64(&r->w, "done", rows[i].done);
		json_put_i64(&r->w, "consents", rows[i].consents);
		json_put_i64(&r->w, "consents_needed", EMERGENCY_CONSENTS);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

bool
api_emergency_consent(struct request *r, struct err *e)
{
	struct str patch, reason;
	if (!body_text(r, "patch", 300, true, &patch, e) || !body_text(r, "reason", REASON_BYTES, true, &reason, e) ||
	    !emergency_consent(r->st, patch, r->user, reason, r->now, e) ||
	    !request_audit(r, "emergency.consent", patch, reason, e))
		return false;
	r->status = 204;
	return true;
}

/* ---- notices of the overview ---- */

static void
emergency_notice(struct request *r, const struct emergency_row *m)
{
	struct str title = m->title.len ? m->title : m->patch;
	if (m->ended_at)
		notice_write(r, "info", "emergency",
			     arena_printf(&r->arena, tr("Emergency over: %.*s is on all %lld hosts."), STR_ARG(title),
					  (long long)m->done));
	else
		notice_write(
			r, "alarm", "emergency",
			arena_printf(&r->arena,
				     tr("Emergency: %.*s is exploited and goes out now; %lld hosts still miss it."),
				     STR_ARG(title), (long long)m->waiting));
}

/* Rings before the last one that no machine is in: what they should prove waits for ever. */
static bool
empty_rings_write(struct request *r, struct err *e)
{
	struct policy_set set;
	if (!policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	for (size_t i = 0; i < set.count; i++) {
		const struct policy *p = &set.policies[i];
		int64_t hosts = 0, members;
		for (size_t k = p->rings.count; k-- > 0; hosts += members) {
			if (!ring_hosts(r->st, p->name, (int64_t)k, &members, e))
				return false;
			if (members || !hosts)
				continue;
			notice_write(r, "alarm", "ring-empty",
				     arena_printf(&r->arena,
						  tr("Updates wait: ring %.*s of policy %.*s has no machine. Give a "
						     "machine its tag or group, or take the ring out."),
						  STR_ARG(p->rings.items[k].name), STR_ARG(p->name)));
		}
	}
	return true;
}

bool
patching_notices_write(struct request *r, struct err *e)
{
	struct page page = { .limit = 20 };
	struct ring_halt *halts;
	struct emergency_row *emergencies;
	struct not_back *absent;
	struct vendor *vendors;
	size_t halt_count, emergency_count, absent_count, vendor_count;
	if (!ring_halt_list(r->st, &r->arena, false, &page, &halts, &halt_count, e) ||
	    !emergency_list(r->st, &r->arena, r->now - 86400000, &emergencies, &emergency_count, e) ||
	    !not_back_list(r, &absent, &absent_count, e) ||
	    !vendor_list(r->st, &r->arena, r->now, &vendors, &vendor_count, e))
		return false;
	for (size_t i = 0; i < emergency_count; i++)
		emergency_notice(r, &emergencies[i]);
	for (size_t i = 0; i < halt_count; i++)
		notice_write(r, "alarm", "halted",
			     arena_printf(&r->arena, tr("%.*s is halted everywhere: %.*s"),
					  STR_ARG(halts[i].title.len ? halts[i].title : halts[i].patch),
					  STR_ARG(tr_sentence(&r->arena, halts[i].why))));
	if (!empty_rings_write(r, e) || !not_back_notice(r, e))
		return false;
	if (absent_count)
		notice_write(r, "alarm", "not-back",
			     arena_printf(&r->arena,
					  tr("%zu machines are not back from their updates; the first is %.*s."),
					  absent_count, STR_ARG(absent[0].name)));
	for (size_t i = 0; i < vendor_count; i++)
		if (vendors[i].overdue)
			notice_write(r, "warning", "vendor-overdue",
				     arena_printf(&r->arena, tr("%.*s has not answered about %lld updates in time."),
						  STR_ARG(vendors[i].name), (long long)vendors[i].overdue));
	return true;
}
