/* A .gz is read as it was written, or refused: whatever bit of it is another, wherever it ends. */
#include "os/gunzip.h"

#include "unit.h"
#include "base/buf.h"

#include <zlib.h>

struct given {
	struct str rest;
	size_t step;
};

static bool
give(void *user, void *into, size_t cap, size_t *got)
{
	struct given *g = user;
	size_t n = g->rest.len < g->step ? g->rest.len : g->step;
	*got = n < cap ? n : cap;
	memcpy(into, g->rest.ptr, *got);
	g->rest = str_skip(g->rest, *got);
	return true;
}

static void
add_member(struct buf *out, struct str text)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	char *to = buf_reserve(out, text.len + 1024);
	z.next_in = (unsigned char *)(uintptr_t)text.ptr;
	z.avail_in = (unsigned)text.len;
	z.next_out = (unsigned char *)to;
	z.avail_out = (unsigned)text.len + 1024;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

/* False: refused; what came before is in *out. */
static bool
unpack(struct str packed, size_t step, struct buf *out)
{
	struct given g = { packed, step };
	__attribute__((cleanup(gunzip_cleanup))) struct gunzip *z = gunzip_new(give, &g);
	const void *bytes;
	const char *why = NULL;
	ptrdiff_t n;
	buf_truncate(out, 0);
	while ((n = gunzip_next(z, &bytes, &why)) > 0)
		buf_add(out, str_sub(bytes, (size_t)n));
	assert_true(n == 0 || why);
	assert_true(n < 0 || gunzip_packed(z) == packed.len);
	return n == 0;
}

static void
text_of(struct buf *text, int lines)
{
	for (int i = 0; i < lines; i++)
		buf_addf(text, "CVE-2031-%d,0.%d\n", 1000 + i * 7, i * i % 997);
}

static void
members_come_one_behind_the_other(void **state)
{
	BUF_AUTO text = { 0 }, packed = { 0 }, out = { 0 };
	(void)state;
	text_of(&text, 20000);
	struct str all = buf_str(&text);
	add_member(&packed, str_head(all, 70000));
	add_member(&packed, STR(""));
	add_member(&packed, str_skip(all, 70000));
	for (size_t step = 1; step < 200000; step = step * 3 + 1) {
		assert_true(unpack(buf_str(&packed), step, &out));
		assert_true(str_eq(buf_str(&out), all));
	}
	for (int i = 0; i < 600; i++)
		buf_add_char(&packed, 0); /* a block of a tape */
	assert_true(unpack(buf_str(&packed), 512, &out) && str_eq(buf_str(&out), all));
	add_member(&packed, STR("behind the end"));
	assert_false(unpack(buf_str(&packed), 512, &out));
	assert_true(unpack(STR(""), 1, &out) && out.len == 0);
}

static void
what_is_damaged_is_refused(void **state)
{
	BUF_AUTO text = { 0 }, packed = { 0 }, out = { 0 };
	(void)state;
	text_of(&text, 60);
	add_member(&packed, str_head(buf_str(&text), 300));
	add_member(&packed, str_skip(buf_str(&text), 300));
	size_t whole = 0;
	for (size_t n = 1; n < packed.len; n++)
		whole += unpack(str_head(buf_str(&packed), n), 4096, &out);
	assert_int_equal(whole, 1); /* behind the first member */
	for (size_t i = 0; i < packed.len * 8; i++) {
		packed.ptr[i / 8] ^= (char)(1 << i % 8);
		/* A date, a name of a system or a flag in a member's head may be another; what it holds may not. */
		assert_true(!unpack(buf_str(&packed), 4096, &out) || str_eq(buf_str(&out), buf_str(&text)));
		packed.ptr[i / 8] ^= (char)(1 << i % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_one_behind_the_other),
		cmocka_unit_test(what_is_damaged_is_refused),
	};
	return cmocka_run_group_tests_name("os/gunzip", tests, NULL, NULL);
}
