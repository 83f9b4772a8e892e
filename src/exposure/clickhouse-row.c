/* Banners and rows (exposure/clickhouse-row.h). */
#include "exposure/clickhouse-row.h"

#include "exposure/bits.h"
#include "exposure/clickhouse-sql.h"
#include "exposure/vocabulary.h"

/* ---- columns ---- */

void
clickhouse_row_columns(struct buf *sql)
{
	buf_addf(sql, "batch UInt64, ip FixedString(16), port UInt16, transport UInt8, timestamp Int64, "
		      "origins Array(UInt64), sure String");
	for (unsigned f = 0; f < FIELDS; f++) {
		if (clickhouse_is_key(f))
			continue;
		buf_addf(sql, ", ");
		clickhouse_column(f, sql);
		buf_addf(sql, " Array(%s)", clickhouse_is_string(f) ? "String" : "Int64");
	}
	buf_addf(sql, ", raw String, w_data String, w_title String, w_html String, w_names String");
}

void
clickhouse_row_names(bool texts, bool units, struct buf *sql)
{
	buf_addf(sql, "batch, ip, port, transport, timestamp, origins, sure");
	for (unsigned f = 0; f < FIELDS; f++) {
		if (clickhouse_is_key(f) || (field_table[f].kind == FIELD_TEXT && !texts))
			continue;
		buf_addf(sql, ", ");
		clickhouse_column(f, sql);
	}
	if (texts)
		buf_addf(sql, ", raw");
	if (units)
		buf_addf(sql, ", w_data, w_title, w_html, w_names");
}

/* ---- writing ---- */

void
row_put_number(struct buf *out, uint64_t n, unsigned bytes)
{
	char little[8];

	for (unsigned i = 0; i < bytes; i++)
		little[i] = (char)(n >> (8 * i));
	buf_add(out, str_sub(little, bytes));
}

void
row_put_text(struct buf *out, struct str text)
{
	buf_varint(out, text.len);
	buf_add(out, text);
}

/* As it is stored: whole characters, at most VALUE_MAX bytes; names of hosts in lower case. */
static struct str
stored(const struct banner_value *v, struct arena *a)
{
	struct str s = v->text;

	if (field_table[v->field].kind == FIELD_TEXT)
		return s;
	if (s.len > VALUE_MAX) {
		s.len = VALUE_MAX;
		while (s.len > 0 && (s.ptr[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	if (field_table[v->field].kind != FIELD_HOST)
		return s;
	char *lower = arena_cstr(a, s);
	for (size_t i = 0; i < s.len; i++)
		lower[i] = (char)ascii_lower((unsigned char)lower[i]);
	return str_sub(lower, s.len);
}

static int
compare(const struct banner_value *x, const struct banner_value *y)
{
	if (clickhouse_is_string(x->field))
		return value_compare(x->text, y->text);
	return (x->number > y->number) - (x->number < y->number);
}

static int
compare_values(const void *a, const void *b)
{
	const struct banner_value *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	/* Texts stay in the order in which they were told. */
	if (field_table[x->field].kind == FIELD_TEXT)
		return (x->at > y->at) - (x->at < y->at);
	return compare(x, y);
}

/* Values in the order of the columns, each once, with the highest confidence that was given. */
static size_t
tidy(const struct banner *b, struct arena *a, struct banner_value *out)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct banner_value v = b->values[i];
		if (clickhouse_is_key(v.field))
			continue;
		if (clickhouse_is_string(v.field)) {
			v.text = stored(&v, a);
			if (v.text.len == 0)
				continue;
		}
		v.at = (uint32_t)i;
		out[n++] = v;
	}
	if (n > 0)
		qsort(out, n, sizeof(*out), compare_values);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && compare_values(&out[kept - 1], &out[i]) == 0) {
			if (out[i].confidence > out[kept - 1].confidence)
				out[kept - 1].confidence = out[i].confidence;
			continue;
		}
		out[kept++] = out[i];
	}
	return kept;
}

static void
put_field(struct buf *out, enum field f, const struct banner_value *v, size_t n)
{
	buf_varint(out, n);
	for (size_t i = 0; i < n; i++) {
		if (clickhouse_is_string(f))
			row_put_text(out, v[i].text);
		else
			row_put_number(out, (uint64_t)v[i].number, 8);
	}
}

static bool
is_name(enum field f)
{
	return f == FIELD_SSL_CERT_SUBJECT_CN || f == FIELD_SSL_CERT_ISSUER_CN || f == FIELD_SSL_CERT_SUBJECT_O ||
	       f == FIELD_SSL_CERT_NAMES;
}

/* Texts that are no neighbours are kept apart by 0x02. */
static void
put_units(struct buf *out, const struct banner_value *v, size_t n, enum field f)
{
	BUF_AUTO units = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (f == FIELDS ? !is_name(v[i].field) : v[i].field != f)
			continue;
		if (units.len > 0)
			buf_add_char(&units, 2);
		clickhouse_units(v[i].text, &units);
	}
	row_put_text(out, buf_str(&units));
}

