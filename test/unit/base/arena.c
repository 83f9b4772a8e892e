#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
	ARENA_AUTO a = { 0 };
	unsigned char *pieces[300];

	for (size_t i = 0; i < COUNT(pieces); i++) {
		size_t n = i * i % 9000;

		pieces[i] = arena_alloc(&a, n, 1);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)(i & 255), n);
	}
	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t k = 0; k < i * i % 9000; k++)
			assert_int_equal(pieces[i][k], i & 255);
	assert_true(a.used > 300 * 1000);
	arena_free(&a);
	assert_int_equal(a.used, 0);
}

static void
large_pieces_fit(void **state)
{
	ARENA_AUTO a = { 0 };
	char *small = arena_alloc(&a, 1, 16), *large = arena_alloc(&a, 3, 4 << 20), *next = arena_alloc(&a, 1, 16);

	large[(12 << 20) - 1] = 'x';
	assert_true(next - small < 4096); /* the first chunk goes on being filled */
}

static void
copies_are_terminated(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str s = arena_str(&a, str_sub("abcdef", 3)), f = arena_printf(&a, "%s-%d", "x", 42);

	assert_string_equal(s.ptr, "abc");
	assert_string_equal(arena_cstr(&a, STR_NONE), "");
	assert_string_equal(f.ptr, "x-42");
	assert_int_equal(f.len, 4);
}

static void
arrays_grow_and_keep_what_they_hold(void **state)
{
	ARENA_AUTO a = { 0 };
	ARRAY_OF(uint64_t) one = { 0 };
	ARRAY_OF(struct str) two = { 0 };

	for (uint64_t i = 0; i < 20000; i++) {
		*ARRAY_PUSH(&a, &one) = i;
		if (i % 7 == 0)
			*ARRAY_PUSH(&a, &two) = STR("x");
	}
	assert_int_equal(one.count, 20000);
	assert_int_equal(two.count, 2858);
	for (uint64_t i = 0; i < one.count; i++)
		assert_int_equal(one.items[i], i);
	one.count = 5; /* a shortened array gives zeroed places again */
	assert_int_equal(*ARRAY_PUSH(&a, &one), 0);
}

static void
a_line_is_plain_and_bounded(void **state)
{
	ARENA_AUTO a = { 0 };

	assert_true(str_eq(arena_line(&a, STR_NONE, 10), STR("")));
	assert_true(str_eq(arena_line(&a, STR("a\nb\x1b[31m\xc2\x9b\xe2\x80\xaex"), 99), STR("a b [31m  x")));
	assert_true(str_eq(arena_line(&a, STR("\xff\xe3\x81"), 99), STR("???")));
	assert_true(str_eq(arena_line(&a, STR("守り"), 5), STR("守")));
	assert_true(str_eq(arena_line(&a, STR("abc"), 2), STR("ab")));
	assert_true(str_eq(arena_line(&a, STR("abc"), 0), STR("")));
}

/* A lone array grows in place: no copies are left behind. */
static void
a_lone_array_costs_its_size(void **state)
{
	ARENA_AUTO a = { 0 };
	ARRAY_OF(struct str) v = { 0 };

	for (int i = 0; i < 128; i++)
		(void)ARRAY_PUSH(&a, &v);
	assert_int_equal(a.used, 128 * sizeof(struct str));
}

static void
call_overflow(void)
{
	ARENA_AUTO a = { 0 };
	volatile size_t huge = SIZE_MAX / 2;

	arena_alloc(&a, huge, 3);
}

static void
an_overflow_aborts(void **state)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		call_overflow();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(large_pieces_fit),
		cmocka_unit_test(copies_are_terminated),
		cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
		cmocka_unit_test(a_lone_array_costs_its_size),
		cmocka_unit_test(a_line_is_plain_and_bounded),
		cmocka_unit_test(an_overflow_aborts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
