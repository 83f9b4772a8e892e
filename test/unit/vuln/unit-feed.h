/* What the tests of single feeds share: import a text, look at the figures and at the index. */
#ifndef MAMORI_TEST_VULN_UNIT_FEED_H
#define MAMORI_TEST_VULN_UNIT_FEED_H

#include "unit.h"
#include "vuln/feed.h"
#include "vuln/match.h"

static inline struct feed_report
feed_import_text(void **state, const char *name, struct str text)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	struct feed_report r;
	unit_put(state, name, text);
	const char *path = unit_path(state, name);
	assert_ok(feed_import(&o, &path, 1, &r, &unit_err));
	uint64_t skipped = 0;
	for (size_t i = 0; i < r.count.skipped_count; i++)
		skipped += r.count.skipped[i].count;
	assert_int_equal(r.count.read, r.count.kept + skipped);
	return r;
}

static inline uint64_t
skipped_for(const struct feed_report *r, const char *reason)
{
	for (size_t i = 0; i < r->count.skipped_count; i++)
		if (strcmp(r->count.skipped[i].reason, reason) == 0)
			return r->count.skipped[i].count;
	return 0;
}

/* What is known of one vulnerability; texts are the arena's. */
static inline struct vulnerability
feed_known(void **state, struct arena *a, const char *id)
{
	struct vuln_index *ix;
	struct vulnerability v;
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	(void)vuln_lookup(ix, a, str_of(id), &v);
	v.id = arena_str(a, v.id);
	v.title = arena_str(a, v.title);
	v.vector = arena_str(a, v.vector);
	v.title_ja = arena_str(a, v.title_ja);
	v.summary_ja = arena_str(a, v.summary_ja);
	vuln_index_close(ix);
	return v;
}

/* "CVE fixed|why;" for each finding of one package, in the index's order. */
static inline const char *
feed_findings(void **state, struct arena *a, const char *os, const char *package, const char *version)
{
	struct vuln_index *ix;
	struct package p = { .name = str_of(package), .version = str_of(version), .arch = STR("amd64") };
	struct package_list list = { .items = &p, .count = 1 };
	struct match_request r = { .os = str_of(os), .packages = &list, .now = unit_instant };
	struct match_result out;
	BUF_AUTO text = { 0 };
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	assert_ok(match_run(ix, &r, a, &out, &unit_err));
	for (size_t i = 0; i < out.count; i++)
		buf_addf(&text, "%.*s %.*s|%.*s;", STR_ARG(out.findings[i].vulnerability.id),
			 STR_ARG(out.findings[i].fixed), STR_ARG(out.findings[i].why));
	vuln_index_close(ix);
	return arena_cstr(a, buf_str(&text));
}

#endif
