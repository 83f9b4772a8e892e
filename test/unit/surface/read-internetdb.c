/* InternetDB's answers as facts. */
#include "surface/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"
#include "base/json.h"
#include "facts.h"

static void
one_port(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_internetdb(
		&f, STR("address 192.0.2.1"),
		STR("{\"ip\":\"192.0.2.1\",\"ports\":[443],\"cpes\":[\"cpe:/a:fortinet:fortios\"],\"hostnames\":"
		    "[\"VPN.example.jp\"],\"tags\":[\"vpn\",\"self-signed\"],\"vulns\":[\"CVE-2023-27997\"]}"));
	SAYS(&f, FACT_SERVICE, "192.0.2.1 443/tcp", "192.0.2.1", "");
	SAYS(&f, FACT_SERVICE_CPE, "192.0.2.1 443/tcp", "", "cpe:/a:fortinet:fortios");
	SAYS(&f, FACT_SERVICE_VULNERABILITY, "192.0.2.1 443/tcp", "", "CVE-2023-27997");
	SAYS(&f, FACT_NAME_SEEN, "vpn.example.jp", "192.0.2.1", "");
	SAYS(&f, FACT_TAG, "192.0.2.1", "", "self-signed");
	assert_int_equal(f.count, 6);
}

/* Whose the vulnerability is, is not said: it is the address's. */
static void
several_ports(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_internetdb(
		&f, STR("address 2001:db8::1"),
		STR("{\"ip\":\"2001:DB8::1\",\"ports\":[22,443],\"cpes\":[],\"hostnames\":[],\"tags\":[],\"vulns\":["
		    "\"CVE-2024-6387\"]}"));
	SAYS(&f, FACT_SERVICE, "2001:db8::1 22/tcp", "2001:db8::1", "");
	SAYS(&f, FACT_TAG, "2001:db8::1", "", "CVE-2024-6387");
	SAYS_NOT(&f, FACT_SERVICE_VULNERABILITY);
}

static void
hostile(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"detail\":\"No information available\"}",
		"{\"ip\":7}",
		"{\"ip\":\"192.0.2.999\"}",
		"{\"ip\":\"192.0.2.2\",\"ports\":[1]}", /* another address */
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_internetdb(&f, STR("address 192.0.2.1"), str_of(bad[i]));
		assert_true(f.count == 0 && f.bad == 1);
	}
	ARENA_AUTO a = { 0 };
	BUF_AUTO deep = { 0 };
	struct facts f = { .arena = &a };
	read_internetdb(&f, STR("address 192.0.2.1"),
			STR("{\"ip\":\"192.0.2.1\",\"ports\":[0,-1,65536,99999999999999999999999,1e400,\"80\",null,"
			    "8080],\"cpes\":"
			    "[{},[],7,\"\\u001b[31m\"],\"hostnames\":[\"\",\"x "
			    "y\",\"\\u202e.jp\",{}],\"tags\":{},\"vulns\":7}"));
	assert_int_equal(count_of(&f, FACT_SERVICE), 1);
	assert_int_equal(count_of(&f, FACT_NAME_SEEN), 0);
	assert_true(facts_are_sound(&f));
	for (int i = 0; i < 1000000; i++)
		buf_add(&deep, STR("{\"ip\":"));
	f = (struct facts){ .arena = &a };
	read_internetdb(&f, STR("address 192.0.2.1"), buf_str(&deep));
	assert_true(f.count == 0 && f.bad == 1);
}

static void
real_answer(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO file = { 0 };
	BUF_AUTO body = { 0 };
	struct facts f = { .arena = &a };
	struct json *tree = NULL;
	(void)state;
	if (!known_read("shodan-openapi/examples/shodan-internetdb-host-example.json", &file)) {
		print_message("# SKIP real_answer: ../shared/data/shodan-openapi is not here\n");
		skip();
	}
	assert_true(json_parse(&a, buf_str(&file), NULL, &tree, NULL));
	struct json_writer w = { .out = &body };
	json_tree(&w, json_get(json_get(tree, "response"), "body"));
	read_internetdb(&f, STR("address 1.1.1.1"), buf_str(&body));
	assert_int_equal(count_of(&f, FACT_SERVICE), 3);
	SAYS(&f, FACT_NAME_SEEN, "one.one.one.one", "1.1.1.1", "");
	SAYS(&f, FACT_TAG, "1.1.1.1", "", "cdn");
	assert_int_equal(f.bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_port), cmocka_unit_test(several_ports),
					    cmocka_unit_test(hostile), cmocka_unit_test(real_answer) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
