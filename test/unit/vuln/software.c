/* Applications and appliances: which product a name means, and what is said without knowing. */
#include "vuln/software.h"
#include "unit.h"
#include "vuln/feed.h"

/* STR() is no constant expression. */
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}

#define RECORD(id, vendor, product, from, below) \
	"{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"" id \
	"\",\"state\":\"PUBLISHED\",\"dateUpdated\":\"2031-01-01T00:00:00Z\"},\"containers\":{\"cna\":{\"affected\":[" \
	"{\"vendor\":\"" vendor "\",\"product\":\"" product "\",\"cpes\":[\"cpe:2.3:" vendor ":" product \
	":*:*:*:*:*:*:*:*\"],\"versions\":[{\"version\":\"" from "\",\"lessThan\":\"" below \
	"\",\"status\":\"affected\",\"versionType\":\"custom\"}]}]}}}\n"

static const char feed[] = RECORD("CVE-2031-0001", "a:mozilla", "firefox", "0", "131.0.2")
	RECORD("CVE-2031-0002", "o:fortinet", "fortios", "7.2.0", "7.2.7")
		RECORD("CVE-2031-0003", "a:fortinet", "fortios", "7.4.0", "7.4.3");

static void
pain_13_names_mean_products(void **state)
{
	static const struct {
		struct software in;
		const char *name, *version;
		double least;
	} cases[] = {
		{ { .publisher = S("Mozilla"), .name = S("Mozilla Firefox (x64 ja)"), .version = S("128.0") },
		  "a:mozilla:firefox",
		  "128.0",
		  0.9 },
		{ { .publisher = S("Mozilla"), .name = S("Mozilla Firefox 115.1 ESR (x64 ja)") },
		  "a:mozilla:firefox_esr",
		  "115.1",
		  0.9 },
		{ { .publisher = S("igor pavlov"), .name = S("7-ZIP 23.01 (x64)") }, "a:7-zip:7-zip", "23.01", 0.9 },
		{ { .publisher = S("Fortinet"), .name = S("FortiGate 60F"), .version = S("v7.2.4 build1396") },
		  "a:fortinet:fortios",
		  "7.2.4",
		  0.9 },
		{ { .cpe = S("cpe:2.3:o:paloaltonetworks:pan-os:10.2.9:h1:*:*:*:*:*:*") },
		  "o:paloaltonetworks:pan-os",
		  "10.2.9-h1",
		  1 },
		{ { .cpe = S("cpe:/a:7-zip:7-zip"), .version = S("23.01") }, "a:7-zip:7-zip", "23.01", 1 },
		{ { .publisher = S("Fortinet"), .name = S("FortiGate 60F"), .version = S("unknown") },
		  "a:fortinet:fortios",
		  "",
		  0.9 },
		{ { .publisher = S("Nobody"), .name = S("Firefox"), .version = S("1") }, NULL, "1", 0 },
		{ { .cpe = S("cpe:firefox"), .version = S("1.0") }, NULL, "1.0", 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct software_product p;
		software_product(&cases[i].in, &a, &p);
		assert_int_equal(p.count > 0, cases[i].name != NULL);
		if (cases[i].name)
			assert_str(p.names[0], cases[i].name);
		assert_str(p.version, cases[i].version);
		assert_true(p.confidence >= cases[i].least && p.confidence <= 1);
	}
}

static void
pain_13_without_a_version_nothing_is_vulnerable(void **state)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *paths[] = { unit_path(state, "cve") };
	struct feed_report r[1];
	struct vuln_index *ix;
	struct software_result out;
	ARENA_AUTO a = { 0 };
	const struct software list[] = {
		{ .publisher = S("Mozilla"), .name = S("Mozilla Firefox"), .version = S("131.0.1") },
		{ .publisher = S("Mozilla"), .name = S("Mozilla Firefox"), .version = S("131.0.2") },
		{ .publisher = S("Mozilla"), .name = S("Mozilla Firefox") },
		{ .publisher = S("Fortinet"), .name = S("FortiGate 60F"), .version = S("7.2.4") },
		{ .publisher = S("Fortinet"), .name = S("FortiGate 60F"), .version = S("7.4.2") },
		{ .publisher = S("Fortinet"), .name = S("FortiMail"), .version = S("7.4.2") },
		{ .name = S("Own program"), .version = S("1.0") },
	};
	unit_put(state, "cve", str_of(feed));
	assert_ok(feed_import(&o, paths, 1, r, &unit_err));
	assert_int_equal(r[0].count.kept, 3);
	assert_ok(vuln_index_open(o.data, &ix, &unit_err));
	assert_ok(software_match(ix, list, COUNT(list), unit_instant, &a, &out, &unit_err));
	assert_true(out.covered);
	assert_int_equal(out.count, 3);
	assert_int_equal(out.findings[0].software, 0);
	assert_str(out.findings[0].finding.vulnerability.id, "CVE-2031-0001");
	assert_str(out.findings[0].finding.fixed, "131.0.2");
	assert_int_equal(out.findings[1].software, 3);
	assert_str(out.findings[1].finding.fixed, "7.2.7");
	/* Whichever part of the dictionary a record uses. */
	assert_int_equal(out.findings[2].software, 4);
	static const enum software_state states[] = {
		SOFTWARE_JUDGED, SOFTWARE_JUDGED,       SOFTWARE_NO_VERSION, SOFTWARE_JUDGED,
		SOFTWARE_JUDGED, SOFTWARE_NOT_IN_FEEDS, SOFTWARE_NOT_MAPPED,
	};
	for (size_t i = 0; i < COUNT(states); i++)
		assert_int_equal(out.states[i], states[i]);
	vuln_index_close(ix);
}

