/* Every form that is imported: what its records give, field by field, and what is left out and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../known.h"
#include "collect.h"

#include "exposure/import-map.h"

struct expectation {
	const char *name, *text, *counts, *banners;
};

static void
check(const struct expectation *x)
{
	struct collected c = { 0 };
	BUF_AUTO counts = { 0 };
	collect_text(str_of(x->text), &c);
	collect_skips(&c, &counts);
	if (strcmp(buf_cstr(&counts), x->counts) != 0 || (x->banners && strcmp(buf_cstr(&c.text), x->banners) != 0))
		fail_msg("%s\n--- expected\n%s\n%s--- found\n%s\n%s", x->name, x->counts, x->banners ? x->banners : "",
			 buf_cstr(&counts), buf_cstr(&c.text));
	collect_free(&c);
}

static const struct expectation shodan[] = {
	{ "a banner",
	  "{\"ip_str\":\"192.0.2.17\",\"port\":443,\"transport\":\"tcp\",\"timestamp\":\"2026-05-15T13:15:42.250000\","
	  "\"data\":\"HTTP/1.1 "
	  "200\\r\\n\",\"hash\":-5,\"org\":\"\\u75c5\\u9662\",\"os\":null,\"product\":\"nginx\",\"version\":1.25,"
	  "\"hostnames\":[\"a.example\",\"b.example\"],\"location\":{\"country_code\":\"JP\",\"latitude\":35.5,"
	  "\"longitude\":-0.25},"
	  "\"vulns\":{\"CVE-2021-1\":{\"cvss\":5}},\"cpe23\":[\"cpe:2.3:a:f5:nginx:1.25\"],\"_shodan\":{\"module\":"
	  "\"https\"},"
	  "\"http\":{\"status\":200,\"title\":\"\\u76ae\\u819a\\u79d1\",\"components\":{\"jQuery\":{\"categories\":["
	  "\"JS\"]}}},"
	  "\"ssl\":{\"versions\":[\"-SSLv3\",\"TLSv1.2\"],\"cert\":{\"serial\":340282366920938463463374607431768211456,"
	  "\"expires\":\"20261231235959Z\",\"expired\":false,\"subject\":{\"CN\":\"a.example\"}}},\"new_field\":{\"x\":"
	  "1}}\n",
	  "shodan read 1 kept 1",
	  "192.0.2.17:443/tcp 2026-05-15T13:15:42.250Z data=HTTP/1.1 200\r\n http.title=皮膚科 hostname=a.example "
	  "hostname=b.example country=JP org=病院 product=nginx version=1.25 cpe=cpe:2.3:a:f5:nginx:1.25 "
	  "vuln=CVE-2021-1 hash=-5 "
	  "tls=1 http.status=200 http.component=jQuery http.component_category=JS ssl.version=TLSv1.2 "
	  "ssl.cert.expired=0 "
	  "ssl.cert.expires=1798761599000 ssl.cert.serial=340282366920938463463374607431768211456 "
	  "ssl.cert.subject.cn=a.example "
	  "module=https latitude=35500000 longitude=-250000\n" },
	{ "a host with banners inherits, an array of them",
	  "[{\"ip_str\":\"2001:db8::1\",\"org\":\"O\",\"os\":null,\"data\":[{\"port\":22,\"data\":\"SSH\","
	  "\"timestamp\":\"1970-01-01T00:00:01\"},"
	  "{\"port\":\"53\",\"transport\":\"udp\",\"timestamp\":\"2106-02-07T06:28:16Z\",\"data\":\"\"}]},\n"
	  "{\"ip\":3221225985,\"port\":1,\"data\":\"x\",\"timestamp\":\"2026-01-01T09:00:00+09:00\"}]",
	  "shodan read 3 kept 3",
	  "[2001:db8::1]:22/tcp 1970-01-01T00:00:01Z data=SSH org=O tls=0\n"
	  "[2001:db8::1]:53/udp 2106-02-07T06:28:16Z data= org=O tls=0\n"
	  "192.0.2.1:1/tcp 2026-01-01T00:00:00Z data=x tls=0\n" },
	{ "bad records lose no good ones",
	  "{\"ip_str\":\"192.0.2.1\",\"port\":80,\"data\":\"\",\"timestamp\":\"2026-01-01T00:00:00\"}\n"
	  "{\"ip_str\":\"192.0.2.1\",\"port\":65536,\"data\":\"\",\"timestamp\":\"2026-01-01T00:00:00\"}\n"
	  "{\"ip_str\":\"192.0.2.1\",\"port\":80,\"data\":\"\",\"timestamp\":\"2026-02-30T00:00:00\"}\n"
	  "{\"ip_str\":\"192.0.2.256\",\"port\":80,\"data\":\"\",\"timestamp\":\"2026-01-01T00:00:00\"}\n"
	  "{\"port\":80,\"data\":\"\",\"timestamp\":\"2026-01-01T00:00:00\"}\n"
	  "{\"ip_str\":\"192.0.2.1\",\"data\":\"\",\"timestamp\":\"2026-01-01T00:00:00\"}\n"
	  "not json\n\n"
	  "{\"ip_str\":\"192.0.2.2\",\"port\":1e2,\"data\":\"\xff\",\"timestamp\":\"2026-01-01T00:00:00\"}\n{\"ip_"
	  "str\":\"192.0.",
	  "shodan read 9 kept 2 port-out-of-range 1 bad-timestamp 1 bad-address 1 no-address 1 no-port 1 malformed 2",
	  "192.0.2.1:80/tcp 2026-01-01T00:00:00Z data= tls=0\n192.0.2.2:100/tcp 2026-01-01T00:00:00Z data=\xef\xbf\xbd "
	  "tls=0\n" },
	{ "a search's answer",
	  "{\"total\":2,\"matches\":[{\"ip_str\":\"192.0.2.1\",\"port\":80,\"data\":\"a\",\"timestamp\":\"2026-01-01\"}"
	  ","
	  "{\"ip_str\":\"192.0.2.2\",\"port\":81,\"data\":\"b\",\"timestamp\":\"2026-01-01\"}]}",
	  "shodan read 2 kept 2",
	  "192.0.2.1:80/tcp 2026-01-01T00:00:00Z data=a tls=0\n192.0.2.2:81/tcp 2026-01-01T00:00:00Z data=b tls=0\n" },
	{ "an array that is cut off",
	  "[{\"ip_str\":\"192.0.2.1\",\"port\":80,\"data\":\"a\",\"timestamp\":\"2026-01-01\"},\n{\"ip_str\":\"192.0.2."
	  "2\",\"data\":\"",
	  "shodan read 2 kept 1", NULL },
};

static const struct expectation others[] = {
	{ "censys",
	  "{\"ip\":\"192.0.2.5\",\"autonomous_system\":{\"asn\":64501,\"name\":\"N\"},\"operating_system\":{"
	  "\"product\":\"linux\"},"
	  "\"services\":[{\"port\":443,\"extended_service_name\":\"HTTPS\",\"transport_protocol\":\"TCP\",\"observed_"
	  "at\":"
	  "\"2026-03-01T02:03:04.567Z\",\"banner\":\"HTTP\",\"software\":[{\"product\":\"nginx\",\"version\":\"1.2\"},{"
	  "\"product\":\"linux\"}]},"
	  "{\"port\":53,\"service_name\":\"DNS\",\"transport_protocol\":\"UDP\",\"observed_at\":\"2026-03-01T00:00:"
	  "00Z\"}],"
	  "\"location\":{\"country_code\":\"DE\"},\"last_updated_at\":\"2026-03-02T00:00:00Z\"}\n{\"ip\":\"192.0.2.6\","
	  "\"services\":[]}\n",
	  "censys read 3 kept 2 no-services 1",
	  "192.0.2.5:443/tcp 2026-03-01T02:03:04.567Z data=HTTP country=DE asn=AS64501 org=N os=linux product=nginx "
	  "version=1.2 "
	  "tls=1 module=HTTPS\n"
	  "192.0.2.5:53/udp 2026-03-01T00:00:00Z country=DE asn=AS64501 org=N os=linux tls=0 module=DNS\n" },
	{ "zgrab2",
	  "{\"ip\":\"192.0.2.7\",\"domain\":\"d.example\",\"data\":{\"http\":{\"status\":\"success\",\"protocol\":"
	  "\"http\",\"timestamp\":"
	  "\"2026-01-02T03:04:05Z\",\"result\":{\"response\":{\"status_line\":\"200 "
	  "OK\",\"status_code\":200,\"headers\":{\"server\":"
	  "[\"nginx/"
	  "1.2\"],\"x_powered_by\":[\"PHP\"],\"unknown\":[{\"key\":\"x\",\"value\":[\"y\"]}]},\"body\":\"<title> T "
	  "</title>\","
	  "\"request\":{\"tls_log\":{\"handshake_log\":{\"server_hello\":{\"version\":{\"name\":\"TLSv1.3\"}}}}}}}},"
	  "\"ssh\":{\"status\":\"connection-timeout\",\"protocol\":\"ssh\",\"timestamp\":\"2026-01-02T03:04:05Z\"},"
	  "\"smtp\":{\"status\":\"success\",\"protocol\":\"smtp\",\"port\":2525,\"timestamp\":\"2026-01-02T03:04:05Z\","
	  "\"result\":{\"banner\":\"220 m\\r\\n\"}}}}\n",
	  "zgrab2 read 3 kept 2 connection-timeout 1",
	  "192.0.2.7:443/tcp 2026-01-02T03:04:05Z data=HTTP/1.1 200 OK\r\nserver: nginx/1.2\r\nx-powered-by: PHP\r\nx: "
	  "y\r\n "
	  "http.title=T http.html=<title> T </title> hostname=d.example tls=1 http.status=200 http.server=nginx/1.2 "
	  "ssl.version=TLSv1.3 module=http\n"
	  "192.0.2.7:2525/tcp 2026-01-02T03:04:05Z data=220 m\r\n hostname=d.example tls=0 module=smtp\n" },
	{ "masscan's array with its trailing comma",
	  "[\n{   \"ip\": \"192.0.2.8\",   \"timestamp\": \"1700000000\", \"ports\": [ {\"port\": 22, \"proto\": "
	  "\"tcp\", \"status\": "
	  "\"open\", \"reason\": \"syn-ack\", \"ttl\": 54} ] },\n{ \"ip\": \"192.0.2.8\", \"timestamp\": "
	  "\"1700000001\", \"ports\": [ "
	  "{\"port\": 22, \"proto\": \"tcp\", \"service\": {\"name\": \"ssh\", \"banner\": \"\\u00e7\\u009a\\u00ae "
	  "\\u00e9x\"}} ] },\n"
	  "{ \"ip\": \"192.0.2.9\", \"timestamp\": \"1700000001\", \"ports\": [ {\"port\": 80, \"proto\": \"tcp\", "
	  "\"service\": "
	  "{\"name\": \"title\", \"banner\": \"\\u00e7\\u009a\\u00ae\"}} ] },\n"
	  "{ \"ip\": \"192.0.2.9\", \"timestamp\": \"1700000001\", \"ports\": [ {\"port\": 81, \"proto\": \"tcp\", "
	  "\"status\": \"closed\"} ] },\n"
	  "{finished: 1}\n]\n",
	  "masscan read 4 kept 3 not-open 1",
	  "192.0.2.8:22/tcp 2023-11-14T22:13:20Z\n192.0.2.8:22/tcp 2023-11-14T22:13:20Z data=ç\xc2\x9a® éx module=ssh\n"
	  "192.0.2.9:80/tcp 2023-11-14T22:13:21Z data=皮 http.title=皮 module=title\n" },
	{ "masscan's lines",
	  "{\"ip\":\"192.0.2.8\",\"timestamp\":\"1700000000\",\"port\":443,\"proto\":\"tcp\",\"rec_type\":\"banner\","
	  "\"data\":"
	  "{\"service_name\":\"X509\",\"banner\":\"MII\"}}\n",
	  "masscan read 1 kept 1", "192.0.2.8:443/tcp 2023-11-14T22:13:20Z data=MII tls=1 module=ssl\n" },
	{ "internetdb",
	  "{\"cpes\":[\"cpe:/"
	  "a:x:y\"],\"hostnames\":[\"h\"],\"ip\":\"192.0.2.1\",\"ports\":[80,443],\"tags\":[\"cdn\"],\"vulns\":[]}\n"
	  "{\"detail\":\"No information available\"}\n",
	  "internetdb read 3 kept 2 no-ports 1",
	  "192.0.2.1:80/tcp 2023-11-14T22:13:20Z hostname=h cpe=cpe:/a:x:y tag=cdn\n"
	  "192.0.2.1:443/tcp 2023-11-14T22:13:20Z hostname=h cpe=cpe:/a:x:y tag=cdn\n" },
	{ "flat lines",
	  "{\"id\":0,\"ip\":\"1.2.3.4\",\"port\":80,\"country\":\"US\",\"org\":\"O\",\"os\":\"\",\"product\":\"p\","
	  "\"version\":\"1\",\"tls\":"
	  "false,\"ts\":1750000000,\"banner\":\"b\"}\n",
	  "plain read 1 kept 1",
	  "1.2.3.4:80/tcp 2025-06-15T15:06:40Z data=b country=US org=O os= product=p version=1 tls=0\n" },
	{ "nmap",
	  "<?xml version=\"1.0\"?><!DOCTYPE nmaprun><nmaprun scanner=\"nmap\" start=\"1368156682\"><host "
	  "endtime=\"1368156706\">"
	  "<status state=\"up\"/><address addr=\"192.0.2.3\" addrtype=\"ipv4\"/><address addr=\"00:11:22:33:44:55\" "
	  "addrtype=\"mac\"/>"
	  "<hostnames><hostname name=\"h.example\" type=\"PTR\"/></hostnames><ports><port protocol=\"tcp\" "
	  "portid=\"443\"><state "
	  "state=\"open\"/><service name=\"http\" product=\"Apache &amp; Co\" version=\"2.4\" tunnel=\"ssl\" "
	  "method=\"probed\"><cpe>cpe:/a:apache"
	  "</cpe></service><script id=\"http-title\" output=\"Ward&#xa;more\"/><script id=\"ssl-cert\" "
	  "output=\"x\"><table key=\"subject\">"
	  "<elem key=\"commonName\">h.example</elem></table><table key=\"validity\"><elem "
	  "key=\"notAfter\">2026-01-01T00:00:00</elem>"
	  "</table></script></port><port protocol=\"udp\" portid=\"161\"><state "
	  "state=\"open|filtered\"/></port></ports>"
	  "<os><osmatch name=\"Linux 3.X\" accuracy=\"96\"/></os></host><host><status state=\"down\"/><address "
	  "addr=\"192.0.2.4\" "
	  "addrtype=\"ipv4\"/></host></nmaprun>",
	  "nmap read 3 kept 1 open-or-filtered 1 host-down 1",
	  "192.0.2.3:443/tcp 2013-05-10T03:31:46Z data=Apache & Co 2.4 \nhttp-title: Ward\nmore\nssl-cert: x\n "
	  "http.title=Ward "
	  "hostname=h.example os=Linux 3.X product=Apache & Co version=2.4 cpe=cpe:/a:apache tls=1 "
	  "ssl.cert.expires=1767225600000 ssl.cert.subject.cn=h.example module=http\n" },
	{ "sonar",
	  "{\"vhost\":null,\"host\":\"192.0.2.9\",\"data\":\"SFRUUC8xLjEgMjAwIE9LDQoNCmhp\",\"port\":80,\"ip\":\"192.0."
	  "2.9\"}\n",
	  "sonar read 1 kept 1",
	  "192.0.2.9:80/tcp 2023-11-14T22:13:20Z data=HTTP/1.1 200 OK\r\n\r\n http.html=hi module=http\n" },
};

static void
test_shodan(void **state)
{
	for (size_t i = 0; i < COUNT(shodan); i++)
		check(&shodan[i]);
}

static void
test_others(void **state)
{
	for (size_t i = 0; i < COUNT(others); i++)
		check(&others[i]);
}

/* The raw record of one banner of many is a whole record that imports as that banner. */
static void
test_raw_is_readable_again(void **state)
{
	for (size_t i = 0; i < COUNT(others); i++) {
		struct collected once = { 0 }, again = { 0 };
		BUF_AUTO file = { 0 };
		bool xml = others[i].text[0] == '<';
		if (strstr(others[i].name, "internetdb")) /* its ports are numbers in one record */
			continue;
		collect_text(str_of(others[i].text), &once);
		if (xml)
			buf_addf(&file, "<nmaprun start=\"1\">");
		buf_add(&file, buf_str(&once.raw));
		collect_text(buf_str(&file), &again);
		assert_string_equal(again.importer, once.importer);
		assert_string_equal(buf_cstr(&again.text), buf_cstr(&once.text));
		collect_free(&once);
		collect_free(&again);
	}
}

