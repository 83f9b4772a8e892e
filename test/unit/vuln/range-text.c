#include "vuln/range-text.h"
#include "unit.h"

/* "[1.0,2.0)" before, "[1.0,2.0]" up to, "1.0" exactly, "[1.0,)" open; blanks between. */
static struct str
told(const struct affected_range *r, size_t count, struct arena *a)
{
	struct str all = STR("");
	for (size_t i = 0; i < count; i++) {
		const char *end = r[i].kind == RANGE_UNTIL ? "]" : ")";
		struct str one = r[i].kind == RANGE_EXACT ? r[i].limit
							  : arena_printf(a, "[%.*s,%.*s%s", STR_ARG(r[i].introduced),
									 STR_ARG(r[i].limit), end);
		all = arena_printf(a, "%.*s%s%.*s", STR_ARG(all), i ? " " : "", STR_ARG(one));
	}
	return all;
}

static void
words_become_ranges(void **state)
{
	static const struct {
		const char *text, *ranges;
	} rows[] = {
		{ "7.0.1-5035 and older versions", "[,7.0.1-5035]" },
		{ "7.0.1-5035 and earlier", "[,7.0.1-5035]" },
		{ "7.0.1 or prior", "[,7.0.1]" },
		{ "7.0.1, and below.", "[,7.0.1]" },
		{ "2.0.0 (and earlier)", "[,2.0.0]" },
		{ "8.0.33 and all prior versions", "[,8.0.33]" },
		{ "firmware version 7.4.9 and earlier", "[,7.4.9]" },
		{ "before version 01.04.0029", "[,01.04.0029)" },
		{ "prior to 4.1.0", "[,4.1.0)" },
		{ "versions earlier than 4.1.0", "[,4.1.0)" },
		{ "All versions < V3.2.17", "[,3.2.17)" },
		{ "All versions >= V4.5 < V4.5.0.1", "[4.5,4.5.0.1)" },
		{ "All versions", "[,)" },
		{ "*", "[,)" },
		{ "vers:all/*", "[,)" },
		{ "< 6.4", "[,6.4)" },
		{ "<=9.3.0", "[,9.3.0]" },
		{ "= 0.6.1", "0.6.1" },
		{ ">= 1.10.0, < 1.10.4", "[1.10.0,1.10.4)" },
		{ ">= 1.8.0, <= 1.8.2", "[1.8.0,1.8.2]" },
		{ ">= 2.14.1", "[2.14.1,)" },
		{ "vers:generic/>=7.0|<7.0.5|>=7.2|<7.2.3", "[7.0,7.0.5) [7.2,7.2.3)" },
		{ "2.11.0 to 2.17.2-p1", "[2.11.0,2.17.2-p1]" },
		{ "from 2.11.0 through 2.17.2", "[2.11.0,2.17.2]" },
		{ "3.0.0 - 3.1.3", "[3.0.0,3.1.3]" },
		{ "up to and including 5.0", "[,5.0]" },
		{ "7.0 before 7.0.5", "[7.0,7.0.5)" },
		{ "8.x before 8.4.2", "[8,8.4.2)" },
		{ "2.0 and later", "[2.0,)" },
		{ "4.2+", "[4.2,)" },
		{ "9.3.x", "[9.3,9.4)" },
		{ "12.8*", "[12.8,12.9)" },
		{ "6.x and earlier", "[,7)" },
		{ "ArubaOS 10.5.x.x: 10.5.0.0 and below", "[10.5,10.5.0.0]" },
		{ "InstantOS or ArubaOS (access points) 10.4.x.x: 10.4.1.0 and below.", "[10.4,10.4.1.0]" },
		{ "SonicOS 7.1.1-7040", "7.1.1-7040" },
		{ "Oracle Java SE:8u361", "8u361" },
		{ "8.0 U3b", "8.0 U3b" },
		{ "7.2.1-69057 Update 5 and earlier", "[,7.2.1-69057 Update 5]" },
		{ "17.1.4 (51567)", "17.1.4 (51567)" },
		{ "10.4.1, 10.4.2, 11.0.0", "10.4.1 10.4.2 11.0.0" },
		{ "15.2\\(7\\)E3", "15.2(7)E3" },
		{ "QCA6391", "QCA6391" },
		{ "X8.5.1", "X8.5.1" },
		{ "before v7.0.5 and v7.2.3", "[,7.0.5) [,7.2.3)" },
		{ "Ver.1.41 and earlier", "[,1.41]" },
		{ "firmware ver.01.86 and earlier", "[,01.86]" },
		{ "5.1.5 and after", "[5.1.5,)" },
		{ "=> 2.1.0, < 3.3.12", "[2.1.0,3.3.12)" },
		{ "All versions prior to and including 8.2.1000", "[,8.2.1000]" },
		{ "Linux kernel version prior to Kernel 6.3 RC4", "[,6.3 RC4)" },
		{ "8.6.2 and below, 8.5.2 and below, 8.2.2", "[,8.6.2] [,8.5.2] 8.2.2" },
		{ "- ArubaOS 10.4.x.x:       10.4.0.1 and below", "[10.4,10.4.0.1]" },
		{ "ArubaOS-Switch 15.xx.xxxx: 15.16.0025 and below.", "[15,15.16.0025]" },
		{ "ArubaOS-Switch 16.05.xxxx: All versions.", "[16.05,16.6)" },
		{ "V4.7: All versions < V4.7 HF27", "[4.7,4.7 HF27)" },
		{ "FortiMail 7.2.0, 7.0.0 through 7.0.3, 6.4 all versions", "7.2.0 [7.0.0,7.0.3] [6.4,6.5)" },
		/* Not understood, as a whole. */
		{ "firmware versions prior to Archer AX3000(JP)_V1_1.1.3 Build 20240415", "" },
		{ "downloaded before February 3rd 2023", "" },
		{ "< commit 1f55d2e", "" },
		{ "< sha-8ea5315", "" },
		{ "after 5.0", "" },
		{ "prior to the first 5.0", "" },
		{ "", "" },
		{ "publication", "" },
		{ "https://example.org/releases/7", "" },
		{ "See references", "" },
		{ "various", "" },
		{ "not 7.0", "" },
		{ "all except 7.0", "" },
		{ "The first 5 digits of serial No. \"26061\" and prior", "" },
		{ "Snapdragon 855 Mobile Platform", "" },
		{ ">= 1.0 2.0", "" },
		{ "<", "" },
		{ "1.0 to", "" },
		{ "!=1.2", "" },
	};
	ARENA_AUTO a = { 0 };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct affected_range r[RANGE_TEXT_RANGES];
		size_t count = range_text(str_of(rows[i].text), &a, r);
		if (!str_eq(told(r, count, &a), str_of(rows[i].ranges)))
			fail_msg("“%s” is “%.*s”, not “%s”", rows[i].text, STR_ARG(told(r, count, &a)), rows[i].ranges);
	}
}

