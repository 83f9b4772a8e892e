#include "agent/net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/frame.h"
#include "base/json.h"
#include "base/time.h"
#include "base/tr.h"
#include "net/client.h"
#include "os/user.h"
#include "trust/cert.h"

#define FRAME_ANSWER 100U
#define FRAME_READY 101U
#define CALL_TIMEOUT_MS 240000 /* more than the client's own limits for all addresses */
#define WAYS_TIMEOUT_MS 100000 /* after this no further way is begun */
#define START_TIMEOUT_MS 20000

struct net_process {
	pid_t pid;
	int fd;
	bool broken; /* after an answer that was not one, nothing else is believed */
};

/* What the process without rights has. */
struct worker {
	const struct net_options *o;
	struct http_client *client[NET_WAYS_MAX]; /* of each way, made when it is needed */
	enum { WAY_UNTRIED, WAY_ANSWERED, WAY_FAILED } seen[NET_WAYS_MAX];
	size_t way_count;
	size_t way; /* that answered last */
	size_t base; /* the address that answered last */
	int fd;
};

void
net_answer_free(struct net_answer *a)
{
	buf_free(&a->body);
	buf_free(&a->ca);
}

/* ---- in the process without rights ---- */

static bool
certificate_check(const struct net_options *o, struct str pem, struct buf *out, struct err *e)
{
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	if (!cert_read(pem, &info, e) || !cert_key_digest(pem, digest, e))
		return false;
	if (o->ca_pem.len > 0 && !cert_check(pem, o->ca_pem, clock_system.now(NULL), e))
		return false;
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_put_cstr(&w, "serial", info.serial);
	json_put_time(&w, "not_after", info.not_after);
	json_put_cstr(&w, "key", digest);
	json_end_object(&w);
	return true;
}

static const char *
way_url(const struct worker *k, size_t way)
{
	return k->o->way[way] && *k->o->way[way] ? k->o->way[way] : NULL;
}

/* to_relay: the relay is the one that is asked; else it only passes the server's TLS on. */
static bool
client_make(const struct worker *k, size_t way, bool to_relay, struct http_client **out, struct err *e)
{
	const struct net_options *o = k->o;
	const char *relay = way_url(k, way);
	struct http_client_options h = {
		.ca_pem = o->ca_pem,
		.ca_key_digest = o->ca_key_digest,
		.certificate_pem = o->certificate_pem,
		.key_pem = o->key_pem,
		.language = lang_current() == LANG_JA ? "ja" : "en",
		.user_agent = "mamori-agent/" MAMORI_VERSION,
		.connect_timeout_s = 8,
		.timeout_s = 60,
		.body_max = 4U << 20,
		.proxy = to_relay ? "" : relay,
		.proxy_ca_pem = relay ? o->ca_pem : STR_NONE,
	};
	return http_client_new(&h, out, e);
}

/* Every address of the server by one way. */
static bool
exchange_by(struct worker *k, size_t way, const char *method, struct str path, struct str body, struct http_response *r,
	    struct err *e)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	size_t count = 0;
	if (!k->client[way] && !client_make(k, way, false, &k->client[way], e))
		return false;
	while (count < NET_BASES_MAX && k->o->base[count])
		count++;
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO url = { 0 };
		const char *base = k->o->base[(k->base + i) % count];
		buf_addf(&url, "%s%.*s", base, STR_ARG(path));
		err_clear(e);
		if (http_request(k->client[way], method, buf_cstr(&url), headers, body, r, e)) {
			k->base = (k->base + i) % count;
			return true;
		}
		if (!e || e->code != ERR_UNREACHABLE)
			return false;
	}
	return count == 0 ? err_set(e, ERR_BUG, "talking to the server: no address is known") : false;
}

static bool
exchange(struct worker *k, const char *method, struct str path, struct str body, struct http_response *r, struct err *e)
{
	int64_t end = clock_now(&clock_system) + WAYS_TIMEOUT_MS;
	for (size_t i = 0; i < k->way_count && (i == 0 || clock_now(&clock_system) < end); i++) {
		size_t way = (k->way + i) % k->way_count;
		const char *relay = way_url(k, way);
		bool ok = exchange_by(k, way, method, path, body, r, e);
		if (ok)
			k->way = way;
		/* A relay that cannot prove who it is, is as good as none; of the server's own word there is no way around. */
		bool answered = ok || (!relay && e->code != ERR_UNREACHABLE);
		k->seen[way] = answered ? WAY_ANSWERED : WAY_FAILED;
		if (answered)
			return ok;
		if (relay)
			err_wrap(e, "through the relay %s", relay);
	}
	return false;
}