static void
test_nothing_there(void **state)
{
	static const struct expectation none[] = {
		{ "empty", "", "none read 0 kept 0", "" },
		{ "blank", " \n\n", "none read 0 kept 0", "" },
		{ "prose", "dear colleague,\nsee attachment\n", "none read 0 kept 0", "" },
		{ "other json", "{\"a\":1}\n[1,2]\n", "none read 0 kept 0", "" },
		{ "other xml", "<rss><host>1</host></rss>", "none read 0 kept 0", "" },
		{ "a scan of nothing", "<nmaprun start=\"1\"></nmaprun>", "nmap read 0 kept 0", "" },
	};
	for (size_t i = 0; i < COUNT(none); i++)
		check(&none[i]);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00", 0 },
		{ "2026-05-15T13:15:42.000001", 1778850942000 },
		{ "2026-05-15 13:15:42", 1778850942000 },
		{ "2026-05-15T13:15:42-03:30", 1778863542000 },
		{ "2024-02-29", 1709164800000 },
		{ "2106-02-07T06:28:15Z", 4294967295000 },
		{ "4294967296", 4294967296000 },
		{ "1700000000123", 1700000000123 },
		{ "1700000000.5", 1700000000500 },
		{ "20261231235959Z", 1798761599000 },
		{ "491231235959Z", 2524607999000 },
		{ "500101000000Z", -631152000000 },
		{ "2023-02-29", -1 },
		{ "2026-13-01T00:00:00", -1 },
		{ "2026-01-01T24:00:00", -1 },
		{ "2026-01-01T00:00:00X", -1 },
		{ "yesterday", -1 },
		{ "-5", -1 },
		{ "", -1 },
		{ "99999999999999999999", -1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = -1;
		bool ok = import_time(str_of(cases[i].text), &ms);
		if (ok != (cases[i].ms != -1) || (ok && ms != cases[i].ms))
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
}

/* Real files of other makers: every one is recognised and nothing of it is lost without a reason. */
static void
test_real_files(void **state)
{
	static const struct {
		const char *path, *counts;
	} files[] = {
		{ "nmap-xml/libnmap/test/files/1_os_banner_scripts.xml", "nmap read 8 kept 8" },
		{ "nmap-xml/libnmap/test/files/fullscan.xml", "nmap read 263 kept 9 host-down 254" },
		{ "nmap-xml/libnmap/test/files/dionaea_scan.xml", "nmap read 16 kept 16" },
		{ "nmap-xml/libnmap/test/files/1_hosts_down.xml", "nmap read 1 kept 0 no-ports 1" },
		{ "zgrab2-samples/output.json", "zgrab2 read 1 kept 1" },
		{ "zgrab2-samples/zgrab2_schemas/zgrab2/testdata/ssh-ssh.json", "zgrab2 read 1 kept 1" },
		{ "rapid7-samples/samples/ssl_certs.bz2", "sonar read 100 kept 100" },
		{ "rapid7-samples/samples/http_get_reply_iframes.json.bz2", "sonar read 100 kept 100" },
		{ "rapid7-samples/samples/iawide.warc.bz2", "none read 0 kept 0" },
		{ "nmap-xml/libnmap/test/files/defused_et_included.xml", "none read 0 kept 0" },
	};
	for (size_t i = 0; i < COUNT(files); i++) {
		struct collected c = { 0 };
		BUF_AUTO path = { 0 };
		BUF_AUTO counts = { 0 };
		if (access(known_path(&path, files[i].path), R_OK) != 0) {
			print_message("# SKIP real_files: ../shared/data is not here\n");
			buf_free(&path);
			skip();
		}
		collect_path(buf_cstr(&path), &c);
		collect_skips(&c, &counts);
		if (strcmp(buf_cstr(&counts), files[i].counts) != 0)
			fail_msg("%s: %s, not %s", files[i].path, buf_cstr(&counts), files[i].counts);
		collect_free(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shodan),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_raw_is_readable_again),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_real_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
