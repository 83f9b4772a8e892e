/* While the server is away a relay carries letters: what is in them, what is believed of the answers. */
#include "agent/letters.h"

#include "trust/letter.h"
#include "world.h"

#define RELAY "https://10.1.0.5:8480"

/* A relay beside the world's server. */
struct post {
	struct world *w;
	struct net behind; /* the world's own */
	struct net net;
	bool away;
	int status; /* of PUT; 0: 204 */
	struct buf left, answer; /* the host's last letter, the server's newest */
	unsigned puts, asked;
};

static bool
carry(void *user, enum net_verb verb, const char *path, struct str body, struct net_answer *out, struct err *e)
{
	struct post *p = user;
	if (verb != NET_RELAY_PUT && verb != NET_RELAY_GET)
		return p->behind.call(p->behind.user, verb, path, body, out, e);
	assert_string_equal(path, "/relay/v1/letters/host-1");
	if (p->away)
		return err_set(e, ERR_UNREACHABLE, "no relay answers");
	buf_truncate(&out->body, 0);
	if (verb == NET_RELAY_PUT) {
		p->puts++;
		out->status = p->status ? p->status : 204;
		buf_truncate(&p->left, 0);
		buf_add(&p->left, body);
		return true;
	}
	p->asked++;
	out->status = p->answer.len ? 200 : 404;
	buf_add(&out->body, buf_str(&p->answer));
	return true;
}

static struct post *
post_new(struct world *w)
{
	struct post *p = ARENA_NEW(&w->arena, struct post);
	struct err e = { 0 };
	struct identity id;
	world_enrol(w);
	assert_true(identity_load(&w->agent, &w->arena, &id, &e));
	id.relays[0] = RELAY;
	assert_true(identity_save(&w->agent, &id, &e));
	p->w = w;
	p->behind = *w->agent.net;
	p->net = (struct net){ carry, p };
	w->agent.net = &p->net;
	return p;
}

static void
post_free(struct post *p)
{
	buf_free(&p->left);
	buf_free(&p->answer);
}

/* The host's last letter, opened as the server would. */
static void
left_letter(struct post *p, int64_t after, struct letter *out)
{
	KEY_AUTO k = NULL;
	struct err e = { 0 };
	assert_true(key_public_from_pem(str_of(p->w->signing_public), &k, &e));
	if (!letter_open(buf_str(&p->left), k, LETTER_CHECK_IN, STR("host-1"), after, &p->w->arena, out, &e))
		fail_msg("%s", e.text);
}

static void
answer_with(struct post *p, const struct key *k, int64_t serial, const char *body)
{
	struct err e = { 0 };
	struct letter l = { .kind = LETTER_ANSWER,
			    .host = STR("host-1"),
			    .serial = serial,
			    .made = INT64_C(1800000000000),
			    .body_text = str_of(body) };
	buf_truncate(&p->answer, 0);
	assert_true(letter_write(&l, k, &p->answer, &e));
}

static size_t
results_waiting(struct world *w)
{
	struct str *names;
	size_t count;
	struct err e = { 0 };
	assert_true(dir_list(&w->arena, path_join(&w->arena, w->agent.state, "attempts"), 1000, &names, &count, &e));
	return count;
}