#define ANY ":*:*:*:*:*:*:*:*\""
#define MATCH(name, vulnerable, more) "{\"vulnerable\":" vulnerable ",\"criteria\":\"cpe:2.3:" name ANY more "}"
#define BELOW(version) ",\"versionEndExcluding\":\"" version "\""
#define NODE(matches) "{\"operator\":\"OR\",\"negate\":false,\"cpeMatch\":[" matches "]}"
#define CONFIGURED(id, configurations) \
	"{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"" id \
	"\",\"state\":\"PUBLISHED\"},\"containers\":{\"cna\":{\"cpeApplicability\":[" configurations "]}}}\n"
#define AND(nodes) "{\"operator\":\"AND\",\"nodes\":[" nodes "]}"

/* Programs on a system, firmware on hardware: CVE-2031-0011 … of the firmware, with one box, with either of two, with two
 * at once, and by itself. */
static const char configured[] = CONFIGURED("CVE-2031-0011", AND(NODE(MATCH("o:acme:os", "true", BELOW("3"))) "," NODE(
								     MATCH("h:acme:gate_1", "false", ""))))
	CONFIGURED("CVE-2031-0012", AND(NODE(MATCH("o:acme:os", "true", BELOW("3"))) "," NODE(MATCH(
					    "h:acme:gate_2", "false", "") "," MATCH("h:acme:gate_1", "false", ""))))
		CONFIGURED("CVE-2031-0013",
			   AND(NODE(MATCH("o:acme:os", "true", BELOW("3"))) "," NODE(
				   MATCH("h:acme:gate_1", "false", "")) "," NODE(MATCH("h:acme:card", "false", ""))))
			CONFIGURED("CVE-2031-0014",
				   AND(NODE(MATCH("o:acme:os", "true", BELOW("3"))) "," NODE(MATCH(
					   "h:acme:gate_9", "false",
					   ""))) ",{\"nodes\":[" NODE(MATCH("o:acme:os", "true", BELOW("2.5"))) "]}");

/* unsure: those of 0011 … that are unknown. */
static void
judge_configured(void **state, const struct software *list, size_t count, size_t findings, size_t unsure)
{
	ARENA_AUTO a = { 0 };
	struct vuln_index *ix;
	struct software_result out;
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	assert_ok(software_match(ix, list, count, unit_instant, &a, &out, &unit_err));
	assert_int_equal(out.count, findings);
	assert_int_equal(out.unsure_count, unsure);
	for (size_t i = 0; i < unsure; i++)
		assert_true(out.unsure[i].finding.only_with.len > 0);
	vuln_index_close(ix);
}

static void
a_product_may_need_another_one(void **state)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *paths[] = { unit_path(state, "cve") };
	struct feed_report r[1];
	const struct software list[] = {
		{ .cpe = S("cpe:2.3:o:acme:os:2.9:*:*:*:*:*:*:*") },
		{ .cpe = S("cpe:2.3:h:acme:gate_1:-:*:*:*:*:*:*:*") },
		{ .cpe = S("cpe:2.3:h:acme:card:-:*:*:*:*:*:*:*") },
	};
	const struct software old[] = { { .cpe = S("cpe:2.3:o:acme:os:2.4:*:*:*:*:*:*:*") } };
	unit_put(state, "cve", str_of(configured));
	assert_ok(feed_import(&o, paths, 1, r, &unit_err));
	assert_int_equal(r[0].count.kept, 4);
	judge_configured(state, list, 1, 0, 4);
	judge_configured(state, list, 2, 2, 2);
	judge_configured(state, list, 3, 3, 1);
	judge_configured(state, old, 1, 1, 3); /* before 2.5 it is so by itself */
}

