/* Lists of software as registries, management programs, spreadsheets and ledgers export them. */
#include "unit.h"
#include "vuln/software.h"
#include "vuln/xlsx.h"

/* STR() is no constant expression. */
#define S(text) \
	{ \
		text, sizeof(text) - 1 \
	}

struct wanted {
	const char *publisher, *name, *version;
};

static void
gives(struct str bytes, const struct wanted *wanted, size_t count, size_t left_out)
{
	ARENA_AUTO a = { 0 };
	struct software *list;
	size_t n, bad;
	assert_ok(software_list_read(bytes, "list.csv", &a, &list, &n, &bad, &unit_err));
	assert_int_equal(n, count);
	assert_int_equal(bad, left_out);
	for (size_t i = 0; i < count; i++) {
		assert_str(list[i].publisher, wanted[i].publisher);
		assert_str(list[i].name, wanted[i].name);
		assert_str(list[i].version, wanted[i].version);
	}
}

static void
japanese_excel(void **state)
{
	static const struct wanted one[] = { { "Mozilla", "Mozilla Firefox (x64 ja)", "128.0" } };
	(void)state;
	/* CP932: 製品名,発行元,バージョン,備考 */
	gives(STR("\x90\xbb\x95i\x96\xbc,\x94\xad\x8ds\x8c\xb3,\x83o\x81[\x83W\x83\x87\x83\x93,"
		  "\x94\xf5\x8dl\r\nMozilla Firefox (x64 ja),Mozilla,128.0,\x90"
		  "f\x8e@\x8e\xba\x82\xcc\x95\\\x8e\xa6\r\n"),
	      one, 1, 0);
}

static void
powershell(void **state)
{
	static const struct wanted named[] = { { "発行", "名前", "1.0" } };
	static const struct wanted installed[] = { { "Igor Pavlov", "7-Zip 23.01 (x64)", "23.01" },
						   { "", "Own tool", "" } };
	(void)state;
	/* Export-Csv -Encoding Unicode */
	gives(STR("\xff\xfe\"\x00N\x00"
		  "a\x00m\x00"
		  "e\x00\"\x00,\x00\"\x00P\x00u\x00"
		  "b\x00l\x00i\x00s\x00h\x00"
		  "e\x00r\x00\"\x00,\x00\"\x00V\x00"
		  "e\x00r\x00s\x00i\x00o\x00n\x00\"\x00\r\x00\n\x00\"\x00\rTMR\"\x00,\x00\"\x00zvL\x88\"\x00,\x00\"\x00"
		  "1\x00.\x00"
		  "0\x00\"\x00\r\x00\n\x00"),
	      named, 1, 0);
	/* Of the registry: the Version beside DisplayVersion is a number of the installer's. */
	gives(STR("#TYPE Selected.System.Management.Automation.PSCustomObject\r\n"
		  "\"PSChildName\",\"Version\",\"DisplayVersion\",\"DisplayName\",\"Publisher\"\r\n"
		  "\"7-Zip\",\"385941504\",\"23.01\",\"7-Zip 23.01 (x64)\",\"Igor Pavlov\"\r\n"
		  "\"Own\",\"16777216\",,\"Own tool\",\r\n"),
	      installed, 2, 0);
}

static void
separators(void **state)
{
	static const struct wanted two[] = { { "Zoom Communications, Inc.", "Zoom Workplace (64-bit)", "6.2.0" },
					     { "A; B", "C", "1" } };
	(void)state;
	gives(STR("DisplayName;DisplayVersion;Publisher\r\n"
		  "Zoom Workplace (64-bit);6.2.0;Zoom Communications, Inc.\r\nC;1;\"A; B\"\r\n"),
	      two, 2, 0);
	gives(STR("sep=;\r\nDisplayName;DisplayVersion;Publisher\r\n"
		  "Zoom Workplace (64-bit);6.2.0;Zoom Communications, Inc.\r\nC;1;\"A; B\"\r\n"),
	      two, 2, 0);
	gives(STR("#TYPE X\r\nDisplayName\tDisplayVersion\tPublisher\r\n"
		  "Zoom Workplace (64-bit)\t6.2.0\tZoom Communications, Inc.\r\nC\t1\tA; B\r\n"),
	      two, 2, 0);
}

