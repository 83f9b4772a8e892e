#include "vuln/software.h"

#include "base/table.h"
#include "vuln/index.h"
#include "vuln/java-version.h"

#include <assert.h>

const char *
software_state_name(enum software_state s)
{
	static const char *const names[] = { "judged", "no-version", "not-mapped", "not-in-feeds" };
	return (size_t)s < COUNT(names) ? names[s] : names[SOFTWARE_NOT_MAPPED];
}

/* ---- matching ---- */

struct merged {
	ARRAY_OF(struct package) packages; /* one for each name that the index has */
	ARRAY_OF(size_t) owners; /* whose it is */
};

static void
collect(const struct vuln_index *ix, const struct index_system *system, const struct software *list, size_t count,
	struct arena *a, struct software_result *out, struct merged *m)
{
	for (size_t i = 0; i < count; i++) {
		struct software_product *p = &out->products[i];
		software_product(&list[i], a, p);
		if (p->count > 0 && java_is(p->names[0]))
			p->version = java_version(p->version, a);
		bool known = false;
		for (size_t k = 0; k < p->count; k++) {
			if (!system || !index_find_package(ix, system, p->names[k]))
				continue;
			known = true;
			if (p->version.len == 0)
				continue;
			*ARRAY_PUSH(a, &m->packages) = (struct package){ .name = p->names[k], .version = p->version };
			*ARRAY_PUSH(a, &m->owners) = i;
		}
		out->states[i] = p->count == 0         ? SOFTWARE_NOT_MAPPED
				 : p->version.len == 0 ? SOFTWARE_NO_VERSION
				 : known               ? SOFTWARE_JUDGED
						       : SOFTWARE_NOT_IN_FEEDS;
	}
}

/* The list names one of each group of "a:b:c or d:e:f and g:h:i", of one alternative at least. */
static bool
condition_met(struct str only_with, const struct table *present)
{
	struct str alternative, group, name;
	if (only_with.len == 0)
		return true;
	while (str_cut(&only_with, ';', &alternative)) {
		bool all = true, any = false;
		struct str rest = str_trim(alternative);
		while (rest.len > 0 && all) {
			ptrdiff_t at = str_find(rest, STR(" and "));
			group = at < 0 ? rest : str_head(rest, (size_t)at);
			rest = at < 0 ? STR("") : str_skip(rest, (size_t)at + 5);
			any = false;
			while (str_word(&group, &name))
				any = any || table_has(present, name);
			all = any;
		}
		if (all && any)
			return true;
	}
	return false;
}

/* Of one piece of software, which may be several products: what is known counts before what is in doubt. */
static void
keep_findings(const struct finding *list, size_t count, size_t owner, const struct table *present,
	      struct software_result *r)
{
	TABLE_AUTO seen = { 0 };
	for (int doubtful = 0; doubtful < 2; doubtful++)
		for (size_t i = 0; i < count; i++) {
			bool added;
			if (list[i].doubtful != (doubtful == 1))
				continue;
			(void)table_put(&seen, list[i].vulnerability.id, &added);
			if (!added)
				continue;
			if (!list[i].doubtful && condition_met(list[i].only_with, present))
				r->findings[r->count++] = (struct software_finding){ owner, list[i] };
			else
				r->unsure[r->unsure_count++] = (struct software_finding){ owner, list[i] };
		}
}

bool
software_match(const struct vuln_index *ix, const struct software *list, size_t count, int64_t now, struct arena *a,
	       struct software_result *out, struct err *e)
{
	const struct index_system *system = index_find_system(ix, STR("cpe"));
	struct software_result r = { .products = ARENA_ARRAY(a, struct software_product, count + 1),
				     .states = ARENA_ARRAY(a, enum software_state, count + 1),
				     .covered = system != NULL };
	struct merged m = { 0 };
	collect(ix, system, list, count, a, &r, &m);
	struct package_list packages = { .items = m.packages.items, .count = m.packages.count };
	struct match_request request = { .os = STR("cpe"), .packages = &packages, .now = now };
	struct match_result found;
	if (!match_run(ix, &request, a, &found, e))
		return false;
	r.findings = ARENA_ARRAY(a, struct software_finding, found.count + 1);
	r.unsure = ARENA_ARRAY(a, struct software_finding, found.count + 1);
	TABLE_AUTO present = { 0 };
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < r.products[i].count; k++)
			(void)table_put(&present, r.products[i].names[k], NULL);
	assert(m.owners.items || found.count == 0); /* a finding is of one of the packages */
	for (size_t i = 0, end; i < found.count; i = end) {
		size_t owner = m.owners.items[found.findings[i].package - packages.items];
		for (end = i; end < found.count; end++)
			if (m.owners.items[found.findings[end].package - packages.items] != owner)
				break;
		keep_findings(&found.findings[i], end - i, owner, &present, &r);
	}
	*out = r;
	return true;
}
