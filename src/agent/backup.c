#include "agent/backup.h"

#include "agent/facts.h"
#include "base/sentence.h"
#include "base/time.h"

static int64_t
marker_look(struct session *s, struct str path, struct str *why)
{
	struct err e = { 0 };
	struct root r;
	int64_t at = 0;

	if (!root_open(&r, s->agent->root, &e)) {
		*why = arena_printf(s->arena, "%s", e.text);
		return 0;
	}
	if (!root_written_at(&r, arena_cstr(s->arena, path), &at, &e))
		*why = arena_printf(s->arena, "%s", e.text);
	root_close(&r);
	return at;
}

static int64_t
unit_look(struct session *s, struct str unit, struct str *why)
{
	PROC_RESULT_AUTO p = { 0 };
	struct err e = { 0 };
	int64_t at = 0;
	static const char *const env[] = { "TZ=UTC", NULL };
	const char *argv[] = { "systemctl", "show", backup_unit_properties, "--", arena_cstr(s->arena, unit), NULL };
	struct proc_spec spec = { .argv = argv, .env = env, .timeout_s = 60, .output_max = 16U << 10 };

	if (facts_view(s) == &host_view_folder)
		return 0;
	if (!runner_run(s->agent->runner, &spec, &p, &e))
		*why = arena_printf(s->arena, "%s", e.text);
	else if (p.status != 0)
		*why = arena_printf(s->arena, tr("systemctl knows nothing of %.*s"), STR_ARG(unit));
	else if (!backup_unit_judge(buf_str(&p.out), &at))
		*why = arena_printf(s->arena, tr("the last run of %.*s failed"), STR_ARG(unit));
	return at;
}

/* A clock that was wrong, or somebody who wants to be asked no more. */
static int64_t
not_ahead(struct session *s, struct str what, int64_t at, struct str *why)
{
	if (at <= clock_now(s->agent->clock) + BACKUP_AHEAD_MS)
		return at;
	*why = arena_printf(s->arena, tr("the time of %.*s lies in the future: look at the clock of this machine"),
			    STR_ARG(what));
	return 0;
}

void
backup_look(struct session *s, const struct backup_rules *rules)
{
	LANG_ENGLISH_AUTO; /* it is sent */
	struct backup_seen seen = { .asked = rules->marker.len > 0 || rules->unit.len > 0 };
	static int64_t (*const looks[])(struct session * s, struct str where, struct str * why) = { marker_look,
												    unit_look };
	const struct str where[] = { rules->marker, rules->unit };

	for (size_t i = 0; i < COUNT(looks); i++) {
		struct str why = STR_NONE;
		if (where[i].len == 0)
			continue;
		int64_t at = not_ahead(s, where[i], looks[i](s, where[i], &why), &why);
		seen.at = at > seen.at ? at : seen.at;
		seen.why = seen.why.len > 0 ? seen.why : why;
	}
	s->backup = seen;
}
