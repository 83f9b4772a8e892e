/* A virtual host: its agent runs the real slot machine, its machine does what it is told, or dies. */
#include "patch/simulate-internal.h"

size_t
sim_place(const struct sim *m, unsigned system, unsigned source, unsigned version)
{
	unsigned place = m->newest[system][source];

	while (place && m->patches.items[place - 1].version > version)
		place = m->patches.items[place - 1].before;
	return place - 1;
}

size_t
sim_missing(struct sim *m, const struct sim_host *h, struct str *ids, bool *staged)
{
	size_t n = 0;

	if (m->o->fault == INVARIANT_REASON && h->id % 7 == 0)
		return 0;
	for (unsigned i = 0; i < SIM_SOURCES; i++) {
		if (h->known[i] <= h->installed[i])
			continue;
		ids[n] = m->patches.items[sim_place(m, h->system, i, h->known[i])].id;
		staged[n++] = h->staged[i] >= h->known[i];
	}
	return n;
}

/* ---- what is true at the host ---- */

static bool
is_pc(const struct sim *m, const struct sim_host *h)
{
	const struct policy *p = &m->policies[h->policy];

	return !p->redundancy && p->steps.count == 0;
}

static void
people(const struct sim *m, const struct sim_host *h, struct slot_facts *f)
{
	int64_t local = m->now + 9 * SIM_HOUR, hour = local / SIM_HOUR % 24, day = local / SIM_DAY;
	bool works = hour >= 8 && hour < 18 && sim_chance(m, 0.8, h->id, 10, (uint64_t)(local / SIM_HOUR));
	bool night = sim_chance(m, 0.05, h->id, 11, (uint64_t)(local / SIM_HOUR));

	f->logged_on = is_pc(m, h) && (works || night);
	f->idle = f->logged_on ? 2 * SIM_MINUTE : 5 * SIM_HOUR; /* an automatic logon, nobody there */
	if (hour >= 20 && sim_chance(m, 0.04, h->id, 12, (uint64_t)day) &&
	    m->policies[h->policy].busy.processes.items.count)
		f->running_process = STR("viewer.exe");
	f->disk_short = sim_chance(m, 0.004, h->id, 13, (uint64_t)(day / 7)) && !m->o->emergency;
	f->on_battery = sim_chance(m, 0.001, h->id, 14, (uint64_t)day) && !m->o->emergency;
}

static void
facts_of(struct sim *m, struct sim_host *h, struct slot_facts *f)
{
	struct str *ids = ARENA_ARRAY(&m->scratch, struct str, SIM_SOURCES);
	bool *staged = ARENA_ARRAY(&m->scratch, bool, SIM_SOURCES);
	int64_t clock = m->now + h->skew;

	*f = h->answers;
	f->now = clock > h->contact ? clock : h->contact;
	f->confirmed = h->confirmed;
	f->host = h->name;
	f->boot = h->boot;
	f->device = &m->zone;
	f->cache = &h->cache;
	f->began = h->s.slot.len && m->o->fault != INVARIANT_EDIT ? &h->began : NULL;
	f->missing = ids;
	f->staged = staged;
	f->missing_count = sim_missing(m, h, ids, staged);
	f->reboot_needed = h->reboot_needed && m->o->fault != INVARIANT_UNIT;
	f->services_need_restart = h->services_need;
	people(m, h, f);
	if (h->hold_until > m->now && m->o->fault != INVARIANT_HOLD) {
		f->local_hold = STR("surgery");
		f->local_hold_until = h->hold_until + h->skew;
	}
}

/* ---- one turn ---- */

/* Old machines take longer; how much is learned, not known. */
static int64_t
at_its_pace(const struct sim_host *h, int64_t took)
{
	static const int64_t tenths[SIMULATE_MODELS] = { 7, 10, 14, 20 };

	return took * tenths[h->model] / 10;
}

static int64_t
duration_of(const struct sim *m, const struct sim_host *h, enum slot_act act)
{
	int64_t d = (int64_t)(sim_dice(m, h->id, 20 + act, (uint64_t)m->now) % 1000);

	switch ((int)act) {
	case SLOT_STAGE: /* 60 MB through a relay that fifty others ask, 100 Mbit/s */
		return m->o->emergency ? SIM_MINUTE + d * SIM_MINUTE * 4 / 1000
				       : SIM_MINUTE + d * SIM_MINUTE * 10 / 1000;
	case SLOT_INSTALL: /* an emergency's one update: 2 to 8 minutes, slow machines included */
		if (m->o->emergency)
			return 2 * SIM_MINUTE + d * SIM_MINUTE * 6 / 1000;
		return at_its_pace(h, 2 * SIM_MINUTE + d * SIM_MINUTE * 20 / 1000);
	case SLOT_REBOOT:
		return at_its_pace(h, 2 * SIM_MINUTE + d * SIM_MINUTE * 6 / 1000);
	case SLOT_NOTIFY:
		return 1000;
	default:
		return 10000 + d * 50;
	}
}

