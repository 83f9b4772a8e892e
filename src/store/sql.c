#include "store/sql.h"

#include "base/buf.h"
#include "base/table.h"
#include "store/connection.h"

struct sql_entry {
	sqlite3_stmt *stmt;
	bool busy;
	char text[]; /* the table's key */
};

static struct sql_entry *
entry_find(struct store *st, const char *text, size_t len)
{
	struct sql_entry *entry = table_get(&st->statements, str_sub(text, len));
	if (!entry) {
		entry = xcalloc(1, sizeof(*entry) + len + 1);
		memcpy(entry->text, text, len);
		*table_put(&st->statements, str_sub(entry->text, len), NULL) = entry;
	}
	return entry;
}

/* Most texts are constants of the program; hashing one costs more than running a small statement. */
static struct sql_entry *
entry_recent(struct store *st, const char *text)
{
	struct sql_entry **place = &st->recent[(uintptr_t)text / 8 % STATEMENTS_RECENT];
	if (!*place || strcmp((*place)->text, text) != 0)
		*place = entry_find(st, text, strlen(text));
	return *place;
}

static int
prepare(struct store *st, const char *text, size_t len, unsigned flags, sqlite3_stmt **stmt)
{
	return sqlite3_prepare_v3(st->db, text, (int)len + 1, flags, stmt, NULL);
}

struct sql
sql_new(struct store *st, const char *text)
{
	struct sql q = { .st = st };
	struct sql_entry *entry = entry_recent(st, text);
	if (entry->busy) { /* the same text inside its own loop */
		q.rc = prepare(st, text, strlen(text), 0, &q.stmt);
		return q;
	}
	if (!entry->stmt)
		q.rc = prepare(st, text, strlen(text), SQLITE_PREPARE_PERSISTENT, &entry->stmt);
	if (q.rc == SQLITE_OK) {
		entry->busy = true;
		q.entry = entry;
		q.stmt = entry->stmt;
	}
	return q;
}

void
sql_free(struct sql *q)
{
	if (!q->stmt)
		return;
	if (q->entry) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		q->entry->busy = false;
	} else {
		sqlite3_finalize(q->stmt);
	}
	q->stmt = NULL;
}

void
sql_cache_free(struct store *st)
{
	struct table_slot *slot;
	for (size_t i = 0; table_next(&st->statements, &i, &slot);) {
		struct sql_entry *entry = slot->value;
		sqlite3_finalize(entry->stmt);
		free(entry);
	}
	table_free(&st->statements);
}

static void
bound(struct sql *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

/* Views live in the caller's arena until the statement has run, so nothing is copied. */
void
sql_text(struct sql *q, struct str s)
{
	q->parameter++;
	if (q->rc == SQLITE_OK)
		bound(q, s.ptr ? sqlite3_bind_text64(q->stmt, q->parameter, s.ptr, s.len, SQLITE_STATIC, SQLITE_UTF8)
			       : sqlite3_bind_null(q->stmt, q->parameter));
}

void
sql_cstr(struct sql *q, const char *s)
{
	sql_text(q, str_of(s));
}

void
sql_blob(struct sql *q, struct str bytes)
{
	q->parameter++;
	if (q->rc == SQLITE_OK)
		bound(q,
		      sqlite3_bind_blob64(q->stmt, q->parameter, bytes.ptr ? bytes.ptr : "", bytes.len, SQLITE_STATIC));
}

void
sql_int(struct sql *q, int64_t n)
{
	q->parameter++;
	if (q->rc == SQLITE_OK)
		bound(q, sqlite3_bind_int64(q->stmt, q->parameter, n));
}

void
sql_double_or_null(struct sql *q, double d)
{
	if (d < 0) {
		sql_null(q);
		return;
	}
	q->parameter++;
	if (q->rc == SQLITE_OK)
		bound(q, sqlite3_bind_double(q->stmt, q->parameter, d));
}

void
sql_null(struct sql *q)
{
	q->parameter++;
	if (q->rc == SQLITE_OK)
		bound(q, sqlite3_bind_null(q->stmt, q->parameter));
}

void
sql_text_at(struct sql *q, int n, struct str s)
{
	if (!s.len)
		return;
	q->parameter = n - 1;
	sql_text(q, s);
}

void
sql_int_at(struct sql *q, int n, int64_t value, bool given)
{
	if (!given)
		return;
	q->parameter = n - 1;
	sql_int(q, value);
}

bool
sql_row(struct sql *q)
{
	if (q->rc != SQLITE_OK)
		return false;
	q->column = -1;
	int rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		q->rc = rc;
	return false;
}

static enum err_code
code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return ERR_NO_SPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_INPUT;
	default:
		return ERR_SYSTEM;
	}
}

