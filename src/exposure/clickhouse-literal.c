/* The one encoder of ClickHouse literals (exposure/clickhouse-literal.h). */
#include "exposure/clickhouse-literal.h"

static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' ' ||
	       c == '.' || c == ':' || c == '-' || c == '/';
}

void
clickhouse_string(struct buf *sql, struct str bytes)
{
	static const char hex[] = "0123456789abcdef";

	buf_add_char(sql, '\'');
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		if (is_plain(c)) {
			buf_add_char(sql, (char)c);
			continue;
		}
		const char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		buf_add(sql, str_sub(escape, sizeof(escape)));
	}
	buf_add_char(sql, '\'');
}

void
clickhouse_number(struct buf *sql, int64_t n)
{
	/* As text, because −2⁶³ is no literal and small numbers would be of small types. */
	buf_addf(sql, "toInt64('%lld')", (long long)n);
}

bool
clickhouse_name(struct str name)
{
	if (name.len == 0 || name.len > 64 || (name.ptr[0] >= '0' && name.ptr[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

void
clickhouse_pattern(struct buf *pattern, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		/* NUL cannot stand in a pattern by itself. */
		if (c == '\0') {
			buf_add(pattern, STR("\\x00"));
			continue;
		}
		if (strchr("\\.+*?()[]{}|^$", c))
			buf_add_char(pattern, '\\');
		buf_add_char(pattern, c);
	}
}
