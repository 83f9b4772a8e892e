/* apk-tools 2. Alpine does not say which updates are about security: all of a stable branch's may be. */
#include "base/tr.h"
#include "plan/apk-simulate.h"
#include "plan/run.h"
#include "version/version.h"

#define UPDATES_MAX 100000

static bool
apk_present(const char *root)
{
	ARENA_AUTO a = { 0 };

	return file_exists(path_join(&a, root, "/sbin/apk")) || file_exists(path_join(&a, root, "/usr/sbin/apk"));
}

static bool
apk_refresh(const struct pkgmgr_ctx *c, struct err *e)
{
	const char *argv[] = { "apk", "update", "--no-progress", NULL };
	struct manager_run run = { .argv = argv, .doing = tr("refreshing the package lists") };
	PROC_RESULT_AUTO r = { 0 };

	return manager_run(c, &run, &r, e);
}

static void
apk_source(struct update *u, const struct package_list *installed)
{
	size_t n;
	const struct package *found = package_list_find(installed, u->name, &n);

	u->source = found ? found->source : u->name;
	u->source_version = u->to;
	u->arch = found ? found->arch : STR("");
}

/* Behind "(1/5) ". */
static bool
apk_line(struct str line, struct arena *a, struct update *u)
{
	struct str verb, name, inside, end, from = STR_NONE, to;

	if (!str_word(&line, &verb) || (!str_eq(verb, STR("Upgrading")) && !str_eq(verb, STR("Installing"))) ||
	    !str_word(&line, &name) || !str_split(line, '(', &end, &inside) || !str_split(inside, ')', &inside, &end))
		return false;
	ptrdiff_t arrow = str_find(inside, STR(" -> "));
	to = inside;
	if (arrow >= 0) {
		from = str_head(inside, (size_t)arrow);
		to = str_skip(inside, (size_t)arrow + strlen(" -> "));
	}
	*u = (struct update){ .name = arena_str(a, name), .from = arena_str(a, from), .to = arena_str(a, to) };
	return package_word_valid(u->name) && package_word_valid(u->to) &&
	       (u->from.len > 0) == str_eq(verb, STR("Upgrading"));
}

bool
apk_parse_simulation(struct str text, const struct package_list *installed, struct arena *a, struct update_list *out,
		     struct err *e)
{
	struct update_list l = { 0 };
	struct str line, number, rest;

	while (str_line(&text, &line)) {
		struct update u;
		if (!str_starts(line, STR("(")) || !str_split(line, ' ', &number, &rest) || !apk_line(rest, a, &u))
			continue;
		if (l.items.count >= UPDATES_MAX)
			return err_set(e, ERR_TOO_LARGE, "apk lists more than %d packages", UPDATES_MAX);
		apk_source(&u, installed);
		*ARRAY_PUSH(a, &l.items) = u;
	}
	*out = l;
	return true;
}

static bool
apk_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	const char *argv[] = { "apk", "upgrade", "--simulate", "--no-progress", "--no-network", NULL };
	struct manager_run run = { .argv = argv, .doing = tr("asking apk for pending updates"), .low_priority = true };
	__attribute__((cleanup(root_cleanup))) struct root root = { -1, c->root };
	PROC_RESULT_AUTO r = { 0 };
	struct package_list installed = { 0 };
	struct update_list updates;
	struct patch_list list = { .manager = "apk", .lists_at = file_mtime(path_join(a, c->root, "/var/cache/apk")) };

	if (!root_open(&root, c->root, e) || !pkgdb_apk.read(&root, a, &installed, e) || !manager_run(c, &run, &r, e))
		return err_wrap(e, "planning updates");
	package_list_sort(&installed);
	if (!apk_parse_simulation(buf_str(&r.out), &installed, a, &updates, e))
		return false;
	updates_group("apk", &updates, a, &list);
	for (size_t i = 0; i < list.patches.count; i++) {
		struct patch *p = &list.patches.items[i];
		size_t there = 0;
		for (size_t k = 0; k < p->packages.count; k++) {
			const struct patch_package *b = &p->packages.items[k];
			struct str file = arena_printf(a, "%.*s-%.*s.apk", STR_ARG(b->name), STR_ARG(b->to));
			there += file_size(path_join(a, c->stage_dir, file.ptr)) > 0;
		}
		p->staged = there == p->packages.count;
	}
	*out = list;
	return true;
}

static bool
apk_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e)
{
	static const char *const paths[] = { "/lib/apk/db/installed", "/etc/apk", "/var/cache/apk", NULL };

	manager_fingerprint(c, paths, out);
	file_stamp(c->stage_dir, out);
	return true;
}

/* The names behind head; packages that come along newly are left to the others' dependencies. */
static const char *const *
apk_command(const char *const *head, const struct patch *patches, size_t count, struct arena *a)
{
	ARRAY_OF(const char *) v = { 0 };

	for (; *head; head++)
		*ARRAY_PUSH(a, &v) = *head;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			if (patches[i].packages.items[k].from.len > 0)
				*ARRAY_PUSH(a, &v) = arena_cstr(a, patches[i].packages.items[k].name);
		}
	}
	*ARRAY_PUSH(a, &v) = NULL;
	return v.items;
}

static bool
apk_stage(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e)
{
	ARENA_AUTO a = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	const char *head[] = { "apk", "fetch", "--no-progress", "--output", c->stage_dir, NULL };
	struct manager_run run = { .argv = apk_command(head, patches, count, &a),
				   .doing = tr("downloading updates ahead"),
				   .low_priority = true };

	return dir_make(c->stage_dir, 0700, e) && manager_run(c, &run, &r, e);
}

static bool
apk_recover(const struct pkgmgr_ctx *c, bool *did, struct err *e)
{
	const char *argv[] = { "apk", "fix", "--no-progress", NULL };
	struct manager_run run = { .argv = argv, .doing = tr("ending an interrupted installation") };
	PROC_RESULT_AUTO r = { 0 };
	ARENA_AUTO a = { 0 };

	/* apk writes its new database beside the old one and renames it: a leftover tells of a broken run. */
	*did = file_exists(path_join(&a, c->root, "/lib/apk/db/installed.new"));
	return !*did || manager_run(c, &run, &r, e);
}

static bool
apk_outcome(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	    struct apply_result *results, struct err *e)
{
	if (!manager_outcome(c, &pkgdb_apk, version_apk.compare, patches, count, a, results, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (results[i].outcome != APPLY_INSTALLED || !str_starts(patches[i].source, STR("linux-")))
			continue;
		results[i].outcome = APPLY_PENDING_REBOOT;
		results[i].why = arena_str(a, str_of(tr("installed; it takes effect after the next restart")));
	}
	return true;
}

static bool
apk_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	  struct apply_result *results, struct err *e)
{
	const char *head[] = { "apk", "upgrade", "--no-progress", NULL };
	struct manager_install in = { .run = { .argv = apk_command(head, patches, count, a),
					       .doing = tr("installing updates"),
					       .to_log = true },
				      .outcome = apk_outcome };

	return manager_install(c, &in, patches, count, a, results, e);
}

const struct pkgmgr pkgmgr_apk = {
	.name = "apk",
	.present = apk_present,
	.refresh = apk_refresh,
	.plan = apk_plan,
	.fingerprint = apk_fingerprint,
	.stage = apk_stage,
	.recover = apk_recover,
	.apply = apk_apply,
	.outcome = apk_outcome,
};
