#include "plan/policy-yaml.h"

#include "../os/unit.h"
#include "base/tr.h"

static bool
read_yaml(struct arena *a, const char *yaml, struct policy *p, struct policy_remarks *remarks)
{
	lang_set_thread(LANG_EN);
	return policy_from_yaml(a, str_of(yaml), NULL, p, remarks);
}

static void
to_json(const struct policy *p, struct buf *out)
{
	struct json_writer w = { .out = out };

	policy_write(p, &w);
}

static void
refused_with_line_and_column(void **state)
{
	static const struct {
		const char *yaml;
		unsigned line, column;
		const char *said;
	} cases[] = {
		{ "policy: a\nrnak: 1\n", 2, 1, "did you mean “rank”?" },
		{ "policy: a\ninstall:\n  windws: []\n", 3, 3, "did you mean “windows”?" },
		{ "policy: a\napplies-to: {zebra: [x]}\n", 2, 14, "the keys are: groups, os, tags" },
		{ "rank: 1\n", 1, 1, "no name" },
		{ "policy: a\nrank: many\n", 2, 7, "from 0 to 10000" },
		{ "policy: a/b\n", 1, 9, "slash" },
		{ "policy: ..\n", 1, 9, "choose another" },
		{ "policy: a\nrank:\n", 2, 6, "no value" },
		{ "policy: a\noffline-for: 3 days\n", 2, 14, "30m, 4h or 3d" },
		{ "policy: a\noffline-for: 400d\n", 2, 14, "too long" },
		{ "policy: a\ninstall: {windows: [{weekly: [tues], at: '1:00', for: 1h}]}\n", 2, 31, "did you mean" },
		{ "policy: a\ninstall: {windows: [{weekly: [tue], at: '24:00', for: 1h}]}\n", 2, 41, "23:59" },
		{ "policy: a\ninstall: {windows: [{weekly: [tue], for: 1h}]}\n", 2, 21, "start" },
		{ "policy: a\ninstall: {windows: [{at: '1:00', for: 1h}]}\n", 2, 21, "this one has 0" },
		{ "policy: a\ninstall: {windows: [{weekly: [tue], dates: [2026-01-01], at: '1:00', for: 1h}]}\n", 2, 21,
		  "this one has 2" },
		{ "policy: a\ninstall: {windows: [{nth: [6], weekday: [tue], at: '1:00', for: 1h}]}\n", 2, 28,
		  "1 to 5" },
		{ "policy: a\ninstall: {windows: [{nth: [1], at: '1:00', for: 1h}]}\n", 2, 21, "needs “weekday”" },
		{ "policy: a\ninstall: {windows: [{dates: [2026-02-29], at: '1:00', for: 1h}]}\n", 2, 30,
		  "2026-02-29" },
		{ "policy: a\ninstall: {windows: [{weekly: [tue], at: '1:00', for: 1h, cutoff: 1h}]}\n", 2, 21,
		  "could ever start" },
		{ "policy: a\ninstall: {windows: [{weekly: [tue], at: '1:00', for: 8d}]}\n", 2, 54, "too long" },
		{ "policy: a\ninstall: {valid: {from: 2026-02-01, to: 2026-01-01}}\n", 2, 18, "before it begins" },
		{ "policy: a\ninstall: {missed: {asap: {wihin: 2d}}}\n", 2, 27, "did you mean “within”" },
		{ "policy: a\napprove: [{never: true, after: 1d}]\n", 2, 11, "contradicts itself" },
		{ "policy: a\napprove: [{severity: [worst]}]\n", 2, 23, "unknown, low, medium, high, critical" },
		{ "policy: a\nemergency: {within: 38m}\n", 2, 12, "needs “when”" },
#define MITIGATE "policy: a\nemergency:\n  when: [exposed]\n  mitigations:\n    - "
		{ MITIGATE "{patch: samba, stop-srvice: [smbd]}\n", 5, 22, "did you mean “stop-service”" },
		{ MITIGATE "{stop-service: [smbd]}\n", 5, 7, "needs “patch”" },
		{ MITIGATE "{patch: samba}\n", 5, 7, "needs something to do" },
		{ MITIGATE "{patch: samba, stop-service: [smbd, -x]}\n", 5, 43, "names of services" },
		{ MITIGATE "{patch: samba, stop-service: [\"a b\"]}\n", 5, 37, "names of services" },
		{ MITIGATE "{patch: x, stop-service: mamori-agent}\n", 5, 32, "does not stop itself" },
		{ MITIGATE "{patch: ssh, close-port: [22]}\n", 5, 33, "22/tcp" },
		{ MITIGATE "{patch: ssh, close-port: [0/tcp]}\n", 5, 33, "22/tcp" },
		{ MITIGATE "{patch: ssh, close-port: [65536/udp]}\n", 5, 33, "22/tcp" },
		{ MITIGATE "{patch: ssh, close-port: [22/sctp]}\n", 5, 33, "22/tcp" },
		{ MITIGATE "{patch: ssh, close-port: [22/tcp], except: [10.1.0.0/33]}\n", 5, 51, "10.1.0.0/16" },
		{ MITIGATE "{patch: ssh, close-port: [22/tcp], except: [everybody]}\n", 5, 51, "10.1.0.0/16" },
		{ MITIGATE "{patch: ssh, stop-service: [ssh], except: [10.0.0.0/8]}\n", 5, 7, "belongs to close-port" },
		{ "policy: a\nrings: [{soak: 1d}]\n", 2, 9, "needs a name" },
		{ "policy: a\nrings: [{name: r, max-at-once: 0%}]\n", 2, 32, "20%" },
		{ "policy: a\nsteps: [{group: g}]\n", 2, 9, "“do”" },
		{ "policy: a\nbackup: {marker: done}\n", 2, 9, "“marker” takes the whole path" },
		{ "policy: a\nbackup: {marker: /var/../done}\n", 2, 9, "“marker” takes the whole path" },
		{ "policy: a\nbackup: {unit: -H}\n", 2, 9, "“unit” takes the name of a service" },
		{ "policy: a\nsteps: [{group: g, do: patch, need: backup}]\n", 2, 37, "backup-newer-than" },
		{ "policy: a\nsettings: {smb1: maybe}\n", 2, 18, "true or false" },
		{ "policy: a\npolicy: b\n", 2, 1, "second time" },
		{ "policy: a\nrank: &x 1\nnotice: *x\n", 3, 9, "aliases" },
		{ "policy: a\n---\npolicy: b\n", 3, 1, "one file holds one policy" },
		{ "policy: a\n rank: 1\n", 2, 6, "no YAML" },
		{ "policy: [a\n", 2, 1, "no YAML" },
		{ "- policy\n", 1, 1, "begin with policy" },
		{ "", 1, 1, "begin with policy" },
		{ "policy: \xff\n", 1, 9, "no UTF-8" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct policy p = { .rank = 4711 };
		struct policy_remarks remarks = { 0 };
		bool ok = read_yaml(&a, cases[i].yaml, &p, &remarks);
		if (ok || !remarks.refused || remarks.items.count == 0)
			fail_msg("taken: %s", cases[i].yaml);
		const struct policy_remark *r = &remarks.items.items[0];
		if (r->warning || !str_contains(r->text, str_of(cases[i].said)) || r->column != cases[i].column ||
		    r->line != cases[i].line)
			fail_msg("%s: %u:%u: %.*s", cases[i].yaml, r->line, r->column, STR_ARG(r->text));
		assert_int_equal(p.rank, 4711);
	}
}

static void
what_is_no_text_has_its_place(void **state)
{
	static const struct {
		struct str yaml;
		unsigned line, column;
		const char *said;
	} cases[] = {
		{ STR("policy: a\nrank: 1\n# é\0\n"), 3, 4, "NUL byte" },
		{ STR("\0policy: a\n"), 1, 1, "NUL byte" },
		{ STR("policy: a\n# 病棟\xff\n"), 2, 5, "no UTF-8" },
		{ STR("policy: a\nrank: 1\n# \xe7\x97"), 3, 3, "no UTF-8" },
		{ STR("policy: a\n# \x1b[2J\n"), 2, 3, "no UTF-8 text" },
	};
	(void)state;
	lang_set_thread(LANG_EN);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy p;
		struct policy_remarks remarks = { 0 };
		ARENA_AUTO a = { 0 };
		assert_false(policy_from_yaml(&a, cases[i].yaml, NULL, &p, &remarks));
		assert_int_equal(remarks.items.count, 1);
		const struct policy_remark *r = &remarks.items.items[0];
		if (r->line != cases[i].line || r->column != cases[i].column ||
		    !str_contains(r->text, str_of(cases[i].said)))
			fail_msg("case %zu: %u:%u %.*s", i, r->line, r->column, STR_ARG(r->text));
	}
}

