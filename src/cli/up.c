/* mamori up: a server, this very machine enrolled with it by the real agent, and the feeds that can be
 * reached. Nothing is installed on the machine. The pieces are processes of their own; this one only watches. */
#include "cli/verbs.h"
#include "os/file.h"
#include "server/publish.h"
#include "server/server.h"
#include "vuln/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct up {
	struct cli *c;
	struct server_options server;
	const char *agent_state; /* DATA-agent: not inside DATA, which the less privileged server owns */
	const char *program, *agent_program;
	pid_t server_pid, agent_pid, feed_pid;
	int64_t started;
	bool seen; /* the first plan of this machine was printed */
};

static void
signals_block(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(how, &set, NULL);
}

/* ---- server ---- */

static bool
server_start(struct up *u, struct err *e)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_sys(e, "making a pipe");
	u->server_pid = fork();
	if (u->server_pid < 0)
		return err_sys(e, "starting the server");
	if (u->server_pid == 0) {
		signals_block(SIG_UNBLOCK);
		close(fds[0]);
		u->server.ready_fd = fds[1];
		struct err why = { 0 };
		bool ok = server_serve(&u->server, &why);
		_exit(ok ? 0 : cli_fail(u->c, &why));
	}
	close(fds[1]);
	char byte;
	ssize_t got;
	do
		got = read(fds[0], &byte, 1);
	while (got < 0 && errno == EINTR);
	close(fds[0]);
	if (got == 1)
		return true;
	/* It said why on stderr; its exit status becomes ours. */
	err_clear(e);
	return false;
}

/* ---- agent ---- */

enum spawn_output { SPAWN_ALL, SPAWN_ERRORS, SPAWN_NOTHING };

static pid_t
spawn(const char *const *argv, enum spawn_output output)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	signals_block(SIG_UNBLOCK);
	int null = output == SPAWN_ALL ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		if (output == SPAWN_NOTHING)
			dup2(null, STDERR_FILENO);
	}
	execv(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "mamori: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool
token_write_file(struct up *u, const char *path, struct err *e)
{
	struct json *answer;
	if (!cli_api(u->c, "POST", "/api/v1/tokens", STR("{\"role\":\"host\",\"uses\":1,\"ttl_s\":600}"), &answer, e))
		return err_wrap(e, "making a token for this machine");
	return file_write(path, json_get_str(answer, "token"), 0600, e);
}

/* Enrols this machine unless it is enrolled with this server already. */
static bool
agent_enrol_here(struct up *u, bool server_is_new, struct err *e)
{
	struct arena *a = u->c->arena;
	bool enrolled = file_exists(path_join(a, u->agent_state, "identity.json"));
	if (enrolled && !server_is_new)
		return true;
	if (!dir_make(u->agent_state, 0700, e))
		return false;
	const char *token = path_join(a, u->agent_state, "token");
	if (!token_write_file(u, token, e))
		return false;
	const char *argv[] = { u->agent_program,
			       "enrol",
			       "--token-file",
			       token,
			       "--state",
			       u->agent_state,
			       enrolled ? "--again" : NULL,
			       NULL };
	pid_t pid = spawn(argv, SPAWN_ERRORS);
	int status = 0;
	bool ended = pid > 0 && waitpid(pid, &status, 0) == pid;
	struct err ignored = { 0 };
	if (!file_remove(token, &ignored))
		fprintf(stderr, "mamori: %s\n", ignored.text);
	if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(
			e, ERR_UNREACHABLE,
			"this machine could not be enrolled (the line above says why); the dashboard works without it");
	return true;
}

static void
agent_start(struct up *u)
{
	const char *argv[] = { u->agent_program, "run", "--state", u->agent_state, NULL };
	u->agent_pid = spawn(argv, SPAWN_ALL);
}

/* ---- what people see ---- */

static bool
link_print(struct up *u, struct err *e)
{
	struct json *answer;
	if (!cli_api(u->c, "POST", "/api/v1/signin-links", STR("{}"), &answer, e))
		return false;
	printf(tr("mamori is ready on https://%s (agents: %s, state: %s). Sign in once with this link:"),
	       u->server.listen, u->server.agents, u->c->data);
	struct str link = json_get_str(answer, "link");
	printf("\n%.*s\n", (int)link.len, link.ptr);
	struct str reminder = publish_reminder(u->c->arena, u->c->data);
	if (reminder.len)
		printf("%.*s\n", STR_ARG(reminder));
	fflush(stdout);
	return true;
}

static void
feeds_print(struct up *u, bool tried, bool arrived)
{
	struct feed_status *feeds;
	size_t count, imported = 0;
	int64_t oldest = 0;
	char when[TIME_RFC3339_MAX];
	struct err e = { 0 };
	if (!feed_status_read(u->c->data, u->c->arena, clock_now(u->c->clock), &feeds, &count, &e)) {
		fprintf(stderr, "mamori: %s\n", e.text);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!feeds[i].imported_at)
			continue;
		imported++;
		int64_t of = feeds[i].published_at ? feeds[i].published_at : feeds[i].imported_at;
		if (!oldest || of < oldest)
			oldest = of;
	}
	if (arrived)
		printf(tr("Vulnerability feeds: %zu of %zu are imported."), imported, count);
	else if (!tried && imported)
		printf(tr("Vulnerability feeds: %zu of %zu are imported, the oldest data is of %s."), imported, count,
		       time_local(oldest, when));
	else if (!tried)
		printf(tr("No vulnerability feed was ever imported: which vulnerabilities are open is not known. "
			  "Import files with: mamori feed import PATH…"));
	else if (!imported)
		printf(tr("No vulnerability feed can be reached and none was ever imported: which vulnerabilities are "
			  "open is "
			  "not known. Import files with: mamori feed import PATH…"));
	else
		printf(tr("No vulnerability feed can be reached: the oldest data is of %s. Import files with: mamori "
			  "feed "
			  "import "
			  "PATH…"),
		       time_local(oldest, when));
	printf("\n");
	fflush(stdout);
}

