/* Downloading ahead, ending what was left half done, installing; the outcome is what dpkg's database says. */
#include "plan/apt.h"

#include "base/log.h"
#include "os/pkgdb.h"
#include "plan/deb.h"
#include "plan/run.h"
#include "plan/dpkg-state.h"

#define STAGE_TIMEOUT_S 7200
#define APPLY_TIMEOUT_S 10800
#define DOWNLOADS_MAX 200000
#define LOG_TAIL ((size_t)256 << 10)

struct args {
	ARRAY_OF(const char *) items;
};

static void
args_add(struct args *v, struct arena *a, const char *arg)
{
	*ARRAY_PUSH(a, &v->items) = arg;
}

static const char *const *
args_end(struct args *v, struct arena *a)
{
	args_add(v, a, NULL);
	return v->items.items;
}

static void
args_common(struct args *v, const struct pkgmgr_ctx *c, struct arena *a)
{
	static const char *const options[] = {
		"apt-get", "-q",
		"-y",      "--no-remove",
		"-o",      "Dpkg::Use-Pty=0",
		"-o",      "Dpkg::Options::=--force-confdef",
		"-o",      "Dpkg::Options::=--force-confold",
		"-o",      "APT::Get::AutomaticRemove=false",
	};

	for (size_t i = 0; i < COUNT(options); i++)
		args_add(v, a, options[i]);
	args_add(v, a, "-o");
	args_add(v, a, arena_printf(a, "Dir::Cache::archives=%s/", apt_stage_inside(c, a)).ptr);
}

/* New packages come in as dependencies of the others, so that apt goes on knowing them as such. */
static size_t
args_packages(struct args *v, const struct patch *const *patches, size_t count, struct arena *a)
{
	size_t named = 0;

	args_add(v, a, "--only-upgrade");
	args_add(v, a, "install");
	args_add(v, a, "--");
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i]->packages.count; k++) {
			const struct patch_package *p = &patches[i]->packages.items[k];
			if (p->from.len == 0)
				continue;
			/* "all" is no architecture that a package can be asked for by. */
			struct str arg = str_eq(p->arch, STR("all")) || p->arch.len == 0
						 ? arena_printf(a, "%.*s=%.*s", STR_ARG(p->name), STR_ARG(p->to))
						 : arena_printf(a, "%.*s:%.*s=%.*s", STR_ARG(p->name), STR_ARG(p->arch),
								STR_ARG(p->to));
			args_add(v, a, arg.ptr);
			named++;
		}
	}
	return named;
}

static const struct patch **
pointers(const struct patch *patches, size_t count, struct arena *a)
{
	const struct patch **out = ARENA_ARRAY(a, const struct patch *, count + 1);

	for (size_t i = 0; i < count; i++)
		out[i] = &patches[i];
	return out;
}

/* ---- staging ---- */

static bool
stage_folder(const struct pkgmgr_ctx *c, struct arena *a, struct err *e)
{
	return dir_make(path_join(a, apt_stage_here(c, a), "partial"), 0700, e);
}

/* What apt would still fetch after a download lies on this machine already. v: the words of that download, ended. */
static void
stage_local(const struct pkgmgr_ctx *c, const struct args *v, struct arena *a)
{
	struct args again = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	struct err e = { 0 };

	args_add(&again, a, v->items.items[0]);
	args_add(&again, a, "--print-uris");
	for (size_t i = 1; v->items.items[i]; i++)
		args_add(&again, a, v->items.items[i]);
	struct apt_run run = { .argv = args_end(&again, a), .low_priority = true, .timeout_s = 600 };
	if (!apt_run(c, &run, &r, &e))
		log_warn("apt", "%s", e.text);
	else if (r.status == 0)
		apt_local_keep(c, buf_str(&r.out), a);
}

