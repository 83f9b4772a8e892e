#include "agent/checkin.h"

#include "agent/answer.h"
#include "agent/attempt.h"
#include "agent/mandate.h"
#include "agent/updates.h"
#include "agent/ward.h"
#include "base/log.h"
#include "base/table.h"
#include "os/machine.h"
#include "trust/cert.h"

#define RESULTS_BYTES (512U << 10) /* of one check-in; the rest goes with the next */
#define RESULTS_MAX 500
#define ROUNDS_MAX 50
#define CLOCK_AGREES_MS (10LL * 60 * 1000)

static const char *const section_names[SECTION_COUNT] = { "system", "packages", "updates" };

static void
section_set(struct session *s, enum section_index i, const struct buf *body)
{
	struct section *section = &s->sections[i];
	section->name = section_names[i];
	section->body = arena_str(s->arena, buf_str(body));
	sha256_hex(section->body, section->hash);
}

/* What tells this machine from a copy of its disk. */
static void
machine_hash(struct session *s)
{
	BUF_AUTO input = { 0 };
	struct machine m = { 0 };
	struct root r;
	if (root_open(&r, s->agent->root, NULL)) {
		machine_read(&r, s->arena, &m);
		root_close(&r);
	}
	machine_fingerprint_input(&m, &input);
	sha256_hex(buf_str(&input), s->machine);
	if (s->inventory.boot_id.len == 0)
		s->inventory.boot_id = m.boot_id;
}

bool
checkin_sections(struct session *s, struct err *e)
{
	struct inventory_options o = { .root = s->agent->root, .live = strcmp(s->agent->root, "/") == 0 };
	BUF_AUTO system = { 0 };
	BUF_AUTO packages = { 0 };
	BUF_AUTO updates = { 0 };
	struct json_writer w = { .out = &system };
	memset(&s->inventory, 0, sizeof(s->inventory));
	if (!inventory_read(&o, s->arena, &s->inventory, e))
		return err_wrap(e, "taking the inventory");
	machine_hash(s);
	s->inventory.settings = s->settings;
	s->inventory.backup = s->backup;
	inventory_write_system(&s->inventory, &w);
	section_set(s, SECTION_SYSTEM, &system);
	w = (struct json_writer){ .out = &packages };
	inventory_write_packages(&s->inventory, &w);
	section_set(s, SECTION_PACKAGES, &packages);
	if (s->plan.known) {
		w = (struct json_writer){ .out = &updates };
		patch_list_write(&s->plan.list, &w);
		section_set(s, SECTION_UPDATES, &updates);
	}
	return true;
}

static struct str
lineage_load(struct session *s)
{
	BUF_AUTO text = { 0 };
	struct str host, rest, lineage;
	if (!file_read(state_path(s->agent, s->arena, "lineage"), 4096, &text, NULL))
		return STR_NONE;
	rest = arena_str(s->arena, buf_str(&text));
	if (!str_line(&rest, &host) || !str_line(&rest, &lineage) || !str_eq(host, str_of(s->id.host)))
		return STR_NONE;
	return lineage;
}

static bool
lineage_save(struct session *s, struct str lineage, struct err *e)
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "%s\n%.*s\n", s->id.host, STR_ARG(lineage));
	return state_save(s->agent, "lineage", buf_str(&text), e);
}

static void
sections_write(const struct session *s, struct json_writer *w)
{
	json_key(w, "sections");
	json_begin_object(w);
	for (size_t i = 0; i < SECTION_COUNT; i++)
		if (s->sections[i].name)
			json_put_cstr(w, s->sections[i].name, s->sections[i].hash);
	json_end_object(w);
}

