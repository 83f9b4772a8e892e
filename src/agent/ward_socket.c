/* The socket by which anybody at the machine speaks to the agent (agent/ward.h). The program that waits only notices
 * that somebody is there; a short process of its own accepts, asks the kernel who it is (SO_PEERCRED), judges and
 * answers. Nobody can make it wait, read much or start more often than once a second, or keep others from being heard. */
#include "agent/ward.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/waiter.h"
#include "base/log.h"
#include "base/sentence.h"
#include "os/user.h"

#define MESSAGE_MAX 4096
#define SERVE_MS 30000 /* of one process */
#define READ_MS 1000
#define IDLE_MS 1000
#define TICK_MS 50
#define CALLERS_MAX 32
#define CALLERS_OF_ONE 4
#define FLOOD 64 /* from so many on, each further one … */
#define FLOOD_PAUSE_US 10000 /* … costs them time instead of us processor */
#define ANSWER_MS 15000
#define FIRST_PERSON 1000 /* ids below are programs' */

static bool
address_of(const struct agent *a, struct arena *arena, struct sockaddr_un *out, struct err *e)
{
	const char *path = path_join(arena, ward_folder(a, arena), "socket");
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(out->sun_path))
		return err_set(e, ERR_USAGE, "the path of the socket %s is too long", path);
	memcpy(out->sun_path, path, strlen(path));
	return true;
}

