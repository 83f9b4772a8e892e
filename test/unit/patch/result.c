#include "patch/result.h"

#include "scene.h"
#include "store/policy_text.h"

#define LATER (NOW + 60000)

static struct result
result_of(struct world *w, struct str order, const char *patch, const char *state, const char *words)
{
	struct err e = { 0 };
	struct result r;
	BUF_AUTO text = { 0 };
	struct json_writer j = { .out = &text };
	json_begin_object(&j);
	json_put_str(&j, "attempt", arena_printf(&w->arena, "%.*s/%s", STR_ARG(order), patch));
	json_put_str(&j, "order", order);
	json_put_cstr(&j, "host", "a");
	json_put_cstr(&j, "patch", patch);
	json_put_cstr(&j, "state", state);
	json_put_cstr(&j, "started", "2027-01-15T08:00:01Z");
	json_put_cstr(&j, "finished", str_eq(str_of(state), STR("running")) ? NULL : "2027-01-15T08:00:09Z");
	json_put_cstr(&j, "words", words);
	json_end_object(&j);
	ok(result_parse(&w->arena, arena_str(&w->arena, buf_str(&text)), &r, &e));
	r.signed_text = STR("{}");
	return r;
}

static struct str
ordered(struct world *w, struct key **k)
{
	world_host(w, "a", "alpha", HOST_ACTIVE);
	world_host(w, "b", "beta", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	return scene_order(w, k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" OPENSSL "\",\"" BASH "\"]}")
		.items.items[0]
		.id;
}

static struct attempt
attempt_now(struct world *w, struct str order, const char *patch)
{
	struct err e = { 0 };
	struct attempt t;
	ok(attempt_get(w->st, &w->arena, arena_printf(&w->arena, "%.*s/%s", STR_ARG(order), patch), &t, &e));
	return t;
}

static void
running_then_its_end(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	struct result r = result_of(w, order, OPENSSL, "running", NULL);
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_RUNNING);
	assert_int_equal(scene_state(w, "a", BASH), PATCH_QUEUED);
	r = result_of(w, order, OPENSSL, "installed", NULL);
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_INSTALLED);
	assert_true(attempt_now(w, order, OPENSSL).finished > attempt_now(w, order, OPENSSL).at);
}

/* Its rows would stay on top of everybody's history. */
static void
a_clock_that_is_ahead_changes_no_order(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	struct result r = result_of(w, order, OPENSSL, "installed", NULL);
	r.started = r.finished = NOW + 365 * INT64_C(86400000);
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(attempt_now(w, order, OPENSSL).at, LATER);
	assert_int_equal(attempt_now(w, order, OPENSSL).finished, LATER);
}

static void
an_end_is_never_replaced(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	struct result r = result_of(w, order, OPENSSL, "failed", "disk full");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	static const char *const later[] = { "installed", "running", "failed" };
	for (size_t i = 0; i < COUNT(later); i++) {
		r = result_of(w, order, OPENSSL, later[i], "something else");
		ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e)); /* durable: the host may forget it */
	}
	assert_int_equal(attempt_now(w, order, OPENSSL).state, PATCH_FAILED);
	assert_true(str_eq(attempt_now(w, order, OPENSSL).words, STR("disk full")));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_FAILED);
}

