#include "relay/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOW INT64_C(1800000000000)

static struct answer
read_head(const char *text)
{
	struct answer a = { 0 };
	struct str rest = str_of(text), line;
	while (str_line(&rest, &line))
		answer_line(&a, line);
	return a;
}

static void
reads_heads(void **state)
{
	struct answer a = read_head("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 206 Partial Content\r\n"
				    "content-length: 100\r\nContent-Range: bytes 900-999/1000\r\nETag: \"x\"\r\n"
				    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: a/b\r\n\r\n");
	assert_int_equal(a.status, 206);
	assert_int_equal(a.length, 100);
	assert_true(a.has_range && a.range_first == 900 && a.range_total == 1000);
	assert_string_equal(a.etag, "\"x\"");
	assert_string_equal(a.type, "a/b");
	assert_false(a.contradicts);
}

static void
sees_contradictions(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
	};
	static const char *const ranges[] = { "bytes 5-4/10", "bytes 0-9/5", "bytes */10",
					      "items 0-1/2",  "bytes 0-/9",  "bytes" };
	for (size_t i = 0; i < COUNT(heads); i++)
		assert_true(read_head(heads[i]).contradicts);
	for (size_t i = 0; i < COUNT(ranges); i++) {
		BUF_AUTO text = { 0 };
		buf_addf(&text, "HTTP/1.1 206 P\r\nContent-Range: %s\r\n", ranges[i]);
		assert_false(read_head(text.ptr).has_range);
	}
	/* What could not be given on as one line is not kept at all. */
	assert_string_equal(read_head("HTTP/1.1 200 OK\r\nETag: \"a\x01\"\r\n").etag, "");
}

static void
says_how_long_it_is_fresh(void **state)
{
	static const struct {
		const char *fields, *url;
		int64_t least, most; /* seconds */
	} rows[] = {
		{ "Cache-Control: max-age=60", "http://h/x", 60, 60 },
		{ "Cache-Control: max-age=60, s-maxage=90", "http://h/x", 90, 90 },
		{ "Cache-Control: s-maxage=90, max-age=60", "http://h/x", 90, 90 },
		{ "Cache-Control: no-cache, max-age=60", "http://h/x", 0, 5 },
		{ "Cache-Control: private", "http://h/x", 0, 5 },
		{ "Cache-Control: max-age=0", "http://h/x.deb", 0, 5 },
		{ "Cache-Control: max-age=99999999999", "http://h/x", 365 * 86400, 365 * 86400 },
		{ "X: y", "http://h/x.deb", 86400, 86400 },
		{ "X: y", "http://h/dists/by-hash/SHA256/00", 86400, 86400 },
		{ "X: y", "http://h/InRelease", 0, 5 },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "http://h/x", 3600, 3600 },
		{ "Last-Modified: Sun, 06 Nov 2094 08:49:37 GMT", "http://h/x", 0, 5 },
		/* What another cache kept it for is over already. */
		{ "Cache-Control: max-age=600\r\nAge: 500", "http://h/x", 100, 100 },
		{ "Cache-Control: max-age=600\r\nAge: 700", "http://h/x.deb", 0, 5 },
		/* The origin's clock may be wrong: only lengths of time count. */
		{ "Date: Sat, 01 Jan 2050 00:00:00 GMT\r\nExpires: Sat, 01 Jan 2050 00:10:00 GMT", "http://h/x", 600,
		  600 },
		{ "Date: Thu, 01 Jan 1998 00:00:00 GMT\r\nExpires: Thu, 01 Jan 1998 00:10:00 GMT", "http://h/x", 600,
		  600 },
		{ "Date: Sat, 01 Jan 2050 00:00:00 GMT\r\nCache-Control: max-age=60", "http://h/x", 60, 60 },
		{ "Date: Sat, 01 Jan 2050 00:00:00 GMT", "http://h/x", 0, 5 },
		{ "Expires: 0", "http://h/x.deb", 0, 5 },
		{ "Expires: Thu, 01 Jan 1998 00:10:00 GMT", "http://h/x.deb", 0, 5 },
		{ "Expires: Fri, 31 Dec 9999 23:59:59 GMT", "http://h/x", 365 * 86400, 365 * 86400 },
		{ "Expires: Thu, 01 Jan 1998 00:10:00 GMT\r\nCache-Control: max-age=60", "http://h/x", 60, 60 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO text = { 0 };
		buf_addf(&text, "HTTP/1.1 200 OK\r\n%s\r\n", rows[i].fields);
		struct answer a = read_head(text.ptr);
		int64_t s = (answer_fresh_until(&a, str_of(rows[i].url), NOW) - NOW) / 1000;
		if (s < rows[i].least || s > rows[i].most)
			fail_msg("%s %s: %lld s", rows[i].fields, rows[i].url, (long long)s);
	}
}

static void
knows_what_is_strong(void **state)
{
	static const struct {
		const char *fields, *strong;
	} rows[] = {
		{ "ETag: \"x\"", "\"x\"" },
		{ "ETag: W/\"x\"", "" },
		{ "X: y", "" },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "" },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT", "" },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:30 GMT", "" },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: nonsense", "" },
		{ "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:37 GMT",
		  "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ "ETag: W/\"x\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 2094 09:49:37 "
		  "GMT",
		  "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO text = { 0 };
		buf_addf(&text, "HTTP/1.1 200 OK\r\n%s\r\n", rows[i].fields);
		struct answer a = read_head(text.ptr);
		assert_string_equal(answer_strong(&a), rows[i].strong);
	}
}

static void
reads_dates(void **state)
{
	static const char *const bad[] = { "",
					   "Sun, 06 Nov 1994 08:49:37",
					   "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun, 32 Nov 1994 08:49:37 GMT",
					   "Sun, 06 Nox 1994 08:49:37 GMT",
					   "Sun, 06 ovD 1994 08:49:37 GMT" };
	int64_t ms;
	assert_true(http_date_parse(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
	assert_int_equal(ms, INT64_C(784111777000));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(http_date_parse(str_of(bad[i]), &ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_heads),
		cmocka_unit_test(sees_contradictions),
		cmocka_unit_test(says_how_long_it_is_fresh),
		cmocka_unit_test(knows_what_is_strong),
		cmocka_unit_test(reads_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
