/* One whole check-in (agent.h). */
#include "agent/agent.h"

#include "agent/backup.h"
#include "agent/checkin.h"
#include "agent/letters.h"
#include "agent/mandate.h"
#include "agent/mitigation.h"
#include "agent/order.h"
#include "agent/outside.h"
#include "agent/planning.h"
#include "agent/removal.h"
#include "agent/settings.h"
#include "agent/slot_run.h"
#include "agent/updates.h"
#include "agent/work.h"
#include "base/log.h"

#define ROUNDS_MAX 8
#define KEY_FILE_MAX (16U << 10)
#define STOPPED_S 3600U
#define UNFINISHED_S 60U
#define DOWN_S 600U /* a restart that has not come by then is looked into */
#define SLOT_LEAST_S 2

/* Looks again at what is there and tells the server, if that differs from what it was told. */
static bool
rescan(struct session *s, bool plan, bool always, struct err *e)
{
	struct section before[SECTION_COUNT];
	struct err why = { 0 };
	memcpy(before, s->sections, sizeof(before));
	/* It goes with the letter at the end of this run; why the server is away has been said. */
	if (s->by_letter) {
		if (plan)
			planning_run(s);
		if (!checkin_sections(s, &why))
			log_warn("letter", "%s", why.text);
		return false;
	}
	if (plan)
		planning_run(s);
	if (!checkin_sections(s, e))
		return false;
	bool changed = always;
	for (size_t i = 0; i < SECTION_COUNT; i++)
		changed = changed || strcmp(before[i].hash, s->sections[i].hash) != 0;
	return !changed || checkin_send(s, e);
}

static bool
certificate_valid(const struct session *s, struct err *e)
{
	char end[TIME_RFC3339_MAX];
	if (s->id.not_after == 0 || clock_now(s->agent->clock) <= s->id.not_after)
		return true;
	return err_set(
		e, ERR_REFUSED,
		"the certificate of this machine ended at %s; if the clock is right, create a token on the server "
		"and run: mamori-agent enrol --again --token-file FILE",
		time_rfc3339(s->id.not_after, end));
}

static void
stage(struct session *s, bool *did)
{
	/* What is put aside after the metadata has expired may be what somebody holds back newer metadata for. */
	if (updates_expired(s))
		log_warn("updates", "the update metadata has expired: nothing is downloaded ahead");
	else
		planning_stage(s, did);
	s->stage_security = false;
	s->stage_patches.count = 0;
}

/* What the answers asked for, until there is nothing more. Orders are carried out although the server went away
 * (*sent false, *e set): it counts them as given. */
static bool
wishes_do(struct session *s, bool *sent, struct err *e)
{
	bool staged = false;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool did = false;
		if (s->orders.count > 0) {
			if (!work_orders(s, &did, e))
				return false;
			*sent = rescan(s, did, true, e);
		} else if (!*sent && !s->by_letter && !s->refresh && s->stage_patches.count == 0) {
			break;
		} else if (planning_refresh_due(s, s->refresh)) {
			s->refresh = false;
			planning_refresh(s);
			if (!work_wishes_done(s, ORDER_REFRESH, e))
				return false;
			*sent = rescan(s, false, true, e);
		} else if (s->stage_patches.count > 0 || (s->stage_security && !staged)) {
			/* Once: the next answer asks again for what could not be fetched. */
			staged = true;
			stage(s, &did);
			if (!work_wishes_done(s, ORDER_STAGE, e))
				return false;
			if (did || s->by_letter)
				*sent = rescan(s, false, false, e);
		} else {
			break;
		}
	}
	return true;
}

/* An emergency does not wait for what else is to be done, nor for its own window, lease of time or server: as soon as a
 * directive and a plan say so. True: the server is to hear of it. */
static bool
mitigations_do(struct session *s)
{
	struct directive d;
	if (!mandate_load(s, &d))
		return false;
	slot_lease_strip(s, &d);
	return mitigation_run(s, &d, slot_run_id(s));
}

