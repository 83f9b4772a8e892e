#include "store/audit.h"

#include "base/json.h"
#include "store/sql.h"
#include "trust/key.h"

/* Canonical: the hash before, a line end, and the row as one JSON array. */
static void
audit_hash(struct str before, const struct audit *r, char out[SHA256_HEX_LEN])
{
	BUF_AUTO text = { 0 };
	buf_add(&text, before);
	buf_add_char(&text, '\n');
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	json_i64(&w, r->seq);
	json_i64(&w, r->at);
	json_str(&w, r->who);
	json_str(&w, r->what);
	json_str(&w, r->object);
	json_str(&w, r->detail);
	json_end_array(&w);
	sha256_hex(buf_str(&text), out);
}

bool
audit_add(struct store *st, const struct audit *given, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct audit row = *given;
	struct str before = STR("");
	SQL_AUTO last = sql_new(st, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
	row.seq = 1;
	if (sql_row(&last)) {
		row.seq = sql_get_int(&last) + 1;
		before = sql_get_str(&last, &a);
	}
	if (!sql_end(&last, e))
		return false;
	char hash[SHA256_HEX_LEN];
	audit_hash(before, &row, hash);
	SQL_AUTO q = sql_new(st, "INSERT INTO audit (seq, at, who, what, object, detail, hash)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_int(&q, row.seq);
	sql_int(&q, row.at);
	sql_text(&q, row.who.ptr ? row.who : STR(""));
	sql_text(&q, row.what);
	sql_text(&q, row.object.ptr ? row.object : STR(""));
	sql_text(&q, row.detail.ptr ? row.detail : STR(""));
	sql_cstr(&q, hash);
	return sql_run(&q, e);
}

static void
audit_read(struct sql *q, struct arena *a, struct audit *r)
{
	*r = (struct audit){ .seq = sql_get_int(q) };
	r->at = sql_get_int(q);
	r->who = sql_get_str(q, a);
	r->what = sql_get_str(q, a);
	r->object = sql_get_str(q, a);
	r->detail = sql_get_str(q, a);
	r->hash = sql_get_str(q, a);
}

bool
audit_list(struct store *st, struct arena *a, struct page *p, struct audit **out, size_t *count, struct err *e)
{
	SQL_AUTO total = sql_new(st, "SELECT count(*) FROM audit");
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_new(st, "SELECT seq, at, who, what, object, detail, hash FROM audit ORDER BY seq DESC"
				 " LIMIT ? OFFSET ?");
	sql_int(&q, p->limit);
	sql_int(&q, p->offset);
	ARRAY_OF(struct audit) rows = { 0 };
	while (sql_row(&q))
		audit_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
audit_verify(struct store *st, int64_t *broken, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT seq, at, who, what, object, detail, hash FROM audit ORDER BY seq");
	char before[SHA256_HEX_LEN] = "";
	int64_t found = 0, expected = 1;
	while (!found && sql_row(&q)) {
		ARENA_AUTO a = { 0 };
		struct audit row;
		char hash[SHA256_HEX_LEN];
		audit_read(&q, &a, &row);
		audit_hash(str_of(before), &row, hash);
		if (row.seq != expected++ || !str_eq(row.hash, str_of(hash)))
			found = row.seq;
		memcpy(before, hash, sizeof(before));
	}
	if (!sql_end(&q, e))
		return false;
	*broken = found;
	return true;
}
