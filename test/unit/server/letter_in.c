/* Letters of hosts: what is taken, what is refused and why, what comes back. */
#include "server/letter_in.h"

#include "base/codec.h"
#include "fleet.h"
#include "relay-world.h"

#define NIGHT "{name: night, weekly: [mon], at: '02:00', tz: UTC"
#define PACKAGES "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"bash\",\"1\",\"amd64\",\"\",\"\"]]}"

struct post {
	struct world *w;
	struct relay_there relay;
};

static struct post
post_office(struct world *w)
{
	struct token t = world_token(w, "{\"uses\":5}");
	struct post p = { w, world_make_relay(w, "s") };
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	return p;
}

static struct str
letter_of(struct world *w, const struct key *k, struct str host, int64_t serial, const char *results)
{
	struct err e = { 0 };
	BUF_AUTO body = { 0 };
	BUF_AUTO bytes = { 0 };
	BUF_AUTO text = { 0 };
	char hash[SHA256_HEX_LEN];
	struct json_writer j = { .out = &body };
	sha256_hex(STR(PACKAGES), hash);
	json_begin_object(&j);
	json_key(&j, "check_in");
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_cstr(&j, "agent", "0.1.0");
	json_put_cstr(&j, "boot", "b1");
	json_put_cstr(&j, "machine", "machine-1");
	json_key(&j, "sections");
	json_begin_object(&j);
	json_put_cstr(&j, "packages", hash);
	json_end_object(&j);
	json_key(&j, "results");
	json_raw(&j, str_of(results ? results : "[]"));
	json_end_object(&j);
	json_key(&j, "sections");
	json_begin_object(&j);
	json_put_cstr(&j, "packages", PACKAGES);
	json_end_object(&j);
	json_put_i64(&j, "answered", serial - 1);
	json_end_object(&j);
	struct letter l = {
		.kind = LETTER_CHECK_IN, .host = host, .serial = serial, .made = w->now, .body_text = buf_str(&body)
	};
	ok(letter_write(&l, k, &bytes, &e));
	base64_encode(&text, bytes.ptr, bytes.len);
	return arena_str(&w->arena, buf_str(&text));
}

static struct answer
hand_in(struct post *p, struct str letter)
{
	struct answer a = world_relay(p->w, &p->relay, "/agent/v1/letters",
				      arena_printf(&p->w->arena, "{\"letters\":[\"%s\"]}", letter.ptr).ptr);
	assert_int_equal(a.status, 200);
	return a;
}

/* The answer to one, opened as its host would; NULL: it was refused. */
static const struct json *
answer_to(struct post *p, struct str letter, int64_t serial)
{
	struct err e = { 0 };
	struct letter l;
	BUF_AUTO bytes = { 0 };
	size_t count;
	struct answer a = hand_in(p, letter);
	const struct json *items = json_get_array(a.json, "letters", &count);
	if (count == 0)
		return NULL;
	assert_true(str_eq(json_get_str(items, "host"), p->w->host));
	assert_true(base64_decode(&bytes, json_get_str(items, "letter")));
	ok(letter_open(buf_str(&bytes), p->w->app.order_key, LETTER_ANSWER, p->w->host, serial - 1, &p->w->arena, &l,
		       &e));
	assert_int_equal(l.serial, serial);
	return l.body;
}

static struct str
refusal_of(struct post *p, struct str letter)
{
	size_t count;
	struct answer a = hand_in(p, letter);
	const struct json *items = json_get_array(a.json, "refused", &count);
	assert_int_equal(count, 1);
	return json_get_str(items, "message");
}

static void
a_letter_counts_as_a_check_in(void **state)
{
	struct post p = post_office(*state);
	size_t count;
	const struct json *body = answer_to(&p, letter_of(p.w, p.w->signing, p.w->host, 5, NULL), 1);
	assert_non_null(body);
	assert_null(json_get(body, "lineage"));
	(void)json_get_array(body, "need", &count);
	assert_int_equal(count, 0); /* its section came along */
	assert_int_equal(json_get_i64(body, "interval", 0), 300);
	struct answer a = world_cli(p.w, "GET", "/api/v1/hosts", NULL);
	const struct json *host = json_get_array(a.json, "items", &count);
	assert_int_equal(json_get_i64(host, "packages", 0), 1);
	assert_false(json_get_bool(host, "silent", true));
}