static void
other_hosts_and_other_orders_are_refused(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	struct result foreign = result_of(w, order, OPENSSL, "installed", NULL);
	struct result unknown = result_of(w, STR("ffffffffffff"), OPENSSL, "installed", NULL);
	struct result not_ordered = result_of(w, order, HELD, "installed", NULL);
	struct err e = { 0 };
	assert_false(result_accept(w->st, &w->arena, STR("b"), &foreign, NOW, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(result_accept(w->st, &w->arena, STR("a"), &unknown, NOW, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(result_accept(w->st, &w->arena, STR("a"), &not_ordered, NOW, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	foreign.host = STR("b"); /* b signs a result about a's order as its own */
	assert_false(result_accept(w->st, &w->arena, STR("b"), &foreign, NOW, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_QUEUED);
}

static void
the_truth_replaces_an_order_that_we_gave_up(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	struct order_context c = scene_context(w, &k);
	c.now = NOW + 8 * 86400000LL;
	ok(order_expire_all(&c, &e));
	assert_int_equal(attempt_now(w, order, OPENSSL).state, PATCH_FAILED);
	struct result r = result_of(w, order, OPENSSL, "installed", NULL);
	ok(result_accept(w->st, &w->arena, STR("a"), &r, c.now, &e));
	assert_int_equal(attempt_now(w, order, OPENSSL).state, PATCH_INSTALLED);
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_INSTALLED);
}

static void
an_order_is_not_sent_again_once_reported(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct order *orders;
	size_t count;
	KEY_AUTO k = NULL;
	struct str order = ordered(w, &k);
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L"), NOW, &orders, &count, &e));
	struct result r = result_of(w, order, OPENSSL, "running", NULL);
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	ok(order_deliver(w->st, &w->arena, STR("a"), STR("L"), NOW, &orders, &count, &e));
	assert_int_equal(count, 0);
}

static void
broken_results_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"attempt\":\"o/p\",\"order\":\"o\",\"host\":\"a\",\"patch\":\"p\",\"state\":\"missing\"}",
		"{\"attempt\":\"o/p\",\"host\":\"a\",\"patch\":\"p\",\"state\":\"installed\",\"started\":\"now\"}",
		"{\"attempt\":\"o/p\",\"order\":\"o\",\"host\":1,\"patch\":\"p\",\"state\":\"installed\"}",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct result r;
		if (result_parse(&a, str_of(texts[i]), &r, &e))
			fail_msg("accepted: %s", texts[i]);
	}
}

/* ---- results of slots ---- */

#define SLOT STR("slot:ward/night/2027-01-15/a/1")

static void
policy_known(struct world *w)
{
	struct err e = { 0 };
	struct policy_version v = { .name = STR("ward"),
				    .what = STR("put"),
				    .yaml = STR("policy: ward\n"),
				    .json = STR("{}"),
				    .by = STR("a"),
				    .note = STR(""),
				    .at = NOW };
	ok(policy_text_add(w->st, &v, &e));
}

static struct result
slot_result(struct world *w, const char *patch, const char *state, const char *act)
{
	struct result r = result_of(w, SLOT, patch, state, NULL);
	r.act = str_of(act);
	r.trigger = STR("window");
	return r;
}

/* What a policy takes out is in the history, though no plan ever named it. */
static void
a_removal_is_kept_in_the_history(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	(void)ordered(w, &k);
	policy_known(w);
	static const char *const states[] = { "running", "failed" };
	for (size_t i = 0; i < COUNT(states); i++) {
		struct result r = slot_result(w, "remove:old-reader", states[i], "remove");
		r.why = STR("needs-library would change as well, so nothing was done");
		ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	}
	struct attempt t = attempt_now(w, SLOT, "remove:old-reader");
	assert_int_equal(t.state, PATCH_FAILED);
	assert_true(str_contains(t.why, STR("needs-library")));
	assert_true(str_eq(t.title, STR("remove:old-reader")));
	assert_int_equal(scene_state(w, "a", "remove:old-reader"), PATCH_STATES); /* nothing that is missing */
}

/* Gone back from is not installed, whatever the attempt was. */
static void
a_way_back_leaves_the_state_to_the_next_plan(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	(void)ordered(w, &k);
	policy_known(w);
	enum patch_state before = scene_state(w, "a", OPENSSL);
	struct result r = slot_result(w, OPENSSL, "installed", "back");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(attempt_now(w, SLOT, OPENSSL).state, PATCH_INSTALLED);
	assert_int_equal(scene_state(w, "a", OPENSSL), before);
}

static void
foreign_slots_and_unknown_policies_are_refused(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	(void)ordered(w, &k);
	struct result unknown = slot_result(w, OPENSSL, "installed", "");
	assert_false(result_accept(w->st, &w->arena, STR("a"), &unknown, LATER, &e)); /* no such policy */
	assert_int_equal(e.code, ERR_REFUSED);
	policy_known(w);
	err_clear(&e);
	assert_false(result_accept(w->st, &w->arena, STR("b"), &unknown, LATER, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	struct result never = slot_result(w, "deb:nobody@1", "installed", "");
	err_clear(&e);
	assert_false(result_accept(w->st, &w->arena, STR("a"), &never, LATER, &e));
	assert_int_equal(e.code, ERR_REFUSED);
}

static struct result
outside_result(struct world *w, const char *order, const char *patch, const char *act)
{
	struct result r = result_of(w, str_of(order), patch, "installed", NULL);
	r.act = str_of(act);
	r.trigger = STR("outside");
	r.by = STR("clerk (1000)");
	r.why = STR("Not done by mamori, but by “apt upgrade”.");
	return r;
}

/* What others did on a host: installed with its own row of the history, also what no plan ever named; gone when they put
 * it back or took it out. */
static void
what_others_did_is_kept_and_believed(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	(void)ordered(w, &k);
	struct result r = outside_result(w, "outside:a/1", OPENSSL, "");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e)); /* sent again */
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_INSTALLED);
	struct attempt t = attempt_now(w, STR("outside:a/1"), OPENSSL);
	assert_true(str_eq(t.cause, STR("outside")) && str_eq(t.by, STR("clerk (1000)")));
	r = outside_result(w, "outside:a/1", "deb:new@2", "");
	r.packages = STR("[{\"name\":\"new\",\"arch\":\"all\",\"from\":\"1\",\"to\":\"2\"}]");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", "deb:new@2"), PATCH_INSTALLED);
	r = outside_result(w, "outside:a/2", OPENSSL, "back");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_STATES);
	r = outside_result(w, "outside:a/2", "remove:new", "remove");
	r.packages = STR("[{\"name\":\"new\",\"arch\":\"all\",\"from\":null,\"to\":\"2\"}]");
	ok(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", "deb:new@2"), PATCH_STATES);
	assert_int_equal(scene_state(w, "a", BASH), PATCH_QUEUED); /* what was ordered stays so */
}

static void
changes_of_other_hosts_are_refused(void **state)
{
	struct world *w = *state;
	KEY_AUTO k = NULL;
	(void)ordered(w, &k);
	static const char *const orders[] = { "outside:b/1", "outside:a", "outside:a/x", "outside:a/1/2", "outside:" };
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct err e = { 0 };
		struct result r = outside_result(w, orders[i], OPENSSL, "");
		assert_false(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
		assert_int_equal(e.code, ERR_REFUSED);
	}
	struct err e = { 0 };
	struct result r = outside_result(w, "outside:a/1", OPENSSL, "");
	r.attempt = STR("outside:a/1/deb:another@1");
	assert_false(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	r = outside_result(w, "outside:a/1", OPENSSL, "");
	r.state = PATCH_FAILED;
	assert_false(result_accept(w->st, &w->arena, STR("a"), &r, LATER, &e));
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_QUEUED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(running_then_its_end),
		TEST(a_clock_that_is_ahead_changes_no_order),
		TEST(an_end_is_never_replaced),
		TEST(other_hosts_and_other_orders_are_refused),
		TEST(the_truth_replaces_an_order_that_we_gave_up),
		TEST(an_order_is_not_sent_again_once_reported),
		TEST(broken_results_are_refused),
		TEST(a_removal_is_kept_in_the_history),
		TEST(a_way_back_leaves_the_state_to_the_next_plan),
		TEST(foreign_slots_and_unknown_policies_are_refused),
		TEST(what_others_did_is_kept_and_believed),
		TEST(changes_of_other_hosts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
