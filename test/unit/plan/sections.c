#include "plan/inventory.h"

#include "../os/unit.h"

static struct str
written(const struct inventory *inv, void (*write)(const struct inventory *, struct json_writer *), struct arena *a)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };

	write(inv, &w);
	return arena_str(a, buf_str(&out));
}

static void
packages_come_back(void **state)
{
	ARENA_AUTO a = { 0 };
	struct inventory inv = { .packages = { .manager = "dpkg", .bad = 2 } };
	struct package_list back;

	*ARRAY_PUSH(&a, &inv.packages) =
		(struct package){ STR("acl"), STR("1"), STR("amd64"), STR("acl"), STR("1"), false };
	*ARRAY_PUSH(&a, &inv.packages) =
		(struct package){ STR("libc6"), STR("2.36-9+b1"), STR("amd64"), STR("glibc"), STR("2.36-9"), false };
	struct str text = written(&inv, inventory_write_packages, &a);
	assert_str(text, "{\"manager\":\"dpkg\",\"bad\":2,\"packages\":[[\"acl\",\"1\",\"amd64\",\"\",\"\"],"
			 "[\"libc6\",\"2.36-9+b1\",\"amd64\",\"glibc\",\"2.36-9\"]]}");
	assert_ok(inventory_parse_packages(&a, text, &back, &unit_err));
	assert_int_equal(back.count, 2);
	assert_int_equal(back.bad, 2);
	assert_str(back.items[0].source, "acl");
	assert_str(back.items[0].source_version, "1");
	assert_str(back.items[1].source_version, "2.36-9");
}

static void
the_system_comes_back(void **state)
{
	ARENA_AUTO a = { 0 };
	struct inventory inv = { .os = { .id = STR("debian"), .version = STR("12") }, .hostname = STR("h\"<b>") }, back;
	struct str address = STR("192.0.2.7");

	*ARRAY_PUSH(&a, &inv.kernels) = (struct kernel_package){ STR("linux-image-6.1.0-37-amd64"), STR("6.1.140-1"),
								 STR("6.1.0-37-amd64"), true };
	inv.running_kernel = STR("6.1.0-37-amd64");
	*ARRAY_PUSH(&a, &inv.hardware.disks) = (struct disk){ STR("sda"), STR("Disk"), STR("S1"), 1000204886016 };
	*ARRAY_PUSH(&a, &inv.hardware.interfaces) =
		(struct interface){ STR("eth0"), STR("02:00:00:00:00:01"), &address, 1 };
	inv.hardware.last_user = STR("nurse");
	inv.hardware.last_login = 1700000000000;
	*ARRAY_PUSH(&a, &inv.reboot_signals) = STR("reboot-required");
	*ARRAY_PUSH(&a, &inv.settings.items) =
		(struct setting){ STR("lockout"), SETTING_NOT_APPLICABLE, STR("no PAM") };
	inv.backup = (struct backup_seen){ true, 1700000000000, STR("the last run of x.service failed") };
	assert_ok(inventory_parse_system(&a, written(&inv, inventory_write_system, &a), &back, &unit_err));
	assert_str(back.os.id, "debian");
	assert_str(back.hostname, "h\"<b>");
	assert_true(back.kernels.items[0].running);
	assert_true(back.hardware.disks.items[0].size == 1000204886016);
	assert_str(back.hardware.interfaces.items[0].addresses[0], "192.0.2.7");
	assert_str(back.hardware.last_user, "nurse");
	assert_true(back.hardware.last_login == 1700000000000);
	assert_str(back.reboot_signals.items[0], "reboot-required");
	assert_int_equal(back.settings.items.count, 1);
	assert_int_equal(back.settings.items.items[0].state, SETTING_NOT_APPLICABLE);
	assert_str(back.settings.items.items[0].why, "no PAM");
	assert_true(back.backup.asked && back.backup.at == 1700000000000);
	assert_str(back.backup.why, "the last run of x.service failed");
}

static void
unknown_keys_are_left_alone(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list back;
	struct inventory inv;

	assert_ok(inventory_parse_packages(&a,
					   STR("{\"new\":{\"a\":[1,{}]},\"packages\":[[\"b\",\"1\",\"\",\"\",\"\","
					       "\"more\",[1]],[\"a\",\"2\",\"x\",\"\",\"\"]],\"manager\":\"apk\"}"),
					   &back, &unit_err));
	assert_int_equal(back.count, 2);
	assert_str(back.items[0].name, "a");
	assert_ok(inventory_parse_system(&a, STR("{\"os\":7,\"kernel\":[],\"x\":1,\"reboot_signals\":[1,\"a\"]}"), &inv,
					 &unit_err));
	assert_int_equal(inv.reboot_signals.count, 1);
}

static void
bad_sections_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"manager\":\"dpkg\",\"packages\":{}}",
		"{\"manager\":\"dpkg\",\"packages\":[[1,\"2\"]]}",
		"{\"manager\":\"dpkg\",\"packages\":[[\"a b\",\"2\",\"\",\"\",\"\"]]}",
		"{\"manager\":\"dpkg\",\"packages\":[[\"a\",\"2\"]",
		"{\"manager\":\"witchcraft\",\"packages\":[]}",
		"{\"packages\":[]}",
		"{\"manager\":\"dpkg\",\"packages\":[]} {}",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct package_list back = { .count = 77 };
		if (inventory_parse_packages(&a, str_of(bad[i]), &back, &unit_err))
			fail_msg("taken: %s", bad[i]);
		assert_true(unit_err.code == ERR_INPUT);
		assert_int_equal(back.count, 77);
	}
	ARENA_AUTO a = { 0 };
	struct inventory inv;
	assert_false(inventory_parse_system(&a, STR("[1]"), &inv, &unit_err));
	assert_false(inventory_parse_system(&a, STR("{\"os\":"), &inv, &unit_err));
}

static void
more_packages_than_the_cap(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct package_list back;

	buf_add(&text, STR("{\"manager\":\"dpkg\",\"packages\":[[\"a\",\"1\"]"));
	for (int i = 0; i < PACKAGES_MAX; i++)
		buf_add(&text, STR(",[\"a\",\"1\"]"));
	buf_add(&text, STR("]}"));
	assert_false(inventory_parse_packages(&a, buf_str(&text), &back, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_come_back),          cmocka_unit_test(the_system_comes_back),
		cmocka_unit_test(unknown_keys_are_left_alone), cmocka_unit_test(bad_sections_are_refused),
		cmocka_unit_test(more_packages_than_the_cap),
	};

	return cmocka_run_group_tests_name("plan/sections", tests, NULL, NULL);
}
