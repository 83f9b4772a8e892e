#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/decode.h"

static void
gives(struct str bytes, const char *wanted)
{
	BUF_AUTO out = { 0 };
	struct err e = { 0 };
	buf_add(&out, STR("before:"));
	if (!decode_text(bytes, &out, &e))
		fail_msg("%s", e.text);
	assert_string_equal(buf_cstr(&out) + 7, wanted);
}

static void
refused(struct str bytes, const char *words)
{
	BUF_AUTO out = { 0 };
	struct err e = { 0 };
	buf_add(&out, STR("before"));
	assert_false(decode_text(bytes, &out, &e));
	assert_int_equal(e.code, ERR_INPUT);
	if (!strstr(e.text, words))
		fail_msg("“%s” is not in “%s”", words, e.text);
	assert_string_equal(buf_cstr(&out), "before");
}

static void
what_offices_save_is_read(void **state)
{
	gives(STR(""), "");
	gives(STR("病棟,端末\r\n"), "病棟,端末\r\n");
	gives(STR("\xef\xbb\xbf病棟"), "病棟");
	gives(STR("\xff\xfe\x6b\x30\x0a\x00\x3d\xd8\x00\xde"), "に\n😀");
	gives(STR("\xfe\xff\x30\x6b"), "に");
	/* 表 ends with a backslash's byte, ソ too; ① and ⅰ and the wave dash are Microsoft's; half-width kana. */
	gives(STR("\x95\x5c,\x83\x5c,\x87\x40,\xfa\x40,\x81\x60,\xb1\r\n"), "表,ソ,①,ⅰ,～,ｱ\r\n");
	gives(STR("\\~"), "\\~");
}

static void
what_is_no_text_is_refused_with_its_place(void **state)
{
	refused(STR("abc\nde\xff\n"), "line 2, byte 3");
	refused(STR("\x95\x5c\n\x95"), "line 2, byte 1");
	refused(STR("病棟\n\xe7\x97"), "line 2, byte 1");
	refused(STR("\xef\xbb\xbf"
		    "a\n\x95\x5c"),
		"line 2, byte 1");
	refused(STR("a\0b"), "line 1, byte 2: there is a NUL");
	refused(STR("\xff\xfe"
		    "a\0\n\0\x00\xd8"),
		"line 2");
	refused(STR("\xff\xfe"
		    "a\0\n\0b"),
		"line 2");
	refused(STR("\xff\xfe"
		    "a\0\0\0"),
		"line 1");
}

static void
long_texts_are_read_whole(void **state)
{
	BUF_AUTO in = { 0 };
	BUF_AUTO wanted = { 0 };
	for (int i = 0; i < 5000; i++) {
		buf_add(&in, STR("\x95\x5c"));
		buf_add(&wanted, STR("表"));
	}
	gives(buf_str(&in), buf_cstr(&wanted));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_offices_save_is_read),
		cmocka_unit_test(what_is_no_text_is_refused_with_its_place),
		cmocka_unit_test(long_texts_are_read_whole),
	};
	return cmocka_run_group_tests_name("base/decode", tests, NULL, NULL);
}