int
ward_listen(const struct agent *a, struct arena *arena, struct err *e)
{
	struct sockaddr_un at;
	const char *folder = ward_folder(a, arena);
	if (!ward_folder_make(folder, e) || !address_of(a, arena, &at, e))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)unlink(at.sun_path); /* of an agent that was killed: the lock says that none runs */
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || chmod(at.sun_path, 0666) != 0 ||
	    listen(fd, 16) != 0) {
		err_sys(e, "listening at %s", at.sun_path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* ---- answering ---- */

/* One connection. Who it is comes from the kernel before a byte is read. */
struct caller {
	int fd;
	uint32_t uid;
	int64_t until; /* its line has come by then */
	struct buf text;
};

static int64_t
monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

enum line { LINE_COMES, LINE_WHOLE, LINE_NONE };

static enum line
line_read(struct caller *c)
{
	ssize_t n = recv(c->fd, buf_reserve(&c->text, MESSAGE_MAX), MESSAGE_MAX - c->text.len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return LINE_COMES;
	if (n <= 0)
		return LINE_NONE;
	c->text.len += (size_t)n;
	if (c->text.ptr[c->text.len - 1] == '\n')
		return LINE_WHOLE;
	return c->text.len >= MESSAGE_MAX ? LINE_NONE : LINE_COMES;
}

/* Root, whoever runs the agent, and people; a web server that was taken over has no say. */
static bool
may_ask(uint32_t uid, struct err *e)
{
	if (uid == 0 || uid == geteuid() || (uid >= FIRST_PERSON && uid != USER_NOBODY))
		return true;
	return err_set(e, ERR_REFUSED, "only people may ask for this, user %u is a program's", (unsigned)uid);
}

static void
answer_send(int fd, bool ok, struct str text)
{
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_bool(&w, "ok", ok);
	json_put_str(&w, "text", text);
	json_end_object(&w);
	buf_add_char(&b, '\n');
	(void)!send(fd, b.ptr, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool
serve_line(const struct agent *a, const struct caller *c)
{
	ARENA_AUTO arena = { 0 };
	struct err e = { 0 };
	struct ward_ask ask;
	struct str answer;
	bool ok = ward_parse(&arena, buf_str(&c->text), &ask, &e);
	if (ok) {
		ask.uid = c->uid;
		ask.by = arena_printf(&arena, "%.*s (%u)", STR_ARG(user_name(&arena, c->uid)), (unsigned)c->uid);
		ok = ward_take(a, &arena, &ask, &answer, &e);
	}
	answer_send(c->fd, ok, ok ? answer : str_of(e.text));
	return ok;
}

struct callers {
	struct caller items[CALLERS_MAX];
	size_t count;
};

static void
caller_end(struct callers *all, size_t i)
{
	close(all->items[i].fd);
	buf_free(&all->items[i].text);
	all->items[i] = all->items[--all->count];
}

/* Whoever may not ask is told so at once, and one person does not take the places of all: neither waits for anything. */
static void
caller_add(struct callers *all, int fd)
{
	struct err e = { 0 };
	struct ucred who;
	socklen_t len = sizeof(who);
	size_t same = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) {
		close(fd);
		return;
	}
	for (size_t i = 0; i < all->count; i++)
		same += all->items[i].uid == who.uid;
	bool may = may_ask(who.uid, &e);
	if (may && same < CALLERS_OF_ONE && all->count < CALLERS_MAX) {
		all->items[all->count++] =
			(struct caller){ .fd = fd, .uid = who.uid, .until = monotonic_ms() + READ_MS };
		return;
	}
	answer_send(fd, false, may ? STR("too many speak at once; try again") : str_of(e.text));
	close(fd);
}

/* True when somebody asked for something. */
static bool
callers_serve(const struct agent *a, struct callers *all, const struct pollfd *p)
{
	int64_t now = monotonic_ms();
	bool took = false;
	for (size_t i = all->count; i-- > 0;) {
		enum line l = p[i].revents ? line_read(&all->items[i]) : LINE_COMES;
		if (l == LINE_COMES && now < all->items[i].until)
			continue;
		took = (l == LINE_WHOLE && serve_line(a, &all->items[i])) || took;
		caller_end(all, i);
	}
	return took;
}

void
ward_serve(const struct agent *a, int listener, bool *took)
{
	struct callers all = { .count = 0 };
	int64_t end = monotonic_ms() + SERVE_MS;
	unsigned accepted = 0;
	*took = false;
	LANG_ENGLISH_AUTO; /* who asked tells it in their own language */
	/* Whoever comes within the next second is served by this process, not by another; what is asked for is urgent. */
	while (!*took && monotonic_ms() < end) {
		struct pollfd p[CALLERS_MAX + 1];
		for (size_t i = 0; i < all.count; i++)
			p[i] = (struct pollfd){ .fd = all.items[i].fd, .events = POLLIN };
		p[all.count] = (struct pollfd){ .fd = listener, .events = POLLIN };
		size_t last = all.count;
		int ready = poll(p, last + 1, all.count > 0 ? TICK_MS : IDLE_MS);
		if (ready <= 0 && all.count == 0)
			break;
		*took = callers_serve(a, &all, p);
		if (ready <= 0 || !p[last].revents)
			continue;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			caller_add(&all, fd);
		if (++accepted > FLOOD)
			usleep(FLOOD_PAUSE_US);
	}
	while (all.count > 0)
		caller_end(&all, all.count - 1);
}

/* ---- asking ---- */

static bool
exchange(int fd, const struct buf *ask, struct buf *answer, struct err *e)
{
	struct timeval patience = { .tv_sec = ANSWER_MS / 1000 };
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* Who may not ask is answered, and left, before the question is there: then there is an answer to read. */
	if (send(fd, ask->ptr, ask->len, MSG_NOSIGNAL) != (ssize_t)ask->len && errno != EPIPE && errno != ECONNRESET)
		return err_sys(e, "asking the agent of this machine");
	while (answer->len < MESSAGE_MAX) {
		ssize_t n = recv(fd, buf_reserve(answer, MESSAGE_MAX), MESSAGE_MAX - answer->len, 0);
		if (n <= 0)
			break;
		answer->len += (size_t)n;
		if (answer->ptr[answer->len - 1] == '\n')
			return true;
	}
	return err_set(e, ERR_UNREACHABLE, "the agent of this machine does not answer");
}

bool
agent_ask(const struct agent *a, const char *what, const char *why, int64_t until, struct buf *answer, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	BUF_AUTO b = { 0 };
	BUF_AUTO got = { 0 };
	struct json_writer w = { .out = &b };
	struct sockaddr_un at;
	struct json *v;
	if (!address_of(a, &arena, &at, e))
		return false;
	FD_AUTO fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = { .tv_sec = ANSWER_MS / 1000 }; /* also for a place in a full queue */
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return err_set(e, ERR_UNREACHABLE,
				       "no agent is running on this machine (nothing answers at %s)", at.sun_path);
		return err_sys(e, "asking the agent of this machine");
	}
	json_begin_object(&w);
	json_put_cstr(&w, "ask", what);
	json_put_cstr(&w, "why", why ? why : "");
	json_put_time(&w, "until", until);
	json_end_object(&w);
	buf_add_char(&b, '\n');
	if (!exchange(fd, &b, &got, e) || !json_parse(&arena, buf_str(&got), NULL, &v, e))
		return false;
	struct str text = tr_sentence(&arena, json_get_str(v, "text"));
	if (!json_get_bool(v, "ok", false))
		return err_set(e, ERR_REFUSED, "%.*s", STR_ARG(text));
	buf_add(answer, text);
	return true;
}

bool
agent_ward(const struct agent *a)
{
	bool took;
	ward_serve(a, WAITER_WARD_FD, &took);
	return took;
}

bool
agent_notice(const struct agent *a, struct buf *json, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	const char *path = path_join(&arena, ward_folder(a, &arena), "notice.json");
	struct err why = { 0 };
	if (file_read(path, 1U << 20, json, &why))
		return true;
	if (why.code == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND,
			       "nothing is planned here yet: no policy of a server has reached this machine");
	return err_set(e, why.code, "%s", why.text);
}
