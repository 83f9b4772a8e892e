#include "trust/letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zstd.h>
#include <cmocka.h>

#define MADE INT64_C(1800000000000)

struct pair {
	struct key *host, *other;
	struct arena arena;
};

static int
setup(void **state)
{
	struct pair *p = xcalloc(1, sizeof(*p));
	struct err e = { 0 };
	*state = p;
	return key_generate(&p->host, &e) && key_generate(&p->other, &e) ? 0 : -1;
}

static int
teardown(void **state)
{
	struct pair *p = *state;
	key_free(p->host);
	key_free(p->other);
	arena_free(&p->arena);
	free(p);
	return 0;
}

static void
written(const struct pair *p, const char *kind, const char *host, int64_t serial, struct buf *out)
{
	struct err e = { 0 };
	struct letter l = { .kind = kind,
			    .host = str_of(host),
			    .serial = serial,
			    .made = MADE,
			    .body_text = STR("{\"check_in\":{\"protocol\":1},\"sections\":{}}") };
	if (!letter_write(&l, p->host, out, &e))
		fail_msg("%s", e.text);
}

static void
what_was_written_is_read(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };
	struct letter l;
	BUF_AUTO bytes = { 0 };
	written(p, LETTER_CHECK_IN, "h1", 7, &bytes);
	assert_true(letter_peek(buf_str(&bytes), &p->arena, &l, &e));
	assert_true(str_eq(l.host, STR("h1")));
	assert_true(letter_open(buf_str(&bytes), p->host, LETTER_CHECK_IN, STR("h1"), 6, &p->arena, &l, &e));
	assert_int_equal(l.serial, 7);
	assert_int_equal(l.made, MADE);
	assert_int_equal(json_get_i64(json_get(l.body, "check_in"), "protocol", 0), 1);
}

static void
refused(struct pair *p, struct str bytes, const struct key *k, const char *kind, const char *host, int64_t after,
	enum err_code code, const char *words)
{
	struct err e = { 0 };
	struct letter l;
	assert_false(letter_open(bytes, k, kind, str_of(host), after, &p->arena, &l, &e));
	if (e.code != code || !strstr(e.text, words))
		fail_msg("%d: %s", (int)e.code, e.text);
}

static void
each_wrong_letter_is_refused_with_its_own_reason(void **state)
{
	struct pair *p = *state;
	BUF_AUTO bytes = { 0 };
	written(p, LETTER_CHECK_IN, "h1", 7, &bytes);
	struct str good = buf_str(&bytes);
	refused(p, good, p->other, LETTER_CHECK_IN, "h1", 0, ERR_REFUSED, "signature is wrong");
	refused(p, good, p->host, LETTER_CHECK_IN, "h2", 0, ERR_REFUSED, "another machine");
	refused(p, good, p->host, LETTER_ANSWER, "h1", 0, ERR_REFUSED, "another kind");
	refused(p, good, p->host, LETTER_CHECK_IN, "h1", 7, ERR_CONFLICT, "old one");
	refused(p, good, p->host, LETTER_CHECK_IN, "h1", 9, ERR_CONFLICT, "old one");
	refused(p, STR("hello"), p->host, LETTER_CHECK_IN, "h1", 0, ERR_INPUT, "no letter");
	refused(p, str_head(good, good.len - 3), p->host, LETTER_CHECK_IN, "h1", 0, ERR_INPUT, "damaged");
	buf_add(&bytes, STR("more"));
	refused(p, buf_str(&bytes), p->host, LETTER_CHECK_IN, "h1", 0, ERR_INPUT, "damaged");
	buf_truncate(&bytes, bytes.len - 4);
	char *large = xcalloc(1, LETTER_MAX + 1);
	memcpy(large, bytes.ptr, bytes.len);
	refused(p, str_sub(large, LETTER_MAX + 1), p->host, LETTER_CHECK_IN, "h1", 0, ERR_TOO_LARGE, "larger than");
	free(large);
}

static void
a_small_letter_that_unpacks_to_much_is_not_unpacked(void **state)
{
	struct pair *p = *state;
	size_t size = LETTER_TEXT_MAX + 1, most = ZSTD_compressBound(size);
	char *text = xcalloc(1, size);
	BUF_AUTO bytes = { 0 };
	buf_add(&bytes, STR("mamori-letter 1\n"));
	size_t n = ZSTD_compress(buf_reserve(&bytes, most), most, text, size, 1);
	free(text);
	assert_false(ZSTD_isError(n));
	bytes.len += n;
	assert_true(bytes.len < LETTER_MAX);
	refused(p, buf_str(&bytes), p->host, LETTER_CHECK_IN, "h1", 0, ERR_TOO_LARGE, "unpack");
}

/* zstd can pack the same words in more than one way, so a changed bit may still unpack to them; other words never. */
static void
no_changed_bit_changes_what_is_said(void **state)
{
	struct pair *p = *state;
	BUF_AUTO bytes = { 0 };
	written(p, LETTER_CHECK_IN, "h1", 7, &bytes);
	size_t opened = 0;
	for (size_t i = 0; i < bytes.len * 8; i++) {
		struct err e = { 0 };
		struct letter l;
		struct arena a = { 0 };
		bytes.ptr[i / 8] ^= (char)(1 << i % 8);
		if (letter_open(buf_str(&bytes), p->host, LETTER_CHECK_IN, STR("h1"), 0, &a, &l, &e)) {
			opened++;
			assert_int_equal(l.serial, 7);
			assert_int_equal(l.made, MADE);
			assert_int_equal(json_get_i64(json_get(l.body, "check_in"), "protocol", 0), 1);
		}
		bytes.ptr[i / 8] ^= (char)(1 << i % 8);
		arena_free(&a);
	}
	assert_in_range(opened, 0, bytes.len / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(each_wrong_letter_is_refused_with_its_own_reason),
		cmocka_unit_test(a_small_letter_that_unpacks_to_much_is_not_unpacked),
		cmocka_unit_test(no_changed_bit_changes_what_is_said),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