bool
apt_stage(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct args v = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	const struct patch **all = pointers(patches, count, &a);

	if (!stage_folder(c, &a, e) || !apt_space_for_download(c, all, count, &a, e))
		return err_wrap(e, "downloading updates ahead");
	args_common(&v, c, &a);
	args_add(&v, &a, "--download-only");
	/* Only our own folder is written: whoever installs meanwhile is not kept from it. */
	args_add(&v, &a, "-o");
	args_add(&v, &a, "Debug::NoLocking=1");
	if (args_packages(&v, all, count, &a) == 0)
		return true;
	struct apt_run run = { .argv = args_end(&v, &a), .low_priority = true, .timeout_s = STAGE_TIMEOUT_S };
	/* The stamp first: a crash in the middle makes the next run look again. */
	if (!file_write(path_join(&a, apt_stage_here(c, &a), APT_STAMP_FETCHED), STR(""), 0600, e) ||
	    !apt_run(c, &run, &r, e))
		return err_wrap(e, "downloading updates ahead");
	if (r.status == 0) {
		stage_local(c, &v, &a);
		return true;
	}
	buf_add(&r.out, buf_str(&r.err));
	return apt_failed(c, tr("downloading updates ahead"), buf_str(&r.out), e);
}

/* ---- recovery ---- */

/* Runs a program into the log; its words of this run are returned. */
static bool
logged_run(const struct pkgmgr_ctx *c, const char *const *argv, struct arena *a, int *status, struct str *words,
	   struct err *e)
{
	struct apt_run run = { .argv = argv, .to_log = true, .timeout_s = APPLY_TIMEOUT_S };
	PROC_RESULT_AUTO r = { 0 };
	BUF_AUTO log = { 0 };
	int64_t before = file_size(c->log_path);

	if (!apt_run(c, &run, &r, e))
		return false;
	*status = r.status;
	*words = STR("");
	if (!file_tail(c->log_path, before > 0 ? before : 0, LOG_TAIL, &log, e))
		return false;
	*words = arena_str(a, buf_str(&log));
	return true;
}

static bool
state_is_clean(const struct dpkg_state *s)
{
	return !s->journal && s->unfinished.count == 0;
}

/* The download of this package, of whatever version; NULL when there is none. As seen from inside the root. */
static const char *
download_of(const struct pkgmgr_ctx *c, struct str name, struct arena *a)
{
	struct str *names, start = arena_printf(a, "%.*s_", STR_ARG(name));
	const char *found = NULL;
	size_t count;

	if (!dir_list(a, apt_stage_here(c, a), DOWNLOADS_MAX, &names, &count, NULL))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (str_starts(names[i], start) && str_ends(names[i], STR(".deb")))
			found = path_join(a, apt_stage_inside(c, a), names[i].ptr);
	}
	return found;
}

/* dpkg was stopped while it unpacked. apt itself only tries to configure such a package, which cannot work: it has
 * to be unpacked again, from the download that was being installed, or from one that is fetched now. */
static bool
unpack_again(const struct pkgmgr_ctx *c, const struct dpkg_state *state, struct arena *a, struct err *e)
{
	struct args v = { 0 };
	struct str words;
	int status;
	static const char *const head[] = { "dpkg", "--force-confdef", "--force-confold", "--install" };

	for (size_t i = 0; i < COUNT(head); i++)
		args_add(&v, a, head[i]);
	for (size_t i = 0; i < state->half_installed.count; i++) {
		struct str name = state->half_installed.items[i];
		const char *file = download_of(c, name, a);
		if (!file) {
			struct args fetch = { 0 };
			args_common(&fetch, c, a);
			static const char *const rest[] = { "--download-only", "--reinstall", "install", "--" };
			for (size_t k = 0; k < COUNT(rest); k++)
				args_add(&fetch, a, rest[k]);
			args_add(&fetch, a, arena_cstr(a, name));
			if (!logged_run(c, args_end(&fetch, a), a, &status, &words, e))
				return false;
			file = download_of(c, name, a);
		}
		if (file)
			args_add(&v, a, file);
	}
	/* Its status does not matter: what is left over is looked at in the end. */
	return v.items.count == COUNT(head) || logged_run(c, args_end(&v, a), a, &status, &words, e);
}

