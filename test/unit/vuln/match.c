/* What a list of packages and some advisories make of each other. */
#include "vuln/match.h"
#include "unit.h"
#include "vuln/feed.h"

#define ALMA(id, date, extra, name, fixed) \
	"{\"id\":\"" id "\",\"published\":\"" date "T00:00:00Z\",\"modified\":\"2031-01-09T00:00:00Z\"" extra \
	",\"affected\":[{\"package\":{\"ecosystem\":\"AlmaLinux:9\",\"name\":\"" name \
	"\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"" fixed "\"}]}]}]}\n"

#define MODULE(id, date, stream, version) \
	ALMA(id, date, ",\"summary\":\"Moderate: nodejs:" stream " security update\",\"related\":[\"CVE-2031-0009\"]", \
	     "nodejs", "1:" version "-1.module_el9.1.0+1+40ccb2a8")

static const char feed[] = ALMA("ALSA-2031:0001", "2031-01-01",
				",\"summary\":\"Important: k update\",\"related\":[\"CVE-2031-0001\"]", "kernel-core",
				"5.14.0-10.el9")
	ALMA("ALSA-2031:0002", "2031-01-02", ",\"related\":[\"CVE-2031-0002\"]", "openssl", "1:3.0.7-5.el9")
		ALMA("ALSA-2031:0003", "2031-01-03", ",\"related\":[\"CVE-2031-0002\"]", "openssl", "1:3.0.7-9.el9")
			ALMA("ALBA-2031:0004", "2031-01-03", "", "openssl", "1:3.0.7-9.el9")
				MODULE("ALSA-2031:0005", "2031-02-01", "18", "18.20.4")
					MODULE("ALSA-2031:0006", "2031-02-02", "20", "20.16.0")
						ALMA("ALSA-2031:0007", "2031-02-03", ",\"related\":[\"CVE-2031-0009\"]",
						     "nodejs", "1:16.20.2-8.el9");

struct world {
	struct arena arena;
	struct vuln_index *index;
	struct match_result result;
};

static void
run(void **state, struct world *w, struct package *packages, size_t count, const char *os, const char *kernel)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *paths[] = { unit_path(state, "osv"), unit_path(state, "almalinux.json") };
	struct feed_report r[2];
	unit_put(state, "osv", str_of(feed));
	unit_put(state, "almalinux.json",
		 STR("[{\"cycle\":\"9\",\"eol\":\"2031-03-31\",\"support\":\"2027-05-31\",\"releaseDate\":\"2022-05-"
		     "26\"}]"));
	assert_ok(feed_import(&o, paths, 2, r, &unit_err));
	struct package_list list = { .items = packages, .count = count };
	struct match_request q = {
		.os = str_of(os), .packages = &list, .running_kernel = str_of(kernel), .now = unit_instant
	};
	assert_ok(vuln_index_open(o.data, &w->index, &unit_err));
	assert_ok(match_run(w->index, &q, &w->arena, &w->result, &unit_err));
}

static void
done(struct world *w)
{
	vuln_index_close(w->index);
	arena_free(&w->arena);
}

static void
the_newest_advisory_counts(void **state)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct package p[] = { { .name = STR("openssl"),
				 .version = STR("1:3.0.7-6.el9"),
				 .arch = STR("x86_64"),
				 .source = STR("openssl"),
				 .source_version = STR("1:3.0.7-6.el9") } };
	run(state, &w, p, 1, "almalinux:9", "");
	assert_true(w.result.covered);
	/* The older advisory's fix is installed, the newer one's is not; an advisory without CVE stands for itself. */
	assert_int_equal(w.result.count, 2);
	assert_str(w.result.findings[0].vulnerability.id, "CVE-2031-0002");
	assert_str(w.result.findings[0].fixed, "1:3.0.7-9.el9");
	assert_int_equal(w.result.findings[0].advisory_count, 1);
	assert_str(w.result.findings[0].advisories[0], "ALSA-2031:0003");
	assert_str(w.result.findings[0].why,
		   "ALSA-2031:0003: openssl before 1:3.0.7-9.el9 in almalinux:9; 1:3.0.7-6.el9 is installed");
	assert_str(w.result.findings[1].vulnerability.id, "ALBA-2031:0004");
}

static void
every_kernel_is_reported_and_one_runs(void **state)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct package p[] = {
		{ .name = STR("kernel-core"), .version = STR("5.14.0-7.el9"), .arch = STR("x86_64") },
		{ .name = STR("kernel-core"), .version = STR("5.14.0-9.el9"), .arch = STR("x86_64") },
		{ .name = STR("kernel-core"), .version = STR("5.14.0-10.el9"), .arch = STR("x86_64") },
	};
	run(state, &w, p, 3, "almalinux:9", "5.14.0-9.el9.x86_64");
	assert_int_equal(w.result.count, 2);
	assert_int_equal(w.result.findings[0].running, 0);
	assert_int_equal(w.result.findings[1].running, 1);
	assert_int_equal(w.result.findings[1].vulnerability.severity, SEVERITY_HIGH);
	assert_true(w.result.eol.known);
	/* 2031-03-31 was the last day; it is the first of April. */
	assert_true(w.result.eol.ended);
}

