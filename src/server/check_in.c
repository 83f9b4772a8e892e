#include "server/check_in.h"

#include "base/codec.h"
#include "base/log.h"
#include "patch/order_request.h"
#include "server/planner.h"
#include "server/relay_in.h"
#include "server/updates.h"
#include "store/order.h"
#include "store/section.h"
#include "store/setting.h"
#include "trust/cert.h"

enum { TEXT_MAX = 200, PLAN_ERROR_MAX = 4000 };

/* ---- parsing ---- */

static bool
take(const struct json *body, const char *key, size_t max, struct str *out, struct err *e)
{
	*out = json_get_str(body, key);
	if (!out->len)
		*out = STR("");
	return out->len <= max || err_set(e, ERR_TOO_LARGE, "the check-in's %s is longer than %zu bytes", key, max);
}

static bool
is_sha256(struct str s)
{
	if (s.len != SHA256_HEX_LEN - 1)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return true;
}

static bool
section_known(struct str name)
{
	static const char *const names[] = { "system", "packages", "updates" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

/* Sections that this server does not know come from a newer agent and are left alone. */
static bool
parse_sections(const struct json *sections, struct check_in *c, struct err *e)
{
	if (!sections || sections->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_INPUT, "the check-in has no sections");
	for (size_t i = 0; i < sections->count; i++) {
		if (!section_known(sections->key[i]))
			continue;
		struct str hash = sections->item[i].kind == JSON_KIND_STRING ? sections->item[i].text : STR_NONE;
		if (!is_sha256(hash))
			return err_set(e, ERR_INPUT, "the hash of section %.*s is no SHA-256",
				       STR_ARG(sections->key[i]));
		if (c->section_count < CHECK_IN_SECTIONS_MAX)
			c->sections[c->section_count++] = (struct check_in_section){ sections->key[i], hash };
	}
	return true;
}

bool
check_in_parse(struct arena *a, const struct json *body, struct check_in *out, struct err *e)
{
	struct check_in c = { .protocol = json_get_i64(body, "protocol", 0) };
	struct str planned;
	if (!take(body, "agent", TEXT_MAX, &c.agent, e) || !take(body, "boot", TEXT_MAX, &c.boot, e) ||
	    !take(body, "machine", TEXT_MAX, &c.machine, e) || !take(body, "lineage", TEXT_MAX, &c.lineage, e) ||
	    !take(body, "planned_at", TEXT_MAX, &planned, e) ||
	    !take(body, "plan_error", PLAN_ERROR_MAX, &c.plan_error, e))
		return false;
	if (!c.machine.len)
		return err_set(e, ERR_INPUT, "the check-in does not say which machine it comes from");
	if (!c.lineage.len)
		c.lineage = STR_NONE;
	if (!c.plan_error.len)
		c.plan_error = STR_NONE;
	if (planned.len && !time_parse(planned, &c.planned_at))
		return err_set(e, ERR_INPUT, "the check-in's planned_at is no time");
	c.results = json_get_array(body, "results", &c.result_count);
	if (c.result_count > CHECK_IN_RESULTS_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "the check-in has more than %d results: send the rest with the next one",
			       CHECK_IN_RESULTS_MAX);
	if (!parse_sections(json_get(body, "sections"), &c, e) || !slot_in_parse(a, body, &c.slots, e) ||
	    !mitigation_in_parse(a, body, &c.mitigations, e) || !updates_parse(a, body, &c.metadata, e))
		return false;
	*out = c;
	return true;
}

/* ---- identity ---- */

bool
machine_changed(const struct host *h, const struct check_in *c)
{
	/* An empty machine was emptied by an administrator who says that the hardware has changed. */
	return h->machine.len && !str_eq(h->machine, c->machine);
}

/* Who shows the lineage that was given last has the only disk that goes on, whatever was built into it or taken out.
 * Of two copies the second one to come shows an old lineage, and comes from another machine than the first. */
enum lineage
lineage_judge(const struct host *h, const struct check_in *c)
{
	struct str shown = c->lineage.ptr ? c->lineage : STR("");
	if (str_eq(shown, h->lineage))
		return LINEAGE_CURRENT;
	if (machine_changed(h, c))
		return LINEAGE_CLONED;
	/* The last answer may have been lost in a crash; within one boot a disk is not put back unnoticed. */
	bool lost = str_eq(shown, h->lineage_before) && str_eq(c->boot, h->boot);
	return lost ? LINEAGE_ANSWER_LOST : LINEAGE_REVERTED;
}

/* ---- the exchange ---- */

struct prepared {
	struct check_in c;
	struct result *results;
	size_t count, refused;
	struct str refusal; /* why the first one was */
};

static bool
result_open(struct request *r, const struct key *k, const struct json *value, struct result *out, struct err *e)
{
	struct str document;
	if (!signed_open(value, k, "result", &document, e) || !result_parse(&r->arena, document, out, e))
		return false;
	BUF_AUTO text = { 0 };
	json_tree(&(struct json_writer){ .out = &text }, value);
	out->signed_text = arena_str(&r->arena, buf_str(&text));
	return true;
}

static void
result_refused(struct request *r, struct prepared *p, const struct err *e)
{
	if (!p->refused++)
		p->refusal = arena_str(&r->arena, str_of(e->text));
	log_warn("host", "%.*s: a result was refused: %s", STR_ARG(r->host.id), e->text);
}

void
protocol_refuse(struct request *r)
{
	buf_truncate(&r->out, 0);
	r->w = (struct json_writer){ .out = &r->out };
	r->status = 426;
	json_begin_object(&r->w);
	json_key(&r->w, "error");
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "code", "protocol");
	json_put_str(&r->w, "message",
		     arena_printf(&r->arena, tr("this server speaks protocol %d: install the agent that belongs to it"),
				  PROTOCOL));
	json_end_object(&r->w);
	json_put_i64(&r->w, "protocol", PROTOCOL);
	json_end_object(&r->w);
}

/* Of r->host: what it says, its results verified. */
static struct prepared *
open_body(struct request *r, const struct json *body, struct err *e)
{
	struct prepared *p = ARENA_NEW(&r->arena, struct prepared);
	KEY_AUTO k = NULL;
	if (!check_in_parse(&r->arena, body, &p->c, e) ||
	    (p->c.result_count && !key_public_from_pem(r->host.signing_key, &k, e)))
		return NULL;
	p->results = ARENA_ARRAY(&r->arena, struct result, p->c.result_count + 1);
	for (size_t i = 0; i < p->c.result_count; i++) {
		struct err why = { 0 };
		if (result_open(r, k, &p->c.results[i], &p->results[p->count], &why))
			p->count++;
		else
			result_refused(r, p, &why);
	}
	return p;
}

bool
check_in_prepare(struct request *r, struct err *e)
{
	if (json_get_i64(r->json, "protocol", 0) != PROTOCOL) {
		protocol_refuse(r);
		return false;
	}
	r->prepared = open_body(r, r->json, e);
	return r->prepared != NULL;
}

static struct str
lineage_new(struct arena *a)
{
	BUF_AUTO text = { 0 };
	random_token(&text, 18);
	return arena_str(a, buf_str(&text));
}

static bool
host_cloned(struct request *r, struct host *h, struct err *e)
{
	h->state = HOST_CLONED;
	h->cloned_at = r->now;
	if (!host_set_contact(r->st, h, e) ||
	    !request_audit(r, "host.cloned", h->id, STR("the same identity came from another machine"), e))
		return false;
	log_warn("host", "%.*s: its identity was seen on two machines", STR_ARG(h->name));
	request_error(
		r, 409, "cloned",
		str_of(tr("this identity was seen on two machines: enrol each of them anew with a token of its own")));
	return true;
}

/* Where the host stands after this check-in. */
static bool
contact_update(struct request *r, struct host *h, const struct check_in *c, enum lineage judged, struct err *e)
{
	if (machine_changed(h, c)) {
		h->hardware_at = r->now;
		log_info("host", "%.*s: its hardware has changed", STR_ARG(h->name));
		if (!request_audit(r, "host.hardware", h->id, STR("its hardware has changed"), e))
			return false;
	}
	h->agent = c->agent;
	h->machine = c->machine;
	h->boot = c->boot;
	h->lineage_before = c->lineage.ptr ? c->lineage : STR("");
	h->lineage = lineage_new(&r->arena);
	h->last_seen = r->now;
	h->peer = r->peer;
	if (c->planned_at)
		h->planned_at = c->planned_at;
	h->plan_error = c->plan_error;
	if (judged == LINEAGE_REVERTED) {
		h->reverted_at = r->now;
		log_warn("host", "%.*s: its disk was put back to an earlier state", STR_ARG(h->name));
		if (!section_forget(r->st, h->id, e) ||
		    !request_audit(r, "host.reverted", h->id, STR("an earlier state of its disk came back"), e))
			return false;
	}
	return host_set_contact(r->st, h, e);
}

static bool
write_needs(struct request *r, const struct prepared *p, struct err *e)
{
	json_key(&r->w, "need");
	json_begin_array(&r->w);
	for (size_t i = 0; i < p->c.section_count; i++) {
		bool needed;
		if (!section_announce(r->st, r->host.id, p->c.sections[i].name, p->c.sections[i].hash, &needed, e))
			return false;
		if (needed)
			json_str(&r->w, p->c.sections[i].name);
	}
	json_end_array(&r->w);
	return true;
}

static bool
write_accepted(struct request *r, struct prepared *p, struct err *e)
{
	json_key(&r->w, "accepted");
	json_begin_array(&r->w);
	for (size_t i = 0; i < p->count; i++) {
		struct err why = { 0 };
		if (result_accept(r->st, &r->arena, r->host.id, &p->results[i], r->now, &why)) {
			json_str(&r->w, p->results[i].attempt);
		} else if (why.code == ERR_REFUSED) {
			result_refused(r, p, &why);
		} else {
			*e = why;
			return false;
		}
	}
	json_end_array(&r->w);
	return true;
}

static bool
write_orders(struct request *r, struct str lineage, struct err *e)
{
	struct order *orders;
	size_t count;
	if (!order_deliver(r->st, &r->arena, r->host.id, lineage, r->now, &orders, &count, e))
		return false;
	json_key(&r->w, "orders");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		json_raw(&r->w, orders[i].signed_text);
	json_end_array(&r->w);
	return true;
}

/* What it says now: results, holds and leases of this very check-in are in it. */
static bool
write_directive(struct request *r, const struct prepared *p, struct err *e)
{
	struct directive_row row;
	if (!planner_host(r->app, r->st, &r->arena, r->host.id, r->now, &row, e))
		return false;
	if (!row.serial || row.serial == p->c.slots.serial)
		return true;
	json_key(&r->w, "directive");
	json_raw(&r->w, row.signed_text);
	return true;
}

static struct str
stage_setting(struct str stored)
{
	return str_eq(stored, STR("none")) ? STR("none") : STR("security");
}

static bool
certificate_ages(const struct request *r)
{
	const struct certificate *c = &r->certificate;
	return r->now > c->issued_at + (c->not_after - c->issued_at) / 2;
}

/* lineage: what orders are marked with; by letter the host's own stays as it is, and is not told. */
static bool
answer_write(struct request *r, struct prepared *p, struct str lineage, bool letter, struct err *e)
{
	struct str stage;
	if (!setting_get(r->st, &r->arena, "stage", &stage, e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "protocol", PROTOCOL);
	json_put_time(&r->w, "now", r->now);
	if (!letter)
		json_put_str(&r->w, "lineage", lineage);
	if (!write_needs(r, p, e) || !write_accepted(r, p, e) || !mitigation_in_keep(r, &p->c.mitigations, e) ||
	    !updates_keep(r, &p->c.metadata, e) || !slot_in_keep(r, &p->c.slots, e))
		return false;
	json_put_i64(&r->w, "interval", r->interval / 1000);
	json_put_bool(&r->w, "renew", !letter && certificate_ages(r));
	json_put_str(&r->w, "stage", stage_setting(stage));
	if (!write_orders(r, lineage, e))
		return false;
	json_key(&r->w, "notice");
	if (p->refused)
		json_str(&r->w, arena_printf(&r->arena, tr("%zu results were refused; the first: %.*s"), p->refused,
					     STR_ARG(p->refusal)));
	else
		json_null(&r->w);
	if (!write_directive(r, p, e) || !updates_named_write(r, &p->c.metadata, e) || !relays_write(r, e))
		return false;
	json_end_object(&r->w);
	return true;
}

bool
check_in_handle(struct request *r, struct err *e)
{
	struct prepared *p = r->prepared;
	/* Read again by the only writer: two check-ins at once must not both be judged by the same lineage. */
	if (!host_get(r->st, &r->arena, r->host.id, &r->host, e))
		return false;
	if (r->host.state != HOST_ACTIVE)
		return err_set(e, ERR_CONFLICT, "this machine's state has just changed: check in again");
	enum lineage judged = lineage_judge(&r->host, &p->c);
	if (judged == LINEAGE_CLONED)
		return host_cloned(r, &r->host, e);
	if (judged == LINEAGE_CURRENT && !order_arrived(r->st, r->host.id, r->host.lineage, e))
		return false;
	return contact_update(r, &r->host, &p->c, judged, e) && answer_write(r, p, r->host.lineage, false, e);
}

/* ---- by letter ---- */

void *
check_in_letter_open(struct request *r, const struct json *body, struct err *e)
{
	if (json_get_i64(body, "protocol", 0) != PROTOCOL) {
		err_set(e, ERR_INPUT, "this server speaks protocol %d: install the agent that belongs to it", PROTOCOL);
		return NULL;
	}
	return open_body(r, body, e);
}

/* As contact_update(), without a word about lineage: letters have numbers of their own, and may have been long on their
 * way. */
static bool
contact_by_letter(struct request *r, struct host *h, const struct check_in *c, int64_t made, struct err *e)
{
	int64_t at = made < r->now ? made : r->now;
	if (h->last_seen >= at)
		return true;
	h->agent = c->agent;
	h->last_seen = at;
	if (c->planned_at)
		h->planned_at = c->planned_at;
	h->plan_error = c->plan_error;
	return host_set_contact(r->st, h, e);
}

bool
check_in_letter_announce(struct request *r, void *opened, struct err *e)
{
	const struct prepared *p = opened;
	bool needed;
	for (size_t i = 0; i < p->c.section_count; i++)
		if (!section_announce(r->st, r->host.id, p->c.sections[i].name, p->c.sections[i].hash, &needed, e))
			return false;
	return true;
}

bool
check_in_letter_take(struct request *r, void *opened, int64_t made, struct str mark, struct err *e)
{
	struct prepared *p = opened;
	return contact_by_letter(r, &r->host, &p->c, made, e) && answer_write(r, p, mark, true, e);
}
