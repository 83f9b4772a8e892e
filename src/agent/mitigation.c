#include "agent/mitigation.h"

#include <unistd.h>

#include "agent/facts.h"
#include "agent/order.h"
#include "agent/ports.h"
#include "agent/ward.h"
#include "base/log.h"
#include "base/sentence.h"
#include "version/version.h"

enum { KEPT_MAX = 2000, PACKAGES_KEPT_MAX = 5000 };

struct kept_act {
	struct mitigate_act act; /* kind, what, except; state and since once it was done */
	bool done;
	bool ran; /* a service that was up before, and is to be up again */
	bool wanted; /* by the decision of this run */
};
struct kept_patch {
	struct str patch;
	ARRAY_OF(struct patch_package) packages;
};
struct mitigation_work {
	struct session *s;
	const struct directive *d;
	ARRAY_OF(struct kept_act) acts;
	ARRAY_OF(struct kept_patch) patches;
	struct str reported; /* what was told last, as JSON */
	struct str policy;
	struct mitigate_list list;
};

/* ---- what is kept ---- */

static void
act_load(struct mitigation_work *k, const struct json *j)
{
	struct kept_act x = { .act = { .what = json_get_str(j, "what"),
				       .except = json_get_str(j, "except"),
				       .why = json_get_str(j, "why") },
			      .done = json_get_bool(j, "done", false),
			      .ran = json_get_bool(j, "ran", false) };
	if (str_eq(json_get_str(j, "act"), str_of(mitigate_kind_name(MITIGATE_CLOSE_PORT))))
		x.act.kind = MITIGATE_CLOSE_PORT;
	if (x.done)
		x.act.state = MITIGATE_IN_FORCE;
	else if (json_get_bool(j, "applies", true))
		x.act.state = x.act.why.len ? MITIGATE_FAILED : MITIGATE_DUE;
	else
		x.act.state = MITIGATE_NOT_APPLICABLE;
	if (!time_parse(json_get_str(j, "since"), &x.act.since))
		x.act.since = 0;
	*ARRAY_PUSH(k->s->arena, &k->acts) = x;
}

static void
patch_load(struct mitigation_work *k, const struct json *j)
{
	struct kept_patch p = { .patch = json_get_str(j, "patch") };
	size_t count;
	const struct json *items = json_get_array(j, "packages", &count);
	for (size_t i = 0; i < count && i < PACKAGES_KEPT_MAX; i++)
		*ARRAY_PUSH(k->s->arena, &p.packages) = (struct patch_package){ .name = json_get_str(&items[i], "name"),
										.arch = json_get_str(&items[i], "arch"),
										.to = json_get_str(&items[i], "to") };
	*ARRAY_PUSH(k->s->arena, &k->patches) = p;
}

static bool
memory_load(struct mitigation_work *k, struct err *e)
{
	struct json *v = NULL;
	size_t count;
	if (!state_load(k->s->agent, k->s->arena, MITIGATION_MEMORY, &v, e))
		return false;
	k->reported = json_get_str(v, "reported");
	k->policy = json_get_str(v, "policy");
	const struct json *items = json_get_array(v, "acts", &count);
	for (size_t i = 0; i < count && i < KEPT_MAX; i++)
		act_load(k, &items[i]);
	items = json_get_array(v, "patches", &count);
	for (size_t i = 0; i < count && i < KEPT_MAX; i++)
		patch_load(k, &items[i]);
	return true;
}

