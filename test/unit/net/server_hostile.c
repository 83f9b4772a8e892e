/* The server as careless and hostile peers see it: nothing grows without bound, nothing is read after it was freed,
 * and the next decent client is served. */
#include "fixture.h"

#include "base/log.h"

#include <malloc.h>

#define TIMEOUT_S 1
#define CONNECTIONS_MAX 8

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	*state = f;
	pki_make(&f->pki);
	log_set_level(LOG_LEVEL_ERROR); /* the refusals are wanted here */
	struct http_listener listeners[] = {
		{ .address = "127.0.0.1:0", .timeout_s = TIMEOUT_S, .connections_max = CONNECTIONS_MAX },
		listener_tls(f, true),
	};
	listeners[1].timeout_s = TIMEOUT_S;
	fixture_start(f, listeners, 2);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	fixture_stop(f);
	pki_free(&f->pki);
	free(f);
	return 0;
}

static unsigned
plain_port(const struct fixture *f)
{
	return http_server_port(f->server, 0);
}

/* Still serving? */
static void
assert_alive(struct fixture *f)
{
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "GET /echo?alive HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_true(raw_expect(fd, &got, "GET alive |", 2000));
	close(fd);
}

static long
resident_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Sends 16 KiB pieces until the server stops taking them; false when it took them all. */
static bool
flood(int fd, const char *piece, size_t len, size_t total)
{
	for (size_t sent = 0; sent < total;) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		if (poll(&p, 1, 5000) <= 0)
			return true;
		ssize_t n = send(fd, piece, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return true;
		sent += (size_t)n;
	}
	return false;
}

static void
ten_gigabytes_are_answered_at_once(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10737418240\r\n\r\n");
	assert_true(raw_expect(fd, &got, "HTTP/1.1 413 ", 1000));
	assert_true(str_contains(buf_str(&got), STR("\"too-large\"")));
	close(fd);
	assert_alive(f);
}

static void
answer_outlives_a_sender_that_does_not_look(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	char *piece = xcalloc(1, 16384);
	raw_send(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10737418240\r\n\r\n");
	/* Eight megabytes are sent before the answer is looked at: no reset may have overtaken it. */
	for (int i = 0; i < 512; i++)
		assert_int_equal(send(fd, piece, 16384, MSG_NOSIGNAL), 16384);
	assert_true(raw_expect(fd, &got, "too-large", 1000));
	free(piece);
	close(fd);
}

static void
endless_chunks_are_bounded(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	BUF_AUTO chunk = { 0 };
	buf_add(&chunk, STR("3ffc\r\n"));
	memset(buf_reserve(&chunk, 0x3ffc), 'x', 0x3ffc);
	chunk.len += 0x3ffc;
	buf_add(&chunk, STR("\r\n"));
	long before = resident_kib();
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
	assert_true(flood(fd, chunk.ptr, chunk.len, (size_t)10 << 30));
	assert_true(raw_expect(fd, &got, "HTTP/1.1 413 ", 1000));
	assert_true(resident_kib() - before < 32 * 1024);
	close(fd);
	assert_alive(f);
}

static void
pipelined_flood_waits_in_the_kernel(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO many = { 0 };
	for (int i = 0; i < 400; i++)
		buf_add(&many, STR("GET /echo HTTP/1.1\r\nHost: hhhhhhhh\r\n\r\n"));
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
	while (!atomic_load(&f->working))
		usleep(1000);
	long before = resident_kib();
	/* The worker has the first request; nothing more is taken in, so the flood stalls. */
	assert_true(flood(fd, many.ptr, many.len, (size_t)1 << 30));
	assert_true(resident_kib() - before < 16 * 1024);
	assert_int_equal(atomic_load(&f->seen), 1);
	close(fd);
	atomic_store(&f->release, 1);
	assert_alive(f);
}

static void
pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd,
		 "GET /work HTTP/1.1\r\nHost: h\r\n\r\nPUT /echo?2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
		 "GET /echo?3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	assert_true(raw_expect(fd, &got, "GET 3 |", 2000));
	ptrdiff_t first = str_find(buf_str(&got), STR("\r\n\r\n/work")),
		  second = str_find(buf_str(&got), STR("PUT 2 |abc"));
	assert_true(first > 0 && second > first);
	assert_true(raw_closed(fd, 1000));
	close(fd);
}

static void
line_break_in_a_field_is_left_out(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "GET /split HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_true(raw_expect(fd, &got, "\r\n\r\nsplit", 1000));
	assert_false(str_contains(buf_str(&got), STR("X-Injected")));
	close(fd);
}

static void
expect_continue_is_honoured(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	assert_true(raw_expect(fd, &got, "HTTP/1.1 100 Continue\r\n\r\n", 1000));
	raw_send(fd, "ok");
	assert_true(raw_expect(fd, &got, "PUT  |ok", 1000));
	close(fd);
}

