/* Facts: the canonical form of every thing, what is refused, caps and hostile text. */
#include "surface/fact.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
kinds(void **state)
{
	(void)state;
	for (int k = 0; k < FACT_KINDS; k++) {
		enum fact_kind back = FACT_KINDS;
		assert_non_null(fact_kind_name((enum fact_kind)k));
		assert_true(fact_kind_parse(str_of(fact_kind_name((enum fact_kind)k)), &back));
		assert_int_equal(back, k);
	}
	enum fact_kind kept = FACT_TAG;
	assert_false(fact_kind_parse(STR("Alias"), &kept));
	assert_false(fact_kind_parse(STR_NONE, &kept));
	assert_int_equal(kept, FACT_TAG);
	assert_string_equal(fact_kind_name(FACT_REGISTRANT_JA), "registrant-ja");
	for (int t = THING_DOMAIN; t <= THING_SERVICE; t++) {
		enum thing back = THING_NONE;
		assert_true(thing_parse(str_of(thing_name((enum thing)t)), &back));
		assert_int_equal(back, t);
	}
	enum thing none = THING_AS;
	assert_false(thing_parse(STR("none"), &none));
	assert_string_equal(thing_name(THING_NAME), "host");
}

static const struct {
	enum thing is;
	const char *told, *want; /* NULL: none of that kind */
} forms[] = {
	{ THING_DOMAIN, "WWW.Example.CO.JP.", "example.co.jp" },
	{ THING_DOMAIN, "co.jp", NULL },
	{ THING_DOMAIN, "jp", NULL },
	{ THING_NAME, "WWW.日本語.jp", "www.xn--wgv71a119e.jp" },
	{ THING_NAME, "co.jp", "co.jp" },
	{ THING_NAME, "192.0.2.1", NULL },
	{ THING_NAME, "a b.jp", NULL },
	{ THING_ADDRESS, "192.0.2.1", "192.0.2.1" },
	{ THING_ADDRESS, " 2001:DB8:0:0::1 ", "2001:db8::1" },
	{ THING_ADDRESS, "::ffff:192.0.2.1", "192.0.2.1" },
	{ THING_ADDRESS, "192.0.2.256", NULL },
	{ THING_ADDRESS, "192.0.2.1/32", NULL },
	{ THING_ADDRESS, "192.0.2", NULL },
	{ THING_ADDRESS, "fe80::1%eth0", NULL },
	{ THING_ADDRESS, "example.jp", NULL },
	{ THING_ADDRESS, "", NULL },
	{ THING_NETWORK, "192.0.2.77/24", "192.0.2.0/24" },
	{ THING_NETWORK, "192.0.2.1/32", "192.0.2.1/32" },
	{ THING_NETWORK, "192.0.2.255/31", "192.0.2.254/31" },
	{ THING_NETWORK, "0.0.0.0/0", "0.0.0.0/0" },
	{ THING_NETWORK, "2001:DB8:ffff::/33", "2001:db8:8000::/33" },
	{ THING_NETWORK, "192.0.2.0 - 192.0.2.255", "192.0.2.0/24" },
	{ THING_NETWORK, "192.0.2.8 - 192.0.2.8", "192.0.2.8/32" },
	{ THING_NETWORK, "2001:db8:: - 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32" },
	{ THING_NETWORK, "192.0.2.0 - 192.0.2.191", NULL },
	{ THING_NETWORK, "192.0.2.1 - 192.0.2.255", NULL },
	{ THING_NETWORK, "192.0.2.255 - 192.0.2.0", NULL },
	{ THING_NETWORK, "192.0.2.0 - 2001:db8::", NULL },
	{ THING_NETWORK, "192.0.2.0/33", NULL },
	{ THING_NETWORK, "192.0.2.0/", NULL },
	{ THING_NETWORK, "192.0.2.0/-1", NULL },
	{ THING_NETWORK, "192.0.2.0", NULL },
	{ THING_NETWORK, "2001:db8::/129", NULL },
	{ THING_AS, "AS64500", "AS64500" },
	{ THING_AS, "as 64500", "AS64500" },
	{ THING_AS, "0064500", "AS64500" },
	{ THING_AS, "4294967295", "AS4294967295" },
	{ THING_AS, "4294967296", NULL },
	{ THING_AS, "AS", NULL },
	{ THING_AS, "AS-1", NULL },
	{ THING_AS, "AS64500x", NULL },
	{ THING_ORGANISATION, " 医療法人　さくら会\n", "医療法人　さくら会" },
	{ THING_ORGANISATION, "a\tb\x1b[2Jc", "a b [2Jc" },
	{ THING_ORGANISATION, " \r\n", NULL },
	{ THING_CERTIFICATE, "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
	  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" },
	{ THING_CERTIFICATE,
	  "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
	  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" },
	{ THING_CERTIFICATE, "00:0A:1B@C=US, O=Example CA", "a1b@C=US, O=Example CA" },
	{ THING_CERTIFICATE, "a1b@ C=US, O=Example CA", "a1b@C=US, O=Example CA" },
	{ THING_CERTIFICATE, "00@CA", "0@CA" },
	{ THING_CERTIFICATE, "0011", NULL },
	{ THING_CERTIFICATE, "xyz@CA", NULL },
	{ THING_CERTIFICATE, "1f@", NULL },
	{ THING_CERTIFICATE, "@CA", NULL },
	{ THING_SERVICE, "192.0.2.1 443/TCP", "192.0.2.1 443/tcp" },
	{ THING_SERVICE, "2001:DB8::0:1 53/udp", "2001:db8::1 53/udp" },
	{ THING_SERVICE, "192.0.2.1 0/tcp", NULL },
	{ THING_SERVICE, "192.0.2.1 65536/tcp", NULL },
	{ THING_SERVICE, "192.0.2.1 443", NULL },
	{ THING_SERVICE, "192.0.2.1 443/", NULL },
	{ THING_SERVICE, "192.0.2.1 443/t<b>", NULL },
	{ THING_SERVICE, "192.0.2.1 443/tcp x", NULL },
	{ THING_SERVICE, "www.example.jp 443/tcp", NULL },
	{ THING_NONE, "anything", NULL },
};

static void
canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		ARENA_AUTO a = { 0 };
		struct str got = thing_canonical(&a, forms[i].is, str_of(forms[i].told));
		if (forms[i].want ? !str_eq(got, str_of(forms[i].want)) : got.ptr != NULL)
			fail_msg("%s \"%s\" became \"%.*s\"", thing_name(forms[i].is), forms[i].told, STR_ARG(got));
		/* The canonical form is its own. */
		if (got.ptr)
			assert_true(str_eq(thing_canonical(&a, forms[i].is, got), got));
	}
}

