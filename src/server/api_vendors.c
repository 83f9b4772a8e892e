/* /api/v1/vendors and vendor-answers: what vendors of medical records and devices say about updates. */
#include "base/codec.h"
#include "base/csv.h"
#include "server/policies.h"
#include "server/vendors.h"
#include "vuln/csv.h"
#include "vuln/xlsx.h"

enum { NAME_BYTES = 100, NOTE_BYTES = 500, SCOPES_MAX = 2000, ANSWERS_MAX = 20000 };
static const int64_t DUE_MAX = 366 * 86400000LL;
static const int64_t DUE_DEFAULT = 14 * 86400000LL;

/* ---- vendors ---- */

static bool
vendor_write(struct request *r, const struct vendor *v, struct err *e)
{
	struct vendor_scope *scopes;
	size_t count;
	struct json_writer *w = &r->w;
	if (!vendor_scopes(r->st, &r->arena, v->name, &scopes, &count, e))
		return false;
	json_begin_object(w);
	json_put_str(w, "name", v->name);
	json_put_str(w, "contact", v->contact);
	json_put_i64(w, "hosts", v->hosts);
	json_put_i64(w, "waiting", v->waiting);
	json_put_i64(w, "overdue", v->overdue);
	json_key(w, "scopes");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		json_put_str(w, "kind", scopes[i].kind);
		json_put_str(w, "target", scopes[i].target);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	return true;
}

