#include "server/match_job.h"

#include "base/sentence.h"
#include "base/table.h"
#include "plan/inventory.h"
#include "plan/pkgmgr.h"
#include "store/host.h"
#include "store/section.h"
#include "version/version.h"
#include "vuln/match.h"

/* More than any real machine, and what the writer stores in a second or two. */
enum { FINDINGS_MAX = 250000 };

static struct str
json_strings(struct arena *a, const struct str *items, size_t count)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_str(&w, items[i]);
	json_end_array(&w);
	return arena_str(a, buf_str(&text));
}

static struct vulnerability_row
vulnerability_row(const struct vulnerability *v)
{
	return (struct vulnerability_row){
		.id = v->id,
		.title = v->title.len ? v->title : STR_NONE,
		.severity = (int)v->severity,
		.cvss = v->cvss,
		.epss = v->epss,
		.kev = v->kev,
		.kev_due = v->kev_due,
	};
}

static const struct version_scheme *
scheme_of(const char *manager)
{
	struct str name = str_of(manager);
	if (str_eq(name, STR("rpm")) || str_eq(name, STR("dnf")))
		return &version_rpm;
	return str_eq(name, STR("apk")) ? &version_apk : &version_deb;
}

/* The pending update that brings a fixed version: of the same source at that version or later, or with the
 * package itself at that version or later (a new kernel is another package of the same source). */
static struct str
patch_for(const struct patch_list *plan, const struct version_scheme *scheme, const struct finding *f)
{
	if (!f->fixed.len)
		return STR_NONE;
	for (size_t i = 0; i < plan->patches.count; i++) {
		const struct patch *p = &plan->patches.items[i];
		if (str_eq(p->source, f->package->source) && scheme->compare(p->version, f->fixed) >= 0)
			return p->id;
		for (size_t k = 0; k < p->packages.count; k++)
			if (str_eq(p->packages.items[k].name, f->package->name) &&
			    scheme->compare(p->packages.items[k].to, f->fixed) >= 0)
				return p->id;
	}
	return STR_NONE;
}

static void
findings_fill(struct match_job *j, const struct match_result *m, const struct patch_list *plan, const char *manager)
{
	const struct version_scheme *scheme = scheme_of(manager);
	TABLE_AUTO counted = { 0 };
	j->findings = ARENA_ARRAY(&j->arena, struct finding_row, m->count + 1);
	j->finding_count = m->count;
	for (size_t i = 0; i < m->count; i++) {
		const struct finding *f = &m->findings[i];
		j->findings[i] = (struct finding_row){
			.host = j->host->id,
			.package = f->package->name,
			.source = f->source.len ? f->source : f->package->source,
			.installed = f->package->version,
			.fixed = f->fixed.len ? f->fixed : STR_NONE,
			.aliases = json_strings(&j->arena, f->aliases, f->alias_count),
			.advisories = json_strings(&j->arena, f->advisories, f->advisory_count),
			.running = f->running,
			.why = f->why,
			.patch = patch_for(plan, scheme, f),
			.vulnerability = vulnerability_row(&f->vulnerability),
		};
		/* Counted once for a host, however many of its packages have it. */
		bool added;
		table_put(&counted, f->vulnerability.id, &added);
		if (added) {
			j->host->findings[f->vulnerability.severity]++;
			j->host->kev += f->vulnerability.kev;
		}
	}
}

