/* Going back from a withdrawn update to the newest older version that is still offered, and taking packages out: both
 * only when apt's own rehearsal touches nothing else. */
#include "plan/apt.h"

#include "os/pkgdb.h"
#include "plan/dpkg-state.h"
#include "plan/run.h"
#include "version/version.h"

#define TIMEOUT_S 10800
#define LOOK_TIMEOUT_S 600
#define LOG_TAIL ((size_t)256 << 10)

struct words {
	ARRAY_OF(const char *) items;
};

static void
words_add(struct words *v, struct arena *a, const char *const *more, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &v->items) = more[i];
}

static bool
installed_read(const struct pkgmgr_ctx *c, struct arena *a, struct package_list *out, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };

	if (!root_open(&r, c->root, e) || !pkgdb_dpkg.read(&r, a, out, e))
		return err_wrap(e, "reading which packages are installed");
	package_list_sort(out);
	return true;
}

/* "name", or "name:arch" where that is not the machine's own for everything. */
static const char *
full_name(const struct patch_package *p, struct arena *a)
{
	if (p->arch.len == 0 || str_eq(p->arch, STR("all")))
		return arena_cstr(a, p->name);
	return arena_printf(a, "%.*s:%.*s", STR_ARG(p->name), STR_ARG(p->arch)).ptr;
}

/* ---- which version ---- */

/* apt-cache madison: "  openssl | 3.0.15-1 | http://… bookworm/main amd64 Packages" */
static struct str
newest_older(struct str table, struct str than)
{
	struct str line, best = STR_NONE;

	while (str_line(&table, &line)) {
		struct str name, version, rest;
		if (!str_split(line, '|', &name, &rest) || !str_split(rest, '|', &version, &rest))
			continue;
		version = str_trim(version);
		if (!package_word_valid(version) || !str_ends(str_trim(rest), STR("Packages")) ||
		    version_deb.compare(version, than) >= 0)
			continue;
		if (best.len == 0 || version_deb.compare(version, best) > 0)
			best = version;
	}
	return best;
}

static bool
offered(const struct pkgmgr_ctx *c, const struct patch_package *p, struct arena *a, struct str *version, struct err *e)
{
	const char *argv[] = { "apt-cache", "madison", "--", full_name(p, a), NULL };
	struct apt_run run = { .argv = argv, .low_priority = true, .timeout_s = LOOK_TIMEOUT_S };
	PROC_RESULT_AUTO r = { 0 };

	if (!apt_run(c, &run, &r, e))
		return err_wrap(e, "asking apt for older versions");
	*version = arena_str(a, newest_older(buf_str(&r.out), p->from));
	return true;
}

/* ---- apt's words ---- */

enum way { WAY_BACK, WAY_OUT };

static void
words_common(struct words *v, enum way way, bool rehearse, struct arena *a)
{
	static const char *const common[] = { "apt-get",
					      "-q",
					      "-y",
					      "-o",
					      "Dpkg::Use-Pty=0",
					      "-o",
					      "Dpkg::Options::=--force-confdef",
					      "-o",
					      "Dpkg::Options::=--force-confold",
					      "-o",
					      "APT::Get::AutomaticRemove=false" };
	static const char *const rehearsal[] = { "-s", "-o", "Debug::NoLocking=1", "-o",
						 "Dir::Log::Planner=/dev/null" };
	static const char *const back[] = { "--no-remove", "--allow-downgrades", "install", "--" };
	static const char *const out[] = { "remove", "--" };

	words_add(v, a, common, COUNT(common));
	if (rehearse)
		words_add(v, a, rehearsal, COUNT(rehearsal));
	if (way == WAY_BACK)
		words_add(v, a, back, COUNT(back));
	else
		words_add(v, a, out, COUNT(out));
}

static const char *const *
words_for(enum way way, bool rehearse, const struct pkgmgr_ctx *c, const struct patch *patches, size_t count,
	  struct arena *a)
{
	struct words v = { 0 };

	words_common(&v, way, rehearse, a);
	(void)c;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			const struct patch_package *p = &patches[i].packages.items[k];
			*ARRAY_PUSH(a, &v.items) =
				way == WAY_OUT ? full_name(p, a)
					       : arena_printf(a, "%s=%.*s", full_name(p, a), STR_ARG(p->to)).ptr;
		}
	}
	*ARRAY_PUSH(a, &v.items) = NULL;
	return v.items.items;
}

static bool
is_named(const struct patch *patches, size_t count, struct str name)
{
	struct str plain, arch;

	if (!str_split(name, ':', &plain, &arch))
		plain = name;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < patches[i].packages.count; k++)
			if (str_eq(patches[i].packages.items[k].name, plain))
				return true;
	return false;
}

