#include "vuln/match-package.h"

/* Debian signs kernels in a source package of its own, whose version says "+N" for the kernel's "-N":
 * linux-signed-amd64 6.1.140+1 is linux 6.1.140-1, linux-signed-6.12-amd64 is linux-6.12. */
static void
signed_kernel(struct arena *a, struct subject *s)
{
	const struct str signed_prefix = STR("linux-signed");
	if (!str_starts(s->name, signed_prefix) || str_eq(s->name, signed_prefix))
		return;
	struct str rest = str_skip(s->name, signed_prefix.len); /* "-amd64" or "-6.12-amd64" */
	ptrdiff_t arch = str_rfind_char(rest, '-');
	s->name = arena_printf(a, "linux%.*s", arch > 0 ? (int)arch : 0, rest.ptr);
	char *version = arena_cstr(a, s->version);
	char *plus = strchr(version, '+');
	if (plus && plus[1] >= '0' && plus[1] <= '9')
		*plus = '-';
	s->version = str_sub(version, s->version.len);
}

void
subject_of(const struct ecosystem *eco, const struct package *p, struct arena *a, struct subject *out)
{
	*out = (struct subject){ p->name, p->version, false };
	if (eco->scheme == &version_rpm)
		out->modular = str_contains(p->version, STR(".module"));
	if (!eco->by_source)
		return;
	if (p->source.len)
		out->name = p->source;
	if (p->source_version.len)
		out->version = p->source_version;
	if (eco->scheme == &version_deb)
		signed_kernel(a, out);
}

bool
subject_of_source(const struct ecosystem *eco, const struct package *p, struct arena *a, struct subject *out)
{
	if (!eco->osv_by_source)
		return false;
	struct str name = p->source.len ? p->source : p->name;
	*out = (struct subject){ arena_printf(a, SOURCE_PREFIX "%.*s", STR_ARG(name)),
				 p->source_version.len ? p->source_version : p->version,
				 str_contains(p->version, STR(".module")) };
	return true;
}

static bool
is_rpm_kernel(struct str name)
{
	static const char *const kernels[] = { "kernel",    "kernel-core",    "kernel-modules", "kernel-modules-core",
					       "kernel-rt", "kernel-rt-core", "kernel-uek",     "kernel-uek-core" };
	if (!str_starts(name, STR("kernel")))
		return false;
	for (size_t i = 0; i < COUNT(kernels); i++)
		if (str_eq(name, str_of(kernels[i])))
			return true;
	return false;
}

int
kernel_running(const struct ecosystem *eco, const struct package *p, struct str running, struct arena *a)
{
	struct str name = p->name, release = STR_NONE, version, build;
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
	if (is_rpm_kernel(name)) {
		if (!str_split(p->version, ':', &build, &version))
			version = p->version;
		return str_starts(running, arena_printf(a, "%.*s.%.*s", STR_ARG(version), STR_ARG(p->arch)));
	}
	if (eco->scheme == &version_apk && (str_eq(name, STR("linux-lts")) || str_eq(name, STR("linux-virt")))) {
		if (!str_split(p->version, '-', &version, &build))
			return -1;
		release = arena_printf(a, "%.*s-%.*s-%s", STR_ARG(version), STR_ARG(str_skip(build, 1)), name.ptr + 6);
		return str_eq(release, running);
	}
	return -1;
}

struct place_search {
	const struct vuln_index *ix;
	const struct index_facts *facts;
	const struct version_scheme *scheme;
	struct str version, key; /* key: empty when the version has none */
};

static int
compare_at(const struct place_search *s, uint32_t i)
{
	const struct index_version *v = &s->facts->versions[i];
	if (s->key.len == 0)
		return s->scheme->compare(index_string(s->ix, v->text), s->version);
	uint32_t size = s->facts->head->key_bytes;
	if (v->key > size || v->key_len > size - v->key)
		return -1;
	return str_cmp(str_sub(s->facts->keys + v->key, v->key_len), s->key);
}

