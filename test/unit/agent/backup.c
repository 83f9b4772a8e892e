#include "agent/backup.h"

#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "os/file.h"

static struct backup_seen
look(struct world *w, struct backup_rules rules)
{
	struct session s = { .agent = &w->agent, .arena = &w->arena };
	backup_look(&s, &rules);
	return s.backup;
}

static void
marker_at(struct world *w, const char *name, int64_t at)
{
	const char *path = world_path(w, name);
	struct timespec t[2] = { { .tv_sec = at / 1000 }, { .tv_sec = at / 1000 } };
	assert_ok(dir_make(world_path(w, "root/var/backups"), 0755, e) && file_write(path, STR(""), 0644, e));
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void
a_backup_is_as_new_as_its_marker(void **state)
{
	struct world *w = *state;
	const struct backup_rules rules = { .marker = STR("/var/backups/done") };
	world_time(w, "2026-11-23T12:00:00Z");
	int64_t now = clock_now(w->agent.clock);
	assert_false(look(w, (struct backup_rules){ 0 }).asked);
	struct backup_seen b = look(w, rules);
	assert_true(b.asked && b.at == 0 && str_eq(b.why, STR("there is no /var/backups/done")));
	marker_at(w, "root/var/backups/done", now - 7200000);
	b = look(w, rules);
	assert_true(b.at == now - 7200000 && b.why.len == 0);
	/* Clocks differ a little; a time of tomorrow is a mistake or a lie. */
	marker_at(w, "root/var/backups/done", now + 60000);
	assert_true(look(w, rules).at == now + 60000);
	marker_at(w, "root/var/backups/done", now + 86400000);
	b = look(w, rules);
	assert_true(b.at == 0 && str_contains(b.why, STR("lies in the future")));
	/* The newer of two places counts; that the other one has none is said. */
	marker_at(w, "root/var/backups/done", now - 7200000);
	snprintf(w->m->directive, sizeof(w->m->directive), "{}"); /* programs may be run in this world */
	b = look(w, (struct backup_rules){ .marker = rules.marker, .unit = STR("restic.service") });
	assert_true(b.at == now - 7200000 && str_eq(b.why, STR("the last run of restic.service failed")));
	assert_non_null(strstr(w->m->commands, "systemctl show --property=Result,ActiveState,SubState,"
					       "ExecMainExitTimestamp -- restic.service"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_backup_is_as_new_as_its_marker),
	};
	return cmocka_run_group_tests_name("agent/backup", tests, NULL, NULL);
}
