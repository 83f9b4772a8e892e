/* The chapters on how the report came about: what was asked, from where, by which rules (evidence/surface-study.h). */
#include "evidence/surface-study.h"

#include "base/sentence.h"

/* ---- what was asked ---- */

static struct str
state_of(const struct json *row)
{
	int64_t heard = json_get_i64(row, "answered", 0) + json_get_i64(row, "nothing", 0);
	int64_t failed = json_get_i64(row, "failed", 0), not_asked = json_get_i64(row, "not_asked", 0);
	if (heard == 0)
		return failed ? TR("failed") : TR("not asked");
	/* RDAP has no server for many countries' names, .jp among them, which WHOIS is asked about: no gap. */
	if (!failed && not_asked && str_eq(json_get_str(row, "source"), STR("rdap")))
		return TR("complete where offered");
	return failed ? TR("failed in part") : not_asked ? TR("not asked in part") : TR("complete");
}

static void
failures_say(struct surface_study *s, const struct json *rows, size_t count)
{
	/* A failure's words may name what was asked about: not in one owner's report. */
	for (size_t i = 0; i < count && !s->m->narrowed; i++) {
		struct str why = report_clean(s->a, tr_sentence(s->a, json_get_str(&rows[i], "last_failure")), 300);
		struct str who = surface_source_word(json_get_str(&rows[i], "source"));
		if (why.len)
			report_text(s->r, BLOCK_POINT,
				    arena_printf(s->a, tr("%.*s, at last: %.*s"), STR_ARG(who), STR_ARG(why)));
	}
}

static void
silent_say(struct surface_study *s, const struct json *rows, size_t count)
{
	BUF_AUTO list = { 0 };
	for (unsigned v = 0; v < SERVICES; v++) {
		struct str name = str_of(service_name((enum service)v));
		bool there = v == SERVICE_CONFIRM; /* only where a person names a host */
		for (size_t i = 0; i < count; i++)
			there |= str_eq(json_get_str(&rows[i], "source"), name);
		if (!there)
			buf_addf(&list, "%s%.*s", list.len ? ", " : "", STR_ARG(surface_source_word(name)));
	}
	if (list.len)
		report_text(s->r, BLOCK_POINT,
			    arena_printf(s->a, tr("Not asked at all: %.*s (no key, turned off, or nothing to ask)"),
					 STR_ARG(buf_str(&list))));
}

static void
resolvers(struct surface_study *s)
{
	const struct grid_column columns[] = { { .title = TR("Resolver"), .weight = 1, .code = true },
					       { .title = TR("Why"), .weight = 3 } };
	size_t count;
	const struct json *rows = json_get_array(s->m->run, "resolvers_left_out", &count);
	if (!count) {
		report_text(s->r, BLOCK_POINT, TR("No resolver had to be left out."));
		return;
	}
	/* Which ones we use is nobody else's business. */
	if (s->m->narrowed) {
		report_text(s->r, BLOCK_POINT,
			    arena_printf(s->a, tr("%zu resolvers were left out: they lied or were silent."), count));
		return;
	}
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	struct grid *t = report_table(s->r, TR("Resolvers that were left out"), copy, COUNT(columns));
	for (size_t i = 0; i < count; i++) {
		grid_text(s->r, t, report_clean(s->a, json_get_str(&rows[i], "resolver"), 100));
		grid_text(s->r, t, report_clean(s->a, tr_sentence(s->a, json_get_str(&rows[i], "why")), 300));
	}
}

void
surface_study_coverage(struct surface_study *s)
{
	static const char *const keys[] = { "questions", "stored", "answered", "nothing", "failed", "not_asked" };
	const struct grid_column columns[] = {
		{ .title = TR("Source of information"), .weight = 1 }, { .title = TR("Questions"), .right = true },
		{ .title = TR("From store"), .right = true },          { .title = TR("Answered"), .right = true },
		{ .title = TR("Nothing there"), .right = true },       { .title = TR("Failed"), .right = true },
		{ .title = TR("Not asked"), .right = true },           { .title = TR("State"), .weight = 0.9 },
	};
	size_t count;
	const struct json *rows = json_get_array(s->m->run, "coverage", &count);
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	report_heading(s->r, 1, TR("What was asked"));
	report_text(s->r, BLOCK_TEXT,
		    TR("A report is as good as its sources. What a source that failed or was not asked would have said "
		       "is missing here."));
	struct grid *t = report_table(s->r, TR("Sources of this run"), copy, COUNT(columns));
	for (size_t i = 0; i < count; i++) {
		if (json_get_i64(&rows[i], "failed", 0))
			grid_emphasise(t);
		grid_text(s->r, t, surface_source_word(report_clean(s->a, json_get_str(&rows[i], "source"), 40)));
		for (size_t k = 0; k < COUNT(keys); k++)
			grid_count(s->r, t, (uint64_t)json_get_i64(&rows[i], keys[k], 0));
		grid_text(s->r, t, state_of(&rows[i]));
	}
	failures_say(s, rows, count);
	silent_say(s, rows, count);
	if (json_get_bool(s->m->run, "limited", false))
		report_text(s->r, BLOCK_POINT, TR("The run reached its limit: what lies behind was not asked about."));
	resolvers(s);
}