bool
api_vendors(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct vendor *rows;
	size_t count;
	if (!request_query(r, filters, e) || !vendor_list(r->st, &r->arena, r->now, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		if (!vendor_write(r, &rows[i], e))
			return false;
	request_list_end(r);
	return true;
}

static bool
scopes_take(struct request *r, const char *key, const char *kind, struct vendor_scope *scopes, size_t *n, struct err *e)
{
	size_t count;
	const struct json *items = json_get_array(r->json, key, &count);
	for (size_t i = 0; i < count; i++) {
		if (*n == SCOPES_MAX)
			return err_set(e, ERR_TOO_LARGE, "a vendor has at most %d hosts and groups: use groups",
				       SCOPES_MAX);
		if (items[i].kind != JSON_KIND_STRING || !items[i].text.len || items[i].text.len > NAME_BYTES)
			return err_set(e, ERR_USAGE, "entry %zu of %s is not an id", i + 1, key);
		if (str_eq(str_of(kind), STR("group")) && !group_needed(r, items[i].text, e))
			return false;
		scopes[(*n)++] = (struct vendor_scope){ str_of(kind), items[i].text };
	}
	return true;
}

bool
api_vendor_put(struct request *r, struct err *e)
{
	struct vendor v = { .name = str_trim(r->argument), .by = r->user, .at = r->now };
	struct vendor_scope *scopes = ARENA_ARRAY(&r->arena, struct vendor_scope, SCOPES_MAX);
	size_t n = 0;
	if (!v.name.len || v.name.len > NAME_BYTES || str_find_char(v.name, '/') >= 0)
		return err_set(e, ERR_USAGE, "a vendor's name has 1 to %d bytes and no slash", NAME_BYTES);
	if (!body_text(r, "contact", NOTE_BYTES, false, &v.contact, e) ||
	    !scopes_take(r, "groups", "group", scopes, &n, e) || !scopes_take(r, "hosts", "host", scopes, &n, e) ||
	    !vendor_put(r->st, &v, e) || !vendor_scopes_set(r->st, v.name, scopes, n, e) ||
	    !request_audit(r, "vendor.put", v.name, arena_printf(&r->arena, "%zu hosts and groups", n), e) ||
	    !vendor_get(r->st, &r->arena, v.name, &v, e))
		return false;
	return vendor_write(r, &v, e);
}

bool
api_vendor_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return vendor_delete(r->st, r->argument, e) && request_audit(r, "vendor.delete", r->argument, STR(""), e);
}

/* ---- answers ---- */

bool
vendor_word_known(struct str answer)
{
	return str_eq(answer, STR("validated")) || str_eq(answer, STR("forbidden")) || str_eq(answer, STR("unknown"));
}

bool
vendor_answer_keep(struct request *r, struct str vendor, struct str patch, struct str answer, struct str note,
		   struct str by, struct err *e)
{
	struct vendor_answer_row row = { .vendor = vendor,
					 .patch = patch,
					 .answer = answer,
					 .asked_at = r->now,
					 .at = str_eq(answer, STR("unknown")) ? 0 : r->now,
					 .by = by,
					 .note = note };
	struct patch_row known;
	return patch_get(r->st, &r->arena, patch, &known, e) && vendor_answer_put(r->st, &row, e) &&
	       request_audit(r, arena_printf(&r->arena, "vendor.%.*s", STR_ARG(answer)).ptr, patch,
			     arena_printf(&r->arena, "%.*s: %.*s", STR_ARG(vendor), STR_ARG(note)), e);
}

bool
api_vendor_answer_put(struct request *r, struct err *e)
{
	struct vendor v;
	struct str name, patch, answer, note;
	if (!body_text(r, "vendor", NAME_BYTES, true, &name, e) || !body_text(r, "patch", 300, true, &patch, e) ||
	    !body_text(r, "answer", 20, true, &answer, e) || !body_text(r, "note", NOTE_BYTES, false, &note, e))
		return false;
	if (!vendor_word_known(answer))
		return err_set(e, ERR_USAGE, "answer must be validated, forbidden or unknown");
	r->status = 204;
	return vendor_get(r->st, &r->arena, name, &v, e) &&
	       vendor_answer_keep(r, v.name, patch, answer, note, r->user, e);
}

bool
api_vendor_answers(struct request *r, struct err *e)
{
	static const char *const filters[] = { "vendor", "patch", "answer", "overdue", NULL };
	struct page page;
	struct vendor_answer_row *rows;
	size_t count;
	int overdue;
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !request_tristate(r, "overdue", &overdue, e))
		return false;
	struct vendor_answer_filter f = { .vendor = request_parameter(r, "vendor"),
					  .patch = request_parameter(r, "patch"),
					  .answer = request_parameter(r, "answer"),
					  .overdue_at = overdue > 0 ? r->now : 0 };
	if (!vendor_answers(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		struct json_writer *w = &r->w;
		json_begin_object(w);
		json_put_str(w, "vendor", rows[i].vendor);
		json_put_str(w, "patch", rows[i].patch);
		str_or_null(w, "title", rows[i].title);
		json_put_str(w, "answer", rows[i].answer);
		json_put_time(w, "asked_at", rows[i].asked_at);
		json_put_time(w, "due", rows[i].due);
		json_put_time(w, "at", rows[i].at);
		json_put_bool(w, "overdue", !rows[i].at && rows[i].due && rows[i].due < r->now);
		str_or_null(w, "by", rows[i].by);
		str_or_null(w, "note", rows[i].note);
		json_put_i64(w, "hosts", rows[i].hosts);
		json_put_bool(w, "security", rows[i].security);
		json_put_cstr(w, "severity", severity_word(rows[i].severity));
		json_end_object(w);
	}
	request_list_end(r);
	return true;
}

/* ---- spreadsheets ---- */

static void
csv_write(const struct vendor_answer_row *rows, size_t count, struct buf *csv)
{
	buf_add(csv, STR("patch,title,security,answer,note\r\n"));
	for (size_t i = 0; i < count; i++) {
		csv_add(csv, rows[i].patch, false);
		csv_add(csv, rows[i].title.ptr ? rows[i].title : STR(""), false);
		csv_add(csv, rows[i].security ? STR("yes") : STR("no"), false);
		csv_add(csv, rows[i].at ? rows[i].answer : STR(""), false);
		csv_add(csv, rows[i].note, true);
	}
}

/* The same for people: in their language, with the answers to choose from. */
static bool
xlsx_answers(struct arena *a, const struct vendor_answer_row *rows, size_t count, struct buf *file, struct err *e)
{
	enum { COLUMNS = 5 };
	const char *const choices[] = { tr("validated"), tr("forbidden"), NULL };
	const struct xlsx_column columns[COLUMNS] = { { tr("Update"), 34, NULL },
						      { tr("Title"), 44, NULL },
						      { tr("Kind"), 14, NULL },
						      { tr("Answer"), 14, choices },
						      { tr("Note"), 44, NULL } };
	struct str *cells = ARENA_ARRAY(a, struct str, (count + 1) * COLUMNS);
	for (size_t i = 0; i < count; i++) {
		struct str *c = cells + i * COLUMNS;
		c[0] = rows[i].patch;
		c[1] = rows[i].title.ptr ? rows[i].title : STR("");
		c[2] = str_of(rows[i].security ? tr("security") : tr("other"));
		c[3] = !rows[i].at                                ? STR("")
		       : str_eq(rows[i].answer, STR("validated")) ? str_of(choices[0])
		       : str_eq(rows[i].answer, STR("forbidden")) ? str_of(choices[1])
								  : STR("");
		c[4] = rows[i].note;
	}
	return xlsx_write(file, columns, COLUMNS, cells, count, e);
}

bool
api_vendor_export(struct request *r, struct err *e)
{
	static const char *const filters[] = { "form", NULL };
	struct vendor v;
	struct page page = { .limit = ANSWERS_MAX };
	struct vendor_answer_row *rows;
	size_t count;
	BUF_AUTO file = { 0 };
	BUF_AUTO text = { 0 };
	if (!request_query(r, filters, e) || !vendor_get(r->st, &r->arena, r->argument, &v, e))
		return false;
	struct str form = request_parameter(r, "form");
	bool xlsx = str_eq(form, STR("xlsx"));
	if (form.len && !xlsx && !str_eq(form, STR("csv")))
		return err_set(e, ERR_USAGE, "form must be csv or xlsx");
	struct vendor_answer_filter f = { .vendor = v.name };
	if (!vendor_answers(r->st, &r->arena, &f, &page, &rows, &count, e) ||
	    (xlsx && !xlsx_answers(&r->arena, rows, count, &file, e)))
		return false;
	if (xlsx)
		base64_encode(&text, file.ptr, file.len);
	else
		csv_write(rows, count, &text);
	json_begin_object(&r->w);
	json_put_str(&r->w, "vendor", v.name);
	json_put_i64(&r->w, "rows", (int64_t)count);
	json_put_str(&r->w, xlsx ? "file" : "csv", buf_str(&text));
	json_end_object(&r->w);
	return true;
}

struct sheet {
	struct request *r;
	struct str vendor;
	struct csv_reader csv;
	ptrdiff_t patch, answer, note;
	int64_t read, kept, empty, bad;
};

/* Vendors in Japan answer with the words that their page shows. */
static struct str
answer_word(struct str answer)
{
	static const struct {
		const char *said, *word;
	} words[] = {
		{ "検証済", "validated" }, { "検証済み", "validated" }, { "禁止", "forbidden" }, { "未回答", "unknown" }
	};
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(answer, str_of(words[i].said)))
			return str_of(words[i].word);
	return answer;
}

