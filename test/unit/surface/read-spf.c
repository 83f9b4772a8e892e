/* SPF records (RFC 7208). */
#include "surface/read-internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

static const struct {
	const char *record, *policy;
} policies[] = {
	{ "v=spf1 -all", "-all" },
	{ "V=SPF1 ~ALL", "~all" },
	{ "v=spf1", "?all" },
	{ "v=spf1 all", "+all" },
	{ "v=spf1 ?all -all", "?all" },
	{ "v=spf1 redirect=_spf.example.com", "redirect=_spf.example.com" },
	{ "v=spf1 redirect=_spf.example.com -all", "-all" },
	{ "v=spf1 -all redirect=_spf.example.com", "-all" },
	{ "v=spf1 redirect=a.example redirect=b.example", "syntax" },
	{ "v=spf1 ipv4:192.0.2.1 -all", "unknown mechanism" },
	{ "v=spf1 ip4:192.0.2.256 -all", "syntax" },
	{ "v=spf1 ip4:2001:db8::1 -all", "syntax" },
	{ "v=spf1 ip6:192.0.2.1 -all", "syntax" },
	{ "v=spf1 ip4:192.0.2.1-192.0.2.9 -all", "syntax" },
	{ "v=spf1 ip4: -all", "syntax" },
	{ "v=spf1 include -all", "syntax" },
	{ "v=spf1 include: -all", "syntax" },
	{ "v=spf1 a:x.example mx ptr exp=e.example unknown=%{d} -all", "-all" },
	{ "v=spf1 a mx a:1.example a:2.example a:3.example a:4.example a:5.example include:6.example include:7.example "
	  "include:8.example -all",
	  "-all" },
	{ "v=spf1 a mx a:1.example a:2.example a:3.example a:4.example a:5.example include:6.example include:7.example "
	  "include:8.example exists:9.example -all",
	  "too many lookups" },
};

static void
says_its_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(policies); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		struct str record = str_of(policies[i].record);
		read_spf(&f, STR("example.jp"), &record, 1);
		assert_int_equal(count_of(&f, FACT_SPF_POLICY), 1);
		SAYS(&f, FACT_SPF_POLICY, "example.jp", "", policies[i].policy);
		assert_true(facts_are_sound(&f));
	}
}

static void
says_who_may_send(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct str record =
		STR("v=spf1 +a mx/24 a:mail.example.jp/28//64 ip4:192.0.2.77/24 ip4:198.51.100.5 ip4:198.51.100.6/32 "
		    "ip6:2001:db8::1/32 include:_spf.provider.example ?exists:%{i}._spf.%{d2} "
		    "redirect=later.example -all ip4:203.0.113.1");
	(void)state;
	read_spf(&f, STR("example.jp"), &record, 1);
	SAYS(&f, FACT_SPF, "example.jp", "", "+a");
	SAYS(&f, FACT_SPF, "example.jp", "", "mx/24");
	SAYS(&f, FACT_SPF, "example.jp", "mail.example.jp", "a:mail.example.jp/28//64");
	SAYS(&f, FACT_SPF, "example.jp", "192.0.2.0/24", "ip4:192.0.2.77/24");
	SAYS(&f, FACT_SPF, "example.jp", "198.51.100.5", "ip4:198.51.100.5");
	SAYS(&f, FACT_SPF, "example.jp", "198.51.100.6", NULL);
	SAYS(&f, FACT_SPF, "example.jp", "2001:db8::/32", NULL);
	SAYS(&f, FACT_SPF, "example.jp", "_spf.provider.example", "include:_spf.provider.example");
	SAYS(&f, FACT_SPF, "example.jp", "", "?exists:%{i}._spf.%{d2}");
	/* What "all" makes void. */
	assert_null(fact_of(&f, FACT_SPF, NULL, "203.0.113.1", NULL));
	assert_null(fact_of(&f, FACT_SPF, NULL, "later.example", NULL));
	assert_int_equal(f.bad, 0);
}

static void
counts_records(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	const struct str two[] = { STR("v=spf1 -all"), STR("v=spf10 -all"), STR("v=spf1 a -all") };
	(void)state;
	read_spf(&f, STR("example.jp"), two, 3);
	SAYS(&f, FACT_SPF_POLICY, "example.jp", "", "two records");
	f.count = 0;
	read_spf(&f, STR("example.jp"), two + 1, 1);
	SAYS(&f, FACT_SPF_POLICY, "example.jp", "", "none");
}

static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	buf_add(&text, STR("v=spf1"));
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, " ip4:192.0.2.%d", i % 256);
	struct str record = buf_str(&text);
	read_spf(&f, STR("example.jp"), &record, 1);
	assert_true(f.count < 300);
	SAYS(&f, FACT_SPF_POLICY, "example.jp", "", "too many terms");
	record = STR("v=spf1 \xff\xfe - + : / a:/ mx:: = =x include:-.\x01 \x1b[1m -all");
	read_spf(&f, STR("example.jp"), &record, 1);
	assert_true(facts_are_sound(&f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_its_policy), cmocka_unit_test(says_who_may_send),
					    cmocka_unit_test(counts_records), cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
