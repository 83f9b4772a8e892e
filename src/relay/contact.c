/* A running relay's talk with its server: what it is told, what it tells, renewal, letters. One thread: the tick. */
#include "base/log.h"
#include "base/codec.h"
#include "base/sentence.h"
#include "net/address.h"
#include "os/file.h"
#include "relay/account.h"
#include "relay/bundle.h"
#include "relay/letter.h"
#include "relay/member-internal.h"
#include "relay/proxy.h"
#include "relay/updates.h"
#include "trust/cert.h"

#include <pthread.h>

#define INTERVAL_S 60
#define RETRY_S 20
#define STATUS_EVERY_S 10
#define UPDATES_EVERY_S 60
#define STATUS_MAX_BYTES ((size_t)64 << 10)

struct member_run {
	struct arena arena;
	struct relay_options *options;
	struct member m;
	struct key *tls;
	struct buf key_pem;
	struct http_client *client; /* NULL: to be made (anew) */
	struct relay *relay; /* in the tick */
	struct letter_box *letters;
	struct relay_service service;
	const char **tunnels;
	int64_t next, next_status, reached, failed; /* milliseconds */
	int64_t metadata_before;
	struct buf named; /* the update metadata whose addresses may pass */
	char named_error[1000]; /* why it could not be read */
	int64_t allowed; /* when the list of origins of bundles was written */
	unsigned interval_s;
	char error[1000];
	char updates_error[1000]; /* why the server's update metadata was refused; empty: it was not */
	int64_t next_updates;
	size_t upstream; /* the one that is asked */
	bool renew_now;
	bool names_asked; /* for the address that it listens at: once, the server may have its reasons */
};

/* ---- talking ---- */

static bool
stop_asked(void *user)
{
	struct member_run *u = user;
	return u->relay && relay_ending(u->relay);
}

static bool
client_make(struct member_run *u, struct err *e)
{
	BUF_AUTO proxy = { 0 };
	const struct relay_options *o = u->options;
	if (u->client)
		return true;
	if (o->proxy && !proxy_with_credentials(o->proxy, o->proxy_credentials, &proxy, e))
		return false;
	struct http_client_options h = {
		.ca_pem = str_of(u->m.ca),
		.certificate_pem = str_of(u->m.certificate),
		.key_pem = buf_str(&u->key_pem),
		.user_agent = "mamori-relay/" MAMORI_VERSION,
		.connect_timeout_s = 8,
		.timeout_s = 60,
		.body_max = 16U << 20,
		.proxy = o->proxy       ? buf_cstr(&proxy)
			 : o->upstreams ? o->upstreams[u->upstream]
					: NULL,
		.proxy_ca_pem = o->proxy ? STR_NONE : str_of(u->m.ca),
		.stop = stop_asked,
		.stop_user = u,
	};
	bool ok = http_client_new(&h, &u->client, e);
	if (proxy.ptr)
		explicit_bzero(proxy.ptr, proxy.len);
	return ok;
}

/* To the agents' listener: the address that answered last is asked first. */
static bool
server_ask(struct member_run *u, const char *path, struct str body, struct http_response *r, struct err *e)
{
	if (!client_make(u, e))
		return false;
	for (size_t i = 0; i < MEMBER_URLS_MAX && u->m.agents[i]; i++) {
		BUF_AUTO url = { 0 };
		buf_addf(&url, "%s%s", u->m.agents[i], path);
		err_clear(e);
		if (http_request(u->client, "POST", buf_cstr(&url), NULL, body, r, e))
			return true;
		if (e->code != ERR_UNREACHABLE)
			return false;
	}
	return false;
}

