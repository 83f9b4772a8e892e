/* The relay's letter box: durable before anybody hears of it, one place for each host, forwarded once. */
#include "relay/letter.h"

#include "base/codec.h"
#include "base/json.h"
#include "os/file.h"
#include "trust/letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct world {
	char dir[64];
	struct letter_box *box;
	struct key *key;
	struct arena arena;
	/* What the server was handed, and how it answers. */
	size_t handed, calls;
	bool away;
	const char *refuse; /* this host's */
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e = { 0 };
	*state = w;
	snprintf(w->dir, sizeof(w->dir), "/tmp/mamori-test-XXXXXX");
	return mkdtemp(w->dir) && key_generate(&w->key, &e) && letter_box_open(w->dir, &clock_system, &w->box, &e) ? 0
														   : -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	letter_box_close(w->box);
	key_free(w->key);
	(void)!dir_remove_all(w->dir, &e);
	arena_free(&w->arena);
	free(w);
	return 0;
}

static struct str
letter(struct world *w, const char *kind, const char *host, int64_t serial)
{
	struct err e = { 0 };
	BUF_AUTO bytes = { 0 };
	struct letter l = { .kind = kind, .host = str_of(host), .serial = serial, .made = 1, .body_text = STR("{}") };
	assert_true(letter_write(&l, w->key, &bytes, &e));
	return arena_str(&w->arena, buf_str(&bytes));
}

static enum err_code
put(struct world *w, const char *host, struct str bytes)
{
	struct err e = { 0 };
	return letter_box_put(w->box, str_of(host), bytes, &e) ? ERR_NONE : e.code;
}

/* A server that answers every letter by itself sent back, or refuses it. */
static bool
server(void *user, struct str body, struct buf *answer, struct err *e)
{
	struct world *w = user;
	struct json *v;
	size_t count;
	BUF_AUTO refused = { 0 };
	struct json_writer a = { .out = answer }, no = { .out = &refused };
	w->calls++;
	if (w->away)
		return err_set(e, ERR_UNREACHABLE, "away");
	assert_true(json_parse(&w->arena, body, NULL, &v, e));
	const struct json *items = json_get_array(v, "letters", &count);
	json_begin_object(&a);
	json_key(&a, "letters");
	json_begin_array(&a);
	json_begin_array(&no);
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO bytes = { 0 };
		struct letter l;
		assert_true(base64_decode(&bytes, items[i].text));
		assert_true(letter_peek(buf_str(&bytes), &w->arena, &l, e));
		bool refuse = w->refuse && str_eq(l.host, str_of(w->refuse));
		struct json_writer *to = refuse ? &no : &a;
		json_begin_object(to);
		json_put_str(to, "host", l.host);
		json_put_i64(to, "serial", l.serial);
		json_put_str(to, refuse ? "message" : "letter", refuse ? STR("not you") : items[i].text);
		json_end_object(to);
		w->handed++;
	}
	json_end_array(&no);
	json_end_array(&a);
	json_key(&a, "refused");
	json_raw(&a, buf_str(&refused));
	json_end_object(&a);
	return true;
}

static void
what_was_taken_is_on_disk(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	BUF_AUTO there = { 0 };
	struct str bytes = letter(w, LETTER_CHECK_IN, "h1", 5);
	assert_int_equal(put(w, "h1", bytes), ERR_NONE);
	assert_true(letter_box_new(w->box));
	assert_true(file_read(path_join(&w->arena, w->dir, "letters/out/h1.letter"), 1 << 20, &there, &e));
	assert_true(str_eq(buf_str(&there), bytes));
	/* A relay that was killed finds it again. */
	letter_box_close(w->box);
	assert_true(letter_box_open(w->dir, &clock_system, &w->box, &e));
	assert_int_equal(letter_box_waiting(w->box), 1);
	assert_true(letter_box_new(w->box));
}

