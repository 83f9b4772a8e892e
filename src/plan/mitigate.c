#include "plan/mitigate.h"

#include "base/sentence.h"
#include "base/time.h"
#include "plan/slot.h"

enum { PATCHES_MAX = 200, ACTS_MAX = 64, ID_MAX = 512, WORD_MAX = 300, WHY_MAX = 600 };

static const char *const kind_names[MITIGATE_KINDS] = { "stop-service", "close-port" };
static const char *const state_names[MITIGATE_STATES] = { "due",    "in-force", "held",   "no-lease",
							  "no-row", "off",      "failed", "not-applicable" };

const char *
mitigate_kind_name(enum mitigate_kind k)
{
	return kind_names[k];
}

const char *
mitigate_state_name(enum mitigate_state s)
{
	return state_names[s];
}

bool
service_name_valid(struct str name)
{
	if (name.len == 0 || name.len > 255 || name.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == '/' || name.ptr[i] == '*')
			return false;
	return true;
}

/* ---- the decision ---- */

/* "samba" of "deb:samba@2:4.17". */
static struct str
app_of(struct str patch, struct str *version)
{
	struct str manager, rest = patch;
	ptrdiff_t at;

	if (!str_split(patch, ':', &manager, &rest))
		rest = patch;
	at = str_rfind_char(rest, '@');
	*version = at > 0 ? str_skip(rest, (size_t)at + 1) : STR("");
	return at > 0 ? str_head(rest, (size_t)at) : rest;
}

static bool
listed(const struct str *list, size_t count, struct str id)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], id))
			return true;
	return false;
}

static bool
is_held(const struct directive *d, const struct mitigate_facts *f, struct mitigate_patch *p)
{
	if (f->local_hold.len && (f->local_hold_until == 0 || f->local_hold_until > f->now)) {
		p->detail = f->local_hold;
		p->until = f->local_hold_until;
		return true;
	}
	for (size_t i = 0; i < d->holds.count; i++) {
		const struct directive_hold *h = &d->holds.items[i];
		if (h->until && h->until <= f->now)
			continue;
		p->detail = h->why;
		p->by = h->by;
		p->until = h->until;
		return true;
	}
	return false;
}

/* Its turn: the lease of the emergency's slot or of the slot in work. */
static bool
has_lease(const struct directive *d, const struct mitigate_facts *f, struct arena *a)
{
	struct str emergency;

	if (!d->paired)
		return true;
	emergency = slot_emergency_id(a, d, f->host);
	if (emergency.len == 0)
		emergency = slot_mitigate_id(a, d, f->host);
	for (size_t i = 0; i < d->leases.count; i++) {
		const struct directive_lease *l = &d->leases.items[i];
		bool mine = (emergency.len && str_eq(l->slot, emergency)) || (f->slot.len && str_eq(l->slot, f->slot));
		if (mine && l->until > f->now)
			return true;
	}
	return false;
}

static struct str
except_text(struct arena *a, const struct mitigation_rule *r)
{
	BUF_AUTO b = { 0 };
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; i < r->except.count; i++) {
		network_text(&r->except.items[i], text);
		buf_addf(&b, "%s%s", i ? ", " : "", text);
	}
	return arena_str(a, buf_str(&b));
}

static void
act_add(struct arena *a, struct mitigate_patch *p, struct mitigate_act act)
{
	for (size_t i = 0; i < p->acts.count; i++)
		if (mitigate_act_same(&p->acts.items[i], &act))
			return;
	*ARRAY_PUSH(a, &p->acts) = act;
}

static void
acts_add(struct arena *a, const struct mitigation_rule *r, struct mitigate_patch *p)
{
	struct mitigate_act act = { .kind = MITIGATE_STOP_SERVICE };

	for (size_t i = 0; i < r->stop.items.count; i++) {
		act.what = r->stop.items.items[i];
		act_add(a, p, act);
	}
	act.kind = MITIGATE_CLOSE_PORT;
	act.except = except_text(a, r);
	act.networks = r->except.items;
	act.network_count = r->except.count;
	for (size_t i = 0; i < r->close.count; i++) {
		act.port = r->close.items[i];
		act.what = arena_printf(a, "%u/%s", act.port.port, act.port.udp ? "udp" : "tcp");
		act_add(a, p, act);
	}
}

static void
patch_decide(const struct directive *d, const struct mitigate_facts *f, struct str patch, struct arena *a,
	     struct mitigate_list *out)
{
	const struct emergency_rules *em = &d->policy.emergency;
	struct mitigate_patch p = { .patch = patch, .state = MITIGATE_NO_ROW }, hold = { 0 };
	struct str version, app = app_of(patch, &version);
	bool held = is_held(d, f, &hold), rows = false;

