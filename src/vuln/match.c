/* For each package the newest advisory that says something about a vulnerability counts. */
#include "vuln/match.h"

#include "vuln/change.h"
#include "vuln/match-package.h"
#include "vuln/ops.h"

#define FINDINGS_MAX 2000000
#define RANGES_MAX 50000000

const char *
severity_name(enum severity s)
{
	static const char *const names[] = { "unknown", "low", "medium", "high", "critical" };
	return (size_t)s < COUNT(names) ? names[s] : names[0];
}

bool
severity_parse(struct str s, enum severity *out)
{
	for (int i = SEVERITY_UNKNOWN; i <= SEVERITY_CRITICAL; i++)
		if (str_eq(s, str_of(severity_name((enum severity)i)))) {
			*out = (enum severity)i;
			return true;
		}
	return false;
}

/* What the packages of one source share. */
struct memo {
	uint32_t facts; /* + 1 */
	struct str version;
	bool by_source;
	size_t first, count; /* of hits */
};

#define MEMOS 256 /* a power of two */

struct matcher {
	const struct vuln_index *ix;
	const struct match_request *request;
	struct arena *arena;
	struct arena own;
	const struct ecosystem *ecosystem;
	const struct index_system *system;
	struct buf key, verdicts; /* scratch */
	ARRAY_OF(struct match_hit) hits;
	uint64_t ranges; /* looked at so far */
	struct host_modules modules;
	struct memo memo[MEMOS];
};

static void
matcher_cleanup(struct matcher *m)
{
	buf_free(&m->key);
	buf_free(&m->verdicts);
	arena_free(&m->own);
}

/* Verdicts of all runs; false when each of them says that the version is safe. */
static bool
judge_runs(struct matcher *m, const struct index_facts *f, struct rank at, const struct subject *s,
	   unsigned char **verdicts)
{
	bool any = false;
	struct host_modules *modules = m->ecosystem->scheme == &version_rpm ? &m->modules : NULL;
	if (f->head->fixes_all == 1 && at.high == f->head->versions && !at.unlike)
		return false;
	buf_truncate(&m->verdicts, 0);
	*verdicts = (unsigned char *)buf_reserve(&m->verdicts, (size_t)f->head->runs + 1);
	for (uint32_t i = 0; i < f->head->runs; i++) {
		enum verdict v = run_verdict(f, &f->runs[i], at, s, modules);
		(*verdicts)[i] = (unsigned char)v;
		any = any || v >= VERDICT_DOUBTFUL;
	}
	m->ranges += f->head->ranges;
	return any;
}

/* Facts of one vulnerability stand behind each other, the newest advisory first. */
static void
collect(struct matcher *m, struct match_hit hit, const struct index_facts *f, const unsigned char *verdicts)
{
	size_t rows = index_count(m->ix, INDEX_VULNERABILITIES);
	uint32_t decided = INDEX_NONE;
	for (uint32_t i = 0; i < f->head->facts; i++) {
		const struct index_fact *fact = &f->facts[i];
		if (fact->vulnerability == decided || fact->run >= f->head->runs || fact->vulnerability >= rows)
			continue;
		enum verdict v = (enum verdict)verdicts[fact->run];
		if (v == VERDICT_NONE)
			continue;
		decided = fact->vulnerability;
		hit.vulnerability = decided;
		hit.fact = i;
		hit.doubtful = v == VERDICT_DOUBTFUL;
		if (v >= VERDICT_DOUBTFUL)
			*ARRAY_PUSH(m->arena, &m->hits) = hit;
	}
}

static void
repeat(struct matcher *m, uint32_t package, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct match_hit *hit = ARRAY_PUSH(m->arena, &m->hits);
		*hit = m->hits.items[first + i];
		hit->package = package;
	}
}

static void
match_subject(struct matcher *m, uint32_t number, struct subject s, bool by_source)
{
	const struct index_package *p = index_find_package(m->ix, m->system, s.name);
	if (!p)
		return;
	struct memo *memo = &m->memo[(p->facts * 0x9e3779b1u) >> 24 & (MEMOS - 1)];
	if (memo->facts == p->facts + 1 && str_eq(memo->version, s.version) && memo->by_source == by_source) {
		repeat(m, number, memo->first, memo->count);
		return;
	}
	struct index_facts f;
	unsigned char *verdicts = NULL;
	if (!index_package_facts(m->ix, p, &f))
		return;
	struct rank at = facts_rank(m->ix, &f, m->ecosystem->scheme, s.version, &m->key);
	if (m->ecosystem->scheme == &version_generic)
		facts_unlike(m->ix, &f, s.version, &m->own, &at);
	*memo = (struct memo){ p->facts + 1, s.version, by_source, m->hits.count, 0 };
	if (judge_runs(m, &f, at, &s, &verdicts))
		collect(m, (struct match_hit){ .package = number, .facts = p->facts, .by_source = by_source }, &f,
			verdicts);
	memo->count = m->hits.count - memo->first;
}

static void
match_package(struct matcher *m, uint32_t number)
{
	const struct package *p = &m->request->packages->items[number];
	struct subject s;
	subject_of(m->ecosystem, p, &m->own, &s);
	match_subject(m, number, s, false);
	if (subject_of_source(m->ecosystem, p, &m->own, &s))
		match_subject(m, number, s, true);
}