void
clickhouse_row_write(const struct clickhouse_row *r, struct buf *out)
{
	const struct banner *b = &r->banner;
	ARENA_AUTO a = { 0 };
	struct banner_value *v = ARENA_ARRAY(&a, struct banner_value, b->count + 1);
	size_t n = tidy(b, &a, v), at = 0;
	bool sure = false;

	row_put_number(out, r->batch, 8);
	buf_add(out, str_sub((const char *)b->ip, 16));
	row_put_number(out, b->port, 2);
	row_put_number(out, b->transport & 3u, 1);
	row_put_number(out, (uint64_t)b->timestamp, 8);
	buf_varint(out, r->origin_count);
	for (size_t i = 0; i < r->origin_count; i++)
		row_put_number(out, r->origins[i], 8);
	size_t others = 0;
	for (size_t i = 0; i < n; i++) {
		others += field_table[v[i].field].kind != FIELD_TEXT;
		sure |= v[i].confidence > 0;
	}
	buf_varint(out, sure ? others : 0);
	for (size_t i = 0; i < n && sure; i++)
		if (field_table[v[i].field].kind != FIELD_TEXT)
			buf_add_char(out, (char)v[i].confidence);
	for (unsigned f = 0; f < FIELDS; f++) {
		size_t from = at;
		if (clickhouse_is_key(f))
			continue;
		while (at < n && v[at].field == f)
			at++;
		put_field(out, f, v + from, at - from);
	}
	row_put_text(out, b->raw);
	put_units(out, v, n, FIELD_DATA);
	put_units(out, v, n, FIELD_TITLE);
	put_units(out, v, n, FIELD_HTML);
	put_units(out, v, n, FIELDS);
}

/* ---- reading ---- */

uint64_t
row_number(struct row_reader *r, unsigned bytes)
{
	uint64_t n = 0;

	if (r->cut || (size_t)(r->end - r->p) < bytes) {
		r->cut = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		n |= (uint64_t)r->p[i] << (8 * i);
	r->p += bytes;
	return n;
}

uint64_t
row_length(struct row_reader *r)
{
	uint64_t n = 0;
	const uint8_t *behind = r->cut ? NULL : varint_get(r->p, r->end, &n);

	if (!behind) {
		r->cut = true;
		return 0;
	}
	r->p = behind;
	return n;
}

struct str
row_text(struct row_reader *r)
{
	uint64_t n = row_length(r);

	if (r->cut || (uint64_t)(r->end - r->p) < n) {
		r->cut = true;
		return STR("");
	}
	struct str s = str_sub((const char *)r->p, (size_t)n);
	r->p += n;
	return s;
}

typedef ARRAY_OF(struct banner_value) value_list;

static bool
read_field(struct row_reader *r, enum field f, struct arena *a, value_list *out)
{
	uint64_t n = row_length(r);

	if (n > BANNER_VALUES_MAX * 2)
		return false;
	for (uint64_t i = 0; i < n && !r->cut; i++) {
		struct banner_value v = { .field = f };
		if (clickhouse_is_string(f))
			v.text = row_text(r);
		else
			v.number = (int64_t)row_number(r, 8);
		if (!str_is_utf8(v.text))
			return false;
		*ARRAY_PUSH(a, out) = v;
	}
	return true;
}

static bool
read_values(struct row_reader *r, bool texts, struct arena *a, struct str sure, struct banner *b)
{
	value_list values = { 0 };
	size_t at = 0;

	for (unsigned f = 0; f < FIELDS; f++) {
		bool text = field_table[f].kind == FIELD_TEXT;
		size_t from = values.count;
		/* Texts are stated: they have no place among the confidences. */
		if (clickhouse_is_key(f) || (text && !texts))
			continue;
		if (!read_field(r, f, a, &values))
			return false;
		for (size_t i = from; i < values.count && !text; i++, at++)
			values.items[i].confidence = at < sure.len ? (uint8_t)sure.ptr[at] : 0;
	}
	b->values = values.items;
	b->count = values.count;
	return true;
}

int
clickhouse_row_read(struct str bytes, bool texts, struct arena *a, struct clickhouse_row *out, size_t *used)
{
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };

	*out = (struct clickhouse_row){ .batch = row_number(&r, 8) };
	if (r.end - r.p < 16)
		return 0;
	memcpy(out->banner.ip, r.p, 16);
	r.p += 16;
	out->banner.port = (uint16_t)row_number(&r, 2);
	out->banner.transport = (enum transport)(row_number(&r, 1) & 3);
	out->banner.timestamp = (int64_t)row_number(&r, 8);
	uint64_t n = row_length(&r);
	if (!r.cut && n > (uint64_t)(r.end - r.p))
		return 0;
	out->origins = ARENA_ARRAY(a, uint64_t, (size_t)n + 1);
	for (uint64_t i = 0; i < n && !r.cut; i++)
		out->origins[out->origin_count++] = row_number(&r, 8);
	struct str sure = row_text(&r);
	if (!r.cut && !read_values(&r, texts, a, sure, &out->banner))
		return -1;
	if (texts)
		out->banner.raw = row_text(&r);
	*used = (size_t)((const char *)r.p - bytes.ptr);
	return r.cut ? 0 : 1;
}

ptrdiff_t
clickhouse_rows(struct str bytes, bool texts, clickhouse_row_fn *each, void *user, struct err *e)
{
	size_t done = 0, used;

	while (done < bytes.len) {
		ARENA_AUTO a = { 0 };
		struct clickhouse_row row;
		int got = clickhouse_row_read(str_skip(bytes, done), texts, &a, &row, &used);
		if (got < 0) {
			(void)err_set(e, ERR_INPUT, "a row of mamori_banner is none of ours");
			return -1;
		}
		if (got == 0)
			break;
		if (!each(user, &row, &a, e))
			return -1;
		done += used;
	}
	return (ptrdiff_t)done;
}
