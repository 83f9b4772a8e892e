/* HTML reports: well formed whatever is in them, the same bytes twice, nothing that runs or is loaded. */
#include "evidence/html.h"

#include "sample.h"

#include <libxml/parser.h>

static void
test_hostile(void **state)
{
	BUF_AUTO out = { 0 };

	write_twice(&report_html, &out);
	assert_false(has(&out, "<script"));
	assert_true(has(&out, "&lt;script&gt;alert(1)"));
	assert_false(has(&out, "\x1b"));
	assert_false(has(&out, "\xe2\x80\xae")); /* override of direction */
	assert_true(str_is_utf8(buf_str(&out)));
	assert_true(has(&out, "default-src 'none'"));
	assert_false(has(&out, "http://") && !has(&out, "http://www.w3.org/2000/svg"));
	assert_false(has(&out, "https://"));
	assert_true(has(&out, "<bdi>row 69 病院</bdi>"));
	assert_true(has(&out, ">69,007<"));
	assert_true(has(&out, "98.6%"));
	assert_true(has(&out, "Title &amp; &lt;b&gt;"));
}

/* The drawings are XML and are read as such. */
static void
test_drawings(void **state)
{
	BUF_AUTO out = { 0 };
	struct str rest;
	size_t n = 0;

	write_twice(&report_html, &out);
	rest = buf_str(&out);
	for (ptrdiff_t at; (at = str_find(rest, STR("<svg "))) >= 0; n++) {
		rest = str_skip(rest, (size_t)at);
		ptrdiff_t end = str_find(rest, STR("</svg>"));
		assert_true(end > 0);
		xmlDocPtr doc = xmlReadMemory(rest.ptr, (int)end + 6, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
		assert_non_null(doc);
		xmlFreeDoc(doc);
		rest = str_skip(rest, (size_t)end);
	}
	assert_int_equal(n, world_there() ? 2 : 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hostile), cmocka_unit_test(test_drawings) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
