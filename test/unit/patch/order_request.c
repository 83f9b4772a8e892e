#include "patch/order_request.h"

#include "scene.h"

static void
bad_requests_are_refused(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"kind\":\"run\",\"hosts\":\"all\",\"patches\":\"all\"}",
		"{\"kind\":\"refresh\",\"hosts\":\"all\",\"patches\":\"all\"}",
		"{\"kind\":\"apply\",\"hosts\":\"everyone\",\"patches\":\"all\"}",
		"{\"kind\":\"apply\",\"hosts\":[],\"patches\":\"all\"}",
		"{\"kind\":\"apply\",\"hosts\":[1],\"patches\":\"all\"}",
		"{\"kind\":\"apply\",\"hosts\":[\"\"],\"patches\":\"all\"}",
		"{\"kind\":\"apply\",\"hosts\":\"all\",\"patches\":[{}]}",
		"{\"kind\":\"apply\",\"hosts\":\"all\"}",
	};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct json *body;
		struct order_request r;
		ok(json_parse(&a, str_of(bodies[i]), NULL, &body, &e));
		if (order_request_parse(&a, body, &r, &e))
			fail_msg("accepted: %s", bodies[i]);
		assert_int_equal(e.code, ERR_USAGE);
	}
}

static void
security_means_what_is_missing_and_not_held_back(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	struct order_outcome out =
		scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":\"all\",\"patches\":\"security\"}");
	assert_int_equal(out.items.count, 1);
	assert_int_equal(out.items.items[0].patch_count, 1);
	assert_true(str_eq(out.items.items[0].patches[0].patch, STR(OPENSSL)));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_QUEUED);
	assert_int_equal(scene_state(w, "a", BASH), PATCH_MISSING);
}

/* One host's word about an update does not widen what is ordered on another. */
static void
security_is_what_the_host_itself_says(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	world_host(w, "b", "liar", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	scene_plan(
		w, "b",
		"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[{\"id\":\"" BASH
		"\",\"title\":\"bash\",\"source\":\"bash\",\"version\":\"5.2-3\",\"security\":true,\"origins\":\"x\","
		"\"size\":5,\"staged\":false,\"kept_back\":null,\"packages\":[{\"name\":\"bash\",\"arch\":\"amd64\","
		"\"from\":\"5.2-2\",\"to\":\"5.2-3\",\"size\":5}],\"cves\":[]}]}");
	struct order_outcome out =
		scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":\"security\"}");
	assert_int_equal(out.items.count, 1);
	assert_int_equal(out.items.items[0].patch_count, 1);
	assert_true(str_eq(out.items.items[0].patches[0].patch, STR(OPENSSL)));
	assert_int_equal(scene_state(w, "a", BASH), PATCH_MISSING);
}

static void
a_dry_run_stores_nothing(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct attempt *rows;
	size_t count;
	struct page p = { .limit = 10 };
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	struct order_outcome out =
		scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":\"all\",\"dry_run\":true}");
	assert_int_equal(out.items.items[0].patch_count, 2);
	assert_null(out.items.items[0].id.ptr);
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_MISSING);
	ok(attempt_list(w->st, &w->arena, &(struct history_filter){ 0 }, &p, &rows, &count, &e));
	assert_int_equal(count, 0);
}

static void
hosts_that_take_no_orders_are_named_with_the_reason(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	world_host(w, "p", "pending-pc", HOST_PENDING);
	world_host(w, "r", "revoked-pc", HOST_REVOKED);
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	struct order_outcome out = scene_order(w, &k,
					       "{\"kind\":\"apply\",\"hosts\":[\"p\",\"r\",\"a\"],"
					       "\"patches\":[\"" HELD "\",\"deb:unknown@1\",\"" BASH "\"]}");
	assert_int_equal(out.items.count, 1);
	assert_int_equal(out.refused.count, 4); /* two hosts, the held one, the unknown one */
	for (size_t i = 0; i < out.refused.count; i++)
		assert_true(out.refused.items[i].why.len > 0);
	assert_true(str_contains(out.refused.items[0].why, STR("pending-pc")));
}

static void
the_same_update_is_not_ordered_twice(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	const char *body = "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" OPENSSL "\",\"" OPENSSL "\"]}";
	assert_int_equal(scene_order(w, &k, body).items.items[0].patch_count, 1);
	struct order_outcome again = scene_order(w, &k, body);
	assert_int_equal(again.items.count, 0);
	assert_int_equal(again.refused.count, 1);
}