bool
apt_recover(const struct pkgmgr_ctx *c, bool *did, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct dpkg_state state;
	const char *configure[] = { "dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL };
	struct args fix = { 0 };
	struct str words = STR_NONE, more = STR_NONE;
	int status = 0;

	if (!apt_locks_free(c, e) || !dpkg_state_read(c->root, &a, &state, e))
		return false;
	*did = !state_is_clean(&state);
	if (!*did)
		return true;
	if (!stage_folder(c, &a, e) || !unpack_again(c, &state, &a, e) ||
	    !logged_run(c, configure, &a, &status, &words, e))
		return err_wrap(e, "ending an interrupted installation");
	args_common(&fix, c, &a);
	args_add(&fix, &a, "-f");
	args_add(&fix, &a, "install");
	if (!logged_run(c, args_end(&fix, &a), &a, &status, &more, e) || !dpkg_state_read(c->root, &a, &state, e))
		return err_wrap(e, "ending an interrupted installation");
	if (status == 0 && state_is_clean(&state))
		return true;
	struct str said = words_tail(more.len > 0 ? more : words, &a);
	struct str first = state.unfinished.count ? state.unfinished.items[0] : STR("");
	return err_set(e, ERR_CONFLICT,
		       "an interrupted installation cannot be ended: %.*s stays unfinished; dpkg's words: %.*s",
		       STR_ARG(first), (int)(said.len < 700 ? said.len : 700),
		       said.len > 700 ? said.ptr + said.len - 700 : said.ptr);
}

/* ---- applying ---- */

/* Patches that no hold stands against; the others get their result here. */
static size_t
without_held(const struct patch *patches, size_t count, const struct dpkg_state *state, const struct patch **out,
	     struct apply_result *results, struct arena *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct patch_package *held = NULL;
		for (size_t k = 0; k < patches[i].packages.count && !held; k++) {
			if (dpkg_state_held(state, patches[i].packages.items[k].name))
				held = &patches[i].packages.items[k];
		}
		results[i] = (struct apply_result){ .patch = patches[i].id, .outcome = APPLY_FAILED };
		if (!held) {
			out[kept++] = &patches[i];
			continue;
		}
		results[i].why = arena_printf(
			a, tr("%.*s is held on this host: release it with apt-mark unhold, then try again"),
			STR_ARG(held->name));
	}
	return kept;
}

static bool
is_named(const struct patch *const *patches, size_t count, const struct apt_step *s)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i]->packages.count; k++) {
			const struct patch_package *p = &patches[i]->packages.items[k];
			if (str_eq(p->name, s->name) && str_eq(p->to, s->to))
				return true;
		}
	}
	return false;
}

static bool
is_staged(const struct pkgmgr_ctx *c, const struct apt_step *s, struct arena *a)
{
	BUF_AUTO name = { 0 };

	deb_file_name(s->name, s->to, s->arch, &name);
	return file_exists(path_join(a, apt_stage_here(c, a), buf_cstr(&name)));
}

/* Asks apt what this very command would do: it must be these versions and nothing else that is installed now. */
static bool
rehearse(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count, struct arena *a, bool *staged,
	 struct err *e)
{
	struct args v = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	struct apt_simulation s;

	args_common(&v, c, a);
	args_add(&v, a, "-s");
	args_add(&v, a, "-o");
	args_add(&v, a, "Debug::NoLocking=1");
	args_add(&v, a, "-o");
	args_add(&v, a, "Dir::Log::Planner=/dev/null");
	(void)args_packages(&v, patches, count, a);
	struct apt_run run = { .argv = args_end(&v, a), .timeout_s = 600 };
	if (!apt_run(c, &run, &r, e))
		return false;
	if (r.status != 0) {
		buf_add(&r.out, buf_str(&r.err));
		return apt_failed(c, tr("preparing the installation"), buf_str(&r.out), e);
	}
	if (!apt_parse_simulation(buf_str(&r.out), a, &s, e))
		return false;
	*staged = true;
	for (size_t i = 0; i < s.installs.count; i++) {
		const struct apt_step *step = &s.installs.items[i];
		*staged = *staged && is_staged(c, step, a);
		if (step->from.len > 0 && !is_named(patches, count, step))
			return err_set(
				e, ERR_CONFLICT,
				"these updates also need %.*s %.*s, which was not asked for: apply it along with them",
				STR_ARG(step->name), STR_ARG(step->to));
	}
	return true;
}

