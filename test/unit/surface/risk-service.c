/* What others saw on addresses of ours: each kind of service, gateway, version and certificate, with severity, evidence and advice. */
#include "surface/risk.h"
#include "../vuln/unit.h"
#include "vuln/feed.h"
#include "vuln/match.h"

#define ADDRESS "192.0.2.7"
#define NOW INT64_C(1932768000000) /* 2031-04-01T00:00:00Z */
#define DAY INT64_C(86400000)
#define CERTIFICATE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct world {
	struct graph g;
	struct arena a;
	struct risks risks;
	struct vuln_index *index;
};

static struct world *
world_new(void)
{
	return xcalloc(1, sizeof(struct world));
}

static void
world_free(struct world **w)
{
	graph_free(&(*w)->g);
	arena_free(&(*w)->a);
	free(*w);
}
#define WORLD struct world *w __attribute__((cleanup(world_free))) = world_new()

static void
told(struct world *w, enum fact_kind kind, enum thing subject_is, const char *subject, enum thing object_is,
     const char *object, const char *text, int64_t number)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct fact *fact = fact_add(&f, kind, subject_is, str_of(subject));
	assert_non_null(fact);
	fact->number = number;
	if (text)
		fact_text(&f, str_of(text));
	if (kind == FACT_SERVICE_PRODUCT) /* whose tab is ours */
		fact->text = str_of(text);
	fact_evidence(&f, STR("as it was answered"));
	if (object)
		assert_true(fact_object(&f, object_is, str_of(object)));
	graph_learn(&w->g, &f, SERVICE_SHODAN, STR("https://api.shodan.example/"), NOW);
}

/* port: "443/tcp" */
static char *
service(struct world *w, const char *port, const char *module)
{
	char *name = arena_cstr(&w->a, arena_printf(&w->a, ADDRESS " %s", port));
	told(w, FACT_SERVICE, THING_SERVICE, name, THING_ADDRESS, ADDRESS, module, 0);
	return name;
}

static void
value(struct world *w, enum fact_kind kind, const char *subject, const char *text)
{
	told(w, kind, THING_SERVICE, subject, THING_NONE, NULL, text, 0);
}

static void
find(struct world *w)
{
	static const struct own_seed ours[] = { { .is = THING_DOMAIN, .name = { "unit-seiki.co.jp", 16 } },
						{ .is = THING_NETWORK, .name = { "192.0.2.0/24", 12 } } };
	const struct risk_options o = { .now = NOW, .index = w->index };
	w->risks = (struct risks){ .arena = &w->a };
	own_judge(&w->g, ours, COUNT(ours), NULL, 0);
	risk_find(&w->g, &o, &w->risks);
}

static const struct risk *
risk_of(struct world *w, const char *id)
{
	find(w);
	for (size_t i = 0; i < w->risks.list.count; i++)
		if (strcmp(w->risks.list.items[i].rule->id, id) == 0)
			return &w->risks.list.items[i];
	return NULL;
}

/* ---- services ---- */