/* Ends the connection by a reset, as a crashed machine's peer sees it. */
static void
reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void
peers_that_leave_while_a_worker_computes(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 6; i++) {
		int fd = raw_connect(plain_port(f));
		raw_send(fd, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
		while (atomic_load(&f->seen) <= i)
			usleep(1000);
		if (i & 1)
			reset(fd);
		else
			close(fd);
	}
	usleep(50000); /* the loop has seen them go */
	assert_int_equal(atomic_load(&f->working), 6);
	atomic_store(&f->release, 1);
	while (atomic_load(&f->working))
		usleep(1000);
	assert_alive(f);
}

static void
half_closed_peer_gets_its_answer(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO got = { 0 };
	int fd = raw_connect(plain_port(f));
	raw_send(fd, "GET /work HTTP/1.1\r\nHost: h\r\n\r\n");
	shutdown(fd, SHUT_WR);
	assert_true(raw_expect(fd, &got, "\r\n\r\n/work", 2000));
	close(fd);
}

static void
slow_peers_are_dropped(void **state)
{
	struct fixture *f = *state;
	int silent = raw_connect(plain_port(f));
	int handshake = raw_connect(http_server_port(f->server, 1));
	int head = raw_connect(plain_port(f));
	raw_send(head, "GET / HT");
	/* One byte now and then does not buy time. */
	bool dropped = false;
	for (int i = 0; i < 12 && !dropped; i++) {
		usleep(200000);
		dropped = send(head, "P", 1, MSG_NOSIGNAL) < 0;
	}
	assert_true(dropped);
	assert_true(raw_closed(silent, 2500));
	assert_true(raw_closed(handshake, 2500));
	close(silent);
	close(handshake);
	close(head);
	assert_alive(f);
}

/* They ask for 8 MB each and read nothing. */
static void
slow_readers_give_their_places_up(void **state)
{
	struct fixture *f = *state;
	int fds[CONNECTIONS_MAX];
	const int small = 4096;
	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		fds[i] = raw_connect(plain_port(f));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		raw_send(fds[i], "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
		while (atomic_load(&f->seen) <= i)
			usleep(1000);
	}
	int late = raw_connect(plain_port(f));
	assert_true(raw_closed(late, 500));
	usleep(2500000);
	assert_alive(f);
	close(late);
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		close(fds[i]);
}

static void
crowd_of_idlers_does_not_lock_others_out(void **state)
{
	struct fixture *f = *state;
	int fds[CONNECTIONS_MAX * 2];
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = raw_connect(plain_port(f));
	assert_alive(f);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

/* Each says half a request or half a handshake and nothing more. */
static void
crowd_of_half_requests_does_not_lock_others_out(void **state)
{
	struct fixture *f = *state;
	int fds[CONNECTIONS_MAX * 2];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = raw_connect(plain_port(f));
		(void)!send(fds[i], "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx", 50, MSG_NOSIGNAL);
	}
	assert_alive(f);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

static void
more_than_the_most_are_turned_away(void **state)
{
	struct fixture *f = *state;
	int fds[CONNECTIONS_MAX];
	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		fds[i] = raw_connect(plain_port(f));
		raw_send(fds[i], "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
		while (atomic_load(&f->seen) <= i)
			usleep(1000);
	}
	/* All are busy, so none can be let go for the next one. */
	int late = raw_connect(plain_port(f));
	assert_true(raw_closed(late, 1000));
	assert_int_equal(atomic_load(&f->working), CONNECTIONS_MAX);
	atomic_store(&f->release, 1);
	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		BUF_AUTO got = { 0 };
		assert_true(raw_expect(fds[i], &got, "/held", 2000));
		close(fds[i]);
	}
	close(late);
	assert_alive(f);
}

static void
rubbish_on_the_tls_port(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 40; i++) {
		int fd = raw_connect(http_server_port(f->server, 1));
		raw_send(fd, i & 1 ? "GET / HTTP/1.1\r\nHost: h\r\n\r\n" : "\x16\x03\x01\xff\xff rubbish");
		if (i & 1)
			assert_true(raw_closed(fd, 1000));
		close(fd);
	}
	assert_alive(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ten_gigabytes_are_answered_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(answer_outlives_a_sender_that_does_not_look, setup, teardown),
		cmocka_unit_test_setup_teardown(endless_chunks_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(pipelined_flood_waits_in_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(line_break_in_a_field_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(expect_continue_is_honoured, setup, teardown),
		cmocka_unit_test_setup_teardown(peers_that_leave_while_a_worker_computes, setup, teardown),
		cmocka_unit_test_setup_teardown(half_closed_peer_gets_its_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_peers_are_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_readers_give_their_places_up, setup, teardown),
		cmocka_unit_test_setup_teardown(crowd_of_idlers_does_not_lock_others_out, setup, teardown),
		cmocka_unit_test_setup_teardown(crowd_of_half_requests_does_not_lock_others_out, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_the_most_are_turned_away, setup, teardown),
		cmocka_unit_test_setup_teardown(rubbish_on_the_tls_port, setup, teardown),
	};
	return cmocka_run_group_tests_name("net/server_hostile", tests, NULL, NULL);
}
