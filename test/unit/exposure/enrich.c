/* What is inferred, and how sure: a table of banners and what they let one conclude. What the source stated stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../known.h"
#include "base/json.h"
#include "base/time.h"
#include "exposure/enrich-redact.h"
#include "exposure/enrich-rules.h"
#include "os/file.h"

#include <sys/stat.h>
#include <unistd.h>

struct fact {
	enum field field;
	const char *text;
	int64_t number;
};

struct example {
	const char *date;
	uint16_t port;
	struct fact facts[4];
	const char *inferred; /* must be there: "os.inferred=Windows XP class=pacs"; "!x=y" must not */
};

static const struct example examples[] = {
	{ "2017-02-01",
	  80,
	  { { FIELD_DATA, "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/7.5\r\n\r\n", 0 } },
	  "os.inferred=Windows Server 2008 R2 support=extended leaks=version" },
	{ "2020-01-14", 80, { { FIELD_DATA, "Server: Microsoft-IIS/7.5\r\n", 0 } }, "support=extended" },
	{ "2020-01-15", 80, { { FIELD_DATA, "Server: Microsoft-IIS/7.5\r\n", 0 } }, "support=ended" },
	{ "2014-04-08", 80, { { FIELD_OS, "Windows XP", 0 } }, "support=extended leaks=os !os.inferred=Windows XP" },
	{ "2014-04-09", 80, { { FIELD_OS, "Windows XP", 0 } }, "support=ended" },
	{ "2026-01-01",
	  22,
	  { { FIELD_DATA, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", 0 } },
	  "os.inferred=Debian 12 support=mainstream" },
	{ "2026-01-01",
	  22,
	  { { FIELD_DATA, "SSH-2.0-OpenSSH_7.6p1 Ubuntu-4ubuntu0.7\r\n", 0 } },
	  "os.inferred=Ubuntu 18.04 support=ended" },
	{ "2026-01-01", 11112, { { FIELD_DATA, "DICOM Server Response\n", 0 } }, "class=dicom" },
	{ "2026-01-01", 11112, { { FIELD_DATA, "nothing", 0 } }, "class=dicom" }, /* the port alone, and weak */
	{ "2026-01-01", 443, { { FIELD_TITLE, "Orthanc Explorer", 0 } }, "class=pacs" },
	{ "2026-01-01", 443, { { FIELD_HTTP_FAVICON_HASH, NULL, 398467600 } }, "class=pacs" },
	{ "2026-01-01", 443, { { FIELD_TITLE, "Sprengstoff PACSman", 0 } }, "!class=pacs" },
	{ "2026-01-01", 443, { { FIELD_TITLE, "EMR login", 0 } }, "class=emr" },
	{ "2026-01-01", 443, { { FIELD_TITLE, "電子カルテシステム", 0 } }, "class=emr" },
	{ "2026-01-01", 2575, { { FIELD_DATA, "\x0bMSH|^~\\&|A|B", 0 } }, "class=hl7" },
	{ "2026-01-01", 80, { { FIELD_DEVICE, "printer", 0 } }, "class=office" },
	{ "2026-01-01", 47808, { { FIELD_DATA, "Instance ID: 5", 0 } }, "class=facility" },
	{ "2026-01-01", 443, { { FIELD_TITLE, "Citrix Gateway", 0 } }, "class=network" },
	{ "2026-01-01", 443, { { FIELD_ORG, "東京皮膚科クリニック", 0 } }, "specialty=dermatology org.kind=clinic" },
	{ "2026-01-01", 443, { { FIELD_TITLE, "Dermatology Associates", 0 } }, "specialty=dermatology" },
	{ "2026-01-01", 443, { { FIELD_DATA, "国立がんセンター腫瘍内科", 0 } }, "specialty=oncology" },
	{ "2026-01-01", 443, { { FIELD_ORG, "St. Mary Hospital", 0 } }, "org.kind=hospital" },
	{ "2026-01-01", 443, { { FIELD_ORG, "Universitätsklinikum Köln", 0 } }, "org.kind=hospital" },
	{ "2026-01-01", 443, { { FIELD_HOSTNAME, "www.med.kyoto-u.ac.jp", 0 } }, "org.kind=university" },
	{ "2026-01-01", 443, { { FIELD_ORG, "Comcast Cable", 0 } }, "org.kind=isp" },
	{ "2026-01-01", 80, { { FIELD_TITLE, "Index of /backup", 0 } }, "leaks=directory-listing" },
	{ "2026-01-01", 80, { { FIELD_TITLE, "The Index of /x", 0 } }, "!leaks=directory-listing" },
	{ "2026-01-01", 445, { { FIELD_SMB_SHARE, "scans", 0 } }, "leaks=shares" },
	{ "2026-01-01", 21, { { FIELD_FTP_ANONYMOUS, NULL, 0 } }, "!leaks=anonymous-login" },
	{ "2026-01-01", 21, { { FIELD_FTP_ANONYMOUS, NULL, 1 } }, "leaks=anonymous-login" },
	{ "2026-01-01", 161, { { FIELD_SNMP_LOCATION, "Ward 3", 0 } }, "leaks=location" },
	{ "2026-01-01", 443, { { FIELD_SSL_CERT_EXPIRES, NULL, INT64_C(1700000000000) } }, "ssl.cert.expired=1" },
	{ "2020-01-01", 443, { { FIELD_SSL_CERT_EXPIRES, NULL, INT64_C(1700000000000) } }, "ssl.cert.expired=0" },
	{ "2026-01-01", 443, { { FIELD_SSL_CIPHER_NAME, "X", 0 } }, "tls=1" },
	{ "2026-01-01", 443, { { FIELD_TLS, NULL, 0 }, { FIELD_SSL_CIPHER_NAME, "X", 0 } }, "!tls=1" },
	{ "2026-01-01",
	  80,
	  { { FIELD_DATA, "Server: Apache/2.4.41 (Ubuntu)\r\n", 0 },
	    { FIELD_TITLE, "IIS", 0 },
	    { FIELD_HTTP_SERVER, "Microsoft-IIS/8.5", 0 } },
	  "honeypot=1" },
	{ "2026-01-01", 80, { { FIELD_TAG, "honeypot", 0 } }, "honeypot=1" },
};

static void
write_values(const struct banner *b, size_t from, struct buf *out)
{
	for (size_t i = from; i < b->count; i++) {
		const struct banner_value *v = &b->values[i];
		assert_in_range(v->confidence, 1, 100);
		if (v->text.ptr)
			buf_addf(out, "|%s=%.*s|", field_table[v->field].name, STR_ARG(v->text));
		else
			buf_addf(out, "|%s=%lld|", field_table[v->field].name, (long long)v->number);
	}
}

static void
check_example(const struct enrich_rules *r, const struct example *x)
{
	struct arena a = { 0 };
	struct banner_value values[4] = { 0 };
	struct banner b = { .port = x->port, .values = values };
	BUF_AUTO found = { 0 };
	assert_true(time_parse(str_of(x->date), &b.timestamp));
	b.timestamp += 3600000;
	for (; b.count < 4 && (x->facts[b.count].text || x->facts[b.count].number || x->facts[b.count].field);
	     b.count++)
		values[b.count] = (struct banner_value){ .field = x->facts[b.count].field,
							 .text = str_of(x->facts[b.count].text),
							 .number = x->facts[b.count].number };
	size_t stated = b.count;
	enrich_banner(r, &a, &b);
	assert_memory_equal(b.values, values, stated * sizeof(values[0]));
	write_values(&b, stated, &found);
	struct str rest = str_of(x->inferred);
	/* Values hold blanks: an expectation ends where the next "name=" begins. */
	while (rest.len > 0) {
		bool not = rest.ptr[0] == '!';
		rest = str_skip(rest, not );
		size_t end = 1;
		while (end < rest.len) {
			struct str next = str_skip(rest, end + 1);
			ptrdiff_t blank = str_find_char(next, ' '), equals = str_find_char(next, '=');
			if (rest.ptr[end] == ' ' && equals > 0 && (blank < 0 || blank > equals))
				break;
			end++;
		}
		BUF_AUTO wanted = { 0 };
		buf_addf(&wanted, "|%.*s|", STR_ARG(str_head(rest, end)));
		if (str_contains(buf_str(&found), buf_str(&wanted)) == not )
			fail_msg("%s%s in %s (%s)", not ? "unwanted " : "no ", buf_cstr(&wanted), buf_cstr(&found),
				 x->inferred);
		rest = str_skip(rest, end + 1);
	}
	arena_free(&a);
}

static void
test_examples(void **state)
{
	struct enrich_rules *r;
	struct err e = { 0 };
	assert_true(enrich_open(NULL, &r, &e));
	assert_true(enrich_version(r).len > 0);
	for (size_t i = 0; i < COUNT(examples); i++)
		check_example(r, &examples[i]);
	enrich_close(r);
}

/* Every rule says something that can be seen: its own pattern, where it looks, gives its value. */
static void
test_every_rule_can_fire(void **state)
{
	static const struct {
		unsigned where;
		enum field field;
	} places[] = { { WHERE_DATA, FIELD_DATA },         { WHERE_TITLE, FIELD_TITLE },
		       { WHERE_HTML, FIELD_HTML },         { WHERE_ORG, FIELD_ORG },
		       { WHERE_NAME, FIELD_HOSTNAME },     { WHERE_SERVER, FIELD_HTTP_SERVER },
		       { WHERE_PRODUCT, FIELD_PRODUCT },   { WHERE_OS, FIELD_OS },
		       { WHERE_SNMP, FIELD_SNMP_CONTACT }, { WHERE_MODULE, FIELD_MODULE },
		       { WHERE_DEVICE, FIELD_DEVICE },     { WHERE_TAG, FIELD_TAG } };
	static const enum field fields[GROUPS] = { [GROUP_OS] = FIELD_OS_INFERRED,
						   [GROUP_CLASS] = FIELD_CLASS,
						   [GROUP_SPECIALTY] = FIELD_SPECIALTY,
						   [GROUP_KIND] = FIELD_ORG_KIND,
						   [GROUP_LEAK] = FIELD_LEAKS,
						   [GROUP_HONEYPOT] = FIELD_HONEYPOT,
						   [GROUP_PRODUCT] = FIELD_PRODUCT_INFERRED };
	struct enrich_rules *r;
	struct err e = { 0 };
	size_t checked = 0;
	assert_true(enrich_open(NULL, &r, &e));
	for (size_t i = 0; i < r->rules.count; i++) {
		const struct rule *rule = &r->rules.items[i];
		if (rule->how > HOW_STARTS)
			continue;
		for (size_t p = 0; p < COUNT(places); p++) {
			struct arena a = { 0 };
			struct banner_value v = { .field = places[p].field, .text = rule->pattern };
			struct banner b = { .port = 1, .values = &v, .count = 1 };
			bool found = false;
			if (!(rule->where & places[p].where))
				continue;
			enrich_banner(r, &a, &b);
			for (size_t k = 1; k < b.count; k++)
				found = found || b.values[k].field == fields[rule->group];
			/* A system is not inferred where the source's own word for it is what was looked at. */
			if (!found && !(rule->group == GROUP_OS && places[p].where == WHERE_OS))
				fail_msg("rule %zu (%.*s) says nothing", i, STR_ARG(rule->pattern));
			checked++;
			arena_free(&a);
		}
	}
	assert_true(checked > 1000);
	enrich_close(r);
}

static void
test_redaction(void **state)
{
	static const struct {
		const char *text, *redacted;
	} cases[] = {
		{ "PID|1|x|4711^^^H||Yamada^Taro||19500203|M|||Tokyo 1-2||03-1234",
		  "PID|1|x|[redacted]||[redacted]||[redacted]|M|||[redacted]||[redacted]" },
		{ "(0010,0010) PN [DOE^JOHN]\n(0010,0030) DA [19500203]",
		  "(0010,0010) PN [[redacted]]\n(0010,0030) DA [[redacted]]" },
		{ "{\"PatientName\": \"Doe\", \"PatientBirthDate\": \"1950-02-03\"}",
		  "{\"PatientName\": \"[redacted]\", \"PatientBirthDate\": \"[redacted]\"}" },
		{ "患者氏名：山田太郎\n生年月日: 昭和25年2月3日\n", "患者氏名：[redacted]\n生年月日: [redacted]\n" },
		{ "The patient named his name.", "The patient named his name." },
		{ "HTTP/1.1 200 OK\r\nServer: nginx\r\n", "HTTP/1.1 200 OK\r\nServer: nginx\r\n" },
	};
	struct redact_rules *r;
	struct err e = { 0 };
	assert_true(redact_open(NULL, &r, &e));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena a = { 0 };
		struct str out;
		redact_text(r, &a, str_of(cases[i].text), &out);
		if (!str_eq(out, str_of(cases[i].redacted)))
			fail_msg("%s\n%.*s", cases[i].text, STR_ARG(out));
		arena_free(&a);
	}
	/* The raw record, too: escaped there, deep inside, in a field that no importer maps; and it stays JSON. */
	struct arena a = { 0 };
	struct json *doc;
	struct banner_value v = { .field = FIELD_DATA, .text = STR("x") };
	struct banner b = { .values = &v,
			    .count = 1,
			    .raw = STR("{\"data\":\"x\",\"n\":[{\"y\":\"\\u60a3\\u8005\\u6c0f\\u540d:"
				       "\\u5c71\\u7530\\\"\"}],\"big\":12345678901234567890123}") };
	redact_banner(r, &a, &b);
	assert_true(json_parse(&a, b.raw, NULL, &doc, &e));
	assert_false(str_contains(b.raw, STR("山田")));
	assert_false(str_contains(b.raw, STR("\\u5c71")));
	assert_true(str_contains(b.raw, STR("12345678901234567890123")));
	arena_free(&a);
	redact_close(r);
}

static void
test_own_rules(void **state)
{
	char folder[] = "/tmp/mamori-rules.XXXXXX";
	struct arena a = { 0 };
	struct enrich_rules *r;
	struct err e = { 0 };
	assert_non_null(mkdtemp(folder));
	const char *path = path_join(&a, folder, "rules.csv");
	assert_true(file_write(
		path, STR("group,value,confidence,where,how,pattern\nversion,7,1,,,\nclass,ours,80,title,word,Ward\n"),
		0644, &e));
	assert_true(enrich_open(folder, &r, &e));
	assert_true(str_starts(enrich_version(r), STR("7+own-")));
	struct banner_value v = { .field = FIELD_TITLE, .text = STR("ward 3") };
	struct banner b = { .values = &v, .count = 1, .port = 80 };
	enrich_banner(r, &a, &b);
	assert_int_equal(b.count, 2);
	assert_true(str_eq(b.values[1].text, STR("ours")));
	enrich_close(r);
	static const char *const bad[] = {
		"group,value,confidence,where,how,pattern\nwhat,ours,80,title,word,Ward\n",
		"group,value,confidence,where,how,pattern\nclass,ours,180,title,word,Ward\n",
		"group,value,confidence,where,how,pattern\nclass,ours,80,roof,word,Ward\n",
		"group,value,confidence,where,how,pattern\nclass,ours,80,title,regex,(Ward\n",
		"group,value,confidence,where,how,pattern\nclass,ours,80,port,is,x\n",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_true(file_write(path, str_of(bad[i]), 0644, &e));
		assert_false(enrich_open(folder, &r, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "rules.csv, record 2"));
	}
	assert_true(dir_remove_all(folder, &e));
	arena_free(&a);
}

/* Dates of support against what endoflife.date says, where the data is. */
static void
test_support_dates(void **state)
{
	static const struct {
		const char *name, *cycle;
	} rows[] = { { "windows server 2016", "2016" },
		     { "windows server 2019", "2019" },
		     { "windows server 2022", "2022" },
		     { "windows server 2012 r2", "2012-r2" },
		     { "windows server 2008 r2", "2008-r2-sp1" } };
	struct enrich_rules *r;
	struct err e = { 0 };
	struct arena a = { 0 };
	struct json *doc;
	BUF_AUTO text = { 0 };
	if (!known_read("eol/api/windows-server.json", &text)) {
		print_message("# SKIP support_dates: ../shared/data/eol is not here\n");
		skip();
	}
	assert_true(json_parse(&a, buf_str(&text), NULL, &doc, &e));
	assert_true(enrich_open(NULL, &r, &e));
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ended = 0;
		for (size_t k = 0; k < doc->count; k++)
			if (str_eq(json_get_str(&doc->item[k], "cycle"), str_of(rows[i].cycle)))
				assert_true(time_parse(json_get_str(&doc->item[k], "eol"), &ended));
		assert_true(ended > 0);
		assert_true(str_eq(support_level(r, str_of(rows[i].name), ended + 1000), STR("extended")));
		assert_true(str_eq(support_level(r, str_of(rows[i].name), ended + INT64_C(86400000)), STR("ended")));
	}
	enrich_close(r);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),      cmocka_unit_test(test_every_rule_can_fire),
		cmocka_unit_test(test_redaction),     cmocka_unit_test(test_own_rules),
		cmocka_unit_test(test_support_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