/* What the inventory tells of the policy's wishes. */
static void
policy_watch(struct session *s, const struct policy *p)
{
	settings_apply(s, &p->settings, p->install.windows.count > 0);
	removals_tell(s, p);
	backup_look(s, &p->backup);
}

/* A directive that came just now may say otherwise about settings: in force at once, and the server hears of it. */
static void
settings_do(struct session *s, int64_t serial, bool *sent)
{
	struct directive d;
	struct err e = { 0 };
	bool news = mitigations_do(s), other = s->directive_serial != serial && mandate_load(s, &d);
	if (other)
		policy_watch(s, &d.policy);
	if ((other || news) && *sent && !rescan(s, false, news, &e)) {
		log_warn("server", "%s", e.text);
		*sent = false;
	}
}

/* What the signed policy wants, whether or not the server can be reached: only a server that refuses this machine ends
 * that. *sent and *e as before. */
static bool
slots_do(struct session *s, bool *sent, struct err *e)
{
	struct err why = { 0 };
	if (str_eq(str_of(s->contact.state), STR("revoked")) || str_eq(str_of(s->contact.state), STR("cloned")))
		return true;
	return slot_run(s, sent, &s->slot_until, &s->down, &why) || err_set(e, why.code, "%s", why.text);
}

/* What happened goes on its way by the relay; the error stays: the server was not reached. */
static void
leave_letter(struct session *s, struct err *e)
{
	struct err why = { 0 };
	if (!checkin_sections(s, &why) || !letters_leave(s, &why)) {
		log_warn("letter", "%s", why.text);
		return;
	}
	log_info("letter", "left at the relay");
	err_set(e, ERR_UNREACHABLE, "the server cannot be reached; a letter for it was left at the relay");
}

static bool
once_run(struct session *s, struct err *e)
{
	bool fresh, did;
	struct directive directive;
	if (mandate_load(s, &directive)) /* names its serial to the server */
		policy_watch(s, &directive.policy);
	int64_t serial = s->directive_serial;
	slot_report_load(s);
	updates_load(s);
	planning_load(s, &fresh);
	if (!checkin_sections(s, e) || !work_recover(s, &did, e) || (did && !checkin_sections(s, e)))
		return false;
	outside_look(s);
	if (did || (s->plan.known && !fresh)) {
		planning_run(s);
		if (!checkin_sections(s, e))
			return false;
	}
	(void)mitigations_do(s); /* what stood before a restart stands again; the check-in tells it */
	bool valid = certificate_valid(s, e), sent = valid && checkin_send(s, e);
	if (!valid)
		s->contact.state = "expired";
	if (!sent && e->code == ERR_UNREACHABLE)
		letters_fetch(s, &s->by_letter);
	if (sent || s->by_letter)
		updates_run(s);
	/* The first contact does not wait for the seconds that planning takes. */
	if (!s->plan.known && s->manager && (sent || s->by_letter || s->orders.count > 0))
		sent = rescan(s, true, true, e);
	settings_do(s, serial, &sent);
	serial = s->directive_serial;
	if (!wishes_do(s, &sent, e))
		return false;
	settings_do(s, serial, &sent);
	if (!slots_do(s, &sent, e))
		return false;
	order_prune(s);
	if (!sent && s->by_letter)
		leave_letter(s, e);
	return sent;
}

