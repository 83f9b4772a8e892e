#include "agent/ward.h"

#include "world.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/waiter.h"
#include "os/file.h"

#define HOUR (3600LL * 1000)

static bool
said(struct world *w, enum ward_kind kind, const char *why, int64_t until, struct err *e)
{
	struct str answer;
	struct ward_ask ask = {
		.kind = kind, .why = str_of(why), .until = until, .by = STR("tanaka (1000)"), .uid = 1000
	};
	err_clear(e);
	return ward_take(&w->agent, &w->arena, &ask, &answer, e);
}

static struct slot_facts
facts(struct world *w)
{
	struct session s = { .agent = &w->agent, .arena = &w->arena };
	struct slot_facts f = { 0 };
	ward_facts(&s, w->m->now, &f);
	return f;
}

static void
a_hold_ends_by_itself_and_cannot_go_on_for_ever(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	int64_t begin = w->m->now;
	assert_false(said(w, WARD_HOLD, "", begin + HOUR, &e));
	assert_false(said(w, WARD_HOLD, "surgery", begin - 1, &e));
	assert_true(said(w, WARD_HOLD, "surgery", begin + 8 * HOUR, &e));
	assert_true(str_eq(facts(w).local_hold, STR("surgery")));
	assert_int_equal(facts(w).local_hold_until, begin + 8 * HOUR);
	w->m->now = begin + 8 * HOUR;
	assert_int_equal(facts(w).local_hold.len, 0);
	/* Longer than a day is a day; again and again is three days. */
	assert_true(said(w, WARD_HOLD, "surgery", begin + 1000 * HOUR, &e));
	assert_int_equal(facts(w).local_hold_until, begin + 32 * HOUR);
	w->m->now = begin + 30 * HOUR;
	assert_true(said(w, WARD_HOLD, "surgery", begin + 1000 * HOUR, &e));
	w->m->now = begin + 53 * HOUR;
	assert_true(said(w, WARD_HOLD, "surgery", begin + 1000 * HOUR, &e));
	assert_int_equal(facts(w).local_hold_until, begin + 72 * HOUR);
	w->m->now = begin + 72 * HOUR + 1;
	assert_false(said(w, WARD_HOLD, "surgery", begin + 1000 * HOUR, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	/* Released and held anew at once is the same stretch; after a while it is another. */
	w->m->now = begin + 80 * HOUR;
	assert_true(said(w, WARD_HOLD, "surgery", w->m->now + HOUR, &e));
	assert_true(said(w, WARD_RELEASE, "", 0, &e));
	assert_int_equal(facts(w).local_hold.len, 0);
	assert_false(said(w, WARD_RELEASE, "", 0, &e));
}

static void
nobody_can_ask_all_the_time(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	unsigned taken = 0;
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	for (int i = 0; i < 100; i++)
		taken += said(w, WARD_NOW, "", 0, &e);
	assert_int_equal(taken, 20);
	assert_int_equal(e.code, ERR_REFUSED);
	w->m->now += HOUR + 1;
	assert_true(said(w, WARD_NOW, "", 0, &e));
}

static void
what_was_said_reaches_the_server_once(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	assert_true(said(w, WARD_HOLD, "surgery", w->m->now + HOUR, &e));
	assert_true(said(w, WARD_LATER, "", w->m->now + 2 * HOUR, &e));
	w->m->away = true;
	world_turn(w);
	assert_string_equal(w->m->asks, "");
	w->m->away = false;
	world_turn(w);
	assert_non_null(strstr(w->m->asks, "\"ask\":\"hold\",\"why\":\"surgery\",\"until\":\"2026-11-24T13:00:00Z\""));
	assert_non_null(strstr(w->m->asks, "tanaka (1000)"));
	assert_non_null(strstr(w->m->asks, "\"later\""));
	w->m->asks[0] = 0;
	world_turn(w);
	assert_string_equal(w->m->asks, "");
	assert_true(str_eq(facts(w).local_hold, STR("surgery")));
}

static void
the_wards_answer_is_taken_over_once(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	static const char policy[] = "{\"policy\":\"ward\",\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":["
				     "\"tue\"],\"at\":\"22:00\",\"for\":"
				     "\"4h\"}]},\"reboot\":{\"mode\":\"if-needed\",\"prompt\":{\"defer\":3,\"every\":"
				     "\"1h\",\"deadline\":\"24h\"}}}";
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	world_direct(w, &(struct world_directive){ .policy = policy, .patches = { "deb:p0@2" } });
	world_turn(w);
	assert_int_equal(w->m->applied[0], 0);
	assert_true(said(w, WARD_NOW, "", 0, &why));
	assert_true(facts(w).ward_now);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1); /* at noon, because the ward said so */
	assert_false(facts(w).ward_now);
	/* Everybody can read what is planned. */
	BUF_AUTO b = { 0 };
	struct stat st;
	assert_ok(agent_notice(&w->agent, &b, e));
	assert_non_null(strstr(buf_cstr(&b), "\"hostname\":\"ward-3\""));
	const char *folder = ward_folder(&w->agent, &w->arena);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(stat(path_join(&w->arena, folder, "notice.json"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_ok(dir_remove_all(folder, e));
}

/* ---- the socket ---- */

static pid_t
server_start(struct world *w, int listener)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool took;
		ward_serve(&w->agent, listener, &took);
		_exit(took ? WAITER_WARD_URGENT : 0);
	}
	return pid;
}

static void
the_socket_knows_who_asks(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	BUF_AUTO answer = { 0 };
	int status;
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	int fd = ward_listen(&w->agent, &w->arena, &why);
	if (fd < 0)
		fail_msg("%s", why.text);
	pid_t pid = server_start(w, fd);
	assert_ok(agent_ask(&w->agent, "hold", "surgery", w->m->now + HOUR, &answer, e));
	assert_non_null(strstr(buf_cstr(&answer), "Held until"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), WAITER_WARD_URGENT);
	assert_true(str_eq(facts(w).local_hold, STR("surgery")));
	/* What is refused wakes nobody. */
	pid = server_start(w, fd);
	assert_false(agent_ask(&w->agent, "later", NULL, w->m->now + 30 * 24 * HOUR, &answer, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	assert_non_null(strstr(why.text, "seven days"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	/* A program's user has no say. */
	if (geteuid() == 0) {
		pid = server_start(w, fd);
		pid_t web = fork();
		if (web == 0) {
			BUF_AUTO said_to_it = { 0 };
			bool ok = setresuid(33, 33, 33) == 0 &&
				  !agent_ask(&w->agent, "release", NULL, 0, &said_to_it, &why) &&
				  why.code == ERR_REFUSED;
			_exit(ok ? 0 : 1);
		}
		assert_int_equal(waitpid(web, &status, 0), web);
		assert_int_equal(status, 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	close(fd);
	assert_false(agent_ask(&w->agent, "release", NULL, 0, &answer, &why));
	assert_int_equal(why.code, ERR_UNREACHABLE);
	assert_ok(dir_remove_all(ward_folder(&w->agent, &w->arena), e));
}

/* ---- somebody means harm ---- */

static int
connected(struct world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = path_join(&w->arena, ward_folder(&w->agent, &w->arena), "socket");
	memcpy(at.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int64_t
milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* In a process of another user: true when the hold was taken. */
static bool
held_as(struct world *w, uid_t uid)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		BUF_AUTO answer = { 0 };
		struct err e = { 0 };
		/* From inside: the folders above may be closed to that user. */
		struct agent near = w->agent;
		near.state = "state";
		_exit(chdir(w->dir) == 0 && setresuid(uid, uid, uid) == 0 &&
				      agent_ask(&near, "hold", "surgery", w->m->now + HOUR, &answer, &e)
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* Forty connections that say nothing, or one byte: whoever has something to say is heard within a second or so. */
static void
the_silent_do_not_keep_others_from_being_heard(void **state)
{
	struct world *w = *state;
	int silent[40], status;
	if (geteuid() != 0)
		skip();
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	(void)chmod(w->dir, 0755);
	int fd = ward_listen(&w->agent, &w->arena, NULL);
	assert_true(fd >= 0);
	pid_t pid = server_start(w, fd);
	for (size_t i = 0; i < COUNT(silent); i++) {
		silent[i] = connected(w);
		if (i % 2)
			(void)!send(silent[i], "{", 1, MSG_NOSIGNAL);
	}
	int64_t began = milliseconds();
	assert_true(held_as(w, 1001));
	assert_true(milliseconds() - began < 5000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), WAITER_WARD_URGENT);
	for (size_t i = 0; i < COUNT(silent); i++)
		close(silent[i]);
	close(fd);
	assert_ok(dir_remove_all(ward_folder(&w->agent, &w->arena), e));
}

static void
too_much_and_too_slow_is_hung_up_on(void **state)
{
	struct world *w = *state;
	static char much[100000];
	char back[10];
	int status;
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	int fd = ward_listen(&w->agent, &w->arena, NULL);
	assert_true(fd >= 0);
	pid_t pid = server_start(w, fd);
	int big = connected(w), slow = connected(w);
	memset(much, '[', sizeof(much));
	(void)!send(big, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT);
	assert_true(recv(big, back, sizeof(back), 0) <= 0);
	int64_t began = milliseconds();
	for (int i = 0; i < 100 && send(slow, " ", 1, MSG_NOSIGNAL) == 1; i++)
		usleep(50000);
	assert_true(milliseconds() - began < 4000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(big);
	close(slow);
	close(fd);
	assert_ok(dir_remove_all(ward_folder(&w->agent, &w->arena), e));
}

/* A link in the place of our folder, as whoever may write beside the state folder could put there. */
static void
a_link_leads_us_nowhere(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	struct stat st;
	const char *elsewhere = world_path(w, "elsewhere");
	world_enrol(w);
	assert_ok(dir_make(elsewhere, 0700, e));
	assert_int_equal(symlink(elsewhere, ward_folder(&w->agent, &w->arena)), 0);
	assert_true(ward_listen(&w->agent, &w->arena, &why) < 0);
	assert_int_equal(why.code, ERR_REFUSED);
	assert_false(file_exists(path_join(&w->arena, elsewhere, "socket")));
	assert_int_equal(stat(elsewhere, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(unlink(ward_folder(&w->agent, &w->arena)), 0);
}

/* While the server is away for days, three people who ask all the time take nobody's right to hold the machine. */
static void
a_full_list_has_room_for_a_hold(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct str answer;
	struct session s = { .agent = &w->agent, .arena = &w->arena };
	BUF_AUTO b = { 0 };
	struct json_writer out = { .out = &b };
	world_time(w, "2026-11-24T12:00:00Z");
	world_enrol(w);
	for (int hour = 0; hour < 5; hour++, w->m->now += HOUR + 1)
		for (unsigned i = 0; i < 60; i++) {
			struct ward_ask ask = { .kind = WARD_NOW, .by = STR("noise"), .uid = 2000 + i % 3 };
			err_clear(&e);
			(void)!ward_take(&w->agent, &w->arena, &ask, &answer, &e);
		}
	assert_true(said(w, WARD_HOLD, "surgery", w->m->now + HOUR, &e));
	assert_true(str_eq(facts(w).local_hold, STR("surgery")));
	for (unsigned i = 0; i < 20; i++) {
		struct ward_ask ask = { .kind = WARD_NOW, .by = STR("noise"), .uid = 2000 };
		err_clear(&e);
		(void)!ward_take(&w->agent, &w->arena, &ask, &answer, &e);
	}
	json_begin_object(&out);
	ward_asks_write(&s, &out);
	json_end_object(&out);
	assert_non_null(strstr(buf_cstr(&b), "surgery")); /* and the server will hear of it */
}

static void
strange_messages_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]", "{\"ask\":\"reboot\"}", "{\"ask\":7}", "{\"ask\":\"hold\"", "\xff\xfe"
	};
	ARENA_AUTO a = { 0 };
	struct ward_ask ask;
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(ward_parse(&a, str_of(texts[i]), &ask, NULL));
	assert_true(
		ward_parse(&a, STR("{\"ask\":\"hold\",\"why\":\"a\\u001b[2Jb\\nc\",\"until\":\"soon\"}"), &ask, NULL));
	assert_int_equal(ask.until, 0);
	assert_true(str_find_char(ask.why, 27) < 0 && str_find_char(ask.why, '\n') < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_hold_ends_by_itself_and_cannot_go_on_for_ever),
		world_test(nobody_can_ask_all_the_time),
		world_test(what_was_said_reaches_the_server_once),
		world_test(the_wards_answer_is_taken_over_once),
		world_test(the_socket_knows_who_asks),
		world_test(strange_messages_are_refused),
		world_test(the_silent_do_not_keep_others_from_being_heard),
		world_test(too_much_and_too_slow_is_hung_up_on),
		world_test(a_link_leads_us_nowhere),
		world_test(a_full_list_has_room_for_a_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