static void
a_letter_is_left_while_the_server_is_away(void **state)
{
	struct post *p = post_new(*state);
	struct world *w = p->w;
	struct err e = { 0 };
	struct letter first, second;
	assert_true(world_once(w, &e));
	assert_int_equal(p->puts, 0);
	w->m->away = true;
	assert_false(world_once(w, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_non_null(strstr(e.text, "letter"));
	assert_int_equal(p->puts, 1);
	left_letter(p, 0, &first);
	const struct json *check_in = json_get(first.body, "check_in"), *sections = json_get(first.body, "sections");
	assert_int_equal(json_get_i64(check_in, "protocol", 0), 1);
	/* Sections as they are, so that their hashes fit. */
	struct str packages = json_get_str(sections, "packages");
	char hash[SHA256_HEX_LEN];
	sha256_hex(packages, hash);
	assert_true(packages.len > 0);
	assert_true(str_eq(json_get_str(json_get(check_in, "sections"), "packages"), str_of(hash)));
	assert_false(world_once(w, &e));
	left_letter(p, first.serial, &second);
	/* The server is there again: nothing is left any more. */
	w->m->away = false;
	assert_true(world_once(w, &e));
	assert_int_equal(p->puts, 2);
	post_free(p);
}

static void
results_go_along_until_the_server_has_them(void **state)
{
	struct post *p = post_new(*state);
	struct world *w = p->w;
	struct err e = { 0 };
	struct letter l;
	size_t count;
	world_order(w, 0);
	w->m->away_after_take = true;
	assert_false(world_once(w, &e));
	w->m->away = true;
	assert_int_equal(world_version(w, 0), 2);
	assert_int_equal(results_waiting(w), 1);
	assert_false(world_once(w, &e));
	left_letter(p, 0, &l);
	const struct json *results = json_get_array(json_get(l.body, "check_in"), "results", &count);
	assert_int_equal(count, 1);
	/* An answer that confirms it, forged first. */
	struct json *document;
	assert_true(json_parse(&w->arena, json_get_str(results, "document"), NULL, &document, &e));
	struct str body =
		arena_printf(&w->arena,
			     "{\"protocol\":1,\"need\":[],\"accepted\":[\"%.*s\"],\"interval\":300,\"renew\":false,"
			     "\"stage\":\"none\",\"orders\":[],\"notice\":null}",
			     STR_ARG(json_get_str(document, "attempt")));
	KEY_AUTO forger = NULL;
	assert_true(key_generate(&forger, &e));
	answer_with(p, forger, 1, body.ptr);
	assert_false(world_once(w, &e));
	assert_int_equal(results_waiting(w), 1);
	answer_with(p, w->order_key, 1, body.ptr);
	assert_false(world_once(w, &e));
	assert_int_equal(results_waiting(w), 0);
	left_letter(p, l.serial, &l);
	(void)json_get_array(json_get(l.body, "check_in"), "results", &count);
	assert_int_equal(count, 0);
	assert_int_equal(json_get_i64(l.body, "answered", 0), 1);
	post_free(p);
}

static void
an_old_answer_is_taken_once(void **state)
{
	struct post *p = post_new(*state);
	struct world *w = p->w;
	struct err e = { 0 };
	struct letter l;
	static const char body[] = "{\"protocol\":1,\"need\":[],\"accepted\":[],\"interval\":600,\"renew\":false,"
				   "\"stage\":\"none\",\"orders\":[],\"notice\":\"hello\"}";
	w->m->away = true;
	answer_with(p, w->order_key, 5, body);
	assert_false(world_once(w, &e));
	left_letter(p, 0, &l);
	assert_int_equal(json_get_i64(l.body, "answered", 0), 5);
	answer_with(p, w->order_key, 4, body);
	assert_false(world_once(w, &e));
	left_letter(p, 0, &l);
	assert_int_equal(json_get_i64(l.body, "answered", 0), 5);
	post_free(p);
}

static void
without_a_relay_there_is_no_letter(void **state)
{
	struct post *p = post_new(*state);
	struct world *w = p->w;
	struct err e = { 0 };
	p->away = w->m->away = true;
	assert_false(world_once(w, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_null(strstr(e.text, "letter"));
	/* A relay that refuses it does not pass for one that took it. */
	p->away = false;
	p->status = 507;
	assert_false(world_once(w, &e));
	assert_null(strstr(e.text, "letter"));
	post_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_letter_is_left_while_the_server_is_away, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(results_go_along_until_the_server_has_them, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(an_old_answer_is_taken_once, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(without_a_relay_there_is_no_letter, world_setup, world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
