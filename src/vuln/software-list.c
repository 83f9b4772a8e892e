/* Lists of software as people export them: registries, Intune, SCCM, winget, ledgers; Excel in Japan saves them in CP932,
 * PowerShell 5 in UTF-16. */
#include "base/decode.h"
#include "base/json.h"
#include "vuln/fields.h"
#include "vuln/sheet.h"
#include "vuln/software.h"

enum { NAMES_MAX = 32, HEADER_WITHIN = 20, FOUND_MAX = 200 };

enum what { PUBLISHER, NAME, VERSION, CPE, WINGET, WHATS };

/* Headers and keys, letters of either case, without blanks, hyphens and low lines; an earlier one counts before a later
 * one: the registry's Version is a number of its own beside DisplayVersion, a report's Name may be the computer's. */
static const char *const headers[WHATS][NAMES_MAX] = {
	[PUBLISHER] = { "publisher",
			"publisher0",
			"softwarepublisher",
			"applicationpublisher",
			"apppublisher",
			"vendor",
			"vendorname",
			"manufacturer",
			"発行元",
			"ソフトウェア発行元",
			"アプリケーション発行元",
			"パブリッシャー",
			"ベンダー",
			"ベンダ",
			"ベンダー名",
			"メーカー",
			"メーカ",
			"メーカー名",
			"製造元",
			"開発元",
			"提供元",
			"会社名",
			"company",
			NULL },
	[NAME] = { "displayname",
		   "displayname0",
		   "softwarename",
		   "applicationname",
		   "appname",
		   "ソフトウェア名",
		   "アプリケーション名",
		   "アプリ名",
		   "ソフト名",
		   "プログラム名",
		   "表示名",
		   "name",
		   "名前",
		   "名称",
		   "productname",
		   "productname0",
		   "product",
		   "製品名",
		   "製品",
		   "model",
		   "modelname",
		   "型番",
		   "型式",
		   "機種名",
		   "機種",
		   "モデル",
		   "software",
		   "application",
		   "ソフトウェア",
		   NULL },
	[VERSION] = { "displayversion",
		      "displayversion0",
		      "softwareversion",
		      "applicationversion",
		      "appversion",
		      "installedversion",
		      "productversion",
		      "version",
		      "version0",
		      "バージョン",
		      "ソフトウェアバージョン",
		      "製品バージョン",
		      "ファームウェアバージョン",
		      "版数",
		      "firmware",
		      "firmwareversion",
		      "ファームウェア",
		      "ファーム",
		      "ファームバージョン",
		      NULL },
	[CPE] = { "cpe", "cpe23", "cpename", NULL },
	[WINGET] = { "packageidentifier", "packageid", "wingetid", "id", NULL },
};

/* "Display Version", "display_version": no blank of ASCII or of Japan counts. */
static bool
means(struct str header, const char *name)
{
	struct str n = str_of(name);
	size_t at = 0;
	for (size_t i = 0; i < header.len; i++) {
		if (strchr(" _-\t", header.ptr[i]))
			continue;
		if (str_starts(str_skip(header, i), STR("\xe3\x80\x80"))) {
			i += 2;
			continue;
		}
		if (at == n.len || !str_eq_nocase(str_sub(header.ptr + i, 1), str_sub(n.ptr + at, 1)))
			return false;
		at++;
	}
	return at == n.len;
}

static struct str *
member(struct software *s, enum what w)
{
	struct str *const members[] = { &s->publisher, &s->name, &s->version, &s->cpe, &s->winget };
	return members[w];
}

static bool
usable(const struct software *s)
{
	bool text = true;
	for (size_t i = 0; i < WHATS; i++) {
		struct str value = *member((struct software *)(uintptr_t)s, (enum what)i);
		text = text && value.len <= 4096 && str_is_utf8(value);
	}
	return text && (s->name.len > 0 || s->cpe.len > 0);
}

struct list {
	struct arena *arena;
	ARRAY_OF(struct software) items;
	size_t bad;
};