static void
acts_write(const struct mitigation_work *k, struct json_writer *w)
{
	json_key(w, "acts");
	json_begin_array(w);
	for (size_t i = 0; i < k->acts.count; i++) {
		const struct kept_act *x = &k->acts.items[i];
		json_begin_object(w);
		json_put_cstr(w, "act", mitigate_kind_name(x->act.kind));
		json_put_str(w, "what", x->act.what);
		json_put_str(w, "except", x->act.except);
		json_put_time(w, "since", x->act.since);
		json_put_str(w, "why", x->act.why);
		json_put_bool(w, "applies", x->act.state != MITIGATE_NOT_APPLICABLE);
		json_put_bool(w, "done", x->done);
		json_put_bool(w, "ran", x->ran);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
patches_write(const struct mitigation_work *k, struct json_writer *w)
{
	json_key(w, "patches");
	json_begin_array(w);
	for (size_t i = 0; i < k->patches.count; i++) {
		const struct kept_patch *p = &k->patches.items[i];
		json_begin_object(w);
		json_put_str(w, "patch", p->patch);
		json_key(w, "packages");
		json_begin_array(w);
		for (size_t n = 0; n < p->packages.count && n < PACKAGES_KEPT_MAX; n++) {
			json_begin_object(w);
			json_put_str(w, "name", p->packages.items[n].name);
			json_put_str(w, "arch", p->packages.items[n].arch);
			json_put_str(w, "to", p->packages.items[n].to);
			json_end_object(w);
		}
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

/* Without anything begun there is no file: a drop-in that was left is without effect then. */
static bool
memory_save(const struct mitigation_work *k, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	if (k->acts.count == 0 && (k->reported.len == 0 || str_eq(k->reported, STR("[]"))))
		return file_remove(state_path(k->s->agent, k->s->arena, MITIGATION_MEMORY), e);
	json_begin_object(&w);
	json_put_str(&w, "policy", k->policy);
	acts_write(k, &w);
	patches_write(k, &w);
	json_put_str(&w, "reported", k->reported);
	json_end_object(&w);
	return state_save(k->s->agent, MITIGATION_MEMORY, buf_str(&b), e);
}

/* ---- what is missing ---- */

static const struct version_scheme *
scheme_of(const struct session *s)
{
	const char *manager = s->inventory.packages.manager;
	return manager && strcmp(manager, "rpm") == 0   ? &version_rpm
	       : manager && strcmp(manager, "apk") == 0 ? &version_apk
							: &version_deb;
}

/* A kernel that is in and does not run yet helps nobody. */
static bool
waits_for_restart(const struct session *s, struct str package)
{
	for (size_t i = 0; s->inventory.reboot_signals.count > 0 && i < s->inventory.kernels.count; i++)
		if (str_eq(s->inventory.kernels.items[i].package, package) && !s->inventory.kernels.items[i].running)
			return true;
	return false;
}

/* By the packages themselves: a plan that knows a newer version, or none, says nothing about this one. */
static bool
still_behind(const struct session *s, const struct kept_patch *p)
{
	const struct version_scheme *scheme = scheme_of(s);
	for (size_t i = 0; i < p->packages.count; i++) {
		const struct patch_package *x = &p->packages.items[i];
		size_t count;
		const struct package *have = package_list_find(&s->inventory.packages, x->name, &count);
		for (size_t n = 0; n < count; n++)
			if ((x->arch.len == 0 || str_eq(have[n].arch, x->arch)) &&
			    scheme->compare(have[n].version, x->to) < 0)
				return true;
	}
	return false;
}

static bool
restart_due(const struct session *s, const struct kept_patch *p)
{
	for (size_t i = 0; i < p->packages.count; i++)
		if (waits_for_restart(s, p->packages.items[i].name))
			return true;
	return false;
}

static void
missing_read(struct mitigation_work *k, struct mitigate_facts *f)
{
	struct session *s = k->s;
	size_t count = s->plan.list.patches.count + k->patches.count, n = 0;
	struct str *missing = ARENA_ARRAY(s->arena, struct str, count + 1);
	struct str *pending = ARENA_ARRAY(s->arena, struct str, k->patches.count + 1);
	for (size_t i = 0; i < s->plan.list.patches.count; i++)
		missing[n++] = s->plan.list.patches.items[i].id;
	for (size_t i = 0; i < k->patches.count; i++) {
		const struct kept_patch *p = &k->patches.items[i];
		if (still_behind(s, p))
			missing[n++] = p->patch;
		else if (restart_due(s, p))
			pending[f->pending_count++] = p->patch;
	}
	f->missing = missing;
	f->missing_count = n;
	f->pending = pending;
}

static void
decide(struct mitigation_work *k, struct str slot)
{
	struct session *s = k->s;
	struct slot_facts ward = { 0 };
	struct mitigate_facts f = { .now = order_now(s), .host = str_of(s->id.host), .slot = slot };
	ward_facts(s, f.now, &ward);
	f.local_hold = ward.local_hold;
	f.local_hold_until = ward.local_hold_until;
	missing_read(k, &f);
	mitigate_decide(k->d, &f, s->arena, &k->list);
}

/* ---- what is to be done ---- */

static struct kept_act *
kept_find(struct mitigation_work *k, const struct mitigate_act *act)
{
	for (size_t i = 0; i < k->acts.count; i++)
		if (mitigate_act_same(&k->acts.items[i].act, act))
			return &k->acts.items[i];
	return NULL;
}

static struct kept_patch
patch_keep(const struct mitigation_work *k, struct str id)
{
	struct kept_patch p = { .patch = id };
	for (size_t i = 0; i < k->s->plan.list.patches.count; i++) {
		const struct patch *x = &k->s->plan.list.patches.items[i];
		if (!str_eq(x->id, id))
			continue;
		for (size_t n = 0; n < x->packages.count && n < PACKAGES_KEPT_MAX; n++)
			*ARRAY_PUSH(k->s->arena, &p.packages) = x->packages.items[n];
		return p;
	}
	for (size_t i = 0; i < k->patches.count; i++)
		if (str_eq(k->patches.items[i].patch, id))
			return k->patches.items[i];
	return p;
}

/* One act of the decision; true: it is new here, and there is something to do. */
static bool
act_want(struct mitigation_work *k, const struct mitigate_act *act)
{
	struct kept_act *x = kept_find(k, act);
	bool fresh = !x;
	if (fresh) {
		x = ARRAY_PUSH(k->s->arena, &k->acts);
		*x = (struct kept_act){ .act = *act };
		if (act->kind == MITIGATE_STOP_SERVICE)
			mitigation_service_look(k->s, &x->act, &x->ran);
	}
	/* Networks are not kept: they come with each decision. */
	x->act.port = act->port;
	x->act.networks = act->networks;
	x->act.network_count = act->network_count;
	x->wanted = true;
	return fresh && x->act.state == MITIGATE_DUE;
}

static bool
patches_same(const struct mitigation_work *a, const struct mitigation_work *b)
{
	for (size_t i = 0; i < a->patches.count && i < b->patches.count; i++)
		if (!str_eq(a->patches.items[i].patch, b->patches.items[i].patch))
			return false;
	return a->patches.count == b->patches.count;
}

/* *fresh: what begins now, for people. True: something is to be written down. */
static bool
wants_take(struct mitigation_work *k, struct mitigate_list *fresh)
{
	struct mitigation_work old = *k;
	size_t before = k->acts.count;
	memset(&k->patches, 0, sizeof(k->patches));
	for (size_t i = 0; i < k->list.patches.count; i++) {
		const struct mitigate_patch *p = &k->list.patches.items[i];
		struct mitigate_patch begins = { .patch = p->patch };
		if (p->state != MITIGATE_DUE)
			continue;
		struct kept_patch kept = patch_keep(&old, p->patch);
		*ARRAY_PUSH(k->s->arena, &k->patches) = kept;
		for (size_t n = 0; n < p->acts.count; n++)
			if (act_want(k, &p->acts.items[n]))
				*ARRAY_PUSH(k->s->arena, &begins.acts) = p->acts.items[n];
		if (begins.acts.count > 0)
			*ARRAY_PUSH(k->s->arena, &fresh->patches) = begins;
	}
	return k->acts.count != before || !patches_same(k, &old);
}

/* ---- doing it ---- */

static void
act_done(struct mitigation_work *k, struct kept_act *x, bool ok, const struct err *e)
{
	x->act.why = STR("");
	if (ok) {
		if (!x->done)
			x->act.since = clock_now(k->s->agent->clock);
		x->done = true;
		x->act.state = MITIGATE_IN_FORCE;
		return;
	}
	x->done = false;
	x->act.since = 0;
	x->act.state = MITIGATE_FAILED;
	x->act.why = arena_printf(k->s->arena, "%s", e->text);
	log_error("emergency", "%.*s: %s", STR_ARG(x->act.what), e->text);
}

static void
services_do(struct mitigation_work *k)
{
	for (size_t i = 0; i < k->acts.count; i++) {
		struct kept_act *x = &k->acts.items[i];
		struct err e = { 0 };
		bool runs = false;
		if (!x->wanted || x->act.kind != MITIGATE_STOP_SERVICE)
			continue;
		struct mitigate_act seen = x->act;
		mitigation_service_look(k->s, &seen, &runs);
		if (seen.state != MITIGATE_DUE) {
			x->act.state = seen.state;
			x->act.why = seen.why;
			x->act.since = 0;
			x->done = false;
			continue;
		}
		/* One that came up although it was stopped (by hand, by another program) is stopped again. */
		if (x->done && !runs) {
			x->act.state = MITIGATE_IN_FORCE;
			continue;
		}
		if (x->done)
			log_warn("emergency", "%.*s was started by somebody: it is stopped again",
				 STR_ARG(x->act.what));
		x->ran = x->ran || runs;
		act_done(k, x, mitigation_service_stop(k->s, x->act.what, &e), &e);
	}
}

static void
ports_do(struct mitigation_work *k, bool gone)
{
	struct session *s = k->s;
	struct mitigate_act *acts = ARENA_ARRAY(s->arena, struct mitigate_act, k->acts.count + 1);
	struct err e = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < k->acts.count; i++)
		if (k->acts.items[i].wanted && k->acts.items[i].act.kind == MITIGATE_CLOSE_PORT)
			acts[n++] = k->acts.items[i].act;
	if (n == 0 && !gone)
		return;
	bool ok = ports_close(s, &ports_of_emergency, acts, n, &e);
	if (!ok && e.code == ERR_NOT_FOUND)
		err_set(&e, ERR_NOT_FOUND, "this machine has no nft to close ports with; install nftables");
	for (size_t i = 0; i < k->acts.count; i++) {
		struct kept_act *x = &k->acts.items[i];
		if (x->act.kind != MITIGATE_CLOSE_PORT)
			continue;
		if (!x->wanted) {
			/* Where there is no nft nothing was closed either. */
			x->done = x->done && !ok && e.code != ERR_NOT_FOUND;
			if (x->done)
				log_error("emergency", "port %.*s could not be opened again: %s", STR_ARG(x->act.what),
					  e.text);
			continue;
		}
		if (facts_view(s) == &host_view_folder) {
			x->act.state = MITIGATE_NOT_APPLICABLE;
			x->act.why = str_of(tr("nothing runs in a root folder"));
			continue;
		}
		act_done(k, x, ok, &e);
	}
}

/* What nothing asks for any more. A failure stays and is tried again. */
static void
services_free(struct mitigation_work *k)
{
	for (size_t i = 0; i < k->acts.count; i++) {
		struct kept_act *x = &k->acts.items[i];
		struct err e = { 0 };
		if (x->wanted || x->act.kind != MITIGATE_STOP_SERVICE || facts_view(k->s) == &host_view_folder)
			continue;
		x->done = !mitigation_service_free(k->s, x->act.what, x->ran, &e);
		if (x->done)
			log_error("emergency", "%.*s could not be started again: %s", STR_ARG(x->act.what), e.text);
	}
}

/* Of what is not wanted any more, what really ended, for people. */
static void
ended_drop(struct mitigation_work *k, struct mitigate_patch *ended)
{
	size_t n = 0;
	for (size_t i = 0; i < k->acts.count; i++) {
		struct kept_act *x = &k->acts.items[i];
		if (x->wanted || x->done) {
			k->acts.items[n++] = *x;
			continue;
		}
		if (x->act.since)
			*ARRAY_PUSH(k->s->arena, &ended->acts) = x->act;
	}
	k->acts.count = n;
}

/* ---- telling it ---- */

/* "at once" is said before, "over" when it is. */
static void
say(struct session *s, const char *before, const struct mitigate_patch *p)
{
	if (p->acts.count == 0)
		return;
	struct str acts = mitigate_acts_text(s->arena, p, MITIGATE_STATES);
	struct str text =
		p->patch.len
			? arena_printf(s->arena, tr("mamori: EMERGENCY on this machine: %.*s until %.*s is installed"),
				       STR_ARG(acts), STR_ARG(mitigate_patch_name(s->arena, p->patch)))
			: arena_printf(s->arena, tr("mamori: the emergency is over, as before again: %.*s"),
				       STR_ARG(acts));
	log_warn("emergency", "%s: %.*s", before, STR_ARG(acts));
	ward_call(s, text);
}

static struct str
report_make(struct mitigation_work *k)
{
	LANG_ENGLISH_AUTO;
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	for (size_t i = 0; i < k->list.patches.count; i++) {
		struct mitigate_patch *p = &k->list.patches.items[i];
		if (p->state != MITIGATE_DUE)
			continue;
		for (size_t n = 0; n < p->acts.count; n++) {
			const struct kept_act *x = kept_find(k, &p->acts.items[n]);
			p->acts.items[n].state = x->act.state;
			p->acts.items[n].since = x->act.since;
			p->acts.items[n].why = x->act.why;
		}
		mitigate_sum(p);
	}
	mitigate_write(&k->list, &w);
	return arena_str(k->s->arena, buf_str(&b));
}

/* ---- all of it ---- */

static size_t
unwanted(const struct mitigation_work *k, enum mitigate_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < k->acts.count; i++)
		n += !k->acts.items[i].wanted && k->acts.items[i].act.kind == kind;
	return n;
}

static bool
carry_out(struct mitigation_work *k, struct err *e)
{
	struct session *s = k->s;
	struct mitigate_list fresh = { 0 };
	struct mitigate_patch ended = { 0 };
	bool changed;
	{
		LANG_ENGLISH_AUTO; /* why it does not apply is sent */
		changed = wants_take(k, &fresh);
	}
	size_t services = unwanted(k, MITIGATE_STOP_SERVICE), ports = unwanted(k, MITIGATE_CLOSE_PORT);
	/* In the middle of a run only what changes; once in each what stands is looked at. */
	if (!changed && services == 0 && ports == 0 && s->mitigated)
		return true;
	k->policy = k->d->policy.name;
	if (changed && !memory_save(k, e))
		return false;
	for (size_t i = 0; i < fresh.patches.count; i++)
		say(s, "at once", &fresh.patches.items[i]);
	{
		LANG_ENGLISH_AUTO;
		services_do(k);
		ports_do(k, ports > 0);
		services_free(k);
	}
	ended_drop(k, &ended);
	say(s, "over", &ended);
	s->mitigated = true;
	return true;
}

bool
mitigation_run(struct session *s, const struct directive *d, struct str slot)
{
	struct mitigation_work k = { .s = s, .d = d };
	struct err e = { 0 };
	if (geteuid() != 0 && !s->agent->pkgmgr)
		return false;
	if (!memory_load(&k, &e)) {
		log_error("emergency", "%s", e.text);
		return false;
	}
	size_t before = k.acts.count;
	decide(&k, slot);
	if (k.list.patches.count == 0 && before == 0 && k.reported.len == 0) {
		s->mitigations = STR("[]");
		return false;
	}
	if (!carry_out(&k, &e)) {
		/* Nothing is done that is not written down first. */
		log_error("emergency", "%s", e.text);
		return false;
	}
	struct str report = report_make(&k);
	bool news = !str_eq(report, k.reported.len ? k.reported : STR("[]"));
	k.reported = report;
	s->mitigations = report;
	s->stands = k.acts.count > 0;
	s->mitigation_waits = false;
	for (size_t i = 0; i < k.list.patches.count; i++)
		s->mitigation_waits = s->mitigation_waits || k.list.patches.items[i].state == MITIGATE_NO_LEASE;
	if (!memory_save(&k, &e))
		log_error("emergency", "%s", e.text);
	return news;
}

bool
mitigation_stops(struct session *s, struct str unit)
{
	struct mitigation_work k = { .s = s };
	struct err e = { 0 };
	if (!memory_load(&k, &e))
		return false;
	for (size_t i = 0; i < k.acts.count; i++)
		if (k.acts.items[i].act.kind == MITIGATE_STOP_SERVICE && k.acts.items[i].done &&
		    str_eq(mitigation_unit(s->arena, k.acts.items[i].act.what), unit))
			return true;
	return false;
}

struct str
mitigation_notice(struct session *s)
{
	struct mitigation_work k = { .s = s };
	struct mitigate_list list = { 0 };
	struct json *v = NULL;
	struct err e = { 0 };
	BUF_AUTO b = { 0 };
	LANG_ENGLISH_AUTO;
	if (!memory_load(&k, &e) || k.reported.len == 0 || !json_parse(s->arena, k.reported, NULL, &v, &e) ||
	    !mitigate_parse(s->arena, v, &list, &e))
		return STR("");
	for (size_t i = 0; i < list.patches.count; i++) {
		if (list.patches.items[i].state != MITIGATE_IN_FORCE)
			continue;
		struct str one = mitigate_why(s->arena, k.policy, &list.patches.items[i]);
		buf_addf(&b, "%s%.*s", b.len ? "\n" : "", STR_ARG(one));
	}
	return arena_str(s->arena, buf_str(&b));
}
