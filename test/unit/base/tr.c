#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/messages.h"
#include "base/str.h"
#include "base/tr.h"

#include <pthread.h>

static void
the_environment_decides_by_its_first_word(void **state)
{
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	assert_int_equal(lang_from_environment(), LANG_EN);
	setenv("LANG", "ja_JP.UTF-8", 1);
	assert_int_equal(lang_from_environment(), LANG_JA);
	setenv("LC_ALL", "", 1); /* empty counts as unset */
	assert_int_equal(lang_from_environment(), LANG_JA);
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_int_equal(lang_from_environment(), LANG_EN);
}

static void *
other_thread(void *seen)
{
	*(enum lang *)seen = lang_current();
	return NULL;
}

static void
a_thread_has_its_own_reader(void **state)
{
	enum lang seen = LANG_EN;
	pthread_t t;

	lang_set_process(LANG_JA);
	lang_set_thread(LANG_EN);
	assert_int_equal(lang_current(), LANG_EN);
	assert_int_equal(pthread_create(&t, NULL, other_thread, &seen), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(seen, LANG_JA);
}

static void
sentences_are_found(void **state)
{
	lang_set_thread(LANG_EN);
	assert_string_equal(tr("Permission denied"), "Permission denied");
	lang_set_thread(LANG_JA);
	assert_string_equal(tr("Permission denied"), "権限がありません");
	assert_string_equal(tr("never said"), "never said");
	assert_string_equal(tr(""), "");
}

/* The search needs the order; every text must be one that err.c passes on unchanged. */
static void
the_catalogue_is_sorted_and_clean(void **state)
{
	assert_true(messages_ja_count > 20);
	for (size_t i = 0; i < messages_ja_count; i++) {
		const char *english = messages_ja_text + messages_ja[i].english;

		assert_true(str_is_utf8(str_of(messages_ja_text + messages_ja[i].text)));
		if (i > 0 && strcmp(messages_ja_text + messages_ja[i - 1].english, english) >= 0)
			fail_msg("%s is out of order", english);
	}
}

static void
errors_speak_the_readers_language(void **state)
{
	struct err e = { 0 };

	lang_set_thread(LANG_JA);
	err_set(&e, ERR_INPUT, "line %llu, column %llu: %s", 3ull, 7ull, "x");
	assert_string_equal(e.text, "3 行 7 桁:x");
	lang_set_thread(LANG_EN);
	err_set(&e, ERR_INPUT, "line %llu, column %llu: %s", 3ull, 7ull, "x");
	assert_string_equal(e.text, "line 3, column 7: x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_decides_by_its_first_word),
		cmocka_unit_test(a_thread_has_its_own_reader),
		cmocka_unit_test(sentences_are_found),
		cmocka_unit_test(the_catalogue_is_sorted_and_clean),
		cmocka_unit_test(errors_speak_the_readers_language),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