static void
ends_are_versions(void **state)
{
	static const struct {
		const char *text, *from, *until;
	} rows[] = {
		{ "1.2.3", "1.2.3", "[,1.2.3]" },
		{ "<=9.3.0", "9.3.0", "[,9.3.0]" },
		{ "2,24.1", "2,24.1", "[,2,24.1]" },
		{ "sonicos 7.1.1-7040", "7.1.1-7040", "[,7.1.1-7040]" },
		{ "22.3R2-S2, 22.3R3", "22.3R2-S2", "[,22.3R2-S2]" },
		{ "9.97 CDI3B4B", "9.97 CDI3B4B", "[,9.97 CDI3B4B]" },
		{ "5.1.3.2578 build 20231110", "5.1.3.2578 build 20231110", "[,5.1.3.2578 build 20231110]" },
		{ "5.1.x", "5.1", "[,5.2)" },
		{ "7.2.*", "7.2", "[,7.3)" },
		{ "8.0 U3b", "8.0 U3b", "[,8.0 U3b]" },
		{ "ESXi80U3-24022510", "8.0.3-24022510", "[,8.0.3-24022510]" },
		{ "esxi80u2sb-23305545", "8.0.2-23305545", "[,8.0.2-23305545]" },
		{ "ESXi70U1c-17325551", "7.0.1-17325551", "[,7.0.1-17325551]" },
		{ "ESXi670-202403001", "ESXi670-202403001", "[,ESXi670-202403001]" },
		{ "24.0.1 ", "24.0.1", "[,24.0.1]" },
		{ "7.0 and earlier", "7.0", "[,7.0]" },
		{ "publication", "", "" },
		{ "latest", "", "" },
		{ "https://example.org/7", "", "" },
	};
	ARENA_AUTO a = { 0 };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct affected_range end = { .introduced = STR("") };
		bool known = range_text_end(str_of(rows[i].text), true, &a, &end);
		assert_str(range_text_start(str_of(rows[i].text), &a), rows[i].from);
		assert_str(told(&end, known, &a), rows[i].until);
	}
}

static void
long_texts_end(void **state)
{
	ARENA_AUTO a = { 0 };
	struct affected_range r[RANGE_TEXT_RANGES];
	char many[RANGE_TEXT_MAX];
	struct str list = STR("1");
	for (int i = 0; i < 100; i++)
		list = arena_printf(&a, "%.*s, 1.%d", STR_ARG(list), i);
	assert_int_equal(range_text(list, &a, r), 0);
	memset(many, '(', sizeof(many));
	assert_int_equal(range_text(str_sub(many, sizeof(many)), &a, r), 0);
	memset(many, 0, sizeof(many));
	assert_int_equal(range_text(str_sub(many, sizeof(many)), &a, r), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_ranges),
		cmocka_unit_test(ends_are_versions),
		cmocka_unit_test(long_texts_end),
	};
	return cmocka_run_group_tests_name("vuln/range-text", tests, NULL, NULL);
}
