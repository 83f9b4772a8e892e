#include "plan/directive.h"

#include "../os/unit.h"
#include "base/time.h"
#include "plan/policy-yaml.h"

static int64_t
ms(const char *text)
{
	int64_t t;

	assert_true(time_parse(str_of(text), &t));
	return t;
}

static struct directive
example(struct arena *a)
{
	struct directive d = { .host = STR("h-1"),
			       .server = STR("hospital"),
			       .serial = 42,
			       .lease_needed = true,
			       .install_estimate = 600000,
			       .reboot_estimate = 90000,
			       .reboot_consented = true };
	struct policy_remarks remarks = { 0 };

	d.issued = ms("2026-11-22T01:00:00Z");
	d.expires = ms("2026-12-06T01:00:00Z");
	assert_true(policy_from_yaml(
		a, STR("policy: p\ninstall: {windows: [{days: 休診日, at: '22:00', for: 4h, tz: Asia/X}]}\n"), NULL,
		&d.policy, &remarks));
	d.zones = ARENA_NEW(a, struct zone);
	*d.zones = (struct zone){ .name = STR("Asia/X"), .offset = 3600 };
	*ARRAY_PUSH(a, &d.zones->transitions) = (struct zone_transition){ ms("2027-01-01"), 7200 };
	d.zone_count = 1;
	struct day_list *l = ARRAY_PUSH(a, &d.lists.lists);
	*l = (struct day_list){ .name = STR("休診日") };
	*ARRAY_PUSH(a, &l->days) = time_days(2026, 12, 29);
	*ARRAY_PUSH(a, &l->days) = time_days(2027, 1, 3);
	*ARRAY_PUSH(a, &d.patches) = (struct directive_patch){ STR("deb:curl@7.88.1-10"), ms("2026-11-23"), true,
							       ms("2026-11-24"), STR("rule 1") };
	*ARRAY_PUSH(a, &d.patches) = (struct directive_patch){ .patch = STR("kb:5000001"), .reason = STR("ann") };
	*ARRAY_PUSH(a, &d.withdrawn) = STR("kb:5000000");
	*ARRAY_PUSH(a, &d.holds) = (struct directive_hold){ STR("7"), STR("ward 3"), STR("手術"), 0 };
	*ARRAY_PUSH(a, &d.leases) = (struct directive_lease){ STR("p/w/2026-12-29/h-1"), ms("2026-12-29T16:00:00Z") };
	*ARRAY_PUSH(a, &d.stop_services) = STR("app");
	*ARRAY_PUSH(a, &d.start_services) = STR("db");
	return d;
}

static void
write_directive(const struct directive *d, struct buf *out)
{
	struct json_writer w = { .out = out };

	directive_write(d, &w);
}

static void
everything_arrives(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO first = { 0 };
	BUF_AUTO second = { 0 };
	struct directive d = example(&a), r;

	write_directive(&d, &first);
	assert_ok(directive_parse(&a, buf_str(&first), &r, &unit_err));
	write_directive(&r, &second);
	assert_str(buf_str(&second), buf_cstr(&first));
	assert_str(r.host, "h-1");
	assert_int_equal(r.serial, 42);
	assert_int_equal(r.expires, d.expires);
	assert_str(r.policy.install.windows.items[0].days, "休診日");
	assert_int_equal(zone_offset(&r.zones[0], ms("2027-01-02")), 7200);
	assert_int_equal(r.lists.lists.items[0].days.items[1], time_days(2027, 1, 3));
	assert_true(r.patches.items[0].emergency && r.patches.items[0].emergency_by == ms("2026-11-24"));
	assert_int_equal(r.patches.items[1].since, 0);
	assert_str(r.withdrawn.items[0], "kb:5000000");
	assert_str(r.holds.items[0].why, "手術");
	assert_int_equal(r.holds.items[0].until, 0);
	assert_true(r.lease_needed && r.reboot_consented && r.leases.count == 1);
	assert_int_equal(r.install_estimate, 600000);
	assert_str(r.stop_services.items[0], "app");
	assert_str(r.start_services.items[0], "db");
}

/* One word of a good directive is exchanged for a wrong one. */
static void
wrong_ones_are_refused(void **state)
{
	static const struct {
		const char *good, *bad;
	} cases[] = {
		{ "\"host\":\"h-1\"", "\"host\":\"\"" },
		{ "\"serial\":42", "\"serial\":-1" },
		{ "\"expires\":\"2026-12-06T01:00:00Z\"", "\"expires\":null" },
		{ "\"issued\":\"2026", "\"issued\":\"x2026" },
		{ "\"policy\":{\"policy\"", "\"policy\":{\"polcy\"" },
		{ "\"policy\":{", "\"policyx\":{" },
		{ "[1798761600000,7200]", "[1798761600000,720000]" },
		{ "\"2026-12-29\"", "\"2026-12-39\"" },
		{ "\"2027-01-03\"]", "\"2026-01-03\"]" },
		{ "\"patch\":\"kb:5000001\"", "\"patch\":7" },
		{ "\"until\":\"2026-12-29T16:00:00Z\"", "\"until\":null" },
		{ "[\"kb:5000000\"]", "[5000000]" },
		{ "\"start_services\":[\"db\"]}", "\"start_services\":[\"db\"]" },
	};
	ARENA_AUTO a = { 0 };
	BUF_AUTO good = { 0 };
	struct directive d = example(&a);

	write_directive(&d, &good);
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO bad = { 0 };
		struct directive r = { .serial = 4711 };
		struct err e = { 0 };
		ptrdiff_t at = str_find(buf_str(&good), str_of(cases[i].good));
		if (at < 0)
			fail_msg("%s is not in %s", cases[i].good, buf_cstr(&good));
		buf_add(&bad, str_head(buf_str(&good), (size_t)at));
		buf_add(&bad, str_of(cases[i].bad));
		buf_add(&bad, str_skip(buf_str(&good), (size_t)at + strlen(cases[i].good)));
		if (directive_parse(&a, buf_str(&bad), &r, &e))
			fail_msg("taken: %s", cases[i].bad);
		assert_int_equal(r.serial, 4711);
		assert_non_null(strstr(e.text, "directive"));
	}
}

static void
lists_are_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct directive d = example(&a), r;
	struct err e = { 0 };

	for (int i = 0; i < 300; i++)
		*ARRAY_PUSH(&a, &d.holds) = (struct directive_hold){ .id = STR("x") };
	write_directive(&d, &text);
	assert_false(directive_parse(&a, buf_str(&text), &r, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives),
		cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(lists_are_capped),
	};

	return cmocka_run_group_tests_name("plan/directive", tests, NULL, NULL);
}
