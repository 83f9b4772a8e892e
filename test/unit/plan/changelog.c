#include "plan/pkgmgr.h"

#include "../os/unit.h"

static const char openssl[] = "openssl (3.0.17-1~deb12u2) bookworm-security; urgency=medium\n\n"
			      "  * CVE-2025-9230 (Out-of-bounds read & write), CVE-2025-9231\n"
			      "  * Not an id: CVE-20-1, CVE-2025-12, XCVE-2025-0003x\n\n"
			      " -- Somebody <a@example.org>  Tue, 30 Sep 2025 00:00:00 +0000\n\n"
			      "openssl (3.0.17-1~deb12u1) bookworm; urgency=medium\n\n"
			      "  * Fixes CVE-2024-13176, CVE-2025-9231.\n\n"
			      "openssl (3.0.16-1~deb12u1) bookworm; urgency=medium\n\n"
			      "  * CVE-2023-0001\n";

static void
only_entries_newer_than_the_installed_one(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str *cves;
	size_t n;

	assert_ok(changelog_cves(str_of(openssl), STR("3.0.16-1~deb12u1"), STR("3.0.17-1~deb12u2"), &a, &cves, &n,
				 &unit_err));
	assert_int_equal(n, 4);
	assert_str(cves[0], "CVE-2024-13176");
	assert_str(cves[1], "CVE-2025-0003");
	assert_str(cves[2], "CVE-2025-9230");
	assert_str(cves[3], "CVE-2025-9231");
	assert_ok(changelog_cves(str_of(openssl), STR("3.0.17-1~deb12u1"), STR("3.0.17-1~deb12u2"), &a, &cves, &n,
				 &unit_err));
	assert_int_equal(n, 3);
	assert_ok(changelog_cves(str_of(openssl), STR("3.0.16-1~deb12u1"), STR("3.0.17-1~deb12u1"), &a, &cves, &n,
				 &unit_err));
	assert_int_equal(n, 2);
	assert_ok(changelog_cves(str_of(openssl), STR("4.0"), STR("5.0"), &a, &cves, &n, &unit_err));
	assert_int_equal(n, 0);
}

static void
text_without_a_header_counts_for_nothing(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str *cves;
	size_t n;

	assert_ok(changelog_cves(STR("CVE-2025-1111\nfoo (1.0) no semicolon CVE-2025-2222\n  * CVE-2025-3333\n"),
				 STR("0"), STR("9"), &a, &cves, &n, &unit_err));
	assert_int_equal(n, 0);
}

static void
too_many_are_refused(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct str *cves;
	size_t n;

	buf_add(&text, STR("x (2) y; urgency=low\n"));
	for (int i = 0; i < 60000; i++)
		buf_addf(&text, " CVE-2025-%d", 10000 + i);
	assert_false(changelog_cves(buf_str(&text), STR("1"), STR("2"), &a, &cves, &n, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
}

/* A signed kernel's changelog begins with its own entry and goes on with those of the kernel that was signed. */
static void
signed_kernels_continue_the_unsigned_ones(void **state)
{
	static const char kernel[] =
		"linux-signed-amd64 (6.1.140+3) x; urgency=high\n\n  * Sign kernel from linux 6.1.140-3\n"
		"  * CVE-2025-0004\n\n"
		"linux (6.1.140-2) x; urgency=high\n\n  * CVE-2025-0003\n\n"
		"linux (6.1.140-1) x; urgency=high\n\n  * CVE-2025-0002\n\n"
		"linux (6.1.137-1) x; urgency=high\n\n  * CVE-2025-0001\n";
	ARENA_AUTO a = { 0 };
	struct str *cves;
	size_t n;

	assert_ok(changelog_cves(str_of(kernel), STR("6.1.140+1"), STR("6.1.140+3"), &a, &cves, &n, &unit_err));
	assert_int_equal(n, 2);
	assert_str(cves[0], "CVE-2025-0003");
	assert_str(cves[1], "CVE-2025-0004");
	assert_ok(changelog_cves(str_of(kernel), STR("6.1.137+1"), STR("6.1.140+3"), &a, &cves, &n, &unit_err));
	assert_int_equal(n, 3);
	assert_true(changelog_has(str_of(kernel), STR("6.1.140+3")));
	assert_false(changelog_has(str_of(kernel), STR("6.1.147+1")));
	assert_false(changelog_has(STR("  (6.1.140+3) in the middle; of a line\n"), STR("6.1.140+3")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_entries_newer_than_the_installed_one),
		cmocka_unit_test(text_without_a_header_counts_for_nothing),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(signed_kernels_continue_the_unsigned_ones),
	};

	return cmocka_run_group_tests_name("plan/changelog", tests, NULL, NULL);
}