static void
each_open_door_has_severity_evidence_and_advice(void **state)
{
	static const struct {
		const char *port, *module, *product, *title, *id;
		enum severity_of_risk severity;
		enum advice advice;
	} cases[] = {
		{ "3389/tcp", "rdp", "Remote Desktop Protocol\t", NULL, "exposed-remote-desktop", RISK_CRITICAL,
		  ADVICE_CLOSE },
		{ "13389/tcp", "rdp", "Remote Desktop Protocol\t", NULL, "exposed-remote-desktop", RISK_CRITICAL,
		  ADVICE_CLOSE },
		{ "445/tcp", "smb", "Samba smbd\t4.20.1", NULL, "exposed-smb", RISK_CRITICAL, ADVICE_CLOSE },
		{ "5900/tcp", "vnc", NULL, NULL, "exposed-vnc", RISK_CRITICAL, ADVICE_CLOSE },
		{ "23/tcp", "telnet", NULL, NULL, "exposed-telnet", RISK_CRITICAL, ADVICE_REMOVE },
		{ "3306/tcp", "mysql", NULL, NULL, "exposed-database", RISK_CRITICAL, ADVICE_CLOSE },
		{ "5432/tcp", "postgresql", NULL, NULL, "exposed-database", RISK_CRITICAL, ADVICE_CLOSE },
		{ "27017/tcp", "mongodb", NULL, NULL, "exposed-database", RISK_CRITICAL, ADVICE_CLOSE },
		{ "6379/tcp", "redis", NULL, NULL, "exposed-database", RISK_CRITICAL, ADVICE_CLOSE },
		{ "9200/tcp", "elastic", NULL, NULL, "exposed-database", RISK_CRITICAL, ADVICE_CLOSE },
		{ "104/tcp", "dicom", NULL, NULL, "exposed-dicom", RISK_CRITICAL, ADVICE_CLOSE },
		{ "8042/tcp", "http", "Orthanc\t", NULL, "exposed-dicom", RISK_CRITICAL, ADVICE_CLOSE },
		{ "2575/tcp", "hl7", NULL, NULL, "exposed-hl7", RISK_CRITICAL, ADVICE_CLOSE },
		{ "443/tcp", "https", NULL, "電子カルテ ログイン", "exposed-clinical-portal", RISK_HIGH, ADVICE_CLOSE },
		{ "443/tcp", "https", NULL, "OpenEMR Login", "exposed-clinical-portal", RISK_HIGH, ADVICE_CLOSE },
		{ "80/tcp", "http", NULL, "test01 phpinfo()", "test-page", RISK_MEDIUM, ADVICE_REMOVE },
		{ "80/tcp", "http", "Apache httpd\t2.2.15", NULL, "unsupported", RISK_HIGH, ADVICE_REMOVE },
		{ "80/tcp", "http", "Microsoft IIS httpd\t6.0", NULL, "unsupported", RISK_HIGH, ADVICE_REMOVE },
		{ "3306/tcp", "mysql", "MySQL\t5.5.62", NULL, "unsupported", RISK_HIGH, ADVICE_REMOVE },
		{ "443/tcp", "https", "NetScaler Gateway\t12.1", NULL, "unsupported", RISK_HIGH, ADVICE_REMOVE },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		WORLD;
		const char *name = service(w, cases[i].port, cases[i].module);
		if (cases[i].product)
			value(w, FACT_SERVICE_PRODUCT, name, cases[i].product);
		if (cases[i].title)
			value(w, FACT_SERVICE_TITLE, name, cases[i].title);
		const struct risk *r = risk_of(w, cases[i].id);
		if (!r)
			print_message("%s %s: no %s\n", cases[i].port, cases[i].module, cases[i].id);
		assert_non_null(r);
		assert_int_equal(r->rule->severity, cases[i].severity);
		assert_int_equal(r->rule->advice, cases[i].advice);
		assert_string_equal(arena_cstr(&w->a, graph_at(&w->g, r->node)->name), name);
		assert_true(r->edge != GRAPH_NONE && w->g.edges[r->edge].evidence.len > 0);
		assert_true(strlen(r->rule->says) > 10 && strlen(r->rule->act) > 10);
	}
}

