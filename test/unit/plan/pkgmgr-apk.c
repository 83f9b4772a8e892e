/* apk by the form of words of apk-tools 2: there is no Alpine system here to run it on. */
#include "fake.h"

#define BEFORE \
	"P:musl\nV:1.2.4-r1\nA:x86_64\no:musl\n\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\n\nP:libssl3\nV:3.1.4-" \
	"r5\nA:x86_64\no:openssl\n\n"
#define AFTER \
	"P:musl\nV:1.2.4-r1\nA:x86_64\no:musl\n\nP:libcrypto3\nV:3.1.5-r0\nA:x86_64\no:openssl\n\nP:libssl3\nV:3.1.5-" \
	"r0\nA:x86_64\no:openssl\n\n"

static void
upgrade(void **state)
{
	unit_put(state, "root/lib/apk/db/installed", STR(AFTER));
}

static const struct fake_answer words[] = {
	{ "--simulate",
	  "(1/4) Upgrading musl (1.2.4-r1 -> 1.2.4-r2)\n(2/4) Upgrading libcrypto3 (3.1.4-r5 -> 3.1.5-r0)\n"
	  "(3/4) Upgrading libssl3 (3.1.4-r5 -> 3.1.5-r0)\n(4/4) Installing new-one (1.0-r0)\nOK: 8 MiB in 15 "
	  "packages\n",
	  "", 0, NULL },
	{ "upgrade --no-progress libcrypto3 libssl3", "(1/2) Upgrading libcrypto3\nOK\n", "", 0, upgrade },
	{ "upgrade --no-progress musl", "", "ERROR: Unable to lock database: temporary error (try again later)\n", 99,
	  NULL },
};

static void
the_simulation_is_grouped_by_origin(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	FAKE(fake, words, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	unit_put(state, "root/lib/apk/db/installed", STR(BEFORE));
	unit_put(state, "root/stage/libcrypto3-3.1.5-r0.apk", STR("x"));
	unit_put(state, "root/stage/libssl3-3.1.5-r0.apk", STR("x"));
	assert_ok(pkgmgr_apk.plan(&c, &a, &l, &unit_err));
	assert_int_equal(l.patches.count, 3);
	assert_str(l.patches.items[0].id, "apk:musl@1.2.4-r2");
	assert_false(l.patches.items[0].staged);
	assert_str(l.patches.items[1].id, "apk:new-one@1.0-r0");
	assert_str(l.patches.items[2].id, "apk:openssl@3.1.5-r0");
	assert_str(l.patches.items[2].title, "openssl 3.1.4-r5 → 3.1.5-r0");
	assert_int_equal(l.patches.items[2].packages.count, 2);
	assert_true(l.patches.items[2].staged);
}

static void
the_database_tells_what_went_in(void **state)
{
	ARENA_AUTO a = { 0 };
	struct patch_list l;
	struct apply_result r;
	FAKE(fake, words, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	unit_put(state, "root/lib/apk/db/installed", STR(BEFORE));
	assert_ok(pkgmgr_apk.plan(&c, &a, &l, &unit_err));
	assert_false(pkgmgr_apk.apply(&c, &l.patches.items[0], 1, &a, &r, &unit_err));
	assert_int_equal(unit_err.code, ERR_BUSY);
	assert_ok(pkgmgr_apk.apply(&c, &l.patches.items[2], 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_INSTALLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_simulation_is_grouped_by_origin),
		unit_test_in_folder(the_database_tells_what_went_in),
	};

	return cmocka_run_group_tests_name("plan/pkgmgr-apk", tests, NULL, NULL);
}
