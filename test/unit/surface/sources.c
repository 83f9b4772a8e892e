/* The sources file: defaults, every key, and what is wrong with its line. */
#include "surface/sources.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EQUAL(got, want) assert_true(str_eq((got), STR(want)))

static void
defaults(void **state)
{
	struct sources s;
	(void)state;
	memset(&s, 0xff, sizeof(s));
	sources_default(&s);
	EQUAL(s.whois, "whois.iana.org:43");
	EQUAL(s.rdap_bootstrap, "https://data.iana.org/rdap");
	EQUAL(s.rdap_search, "");
	EQUAL(s.crtsh, "https://crt.sh");
	EQUAL(s.internetdb, "https://internetdb.shodan.io");
	assert_int_equal(s.resolver_count, 0);
	assert_int_equal(s.ct_log_count, 0);
	assert_int_equal(s.whois_host_count, 0);
	for (size_t i = 0; i < SERVICES; i++) {
		enum service back = SERVICES;
		assert_false(s.disabled[i]);
		/* Polite: nobody but resolvers (and ourselves) is asked more than a few times a second. */
		assert_true(s.rate[i] > 0 && (i == SERVICE_DNS || i == SERVICE_EXPOSURE || s.rate[i] <= 5));
		assert_true(i == SERVICE_EXPOSURE ? s.cache_ms[i] == 0 : s.cache_ms[i] >= 3600 * 1000);
		assert_true(service_parse(str_of(service_name((enum service)i)), &back));
		assert_int_equal(back, i);
	}
	enum service kept = SERVICE_CT;
	assert_false(service_parse(STR("DNS"), &kept));
	assert_int_equal(kept, SERVICE_CT);
}

static void
everything(void **state)
{
	static const char yaml[] = "# where the test asks\n"
				   "resolver: [192.0.2.53:5353, 192.0.2.54, '[2001:db8::53]:53', 2001:db8::54]\n"
				   "whois: 127.0.0.1:4343\n"
				   "whois-hosts:\n"
				   "  Whois.JPRS.jp: 127.0.0.1:4344\n"
				   "  whois.nic.example: localhost\n"
				   "rdap-bootstrap: http://127.0.0.1:8080/rdap/\n"
				   "rdap-search: http://127.0.0.1:8080/search/\n"
				   "crtsh: http://127.0.0.1:8081\n"
				   "ct-logs:\n"
				   "  - {url: http://127.0.0.1:8082/log/, kind: rfc6962}\n"
				   "  - url: https://tiles.example/2026h2\n"
				   "    kind: static\n"
				   "internetdb: http://127.0.0.1:8083\n"
				   "shodan: http://127.0.0.1:8084\n"
				   "censys: http://127.0.0.1:8085\n"
				   "disabled: [page, exposure]\n"
				   "rate: {dns: 500, crtsh: 0.05}\n"
				   "cache: {dns: 12h, whois: 30d, ct: 0}\n";
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct sources s;
	(void)state;
	char *copy = strdup(yaml);
	if (!sources_load(&a, str_of(copy), "sources.yaml", &s, &e))
		fail_msg("%s", e.text);
	memset(copy, 'x', strlen(copy)); /* nothing points into the text */
	free(copy);
	assert_int_equal(s.resolver_count, 4);
	EQUAL(s.resolvers[0], "192.0.2.53:5353");
	EQUAL(s.resolvers[1], "192.0.2.54:53");
	EQUAL(s.resolvers[2], "[2001:db8::53]:53");
	EQUAL(s.resolvers[3], "[2001:db8::54]:53");
	EQUAL(s.whois, "127.0.0.1:4343");
	assert_int_equal(s.whois_host_count, 2);
	EQUAL(s.whois_hosts[0].name, "whois.jprs.jp");
	EQUAL(s.whois_hosts[0].at, "127.0.0.1:4344");
	EQUAL(s.whois_hosts[1].at, "localhost:43");
	EQUAL(s.rdap_bootstrap, "http://127.0.0.1:8080/rdap");
	EQUAL(s.rdap_search, "http://127.0.0.1:8080/search");
	EQUAL(s.crtsh, "http://127.0.0.1:8081");
	assert_int_equal(s.ct_log_count, 2);
	EQUAL(s.ct_logs[0].url, "http://127.0.0.1:8082/log");
	assert_false(s.ct_logs[0].tiles);
	assert_true(s.ct_logs[1].tiles);
	EQUAL(s.internetdb, "http://127.0.0.1:8083");
	EQUAL(s.shodan, "http://127.0.0.1:8084");
	EQUAL(s.censys, "http://127.0.0.1:8085");
	assert_true(s.disabled[SERVICE_PAGE] && s.disabled[SERVICE_EXPOSURE] && !s.disabled[SERVICE_DNS]);
	assert_true(s.rate[SERVICE_DNS] == 500 && s.rate[SERVICE_CRTSH] == 0.05 && s.rate[SERVICE_RDAP] == 1);
	assert_true(s.cache_ms[SERVICE_DNS] == 12 * 3600000LL && s.cache_ms[SERVICE_WHOIS] == 30 * 86400000LL);
	assert_true(s.cache_ms[SERVICE_CT] == 0);
}

static void
empty(void **state)
{
	static const char *const files[] = { "",     "# nothing\n", "---\n",
					     "\n\n", "{}\n",        "---\ncrtsh: https://crt.sh\n...\n" };
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct sources s;
		if (!sources_load(&a, str_of(files[i]), "f", &s, &e))
			fail_msg("%zu: %s", i, e.text);
		EQUAL(s.crtsh, "https://crt.sh");
	}
}

