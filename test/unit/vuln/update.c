/* Updates against a server on loopback that breaks off, errs, and knows what it has given out. */
#include "unit-feed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static const char list_text[] = "[02 Mar 2031] DSA-2-1 b - security update\n\t{CVE-2031-0002}\n\t[bookworm] - b 2-1\n"
				"[01 Mar 2031] DSA-1-1 a - security update\n\t{CVE-2031-0001}\n\t[bookworm] - a 1-2\n";
#define LIST "/debian-dsa/list"
#define LIST_DIGEST "1d497833e32ecebf8e95962a06e3654363ca76e9d489cd3f31c7410b4dc44882"

/* How the server answers the list; everything else is 404. */
enum manner {
	PLAIN, /* 200, or 304 where it is asked so */
	BROKEN_FIRST, /* half of it, then the rest by Range */
	BROKEN_ALWAYS, /* half of it, never more */
	CHANGED_MEANWHILE, /* half of it; then another text as 200 */
	WRONG_RANGE, /* half of it; then 206 from the beginning */
	ERROR_TWICE, /* 500, 503, 200 */
	ERRORS,
	DIGEST_GOOD,
	DIGEST_BAD,
};

struct host {
	int fd, wake[2];
	pthread_t thread;
	_Atomic enum manner manner;
	_Atomic int asked, ranged, conditional; /* requests for the list */
};

static void
put(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		s = str_skip(s, (size_t)n);
	}
}

/* cut: so many bytes of the body are really sent. */
static void
answer(int fd, const char *status, const char *headers, struct str body, size_t cut)
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", status, headers, body.len);
	buf_add(&text, str_head(body, cut));
	put(fd, buf_str(&text));
}

static void
answer_list(struct host *h, int fd, const char *request)
{
	struct str whole = str_of(list_text);
	size_t half = whole.len / 2;
	const char *etag = "ETag: \"one\"\r\n";
	bool range = strstr(request, "\r\nRange: bytes=") != NULL, first = h->asked++ == 0;
	bool conditional = strstr(request, "\r\nIf-None-Match: \"one\"") != NULL;
	char where[100];
	h->ranged += range;
	h->conditional += conditional;
	switch ((enum manner)h->manner) {
	case PLAIN:
	case DIGEST_GOOD:
	case DIGEST_BAD:
		if (conditional)
			answer(fd, "304 Not Modified", etag, STR(""), 0);
		else
			answer(fd, "200 OK", etag, whole, whole.len);
		return;
	case ERROR_TWICE:
		if (h->asked < 3)
			answer(fd, h->asked == 1 ? "500 Oops" : "503 Busy", "", STR("an error page"), 13);
		else
			answer(fd, "200 OK", etag, whole, whole.len);
		return;
	case ERRORS:
		answer(fd, "500 Oops", "", STR("an error page"), 13);
		return;
	case BROKEN_FIRST:
	case BROKEN_ALWAYS:
	case CHANGED_MEANWHILE:
	case WRONG_RANGE:
		break;
	}
	if (first || h->manner == BROKEN_ALWAYS) {
		answer(fd, "200 OK", etag, whole, half);
	} else if (h->manner == CHANGED_MEANWHILE) {
		answer(fd, "200 OK", "ETag: \"two\"\r\n", whole, whole.len);
	} else if (h->manner == WRONG_RANGE && range) {
		answer(fd, "206 Partial Content", "ETag: \"one\"\r\nContent-Range: bytes 0-9/10\r\n", whole, whole.len);
	} else if (range && strstr(request, "If-Range: \"one\"")) {
		size_t from = strtoul(strstr(request, "bytes=") + 6, NULL, 10);
		snprintf(where, sizeof(where), "%sContent-Range: bytes %zu-%zu/%zu\r\n", etag, from, whole.len - 1,
			 whole.len);
		answer(fd, "206 Partial Content", where, str_skip(whole, from), whole.len);
	} else {
		answer(fd, "200 OK", etag, whole, whole.len);
	}
}

static void
serve_one(struct host *h, int fd)
{
	char request[4096] = "";
	size_t n = 0;
	while (n < sizeof(request) - 1 && !strstr(request, "\r\n\r\n")) {
		ssize_t got = recv(fd, request + n, sizeof(request) - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		request[n] = '\0';
	}
	bool digest = h->manner == DIGEST_GOOD || h->manner == DIGEST_BAD;
	if (strncmp(request, "GET " LIST " ", sizeof("GET " LIST " ") - 1) == 0)
		answer_list(h, fd, request);
	else if (digest && strncmp(request, "GET " LIST ".sha256 ", sizeof("GET " LIST ".sha256 ") - 1) == 0)
		answer(fd, "200 OK", "",
		       h->manner == DIGEST_GOOD
			       ? STR(LIST_DIGEST "  list\n")
			       : STR("0000000000000000000000000000000000000000000000000000000000000000  list\n"),
		       100);
	else
		answer(fd, "404 Not Found", "", STR("no"), 2);
}

static void *
serve(void *user)
{
	struct host *h = user;
	struct pollfd fds[] = { { h->fd, POLLIN, 0 }, { h->wake[0], POLLIN, 0 } };
	while (poll(fds, 2, -1) >= 0 && !fds[1].revents) {
		int fd = accept(h->fd, NULL, NULL);
		if (fd >= 0) {
			serve_one(h, fd);
			close(fd);
		}
	}
	return NULL;
}

static void
host_start(struct host *h, enum manner manner)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	*h = (struct host){ .manner = manner };
	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(h->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(h->fd, 16), 0);
	assert_int_equal(pipe(h->wake), 0);
	assert_int_equal(pthread_create(&h->thread, NULL, serve, h), 0);
}

