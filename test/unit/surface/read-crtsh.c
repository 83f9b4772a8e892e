/* crt.sh's JSON as facts. */
#include "surface/read.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

#define ENTRY(serial, names, common) \
	"{\"issuer_ca_id\":295810,\"issuer_name\":\"C=US, O=Let's Encrypt, CN=R10\",\"common_name\":\"" common \
	"\",\"name_value\":\"" names "\",\"id\":14236581122,\"entry_timestamp\":\"2026-07-31T22:51:28.421\"," \
	"\"not_before\":\"2026-07-31T21:52:58\",\"not_after\":\"2026-10-29T21:52:57\",\"serial_number\":\"" serial \
	"\",\"result_count\":2}"

static void
says(const char *body, const char *what, struct arena *a, struct facts *f)
{
	*f = (struct facts){ .arena = a };
	read_crtsh(f, str_of(what), str_of(body));
	assert_true(facts_are_sound(f));
}

static void
an_array(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	static const char key[] = "4d2f@C=US, O=Let's Encrypt, CN=R10";
	(void)state;
	/* A certificate and its precertificate: told once. */
	says("[" ENTRY("004D2F", "*.example.jp\\nwww.example.jp\\nadmin@example.jp",
		       "example.jp") "," ENTRY("004d2f", "www.example.jp\\n*.example.jp", "example.jp") "]",
	     "domain example.jp", &a, &f);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 2);
	SAYS(&f, FACT_CERTIFICATE_NAME, key, "example.jp", "wildcard");
	SAYS(&f, FACT_CERTIFICATE_NAME, key, "www.example.jp", "");
	assert_int_equal(fact_of(&f, FACT_CERTIFICATE_NAME, key, "www.example.jp", NULL)->number, 2);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_ISSUER), 1);
	SAYS(&f, FACT_CERTIFICATE_ISSUER, key, "", "C=US, O=Let's Encrypt, CN=R10");
	assert_true(fact_of(&f, FACT_CERTIFICATE_UNTIL, key, "", "")->number ==
		    time_days(2026, 10, 29) * 86400000LL + ((21 * 60 + 52) * 60 + 57) * 1000LL);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_FROM), 1);
	assert_int_equal(f.bad, 0);
}

static void
one_behind_the_other(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	(void)state;
	says(ENTRY("01", "a.example.jp", "a.example.jp") "\n" ENTRY("02", "b.example.jp", "b.example.jp")
		     ENTRY("03", "only@mail.example", "Somebody"),
	     "domain example.jp", &a, &f);
	/* A mail address is no host's name, and proves nothing. */
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 2);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_ISSUER), 3);
	SAYS_NOT(&f, FACT_CERTIFICATE_ORGANISATION);
	assert_int_equal(f.bad, 0);
}

/* What matched a question for an organisation is the organisation. */
static void
organisations(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	(void)state;
	says("[" ENTRY("0a", "Example Clinic K.K.", "www.example.jp") "]", "organisation Example Clinic", &a, &f);
	SAYS(&f, FACT_CERTIFICATE_ORGANISATION, NULL, "Example Clinic K.K.", "");
	SAYS(&f, FACT_CERTIFICATE_NAME, NULL, "www.example.jp", "");
	says("[" ENTRY("0b", "Example Clinic K.K.\\nsomebody@freemail.example", "Somebody") "]",
	     "organisation Example Clinic", &a, &f);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_ORGANISATION), 1);
	SAYS_NOT(&f, FACT_CERTIFICATE_NAME);
}

static void
many_names(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO body = { 0 };
	struct facts f;
	(void)state;
	buf_add(&body, STR("[{\"issuer_name\":\"CN=CA\",\"serial_number\":\"5\",\"name_value\":\""));
	for (int i = 0; i < 80; i++)
		buf_addf(&body, "%sshop%d.example", i ? "\\n" : "", i);
	buf_add(&body, STR("\"}]"));
	says(buf_cstr(&body), "domain example", &a, &f);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 80);
	assert_int_equal(fact_of(&f, FACT_CERTIFICATE_NAME, NULL, "shop3.example", NULL)->number, 80);
}

/* A bad entry never loses the good ones; what is cut off loses only what is missing. */
static void
broken(void **state)
{
	static const struct {
		const char *body;
		size_t names, bad;
	} known[] = {
		{ "", 0, 0 },
		{ "[]", 0, 0 },
		{ "<html>502 Bad Gateway</html>", 0, 1 },
		{ "[" ENTRY("01", "a.example.jp", "x") ",7,\"x\",[[1]],null," ENTRY("02", "b.example.jp", "x") "]", 2,
		  6 },
		{ "[" ENTRY("01", "a.example.jp", "x") ",{\"issuer_na", 1, 1 },
		{ "[" ENTRY("01", "a.example.jp", "x") ",{}," ENTRY("zz", "b.example.jp", "x") "]", 1, 2 },
		{ "[" ENTRY("01", "a\\u0000b.example.jp\\n\\u001b[2J.jp\\n..\\nok.example.jp", "\\u202e") "]", 1, 0 },
		{ "[{\"issuer_name\":7,\"serial_number\":{},\"name_value\":[]}]", 0, 1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f;
		says(known[i].body, "domain example.jp", &a, &f);
		if (count_of(&f, FACT_CERTIFICATE_NAME) != known[i].names || (known[i].bad ? f.bad == 0 : f.bad != 0)) {
			facts_print(&f);
			fail_msg("entry %zu", i);
		}
	}
}

static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO deep = { 0 };
	BUF_AUTO wide = { 0 };
	struct facts f;
	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&deep, '[');
	says(buf_cstr(&deep), "domain example.jp", &a, &f);
	assert_true(f.count == 0 && f.bad > 0);
	buf_add_char(&wide, '[');
	for (int i = 0; i < 55000; i++)
		buf_addf(&wide,
			 "%s{\"issuer_name\":\"CN=CA\",\"serial_number\":\"%x\",\"not_before\":\"2026-01-01\","
			 "\"not_after\":\"2026-12-31\",\"name_value\":\"h%d.example.jp\"}",
			 i ? "," : "", i + 1, i);
	buf_add_char(&wide, ']');
	says(buf_cstr(&wide), "domain example.jp", &a, &f);
	assert_int_equal(f.count, FACTS_OF_ANSWER_MAX);
	assert_int_equal(f.cut, 55000 * 4 - FACTS_OF_ANSWER_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_array),      cmocka_unit_test(one_behind_the_other),
					    cmocka_unit_test(organisations), cmocka_unit_test(many_names),
					    cmocka_unit_test(broken),        cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