	for (size_t i = 0; em->mitigate_at_once && i < em->mitigations.count; i++) {
		const struct mitigation_rule *r = &em->mitigations.items[i];
		if (!policy_app_fits(r->patch, app))
			continue;
		rows = true;
		if (!held || r->even_held)
			acts_add(a, r, &p);
	}
	if (!em->mitigate_at_once)
		p.state = MITIGATE_OFF;
	else if (rows && p.acts.count == 0)
		p.state = MITIGATE_HELD;
	else if (rows)
		p.state = has_lease(d, f, a) ? MITIGATE_DUE : MITIGATE_NO_LEASE;
	if (p.state == MITIGATE_HELD) {
		p.detail = hold.detail;
		p.by = hold.by;
		p.until = hold.until;
	}
	*ARRAY_PUSH(a, &out->patches) = p;
}

static bool
decided(const struct mitigate_list *l, struct str patch)
{
	for (size_t i = 0; i < l->patches.count; i++)
		if (str_eq(l->patches.items[i].patch, patch))
			return true;
	return false;
}

void
mitigate_decide(const struct directive *d, const struct mitigate_facts *f, struct arena *a, struct mitigate_list *out)
{
	struct mitigate_list l = { 0 };

	for (size_t i = 0; d->policy.emergency.set && i < d->patches.count; i++) {
		const struct directive_patch *p = &d->patches.items[i];
		if (p->emergency && listed(f->missing, f->missing_count, p->patch))
			patch_decide(d, f, p->patch, a, &l);
	}
	for (size_t i = 0; d->policy.emergency.set && i < d->mitigate.count; i++)
		if (listed(f->missing, f->missing_count, d->mitigate.items[i]))
			patch_decide(d, f, d->mitigate.items[i], a, &l);
	/* The directive does not name them any more: they are in. */
	for (size_t i = 0; d->policy.emergency.set && i < f->pending_count; i++)
		if (!decided(&l, f->pending[i]))
			patch_decide(d, f, f->pending[i], a, &l);
	*out = l;
}

bool
mitigate_act_same(const struct mitigate_act *a, const struct mitigate_act *b)
{
	return a->kind == b->kind && str_eq(a->what, b->what) && str_eq(a->except, b->except);
}

void
mitigate_sum(struct mitigate_patch *p)
{
	bool failed = false;

	p->since = 0;
	for (size_t i = 0; i < p->acts.count; i++) {
		const struct mitigate_act *x = &p->acts.items[i];
		failed = failed || x->state == MITIGATE_FAILED;
		if (x->state == MITIGATE_IN_FORCE && (p->since == 0 || x->since < p->since))
			p->since = x->since;
	}
	p->state = p->since ? MITIGATE_IN_FORCE : failed ? MITIGATE_FAILED : MITIGATE_NOT_APPLICABLE;
}

/* ---- sentences ---- */

struct str
mitigate_patch_name(struct arena *a, struct str patch)
{
	struct str version, app = app_of(patch, &version);

	return version.len ? arena_printf(a, "%.*s %.*s", STR_ARG(app), STR_ARG(version)) : app;
}

static struct str
act_text(struct arena *a, const struct mitigate_act *x)
{
	if (x->kind == MITIGATE_STOP_SERVICE)
		return arena_printf(a, tr("%.*s stopped"), STR_ARG(x->what));
	if (x->except.len == 0)
		return arena_printf(a, tr("port %.*s closed"), STR_ARG(x->what));
	return arena_printf(a, tr("port %.*s closed except to %.*s"), STR_ARG(x->what), STR_ARG(x->except));
}

struct str
mitigate_acts_text(struct arena *a, const struct mitigate_patch *p, enum mitigate_state state)
{
	BUF_AUTO b = { 0 };

	for (size_t i = 0; i < p->acts.count; i++) {
		if (state != MITIGATE_STATES && p->acts.items[i].state != state)
			continue;
		struct str one = act_text(a, &p->acts.items[i]);
		buf_addf(&b, "%s%.*s", b.len ? tr(", ") : "", STR_ARG(one));
	}
	return arena_str(a, buf_str(&b));
}

/* The first that says why it is not in force, in the reader's language. */
static struct str
trouble(struct arena *a, const struct mitigate_patch *p, enum mitigate_state state)
{
	for (size_t i = 0; i < p->acts.count; i++)
		if (p->acts.items[i].state == state && p->acts.items[i].why.len)
			return tr_sentence(a, p->acts.items[i].why);
	return STR("");
}

