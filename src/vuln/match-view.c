/* A hit with its words. */
#include "vuln/match-package.h"

struct match_view {
	const struct vuln_index *ix;
	const struct match_request *request;
	const struct ecosystem *ecosystem;
	struct arena *arena;
	struct host_modules modules;
	/* The package in hand. */
	const struct package *package;
	uint32_t place; /* of its facts + 1 */
	bool by_source;
	struct index_facts facts;
	struct subject subject;
	struct rank at;
	int running;
	/* The last sentence made for it. */
	uint32_t run;
	struct str why, fixed, last_affected, only_with, note;
};

struct match_view *
match_view_new(const struct vuln_index *ix, const struct match_request *r, struct arena *a)
{
	struct match_view *v = ARENA_NEW(a, struct match_view);
	*v = (struct match_view){ .ix = ix, .request = r, .ecosystem = ecosystem_of_os(r->os), .arena = a };
	v->modules = (struct host_modules){ .ix = ix, .packages = r->packages, .arena = a };
	return v;
}

static bool
take_package(struct match_view *v, const struct match_hit *hit)
{
	const struct package *p = &v->request->packages->items[hit->package];
	const struct index_package place = { .facts = hit->facts };
	BUF_AUTO key = { 0 };
	if (v->package == p && v->place == hit->facts + 1 && v->by_source == hit->by_source)
		return true;
	v->package = p;
	v->place = 0;
	v->run = INDEX_NONE;
	v->by_source = hit->by_source && subject_of_source(v->ecosystem, p, v->arena, &v->subject);
	if (v->by_source)
		v->subject.name = str_skip(v->subject.name, sizeof(SOURCE_PREFIX) - 1);
	else
		subject_of(v->ecosystem, p, v->arena, &v->subject);
	v->running = kernel_running(v->ecosystem, p, v->request->running_kernel, v->arena);
	if (!index_package_facts(v->ix, &place, &v->facts))
		return false;
	v->at = facts_rank(v->ix, &v->facts, v->ecosystem->scheme, v->subject.version, &key);
	if (v->ecosystem->scheme == &version_generic)
		facts_unlike(v->ix, &v->facts, v->subject.version, v->arena, &v->at);
	v->place = hit->facts + 1;
	return true;
}

static struct str
version_text(const struct match_view *v, uint32_t rank)
{
	return rank < v->facts.head->versions ? index_string(v->ix, v->facts.versions[rank].text) : STR("");
}

/* The condition of a range: "a:b:c or d:e:f"; empty when it holds by itself. */
static struct str
condition(const struct match_view *v, const struct index_range *r)
{
	struct str note = index_string(v->ix, r->note);
	return str_starts(note, STR(RANGE_ONLY_WITH)) ? str_skip(note, sizeof(RANGE_ONLY_WITH) - 1) : STR("");
}

/* Where every range that holds has a condition: all of them, "; " between. */
static struct str
conditions(const struct match_view *v, const struct index_run *run, struct arena *a)
{
	BUF_AUTO all = { 0 };
	for (uint32_t i = 0; i < run->count; i++) {
		const struct index_range *r = &v->facts.ranges[run->first + i];
		if (range_verdict(r, v->at) < VERDICT_DOUBTFUL)
			continue;
		struct str one = condition(v, r);
		if (one.len == 0)
			return STR("");
		if (all.len)
			buf_add(&all, STR("; "));
		buf_add(&all, one);
	}
	return all.len ? arena_str(a, buf_str(&all)) : STR("");
}

/* Of several ranges that hold this version the highest end counts: below it the version stays affected. */
static const struct index_range *
deciding_range(const struct match_view *v, const struct index_run *run)
{
	const struct index_range *best = NULL;
	enum verdict verdict = VERDICT_DOUBTFUL;
	for (uint32_t i = 0; i < run->count; i++) {
		const struct index_range *r = &v->facts.ranges[run->first + i];
		enum verdict one = range_verdict(r, v->at);
		if (one < verdict)
			continue;
		if (!best || one > verdict ||
		    (best->kind == RANGE_BEFORE && (r->kind != RANGE_BEFORE || r->limit > best->limit)))
			best = r;
		verdict = one;
	}
	return best;
}

