#include "agent/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"
#include "os/user.h"
#include "trust/cert.h"

struct identity_pair {
	struct key *ca, *host;
	struct buf ca_pem, certificate, key;
};

static int
setup(void **state)
{
	struct identity_pair *p = xcalloc(1, sizeof(*p));
	struct err e = { 0 };
	int64_t now = clock_now(&clock_system);
	struct cert_request r = { .common_name = STR("host-1"), .not_before = now - 60000, .not_after = now + 3600000 };
	*state = p;
	return key_generate(&p->ca, &e) && key_generate(&p->host, &e) &&
			       ca_create(p->ca, "test", now, &p->ca_pem, &e) &&
			       cert_issue(p->ca, buf_str(&p->ca_pem), p->host, &r, &p->certificate, &e) &&
			       key_to_pem(p->host, &p->key, &e)
		       ? 0
		       : -1;
}

static int
teardown(void **state)
{
	struct identity_pair *p = *state;
	key_free(p->ca);
	key_free(p->host);
	buf_free(&p->ca_pem);
	buf_free(&p->certificate);
	buf_free(&p->key);
	free(p);
	return 0;
}

static struct net_options
options_of(struct identity_pair *p, const char *base)
{
	return (struct net_options){ .base = { base },
				     .ca_pem = buf_str(&p->ca_pem),
				     .certificate_pem = buf_str(&p->certificate),
				     .key_pem = buf_str(&p->key) };
}

/* A port of this machine that nobody listens on. */
static unsigned
closed_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void
ways_are_tried_in_their_order_and_told_of(void **state)
{
	struct identity_pair *p = *state;
	char base[64], relay[64];
	struct err e = { 0 };
	NET_PROCESS_AUTO process = NULL;
	NET_ANSWER_AUTO r = { 0 };
	snprintf(base, sizeof(base), "https://127.0.0.1:%u", closed_port());
	snprintf(relay, sizeof(relay), "http://127.0.0.1:%u", closed_port());
	struct net_options o = options_of(p, base);
	o.way[0] = "";
	o.way[1] = relay;
	assert_true(net_process_start(&o, &process, &e));
	struct net net = net_process_port(process);
	assert_true(net_call(&net, NET_WAYS, "", STR(""), &r, &e));
	assert_string_equal(buf_cstr(&r.body), "{\"ways\":[null,null]}");
	assert_false(net_call(&net, NET_POST, "/agent/v1/check-in", STR("{}"), &r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_non_null(strstr(e.text, relay)); /* the last one that was tried */
	assert_true(net_call(&net, NET_WAYS, "", STR(""), &r, &e));
	assert_string_equal(buf_cstr(&r.body), "{\"ways\":[false,false]}");
	/* Letters ask who the relay is: not over plain http. */
	assert_false(net_call(&net, NET_RELAY_GET, "/relay/v1/letters/x", STR(""), &r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
}

static void
a_server_that_is_away_is_said_so(void **state)
{
	char base[64];
	struct err e = { 0 };
	NET_PROCESS_AUTO p = NULL;
	NET_ANSWER_AUTO r = { 0 };
	snprintf(base, sizeof(base), "https://127.0.0.1:%u", closed_port());
	struct net_options o = options_of(*state, base);
	assert_true(net_process_start(&o, &p, &e));
	struct net n = net_process_port(p);
	assert_false(net_call(&n, NET_POST, "/agent/v1/check-in", STR("{}"), &r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_int_equal(err_exit_status(&e), 4);
	/* The process is still there for the next question. */
	err_clear(&e);
	assert_false(net_call(&n, NET_POST, "/agent/v1/check-in", STR("{}"), &r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
}

static void
certificates_are_read_in_the_process_without_rights(void **state)
{
	struct identity_pair *pair = *state;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	NET_PROCESS_AUTO p = NULL;
	NET_ANSWER_AUTO r = { 0 };
	BUF_AUTO id = { 0 };
	struct json *v;
	struct net_options o = options_of(pair, "https://127.0.0.1:1");
	assert_true(net_process_start(&o, &p, &e));
	struct net n = net_process_port(p);
	assert_true(net_call(&n, NET_CERTIFICATE, "", buf_str(&pair->certificate), &r, &e));
	assert_true(json_parse(&a, buf_str(&r.body), NULL, &v, &e));
	assert_true(key_id(pair->host, &id, &e));
	assert_true(str_eq(json_get_str(v, "key"), buf_str(&id)));
	assert_false(net_call(&n, NET_CERTIFICATE, "", STR("-----BEGIN CERTIFICATE-----\nAAAA\n"), &r, &e));
	assert_int_not_equal(e.code, ERR_NONE);
}

/* "Uid:" and the like of our child's status file. */
static void
status_line(pid_t pid, const char *name, char *into, size_t cap)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	*into = 0;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			snprintf(into, cap, "%s", line + strlen(name));
	fclose(f);
}

static pid_t
only_child(void)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

static void
it_has_no_rights_and_no_files_of_ours(void **state)
{
	char line[256], path[64];
	struct err e = { 0 };
	NET_PROCESS_AUTO p = NULL;
	struct net_options o = options_of(*state, "https://127.0.0.1:1");
	int leak = open("/dev/null", O_RDONLY);
	assert_true(leak >= 0);
	assert_true(net_process_start(&o, &p, &e));
	pid_t pid = only_child();
	status_line(pid, "NoNewPrivs:", line, sizeof(line));
	assert_int_equal(strtol(line, NULL, 10), 1);
	if (geteuid() == 0) {
		unsigned ids[4] = { 0 };
		status_line(pid, "Uid:", line, sizeof(line));
		assert_int_equal(sscanf(line, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]), 4);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(ids[i], user_find("mamori-agent").uid);
		status_line(pid, "CapEff:", line, sizeof(line));
		assert_int_equal(strtoull(line, NULL, 16), 0);
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, leak);
		char target[64];
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		assert_false(n == 9 && memcmp(target, "/dev/null", 9) == 0);
	}
	close(leak);
}

static void
a_process_that_died_fails_the_call_and_is_not_asked_again(void **state)
{
	struct err e = { 0 };
	NET_PROCESS_AUTO p = NULL;
	NET_ANSWER_AUTO r = { 0 };
	struct net_options o = options_of(*state, "https://127.0.0.1:1");
	assert_true(net_process_start(&o, &p, &e));
	struct net n = net_process_port(p);
	kill(only_child(), SIGKILL);
	for (int i = 0; i < 2; i++) {
		err_clear(&e);
		assert_false(net_call(&n, NET_POST, "/x", STR("{}"), &r, &e));
		assert_int_not_equal(e.code, ERR_NONE);
	}
}

#define with_pair(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_pair(a_server_that_is_away_is_said_so),
		with_pair(ways_are_tried_in_their_order_and_told_of),
		with_pair(certificates_are_read_in_the_process_without_rights),
		with_pair(it_has_no_rights_and_no_files_of_ours),
		with_pair(a_process_that_died_fails_the_call_and_is_not_asked_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
