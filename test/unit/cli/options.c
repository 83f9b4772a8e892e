/* Options of the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/cli.h"

static const struct cli_verb verb = { "try", "FILE…", "A verb for this test", NULL, NULL };

struct seen {
	struct arena arena;
	struct cli cli;
	const char *level;
	bool security;
	cli_list hosts;
	int operands;
	struct err e;
};

static bool
parse(struct seen *s, int argc, char **argv)
{
	s->cli = (struct cli){ .arena = &s->arena, .clock = &clock_system, .data = "/default" };
	const struct cli_option options[] = {
		{ "level", "L", "a level", &s->level, NULL, NULL },
		{ "security", NULL, "a switch", NULL, &s->security, NULL },
		{ "host", "H", "a list", NULL, NULL, &s->hosts },
	};
	return cli_parse(&s->cli, &verb, options, COUNT(options), argc, argv, &s->operands, &s->e);
}

#define PARSE(s, ...) \
	const char *argv_[] = { __VA_ARGS__ }; \
	bool ok = parse((s), (int)COUNT(argv_), (char **)(uintptr_t)argv_)

static void
options_and_operands_mix(void **state)
{
	struct seen s = { 0 };
	PARSE(&s, "a", "--level=high", "--host", "x", "b", "--host=y", "--security", "--json", "--", "--c");
	assert_true(ok);
	assert_string_equal(s.level, "high");
	assert_true(s.security);
	assert_true(s.cli.json);
	assert_int_equal(s.hosts.count, 2);
	assert_string_equal(s.hosts.items[1], "y");
	assert_int_equal(s.operands, 3);
	assert_string_equal(argv_[0], "a");
	assert_string_equal(argv_[1], "b");
	assert_string_equal(argv_[2], "--c");
	arena_free(&s.arena);
}

static void
usage_error(const char *arg, const char *named)
{
	struct seen s = { 0 };
	char *copy = xstrdup(arg);
	PARSE(&s, copy);
	assert_false(ok);
	assert_int_equal(err_exit_status(&s.e), 2);
	assert_non_null(strstr(s.e.text, named));
	assert_non_null(strstr(s.e.text, "--help"));
	free(copy);
	arena_free(&s.arena);
}

static void
wrong_options_are_named(void **state)
{
	lang_set_process(LANG_EN);
	usage_error("--sercurity", "--sercurity");
	usage_error("--level", "--level");
	usage_error("--security=yes", "--security");
	usage_error("-x", "-x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_mix),
		cmocka_unit_test(wrong_options_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