static void
each_wrong_letter_is_refused_with_its_own_reason(void **state)
{
	struct post p = post_office(*state);
	struct err e = { 0 };
	KEY_AUTO other = NULL;
	ok(key_generate(&other, &e));
	assert_non_null(answer_to(&p, letter_of(p.w, p.w->signing, p.w->host, 5, NULL), 1));
	assert_true(str_contains(refusal_of(&p, letter_of(p.w, p.w->signing, p.w->host, 4, NULL)), STR("old one")));
	assert_true(str_contains(refusal_of(&p, letter_of(p.w, other, p.w->host, 6, NULL)), STR("signature is wrong")));
	assert_true(str_contains(refusal_of(&p, letter_of(p.w, p.w->signing, STR("nobody"), 6, NULL)),
				 STR("not enrolled here")));
	assert_true(str_contains(refusal_of(&p, STR("aGVsbG8=")), STR("no letter")));
	/* Of another host that is here, with our signature. */
	struct str first = p.w->host;
	struct token t = world_token(p.w, "{}");
	struct key *ours = p.w->signing;
	p.w->signing = NULL;
	assert_int_equal(world_enrol(p.w, &t, "other").status, 200);
	assert_true(str_contains(refusal_of(&p, letter_of(p.w, ours, p.w->host, 6, NULL)), STR("signature is wrong")));
	assert_non_null(p.w->signing);
	key_free(p.w->signing);
	p.w->signing = ours;
	p.w->host = first;
	/* None of these moved the number. */
	assert_non_null(answer_to(&p, letter_of(p.w, p.w->signing, p.w->host, 6, NULL), 2));
}

static void
a_letter_whose_answer_was_lost_is_answered_again(void **state)
{
	struct post p = post_office(*state);
	struct str letter = letter_of(p.w, p.w->signing, p.w->host, 5, NULL);
	assert_non_null(answer_to(&p, letter, 1));
	assert_non_null(answer_to(&p, letter, 1)); /* the same answer: number 1 */
	assert_non_null(answer_to(&p, letter_of(p.w, p.w->signing, p.w->host, 6, NULL), 2));
	assert_true(str_contains(refusal_of(&p, letter), STR("old one")));
}

static void
one_wrong_letter_keeps_no_other_from_being_taken(void **state)
{
	struct post p = post_office(*state);
	size_t taken, refused;
	struct str good = letter_of(p.w, p.w->signing, p.w->host, 5, NULL);
	struct answer a = world_relay(p.w, &p.relay, "/agent/v1/letters",
				      arena_printf(&p.w->arena, "{\"letters\":[\"aGVsbG8=\",\"%s\"]}", good.ptr).ptr);
	(void)json_get_array(a.json, "letters", &taken);
	(void)json_get_array(a.json, "refused", &refused);
	assert_int_equal(taken, 1);
	assert_int_equal(refused, 1);
	assert_int_equal(world_relay(p.w, &p.relay, "/agent/v1/letters", "{\"letters\":[\"***\"]}").status, 400);
	assert_int_equal(world_relay(p.w, &p.relay, "/agent/v1/letters", "[").status, 400);
}

static void
a_revoked_host_sends_no_letters(void **state)
{
	struct post p = post_office(*state);
	struct str path = arena_printf(&p.w->arena, "/api/v1/hosts/%.*s/revoke", STR_ARG(p.w->host));
	assert_int_equal(world_cli(p.w, "POST", path.ptr, "{}").status, 200);
	assert_true(str_contains(refusal_of(&p, letter_of(p.w, p.w->signing, p.w->host, 5, NULL)), STR("revoked")));
}

/* The length of its window in the directive of the letter that a bundle takes along. */
static struct str
window_carried(struct post *p, int64_t after)
{
	struct err e = { 0 };
	struct letter l;
	struct str document;
	struct json *directive;
	BUF_AUTO bytes = { 0 };
	size_t count;
	struct str path = arena_printf(&p->w->arena, "/api/v1/hosts/%.*s/letter", STR_ARG(p->w->host));
	struct answer a = world_cli(p->w, "POST", path.ptr, "{}");
	assert_int_equal(a.status, 200);
	assert_true(base64_decode(&bytes, json_get_str(a.json, "letter")));
	ok(letter_open(buf_str(&bytes), p->w->app.order_key, LETTER_ANSWER, p->w->host, after, &p->w->arena, &l, &e));
	ok(signed_open(json_get(l.body, "directive"), p->w->app.order_key, "directive", &document, &e));
	ok(json_parse(&p->w->arena, document, NULL, &directive, &e));
	const struct json *install = json_get(json_get(directive, "policy"), "install");
	return json_get_str(json_get_array(install, "windows", &count), "for");
}

/* Nobody waits for the planner between the edit of a policy and the bundle that is made right after it. */
static void
a_bundle_carries_the_policy_as_it_is_now(void **state)
{
	struct post p = post_office(*state);
	assert_non_null(answer_to(&p, letter_of(p.w, p.w->signing, p.w->host, 5, NULL), 1));
	assert_int_equal(
		fleet_policy(p.w, "night", "policy: night\ninstall: {windows: [" NIGHT ", for: 4h}]}\n").status, 200);
	assert_true(str_eq(window_carried(&p, 1), STR("4h")));
	assert_int_equal(
		fleet_policy(p.w, "night", "policy: night\ninstall: {windows: [" NIGHT ", for: 5h}]}\n").status, 200);
	assert_true(str_eq(window_carried(&p, 2), STR("5h")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_letter_counts_as_a_check_in),
		TEST(each_wrong_letter_is_refused_with_its_own_reason),
		TEST(a_letter_whose_answer_was_lost_is_answered_again),
		TEST(one_wrong_letter_keeps_no_other_from_being_taken),
		TEST(a_revoked_host_sends_no_letters),
		TEST(a_bundle_carries_the_policy_as_it_is_now),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
