/* Which updates are pending: apt's own simulation, its packages grouped by source. */
#include "plan/apt.h"

#include "base/table.h"
#include "plan/dpkg-state.h"
#include "plan/group.h"

#define PLAN_TIMEOUT_S 600

/* One call of a program that only looks; its output is in r. */
static bool
look(const struct pkgmgr_ctx *c, const char *const *argv, struct proc_result *r, struct err *e)
{
	struct apt_run run = { .argv = argv, .low_priority = true, .timeout_s = PLAN_TIMEOUT_S };

	if (!apt_run(c, &run, r, e))
		return err_wrap(e, "asking %s for pending updates", argv[0]);
	if (r->truncated)
		return err_set(e, ERR_TOO_LARGE, "asking %s for pending updates: its answer is too long", argv[0]);
	return true;
}

static bool
simulate(const struct pkgmgr_ctx *c, struct arena *a, struct apt_simulation *out, struct err *e)
{
	/* Dir::Log::Planner: even a simulation would replace the log of the last real installation's planning. */
	const char *argv[] = { "apt-get",
			       "-s",
			       "-q",
			       "-o",
			       "Debug::NoLocking=1",
			       "-o",
			       "Dir::Log::Planner=/dev/null",
			       "upgrade",
			       "--with-new-pkgs",
			       NULL };
	PROC_RESULT_AUTO r = { 0 };

	if (!look(c, argv, &r, e))
		return false;
	if (r.status != 0)
		return apt_failed(c, tr("asking apt for pending updates"), buf_str(&r.err), e);
	return apt_parse_simulation(buf_str(&r.out), a, out, e);
}

/* "name=version" of everything in one call: apt-cache reads its whole cache each time. */
static bool
records(const struct pkgmgr_ctx *c, const struct str *wanted, size_t count, struct arena *a,
	struct apt_record_list *out, struct err *e)
{
	const char **argv = ARENA_ARRAY(a, const char *, count + 4);
	PROC_RESULT_AUTO r = { 0 };
	size_t n = 0;

	*out = (struct apt_record_list){ 0 };
	if (count == 0)
		return true;
	argv[n++] = "apt-cache";
	argv[n++] = "show";
	argv[n++] = "--";
	for (size_t i = 0; i < count; i++)
		argv[n++] = wanted[i].ptr;
	/* The status is not 0 as soon as one is unknown; the others are there. */
	return look(c, argv, &r, e) && apt_parse_records(buf_str(&r.out), a, out, e);
}

static bool
candidates(const struct pkgmgr_ctx *c, const struct apt_simulation *s, struct arena *a, struct apt_candidate_list *out,
	   struct err *e)
{
	const char **argv = ARENA_ARRAY(a, const char *, s->kept_back.count + s->phased.count + 4);
	PROC_RESULT_AUTO r = { 0 };
	size_t n = 0;

	*out = (struct apt_candidate_list){ 0 };
	if (s->kept_back.count + s->phased.count == 0)
		return true;
	argv[n++] = "apt-cache";
	argv[n++] = "policy";
	argv[n++] = "--";
	for (size_t i = 0; i < s->kept_back.count; i++)
		argv[n++] = s->kept_back.items[i].ptr;
	for (size_t i = 0; i < s->phased.count; i++)
		argv[n++] = s->phased.items[i].ptr;
	return look(c, argv, &r, e) && apt_parse_policy(buf_str(&r.out), a, out, e);
}

/* What goes into a patch: a step of the simulation, or a candidate that apt will not take and why. */
struct pending {
	struct apt_step step;
	struct str kept_back;
};
struct pending_list {
	ARRAY_OF(struct pending) items;
};

static bool
str_in(struct str s, const struct str *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(items[i], s))
			return true;
	}
	return false;
}

