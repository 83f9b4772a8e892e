#include "plan/apt.h"

#include "fake.h"

static const char *
noted(void **state, const char *name)
{
	struct unit_folder *f = *state;
	struct pkgmgr_ctx c = fake_ctx(state, NULL);
	return apt_local_path(&c, apt_stage_here(&c, &f->arena), str_of(name), &f->arena);
}

static void
packages_on_this_machine_are_found_where_they_are(void **state)
{
	struct unit_folder *f = *state;
	struct pkgmgr_ctx c = fake_ctx(state, NULL);
	unit_put(state, "root/stage/keep", STR(""));
	apt_local_keep(&c,
		       STR("'file:/srv/repo%20one/./x_1%253a2_all.deb' x_1%3a2_all.deb 704 SHA256:aa\n"
			   "'http://deb.example/pool/y_1_all.deb' y_1_all.deb 704 SHA256:aa\n"
			   "'file:/srv/z.deb' ../../z_1_all.deb 704 SHA256:aa\n"
			   "'file:relative/v_1_all.deb' v_1_all.deb 704 SHA256:aa\n"
			   "'file:/srv/%00/u_1_all.deb' u_1_all.deb 704 SHA256:aa\n"
			   "'file:/srv/t_1_all.deb\n"),
		       &f->arena);
	assert_string_equal(noted(state, "x_1%3a2_all.deb"), unit_path(state, "root/srv/repo one/./x_1%3a2_all.deb"));
	assert_null(noted(state, "y_1_all.deb"));
	assert_null(noted(state, "v_1_all.deb"));
	assert_null(noted(state, "u_1_all.deb"));
	assert_null(noted(state, "t_1_all.deb"));
	assert_false(file_exists(unit_path(state, "z_1_all.deb.local")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { unit_test_in_folder(packages_on_this_machine_are_found_where_they_are) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
