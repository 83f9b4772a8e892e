/* Queries as ClickHouse's SQL (exposure/clickhouse-sql.h). Text is compared as the files compare it: by the units of words.h,
 * which stand in a column of their own, and without regard to ASCII case, which is what lower() of ClickHouse knows. */
#include "exposure/clickhouse-sql.h"

#include "exposure/clickhouse-literal.h"
#include "exposure/query-filter.h"
#include "exposure/vocabulary.h"
#include "exposure/words.h"

bool
clickhouse_is_key(enum field f)
{
	return f == FIELD_IP || f == FIELD_PORT || f == FIELD_TRANSPORT || f == FIELD_TIMESTAMP;
}

bool
clickhouse_is_string(enum field f)
{
	return field_table[f].kind == FIELD_KEYWORD || field_table[f].kind == FIELD_HOST ||
	       field_table[f].kind == FIELD_TEXT;
}

void
clickhouse_column(enum field f, struct buf *sql)
{
	buf_addf(sql, "f_");
	for (const char *p = field_table[f].name; *p; p++)
		buf_add_char(sql, *p == '.' ? '_' : *p);
}

void
clickhouse_values(enum field f, struct buf *sql)
{
	if (f == FIELD_IP)
		buf_addf(sql, "[ip]");
	else if (f == FIELD_PORT)
		buf_addf(sql, "[toInt64(port)]");
	else if (f == FIELD_TIMESTAMP)
		buf_addf(sql, "[timestamp]");
	else if (f == FIELD_TRANSPORT)
		buf_addf(sql, "[['tcp','udp','sctp','other'][transport + 1]]");
	else
		clickhouse_column(f, sql);
}

/* ---- text ---- */

void
clickhouse_units(struct str text, struct buf *out)
{
	struct words w;

	words_begin(&w, text);
	while (words_next(&w)) {
		if (!w.joined)
			buf_add_char(out, 1);
		buf_add(out, str_sub(w.text, w.len));
	}
	buf_add_char(out, 1);
}

/* What the phrase looks like among the units. A pattern only where one unspaced character may follow another with or without a
 * gap; else the text itself. */
static bool
phrase_units(const struct query *q, bool pattern, struct buf *out)
{
	struct words w, ahead;
	bool first = true, cjk = false, loose = false;

	words_begin(&w, q->text);
	while (words_next(&w)) {
		bool gap = w.cjk && cjk && !w.joined && !first;
		loose |= gap;
		if (gap && pattern)
			buf_add(out, STR("\x01?"));
		else if (!w.joined && !(first && w.cjk))
			buf_add_char(out, 1);
		if (pattern)
			clickhouse_pattern(out, str_sub(w.text, w.len));
		else
			buf_add(out, str_sub(w.text, w.len));
		ahead = w;
		if (!w.cjk && !words_next(&ahead) && !q->open)
			buf_add_char(out, 1);
		cjk = w.cjk;
		first = false;
	}
	return loose;
}

static void
one_text(const char *column, struct str units, bool pattern, struct buf *sql)
{
	buf_addf(sql, "%s(%s, ", pattern ? "match" : "position", column);
	clickhouse_string(sql, units);
	buf_add(sql, pattern ? STR(")") : STR(") > 0"));
}

static void
where_words(const struct query *q, struct buf *sql)
{
	static const struct {
		enum field field;
		const char *column;
	} texts[] = { { FIELD_DATA, "w_data" },
		      { FIELD_TITLE, "w_title" },
		      { FIELD_HTML, "w_html" },
		      { (enum field)QUERY_NAMES, "w_names" } };
	BUF_AUTO units = { 0 };
	bool any = false;

	bool pattern = phrase_units(q, false, &units);
	if (pattern) {
		units.len = 0;
		(void)phrase_units(q, true, &units);
	}
	buf_add_char(sql, '(');
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (q->field != FIELDS && q->field != texts[i].field)
			continue;
		buf_add(sql, any ? STR(" OR ") : STR(""));
		one_text(texts[i].column, buf_str(&units), pattern, sql);
		any = true;
	}
	buf_add(sql, any ? STR(")") : STR("0)"));
}

/* ---- values ---- */

static void
add_lower(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, (char)ascii_lower((unsigned char)text.ptr[i]));
}

static void
where_equal(const struct query *q, struct buf *sql)
{
	BUF_AUTO text = { 0 };

	add_lower(&text, q->text);
	buf_addf(sql, "arrayExists(item -> lower(item) = ");
	clickhouse_string(sql, buf_str(&text));
	buf_addf(sql, ", ");
	clickhouse_values(q->field, sql);
	buf_addf(sql, ")");
}

static void
where_like(const struct query *q, struct buf *sql)
{
	BUF_AUTO pattern = { 0 };
	struct str rest = q->text;

	buf_addf(&pattern, "(?s)^");
	while (rest.len > 0) {
		ptrdiff_t star = str_find_char(rest, '*');
		BUF_AUTO piece = { 0 };
		add_lower(&piece, str_head(rest, star < 0 ? rest.len : (size_t)star));
		clickhouse_pattern(&pattern, buf_str(&piece));
		if (star >= 0)
			buf_addf(&pattern, ".*");
		rest = star < 0 ? STR("") : str_skip(rest, (size_t)star + 1);
	}
	buf_addf(&pattern, "$");
	buf_addf(sql, "arrayExists(item -> match(lower(item), ");
	clickhouse_string(sql, buf_str(&pattern));
	buf_addf(sql, "), ");
	clickhouse_values(q->field, sql);
	buf_addf(sql, ")");
}

