#include "vuln/cpe.h"
#include "unit.h"

static void
names_are_read(void **state)
{
	ARENA_AUTO a = { 0 };
	struct cpe c;
	assert_true(cpe_parse(STR("cpe:2.3:a:Mozilla:firefox:128.0:*:*:*:*:*:*:*"), &a, &c));
	assert_str(c.name, "a:mozilla:firefox");
	assert_str(c.version, "128.0");
	assert_true(cpe_parse(STR("cpe:2.3:o:cisco:ios\\:xe:15.1\\(2\\):sp1:*:*:*:*:*:*"), &a, &c));
	assert_str(c.name, "o:cisco:ios:xe");
	assert_str(c.version, "15.1(2)-sp1");
	assert_true(cpe_parse(STR("cpe:/a:trendmicro:serverprotect"), &a, &c));
	assert_str(c.version, "");
	static const char *const wrong[] = {
		"", "cpe:/a", "cpe:/x:a:b", "cpe:2.3:a:*:b", "cpe:2.3:a:b:*", "cpe:/a:b:%zz"
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(cpe_parse(str_of(wrong[i]), &a, &c));
}

static void
distributions_are_systems(void **state)
{
	static const struct {
		const char *cpe, *os;
	} rows[] = {
		{ "cpe:/o:redhat:enterprise_linux:9::baseos", "rhel:9" },
		{ "cpe:/a:redhat:enterprise_linux:8::appstream", "rhel:8" },
		{ "cpe:/o:redhat:rhel_eus:9.2::baseos", "" } /* another stream of updates */,
		{ "cpe:/o:suse:sles:15:sp5", "sles:15.5" },
		{ "cpe:/o:opensuse:leap:15.6", "opensuse-leap:15.6" },
		{ "cpe:2.3:o:debian:debian_linux:12.0:*:*:*:*:*:*:*", "debian:12" },
		{ "cpe:/o:redhat:enterprise_linux", "" },
		{ "cpe:/a:mozilla:firefox:9", "" },
	};
	ARENA_AUTO a = { 0 };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cpe c;
		assert_true(cpe_parse(str_of(rows[i].cpe), &a, &c));
		assert_str(cpe_os_key(&c, &a), rows[i].os);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(distributions_are_systems),
	};
	return cmocka_run_group_tests_name("vuln/cpe", tests, NULL, NULL);
}