static bool
keep(struct list *l, bool good, const struct software *s, const char *path, struct err *e)
{
	if (!good)
		l->bad++;
	else if (l->items.count == SOFTWARE_MAX)
		return err_set(e, ERR_TOO_LARGE, "%s lists more than %d pieces of software; divide it", path,
			       SOFTWARE_MAX);
	else
		*ARRAY_PUSH(l->arena, &l->items) = *s;
	return true;
}

/* ---- JSON ---- */

#define JSON_DEPTH 16

static bool
json_software(const struct json *value, struct software *out)
{
	*out = (struct software){ STR(""), STR(""), STR(""), STR(""), STR("") };
	for (size_t i = 0; i < WHATS; i++)
		for (size_t k = 0; headers[i][k]; k++)
			for (size_t m = 0; m < value->count && member(out, (enum what)i)->len == 0; m++)
				if (value->item[m].kind == JSON_KIND_STRING && means(value->key[m], headers[i][k]))
					*member(out, (enum what)i) = str_trim(value->item[m].text);
	/* All that winget's own export says; Microsoft's ids have a dot, numbers of rows have none. */
	if (out->name.len == 0 && str_find_char(out->winget, '.') > 0)
		out->name = out->winget;
	return usable(out);
}

/* One object a line. */
static bool
read_lines(struct list *l, struct str text, const char *path, struct err *e)
{
	const struct json_limits limits = { .depth = JSON_DEPTH, .string_max = 4096 };
	struct str line;
	while (str_line(&text, &line)) {
		struct software s;
		struct json *value;
		line = str_trim(line);
		if (line.len == 0)
			continue;
		bool good = json_parse(l->arena, line, &limits, &value, NULL) && value->kind == JSON_KIND_OBJECT &&
			    json_software(value, &s);
		if (!keep(l, good, &s, path, e))
			return false;
	}
	return true;
}

static bool
holds_a_list(const struct json *value)
{
	for (size_t i = 0; i < value->count; i++)
		if (value->item[i].kind == JSON_KIND_ARRAY && value->item[i].count > 0 &&
		    value->item[i].item[0].kind == JSON_KIND_OBJECT)
			return true;
	return false;
}

/* A whole document: the objects in its arrays, however deep (ConvertTo-Json, winget export, answers of Microsoft Graph).
 * What holds such an array itself, as a host its software, is the way there. */
static bool
read_document(struct list *l, const struct json *value, bool listed, const char *path, struct err *e)
{
	struct software s;
	bool object = value->kind == JSON_KIND_OBJECT;
	if (object && listed && !holds_a_list(value))
		return keep(l, json_software(value, &s), &s, path, e);
	for (size_t i = 0; (object || value->kind == JSON_KIND_ARRAY) && i < value->count; i++)
		if (!read_document(l, &value->item[i], !object, path, e))
			return false;
	return true;
}

static bool
read_json(struct list *l, struct str text, const char *path, struct err *e)
{
	const struct json_limits limits = { .depth = JSON_DEPTH, .string_max = 64u << 10 };
	struct str rest = text, first;
	struct json *value;
	struct err bad = { 0 };
	if (json_parse(l->arena, text, &limits, &value, &bad))
		return read_document(l, value, true, path, e);
	if (str_line(&rest, &first) && json_parse(l->arena, str_trim(first), &limits, &value, NULL))
		return read_lines(l, text, path, e);
	*e = bad;
	return err_wrap(e, "reading %s", path);
}

/* ---- CSV ---- */

/* Columns by what they hold, best first; -1 behind the last. */
struct columns {
	ptrdiff_t place[WHATS][NAMES_MAX + 1];
};

