#include "plan/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_str(seen, wanted) assert_true(str_eq((seen), STR(wanted)))

static const char conf[] = "# Configuration for locking\n# deny = 3\ndeny=4\n  unlock_time = 600 # ten minutes\n"
			   "deny = 5\neven_deny_root\nfail_interval 900";

static void
of_several_lines_the_last_counts(void **state)
{
	struct str text = str_of(conf);
	(void)state;
	assert_str(faillock_value(faillock_line(text, STR("deny"))), "5");
	assert_str(faillock_value(faillock_line(text, STR("unlock_time"))), "600");
	assert_str(faillock_value(faillock_line(text, STR("fail_interval"))), "900");
	assert_str(faillock_line(text, STR("unlock_time")), "  unlock_time = 600 # ten minutes");
	assert_null(faillock_line(text, STR("audit")).ptr);
	assert_null(faillock_line(text, STR("even")).ptr);
	assert_null(faillock_line(STR(""), STR("deny")).ptr);
}

static void
a_value_is_put_in_its_place_and_back_again(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str text = str_of(conf), former = faillock_line(text, STR("deny"));
	(void)state;
	struct str after = faillock_put(&a, text, STR("deny"), STR("deny = 10"));
	assert_str(faillock_value(faillock_line(after, STR("deny"))), "10");
	assert_true(str_contains(after, STR("# deny = 3\ndeny=4\n")));
	assert_true(str_eq(faillock_put(&a, after, STR("deny"), former), text));
	/* What was not there at all goes again. */
	text = STR("audit\n");
	after = faillock_put(&a, text, STR("deny"), STR("deny = 10"));
	assert_str(after, "audit\ndeny = 10\n");
	assert_true(str_eq(faillock_put(&a, after, STR("deny"), STR_NONE), text));
	assert_str(faillock_put(&a, STR("audit"), STR("deny"), STR("deny = 1")), "audit\ndeny = 1\n");
	assert_str(faillock_put(&a, STR("audit"), STR("deny"), STR_NONE), "audit");
}

static void
pam_files_say_whether_they_ask(void **state)
{
	struct str own;
	(void)state;
	assert_true(faillock_used(
		STR("auth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail\n"), &own));
	assert_int_equal(own.len, 0);
	assert_true(faillock_used(STR("auth required /lib/security/pam_faillock.so preauth silent deny=3\n"), &own));
	assert_str(own, "deny=3");
	assert_false(faillock_used(
		STR("# auth required pam_faillock.so\nauth required pam_unix.so # pam_faillock.so\n"), &own));
	assert_false(faillock_used(STR("auth required pam_tally.so deny=3\n"), &own));
	assert_int_equal(own.len, 0);
}

static void
samba_says_what_it_lets_in(void **state)
{
	bool elsewhere;
	(void)state;
	assert_str(samba_protocol(STR("[global]\n Server Min Protocol = NT1\n[share]\n path = /x\n"), &elsewhere),
		   "NT1");
	assert_false(elsewhere);
	assert_int_equal(samba_protocol(STR("[share]\nmin protocol = NT1\n"), &elsewhere).len, 0);
	assert_int_equal(samba_protocol(STR("[global]\n; min protocol = NT1\n"), &elsewhere).len, 0);
	(void)samba_protocol(STR("[\n[global\n[global]\ninclude = /etc/samba/other.conf\n"), &elsewhere);
	assert_true(elsewhere);
	assert_true(samba_protocol_old(STR("nt1")) && samba_protocol_old(STR("LANMAN2")));
	assert_false(samba_protocol_old(STR("SMB2_02")) || samba_protocol_old(STR("")));
}

static void
sambas_line_is_put_in_its_place_and_back_again(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "# ours\n[global]\n  server min protocol = NT1 \n[share]\n path=/x\n",
		  "# ours\n[global]\nX = 2\n[share]\n path=/x\n" },
		{ "[global]\nworkgroup = W", "[global]\nX = 2\nworkgroup = W" },
		{ "[share]\nmin protocol = NT1\n", "X = 2\n[share]\nmin protocol = NT1\n" },
		{ "", "X = 2\n" },
	};
	ARENA_AUTO a = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(str_eq(samba_put(&a, str_of(rows[i].before), STR("X = 2")), str_of(rows[i].after)));
	bool elsewhere;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str before = str_of(rows[i].before), former = samba_line(before);
		struct str text = samba_put(&a, before, STR("\tserver min protocol = SMB2_02"));
		assert_str(samba_protocol(text, &elsewhere), "SMB2_02");
		assert_true(str_eq(samba_put(&a, text, former), str_of(rows[i].before)));
	}
}

static void
xrdp_says_where_it_answers(void **state)
{
	static const struct {
		const char *ini;
		size_t count;
		uint16_t first;
	} rows[] = {
		{ "[Globals]\nport=3390\n", 1, 3390 },
		{ "[Globals]\n; port=1\nport=tcp://:3391 tcp6://[::1]:3392 vsock://-1:77 "
		  "/run/xrdp.sock\n[Xorg]\nport=-1\n",
		  2, 3391 },
		{ "[Globals]\nport=vsock://-1:3389\n", 1, 3389 },
		{ "[Globals]\nport=0\n", 1, 3389 },
		{ "", 1, 3389 },
		{ "[Globals]\nport=1 2 3 4 5 6 7 8 9 10\n", 8, 1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint16_t port[XRDP_PORTS_MAX];
		assert_int_equal(xrdp_ports(str_of(rows[i].ini), port), rows[i].count);
		assert_int_equal(port[0], rows[i].first);
	}
}

static void
states_have_names(void **state)
{
	enum setting_state s;
	(void)state;
	for (int i = 0; i < SETTING_STATES; i++) {
		assert_true(setting_state_parse(str_of(setting_state_name((enum setting_state)i)), &s));
		assert_int_equal(s, i);
	}
	assert_false(setting_state_parse(STR("perhaps"), &s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_several_lines_the_last_counts),
		cmocka_unit_test(a_value_is_put_in_its_place_and_back_again),
		cmocka_unit_test(pam_files_say_whether_they_ask),
		cmocka_unit_test(samba_says_what_it_lets_in),
		cmocka_unit_test(sambas_line_is_put_in_its_place_and_back_again),
		cmocka_unit_test(xrdp_says_where_it_answers),
		cmocka_unit_test(states_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
