/* What the scans of packages, Windows and software add up alike: the summary, --fail-on, the age of the feeds. */
#include "cli/scan.h"
#include "vuln/feed.h"

#define DAY_MS INT64_C(86400000)

static const struct {
	const char *name;
	enum fail_on level;
} levels[] = {
	{ "critical", FAIL_CRITICAL }, { "high", FAIL_HIGH },       { "medium", FAIL_MEDIUM },   { "low", FAIL_LOW },
	{ "kev", FAIL_KEV },           { "overdue", FAIL_OVERDUE }, { "unknown", FAIL_UNKNOWN }, { "any", FAIL_ANY },
};

bool
scan_fail_on_parse(const char *text, unsigned *out, struct err *e)
{
	struct str rest = str_of(text), word;
	*out = 0;
	while (str_cut(&rest, ',', &word)) {
		unsigned level = 0;
		for (size_t i = 0; i < COUNT(levels); i++)
			if (str_eq(str_trim(word), str_of(levels[i].name)))
				level = levels[i].level;
		if (level == 0)
			return err_set(e, ERR_USAGE,
				       "--fail-on takes critical, high, medium, low, kev, overdue, unknown or any, or "
				       "several with commas between, not “%s”",
				       text);
		*out |= level;
	}
	return true;
}

void
scan_sums_add(struct scan_sums *n, const struct vulnerability *v, const struct priority *p, bool fixable, int64_t now)
{
	n->findings++;
	n->kev += v->kev;
	n->fixable += fixable;
	n->now += p->action == ACTION_NOW;
	/* The day itself is still in time. */
	n->overdue += p->due && p->due < now - now % DAY_MS;
	n->by[v->severity]++;
}

void
scan_sums_print(const struct scan_sums *n)
{
	printf(tr("Exploited %zu, critical %zu, high %zu, medium %zu, low %zu, not rated %zu. To act on now %zu, past "
		  "their due date %zu. An update fixes %zu.\n"),
	       n->kev, n->by[SEVERITY_CRITICAL], n->by[SEVERITY_HIGH], n->by[SEVERITY_MEDIUM], n->by[SEVERITY_LOW],
	       n->by[SEVERITY_UNKNOWN], n->now, n->overdue, n->fixable);
}

int
scan_sums_status(const struct scan_sums *n, unsigned fail_on)
{
	static const struct {
		enum fail_on level;
		enum severity from;
	} severities[] = {
		{ FAIL_LOW, SEVERITY_LOW },
		{ FAIL_MEDIUM, SEVERITY_MEDIUM },
		{ FAIL_HIGH, SEVERITY_HIGH },
		{ FAIL_CRITICAL, SEVERITY_CRITICAL },
	};
	bool fails = (fail_on & FAIL_ANY && n->findings > 0) || (fail_on & FAIL_KEV && n->kev > 0) ||
		     (fail_on & FAIL_OVERDUE && n->overdue > 0) ||
		     (fail_on & FAIL_UNKNOWN && n->unknown + n->by[SEVERITY_UNKNOWN] > 0);
	bool by_severity = false;
	for (size_t i = 0; i < COUNT(severities); i++) {
		if (!(fail_on & severities[i].level))
			continue;
		by_severity = true;
		for (unsigned k = severities[i].from; k <= SEVERITY_CRITICAL; k++)
			fails = fails || n->by[k] > 0;
	}
	if (!fails && by_severity && n->by[SEVERITY_UNKNOWN] > 0) {
		fprintf(stderr, "mamori: ");
		fprintf(stderr,
			tr("findings that nobody has rated do not count for this --fail-on: %zu (add ,unknown to count "
			   "them)"),
			n->by[SEVERITY_UNKNOWN]);
		fprintf(stderr, "\n");
	}
	return fails ? 1 : 0;
}

size_t
scan_stale_feeds(struct cli *c, struct str *out, size_t max)
{
	struct feed_status *list;
	size_t count, found = 0;
	struct err ignored = { 0 };
	if (!feed_status_read(c->data, c->arena, clock_now(c->clock), &list, &count, &ignored))
		return 0;
	for (size_t i = 0; i < count && found < max; i++) {
		struct str name = arena_str(c->arena, str_of(list[i].feed));
		/* What was never imported is not old: its lack shows where it is needed. */
		if (list[i].stale && list[i].imported_at && (found == 0 || !str_eq(out[found - 1], name)))
			out[found++] = name;
	}
	return found;
}

void
scan_put_stale(struct cli *c, struct json_writer *w)
{
	struct str names[SCAN_FEEDS_MAX];
	size_t count = scan_stale_feeds(c, names, COUNT(names));
	json_key(w, "stale");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_str(w, names[i]);
	json_end_array(w);
}

void
scan_warn_stale(struct cli *c)
{
	struct str names[SCAN_FEEDS_MAX];
	size_t count = scan_stale_feeds(c, names, COUNT(names));
	BUF_AUTO all = { 0 };
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		buf_addf(&all, "%s%.*s", i ? ", " : "", STR_ARG(names[i]));
	fprintf(stderr, "mamori: ");
	fprintf(stderr, tr("these feeds are old, so newer vulnerabilities are missing: %s (mamori feed update)"),
		buf_cstr(&all));
	fprintf(stderr, "\n");
}