/* *sent: how many of the results went in. */
static void
request_write(struct session *s, const struct attempt_stored *results, size_t count, size_t *sent, struct buf *out)
{
	struct json_writer w = { .out = out };
	struct str lineage = lineage_load(s);
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	json_put_cstr(&w, "agent", MAMORI_VERSION);
	json_put_str(&w, "boot", s->inventory.boot_id);
	json_put_cstr(&w, "machine", s->machine);
	json_key(&w, "lineage");
	json_str_or_null(&w, lineage);
	json_put_time(&w, "now", clock_now(s->agent->clock));
	sections_write(s, &w);
	json_put_time(&w, "planned_at", s->plan.planned_at);
	json_key(&w, "plan_error");
	if (s->plan.error.len > 0)
		json_str(&w, s->plan.error);
	else
		json_cstr(&w, s->contact.refresh_error);
	json_key(&w, "results");
	json_begin_array(&w);
	for (*sent = 0; *sent < count && *sent < RESULTS_MAX && (*sent == 0 || out->len < RESULTS_BYTES); (*sent)++)
		json_tree(&w, results[*sent].result);
	json_end_array(&w);
	json_put_i64(&w, "directive", s->directive_serial);
	json_key(&w, "slot");
	if (s->slot_report.len > 0)
		json_raw(&w, s->slot_report);
	else
		json_null(&w);
	if (s->mitigations.len > 0) {
		json_key(&w, "mitigations");
		json_raw(&w, s->mitigations);
	}
	updates_write(s, &w);
	ward_asks_write(s, &w);
	json_end_object(&w);
}

/* A status that is not success: remembers what it makes of us. */
static bool
refused(struct session *s, const struct net_answer *r, struct err *e)
{
	const char *state;
	answer_error(s->arena, r->status, buf_str(&r->body), &state, e);
	if (state)
		s->contact.state = state;
	return false;
}

static bool
section_put(struct session *s, struct str name, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const struct section *section = &s->sections[i];
		if (!section->name || !str_eq(name, str_of(section->name)))
			continue;
		const char *path = arena_printf(s->arena, "/agent/v1/sections/%s", section->name).ptr;
		if (!net_call(&s->net, NET_PUT, path, section->body, &r, e))
			return err_wrap(e, "sending the section %s", section->name);
		if (r.status == 409) {
			log_warn("server", "it did not want the section %s it asked for; the next check-in tells",
				 section->name);
			return true;
		}
		if (r.status >= 200 && r.status < 300)
			return true;
		refused(s, &r, e);
		return err_wrap(e, "sending the section %s", section->name);
	}
	log_warn("server", "it asks for a section that this agent does not have: %.*s", STR_ARG(name));
	return true;
}

static bool
renew(struct session *s, struct err *e)
{
	NET_ANSWER_AUTO r = { 0 };
	KEY_AUTO tls = NULL;
	BUF_AUTO csr = { 0 };
	BUF_AUTO digest = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct json *v;
	struct identity id = s->id;
	if (!key_load_or_create(identity_key_path(s->agent, s->arena, &id, "tls"), &tls, e) ||
	    !key_id(tls, &digest, e) || !csr_create(tls, id.host, &csr, e))
		return err_wrap(e, "renewing the certificate");
	json_begin_object(&w);
	json_put_str(&w, "csr", buf_str(&csr));
	json_end_object(&w);
	if (!net_call(&s->net, NET_POST, "/agent/v1/renew", buf_str(&body), &r, e))
		return err_wrap(e, "renewing the certificate");
	if (r.status != 200) {
		refused(s, &r, e);
		return err_wrap(e, "renewing the certificate");
	}
	if (!json_parse(s->arena, buf_str(&r.body), NULL, &v, e) ||
	    !identity_certificate(&id, s->arena, &s->net, json_get_str(v, "certificate"), buf_str(&digest), e) ||
	    !identity_save(s->agent, &id, e))
		return err_wrap(e, "renewing the certificate");
	s->id = id;
	log_info("agent", "certificate renewed (serial %s)", id.serial);
	return true;
}

static bool
forget_accepted(struct session *s, const struct answer *a, const struct attempt_stored *sent, size_t count,
		size_t *forgotten, struct err *e)
{
	TABLE_AUTO accepted = { 0 };
	for (size_t i = 0; i < a->accepted_count; i++)
		*table_put(&accepted, a->accepted[i].text, NULL) = s;
	*forgotten = 0;
	for (size_t i = 0; i < count; i++) {
		if (!table_has(&accepted, sent[i].id))
			continue;
		if (!attempt_forget(s, &sent[i], e))
			return false;
		(*forgotten)++;
	}
	return true;
}

static bool
was_refused(const struct session *s, const struct json *order)
{
	struct str signature = json_get_str(order, "signature");
	for (size_t i = 0; i < s->refused.count; i++)
		if (str_eq(s->refused.items[i], signature))
			return true;
	return false;
}

