/* Statements, private to store: bound parameters only. The first error of a statement is kept and told by
 * sql_end() or sql_run(), so binding and reading need no checks in between. */
#ifndef MAMORI_STORE_SQL_H
#define MAMORI_STORE_SQL_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/store.h"

#include <sqlite3.h>

struct sql_entry;

struct sql {
	struct store *st;
	sqlite3_stmt *stmt;
	struct sql_entry *entry;
	int parameter, column; /* the last one bound or read */
	int rc; /* first error, or SQLITE_OK */
};

/* text is constant in the program (built from constants at most): prepared once for each connection. */
struct sql sql_new(struct store *st, const char *text);
void sql_free(struct sql *q);
#define SQL_AUTO __attribute__((cleanup(sql_free))) struct sql

/* Binds the next parameter. NULL pointers bind NULL. */
void sql_text(struct sql *q, struct str s);
void sql_cstr(struct sql *q, const char *s);
void sql_blob(struct sql *q, struct str bytes);
void sql_int(struct sql *q, int64_t n);
void sql_double_or_null(struct sql *q, double d); /* negative: NULL */
void sql_null(struct sql *q);
/* Binds parameter ?n when there is something to bind: the statement was built without it otherwise. */
void sql_text_at(struct sql *q, int n, struct str s);
void sql_int_at(struct sql *q, int n, int64_t value, bool given);

/* The next row; false at the end and on errors. */
bool sql_row(struct sql *q);
/* After the last row: true when nothing failed. */
bool sql_end(struct sql *q, struct err *e) MUST_CHECK;
/* A statement without rows. */
bool sql_run(struct sql *q, struct err *e) MUST_CHECK;
/* Exactly one row was there: leaves q on it; none is ERR_NOT_FOUND with this text. */
bool sql_one(struct sql *q, const char *missing, struct err *e) MUST_CHECK;

/* The next column of the row. */
struct str sql_get_str(struct sql *q, struct arena *a); /* ptr NULL for NULL */
int64_t sql_get_int(struct sql *q);
int64_t sql_get_int_or(struct sql *q, int64_t when_null);
double sql_get_double(struct sql *q); /* -1 for NULL */

/* One number, 0 without a row. */
bool sql_number(struct sql *q, int64_t *out, struct err *e) MUST_CHECK;
/* Rows changed by the last statement of the connection. */
int64_t sql_changes(const struct store *st);

/* Appends a condition (" AND x.host = ?2") when it is asked for: what is not asked for must not keep an index away. */
static inline void
sql_and(struct buf *from, bool given, const char *condition)
{
	if (given)
		buf_add(from, str_of(condition));
}

/* A sort key of a list and its expression. */
struct sql_sort {
	const char *key, *expression;
};

/* Appends " ORDER BY …" of the page's sort. */
void sql_order(struct buf *text, const struct sql_sort *sorts, size_t count, const char *tie, const struct page *p);
/* select + from ordered by the page's sort (the first row of sorts by default, tie last), LIMIT ?98 OFFSET ?99. */
struct sql sql_list(struct store *st, const char *select, const char *from, const struct sql_sort *sorts, size_t count,
		    const char *tie, const struct page *p);
/* "SELECT count(*) " + from. */
struct sql sql_count(struct store *st, const char *from);
void sql_page(struct sql *q, const struct page *p);

/* LIKE pattern "%text%" with its own wildcards escaped by backslash; NULL for an empty text. */
struct str sql_like(struct arena *a, struct str text);

#endif