static bool
sheet_row(struct sheet *s, struct err *e)
{
	struct str patch = csv_field(&s->csv, s->patch), answer = answer_word(str_trim(csv_field(&s->csv, s->answer)));
	struct str note = s->note >= 0 ? arena_line(&s->r->arena, csv_field(&s->csv, s->note), NOTE_BYTES) : STR("");
	struct err why = { 0 };
	s->read++;
	if (!answer.len) {
		s->empty++;
		return true;
	}
	if (vendor_word_known(answer) && vendor_answer_keep(s->r, s->vendor, arena_str(&s->r->arena, patch),
							    arena_str(&s->r->arena, answer), note, s->r->user, &why)) {
		s->kept++;
		return true;
	}
	s->bad++;
	if (why.code == ERR_NONE || why.code == ERR_NOT_FOUND)
		return true;
	*e = why;
	return false;
}

/* The CSV's word, or the heading of the spreadsheet in either language. */
static ptrdiff_t
column_named(const struct csv_reader *csv, const char *key, const char *english, const char *japanese)
{
	ptrdiff_t c = csv_column(csv, key);
	if (c < 0)
		c = csv_column(csv, english);
	return c >= 0 ? c : csv_column(csv, japanese);
}

static bool
sheet_read(struct sheet *s, struct err *e)
{
	if (csv_next(&s->csv, e) != CSV_RECORD)
		return err_set(e, ERR_INPUT, "the sheet has no first line that names its columns: patch,answer,note");
	s->patch = column_named(&s->csv, "patch", "Update", "更新プログラム");
	s->answer = column_named(&s->csv, "answer", "Answer", "回答");
	s->note = column_named(&s->csv, "note", "Note", "備考");
	if (s->patch < 0 || s->answer < 0)
		return err_set(e, ERR_INPUT, "the sheet needs the columns patch and answer");
	for (int n = 0; n < ANSWERS_MAX; n++) {
		enum csv_status status = csv_next(&s->csv, e);
		if (status == CSV_END || status == CSV_FAILED)
			return status == CSV_END;
		if (status == CSV_BAD) {
			s->read++;
			s->bad++;
		} else if (!sheet_row(s, e)) {
			return false;
		}
	}
	return err_set(e, ERR_TOO_LARGE, "the sheet has more than %d rows: divide it", ANSWERS_MAX);
}

