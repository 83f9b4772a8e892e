#include "plan/pkgmgr.h"

#include "../os/unit.h"

static void
updates_come_back(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct patch_list l = { .manager = "apt", .lists_at = 1700000000000 }, back;
	struct patch *p = ARRAY_PUSH(&a, &l.patches);

	*p = (struct patch){ .id = STR("deb:x@2"),
			     .title = STR("x 1 → 2"),
			     .source = STR("x"),
			     .version = STR("2"),
			     .security = true,
			     .origins = STR("Debian"),
			     .size = 7,
			     .staged = true };
	*ARRAY_PUSH(&a, &p->packages) = (struct patch_package){ STR("x"), STR("amd64"), STR("1"), STR("2"), 7 };
	*ARRAY_PUSH(&a, &p->packages) = (struct patch_package){ STR("y"), STR("all"), STR(""), STR("2"), 0 };
	*ARRAY_PUSH(&a, &p->cves) = STR("CVE-2025-1000");
	patch_list_write(&l, &w);
	assert_str(buf_str(&out),
		   "{\"manager\":\"apt\",\"lists_at\":\"2023-11-14T22:13:20Z\",\"patches\":[{\"id\":\"deb:x@2\","
		   "\"title\":\"x 1 → 2\","
		   "\"source\":\"x\",\"version\":\"2\",\"security\":true,\"origins\":\"Debian\",\"size\":7,\"staged\":"
		   "true,\"kept_back\":null,"
		   "\"packages\":[{\"name\":\"x\",\"arch\":\"amd64\",\"from\":\"1\",\"to\":\"2\",\"size\":7},"
		   "{\"name\":\"y\",\"arch\":\"all\",\"from\":null,\"to\":\"2\",\"size\":0}],\"cves\":[\"CVE-2025-"
		   "1000\"]}]}");
	assert_ok(patch_list_parse(&a, buf_str(&out), &back, &unit_err));
	assert_int_equal(back.patches.count, 1);
	assert_true(back.lists_at == l.lists_at);
	assert_int_equal(back.patches.items[0].packages.count, 2);
	assert_int_equal(back.patches.items[0].packages.items[1].from.len, 0);
	assert_int_equal(back.patches.items[0].kept_back.len, 0);
	assert_str(back.patches.items[0].cves.items[0], "CVE-2025-1000");
}

static void
bad_updates_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"manager\":\"apt\"}",
		"{\"manager\":\"magic\",\"patches\":[]}",
		"{\"manager\":\"apt\",\"patches\":[{}]}",
		"{\"manager\":\"apt\",\"patches\":[{\"id\":\"a\",\"packages\":[]}]}",
		"{\"manager\":\"apt\",\"patches\":[{\"id\":\"a\",\"packages\":[{\"name\":\"x\"}]}]}",
		("{\"patches\":[{\"id\":\"a\",\"packages\":[{\"name\":\"x\",\"to\":\"1\"}],\"cves\":[1]}],"
		 "\"manager\":\"apt\"}"),
		"{\"manager\":\"apt\",\"patches\":[{\"id\":\"a\\nb\",\"packages\":[{\"name\":\"x\",\"to\":\"1\"}]}]}",
		"{\"manager\":\"apt\",\"patches\":[{\"id\":\"a\",\"packages\":[{\"name\":\"x y\",\"to\":\"1\"}]}]}",
		"{\"manager\":\"apt\",\"patches\":[{\"id\":\"a\",\"packages\":[{\"name\":\"x\",\"to\":\"\\u001b\"}]}]}",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct patch_list back = { .lists_at = 77 };
		if (patch_list_parse(&a, str_of(bad[i]), &back, &unit_err))
			fail_msg("taken: %s", bad[i]);
		assert_true(back.lists_at == 77);
	}
}

static void
more_patches_than_the_cap(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct patch_list back;

	buf_add(&text, STR("{\"manager\":\"apt\",\"patches\":["));
	for (int i = 0; i <= 20000; i++)
		buf_addf(&text, "%s{\"id\":\"a\",\"packages\":[{\"name\":\"x\",\"to\":\"1\"}]}", i ? "," : "");
	buf_add(&text, STR("]}"));
	assert_false(patch_list_parse(&a, buf_str(&text), &back, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
}

static void
the_manager_is_found_by_what_the_root_holds(void **state)
{
	assert_null(pkgmgr_find(unit_dir(state)));
	unit_put(state, "usr/bin/dnf", STR(""));
	assert_string_equal(pkgmgr_find(unit_dir(state))->name, "dnf");
	unit_put(state, "usr/bin/apt-get", STR(""));
	unit_put(state, "var/lib/dpkg/status", STR(""));
	assert_string_equal(pkgmgr_find(unit_dir(state))->name, "apt");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_come_back),
		cmocka_unit_test(bad_updates_are_refused),
		cmocka_unit_test(more_patches_than_the_cap),
		unit_test_in_folder(the_manager_is_found_by_what_the_root_holds),
	};

	return cmocka_run_group_tests_name("plan/pkgmgr", tests, NULL, NULL);
}
