#include "server/mitigation_in.h"

#include "base/log.h"
#include "base/sentence.h"
#include "patch/policy_set.h"
#include "store/host_mitigation.h"

bool
mitigation_in_parse(struct arena *a, const struct json *body, struct mitigation_in *out, struct err *e)
{
	struct mitigation_in in = { .given = json_get(body, "mitigations") != NULL };
	if (!mitigate_parse(a, json_get(body, "mitigations"), &in.list, e))
		return false;
	*out = in;
	return true;
}

static const struct mitigate_patch *
list_find(const struct mitigate_list *l, struct str patch)
{
	for (size_t i = 0; i < l->patches.count; i++)
		if (str_eq(l->patches.items[i].patch, patch))
			return &l->patches.items[i];
	return NULL;
}

static bool
is_state(const struct mitigate_patch *p, enum mitigate_state state)
{
	return p && p->state == state;
}

static bool
tell(struct request *r, const char *what, const struct mitigate_patch *p, struct err *e)
{
	LANG_ENGLISH_AUTO;
	bool failed = p->state == MITIGATE_FAILED;
	struct str acts = mitigate_acts_text(&r->arena, p, failed ? MITIGATE_FAILED : MITIGATE_IN_FORCE);
	struct str text =
		arena_printf(&r->arena, "%.*s: %.*s", STR_ARG(mitigate_patch_name(&r->arena, p->patch)), STR_ARG(acts));
	log_warn("emergency", "%.*s: %s: %.*s", STR_ARG(r->host.name), what, STR_ARG(text));
	return request_audit(r, what, r->host.id, text, e);
}

static bool
changes_tell(struct request *r, const struct mitigate_list *before, const struct mitigate_list *now, struct err *e)
{
	for (size_t i = 0; i < now->patches.count; i++) {
		const struct mitigate_patch *p = &now->patches.items[i], *old = list_find(before, p->patch);
		bool begins = p->state == MITIGATE_IN_FORCE && !is_state(old, MITIGATE_IN_FORCE);
		bool fails = p->state == MITIGATE_FAILED && !is_state(old, MITIGATE_FAILED);
		if ((begins && !tell(r, "mitigation.begin", p, e)) || (fails && !tell(r, "mitigation.failed", p, e)))
			return false;
	}
	for (size_t i = 0; i < before->patches.count; i++) {
		const struct mitigate_patch *old = &before->patches.items[i];
		if (old->state == MITIGATE_IN_FORCE && !is_state(list_find(now, old->patch), MITIGATE_IN_FORCE) &&
		    !tell(r, "mitigation.end", old, e))
			return false;
	}
	return true;
}

static bool
report_read(struct arena *a, struct str report, struct mitigate_list *out, struct err *e)
{
	struct json *v = NULL;
	return (report.len == 0 || json_parse(a, report, NULL, &v, e)) && mitigate_parse(a, v, out, e);
}

bool
mitigation_in_keep(struct request *r, const struct mitigation_in *in, struct err *e)
{
	struct host_mitigation before, now = { .at = r->now };
	struct mitigate_list old;
	BUF_AUTO text = { 0 };
	if (!in->given)
		return true;
	mitigate_write(&in->list, &(struct json_writer){ .out = &text });
	now.report = arena_str(&r->arena, buf_str(&text));
	for (size_t i = 0; i < in->list.patches.count; i++)
		now.in_force += in->list.patches.items[i].state == MITIGATE_IN_FORCE;
	if (!host_mitigation_get(r->st, &r->arena, r->host.id, &before, e))
		return false;
	if (str_eq(before.report, now.report) || (before.report.len == 0 && in->list.patches.count == 0))
		return true;
	return report_read(&r->arena, before.report, &old, e) && changes_tell(r, &old, &in->list, e) &&
	       host_mitigation_put(r->st, r->host.id, &now, e);
}

/* ---- a host's page ---- */

static void
act_write(struct request *r, const struct mitigate_act *x)
{
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "act", mitigate_kind_name(x->kind));
	json_put_str(&r->w, "what", x->what);
	json_put_str(&r->w, "except", x->except);
	json_put_cstr(&r->w, "state", mitigate_state_name(x->state));
	json_put_time(&r->w, "since", x->since);
	json_put_str(&r->w, "why", tr_sentence(&r->arena, x->why));
	json_end_object(&r->w);
}

bool
mitigations_of_host_write(struct request *r, struct str host, struct err *e)
{
	struct host_mitigation kept;
	struct mitigate_list list;
	struct str policy = STR("");
	if (!host_mitigation_get(r->st, &r->arena, host, &kept, e) || !report_read(&r->arena, kept.report, &list, e))
		return false;
	if (list.patches.count > 0 && !policy_set_emergency(r->st, &r->arena, host, r->now, &policy, e))
		return false;
	json_key(&r->w, "mitigations");
	json_begin_array(&r->w);
	for (size_t i = 0; i < list.patches.count; i++) {
		const struct mitigate_patch *p = &list.patches.items[i];
		json_begin_object(&r->w);
		json_put_str(&r->w, "patch", p->patch);
		json_put_cstr(&r->w, "state", mitigate_state_name(p->state));
		json_put_time(&r->w, "since", p->since);
		json_put_str(&r->w, "why", mitigate_why(&r->arena, policy, p));
		json_key(&r->w, "acts");
		json_begin_array(&r->w);
		for (size_t k = 0; k < p->acts.count; k++)
			act_write(r, &p->acts.items[k]);
		json_end_array(&r->w);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	return true;
}