bool
api_vendor_import(struct request *r, struct err *e)
{
	struct vendor v;
	struct input in;
	struct str csv;
	if (!body_sheet(r, &csv, e))
		return false;
	if (!csv.len)
		return err_set(e, ERR_USAGE, "give the sheet as CSV: {\"csv\": \"patch,answer,note\\n…\"}");
	if (!vendor_get(r->st, &r->arena, r->argument, &v, e))
		return false;
	struct sheet s = { .r = r, .vendor = v.name };
	input_of_mem(&in, "sheet.csv", csv);
	s.csv.in = &in;
	bool ok = sheet_read(&s, e);
	csv_free(&s.csv);
	input_close(&in);
	if (!ok)
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "read", s.read);
	json_put_i64(&r->w, "kept", s.kept);
	json_key(&r->w, "skipped");
	json_begin_object(&r->w);
	json_put_i64(&r->w, "no-answer", s.empty);
	json_put_i64(&r->w, "malformed", s.bad);
	json_end_object(&r->w);
	json_end_object(&r->w);
	return true;
}

/* ---- the one-time link ---- */

bool
api_vendor_link(struct request *r, struct err *e)
{
	struct vendor v;
	struct str url[1];
	int64_t due;
	char hash[SHA256_HEX_LEN];
	BUF_AUTO secret = { 0 };
	if (!vendor_get(r->st, &r->arena, r->argument, &v, e) || !body_time(r, "due", &due, e))
		return false;
	if (!due)
		due = r->now + DUE_DEFAULT;
	if (due <= r->now || due > r->now + DUE_MAX)
		return err_set(e, ERR_USAGE, "the deadline (due) must lie in the future, at most a year ahead");
	random_token(&secret, 32);
	sha256_hex(buf_str(&secret), hash);
	struct vendor_link l = {
		.hash = str_of(hash), .vendor = v.name, .by = r->user, .created_at = r->now, .expires = due
	};
	if (!vendor_ask(r->st, v.name, r->now, due, e) || !vendor_link_insert(r->st, &l, e) ||
	    !request_audit(r, "vendor.link", v.name, STR(""), e) || !vendor_get(r->st, &r->arena, v.name, &v, e))
		return false;
	app_urls(r->app, &r->arena, url, 1);
	json_begin_object(&r->w);
	json_put_str(&r->w, "link",
		     arena_printf(&r->arena, "%.*s/vendor/%.*s", STR_ARG(url[0]), STR_ARG(buf_str(&secret))));
	json_put_time(&r->w, "expires", due);
	json_put_i64(&r->w, "waiting", v.waiting);
	json_end_object(&r->w);
	return true;
}