static void
an_unknown_host_orders_nothing_at_all(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct json *body;
	struct order_request r;
	struct order_outcome out;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	ok(json_parse(&w->arena, STR("{\"kind\":\"apply\",\"hosts\":[\"nobody\"],\"patches\":\"all\"}"), NULL, &body,
		      &e));
	ok(order_request_parse(&w->arena, body, &r, &e));
	r.by = STR("admin");
	struct order_context c = scene_context(w, &k);
	assert_false(order_request_run(&c, &r, &out, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* What the host gets is signed by the order key and about this host only. */
static void
the_order_is_signed_and_delivered_until_the_host_reports(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct order *orders;
	size_t count;
	struct json *value, *document;
	struct str text;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" OPENSSL "\"]}");
	for (int i = 0; i < 2; i++) { /* a lost answer loses no order */
		ok(order_deliver(w->st, &w->arena, STR("a"), STR("lineage"), NOW, &orders, &count, &e));
		assert_int_equal(count, 1);
	}
	ok(json_parse(&w->arena, orders[0].signed_text, NULL, &value, &e));
	ok(signed_open(value, k, "order", &text, &e));
	assert_false(signed_open(value, k, "result", &text, &e));
	ok(json_parse(&w->arena, text, NULL, &document, &e));
	assert_true(str_eq(json_get_str(document, "host"), STR("a")));
	assert_true(str_eq(json_get_str(document, "kind"), STR("apply")));
	ok(order_deliver(w->st, &w->arena, STR("b"), STR("lineage"), NOW, &orders, &count, &e));
	assert_int_equal(count, 0);
}

static void
a_refresh_arrives_once_its_answer_was_seen(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct order *orders;
	size_t count;
	struct order_context c = scene_context(w, &k);
	world_host(w, "a", "alpha", HOST_ACTIVE);
	ok(order_refresh(&c, STR("a"), STR("admin"), &e));
	ok(order_refresh(&c, STR("a"), STR("admin"), &e)); /* one that waits suffices */
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L1"), NOW, &orders, &count, &e));
	assert_int_equal(count, 1);
	ok(order_arrived(w->st, STR("a"), STR("L0"), &e));
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L1"), NOW, &orders, &count, &e));
	assert_int_equal(count, 1);
	ok(order_arrived(w->st, STR("a"), STR("L1"), &e));
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L2"), NOW, &orders, &count, &e));
	assert_int_equal(count, 0);
}

static void
only_an_order_that_nobody_fetched_can_be_taken_back(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct order *orders;
	size_t count;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	struct order_context c = scene_context(w, &k);
	struct order_outcome one =
		scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" BASH "\"]}");
	ok(order_withdraw(&c, one.items.items[0].id, &e));
	assert_int_equal(scene_state(w, "a", BASH), PATCH_MISSING);
	struct order_outcome two =
		scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" BASH "\"]}");
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L"), NOW, &orders, &count, &e));
	assert_int_equal(count, 1);
	assert_false(order_withdraw(&c, two.items.items[0].id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(scene_state(w, "a", BASH), PATCH_QUEUED);
}

static void
an_order_nobody_answers_ends_as_failed(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" BASH "\"]}");
	struct order_context c = scene_context(w, &k);
	c.now = NOW + 6 * 86400000LL;
	ok(order_expire_all(&c, &e));
	assert_int_equal(scene_state(w, "a", BASH), PATCH_QUEUED);
	c.now = NOW + 8 * 86400000LL;
	ok(order_expire_all(&c, &e));
	assert_int_equal(scene_state(w, "a", BASH), PATCH_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_requests_are_refused),
		TEST(security_means_what_is_missing_and_not_held_back),
		TEST(security_is_what_the_host_itself_says),
		TEST(a_dry_run_stores_nothing),
		TEST(hosts_that_take_no_orders_are_named_with_the_reason),
		TEST(the_same_update_is_not_ordered_twice),
		TEST(an_unknown_host_orders_nothing_at_all),
		TEST(the_order_is_signed_and_delivered_until_the_host_reports),
		TEST(a_refresh_arrives_once_its_answer_was_seen),
		TEST(only_an_order_that_nobody_fetched_can_be_taken_back),
		TEST(an_order_nobody_answers_ends_as_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
