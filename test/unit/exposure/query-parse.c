/* The query language: what each form becomes, and what is said about those that are none. */
#include "world.h"

struct row {
	const char *query, *canonical;
};

static void
test_forms(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "apache", "data:\"apache\"" },
		{ "apache nginx", "(data:\"apache\" data:\"nginx\")" },
		{ "apache AND nginx", "(data:\"apache\" data:\"nginx\")" },
		{ "\"hello world\"", "data:\"hello world\"" },
		{ "'hello world'", "data:\"hello world\"" },
		{ "-tls:true", "-tls:true" },
		{ "!country:US", "-country:\"US\"" },
		{ "NOT country:US", "-country:\"US\"" },
		{ "port:80,443", "(port:80 OR port:443)" },
		{ "port:80..90", "port:80..90" },
		{ "port:>=1024", "port:1024.." },
		{ "port:<22", "port:..21" },
		{ "port:0,65535", "(port:0 OR port:65535)" },
		{ "port:60000..70000", "port:60000..70000" },
		{ "country:*", "country:*" },
		{ "country:J*", "country:J*" },
		{ "country:JP OR country:US port:22", "(country:\"JP\" OR (country:\"US\" port:22))" },
		{ "(country:JP OR country:US) port:22", "((country:\"JP\" OR country:\"US\") port:22)" },
		{ "city:\"San Diego,Austin\"",
		  "(city:\"San Diego\\,Austin\" OR city:\"San Diego\" OR city:\"Austin\")" },
		{ "org:\"Acme, Inc.\"", "org:\"Acme\\, Inc.\"" },
		{ "org:\"a\\,b\"", "org:\"a\\,b\"" },
		{ "net:192.0.2.77/24", "ip:192.0.2.0/24" },
		{ "ip:2001:db8::1", "ip:2001:db8::1/128" },
		{ "after:2026-01-02", "timestamp:2026-01-02T00:00:00Z.." },
		{ "before:02/01/2026", "timestamp:..2026-01-01T23:59:59.999Z" },
		{ "has_screenshot:false", "-screenshot:true" },
		{ "has_vuln:true", "vuln:*" },
		{ "os:any:Linux", "(os:\"Linux\" OR os.inferred:\"Linux\")" },
		{ "os.any:Linux", "(os:\"Linux\" OR os.inferred:\"Linux\")" },
		{ "os:Linux,any:BSD", "(os:\"Linux\" OR (os:\"BSD\" OR os.inferred:\"BSD\"))" },
		{ "asn:4713", "asn:\"AS4713\"" },
		{ "title:\"Orthanc Explorer\"", "http.title:\"Orthanc Explorer\"" },
		{ "hostname:example.jp", "hostname:\"example.jp\"" },
		{ "product:Micro*", "product:Micro*" },
		{ "dermato*", "data:dermato*" },
		{ "all:皮膚科", "all:\"皮膚科\"" },
		{ "皮膚科　内科", "(data:\"皮膚科\" data:\"内科\")" },
		{ "http.favicon.hash:-236942626", "http.favicon.hash:-236942626" },
		{ "geo:35.6,139.7,10", "geo:35.600000,139.700000,10.000" },
		{ "telnet.option:ECHO",
		  "(telnet.do:\"ECHO\" OR telnet.dont:\"ECHO\" OR telnet.will:\"ECHO\" OR telnet.wont:\"ECHO\")" },
		{ "latitude:>=35.6", "latitude:35.600000.." },
		{ "longitude:-1.5..139", "longitude:-1.500000..139.000000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO out = { 0 };
		struct query *q;
		struct err e = { 0 };
		if (!query_parse(&a, str_of(rows[i].query), &q, &e))
			fail_msg("%s: %s", rows[i].query, e.text);
		query_write(q, &out);
		assert_string_equal(buf_cstr(&out), rows[i].canonical);
	}
}

static void
test_errors_point_at_the_column(void **state)
{
	static const struct {
		const char *query;
		size_t at;
		const char *says;
	} rows[] = {
		{ "country:JP contry:US", 11, "column 12: unknown filter contry; did you mean country?" },
		{ "皮膚科 \"x", 10, "column 5: the quotation mark has no partner" },
		{ "(port:80", 0, "column 1: the parenthesis has no partner" },
		{ "port:80)", 7, "column 8: the parenthesis has no partner" },
		{ "port:", 5, "column 6: a value is missing behind port:" },
		{ "port:eighty", 5, "column 6: port takes a number" },
		{ "port:99999999999999999999", 5, "column 6: port takes a number" },
		{ "port:70000", 5, "column 6: port lies between 0 and 65535, and “70000” does not" },
		{ "tls:true port:80,-1", 17, "column 18: port lies between 0 and 65535" },
		{ "port:>=65536", 5, "column 6: port lies between 0 and 65535" },
		{ "port:90..80", 5, "column 6: nothing lies in the range “90..80”" },
		{ "after:2026-01-02 timestamp:2026-02-01..2026-01-01", 27, "column 28: nothing lies in the range" },
		{ "latitude:91", 9, "column 10: latitude lies between -90 and 90" },
		{ "transport:http", 10, "column 11: transport is tcp, udp, sctp or other" },
		{ "after:yesterday", 6, "column 7: after takes a date" },
		{ "after:31/02/2026", 6, "column 7: after takes a date" },
		{ "net:300.1.1.1", 4, "column 5: net takes an address" },
		{ "net:10.0.0.0/33", 4, "column 5: net takes an address" },
		{ "tls:perhaps", 4, "column 5: tls takes true or false" },
		{ "geo:1", 4, "column 5: geo takes" },
		{ "a OR", 4, "column 5: a term is missing" },
		{ "-", 0, "column 1: nothing stands behind the negation" },
		{ "\"...\"", 0, "column 1: there is no word" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct query *q;
		struct err e = { 0 };
		size_t at = SIZE_MAX;
		assert_false(query_parse_at(&a, str_of(rows[i].query), &q, &at, &e));
		assert_int_equal(e.code, ERR_INPUT);
		if (!str_starts(str_of(e.text), str_of(rows[i].says)))
			fail_msg("%s: %s", rows[i].query, e.text);
		assert_int_equal(at, rows[i].at);
	}
}

static void
assert_refused(struct str text, const char *says)
{
	ARENA_AUTO a = { 0 };
	struct query *q;
	struct err e = { 0 };

	assert_false(query_parse(&a, text, &q, &e));
	if (!str_contains(str_of(e.text), str_of(says)))
		fail_msg("%s", e.text);
}

static void
test_monsters_are_refused(void **state)
{
	BUF_AUTO text = { 0 };

	for (unsigned i = 0; i < 100000; i++)
		buf_add_char(&text, '(');
	assert_refused(buf_str(&text), "nested too deeply");
	text.len = 0;
	for (unsigned i = 0; i < 100; i++)
		buf_add_char(&text, '-');
	buf_add_char(&text, 'x');
	assert_refused(buf_str(&text), "nested too deeply");
	text.len = 0;
	while (text.len < 900000)
		buf_addf(&text, "a ");
	assert_refused(buf_str(&text), "too many terms");
	while (text.len <= 1 << 20)
		buf_addf(&text, "a ");
	assert_refused(buf_str(&text), "larger than 1 MB");
	assert_refused(STR("\xff"), "UTF-8");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_errors_point_at_the_column),
		cmocka_unit_test(test_monsters_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
