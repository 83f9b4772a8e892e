#include "agent/facts.h"

#include "agent/order.h"
#include "agent/planning.h"
#include "agent/ward.h"
#include "base/log.h"
#include "os/machine.h"

#define MEMORY "facts.json"
#define JUMP_MS (5LL * 60 * 1000)
#define ZONE_AHEAD_MS (800LL * 86400 * 1000)
#define ROOM_BYTES (200ULL << 20)

/* ---- the two views ---- */

static int64_t
uptime_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool
scope_is_remote(const void *user, struct str scope)
{
	return session_is_remote(user, scope);
}

static void
live_look(void *user, const struct host_look *what, struct arena *a, struct host_seen *out)
{
	struct stale_list stale = { 0 };
	(void)user;
	*out = (struct host_seen){ .uptime = uptime_ms(), .boot = machine_boot_id(a) };
	activity_read(&live_system, what->now, what->seen, a, &out->activity);
	out->process = process_find(&live_system, what->processes, what->process_count, a);
	out->on_battery = power_on_battery(&live_system);
	if (!what->stale)
		return;
	process_stale(&live_system, a, &stale);
	needs_restart_judge(&stale, scope_is_remote, &live_system, a, &out->restart);
}

static void
live_units(void *user, struct arena *a, struct str **units, size_t *count)
{
	(void)user;
	process_units(&live_system, a, units, count);
}

static void
folder_look(void *user, const struct host_look *what, struct arena *a, struct host_seen *out)
{
	(void)user;
	(void)what;
	*out = (struct host_seen){ .uptime = uptime_ms(), .boot = machine_boot_id(a), .activity.idle = -1 };
}

static void
folder_units(void *user, struct arena *a, struct str **units, size_t *count)
{
	(void)user;
	(void)a;
	*units = NULL;
	*count = 0;
}

const struct host_view host_view_live = { .look = live_look, .units = live_units };
const struct host_view host_view_folder = { .look = folder_look, .units = folder_units };

const struct host_view *
facts_view(const struct session *s)
{
	if (s->agent->view)
		return s->agent->view;
	return strcmp(s->agent->root, "/") == 0 ? &host_view_live : &host_view_folder;
}

/* ---- what is kept ---- */

static int64_t
instant(const struct json *v, const char *key)
{
	int64_t t;
	return time_parse(json_get_str(v, key), &t) ? t : 0;
}

void
facts_open(struct session *s, struct facts *f)
{
	struct err e = { 0 };
	struct json *v = NULL;
	if (!state_load(s->agent, s->arena, MEMORY, &v, &e))
		log_warn("state", "%s", e.text);
	*f = (struct facts){ 0 };
	f->memory = (struct facts_memory){
		.input = { .count = (uint64_t)json_get_i64(v, "input", 0),
			   .at = instant(v, "input_at"),
			   .changed = json_get_bool(v, "input_changed", false) },
		.boot = json_get_str(v, "boot"),
		.wall = instant(v, "wall"),
		.uptime = json_get_i64(v, "uptime", 0),
		.confirmed = instant(v, "confirmed"),
	};
	zone_device(s->agent->root, order_now(s) + ZONE_AHEAD_MS, s->arena, &f->zone);
}

void
facts_save(struct session *s, const struct facts *f)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	struct err e = { 0 };
	json_begin_object(&w);
	json_put_i64(&w, "input", (int64_t)(f->memory.input.count & INT64_MAX));
	json_put_time(&w, "input_at", f->memory.input.at);
	json_put_bool(&w, "input_changed", f->memory.input.changed);
	json_put_str(&w, "boot", f->memory.boot);
	json_put_time(&w, "wall", f->memory.wall);
	json_put_i64(&w, "uptime", f->memory.uptime);
	json_put_time(&w, "confirmed", f->memory.confirmed);
	json_end_object(&w);
	if (!state_save(s->agent, MEMORY, buf_str(&b), &e))
		log_warn("state", "%s", e.text);
}

/* ---- clocks ---- */

void
facts_confirmed(struct session *s, struct facts *f)
{
	if (s->confirmed)
		f->memory.confirmed = s->confirmed;
}

/* Within one boot both clocks go on together; a step of one of them is a jump. Across boots the slot machine compares
 * with the latest time that it believed. */
