/* Who asked for what is on no list: counted, capped, the least asked gives way. */
#include "relay/refusal.h"

#include "../os/unit.h"

static struct refusals *
refusals_new(void)
{
	struct refusals *r = test_calloc(1, sizeof(*r));
	pthread_mutex_init(&r->mutex, NULL);
	return r;
}

static void
the_most_asked_come_first(void **state)
{
	struct refusals *r = refusals_new();
	struct refusal all[REFUSALS_MAX];
	uint64_t total;
	(void)state;
	refusal_add(r, STR("evil.example:443"), "10.1.0.5", 1000);
	refusal_add(r, STR("Update.Example"), "10.1.0.6", 2000);
	refusal_add(r, STR("update.example"), "10.1.0.7", 3000);
	assert_int_equal(refusals_read(r, all, &total), 2);
	assert_int_equal(total, 3);
	assert_string_equal(all[0].what, "update.example");
	assert_int_equal(all[0].count, 2);
	assert_string_equal(all[0].peer, "10.1.0.7");
	assert_int_equal(all[0].last, 3000);
	assert_string_equal(all[1].what, "evil.example:443");
	test_free(r);
}

static void
strangers_names_are_capped_and_printable(void **state)
{
	struct refusals *r = refusals_new();
	struct refusal all[REFUSALS_MAX];
	char text[300];
	uint64_t total;
	(void)state;
	refusal_add(r, STR("often.example"), "10.1.0.5", 1);
	refusal_add(r, STR("often.example"), "10.1.0.5", 2);
	for (int i = 0; i < 1000; i++) {
		int n = snprintf(text, sizeof(text), "%d.example", i);
		refusal_add(r, str_sub(text, (size_t)n), "10.1.0.6", 10 + i);
	}
	assert_int_equal(refusals_read(r, all, &total), REFUSALS_MAX);
	assert_int_equal(total, 1002);
	assert_string_equal(all[0].what, "often.example");
	memset(text, 'a', sizeof(text));
	text[3] = '\n';
	refusal_add(r, str_sub(text, sizeof(text)), "10.1.0.6", 5000);
	refusal_add(r, str_sub(text, sizeof(text)), "10.1.0.6", 5000);
	refusal_add(r, str_sub(text, sizeof(text)), "10.1.0.6", 5000);
	refusals_read(r, all, &total);
	assert_int_equal(all[0].count, 3);
	assert_int_equal(strlen(all[0].what), sizeof(all[0].what) - 1);
	assert_int_equal(all[0].what[3], '?');
	test_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_asked_come_first),
		cmocka_unit_test(strangers_names_are_capped_and_printable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
