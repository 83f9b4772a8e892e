#include "net/request.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HEAD_MAX 1024
#define BODY_MAX 64

/* Fed in pieces of that size; returns the bytes taken. */
static size_t
feed(struct request *r, struct str text, size_t piece)
{
	size_t used = 0;
	while (used < text.len && r->state != REQUEST_DONE && r->state != REQUEST_BAD) {
		struct str next = str_head(str_skip(text, used), piece);
		size_t n = request_feed(r, next);
		assert_true(n <= next.len);
		used += n;
		if (n == 0)
			break;
	}
	return used;
}

static void
any_cut_gives_the_same_request(void **state)
{
	const struct str text =
		STR("POST /a/b%20c?x=1&y HTTP/1.1\r\nHost: h\r\nX-Two:  blanks \t\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nT: x\r\n\r\nGET");
	for (size_t piece = 1; piece <= text.len; piece++) {
		struct request r = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
		assert_int_equal(feed(&r, text, piece), text.len - 3);
		assert_int_equal(r.state, REQUEST_DONE);
		assert_true(str_eq(r.method, STR("POST")));
		assert_true(str_eq(r.path, STR("/a/b%20c")));
		assert_true(str_eq(r.query, STR("x=1&y")));
		assert_true(str_eq(request_field(&r, STR("x-two")), STR("blanks")));
		assert_null(request_field(&r, STR("x-three")).ptr);
		assert_true(str_eq(buf_str(&r.body), STR("hello world")));
		assert_true(r.keep_alive);
		request_free(&r);
	}
}

static void
lengths_and_persistence(void **state)
{
	static const struct {
		const char *text;
		const char *body;
		bool keep_alive, wants_continue;
	} rows[] = {
		{ "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "", true, false },
		{ "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", "", false, false },
		{ "GET / HTTP/1.1\r\nHost: h\r\nConnection: te, close\r\n\r\n", "", false, false },
		{ "GET / HTTP/1.0\r\n\r\n", "", false, false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "", true, false },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "abc", true, false },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "", true, false },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na", "a", true, true },
		{ "GET http://h/abs HTTP/1.1\r\nHost: h\r\n\r\n", "", true, false },
		{ "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "", true, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request r = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
		struct str text = str_of(rows[i].text);
		assert_int_equal(feed(&r, text, text.len), text.len);
		assert_int_equal(r.state, REQUEST_DONE);
		assert_true(str_eq(buf_str(&r.body), str_of(rows[i].body)));
		assert_int_equal(r.keep_alive, rows[i].keep_alive);
		assert_int_equal(r.wants_continue, rows[i].wants_continue);
		request_free(&r);
	}
}

static void
what_two_readers_could_read_differently_is_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ "GET /\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 505 },
		{ "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505 },
		{ "GET / SMTP\r\nHost: h\r\n\r\n", 400 },
		{ "G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET /\xe3\x81\x82 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\na", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n", 413 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999999\r\n\r\n", 413 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501 },
		{ "PUT / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n", 413 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 413 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\na", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: cake\r\n\r\n", 417 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece < 200; piece += 66) {
			struct request r = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
			feed(&r, str_of(rows[i].text), piece);
			if (r.state != REQUEST_BAD || r.status != rows[i].status)
				print_error("row %zu: state %d, status %d\n", i, (int)r.state, r.status);
			assert_int_equal(r.state, REQUEST_BAD);
			assert_int_equal(r.status, rows[i].status);
			assert_non_null(r.why);
			request_free(&r);
		}
	}
}

/* Endless input of one kind: refused before more than the cap was kept. */
static void
assert_bounded(const char *begin, const char *forever, int status)
{
	struct request r = { .head_max = HEAD_MAX, .body_max = BODY_MAX };
	feed(&r, str_of(begin), 1000);
	for (int i = 0; i < 100000 && r.state != REQUEST_BAD; i++)
		feed(&r, str_of(forever), 1000);
	assert_int_equal(r.state, REQUEST_BAD);
	assert_int_equal(r.status, status);
	assert_true(r.head.len <= HEAD_MAX && r.body.len <= BODY_MAX && r.line.len <= HEAD_MAX);
	request_free(&r);
}

static void
endless_input_is_bounded(void **state)
{
	const char *chunked = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
	assert_bounded("", "x", 431);
	assert_bounded("GET / HTTP/1.1\r\n", "A: b\r\n", 431);
	assert_bounded(chunked, "1\r\na\r\n", 413);
	assert_bounded(chunked, "0", 400);
	assert_bounded("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: x\r\n", 431);
}

static void
many_fields_are_refused(void **state)
{
	BUF_AUTO text = { 0 };
	buf_add(&text, STR("GET / HTTP/1.1\r\nHost: h\r\n"));
	for (int i = 0; i < 200; i++)
		buf_add(&text, STR("A:b\r\n"));
	buf_add(&text, STR("\r\n"));
	struct request r = { .head_max = 1 << 16, .body_max = BODY_MAX };
	feed(&r, buf_str(&text), text.len);
	assert_int_equal(r.status, 431);
	request_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_gives_the_same_request),
		cmocka_unit_test(lengths_and_persistence),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(endless_input_is_bounded),
		cmocka_unit_test(many_fields_are_refused),
	};
	return cmocka_run_group_tests_name("net/request", tests, NULL, NULL);
}
