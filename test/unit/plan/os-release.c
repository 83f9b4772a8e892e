#include "plan/inventory.h"

#include "../os/unit.h"

static void
keys_that_feeds_use(void **state)
{
	static const struct {
		const char *text, *key;
	} cases[] = {
		{ "ID=debian\nVERSION_ID=\"12\"\n", "debian:12" },
		{ "ID=\"almalinux\"\nVERSION_ID=\"9.4\"\n", "almalinux:9" },
		{ "ID=alpine\nVERSION_ID=3.20.1\n", "alpine:3.20" },
		{ "ID=ubuntu\nVERSION_ID=\"22.04\"\n", "ubuntu:22.04" },
		{ "ID=azurelinux\nVERSION_ID=\"3.0\"\n", "azurelinux:3" },
		{ "ID=mariner\nVERSION_ID=\"2.0\"\n", "azurelinux:2" },
		{ "ID=\"openEuler\"\nVERSION_ID=\"22.03\"\nPRETTY_NAME=\"openEuler 22.03 (LTS-SP3)\"\n",
		  "openeuler:22.03-LTS-SP3" },
		{ "ID=\"openEuler\"\nVERSION_ID=\"22.03\"\n", "openeuler:22.03" },
		{ "# comment\n\nID=Arch\n", "arch" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct os_release os;
		assert_true(os_release_parse(str_of(cases[i].text), &a, &os));
		assert_str(os_key(&os, &a), cases[i].key);
	}
}

static void
quotes_and_escapes(void **state)
{
	ARENA_AUTO a = { 0 };
	struct os_release os;

	assert_true(os_release_parse(STR("ID='x'\nPRETTY_NAME=\"a \\\"b\\\" 'c' \\$d\"\r\nID_LIKE=\"rhel fedora\"\n"),
				     &a, &os));
	assert_str(os.name, "a \"b\" 'c' $d");
	assert_str(os.id_like, "rhel fedora");
}

static void
without_an_id_it_is_none(void **state)
{
	ARENA_AUTO a = { 0 };
	struct os_release os = { .id = STR("before") };

	assert_false(os_release_parse(STR("NAME=x\n"), &a, &os));
	assert_str(os.id, "before");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_feeds_use),
		cmocka_unit_test(quotes_and_escapes),
		cmocka_unit_test(without_an_id_it_is_none),
	};

	return cmocka_run_group_tests_name("plan/os-release", tests, NULL, NULL);
}
