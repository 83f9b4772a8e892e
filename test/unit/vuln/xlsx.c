#include "vuln/xlsx.h"
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

struct part {
	const char *name, *text;
};

static const char workbook[] = "<workbook xmlns:r='r'><sheets><sheet name='h' state='hidden' r:id='a'/>"
			       "<sheet name='x' r:id='b'/><sheet name='y' r:id='a'/></sheets></workbook>";
static const char relations[] = "<Relationships><Relationship Id='a' Target='worksheets/sheet1.xml'/>"
				"<Relationship Id='b' Target='/xl/worksheets/sheet2.xml'/></Relationships>";

static la_ssize_t
take(struct archive *a, void *user, const void *bytes, size_t len)
{
	buf_add(user, str_sub(bytes, len));
	return (la_ssize_t)len;
}

static void
zip(struct buf *out, const struct part *parts, size_t count)
{
	struct archive *a = archive_write_new();
	archive_write_set_format_zip(a);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open(a, out, NULL, take, NULL), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();
		archive_entry_set_pathname(entry, parts[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)strlen(parts[i].text));
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		archive_write_data(a, parts[i].text, strlen(parts[i].text));
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static bool
read_sheet(const char *sheet, const char *strings, const char *styles, struct buf *csv)
{
	BUF_AUTO file = { 0 };
	const struct part parts[] = {
		{ "xl/worksheets/sheet1.xml",
		  "<worksheet><sheetData><row><c t='str'><v>wrong</v></c></row></sheetData></worksheet>" },
		{ "xl/worksheets/sheet2.xml", sheet },
		{ "xl/workbook.xml", workbook },
		{ "xl/sharedStrings.xml", strings ? strings : "<sst/>" },
		{ "xl/styles.xml", styles ? styles : "<styleSheet/>" },
		{ "xl/_rels/workbook.xml.rels", relations },
	};
	zip(&file, parts, COUNT(parts));
	unit_err = (struct err){ 0 };
	return xlsx_read(buf_str(&file), csv, &unit_err);
}

static void
gives(const char *sheet, const char *strings, const char *styles, const char *wanted)
{
	BUF_AUTO csv = { 0 };
	if (!read_sheet(sheet, strings, styles, &csv))
		fail_msg("%s", unit_err.text);
	assert_string_equal(buf_cstr(&csv), wanted);
}

static void
refused(const char *sheet, const char *strings, enum err_code code, const char *words)
{
	BUF_AUTO csv = { 0 };
	assert_false(read_sheet(sheet, strings, NULL, &csv));
	assert_int_equal(unit_err.code, code);
	if (!strstr(unit_err.text, words))
		fail_msg("“%s” is not in “%s”", words, unit_err.text);
	assert_int_equal(csv.len, 0);
}

#define ROWS(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"

static void
the_first_visible_sheet_is_read(void **state)
{
	gives(ROWS("<row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='inlineStr'><is><t>a, b</t></is></c></row>"
		   "<row r='2'><c r='A2'/></row>"
		   "<row r='900000'><c r='B9' t='s'><v>1</v></c><c t='b'><v>1</v></c><c><f>1+1</f><v>2</v></c></row>"),
	      "<sst><si><t>病棟</t><rPh sb='0' eb='2'><t>ビョウトウ</t></rPh></si>"
	      "<si><r><rPr/><t>3階</t></r><r><t xml:space='preserve'> &quot;東&quot;</t></r></si></sst>",
	      NULL, "病棟,,\"a, b\"\r\n,\"3階 \"\"東\"\"\",1,2\r\n");
	gives(ROWS(""), NULL, NULL, "");
}

static void
days_are_written_as_days(void **state)
{
	static const char styles[] =
		"<styleSheet><numFmts><numFmt numFmtId='170' formatCode='[$-411]ge\".\"m\".\"d'/>"
		"<numFmt numFmtId='171' formatCode='[Red]0.00\"day\"'/></numFmts>"
		"<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='170'/><xf numFmtId='171'/>"
		"<xf numFmtId='31'/></cellXfs></styleSheet>";
	gives(ROWS("<row><c><v>46349</v></c><c s='1'><v>46349</v></c><c s='2'><v>61</v></c><c s='3'><v>46349</v></c>"
		   "<c s='4'><v>46349.5</v></c><c s='1'><v>3</v></c><c s='1'><v>1e300</v></c><c "
		   "s='99'><v>7</v></c></row>"),
	      NULL, styles, "46349,2026-11-23,1900-03-01,46349,2026-11-23 12:00,3,1e300,7\r\n");
}

static void
what_is_hostile_is_refused(void **state)
{
	refused(ROWS("<row><c r='ZZZ1'><v>1</v></c></row>"), NULL, ERR_TOO_LARGE, "256 columns");
	refused(ROWS("<row><c t='s'><v>9</v></c></row>"), NULL, ERR_INPUT, "a text that the file does not have");
	refused("<!DOCTYPE worksheet [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><worksheet>&a;</worksheet>", NULL,
		ERR_INPUT, "refused");
	refused("<worksheet><sheetData>", NULL, ERR_INPUT, "damaged or cut off");
	BUF_AUTO csv = { 0 };
	assert_false(xlsx_read(STR("PK\x03\x04 and no more"), &csv, &unit_err));
	assert_int_equal(unit_err.code, ERR_INPUT);
}

/* 200 KB in the mail, gigabytes unpacked: in one part, and in rows that repeat one long text. */
static void
bombs_are_refused(void **state)
{
	BUF_AUTO big = { 0 };
	BUF_AUTO strings = { 0 };
	buf_add(&big, STR("<worksheet>"));
	memset(buf_reserve(&big, 65 << 20), ' ', 65 << 20);
	big.len += 65 << 20;
	buf_add(&big, STR("</worksheet>"));
	refused(buf_cstr(&big), NULL, ERR_TOO_LARGE, "64 MiB");
	buf_add(&strings, STR("<sst><si><t>"));
	memset(buf_reserve(&strings, 200000), 'x', 200000);
	strings.len += 200000;
	buf_add(&strings, STR("</t></si></sst>"));
	buf_truncate(&big, 0);
	buf_add(&big, STR("<worksheet><sheetData>"));
	for (int i = 0; i < 1000; i++)
		buf_add(&big, STR("<row><c t='s'><v>0</v></c></row>"));
	buf_add(&big, STR("</sheetData></worksheet>"));
	refused(buf_cstr(&big), buf_cstr(&strings), ERR_TOO_LARGE, "32 MiB");
}

static void
what_is_written_is_read_back(void **state)
{
	static const char *const words[] = { "検証済", "禁止", NULL };
	static const struct xlsx_column columns[] = { { "patch", 30, NULL }, { "answer", 12, words } };
	const struct str cells[] = { STR("deb:vim@9 & <b>"), STR("検証済"), STR("=HYPERLINK(\"x\")"), STR("a\x01\nb") };
	BUF_AUTO file = { 0 };
	BUF_AUTO again = { 0 };
	BUF_AUTO csv = { 0 };
	assert_true(xlsx_write(&file, columns, 2, cells, 2, &unit_err));
	assert_true(xlsx_write(&again, columns, 2, cells, 2, &unit_err));
	assert_true(str_eq(buf_str(&file), buf_str(&again)));
	if (!xlsx_read(buf_str(&file), &csv, &unit_err))
		fail_msg("%s", unit_err.text);
	assert_string_equal(buf_cstr(&csv),
			    "patch,answer\r\ndeb:vim@9 & <b>,検証済\r\n\"=HYPERLINK(\"\"x\"\")\",\"a\nb\"\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_visible_sheet_is_read), cmocka_unit_test(days_are_written_as_days),
		cmocka_unit_test(what_is_hostile_is_refused),      cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	return cmocka_run_group_tests_name("vuln/xlsx", tests, NULL, NULL);
}
