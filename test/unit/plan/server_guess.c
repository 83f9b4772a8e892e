/* Which machines look like servers. */
#include "plan/server_guess.h"

#include "../os/unit.h"

static void
servers_are_told_by_what_they_report(void **state)
{
	static const struct {
		const char *what, *os, *name, *model, *packages[4];
		bool server;
		const char *why;
	} rows[] = {
		{ "a Debian without a desktop",
		  "debian",
		  "Debian GNU/Linux 12",
		  "PowerEdge R640",
		  { "bash", "openssh-server" },
		  true,
		  "no graphical login" },
		{ "a virtual database",
		  "rhel",
		  "Red Hat Enterprise Linux 9.4",
		  "VMware7,1",
		  { "bash", "postgresql-server" },
		  true,
		  "no graphical login, PostgreSQL, virtual machine" },
		{ "a nurse's PC with a web server on it",
		  "debian",
		  "Debian GNU/Linux 12",
		  "OptiPlex",
		  { "apache2", "gdm3" },
		  false,
		  "" },
		{ "a workstation with X alone",
		  "ubuntu",
		  "Ubuntu 24.04",
		  "OptiPlex",
		  { "xserver-xorg-core" },
		  false,
		  "" },
		{ "a Windows server",
		  "windows",
		  "Windows Server 2022 Standard",
		  "PowerEdge",
		  { NULL },
		  true,
		  "Windows Server" },
		{ "a Windows PC", "windows", "Windows 11 Pro", "Virtual Machine", { NULL }, false, "" },
		{ "nothing is known of its packages", "debian", "Debian GNU/Linux 12", "", { NULL }, false, "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct package items[4] = { 0 };
		struct package_list list = { .items = items };
		struct inventory inv = { .os = { .id = str_of(rows[i].os), .name = str_of(rows[i].name) } };
		struct str why;
		inv.hardware.model = str_of(rows[i].model);
		while (list.count < 4 && rows[i].packages[list.count]) {
			items[list.count].name = str_of(rows[i].packages[list.count]);
			list.count++;
		}
		bool server = server_guess(&inv, &list, &a, &why);
		if (server != rows[i].server || !str_eq(why, str_of(rows[i].why)))
			fail_msg("%s: %d, %.*s", rows[i].what, server, STR_ARG(why));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_told_by_what_they_report),
	};
	return cmocka_run_group_tests_name("plan/server_guess", tests, NULL, NULL);
}
