/* For each package the newest advisory that says something about a vulnerability counts. */
#include "vuln/match.h"

#include "vuln/ecosystem.h"
#include "vuln/index.h"
#include "vuln/ops.h"

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

#define FINDINGS_MAX 2000000
#define RANGES_MAX 50000000

struct hit {
	uint32_t row; /* vulnerability */
	uint32_t kind;
	uint32_t advisory;
	struct str fixed, why;
	struct str *advisories;
	size_t advisory_count;
};

struct seen {
	uint32_t package; /* number + 1 of the package that met this vulnerability last */
	uint32_t hit; /* its number + 1, 0: decided as not affected */
};

struct matcher {
	const struct vuln_index *ix;
	const struct match_request *request;
	struct arena *arena;
	const struct ecosystem *ecosystem;
	const struct index_system *system;
	struct seen *seen; /* one for each vulnerability */
	ARRAY_OF(struct hit) hits; /* of the package in hand */
	ARRAY_OF(struct finding) findings;
	uint64_t ranges; /* looked at so far */
	/* The package in hand. */
	uint32_t number;
	const struct package *package;
	struct str name, version;
	int running;
};

/* Debian signs kernels in a source package of its own, whose version says "+N" for the kernel's "-N":
 * linux-signed-amd64 6.1.140+1 is linux 6.1.140-1, linux-signed-6.12-amd64 is linux-6.12. */
static void
debian_source(struct matcher *m)
{
	const struct str signed_prefix = STR("linux-signed");
	m->name = m->package->source.len ? m->package->source : m->package->name;
	m->version = m->package->source_version.len ? m->package->source_version : m->package->version;
	if (!str_starts(m->name, signed_prefix) || str_eq(m->name, signed_prefix))
		return;
	struct str rest = str_skip(m->name, signed_prefix.len); /* "-amd64" or "-6.12-amd64" */
	ptrdiff_t arch = str_rfind_char(rest, '-');
	m->name = arena_printf(m->arena, "linux%.*s", arch > 0 ? (int)arch : 0, rest.ptr);
	char *version = arena_cstr(m->arena, m->version);
	char *plus = strchr(version, '+');
	if (plus && plus[1] >= '0' && plus[1] <= '9')
		*plus = '-';
	m->version = str_sub(version, m->version.len);
}

/* 1 runs, 0 installed only, -1 no kernel image or unknown. */
static int
kernel_running(const struct matcher *m)
{
	static const char *const rpm_kernels[] = { "kernel",         "kernel-core",
						   "kernel-modules", "kernel-modules-core",
						   "kernel-rt",      "kernel-rt-core",
						   "kernel-uek",     "kernel-uek-core" };
	struct str name = m->package->name, running = m->request->running_kernel, release = STR_NONE;
	if (running.len == 0)
		return -1;
	if (str_starts(name, STR("linux-image-"))) {
		release = str_skip(name, 12);
		if (str_ends(release, STR("-unsigned")))
			release = str_head(release, release.len - 9);
		/* A metapackage (linux-image-amd64) is no kernel. */
		if (release.len == 0 || release.ptr[0] < '0' || release.ptr[0] > '9')
			return -1;
		return str_eq(release, running);
	}
	for (size_t i = 0; i < COUNT(rpm_kernels); i++)
		if (str_eq(name, str_of(rpm_kernels[i]))) {
			struct str epoch, version = m->package->version;
			if (str_split(m->package->version, ':', &epoch, &release))
				version = release;
			release = arena_printf(m->arena, "%.*s.%.*s", STR_ARG(version), STR_ARG(m->package->arch));
			return str_starts(running, release);
		}
	if (m->ecosystem->scheme == &version_apk &&
	    (str_eq(name, STR("linux-lts")) || str_eq(name, STR("linux-virt")))) {
		struct str version, build;
		if (!str_split(m->package->version, '-', &version, &build))
			return -1;
		release = arena_printf(m->arena, "%.*s-%.*s-%s", STR_ARG(version), STR_ARG(str_skip(build, 1)),
				       name.ptr + 6);
		return str_eq(release, running);
	}
	return -1;
}