/* Naming a package to apt marks it as wanted by hand; what came as a dependency stays one. */
static struct str
auto_marks(const struct pkgmgr_ctx *c, struct arena *a)
{
	const char *argv[] = { "apt-mark", "showauto", NULL };
	struct apt_run run = { .argv = argv, .timeout_s = 120 };
	PROC_RESULT_AUTO r = { 0 };

	return apt_run(c, &run, &r, NULL) && r.status == 0 ? arena_str(a, buf_str(&r.out)) : STR("");
}

static void
auto_marks_restore(const struct pkgmgr_ctx *c, struct str marks, const struct patch *const *patches, size_t count,
		   struct arena *a)
{
	struct args v = { 0 };
	struct str line;
	PROC_RESULT_AUTO r = { 0 };

	args_add(&v, a, "apt-mark");
	args_add(&v, a, "auto");
	args_add(&v, a, "--");
	size_t fixed = v.items.count;
	while (str_line(&marks, &line)) {
		struct str name, arch;
		if (!str_split(line, ':', &name, &arch))
			name = line;
		for (size_t i = 0; i < count; i++) {
			for (size_t k = 0; k < patches[i]->packages.count; k++) {
				if (str_eq(patches[i]->packages.items[k].name, name) &&
				    patches[i]->packages.items[k].from.len > 0) {
					args_add(&v, a, arena_cstr(a, line));
					i = count - 1;
					break;
				}
			}
		}
	}
	struct apt_run run = { .argv = args_end(&v, a), .timeout_s = 120 };
	/* Best effort: the updates are in, whatever becomes of the marks. */
	if (v.items.count > fixed + 1)
		(void)!apt_run(c, &run, &r, NULL);
}

static bool
any_in(const struct apply_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (results[i].outcome != APPLY_FAILED)
			return true;
	}
	return false;
}

/* Has anything moved? Then the run is told patch by patch; if not, as one error. */
static bool
changed(const struct package_list *before, const struct package_list *after)
{
	if (before->count != after->count)
		return true;
	for (size_t i = 0; i < before->count; i++) {
		if (!str_eq(before->items[i].version, after->items[i].version) ||
		    before->items[i].unfinished != after->items[i].unfinished)
			return true;
	}
	return false;
}

static bool
run_install(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count, bool staged, struct arena *a,
	    int *status, struct str *words, struct err *e)
{
	struct args v = { 0 };

	args_common(&v, c, a);
	if (staged)
		args_add(&v, a, "--no-download");
	if (args_packages(&v, patches, count, a) == 0)
		return err_set(e, ERR_CONFLICT, "these updates replace nothing that is installed");
	struct str marks = auto_marks(c, a);
	if (!logged_run(c, args_end(&v, a), a, status, words, e))
		return false;
	auto_marks_restore(c, marks, patches, count, a);
	return true;
}

/* A package of this patch whose new files are in place, but which is not set up; NULL when there is none. */
static const struct patch_package *
unpacked_only(const struct patch *p, const struct package_list *installed)
{
	for (size_t i = 0; i < p->packages.count; i++) {
		size_t n;
		const struct package *found = package_list_find(installed, p->packages.items[i].name, &n);
		for (size_t k = 0; k < n; k++) {
			if (found[k].unfinished && str_eq(found[k].version, p->packages.items[i].to))
				return &p->packages.items[i];
		}
	}
	return NULL;
}