static const struct {
	const char *yaml, *says; /* all of these words, parted by "|" */
} faults[] = {
	{ "resolver: 192.0.2.53\nresolvers: 192.0.2.53\n", "f.yaml, line 2|“resolvers”|“resolver”" },
	{ "\n\ncrt-sh: https://crt.sh\n", "line 3|“crt-sh”|did you mean “crtsh”" },
	{ "zebra: 1\n", "line 1|the keys are resolver, whois, whois-hosts" },
	{ "whois: a:43\nwhois: b:43\n", "line 2|second time|line 1" },
	{ "resolver: [192.0.2.53, dns.example]\n", "line 1|“dns.example" },
	{ "resolver: 192.0.2.53:0\n", "line 1|192.0.2.53:0" },
	{ "resolver: 192.0.2.53:99999\n", "line 1|99999" },
	{ "resolver: {a: b}\n", "line 1|resolver" },
	{ "whois: ''\n", "line 1|whois" },
	{ "whois: a b\n", "line 1|“a b" },
	{ "whois-hosts: [a]\n", "line 1|key: value" },
	{ "whois-hosts:\n  a.example: 'x:y'\n", "line 2|x:y" },
	{ "crtsh: crt.sh\n", "line 1|https://" },
	{ "crtsh: ftp://crt.sh/\n", "line 1|ftp://crt.sh/" },
	{ "crtsh: https://user:secret@crt.sh/\n", "line 1|crtsh" },
	{ "crtsh: https:///x\n", "line 1|crtsh" },
	{ "crtsh: https://crt.sh/?q=\n", "line 1|crtsh" },
	{ "crtsh: \"https://crt.sh/\\n\\tx\"\n", "line 1|crtsh" },
	{ "ct-logs:\n  - kind: static\n", "line 2|url" },
	{ "ct-logs:\n  - url: https://a.example\n    kind: rfc9162\n", "line 3|rfc9162|rfc6962 or static" },
	{ "ct-logs:\n  - url: https://a.example\n    sort: static\n", "line 3|sort" },
	{ "disabled: [dns, whoi]\n", "line 1|“whoi”" },
	{ "rate: {dns: fast}\n", "line 1|“fast”" },
	{ "rate: {dns: 0}\n", "line 1|“0”" },
	{ "rate: {dns: -1}\n", "line 1|“-1”" },
	{ "rate: {dns: .nan}\n", "line 1|.nan" },
	{ "rate: {dns: 1e99}\n", "line 1|1e99" },
	{ "rate: {dnss: 1}\n", "line 1|“dnss”|“dns”" },
	{ "cache: {dns: soon}\n", "line 1|“soon”" },
	{ "cache: {dns: 9999999d}\n", "line 1|9999999d" },
	{ "cache: {dns: [1d]}\n", "line 1|an answer may count" },
	{ "- a\n- b\n", "line 1|key: value" },
	{ "just text\n", "line 1|key: value" },
	{ "[a, b]: c\n", "line 1|a key is to be a word" },
	{ "crtsh: https://a.example\n---\ncrtsh: https://b.example\n", "more than one document" },
	{ "crtsh: [\n", "line |no YAML" },
	{ "\tcrtsh: x\n", "line 1|no YAML" },
	{ "crtsh: \xff\xfe\n", "f.yaml|UTF-8" },
	{ "a: &x [*x]\n", "line 1|“a”" },
	{ "resolver: &x [*x]\n", "line 1|resolver" },
	{ "whois-hosts: &x {a: *x}\n", "line 1|whois-hosts" },
};

static void
refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct sources s;
		struct str rest = str_of(faults[i].says), part;
		memset(&s, 0x5a, sizeof(s));
		if (sources_load(&a, str_of(faults[i].yaml), "f.yaml", &s, &e))
			fail_msg("taken: %s", faults[i].yaml);
		assert_int_equal(e.code, ERR_INPUT);
		while (str_cut(&rest, '|', &part))
			if (!str_contains(str_of(e.text), part))
				fail_msg("%s\"%s\" lacks \"%.*s\"", faults[i].yaml, e.text, STR_ARG(part));
		/* Nothing was written. */
		assert_int_equal(((const unsigned char *)&s)[0], 0x5a);
	}
}

static void
sizes(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct sources s;
	(void)state;
	for (size_t i = 0; i < 70000; i++)
		buf_add_char(&b, '[');
	assert_false(sources_load(&a, buf_str(&b), "f", &s, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	b.len = 0;
	for (size_t i = 0; i < 5000; i++)
		buf_add_char(&b, '[');
	assert_false(sources_load(&a, buf_str(&b), "f", &s, &e));
	assert_int_equal(e.code, ERR_INPUT);
	b.len = 0;
	buf_add(&b, STR("resolver: ["));
	for (size_t i = 0; i < 65; i++)
		buf_addf(&b, "192.0.2.%zu, ", i);
	buf_add(&b, STR("]\n"));
	assert_false(sources_load(&a, buf_str(&b), "f", &s, &e));
	assert_int_equal(e.code, ERR_INPUT);
	b.len = 0;
	buf_add(&b, STR("whois-hosts:\n"));
	for (size_t i = 0; i < 501; i++)
		buf_addf(&b, " a%zu: b\n", i);
	assert_false(sources_load(&a, buf_str(&b), "f", &s, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_false(sources_load(&a, str_sub("crtsh: h\0x\n", 11), "f", &s, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(everything), cmocka_unit_test(empty),
		cmocka_unit_test(refusals), cmocka_unit_test(sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
