#include "vuln/record.h"
#include "unit.h"

static void
cve_ids(void **state)
{
	uint32_t year;
	uint64_t number;
	assert_true(cve_parse(STR("CVE-2024-3094"), &year, &number));
	assert_int_equal(year, 2024);
	assert_int_equal(number, 3094);
	assert_true(cve_parse(STR("CVE-1999-0001"), &year, &number));
	assert_int_equal(number, 1);
	assert_true(cve_parse(STR("CVE-2024-1234567"), &year, &number));
	static const char *const wrong[] = { "CVE-2024-309",
					     "CVE-2024-03094",
					     "cve-2024-3094",
					     "CVE-24-3094",
					     "CVE-2024-30x4",
					     "CVE-2024-309412345678901",
					     "" };
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(cve_parse(str_of(wrong[i]), &year, &number));
}

static void
an_advisory_comes_back_and_a_cut_one_does_not(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct record r = { .kind = RECORD_ADVISORY }, back;
	struct advisory *v = &r.advisory;
	*v = (struct advisory){
		.id = STR("DSA-1-1"), .title = STR("t"), .date = 5, .severity = SEVERITY_HIGH, .cvss = 7.5
	};
	*ARRAY_PUSH(&a, &v->vulnerabilities) = STR("CVE-2031-0001");
	struct affected *f = ARRAY_PUSH(&a, &v->affected);
	*f = (struct affected){ .os = STR("debian:12"), .name = STR("x") };
	*ARRAY_PUSH(&a, &f->ranges) = (struct affected_range){ RANGE_BEFORE, STR("1"), STR("2") };
	record_encode(&r, STR("CVE-2031-0001"), &b);
	assert_true(record_decode(STR("CVE-2031-0001"), buf_str(&b), &a, &back));
	assert_str(back.advisory.id, "DSA-1-1");
	assert_true(back.advisory.cvss > 7.49 && back.advisory.cvss < 7.51);
	assert_int_equal(back.advisory.affected.count, 1);
	assert_str(back.advisory.affected.items[0].ranges.items[0].limit, "2");
	for (size_t cut = 0; cut < b.len; cut++)
		assert_false(record_decode(STR("CVE-2031-0001"), str_head(buf_str(&b), cut), &a, &back));
}

static void
unknown_scores_stay_unknown(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct record r = { .kind = RECORD_VULNERABILITY }, back;
	r.vulnerability =
		(struct vulnerability){ .id = STR("CVE-2031-0001"), .cvss = -1, .epss = 0.91234, .kev = true };
	record_encode(&r, STR("CVE-2031-0001"), &b);
	assert_true(record_decode(STR("CVE-2031-0001"), buf_str(&b), &a, &back));
	assert_true(back.vulnerability.cvss < 0);
	assert_true(back.vulnerability.epss > 0.912339 && back.vulnerability.epss < 0.912341);
	assert_true(back.vulnerability.kev);
	assert_false(back.vulnerability.kev_ransomware);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cve_ids),
		cmocka_unit_test(an_advisory_comes_back_and_a_cut_one_does_not),
		cmocka_unit_test(unknown_scores_stay_unknown),
	};
	return cmocka_run_group_tests_name("vuln/record", tests, NULL, NULL);
}