static bool
server_get(void *user, const char *path, size_t max, struct buf *out, struct err *e)
{
	struct member_run *u = user;
	ARENA_AUTO a = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	if (!client_make(u, e))
		return false;
	bool asked = false;
	for (size_t i = 0; i < MEMBER_URLS_MAX && u->m.agents[i] && !asked; i++) {
		BUF_AUTO url = { 0 };
		buf_addf(&url, "%s%s", u->m.agents[i], path);
		err_clear(e);
		asked = http_request(u->client, "GET", buf_cstr(&url), NULL, STR_NONE, &r, e);
		if (!asked && e->code != ERR_UNREACHABLE)
			return false;
	}
	if (!asked)
		return false;
	if (r.status == 404)
		return err_set(e, ERR_NOT_FOUND, "the server does not have %s", path);
	if (r.status != 200)
		return member_refused(&a, &r, e);
	if (r.body.len > max)
		return err_set(e, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, max);
	buf_add(out, buf_str(&r.body));
	return true;
}

/* ---- where hosts find it ---- */

static bool
has_name(const struct member *m, const char *name)
{
	for (size_t i = 0; i < MEMBER_NAMES_MAX && m->names[i]; i++)
		if (strcasecmp(m->names[i], name) == 0)
			return true;
	return false;
}

static bool
is_wildcard(const char *host)
{
	return !*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0;
}

static void
url_write(struct json_writer *w, const char *host, const char *port)
{
	BUF_AUTO url = { 0 };
	buf_addf(&url, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	json_str(w, buf_str(&url));
}

static void
urls_write(const struct member_run *u, struct json_writer *w)
{
	struct address at;
	json_key(w, "urls");
	json_begin_array(w);
	if (address_parse(str_of(u->options->listen), &at, NULL)) {
		if (!is_wildcard(at.host))
			url_write(w, at.host, at.port);
		for (size_t i = 0; is_wildcard(at.host) && i < MEMBER_NAMES_MAX && u->m.names[i]; i++)
			if (strcmp(u->m.names[i], "localhost") != 0 && strcmp(u->m.names[i], "127.0.0.1") != 0)
				url_write(w, u->m.names[i], at.port);
	}
	json_end_array(w);
}

/* ---- what it tells ---- */

/* When the newest of the signed lists came in, or an origin last said that what is here is current. */
static int64_t
metadata_at(const struct member_run *u)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;
	int64_t newest = relay_stats(u->relay).uplink_ok;
	const char *folder = path_join(&a, u->m.data, "known");
	if (!dir_list(&a, folder, 100000, &names, &count, NULL))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t at = file_mtime(path_join(&a, folder, names[i].ptr));
		newest = at > newest ? at : newest;
	}
	return newest > u->metadata_before ? newest : u->metadata_before;
}

/* What was known before this start. */
static void
metadata_recall(struct member_run *u)
{
	BUF_AUTO text = { 0 };
	struct json *v;
	if (!file_read(path_join(&u->arena, u->m.data, "status.json"), STATUS_MAX_BYTES, &text, NULL) ||
	    !json_parse(&u->arena, buf_str(&text), NULL, &v, NULL) ||
	    !time_parse(json_get_str(v, "metadata_at"), &u->metadata_before))
		u->metadata_before = 0;
}

static void
status_members(const struct member_run *u, struct json_writer *w)
{
	struct relay_stats s = relay_stats(u->relay);
	urls_write(u, w);
	json_put_cstr(w, "version", MAMORI_VERSION);
	json_put_i64(w, "space", (int64_t)s.cache.bytes);
	json_put_i64(w, "space_max", (int64_t)s.cache.size_max);
	json_put_i64(w, "hits", (int64_t)(s.hits + s.joined));
	json_put_i64(w, "misses", (int64_t)s.misses);
	json_put_i64(w, "served", (int64_t)s.bytes_served);
	json_put_i64(w, "fetched", (int64_t)s.bytes_fetched);
	json_put_i64(w, "mismatches", (int64_t)s.mismatches);
	json_put_time(w, "metadata_at", metadata_at(u));
	json_put_i64(w, "queue", (int64_t)letter_box_waiting(u->letters));
	account_write(u->relay, w);
	json_key(w, "trouble");
	if (*u->updates_error)
		json_cstr(w, u->updates_error);
	else if (s.mismatches > 0)
		json_cstr(w, "an origin gave out files that are not what was signed; they were refused");
	else
		json_null(w);
}