/* The process without rights starts before the signing key is in memory. */
static bool
session_open(struct session *s, struct net_process **process, struct err *e)
{
	const struct agent *a = s->agent;
	BUF_AUTO tls = { 0 };
	if (a->net) {
		s->net = *a->net;
	} else {
		struct net_options o = { .ca_pem = str_of(s->id.ca), .certificate_pem = str_of(s->id.certificate) };
		memcpy(o.base, s->id.agents, sizeof(o.base));
		for (size_t i = 0; i < s->ways.count; i++)
			o.way[i] = s->ways.way[i].url ? s->ways.way[i].url : "";
		if (!file_read(identity_key_path(a, s->arena, &s->id, "tls"), KEY_FILE_MAX, &tls, e))
			return err_wrap(e, "reading the TLS key of this machine");
		o.key_pem = buf_str(&tls);
		if (!net_process_start(&o, process, e))
			return false;
		explicit_bzero(tls.ptr, tls.len);
		s->net = net_process_port(*process);
	}
	const char *path = identity_key_path(a, s->arena, &s->id, "signing");
	if (!file_exists(path))
		return err_set(
			e, ERR_INPUT,
			"%s is missing; enrol again with a new token: mamori-agent enrol --again --token-file FILE",
			path);
	if (!key_load_or_create(path, &s->signing, e))
		return err_wrap(e, "reading the signing key of this machine");
	if (!key_public_from_pem(str_of(s->id.order_key), &s->order_key, e))
		return err_wrap(e, "reading the key that orders are signed with");
	s->manager = a->pkgmgr ? a->pkgmgr : pkgmgr_find(a->root);
	s->manager_ctx = (struct pkgmgr_ctx){ .runner = a->runner,
					      .clock = a->clock,
					      .root = a->root,
					      .stage_dir = state_path(a, s->arena, "staged"),
					      .log_path = state_path(a, s->arena, "manager.log") };
	planning_way(s, s->ways.packages);
	return true;
}

static void
session_close(struct session *s)
{
	key_free(s->signing);
	key_free(s->order_key);
}

static bool
stopped(const struct session *s, struct err *e)
{
	if (!s->contact.state || strcmp(s->contact.state, "cloned") != 0)
		return false;
	err_set(e, ERR_REFUSED, "%s",
		s->contact.error ? s->contact.error
				 : "this machine's identity was seen on two machines; enrol it again");
	return true;
}

/* The waiter wakes at the start and at every boundary of a slot, with or without a server. Rounded up: a turn that comes
 * too early does nothing. */
static unsigned
slot_delay(const struct session *s, unsigned delay)
{
	int64_t left = s->slot_until - clock_now(s->agent->clock);
	if (s->slot_until == 0 || left >= delay * 1000LL)
		return delay;
	return left < SLOT_LEAST_S * 1000LL ? SLOT_LEAST_S : (unsigned)((left + 999) / 1000);
}

/* What the next run and `status` need to know of this one. */
static unsigned
bookkeep(struct session *s, bool ok, const struct err *e)
{
	struct err why = { 0 };
	uint32_t random;
	bool waits = s->contact.state && strcmp(s->contact.state, "pending") == 0;
	if (!ok) {
		s->contact.tried = clock_now(s->agent->clock);
		s->contact.failures += waits || s->by_letter ? 0 : 1;
		s->contact.error = e->text;
	}
	random_bytes(&random, sizeof(random));
	unsigned delay = contact_delay(&s->contact, random);
	if (!ok && e->code == ERR_REFUSED && !waits)
		delay = STOPPED_S - random % 360;
	if (s->unfinished && delay > UNFINISHED_S)
		delay = UNFINISHED_S;
	if (s->down)
		delay = DOWN_S;
	delay = slot_delay(s, delay);
	s->contact.next = clock_now(s->agent->clock) + delay * 1000LL;
	if (!contact_save(s->agent, &s->contact, &why))
		log_warn("state", "%s", why.text);
	return delay;
}

bool
agent_once(const struct agent *a, unsigned *next_s, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	NET_PROCESS_AUTO process = NULL;
	FD_AUTO lock = -1;
	struct session s = { .agent = a, .arena = &arena };
	struct err why = { 0 };
	*next_s = 300;
	if (!state_lock(a, &lock, e) || !identity_load(a, &arena, &s.id, e))
		return false;
	state_tidy(a);
	contact_load(a, &arena, s.id.host, &s.contact);
	ways_load(a, &arena, &s.id, clock_now(a->clock), &s.ways);
	if (stopped(&s, e)) {
		*next_s = STOPPED_S;
		return false;
	}
	bool ok = session_open(&s, &process, &why) && once_run(&s, &why);
	if (process && !s.ways_new)
		ways_learn(a, &s.ways, &s.net, clock_now(a->clock));
	*next_s = bookkeep(&s, ok, &why);
	session_close(&s);
	return ok || err_set(e, why.code, "%s", why.text);
}
