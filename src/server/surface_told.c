/* What a new run means for the states of risks. */
#include "base/table.h"
#include "server/surfaces.h"
#include "store/surface.h"

struct following {
	struct store *st;
	struct arena *a;
	const struct surface_told *t;
	int64_t now;
	struct table known; /* its name → struct surface_risk */
	struct surface_change *out;
};

static struct str
key(struct arena *a, struct str risk, struct str asset, struct str detail)
{
	return arena_printf(a, "%.*s\n%.*s\n%.*s", STR_ARG(risk), STR_ARG(asset), STR_ARG(detail));
}

static bool
keep(struct following *f, const struct surface_risk *s, bool noted, struct err *e)
{
	return surface_risk_put(f->st, s, e) && (!noted || surface_risk_note(f->st, s, f->now, e));
}

static void
reopen(struct following *f, struct surface_risk *s, struct str note)
{
	s->status = STR("open");
	s->note = note;
	s->by = STR("");
	s->accepted_until = 0;
	s->changed_at = f->now;
}

/* The run tells it. When its source saw it counts, not when the run was: an answer from before it was done proves nothing. */
static bool
seen(struct following *f, const struct run_risk *r, struct surface_risk *s, struct err *e)
{
	bool noted = false;
	int64_t at = r->seen ? r->seen : f->t->began;
	s->severity = r->severity;
	s->source = r->source;
	s->last_run = f->t->run;
	s->last_seen = r->seen;
	s->gone_run = 0;
	f->out->new_risks += s->first_run == f->t->run; /* a run may be told twice */
	if (str_eq(s->status, STR("done")) && at > s->changed_at) {
		reopen(f, s, STR("It was done, and was seen again afterwards."));
		f->out->back++;
		noted = true;
	} else if (surface_risk_expired(s, f->now)) {
		reopen(f, s, STR("Its acceptance has ended."));
		f->out->expired++;
		noted = true;
	}
	return keep(f, s, noted, e);
}

static bool
told_first(struct following *f, const struct run_risk *r, struct err *e)
{
	struct surface_risk s = {
		.risk = r->risk,
		.asset = r->asset,
		.detail = r->detail,
		.severity = r->severity,
		.source = r->source,
		.status = STR("open"),
		.first_run = f->t->run,
		.first_seen = r->seen,
		.last_run = f->t->run,
		.last_seen = r->seen,
	};
	f->out->new_risks++;
	return keep(f, &s, false, e);
}

static bool
listed(struct str list, struct str word)
{
	struct str one;
	while (str_cut(&list, ',', &one))
		if (str_eq(one, word))
			return true;
	return false;
}

/* A run tells nothing of it: that counts only where its source could have, and since the last decision. */
static bool
missing(struct following *f, struct surface_risk *s, struct err *e)
{
	if (s->last_run >= f->t->run || s->gone_run || !listed(f->t->answered, s->source) ||
	    f->t->began <= s->changed_at)
		return true;
	s->gone_run = f->t->run;
	f->out->gone++;
	return keep(f, s, false, e);
}

bool
surface_states_follow(struct store *st, struct arena *a, const struct surface_told *t, int64_t now,
		      struct surface_change *out, struct err *e)
{
	struct surface_risk *rows;
	size_t count;
	struct following f = { .st = st, .a = a, .t = t, .now = now, .out = out };
	*out = (struct surface_change){ 0 };
	if (!surface_risk_list(st, a, &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		*table_put(&f.known, key(a, rows[i].risk, rows[i].asset, rows[i].detail), NULL) = &rows[i];
	bool ok = true;
	for (size_t i = 0; ok && i < t->risk_count; i++) {
		const struct run_risk *r = &t->risks[i];
		struct surface_risk *s = table_get(&f.known, key(a, r->risk, r->asset, r->detail));
		ok = s ? seen(&f, r, s, e) : told_first(&f, r, e);
	}
	for (size_t i = 0; ok && i < count; i++)
		ok = missing(&f, &rows[i], e);
	table_free(&f.known);
	return ok;
}