static int
compare_hits(const void *x, const void *y)
{
	const struct match_hit *a = x, *b = y;
	if (a->package != b->package)
		return a->package < b->package ? -1 : 1;
	if (a->vulnerability != b->vulnerability)
		return a->vulnerability < b->vulnerability ? -1 : 1;
	return a->by_source - b->by_source;
}

/* One record names a binary package, another one its source: what is said of the binary package counts. */
static void
merge_hits(struct matcher *m)
{
	size_t kept = 0;
	if (m->hits.count < 2)
		return;
	qsort(m->hits.items, m->hits.count, sizeof(*m->hits.items), compare_hits);
	for (size_t i = 0; i < m->hits.count; i++) {
		const struct match_hit *hit = &m->hits.items[i], *last = kept ? &m->hits.items[kept - 1] : NULL;
		if (!last || last->package != hit->package || last->vulnerability != hit->vulnerability)
			m->hits.items[kept++] = *hit;
	}
	m->hits.count = kept;
}

/* 200,000 packages that all say they are the kernel would have 400 million findings. */
static bool
within_limits(const struct matcher *m, uint32_t number, struct err *e)
{
	const struct match_request *r = m->request;
	size_t findings = r->findings_max ? r->findings_max : FINDINGS_MAX;
	uint64_t ranges = r->ranges_max ? r->ranges_max : RANGES_MAX;
	if (m->hits.count <= findings && m->ranges <= ranges)
		return true;
	return err_set(e, ERR_TOO_LARGE,
		       "its %zu packages have more vulnerabilities than a real machine can (more than %zu up to %.*s); "
		       "look at its list of packages",
		       r->packages->count, findings, STR_ARG(r->packages->items[number].name));
}

void
match_end_of_life(const struct vuln_index *ix, struct str os, int64_t now, struct end_of_life *out)
{
	const struct ecosystem *eco = ecosystem_of_os(os);
	struct str name, release, major, minor;
	*out = (struct end_of_life){ 0 };
	if (!eco || !str_split(os, ':', &name, &release))
		return;
	const struct index_cycle *c = index_find_cycle(ix, str_of(eco->eol), release);
	if (!c && str_split(release, '.', &major, &minor))
		c = index_find_cycle(ix, str_of(eco->eol), major);
	if (!c)
		return;
	index_cycle_support(ix, c, eco->extended_is_free, now, out);
}

void
index_cycle_support(const struct vuln_index *ix, const struct index_cycle *c, bool extended_is_free, int64_t now,
		    struct end_of_life *out)
{
	bool longer = extended_is_free && c->extended > EOL_PAST && c->extended != EOL_NEVER;
	int64_t end = longer ? c->extended : c->eol, regular = longer ? c->eol : c->support;
	*out = (struct end_of_life){ .known = true,
				     .product = index_string(ix, c->title),
				     .cycle = index_string(ix, c->cycle),
				     .support = regular > EOL_PAST && regular != EOL_NEVER ? regular : 0,
				     .eol = end > EOL_PAST && end != EOL_NEVER ? end : 0,
				     .extended = !longer && c->extended > EOL_PAST && c->extended != EOL_NEVER &&
								 c->extended > end
							 ? c->extended
							 : 0 };
	/* The day itself is still a supported one. */
	out->ended = end == EOL_PAST || (out->eol != 0 && now >= out->eol + DAY_MS);
}

bool
match_hits(const struct vuln_index *ix, const struct match_request *r, struct arena *a, struct match_result *out,
	   struct err *e)
{
	__attribute__((cleanup(matcher_cleanup))) struct matcher m = { .ix = ix, .request = r, .arena = a };
	m.modules = (struct host_modules){ .ix = ix, .packages = r->packages, .arena = &m.own };
	*out = (struct match_result){ 0 };
	match_end_of_life(ix, r->os, r->now, &out->eol);
	m.ecosystem = ecosystem_of_os(r->os);
	m.system = index_find_system(ix, ecosystem_system(r->os));
	out->covered = m.ecosystem && m.system;
	if (!out->covered)
		return index_intact(ix, e);
	if (r->packages->count >= UINT32_MAX)
		return err_set(e, ERR_TOO_LARGE, "more packages than a host can have");
	for (uint32_t i = 0; i < r->packages->count; i++) {
		match_package(&m, i);
		if (!within_limits(&m, i, e))
			return false;
	}
	if (m.ecosystem->osv_by_source)
		merge_hits(&m);
	out->hits = m.hits.items;
	out->count = m.hits.count;
	return index_intact(ix, e);
}

bool
match_run(const struct vuln_index *ix, const struct match_request *r, struct arena *a, struct match_result *out,
	  struct err *e)
{
	if (!match_hits(ix, r, a, out, e))
		return false;
	struct match_view *v = match_view_new(ix, r, a);
	out->findings = ARENA_ARRAY(a, struct finding, out->count + 1);
	for (size_t i = 0; i < out->count; i++)
		match_view_get(v, &out->hits[i], a, &out->findings[i]);
	return index_intact(ix, e);
}