/* Answers can be asked again; the log's head beside them speaks of lines that a new store does not have. */
static bool
answers_damaged(const struct store *st, const char *detail, struct err *e)
{
	struct str path = str_of(st->path), folder = str_head(path, (size_t)(str_rfind_char(path, '/') + 1));
	return err_set(
		e, ERR_INPUT,
		"the answers in %s are damaged (%s). What runs found is kept beside them and stays readable. "
		"Restore the file from a backup, or move it away together with %.*slog.head, and with %s-wal and "
		"%s-shm where they are: then the next run asks anew",
		st->path, detail, STR_ARG(folder), st->path, st->path);
}

bool
sql_fail(struct store *st, int rc, struct err *e)
{
	const char *detail = sqlite3_errmsg(st->db);
	enum err_code code = code_of(rc);
	if (code == ERR_NO_SPACE)
		return err_set(e, code, "the database cannot grow, its disk is full: free some space (%s)", st->path);
	if (code == ERR_INPUT && st->answers)
		return answers_damaged(st, detail, e);
	if (code == ERR_INPUT)
		return err_set(e, code, "the database %s is damaged (%s): restore it from a backup", st->path, detail);
	return err_set(e, code, "the database %s did not answer: %s", st->path, detail);
}

bool
sql_end(struct sql *q, struct err *e)
{
	bool ok = q->rc == SQLITE_OK;
	if (!ok)
		sql_fail(q->st, q->rc, e);
	if (q->stmt)
		sqlite3_reset(q->stmt);
	q->parameter = 0;
	return ok;
}

bool
sql_run(struct sql *q, struct err *e)
{
	while (sql_row(q))
		;
	return sql_end(q, e);
}

bool
sql_one(struct sql *q, const char *missing, struct err *e)
{
	if (sql_row(q))
		return true;
	if (!sql_end(q, e))
		return false;
	return err_set(e, ERR_NOT_FOUND, "%s", tr(missing));
}

struct str
sql_get_str(struct sql *q, struct arena *a)
{
	int i = ++q->column;
	if (sqlite3_column_type(q->stmt, i) == SQLITE_NULL)
		return STR_NONE;
	const char *text = sqlite3_column_blob(q->stmt, i);
	return arena_str(a, str_sub(text ? text : "", (size_t)sqlite3_column_bytes(q->stmt, i)));
}

int64_t
sql_get_int(struct sql *q)
{
	return sqlite3_column_int64(q->stmt, ++q->column);
}

int64_t
sql_get_int_or(struct sql *q, int64_t when_null)
{
	int i = ++q->column;
	return sqlite3_column_type(q->stmt, i) == SQLITE_NULL ? when_null : sqlite3_column_int64(q->stmt, i);
}

double
sql_get_double(struct sql *q)
{
	int i = ++q->column;
	return sqlite3_column_type(q->stmt, i) == SQLITE_NULL ? -1 : sqlite3_column_double(q->stmt, i);
}

bool
sql_number(struct sql *q, int64_t *out, struct err *e)
{
	int64_t n = sql_row(q) ? sql_get_int(q) : 0;
	if (!sql_end(q, e))
		return false;
	*out = n;
	return true;
}

int64_t
sql_changes(const struct store *st)
{
	return sqlite3_changes64(st->db);
}

static const char *
sort_expression(const struct sql_sort *sorts, size_t count, struct str key)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(key, str_of(sorts[i].key)))
			return sorts[i].expression;
	return sorts[0].expression;
}

void
sql_order(struct buf *text, const struct sql_sort *sorts, size_t count, const char *tie, const struct page *p)
{
	buf_addf(text, " ORDER BY %s%s, %s", sort_expression(sorts, count, p->sort), p->falling ? " DESC" : "", tie);
}

struct sql
sql_list(struct store *st, const char *select, const char *from, const struct sql_sort *sorts, size_t count,
	 const char *tie, const struct page *p)
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "%s %s", select, from);
	sql_order(&text, sorts, count, tie, p);
	buf_add(&text, STR(" LIMIT ?98 OFFSET ?99"));
	return sql_new(st, buf_cstr(&text));
}

struct sql
sql_count(struct store *st, const char *from)
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "SELECT count(*) %s", from);
	return sql_new(st, buf_cstr(&text));
}

void
sql_page(struct sql *q, const struct page *p)
{
	q->parameter = 97;
	sql_int(q, p->limit);
	sql_int(q, p->offset);
}

struct str
sql_like(struct arena *a, struct str text)
{
	if (!text.len)
		return STR_NONE;
	BUF_AUTO pattern = { 0 };
	buf_add_char(&pattern, '%');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%' || c == '_' || c == '\\')
			buf_add_char(&pattern, '\\');
		buf_add_char(&pattern, c);
	}
	buf_add_char(&pattern, '%');
	return arena_str(a, buf_str(&pattern));
}