/* Prints one line once the first plan of this machine has arrived. */
static void
first_check_in(struct up *u)
{
	ARENA_AUTO scratch = { 0 };
	struct cli round = *u->c;
	round.arena = &scratch;
	struct err e = { 0 };
	struct json **hosts;
	size_t count;
	if (!cli_api_items(&round, "/api/v1/hosts", &hosts, &count, &e))
		return;
	char hostname[256] = "";
	if (gethostname(hostname, sizeof(hostname) - 1) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct str name = json_get_str(hosts[i], "name");
		if (!str_eq(name, str_of(hostname)))
			continue;
		BUF_AUTO path = { 0 };
		cli_path(&path, "/api/v1/hosts/", json_get_str(hosts[i], "id").ptr, "");
		struct json *host;
		if (!cli_api(&round, "GET", buf_cstr(&path), STR_NONE, &host, &e) ||
		    !json_get_str(host, "planned_at").len)
			continue;
		long long pending = json_get_i64(host, "pending", 0), security = json_get_i64(host, "security", 0);
		struct json **policies;
		size_t in_force;
		if (cli_api_items(&round, "/api/v1/policies", &policies, &in_force, &e) && in_force)
			printf(tr("This machine (%.*s): %lld updates are pending, %lld of them security updates. "
				  "Policies are in force; what they do with each: mamori patch list"),
			       STR_ARG(name), pending, security);
		else
			printf(tr("This machine (%.*s): %lld updates are pending, %lld of them security updates. "
				  "Nothing is installed until you order it."),
			       STR_ARG(name), pending, security);
		printf("\n");
		fflush(stdout);
		u->seen = true;
		return;
	}
}

/* ---- life ---- */

static void
stop(pid_t pid)
{
	if (pid > 0)
		kill(pid, SIGTERM);
}

/* The agent first, so that its last results still find the server. */
static int
stop_all(struct up *u, int status)
{
	stop(u->feed_pid);
	stop(u->agent_pid);
	if (u->agent_pid > 0)
		waitpid(u->agent_pid, NULL, 0);
	stop(u->server_pid);
	int server_status = 0;
	if (u->server_pid > 0 && waitpid(u->server_pid, &server_status, 0) == u->server_pid && status == 0 &&
	    WIFEXITED(server_status))
		return WEXITSTATUS(server_status);
	return status;
}

