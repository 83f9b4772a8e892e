#include "plan/needs_restart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool
session_9_is_remote(const void *user, struct str scope)
{
	(void)user;
	return str_eq(scope, STR("session-9.scope"));
}

static struct needs_restart
judge(struct arena *a, const struct stale *items, size_t count)
{
	struct stale_list l = { 0 };
	struct needs_restart r;

	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &l.items) = items[i];
	needs_restart_judge(&l, session_9_is_remote, NULL, a, &r);
	return r;
}

#define LIBRARY .name = STR("p"), .library = STR("/usr/lib/libc.so.6")

static void
services_restart_and_some_are_kept(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct stale items[] = {
		{ LIBRARY, .where = STALE_SERVICE, .unit = STR("ssh.service") },
		{ LIBRARY, .where = STALE_SERVICE, .unit = STR("ssh.service") },
		{ LIBRARY, .where = STALE_SERVICE, .unit = STR("cron.service") },
		{ LIBRARY, .where = STALE_SERVICE, .unit = STR("mamori-agent.service") },
		{ LIBRARY, .where = STALE_INIT, .unit = STR("init.scope") },
		{ LIBRARY, .where = STALE_SESSION, .unit = STR("session-9.scope") },
		{ LIBRARY, .where = STALE_USER_MANAGER, .unit = STR("user@1000.service") },
	};
	(void)state;
	struct needs_restart r = judge(&a, items, COUNT(items));
	assert_int_equal(r.units.count, 2);
	assert_true(str_eq(r.units.items[0], STR("ssh.service")) && str_eq(r.units.items[1], STR("cron.service")));
	assert_true(r.init);
	/* A logon over the network ends by itself. */
	assert_int_equal(r.signals.count, 0);
}

static void
what_carries_sessions_needs_a_reboot(void **state)
{
	static const char *const units[] = { "dbus.service",  "systemd-logind.service", "gdm3.service",
					     "user@.service", "lightdm.service",        "NetworkManager.service" };
	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		ARENA_AUTO a = { 0 };
		const struct stale items[] = { { LIBRARY, .where = STALE_SERVICE, .unit = str_of(units[i]) },
					       { LIBRARY, .where = STALE_SERVICE, .unit = str_of(units[i]) } };
		struct needs_restart r = judge(&a, items, COUNT(items));
		assert_int_equal(r.units.count, 0);
		assert_int_equal(r.signals.count, 1);
		assert_true(str_starts(r.signals.items[0], str_of(units[i])));
		assert_true(str_ends(r.signals.items[0], STR("(/usr/lib/libc.so.6)")));
	}
}

static void
a_logon_at_the_machine_and_loose_processes_need_a_reboot(void **state)
{
	ARENA_AUTO a = { 0 };
	const struct stale items[] = {
		{ LIBRARY, .where = STALE_SESSION, .unit = STR("session-2.scope") },
		{ LIBRARY, .where = STALE_USER_MANAGER, .unit = STR("user@1000.service") },
		{ LIBRARY, .where = STALE_LOOSE },
	};
	(void)state;
	struct needs_restart r = judge(&a, items, COUNT(items));
	assert_int_equal(r.signals.count, 3);
	assert_true(str_starts(r.signals.items[2], STR("p (")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_restart_and_some_are_kept),
		cmocka_unit_test(what_carries_sessions_needs_a_reboot),
		cmocka_unit_test(a_logon_at_the_machine_and_loose_processes_need_a_reboot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
