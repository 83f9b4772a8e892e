#include "plan/package_change.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

struct row {
	const char *name, *version, *arch, *source, *source_version;
};

static struct package_list
list_of(const struct row *rows, size_t count, const char *manager, struct arena *a)
{
	struct package_list l = { .manager = manager };
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &l) = (struct package){ .name = str_of(rows[i].name),
						       .version = str_of(rows[i].version),
						       .arch = str_of(rows[i].arch),
						       .source = str_of(rows[i].source),
						       .source_version = str_of(rows[i].source_version) };
	package_list_sort(&l);
	return l;
}

static void
what_changed_is_told_as_patches(void **state)
{
	(void)state;
	static const struct row before[] = {
		{ "libssl3", "3.0.15-1", "amd64", "openssl", "3.0.15-1" },
		{ "libssl3", "3.0.15-1", "i386", "openssl", "3.0.15-1" },
		{ "openssl", "3.0.15-1", "amd64", "openssl", "3.0.15-1" },
		{ "viewer", "2:1.0", "all", "viewer", "2:1.0" },
		{ "reader", "1", "all", "reader", "1" },
		{ "reader-data", "1", "all", "reader", "1" },
		{ "same", "1", "all", "same", "1" },
		{ "bash", "5.2.15-2", "amd64", "bash", "5.2.15-2" },
	};
	static const struct row now[] = {
		{ "libssl3", "3.0.17-1", "amd64", "openssl", "3.0.17-1" },
		{ "libssl3", "3.0.17-1", "i386", "openssl", "3.0.17-1" },
		{ "openssl", "3.0.17-1", "amd64", "openssl", "3.0.17-1" },
		{ "viewer", "1.9", "all", "viewer", "1.9" }, /* an older one: the epoch counts */
		{ "same", "1", "all", "same", "1" },
		{ "new", "1", "all", "new", "1" },
		{ "bash", "5.2.15-2+b13", "amd64", "bash", "5.2.15-2" }, /* a rebuild */
	};
	ARENA_AUTO a = { 0 };
	struct package_list was = list_of(before, COUNT(before), "dpkg", &a);
	struct package_list is = list_of(now, COUNT(now), "dpkg", &a);
	struct package_changes c;
	package_changes(&was, &is, &a, &c);
	assert_int_equal(c.newer.patches.count, 2);
	assert_string_equal(c.newer.patches.items[0].id.ptr, "deb:bash@5.2.15-2+b13");
	assert_string_equal(c.newer.patches.items[1].id.ptr, "deb:openssl@3.0.17-1");
	assert_int_equal(c.newer.patches.items[1].packages.count, 3);
	assert_int_equal(c.older.patches.count, 1);
	assert_string_equal(c.older.patches.items[0].id.ptr, "deb:viewer@2:1.0");
	assert_string_equal(c.older.patches.items[0].title.ptr, "viewer 2:1.0 → 1.9");
	assert_int_equal(c.gone.patches.count, 1);
	assert_string_equal(c.gone.patches.items[0].id.ptr, "remove:reader");
	assert_int_equal(c.gone.patches.items[0].packages.count, 2);
	assert_true(str_eq(c.gone.patches.items[0].packages.items[0].to, STR("1")));
	package_changes(&is, &is, &a, &c);
	assert_int_equal(c.newer.patches.count + c.older.patches.count + c.gone.patches.count, 0);
}

static void
several_of_one_name_and_unknown_managers_say_nothing(void **state)
{
	(void)state;
	static const struct row before[] = { { "kernel", "6.1-1", "x86_64", "kernel", "6.1-1" },
					     { "kernel", "6.1-2", "x86_64", "kernel", "6.1-2" } };
	static const struct row now[] = { { "kernel", "6.1-2", "x86_64", "kernel", "6.1-2" },
					  { "kernel", "6.1-3", "x86_64", "kernel", "6.1-3" } };
	ARENA_AUTO a = { 0 };
	struct package_list was = list_of(before, 2, "rpm", &a), is = list_of(now, 2, "rpm", &a);
	struct package_changes c;
	package_changes(&was, &is, &a, &c);
	assert_int_equal(c.newer.patches.count + c.older.patches.count + c.gone.patches.count, 0);
	was = list_of(before, 1, "opkg", &a);
	is = list_of(now, 1, "opkg", &a);
	package_changes(&was, &is, &a, &c);
	assert_int_equal(c.newer.patches.count, 0);
	was.manager = is.manager = "rpm";
	package_changes(&was, &is, &a, &c);
	assert_int_equal(c.newer.patches.count, 1);
	assert_string_equal(c.newer.patches.items[0].id.ptr, "rpm:kernel@6.1-2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changed_is_told_as_patches),
		cmocka_unit_test(several_of_one_name_and_unknown_managers_say_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
