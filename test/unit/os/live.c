#include "os/live.h"

#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* A machine as its files tell of it. */
static struct live
machine(void **state)
{
	unit_put(state, "proc/self/maps", STR(""));
	return (struct live){ .proc = unit_path(state, "proc"),
			      .sys = unit_path(state, "sys"),
			      .run = unit_path(state, "run"),
			      .dev = unit_path(state, "dev") };
}

static void
process(void **state, const char *pid, const char *comm, struct str cmdline, const char *cgroup, const char *maps)
{
	struct unit_folder *f = *state;
	struct {
		const char *name;
		struct str text;
	} files[] = {
		{ "comm", str_of(comm) }, { "cmdline", cmdline }, { "cgroup", str_of(cgroup) }, { "maps", str_of(maps) }
	};

	for (size_t i = 0; i < COUNT(files); i++)
		unit_put(state, arena_printf(&f->arena, "proc/%s/%s", pid, files[i].name).ptr, files[i].text);
}

static void
space(void **state, const char *pid, const char *name)
{
	struct unit_folder *f = *state;
	const char *dir = unit_path(state, arena_printf(&f->arena, "proc/%s/ns", pid).ptr);

	assert_ok(dir_make(dir, 0755, &unit_err));
	assert_int_equal(symlink(name, path_join(&f->arena, dir, "pid")), 0);
}

static const char replaced[] = "7f00-7f10 r--p 00000000 fd:00 12 /usr/lib/libssl.so.3 (deleted)\n"
			       "7f10-7f20 r-xp 00001000 fd:00 12 /usr/lib/libssl.so.3 (deleted)\n";

static void
replaced_code_is_found_with_its_unit(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct stale_list found = { 0 };

	process(state, "10", "sshd\n", STR("sshd\0-D"), "0::/system.slice/ssh.service\n", replaced);
	process(state, "11", "postgres\n", STR("postgres"),
		"0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n", replaced);
	process(state, "12", "systemd\n", STR("/sbin/init"), "0::/init.scope\n", replaced);
	process(state, "13", "bash\n", STR("-bash"), "0::/user.slice/user-1000.slice/session-3.scope\n", replaced);
	process(state, "14", "x\n", STR("x"), "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n",
		replaced);
	process(state, "15", "loose\n", STR("loose"), "0::/\n", replaced);
	/* Data, memory files and files of nobody's packages are no reason. */
	process(state, "16", "data\n", STR("data"), "0::/system.slice/data.service\n",
		"7f00-7f10 r--p 0 fd:00 12 /usr/share/x.mo (deleted)\n7f00-7f10 r-xp 0 00:01 9 /memfd:jit (deleted)\n"
		"7f00-7f10 r-xp 0 fd:00 12 /tmp/x.so (deleted)\n7f00-7f10 r-xp 0 fd:00 12 /usr/lib/libc.so.6\n");
	process_stale(&l, &f->arena, &found);
	static const struct {
		long pid;
		enum stale_where where;
		const char *unit;
	} expected[] = {
		{ 10, STALE_SERVICE, "ssh.service" },    { 11, STALE_SERVICE, "postgresql@15-main.service" },
		{ 12, STALE_INIT, "init.scope" },        { 13, STALE_SESSION, "session-3.scope" },
		{ 14, STALE_USER_MANAGER, "x.service" }, { 15, STALE_LOOSE, "" },
	};
	assert_int_equal(found.items.count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(found.items.items[i].pid, expected[i].pid);
		assert_int_equal(found.items.items[i].where, expected[i].where);
		assert_str(found.items.items[i].unit, expected[i].unit);
		assert_str(found.items.items[i].library, "/usr/lib/libssl.so.3");
	}
}

static void
old_control_groups_are_read_too(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct stale_list found = { 0 };

	process(state, "10", "cron\n", STR("cron"), "3:memory:/\n1:name=systemd:/system.slice/cron.service\n0::/\n",
		replaced);
	process_stale(&l, &f->arena, &found);
	assert_int_equal(found.items.count, 1);
	assert_str(found.items.items[0].unit, "cron.service");
}

