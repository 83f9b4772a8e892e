/* DMARC records (RFC 7489). */
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
	int percent;
} policies[] = {
	{ "v=DMARC1; p=reject; pct=50", "reject", 50 },
	{ "v = DMARC1 ; P = Quarantine", "quarantine", 100 },
	{ "v=DMARC1;p=none;pct=900", "none", 100 },
	{ "v=DMARC1; rua=mailto:a@example.com", "none", 100 },
	{ "v=DMARC1; p=rejekt; rua=mailto:a@example.com", "none", 100 },
	{ "v=DMARC1; p=rejekt", "no policy", 100 },
	{ "v=DMARC1", "no policy", 100 },
	{ "p=reject; v=DMARC1", "missing", 0 },
	{ "v=dmarc1; p=reject", "missing", 0 },
	{ "v=spf1 -all", "missing", 0 },
	{ "v=DMARC1; p=reject; p=none; sp=none", "reject", 100 },
};

static void
says_its_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(policies); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		struct str record = str_of(policies[i].record);
		read_dmarc(&f, STR("example.jp"), &record, 1);
		SAYS(&f, FACT_DMARC_POLICY, "example.jp", "", policies[i].policy);
		assert_int_equal(fact_of(&f, FACT_DMARC_POLICY, NULL, NULL, NULL)->number, policies[i].percent);
	}
}

static void
says_who_is_told(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	const struct str records[] = { STR(
		"v=DMARC1; p=none; "
		"rua=mailto:dmarc@example.jp!10m, mailto:x%40y@rua.service.example!500k,https://no.example/;"
		"ruf=mailto:f@forensic.example?subject=x") };
	(void)state;
	read_dmarc(&f, STR("example.jp"), records, 1);
	assert_int_equal(count_of(&f, FACT_DMARC_REPORT), 3);
	SAYS(&f, FACT_DMARC_REPORT, "example.jp", "example.jp", NULL);
	SAYS(&f, FACT_DMARC_REPORT, "example.jp", "service.example", NULL);
	SAYS(&f, FACT_DMARC_REPORT, "example.jp", "forensic.example", NULL);
	assert_int_equal(f.bad, 1);
}

static void
counts_records(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	const struct str records[] = { STR("v=DMARC1; p=none"), STR("v=DMARC1; p=reject; rua=mailto:a@example.com") };
	(void)state;
	read_dmarc(&f, STR("example.jp"), records, 2);
	assert_int_equal(f.count, 1);
	SAYS(&f, FACT_DMARC_POLICY, "example.jp", "", "two records");
}

static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	buf_add(&text, STR("v=DMARC1; p=none; rua="));
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "mailto:a@d%d.example,", i);
	struct str record = buf_str(&text);
	read_dmarc(&f, STR("example.jp"), &record, 1);
	assert_true(count_of(&f, FACT_DMARC_REPORT) <= 32);
	record = STR("v=DMARC1;;;=;p;rua;rua=@;rua=mailto:@;rua=mailto:a@\xff!;pct=-1");
	read_dmarc(&f, STR("example.jp"), &record, 1);
	assert_true(facts_are_sound(&f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_its_policy), cmocka_unit_test(says_who_is_told),
					    cmocka_unit_test(counts_records), cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