/* By hand: printf would be most of what a finding costs. */
static struct str
join(struct arena *a, const struct str *pieces, size_t count)
{
	size_t len = 0, at = 0;
	for (size_t i = 0; i < count; i++)
		len += pieces[i].len;
	char *text = ARENA_ARRAY(a, char, len + 1);
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].len)
			memcpy(text + at, pieces[i].ptr, pieces[i].len);
		at += pieces[i].len;
	}
	return str_sub(text, len);
}

/* What the publisher says of a range that names no fixed version. */
static struct str
note_of(const struct match_view *v, const struct index_range *r)
{
	return r->kind == RANGE_BEFORE || condition(v, r).len ? STR("") : index_string(v->ix, r->note);
}

static struct str
why(const struct match_view *v, const struct index_range *r, struct str advisory, struct arena *a)
{
	struct str limit = version_text(v, r->limit), from = version_text(v, r->introduced), note = note_of(v, r);
	bool product = str_eq(v->request->os, STR("cpe")), exact = r->kind == RANGE_EXACT;
	bool doubtful = r->kind != RANGE_UNREADABLE && range_verdict(r, v->at) == VERDICT_DOUBTFUL;
	struct str pieces[18];
	size_t n = 0;
	pieces[n++] = advisory;
	pieces[n++] = STR(": ");
	pieces[n++] = v->subject.name;
	pieces[n++] = from.len ? STR(" from ") : STR("");
	pieces[n++] = from;
	pieces[n++] = r->kind == RANGE_BEFORE  ? STR(" before ")
		      : r->kind == RANGE_UNTIL ? STR(" up to ")
		      : exact                  ? STR(" ")
					       : STR("");
	pieces[n++] = limit;
	pieces[n++] = product ? STR("") : STR(" in ");
	pieces[n++] = product ? STR("") : v->request->os;
	pieces[n++] = r->kind == RANGE_OPEN         ? STR(" has no fixed version")
		      : r->kind == RANGE_UNREADABLE ? STR(" in versions that cannot be read")
						    : STR("");
	pieces[n++] = note.len ? STR(" (") : STR("");
	pieces[n++] = note;
	pieces[n++] = note.len ? STR(")") : STR("");
	pieces[n++] = exact ? STR(", which is installed") : STR("; ");
	pieces[n++] = exact ? STR("") : v->subject.version;
	pieces[n++] = exact ? STR("") : STR(" is installed");
	pieces[n++] = doubtful ? STR(", which cannot be compared with it") : STR("");
	return join(a, pieces, n);
}

static struct str
advisory_id(const struct match_view *v, const struct index_run *run)
{
	const struct index_advisory *row = INDEX_ROW(v->ix, INDEX_ADVISORIES, index_advisory, run->advisory);
	return row ? index_string(v->ix, row->id) : STR("");
}

