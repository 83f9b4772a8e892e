#include "world.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

static void
a_first_check_in_sends_every_section(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->puts, 3);
	assert_int_equal(w->m->planned, 1);
	/* Nothing changed: no section goes out and nothing is planned again. */
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->puts, 3);
	assert_int_equal(w->m->planned, 1);
	assert_int_equal(w->m->reverted, 0);
}

static void
keys_and_folder_are_for_the_owner_only(void **state)
{
	struct world *w = *state;
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count, keys = 0;
	struct stat st;
	world_enrol(w);
	assert_int_equal(stat(w->agent.state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_ok(dir_list(&a, w->agent.state, 100, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		if (!str_ends(names[i], STR(".key")))
			continue;
		keys++;
		assert_int_equal(stat(path_join(&a, w->agent.state, arena_cstr(&a, names[i])), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	/* Enrolled anew, the old keys are gone. */
	assert_int_equal(keys, 2);
	world_enrol(w);
	assert_ok(dir_list(&a, w->agent.state, 100, &names, &count, e));
	keys = 0;
	for (size_t i = 0; i < count; i++)
		keys += str_ends(names[i], STR(".key"));
	assert_int_equal(keys, 2);
}

static void
an_order_is_installed_once_and_reported(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->give_again = true;
	struct world_order *o = world_order(w, 1);
	assert_ok(world_once(w, e));
	assert_ok(world_once(w, e));
	assert_true(o->running);
	assert_int_equal(w->m->sent_before_apply, 1);
	assert_int_equal(o->applied, 1);
	assert_int_equal(o->ends, 1);
	assert_string_equal(o->end, "installed");
	assert_string_equal(o->words, "done");
	assert_int_equal(world_version(w, 1), 2);
	assert_int_equal(w->m->bad_results, 0);
}

static void
an_order_with_a_foreign_signature_does_nothing(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->bad_signature = true;
	struct world_order *o = world_order(w, 0);
	assert_ok(world_once(w, e));
	assert_int_equal(o->applied, 0);
	assert_int_equal(o->ends, 0);
	assert_int_equal(world_version(w, 0), 1);
	/* Sent again with every answer, it is refused once: one more check-in follows, another if a section changed. */
	assert_in_range(w->m->check_ins, 1, 3);
}

static void
an_expired_order_and_an_unknown_patch_are_refused_with_words(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	struct world_order *late = world_order(w, 0), *unknown = world_order(w, 1);
	late->expires = clock_system.now(NULL) - 1000;
	unknown->to = 77;
	assert_ok(world_once(w, e));
	assert_int_equal(late->applied + unknown->applied, 0);
	assert_string_equal(late->end, "failed");
	assert_non_null(strstr(late->why, "expired"));
	assert_string_equal(unknown->end, "failed");
	assert_non_null(strstr(unknown->why, "not pending"));
}

static void
results_wait_for_a_server_that_is_away(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	w->m->away_after_take = true;
	struct world_order *o = world_order(w, 2);
	assert_false(world_once(w, &why));
	assert_int_equal(why.code, ERR_UNREACHABLE);
	assert_int_equal(err_exit_status(&why), 4);
	assert_int_equal(o->applied, 1);
	assert_int_equal(world_version(w, 2), 2);
	assert_int_equal(o->ends, 0);
	w->m->away_after_take = false;
	assert_ok(world_once(w, e));
	assert_int_equal(o->ends, 1);
	assert_string_equal(o->end, "installed");
	assert_int_equal(o->applied, 1);
}

static void
lists_are_refreshed_although_the_server_went_away(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	assert_ok(world_once(w, e));
	w->m->away_after_take = true;
	world_order(w, 0)->kind = "refresh";
	assert_false(world_once(w, &why));
	assert_int_equal(why.code, ERR_UNREACHABLE);
	assert_int_equal(w->m->refreshed, 1);
}

static void
what_a_crash_kept_from_being_refreshed_or_staged_is_done_by_the_next_run(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	assert_ok(world_once(w, e));
	world_order(w, 0)->kind = "refresh";
	world_order(w, 1)->kind = "stage";
	w->m->refresh_dies = true;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err why = { 0 };
		_exit(world_once(w, &why) ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(w->m->staged, 0);
	w->m->refresh_dies = false;
	for (int i = 0; i < 2; i++) {
		assert_ok(world_once(w, e));
		assert_int_equal(w->m->refreshed, 2);
		assert_int_equal(w->m->stagings, 1);
	}
}

static void
an_installer_that_died_is_told_from_the_package_database(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->apply_dies = true;
	struct world_order *done = world_order(w, 0), *not_done = world_order(w, 1);
	assert_ok(world_once(w, e));
	assert_string_equal(done->end, "installed");
	assert_string_equal(not_done->end, "failed");
	assert_non_null(strstr(not_done->why, "interrupted"));
	assert_int_equal(done->applied + not_done->applied, 2);
}

static void
an_interrupted_order_stays_open_while_the_manager_is_busy(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	w->m->apply_dies = true;
	w->m->recover_error = ERR_BUSY;
	struct world_order *o = world_order(w, 0);
	(void)world_once(w, &why);
	assert_int_equal(o->ends, 0);
	(void)world_once(w, &why);
	assert_int_equal(o->ends, 0);
	w->m->recover_error = ERR_NONE;
	assert_ok(world_once(w, e));
	assert_string_equal(o->end, "installed");
	assert_int_equal(o->applied, 1);
}

static void
a_failure_before_any_change_carries_its_reason(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->apply_fails = true;
	struct world_order *o = world_order(w, 3);
	assert_ok(world_once(w, e));
	assert_string_equal(o->end, "failed");
	assert_string_equal(o->why, "1.2 GB are missing");
}

static void
an_order_that_ended_is_not_carried_out_again(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->apply_fails = true;
	struct world_order *o = world_order(w, 3);
	assert_ok(world_once(w, e));
	assert_string_equal(o->end, "failed");
	w->m->apply_fails = false;
	w->m->replay = true;
	assert_ok(world_once(w, e));
	assert_int_equal(world_version(w, 3), 1);
	assert_int_equal(o->ends, 1);
}

static void
an_order_needs_a_plan_of_now(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	assert_ok(world_once(w, e));
	/* What kept the manager from planning is brought in order first. */
	w->m->plan_fails = true;
	struct world_order *o = world_order(w, 1);
	assert_ok(file_remove(path_join(&w->arena, w->agent.state, "plan.json"), e));
	assert_ok(world_once(w, e));
	assert_string_equal(o->end, "installed");
	/* Where that does not help, the old plan is not good enough. */
	w->m->plan_fails = true;
	w->m->recover_error = ERR_CONFLICT;
	o = world_order(w, 2);
	assert_ok(file_remove(path_join(&w->arena, w->agent.state, "plan.json"), e));
	assert_ok(world_once(w, e));
	assert_string_equal(o->end, "failed");
	assert_non_null(strstr(o->why, "half installed"));
	assert_int_equal(o->applied, 0);
}

static pid_t
once_in_a_child(struct world *w)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		_exit(world_once(w, &e) ? 0 : err_exit_status(&e));
	}
	return pid;
}

static void
an_installer_outlives_the_agent_and_is_waited_for(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->apply_ms = 700;
	struct world_order *o = world_order(w, 1);
	pid_t pid = once_in_a_child(w);
	for (int i = 0; i < 500 && o->applied == 0; i++)
		usleep(10000);
	assert_int_equal(o->applied, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(world_version(w, 1), 1);
	assert_ok(world_once(w, e));
	assert_int_equal(world_version(w, 1), 2);
	assert_int_equal(o->applied, 1);
	assert_string_equal(o->end, "installed");
	assert_string_equal(o->words, "done");
}

static void
a_second_check_in_at_the_same_time_is_refused(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	w->m->apply_ms = 500;
	struct world_order *o = world_order(w, 1);
	pid_t pid = once_in_a_child(w);
	for (int i = 0; i < 500 && o->applied == 0; i++)
		usleep(10000);
	assert_false(world_once(w, &why));
	assert_int_equal(why.code, ERR_BUSY);
	int status;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void
a_cloned_identity_stops_until_it_is_enrolled_anew(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	assert_ok(world_once(w, e));
	w->m->refuse_status = 409;
	w->m->refuse_body = "{\"error\":{\"code\":\"cloned\",\"message\":\"seen on two machines\"}}";
	assert_false(world_once(w, &why));
	assert_int_equal(err_exit_status(&why), 5);
	assert_non_null(strstr(why.text, "two machines"));
	unsigned before = w->m->check_ins;
	assert_false(world_once(w, &why));
	assert_int_equal(w->m->check_ins, before);
	w->m->refuse_status = 0;
	world_enrol(w);
	w->m->confirmed = 0;
	assert_ok(world_once(w, e));
}

static void
a_pending_host_keeps_asking_and_a_revoked_one_keeps_its_state(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	unsigned next = 0;
	world_enrol(w);
	w->m->refuse_status = 403;
	w->m->refuse_body = "{\"error\":{\"code\":\"pending\",\"message\":\"not yet\"}}";
	assert_false(agent_once(&w->agent, &next, &why));
	assert_non_null(strstr(why.text, "approve"));
	assert_in_range(next, 270, 330);
	w->m->refuse_body = "{\"error\":{\"code\":\"revoked\",\"message\":\"gone\"}}";
	assert_false(agent_once(&w->agent, &next, &why));
	assert_non_null(strstr(why.text, "revoked"));
	assert_in_range(next, 3000, 3600);
	w->m->refuse_status = 0;
	assert_ok(world_once(w, e));
}

static void
failures_back_off_to_an_hour(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	unsigned next = 0, last = 0;
	world_enrol(w);
	w->m->away = true;
	for (int i = 0; i < 8; i++) {
		assert_false(agent_once(&w->agent, &next, &why));
		assert_int_equal(why.code, ERR_UNREACHABLE);
		if (i == 0)
			assert_in_range(next, 270, 330);
		last = next;
	}
	assert_in_range(last, 3240, 3960);
	w->m->away = false;
	assert_ok(world_once(w, e));
}

static void
a_certificate_is_renewed_when_asked(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->renew = true;
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->renewals, 1);
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->renewals, 1);
}

static void
security_patches_are_staged_when_asked(void **state)
{
	struct world *w = *state;
	world_enrol(w);
	w->m->stage_security = true;
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->staged, 1);
	unsigned puts = w->m->puts;
	assert_ok(world_once(w, e));
	assert_int_equal(w->m->puts, puts);
}

static void
a_wrong_token_leaves_the_old_identity(void **state)
{
	struct world *w = *state;
	struct err why = { 0 };
	world_enrol(w);
	assert_ok(world_once(w, e));
	assert_ok(file_write(world_path(w, "bad"), STR("mamori1.c2VjcmV0"), 0600, e));
	assert_false(agent_enrol(&w->agent, world_path(w, "bad"), true, &why));
	assert_int_equal(err_exit_status(&why), 3);
	assert_null(strstr(why.text, "c2VjcmV0"));
	assert_false(agent_enrol(&w->agent, world_path(w, "token"), false, &why));
	assert_int_equal(why.code, ERR_CONFLICT);
	assert_ok(world_once(w, e));
}

static void
status_tells_what_waits(void **state)
{
	struct world *w = *state;
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct json *v;
	struct err why = { 0 };
	assert_ok(agent_status(&w->agent, &b, e));
	assert_ok(json_parse(&a, buf_str(&b), NULL, &v, e));
	assert_false(json_get_bool(v, "enrolled", true));
	world_enrol(w);
	w->m->away_after_take = true;
	world_order(w, 2);
	assert_false(world_once(w, &why));
	buf_truncate(&b, 0);
	assert_ok(agent_status(&w->agent, &b, e));
	assert_ok(json_parse(&a, buf_str(&b), NULL, &v, e));
	assert_true(json_get_bool(v, "enrolled", false));
	assert_int_equal(json_get_i64(v, "results_waiting", 0), 1);
	assert_int_equal(json_get_i64(v, "patches", 0), WORLD_PACKAGES);
	assert_non_null(strstr(buf_cstr(&b), "no answer from server"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_first_check_in_sends_every_section),
		world_test(keys_and_folder_are_for_the_owner_only),
		world_test(an_order_is_installed_once_and_reported),
		world_test(an_order_with_a_foreign_signature_does_nothing),
		world_test(an_expired_order_and_an_unknown_patch_are_refused_with_words),
		world_test(results_wait_for_a_server_that_is_away),
		world_test(lists_are_refreshed_although_the_server_went_away),
		world_test(what_a_crash_kept_from_being_refreshed_or_staged_is_done_by_the_next_run),
		world_test(an_installer_that_died_is_told_from_the_package_database),
		world_test(an_interrupted_order_stays_open_while_the_manager_is_busy),
		world_test(a_failure_before_any_change_carries_its_reason),
		world_test(an_order_that_ended_is_not_carried_out_again),
		world_test(an_order_needs_a_plan_of_now),
		world_test(an_installer_outlives_the_agent_and_is_waited_for),
		world_test(a_second_check_in_at_the_same_time_is_refused),
		world_test(a_cloned_identity_stops_until_it_is_enrolled_anew),
		world_test(a_pending_host_keeps_asking_and_a_revoked_one_keeps_its_state),
		world_test(failures_back_off_to_an_hour),
		world_test(a_certificate_is_renewed_when_asked),
		world_test(security_patches_are_staged_when_asked),
		world_test(a_wrong_token_leaves_the_old_identity),
		world_test(status_tells_what_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