static void
collecting(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	char told[] = "WWW.Example.jp";
	(void)state;
	struct fact *one = fact_add(&f, FACT_ADDRESS, THING_NAME, str_of(told));
	assert_non_null(one);
	memset(told, 'x', sizeof(told) - 1);
	assert_true(fact_object(&f, THING_ADDRESS, STR("192.0.2.1")));
	fact_text(&f, STR(" two\nlines "));
	fact_evidence(&f, STR("www.example.jp. 300 IN A 192.0.2.1"));
	assert_int_equal(f.count, 1);
	assert_true(str_eq(f.items[0].subject, STR("www.example.jp")));
	assert_int_equal(f.items[0].object_is, THING_ADDRESS);
	assert_true(str_eq(f.items[0].object, STR("192.0.2.1")));
	assert_true(str_eq(f.items[0].text, STR("two lines")));
	assert_true(str_eq(f.items[0].evidence, STR("www.example.jp. 300 IN A 192.0.2.1")));
	/* No subject: nothing is added. */
	assert_null(fact_add(&f, FACT_ADDRESS, THING_NAME, STR("not a name")));
	assert_int_equal(f.count, 1);
	assert_int_equal(f.bad, 1);
	/* No object: what was begun is taken back, and the one before stays as it was. */
	assert_non_null(fact_add(&f, FACT_ALIAS, THING_NAME, STR("a.example.jp")));
	assert_false(fact_object(&f, THING_NAME, STR("<b>")));
	assert_int_equal(f.count, 1);
	assert_int_equal(f.bad, 2);
	assert_true(str_eq(f.items[0].object, STR("192.0.2.1")));
	/* Without any fact these do nothing. */
	struct facts none = { .arena = &a };
	fact_text(&none, STR("x"));
	fact_evidence(&none, STR("x"));
	assert_false(fact_object(&none, THING_NAME, STR("a.jp")));
	assert_int_equal(none.count, 0);
}

static void
caps(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO long_text = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	for (size_t i = 0; i < 1000; i++)
		buf_add(&long_text, STR("漢"));
	assert_non_null(fact_add(&f, FACT_TAG, THING_ADDRESS, STR("192.0.2.1")));
	fact_text(&f, buf_str(&long_text));
	fact_evidence(&f, buf_str(&long_text));
	assert_true(f.items[0].text.len <= FACT_TEXT_MAX && str_is_utf8(f.items[0].text));
	assert_true(f.items[0].evidence.len <= FACT_EVIDENCE_MAX && str_is_utf8(f.items[0].evidence));
	fact_text(&f, STR("\xff\xfe\x1b]0;x\x07\xe2\x80\xae"));
	assert_true(str_eq(f.items[0].text, STR("?? ]0;x")));
	f.count = FACTS_OF_ANSWER_MAX;
	assert_null(fact_add(&f, FACT_TAG, THING_ADDRESS, STR("192.0.2.2")));
	assert_int_equal(f.cut, 1);
	assert_int_equal(f.count, FACTS_OF_ANSWER_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(canonical),
		cmocka_unit_test(collecting),
		cmocka_unit_test(caps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
