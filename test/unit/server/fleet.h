/* Several hosts that check in, report plans and slots, against the in-process server. */
#ifndef MAMORI_TEST_SERVER_FLEET_H
#define MAMORI_TEST_SERVER_FLEET_H

#include "server/planner.h"
#include "world.h"

#define DAY INT64_C(86400000)
#define HOUR INT64_C(3600000)
/* Two updates: bash, one of security, and nano. */
#define FLEET_UPDATES \
	"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[{\"id\":\"deb:bash@2\",\"title\":\"bash 1 → " \
	"2\",\"source\":" \
	"\"bash\",\"version\":\"2\",\"security\":true,\"origins\":\"Debian-Security\",\"size\":5,\"staged\":false," \
	"\"kept_back\":null,\"packages\":[{\"name\":\"bash\",\"arch\":\"amd64\",\"from\":\"1\",\"to\":\"2\",\"size\":" \
	"5}]," \
	"\"cves\":[]},{\"id\":\"deb:nano@2\",\"title\":\"nano 1 → 2\",\"source\":\"nano\",\"version\":\"2\"," \
	"\"security\":false,\"origins\":\"Debian\",\"size\":5,\"staged\":false,\"kept_back\":null,\"packages\":[{" \
	"\"name\":" \
	"\"nano\",\"arch\":\"amd64\",\"from\":\"1\",\"to\":\"2\",\"size\":5}],\"cves\":[]}]}"
#define FLEET_NONE "{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[]}"

struct member {
	struct str id, certificate, lineage;
	const char *machine;
	int64_t serial; /* of the directive it obeys */
	struct json *directive; /* the last one it got; NULL none */
	const char *slot, *asks; /* JSON of the next check-in, NULL none */
	const char *mitigations; /* JSON, NULL: it says nothing of them */
	struct str results;
	const char *updates; /* its plan, NULL: the section is not sent */
};

static inline void
fleet_enrol(struct world *w, struct member *m, const char *name, const char *group)
{
	struct token t = world_token(w, group ? arena_printf(&w->arena, "{\"group\":\"%s\"}", group).ptr : "{}");
	assert_int_equal(world_enrol(w, &t, name).status, 200);
	/* As its system section would say it. */
	struct err e = { 0 };
	struct host h;
	ok(host_get(w->st, &w->arena, w->host, &h, &e));
	h.name = str_of(name);
	ok(host_set_system(w->st, &h, &e));
	*m = (struct member){ .id = w->host, .certificate = w->certificate, .machine = "machine-1" };
}

static inline void
fleet_directive_take(struct world *w, struct member *m, const struct json *answer)
{
	struct err e = { 0 };
	struct str document;
	const struct json *d = json_get(answer, "directive");
	if (!d)
		return;
	ok(signed_open(d, w->app.order_key, "directive", &document, &e));
	ok(json_parse(&w->arena, document, NULL, &m->directive, &e));
	int64_t serial = json_get_i64(m->directive, "serial", 0);
	assert_true(serial > m->serial);
	assert_true(str_eq(json_get_str(m->directive, "host"), m->id));
	m->serial = serial;
}

