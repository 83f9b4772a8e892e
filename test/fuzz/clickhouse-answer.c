/* What a ClickHouse answers: rows of banners and of imports. They are read within their bounds, the same however the answer is cut
 * into pieces, and what was read can be written, shown and compared. */
#include "exposure/banner-out.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse.h"
#include "exposure/diff.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t rows;
	uint64_t sum;
};

static bool
look(void *user, const struct clickhouse_row *row, struct arena *a, struct err *e)
{
	struct seen *s = user;
	const struct banner *b = &row->banner;
	BUF_AUTO text = { 0 };
	BUF_AUTO again = { 0 };
	struct json_writer w = { .out = &text };
	uint8_t fields[FIELDS] = { 0 };

	(void)e;
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field >= FIELDS || !str_is_utf8(b->values[i].text))
			abort();
	exposure_json(&w, b, false);
	if (!str_is_utf8(buf_str(&text)))
		abort();
	if (banners_differ(b, b, fields))
		abort();
	clickhouse_row_write(row, &again);
	s->rows++;
	s->sum = s->sum * 31 + row->batch + b->count + b->port + text.len + again.len;
	(void)a;
	return true;
}

static void
check_rows(struct str bytes, size_t cut, bool texts)
{
	struct seen whole = { 0 }, parts = { 0 };
	struct err e = { 0 };
	ptrdiff_t all = clickhouse_rows(bytes, texts, look, &whole, &e);

	if (all > (ptrdiff_t)bytes.len)
		abort();
	ptrdiff_t first = clickhouse_rows(str_head(bytes, cut), texts, look, &parts, &e);
	if (first < 0)
		return;
	ptrdiff_t rest = clickhouse_rows(str_skip(bytes, (size_t)first), texts, look, &parts, &e);
	if ((all < 0) != (rest < 0) || (all >= 0 && all != first + rest) || whole.rows != parts.rows ||
	    whole.sum != parts.sum)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct clickhouse_state s;
	struct err e = { 0 };

	if (size < 2)
		return 0;
	struct str bytes = str_sub((const char *)data + 2, size - 2);
	check_rows(bytes, bytes.len * data[0] / 255, data[1] & 1);
	if (clickhouse_state_of(&a, bytes, &s, &e) && s.live.count > s.ever.count)
		abort();
	return 0;
}