/* What the new packages' own changelogs name: works without any feed. */
static void
changelog_fill(struct match_job *j, const struct vuln_index *ix, const struct patch_list *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->patches.count; i++)
		count += plan->patches.items[i].cves.count;
	j->changelog = ARENA_ARRAY(&j->arena, struct vulnerability_row, count + 1);
	j->changelog_fixes = ARENA_ARRAY(&j->arena, struct patch_fix, count + 1);
	for (size_t i = 0; i < plan->patches.count; i++) {
		const struct patch *p = &plan->patches.items[i];
		for (size_t k = 0; k < p->cves.count; k++) {
			struct vulnerability v = { .id = p->cves.items[k], .cvss = -1, .epss = -1 };
			if (ix)
				(void)vuln_lookup(ix, &j->arena, p->cves.items[k], &v);
			j->changelog[j->changelog_count] = vulnerability_row(&v);
			j->changelog_fixes[j->changelog_count++] = (struct patch_fix){
				.patch = p->id,
				.vulnerability = v.id,
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

static bool
sections_hash(struct store *st, struct arena *a, struct str host, struct str *packages, struct str *updates,
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

struct inputs {
	struct inventory inventory;
	struct package_list packages;
	struct patch_list plan;
};

static bool
inputs_read(struct store *st, struct match_job *j, struct inputs *in, struct err *e)
{
	struct arena *a = &j->arena;
	struct str system, packages, updates, id = j->host->id;
	if (!section_body(st, a, id, "system", &system, e) || !section_body(st, a, id, "packages", &packages, e) ||
	    !section_body(st, a, id, "updates", &updates, e))
		return false;
	return (!system.len || inventory_parse_system(a, system, &in->inventory, e)) &&
	       (!packages.len || inventory_parse_packages(a, packages, &in->packages, e)) &&
	       (!updates.len || patch_list_parse(a, updates, &in->plan, e));
}

static bool
match_inputs(struct app *app, struct match_job *j, const struct vuln_index *ix, const struct inputs *in, struct err *e)
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
	if (ix && !match_run(ix, &request, &j->arena, &m, e))
		return err_wrap(e, "matching %.*s", STR_ARG(j->host->name));
	j->host->eol_at = m.eol.eol;
	j->host->eol_ended = m.eol.ended;
	findings_fill(j, &m, &in->plan, in->packages.manager ? in->packages.manager : "dpkg");
	changelog_fill(j, ix, &in->plan);
	return true;
}

static void
own(struct arena *a, struct str *s)
{
	if (s->ptr)
		*s = arena_str(a, *s);
}

/* Findings may point into the mapped index; they outlive it. */
static void
match_job_own(struct match_job *j)
{
	for (size_t i = 0; i < j->finding_count; i++) {
		struct finding_row *f = &j->findings[i];
		own(&j->arena, &f->source);
		own(&j->arena, &f->fixed);
		own(&j->arena, &f->why);
		own(&j->arena, &f->vulnerability.id);
		own(&j->arena, &f->vulnerability.title);
	}
	for (size_t i = 0; i < j->changelog_count; i++) {
		own(&j->arena, &j->changelog[i].id);
		own(&j->arena, &j->changelog[i].title);
		j->changelog_fixes[i].vulnerability = j->changelog[i].id;
	}
}

bool
match_compute(struct app *app, struct store *st, struct str host, struct match_job *j, bool *due, struct err *e)
{
	struct inputs in = { 0 };
	LANG_ENGLISH_AUTO; /* sentences that are kept; each reader gets them in his language */
	*j = (struct match_job){ 0 };
	j->host = ARENA_NEW(&j->arena, struct host);
	*due = false;
	if (!sections_hash(st, &j->arena, host, &j->packages_hash, &j->updates_hash, e) ||
	    !host_get(st, &j->arena, host, j->host, e))
		return false;
	if (!j->packages_hash.len && !j->updates_hash.len)
		return true;
	memset(j->host->findings, 0, sizeof(j->host->findings));
	j->host->kev = 0;
	if (!inputs_read(st, j, &in, e))
		return false;
	struct index_ref *ref = app_index(app);
	bool ok = match_inputs(app, j, ref ? ref->index : NULL, &in, e);
	if (ok)
		match_job_own(j);
	index_release(app, ref);
	*due = ok;
	return ok;
}

static bool
fixes_store(struct store *st, const struct match_job *j, struct err *e)
{
	TABLE_AUTO sums = { 0 };
	for (size_t i = 0; i < j->changelog_count; i++) {
		if (!vulnerability_put(st, &j->changelog[i], e) || !patch_fix_put(st, &j->changelog_fixes[i], e))
			return false;
		table_put(&sums, j->changelog_fixes[i].patch, NULL);
	}
	for (size_t i = 0; i < j->finding_count; i++) {
		const struct finding_row *f = &j->findings[i];
		struct patch_fix fix = { f->patch, f->vulnerability.id, "advisory", f->advisories };
		if (!f->patch.len)
			continue;
		if (!patch_fix_put(st, &fix, e))
			return false;
		table_put(&sums, f->patch, NULL);
	}
	struct table_slot *slot;
	for (size_t i = 0; table_next(&sums, &i, &slot);)
		if (!patch_sum(st, slot->key, e))
			return false;
	return true;
}

bool
match_store(struct store *st, const struct match_job *j, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str packages, updates;
	if (!sections_hash(st, &a, j->host->id, &packages, &updates, e))
		return false;
	if (!str_eq(packages, j->packages_hash) || !str_eq(updates, j->updates_hash))
		return true;
	if (!finding_delete_host(st, j->host->id, e))
		return false;
	for (size_t i = 0; i < j->finding_count; i++)
		if (!vulnerability_put(st, &j->findings[i].vulnerability, e) || !finding_insert(st, &j->findings[i], e))
			return false;
	return fixes_store(st, j, e) && host_set_match(st, j->host, e);
}

void
match_job_free(struct match_job *j)
{
	arena_free(&j->arena);
}