static void
processes_of_containers_are_not_this_machines(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct stale_list found = { 0 };
	struct str name = STR("viewer.exe"), *units;
	size_t count;

	space(state, "self", "pid:[1]");
	process(state, "10", "viewer.exe\n", STR("viewer.exe"), "0::/system.slice/a.service\n", replaced);
	space(state, "10", "pid:[2]");
	process_stale(&l, &f->arena, &found);
	process_units(&l, &f->arena, &units, &count);
	assert_int_equal(found.items.count, 0);
	assert_int_equal(count, 0);
	assert_int_equal(process_find(&l, &name, 1, &f->arena).len, 0);
}

static void
programs_are_found_by_either_name(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct str names[] = { STR("nothing"), STR("Viewer.exe") }, lng = STR("a-very-long-program-name");

	process(state, "9", "kworker\n", STR(""), "0::/\n", "");
	process(state, "10", "main\n", STR("C:\\Program Files\\X\\VIEWER.EXE\0--full"), "0::/\n", "");
	assert_str(process_find(&l, names, 2, &f->arena), "Viewer.exe");
	assert_int_equal(process_find(&l, names, 1, &f->arena).len, 0);
	process(state, "11", "a-very-long-pro\n", STR("/x/y"), "0::/\n", "");
	assert_str(process_find(&l, &lng, 1, &f->arena), "a-very-long-program-name");
}

static void
units_are_named_once_and_sorted(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct str *units;
	size_t count;

	process(state, "10", "b\n", STR("b"), "0::/system.slice/ssh.service\n", "");
	process(state, "11", "b\n", STR("b"), "0::/system.slice/ssh.service\n", "");
	process(state, "12", "b\n", STR("b"), "0::/system.slice/cron.service\n", "");
	process(state, "13", "b\n", STR("b"), "0::/user.slice/user-0.slice/session-1.scope\n", "");
	process_units(&l, &f->arena, &units, &count);
	assert_int_equal(count, 2);
	assert_str(units[0], "cron.service");
	assert_str(units[1], "ssh.service");
}

/* ---- people ---- */

enum { MINUTE = 60000 };
static const int64_t t0 = 1764000000000;

static void
nobody_logged_on_is_nobody_at_it(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct input_seen seen = { 0 };
	struct activity r;

	unit_put(state, "run/systemd/sessions/c1", STR("CLASS=greeter\nSTATE=active\nUSER=gdm\nREMOTE=0\n"));
	activity_read(&l, t0, &seen, &f->arena, &r);
	assert_false(r.logged_on);
	assert_int_equal(r.idle, -1);
}

static void
an_automatic_logon_is_no_use_and_a_moved_mouse_is(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct input_seen seen = { 0 };
	struct activity r;

	unit_put(state, "run/systemd/sessions/2", STR("USER=ward\nCLASS=user\nSTATE=active\nREMOTE=0\nTYPE=x11\n"));
	unit_put(state, "sys/bus/usb/devices/1-1/urbnum", STR("100\n"));
	unit_put(state, "sys/bus/usb/devices/1-1:1.0/bInterfaceClass", STR("03\n"));
	unit_put(state, "sys/bus/usb/devices/1-2/urbnum", STR("7\n"));
	unit_put(state, "sys/bus/usb/devices/1-2:1.0/bInterfaceClass", STR("08\n"));
	activity_read(&l, t0, &seen, &f->arena, &r);
	assert_true(r.logged_on && r.at_seat);
	assert_str(r.user, "ward");
	assert_int_equal(r.idle, 0); /* nothing is known yet */
	activity_read(&l, t0 + 10 * MINUTE, &seen, &f->arena, &r);
	assert_int_equal(r.idle, 10 * MINUTE);
	/* A disk on the same bus is no input. */
	unit_put(state, "sys/bus/usb/devices/1-2/urbnum", STR("9000\n"));
	activity_read(&l, t0 + 11 * MINUTE, &seen, &f->arena, &r);
	assert_int_equal(r.idle, 11 * MINUTE);
	assert_false(r.used);
	unit_put(state, "sys/bus/usb/devices/1-1/urbnum", STR("101\n"));
	activity_read(&l, t0 + 15 * MINUTE, &seen, &f->arena, &r);
	assert_int_equal(r.idle, 0);
	assert_true(r.used);
	unit_put(state, "proc/interrupts",
		 STR("   CPU0 CPU1\n  1:  5  4  IO-APIC 1-edge i8042\n 12:  1 2 IO-APIC 12-edge i8042\n 16: 99 9 "
		     "xhci_hcd\n"));
	activity_read(&l, t0 + 20 * MINUTE, &seen, &f->arena, &r);
	assert_int_equal(r.idle, 0);
	assert_int_equal(seen.count, 101 + 12);
}

