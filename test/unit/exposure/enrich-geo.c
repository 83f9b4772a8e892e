/* Places of addresses, from a MaxMind DB made here by its specification (version 2.0): one network of one country. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "exposure/enrich-geo.h"
#include "exposure/import-map.h"
#include "os/file.h"

#include <stdlib.h>
#include <unistd.h>

/* Field types of the data section. */
enum { TEXT = 2, NUMBER16 = 5, NUMBER32 = 6, MAP = 7 };

static void
control(struct buf *b, unsigned type, size_t size)
{
	buf_add_char(b, (char)(type << 5 | (unsigned)size));
}

static void
text(struct buf *b, const char *s)
{
	control(b, TEXT, strlen(s));
	buf_add(b, str_of(s));
}

static void
number(struct buf *b, const char *key, unsigned type, uint32_t n)
{
	text(b, key);
	control(b, type, type == NUMBER16 ? 2 : 4);
	for (int shift = type == NUMBER16 ? 8 : 24; shift >= 0; shift -= 8)
		buf_add_char(b, (char)(n >> shift));
}

/* 192.0.2.0/24 is in JP and of AS64501; nothing else is known. */
static void
make(struct buf *b)
{
	static const unsigned char net[3] = { 192, 0, 2 };
	enum { NODES = 24 };
	for (unsigned i = 0; i < NODES; i++) {
		unsigned bit = net[i / 8] >> (7 - i % 8) & 1;
		uint32_t next = i + 1 == NODES ? NODES + 16 : i + 1;
		for (unsigned side = 0; side < 2; side++) {
			uint32_t to = side == bit ? next : NODES;
			for (int shift = 16; shift >= 0; shift -= 8)
				buf_add_char(b, (char)(to >> shift));
		}
	}
	for (int i = 0; i < 16; i++)
		buf_add_char(b, 0);
	control(b, MAP, 2);
	text(b, "country_code");
	text(b, "JP");
	text(b, "autonomous_system_number");
	control(b, NUMBER32, 4);
	buf_add(b, str_sub("\0\0\xfb\xf5", 4));
	buf_add(b, STR("\xab\xcd\xefMaxMind.com"));
	control(b, MAP, 9);
	number(b, "binary_format_major_version", NUMBER16, 2);
	number(b, "binary_format_minor_version", NUMBER16, 0);
	number(b, "ip_version", NUMBER16, 4);
	number(b, "node_count", NUMBER32, NODES);
	number(b, "record_size", NUMBER16, 24);
	text(b, "database_type");
	text(b, "test");
	/* Types past 7 stand in a byte of their own: an array, a number of 64 bits. */
	text(b, "languages");
	buf_add(b, str_sub("\0\4", 2));
	text(b, "build_epoch");
	buf_add(b, str_sub("\10\2\0\0\0\0\0\0\0\1", 10));
	text(b, "description");
	control(b, MAP, 0);
}

static void
ask(const struct geo *g, const char *ip, const char *country, const char *asn)
{
	struct arena a = { 0 };
	unsigned char address[16];
	struct str found = STR_NONE, network = STR_NONE;
	assert_true(import_address(str_of(ip), address));
	geo_find(g, address, &a, &found, &network);
	assert_true(str_eq(found, str_of(country)));
	assert_true(str_eq(network, str_of(asn)));
	arena_free(&a);
}

static void
test_places(void **state)
{
	char folder[] = "/tmp/mamori-geo.XXXXXX";
	struct arena a = { 0 };
	struct geo *g;
	struct err e = { 0 };
	BUF_AUTO bytes = { 0 };
	assert_non_null(mkdtemp(folder));
	assert_true(geo_open(folder, &g, &e));
	assert_null(g); /* no file, nothing inferred */
	make(&bytes);
	const char *path = path_join(&a, folder, "test.mmdb");
	assert_true(file_write(path, buf_str(&bytes), 0644, &e));
	assert_true(geo_open(folder, &g, &e));
	assert_non_null(g);
	ask(g, "192.0.2.77", "JP", "AS64501");
	ask(g, "192.0.3.1", "", "");
	ask(g, "2001:db8::1", "", ""); /* a file of IPv4 only */
	geo_close(g);
	assert_true(file_write(path, STR("not a database"), 0644, &e));
	assert_false(geo_open(folder, &g, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_true(dir_remove_all(folder, &e));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