/* One check-in, with the plan where the server asks for it. */
static inline struct answer
fleet_check_in(struct world *w, struct member *m)
{
	char hash[SHA256_HEX_LEN];
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_cstr(&j, "agent", "0.1.0");
	json_put_cstr(&j, "boot", "b1");
	json_put_cstr(&j, "machine", m->machine);
	json_key(&j, "lineage");
	json_str_or_null(&j, m->lineage);
	json_key(&j, "sections");
	json_begin_object(&j);
	if (m->updates) {
		sha256_hex(str_of(m->updates), hash);
		json_put_cstr(&j, "updates", hash);
	}
	json_end_object(&j);
	json_key(&j, "results");
	json_raw(&j, m->results.len ? m->results : STR("[]"));
	json_put_i64(&j, "directive", m->serial);
	json_key(&j, "slot");
	json_raw(&j, str_of(m->slot ? m->slot : "null"));
	if (m->mitigations) {
		json_key(&j, "mitigations");
		json_raw(&j, str_of(m->mitigations));
	}
	json_key(&j, "asks");
	json_raw(&j, str_of(m->asks ? m->asks : "[]"));
	json_end_object(&j);
	w->certificate = m->certificate;
	struct answer a = world_agent(w, "POST", "/agent/v1/check-in", buf_cstr(&body));
	m->asks = NULL;
	m->results = STR_NONE;
	if (a.status != 200)
		return a;
	m->lineage = json_get_str(a.json, "lineage");
	fleet_directive_take(w, m, a.json);
	if (json_get(a.json, "need")->count)
		assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/updates", m->updates).status, 204);
	return a;
}

/* The planner comes by, and the host fetches what it made. */
static inline void
fleet_settle(struct world *w, struct member *m)
{
	struct err e = { 0 };
	ok(planner_settle(&w->app, w->st, &e));
	assert_int_equal(fleet_check_in(w, m).status, 200);
}

static inline bool
fleet_goes(const struct member *m, const char *patch)
{
	size_t count;
	const struct json *patches = json_get_array(m->directive, "patches", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&patches[i], "patch"), str_of(patch)))
			return true;
	return false;
}

/* A signed result of a slot. */
static inline void
fleet_result(struct world *w, struct member *m, const char *slot, const char *patch, const char *state)
{
	struct err e = { 0 };
	BUF_AUTO text = { 0 };
	struct json_writer j = { .out = &text };
	char at[TIME_RFC3339_MAX];
	struct str document = arena_printf(
		&w->arena,
		"{\"attempt\":\"slot:%s/1/%s\",\"order\":\"slot:%s/"
		"1\",\"host\":\"%.*s\",\"patch\":\"%s\",\"title\":\"x\","
		"\"packages\":[],\"state\":\"%s\",\"trigger\":\"window\",\"started\":\"%s\",\"finished\":\"%s\","
		"\"words\":%s}",
		slot, patch, slot, STR_ARG(m->id), patch, state, time_rfc3339(w->now, at), time_rfc3339(w->now, at),
		strcmp(state, "failed") == 0 ? "\"unpacking bash\\ndpkg: no space left\"" : "null");
	json_begin_array(&j);
	ok(signed_write(&j, w->signing, "result", document, &e));
	json_end_array(&j);
	m->results = arena_str(&w->arena, buf_str(&text));
}

static inline struct answer
fleet_policy(struct world *w, const char *name, const char *yaml)
{
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	json_begin_object(&j);
	json_put_cstr(&j, "yaml", yaml);
	json_end_object(&j);
	return world_cli(w, "PUT", arena_printf(&w->arena, "/api/v1/policies/%s", name).ptr, buf_cstr(&body));
}

/* State and sentence of an update on a host, as every page shows them. */
static inline struct str
fleet_state(struct world *w, const struct member *m, const char *patch, struct str *why)
{
	struct answer a = world_cli(
		w, "GET", arena_printf(&w->arena, "/api/v1/host-patches?host=%.*s&patch=%s", STR_ARG(m->id), patch).ptr,
		NULL);
	assert_int_equal(a.status, 200);
	const struct json *items = json_get(a.json, "items");
	if (!items->count)
		return STR("");
	if (why)
		*why = json_get_str(&items->item[0], "why");
	return json_get_str(&items->item[0], "state");
}

#define assert_state(w, m, patch, want) \
	do { \
		struct str why_ = STR(""); \
		struct str state_ = fleet_state(w, m, patch, &why_); \
		if (!str_eq(state_, STR(want)) || !why_.len) \
			fail_msg("%s is %.*s, not %s: %.*s", patch, STR_ARG(state_), want, STR_ARG(why_)); \
	} while (0)

#endif
