/* What DICOM servers said, out of banners. */
#include "evidence/dicom-answer.h"

#include "sample.h"

static struct dicom_answer
answer(struct arena *a, struct str text)
{
	struct dicom_answer out;

	dicom_answer_read(a, text, &out);
	return out;
}

static void
test_refusals(void **state)
{
	ARENA_AUTO a = { 0 };

	assert_int_equal(answer(&a, STR("")).manner, DICOM_SILENT);
	assert_int_equal(answer(&a, STR("DICOM Server Response\n\n")).manner, DICOM_SILENT);
	/* The reply of a server that does not know the title it was called by. */
	assert_int_equal(answer(&a, STR("DICOM Server Response\n\n\x03\0\0\0\0\x04\0\x01\x01\x07")).manner,
			 DICOM_CHECKED);
	assert_int_equal(
		answer(&a, STR("DICOM Server Response\\x03\\x00\\x00\\x00\\x00\\x04\\x00\\x01\\x01\\x07")).manner,
		DICOM_CHECKED);
	assert_int_equal(answer(&a, STR("\x03\0\0\0\0\x04\0\x02\x03\x01")).manner, DICOM_REFUSED);
	/* Cut off. */
	assert_int_equal(answer(&a, STR("\x03\0\0\0\0\x04\0\x01\x01")).manner, DICOM_SILENT);
	assert_int_equal(answer(&a, STR("dicom: \n  config: Called AET check enabled\n")).manner, DICOM_CHECKED);
	assert_int_equal(answer(&a, STR("  config: Any AET is accepted (Insecure)")).manner, DICOM_OPEN);
}

static void
test_acceptance(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	static const char titles[64] = "";

	buf_add(&b, STR("DICOM Server Response\n\n\x02\0\0\0\0\xc2\xb8\0\x01\0\0"));
	buf_add(&b, str_sub(titles, sizeof(titles)));
	buf_add(&b, STR("\x10\0\0\x02zz\x50\0\0\x1d\x51\0\0\x04\0\0\x40\0\x52\0\0\x05"
			"1.2.3\x55\0\0\x08"
			"DCMTK367"));
	struct dicom_answer x = answer(&a, buf_str(&b));
	assert_int_equal(x.manner, DICOM_OPEN);
	assert_true(str_eq(x.implementation, STR("1.2.3")));
	assert_true(str_eq(x.version, STR("DCMTK367")));
	/* Cut short anywhere it is read without harm. */
	for (size_t n = 0; n < b.len; n++)
		(void)answer(&a, str_head(buf_str(&b), n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refusals), cmocka_unit_test(test_acceptance) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