/* Collects children that ended; true when the server was one of them. */
static bool
children_reap(struct up *u, int *server_status)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == u->server_pid) {
			u->server_pid = 0;
			*server_status = WIFEXITED(status) ? WEXITSTATUS(status) : 70;
			return true;
		}
		if (pid == u->feed_pid) {
			u->feed_pid = 0;
			feeds_print(u, true, WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		if (pid == u->agent_pid) {
			u->agent_pid = 0;
			fprintf(stderr, "mamori: %s\n", tr("the agent of this machine ended; its log above says why"));
		}
	}
	return false;
}

static int
watch(struct up *u)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		/* Until the first plan is here, look once a second; then sleep until something happens. */
		bool looking = !u->seen && u->agent_pid > 0 && clock_now(u->c->clock) - u->started < 300000;
		struct timespec second = { .tv_sec = 1 };
		int got = looking ? sigtimedwait(&set, NULL, &second) : sigwaitinfo(&set, NULL);
		if (got == SIGTERM || got == SIGINT || got == SIGHUP)
			return stop_all(u, 0);
		int server_status = 0;
		if (children_reap(u, &server_status))
			return stop_all(u, server_status ? server_status : 70);
		if (looking)
			first_check_in(u);
	}
}

/* Beside this program in a build folder; where it is installed, it lies in PREFIX/libexec/mamori. */
static const char *
program_path(struct arena *a, const char *dir, const char *name)
{
	const char *beside = path_join(a, dir, name), *installed = path_join(a, path_join(a, dir, "../../bin"), name);
	return access(beside, X_OK) != 0 && access(installed, X_OK) == 0 ? installed : beside;
}

static bool
up_paths(struct up *u, struct err *e)
{
	struct arena *a = u->c->arena;
	const char *dir;
	if (!path_of_executable(a, &dir, e))
		return false;
	u->program = program_path(a, dir, "mamori");
	u->agent_program = program_path(a, dir, "mamori-agent");
	struct str data = str_of(u->c->data);
	while (data.len > 1 && data.ptr[data.len - 1] == '/')
		data.len--;
	u->agent_state = arena_printf(a, "%.*s-agent", STR_ARG(data)).ptr;
	return true;
}

static int
up_run(struct cli *c, int argc, char **argv)
{
	struct up u = { .c = c };
	bool no_feeds = false, created = false;
	u.server = (struct server_options){
		.listen = CLI_DEFAULT_LISTEN, .agents = CLI_DEFAULT_AGENTS, .clock = c->clock, .ready_fd = -1
	};
	const struct cli_option options[] = {
		{ "listen", "ADDR:PORT", "Where the dashboard listens (default: 127.0.0.1:8443)", &u.server.listen,
		  NULL, NULL },
		{ "agents", "ADDR:PORT", "Where agents check in (default: 127.0.0.1:8444)", &u.server.agents, NULL,
		  NULL },
		{ "name", "NAME", "DNS name or address by which machines reach this server", &u.server.name, NULL,
		  NULL },
		{ "no-feeds", NULL, "Do not try to download vulnerability feeds", NULL, &no_feeds, NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	BUF_AUTO link = { 0 };
	if (!cli_parse(c, &verb_up, options, COUNT(options), argc, argv, &operands, &e) || !up_paths(&u, &e))
		return cli_fail(c, &e);
	u.server.data = c->data;
	u.started = clock_now(c->clock);
	if (!server_init(c->data, u.server.name, u.server.listen, c->clock, &created, &link, &e))
		return cli_fail(c, &e);
	signals_block(SIG_BLOCK);
	if (!server_start(&u, &e)) {
		int status = 0;
		if (e.code == ERR_NONE && waitpid(u.server_pid, &status, 0) == u.server_pid)
			return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 70;
		return cli_fail(c, &e);
	}
	if (!link_print(&u, &e)) {
		int status = cli_fail(c, &e);
		return stop_all(&u, status);
	}
	if (agent_enrol_here(&u, created, &e))
		agent_start(&u);
	else
		cli_fail(c, &e);
	if (!no_feeds) {
		const char *feed[] = { u.program, "feed", "update", "--data", c->data, NULL };
		u.feed_pid = spawn(feed, SPAWN_NOTHING);
	} else {
		feeds_print(&u, false, false);
	}
	return watch(&u);
}

const struct cli_verb verb_up = {
	"up",
	"",
	"Start everything on this machine: server, dashboard, this machine enrolled",
	"  mamori up\n  mamori up --data /srv/mamori --listen 10.0.0.5:8443 --agents 10.0.0.5:8444",
	up_run,
};