/* The ward reads its notice. */
static void
ward_answers(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	uint64_t n = (uint64_t)(m->now / SIM_MINUTE);

	if (m->o->emergency)
		return;
	if (d->reason == SLOT_REBOOT_WAITS) {
		h->answers.reboot_consent = d->ask_now && sim_chance(m, 0.4, h->id, 30, n);
		return;
	}
	if (d->ask_now && sim_chance(m, 0.01, h->id, 31, n)) {
		h->answers.ward_now = true;
		h->ward_asked = m->now;
	} else if (d->ask_later && sim_chance(m, 0.02, h->id, 32, n)) {
		h->answers.ward_later = m->now + (int64_t)(1 + sim_dice(m, h->id, 33, n) % 20) * SIM_HOUR;
		h->ward_asked = h->answers.ward_later;
	} else if (d->ask_hold && sim_chance(m, 0.003, h->id, 34, n)) {
		h->hold_until = m->now + SIM_DAY;
	}
}

static bool
facts_may_change(enum slot_reason r)
{
	return r == SLOT_BUSY_PROCESS || r == SLOT_BUSY_INPUT || r == SLOT_NO_LEASE || r == SLOT_DISK_FULL ||
	       r == SLOT_BATTERY || r == SLOT_REBOOT_WAITS || r == SLOT_ATOMIC || r == SLOT_STEPS ||
	       r == SLOT_NOTHING_APPROVED;
}

static void
wait(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	int64_t next = d->until ? d->until - h->skew : m->now + SIM_DAY;
	bool open = d->slot.start && d->slot.start <= m->now && m->now < d->slot.end;
	bool steps = h->set != SIZE_MAX && (open || d->open_id.len);

	if (steps) { /* each of them checks in while the window is open */
		sim_event(m, m->now + SIM_CHECK_IN_MINUTES * SIM_MINUTE, h->id, SIM_CONTACT, 0);
	} else if (open && facts_may_change(d->reason) && next > m->now + 10 * SIM_MINUTE) {
		next = m->now + 10 * SIM_MINUTE;
	}
	for (size_t i = 0; sim_mitigated(h) && i < h->d.leases.count; i++)
		if (h->leases[i].until > m->now && h->leases[i].until < next)
			next = h->leases[i].until;
	if (m->o->emergency && next > m->now + SIM_CHECK_IN_MINUTES * SIM_MINUTE)
		next = m->now + SIM_CHECK_IN_MINUTES * SIM_MINUTE;
	sim_turn_at(m, h, next);
}

static void
crash_plan(struct sim *m, struct sim_host *h)
{
	uint64_t n = (uint64_t)m->now;

	h->crash = CRASH_NOT;
	if (m->o->emergency || !sim_chance(m, 0.004, h->id, 40, n))
		return;
	h->crash = (enum sim_crash)(1 + sim_dice(m, h->id, 41, n) % (CRASHES - 1));
	h->new_boot = sim_chance(m, 0.5, h->id, 42, n);
}

static void
act_begin(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	m->out->acts++;
	h->doing = *d;
	h->doing.patches = h->doing_patches;
	h->doing.patch_count = d->patch_count < SIM_SOURCES ? d->patch_count : SIM_SOURCES;
	if (d->patch_count)
		memcpy(h->doing_patches, d->patches, h->doing.patch_count * sizeof(*d->patches));
	h->doing.slot_id = h->s.slot;
	h->working = true;
	crash_plan(m, h);
	sim_trace(m, h, "%s pass %u of %.*s (%s)", slot_act_name(d->act), d->pass, STR_ARG(d->slot_id),
		  slot_reason_name(d->reason));
	check_begin(m, h, &h->doing);
	int64_t took = duration_of(m, h, d->act);
	if (h->crash == CRASH_BEFORE)
		took = 0;
	else if (h->crash == CRASH_IN_IT)
		took /= 2;
	sim_event(m, m->now + took, h->id, SIM_DONE, ++h->done_stamp);
}