/* What one advisory says of the package in hand. */
struct verdict {
	bool says, affected;
	uint32_t kind; /* of the range that decided */
	struct str fixed, introduced, limit;
};

static bool
in_range(const struct matcher *m, uint32_t kind, struct str introduced, struct str limit)
{
	int (*compare)(struct str, struct str) = m->ecosystem->scheme->compare;
	if (kind == RANGE_EXACT)
		return compare(m->version, limit) == 0;
	if (introduced.len > 0 && compare(m->version, introduced) < 0)
		return false;
	if (kind == RANGE_BEFORE)
		return compare(m->version, limit) < 0;
	if (kind == RANGE_UNTIL)
		return compare(m->version, limit) <= 0;
	return kind == RANGE_OPEN;
}

/* Of several ranges that hold this version the highest end counts: below it the version stays affected. */
static void
judge(const struct matcher *m, const struct index_entry *n, struct verdict *v)
{
	if (n->kind == RANGE_UNDETERMINED || n->kind >= RANGE_KINDS)
		return;
	v->says = true;
	struct str introduced = index_string(m->ix, n->introduced), limit = index_string(m->ix, n->limit);
	if (n->kind == RANGE_NOT_AFFECTED || !in_range(m, n->kind, introduced, limit))
		return;
	bool endless = n->kind != RANGE_BEFORE;
	bool further = !v->affected ||
		       (v->kind == RANGE_BEFORE && (endless || m->ecosystem->scheme->compare(limit, v->limit) > 0));
	v->affected = true;
	if (!further)
		return;
	v->kind = n->kind;
	v->introduced = introduced;
	v->limit = limit;
	v->fixed = endless ? STR("") : limit;
}

static struct str
why(const struct matcher *m, const struct verdict *v, struct str advisory)
{
	struct str os = m->request->os;
	const char *from = v->introduced.len ? " from " : "";
	switch ((enum range_kind)v->kind) {
	case RANGE_BEFORE:
	case RANGE_UNTIL:
		return arena_printf(m->arena, "%.*s: %.*s%s%.*s %s %.*s in %.*s; %.*s is installed", STR_ARG(advisory),
				    STR_ARG(m->name), from, STR_ARG(v->introduced),
				    v->kind == RANGE_BEFORE ? "before" : "up to", STR_ARG(v->limit), STR_ARG(os),
				    STR_ARG(m->version));
	case RANGE_EXACT:
		return arena_printf(m->arena, "%.*s: %.*s %.*s in %.*s, which is installed", STR_ARG(advisory),
				    STR_ARG(m->name), STR_ARG(v->limit), STR_ARG(os));
	case RANGE_OPEN:
	case RANGE_NOT_AFFECTED:
	case RANGE_UNDETERMINED:
	case RANGE_KINDS:
		break;
	}
	return arena_printf(m->arena, "%.*s: %.*s%s%.*s in %.*s has no fixed version; %.*s is installed",
			    STR_ARG(advisory), STR_ARG(m->name), from, STR_ARG(v->introduced), STR_ARG(os),
			    STR_ARG(m->version));
}

/* One more advisory for a finding that a newer one has decided; sorted, each once. */
static void
also_named_by(struct matcher *m, struct hit *h, struct str id)
{
	size_t at = 0;
	while (at < h->advisory_count && str_cmp(h->advisories[at], id) < 0)
		at++;
	if (at < h->advisory_count && str_eq(h->advisories[at], id))
		return;
	struct str *list = ARENA_ARRAY(m->arena, struct str, h->advisory_count + 1);
	memcpy(list, h->advisories, at * sizeof(*list));
	list[at] = id;
	memcpy(list + at + 1, h->advisories + at, (h->advisory_count - at) * sizeof(*list));
	h->advisories = list;
	h->advisory_count++;
}

