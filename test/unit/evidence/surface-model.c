/* A run as its report needs it: whose a thing is, what changed since the run before, what one owner's report may hold. */
#include "evidence/surface-model.h"

#include "sample.h"

#define RUN \
	"{\"began\":\"2026-11-20T09:00:00Z\",\"ended\":\"2026-11-20T11:00:00Z\",\"seeds\":[" \
	"{\"seed\":\"domain:example.co.jp\",\"owner\":\"self\"}," \
	"{\"seed\":\"domain:example-lab.com\",\"owner\":\"self\",\"site\":\"Lab\",\"country\":\"TH\"}," \
	"{\"seed\":\"domain:fix.jp\",\"owner\":\"contractor\",\"company\":\"Fix\"}]," \
	"\"coverage\":[{\"source\":\"shodan\",\"asked\":3,\"answered\":2,\"nothing\":1,\"failed\":0}," \
	"{\"source\":\"censys\",\"asked\":9,\"answered\":0,\"nothing\":0,\"failed\":9}]}"
#define PATH_FROM(seed) "\"path\":[{\"from\":null,\"rule\":\"seed\"},{\"from\":\"" seed "\",\"rule\":\"below\"}]}\n"
#define ASSETS \
	"{\"kind\":\"domain\",\"name\":\"example.co.jp\",\"ownership\":\"approved\",\"confidence\":1.00," \
	"\"owner\":\"self\",\"path\":[{\"from\":null,\"rule\":\"seed\"}]}\n" \
	"{\"kind\":\"host\",\"name\":\"a.example.fr\",\"ownership\":\"approved\",\"confidence\":0.90,\"owner\":" \
	"\"self\"," \
	"\"addresses\":[\"192.0.2.1\"]," PATH_FROM( \
		"example.co.jp") "{\"kind\":\"host\",\"name\":\"b.example-lab.com\",\"ownership\":\"candidate\"," \
				 "\"confidence\":0.50," \
				 "\"owner\":\"self\"," PATH_FROM( \
					 "example-lab.com") "{\"kind\":\"address\",\"name\":\"192.0.2.1\"," \
							    "\"ownership\":\"approved\",\"confidence\":0.90," \
							    "\"owner\":\"self\"," PATH_FROM("example.co.jp") "{\"kind" \
													     "\":" \
													     "\"domai" \
													     "n\"," \
													     "\"name" \
													     "\":" \
													     "\"fix." \
													     "jp\"," \
													     "\"owner" \
													     "ship\":" \
													     "\"appro" \
													     "ved\"," \
													     "\"confi" \
													     "dence\"" \
													     ":1.00," \
													     "\"owner" \
													     "\":" \
													     "\"contr" \
													     "actor\"" \
													     "," \
													     "\"compa" \
													     "ny\":" \
													     "\"Fix\"" \
													     ",\"path" \
													     "\":[{" \
													     "\"from" \
													     "\":" \
													     "null," \
													     "\"rule" \
													     "\":" \
													     "\"seed" \
													     "\"}]}\n"
#define RISK(id, severity, kind, asset, source) \
	"{\"risk\":\"" id "\",\"severity\":\"" severity "\",\"kind\":\"" kind "\",\"asset\":\"" asset \
	"\",\"owner\":\"self\",\"source\":\"" source "\"}\n"
#define NOW \
	RISK("spf-missing", "medium", "domain", "fix.jp", "dns") \
	RISK("exposed-vnc", "critical", "service", "192.0.2.1 5900/tcp", "shodan")
#define BEFORE \
	RISK("exposed-vnc", "critical", "service", "192.0.2.1 5900/tcp", "censys") \
	RISK("exposed-smb", "critical", "service", "192.0.2.1 445/tcp", "shodan") \
	RISK("exposed-hl7", "critical", "service", "192.0.2.1 2575/tcp", "censys")

static struct surface_request
request(const char *owner, int64_t before)
{
	return (struct surface_request){ .assets = STR(ASSETS),
					 .risks = STR(NOW),
					 .run = STR(RUN),
					 .risks_before = STR(BEFORE),
					 .number = 2,
					 .number_before = before,
					 .lang = LANG_EN,
					 .owner = str_of(owner) };
}

static const struct surface_unit *
unit_of(const struct surface_model *m, const char *kind, const char *name)
{
	const struct surface_asset *s = surface_asset_find(m, str_of(kind), str_of(name));
	assert_non_null(s);
	return &m->units.items[s->unit];
}

static void
assert_text(struct str s, const char *expected)
{
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.ptr, expected, s.len);
}

