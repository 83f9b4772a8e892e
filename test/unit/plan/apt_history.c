#include "plan/apt_history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/time.h"

/* As apt 2.6 writes it, the ages of it shortened. */
static const char history[] = "\n"
			      "Start-Date: 2026-11-20  06:12:44\n"
			      "Commandline: /usr/bin/unattended-upgrade\n"
			      "Upgrade: openssl:amd64 (3.0.15-1, 3.0.17-1), libssl3:amd64 (3.0.15-1, 3.0.17-1)\n"
			      "End-Date: 2026-11-20  06:12:50\n"
			      "\n"
			      "Start-Date: 2026-11-21  10:03:11\n"
			      "Commandline: apt-get install -y viewer=1\n"
			      "Requested-By: clerk (1000)\n"
			      "Install: libview1:amd64 (1, automatic)\n"
			      "Downgrade: viewer:all (2, 1)\n"
			      "End-Date: 2026-11-21  10:03:12\n"
			      "\n"
			      "Start-Date: 2026-11-21  11:00:00\n"
			      "Commandline: apt purge viewer\n"
			      "Purge: viewer:all (1)\n"
			      "Error: Sub-process /usr/bin/dpkg returned an error code (1)\n"
			      "End-Date: 2026-11-21  11:00:01\n";

static bool
find(const char *name, const char *version, bool gone, struct apt_history_entry *out)
{
	return apt_history_find(str_of(history), str_of(name), str_of(version), gone, out);
}

static void
who_changed_a_package_is_found(void **state)
{
	(void)state;
	struct apt_history_entry x;
	assert_true(find("libssl3", "3.0.17-1", false, &x));
	assert_true(str_eq(x.command, STR("/usr/bin/unattended-upgrade")) && x.by.len == 0);
	char when[TIME_RFC3339_MAX];
	assert_string_equal(time_rfc3339(x.local, when), "2026-11-20T06:12:44Z");
	assert_true(find("viewer", "1", false, &x));
	assert_true(str_eq(x.command, STR("apt-get install -y viewer=1")) && str_eq(x.by, STR("clerk (1000)")));
	assert_true(find("libview1", "1", false, &x));
	assert_true(find("viewer", "1", true, &x));
	assert_true(str_eq(x.command, STR("apt purge viewer")));
	assert_int_equal(x.by.len, 0); /* that of the entry before is not its own */
}

static void
what_it_does_not_say_is_not_found(void **state)
{
	(void)state;
	struct apt_history_entry x;
	assert_false(find("viewer", "2", false, &x)); /* it went from there */
	assert_false(find("openssl", "3.0.15-1", false, &x));
	assert_false(find("ssl", "3.0.17-1", false, &x)); /* a part of a name */
	assert_false(find("openssl", "3.0.17-1", true, &x));
	assert_false(apt_history_find(STR(""), STR("viewer"), STR("1"), false, &x));
	assert_false(apt_history_find(STR("Upgrade: viewer:all (1, 2\nUpgrade: (\nUpgrade: ) (\n"), STR("viewer"),
				      STR("2"), false, &x));
	assert_true(apt_history_find(STR("Start-Date: yesterday\nUpgrade: viewer:all (1, 2)\n"), STR("viewer"),
				     STR("2"), false, &x));
	assert_true(x.local == 0 && x.command.len == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_changed_a_package_is_found),
		cmocka_unit_test(what_it_does_not_say_is_not_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