static void
each_wrong_letter_is_refused_with_its_own_code(void **state)
{
	struct world *w = *state;
	char *large = xcalloc(1, LETTER_MAX + 1);
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 5)), ERR_NONE);
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 4)), ERR_CONFLICT);
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h2", 6)), ERR_REFUSED);
	assert_int_equal(put(w, "h1", letter(w, LETTER_ANSWER, "h1", 6)), ERR_INPUT);
	assert_int_equal(put(w, "h1", STR("hello")), ERR_INPUT);
	assert_int_equal(put(w, "h1", str_sub(large, LETTER_MAX + 1)), ERR_TOO_LARGE);
	assert_int_equal(put(w, "../h1", letter(w, LETTER_CHECK_IN, "h1", 9)), ERR_INPUT);
	assert_int_equal(put(w, "", letter(w, LETTER_CHECK_IN, "h1", 9)), ERR_INPUT);
	assert_int_equal(letter_box_waiting(w->box), 1);
	/* The same once more, and a newer one, which takes its place. */
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 5)), ERR_NONE);
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 6)), ERR_NONE);
	assert_int_equal(letter_box_waiting(w->box), 1);
	free(large);
}

static void
letters_wait_until_the_server_has_them(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct letter l;
	BUF_AUTO answer = { 0 };
	for (int i = 0; i < 3; i++) {
		struct str host = arena_printf(&w->arena, "h%d", i);
		assert_int_equal(put(w, host.ptr, letter(w, LETTER_CHECK_IN, host.ptr, 5)), ERR_NONE);
	}
	w->away = true;
	assert_false(letter_box_forward(w->box, server, w, &e));
	assert_int_equal(letter_box_waiting(w->box), 3);
	assert_true(letter_box_new(w->box)); /* tried again as soon as it can be */
	w->away = false;
	assert_true(letter_box_forward(w->box, server, w, &e));
	assert_int_equal(letter_box_waiting(w->box), 0);
	assert_int_equal(w->handed, 3);
	assert_false(letter_box_new(w->box));
	assert_true(letter_box_get(w->box, STR("h1"), &answer, &e));
	assert_true(letter_peek(buf_str(&answer), &w->arena, &l, &e));
	assert_true(letter_box_forward(w->box, server, w, &e));
	assert_int_equal(w->handed, 3);
}

static void
a_refusal_reaches_its_host_until_a_letter_is_taken(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	BUF_AUTO answer = { 0 };
	assert_false(letter_box_get(w->box, STR("h1"), &answer, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	w->refuse = "h1";
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 5)), ERR_NONE);
	assert_true(letter_box_forward(w->box, server, w, &e));
	assert_int_equal(letter_box_waiting(w->box), 0);
	assert_false(letter_box_get(w->box, STR("h1"), &answer, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "not you"));
	w->refuse = NULL;
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 6)), ERR_NONE);
	assert_true(letter_box_forward(w->box, server, w, &e));
	assert_true(letter_box_get(w->box, STR("h1"), &answer, &e));
}

static bool
server_while_a_newer_comes(void *user, struct str body, struct buf *answer, struct err *e)
{
	struct world *w = user;
	bool ok = server(user, body, answer, e);
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 6)), ERR_NONE);
	return ok;
}

static void
a_letter_that_comes_meanwhile_stays(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	assert_int_equal(put(w, "h1", letter(w, LETTER_CHECK_IN, "h1", 5)), ERR_NONE);
	assert_true(letter_box_forward(w->box, server_while_a_newer_comes, w, &e));
	assert_int_equal(letter_box_waiting(w->box), 1);
	assert_true(letter_box_new(w->box));
}

static void
many_letters_go_in_several_parts(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	for (int i = 0; i < 450; i++) {
		struct str host = arena_printf(&w->arena, "h%d", i);
		assert_int_equal(put(w, host.ptr, letter(w, LETTER_CHECK_IN, host.ptr, 5)), ERR_NONE);
	}
	assert_true(letter_box_forward(w->box, server, w, &e));
	assert_int_equal(w->handed, 450);
	assert_int_equal(w->calls, 3);
	assert_int_equal(letter_box_waiting(w->box), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_taken_is_on_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(each_wrong_letter_is_refused_with_its_own_code, setup, teardown),
		cmocka_unit_test_setup_teardown(letters_wait_until_the_server_has_them, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_reaches_its_host_until_a_letter_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_letter_that_comes_meanwhile_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(many_letters_go_in_several_parts, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