/* Letters: a connection of its own to each relay, with this host's certificate. Only https proves who is there. */
static bool
exchange_relay(struct worker *k, const char *method, struct str path, struct str body, struct http_response *r,
	       struct err *e)
{
	err_set(e, ERR_UNREACHABLE, "there is no relay that carries letters");
	for (size_t i = 0; i < k->way_count; i++) {
		BUF_AUTO url = { 0 };
		const char *relay = way_url(k, i);
		__attribute__((cleanup(http_client_cleanup))) struct http_client *client = NULL;
		if (!relay || strncmp(relay, "https://", 8) != 0)
			continue;
		err_clear(e);
		buf_addf(&url, "%s%.*s", relay, STR_ARG(path));
		if (!client_make(k, i, true, &client, e))
			return false;
		if (http_request(client, method, buf_cstr(&url), NULL, body, r, e))
			return true;
		if (e->code != ERR_UNREACHABLE)
			return false;
	}
	return false;
}

static void
ways_write(const struct worker *k, struct buf *out)
{
	struct json_writer w = { .out = out };
	json_begin_object(&w);
	json_key(&w, "ways");
	json_begin_array(&w);
	for (size_t i = 0; i < k->way_count; i++) {
		if (k->seen[i] == WAY_UNTRIED)
			json_null(&w);
		else
			json_bool(&w, k->seen[i] == WAY_ANSWERED);
	}
	json_end_array(&w);
	json_end_object(&w);
}

static bool
reply_error(struct worker *k, const struct err *why, struct err *e)
{
	struct frame f = { .kind = FRAME_ANSWER | (uint32_t)why->code << 16, .part[0] = str_of(why->text) };
	return frame_send(k->fd, &f, e);
}

static bool
handle(struct worker *k, const struct frame *f, struct err *e)
{
	HTTP_RESPONSE_AUTO r = { 0 };
	BUF_AUTO info = { 0 };
	struct err why = { 0 };
	struct frame answer = { .kind = FRAME_ANSWER, .code = 200 };
	if (f->kind == NET_CERTIFICATE) {
		if (!certificate_check(k->o, f->part[1], &info, &why))
			return reply_error(k, &why, e);
		answer.part[1] = buf_str(&info);
		return frame_send(k->fd, &answer, e);
	}
	if (f->kind == NET_WAYS) {
		ways_write(k, &info);
		answer.part[1] = buf_str(&info);
		return frame_send(k->fd, &answer, e);
	}
	bool relay = f->kind == NET_RELAY_PUT || f->kind == NET_RELAY_GET;
	const char *method = f->kind == NET_RELAY_GET || f->kind == NET_GET   ? "GET"
			     : f->kind == NET_PUT || f->kind == NET_RELAY_PUT ? "PUT"
									      : "POST";
	if (!(relay ? exchange_relay(k, method, f->part[0], f->part[1], &r, &why)
		    : exchange(k, method, f->part[0], f->part[1], &r, &why)))
		return reply_error(k, &why, e);
	answer.code = (uint32_t)r.status;
	answer.part[1] = buf_str(&r.body);
	answer.part[2] = buf_str(&r.ca_pem);
	for (size_t i = 0; i < FRAME_PARTS; i++) {
		if (answer.part[i].len > frame_caps_answer.part[i]) {
			err_set(&why, ERR_TOO_LARGE, "the server's answer is larger than %u bytes",
				frame_caps_answer.part[i]);
			return reply_error(k, &why, e);
		}
	}
	return frame_send(k->fd, &answer, e);
}

static void
close_others(int keep)
{
	if (keep > 3)
		close_range(3, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0U, 0);
}