static void
what_is_kept_up_is_no_risk(void **state)
{
	static const struct {
		const char *port, *module, *product, *title;
	} cases[] = {
		{ "443/tcp", "https", "nginx\t1.29.1", "Welcome to our hospital" },
		{ "80/tcp", "http", "Apache httpd\t2.4.62", "外来のご案内" },
		{ "443/tcp", "https", "Microsoft IIS httpd\t10.0", "Envelopes of a premium kind" },
		{ "443/tcp", "https", NULL, "myvpnx shopping" },
		{ "25/tcp", "smtp", "Postfix smtpd\t", NULL },
		{ "8080/tcp", "http", "Apache Tomcat\t10.1.30", "Bookshop" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		WORLD;
		const char *name = service(w, cases[i].port, cases[i].module);
		if (cases[i].product)
			value(w, FACT_SERVICE_PRODUCT, name, cases[i].product);
		if (cases[i].title)
			value(w, FACT_SERVICE_TITLE, name, cases[i].title);
		find(w);
		if (w->risks.list.count)
			print_message("%zu: %s\n", i, w->risks.list.items[0].rule->id);
		assert_int_equal(w->risks.list.count, 0);
	}
}

/* What support means depends on the day. */
static void
a_system_is_unsupported_from_its_day_on(void **state)
{
	WORLD;
	const char *name = service(w, "3389/tcp", "rdp");
	value(w, FACT_SERVICE_BANNER, name, "Windows Server 2012 R2");
	const struct risk *r = risk_of(w, "unsupported");
	assert_non_null(r);
	assert_true(str_eq(r->detail, STR("Windows Server 2012 R2")));
	const struct risk_options before = { .now = INT64_C(1650000000000) }; /* 2022 */
	w->risks = (struct risks){ .arena = &w->a };
	risk_find(&w->g, &before, &w->risks);
	for (size_t i = 0; i < w->risks.list.count; i++)
		assert_string_not_equal(w->risks.list.items[i].rule->id, "unsupported");
}

/* ---- gateways ---- */

static void
gateways_are_told_by_banner_title_cpe_or_port(void **state)
{
	static const struct {
		const char *port, *product, *title, *cpe, *banner, *detail;
	} cases[] = {
		{ "443/tcp", "FortiGate-60F\t7.4.3", NULL, NULL, NULL, "Fortinet FortiGate-60F 7.4.3" },
		{ "443/tcp", "Connect Secure\t9.1R11", "Ivanti Connect Secure", NULL, NULL,
		  "Ivanti Connect Secure 9.1R11" },
		{ "443/tcp", "SMA 200\t10.2.0.2", NULL, "cpe:2.3:a:sonicwall:sma_200_firmware:10.2.0.2:*:*:*:*:*:*:*",
		  NULL, "SonicWall SMA 200 10.2.0.2" },
		{ "443/tcp", NULL, NULL, "cpe:2.3:o:fortinet:fortios:6.0.4:*:*:*:*:*:*:*", NULL,
		  "Fortinet fortios 6.0.4" },
		{ "443/tcp", "nginx\t", NULL, NULL, "HTTP/1.1 302 Found Location: /+webvpn+/index.html", "Cisco" },
		{ "443/tcp", NULL, "GlobalProtect Portal", NULL, NULL, "Palo Alto Networks" },
		{ "443/tcp", NULL, "BIG-IP logout page", NULL, NULL, "F5" },
		{ "443/tcp", NULL, "SSL VPN Service", NULL, NULL, "SSL VPN Service" },
		{ "500/udp", NULL, NULL, NULL, NULL, "" },
		{ "1723/tcp", NULL, NULL, NULL, NULL, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		WORLD;
		const char *name = service(w, cases[i].port, "");
		if (cases[i].product)
			value(w, FACT_SERVICE_PRODUCT, name, cases[i].product);
		if (cases[i].title)
			value(w, FACT_SERVICE_TITLE, name, cases[i].title);
		if (cases[i].cpe)
			value(w, FACT_SERVICE_CPE, name, cases[i].cpe);
		if (cases[i].banner)
			value(w, FACT_SERVICE_BANNER, name, cases[i].banner);
		const struct risk *r = risk_of(w, "vpn-gateway");
		if (!r)
			print_message("%zu\n", i);
		assert_non_null(r);
		assert_string_equal(arena_cstr(&w->a, r->detail), cases[i].detail);
		assert_int_equal(r->rule->advice, ADVICE_ASSESS);
	}
}

/* Two sources tell two products of one door: the one that says it is meant. */
static void
a_gateway_is_called_by_the_product_that_says_it(void **state)
{
	WORLD;
	const char *name = service(w, "443/tcp", "https");
	value(w, FACT_SERVICE_PRODUCT, name, "nginx\t1.29.0");
	value(w, FACT_SERVICE_PRODUCT, name, "SMA 200\t10.2.0.2");
	value(w, FACT_SERVICE_BANNER, name, "HTTP/1.1 200 OK Server: SonicWall SMA 200 10.2.0.2");
	const struct risk *r = risk_of(w, "vpn-gateway");
	assert_non_null(r);
	assert_true(str_eq(r->maker, STR("SonicWall")) && str_eq(r->model, STR("SMA 200")) &&
		    str_eq(r->version, STR("10.2.0.2")));
}

static void
a_gateway_is_told_by_its_makers_certificate(void **state)
{
	WORLD;
	const char *name = service(w, "10443/tcp", "https");
	told(w, FACT_SERVICE_CERTIFICATE, THING_SERVICE, name, THING_CERTIFICATE, CERTIFICATE, NULL, 0);
	told(w, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, CERTIFICATE, THING_ORGANISATION, "Fortinet", NULL, 0);
	value(w, FACT_SERVICE_PRODUCT, name, "xxxx\t7.2.1");
	const struct risk *r = risk_of(w, "vpn-gateway");
	assert_non_null(r);
	assert_true(str_eq(r->maker, STR("Fortinet")) && str_eq(r->version, STR("7.2.1")));
}

static void
a_name_alone_is_asked_about(void **state)
{
	WORLD;
	told(w, FACT_ADDRESS, THING_NAME, "vpn2.unit-seiki.co.jp", THING_ADDRESS, ADDRESS, NULL, 0);
	const struct risk *r = risk_of(w, "vpn-name");
	assert_non_null(r);
	assert_int_equal(r->rule->severity, RISK_INFO);
	/* Seen, it is the gateway that is told. */
	value(w, FACT_SERVICE_PRODUCT, service(w, "443/tcp", "https"), "FortiGate-60F\t7.6.2");
	assert_null(risk_of(w, "vpn-name"));
	assert_non_null(risk_of(w, "vpn-gateway"));
}

/* ---- versions and the index ---- */

#define RECORD(id, vendor, product, from, below) \
	"{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"" id \
	"\",\"state\":\"PUBLISHED\",\"dateUpdated\":\"2031-01-01T00:00:00Z\"},\"containers\":{\"cna\":{\"affected\":[" \
	"{\"vendor\":\"" vendor "\",\"product\":\"" product "\",\"cpes\":[\"cpe:2.3:" vendor ":" product \
	":*:*:*:*:*:*:*:*\"],\"versions\":[{\"version\":\"" from "\",\"lessThan\":\"" below \
	"\",\"status\":\"affected\",\"versionType\":\"custom\"}]}]}}}\n"

static const char feed[] = RECORD("CVE-2031-0002", "o:fortinet", "fortios", "7.2.0", "7.2.7")
	RECORD("CVE-2031-0003", "o:fortinet", "fortios", "7.2.0", "7.2.9")
		RECORD("CVE-2031-0004", "a:f5", "nginx", "1.0", "1.20");
static const char kev[] =
	"cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,"
	"knownRansomwareCampaignUse\n"
	"CVE-2031-0002,Fortinet,FortiOS,Out of bounds,2031-01-02,x,y,2031-01-23,Known\n";

static void
versions_are_held_against_kev_and_the_index(void **state)
{
	WORLD;
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *paths[] = { unit_path(state, "cve"), unit_path(state, "kev") };
	struct feed_report r[2];
	unit_put(state, "cve", str_of(feed));
	unit_put(state, "kev", str_of(kev));
	assert_true(feed_import(&o, paths, 2, r, &unit_err));
	assert_true(vuln_index_open(o.data, &w->index, &unit_err));
	const char *gate = service(w, "443/tcp", "https"), *web = service(w, "80/tcp", "http"),
		   *fine = service(w, "8443/tcp", "https");
	value(w, FACT_SERVICE_PRODUCT, gate, "FortiGate-60F\t7.2.4");
	value(w, FACT_SERVICE_CPE, web, "cpe:/a:f5:nginx:1.18.0");
	value(w, FACT_SERVICE_PRODUCT, fine, "FortiGate-60F\t7.2.9");
	const struct risk *known = risk_of(w, "known-exploited");
	assert_non_null(known);
	assert_true(str_eq(known->detail, STR("CVE-2031-0002")) && str_eq(known->more, STR("FortiGate-60F 7.2.4")));
	assert_int_equal(known->rule->severity, RISK_CRITICAL);
	assert_int_equal(known->rule->advice, ADVICE_PATCH);
	size_t count = 0;
	for (size_t i = 0; i < w->risks.list.count; i++) {
		const struct risk *k = &w->risks.list.items[i];
		const struct node *n = graph_at(&w->g, k->node);
		assert_false(str_eq(n->name, str_of(fine)) && k->rule->advice == ADVICE_PATCH);
		if (strcmp(k->rule->id, "vulnerable-version") != 0)
			continue;
		count++;
		bool is_web = str_eq(n->name, str_of(web));
		assert_true(str_eq(k->more, is_web ? STR("CVE-2031-0004") : STR("CVE-2031-0003")));
		assert_true(str_eq(k->detail, is_web ? STR("nginx 1.18.0") : STR("FortiGate-60F 7.2.4")));
	}
	assert_int_equal(count, 2);
	vuln_index_close(w->index);
}

/* ---- certificates ---- */

static const char *
shows(struct world *w)
{
	const char *name = service(w, "443/tcp", "https");
	told(w, FACT_ADDRESS, THING_NAME, "www.unit-seiki.co.jp", THING_ADDRESS, ADDRESS, NULL, 0);
	told(w, FACT_SERVICE_CERTIFICATE, THING_SERVICE, name, THING_CERTIFICATE, CERTIFICATE, NULL, 0);
	return name;
}

static void
certificates_that_end_or_are_weak(void **state)
{
	static const struct {
		int64_t until;
		const char *weak, *id;
	} cases[] = { { NOW - DAY, NULL, "certificate-expired" },
		      { NOW + 10 * DAY, NULL, "certificate-expires" },
		      { NOW + 100 * DAY, "rsa 1024", "certificate-weak" },
		      { NOW + 100 * DAY, "sha1", "certificate-weak" } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		WORLD;
		shows(w);
		told(w, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, CERTIFICATE, THING_NAME, "www.unit-seiki.co.jp", NULL,
		     1);
		told(w, FACT_CERTIFICATE_UNTIL, THING_CERTIFICATE, CERTIFICATE, THING_NONE, NULL, NULL, cases[i].until);
		if (cases[i].weak)
			told(w, FACT_CERTIFICATE_WEAK, THING_CERTIFICATE, CERTIFICATE, THING_NONE, NULL, cases[i].weak,
			     0);
		assert_non_null(risk_of(w, cases[i].id));
		assert_int_equal(w->risks.list.count, 1);
		assert_int_equal(w->risks.list.items[0].rule->advice, ADVICE_CONFIGURE);
	}
}

static void
a_certificate_must_name_what_points_to_it(void **state)
{
	WORLD;
	shows(w);
	told(w, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, CERTIFICATE, THING_NAME, "other.unit-seiki.co.jp", NULL, 1);
	const struct risk *r = risk_of(w, "certificate-name");
	assert_non_null(r);
	assert_true(str_eq(r->detail, STR("other.unit-seiki.co.jp")));
	/* An alias that people use, or a name with one label before the wildcard, is named. */
	told(w, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, CERTIFICATE, THING_NAME, "shop.unit-seiki.co.jp", NULL, 1);
	told(w, FACT_ALIAS, THING_NAME, "shop.unit-seiki.co.jp", THING_NAME, "www.unit-seiki.co.jp", NULL, 0);
	assert_null(risk_of(w, "certificate-name"));
}

static void
a_wildcard_names_one_label(void **state)
{
	WORLD;
	shows(w);
	told(w, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, CERTIFICATE, THING_NAME, "unit-seiki.co.jp", "wildcard", 1);
	assert_null(risk_of(w, "certificate-name"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_open_door_has_severity_evidence_and_advice),
		cmocka_unit_test(what_is_kept_up_is_no_risk),
		cmocka_unit_test(a_system_is_unsupported_from_its_day_on),
		cmocka_unit_test(gateways_are_told_by_banner_title_cpe_or_port),
		cmocka_unit_test(a_gateway_is_called_by_the_product_that_says_it),
		cmocka_unit_test(a_gateway_is_told_by_its_makers_certificate),
		cmocka_unit_test(a_name_alone_is_asked_about),
		unit_test_in_folder(versions_are_held_against_kev_and_the_index),
		cmocka_unit_test(certificates_that_end_or_are_weak),
		cmocka_unit_test(a_certificate_must_name_what_points_to_it),
		cmocka_unit_test(a_wildcard_names_one_label),
	};
	return cmocka_run_group_tests_name("surface/risk-service", tests, NULL, NULL);
}