/* What this very command would touch beside what is named; empty: nothing. */
static bool
rehearse(enum way way, const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	 struct str *also, struct err *e)
{
	struct apt_run run = { .argv = words_for(way, true, c, patches, count, a), .timeout_s = LOOK_TIMEOUT_S };
	PROC_RESULT_AUTO r = { 0 };
	struct apt_simulation s;

	if (!apt_run(c, &run, &r, e))
		return false;
	if (r.status != 0) {
		buf_add(&r.out, buf_str(&r.err));
		return apt_failed(c, tr("preparing the way back"), buf_str(&r.out), e);
	}
	if (!apt_parse_simulation(buf_str(&r.out), a, &s, e))
		return false;
	*also = STR_NONE;
	for (size_t i = 0; i < s.installs.count && also->len == 0; i++)
		if (way == WAY_OUT || !is_named(patches, count, s.installs.items[i].name))
			*also = s.installs.items[i].name;
	for (size_t i = 0; i < s.removes.count && also->len == 0; i++)
		if (way == WAY_BACK || !is_named(patches, count, s.removes.items[i]))
			*also = s.removes.items[i];
	return true;
}

/* ---- planning ---- */

static void
cannot(struct patch *p, struct arena *a, const char *why)
{
	p->kept_back = arena_printf(a, tr("%.*s cannot be taken back: %s"), STR_ARG(p->instead_of), why);
}

static void
rehearse_back(const struct pkgmgr_ctx *c, struct patch *p, struct arena *a)
{
	struct err why = { 0 };
	struct str also = STR_NONE;

	if (!rehearse(WAY_BACK, c, p, 1, a, &also, &why))
		cannot(p, a, why.text);
	else if (also.len > 0)
		cannot(p, a, arena_printf(a, tr("%.*s would change as well"), STR_ARG(also)).ptr);
}

/* The way back from one withdrawn patch; false in *is_in: it is not installed. */
static bool
plan_one(const struct pkgmgr_ctx *c, struct str id, const struct package_list *installed, struct arena *a,
	 struct patch *out, bool *is_in, struct err *e)
{
	struct patch p = { .instead_of = id };
	struct str source, version;

	*is_in = false;
	if (!str_starts(id, STR("deb:")) || !str_split(str_skip(id, 4), '@', &source, &version))
		return true;
	for (size_t i = 0; i < installed->count; i++) {
		const struct package *have = &installed->items[i];
		if (!str_eq(have->source, source) || !str_eq(have->source_version, version))
			continue;
		struct patch_package part = { .name = have->name, .arch = have->arch, .from = have->version };
		if (!offered(c, &part, a, &part.to, e))
			return false;
		if (part.to.len == 0)
			cannot(&p, a, tr("no older version is offered any more"));
		*ARRAY_PUSH(a, &p.packages) = part;
	}
	*is_in = p.packages.count > 0;
	if (!*is_in)
		return true;
	p.source = source;
	p.version = p.packages.items[0].to;
	p.id = arena_printf(a, "deb:%.*s@%.*s", STR_ARG(source), STR_ARG(p.version));
	p.title = arena_printf(a, "%.*s %.*s → %.*s", STR_ARG(source), STR_ARG(version), STR_ARG(p.version));
	if (p.kept_back.len == 0)
		rehearse_back(c, &p, a);
	*out = p;
	return true;
}

bool
apt_plan_back(const struct pkgmgr_ctx *c, const struct str *withdrawn, size_t count, struct arena *a,
	      struct patch_list *out, struct err *e)
{
	struct package_list installed = { 0 };
	struct patch_list l = { .manager = "apt" };

	if (!installed_read(c, a, &installed, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct patch p;
		bool is_in;
		if (!plan_one(c, withdrawn[i], &installed, a, &p, &is_in, e))
			return err_wrap(e, "looking for a way back from %.*s", STR_ARG(withdrawn[i]));
		if (is_in)
			*ARRAY_PUSH(a, &l.patches) = p;
	}
	*out = l;
	return true;
}

/* ---- doing it ---- */

static bool
is_there(const struct package_list *installed, const struct patch_package *p, struct str version)
{
	size_t n;
	const struct package *found = package_list_find(installed, p->name, &n);

	for (size_t i = 0; i < n; i++)
		if (str_eq(found[i].arch, p->arch) && str_eq(found[i].version, version) && !found[i].unfinished)
			return true;
	return false;
}

/* What happened is read from the database: every package at its version, or gone. */
static bool
outcomes(enum way way, const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct str words,
	 struct arena *a, struct apply_result *results, struct err *e)
{
	struct package_list installed = { 0 };

