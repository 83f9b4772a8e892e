/* A relay in the server's test world. */
#ifndef MAMORI_TEST_SERVER_RELAY_WORLD_H
#define MAMORI_TEST_SERVER_RELAY_WORLD_H

#include "world.h"

struct relay_there {
	struct str id, certificate;
	struct json *answer;
};

/* names: JSON array. */
static inline struct answer
world_enrol_relay(struct world *w, const struct token *t, const char *names, struct relay_there *out)
{
	struct err e = { 0 };
	KEY_AUTO tls = NULL;
	KEY_AUTO status = NULL;
	BUF_AUTO csr = { 0 };
	BUF_AUTO public = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	ok(key_generate(&tls, &e));
	ok(key_generate(&status, &e));
	ok(csr_create(tls, "relay", &csr, &e));
	ok(key_public_to_pem(status, &public, &e));
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_cstr(&j, "role", "relay");
	json_put_str(&j, "token", t->id);
	json_put_str(&j, "secret", t->secret);
	json_put_str(&j, "csr", buf_str(&csr));
	json_put_str(&j, "signing_key", buf_str(&public));
	json_put_cstr(&j, "hostname", "relay-1");
	json_put_cstr(&j, "agent", "0.1.0");
	json_key(&j, "names");
	json_raw(&j, str_of(names));
	json_end_object(&j);
	struct sender s = { .door = DOOR_DASHBOARD, .headers = { .host = STR("mamori.example:8443") }, .uid = -1 };
	struct answer a = world_send(w, &s, "POST", "/enrol/v1", buf_cstr(&body));
	if (a.status == 200)
		*out = (struct relay_there){ json_get_str(a.json, "relay"), json_get_str(a.json, "certificate"),
					     a.json };
	return a;
}

static inline struct answer
world_relay(struct world *w, const struct relay_there *relay, const char *path, const char *body)
{
	struct sender s = { .door = DOOR_AGENTS, .certificate = relay->certificate, .uid = -1 };
	return world_send(w, &s, "POST", path, body);
}

static inline struct relay_there
world_make_relay(struct world *w, const char *site)
{
	struct relay_there relay = { 0 };
	struct token t = world_token(w, arena_printf(&w->arena, "{\"role\":\"relay\",\"group\":\"%s\"}", site).ptr);
	assert_int_equal(world_enrol_relay(w, &t, "[\"10.1.0.5\",\"relay.example\"]", &relay).status, 200);
	return relay;
}

#endif
