#include "plan/backup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"

static void
places_are_named_plainly(void **state)
{
	static const char *const good[] = { "/var/backups/done", "/a", "/srv/バックアップ/..done" };
	static const char *const bad[] = { "",         "/",   "done",          "/var/../etc/passwd",
					   "/var/./x", "/..", "/var/backups/", "/a\nb" };
	static const char *const units[] = { "restic.service", "backup@db-1.service", "dev\\x2dsda.service" };
	static const char *const no_units[] = {
		"",          ".service",    "restic", "restic.timer", "-H.service", "a b.service", "a/b.service",
		"*.service", "a\nb.service"
	};
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(backup_marker_valid(str_of(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(backup_marker_valid(str_of(bad[i])));
	for (size_t i = 0; i < COUNT(units); i++)
		assert_true(backup_unit_valid(str_of(units[i])));
	for (size_t i = 0; i < COUNT(no_units); i++)
		assert_false(backup_unit_valid(str_of(no_units[i])));
}

#define END "ExecMainExitTimestamp=Sun 2026-11-22 05:10:31 UTC\n"

static void
only_a_run_that_ended_well_is_a_backup(void **state)
{
	static const struct {
		const char *shown, *at; /* NULL: none */
		bool ok;
	} rows[] = {
		{ "Result=success\nActiveState=inactive\nSubState=dead\n" END, "2026-11-22T05:10:31Z", true },
		{ END "SubState=exited\nActiveState=active\nResult=success\n", "2026-11-22T05:10:31Z", true },
		/* Not since the start of the machine; running; failed; killed; nothing at all. */
		{ "Result=success\nActiveState=inactive\nSubState=dead\nExecMainExitTimestamp=\n", NULL, true },
		{ "Result=success\nActiveState=activating\nSubState=start\n" END, NULL, true },
		{ "Result=success\nActiveState=active\nSubState=running\n" END, NULL, true },
		{ "Result=exit-code\nActiveState=failed\nSubState=failed\n" END, NULL, false },
		{ "Result=timeout\nActiveState=inactive\nSubState=dead\n" END, NULL, false },
		{ "", NULL, false },
		/* A clock of another zone is not guessed at. */
		{ "Result=success\nActiveState=inactive\nExecMainExitTimestamp=Sun 2026-11-22 14:10:31 JST\n", NULL,
		  true },
		{ "Result=success\nActiveState=inactive\nExecMainExitTimestamp=Sun 2026-99-22 14:10:31 UTC\n", NULL,
		  true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t wanted = 0, at = -1;
		if (rows[i].at)
			assert_true(time_parse(str_of(rows[i].at), &wanted));
		assert_int_equal(backup_unit_judge(str_of(rows[i].shown), &at), rows[i].ok);
		assert_int_equal(at, wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_named_plainly),
		cmocka_unit_test(only_a_run_that_ended_well_is_a_backup),
	};
	return cmocka_run_group_tests_name("plan/backup", tests, NULL, NULL);
}