	if (!installed_read(c, a, &installed, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t done = 0;
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			const struct patch_package *p = &patches[i].packages.items[k];
			done += is_there(&installed, p, p->to) == (way == WAY_BACK);
		}
		results[i] = (struct apply_result){ .patch = patches[i].id, .words = words_tail(words, a) };
		if (done == patches[i].packages.count)
			continue;
		results[i].outcome = APPLY_FAILED;
		results[i].why = arena_printf(a, tr("apt ended, but %zu of %zu packages are as they were"),
					      patches[i].packages.count - done, patches[i].packages.count);
	}
	return true;
}

/* The first package of this patch that somebody holds; empty: none. */
static struct str
held_one(const struct dpkg_state *state, const struct patch *p)
{
	for (size_t k = 0; k < p->packages.count; k++)
		if (dpkg_state_held(state, p->packages.items[k].name))
			return p->packages.items[k].name;
	return STR_NONE;
}

/* Why this one cannot be done by itself; false: it can. */
static bool
stands_alone(enum way way, const struct pkgmgr_ctx *c, const struct dpkg_state *state, const struct patch *p,
	     struct arena *a, struct str *why)
{
	struct err e = { 0 };
	struct str also = STR_NONE, held = held_one(state, p);

	*why = STR_NONE;
	if (held.len > 0)
		*why = arena_printf(a, tr("%.*s is held on this host: release it with apt-mark unhold, then try again"),
				    STR_ARG(held));
	else if (!rehearse(way, c, p, 1, a, &also, &e))
		*why = arena_printf(a, "%s", e.text);
	else if (also.len > 0)
		*why = arena_printf(a, tr("%.*s would change as well, so nothing was done"), STR_ARG(also));
	return why->len == 0;
}

/* Together where that touches nothing else; otherwise those that can be done, and one that cannot keeps no other. */
static bool
choose(enum way way, const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
       struct apply_result *results, struct patch *fine, size_t *fine_count, struct err *e)
{
	struct dpkg_state state;
	struct err why = { 0 };
	struct str also = STR_NONE;
	bool held = false;

	if (!dpkg_state_read(c->root, a, &state, e))
		return false;
	for (size_t i = 0; i < count; i++)
		held = held || held_one(&state, &patches[i]).len > 0;
	bool whole = !held && rehearse(way, c, patches, count, a, &also, &why) && also.len == 0;
	*fine_count = 0;
	for (size_t i = 0; i < count; i++) {
		results[i] = (struct apply_result){ .patch = patches[i].id, .outcome = APPLY_FAILED };
		if (whole || stands_alone(way, c, &state, &patches[i], a, &results[i].why))
			fine[(*fine_count)++] = patches[i];
	}
	if (*fine_count == 0 || whole)
		return true;
	if (!rehearse(way, c, fine, *fine_count, a, &also, e))
		return false;
	return also.len == 0 ||
	       err_set(e, ERR_CONFLICT, "%.*s would change as well, so nothing was done", STR_ARG(also));
}

static bool
go(enum way way, const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
   struct apply_result *results, struct err *e)
{
	struct patch *fine = ARENA_ARRAY(a, struct patch, count + 1);
	struct apply_result *ends = ARENA_ARRAY(a, struct apply_result, count + 1);
	size_t n;
	PROC_RESULT_AUTO r = { 0 };
	BUF_AUTO log = { 0 };
	int64_t before = file_size(c->log_path);

	if (!apt_locks_free(c, e) || !choose(way, c, patches, count, a, results, fine, &n, e))
		return false;
	if (n == 0)
		return true;
	struct apt_run run = { .argv = words_for(way, false, c, fine, n, a), .to_log = true, .timeout_s = TIMEOUT_S };
	if (!apt_run(c, &run, &r, e) || !file_tail(c->log_path, before > 0 ? before : 0, LOG_TAIL, &log, e) ||
	    !outcomes(way, c, fine, n, buf_str(&log), a, ends, e))
		return false;
	for (size_t i = 0, k = 0; i < count && k < n; i++)
		if (str_eq(patches[i].id, fine[k].id))
			results[i] = ends[k++];
	return true;
}

bool
apt_go_back(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	    struct apply_result *results, struct err *e)
{
	return go(WAY_BACK, c, patches, count, a, results, e) || err_wrap(e, "going back from a withdrawn update");
}

bool
apt_take_out(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	     struct apply_result *results, struct err *e)
{
	return go(WAY_OUT, c, patches, count, a, results, e) || err_wrap(e, "taking packages out");
}