/* Gives up rights before anything is read. A system call filter (seccomp, Landlock) belongs here as well. */
static bool
confine(struct err *e)
{
	struct user nobody = geteuid() == 0 ? user_find("mamori-agent") : (struct user){ geteuid(), getegid() };
	if (geteuid() == 0 && chdir("/") != 0)
		return err_sys(e, "entering /");
	if (!user_drop(nobody, e))
		return false;
	/* After the change of user, which clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return true;
}

_Noreturn static void
worker_main(const struct net_options *o, int fd, pid_t parent)
{
	struct worker k = { .o = o, .fd = fd };
	struct err e = { 0 };
	BUF_AUTO storage = { 0 };
	signal(SIGPIPE, SIG_IGN);
	close_others(fd);
	while (k.way_count < NET_WAYS_MAX && o->way[k.way_count])
		k.way_count++;
	k.way_count += k.way_count == 0;
	bool ready = confine(&e) && getppid() == parent && client_make(&k, 0, false, &k.client[0], &e);
	struct frame f = { .kind = FRAME_READY | (uint32_t)e.code << 16, .part[0] = str_of(e.text) };
	if (!frame_send(fd, &f, &e) || !ready)
		_exit(4);
	while (frame_receive(fd, &frame_caps_request, -1, &storage, &f, NULL, &e) && handle(&k, &f, &e))
		;
	_exit(0);
}

/* ---- in the process with rights ---- */

static bool
process_receive(struct net_process *p, uint32_t kind, int timeout_ms, struct buf *storage, struct frame *f,
		struct err *e)
{
	if (!frame_receive(p->fd, &frame_caps_answer, timeout_ms, storage, f, NULL, e)) {
		p->broken = true;
		return false;
	}
	uint32_t code = f->kind >> 16;
	if ((f->kind & 0xffff) != kind || code > ERR_BUG || f->code > 999) {
		p->broken = true;
		return err_set(e, ERR_INPUT, "the part of the agent that talks to the network gave no proper answer");
	}
	if (code != ERR_NONE) {
		BUF_AUTO text = { 0 };
		/* Control characters of a stranger stay out of logs and terminals. */
		for (size_t i = 0; i < f->part[0].len && i < 900; i++) {
			unsigned char c = (unsigned char)f->part[0].ptr[i];
			buf_add_char(&text, c < 0x20 || c == 0x7f ? ' ' : (char)c);
		}
		return err_set(e, (enum err_code)code, "%s", buf_cstr(&text));
	}
	return true;
}

bool
net_process_start(const struct net_options *o, struct net_process **out, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "starting the part of the agent that talks to the network");
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(pair[0]);
		worker_main(o, pair[1], parent);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_sys(e, "starting the part of the agent that talks to the network");
	}
	struct net_process *p = xcalloc(1, sizeof(*p));
	*p = (struct net_process){ .pid = pid, .fd = pair[0] };
	BUF_AUTO storage = { 0 };
	struct frame f;
	if (!process_receive(p, FRAME_READY, START_TIMEOUT_MS, &storage, &f, e)) {
		net_process_stop(p);
		return err_wrap(e, "starting the part of the agent that talks to the network");
	}
	*out = p;
	return true;
}

static bool
process_call(void *user, enum net_verb verb, const char *path, struct str body, struct net_answer *out, struct err *e)
{
	struct net_process *p = user;
	BUF_AUTO storage = { 0 };
	struct frame f = { .kind = verb, .part = { str_of(path), body } };
	for (size_t i = 0; i < FRAME_PARTS; i++)
		if (f.part[i].len > frame_caps_request.part[i])
			return err_set(e, ERR_TOO_LARGE, "asking the server: the request is larger than %u bytes",
				       frame_caps_request.part[i]);
	if (p->broken || frame_unasked(p->fd)) {
		p->broken = true;
		return err_set(e, ERR_UNREACHABLE,
			       "the part of the agent that talks to the network is not to be trusted");
	}
	if (!frame_send(p->fd, &f, e) || !process_receive(p, FRAME_ANSWER, CALL_TIMEOUT_MS, &storage, &f, e))
		return false;
	out->status = (int)f.code;
	buf_truncate(&out->body, 0);
	buf_truncate(&out->ca, 0);
	buf_add(&out->body, f.part[1]);
	buf_add(&out->ca, f.part[2]);
	return true;
}

struct net
net_process_port(struct net_process *p)
{
	return (struct net){ .call = process_call, .user = p };
}

void
net_process_stop(struct net_process *p)
{
	if (!p)
		return;
	close(p->fd);
	/* It ends by itself when its socket closes; a request in flight is not waited for. */
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(p);
}

void
net_process_cleanup(struct net_process **p)
{
	net_process_stop(*p);
	*p = NULL;
}
