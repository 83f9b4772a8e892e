/* Censys' answers (version 2) as facts. */
#include "surface/read.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char host[] =
	"{\"code\":200,\"status\":\"OK\",\"result\":{\"ip\":\"192.0.2.1\",\"services\":[{\"port\":443,\"service_name\":"
	"\"HTTP\","
	"\"extended_service_name\":\"HTTPS\",\"transport_protocol\":\"TCP\",\"observed_at\":\"2026-11-01T00:00:00."
	"123456789Z\","
	"\"banner\":\"HTTP/1.1 200 OK\\r\\nServer: "
	"nginx\",\"software\":[{\"product\":\"nginx\",\"vendor\":\"nginx\",\"version\":"
	"\"1.18.0\",\"uniform_resource_identifier\":\"cpe:2.3:a:nginx:nginx:1.18.0:*:*:*:*:*:*:*\"},{\"product\":"
	"\"linux\"}],"
	"\"http\":{\"response\":{\"html_title\":\"Patient "
	"portal\"}},\"tls\":{\"certificates\":{\"leaf_fp_sha_256\":\"" PRINT
	"\",\"leaf_data\":{\"names\":[\"*.example.jp\",\"portal.example.jp\",\"192.0.2.1\"],\"subject\":{"
	"\"organization\":["
	"\"Sakura Hospital\"]},\"issuer_dn\":\"C=US, O=Example, CN=CA\"}}}},{\"port\":53,\"service_name\":\"UNKNOWN\","
	"\"transport_protocol\":\"UDP\"},{\"port\":8443,\"service_name\":\"HTTP\",\"transport_protocol\":\"QUIC\"}],"
	"\"location\":{\"country_code\":\"JP\"},\"autonomous_system\":{\"asn\":64500,\"name\":\"SAKURA-AS\",\"bgp_"
	"prefix\":"
	"\"192.0.2.0/"
	"24\",\"country_code\":\"JP\"},\"dns\":{\"names\":[\"portal.example.jp\"],\"reverse_dns\":{\"names\":["
	"\"host1.example.net\"]}},\"labels\":[\"remote-access\"],\"last_updated_at\":\"2026-11-02T00:00:00Z\"}}";

static void
a_host(void **state)
{
	static const char at[] = "192.0.2.1 443/tcp";
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_censys(&f, STR("address 192.0.2.1"), str_of(host));
	SAYS(&f, FACT_SERVICE, at, "192.0.2.1", "https");
	assert_true(fact_of(&f, FACT_SERVICE, at, NULL, NULL)->seen == time_days(2026, 11, 1) * 86400000LL + 123);
	SAYS(&f, FACT_SERVICE, "192.0.2.1 53/udp", "192.0.2.1", "");
	SAYS(&f, FACT_SERVICE, "192.0.2.1 8443/udp", "192.0.2.1", "http");
	assert_int_equal(count_of(&f, FACT_SERVICE_PRODUCT), 1);
	SAYS(&f, FACT_SERVICE_PRODUCT, at, "", "nginx\t1.18.0");
	SAYS(&f, FACT_SERVICE_CPE, at, "", "cpe:2.3:a:nginx:nginx:1.18.0:*:*:*:*:*:*:*");
	SAYS(&f, FACT_SERVICE_TITLE, at, "", "Patient portal");
	SAYS(&f, FACT_SERVICE_BANNER, at, "", "HTTP/1.1 200 OK");
	SAYS(&f, FACT_SERVICE_CERTIFICATE, at, PRINT, "");
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 2);
	SAYS(&f, FACT_CERTIFICATE_NAME, PRINT, "example.jp", "wildcard");
	SAYS(&f, FACT_CERTIFICATE_ORGANISATION, PRINT, "Sakura Hospital", "");
	SAYS(&f, FACT_CERTIFICATE_ISSUER, PRINT, "", "C=US, O=Example, CN=CA");
	SAYS(&f, FACT_IN_AS, "192.0.2.1", "AS64500", "");
	SAYS(&f, FACT_IN_AS, "192.0.2.0/24", "AS64500", "");
	SAYS(&f, FACT_HOLDER, "AS64500", "SAKURA-AS", "JP");
	SAYS(&f, FACT_COUNTRY, "192.0.2.1", "", "JP");
	SAYS(&f, FACT_NAME_SEEN, "host1.example.net", "192.0.2.1", "");
	SAYS(&f, FACT_TAG, "192.0.2.1", "", "remote-access");
	assert_int_equal(f.bad, 0);
	assert_true(facts_are_sound(&f));
	f = (struct facts){ .arena = &a };
	read_censys(&f, STR("address 192.0.2.2"), str_of(host));
	assert_true(f.count == 0 && f.bad == 1);
}

static void
a_search(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_censys(&f, STR("search example"),
		    STR("{\"code\":200,\"result\":{\"query\":\"x\",\"total\":2,\"hits\":[{\"ip\":\"192.0.2.1\","
			"\"services\":[{"
			"\"port\":3389,\"service_name\":\"RDP\",\"transport_protocol\":\"TCP\",\"certificate\":\"" PRINT
			"\"}]},{\"ip\":\"2001:db8::7\",\"services\":[]},7],\"links\":{\"next\":\"\"}}}"));
	SAYS(&f, FACT_SERVICE, "192.0.2.1 3389/tcp", "192.0.2.1", "rdp");
	SAYS(&f, FACT_SERVICE_CERTIFICATE, "192.0.2.1 3389/tcp", PRINT, "");
	assert_int_equal(f.bad, 1);
}

static void
hostile(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"code\":404,\"error\":\"not found\"}",
		"{\"result\":[]}",
		"{\"result\":{\"hits\":[[],{}]}}",
		"{\"result\":{\"ip\":\"192.0.2.1\",\"services\":[{},7,{\"port\":-1},{\"port\":1,\"software\":[7,{"
		"\"product\":{}}],"
		"\"tls\":{\"certificates\":{\"leaf_fp_sha_256\":\"zz\",\"leaf_data\":{\"names\":7}}}}],\"autonomous_"
		"system\":{"
		"\"asn\":99999999999,\"bgp_prefix\":\"x\"},\"location\":{\"country_code\":\"\\u0000\\u0001\"},\"dns\":"
		"7}}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_censys(&f, STR("address 192.0.2.1"), str_of(bad[i]));
		assert_true(facts_are_sound(&f));
		assert_true(f.bad > 0);
		assert_true(f.count <= 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_host), cmocka_unit_test(a_search),
					    cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
