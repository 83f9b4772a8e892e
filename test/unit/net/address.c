#include "net/address.h"

#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

static void
parses_host_and_port(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} rows[] = {
		{ "127.0.0.1:8443", "127.0.0.1", "8443" },
		{ "[::1]:0", "::1", "0" },
		{ "mamori.example:65535", "mamori.example", "65535" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address a;
		struct err e;
		assert_true(address_parse(str_of(rows[i].text), &a, &e));
		assert_string_equal(a.host, rows[i].host);
		assert_string_equal(a.port, rows[i].port);
	}
}

static void
refuses_the_rest(void **state)
{
	static const char *const texts[] = {
		"",          ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",          "::1:8443",
		"[::1]8443", "[]:1",  "a b:1",     "a]:1",       "h:000001",        "h:99999999999999999999"
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address a;
		struct err e = { 0 };
		assert_false(address_parse(str_of(texts[i]), &a, &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
}

static void
loopback_is_known(void **state)
{
	assert_true(address_is_loopback("127.0.0.1:1"));
	assert_true(address_is_loopback("127.9.0.1:1"));
	assert_true(address_is_loopback("[::1]:1"));
	assert_false(address_is_loopback("0.0.0.0:1"));
	assert_false(address_is_loopback("127.example:1"));
	assert_false(address_is_loopback("[::]:1"));
}

static void
taken_port_is_a_conflict(void **state)
{
	FD_AUTO first = -1;
	int second = -1;
	unsigned port = 0, again = 0;
	char text[32];
	struct err e = { 0 };
	assert_true(address_listen("127.0.0.1:0", &first, &port, &e));
	assert_true(port > 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	assert_false(address_listen(text, &second, &again, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.text, text));
	assert_false(address_listen("192.0.2.1:1", &second, &again, &e));
	assert_int_equal(e.code, ERR_USAGE);
}

static void
unix_socket_is_private_and_replaces_a_leftover(void **state)
{
	struct err e = { 0 };
	char dir[] = "/tmp/mamori-addr-XXXXXX", path[64], file[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(file, sizeof(file), "%s/f", dir);
	int fd = -1, second = -1;
	struct stat st;
	assert_true(address_listen_unix(path, &fd, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(address_listen_unix(path, &second, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	close(fd); /* as after a crash: the file stays */
	assert_true(address_listen_unix(path, &fd, &e));
	close(fd);
	assert_true(file_write(file, STR("precious"), 0600, &e));
	assert_false(address_listen_unix(file, &second, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_true(file_exists(file));
	assert_true(dir_remove_all(dir, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_host_and_port),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(loopback_is_known),
		cmocka_unit_test(taken_port_is_a_conflict),
		cmocka_unit_test(unix_socket_is_private_and_replaces_a_leftover),
	};
	return cmocka_run_group_tests_name("net/address", tests, NULL, NULL);
}