/* CISA says "every version" where the CNA says which: the CNA's word stands, with CISA's name for the product. */
static void
the_cna_s_versions_count(void **state)
{
	static const char record[] =
		"{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"CVE-2031-0021\","
		"\"state\":\"PUBLISHED\"},\"containers\":{\"cna\":{\"affected\":[{\"vendor\":\"Acme Inc.\",\"product\":"
		"\"View "
		"Er\",\"versions\":[{\"version\":\"116.0.1\",\"lessThan\":\"116.0.1\",\"status\":\"affected\"}]},"
		"{\"vendor\":\"Acme\",\"product\":\"other\",\"versions\":[{\"version\":\"n/"
		"a\",\"status\":\"affected\"}]}]},"
		"\"adp\":[{\"affected\":[{\"cpes\":[\"cpe:2.3:a:acme:view_er:*:*:*:*:*:*:*:*\"],\"vendor\":\"acme\","
		"\"product\":\"view_er\",\"versions\":[{\"version\":\"*\",\"status\":\"affected\"}]},{\"cpes\":["
		"\"cpe:2.3:a:acme:other:*:*:*:*:*:*:*:*\"],\"vendor\":\"acme\",\"product\":\"other\",\"versions\":[{"
		"\"version\":\"0\",\"lessThan\":\"7\",\"status\":\"affected\"}]}]}]}}\n";
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *paths[] = { unit_path(state, "cve") };
	struct feed_report r[1];
	static const struct {
		struct software software;
		size_t findings;
	} cases[] = {
		{ { .cpe = S("cpe:2.3:a:acme:view_er:126.0.2:*:*:*:*:*:*:*") }, 0 },
		{ { .cpe = S("cpe:2.3:a:acme:view_er:116.0.1:*:*:*:*:*:*:*") }, 0 },
		{ { .cpe = S("cpe:2.3:a:acme:view_er:115.9:*:*:*:*:*:*:*") }, 1 },
		{ { .cpe = S("cpe:2.3:a:acme:other:6:*:*:*:*:*:*:*") }, 1 }, /* the CNA knows no version */
		{ { .cpe = S("cpe:2.3:a:acme:other:7:*:*:*:*:*:*:*") }, 0 },
	};
	unit_put(state, "cve", str_of(record));
	assert_ok(feed_import(&o, paths, 1, r, &unit_err));
	assert_int_equal(r[0].count.kept, 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		judge_configured(state, &cases[i].software, 1, cases[i].findings, 0);
}

static void
lists_in_either_form(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbfHost,Vendor,Model,Firmware\r\na,Fortinet,FortiGate 60F,7.2.4\r\nb,\"X\r\nc,,,1\r\n",
		"{\"vendor\":\"Fortinet\",\"model\":\"FortiGate 60F\",\"firmware\":\"7.2.4\"}\n{\"x\":1}\n[]\n",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		ARENA_AUTO a = { 0 };
		struct software *list;
		size_t count, bad;
		assert_ok(software_list_read(str_of(texts[i]), "list", &a, &list, &count, &bad, &unit_err));
		assert_int_equal(count, 1);
		assert_int_equal(bad, 2);
		assert_str(list[0].publisher, "Fortinet");
		assert_str(list[0].name, "FortiGate 60F");
		assert_str(list[0].version, "7.2.4");
	}
	static const char *const none[] = { "", "a,b\n1,2\n", "{}\n", "name\n" };
	for (size_t i = 0; i < COUNT(none); i++) {
		ARENA_AUTO a = { 0 };
		struct software *list;
		size_t count, bad;
		struct err e = { 0 };
		assert_false(software_list_read(str_of(none[i]), "list.txt", &a, &list, &count, &bad, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "list.txt"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pain_13_names_mean_products),
		unit_test_in_folder(pain_13_without_a_version_nothing_is_vulnerable),
		unit_test_in_folder(a_product_may_need_another_one),
		unit_test_in_folder(the_cna_s_versions_count),
		cmocka_unit_test(lists_in_either_form),
	};
	return cmocka_run_group_tests_name("vuln/software", tests, NULL, NULL);
}
