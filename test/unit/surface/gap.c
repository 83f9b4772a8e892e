/* surface/gap.h: what is not listed any more is gone only where its sources could have told. */
#include "surface/gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROW(source, questions, asked, failed) \
	"{\"source\":\"" source "\",\"questions\":" questions ",\"asked\":" asked ",\"failed\":" failed "}"

static struct json *
tree(struct arena *a, const char *text)
{
	struct err e = { 0 };
	struct json *j;
	assert_true(json_parse(a, str_of(text), NULL, &j, &e));
	return j;
}

static bool
unchecked(const char *now, const char *source)
{
	ARENA_AUTO a = { 0 };
	struct json *before =
		tree(&a, "{\"coverage\":[" ROW("dns", "9", "9", "1") "," ROW("crtsh", "4", "4", "0") "]}");
	struct str asset = arena_printf(&a, "{\"path\":[{\"source\":\"person\"},{\"source\":\"%s\"}]}", source);
	return asset_unchecked(before, tree(&a, now), tree(&a, asset.ptr));
}

static void
a_source_that_failed_wholly_proves_nothing(void **state)
{
	(void)state;
	const char *now = "{\"coverage\":[" ROW("dns", "9", "9", "3") "," ROW("crtsh", "78", "4", "78") "]}";
	assert_true(unchecked(now, "crtsh"));
	assert_false(unchecked(now, "dns")); /* in part only */
	assert_false(unchecked(now, "person"));
}

static void
a_source_that_was_not_asked_proves_nothing(void **state)
{
	(void)state;
	assert_true(unchecked("{\"coverage\":[" ROW("dns", "9", "9", "0") "]}", "crtsh"));
	assert_true(unchecked("{\"coverage\":[" ROW("crtsh", "0", "0", "0") "]}", "crtsh"));
	/* Answers that are stored count. */
	assert_false(unchecked("{\"coverage\":[" ROW("crtsh", "4", "0", "0") "]}", "crtsh"));
	assert_false(unchecked("{\"coverage\":[]}", "shodan")); /* nor was it before */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_failed_wholly_proves_nothing),
		cmocka_unit_test(a_source_that_was_not_asked_proves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
