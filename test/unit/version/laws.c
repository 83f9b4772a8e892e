/* The laws of every order, over made-up versions (the same in every run) and over those of the known answers: total,
 * antisymmetric, transitive, and the order of the keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

#include "base/arena.h"

enum { POOL = 320, TRIPLES = 150000, ARCHIVE_PAIRS = 200000, VERSION_MAX = 48 };

struct pool {
	struct str *versions;
	size_t count;
	struct buf *keys;
};

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Pieces of all schemes, put together at random: what is equal, nearly equal or not a version at all. */
static struct str
made_up(uint64_t *seed, struct arena *a)
{
	static const char *const pieces[] = {
		"0",     "1",     "2",    "10",  "00",    "01",   ".",   ".",        ".",        "-",
		"-",     "_",     "+",    "~",   "^",     ":",    "!",   "a",        "b",        "rc",
		"RC",    "alpha", "beta", "pre", "dev",   "post", "p",   "r",        "_rc",      "_p",
		"ga",    "sp",    "x",    "z",   "final", "#",    " ",   "v",        "SNAPSHOT", "\xe7",
		"0.0.0", ".0",    "1.0",  "-r1", "1:",    "x64",  "el9", "20240101", "deb12u1",  "999999999999999999999"
	};
	BUF_AUTO text = { 0 };
	char *copy;

	for (uint64_t n = next_random(seed) % 9; n > 0 && text.len < VERSION_MAX; n--) {
		uint64_t r = next_random(seed) % (COUNT(pieces) + 1);

		if (r == COUNT(pieces))
			buf_add_char(&text, (char)next_random(seed));
		else
			buf_add(&text, str_of(pieces[r]));
	}
	copy = arena_alloc(a, text.len + 1, 1);
	memcpy(copy, buf_cstr(&text), text.len);
	return str_sub(copy, text.len);
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
check_pair(const struct version_scheme *s, const struct pool *p, size_t i, size_t k)
{
	int order = sign(s->compare(p->versions[i], p->versions[k]));

	if (order != -sign(s->compare(p->versions[k], p->versions[i])))
		fail_msg("%s: \"%.*s\" and \"%.*s\" turned around", s->name, STR_ARG(p->versions[i]),
			 STR_ARG(p->versions[k]));
	if (order != sign(str_cmp(buf_str(&p->keys[i]), buf_str(&p->keys[k]))))
		fail_msg("%s: the keys of \"%.*s\" and \"%.*s\"", s->name, STR_ARG(p->versions[i]),
			 STR_ARG(p->versions[k]));
}

static void
check_triple(const struct version_scheme *s, const struct str *v, size_t i, size_t k, size_t m)
{
	int first = sign(s->compare(v[i], v[k])), second = sign(s->compare(v[k], v[m]));

	/* Of two steps in one direction, or none, the sum is the step between the ends. */
	if (first * second >= 0 && sign(s->compare(v[i], v[m])) != sign(first + second))
		fail_msg("%s: \"%.*s\", \"%.*s\", \"%.*s\" go round in a circle", s->name, STR_ARG(v[i]), STR_ARG(v[k]),
			 STR_ARG(v[m]));
}

static void
pool_keys(const struct version_scheme *s, struct pool *p)
{
	for (size_t i = 0; i < p->count; i++) {
		buf_truncate(&p->keys[i], 0);
		assert_true(s->key(p->versions[i], &p->keys[i]));
	}
}

static void
pool_free(struct pool *p)
{
	for (size_t i = 0; i < p->count; i++)
		buf_free(&p->keys[i]);
}

static void
made_up_versions(void **state)
{
	ARENA_AUTO a = { 0 };
	uint64_t seed = 88172645463325252u;
	__attribute__((cleanup(pool_free))) struct pool p = { .count = POOL };

	p.versions = ARENA_ARRAY(&a, struct str, POOL);
	p.keys = ARENA_ARRAY(&a, struct buf, POOL);
	for (size_t n = 0; version_scheme_at(n); n++) {
		const struct version_scheme *s = version_scheme_at(n);

		for (size_t i = 0; i < POOL; i++)
			p.versions[i] = made_up(&seed, &a);
		pool_keys(s, &p);
		for (size_t i = 0; i < POOL; i++)
			for (size_t k = i; k < POOL; k++)
				check_pair(s, &p, i, k);
		for (size_t i = 0; i < TRIPLES; i++)
			check_triple(s, p.versions, next_random(&seed) % POOL, next_random(&seed) % POOL,
				     next_random(&seed) % POOL);
	}
}

static const char *const files[] = { "alpine-versions",
				     "cran-versions",
				     "debian-versions-generated",
				     "hackage-versions",
				     "maven-versions",
				     "maven-versions-generated",
				     "nuget-versions",
				     "packagist-versions",
				     "packagist-versions-generated",
				     "pub-versions",
				     "pypi-versions",
				     "pypi-versions-generated",
				     "rubygems-versions-generated",
				     "redhat-versions",
				     "semver-versions" };

/* What this machine has installed, as rows of one version twice. */
static void
installed_read(struct buf *texts)
{
	FILE *f = fopen("/var/lib/dpkg/status", "rb");
	BUF_AUTO status = { 0 };
	size_t got = 1;

	if (!f)
		return;
	for (; got > 0; status.len += got)
		got = fread(buf_reserve(&status, 1 << 16), 1, 1 << 16, f);
	fclose(f);
	for (struct str rest = buf_str(&status), line; str_line(&rest, &line);)
		if (str_starts(line, STR("Version: ")))
			buf_addf(texts, "%.*s = %.*s\n", STR_ARG(str_skip(line, 9)), STR_ARG(str_skip(line, 9)));
}

/* All versions of all files and of this machine, whatever their scheme. */
static void
archive_read(struct pool *p, struct buf *texts, struct arena *a)
{
	size_t cap = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		BUF_AUTO name = { 0 };

		buf_addf(&name, "version-order/semantic/testdata/%s.txt", files[i]);
		if (!known_read(buf_cstr(&name), texts))
			return;
	}
	installed_read(texts);
	for (size_t i = 0; i < texts->len; i++)
		cap += texts->ptr[i] == '\n';
	p->versions = ARENA_ARRAY(a, struct str, 2 * cap);
	p->keys = ARENA_ARRAY(a, struct buf, 2 * cap);
	for (struct str rest = buf_str(texts), row, x, y; str_line(&rest, &row);) {
		char order;

		if (!order_row(row, &x, &order, &y))
			continue;
		p->versions[p->count++] = x;
		p->versions[p->count++] = y;
	}
}

static void
archive_versions(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO texts = { 0 };
	uint64_t seed = 88172645463325252u;
	__attribute__((cleanup(pool_free))) struct pool p = { 0 };

	archive_read(&p, &texts, &a);
	if (p.count == 0) {
		print_message("# SKIP archive_versions: ../shared/data/version-order is not here\n");
		pool_free(&p);
		buf_free(&texts);
		arena_free(&a);
		skip();
	}
	assert_true(p.count > 100000);
	for (size_t n = 0; version_scheme_at(n); n++) {
		const struct version_scheme *s = version_scheme_at(n);

		pool_keys(s, &p);
		for (size_t i = 0; i + 1 < p.count; i++)
			check_pair(s, &p, i, i + 1);
		for (size_t i = 0; i < ARCHIVE_PAIRS; i++)
			check_pair(s, &p, next_random(&seed) % p.count, next_random(&seed) % p.count);
		for (size_t i = 0; i < TRIPLES; i++) {
			size_t near = next_random(&seed) % (p.count - 64);

			check_triple(s, p.versions, near, near + next_random(&seed) % 64,
				     near + next_random(&seed) % 64);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_up_versions),
		cmocka_unit_test(archive_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
