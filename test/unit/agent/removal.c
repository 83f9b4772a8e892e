#include "agent/removal.h"

#include "world.h"

#define POLICY(remove) \
	"{\"policy\":\"ward\",\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"mon\",\"tue\",\"wed\"," \
	"\"thu\"," \
	"\"fri\",\"sat\",\"sun\"],\"at\":\"22:00\",\"for\":\"4h\",\"tz\":\"UTC\"}]},\"remove\":[" remove "]}"
#define P1 "{\"app\":\"p1\"}"

/* Tries to remove p1 that ended, and the reason of the last. */
static unsigned
tries(const struct world *w, const char **why)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w->m->slot_results; i++) {
		const struct world_slot_result *r = &w->m->slot_result[i];
		if (strcmp(r->patch, "remove:p1") != 0 || strcmp(r->state, "failed") != 0)
			continue;
		n++;
		*why = r->why;
	}
	return n;
}

static unsigned
night(struct world *w, const char *at)
{
	const char *why;
	world_time(w, at);
	world_turn(w);
	world_turn(w);
	return tries(w, &why);
}

static void
begin(struct world *w, const char *policy)
{
	world_direct(w, &(struct world_directive){ .policy = policy, .patches = { "deb:p0@2" } });
	world_turn(w);
}

/* This world's package manager takes nothing out. */
static void
what_cannot_go_is_not_tried_in_every_slot(void **state)
{
	struct world *w = *state;
	const char *why = "";
	world_time(w, "2026-11-23T12:00:00Z");
	world_enrol(w);
	begin(w, POLICY(P1));
	/* In one pass with an update, which changes the packages: that alone is no reason. */
	assert_int_equal(night(w, "2026-11-23T22:10:00Z"), 1);
	assert_int_equal(world_version(w, 0), 2);
	tries(w, &why);
	assert_non_null(
		strstr(why, "; tried again when the packages of this machine have changed, or from 2026-11-30"));
	for (unsigned day = 24; day < 30; day++)
		assert_int_equal(night(w, arena_printf(&w->arena, "2026-11-%uT22:10:00Z", day).ptr), 1);
	/* Seven days are over, also where nothing has changed. */
	assert_int_equal(night(w, "2026-11-30T22:30:00Z"), 2);
	assert_int_equal(night(w, "2026-12-01T22:10:00Z"), 2);
}

static void
it_is_tried_again_when_something_changed(void **state)
{
	struct world *w = *state;
	world_time(w, "2026-11-23T12:00:00Z");
	world_enrol(w);
	begin(w, POLICY(P1));
	assert_int_equal(night(w, "2026-11-23T22:10:00Z"), 1);
	assert_int_equal(night(w, "2026-11-24T22:10:00Z"), 1);
	/* An update comes in with the next night. */
	world_direct(w, &(struct world_directive){ .policy = POLICY(P1), .patches = { "deb:p2@2" } });
	assert_int_equal(night(w, "2026-11-25T22:10:00Z"), 2);
	assert_int_equal(world_version(w, 2), 2);
	assert_int_equal(night(w, "2026-11-26T22:10:00Z"), 2);
	/* The policy has another package taken out as well, perhaps the one that stood against it. */
	begin(w, POLICY(P1 ",{\"app\":\"p3\"}"));
	assert_int_equal(night(w, "2026-11-27T22:10:00Z"), 3);
	assert_int_equal(night(w, "2026-11-28T22:10:00Z"), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(what_cannot_go_is_not_tried_in_every_slot),
		world_test(it_is_tried_again_when_something_changed),
	};
	return cmocka_run_group_tests_name("agent/removal", tests, NULL, NULL);
}
