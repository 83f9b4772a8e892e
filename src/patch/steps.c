#include "patch/steps.h"

#include "patch/ring.h"
#include "plan/slot.h"
#include "store/directive.h"

static const int64_t LOOK_AGAIN_MS =
	300000; /* while anything is to be done: silence and the age of a backup are matters of time */

static bool
in_group(const struct host_facts *h, struct str group)
{
	for (size_t i = 0; i < h->group_count; i++)
		if (str_eq(h->groups[i], group))
			return true;
	return false;
}

static bool
own_state(struct policy_set *set, struct arena *a, const struct host_facts *h, bool reboots, bool wants,
	  struct step_turn *t, struct err *e)
{
	struct slot_report report;
	int64_t failure;
	if (!step_patches(set->st, h->id, set->now - STEPS_FORGET_MS, &t->state, &failure, e) ||
	    !slot_report_get(set->st, a, h->id, &report, e))
		return false;
	if (!reboots)
		t->state &= ~(int64_t)STEP_BUSY;
	t->state |= wants ? STEP_WANTS : 0;
	/* What made it ill is a failure as any other: the next update may be what mends it. */
	bool fell_ill = report.unhealthy_since > set->now - STEPS_FORGET_MS;
	if (fell_ill && (!failure || report.unhealthy_since > failure))
		failure = report.unhealthy_since;
	t->state |= (report.unhealthy_since ? STEP_UNHEALTHY : 0) | (fell_ill ? STEP_FAILED : 0);
	t->state |= str_eq(report.reason, str_of(slot_reason_name(SLOT_STEPS))) ? STEP_STOPPED : 0;
	t->due = failure ? failure + STEPS_FORGET_MS : INT64_MAX;
	return true;
}

/* The next step about the same group ends what a stopped service waits for. */
static size_t
stop_ends(const struct policy *p, size_t i)
{
	size_t end = i + 1;
	while (end < p->steps.count && !str_eq(p->steps.items[end].group, p->steps.items[i].group))
		end++;
	return end;
}

/* Nothing is stopped where none of those that need it has anything to do. */
static bool
stop_needed(const struct policy *p, const struct step_status *s, size_t i)
{
	if (!p->steps.items[i].service.len)
		return false;
	for (size_t j = i + 1; j < stop_ends(p, i); j++)
		if (p->steps.items[j].what == STEP_PATCH && s[j].done < s[j].hosts)
			return true;
	return false;
}

static void
count_member(enum step_do what, const struct step_member *m, int64_t now, struct step_status *s)
{
	bool done = what == STEP_PATCH          ? !(m->state & (STEP_WANTS | STEP_BUSY))
		    : what == STEP_STOP_SERVICE ? m->state & STEP_STOPPED
						: !(m->state & STEP_STOPPED);
	s->backup = !s->hosts || m->backup_at < s->backup ? m->backup_at : s->backup;
	s->hosts++;
	s->done += done;
	s->failed += what == STEP_PATCH && !done && (m->state & STEP_FAILED);
	s->silent += m->last_seen < now - STEPS_SILENT_MS;
	s->healthy &= !(m->state & STEP_UNHEALTHY);
}

static bool
status_fill(struct policy_set *set, struct arena *a, const struct policy *p, const struct host_facts *h,
	    const struct step_turn *t, struct step_status *s, struct err *e)
{
	for (size_t i = 0; i < p->steps.count; i++) {
		struct step_member *m;
		size_t count;
		bool own = false;
		s[i] = (struct step_status){ .healthy = true };
		if (!step_members(set->st, a, p->steps.items[i].group, &m, &count, e))
			return false;
		for (size_t k = 0; k < count; k++) {
			bool me = str_eq(m[k].host, h->id);
			if (me)
				m[k].state = t->state; /* newer than what is stored */
			own |= me;
			count_member(p->steps.items[i].what, &m[k], set->now, &s[i]);
		}
		if (own || !in_group(h, p->steps.items[i].group))
			continue;
		struct step_member me = { .host = h->id, .state = t->state, .last_seen = h->last_seen };
		if (!host_backup(set->st, h->id, &me.backup_at, e))
			return false;
		count_member(p->steps.items[i].what, &me, set->now, &s[i]);
	}
	for (size_t i = 0; i < p->steps.count; i++)
		if (p->steps.items[i].what == STEP_STOP_SERVICE && !stop_needed(p, s, i))
			s[i].done = s[i].hosts;
	return true;
}

/* What is stopped starts again as soon as its reason is gone, also where a gate has closed behind it. */
static void
services_fill(const struct policy *p, const struct step_status *s, const struct host_facts *h, bool due, size_t step,
	      struct arena *a, struct step_turn *t)
{
	for (size_t i = 0; i < p->steps.count; i++) {
		const struct policy_step *ps = &p->steps.items[i];
		if (ps->what == STEP_PATCH || !ps->service.len || !in_group(h, ps->group))
			continue;
		bool stop = ps->what == STEP_STOP_SERVICE && due && step >= i && step < stop_ends(p, i) &&
			    stop_needed(p, s, i);
		*ARRAY_PUSH(a, stop ? &t->stop.items : &t->start.items) = ps->service;
	}
	if (t->stop.items.count)
		t->start = (struct str_list){ 0 };
}

static struct str
turn_why(struct arena *a, const struct policy *p, size_t step)
{
	return arena_printf(a, "waits for its turn: step %u of %u, group %.*s, comes first", (unsigned)step + 1,
			    (unsigned)p->steps.count, STR_ARG(p->steps.items[step].group));
}

bool
step_turn_make(struct policy_set *set, struct arena *a, const struct policy *p, const struct host_facts *h, bool wants,
	       struct step_turn *out, struct err *e)
{
	struct step_turn t = { .turn = true, .due = INT64_MAX };
	for (size_t i = 0; i < p->steps.count && !t.member; i++)
		t.member = in_group(h, p->steps.items[i].group);
	if (!t.member) {
		*out = t;
		return true;
	}
	struct step_status *s = ARENA_ARRAY(a, struct step_status, p->steps.count);
	size_t step;
	struct str why;
	if (!own_state(set, a, h, p->reboot.mode != REBOOT_NEVER, wants, &t, e) || !status_fill(set, a, p, h, &t, s, e))
		return err_wrap(e, "the steps of policy %.*s", STR_ARG(p->name));
	bool due = step_due(p, s, set->now, &step, a, &why);
	const struct policy_step *ps = step < p->steps.count ? &p->steps.items[step] : NULL;
	t.turn = due && (!ps || (ps->what == STEP_PATCH && in_group(h, ps->group)));
	if (!t.turn)
		t.why = due ? turn_why(a, p, step) : why;
	services_fill(p, s, h, due, step, a, &t);
	if (ps && set->now + LOOK_AGAIN_MS < t.due)
		t.due = set->now + LOOK_AGAIN_MS;
	*out = t;
	return true;
}