/* A host makes its list of packages up: neither memory nor time may follow it. */
static void
a_list_that_costs_too_much_is_refused(void **state)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct package p[40];
	for (size_t i = 0; i < COUNT(p); i++)
		p[i] = (struct package){ .name = STR("openssl"), .version = STR("1:3.0.7-6.el9") };
	run(state, &w, p, 1, "almalinux:9", "");
	struct package_list list = { .items = p, .count = COUNT(p) };
	struct match_request q = { .os = STR("almalinux:9"), .packages = &list, .now = unit_instant };
	struct err e = { 0 };
	q.findings_max = 79;
	assert_false(match_run(w.index, &q, &w.arena, &w.result, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	q.findings_max = 80;
	assert_ok(match_run(w.index, &q, &w.arena, &w.result, &unit_err));
	assert_int_equal(w.result.count, 80);
	/* Versions that differ have to be compared each for itself. */
	char versions[COUNT(p)][32];
	for (size_t i = 0; i < COUNT(p); i++) {
		snprintf(versions[i], sizeof(versions[i]), "1:3.0.7-6.%zu.el9", i);
		p[i].version = str_of(versions[i]);
	}
	q.ranges_max = 100;
	assert_false(match_run(w.index, &q, &w.arena, &w.result, &e));
	q.ranges_max = 120;
	assert_ok(match_run(w.index, &q, &w.arena, &w.result, &unit_err));
	assert_int_equal(w.result.count, 80);
}

static const char *
fixed_for(void **state, const char *version)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct package p[] = { { .name = STR("nodejs"), .version = str_of(version), .arch = STR("x86_64") } };
	run(state, &w, p, 1, "almalinux:9", "");
	if (w.result.count == 0)
		return "";
	assert_int_equal(w.result.count, 1);
	assert_int_equal(w.result.findings[0].advisory_count, 1);
	return str_eq(w.result.findings[0].fixed, STR("1:18.20.4-1.module_el9.1.0+1+40ccb2a8"))   ? "18"
	       : str_eq(w.result.findings[0].fixed, STR("1:20.16.0-1.module_el9.1.0+1+40ccb2a8")) ? "20"
	       : str_eq(w.result.findings[0].fixed, STR("1:16.20.2-8.el9"))                       ? "16"
												  : "?";
}

static void
a_module_is_fixed_in_its_own_stream(void **state)
{
	assert_string_equal(fixed_for(state, "1:18.12.1-2.module_el9.1.0+3+40ccb2a8"), "18");
	assert_string_equal(fixed_for(state, "1:18.20.4-1.module_el9.1.0+1+40ccb2a8"), "");
	assert_string_equal(fixed_for(state, "1:20.1.0-2.module_el9.1.0+3+40ccb2a8"), "20");
	/* Outside of modules, the advisory that is not about one. */
	assert_string_equal(fixed_for(state, "1:16.20.1-1.el9"), "16");
	assert_string_equal(fixed_for(state, "1:16.20.2-8.el9"), "");
}

static void
a_system_without_advisories_is_not_covered(void **state)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct package p[] = { { .name = STR("openssl"), .version = STR("1") } };
	run(state, &w, p, 1, "almalinux:8", "");
	assert_false(w.result.covered);
	assert_int_equal(w.result.count, 0);
	assert_false(w.result.eol.known);
}

static void
damage_is_refused_by_name(void **state)
{
	__attribute__((cleanup(done))) struct world w = { 0 };
	struct vuln_index *ix;
	struct err e = { 0 };
	BUF_AUTO index = { 0 };
	struct package_list none = { 0 };
	struct match_request q = { .os = STR("almalinux:9"), .packages = &none, .now = unit_instant };
	run(state, &w, NULL, 0, "almalinux:9", "");
	assert_ok(file_read(unit_path(state, "data/feeds/index"), 1 << 20, &index, &unit_err));
	for (size_t i = 0; i < index.len; i += 31) {
		index.ptr[i] ^= 1;
		unit_put(state, "data/feeds/index", buf_str(&index));
		index.ptr[i] ^= 1;
		/* What opening does not look at is found when it is read. */
		bool ok = vuln_index_open(unit_path(state, "data"), &ix, &e);
		if (ok) {
			ok = match_run(ix, &q, &w.arena, &w.result, &e);
			vuln_index_close(ix);
		}
		assert_false(ok);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "feeds/index"));
	}
	unit_put(state, "data/feeds/index", str_head(buf_str(&index), index.len / 2));
	assert_false(vuln_index_open(unit_path(state, "data"), &ix, &e));
	assert_false(vuln_index_open(unit_path(state, "nowhere"), &ix, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void
severities_have_names(void **state)
{
	enum severity s;
	for (int i = SEVERITY_UNKNOWN; i <= SEVERITY_CRITICAL; i++) {
		assert_true(severity_parse(str_of(severity_name((enum severity)i)), &s));
		assert_int_equal((int)s, i);
	}
	assert_false(severity_parse(STR("awful"), &s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_newest_advisory_counts),
		unit_test_in_folder(every_kernel_is_reported_and_one_runs),
		unit_test_in_folder(a_list_that_costs_too_much_is_refused),
		unit_test_in_folder(a_module_is_fixed_in_its_own_stream),
		unit_test_in_folder(a_system_without_advisories_is_not_covered),
		unit_test_in_folder(damage_is_refused_by_name),
		cmocka_unit_test(severities_have_names),
	};
	return cmocka_run_group_tests_name("vuln/match", tests, NULL, NULL);
}