static void
between(const char *what, const struct query *q, struct buf *sql)
{
	buf_addf(sql, "(%s >= ", what);
	clickhouse_number(sql, q->low);
	buf_addf(sql, " AND %s <= ", what);
	clickhouse_number(sql, q->high);
	buf_addf(sql, ")");
}

static void
where_range(const struct query *q, struct buf *sql)
{
	if (q->low > q->high || clickhouse_is_string(q->field) || q->field == FIELD_IP) {
		buf_addf(sql, "0");
	} else if (q->field == FIELD_PORT || q->field == FIELD_TIMESTAMP) {
		between(field_table[q->field].name, q, sql);
	} else {
		buf_addf(sql, "arrayExists(item -> ");
		between("item", q, sql);
		buf_addf(sql, ", ");
		clickhouse_column(q->field, sql);
		buf_addf(sql, ")");
	}
}

static void
address(const unsigned char ip[16], struct buf *sql)
{
	buf_addf(sql, "toFixedString(");
	clickhouse_string(sql, str_sub((const char *)ip, 16));
	buf_addf(sql, ", 16)");
}

static void
where_net(const struct query *q, struct buf *sql)
{
	unsigned char last[16];

	memcpy(last, q->net, 16);
	for (unsigned i = q->prefix; i < 128; i++)
		last[i / 8] |= (unsigned char)(0x80 >> (i % 8));
	buf_addf(sql, "(ip >= ");
	address(q->net, sql);
	buf_addf(sql, " AND ip <= ");
	address(last, sql);
	buf_addf(sql, ")");
}

static void
where_geo(const struct query *q, struct buf *sql)
{
	const char *lat = "(f_latitude[1] / 1e6)", *lon = "(f_longitude[1] / 1e6)";

	buf_addf(sql, "(notEmpty(f_latitude) AND notEmpty(f_longitude) AND ");
	if (q->radius_km > 0) {
		const char *rad = "0.017453292519943295";
		buf_addf(sql,
			 "2 * 6371.0 * asin(sqrt(least(1.0, pow(sin((%s - (%.17g)) * %s / 2), 2) + cos((%.17g) * %s) * "
			 "cos(%s * %s) * pow(sin((%s - (%.17g)) * %s / 2), 2)))) <= %.17g)",
			 lat, q->box[0], rad, q->box[0], rad, lat, rad, lon, q->box[1], rad, q->radius_km);
		return;
	}
	/* West of the date line to east of it, when the box's sides say so. */
	buf_addf(sql, "%s >= %.17g AND %s <= %.17g AND (%s >= %.17g %s %s <= %.17g))", lat, q->box[0], lat, q->box[2],
		 lon, q->box[1], q->box[1] > q->box[3] ? "OR" : "AND", lon, q->box[3]);
}

static void
where_exists(const struct query *q, struct buf *sql)
{
	if (clickhouse_is_key(q->field)) {
		buf_addf(sql, "1");
		return;
	}
	buf_addf(sql, "notEmpty(");
	clickhouse_column(q->field, sql);
	buf_addf(sql, ")");
}

static bool
is_address(const struct query *q)
{
	return q->kind == QUERY_NET && q->prefix == 128;
}

/* Single addresses as one set: ClickHouse takes minutes to plan thousands of ranges (our own addresses may be so many). */
static void
where_any(const struct query *q, struct buf *sql)
{
	size_t addresses = 0, n = 0;

	for (size_t i = 0; i < q->count; i++)
		addresses += is_address(q->children[i]);
	buf_addf(sql, "(0");
	for (size_t i = 0; i < q->count; i++) {
		if (addresses > 1 && is_address(q->children[i]))
			continue;
		buf_addf(sql, " OR ");
		clickhouse_where(q->children[i], sql);
	}
	for (size_t i = 0; addresses > 1 && i < q->count; i++) {
		if (!is_address(q->children[i]))
			continue;
		buf_addf(sql, "%s", n++ > 0 ? "," : " OR ip IN (");
		address(q->children[i]->net, sql);
	}
	buf_addf(sql, "%s)", addresses > 1 ? ")" : "");
}

static void
where_all(const struct query *q, struct buf *sql)
{
	buf_addf(sql, "(1");
	for (size_t i = 0; i < q->count; i++) {
		buf_addf(sql, " AND ");
		clickhouse_where(q->children[i], sql);
	}
	buf_addf(sql, ")");
}

void
clickhouse_where(const struct query *q, struct buf *sql)
{
	switch (q->kind) {
	case QUERY_ALL:
		buf_addf(sql, "1");
		break;
	case QUERY_AND:
		where_all(q, sql);
		break;
	case QUERY_OR:
		where_any(q, sql);
		break;
	case QUERY_NOT:
		buf_addf(sql, "NOT (");
		clickhouse_where(q->children[0], sql);
		buf_addf(sql, ")");
		break;
	case QUERY_WORD:
		where_words(q, sql);
		break;
	case QUERY_EQUAL:
		where_equal(q, sql);
		break;
	case QUERY_RANGE:
		where_range(q, sql);
		break;
	case QUERY_NET:
		where_net(q, sql);
		break;
	case QUERY_EXISTS:
		where_exists(q, sql);
		break;
	case QUERY_GEO:
		where_geo(q, sql);
		break;
	case QUERY_LIKE:
		where_like(q, sql);
		break;
	}
}
