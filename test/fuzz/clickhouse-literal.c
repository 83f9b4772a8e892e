/* What goes to ClickHouse: any bytes come back from their literal as they were, and of a query nothing but numbers, names and
 * whole literals reaches the SQL. The reader of literals here follows ClickHouse's own (parseEscapeSequence). */
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-sql.h"
#include "exposure/clickhouse-row.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	abort();
}

/* Reads the literal that begins at sql.ptr[0]; gives the place behind it. */
static size_t
read_literal(struct str sql, struct buf *out)
{
	size_t i = 1;

	if (sql.len < 2 || sql.ptr[0] != '\'')
		abort();
	for (; i < sql.len && sql.ptr[i] != '\''; i++) {
		unsigned char c = (unsigned char)sql.ptr[i];
		if (c < ' ' || c > '~')
			abort();
		if (c != '\\') {
			buf_add_char(out, (char)c);
			continue;
		}
		if (sql.len - i < 4 || sql.ptr[i + 1] != 'x')
			abort();
		buf_add_char(out, (char)(hex(sql.ptr[i + 2]) << 4 | hex(sql.ptr[i + 3])));
		i += 3;
	}
	if (i == sql.len)
		abort();
	return i + 1;
}

static void
check_literal(struct str bytes)
{
	BUF_AUTO sql = { 0 };
	BUF_AUTO back = { 0 };

	clickhouse_string(&sql, bytes);
	if (read_literal(buf_str(&sql), &back) != sql.len || !str_eq(buf_str(&back), bytes))
		abort();
}

/* Outside its literals SQL of ours has no quotes, no comments, no second statement, and its parentheses fit. */
static void
check_sql(struct str sql)
{
	size_t open = 0;

	for (size_t i = 0; i < sql.len;) {
		char c = sql.ptr[i];
		if (c == '\'') {
			BUF_AUTO text = { 0 };
			i += read_literal(str_skip(sql, i), &text);
			continue;
		}
		if (c < ' ' || c > '~' || strchr(";\"`\\#?@$", c) ||
		    (c == '-' && i + 1 < sql.len && sql.ptr[i + 1] == '-') ||
		    (c == '/' && i + 1 < sql.len && sql.ptr[i + 1] == '*'))
			abort();
		open += c == '(' || c == '[';
		if ((c == ')' || c == ']') && open-- == 0)
			abort();
		i++;
	}
	if (open != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO sql = { 0 };
	struct str bytes = str_sub((const char *)data, size);
	struct clickhouse_row row;
	struct query *q;
	struct err e = { 0 };
	size_t used;

	check_literal(bytes);
	if (query_parse(&a, bytes, &q, &e)) {
		clickhouse_where(q, &sql);
		check_sql(buf_str(&sql));
	}
	/* A row that a server sent: read within its bounds, and what was read comes back when it is written. */
	if (clickhouse_row_read(bytes, size % 2, &a, &row, &used) == 1 && used > size)
		abort();
	return 0;
}