static void
headers_of_other_programs(void **state)
{
	static const struct wanted one[] = { { "Mozilla", "Mozilla Firefox", "128.0" } };
	static const struct wanted gate[] = { { "Fortinet", "FortiGate-60F", "v7.2.4" } };
	static const struct wanted hash[] = { { "Mozilla", "Mozilla Firefox", "128.0" }, { "X", "Y", "2" } };
	static const char *const texts[] = {
		"Application Name,Application Version,Application Publisher,Device Count\nMozilla "
		"Firefox,128.0,Mozilla,3\n",
		"ResourceID,DisplayName0,Version0,Publisher0\n16777220,Mozilla Firefox,128.0,Mozilla\n",
		"Computer Name,Product Name,Product Version,Vendor Name\nPC1,Mozilla Firefox,128.0,Mozilla\n",
		"端末名,ソフトウェア名,バージョン,メーカー\nPC1,Mozilla Firefox,128.0,Mozilla\n",
		"名前,発行元,インストール日,サイズ,バージョン\nMozilla Firefox,Mozilla,2026/01/05,200 MB,128.0\n",
		"NAME,PUBLISHER,VERSION\nMozilla Firefox,Mozilla,128.0\n",
		"{\"DisplayName\":\"Mozilla "
		"Firefox\",\"DisplayVersion\":\"128.0\",\"Publisher\":\"Mozilla\",\"Version\":1}\n",
		"Software of all computers\nMade on,2026-11-23\n\nname,version,publisher\nMozilla "
		"Firefox,128.0,Mozilla\n",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		gives(str_of(texts[i]), one, 1, 0);
	gives(STR("設置場所,メーカー,型番,ファームウェア\n3 病棟,Fortinet,FortiGate-60F,v7.2.4\n"), gate, 1, 0);
	/* Where one of two columns is empty the other counts. */
	gives(STR("製品名,型番,メーカー,ファームウェア\n,FortiGate-60F,Fortinet,v7.2.4\n"), gate, 1, 0);
	/* Remarks go on over lines; a quote that never closes costs its own row. */
	gives(STR("name,version,publisher,remark\nMozilla Firefox,128.0,Mozilla,\"two\r\nlines, \"\"so\"\"\"\n"
		  "bad,1,Z,\"open\nY,2,X,\n"),
	      hash, 2, 1);
}

/* The registry alone has thirty columns. */
static void
many_columns(void **state)
{
	static const struct wanted one[] = { { "P", "N", "1" } };
	BUF_AUTO text = { 0 };
	(void)state;
	for (int i = 0; i < 50; i++)
		buf_addf(&text, "\"c%d\",", i);
	buf_add(&text, STR("DisplayName,DisplayVersion,Publisher\n"));
	for (int i = 0; i < 50; i++)
		buf_addf(&text, "\"%d\",", i);
	buf_add(&text, STR("N,1,P\n"));
	gives(buf_str(&text), one, 1, 0);
}

static void
workbooks(void **state)
{
	static const struct wanted one[] = { { "Fortinet", "FortiGate-60F", "v7.2.4" } };
	static const struct xlsx_column columns[] = { { "メーカー", 10, NULL },
						      { "型番", 10, NULL },
						      { "ファームウェア", 10, NULL } };
	const struct str cells[] = { STR("Fortinet"), STR("FortiGate-60F"), STR("v7.2.4") };
	BUF_AUTO book = { 0 };
	(void)state;
	assert_ok(xlsx_write(&book, columns, COUNT(columns), cells, 1, &unit_err));
	gives(buf_str(&book), one, 1, 0);
}

/* winget's lists name no publisher, but its id. */
static void
winget_lists(void **state)
{
	ARENA_AUTO a = { 0 };
	struct software *list;
	struct software_product p;
	size_t n, bad;
	(void)state;
	assert_ok(software_list_read(STR("Name,Id,InstalledVersion,Source\nGit,Git.Git,2.43.0,winget\nX,3,1,\n"),
				     "list", &a, &list, &n, &bad, &unit_err));
	assert_int_equal(n, 2);
	software_product(&list[0], &a, &p);
	assert_str(p.names[0], "a:git:git");
	assert_str(p.version, "2.43.0");
	software_product(&list[1], &a, &p);
	assert_int_equal(p.count, 0);
}

static void
documents(void **state)
{
	static const struct wanted winget[] = { { "", "Git.Git", "2.43.0" }, { "", "Mozilla.Firefox", "" } };
	static const struct wanted installed[] = { { "Igor Pavlov", "7-Zip 23.01 (x64)", "23.01" },
						   { "", "Own", "1" } };
	static const struct wanted one[] = { { "", "Own", "1" } };
	(void)state;
	gives(STR("{\n  \"$schema\" : \"x\",\n  \"Sources\" : [ {\n    \"Packages\" : [ {\n"
		  "\"PackageIdentifier\" : \"Git.Git\", \"Version\" : \"2.43.0\" }, { \"PackageIdentifier\" : "
		  "\"Mozilla.Firefox\" }, { \"Id\" : \"17\" } ],\n"
		  "\"SourceDetails\" : { \"Argument\" : \"x\", \"Name\" : \"winget\" } } ],\n"
		  "\"WinGetVersion\" : \"1.7\"\n}\n"),
	      winget, 2, 1);
	gives(STR("\xef\xbb\xbf[\r\n  {\r\n \"DisplayName\":  \"7-Zip 23.01 (x64)\", \"DisplayVersion\":  \"23.01\","
		  "\"Publisher\":  \"Igor Pavlov\", \"PSDrive\": {\"Name\": \"HKLM\"}},{\"DisplayName\":\"Own\","
		  "\"DisplayVersion\":\"1\"}]"),
	      installed, 2, 0);
	gives(STR("{\"@odata.context\":\"x\",\"value\":[{\"displayName\":\"Own\",\"version\":\"1\",\"tags\":[\"a\"]}]"
		  "}"),
	      one, 1, 0);
	gives(STR("[{\"name\":\"PC-12\",\"software\":[{\"name\":\"Own\",\"version\":\"1\"}]}]"), one, 1, 0);
	gives(STR("{\"name\":\"Own\",\"version\":\"1\"}"), one, 1, 0);
	gives(STR("{\"name\":\"Own\",\"version\":\"1\"}\n{\"name\":\n\n"), one, 1, 1);
}

static void
what_cannot_be_read_says_why(void **state)
{
	static const struct {
		struct str bytes;
		const char *says, *next;
	} cases[] = {
		{ S(""), "empty", "export" },
		{ S("host,group\nw3-1,a\n"), "host,group", "DisplayName" },
		{ S("name\0\0\0version\n"), "NUL", "UTF-8" },
		{ S("name,version\n\x81\xff,1\n"), "Shift_JIS", "UTF-8" },
		{ S("\xff\xfen\0a\0m"), "UTF-16", "UTF-8" },
		{ S("\xd0\xcf\x11\xe0\xa1\xb1"), ".xls", ".xlsx" },
		{ S("PK\x03\x04"), ".xlsx", "" },
		{ S("name,version\n,1\n"), "1 lines were left out", "" },
		{ S("{\n\"Sources\": [ {\n\"Packages\": [ {\"PackageIdentifier\": \"Git.Git\"}"), "reading", "" },
		{ S("{\"Sources\": [ ] }"), "lists no software", "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct software *list;
		size_t n, bad;
		struct err e = { 0 };
		assert_false(software_list_read(cases[i].bytes, "list.csv", &a, &list, &n, &bad, &e));
		assert_int_equal(e.code, ERR_INPUT);
		if (!strstr(e.text, "list.csv") || !strstr(e.text, cases[i].says) || !strstr(e.text, cases[i].next))
			fail_msg("%zu: %s", i, e.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(japanese_excel),
		cmocka_unit_test(powershell),
		cmocka_unit_test(separators),
		cmocka_unit_test(headers_of_other_programs),
		cmocka_unit_test(many_columns),
		cmocka_unit_test(workbooks),
		cmocka_unit_test(winget_lists),
		cmocka_unit_test(documents),
		cmocka_unit_test(what_cannot_be_read_says_why),
	};
	return cmocka_run_group_tests_name("vuln/software-list", tests, NULL, NULL);
}