static struct str
why_held(struct arena *a, const struct mitigate_patch *p)
{
	char when[TIME_RFC3339_MAX];
	struct str by = p->by.len ? p->by : str_of(tr("the ward"));

	if (p->until)
		return arena_printf(a, tr("Emergency, not mitigated: held by %.*s until %s: %.*s"), STR_ARG(by),
				    time_local(p->until, when), STR_ARG(p->detail));
	return arena_printf(a, tr("Emergency, not mitigated: held by %.*s until released: %.*s"), STR_ARG(by),
			    STR_ARG(p->detail));
}

static struct str
why_in_force(struct arena *a, struct str policy, const struct mitigate_patch *p)
{
	char when[TIME_RFC3339_MAX];
	struct str acts = mitigate_acts_text(a, p, MITIGATE_IN_FORCE), name = mitigate_patch_name(a, p->patch);
	struct str wrong = trouble(a, p, MITIGATE_FAILED);
	struct str said = arena_printf(a, tr("%.*s since %s by policy %.*s until %.*s is installed."), STR_ARG(acts),
				       time_local(p->since, when), STR_ARG(policy), STR_ARG(name));

	if (wrong.len == 0)
		return said;
	return arena_printf(a, tr("%.*s Not all of it worked: %.*s"), STR_ARG(said), STR_ARG(wrong));
}

struct str
mitigate_why(struct arena *a, struct str policy, const struct mitigate_patch *p)
{
	struct str text;

	switch (p->state) {
	case MITIGATE_IN_FORCE:
		return why_in_force(a, policy, p);
	case MITIGATE_DUE:
		text = mitigate_acts_text(a, p, MITIGATE_STATES);
		return arena_printf(a, tr("Emergency: with the next check-in policy %.*s has it mitigated: %.*s."),
				    STR_ARG(policy), STR_ARG(text));
	case MITIGATE_HELD:
		return why_held(a, p);
	case MITIGATE_NO_LEASE:
		return str_of(tr("Emergency, not mitigated yet: never two machines of a redundancy group at once, "
				 "and it is not this one's turn."));
	case MITIGATE_NO_ROW:
		return arena_printf(a,
				    tr("Emergency: no mitigation is written for it in policy %.*s; install at once."),
				    STR_ARG(policy));
	case MITIGATE_OFF:
		return arena_printf(a, tr("Emergency: policy %.*s says mitigate: no; install at once."),
				    STR_ARG(policy));
	case MITIGATE_FAILED:
		text = trouble(a, p, MITIGATE_FAILED);
		return arena_printf(a, tr("Emergency: the mitigation failed, install at once: %.*s"), STR_ARG(text));
	case MITIGATE_NOT_APPLICABLE:
		text = trouble(a, p, MITIGATE_NOT_APPLICABLE);
		return arena_printf(a, tr("Emergency: the mitigation does not apply here, install at once: %.*s"),
				    STR_ARG(text));
	case MITIGATE_STATES:
		break;
	}
	return STR("");
}

/* ---- the report ---- */

static void
put_or_null(struct json_writer *w, const char *key, struct str s)
{
	json_key(w, key);
	json_str_or_null(w, s.len > 0 ? s : STR_NONE);
}

static void
act_write(const struct mitigate_act *x, struct json_writer *w)
{
	json_begin_object(w);
	json_put_cstr(w, "act", kind_names[x->kind]);
	json_put_str(w, "what", x->what);
	put_or_null(w, "except", x->except);
	json_put_cstr(w, "state", state_names[x->state]);
	json_put_time(w, "since", x->since);
	put_or_null(w, "why", x->why);
	json_end_object(w);
}

