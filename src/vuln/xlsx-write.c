/* The least of ECMA-376 that Excel, LibreOffice and Numbers open without a word: five parts in a zip. */
#include "vuln/xlsx.h"

#include <archive.h>
#include <archive_entry.h>
#include <libxml/xmlwriter.h>

#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define DOCUMENT "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/relationships"
#define TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

enum { CELL_CHARACTERS = 32767 };

static const struct {
	const char *name, *text;
} fixed_parts[] = {
	{ "[Content_Types].xml",
	  XML "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
	      "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
	      "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
	      "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE "sheet.main+xml\"/>"
	      "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE "worksheet+xml\"/></Types>" },
	{ "_rels/.rels", XML "<Relationships xmlns=\"" PACKAGE "\"><Relationship Id=\"rId1\" Type=\"" DOCUMENT
			     "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>" },
	{ "xl/workbook.xml",
	  XML "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" DOCUMENT
	      "\"><sheets><sheet name=\"mamori\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>" },
	{ "xl/_rels/workbook.xml.rels",
	  XML "<Relationships xmlns=\"" PACKAGE "\"><Relationship Id=\"rId1\" Type=\"" DOCUMENT
	      "/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>" },
};

static const xmlChar *
x(const char *text)
{
	return (const xmlChar *)text;
}

/* ---- the sheet ---- */

/* XML 1.0 has no control characters but these; a cell holds 32,767 characters. */
static void
cell_text(struct str from, struct buf *to)
{
	size_t characters = 0;
	buf_truncate(to, 0);
	for (size_t i = 0; i < from.len; i++) {
		unsigned char c = (unsigned char)from.ptr[i];
		if ((c & 0xc0) != 0x80 && characters++ == CELL_CHARACTERS)
			return;
		if (c >= 0x20 || c == '\n' || c == '\t')
			buf_add_char(to, (char)c);
	}
}

static void
cell_write(xmlTextWriterPtr w, struct str text, size_t column, size_t row, struct buf *scratch)
{
	xmlTextWriterStartElement(w, x("c"));
	xmlTextWriterWriteFormatAttribute(w, x("r"), "%c%zu", (int)('A' + column), row);
	xmlTextWriterWriteAttribute(w, x("t"), x("inlineStr"));
	xmlTextWriterStartElement(w, x("is"));
	xmlTextWriterStartElement(w, x("t"));
	xmlTextWriterWriteAttribute(w, x("xml:space"), x("preserve"));
	cell_text(text, scratch);
	xmlTextWriterWriteString(w, x(buf_cstr(scratch)));
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
}