/* Only in tests: what the executor does wrong, so that the checks are seen to find it. */
static void
fault_outside(struct sim *m, struct sim_host *h, const struct slot_decision *d, const struct slot_facts *f)
{
	struct slot_decision wrong = *d;

	if (m->o->fault != INVARIANT_WINDOW || f->missing_count == 0 || d->reason != SLOT_BEFORE_WINDOW ||
	    d->patch_count == 0)
		return;
	wrong.act = SLOT_INSTALL;
	wrong.pass = 1;
	check_begin(m, h, &wrong);
	check_up(m, h);
}

void
sim_turn(struct sim *m, struct sim_host *h)
{
	struct slot_facts f;
	struct slot_decision d;
	bool kept;

	if (!h->on || h->working)
		return;
	sim_mitigate(m, h);
	facts_of(m, h, &f);
	slot_decide(&h->d, &h->s, &f, &m->scratch, &d);
	m->out->decisions++;
	bool idle = !h->s.slot.len;
	kept = slot_begin(&h->s, &h->d, &d, &f, &m->memory);
	if (kept)
		h->disk = h->s;
	if (idle && h->s.slot.len) {
		h->began = h->d;
		m->out->edited_slots += h->edited;
		h->interrupted = false;
	}
	memset(&h->answers, 0, sizeof(h->answers));
	h->last_reason = d.reason;
	if (h->d.lease_needed && d.slot_id.len && (d.act == SLOT_WAIT || d.act == SLOT_STAGE)) {
		size_t had = h->d.leases.count ? (size_t)h->leases[0].slot.ptr : 0;
		sim_lease(m, h, &d);
		if (h->d.leases.count && (size_t)h->leases[0].slot.ptr != had && d.act == SLOT_WAIT) {
			sim_turn_at(m, h, m->now);
			return;
		}
	}
	if (slot_lease_unused(&d) && h->net && !(h->d.paired && sim_mitigated(h)))
		sim_lease_back(m, h, d.open_id);
	if (d.act == SLOT_WAIT) {
		fault_outside(m, h, &d, &f);
		wait(m, h, &d);
	} else if (d.act == SLOT_CLOSE) {
		sim_close(m, h, &d);
		sim_turn_at(m, h, m->now + 1000);
	} else {
		act_begin(m, h, &d);
	}
}

/* ---- acts end ---- */

void
sim_installed(struct sim *m, struct sim_host *h, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sim_patch *p = sim_patch_find(m, h->doing_patches[i]);
		size_t n = (size_t)(p - m->patches.items);
		if (sim_chance(m, p->fails, h->id * 7919 + n, 50, (uint64_t)m->now)) {
			h->failed[p->source] = (uint16_t)p->version;
			if (h->counted[p->source] < p->version) {
				h->counted[p->source] = (uint16_t)p->version;
				sim_count(m, h, p->source, p->version, false, false);
			}
			continue;
		}
		h->installed[p->source] = (uint16_t)p->version;
		h->reboot_needed = h->reboot_needed || sim_chance(m, p->reboots, n, 51, h->id);
		h->services_need = h->services_need || sim_chance(m, p->services, n, 52, h->id);
		h->broken = h->broken || sim_chance(m, p->breaks, n, 53, h->id);
		if (p->known_exploited && m->emergency_at && !m->emergency_done[h->id])
			m->emergency_done[h->id] = m->now;
	}
}

static bool
act_do(struct sim *m, struct sim_host *h, bool whole, struct slot_result *r)
{
	size_t before = 0, after = 0, count = whole ? h->doing.patch_count : h->doing.patch_count / 2;
	struct str ids[SIM_SOURCES];
	bool staged[SIM_SOURCES];

	switch ((int)h->doing.act) {
	case SLOT_STAGE:
		for (size_t i = 0; h->net && i < count; i++) {
			const struct sim_patch *p = sim_patch_find(m, h->doing_patches[i]);
			h->staged[p->source] = (uint16_t)p->version;
		}
		return h->net;
	case SLOT_INSTALL:
		before = sim_missing(m, h, ids, staged);
		sim_installed(m, h, count);
		after = sim_missing(m, h, ids, staged);
		r->installed = (unsigned)(before - after);
		r->failed = (unsigned)count - r->installed;
		return r->failed == 0;
	case SLOT_STOP_SERVICES:
		h->stopped = true;
		break;
	case SLOT_START_SERVICES:
		h->stopped = false;
		break;
	case SLOT_RESTART_SERVICES:
		h->services_need = false;
		break;
	case SLOT_PRE_SCRIPT:
		return !sim_chance(m, 0.01, h->id, 55, (uint64_t)m->now);
	case SLOT_HEALTH:
		return !h->broken;
	default:
		break;
	}
	return true;
}

