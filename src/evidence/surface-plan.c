/* The pages for those who decide: what was reduced and what remains, who works on it, what to do next year and what it costs
 * (evidence/surface-study.h). */
#include "evidence/surface-study.h"

static struct grid *
table(struct surface_study *s, struct str title, const struct grid_column *columns, size_t count)
{
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, count);
	memcpy(copy, columns, count * sizeof(*columns));
	return report_table(s->r, title, copy, count);
}

/* ---- what became of it ---- */

static void
progress(struct surface_study *s, struct str title, struct str then, const struct surface_counts counts[SEVERITIES])
{
	const struct grid_column columns[] = {
		{ .title = TR("Severity"), .weight = 1 },    { .title = then, .right = true },
		{ .title = TR("Reduced"), .right = true },   { .title = TR("Not checked again"), .right = true },
		{ .title = TR("Remaining"), .right = true }, { .title = TR("New"), .right = true },
		{ .title = TR("Now"), .right = true },
	};
	struct grid *t = table(s, title, columns, COUNT(columns));
	uint64_t sum[6] = { 0 };
	for (int v = RISK_CRITICAL; v >= RISK_LOW; v--) {
		const struct surface_counts *c = &counts[v];
		const uint64_t n[6] = { c->gone + c->unchecked + c->remains,
					c->gone,
					c->unchecked,
					c->remains,
					c->fresh,
					c->remains + c->fresh };
		grid_text(s->r, t, surface_severity_word((enum severity_of_risk)v));
		for (size_t k = 0; k < COUNT(n); k++) {
			grid_count(s->r, t, n[k]);
			sum[k] += n[k];
		}
	}
	grid_emphasise(t);
	grid_text(s->r, t, TR("All"));
	for (size_t k = 0; k < COUNT(sum); k++)
		grid_count(s->r, t, sum[k]);
	t->note =
		TR("Reduced: a source that saw it before was asked again and sees it no more. Not checked again: that "
		   "source gave no answer this time.");
}

/* ---- who works on it ---- */

static void
states(struct surface_study *s)
{
	static const char *const words[] = { "open", "in-progress", "accepted", "done" };
	const struct grid_column columns[] = {
		{ .title = TR("Severity"), .weight = 1 },
		{ .title = TR("open"), .right = true },
		{ .title = TR("in-progress"), .right = true },
		{ .title = TR("accepted"), .right = true },
		{ .title = TR("Said to be done, still seen"), .right = true },
		{ .title = TR("Without anybody in charge"), .right = true },
	};
	struct grid *t = table(s, TR("Who works on what remains"), columns, COUNT(columns));
	for (int v = RISK_CRITICAL; v >= RISK_LOW; v--) {
		uint64_t n[COUNT(words) + 1] = { 0 };
		for (size_t i = 0; i < s->m->risks.count; i++) {
			const struct surface_risk *r = &s->m->risks.items[i];
			struct str status = r->status.len ? r->status : STR("open");
			if (r->severity != (unsigned)v)
				continue;
			for (size_t k = 0; k < COUNT(words); k++)
				n[k] += str_eq(status, str_of(words[k]));
			n[COUNT(words)] += r->assignee.len == 0;
		}
		grid_text(s->r, t, surface_severity_word((enum severity_of_risk)v));
		for (size_t k = 0; k < COUNT(n); k++)
			grid_count(s->r, t, n[k]);
	}
	t->note = TR("Done counts once a later run shows it no more; an acceptance ends on its day.");
}

/* ---- next year ---- */

struct action {
	size_t count;
	enum severity_of_risk worst;
	unsigned advice; /* bits of ADVICE_… */
	struct str people;
};

static void
action_add(struct surface_study *s, struct action *x, const struct surface_risk *r)
{
	static const enum advice all[] = { ADVICE_REMOVE, ADVICE_CLOSE, ADVICE_CONFIGURE, ADVICE_PATCH, ADVICE_ASSESS };
	x->worst = !x->count || r->severity > x->worst ? r->severity : x->worst;
	x->count++;
	for (size_t i = 0; i < COUNT(all); i++)
		if (str_eq(r->advice, str_of(risk_advice_name(all[i]))))
			x->advice |= 1u << all[i];
	if (r->assignee.len && x->people.len < 60 && !str_contains(x->people, r->assignee))
		x->people = arena_printf(s->a, "%.*s%s%.*s", STR_ARG(x->people), x->people.len ? ", " : "",
					 STR_ARG(r->assignee));
}

static struct str
advice_words(struct surface_study *s, unsigned advice)
{
	BUF_AUTO text = { 0 };
	for (unsigned i = ADVICE_REMOVE; i <= ADVICE_ASSESS; i++)
		if (advice & 1u << i)
			buf_addf(&text, "%s%.*s", text.len ? tr(", ") : "",
				 STR_ARG(surface_advice_word(str_of(risk_advice_name((enum advice)i)))));
	return arena_str(s->a, buf_str(&text));
}

