#include "trust/tuf-document.h"

#include "../known.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
globs(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool covers;
	} rows[] = {
		/* The specification's own examples. */
		{ "targets/*.tgz", "targets/foo.tgz", true },
		{ "targets/*.tgz", "targets/bar.tgz", true },
		{ "targets/*.tgz", "targets/foo.txt", false },
		{ "foo-version-?.tgz", "foo-version-2.tgz", true },
		{ "foo-version-?.tgz", "foo-version-a.tgz", true },
		{ "foo-version-?.tgz", "foo-version-alpha.tgz", false },
		{ "*.tgz", "foo.tgz", true },
		{ "*.tgz", "targets/foo.tgz", false },
		{ "foo.tgz", "foo.tgz", true },
		{ "foo.tgz", "foo.tg", false },
		/* A wildcard matches no slash. */
		{ "*", "a", true },
		{ "*", "a/b", false },
		{ "*/*", "a/b", true },
		{ "a?b", "a/b", false },
		{ "custom/*", "custom/", true },
		{ "custom/*", "custom", false },
		{ "custom/*", "customs/x", false },
		{ "", "", true },
		{ "", "a", false },
		{ "*a*b*c", "xxaxxbxxc", true },
		{ "*a*b*c", "xxaxxbxx", false },
		{ "a[bc]d", "abd", true },
		{ "a[bc]d", "aed", false },
		{ "a[!bc]d", "aed", true },
		{ "a[0-9]", "a7", true },
		{ "a[0-9]", "ax", false },
		{ "a[", "a[", true },
		{ "a[]]", "a]", true },
		{ "**", "abc", true },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (tuf_glob(str_of(rows[i].pattern), str_of(rows[i].path)) != rows[i].covers)
			fail_msg("“%s” and “%s”", rows[i].pattern, rows[i].path);
}

/* Stars that go back again and again must not cost more than the square of the length. */
static void
many_stars_end(void **state)
{
	BUF_AUTO pattern = { 0 };
	BUF_AUTO path = { 0 };
	for (int i = 0; i < 500; i++) {
		buf_add(&pattern, STR("*a"));
		buf_add(&path, STR("aa"));
	}
	buf_add_char(&pattern, 'b');
	assert_false(tuf_glob(buf_str(&pattern), buf_str(&path)));
}

static void
prefixes_of_digests(void **state)
{
	/* SHA-256 of "file1.txt" begins 55f8. */
	struct str prefixes[] = { STR("00"), STR("55f8") };
	struct tuf_delegation d = { .patterns = prefixes, .pattern_count = 2, .by_hash = true };
	char hex[129];
	tuf_digest_hex(false, STR("file1.txt"), hex);
	prefixes[1] = str_head(str_of(hex), 4);
	assert_true(tuf_delegation_covers(&d, STR("file1.txt")));
	prefixes[1] = str_of(hex);
	assert_true(tuf_delegation_covers(&d, STR("file1.txt")));
	hex[63] = hex[63] == '0' ? '1' : '0';
	assert_false(tuf_delegation_covers(&d, STR("file1.txt")));
	d.pattern_count = 0;
	assert_false(tuf_delegation_covers(&d, STR("file1.txt")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(many_stars_end),
		cmocka_unit_test(prefixes_of_digests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