void
mitigate_write(const struct mitigate_list *l, struct json_writer *w)
{
	json_begin_array(w);
	for (size_t i = 0; i < l->patches.count; i++) {
		const struct mitigate_patch *p = &l->patches.items[i];
		json_begin_object(w);
		json_put_str(w, "patch", p->patch);
		json_put_cstr(w, "state", state_names[p->state]);
		json_put_time(w, "since", p->since);
		put_or_null(w, "detail", p->detail);
		put_or_null(w, "by", p->by);
		json_put_time(w, "until", p->until);
		json_key(w, "acts");
		json_begin_array(w);
		for (size_t k = 0; k < p->acts.count; k++)
			act_write(&p->acts.items[k], w);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static bool
word_of(struct str name, const char *const *names, int count, int *out)
{
	for (int i = 0; i < count; i++) {
		if (str_eq(name, str_of(names[i]))) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
instant(const struct json *j, const char *key, int64_t *out)
{
	struct str s = json_get_str(j, key);

	*out = 0;
	return s.len == 0 || time_parse(s, out);
}

/* An act of a newer agent is left out. */
static bool
act_parse(struct arena *a, const struct json *j, struct mitigate_act *out)
{
	struct mitigate_act x = { .what = arena_line(a, json_get_str(j, "what"), WORD_MAX),
				  .except = arena_line(a, json_get_str(j, "except"), WHY_MAX),
				  .why = arena_line(a, json_get_str(j, "why"), WHY_MAX) };
	int kind, state;

	if (!word_of(json_get_str(j, "act"), kind_names, MITIGATE_KINDS, &kind) ||
	    !word_of(json_get_str(j, "state"), state_names, MITIGATE_STATES, &state) || x.what.len == 0 ||
	    !instant(j, "since", &x.since))
		return false;
	x.kind = (enum mitigate_kind)kind;
	x.state = (enum mitigate_state)state;
	*out = x;
	return true;
}

static bool
patch_parse(struct arena *a, const struct json *j, struct mitigate_patch *out)
{
	struct str id = json_get_str(j, "patch");
	struct mitigate_patch p = { .patch = arena_line(a, id, ID_MAX), /* one line, or it is not the same */
				    .detail = arena_line(a, json_get_str(j, "detail"), WHY_MAX),
				    .by = arena_line(a, json_get_str(j, "by"), WORD_MAX) };
	int state;
	size_t count;
	const struct json *acts = json_get_array(j, "acts", &count);

	if (id.len == 0 || id.len > ID_MAX || !str_eq(p.patch, id) || !instant(j, "since", &p.since) ||
	    !instant(j, "until", &p.until) || !word_of(json_get_str(j, "state"), state_names, MITIGATE_STATES, &state))
		return false;
	p.state = (enum mitigate_state)state;
	for (size_t i = 0; i < count && i < ACTS_MAX; i++) {
		struct mitigate_act act;
		if (act_parse(a, &acts[i], &act))
			*ARRAY_PUSH(a, &p.acts) = act;
	}
	*out = p;
	return true;
}

bool
mitigate_parse(struct arena *a, const struct json *array, struct mitigate_list *out, struct err *e)
{
	struct mitigate_list l = { 0 };

	if (array && array->kind != JSON_KIND_ARRAY && array->kind != JSON_KIND_NULL)
		return err_set(e, ERR_INPUT, "the check-in's mitigations are no list");
	for (size_t i = 0; array && array->kind == JSON_KIND_ARRAY && i < array->count && i < PATCHES_MAX; i++) {
		struct mitigate_patch p;
		if (patch_parse(a, &array->item[i], &p))
			*ARRAY_PUSH(a, &l.patches) = p;
	}
	*out = l;
	return true;
}

/* ---- ports ---- */

/* Numbers and addresses of ours only: nothing of a policy's text gets into it as it was written. */
void
mitigate_nft(const char *table, const struct mitigate_act *acts, size_t count, struct buf *out)
{
	char text[NETWORK_TEXT_MAX];
	size_t n = 0;

	/* Added first, so that there is one to be deleted. */
	buf_addf(out, "table inet %s {}\ndelete table inet %s\n", table, table);
	for (size_t i = 0; i < count; i++)
		n += acts[i].kind == MITIGATE_CLOSE_PORT;
	if (n == 0)
		return;
	buf_addf(out, "table inet %s {\n", table);
	for (size_t i = 0; i < count; i++) {
		const struct mitigate_act *x = &acts[i];
		if (x->kind != MITIGATE_CLOSE_PORT)
			continue;
		buf_addf(out, "\tchain close%zu {\n", i);
		for (size_t k = 0; k < x->network_count; k++) {
			network_text(&x->networks[k], text);
			buf_addf(out, "\t\t%s saddr %s return\n", x->networks[k].v6 ? "ip6" : "ip", text);
		}
		buf_addf(out, "\t\treject%s\n\t}\n", x->port.udp ? "" : " with tcp reset");
	}
	/* Before a container's ports are given to it; what is not for this machine passes. */
	buf_add(out, STR("\tchain arrives {\n\t\ttype filter hook prerouting priority -110; policy accept;\n"
			 "\t\tiif \"lo\" accept\n\t\tct direction reply accept\n\t\tfib daddr type != local accept\n"));
	for (size_t i = 0; i < count; i++)
		if (acts[i].kind == MITIGATE_CLOSE_PORT)
			buf_addf(out, "\t\t%s dport %u jump close%zu\n", acts[i].port.udp ? "udp" : "tcp",
				 acts[i].port.port, i);
	buf_add(out, STR("\t}\n}\n"));
}