static void
next_year(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Class"), .weight = 2.4 },
		{ .title = TR("Number"), .right = true },
		{ .title = TR("Worst") },
		{ .title = TR("Kind of action"), .weight = 1.5 },
		{ .title = TR("By when") },
		{ .title = TR("In charge"), .weight = 0.9 },
		{ .title = TR("Cost"), .weight = 0.9 },
	};
	struct action list[RISK_CLASSES] = { 0 };
	size_t all = 0;
	for (size_t i = 0; i < s->m->risks.count; i++)
		if (s->m->risks.items[i].severity > RISK_INFO)
			action_add(s, &list[s->m->risks.items[i].class], &s->m->risks.items[i]);
	struct grid *t = table(s, TR("Proposal for next year"), columns, COUNT(columns));
	for (enum risk_class k = 0; k < RISK_CLASSES; k++) {
		if (!list[k].count)
			continue;
		all += list[k].count;
		grid_text(s->r, t, surface_class_name(k));
		grid_count(s->r, t, list[k].count);
		grid_text(s->r, t, surface_severity_word(list[k].worst));
		grid_text(s->r, t, advice_words(s, list[k].advice));
		grid_text(s->r, t, surface_within(list[k].worst));
		grid_text(s->r, t, list[k].people.len ? list[k].people : STR(""));
		grid_text(s->r, t, STR(""));
	}
	if (all) {
		grid_emphasise(t);
		grid_text(s->r, t, TR("All"));
		grid_count(s->r, t, all);
		for (size_t k = 0; k < COUNT(columns) - 2; k++)
			grid_text(s->r, t, STR(""));
	}
	t->note =
		TR("Terms are proposals. Fill in who is in charge and what it costs; “remove” usually costs nothing.");
}

static struct str
people_of(struct surface_study *s, size_t begin, size_t count)
{
	struct action x = { 0 };
	for (size_t i = begin; i < begin + count; i++)
		action_add(s, &x, &s->m->risks.items[i]);
	return x.people.len ? x.people : STR("");
}

static void
proposal_rows(struct surface_study *s, struct grid *t)
{
	for (size_t i = 0, count; i < s->m->risks.count; i += count) {
		const struct surface_risk *r = &s->m->risks.items[i];
		count = surface_rule_count(s->m, i);
		if (r->severity == RISK_INFO)
			break;
		struct str advice = surface_advice_word(r->advice), act = surface_sentence(s->a, r->act);
		grid_text(s->r, t, surface_severity_word(r->severity));
		grid_text(s->r, t, surface_sentence(s->a, r->says));
		grid_text(s->r, t, arena_printf(s->a, tr("%.*s: %.*s"), STR_ARG(advice), STR_ARG(act)));
		grid_count(s->r, t, count);
		grid_text(s->r, t, surface_within(r->severity));
		grid_text(s->r, t, people_of(s, i, count));
		grid_text(s->r, t, STR(""));
	}
}

void
surface_study_plan(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Severity") },
		{ .title = TR("What is wrong"), .weight = 1.8 },
		{ .title = TR("What to do"), .weight = 2.2 },
		{ .title = TR("Number"), .right = true },
		{ .title = TR("By when") },
		{ .title = TR("In charge"), .weight = 0.8 },
		{ .title = TR("Cost"), .weight = 0.8 },
	};
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	report_heading(s->r, 1, TR("What became of it, and the plan for next year"));
	if (s->m->request->number_year) {
		struct str then = surface_day_short(s->a, s->m->request->year_ended);
		progress(s,
			 arena_printf(s->a, tr("Reduced within a year (since run %lld)"),
				      (long long)s->m->request->number_year),
			 then, s->m->year);
	}
	if (s->m->request->number_before)
		progress(s, TR("Reduced since the run before"), TR("Run before"), s->m->last);
	else
		report_text(s->r, BLOCK_TEXT,
			    TR("This is the first run that was reported on; from the next one on, what was reduced is "
			       "told here."));
	if (s->m->states)
		states(s);
	next_year(s);
	report_page(s->r);
	struct grid *t = report_table(s->r, TR("Proposed actions, in the order of severity"), copy, COUNT(columns));
	proposal_rows(s, t);
	if (grid_rows(t)) {
		if (grid_rows(t) < 64)
			grid_emphasise(t);
		grid_text(s->r, t, TR("All"));
		grid_text(s->r, t, STR(""));
		grid_text(s->r, t, STR(""));
		grid_count(s->r, t, s->m->risks.count - s->m->severities[RISK_INFO]);
		for (size_t k = 0; k < 3; k++)
			grid_text(s->r, t, STR(""));
	}
}
