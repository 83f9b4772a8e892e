#include "agent/outside.h"

#include "agent/attempt.h"
#include "base/log.h"
#include "base/sentence.h"
#include "base/table.h"
#include "plan/apt_history.h"
#include "plan/package_change.h"
#include "plan/zone.h"

#define SEEN "packages.seen" /* a number, a line end, the packages as the section has them */
#define SEEN_MAX (32U << 20)
#define LOG_TAIL (1U << 20)
#define COMMAND_MAX 160
#define BY_MAX 60
#define AGO_MAX_MS (400LL * 86400 * 1000)

/* ---- what was seen ---- */

struct seen {
	uint64_t number; /* rises with every change: names what is told, the same after a crash */
	struct str packages; /* JSON; empty: nothing was seen before */
};

static bool
seen_load(struct session *s, struct seen *out, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct err why = { 0 };
	struct seen x = { 0 };
	struct str number;
	if (!file_read(state_path(s->agent, s->arena, SEEN), SEEN_MAX, &b, &why)) {
		*out = x;
		return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.text);
	}
	x.packages = arena_str(s->arena, buf_str(&b));
	if (!str_line(&x.packages, &number) || !str_to_u64(number, &x.number))
		return err_set(e, ERR_INPUT, "%s in the state folder is damaged", SEEN);
	*out = x;
	return true;
}

static bool
seen_save(struct session *s, uint64_t number, struct str packages, struct err *e)
{
	BUF_AUTO b = { 0 };
	buf_addf(&b, "%llu\n", (unsigned long long)number);
	buf_add(&b, packages);
	return state_save(s->agent, SEEN, buf_str(&b), e);
}

/* ---- who it was ---- */

struct told {
	struct str log; /* apt's history, empty: none */
	struct zone zone;
	struct str order;
	int64_t now;
};

static void
log_read(struct session *s, struct told *t)
{
	BUF_AUTO b = { 0 };
	struct root r;
	struct err e = { 0 };
	if (!root_open(&r, s->agent->root, &e))
		return;
	FD_AUTO fd = root_open_file(&r, "var/log/apt/history.log");
	root_close(&r);
	if (fd < 0)
		return;
	const char *path = arena_printf(s->arena, "/proc/self/fd/%d", fd).ptr;
	if (file_tail(path, 0, LOG_TAIL, &b, &e))
		t->log = arena_str(s->arena, buf_str(&b));
	zone_device(s->agent->root, t->now, s->arena, &t->zone);
}

/* "unattended-upgrade" of "/usr/bin/unattended-upgrade --debug". */
static struct str
program_of(struct str command)
{
	ptrdiff_t blank = str_find_char(command, ' ');
	struct str program = blank >= 0 ? str_head(command, (size_t)blank) : command;
	ptrdiff_t slash = str_rfind_char(program, '/');
	return slash >= 0 ? str_skip(program, (size_t)slash + 1) : program;
}

static void
who(struct session *s, const struct told *t, const struct patch_package *p, bool gone, struct attempt *out)
{
	struct apt_history_entry entry;
	out->why = str_of(tr("Not done by mamori; nothing on this machine says by whom."));
	if (!apt_history_find(t->log, p->name, p->to, gone, &entry))
		return;
	int64_t at = entry.local ? zone_instant(&t->zone, entry.local) : 0;
	if (at > 0 && at <= t->now && t->now - at < AGO_MAX_MS)
		out->started = out->finished = at;
	struct str command = arena_line(s->arena, entry.command, COMMAND_MAX);
	struct str by = arena_line(s->arena, entry.by, BY_MAX);
	out->by = by.len ? by : arena_line(s->arena, program_of(entry.command), BY_MAX);
	if (command.len && by.len)
		out->why = arena_printf(s->arena, tr("Not done by mamori, but by “%.*s”, asked for by %.*s."),
					STR_ARG(command), STR_ARG(by));
	else if (command.len)
		out->why = arena_printf(s->arena, tr("Not done by mamori, but by “%.*s”."), STR_ARG(command));
}

/* ---- telling it ---- */

static bool
tell(struct session *s, const struct told *t, const struct patch *p, const char *act, const char *state, struct err *e)
{
	LANG_ENGLISH_AUTO; /* it is sent */
	struct attempt a = { .order = t->order,
			     .patch = p->id,
			     .title = p->title,
			     .packages = p->packages.items,
			     .package_count = p->packages.count,
			     .act = act,
			     .trigger = "outside",
			     .state = state,
			     .started = t->now,
			     .finished = t->now };
	who(s, t, &p->packages.items[0], act && strcmp(act, "remove") == 0, &a);
	log_info("patch", "%.*s: changed by other hands (%.*s): %.*s", STR_ARG(p->id), STR_ARG(p->title),
		 STR_ARG(a.why));
	return attempt_write(s, &a, e);
}

