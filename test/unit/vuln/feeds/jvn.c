/* Japanese titles by CVE, from XML and JSON; nothing outside the document is read. */
#include "../unit-feed.h"
#include "base/tr.h"

#define VULDEF(inside) \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<VULDEF-Document xmlns=\"http://jvn.jp/vuldef/\">" inside \
	"</VULDEF-Document>\n"
#define VULINFO(title, cve) \
	"<Vulinfo><VulinfoID>JVNDB-2031-000001</VulinfoID><VulinfoData><Title>" title \
	"</Title><VulinfoDescription><Overview>概要 &amp; 詳細</Overview></VulinfoDescription><Related><RelatedItem " \
	"type=\"advisory\"><VulinfoID>" cve \
	"</VulinfoID></RelatedItem></Related><DateLastUpdated>2031-01-02T00:00:00+" \
	"09:00</DateLastUpdated></VulinfoData></Vulinfo>"

static void
titles_are_japanese_where_asked(void **state)
{
	ARENA_AUTO a = { 0 };
	struct feed_report r =
		feed_import_text(state, "jvn.xml",
				 STR(VULDEF(VULINFO("認証回避の脆弱性", "CVE-2031-0001") VULINFO(
					 "番号のない記事", "JVNVU#1") VULINFO("English", "CVE-2031-0002"))));
	assert_string_equal(r.feed, "jvn");
	assert_int_equal(r.count.read, 3);
	assert_int_equal(skipped_for(&r, "no-cve"), 1);
	assert_int_equal(r.count.kept, 2);
	struct vulnerability v = feed_known(state, &a, "CVE-2031-0001");
	assert_str(v.title_ja, "認証回避の脆弱性");
	assert_str(v.summary_ja, "概要 & 詳細");
	v.title = STR("Authentication bypass");
	assert_str(vulnerability_title(&v), "Authentication bypass");
	lang_set_process(LANG_JA);
	assert_str(vulnerability_title(&v), "認証回避の脆弱性");
	lang_set_process(LANG_EN);
	v.title = STR("");
	assert_str(vulnerability_title(&v), "認証回避の脆弱性");
}

static void
other_forms_say_the_same(void **state)
{
	static const char *const forms[] = {
		"<?xml version=\"1.0\"?><rdf:RDF xmlns:rdf=\"r\" xmlns=\"x\" "
		"xmlns:sec=\"http://jvn.jp/rss/mod_sec/3.0/\" "
		"xmlns:d=\"d\"><item><title>題名</title><description>概要</description><sec:references source=\"CVE\" "
		"id=\"CVE-2031-0001\">u</sec:references><d:modified>2031-01-02T00:00:00Z</d:modified></item></rdf:RDF>",
		"{\"$schema\":\"https://jvndb.jvn.jp/schema/"
		"myjvn_feed_1.0.json\",\"feed\":{\"entry\":[{\"id\":\"JVNDB-2031-"
		"000001\",\"title\":\"題名\",\"summary\":\"概要\",\"references\":[{\"summary\":\"CVE-2031-0001\"}]}]}}",
		"{\"$schema\":\"https://jvndb.jvn.jp/schema/"
		"myjvn_vuldef_1.0.csaf.json\",\"document\":{\"title\":\"題名\","
		"\"notes\":[{\"category\":\"description\",\"text\":\"概要\"}]},\"vulnerabilities\":[{\"cve\":\"CVE-"
		"2031-"
		"0001\"}]}",
	};
	for (size_t i = 0; i < COUNT(forms); i++) {
		ARENA_AUTO a = { 0 };
		assert_ok(dir_remove_all(unit_path(state, "data"), &unit_err));
		assert_int_equal(feed_import_text(state, "form", str_of(forms[i])).count.kept, 1);
		assert_str(feed_known(state, &a, "CVE-2031-0001").title_ja, "題名");
		assert_str(feed_known(state, &a, "CVE-2031-0001").summary_ja, "概要");
	}
}

/* A document type, an entity, a flood of elements, a cut: refused whole. */
static void
hostile_xml_is_refused(void **state)
{
	BUF_AUTO deep = { 0 };
	buf_add(&deep, STR("<VULDEF-Document>"));
	for (int i = 0; i < 100; i++)
		buf_add(&deep, STR("<a>"));
	const struct str bad[] = {
		STR("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" VULDEF(
			VULINFO("脆弱性&e;", "CVE-2031-0001"))),
		STR("<!DOCTYPE x [<!ENTITY e \"脆弱性\">]>" VULDEF(VULINFO("&e;", "CVE-2031-0001"))),
		STR("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">" VULDEF(VULINFO("脆弱性", "CVE-2031-0001"))),
		STR(VULDEF(VULINFO("脆弱性", "CVE-2031-0001") "<Vulinfo>")),
		str_head(STR(VULDEF(VULINFO("脆弱性", "CVE-2031-0001"))), 300),
		buf_str(&deep),
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct feed_report r = feed_import_text(state, "bad.xml", bad[i]);
		if (r.error.code != ERR_INPUT || r.count.kept != 0)
			fail_msg("%zu: %s", i, r.error.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(titles_are_japanese_where_asked),
		unit_test_in_folder(other_forms_say_the_same),
		unit_test_in_folder(hostile_xml_is_refused),
	};
	return cmocka_run_group_tests_name("vuln/feeds/jvn", tests, NULL, NULL);
}