static void
host_stop(struct host *h)
{
	assert_int_equal(write(h->wake[1], "x", 1), 1);
	pthread_join(h->thread, NULL);
	close(h->fd);
	close(h->wake[0]);
	close(h->wake[1]);
}

/* The report of DSA after one update. */
static struct feed_report
update(void **state, struct arena *a, const struct host *h)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);
	struct clock clock = unit_clock();
	struct feed_report *reports = NULL;
	size_t count = 0;
	assert_int_equal(getsockname(h->fd, (struct sockaddr *)&at, &len), 0);
	struct feed_update_options o = { .import = { .data = unit_path(state, "data"), .clock = &clock },
					 .retry_wait_ms = 1 };
	o.mirror = arena_printf(a, "http://127.0.0.1:%u/", ntohs(at.sin_port)).ptr;
	assert_ok(feed_update(&o, a, &reports, &count, &unit_err));
	assert_true(reports && count > 0);
	assert_string_equal(reports[0].feed, "debian-dsa");
	for (size_t i = 1; i < count; i++)
		assert_int_equal(reports[i].error.code, ERR_NOT_FOUND);
	return reports[0];
}

static void
what_did_not_change_is_not_sent_again(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host h;
	struct feed_status *list;
	size_t count;
	host_start(&h, PLAIN);
	struct feed_report r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_NONE);
	assert_int_equal(r.count.kept, 2);
	assert_false(r.unchanged);
	unit_instant += INT64_C(86400000);
	r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_NONE);
	assert_true(r.unchanged);
	assert_int_equal(r.count.read, 0);
	assert_int_equal(h.conditional, 1);
	/* The publisher's word is as good as an import. */
	assert_ok(feed_status_read(unit_path(state, "data"), &a, unit_instant, &list, &count, &unit_err));
	assert_int_equal(list[0].imported_at, unit_instant);
	unit_instant -= INT64_C(86400000);
	/* What is not there any more is asked for whole. */
	assert_int_equal(unlink(unit_path(state, "data/feeds/debian-dsa.feed")), 0);
	r = update(state, &a, &h);
	assert_int_equal(r.count.kept, 2);
	assert_int_equal(h.conditional, 1);
	host_stop(&h);
}

static void
what_broke_off_goes_on(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host h;
	host_start(&h, BROKEN_FIRST);
	struct feed_report r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_NONE);
	assert_int_equal(r.count.kept, 2);
	assert_int_equal(h.asked, 2);
	assert_int_equal(h.ranged, 1);
	host_stop(&h);
}

/* Also by a later update, and a feed that did not arrive is no success. */
static void
a_later_update_goes_on(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host h;
	host_start(&h, BROKEN_ALWAYS);
	struct feed_report r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_UNREACHABLE);
	assert_int_equal(r.count.kept, 0);
	assert_int_equal(h.asked, 3);
	assert_false(file_exists(unit_path(state, "data/feeds/index")));
	h.manner = BROKEN_FIRST;
	h.ranged = 0;
	r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_NONE);
	assert_int_equal(r.count.kept, 2);
	assert_int_equal(h.ranged, 1);
	assert_false(file_exists(unit_path(state, "data/feeds/download")));
	host_stop(&h);
}

static void
halves_of_two_texts_are_never_joined(void **state)
{
	static const enum manner manners[] = { CHANGED_MEANWHILE, WRONG_RANGE };
	for (size_t i = 0; i < COUNT(manners); i++) {
		ARENA_AUTO a = { 0 };
		struct host h;
		assert_ok(dir_remove_all(unit_path(state, "data"), &unit_err));
		host_start(&h, manners[i]);
		struct feed_report r = update(state, &a, &h);
		assert_int_equal(r.error.code, ERR_NONE);
		assert_int_equal(r.count.read, 2);
		assert_int_equal(r.count.kept, 2);
		host_stop(&h);
	}
}

static void
errors_are_tried_three_times(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host h;
	host_start(&h, ERRORS);
	assert_int_equal(update(state, &a, &h).error.code, ERR_UNREACHABLE);
	assert_int_equal(h.asked, 3);
	h.manner = ERROR_TWICE;
	h.asked = 0;
	assert_int_equal(update(state, &a, &h).count.kept, 2);
	assert_int_equal(h.asked, 3);
	host_stop(&h);
}

static void
a_mirror_s_digest_is_compared(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host h;
	host_start(&h, DIGEST_BAD);
	struct feed_report r = update(state, &a, &h);
	assert_int_equal(r.error.code, ERR_REFUSED);
	assert_int_equal(r.count.kept, 0);
	h.manner = DIGEST_GOOD;
	assert_int_equal(update(state, &a, &h).count.kept, 2);
	host_stop(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(what_did_not_change_is_not_sent_again),
		unit_test_in_folder(what_broke_off_goes_on),
		unit_test_in_folder(a_later_update_goes_on),
		unit_test_in_folder(halves_of_two_texts_are_never_joined),
		unit_test_in_folder(errors_are_tried_three_times),
		unit_test_in_folder(a_mirror_s_digest_is_compared),
	};
	/* A proxy of this machine has nothing to do with its loopback. */
	setenv("no_proxy", "127.0.0.1", 1);
	return cmocka_run_group_tests_name("vuln/update", tests, NULL, NULL);
}