static void
test_units(void **state)
{
	ARENA_AUTO a = { 0 };
	struct surface_request r = request("", 0);
	struct surface_model *m;
	struct err e = { 0 };

	assert_true(surface_read(&a, &r, &m, &e));
	assert_text(unit_of(m, "domain", "example.co.jp")->country, "");
	assert_text(unit_of(m, "host", "a.example.fr")->country, "FR");
	/* An address is where its name is; a seed's own country counts above any name. */
	assert_text(unit_of(m, "address", "192.0.2.1")->country, "FR");
	assert_text(unit_of(m, "host", "b.example-lab.com")->country, "TH");
	assert_text(unit_of(m, "host", "b.example-lab.com")->site, "Lab");
	assert_int_equal(unit_of(m, "domain", "fix.jp")->owner, SEED_CONTRACTOR);
	assert_text(unit_of(m, "domain", "fix.jp")->company, "Fix");
	assert_int_equal(unit_of(m, "host", "a.example.fr")->risks[RISK_CRITICAL], 1);
	assert_text(surface_asset_find(m, STR("address"), STR("192.0.2.1"))->names, "a.example.fr");
	assert_int_equal(m->risks.items[0].change, RISK_FIRST);
	surface_close(m);
}

static void
test_countries(void **state)
{
	static const struct {
		const char *name, *country;
	} rows[] = {
		{ "www.example.de", "DE" },
		{ "example.co.uk", "GB" },
		{ "example.com", "" },
		{ "example.io", "" },
		{ "192.0.2.1", "" },
		{ "fr", "" },
		{ "", "" },
		{ "Example Co.,Lt.de", "" },
		{ "1a@C=US, O=X.fr", "" },
		{ "a.b-c_d.jp", "JP" },
	};
	ARENA_AUTO a = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_text(surface_country_of_name(&a, str_of(rows[i].name)), rows[i].country);
}

/* The risks of the run before, whatever became of them. */
static size_t
of_before(const struct surface_model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < SEVERITIES; i++)
		n += m->last[i].gone + m->last[i].unchecked + m->last[i].remains;
	return n;
}

static void
test_changes(void **state)
{
	ARENA_AUTO a = { 0 };
	struct surface_request r = request("", 1);
	struct surface_model *m;
	struct err e = { 0 };

	assert_true(surface_read(&a, &r, &m, &e));
	assert_int_equal(of_before(m), 3);
	assert_int_equal(m->risks.count, 2);
	/* The worst first, whatever the file's order. */
	assert_text(m->risks.items[0].id, "exposed-vnc");
	assert_int_equal(m->risks.items[0].class, RISKS_ENTRY);
	assert_int_equal(m->risks.items[0].change, RISK_REMAINS);
	assert_text(m->risks.items[0].beside, "a.example.fr");
	assert_int_equal(m->risks.items[1].change, RISK_NEW);
	assert_int_equal(m->gone.count, 1);
	assert_text(m->gone.items[0].id, "exposed-smb");
	/* Who saw it before gave no answer this time: that proves nothing. */
	assert_int_equal(m->unchecked.count, 1);
	assert_text(m->unchecked.items[0].id, "exposed-hl7");
	surface_close(m);
}

static void
test_owners(void **state)
{
	ARENA_AUTO a = { 0 };
	struct surface_request r = request("Fix", 1), none = request("Nobody", 1);
	struct surface_model *m;
	struct err e = { 0 };

	assert_true(surface_read(&a, &r, &m, &e));
	assert_int_equal(m->assets.count, 1);
	assert_int_equal(m->risks.count, 1);
	assert_text(m->risks.items[0].asset, "fix.jp");
	assert_int_equal(of_before(m), 0);
	assert_int_equal(m->gone.count + m->unchecked.count, 0);
	surface_close(m);
	assert_false(surface_read(&a, &none, &m, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "Fix"));
}

static void
test_broken(void **state)
{
	static const char *const files[] = { "{", "[1]\n{\"a\":}", "\xff\n" };
	ARENA_AUTO a = { 0 };

	for (size_t i = 0; i < COUNT(files); i++) {
		struct surface_request r = request("", 0);
		struct surface_model *m;
		struct err e = { 0 };
		r.assets = str_of(files[i]);
		assert_false(surface_read(&a, &r, &m, &e));
		assert_non_null(strstr(e.text, "assets.jsonl"));
	}
	/* Lines that are JSON and none of ours are things that nothing is known of. */
	struct surface_request r = request("", 0);
	struct surface_model *m;
	struct err e = { 0 };
	r.assets = STR("{}\n[]\n\"x\"\n7\n\n");
	r.risks = STR("{}\nnull\n");
	assert_true(surface_read(&a, &r, &m, &e));
	assert_non_null(surface_report(m, SURFACE_PAPER));
	BUF_AUTO out = { 0 };
	surface_json(m, &out);
	surface_graphml(m, &out);
	surface_csv_assets(m, &out);
	assert_true(out.len > 0);
	surface_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_units), cmocka_unit_test(test_countries),
					    cmocka_unit_test(test_changes), cmocka_unit_test(test_owners),
					    cmocka_unit_test(test_broken) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