static void
where_input_cannot_be_counted_a_screen_counts_as_in_use(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct input_seen seen = { 0 };
	struct activity r;

	unit_put(state, "run/systemd/sessions/2", STR("USER=ward\nCLASS=user\nSTATE=active\nREMOTE=0\nTYPE=x11\n"));
	activity_read(&l, t0, &seen, &f->arena, &r);
	activity_read(&l, t0 + 60 * MINUTE, &seen, &f->arena, &r);
	assert_true(r.used && r.idle == 0);
}

static void
logons_over_the_network_are_told_apart(void **state)
{
	struct unit_folder *f = *state;
	struct live l = machine(state);
	struct input_seen seen = { 0 };
	struct activity r;

	unit_put(state, "run/systemd/sessions/3", STR("USER=adm\nCLASS=user\nSTATE=active\nREMOTE=1\nTTY=pts/0\n"));
	unit_put(state, "run/systemd/sessions/4", STR("USER=old\nCLASS=user\nSTATE=closing\nREMOTE=0\n"));
	activity_read(&l, t0, &seen, &f->arena, &r);
	assert_true(r.logged_on);
	assert_false(r.at_seat);
	assert_true(r.used);
	assert_true(session_is_remote(&l, STR("session-3.scope")));
	assert_false(session_is_remote(&l, STR("session-4.scope")));
	assert_false(session_is_remote(&l, STR("session-../3.scope")));
	assert_false(session_is_remote(&l, STR("ssh.service")));
}

static void
batteries_of_mice_do_not_count(void **state)
{
	struct live l = machine(state);

	assert_false(power_on_battery(&l));
	unit_put(state, "sys/class/power_supply/mouse/type", STR("Battery\n"));
	unit_put(state, "sys/class/power_supply/mouse/scope", STR("Device\n"));
	unit_put(state, "sys/class/power_supply/mouse/status", STR("Discharging\n"));
	assert_false(power_on_battery(&l));
	unit_put(state, "sys/class/power_supply/BAT0/type", STR("Battery\n"));
	unit_put(state, "sys/class/power_supply/BAT0/status", STR("Charging\n"));
	assert_false(power_on_battery(&l));
	unit_put(state, "sys/class/power_supply/BAT0/status", STR("Discharging\n"));
	assert_true(power_on_battery(&l));
}

static void
this_machine_can_be_read(void **state)
{
	ARENA_AUTO a = { 0 };
	struct stale_list found = { 0 };
	struct input_seen seen = { 0 };
	struct activity r;

	(void)state;
	/* Whatever it finds, it must name files and processes that exist in some form. */
	process_stale(&live_system, &a, &found);
	for (size_t i = 0; i < found.items.count; i++)
		assert_true(found.items.items[i].pid > 0 && found.items.items[i].library.ptr[0] == '/');
	activity_read(&live_system, t0, &seen, &a, &r);
	assert_int_equal(seen.at, t0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(replaced_code_is_found_with_its_unit),
		unit_test_in_folder(old_control_groups_are_read_too),
		unit_test_in_folder(processes_of_containers_are_not_this_machines),
		unit_test_in_folder(programs_are_found_by_either_name),
		unit_test_in_folder(units_are_named_once_and_sorted),
		unit_test_in_folder(nobody_logged_on_is_nobody_at_it),
		unit_test_in_folder(an_automatic_logon_is_no_use_and_a_moved_mouse_is),
		unit_test_in_folder(where_input_cannot_be_counted_a_screen_counts_as_in_use),
		unit_test_in_folder(logons_over_the_network_are_told_apart),
		unit_test_in_folder(batteries_of_mice_do_not_count),
		unit_test_in_folder(this_machine_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
