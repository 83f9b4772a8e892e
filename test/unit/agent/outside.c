#include "agent/outside.h"

#include "world.h"

#include <string.h>

#include "agent/state.h"
#include "os/file.h"

#define MONDAY "2026-11-23T12:00:00Z"

static void
put(struct world *w, const char *name, const char *text)
{
	ARENA_AUTO a = { 0 };
	const char *path = world_path(w, name);
	const char *folder = arena_cstr(&a, str_head(str_of(path), (size_t)str_rfind_char(str_of(path), '/')));
	assert_ok(dir_make(folder, 0755, e) && file_write(path, str_of(text), 0644, e));
}

/* The package database as other hands left it; 0: it is gone. */
static void
others_leave(struct world *w, const unsigned version[WORLD_PACKAGES])
{
	BUF_AUTO b = { 0 };
	for (unsigned i = 0; i < WORLD_PACKAGES; i++)
		if (version[i])
			buf_addf(&b, "Package: p%u\nStatus: install ok installed\nArchitecture: amd64\nVersion: %u\n\n",
				 i, version[i]);
	put(w, "root/var/lib/dpkg/status", buf_cstr(&b));
}

static bool
was_told(struct world *w, const char *line)
{
	for (unsigned i = 0; i < w->m->outsides; i++)
		if (strcmp(w->m->outside[i], line) == 0)
			return true;
	print_error("not told: %s\n", line);
	return false;
}

static void
begin(struct world *w)
{
	world_time(w, MONDAY);
	world_enrol(w);
	world_turn(w);
	assert_int_equal(w->m->outsides, 0); /* what was there at first is nobody's doing */
}

static void
what_others_did_is_told_once_with_who(void **state)
{
	struct world *w = *state;
	begin(w);
	put(w, "root/var/log/apt/history.log",
	    "Start-Date: 2026-11-23  11:30:00\nCommandline: apt-get install p0\nRequested-By: clerk (1000)\n"
	    "Upgrade: p0:amd64 (1, 2)\nEnd-Date: 2026-11-23  11:30:01\n\n"
	    "Start-Date: 2026-11-23  11:40:00\nCommandline: /usr/bin/unattended-upgrade\nUpgrade: p1:amd64 (1, 3)\n");
	others_leave(w, (unsigned[]){ 2, 3, 1, 1 });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->outsides, 2);
	assert_true(was_told(w, "deb:p0@2|installed||clerk (1000)|Not done by mamori, but by “apt-get install "
				"p0”, asked for by clerk (1000)."));
	assert_true(was_told(w, "deb:p1@3|installed||unattended-upgrade|Not done by mamori, but by "
				"“/usr/bin/unattended-upgrade”."));
	others_leave(w, (unsigned[]){ 1, 3, 0, 1 });
	world_turn(w);
	assert_int_equal(w->m->outsides, 4);
	assert_true(was_told(w, "deb:p0@2|installed|back||Not done by mamori; nothing on this machine says by whom."));
	assert_true(
		was_told(w, "remove:p2|installed|remove||Not done by mamori; nothing on this machine says by whom."));
	w->m->others_did = 4;
}

/* Also while the server is away, and when the same happens again. */
static void
the_same_again_is_told_again(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	begin(w);
	others_leave(w, (unsigned[]){ 2, 1, 1, 1 });
	w->m->away = true;
	(void)world_once(w, &e);
	others_leave(w, (unsigned[]){ 1, 1, 1, 1 });
	(void)world_once(w, &e);
	others_leave(w, (unsigned[]){ 2, 1, 1, 1 });
	(void)world_once(w, &e);
	assert_int_equal(w->m->outsides, 0);
	w->m->away = false;
	world_turn(w);
	assert_int_equal(w->m->outsides, 3);
	w->m->others_did = 3;
}

/* What an order and its killed installer did is ours, also beside other hands' work. */
static void
our_own_work_is_not_theirs(void **state)
{
	struct world *w = *state;
	begin(w);
	(void)world_order(w, 0);
	w->m->apply_dies = true;
	world_turn(w);
	w->m->apply_dies = false;
	world_turn(w);
	assert_int_equal(w->m->outsides, 0);
	others_leave(w, (unsigned[]){ world_version(w, 0), 2, 1, 1 });
	(void)world_order(w, 3);
	world_turn(w);
	world_turn(w);
	assert_int_equal(world_version(w, 3), 2);
	assert_int_equal(w->m->outsides, 1);
	assert_int_equal(strncmp(w->m->outside[0], "deb:p1@2|", 9), 0);
	w->m->others_did = 1;
}

static void
a_damaged_memory_begins_anew(void **state)
{
	struct world *w = *state;
	begin(w);
	put(w, "state/packages.seen", "no number\n{}");
	others_leave(w, (unsigned[]){ 2, 1, 1, 1 });
	world_turn(w);
	assert_int_equal(w->m->outsides, 0);
	others_leave(w, (unsigned[]){ 2, 2, 1, 1 });
	world_turn(w);
	assert_int_equal(w->m->outsides, 1);
	w->m->others_did = 1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_others_did_is_told_once_with_who),
		TEST(the_same_again_is_told_again),
		TEST(our_own_work_is_not_theirs),
		TEST(a_damaged_memory_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
