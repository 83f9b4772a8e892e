#include "agent/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

static void
parts_arrive_as_they_were_sent(void **state)
{
	int s[2];
	BUF_AUTO storage = { 0 };
	struct err e = { 0 };
	struct frame in = { .kind = 7, .code = 200, .part = { STR("/path"), STR("{}"), STR_NONE } }, out;
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_true(frame_send(s[0], &in, &e));
	assert_true(frame_receive(s[1], &frame_caps_request, 1000, &storage, &out, NULL, &e));
	assert_int_equal(out.kind, 7);
	assert_int_equal(out.code, 200);
	assert_true(str_eq(out.part[0], STR("/path")));
	assert_true(str_eq(out.part[1], STR("{}")));
	assert_int_equal(out.part[2].len, 0);
	assert_false(frame_unasked(s[1]));
	close(s[0]);
	close(s[1]);
}

/* Sends bytes, closes, and says with what code receiving them fails. */
static enum err_code
received(const void *bytes, size_t len, bool keep_open)
{
	int s[2];
	BUF_AUTO storage = { 0 };
	struct err e = { 0 };
	struct frame out;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_int_equal(write(s[0], bytes, len), (ssize_t)len);
	if (!keep_open)
		close(s[0]);
	assert_false(frame_receive(s[1], &frame_caps_answer, 50, &storage, &out, NULL, &e));
	if (keep_open)
		close(s[0]);
	close(s[1]);
	return e.code;
}

static void
short_wrong_and_oversized_frames_are_refused(void **state)
{
	unsigned char header[FRAME_HEADER] = { 'M', 'A', 'M', '1', 1 };
	(void)state;
	assert_int_equal(received(header, 10, false), ERR_UNREACHABLE);
	header[16] = 5; /* part 1 says five bytes, none come */
	assert_int_equal(received(header, sizeof(header), false), ERR_UNREACHABLE);
	/* Silence is not waited for for ever. */
	assert_int_equal(received(header, sizeof(header), true), ERR_UNREACHABLE);
	header[19] = 0x7f; /* 2 GiB: refused before anything is allocated */
	assert_int_equal(received(header, sizeof(header), false), ERR_TOO_LARGE);
	header[0] = 'X';
	assert_int_equal(received(header, sizeof(header), false), ERR_INPUT);
}

static void
bytes_that_nobody_asked_for_are_noticed(void **state)
{
	int s[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_false(frame_unasked(s[1]));
	assert_int_equal(write(s[0], "x", 1), 1);
	assert_true(frame_unasked(s[1]));
	close(s[0]);
	close(s[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_arrive_as_they_were_sent),
		cmocka_unit_test(short_wrong_and_oversized_frames_are_refused),
		cmocka_unit_test(bytes_that_nobody_asked_for_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
