#include "vuln/msrc.h"

#include "unit.h"

static void
test_kb(void **state)
{
	uint32_t n = 0;
	assert_true(msrc_kb_parse(STR("KB893803v2"), &n) && n == 893803);
	assert_true(msrc_kb_parse(STR("Q147222"), &n) && n == 147222);
	assert_true(msrc_kb_parse(STR(" 5003174 "), &n) && n == 5003174);
	assert_false(msrc_kb_parse(STR("SP7X64SP1"), &n));
	assert_false(msrc_kb_parse(STR("KB12"), &n));
	assert_false(msrc_kb_parse(STR("5003174 (OOB)"), &n));
	assert_false(msrc_kb_parse(STR("123456789"), &n));
	assert_int_equal(msrc_revision(STR("10.0.17134.1902")), 1902);
	assert_int_equal(msrc_revision(STR("10.0.17134")), 0);
	assert_int_equal(msrc_severity(STR("Important")), SEVERITY_HIGH);
}

static struct msrc_fact
fact(uint32_t kb, struct str cve, struct str supersedes)
{
	return (struct msrc_fact){ .kb = kb,
				   .product = STR("Windows  8.1 for x64-based systems "),
				   .vulnerability = cve,
				   .supersedes = supersedes,
				   .severity = SEVERITY_HIGH };
}

static void
pain_12_supersedence_is_kept_by_kb(void **state)
{
	MSRC_TABLE_AUTO t = msrc_table_new();
	BUCKET_SET_AUTO set = { 0 };
	ARENA_AUTO a = { 0 };
	struct feed_count count = { 0 };
	struct feed_sink sink = { .feed = "msrc", .set = &set, .count = &count };
	struct err e = { 0 };
	struct bulletin b = { 0 };
	struct bucket_row row;
	uint64_t cyclic = 9;
	size_t at = 0;
	bool bad = false;
	struct msrc_fact first = fact(5000002, STR("CVE-2030-0001"), STR("5000001;5000002;SP1"));
	assert_int_equal(msrc_add(t, &first), MSRC_NEW);
	assert_int_equal(msrc_add(t, &first), MSRC_KNOWN);
	first.severity = SEVERITY_CRITICAL;
	assert_int_equal(msrc_add(t, &first), MSRC_NEW);
	struct msrc_fact pack = fact(5000002, STR("SP81X64"), STR(""));
	assert_int_equal(msrc_add(t, &pack), MSRC_NEW);
	assert_true(msrc_flush(t, &sink, STR("x"), STR("2030-Jan/"), &cyclic, &e));
	assert_int_equal(cyclic, 0);
	assert_int_equal(set.count, 1);
	assert_true(bucket_row_next(buf_str(&set.items[0]->payload), &at, &row, &bad));
	assert_true(str_eq(row.key, STR("2030-Jan/5000002")));
	assert_true(bulletin_decode(row.body, &a, &b));
	assert_int_equal(b.kb, 5000002);
	assert_int_equal(b.supersedes.count, 1);
	assert_int_equal(b.supersedes.items[0], 5000001);
	assert_true(str_eq(b.products.items[0], STR("Windows 8.1 for x64-based systems")));
	assert_int_equal(b.rows.count, 2);
	assert_int_equal(b.rows.items[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(b.rows.items[1].vulnerability, UINT32_MAX);
	assert_false(bucket_row_next(buf_str(&set.items[0]->payload), &at, &row, &bad));
	for (size_t n = 0; n < row.body.len; n++)
		assert_false(bulletin_decode(str_head(row.body, n), &a, &b));
	buf_free(&sink.body);
}

static void
test_groups(void **state)
{
	/* 0 → 1 → 2 → 0, 2 → 3, 4 alone */
	static const uint32_t first[] = { 0, 1, 2, 4, 4, 4 }, targets[] = { 1, 2, 0, 3 };
	uint32_t group[5];
	assert_int_equal(graph_groups(5, first, targets, group), 3);
	assert_int_equal(group[0], group[1]);
	assert_int_equal(group[1], group[2]);
	assert_int_not_equal(group[3], group[0]);
	assert_int_not_equal(group[4], group[3]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kb),
		cmocka_unit_test(pain_12_supersedence_is_kept_by_kb),
		cmocka_unit_test(test_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