static void
clock_look(struct session *s, struct facts *f)
{
	struct facts_memory *m = &f->memory;
	int64_t wall = clock_now(s->agent->clock);
	if (!str_eq(m->boot, f->seen.boot)) {
		m->boot = f->seen.boot;
		m->confirmed = 0;
		m->input = (struct input_seen){ 0 }; /* counters start anew; looked at by the next turn */
	} else if (m->wall) {
		int64_t drift = (wall - m->wall) - (f->seen.uptime - m->uptime);
		if (drift > JUMP_MS || drift < -JUMP_MS) {
			log_warn("clock", "the clock of this machine jumped by %lld s", (long long)(drift / 1000));
			f->jumped = true;
			m->confirmed = 0;
		}
	}
	m->wall = wall;
	m->uptime = f->seen.uptime;
	facts_confirmed(s, f);
}

/* ---- updates ---- */

static void
missing_read(struct session *s, const struct directive *d, struct slot_facts *f)
{
	size_t most = s->plan.list.patches.count + d->patches.count, n = 0;
	struct str *ids = ARENA_ARRAY(s->arena, struct str, most + 1);
	bool *staged = ARENA_ARRAY(s->arena, bool, most + 1);
	for (size_t i = 0; i < s->plan.list.patches.count; i++) {
		const struct patch *p = &s->plan.list.patches.items[i];
		if (p->kept_back.len > 0)
			continue;
		ids[n] = p->id;
		staged[n++] = p->staged;
	}
	for (size_t i = 0; i < d->patches.count; i++) {
		if (!str_starts(d->patches.items[i].patch, STR(MANDATE_REMOVE)))
			continue;
		ids[n] = d->patches.items[i].patch;
		staged[n++] = true;
	}
	f->missing = ids;
	f->staged = staged;
	f->missing_count = n;
}

static bool
is_approved(const struct directive *d, struct str id)
{
	for (size_t i = 0; i < d->patches.count; i++)
		if (str_eq(d->patches.items[i].patch, id))
			return true;
	return false;
}

/* Three times the downloads and some room; what exactly is missing is the package manager's own check to say. */
static bool
disk_short(struct session *s, const struct directive *d)
{
	uint64_t size = 0, free_bytes;
	for (size_t i = 0; i < s->plan.list.patches.count; i++)
		if (is_approved(d, s->plan.list.patches.items[i].id))
			size += s->plan.list.patches.items[i].size;
	return size > 0 && file_space(s->agent->root, &free_bytes, NULL) && free_bytes < 3 * size + ROOM_BYTES;
}

/* Withdrawn updates that are in, and that the manager can go back from. */
static void
removable_read(struct session *s, struct slot_facts *f)
{
	struct str *ids = ARENA_ARRAY(s->arena, struct str, s->back.patches.count + 1);
	size_t n = 0;
	for (size_t i = 0; i < s->back.patches.count; i++)
		if (s->back.patches.items[i].kept_back.len == 0)
			ids[n++] = s->back.patches.items[i].instead_of;
	f->removable = ids;
	f->removable_count = n;
}

void
facts_read(struct session *s, const struct directive *d, const struct directive *began, bool stale, struct facts *f)
{
	const struct policy *p = began ? &began->policy : &d->policy;
	int64_t now = order_now(s);
	struct host_look look = { .now = now,
				  .processes = p->busy.processes.items.items,
				  .process_count = p->busy.processes.items.count,
				  .stale = stale,
				  .seen = &f->memory.input };
	const struct host_view *view = facts_view(s);
	view->look(view->user, &look, s->arena, &f->seen);
	clock_look(s, f);
	struct slot_facts r = { .now = now,
				.clock_jumped = f->jumped,
				.confirmed = f->memory.confirmed,
				.host = str_of(s->id.host),
				.boot = f->seen.boot,
				.device = &f->zone,
				.began = began,
				.cache = &f->cache,
				.reboot_needed =
					s->inventory.reboot_signals.count > 0 || f->seen.restart.signals.count > 0,
				.services_need_restart = f->seen.restart.units.count > 0 || f->seen.restart.init,
				.idle = f->seen.activity.idle,
				.logged_on = f->seen.activity.used,
				.running_process = f->seen.process,
				.disk_short = disk_short(s, d),
				.on_battery = f->seen.on_battery };
	missing_read(s, d, &r);
	removable_read(s, &r);
	ward_facts(s, now, &r);
	f->slot = r;
}
