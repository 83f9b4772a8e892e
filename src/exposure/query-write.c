/* A query in its canonical form (exposure/query.h): what it means, whatever it was written like. */
#include "exposure/query-filter.h"

#include "base/time.h"

#include <arpa/inet.h>

static void
write_text(struct str s, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' || s.ptr[i] == '\\' || s.ptr[i] == ',')
			buf_add_char(out, '\\');
		buf_add_char(out, s.ptr[i]);
	}
	buf_add_char(out, '"');
}

static void
write_number(const struct query *q, int64_t n, struct buf *out)
{
	char text[TIME_RFC3339_MAX];

	if (field_table[q->field].kind == FIELD_BOOL)
		buf_addf(out, "%s", n ? "true" : "false");
	else if (field_table[q->field].kind == FIELD_TIME)
		buf_addf(out, "%s", time_rfc3339(n, text));
	else if (field_is_degrees(q->field))
		buf_addf(out, "%.6f", (double)n / 1e6);
	else
		buf_addf(out, "%lld", (long long)n);
}

static void
write_range(const struct query *q, struct buf *out)
{
	if (q->low != INT64_MIN)
		write_number(q, q->low, out);
	if (q->low == q->high && field_table[q->field].kind != FIELD_TIME)
		return;
	buf_addf(out, "..");
	if (q->high != INT64_MAX)
		write_number(q, q->high, out);
}

static void
write_net(const struct query *q, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool four = q->prefix >= 96 && q->net[10] == 0xff && q->net[11] == 0xff;

	(void)inet_ntop(four ? AF_INET : AF_INET6, four ? q->net + 12 : q->net, text, sizeof(text));
	buf_addf(out, "%s/%u", text, four ? q->prefix - 96 : q->prefix);
}

static void
write_list(const struct query *q, const char *between, struct buf *out)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < q->count; i++) {
		if (i > 0)
			buf_addf(out, "%s", between);
		query_write(q->children[i], out);
	}
	buf_add_char(out, ')');
}

static void
write_name(const struct query *q, struct buf *out)
{
	if ((unsigned)q->field == QUERY_NAMES)
		buf_addf(out, "ssl:");
	else if (q->field == FIELDS)
		buf_addf(out, "all:");
	else
		buf_addf(out, "%s:", field_table[q->field].name);
}

static void
write_geo(const struct query *q, struct buf *out)
{
	if (q->radius_km > 0)
		buf_addf(out, "geo:%.6f,%.6f,%.3f", q->box[0], q->box[1], q->radius_km);
	else
		buf_addf(out, "geo:%.6f,%.6f,%.6f,%.6f", q->box[2], q->box[1], q->box[0], q->box[3]);
}

/* Unquoted, as the star has no meaning inside quotation marks. */
static void
write_like(const struct query *q, struct buf *out)
{
	bool host = q->text.len > 2 && field_table[q->field].kind == FIELD_HOST && q->text.ptr[0] == '*' &&
		    q->text.ptr[q->text.len - 1] == '*';

	if (host)
		write_text(str_sub(q->text.ptr + 1, q->text.len - 2), out);
	else
		buf_add(out, q->text);
}

void
query_write(const struct query *q, struct buf *out)
{
	if (q->kind == QUERY_AND || q->kind == QUERY_OR) {
		write_list(q, q->kind == QUERY_AND ? " " : " OR ", out);
		return;
	}
	if (q->kind == QUERY_NOT) {
		buf_add_char(out, '-');
		query_write(q->children[0], out);
		return;
	}
	if (q->kind == QUERY_GEO) {
		write_geo(q, out);
		return;
	}
	if (q->kind == QUERY_ALL)
		return;
	write_name(q, out);
	if (q->kind == QUERY_EXISTS)
		buf_add_char(out, '*');
	else if (q->kind == QUERY_RANGE)
		write_range(q, out);
	else if (q->kind == QUERY_NET)
		write_net(q, out);
	else if (q->kind == QUERY_LIKE)
		write_like(q, out);
	else if (q->open)
		buf_addf(out, "%.*s*", (int)q->text.len, q->text.ptr);
	else
		write_text(q->text, out);
}
