/* A server's folder without listeners: requests go through the same routes in this process. */
#ifndef MAMORI_TEST_SERVER_WORLD_H
#define MAMORI_TEST_SERVER_WORLD_H

#include "os/file.h"
#include "server/route.h"
#include "server/server.h"
#include "server/sign_in.h"
#include "trust/cert.h"
#include "trust/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define ok(call) \
	do { \
		if (!(call)) \
			fail_msg("%s: %s", #call, e.text); \
	} while (0)

struct world {
	char dir[64];
	int64_t now;
	struct clock clock;
	struct app app;
	struct store *st;
	struct arena arena;
	struct buf link; /* the first sign-in link */
	/* A signed-in browser. */
	struct str cookie, csrf;
	/* An enrolled host. */
	struct str host, certificate;
	struct key *signing;
};

static inline int64_t
world_now(void *user)
{
	return ((struct world *)user)->now;
}

static inline int
world_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e = { 0 };
	bool created;
	w->now = INT64_C(1800000000000);
	w->clock = (struct clock){ world_now, w };
	snprintf(w->dir, sizeof(w->dir), "/tmp/mamori-test-XXXXXX");
	*state = w;
	if (!mkdtemp(w->dir) || !server_init(w->dir, NULL, "127.0.0.1:8443", &w->clock, &created, &w->link, &e) ||
	    !app_open(&w->app, w->dir, &w->clock, &w->st, &e)) {
		print_error("%s\n", e.text);
		return -1;
	}
	w->app.zone = (struct zone){ .name = STR("UTC") }; /* whatever this machine's is */
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	store_close(w->st);
	app_close(&w->app);
	key_free(w->signing);
	buf_free(&w->link);
	arena_free(&w->arena);
	(void)!dir_remove_all(w->dir, &e);
	free(w);
	return 0;
}

struct answer {
	int status;
	struct json *json; /* NULL when there is none */
	struct str text, cookie;
};

/* What a caller sends besides method, path and body. */
struct sender {
	enum door door;
	struct request_headers headers;
	struct str certificate;
	int64_t uid;
	enum lang lang;
};

static inline struct answer
world_send(struct world *w, const struct sender *s, const char *method, const char *path, const char *body)
{
	struct err e = { 0 };
	struct request r;
	struct answer a = { 0 };
	request_init(&r, &w->app, s->door);
	r.st = w->st;
	r.method = str_of(method);
	if (!str_split(str_of(path), '?', &r.path, &r.query))
		r.path = str_of(path);
	r.body = str_of(body ? body : "");
	r.headers = s->headers;
	r.lang = s->lang;
	r.certificate_pem = s->certificate;
	r.peer = STR("192.0.2.7");
	r.peer_uid = s->uid;
	if (route_prepare(s->door == DOOR_AGENTS ? &routes_agents : &routes_dashboard, &r)) {
		ok(store_begin(w->st, &e));
		if (route_write(&r))
			ok(store_commit(w->st, &e));
		else
			store_rollback(w->st);
	}
	a.status = r.status;
	a.text = arena_str(&w->arena, buf_str(&r.out));
	if (a.text.len && !r.raw)
		ok(json_parse(&w->arena, a.text, NULL, &a.json, &e));
	for (size_t i = 0; i < r.reply_header_count; i++)
		if (str_eq(str_of(r.reply_headers[i].name), STR("Set-Cookie")))
			a.cookie = arena_str(&w->arena, str_of(r.reply_headers[i].value));
	request_end(&r);
	return a;
}

static inline struct sender
world_browser(const struct world *w)
{
	return (struct sender){
		.door = DOOR_DASHBOARD,
		.headers = { .host = STR("127.0.0.1:8443"),
			     .origin = STR("https://127.0.0.1:8443"),
			     .cookie = w->cookie,
			     .csrf = w->csrf,
			     .content_type = STR("application/json") },
		.uid = -1,
	};
}

static inline struct answer
world_call(struct world *w, const char *method, const char *path, const char *body)
{
	struct sender s = world_browser(w);
	return world_send(w, &s, method, path, body);
}

/* The command line over the socket: administrator. */
static inline struct answer
world_cli(struct world *w, const char *method, const char *path, const char *body)
{
	struct sender s = { .door = DOOR_SOCKET, .uid = 0 };
	return world_send(w, &s, method, path, body);
}

/* Signs in with the code of a link. */
static inline struct answer
world_sign_in(struct world *w, struct str link)
{
	struct str code = str_skip(link, (size_t)str_rfind_char(link, '/') + 1);
	struct str body = arena_printf(&w->arena, "{\"code\":\"%.*s\"}", STR_ARG(code));
	w->cookie = w->csrf = STR_NONE;
	struct answer a = world_call(w, "POST", "/api/v1/session", body.ptr);
	if (a.status == 200) {
		struct str rest = a.cookie, pair;
		(void)!str_cut(&rest, ';', &pair);
		w->cookie = pair;
		w->csrf = json_get_str(a.json, "csrf");
	}
	return a;
}

static inline void
world_sign_in_as(struct world *w, const char *role)
{
	struct str body = arena_printf(&w->arena, "{\"role\":\"%s\"}", role);
	struct answer a = world_cli(w, "POST", "/api/v1/signin-links", body.ptr);
	assert_int_equal(a.status, 200);
	assert_int_equal(world_sign_in(w, json_get_str(a.json, "link")).status, 200);
}

/* The id and secret inside a token of the API. */
static inline struct token
world_token(struct world *w, const char *request)
{
	struct err e = { 0 };
	struct token t;
	struct answer a = world_cli(w, "POST", "/api/v1/tokens", request);
	assert_int_equal(a.status, 200);
	ok(token_parse(&w->arena, json_get_str(a.json, "token"), &t, &e));
	return t;
}

static inline struct answer
world_enrol(struct world *w, const struct token *t, const char *name)
{
	struct err e = { 0 };
	KEY_AUTO tls = NULL;
	BUF_AUTO csr = { 0 };
	BUF_AUTO signing = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	if (!w->signing)
		ok(key_generate(&w->signing, &e));
	ok(key_generate(&tls, &e));
	ok(csr_create(tls, "host", &csr, &e));
	ok(key_public_to_pem(w->signing, &signing, &e));
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_str(&j, "token", t->id);
	json_put_str(&j, "secret", t->secret);
	json_put_str(&j, "csr", buf_str(&csr));
	json_put_str(&j, "signing_key", buf_str(&signing));
	json_put_cstr(&j, "hostname", name);
	json_put_cstr(&j, "machine", "machine-1");
	json_put_cstr(&j, "os", "debian:12");
	json_put_cstr(&j, "agent", "0.1.0");
	json_end_object(&j);
	struct sender s = { .door = DOOR_DASHBOARD, .headers = { .host = STR("mamori.example:8443") }, .uid = -1 };
	struct answer a = world_send(w, &s, "POST", "/enrol/v1", buf_cstr(&body));
	if (a.status == 200) {
		w->host = json_get_str(a.json, "host");
		w->certificate = json_get_str(a.json, "certificate");
	}
	return a;
}

static inline struct answer
world_agent(struct world *w, const char *method, const char *path, const char *body)
{
	struct sender s = { .door = DOOR_AGENTS, .certificate = w->certificate, .uid = -1 };
	return world_send(w, &s, method, path, body);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#endif
