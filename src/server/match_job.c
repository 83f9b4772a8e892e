#include "server/match_job.h"

#include "base/log.h"
#include "base/sentence.h"
#include "plan/inventory.h"
#include "server/due.h"
#include "server/match_inside.h"
#include "server/patch_offer.h"
#include "store/section.h"
#include "vuln/change.h"

#include <stdlib.h>

/* More than any real machine, and what the writer stores in a second or two. */
enum { FINDINGS_MAX = 250000 };

/* What a job needs while it is computed; what it keeps is copied, so that many may wait for the writer. */
struct inputs {
	struct arena arena;
	struct inventory inventory;
	struct package_list packages;
	struct patch_list plan;
};

static void
inputs_cleanup(struct inputs *in)
{
	arena_free(&in->arena);
}

static struct str
own(struct match_job *j, struct str s)
{
	return s.ptr ? arena_str(&j->arena, s) : STR_NONE;
}

static struct vulnerability_row
own_row(struct match_job *j, const struct vulnerability *v)
{
	struct vulnerability_row r = due_row_of(v);
	r.id = own(j, r.id);
	r.title = own(j, r.title);
	return r;
}

static struct str
json_strings(struct arena *a, const struct str *items, size_t count)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	if (!count)
		return STR("[]");
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_str(&w, items[i]);
	json_end_array(&w);
	return arena_str(a, buf_str(&text));
}

static const struct version_scheme *
scheme_of(const char *manager)
{
	struct str name = str_of(manager);
	if (str_eq(name, STR("rpm")) || str_eq(name, STR("dnf")))
		return &version_rpm;
	return str_eq(name, STR("apk")) ? &version_apk : &version_deb;
}

static void
findings_fill(struct match_job *j, const struct match_result *m, const struct patch_list *plan, const char *manager)
{
	PATCH_OFFERS_AUTO offers;
	patch_offers_init(&offers, plan, scheme_of(manager));
	j->findings = ARENA_ARRAY(&j->arena, struct finding_row, m->count + 1);
	j->finding_count = m->count;
	for (size_t i = 0; i < m->count; i++) {
		const struct finding *f = &m->findings[i];
		const struct package *p = f->package;
		j->findings[i] = (struct finding_row){
			.host = j->host->id,
			.package = own(j, p->name),
			.source = own(j, f->source.len ? f->source : p->source),
			.installed = own(j, p->version),
			.fixed = f->fixed.len ? own(j, f->fixed) : STR_NONE,
			.aliases = json_strings(&j->arena, f->aliases, f->alias_count),
			.advisories = json_strings(&j->arena, f->advisories, f->advisory_count),
			.running = f->running,
			.why = own(j, f->why),
			.patch = own(j, patch_offers_find(&offers, p->source, p->name, f->fixed)),
			.published = f->date,
			.vulnerability = own_row(j, &f->vulnerability),
		};
	}
}

static int
compare_numbers(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return (a > b) - (a < b);
}

static uint64_t
installed_hash(struct str package, struct str version)
{
	return str_hash(version, str_hash(package, 0));
}

bool
match_is_installed(const struct match_job *j, struct str package, struct str version)
{
	uint64_t hash = installed_hash(package, version);
	return j->installed_count > 0 &&
	       bsearch(&hash, j->installed, j->installed_count, sizeof(hash), compare_numbers) != NULL;
}

static void
packages_fill(struct match_job *j, struct inputs *in)
{
	const struct package_list *packages = &in->packages;
	struct name_set names = match_names(j->host->os_key, packages, &in->arena);
	struct str bytes = str_sub(names.count ? (const char *)names.hashes : "", names.count * sizeof(*names.hashes));
	j->names = arena_str(&j->arena, bytes);
	j->installed = ARENA_ARRAY(&j->arena, uint64_t, packages->count + 1);
	j->installed_count = packages->count;
	for (size_t i = 0; i < packages->count; i++)
		j->installed[i] = installed_hash(packages->items[i].name, packages->items[i].version);
	qsort(j->installed, j->installed_count, sizeof(*j->installed), compare_numbers);
}

/* What the new packages' own changelogs name: works without any feed. */
static void
changelog_fill(struct match_job *j, const struct vuln_index *ix, struct inputs *in)
{
	const struct patch_list *plan = &in->plan;
	size_t count = 0;
	for (size_t i = 0; i < plan->patches.count; i++)
		count += plan->patches.items[i].cves.count;
	j->changelog = ARENA_ARRAY(&j->arena, struct vulnerability_row, count + 1);
	j->changelog_fixes = ARENA_ARRAY(&j->arena, struct patch_fix, count + 1);
	for (size_t i = 0; i < plan->patches.count; i++) {
		const struct patch *p = &plan->patches.items[i];
		struct str patch = p->cves.count ? own(j, p->id) : STR_NONE;
		for (size_t k = 0; k < p->cves.count; k++) {
			struct vulnerability v = { .id = p->cves.items[k], .cvss = -1, .epss = -1 };
			if (ix)
				(void)vuln_lookup(ix, &in->arena, p->cves.items[k], &v);
			struct vulnerability_row *row = &j->changelog[j->changelog_count];
			*row = own_row(j, &v);
			j->changelog_fixes[j->changelog_count++] = (struct patch_fix){
				.patch = patch,
				.vulnerability = row->id,
				.source = "changelog",
				.advisories = STR("[]"),
			};
		}
	}
}