static void
all_mistakes_in_one_look(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy p;
	struct policy_remarks remarks = { 0 };

	assert_false(read_yaml(&a, "policy: a\nrnak: 1\nnotice: x\ninstall: {spread: y, missed: z}\n", &p, &remarks));
	assert_int_equal(remarks.items.count, 4);
}

static void
depth_and_size_are_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO deep = { 0 };
	BUF_AUTO large = { 0 };
	struct policy p;
	struct policy_remarks remarks = { 0 }, more = { 0 };

	buf_addf(&deep, "policy: ");
	for (int i = 0; i < 5000; i++)
		buf_add_char(&deep, '[');
	assert_false(read_yaml(&a, buf_cstr(&deep), &p, &remarks));
	assert_true(str_contains(remarks.items.items[0].text, STR("nested too deeply")));
	for (int i = 0; i < 1024 * 1024; i++)
		buf_add_char(&large, '#');
	buf_add_char(&large, '\n');
	assert_false(read_yaml(&a, buf_cstr(&large), &p, &more));
	assert_true(str_contains(more.items.items[0].text, STR("1 MiB")));
}

/* Every key of the form with a value that is not its default. */
static const char everything[] =
	"policy: 全部\n"
	"applies-to: {groups: [a, b], os: [linux], tags: [t], roles: [r], sites: [s], names: ['pc-*']}\n"
	"rank: 3\n"
	"approve:\n"
	"  - {known-exploited: true, exposed: false, classification: security, severity: [low, critical], app: 'x*', "
	"after: 90s}\n"
	"  - {never: yes}\n"
	"vendor-validation: {unknown: {wait: 3d, then: never}, forbidden: allow}\n"
	"offline-for: 5d\n"
	"install:\n"
	"  windows:\n"
	"    - {name: w, weekly: 火, months: [feb, 12], at: 7:05, for: 4h, cutoff: 61s, tz: Asia/Tokyo, ready-by: "
	"'12:30'}\n"
	"    - {monthly: [1, 31, last], at: '00:00', for: 7d}\n"
	"    - {nth: [5, last], weekday: [sunday], at: '23:59', for: 1m}\n"
	"    - {patch-tuesday: 9, at: '00:00', for: 1h}\n"
	"    - {dates: [2027-01-02, 2026-01-02], at: '00:00', for: 1h}\n"
	"    - {days: 祝日, at: '00:00', for: 1h}\n"
	"  valid: {to: 2030-12-31}\n"
	"  blackout: [{from: 2026-12-31, to: 2027-01-03, why: 年末年始}, {from: 2029-01-01}]\n"
	"  missed: {asap: {within: 3d, reboot: true}}\n"
	"  spread: 5m\n"
	"  idle-first: 11m\n"
	"  while-running: {wait: [v.exe], up-to: 3h, then: proceed, skips: 5, afterwards: skip}\n"
	"  passes: {until-clean: false, max-reboots: 1}\n"
	"reboot: {mode: prompt, unit: atomic, prompt: {defer: 5, every: 2h, deadline: 3d}, logged-on: never,\n"
	"  windows: [{weekly: [sun], at: '03:00', for: 1h}], valid: {from: 2026-01-01}, blackout: [{to: 2026-02-01}], "
	"spread: 1m}\n"
	"rings: [{name: p, tags: [x], groups: [y], soak: 2d, min-success: 75%, max-at-once: 4, error-stop: 9},\n"
	"  {name: q, max-at-once: 33%}]\n"
	"redundancy: {groups: true}\n"
	"emergency: {when: [known-exploited, exposed, high], within: 1h, mitigate: no, reboot: force,\n"
	"  mitigations: [{patch: samba*, stop-service: [smbd, nmbd], even-held: true},\n"
	"    {patch: openssh, close-port: [22/tcp, 53/udp], except: [10.1.2.3/16, 192.0.2.7, '2001:DB8::1/33']}]}\n"
	"steps: [{group: g, do: stop-service, service: s}, {group: h, do: patch, need: backup-newer-than 90m}]\n"
	"backup: {marker: /var/backups/done, unit: restic.service}\n"
	"settings: {lockout: {tries: 0, reset: 1m, lock: 2m}, rdp: {nla: off, from: [10.0.0.0/8]}, smb1: on, "
	"own-updates: off}\n"
	"remove: [{app: Adobe.Flash, why: unsupported}]\n"
	"scripts: {pre: a.sh, post: b.sh}\n"
	"notice: 3h\n";

