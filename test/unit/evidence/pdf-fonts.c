/* Fonts in a PDF: what no glyph calls is emptied, all else stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "evidence/pdf-fonts.h"

#include <string.h>

struct piece {
	const char *bytes;
	size_t len;
};

static void
add_index(struct buf *out, const struct piece *items, size_t count)
{
	size_t at = 1;

	buf_add_char(out, 0);
	buf_add_char(out, (char)count);
	if (count == 0)
		return;
	buf_add_char(out, 1);
	for (size_t i = 0; i <= count; i++) {
		buf_add_char(out, (char)at);
		at += i < count ? items[i].len : 0;
	}
	for (size_t i = 0; i < count; i++)
		buf_add(out, str_sub(items[i].bytes, items[i].len));
}

/* Numbers of subroutines have 107 taken off, and bytes 139 added: the first is 32, a blank. */
#define DRAW "\x8c\x8c\x15\x0b" /* 1 1 rmoveto return */
static const struct piece globals[] = { { DRAW, 4 }, { "\"\x0a\x0b", 3 } /* calls local 2 */, { DRAW, 4 } };
static const struct piece locals[] = { { DRAW, 4 }, { DRAW, 4 }, { DRAW, 4 }, { DRAW DRAW, 8 } };
static const struct piece glyphs[] = {
	{ "\x0e", 1 }, /* nothing */
	{ "!\x1d\x0e", 3 }, /* calls global 1 */
	/* a stem, then a mask of one byte that looks like a call */
	{ "\x8b\x8c\x01\x13\x0a\x8c\x8c\x15\x0e", 9 },
};

/* The parts' places, in this order. */
struct places {
	size_t global, glyph, private, local;
};

static void
make_font(struct buf *out, struct places *p)
{
	static const struct piece name = { "A", 1 };
	char top[12],
		private[3] = { (char)(139 + 2), 19, 11 }; /* its subroutines follow it; the last byte is padding */

	/* Of fixed length, so that places are known the second time. */
	for (unsigned round = 0; round < 2; round++) {
		out->len = 0;
		buf_add(out, str_sub("\1\0\4\1", 4));
		add_index(out, &name, 1);
		top[0] = 28;
		top[1] = (char)(p->glyph >> 8);
		top[2] = (char)p->glyph;
		top[3] = 17;
		top[4] = (char)(139 + 2);
		top[5] = 28;
		top[6] = (char)(p->private >> 8);
		top[7] = (char)p->private;
		top[8] = 18;
		add_index(out, &(struct piece){ top, 9 }, 1);
		add_index(out, NULL, 0);
		p->global = out->len;
		add_index(out, globals, COUNT(globals));
		p->glyph = out->len;
		add_index(out, glyphs, COUNT(glyphs));
		p->private = out->len;
		buf_add(out, str_sub(private, 2));
		p->local = out->len;
		add_index(out, locals, COUNT(locals));
	}
}

static void
check_index(const struct buf *font, size_t at, const struct piece *items, size_t count, unsigned kept)
{
	const char *p = font->ptr + at + 3 + count + 1;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < items[i].len; k++)
			assert_int_equal(p[k], kept >> i & 1 ? items[i].bytes[k] : 11);
		p += items[i].len;
	}
}

static void
test_uncalled_subroutines_are_emptied(void **state)
{
	BUF_AUTO font = { 0 };
	struct places p = { 0 };

	make_font(&font, &p);
	size_t len = font.len;
	assert_true(cff_slim((unsigned char *)font.ptr, font.len));
	assert_int_equal(font.len, len);
	check_index(&font, p.global, globals, COUNT(globals), 1 << 1);
	check_index(&font, p.glyph, glyphs, COUNT(glyphs), 7);
	check_index(&font, p.local, locals, COUNT(locals), 1 << 2);
}

/* Cut off anywhere, and with any byte turned: nothing outside is touched (the sanitizers look), and it ends. */
static void
test_other_bytes(void **state)
{
	BUF_AUTO font = { 0 };
	struct places p = { 0 };
	unsigned refused = 0;

	make_font(&font, &p);
	for (size_t n = 0; n < font.len; n++) {
		unsigned char *copy = xrealloc(NULL, n + 1, 1);
		memcpy(copy, font.ptr, n);
		refused += !cff_slim(copy, n);
		free(copy);
	}
	assert_true(refused > font.len / 2);
	for (size_t n = 0; n < font.len; n++) {
		for (unsigned turned = 1; turned < 256; turned += 50) {
			unsigned char *copy = xrealloc(NULL, font.len, 1);
			memcpy(copy, font.ptr, font.len);
			copy[n] ^= (unsigned char)turned;
			(void)!cff_slim(copy, font.len);
			free(copy);
		}
	}
}

static void
test_other_files_stay(void **state)
{
	static const char *const texts[] = { "", "%PDF-1.5\n", "startxref\n0\n%%EOF\n",
					     "xref\n0 2\nstartxref\n0\n%%EOF", "startxref\n99999999999\n%%EOF" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		BUF_AUTO pdf = { 0 };
		buf_add(&pdf, str_of(texts[i]));
		pdf_fonts_slim(&pdf);
		assert_true(str_eq(buf_str(&pdf), str_of(texts[i])));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uncalled_subroutines_are_emptied),
		cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_other_files_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