static void
status_keep(struct member_run *u)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_time(&w, "at", clock_now(u->options->clock));
	status_members(u, &w);
	json_put_time(&w, "reached", u->reached);
	json_put_cstr(&w, "error", *u->error ? u->error : NULL);
	json_end_object(&w);
	if (!file_write(path_join(&a, u->m.data, "status.json"), buf_str(&b), 0600, &e))
		log_warn("relay", "%s", e.text);
}

/* ---- renewal ---- */

/* The authority goes along: a machine that enrols through this relay knows only the digest of its key. */
static struct str
chain_of(struct member_run *u, const struct member *m)
{
	return arena_printf(&u->arena, "%s\n%s", m->certificate, m->ca);
}

static bool
renew(struct member_run *u, struct err *e)
{
	ARENA_AUTO a = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	BUF_AUTO csr = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct json *v;
	struct address at;
	const char *given[MEMBER_NAMES_MAX + 2] = { 0 }, *names[MEMBER_NAMES_MAX + 1] = { 0 };
	size_t n = 0;
	if (address_parse(str_of(u->options->listen), &at, NULL) && !is_wildcard(at.host))
		given[n++] = at.host;
	for (size_t i = 0; i < MEMBER_NAMES_MAX && u->m.names[i]; i++)
		given[n++] = u->m.names[i];
	member_names_collect(&a, given, names);
	if (!csr_create(u->tls, "mamori-relay", &csr, e))
		return false;
	json_begin_object(&w);
	json_put_str(&w, "csr", buf_str(&csr));
	member_list_write(&w, "names", names, MEMBER_NAMES_MAX);
	json_end_object(&w);
	if (!server_ask(u, "/agent/v1/relay/renew", buf_str(&body), &r, e))
		return false;
	if (r.status != 200)
		return member_refused(&a, &r, e);
	struct member m = u->m;
	if (!json_parse(&u->arena, buf_str(&r.body), NULL, &v, e) ||
	    !member_certificate_take(&m, &u->arena, u->tls, json_get_str(v, "certificate"),
				     clock_now(u->options->clock), e))
		return false;
	member_list_read(&u->arena, v, "names", m.names, MEMBER_NAMES_MAX);
	if (!member_save(&m, e) ||
	    !relay_set_certificate(u->relay, chain_of(u, &m), buf_str(&u->key_pem), str_of(m.ca), e))
		return false;
	u->m = m;
	http_client_free(u->client);
	u->client = NULL;
	log_info("relay", "certificate renewed");
	return true;
}

static bool
renew_due(const struct member_run *u)
{
	struct address at;
	return u->renew_now || (!u->names_asked && address_parse(str_of(u->options->listen), &at, NULL) &&
				!is_wildcard(at.host) && !has_name(&u->m, at.host));
}

/* ---- check-in ---- */

static const char *
tunnel_of(struct arena *a, const char *url)
{
	struct str s = str_of(url);
	if (!str_starts(s, STR("https://")))
		return NULL;
	return arena_cstr(a, str_skip(s, 8));
}

/* Where the server is may change; hosts come through to it all the same. */
static void
addresses_take(struct member_run *u, const struct json *v)
{
	struct member m = u->m;
	struct err e = { 0 };
	struct str agents = json_get_str(v, "agents"), site = json_get_str(v, "site"),
		   server = json_get_str(v, "server");
	bool changed = false;
	if (str_starts(agents, STR("https://")) && !str_eq(agents, str_of(m.agents[0]))) {
		m.agents[1] = m.agents[0];
		m.agents[0] = arena_cstr(&u->arena, agents);
		m.agents[2] = NULL;
		changed = true;
	}
	if (!str_eq(site, m.site ? str_of(m.site) : STR_NONE)) {
		m.site = site.len ? arena_cstr(&u->arena, site) : NULL;
		changed = true;
	}
	if (server.len && !str_eq(server, m.server ? str_of(m.server) : STR_NONE)) {
		m.server = arena_cstr(&u->arena, server);
		changed = true;
	}
	if (!changed)
		return;
	const char *tunnel = tunnel_of(&u->arena, m.agents[0]);
	if (!member_save(&m, &e) || (tunnel && !relay_allow_tunnel(u->relay, str_of(tunnel), &e)))
		log_warn("relay", "%s", e.text);
	else
		u->m = m;
}