static void
add_kept_back(const struct apt_simulation *s, const struct apt_candidate_list *l, const struct dpkg_state *state,
	      struct arena *a, struct pending_list *out)
{
	for (size_t i = 0; i < l->items.count; i++) {
		const struct apt_candidate *k = &l->items.items[i];
		if (k->version.len == 0 || str_eq(k->version, STR("(none)")) || str_eq(k->version, k->installed))
			continue;
		struct pending *p = ARRAY_PUSH(a, &out->items);
		struct str bare, arch;
		p->step = (struct apt_step){
			.full = k->name, .from = k->installed, .to = k->version, .security = k->security
		};
		p->step.name = str_split(k->name, ':', &bare, &arch) ? bare : k->name;
		if (dpkg_state_held(state, p->step.name))
			p->kept_back = STR("held on this host");
		else if (str_in(k->name, s->phased.items, s->phased.count))
			p->kept_back = STR("the distribution is still rolling it out");
		else
			p->kept_back = STR("needs other packages to be installed, changed or removed first");
	}
}

static const struct apt_record *
record_of(const struct apt_record_list *l, const struct table *by_name, const struct apt_step *s)
{
	const struct apt_record *first = table_get(by_name, s->name), *fallback = NULL;

	for (const struct apt_record *r = first; r && r < l->records.items + l->records.count; r++) {
		if (!str_eq(r->name, s->name) || !str_eq(r->version, s->to))
			continue;
		if (s->arch.len == 0 || str_eq(r->arch, s->arch))
			return r;
		fallback = r;
	}
	return fallback;
}

static void
updates_of(const struct pending_list *pending, const struct apt_record_list *records, struct arena *a,
	   struct update_list *out)
{
	TABLE_AUTO by_name = { 0 };

	for (size_t i = 0; i < records->records.count; i++) {
		bool added;
		void **place = table_put(&by_name, records->records.items[i].name, &added);
		if (added)
			*place = &records->records.items[i];
	}
	for (size_t i = 0; i < pending->items.count; i++) {
		const struct apt_step *s = &pending->items.items[i].step;
		const struct apt_record *r = record_of(records, &by_name, s);
		*ARRAY_PUSH(a, &out->items) = (struct update){
			.name = s->name,
			.arch = s->arch.len || !r ? s->arch : r->arch,
			.from = s->from,
			.to = s->to,
			.source = r ? r->source : s->name,
			.source_version = r ? r->source_version : s->to,
			.origins = s->origins,
			.security = s->security,
			.size = r ? r->size : 0,
			.kept_back = pending->items.items[i].kept_back,
		};
	}
}

static int64_t
lists_at(const struct pkgmgr_ctx *c, struct arena *a)
{
	const char *const places[] = {
		path_join(a, c->root, "/var/lib/apt/lists"),
		path_join(a, c->root, "/var/lib/apt/periodic/update-success-stamp"),
		path_join(a, apt_stage_here(c, a), APT_STAMP_REFRESHED),
	};
	int64_t newest = 0;

	for (size_t i = 0; i < COUNT(places); i++) {
		int64_t at = file_mtime(places[i]);
		newest = at > newest ? at : newest;
	}
	return newest;
}

bool
apt_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	struct apt_simulation s = { 0 };
	struct apt_candidate_list kept;
	struct apt_record_list details;
	struct dpkg_state state;
	struct pending_list pending = { 0 };
	struct update_list updates = { 0 };
	struct patch_list list = { .manager = "apt" };

	if (!simulate(c, a, &s, e) || !dpkg_state_read(c->root, a, &state, e) || !candidates(c, &s, a, &kept, e))
		return false;
	for (size_t i = 0; i < s.installs.count; i++)
		ARRAY_PUSH(a, &pending.items)->step = s.installs.items[i];
	add_kept_back(&s, &kept, &state, a, &pending);
	struct str *wanted = ARENA_ARRAY(a, struct str, pending.items.count + 1);
	for (size_t i = 0; i < pending.items.count; i++) {
		const struct apt_step *step = &pending.items.items[i].step;
		wanted[i] = arena_printf(a, "%.*s=%.*s", STR_ARG(step->full), STR_ARG(step->to));
	}
	if (!records(c, wanted, pending.items.count, a, &details, e))
		return false;
	updates_of(&pending, &details, a, &updates);
	updates_group("deb", &updates, a, &list);
	list.lists_at = lists_at(c, a);
	apt_staged_fill(c, a, &list);
	*out = list;
	return true;
}