static int
compare_ids(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* The advisory that decides and the older ones that say the same; sorted, each once. */
static void
add_advisories(struct match_view *v, const struct match_hit *hit, struct arena *a, struct finding *f)
{
	const struct index_facts_head *head = v->facts.head;
	struct host_modules *modules = v->ecosystem->scheme == &version_rpm ? &v->modules : NULL;
	uint32_t end = hit->fact;
	while (end < head->facts && v->facts.facts[end].vulnerability == hit->vulnerability)
		end++;
	f->advisories = ARENA_ARRAY(a, struct str, end - hit->fact);
	for (uint32_t i = hit->fact; i < end; i++) {
		uint32_t run = v->facts.facts[i].run;
		if (run >= head->runs ||
		    run_verdict(&v->facts, &v->facts.runs[run], v->at, &v->subject, modules) < VERDICT_DOUBTFUL)
			continue;
		f->advisories[f->advisory_count++] = advisory_id(v, &v->facts.runs[run]);
	}
	size_t count = f->advisory_count;
	if (count < 2) /* most */
		return;
	qsort(f->advisories, count, sizeof(*f->advisories), compare_ids);
	f->advisory_count = 1;
	for (size_t i = 1; i < count; i++)
		if (!str_eq(f->advisories[i], f->advisories[f->advisory_count - 1]))
			f->advisories[f->advisory_count++] = f->advisories[i];
}

static void
add_aliases(const struct vuln_index *ix, uint32_t row, struct arena *a, struct finding *f)
{
	const struct index_vulnerability *v = INDEX_ROW(ix, INDEX_VULNERABILITIES, index_vulnerability, row);
	ARRAY_OF(struct str) list = { 0 };
	uint32_t at = v ? v->aliases : INDEX_NONE;
	/* A damaged chain may go round: an id has no thousand names. */
	for (int i = 0; i < 1000 && at != INDEX_NONE; i++) {
		const struct index_name *n = INDEX_ROW(ix, INDEX_NAMES, index_name, at);
		if (!n)
			break;
		*ARRAY_PUSH(a, &list) = index_string(ix, n->name);
		at = n->next;
	}
	f->aliases = list.items;
	f->alias_count = list.count;
}

/* What the vulnerability itself does not say, its advisory may. */
static void
add_facts(const struct match_view *v, const struct match_hit *hit, const struct index_run *run, struct arena *a,
	  struct finding *f)
{
	index_vulnerability(v->ix, a, hit->vulnerability, &f->vulnerability);
	add_aliases(v->ix, hit->vulnerability, a, f);
	const struct index_advisory *row = INDEX_ROW(v->ix, INDEX_ADVISORIES, index_advisory, run->advisory);
	if (!row)
		return;
	f->date = row->date;
	if (f->vulnerability.severity == SEVERITY_UNKNOWN && row->severity <= SEVERITY_CRITICAL)
		f->vulnerability.severity = (enum severity)row->severity;
	if (f->vulnerability.cvss < 0 && row->cvss10 <= 100)
		f->vulnerability.cvss = row->cvss10 / 10.0;
	if (f->vulnerability.title.len == 0)
		f->vulnerability.title = index_string(v->ix, row->title);
}

static void
take_run(struct match_view *v, uint32_t number)
{
	const struct index_run *run = &v->facts.runs[number];
	if (v->run == number)
		return;
	const struct index_range *r = deciding_range(v, run);
	v->run = number;
	v->fixed = r && r->kind == RANGE_BEFORE ? version_text(v, r->limit) : STR("");
	v->last_affected = r && r->kind == RANGE_UNTIL ? version_text(v, r->limit) : STR("");
	v->why = r ? why(v, r, advisory_id(v, run), v->arena) : STR("");
	v->only_with = STR("");
	v->note = r ? note_of(v, r) : STR("");
	if (r && condition(v, r).len) {
		v->only_with = conditions(v, run, v->arena);
		if (v->only_with.len)
			v->why = arena_printf(v->arena, "%.*s; " RANGE_ONLY_WITH "%.*s", STR_ARG(v->why),
					      STR_ARG(v->only_with));
	}
}

void
match_view_get(struct match_view *v, const struct match_hit *hit, struct arena *a, struct finding *out)
{
	bool good = take_package(v, hit);
	const struct package *p = v->package;
	*out = (struct finding){ .package = p,
				 .source = v->ecosystem->by_source ? v->subject.name
					   : p->source.len > 0     ? p->source
								   : p->name,
				 .fixed = STR(""),
				 .last_affected = STR(""),
				 .only_with = STR(""),
				 .note = STR(""),
				 .running = v->running,
				 .doubtful = hit->doubtful,
				 .why = STR("") };
	if (!good || hit->fact >= v->facts.head->facts || v->facts.facts[hit->fact].run >= v->facts.head->runs)
		return;
	uint32_t run = v->facts.facts[hit->fact].run;
	take_run(v, run);
	out->fixed = v->fixed;
	out->last_affected = v->last_affected;
	out->why = v->why;
	out->only_with = v->only_with;
	out->note = v->note;
	add_advisories(v, hit, a, out);
	add_facts(v, hit, &v->facts.runs[run], a, out);
}