static void
values_arrive(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy p;
	struct policy_remarks remarks = { 0 };

	if (!read_yaml(&a, everything, &p, &remarks))
		fail_msg("%u: %.*s", remarks.items.items[0].line, STR_ARG(remarks.items.items[0].text));
	assert_int_equal(p.written, (1U << POLICY_KEYS) - 1);
	assert_int_equal(p.rank, 3);
	assert_int_equal(p.approve.items[0].exposed, 0);
	assert_int_equal(p.approve.items[0].severities, 1 << 4 | 1 << 1);
	assert_int_equal(p.approve.items[0].after, 90000);
	assert_int_equal(p.approve.items[1].known_exploited, -1);
	assert_true(p.approve.items[1].never);
	assert_true(p.vendor.set && !p.vendor.forbidden_never && p.vendor.unknown_then == UNKNOWN_NEVER);
	const struct window *w = p.install.windows.items;
	assert_int_equal(w[0].weekdays, 1 << 1);
	assert_int_equal(w[0].months, 1 << 1 | 1 << 11);
	assert_int_equal(w[0].at, 425);
	assert_int_equal(w[0].line, 11);
	assert_int_equal(w[1].monthdays, 1U | 1U << 1 | 1U << 31);
	assert_str(w[1].name, "install-2");
	assert_int_equal(w[2].nth, 1 | 1 << 5);
	assert_int_equal(w[3].offset_days, 9);
	assert_true(w[4].dates.count == 2 && w[4].dates.items[0] < w[4].dates.items[1]);
	assert_int_equal(p.install.missed, MISSED_ASAP);
	assert_true(p.install.missed_reboot && p.install.missed_within == 3 * 86400000);
	assert_true(p.reboot.never_logged_on && !p.reboot.when_idle && p.reboot.mode == REBOOT_PROMPT);
	assert_str(p.reboot.windows.windows.items[0].name, "reboot-1");
	assert_true(p.rings.items[0].min_success == 0.75 && p.rings.items[0].max_at_once == 4);
	assert_true(p.rings.items[1].max_share > 0.329 && p.rings.items[1].max_share < 0.331);
	assert_int_equal(p.emergency.severities, 1 << 3);
	assert_true(p.emergency.set && !p.emergency.mitigate_at_once);
	const struct mitigation_rule *m = p.emergency.mitigations.items;
	char network[NETWORK_TEXT_MAX];
	assert_int_equal(p.emergency.mitigations.count, 2);
	assert_true(m[0].stop.items.count == 2 && m[0].close.count == 0 && m[0].even_held && !m[1].even_held);
	assert_str(m[0].stop.items.items[1], "nmbd");
	assert_true(m[1].close.items[0].port == 22 && !m[1].close.items[0].udp && m[1].close.items[1].udp);
	static const char *const networks[] = { "10.1.0.0/16", "192.0.2.7/32", "2001:db8::/33" };
	for (size_t i = 0; i < 3; i++) {
		network_text(&m[1].except.items[i], network);
		assert_string_equal(network, networks[i]);
	}
	/* Rows that can never do anything are told. */
	assert_true(remarks.items.count > 0 && str_contains(remarks.items.items[0].text, STR("mitigate: at-once")));
	assert_int_equal(p.steps.items[1].backup_newer_than, 90 * 60000);
	assert_true(str_eq(p.backup.marker, STR("/var/backups/done")) && str_eq(p.backup.unit, STR("restic.service")));
	assert_true(p.settings.lockout_tries == 0 && p.settings.rdp_nla == 0 && p.settings.smb1 == 1 &&
		    p.settings.own_updates == 0);
}

