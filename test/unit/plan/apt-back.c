#include "fake.h"

static const char with_new[] =
	"Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\n"
	"Version: 3.0.17-1\n\nPackage: openssl\nStatus: install ok installed\nArchitecture: amd64\n"
	"Version: 3.0.17-1\n\n";
static const char with_old[] =
	"Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\n"
	"Version: 3.0.15-1\n\nPackage: openssl\nStatus: install ok installed\nArchitecture: amd64\n"
	"Version: 3.0.15-1\n\n";

static void
put_status(void **state, const char *status)
{
	unit_put(state, "root/var/lib/dpkg/status", str_of(status));
	unit_put(state, "root/stage/keep", STR(""));
}

static void
goes_back(void **state)
{
	put_status(state, with_old);
}

#define MADISON \
	{ "madison -- libssl3:amd64", "   libssl3 | 3.0.17-1 | http://x bookworm-security/main amd64 Packages\n" \
				      "   libssl3 | 3.0.15-1 | http://x bookworm/main amd64 Packages\n" \
				      "   libssl3 | 3.0.11-1 | http://y bookworm/main amd64 Packages\n" \
				      "   libssl3 | 3.0.16-1 | http://x bookworm/main Sources\n" }, \
	{ \
		"madison -- openssl:amd64", " openssl | 3.0.15-1 | http://x bookworm/main amd64 Packages\n" \
	}

static const struct str withdrawn[] = { { "deb:openssl@3.0.17-1", 20 }, { "deb:vim@9.0-1", 13 } };

static void
the_newest_older_version_that_is_offered_is_the_way_back(void **state)
{
	struct unit_folder *f = *state;
	struct patch_list l;
	struct apply_result r[1];
	static const struct fake_answer answers[] = {
		MADISON,
		{ " -s ", "Inst libssl3 [3.0.17-1] (3.0.15-1 Debian:12/stable [amd64])\n"
			  "Inst openssl [3.0.17-1] (3.0.15-1 Debian:12/stable [amd64])\n" },
		{ "--allow-downgrades install -- libssl3:amd64=3.0.15-1 openssl:amd64=3.0.15-1", "", "", 0, goes_back },
	};
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_status(state, with_new);
	assert_ok(pkgmgr_apt.plan_back(&c, withdrawn, 2, &f->arena, &l, &unit_err));
	assert_int_equal(l.patches.count, 1); /* vim is not in */
	assert_str(l.patches.items[0].id, "deb:openssl@3.0.15-1");
	assert_str(l.patches.items[0].instead_of, "deb:openssl@3.0.17-1");
	assert_str(l.patches.items[0].title, "openssl 3.0.17-1 → 3.0.15-1");
	assert_int_equal(l.patches.items[0].kept_back.len, 0);
	assert_ok(pkgmgr_apt.go_back(&c, l.patches.items, 1, &f->arena, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_INSTALLED);
	/* apt says that all is well, and nothing moved: the database decides. */
	put_status(state, with_new);
	static const struct fake_answer nothing[] = { { " -s ", "" }, { "install", "" } };
	FAKE(idle, nothing, state);
	c.runner = &idle_runner;
	assert_ok(pkgmgr_apt.go_back(&c, l.patches.items, 1, &f->arena, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_FAILED);
	assert_true(str_contains(r[0].why, STR("2 of 2 packages are as they were")));
}

static void
no_way_back_says_why(void **state)
{
	struct unit_folder *f = *state;
	struct patch_list l;
	static const struct fake_answer gone[] = { { "madison", "" } };
	static const struct fake_answer others[] = {
		MADISON, { " -s ", "Inst libssl3 [3.0.17-1] (3.0.15-1 Debian:12/stable [amd64])\nRemv curl [7.88]\n" }
	};
	FAKE(fake, gone, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	put_status(state, with_new);
	assert_ok(pkgmgr_apt.plan_back(&c, withdrawn, 1, &f->arena, &l, &unit_err));
	assert_true(str_contains(l.patches.items[0].kept_back, STR("no older version is offered any more")));
	FAKE(more, others, state);
	c.runner = &more_runner;
	assert_ok(pkgmgr_apt.plan_back(&c, withdrawn, 1, &f->arena, &l, &unit_err));
	assert_true(str_contains(l.patches.items[0].kept_back, STR("curl would change as well")));
}

static void
is_out(void **state)
{
	put_status(state, "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7\n\n");
}

static void
exactly_one_package_is_taken_out_or_none(void **state)
{
	struct unit_folder *f = *state;
	struct apply_result r[1];
	struct patch p = { .id = STR("remove:openssl") };
	static const struct fake_answer alone[] = { { " -s ", "Remv openssl [3.0.17-1]\n" },
						    { "remove -- openssl:amd64", "", "", 0, is_out } };
	static const struct fake_answer more[] = { { " -s ", "Remv curl [7]\nRemv openssl [3.0.17-1]\n" } };
	FAKE(fake, alone, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	*ARRAY_PUSH(&f->arena, &p.packages) =
		(struct patch_package){ STR("openssl"), STR("amd64"), STR("3.0.17-1"), STR("3.0.17-1"), 0 };
	put_status(state, with_new);
	assert_ok(pkgmgr_apt.take_out(&c, &p, 1, &f->arena, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_INSTALLED);
	put_status(state, with_new);
	FAKE(other, more, state);
	c.runner = &other_runner;
	assert_ok(pkgmgr_apt.take_out(&c, &p, 1, &f->arena, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_FAILED);
	assert_true(str_contains(r[0].why, STR("curl would change as well, so nothing was done")));
}

/* One that others need keeps no other from going. */
static void
what_cannot_go_keeps_nothing_else(void **state)
{
	struct unit_folder *f = *state;
	struct apply_result r[2];
	struct patch p[2] = { { .id = STR("remove:curl") }, { .id = STR("remove:openssl") } };
	static const struct fake_answer answers[] = {
		{ "-- curl:amd64 openssl:amd64", "Remv wget [1]\nRemv curl [7]\nRemv openssl [3.0.17-1]\n" },
		{ "-- curl:amd64", "Remv wget [1]\nRemv curl [7]\n" },
		{ " -s ", "Remv openssl [3.0.17-1]\n" },
		{ "remove -- openssl:amd64", "", "", 0, is_out },
	};
	FAKE(fake, answers, state);
	struct pkgmgr_ctx c = fake_ctx(state, &fake_runner);

	*ARRAY_PUSH(&f->arena, &p[0].packages) =
		(struct patch_package){ STR("curl"), STR("amd64"), STR("7"), STR("7"), 0 };
	*ARRAY_PUSH(&f->arena, &p[1].packages) =
		(struct patch_package){ STR("openssl"), STR("amd64"), STR("3.0.17-1"), STR("3.0.17-1"), 0 };
	put_status(state, with_new);
	assert_ok(pkgmgr_apt.take_out(&c, p, 2, &f->arena, r, &unit_err));
	assert_int_equal(r[0].outcome, APPLY_FAILED);
	assert_true(str_contains(r[0].why, STR("wget would change as well")));
	assert_int_equal(r[1].outcome, APPLY_INSTALLED);
	assert_true(str_eq(r[1].patch, STR("remove:openssl")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_newest_older_version_that_is_offered_is_the_way_back),
		unit_test_in_folder(no_way_back_says_why),
		unit_test_in_folder(exactly_one_package_is_taken_out_or_none),
		unit_test_in_folder(what_cannot_go_keeps_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