static void
decide(struct matcher *m, uint32_t number, const struct verdict *v)
{
	const struct index_advisory *advisory = INDEX_ROW(m->ix, INDEX_ADVISORIES, index_advisory, number);
	if (!advisory || !v->says)
		return;
	struct str *id = NULL, text = STR("");
	for (uint32_t i = 0; i < advisory->count; i++) {
		const uint32_t *row = index_row(m->ix, INDEX_LISTS, sizeof(uint32_t), (uint64_t)advisory->first + i);
		if (!row || *row >= index_count(m->ix, INDEX_VULNERABILITIES))
			return;
		struct seen *seen = &m->seen[*row];
		if (v->affected && !id) {
			id = ARENA_NEW(m->arena, struct str);
			*id = index_string(m->ix, advisory->id);
			text = why(m, v, *id);
		}
		if (seen->package == m->number) {
			if (v->affected && seen->hit > 0 && seen->hit <= m->hits.count && m->hits.items)
				also_named_by(m, &m->hits.items[seen->hit - 1], *id);
			continue;
		}
		*seen = (struct seen){ .package = m->number };
		if (!v->affected)
			continue;
		*ARRAY_PUSH(m->arena, &m->hits) = (struct hit){ *row, v->kind, number, v->fixed, text, id, 1 };
		seen->hit = (uint32_t)m->hits.count;
	}
}

static int
compare_hits(const void *x, const void *y)
{
	const struct hit *hx = x, *hy = y;
	return hx->row < hy->row ? -1 : hx->row > hy->row;
}

static void
add_aliases(struct matcher *m, const struct hit *h, struct finding *f)
{
	const struct index_vulnerability *v = INDEX_ROW(m->ix, INDEX_VULNERABILITIES, index_vulnerability, h->row);
	ARRAY_OF(struct str) list = { 0 };
	uint32_t at = v ? v->aliases : INDEX_NONE;
	/* A damaged chain may go round: an id has no thousand names. */
	for (int i = 0; i < 1000 && at != INDEX_NONE; i++) {
		const struct index_name *n = INDEX_ROW(m->ix, INDEX_NAMES, index_name, at);
		if (!n)
			break;
		*ARRAY_PUSH(m->arena, &list) = index_string(m->ix, n->name);
		at = n->next;
	}
	f->aliases = list.items;
	f->alias_count = list.count;
}

static void
take_hits(struct matcher *m)
{
	if (m->hits.count == 0)
		return;
	qsort(m->hits.items, m->hits.count, sizeof(*m->hits.items), compare_hits);
	for (size_t i = 0; i < m->hits.count; i++) {
		const struct hit *h = &m->hits.items[i];
		const struct index_advisory *advisory = INDEX_ROW(m->ix, INDEX_ADVISORIES, index_advisory, h->advisory);
		struct finding *f = ARRAY_PUSH(m->arena, &m->findings);
		*f = (struct finding){ .package = m->package,
				       .source = m->ecosystem->by_source      ? m->name
						 : m->package->source.len > 0 ? m->package->source
									      : m->package->name,
				       .fixed = h->fixed,
				       .advisories = h->advisories,
				       .advisory_count = h->advisory_count,
				       .running = m->running,
				       .why = h->why };
		index_vulnerability(m->ix, m->arena, h->row, &f->vulnerability);
		add_aliases(m, h, f);
		if (f->vulnerability.severity == SEVERITY_UNKNOWN && advisory->severity <= SEVERITY_CRITICAL)
			f->vulnerability.severity = (enum severity)advisory->severity;
		if (f->vulnerability.cvss < 0 && advisory->cvss10 <= 100)
			f->vulnerability.cvss = advisory->cvss10 / 10.0;
		if (f->vulnerability.title.len == 0)
			f->vulnerability.title = index_string(m->ix, advisory->title);
	}
	m->hits.count = 0;
}