static struct str
why_failed(const struct patch *p, const struct package_list *after, const struct err *why, struct arena *a)
{
	const struct patch_package *rest = unpacked_only(p, after);

	if (!rest)
		return arena_str(a, str_of(why->text));
	return arena_printf(a, tr("%s; %.*s is unpacked but not set up: the next check-in goes on with that by itself"),
			    why->text, STR_ARG(rest->name));
}

static void
results_explain(const struct patch *patches, size_t count, const struct package_list *after, struct str words,
		const struct err *why, struct arena *a, struct apply_result *results)
{
	struct str tail = words_tail(words, a);

	for (size_t i = 0; i < count; i++) {
		results[i].words = tail;
		if (results[i].outcome == APPLY_PENDING_REBOOT)
			results[i].why = arena_str(a, str_of(tr("installed; it takes effect after the next restart")));
		else if (results[i].outcome == APPLY_FAILED)
			results[i].why = why_failed(&patches[i], after, why, a);
	}
}

/* A run that failed half-way: what can be ended now is ended now, so that what is told of it stays true. */
static void
end_the_rest(const struct pkgmgr_ctx *c)
{
	struct err e = { 0 };
	bool did;

	if (!apt_recover(c, &did, &e))
		log_warn("apt", "%s", e.text);
}

/* Copies what was found out of the wanted patches to their places among all. */
static void
results_merge(struct apply_result *all, size_t all_count, const struct apply_result *some, size_t count)
{
	for (size_t i = 0; i < all_count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (str_eq(all[i].patch, some[k].patch))
				all[i] = some[k];
		}
	}
}

static bool
apply_wanted(const struct pkgmgr_ctx *c, const struct patch *const *wanted, size_t count, struct arena *a,
	     struct apply_result *results, struct err *e)
{
	struct package_list before = { 0 }, after = { 0 };
	struct str words = STR_NONE;
	struct err why = { 0 };
	int status = 0;
	bool staged = false;
	struct patch *list = ARENA_ARRAY(a, struct patch, count);

	for (size_t i = 0; i < count; i++)
		list[i] = *wanted[i];
	if (!apt_space_for_install(c, wanted, count, a, e) || !rehearse(c, wanted, count, a, &staged, e) ||
	    !apt_installed_read(c, a, &before, e) || !run_install(c, wanted, count, staged, a, &status, &words, e))
		return false;
	if (status != 0)
		end_the_rest(c);
	if (!apt_installed_read(c, a, &after, e) || !apt_outcome(c, list, count, a, results, e))
		return false;
	if (status != 0)
		(void)apt_failed(c, tr("installing updates"), words, &why);
	else
		(void)err_set(&why, ERR_SYSTEM, "apt ended without an error, but dpkg does not have this version");
	if (status != 0 && !any_in(results, count) && !changed(&before, &after)) {
		*e = why;
		return false;
	}
	results_explain(list, count, &after, words, &why, a, results);
	return true;
}

bool
apt_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	  struct apply_result *results, struct err *e)
{
	struct dpkg_state state;
	bool did;
	const struct patch **wanted = ARENA_ARRAY(a, const struct patch *, count + 1);
	struct apply_result *found = ARENA_ARRAY(a, struct apply_result, count + 1);
	struct apply_result *all = ARENA_ARRAY(a, struct apply_result, count + 1);

	if (count == 0)
		return true;
	if (!apt_recover(c, &did, e) || !dpkg_state_read(c->root, a, &state, e) || !stage_folder(c, a, e))
		return err_wrap(e, "installing updates");
	size_t kept = without_held(patches, count, &state, wanted, all, a);
	if (kept == 0)
		return err_set(e, ERR_CONFLICT, "installing updates: %.*s", STR_ARG(all[0].why));
	if (!apply_wanted(c, wanted, kept, a, found, e))
		return false;
	results_merge(all, count, found, kept);
	memcpy(results, all, count * sizeof(*results));
	return true;
}