/* YAML → policy → JSON → policy → JSON: the same bytes, so nothing was lost on the way. */
static void
round_trip(struct str yaml)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	struct policy p, q;
	struct policy_remarks remarks = { 0 };
	struct json *j;

	if (!policy_from_yaml(&a, yaml, NULL, &p, &remarks))
		fail_msg("%u: %.*s", remarks.items.items[0].line, STR_ARG(remarks.items.items[0].text));
	to_json(&p, &first);
	assert_ok(json_parse(&a, buf_str(&first), NULL, &j, &unit_err));
	assert_ok(policy_from_json(&a, j, &q, &unit_err));
	to_json(&q, &second);
	assert_str(buf_str(&second), buf_cstr(&first));
	assert_int_equal(p.written, q.written);
	/* JSON is YAML, too. */
	assert_true(policy_from_yaml(&a, buf_str(&first), NULL, &q, &remarks));
	buf_truncate(&second, 0);
	to_json(&q, &second);
	assert_str(buf_str(&second), buf_cstr(&first));
}

static void
nothing_is_lost_on_the_way_to_the_host(void **state)
{
	BUF_AUTO example = { 0 };

	round_trip(str_of(everything));
	round_trip(STR("policy: only-a-name\n"));
	/* Said to be empty is not the same as not said. */
	round_trip(STR(
		"policy: a\napprove: []\ninstall: {windows: [], blackout: []}\nemergency: off\nvendor-validation: off\n"
		"scripts: {}\nreboot: {}\n"));
	if (file_read("../shared/policy-example.yaml", 100000, &example, &unit_err))
		round_trip(buf_str(&example));
}

static void
off_is_a_word_about_it(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy p;
	struct policy_remarks remarks = { 0 };

	assert_true(read_yaml(&a, "policy: a\nemergency: off\n", &p, &remarks));
	assert_true(!p.emergency.set && (p.written >> POLICY_EMERGENCY & 1));
	assert_true(read_yaml(&a, "policy: a\n", &p, &remarks));
	assert_true(!p.emergency.set && p.written == 0);
	assert_int_equal(p.offline_for, 14 * INT64_C(86400000));
	assert_int_equal(p.install.missed, MISSED_NEXT_WINDOW);
	assert_true(p.reboot.when_idle && p.passes.until_clean && p.notice == 86400000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_with_line_and_column),
		cmocka_unit_test(what_is_no_text_has_its_place),
		cmocka_unit_test(all_mistakes_in_one_look),
		cmocka_unit_test(depth_and_size_are_capped),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(nothing_is_lost_on_the_way_to_the_host),
		cmocka_unit_test(off_is_a_word_about_it),
	};

	return cmocka_run_group_tests_name("plan/policy-yaml", tests, NULL, NULL);
}
