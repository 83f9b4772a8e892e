#include "vuln/wire.h"
#include "unit.h"

static void
fields_come_back(void **state)
{
	BUF_AUTO b = { 0 };
	wire_put_u8(&b, 0xfe);
	wire_put_u16(&b, 0x1234);
	wire_put_u32(&b, 0xdeadbeef);
	wire_put_u64(&b, UINT64_C(0x0123456789abcdef));
	wire_put_str(&b, STR("text"));
	struct wire w = { .rest = buf_str(&b) };
	assert_int_equal(wire_u8(&w), 0xfe);
	assert_int_equal(wire_u16(&w), 0x1234);
	assert_int_equal(wire_u32(&w), 0xdeadbeef);
	assert_true(wire_u64(&w) == UINT64_C(0x0123456789abcdef));
	assert_str(wire_str(&w), "text");
	assert_int_equal(w.rest.len, 0);
	assert_false(w.bad);
}

static void
past_the_end_is_bad_and_stays_bad(void **state)
{
	struct wire w = { .rest = STR("\xff\xff\xff\xff"
				      "abc") };
	assert_str(wire_str(&w), "");
	assert_true(w.bad);
	assert_int_equal(wire_u8(&w), 0);
	struct wire c = { .rest = STR("\x05\0\0\0abcd") };
	assert_int_equal(wire_count(&c, 1), 0);
	assert_true(c.bad);
}

static void
checksum_sees_any_single_change(void **state)
{
	char bytes[100];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	uint64_t sum = wire_checksum(str_sub(bytes, sizeof(bytes)));
	for (size_t i = 0; i < sizeof(bytes) * 8; i++) {
		bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
		assert_true(wire_checksum(str_sub(bytes, sizeof(bytes))) != sum);
		bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
	}
	assert_true(wire_checksum(str_sub(bytes, 99)) != sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_come_back),
		cmocka_unit_test(past_the_end_is_bad_and_stays_bad),
		cmocka_unit_test(checksum_sees_any_single_change),
	};
	return cmocka_run_group_tests_name("vuln/wire", tests, NULL, NULL);
}
