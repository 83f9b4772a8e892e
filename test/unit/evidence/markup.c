/* Escaping for HTML and SVG. */
#include "evidence/markup.h"

#include "sample.h"

static void
assert_markup(struct str text, const char *expected)
{
	BUF_AUTO out = { 0 };

	markup_text(&out, text);
	assert_string_equal(buf_cstr(&out), expected);
}

static void
test_markup(void **state)
{
	assert_markup(STR(""), "");
	assert_markup(STR("<a href=\"x\" id='y'>&amp;"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
	assert_markup(STR("皮膚科 ü"), "皮膚科 ü");
	assert_markup(STR("a\x1b[0m"), "a\xef\xbf\xbd[0m");
	assert_markup(STR("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
	assert_markup(STR("\xe2\x80\xae"), "\xef\xbf\xbd");
	assert_markup((struct str){ "a\0b", 3 }, "a\xef\xbf\xbd"
						 "b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_markup) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
