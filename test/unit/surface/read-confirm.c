/* A look at a host of ours as facts. */
#include "surface/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

static void
what_a_look_tells(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_confirm(&f, STR("www.example.jp 192.0.2.1 443"),
		     STR("{\"host\":\"www.example.jp\",\"address\":\"192.0.2.1\",\"port\":443,\"protocol\":\"TLSv1.2\","
			 "\"cipher\":\"x\",\"chain\":[\"bm8=\"],\"status\":200,\"headers\":[\"HTTP/1.1 200 OK\","
			 "\"Server: Apache/2.4.6 (CentOS)\",\"x-powered-by: PHP/5.4.16\",\"Set-Cookie: a=b\"],"
			 "\"body\":\"<html><title>Sign in &amp; go</title><title>no</title>\"}"));
	SAYS(&f, FACT_SERVICE, "192.0.2.1 443/tcp", "192.0.2.1", "https");
	SAYS(&f, FACT_NAME_SEEN, "www.example.jp", "192.0.2.1", "");
	SAYS(&f, FACT_SERVICE_PRODUCT, "192.0.2.1 443/tcp", "", "Apache\t2.4.6");
	SAYS(&f, FACT_SERVICE_PRODUCT, "192.0.2.1 443/tcp", "", "PHP\t5.4.16");
	SAYS(&f, FACT_SERVICE_BANNER, "192.0.2.1 443/tcp", "", "HTTP/1.1 200 OK");
	SAYS(&f, FACT_SERVICE_TITLE, "192.0.2.1 443/tcp", "", "Sign in & go");
	assert_int_equal(f.bad, 1); /* “no” is no certificate */
	assert_true(facts_are_sound(&f));
}

/* An answer is about what was asked, whatever it says. */
static void
what_is_of_another_address_counts_for_nothing(void **state)
{
	static const char *const bodies[] = {
		"{\"address\":\"192.0.2.2\",\"port\":443}",
		"{\"address\":\"192.0.2.1\",\"port\":99999}",
		"{\"port\":443}",
		"[]",
		"",
		"{",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_confirm(&f, STR("www.example.jp 192.0.2.1 443"), str_of(bodies[i]));
		assert_int_equal(f.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_look_tells),
		cmocka_unit_test(what_is_of_another_address_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
