#include "vuln/windows.h"

#include "unit.h"

#define HEAD(name, version, type) \
	"Host Name:                 PC-12\nOS Name:                   " name "\nOS Version:                " version \
	"\nSystem Type:               " type "\nProcessor(s):              1 Processor(s) Installed.\n" \
	"                           [01]: x64 Family 6 Model 158\n"
#define CARDS "Network Card(s): 1 NIC(s) Installed.\n                           [01]: Intel(R) 82574L\n"

static struct windows_host
parse(struct arena *a, const char *text)
{
	struct windows_host h = { 0 };
	struct str hostname;
	struct err e = { 0 };
	assert_true(windows_systeminfo(str_of(text), a, &h, &hostname, &e));
	assert_true(str_eq(hostname, STR("PC-12")));
	return h;
}

static void
test_products(void **state)
{
	static const struct {
		const char *text, *product;
	} known[] = {
		{ HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134", "X86-based PC"),
		  "Windows 10 Version 1803 for 32-bit Systems" },
		{ HEAD("Microsoft Windows 10 企業版 LTSC", "10.0.17763 暫缺 Build 17763", "x64-based PC"),
		  "Windows 10 Version 1809 for x64-based Systems" },
		{ HEAD("Microsoft Windows 7 Entreprise N", "6.1.7601 Service Pack 1 version 7601", "x64-based PC"),
		  "Windows 7 for x64-based Systems Service Pack 1" },
		{ HEAD("Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790 Service Pack 2 Build 3790",
		       "X86-based PC"),
		  "Microsoft Windows Server 2003 Service Pack 2" },
		{ HEAD("Microsoft Windows Server 2022 Datacenter", "10.0.25398 N/A Build 25398", "x64-based PC"),
		  "Windows Server 2022, 23H2 Edition (Server Core installation)" },
		{ HEAD("Microsoft Windows 11 Pro", "10.0.26100 N/A Build 26100", "ARM64-based PC"),
		  "Windows 11 Version 24H2 for ARM64-based Systems" },
	};
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		const char *names[WINDOWS_PRODUCTS_MAX + 1];
		struct windows_host h = parse(&a, known[i].text);
		windows_products(&h, &a, names);
		assert_non_null(names[0]);
		assert_string_equal(names[0], known[i].product);
	}
}

static void
test_unknown_product(void **state)
{
	ARENA_AUTO a = { 0 };
	const char *names[WINDOWS_PRODUCTS_MAX + 1];
	struct windows_host h = parse(&a, HEAD("Microsoft Windows 13", "10.0.99999 N/A Build 99999", "x64-based PC"));
	windows_products(&h, &a, names);
	assert_null(names[0]);
	h = parse(&a, HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134", "PC"));
	windows_products(&h, &a, names);
	assert_null(names[0]);
}

static void
test_updates(void **state)
{
	ARENA_AUTO a = { 0 };
	struct windows_host h = parse(&a, HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134",
					       "x64-based PC") "Hotfix(s): 4 Hotfix(s) Installed.\n   [01]: File 1\n   "
							       "[02]: KB893803v2 - Update\n"
							       "   [03]: Q147222\n   [04]: 943729\n" CARDS);
	assert_int_equal(h.kb_count, 3);
	assert_int_equal(h.kbs[0], 893803);
	assert_int_equal(h.kbs[2], 943729);
	assert_true(h.kbs_known);
	/* No update, but the cards behind show that the text is whole. */
	h = parse(&a, HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134",
			   "x64-based PC") "Hotfix(s): N/A\n" CARDS);
	assert_int_equal(h.kb_count, 0);
	assert_true(h.kbs_known);
	/* Cut off before, and in the middle of a number. */
	h = parse(&a, HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134", "x64-based PC"));
	assert_false(h.kbs_known);
	h = parse(&a, HEAD("Microsoft Windows 10 Pro", "10.0.17134 N/A Build 17134",
			   "x64-based PC") "Hotfix(s): 2 Hotfix(s) Installed.\n   [01]: KB4100347\n   [02]: KB43438");
	assert_false(h.kbs_known);
	assert_int_equal(h.kb_count, 1);
	windows_add_qfe(STR("Caption  HotFixID  InstalledOn\nhttp://x/?kbid=1  KB4343899  20190321\n"), &a, &h);
	assert_true(h.kbs_known);
	assert_int_equal(h.kb_count, 2);
	assert_int_equal(h.kbs[1], 4343899);
}

static void
test_refused(void **state)
{
	ARENA_AUTO a = { 0 };
	struct windows_host h;
	struct str hostname;
	struct err e = { 0 };
	assert_false(windows_systeminfo(STR("BIOS Version: 10.0.17134 Ver. 3\n"), &a, &h, &hostname, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_unknown_product),
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
