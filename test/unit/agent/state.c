/* kill -9 at any moment: whatever the state folder is left as, the next run goes on, no order is installed twice,
 * and each order ends once, truthfully. */
#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

#define ROUNDS 120

/* A fixed seed: a failure can be run again. */
static unsigned
random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(*seed >> 33);
}

static void
json_whole(struct world *w, const char *folder)
{
	ARENA_AUTO a = { 0 };
	const char *dir = path_join(&a, w->agent.state, folder);
	struct str *names;
	size_t count;
	assert_ok(dir_list(&a, dir, 100000, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO text = { 0 };
		struct json *v;
		if (!str_ends(names[i], STR(".json")) && !str_ends(names[i], STR(".outcome")))
			continue;
		assert_ok(file_read(path_join(&a, dir, arena_cstr(&a, names[i])), 1U << 20, &text, e));
		assert_ok(json_parse(&a, buf_str(&text), NULL, &v, e));
	}
}

static void
check_whole(struct world *w)
{
	json_whole(w, "");
	json_whole(w, "orders");
	json_whole(w, "attempts");
	for (unsigned i = 0; i < w->m->orders; i++) {
		assert_in_range(w->m->order[i].applied, 0, 1);
		assert_in_range(w->m->order[i].ends, 0, 1);
	}
	assert_int_equal(w->m->reverted, 0);
	assert_int_equal(w->m->bad_results, 0);
}

static bool
all_ended(const struct world *w)
{
	for (unsigned i = 0; i < w->m->orders; i++)
		if (w->m->order[i].ends == 0)
			return false;
	return true;
}

/* A child that checks in again and again, and is killed at a moment that differs each time. */
static void
run_and_kill(struct world *w, unsigned after_us)
{
	pid_t pid = fork();
	if (pid == 0) {
		for (;;) {
			struct err e = { 0 };
			(void)world_once(w, &e);
		}
	}
	usleep(after_us);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What a killed agent had just begun may hold its lock for a moment yet. */
static bool
once_when_free(struct world *w, struct err *e)
{
	for (unsigned waited_ms = 0;; waited_ms += 20) {
		if (world_once(w, e))
			return true;
		if (e->code != ERR_BUSY || waited_ms > 20000)
			return false;
		err_clear(e);
		usleep(20000);
	}
}

static void
killed_at_any_moment_every_order_ends_once(void **state)
{
	struct world *w = *state;
	uint64_t seed = 20261121;
	w->m->apply_ms = 3;
	w->m->give_again = true;
	world_enrol(w);
	for (unsigned i = 0; i < ROUNDS; i++) {
		w->m->away = random_next(&seed) % 4 == 0;
		/* One order at a time for each package, so that its truth can be read from the version. */
		if (all_ended(w) || random_next(&seed) % 8 == 0)
			world_order(w, random_next(&seed) % WORLD_PACKAGES);
		run_and_kill(w, random_next(&seed) % 60000);
		if (random_next(&seed) % 8 == 0 && w->m->installer > 0)
			kill(w->m->installer, SIGKILL);
		check_whole(w);
	}
	w->m->away = false;
	for (int i = 0; i < 5; i++)
		assert_ok(once_when_free(w, e));
	check_whole(w);
	unsigned installed[WORLD_PACKAGES] = { 0 };
	for (unsigned i = 0; i < w->m->orders; i++) {
		const struct world_order *o = &w->m->order[i];
		assert_int_equal(o->ends, 1);
		installed[o->package] += strcmp(o->end, "installed") == 0;
	}
	/* What was reported as installed is exactly what the package database says. */
	for (unsigned i = 0; i < WORLD_PACKAGES; i++)
		assert_int_equal(world_version(w, i), 1 + installed[i]);
}

static void
killed_while_enrolling_anew_it_is_one_or_the_other(void **state)
{
	struct world *w = *state;
	uint64_t seed = 7;
	world_enrol(w);
	for (unsigned i = 0; i < 40; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct err e = { 0 };
			for (;;)
				if (!agent_enrol(&w->agent, world_path(w, "token"), true, &e))
					_exit(1);
		}
		usleep(random_next(&seed) % 20000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_ok(once_when_free(w, e));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(killed_at_any_moment_every_order_ends_once),
		world_test(killed_while_enrolling_anew_it_is_one_or_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
