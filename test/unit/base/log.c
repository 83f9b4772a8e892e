#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/str.h"

#include <unistd.h>

/* What one call writes to standard error. */
static void
captured(void (*say)(void), char *into, size_t cap)
{
	int ends[2], saved = dup(2);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], 2);
	close(ends[1]);
	say();
	dup2(saved, 2);
	close(saved);
	n = read(ends[0], into, cap - 1);
	close(ends[0]);
	into[n > 0 ? n : 0] = '\0';
}

static void
say_plainly(void)
{
	log_warn("host ward-3", "certificate ends in %d days", 5);
}

static void
say_hostile(void)
{
	log_error("host a\nb", "%s", "x\x1b[2J\xff皮\n");
}

static void
say_debug(void)
{
	log_debug("loop", "tick");
}

static void
one_line_subject_first(void **state)
{
	char text[300];

	unsetenv("JOURNAL_STREAM");
	captured(say_plainly, text, sizeof(text));
	assert_true(strlen(text) > 20 && text[19] == 'Z');
	assert_string_equal(text + 20, " warning: host ward-3: certificate ends in 5 days\n");
	setenv("JOURNAL_STREAM", "8:1", 1);
	captured(say_plainly, text, sizeof(text));
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(text, "<4>host ward-3: certificate ends in 5 days\n");
}

static void
control_characters_never_get_through(void **state)
{
	char text[300];

	captured(say_hostile, text, sizeof(text));
	assert_string_equal(text + 20, " error: host a\\x0ab: x\\x1b[2J\\xff皮\\x0a\n");
}

static void
the_level_decides(void **state)
{
	char text[300];

	captured(say_debug, text, sizeof(text));
	assert_string_equal(text, "");
	log_set_level(LOG_LEVEL_DEBUG);
	captured(say_debug, text, sizeof(text));
	assert_string_equal(text + 20, " debug: loop: tick\n");
	log_set_level(LOG_LEVEL_ERROR);
	captured(say_plainly, text, sizeof(text));
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_subject_first),
		cmocka_unit_test(control_characters_never_get_through),
		cmocka_unit_test(the_level_decides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
