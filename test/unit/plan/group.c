/* Pending packages become patches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/group.h"

static struct update
update(const char *name, const char *from, const char *to, const char *source_version)
{
	return (struct update){ .name = str_of(name),
				.arch = STR("amd64"),
				.from = str_of(from),
				.to = str_of(to),
				.source = STR("bash"),
				.source_version = str_of(source_version),
				.origins = STR("Debian:12") };
}

static void
one(struct arena *a, struct update u, const char *id, const char *title)
{
	struct update_list updates = { 0 };
	struct patch_list patches = { 0 };
	*ARRAY_PUSH(a, &updates.items) = u;
	updates_group("deb", &updates, a, &patches);
	assert_int_equal(patches.patches.count, 1);
	assert_true(str_eq(patches.patches.items[0].id, str_of(id)));
	assert_true(str_eq(patches.patches.items[0].title, str_of(title)));
}

static void
a_rebuild_is_an_update_of_its_own(void **state)
{
	ARENA_AUTO a = { 0 };
	one(&a, update("bash", "5.2.15-2+b8", "5.2.15-2+b13", "5.2.15-2"), "deb:bash@5.2.15-2+b13",
	    "bash 5.2.15-2+b8 → 5.2.15-2+b13");
	one(&a, update("bash", "5.2.15-2", "5.2.15-3", "5.2.15-3"), "deb:bash@5.2.15-3", "bash 5.2.15-2 → 5.2.15-3");
	/* A binary whose version has nothing to do with its source's. */
	one(&a, update("bash", "1:1.0", "1:2.0", "5.2.15-3"), "deb:bash@5.2.15-3", "bash 1:1.0 → 1:2.0");
}

static void
packages_of_one_source_are_one_patch(void **state)
{
	ARENA_AUTO a = { 0 };
	struct update_list updates = { 0 };
	struct patch_list patches = { 0 };
	*ARRAY_PUSH(&a, &updates.items) = update("bash-doc", "5.2.15-2", "5.2.15-3", "5.2.15-3");
	*ARRAY_PUSH(&a, &updates.items) = update("bash", "5.2.15-2", "5.2.15-3", "5.2.15-3");
	struct update back = update("bash-static", "5.2.15-2", "5.2.15-3", "5.2.15-3");
	back.kept_back = STR("held");
	*ARRAY_PUSH(&a, &updates.items) = back;
	updates_group("deb", &updates, &a, &patches);
	assert_int_equal(patches.patches.count, 2);
	assert_true(str_eq(patches.patches.items[0].id, STR("deb:bash@5.2.15-3")));
	assert_int_equal(patches.patches.items[0].packages.count, 2);
	assert_true(str_eq(patches.patches.items[0].packages.items[0].name, STR("bash")));
	assert_true(str_eq(patches.patches.items[1].id, STR("deb:bash@5.2.15-3#kept-back")));
	assert_true(str_eq(patches.patches.items[1].kept_back, STR("held")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rebuild_is_an_update_of_its_own),
		cmocka_unit_test(packages_of_one_source_are_one_patch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