struct rank
facts_rank(const struct vuln_index *ix, const struct index_facts *f, const struct version_scheme *scheme,
	   struct str version, struct buf *key)
{
	struct place_search s = { .ix = ix, .facts = f, .scheme = scheme, .version = version };
	uint32_t low = 0, end = f->head->versions;
	buf_truncate(key, 0);
	if (scheme->key(version, key))
		s.key = buf_str(key);
	/* Most packages have every update. */
	if (end > 0 && compare_at(&s, end - 1) < 0)
		return (struct rank){ .low = end, .high = end };
	for (uint32_t high = end; low < high;) {
		uint32_t middle = low + (high - low) / 2;
		if (compare_at(&s, middle) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	struct rank at = { .low = low, .high = low };
	while (at.high < end && compare_at(&s, at.high) == 0)
		at.high++;
	return at;
}

void
facts_unlike(const struct vuln_index *ix, const struct index_facts *f, struct str version, struct arena *a,
	     struct rank *at)
{
	bool *unlike = NULL;
	for (uint32_t i = 0; i < f->head->versions; i++) {
		if (version_alike(index_string(ix, f->versions[i].text), version))
			continue;
		if (!unlike)
			unlike = ARENA_ARRAY(a, bool, f->head->versions);
		unlike[i] = true;
	}
	at->unlike = unlike;
	at->versions = f->head->versions;
}

static bool
unlike(struct rank at, uint32_t version)
{
	return at.unlike && version < at.versions && at.unlike[version];
}

enum verdict
range_verdict(const struct index_range *r, struct rank at)
{
	bool ended = r->kind == RANGE_BEFORE || r->kind == RANGE_UNTIL, doubt_start = unlike(at, r->introduced),
	     doubt_end = ended && unlike(at, r->limit), inside = false;
	if (!doubt_start && r->introduced != INDEX_NONE && r->introduced >= at.high)
		return VERDICT_SAFE;
	switch (r->kind) {
	case RANGE_BEFORE:
		inside = r->limit >= at.high && r->limit != INDEX_NONE;
		break;
	case RANGE_UNTIL:
		inside = r->limit >= at.low && r->limit != INDEX_NONE;
		break;
	case RANGE_EXACT:
		inside = r->limit >= at.low && r->limit < at.high;
		break;
	case RANGE_OPEN:
		inside = true;
		break;
	case RANGE_UNREADABLE:
		inside = doubt_end = true;
		break;
	default:
		break;
	}
	if (doubt_end || (doubt_start && inside))
		return VERDICT_DOUBTFUL;
	return inside ? VERDICT_AFFECTED : VERDICT_SAFE;
}

/* ---- modules ---- */

/* "18" is the stream of 18.12.1 and not of 1.8 or 180; -1: one of them is no number. */
static int
stream_fits(struct str stream, struct str version)
{
	struct str epoch, rest;
	if (str_split(version, ':', &epoch, &rest))
		version = rest;
	if (stream.len == 0 || stream.ptr[0] < '0' || stream.ptr[0] > '9')
		return -1;
	if (!str_starts(version, stream))
		return 0;
	char next = version.len > stream.len ? version.ptr[stream.len] : '.';
	return next < '0' || next > '9';
}

/* The package called as the module, or its first part where there is none of that name. */
static bool
stream_may_be(const struct package_list *l, struct str module)
{
	static const char *const suffixes[] = { "", "-common", "-libs", "-server", "-interpreter" };
	struct str name, stream;
	if (!str_split(module, ':', &name, &stream))
		return true;
	for (size_t i = 0; i < l->count; i++) {
		const struct package *p = &l->items[i];
		if (!str_starts(p->name, name) || !str_contains(p->version, STR(".module")))
			continue;
		struct str rest = str_skip(p->name, name.len);
		for (size_t k = 0; k < COUNT(suffixes); k++)
			if (str_eq(rest, str_of(suffixes[k])) && stream_fits(stream, p->version) >= 0)
				return stream_fits(stream, p->version) == 1;
	}
	return true;
}

static bool
run_means(const struct index_facts *f, const struct index_run *run, bool modular, struct host_modules *m)
{
	if (run->module == INDEX_NONE)
		return !modular || f->ranges[run->first].kind != RANGE_BEFORE;
	if (!modular)
		return false;
	for (size_t i = 0; i < m->known.count; i++)
		if (m->known.items[i].module == run->module)
			return m->known.items[i].may_be;
	bool may_be = stream_may_be(m->packages, index_string(m->ix, run->module));
	*ARRAY_PUSH(m->arena, &m->known) = (struct host_module){ run->module, may_be };
	return may_be;
}

enum verdict
run_verdict(const struct index_facts *f, const struct index_run *run, struct rank at, const struct subject *subject,
	    struct host_modules *modules)
{
	if (run->count == 0 || run->first > f->head->ranges || run->count > f->head->ranges - run->first)
		return VERDICT_NONE;
	if (modules && !run_means(f, run, subject->modular, modules))
		return VERDICT_NONE;
	enum verdict all = VERDICT_SAFE;
	for (uint32_t i = 0; i < run->count && all != VERDICT_AFFECTED; i++) {
		enum verdict one = range_verdict(&f->ranges[run->first + i], at);
		all = one > all ? one : all;
	}
	return all;
}
