#include "agent/script.h"

#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"

static void
put(struct world *w, const char *name, struct str content)
{
	assert_ok(dir_make(world_path(w, "state/scripts"), 0700, e) &&
		  file_write(world_path(w, name), content, 0600, e));
}

static void
sign(struct world *w, struct key *k, struct str script, const char *file)
{
	BUF_AUTO message = { 0 };
	BUF_AUTO signature = { 0 };
	buf_add(&message, STR("mamori\nscript\n"));
	buf_add(&message, script);
	assert_ok(key_sign(k, buf_str(&message), &signature, e));
	put(w, file, buf_str(&signature));
}

static bool
run(struct world *w, const char *name, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct session s = { .agent = &w->agent, .arena = &arena };
	err_clear(e);
	return script_run(&s, str_of(name), STR("ward/night/2026-11-24/host-1"), 1, e);
}

static void
only_what_an_administrator_signed_runs(void **state)
{
	struct world *w = *state;
	KEY_AUTO admin = NULL;
	KEY_AUTO other = NULL;
	BUF_AUTO keys = { 0 };
	struct err e = { 0 };
	struct str good = STR("#!/bin/sh\nexit 0\n"), bad = STR("#!/bin/sh\nexit 1\n");
	world_enrol(w);
	w->m->directive[0] = '{'; /* programs may run */
	assert_true(key_generate(&admin, &e) && key_generate(&other, &e));
	put(w, "state/scripts/pre.sh", good);
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "no administrator's key"));
	/* Two keys are trusted, the second signs. */
	assert_true(key_public_to_pem(other, &keys, &e) && key_public_to_pem(admin, &keys, &e));
	put(w, "state/administrators.pem", buf_str(&keys));
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "not signed"));
	sign(w, w->order_key, good, "state/scripts/pre.sh.sig"); /* the server's key is none of them */
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_REFUSED);
	sign(w, admin, good, "state/scripts/pre.sh.sig");
	assert_true(run(w, "pre.sh", &e));
	assert_non_null(strstr(w->m->commands, "script-that-runs"));
	assert_false(file_exists(world_path(w, "state/script-that-runs")));
	/* Changed since it was signed. */
	put(w, "state/scripts/pre.sh", bad);
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_REFUSED);
	sign(w, admin, bad, "state/scripts/pre.sh.sig");
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "status 1"));
}

static void
names_stay_in_their_folder(void **state)
{
	struct world *w = *state;
	static const char *const names[] = { "../lineage", "", ".", "..", "a/b", ".hidden", "a b", "a\nb" };
	world_enrol(w);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct err e = { 0 };
		assert_false(run(w, names[i], &e));
		assert_int_equal(e.code, ERR_REFUSED);
		assert_non_null(strstr(e.text, "impossible name"));
	}
}

/* Whoever can write the list of keys could name a key of their own. */
static void
a_list_of_keys_that_others_can_change_counts_for_nothing(void **state)
{
	struct world *w = *state;
	KEY_AUTO admin = NULL;
	BUF_AUTO keys = { 0 };
	struct err e = { 0 };
	struct str good = STR("#!/bin/sh\nexit 0\n");
	world_enrol(w);
	w->m->directive[0] = '{';
	assert_true(key_generate(&admin, &e) && key_public_to_pem(admin, &keys, &e));
	put(w, "state/scripts/pre.sh", good);
	sign(w, admin, good, "state/scripts/pre.sh.sig");
	put(w, "state/administrators.pem", buf_str(&keys));
	assert_true(run(w, "pre.sh", &e));
	const char *path = world_path(w, "state/administrators.pem");
	assert_int_equal(chmod(path, 0664), 0);
	assert_false(run(w, "pre.sh", &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(run(w, "pre.sh", &e));
	put(w, "elsewhere.pem", buf_str(&keys));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(world_path(w, "elsewhere.pem"), path), 0);
	assert_false(run(w, "pre.sh", &e));
	assert_non_null(strstr(e.text, "others could change"));
	if (geteuid() == 0) {
		assert_int_equal(unlink(path), 0);
		put(w, "state/administrators.pem", buf_str(&keys));
		assert_int_equal(chown(path, 1000, 1000), 0);
		assert_false(run(w, "pre.sh", &e));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(only_what_an_administrator_signed_runs),
		world_test(names_stay_in_their_folder),
		world_test(a_list_of_keys_that_others_can_change_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
