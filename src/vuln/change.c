#include "vuln/change.h"

#include "vuln/match-package.h"

typedef ARRAY_OF(uint32_t) hash_list;

static int
compare_hashes(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	return a < b ? -1 : a > b;
}

static struct name_set
set_of(hash_list *l)
{
	size_t kept = 0;
	if (l->count == 0)
		return (struct name_set){ 0 };
	qsort(l->items, l->count, sizeof(*l->items), compare_hashes);
	for (size_t i = 0; i < l->count; i++)
		if (kept == 0 || l->items[kept - 1] != l->items[i])
			l->items[kept++] = l->items[i];
	return (struct name_set){ l->items, kept };
}

static uint32_t
name_hash(struct str name)
{
	return (uint32_t)str_hash(name, 0);
}

struct name_set
match_names(struct str os, const struct package_list *packages, struct arena *a)
{
	const struct ecosystem *eco = ecosystem_of_os(os);
	hash_list list = { 0 };
	for (size_t i = 0; eco && i < packages->count; i++) {
		struct subject s;
		subject_of(eco, &packages->items[i], a, &s);
		*ARRAY_PUSH(a, &list) = name_hash(s.name);
		if (subject_of_source(eco, &packages->items[i], a, &s))
			*ARRAY_PUSH(a, &list) = name_hash(s.name);
	}
	return set_of(&list);
}

bool
name_set_meets(struct name_set x, struct name_set y)
{
	/* The few that changed are looked up among the many that a host has. */
	if (x.count > y.count)
		return name_set_meets(y, x);
	for (size_t i = 0; i < x.count; i++)
		if (bsearch(&x.hashes[i], y.hashes, y.count, sizeof(*y.hashes), compare_hashes))
			return true;
	return false;
}

/* ---- what is said of a package, without the numbers of rows ---- */

static uint64_t
mix(uint64_t h, uint64_t value)
{
	return str_hash(str_sub((const char *)&value, sizeof(value)), h);
}

static uint64_t
mix_text(const struct vuln_index *ix, uint64_t h, uint32_t at)
{
	return str_hash(at == INDEX_NONE ? STR("\xff") : index_string(ix, at), h + 1);
}

static uint64_t
mix_advisory(const struct vuln_index *ix, uint64_t h, uint32_t row)
{
	const struct index_advisory *a = INDEX_ROW(ix, INDEX_ADVISORIES, index_advisory, row);
	if (!a)
		return mix(h, row);
	h = mix_text(ix, mix(h, (uint64_t)a->date), a->id);
	return mix_text(ix, mix(h, (uint64_t)a->severity << 16 | a->cvss10), a->title);
}

static uint64_t
mix_vulnerability(const struct vuln_index *ix, uint64_t h, uint32_t row)
{
	const struct index_vulnerability *v = INDEX_ROW(ix, INDEX_VULNERABILITIES, index_vulnerability, row);
	if (!v)
		return mix(h, row);
	const struct index_name *n =
		v->key & INDEX_NAMED ? INDEX_ROW(ix, INDEX_NAMES, index_name, v->key & ~INDEX_NAMED) : NULL;
	h = n ? mix_text(ix, h, n->name) : mix(h, v->key);
	uint32_t at = v->aliases;
	for (int i = 0; i < 1000 && at != INDEX_NONE; i++) {
		const struct index_name *alias = INDEX_ROW(ix, INDEX_NAMES, index_name, at);
		if (!alias)
			break;
		h = mix_text(ix, h, alias->name);
		at = alias->next;
	}
	return h;
}

static uint64_t
facts_digest(const struct vuln_index *ix, const struct index_package *p)
{
	struct index_facts f;
	uint64_t h = 1;
	if (!index_package_facts(ix, p, &f))
		return 0;
	h = mix(h, (uint64_t)f.head->versions << 32 | f.head->fixes_all);
	for (uint32_t i = 0; i < f.head->versions; i++)
		h = mix_text(ix, h, f.versions[i].text);
	for (uint32_t i = 0; i < f.head->ranges; i++) {
		const struct index_range *r = &f.ranges[i];
		h = mix(h, (uint64_t)r->introduced << 32 | r->limit);
		h = mix_text(ix, mix(h, r->kind), r->note);
	}
	for (uint32_t i = 0; i < f.head->runs; i++) {
		const struct index_run *r = &f.runs[i];
		h = mix_advisory(ix, mix(h, (uint64_t)r->first << 32 | r->count), r->advisory);
		h = mix_text(ix, h, r->module);
	}
	/* Their order in the index follows the numbers of all vulnerabilities: each is taken for itself. */
	uint64_t facts = 0;
	for (uint32_t i = 0; i < f.head->facts; i++)
		facts += mix_vulnerability(ix, mix(2, f.facts[i].run), f.facts[i].vulnerability);
	return mix(h, facts);
}

#define MEMOS 4096 /* a power of two */

/* Binary packages of one source share their facts, and kernels have many of both. */
struct digests {
	const struct vuln_index *ix;
	struct {
		uint32_t facts; /* + 1 */
		uint64_t digest;
	} memo[MEMOS];
};

static uint64_t
digest_of(struct digests *d, const struct index_package *p)
{
	size_t at = (p->facts * 0x9e3779b1u) >> 20 & (MEMOS - 1);
	if (d->memo[at].facts != p->facts + 1) {
		d->memo[at].facts = p->facts + 1;
		d->memo[at].digest = facts_digest(d->ix, p);
	}
	return d->memo[at].digest;
}

static const struct index_package *
package_at(const struct vuln_index *ix, const struct index_system *s, uint32_t i)
{
	return i < s->count ? INDEX_ROW(ix, INDEX_PACKAGES, index_package, (uint64_t)s->first + i) : NULL;
}

/* Both lists are sorted by name. */
static void
packages_compare(struct digests *x, struct digests *y, const struct index_system *sx, const struct index_system *sy,
		 struct arena *a, hash_list *changed)
{
	uint32_t i = 0, k = 0;
	for (;;) {
		const struct index_package *px = package_at(x->ix, sx, i), *py = package_at(y->ix, sy, k);
		if (!px && !py)
			return;
		struct str nx = px ? index_string(x->ix, px->name) : STR(""),
			   ny = py ? index_string(y->ix, py->name) : STR("");
		int order = !px ? 1 : !py ? -1 : str_cmp(nx, ny);
		if (order != 0 || digest_of(x, px) != digest_of(y, py))
			*ARRAY_PUSH(a, changed) = name_hash(order > 0 ? ny : nx);
		i += order <= 0;
		k += order >= 0;
	}
}

bool
index_change_find(const struct vuln_index *before, const struct vuln_index *now, struct str os, struct arena *a,
		  struct index_change *out, struct err *e)
{
	struct str key = ecosystem_system(os);
	const struct index_system *sx = index_find_system(before, key), *sy = index_find_system(now, key);
	hash_list changed = { 0 };
	*out = (struct index_change){ .all = !sx != !sy };
	if (sx && sy) {
		struct digests *x = ARENA_NEW(a, struct digests), *y = ARENA_NEW(a, struct digests);
		x->ix = before;
		y->ix = now;
		packages_compare(x, y, sx, sy, a, &changed);
		out->names = set_of(&changed);
	}
	return index_intact(before, e) && index_intact(now, e);
}