static void
wishes_take(struct session *s, const struct answer *a)
{
	for (size_t i = 0; i < a->order_count; i++)
		if (!was_refused(s, &a->orders[i]))
			*ARRAY_PUSH(s->arena, &s->orders) = a->orders[i];
	s->stage_security = s->stage_security || a->stage_security;
	s->renew = s->renew || a->renew;
	s->contact.interval = a->interval;
	s->metadata_named = json_get_i64(json_get(a->all, "metadata"), "timestamp", 0);
	s->metadata_root = json_get_str(json_get(a->all, "metadata"), "root");
	ward_asks_heard(s);
	int64_t now = clock_now(s->agent->clock);
	if (a->now && now - a->now < CLOCK_AGREES_MS && a->now - now < CLOCK_AGREES_MS)
		s->confirmed = now;
	struct err e = { 0 };
	if (a->directive && !mandate_take(s, a->directive, &e))
		log_warn("policy", "%s", e.text);
	if (identity_relays_take(&s->id, s->arena, a->all)) {
		if (!identity_save(s->agent, &s->id, &e))
			log_warn("state", "%s", e.text);
		ways_load(s->agent, s->arena, &s->id, now, &s->ways);
		s->ways_new = true;
	}
	s->contact.notice = a->notice.len ? arena_cstr(s->arena, a->notice) : NULL;
	s->contact.state = "active";
}

/* One check-in and what it needs; *left: results that this one had no room for. */
static bool
round_trip(struct session *s, size_t *left, struct err *e)
{
	struct attempt_stored *results;
	size_t count, sent, forgotten;
	NET_ANSWER_AUTO r = { 0 };
	BUF_AUTO body = { 0 };
	struct answer a;
	if (!attempt_list(s, &results, &count, e))
		return false;
	request_write(s, results, count, &sent, &body);
	if (!net_call(&s->net, NET_POST, "/agent/v1/check-in", buf_str(&body), &r, e))
		return err_wrap(e, "checking in at %s", s->id.agents[0]);
	if (r.status != 200)
		return refused(s, &r, e);
	if (!answer_parse(s->arena, buf_str(&r.body), &a, e) || !lineage_save(s, a.lineage, e) ||
	    !forget_accepted(s, &a, results, sent, &forgotten, e))
		return false;
	wishes_take(s, &a);
	for (size_t i = 0; i < a.need_count; i++)
		if (!section_put(s, a.need[i].text, e))
			return false;
	/* No progress: what the server does not accept now it will not accept at once. */
	*left = forgotten > 0 ? count - sent : 0;
	return true;
}

bool
checkin_letter(struct session *s, int64_t answered, struct buf *out, struct err *e)
{
	struct attempt_stored *results;
	size_t count, sent;
	struct json_writer w = { .out = out };
	BUF_AUTO body = { 0 };
	if (!attempt_list(s, &results, &count, e))
		return false;
	request_write(s, results, count, &sent, &body);
	json_begin_object(&w);
	json_key(&w, "check_in");
	json_raw(&w, buf_str(&body));
	json_key(&w, "sections");
	json_begin_object(&w);
	for (size_t i = 0; i < SECTION_COUNT; i++)
		if (s->sections[i].name)
			json_put_str(&w, s->sections[i].name, s->sections[i].body);
	json_end_object(&w);
	json_put_i64(&w, "answered", answered);
	json_end_object(&w);
	return true;
}

bool
checkin_answer_by_letter(struct session *s, const struct json *answer, struct err *e)
{
	struct attempt_stored *results;
	size_t count, forgotten;
	struct answer a;
	if (!answer_read(s->arena, answer, false, &a, e) || !attempt_list(s, &results, &count, e) ||
	    !forget_accepted(s, &a, results, count, &forgotten, e))
		return false;
	/* Its clock tells of then, not of now. */
	a.now = 0;
	wishes_take(s, &a);
	return true;
}

bool
checkin_send(struct session *s, struct err *e)
{
	size_t left = 1;
	int64_t now = clock_now(s->agent->clock);
	s->contact.tried = now;
	for (int i = 0; i < ROUNDS_MAX && left > 0; i++)
		if (!round_trip(s, &left, e))
			return false;
	s->contact.reached = now;
	s->contact.failures = 0;
	s->contact.error = NULL;
	if (s->renew) {
		struct err why = { 0 };
		s->renew = false;
		if (!renew(s, &why))
			log_warn("agent", "%s", why.text);
	}
	return contact_save(s->agent, &s->contact, e);
}