static struct str
section_hash(const struct section *s, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(s[i].name, str_of(name)) && s[i].hash.ptr)
			return s[i].hash;
	return STR("");
}

bool
match_sections_hash(struct store *st, struct arena *a, struct str host, struct str *packages, struct str *updates,
		    struct err *e)
{
	struct section *sections;
	size_t count;
	if (!section_list(st, a, host, &sections, &count, e))
		return false;
	*packages = section_hash(sections, count, "packages");
	*updates = section_hash(sections, count, "updates");
	return true;
}

static bool
inputs_read(struct store *st, struct match_job *j, struct inputs *in, struct err *e)
{
	struct arena *a = &in->arena;
	struct str system, packages, updates, id = j->host->id;
	if (!section_body(st, a, id, "system", &system, e) || !section_body(st, a, id, "packages", &packages, e) ||
	    !section_body(st, a, id, "updates", &updates, e))
		return false;
	return (!system.len || inventory_parse_system(a, system, &in->inventory, e)) &&
	       (!packages.len || inventory_parse_packages(a, packages, &in->packages, e)) &&
	       (!updates.len || patch_list_parse(a, updates, &in->plan, e));
}

/* A host that the index does not speak of has no findings, and that is no good news. */
static void
coverage_tell(struct match_job *j, const struct match_result *m)
{
	struct err why = { 0 };
	if (m->covered)
		return;
	err_set(&why, ERR_NOT_FOUND,
		"no imported feed speaks of the system %.*s: import one that does (mamori feed update)",
		STR_ARG(j->host->os_key));
	j->host->not_matched = arena_str(&j->arena, str_of(why.text));
}

static bool
match_inputs(struct app *app, struct match_job *j, const struct vuln_index *ix, struct inputs *in, struct err *e)
{
	struct match_result m = { 0 };
	struct match_request request = {
		.os = j->host->os_key,
		.packages = &in->packages,
		.running_kernel = in->inventory.running_kernel,
		.now = clock_now(app->clock),
		.findings_max = FINDINGS_MAX,
	};
	j->host->matched_at = request.now;
	j->host->matched_generation = ix ? vuln_index_generation(ix) : 0;
	if (ix && !match_run(ix, &request, &in->arena, &m, e))
		return err_wrap(e, "matching %.*s", STR_ARG(j->host->name));
	j->host->eol_at = m.eol.eol;
	j->host->eol_ended = m.eol.ended;
	if (ix && j->packages_hash.len)
		coverage_tell(j, &m);
	findings_fill(j, &m, &in->plan, in->packages.manager ? in->packages.manager : "dpkg");
	packages_fill(j, in);
	changelog_fill(j, ix, in);
	return true;
}

bool
match_compute(struct app *app, struct store *st, struct str host, struct match_job *j, bool *due, struct err *e)
{
	__attribute__((cleanup(inputs_cleanup))) struct inputs in = { 0 };
	LANG_ENGLISH_AUTO; /* sentences that are kept; each reader gets them in his language */
	*j = (struct match_job){ .app = app };
	j->host = ARENA_NEW(&j->arena, struct host);
	*due = false;
	if (!match_sections_hash(st, &j->arena, host, &j->packages_hash, &j->updates_hash, e) ||
	    !host_get(st, &j->arena, host, j->host, e))
		return false;
	if (!j->packages_hash.len && !j->updates_hash.len)
		return true;
	j->host->not_matched = STR_NONE;
	if (!due_policy_read(st, &j->arena, &j->policy, e) || !inputs_read(st, j, &in, e))
		return false;
	*due = true;
	struct err refused = { 0 };
	struct index_ref *ref = app_index(app);
	bool known = ref || app_index_usable(app, &refused);
	bool ok = known && match_inputs(app, j, ref ? ref->index : NULL, &in, &refused);
	index_release(app, ref);
	if (!ok) {
		/* Not forgotten with a line in the log: it is said wherever the host is shown. */
		log_error("match", "host %.*s: %s", STR_ARG(j->host->id), refused.text);
		j->refused = true;
		j->host->not_matched = arena_str(&j->arena, str_of(refused.text));
	}
	return true;
}

void
match_job_free(struct match_job *j)
{
	arena_free(&j->arena);
}
