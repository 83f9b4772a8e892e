/* mamori relay run. */
#include "cli/verbs.h"
#include "os/file.h"
#include "relay/limit.h"
#include "relay/member.h"
#include "relay/relay.h"
#include "vuln/feed.h"

#include <pthread.h>
#include <unistd.h>

#define DEFAULT_LISTEN "127.0.0.1:8480"
#define PEM_MAX (256u << 10)

struct texts {
	const char *listen, *proxy, *proxy_credentials, *proxy_ca, *cache_size, *cache_age, *certificate, *key;
	cli_list allow, tunnel, upstream, keyring, limit;
	bool offline;
};

/* A repeated option, also split at commas where `commas` says so, as relay_options wants it. */
static const char *const *
words(struct arena *a, const cli_list *list, bool commas)
{
	cli_list out = { 0 };
	for (size_t i = 0; i < list->count; i++) {
		struct str rest = str_of(list->items[i]), piece;
		if (!commas) {
			*ARRAY_PUSH(a, &out) = list->items[i];
			continue;
		}
		while (str_cut(&rest, ',', &piece))
			if (str_trim(piece).len > 0)
				*ARRAY_PUSH(a, &out) = arena_cstr(a, str_trim(piece));
	}
	*ARRAY_PUSH(a, &out) = NULL;
	return out.items;
}

static bool
limits_read(struct cli *c, const struct texts *t, struct relay_options *o, struct err *e)
{
	struct relay_limit *limits = ARENA_ARRAY(c->arena, struct relay_limit, t->limit.count + 1);
	for (size_t i = 0; i < t->limit.count; i++)
		if (!limit_parse(str_of(t->limit.items[i]), &limits[i], e))
			return false;
	o->limits = limits;
	o->limit_count = t->limit.count;
	return true;
}

static bool
numbers_read(const struct texts *t, struct relay_options *o, struct err *e)
{
	if (t->cache_size && (!size_parse(str_of(t->cache_size), &o->cache_size) || o->cache_size == 0))
		return err_set(e, ERR_USAGE, "“%s” is no size: write it as 50G or 500M", t->cache_size);
	if (t->cache_age && !time_parse_duration(str_of(t->cache_age), &o->cache_age))
		return err_set(e, ERR_USAGE, "“%s” is no time: write it as 90d or 36h", t->cache_age);
	return true;
}

static bool
upstreams_check(const struct relay_options *o, struct err *e)
{
	for (const char *const *u = o->upstreams; *u; u++) {
		struct str url = str_of(*u);
		if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
			return err_set(e, ERR_USAGE, "“%s” is no relay: write it as https://relay.example.org:8480",
				       *u);
	}
	return true;
}

/* For a relay that is not enrolled: what an enrolled one has of its server comes instead. */
static bool
certificate_read(const struct texts *t, struct buf *certificate, struct buf *key, struct relay_options *o,
		 struct err *e)
{
	if (!t->certificate && !t->key)
		return true;
	if (!t->certificate || !t->key)
		return err_set(e, ERR_USAGE, "--certificate and --key belong together");
	if (!file_read(t->certificate, PEM_MAX, certificate, e) || !file_read(t->key, PEM_MAX, key, e))
		return false;
	o->certificate_pem = buf_str(certificate);
	o->key_pem = buf_str(key);
	return true;
}

/* What is there already is as good. */
static bool
index_take(const char *data, const char *file, int64_t now, struct err *e)
{
	size_t count;
	struct err why = { 0 };
	return feed_receive(data, file, now, &count, &why) || why.code == ERR_REFUSED ||
	       err_set(e, why.code, "%s", why.text);
}

struct ready {
	int fd;
	const char *listen;
	bool tls;
};

/* Prints the ready line when the relay says that its port accepts. */
static void *
ready_wait(void *arg)
{
	const struct ready *r = arg;
	char byte;
	if (read(r->fd, &byte, 1) == 1) {
		printf(tr("mamori relay is ready: %s://%s"), r->tls ? "https" : "http", r->listen);
		printf("\n");
		fflush(stdout);
	}
	return NULL;
}