static void
columns_write(xmlTextWriterPtr w, const struct xlsx_column *columns, size_t count)
{
	/* The heading stays in sight. */
	xmlTextWriterStartElement(w, x("sheetViews"));
	xmlTextWriterStartElement(w, x("sheetView"));
	xmlTextWriterWriteAttribute(w, x("workbookViewId"), x("0"));
	xmlTextWriterStartElement(w, x("pane"));
	xmlTextWriterWriteAttribute(w, x("ySplit"), x("1"));
	xmlTextWriterWriteAttribute(w, x("topLeftCell"), x("A2"));
	xmlTextWriterWriteAttribute(w, x("activePane"), x("bottomLeft"));
	xmlTextWriterWriteAttribute(w, x("state"), x("frozen"));
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
	xmlTextWriterStartElement(w, x("cols"));
	for (size_t i = 0; i < count; i++) {
		xmlTextWriterStartElement(w, x("col"));
		xmlTextWriterWriteFormatAttribute(w, x("min"), "%zu", i + 1);
		xmlTextWriterWriteFormatAttribute(w, x("max"), "%zu", i + 1);
		xmlTextWriterWriteFormatAttribute(w, x("width"), "%d", (int)columns[i].width);
		xmlTextWriterWriteAttribute(w, x("customWidth"), x("1"));
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
}

static void
choices_write(xmlTextWriterPtr w, const struct xlsx_column *columns, size_t count, size_t rows)
{
	size_t with = 0;
	for (size_t i = 0; i < count; i++)
		with += columns[i].choices != NULL;
	if (!with || !rows)
		return;
	xmlTextWriterStartElement(w, x("dataValidations"));
	xmlTextWriterWriteFormatAttribute(w, x("count"), "%zu", with);
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO list = { 0 };
		if (!columns[i].choices)
			continue;
		buf_add_char(&list, '"');
		for (size_t k = 0; columns[i].choices[k]; k++)
			buf_addf(&list, "%s%s", k ? "," : "", columns[i].choices[k]);
		buf_add_char(&list, '"');
		xmlTextWriterStartElement(w, x("dataValidation"));
		xmlTextWriterWriteAttribute(w, x("type"), x("list"));
		xmlTextWriterWriteAttribute(w, x("allowBlank"), x("1"));
		xmlTextWriterWriteAttribute(w, x("showErrorMessage"), x("1"));
		xmlTextWriterWriteFormatAttribute(w, x("sqref"), "%c2:%c%zu", (int)('A' + i), (int)('A' + i), rows + 1);
		xmlTextWriterWriteElement(w, x("formula1"), x(buf_cstr(&list)));
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
}

static void
sheet_write(xmlTextWriterPtr w, const struct xlsx_column *columns, size_t count, const struct str *cells, size_t rows)
{
	BUF_AUTO scratch = { 0 };
	xmlTextWriterStartDocument(w, NULL, "UTF-8", "yes");
	xmlTextWriterStartElement(w, x("worksheet"));
	xmlTextWriterWriteAttribute(w, x("xmlns"), x(MAIN));
	columns_write(w, columns, count);
	xmlTextWriterStartElement(w, x("sheetData"));
	for (size_t row = 0; row <= rows; row++) {
		xmlTextWriterStartElement(w, x("row"));
		xmlTextWriterWriteFormatAttribute(w, x("r"), "%zu", row + 1);
		for (size_t i = 0; i < count; i++)
			cell_write(w, row ? cells[(row - 1) * count + i] : str_of(columns[i].title), i, row + 1,
				   &scratch);
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
	choices_write(w, columns, count, rows);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndDocument(w);
}

/* ---- the archive ---- */

static la_ssize_t
archive_take(struct archive *a, void *user, const void *bytes, size_t len)
{
	buf_add(user, str_sub(bytes, len));
	return (la_ssize_t)len;
}

static bool
part_write(struct archive *a, const char *name, struct str text)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)text.len);
	archive_entry_set_mtime(entry, 315532800, 0); /* 1980: the same rows give the same file */
	bool ok = archive_write_header(a, entry) == ARCHIVE_OK &&
		  archive_write_data(a, text.ptr, text.len) == (la_ssize_t)text.len;
	archive_entry_free(entry);
	return ok;
}

bool
xlsx_write(struct buf *out, const struct xlsx_column *columns, size_t count, const struct str *cells, size_t rows,
	   struct err *e)
{
	size_t before = out->len;
	struct archive *a = archive_write_new();
	xmlBufferPtr sheet = xmlBufferCreate();
	xmlTextWriterPtr w = sheet ? xmlNewTextWriterMemory(sheet, 0) : NULL;
	bool ok = a && w && count <= 26;
	if (ok) {
		sheet_write(w, columns, count, cells, rows);
		xmlTextWriterFlush(w);
		archive_write_set_bytes_in_last_block(a, 1);
		ok = archive_write_set_format_zip(a) == ARCHIVE_OK &&
		     archive_write_open(a, out, NULL, archive_take, NULL) == ARCHIVE_OK;
	}
	for (size_t i = 0; ok && i < COUNT(fixed_parts); i++)
		ok = part_write(a, fixed_parts[i].name, str_of(fixed_parts[i].text));
	ok = ok &&
	     part_write(a, "xl/worksheets/sheet1.xml",
			str_sub((const char *)xmlBufferContent(sheet), (size_t)xmlBufferLength(sheet))) &&
	     archive_write_close(a) == ARCHIVE_OK;
	xmlFreeTextWriter(w);
	xmlBufferFree(sheet);
	archive_write_free(a);
	if (ok)
		return true;
	buf_truncate(out, before);
	return err_set(e, ERR_SYSTEM, "the .xlsx file cannot be written");
}
