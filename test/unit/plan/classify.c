#include "plan/classify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

static void
updates_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		bool security;
		const char *origins, *from, *to, *want;
	} rows[] = {
		{ true, "Debian-Security:12/stable-security", "115.1-1", "128.3-1~deb12u1", "security" },
		{ true, "Debian Backports:stable-backports", "1.0-1", "2.0-1~bpo12+1", "security" },
		{ false, "Debian:12.8/stable", "5.2.15-2", "5.2.15-2+b1", "bugfix" },
		/* A year is no new program. */
		{ false, "Debian:12-updates/stable-updates", "2024a-0+deb12u1", "2025b-0+deb12u1", "bugfix" },
		{ false, "Debian Backports:stable-backports", "6.1.0-1", "6.1.1-1~bpo12+1", "feature" },
		{ false, "Debian:12-updates/stable-updates, Debian Backports:stable-backports", "1-1", "2-1",
		  "bugfix" },
		{ false, "Debian:testing", "1.9-1", "2.0-1", "feature" },
		{ false, "Ubuntu:24.04/noble-updates", "1.9-1", "2.0-1", "bugfix" },
		{ false, "Google LLC:1.0/stable", "130.0.1-1", "131.0.1-1", "feature" },
		{ false, "Zabbix:zabbix/bookworm", "1:7.0.4-1+debian12", "1:7.0.5-1+debian12", "bugfix" },
		{ false, "Zabbix:zabbix/bookworm", "1:6.0.4-1", "2:6.2.0-1", "bugfix" }, /* epochs are no versions */
		{ false, "", "1.9", "v2.0", "feature" },
		{ false, "", "9.2p1", "9.3p1", "bugfix" },
		{ false, "", "", "2.0", "bugfix" },
		{ false, "", "git", "2.0", "bugfix" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str got = patch_classify(rows[i].security, str_of(rows[i].origins), str_of(rows[i].from),
						str_of(rows[i].to));
		if (!str_eq(got, str_of(rows[i].want)))
			fail_msg("%s %s → %s is %.*s", rows[i].origins, rows[i].from, rows[i].to, STR_ARG(got));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(updates_are_told_apart) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