static bool
run_until_end(struct relay_options *o, struct err *e)
{
	int pipe_fds[2];
	pthread_t thread;
	if (pipe(pipe_fds) != 0)
		return err_sys(e, "making a pipe");
	struct ready ready = { pipe_fds[0], o->listen, o->certificate_pem.len > 0 };
	o->ready_fd = pipe_fds[1];
	bool watching = pthread_create(&thread, NULL, ready_wait, &ready) == 0;
	bool ok = relay_run(o, e);
	close(pipe_fds[1]); /* ends the watcher when the relay never became ready */
	if (watching)
		pthread_join(thread, NULL);
	close(pipe_fds[0]);
	return ok;
}

static int
relay_run_verb(struct cli *c, int argc, char **argv)
{
	struct texts t = { .listen = DEFAULT_LISTEN };
	struct relay_options o = { .clock = c->clock, .ready_fd = -1 };
	struct err e = { 0 };
	struct member_run *member = NULL;
	BUF_AUTO certificate = { 0 };
	BUF_AUTO key = { 0 };
	int operands = 0;
	const struct cli_option options[] = {
		{ "listen", "ADDR:PORT", "Where hosts reach the relay (default: 127.0.0.1:8480)", &t.listen, NULL,
		  NULL },
		{ "allow", "URL[,unverified]",
		  "An origin that hosts may have files of; unverified: also files without a signed digest. May be "
		  "repeated",
		  NULL, NULL, &t.allow },
		{ "tunnel", "HOST:PORT", "A server that hosts may speak to through the relay. May be repeated", NULL,
		  NULL, &t.tunnel },
		{ "upstream", "URL[,URL…]", "Relays further out to ask instead of the origins, the first that answers",
		  NULL, NULL, &t.upstream },
		{ "proxy", "URL", "The proxy that leads out", &t.proxy, NULL, NULL },
		{ "proxy-credentials", "FILE", "A file with one line, user:password, for the proxy",
		  &t.proxy_credentials, NULL, NULL },
		{ "proxy-ca", "FILE", "The authority (PEM) of a proxy that looks into TLS", &t.proxy_ca, NULL, NULL },
		{ "keyring", "FILE", "Keys (gpg) of repositories, beside the system's. May be repeated", NULL, NULL,
		  &t.keyring },
		{ "certificate", "FILE", "Certificate (PEM) of a relay that is not enrolled", &t.certificate, NULL,
		  NULL },
		{ "key", "FILE", "Its private key (PEM)", &t.key, NULL, NULL },
		{ "cache-size", "SIZE", "Most that is kept, as 50G (default: six tenths of the disk, at most 100G)",
		  &t.cache_size, NULL, NULL },
		{ "cache-age", "TIME", "What nobody asked for so long goes (default: 90d)", &t.cache_age, NULL, NULL },
		{ "limit", "HOURS=SIZE", "Bytes a second from outside, as 08:00-18:00=10M. May be repeated", NULL, NULL,
		  &t.limit },
		{ "offline", NULL, "Ask no origin: give out what is there", NULL, &t.offline, NULL },
	};
	bool ok = cli_parse(c, &verb_relay_run, options, COUNT(options), argc, argv, &operands, &e) &&
		  limits_read(c, &t, &o, &e) && numbers_read(&t, &o, &e);
	o.data = c->data;
	o.listen = t.listen;
	o.allow = words(c->arena, &t.allow, false);
	o.tunnels = words(c->arena, &t.tunnel, false);
	o.upstreams = words(c->arena, &t.upstream, true);
	o.keyrings = words(c->arena, &t.keyring, false);
	o.proxy = t.proxy;
	o.proxy_credentials = t.proxy_credentials;
	o.proxy_ca = t.proxy_ca;
	o.offline = t.offline;
	o.index = index_take;
	/* What enrolment gave it: without that there is only plain HTTP. */
	ok = ok && upstreams_check(&o, &e) && certificate_read(&t, &certificate, &key, &o, &e) &&
	     cache_limit_keep(o.data, o.cache_size, &e) && member_attach(&o, &member, &e) && run_until_end(&o, &e);
	member_detach(member);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_relay_run = {
	"relay run",
	"",
	"Give hosts of a closed network the files of allowed origins",
	"  mamori relay run --data /srv/relay --listen 10.1.0.5:8480 --allow https://deb.example.org/debian",
	relay_run_verb,
};