/* ---- seeds ---- */

/* In one owner's report only that owner's. */
static bool
seed_wanted(const struct surface_study *s, const struct json *seed)
{
	enum seed_owner asked, owner;
	if (!s->m->narrowed)
		return true;
	if (!seed_owner_parse(json_get_str(seed, "owner"), &owner))
		owner = SEED_SELF;
	return seed_owner_parse(s->m->request->owner, &asked)
		       ? asked == owner
		       : str_eq_nocase(json_get_str(seed, "company"), s->m->request->owner);
}

void
surface_study_seeds(struct surface_study *s)
{
	const struct grid_column columns[] = {
		{ .title = TR("Seed"), .weight = 1.6, .code = true },
		{ .title = TR("Owner"), .weight = 0.8 },
		{ .title = TR("Company"), .weight = 1 },
		{ .title = TR("Base"), .weight = 0.8 },
		{ .title = TR("Country") },
		{ .title = TR("Consent of, on"), .weight = 1 },
	};
	size_t count;
	const struct json *seeds = json_get_array(s->m->run, "seeds", &count);
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	report_heading(s->r, 1, TR("Where discovery began"));
	struct grid *t = report_table(s->r, TR("Seeds of this run"), copy, COUNT(columns));
	for (size_t i = 0; i < count && surface_room(s, t); i++) {
		static const char *const keys[] = { "company", "site", "country" };
		enum seed_owner owner;
		if (!seed_wanted(s, &seeds[i]))
			continue;
		if (!seed_owner_parse(json_get_str(&seeds[i], "owner"), &owner))
			owner = SEED_SELF;
		grid_text(s->r, t, report_clean(s->a, json_get_str(&seeds[i], "seed"), 200));
		grid_text(s->r, t, surface_owner_word(owner));
		for (size_t k = 0; k < COUNT(keys); k++) {
			struct str text = report_clean(s->a, json_get_str(&seeds[i], keys[k]), 120);
			grid_text(s->r, t, text.len ? text : STR("–"));
		}
		struct str by = report_clean(s->a, json_get_str(&seeds[i], "consent-by"), 100);
		grid_text(s->r, t,
			  by.len                     ? arena_printf(s->a, "%.*s, %.10s", STR_ARG(by),
								    arena_cstr(s->a, json_get_str(&seeds[i], "consent-at")))
			  : owner == SEED_CONTRACTOR ? TR("none: nothing further was asked")
						     : STR("–"));
	}
	t->note = TR("From a contractor's seed nothing more is looked for before the contractor has agreed.");
}

/* ---- how to read it ---- */

static void
rules_table(struct surface_study *s)
{
	const struct grid_column columns[] = { { .title = TR("Kind of evidence"), .weight = 1 },
					       { .title = TR("A domain counts as ours when"), .weight = 2.4 },
					       { .title = TR("Weight"), .right = true } };
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	struct grid *t = report_table(s->r, TR("Rules and weights"), copy, COUNT(columns));
	for (unsigned i = RULE_REGISTRANT; i <= RULE_LABEL; i++) {
		const struct own_rule_row *row = own_rule_row(i);
		grid_text(s->r, t, surface_evidence_class(row->class));
		grid_text(s->r, t, surface_sentence(s->a, str_of(row->words)));
		grid_text(s->r, t, arena_printf(s->a, "%.2f", row->weight));
	}
	t->note = arena_printf(
		s->a,
		tr("Ours: two kinds of evidence and a sum of at least %.1f. Candidate: at least %.1f. Of one "
		   "kind only the strongest counts."),
		OWN_ENOUGH, OWN_LIKELY);
}

void
surface_study_method(struct surface_study *s)
{
	const struct grid_column columns[] = { { .title = TR("Severity") },
					       { .title = TR("Means"), .weight = 2 },
					       { .title = TR("Proposed term"), .weight = 1 } };
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	report_heading(s->r, 1, TR("How to read this"));
	report_text(s->r, BLOCK_POINT,
		    TR("Ours is a seed, or what two independent kinds of evidence speak for. Each thing has a path of "
		       "evidence: mamori surface show NAME."));
	report_text(s->r, BLOCK_POINT,
		    TR("“Sure” is how strongly the evidence speaks, not how dangerous something is."));
	report_text(
		s->r, BLOCK_POINT,
		TR("Risks are what others saw, at the time that stands beside them. Nothing was tried out; what was "
		   "closed since then is still listed."));
	report_text(s->r, BLOCK_POINT, TR("What no source saw is not here. That is no proof that it is not there."));
	struct grid *t = report_table(s->r, TR("Severities"), copy, COUNT(columns));
	for (int v = RISK_CRITICAL; v >= RISK_LOW; v--) {
		grid_text(s->r, t, surface_severity_word((enum severity_of_risk)v));
		grid_text(s->r, t, surface_severity_means((enum severity_of_risk)v));
		grid_text(s->r, t, surface_within((enum severity_of_risk)v));
	}
	rules_table(s);
}