/* Does it run already, or only after a restart? */
static const char *
state_of(struct session *s, const struct patch *p)
{
	struct apply_result r = { 0 };
	struct err e = { 0 };
	bool known = s->manager && s->manager->outcome && s->manager->outcome(&s->manager_ctx, p, 1, s->arena, &r, &e);
	return known && r.outcome == APPLY_PENDING_REBOOT ? "installed-pending-reboot" : "installed";
}

static bool
tell_all(struct session *s, const struct package_changes *c, uint64_t number, struct err *e)
{
	struct told t = { .now = clock_now(s->agent->clock),
			  .order = arena_printf(s->arena, "outside:%s/%llu", s->id.host, (unsigned long long)number) };
	log_read(s, &t);
	for (size_t i = 0; i < c->newer.patches.count; i++) {
		const struct patch *p = &c->newer.patches.items[i];
		if (!tell(s, &t, p, NULL, state_of(s, p), e))
			return false;
	}
	for (size_t i = 0; i < c->older.patches.count; i++)
		if (!tell(s, &t, &c->older.patches.items[i], "back", "installed", e))
			return false;
	for (size_t i = 0; i < c->gone.patches.count; i++)
		if (!tell(s, &t, &c->gone.patches.items[i], "remove", "installed", e))
			return false;
	return true;
}

static bool
look(struct session *s, struct err *e)
{
	struct str now = s->sections[SECTION_PACKAGES].body;
	struct package_list before = { 0 };
	struct package_changes changes = { 0 };
	struct seen seen = { 0 };
	struct err why = { 0 };
	if (!seen_load(s, &seen, &why))
		log_warn("state", "%s", why.text); /* begins anew with what is there */
	if (str_eq(seen.packages, now))
		return true;
	if (seen.packages.len && !inventory_parse_packages(s->arena, seen.packages, &before, &why))
		log_warn("state", "%s", why.text);
	package_changes(&before, &s->inventory.packages, s->arena, &changes);
	return tell_all(s, &changes, seen.number + 1, e) && seen_save(s, seen.number + 1, now, e);
}

void
outside_look(struct session *s)
{
	struct err e = { 0 };
	if (s->unfinished || !s->sections[SECTION_PACKAGES].name || !s->inventory.packages.manager)
		return;
	if (!look(s, &e))
		log_warn("state", "what others changed here: %s", e.text);
}

/* ---- what we did ---- */

/* Packages of ours as they are now, the others as they were seen. */
static void
ours_merge(struct session *s, const struct patch_list *l, struct package_list *seen, const struct package_list *now)
{
	TABLE_AUTO ours = { 0 };
	struct package_list merged = { .manager = now->manager, .bad = now->bad };
	for (size_t i = 0; i < l->patches.count; i++)
		for (size_t k = 0; k < l->patches.items[i].packages.count; k++)
			*table_put(&ours, l->patches.items[i].packages.items[k].name, NULL) = s;
	for (size_t i = 0; i < seen->count; i++)
		if (!table_has(&ours, seen->items[i].name))
			*ARRAY_PUSH(s->arena, &merged) = seen->items[i];
	for (size_t i = 0; i < now->count; i++)
		if (table_has(&ours, now->items[i].name))
			*ARRAY_PUSH(s->arena, &merged) = now->items[i];
	package_list_sort(&merged);
	*seen = merged;
}

bool
outside_ours(struct session *s, const struct patch_list *l, struct err *e)
{
	struct inventory_options o = { .root = s->agent->root, .skip_hardware = true };
	struct inventory now = { 0 }, then = { 0 };
	struct seen seen;
	struct err why = { 0 };
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	/* Nothing was seen before, or nothing can be: the next look begins with what is there. */
	if (!seen_load(s, &seen, &why) || !seen.packages.len || l->patches.count == 0 ||
	    !inventory_parse_packages(s->arena, seen.packages, &then.packages, &why) ||
	    !inventory_read(&o, s->arena, &now, &why))
		return true;
	ours_merge(s, l, &then.packages, &now.packages);
	inventory_write_packages(&then, &w);
	return seen_save(s, seen.number, buf_str(&b), e);
}