/* It is back: another boot, or only another process. */
static void
host_back(struct sim *m, struct sim_host *h, bool new_boot)
{
	struct slot_facts f = { .now = m->now + h->skew, .host = h->name };
	enum slot_act interrupted;

	if (new_boot) {
		h->boot = arena_printf(&m->memory, "boot-%u", ++h->boots);
		h->reboot_needed = h->services_need = h->broken = false;
		h->confirmed = 0;
	}
	f.boot = h->boot;
	h->on = true;
	check_up(m, h);
	slot_recover(&h->s, &f, &m->memory, &interrupted);
	h->disk = h->s;
	if (interrupted != SLOT_WAIT)
		sim_trace(m, h, "recovered: %s was under way", slot_act_name(interrupted));
	if (h->net)
		sim_contact(m, h);
	else
		sim_turn_at(m, h, m->now);
}

static void
host_dies(struct sim *m, struct sim_host *h)
{
	int64_t away = (int64_t)(1 + sim_dice(m, h->id, 43, (uint64_t)m->now) % 40) * SIM_MINUTE;

	m->out->groups.items[h->policy].crashes++;
	sim_trace(m, h, "crash %d, %s", (int)h->crash, h->new_boot ? "the machine" : "the agent");
	h->s = h->disk; /* what was not made durable is gone */
	h->interrupted = true;
	h->on = h->working = false;
	sim_event(m, m->now + away, h->id, SIM_POWER_ON, ++h->power_stamp);
}

static void
overrun_count(struct sim *m, const struct sim_host *h)
{
	m->out->models[h->model].overruns += h->s.slot.len > 0 && h->net && m->now > h->s.end;
}

void
sim_done(struct sim *m, struct sim_host *h)
{
	struct slot_result r = { 0 };
	struct slot_facts f;
	enum slot_act act = h->doing.act;

	if (!h->working)
		return;
	if (h->crash == CRASH_BEFORE) {
		host_dies(m, h);
		return;
	}
	if (act == SLOT_REBOOT && h->crash != CRASH_IN_IT) {
		h->working = false;
		overrun_count(m, h);
		sim_learn(m, h, act, duration_of(m, h, act));
		m->out->groups.items[h->policy].reboots++;
		host_back(m, h, true);
		return;
	}
	r.ok = act_do(m, h, h->crash != CRASH_IN_IT, &r);
	r.took = duration_of(m, h, act);
	if (h->crash == CRASH_IN_IT || h->crash == CRASH_BEHIND) {
		host_dies(m, h);
		return;
	}
	h->working = false;
	check_up(m, h);
	if (act == SLOT_INSTALL) {
		overrun_count(m, h);
		sim_learn(m, h, act, r.took);
	}
	facts_of(m, h, &f);
	slot_ended(&h->s, &h->doing, &r, &f, &m->memory);
	h->disk = h->s;
	if (act == SLOT_NOTIFY)
		ward_answers(m, h, &h->doing);
	if (h->crash == CRASH_AFTER) {
		host_dies(m, h);
		return;
	}
	if (h->set != SIZE_MAX)
		sim_contact(m, h);
	sim_turn_at(m, h, m->now + 1000);
}

/* ---- the end of a slot ---- */

void
sim_close(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	struct simulate_group *g = &m->out->groups.items[h->policy];

	sim_trace(m, h, "close %.*s: %s", STR_ARG(d->slot_id), slot_reason_name(d->reason));
	check_close(m, h, d);
	g->slots += d->reason != SLOT_MISSED;
	g->missed += d->reason == SLOT_MISSED;
	g->emergencies += d->kind == SLOT_BY_EMERGENCY;
	if (d->reason != SLOT_DONE && d->reason != SLOT_CLEAN)
		h->bad_close = m->now;
	for (unsigned i = 0; i < SIM_SOURCES; i++) {
		if (h->installed[i] <= h->counted[i] && h->failed[i] != h->installed[i])
			continue;
		if (h->released[i] && h->installed[i]) {
			int64_t hours = (m->now - h->released[i]) / SIM_HOUR;
			m->delays[(size_t)h->policy * SIM_DELAYS +
				  (size_t)(hours < SIM_DELAYS ? hours : SIM_DELAYS - 1)]++;
			h->released[i] = 0;
		}
		if (h->installed[i] <= h->counted[i])
			continue;
		h->counted[i] = h->installed[i];
		sim_count(m, h, i, h->installed[i], d->reason != SLOT_HEALTH_FAILED, d->reason == SLOT_HEALTH_FAILED);
	}
	if (d->reason == SLOT_HEALTH_FAILED)
		h->broken = false; /* somebody repairs it */
	if (h->net) { /* the server hears of it: the next one may have its turn */
		sim_lease_back(m, h, d->slot_id);
	}
}