static bool
check_in(struct member_run *u, struct err *e)
{
	ARENA_AUTO a = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct json *v;
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	status_members(u, &w);
	json_end_object(&w);
	if (!server_ask(u, "/agent/v1/relay", buf_str(&body), &r, e))
		return false;
	if (r.status != 200)
		return member_refused(&a, &r, e);
	if (!json_parse(&a, buf_str(&r.body), NULL, &v, e))
		return err_wrap(e, "reading the server's answer");
	int64_t interval = json_get_i64(v, "interval", INTERVAL_S);
	u->interval_s = interval < 5 || interval > 3600 ? INTERVAL_S : (unsigned)interval;
	u->renew_now = json_get_bool(v, "renew", false);
	addresses_take(u, v);
	return true;
}

/* ---- letters ---- */

static bool
letters_send(void *user, struct str body, struct buf *answer, struct err *e)
{
	struct member_run *u = user;
	ARENA_AUTO a = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	if (!server_ask(u, "/agent/v1/letters", body, &r, e))
		return false;
	if (r.status != 200)
		return member_refused(&a, &r, e);
	buf_add(answer, buf_str(&r.body));
	return true;
}

/* ---- update metadata ---- */

/* So that hosts have it here while the way out is cut. */
static void
updates_follow(struct member_run *u, int64_t now)
{
	struct err e = { 0 };
	const struct updates_source from = { .user = u, .get = server_get, .index = u->options->index, .now = now };
	if (now < u->next_updates && u->next_updates < now + 3600000)
		return;
	bool ok = updates_pull(u->m.data, &from, &e);
	/* That nobody answers is said by the check-in. */
	if (!ok && e.code == ERR_UNREACHABLE)
		return;
	if (!ok && strcmp(u->updates_error, e.text) != 0)
		log_warn("updates", "%s", e.text);
	if (ok && *u->updates_error)
		log_info("updates", "the server's update metadata is in order again");
	snprintf(u->updates_error, sizeof(u->updates_error), "%s", ok ? "" : e.text);
	u->next_updates = now + UPDATES_EVERY_S * 1000LL;
}

static void
files_follow(struct member_run *u, int64_t now)
{
	struct err e = { 0 };
	bool ok = updates_name(u->m.data, u->relay, now, &u->named, &e);
	if (!ok && strcmp(u->named_error, e.text) != 0)
		log_warn("updates", "which vendors' files may pass: %s", e.text);
	snprintf(u->named_error, sizeof(u->named_error), "%s", ok ? "" : e.text);
}

/* ---- the tick ---- */

/* Another relay further out may have a way. */
static void
upstream_next(struct member_run *u)
{
	const char *const *up = u->options->upstreams;
	if (!up || !up[0] || u->options->proxy)
		return;
	u->upstream = up[u->upstream + 1] ? u->upstream + 1 : 0;
	http_client_free(u->client);
	u->client = NULL;
}

static void
contact(struct member_run *u, int64_t now)
{
	struct err e = { 0 };
	bool ok = check_in(u, &e) && letter_box_forward(u->letters, letters_send, u, &e);
	if (ok && renew_due(u)) {
		struct err why = { 0 };
		u->renew_now = false;
		u->names_asked = true;
		if (!renew(u, &why))
			log_warn("relay", "renewing the certificate: %s", why.text);
	}
	if (ok)
		updates_follow(u, now);
	if (!ok && !*u->error)
		log_warn("relay", "the server: %s", e.text);
	if (ok && *u->error)
		log_info("relay", "the server is there again");
	snprintf(u->error, sizeof(u->error), "%s", ok ? "" : e.text);
	*(ok ? &u->reached : &u->failed) = now;
	if (!ok && e.code == ERR_UNREACHABLE)
		upstream_next(u);
	u->next = now + (int64_t)(ok ? u->interval_s : RETRY_S) * 1000;
}

