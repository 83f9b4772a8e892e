/* What the readers share: ranges of addresses, serial numbers, times, services. */
#include "surface/read-internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

static const struct {
	const char *range, *networks;
} ranges[] = {
	{ "192.0.2.0 - 192.0.2.255", "192.0.2.0/24" },
	{ "192.0.2.0-192.0.2.95", "192.0.2.0/26 192.0.2.64/27" },
	{ "192.0.2.1 - 192.0.2.6", "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32" },
	{ "192.0.2.7", "192.0.2.7/32" },
	{ "192.0.2.77/24", "192.0.2.0/24" },
	{ "200.160/20", "200.160.0.0/20" },
	{ "10/8", "10.0.0.0/8" },
	{ "0.0.0.0 - 255.255.255.255", "0.0.0.0/0" },
	{ "255.255.255.254 - 255.255.255.255", "255.255.255.254/31" },
	{ "2001:db8:: - 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "::/0", "::/0" },
	{ "192.0.2.9 - 192.0.2.1", NULL },
	{ "192.0.2.0 - 2001:db8::", NULL },
	{ "192.0.2.0/33", NULL },
	{ "2001:db8/32", NULL },
	{ "1.2.3.4.5/8", NULL },
	{ "", NULL },
	{ "/", NULL },
	{ "-", NULL },
	{ "AS64500", NULL },
};

static void
networks_of_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		char nets[READ_NETWORKS_MAX][READ_NETWORK_TEXT];
		struct read_range r;
		BUF_AUTO all = { 0 };
		bool read = read_range(str_of(ranges[i].range), &r);
		size_t n = read ? read_range_networks(&r, nets) : 0;
		for (size_t k = 0; k < n; k++)
			buf_addf(&all, "%s%s", k ? " " : "", nets[k]);
		if (ranges[i].networks)
			assert_string_equal(buf_cstr(&all), ranges[i].networks);
		else
			assert_false(read);
	}
}

/* The widest mess: no more than so many. */
static void
ranges_are_capped(void **state)
{
	char nets[READ_NETWORKS_MAX][READ_NETWORK_TEXT];
	struct read_range r;
	(void)state;
	assert_true(read_range(STR("::1 - ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), &r));
	assert_int_equal(read_range_networks(&r, nets), READ_NETWORKS_MAX);
}

static void
small_forms(void **state)
{
	ARENA_AUTO a = { 0 };
	(void)state;
	assert_true(str_eq(read_serial_hex(&a, STR("00AbC")), STR("abc")));
	assert_true(str_eq(read_serial_hex(&a, STR("00")), STR("0")));
	assert_null(read_serial_hex(&a, STR("xyz")).ptr);
	assert_true(str_eq(read_service(&a, STR("192.0.2.1"), 443, STR_NONE), STR("192.0.2.1 443/tcp")));
	assert_true(str_eq(read_service(&a, STR("2001:db8::1"), 53, STR("UDP")), STR("2001:db8::1 53/udp")));
	assert_null(read_service(&a, STR("192.0.2.1"), 0, STR_NONE).ptr);
	assert_null(read_service(&a, STR("192.0.2.1"), 65536, STR_NONE).ptr);
	assert_int_equal(read_time(STR("1970-01-01T00:00:01.500000")), 1500);
	assert_int_equal(read_time(STR("1970-01-01T09:00:01+09:00")), 1000);
	assert_int_equal(read_time(STR("1970-01-02")), 86400000);
	assert_int_equal(read_time(STR("yesterday")), 0);
	assert_int_equal(read_time(STR_NONE), 0);
	assert_true(str_eq(read_address(&a, STR("2001:DB8:0::1")), STR("2001:db8::1")));
	assert_null(read_address(&a, STR("192.0.2.1\0")).ptr);
	assert_true(str_eq(read_first_line(STR("\r\n \n HTTP/1.1 200 OK\r\nServer: x")), STR("HTTP/1.1 200 OK")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(networks_of_ranges), cmocka_unit_test(ranges_are_capped),
					    cmocka_unit_test(small_forms) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