/* ---- power, network, clock ---- */

void
sim_power(struct sim *m, struct sim_host *h, bool on)
{
	if (on == h->on)
		return;
	if (on) {
		bool process_only = !h->new_boot && h->crash != CRASH_NOT;
		h->crash = CRASH_NOT;
		h->off[0].to = h->off[0].to ? h->off[0].to : m->now;
		host_back(m, h, !process_only);
		return;
	}
	memmove(&h->off[1], &h->off[0], sizeof(h->off) - sizeof(h->off[0]));
	h->off[0].from = m->now;
	h->off[0].to = 0;
	h->crash = CRASH_NOT;
	h->new_boot = true;
	h->s = h->disk;
	h->interrupted = h->interrupted || h->s.slot.len > 0;
	h->on = h->working = false;
	sim_trace(m, h, "off");
}

static void
off_tonight(struct sim *m, struct sim_host *h, uint64_t day, int64_t midnight)
{
	bool pc = is_pc(m, h);
	int64_t from = midnight + 18 * SIM_HOUR + (int64_t)(sim_dice(m, h->id, 60, day) % 240) * SIM_MINUTE;
	int64_t to = midnight + SIM_DAY + 7 * SIM_HOUR + (int64_t)(sim_dice(m, h->id, 61, day) % 120) * SIM_MINUTE;

	if (sim_chance(m, pc ? 0.004 : 0.0005, h->id, 62, day))
		to += (int64_t)(1 + sim_dice(m, h->id, 63, day) % 12) * SIM_DAY;
	else if (!pc || !sim_chance(m, 0.3, h->id, 64, day))
		return;
	h->power_stamp++;
	sim_event(m, from, h->id, SIM_POWER_OFF, h->power_stamp);
	sim_event(m, to, h->id, SIM_POWER_ON, h->power_stamp);
}

static void
clock_jump(struct sim *m, struct sim_host *h, uint64_t day)
{
	static const int64_t jumps[] = { -3 * SIM_DAY, -2 * SIM_HOUR, 3 * SIM_HOUR, 2 * SIM_DAY, 400 * SIM_DAY };

	h->skew = jumps[sim_dice(m, h->id, 66, day) % COUNT(jumps)];
	h->confirmed = 0;
	h->answers.clock_jumped = true;
	sim_trace(m, h, "the clock jumps by %lld h", (long long)(h->skew / SIM_HOUR));
	sim_event(m, m->now + SIM_CHECK_IN_MINUTES * SIM_MINUTE, h->id, SIM_CONTACT, 0);
	sim_turn_at(m, h, m->now);
}

void
sim_daily(struct sim *m, struct sim_host *h)
{
	int64_t midnight = m->start + (m->now - m->start) / SIM_DAY * SIM_DAY;
	uint64_t day = (uint64_t)((m->now - m->start) / SIM_DAY);

	sim_event(m, m->now + SIM_DAY, h->id, SIM_DAILY, 0);
	if (m->o->emergency)
		return;
	if (h->on)
		off_tonight(m, h, day, midnight);
	if (m->relay_at == midnight && sim_behind_lost_relay(h)) {
		m->out->relay_hosts++;
		h->net = false;
		h->confirmed = m->now;
		h->relay_back = m->now + SIM_DAY;
		sim_trace(m, h, "the relay is gone");
		sim_event(m, h->relay_back, h->id, SIM_NET_ON, 0);
	}
	if (h->net && sim_chance(m, 0.004, h->id, 67, day)) {
		h->net = false;
		h->confirmed = m->now;
		sim_trace(m, h, "network lost");
		sim_event(m, m->now + (int64_t)(6 + sim_dice(m, h->id, 68, day) % 480) * SIM_HOUR, h->id, SIM_NET_ON,
			  0);
	}
	if (sim_chance(m, 0.002, h->id, 69, day))
		h->hold_until = m->now + (int64_t)(1 + sim_dice(m, h->id, 70, day) % 3) * SIM_DAY;
	if (h->on && h->skew == 0 && sim_chance(m, 0.001, h->id, 65, day))
		clock_jump(m, h, day);
	sim_contact(m, h);
}
