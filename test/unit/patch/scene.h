/* A host with a plan of three updates: openssl (security), bash, and one that is held back. */
#ifndef MAMORI_TEST_PATCH_SCENE_H
#define MAMORI_TEST_PATCH_SCENE_H

#include "../store/world.h"
#include "patch/order_request.h"
#include "patch/plan_rows.h"
#include "patch/result.h"

#define OPENSSL "deb:openssl@3.0.17-1"
#define BASH "deb:bash@5.2-3"
#define HELD "deb:held@2"
#define NOW INT64_C(1800000000000)

static inline const char *
plan_text(void)
{
	return "{\"manager\":\"apt\",\"lists_at\":null,\"patches\":["
	       "{\"id\":\"" BASH "\",\"title\":\"bash 5.2-2 → 5.2-3\",\"source\":\"bash\",\"version\":\"5.2-3\","
	       "\"security\":false,\"origins\":\"Debian\",\"size\":5,\"staged\":false,\"kept_back\":null,"
	       "\"packages\":[{\"name\":\"bash\",\"arch\":\"amd64\",\"from\":\"5.2-2\",\"to\":\"5.2-3\",\"size\":5}],"
	       "\"cves\":[]},"
	       "{\"id\":\"" HELD "\",\"title\":\"held 1 → 2\",\"source\":\"held\",\"version\":\"2\","
	       "\"security\":true,\"origins\":\"Debian-Security\",\"size\":5,\"staged\":false,\"kept_back\":\"on "
	       "hold\","
	       "\"packages\":[{\"name\":\"held\",\"arch\":\"amd64\",\"from\":\"1\",\"to\":\"2\",\"size\":5}],\"cves\":["
	       "]},"
	       "{\"id\":\"" OPENSSL
	       "\",\"title\":\"openssl 3.0.15-1 → 3.0.17-1\",\"source\":\"openssl\",\"version\":\"3.0.17-1\","
	       "\"security\":true,\"origins\":\"Debian-Security\",\"size\":10,\"staged\":true,\"kept_back\":null,"
	       "\"packages\":[{\"name\":\"openssl\",\"arch\":\"amd64\",\"from\":\"3.0.15-1\",\"to\":\"3.0.17-1\","
	       "\"size\":10}],"
	       "\"cves\":[\"CVE-2026-1\"]}]}";
}

static inline void
scene_plan(struct world *w, const char *host, const char *text)
{
	struct err e = { 0 };
	struct patch_list plan = { 0 };
	ok(patch_list_parse(&w->arena, str_of(text), &plan, &e));
	ok(plan_rows_apply(w->st, str_of(host), &plan, NOW, &e));
}

static inline enum patch_state
scene_state(struct world *w, const char *host, const char *patch)
{
	struct err e = { 0 };
	struct host_patch p;
	if (!host_patch_get(w->st, &w->arena, str_of(host), str_of(patch), &p, &e))
		return PATCH_STATES;
	return p.state;
}

static inline struct order_context
scene_context(struct world *w, struct key **k)
{
	struct err e = { 0 };
	if (!*k)
		ok(key_generate(k, &e));
	return (struct order_context){ .st = w->st, .arena = &w->arena, .key = *k, .now = NOW, .interval = 300000 };
}

/* Orders with the body of an API request. */
static inline struct order_outcome
scene_order(struct world *w, struct key **k, const char *body)
{
	struct err e = { 0 };
	struct order_context c = scene_context(w, k);
	struct order_request r;
	struct order_outcome out;
	struct json *json;
	ok(json_parse(&w->arena, str_of(body), NULL, &json, &e));
	ok(order_request_parse(&w->arena, json, &r, &e));
	r.by = STR("admin");
	ok(order_request_run(&c, &r, &out, &e));
	return out;
}

#endif