static bool
columns_find(const struct fields *header, struct columns *out)
{
	for (size_t i = 0; i < WHATS; i++) {
		size_t count = 0;
		for (size_t k = 0; headers[i][k]; k++)
			for (size_t c = 0; c < header->count && count < NAMES_MAX; c++)
				if (means(header->text[c], headers[i][k]))
					out->place[i][count++] = (ptrdiff_t)c;
		/* One column is the version; another may be that of something else. */
		if (i == VERSION && count > 1)
			count = 1;
		out->place[i][count] = -1;
	}
	return out->place[NAME][0] >= 0 || out->place[CPE][0] >= 0;
}

/* Reports have a title and a date above their table. */
static bool
find_header(struct list *l, struct str *text, struct columns *out, struct str *found)
{
	struct fields f = { 0 };
	bool end = false;
	*found = STR("");
	for (size_t i = 0; i < HEADER_WITHIN && !end; i++) {
		struct str line = *text;
		bool good = fields_record(text, l->arena, &f, &end);
		if (!end && found->len == 0 && str_line(&line, found))
			*found = str_trim(*found);
		if (good && !end && columns_find(&f, out))
			return true;
	}
	return false;
}

static bool
no_header(struct str found, const char *path, struct err *e)
{
	size_t n = found.len < FOUND_MAX ? found.len : FOUND_MAX;
	while (n > 0 && n < found.len && (found.ptr[n] & 0xc0) == 0x80)
		n--;
	if (n == 0)
		return err_set(e, ERR_INPUT, "%s is empty; export the list of software again", path);
	return err_set(
		e, ERR_INPUT,
		"%s is no list of software: its first line is “%.*s”, and no line names the columns. Expected are "
		"CSV with a header such as publisher,name,version or cpe (DisplayName, 製品名, 型番 … are known, too), "
		"or one JSON object a line; write such a header above the rows",
		path, (int)n, found.ptr);
}

static bool
read_csv(struct list *l, struct str text, const char *path, struct err *e)
{
	struct fields f = { 0 };
	struct columns columns;
	struct str found;
	bool end, good;
	if (!find_header(l, &text, &columns, &found))
		return no_header(found, path, e);
	while (good = fields_record(&text, l->arena, &f, &end), !end) {
		struct software s = { 0 };
		for (size_t i = 0; i < WHATS; i++)
			for (size_t k = 0; columns.place[i][k] >= 0 && member(&s, (enum what)i)->len == 0; k++)
				*member(&s, (enum what)i) = str_trim(fields_at(&f, columns.place[i][k]));
		if (!keep(l, good && usable(&s), &s, path, e))
			return false;
	}
	return true;
}

/* The text in UTF-8, rows with commas, or JSON as it is. *json: which. */
static bool
to_text(struct str bytes, struct buf *out, bool *json, struct err *e)
{
	BUF_AUTO plain = { 0 };
	bool office = str_starts(bytes, STR("PK\x03\x04")) || str_starts(bytes, STR("\xd0\xcf\x11\xe0"));
	*json = false;
	if (!office && !decode_text(bytes, &plain, e))
		return false;
	struct str start = str_trim(buf_str(&plain));
	*json = str_starts(start, STR("{")) ||
		(str_starts(start, STR("[")) && str_starts(str_trim(str_skip(start, 1)), STR("{")));
	if (*json) {
		buf_add(out, buf_str(&plain));
		return true;
	}
	return sheet_csv(office ? bytes : buf_str(&plain), out, e);
}

bool
software_list_read(struct str bytes, const char *path, struct arena *a, struct software **out, size_t *count,
		   size_t *bad, struct err *e)
{
	struct list l = { .arena = a };
	BUF_AUTO text = { 0 };
	bool json;
	if (!to_text(bytes, &text, &json, e))
		return err_wrap(e, "%s", path);
	struct str kept = arena_str(a, buf_str(&text));
	buf_free(&text);
	if (!(json ? read_json(&l, kept, path, e) : read_csv(&l, kept, path, e)))
		return false;
	if (l.items.count == 0)
		return err_set(e, ERR_INPUT, "%s lists no software that can be read (%zu lines were left out)", path,
			       l.bad);
	*out = l.items.items;
	*count = l.items.count;
	*bad = l.bad;
	return true;
}