static void
match_package(struct matcher *m)
{
	if (m->ecosystem->scheme == &version_deb) {
		debian_source(m);
	} else if (m->ecosystem->by_source) {
		m->name = m->package->source.len ? m->package->source : m->package->name;
		m->version = m->package->source_version.len ? m->package->source_version : m->package->version;
	} else {
		m->name = m->package->name;
		m->version = m->package->version;
	}
	const struct index_package *p = index_find_package(m->ix, m->system, m->name);
	if (!p)
		return;
	m->running = kernel_running(m);
	struct verdict v = { 0 };
	uint32_t advisory = INDEX_NONE;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct index_entry *n = INDEX_ROW(m->ix, INDEX_ENTRIES, index_entry, (uint64_t)p->first + i);
		if (!n)
			break;
		if (n->advisory != advisory) {
			if (advisory != INDEX_NONE)
				decide(m, advisory, &v);
			v = (struct verdict){ 0 };
			advisory = n->advisory;
		}
		judge(m, n, &v);
		m->ranges++;
	}
	if (advisory != INDEX_NONE)
		decide(m, advisory, &v);
	take_hits(m);
}

/* 200,000 packages that all say they are the kernel would have 400 million findings. */
static bool
within_limits(const struct matcher *m, struct err *e)
{
	const struct match_request *r = m->request;
	size_t findings = r->findings_max ? r->findings_max : FINDINGS_MAX;
	uint64_t ranges = r->ranges_max ? r->ranges_max : RANGES_MAX;
	if (m->findings.count <= findings && m->ranges <= ranges)
		return true;
	return err_set(e, ERR_TOO_LARGE,
		       "its %zu packages have more vulnerabilities than a real machine can (more than %zu up to %.*s); "
		       "look at its list of packages",
		       r->packages->count, findings, STR_ARG(m->package->name));
}

static void
look_up_end_of_life(const struct vuln_index *ix, const struct match_request *r, struct end_of_life *out)
{
	const struct ecosystem *eco = ecosystem_of_os(r->os);
	struct str name, release, major, minor;
	if (!eco || !str_split(r->os, ':', &name, &release))
		return;
	const struct index_cycle *c = index_find_cycle(ix, str_of(eco->eol), release);
	if (!c && str_split(release, '.', &major, &minor))
		c = index_find_cycle(ix, str_of(eco->eol), major);
	if (!c)
		return;
	bool longer = eco->extended_is_free && c->extended > EOL_PAST && c->extended != EOL_NEVER;
	int64_t end = longer ? c->extended : c->eol, regular = longer ? c->eol : c->support;
	*out = (struct end_of_life){ .known = true,
				     .product = index_string(ix, c->title),
				     .cycle = index_string(ix, c->cycle),
				     .support = regular > EOL_PAST && regular != EOL_NEVER ? regular : 0,
				     .eol = end > EOL_PAST && end != EOL_NEVER ? end : 0 };
	/* The day itself is still a supported one. */
	out->ended = end == EOL_PAST || (out->eol != 0 && r->now >= out->eol + DAY_MS);
}

bool
match_run(const struct vuln_index *ix, const struct match_request *r, struct arena *a, struct match_result *out,
	  struct err *e)
{
	struct matcher m = { .ix = ix, .request = r, .arena = a };
	*out = (struct match_result){ 0 };
	look_up_end_of_life(ix, r, &out->eol);
	m.ecosystem = ecosystem_of_os(r->os);
	m.system = index_find_system(ix, r->os);
	out->covered = m.ecosystem && m.system;
	if (!out->covered)
		return true;
	if (r->packages->count >= UINT32_MAX)
		return err_set(e, ERR_TOO_LARGE, "more packages than a host can have");
	m.seen = xcalloc(index_count(ix, INDEX_VULNERABILITIES) + 1, sizeof(*m.seen));
	bool ok = true;
	for (size_t i = 0; i < r->packages->count && ok; i++) {
		m.number = (uint32_t)i + 1;
		m.package = &r->packages->items[i];
		match_package(&m);
		ok = within_limits(&m, e);
	}
	free(m.seen);
	if (!ok)
		return false;
	out->findings = m.findings.items;
	out->count = m.findings.count;
	return true;
}
