/* One whole check-in (agent.h). */
#include "agent/agent.h"

#include "agent/checkin.h"
#include "agent/order.h"
#include "agent/planning.h"
#include "agent/work.h"
#include "base/log.h"

#define ROUNDS_MAX 8
#define KEY_FILE_MAX (16U << 10)
#define STOPPED_S 3600U
#define UNFINISHED_S 60U

/* Looks again at what is there and tells the server, if that differs from what it was told. */
static bool
rescan(struct session *s, bool plan, bool always, struct err *e)
{
	struct section before[SECTION_COUNT];
	memcpy(before, s->sections, sizeof(before));
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
		} else if (!*sent) {
			break;
		} else if (planning_refresh_due(s, s->refresh)) {
			s->refresh = false;
			planning_refresh(s);
			*sent = rescan(s, false, true, e);
		} else if (s->stage_patches.count > 0 || (s->stage_security && !staged)) {
			/* Once: the next answer asks again for what could not be fetched. */
			staged = true;
			stage(s, &did);
			*sent = !did || rescan(s, false, false, e);
		} else {
			break;
		}
	}
	return true;
}

static bool
once_run(struct session *s, struct err *e)
{
	bool fresh, did;
	planning_load(s, &fresh);
	if (!checkin_sections(s, e) || !work_recover(s, &did, e))
		return false;
	if (did || (s->plan.known && !fresh)) {
		planning_run(s);
		if (!checkin_sections(s, e))
			return false;
	}
	if (!certificate_valid(s, e)) {
		s->contact.state = "expired";
		return false;
	}
	bool sent = checkin_send(s, e);
	/* The first contact does not wait for the seconds that planning takes. */
	if (!s->plan.known && s->manager && (sent || s->orders.count > 0))
		sent = rescan(s, true, true, e);
	if (!wishes_do(s, &sent, e))
		return false;
	order_prune(s);
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

/* What the next run and `status` need to know of this one. */
static unsigned
bookkeep(struct session *s, bool ok, const struct err *e)
{
	struct err why = { 0 };
	uint32_t random;
	bool waits = s->contact.state && strcmp(s->contact.state, "pending") == 0;
	if (!ok) {
		s->contact.tried = clock_now(s->agent->clock);
		s->contact.failures += waits ? 0 : 1;
		s->contact.error = e->text;
	}
	random_bytes(&random, sizeof(random));
	unsigned delay = contact_delay(&s->contact, random);
	if (!ok && e->code == ERR_REFUSED && !waits)
		delay = STOPPED_S - random % 360;
	if (s->unfinished && delay > UNFINISHED_S)
		delay = UNFINISHED_S;
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
	if (stopped(&s, e)) {
		*next_s = STOPPED_S;
		return false;
	}
	bool ok = session_open(&s, &process, &why) && once_run(&s, &why);
	*next_s = bookkeep(&s, ok, &why);
	session_close(&s);
	return ok || err_set(e, why.code, "%s", why.text);
}