static void
on_tick(void *user, struct relay *relay)
{
	struct member_run *u = user;
	LANG_ENGLISH_AUTO;
	u->relay = relay;
	int64_t now = clock_now(u->options->clock);
	relay_bundle_allow(relay, u->m.data, &u->allowed);
	files_follow(u, now);
	/* A clock that was put back must not silence it. */
	if (u->next > now + 3600000)
		u->next = now;
	if (!u->options->offline && (now >= u->next || (letter_box_new(u->letters) && u->reached > u->failed)))
		contact(u, now);
	if (now >= u->next_status || u->next_status > now + 3600000) {
		status_keep(u);
		u->next_status = now + STATUS_EVERY_S * 1000LL;
	}
}

static bool
on_call(void *user, struct relay *relay, struct relay_call *c)
{
	struct member_run *u = user;
	(void)relay;
	return letter_box_call(u->letters, c) || updates_call(u->m.data, c);
}

/* ---- attaching ---- */

static void
tunnels_set(struct member_run *u)
{
	ARRAY_OF(const char *) all = { 0 };
	const struct relay_options *o = u->options;
	for (size_t i = 0; o->tunnels && o->tunnels[i]; i++)
		*ARRAY_PUSH(&u->arena, &all) = o->tunnels[i];
	for (size_t i = 0; i < MEMBER_URLS_MAX && u->m.agents[i]; i++)
		*ARRAY_PUSH(&u->arena, &all) = tunnel_of(&u->arena, u->m.agents[i]);
	for (size_t i = 0; i < MEMBER_URLS_MAX && u->m.dashboards[i]; i++)
		*ARRAY_PUSH(&u->arena, &all) = tunnel_of(&u->arena, u->m.dashboards[i]);
	*ARRAY_PUSH(&u->arena, &all) = NULL;
	u->tunnels = all.items;
	u->options->tunnels = all.items;
}

static bool
attach(struct member_run *u, bool *enrolled, struct err *e)
{
	struct relay_options *o = u->options;
	if (!member_load(o->data, &u->arena, &u->m, enrolled, e) || !*enrolled)
		return *enrolled;
	if (!key_load_or_create(path_join(&u->arena, o->data, MEMBER_KEY), &u->tls, e) ||
	    !key_to_pem(u->tls, &u->key_pem, e) || !letter_box_open(o->data, o->clock, &u->letters, e))
		return false;
	tunnels_set(u);
	metadata_recall(u);
	u->interval_s = INTERVAL_S;
	u->service = (struct relay_service){ .user = u, .call = on_call, .tick = on_tick };
	o->service = &u->service;
	o->certificate_pem = chain_of(u, &u->m);
	o->key_pem = buf_str(&u->key_pem);
	o->client_ca_pem = str_of(u->m.ca);
	return true;
}

bool
member_attach(struct relay_options *o, struct member_run **out, struct err *e)
{
	struct member_run *u = xcalloc(1, sizeof(*u));
	bool enrolled = false;
	u->options = o;
	err_clear(e);
	bool ok = attach(u, &enrolled, e);
	if (ok)
		*out = u;
	else
		member_detach(u);
	return ok || (!enrolled && e->code == ERR_NONE);
}

void
member_detach(struct member_run *u)
{
	if (!u)
		return;
	http_client_free(u->client);
	letter_box_close(u->letters);
	key_free(u->tls);
	if (u->key_pem.ptr)
		explicit_bzero(u->key_pem.ptr, u->key_pem.len);
	buf_free(&u->key_pem);
	buf_free(&u->named);
	arena_free(&u->arena);
	free(u);
}
