/* Reading stored records (exposure/segment.h; raw-write.h says how they lie). */
#include "exposure/segment.h"

#include "exposure/raw-text.h"
#include "exposure/raw-write.h"

#include <zstd.h>

enum { UNPACKED_MAX = 256 << 20 };

void
raw_cache_free(struct raw_cache *c)
{
	free(c->bytes);
	free(c->rows);
	free(c->shapes);
	ZSTD_freeDCtx(c->context);
	*c = (struct raw_cache){ 0 };
}

static bool
block_row(struct segment *s, uint32_t i, struct raw_block *row)
{
	const char *p = s->raw_blocks.ptr + (size_t)i * sizeof(*row);

	if (!segment_touch(s, p, sizeof(*row)))
		return false;
	memcpy(row, p, sizeof(*row));
	return row->at <= s->trailer.sums_at && row->packed <= s->trailer.sums_at - row->at &&
	       row->size <= UNPACKED_MAX && segment_touch(s, s->base + row->at, row->packed);
}

/* The first block's bytes are what the others refer to. */
static const ZSTD_DDict *
dictionary(struct segment *s, ZSTD_DCtx *context)
{
	void *none = NULL, *d = atomic_load(&s->unpacking);
	struct raw_block row;

	if (d)
		return d;
	if (!block_row(s, 0, &row))
		return NULL;
	char *bytes = xcalloc(1, (size_t)row.size + 1);
	size_t n = ZSTD_decompressDCtx(context, bytes, row.size, s->base + row.at, row.packed);
	enum { DICTIONARY_MAX = 1 << 20 };
	if (n == row.size)
		d = ZSTD_createDDict(bytes, n > DICTIONARY_MAX ? DICTIONARY_MAX : n);
	free(bytes);
	if (d && !atomic_compare_exchange_strong(&s->unpacking, &none, d)) {
		ZSTD_freeDDict(d);
		d = none;
	}
	return d;
}

/* ---- a block taken apart ---- */

static bool
read_shape(const uint8_t *p, const uint8_t *end, uint32_t *literals)
{
	uint64_t field, quote;

	*literals = 0;
	while (p < end) {
		p = varint_get(p, end, &field);
		p = p ? varint_get(p, end, &quote) : NULL;
		if (!p || field >= FIELDS)
			return false;
		*literals += quote == 0;
	}
	return true;
}

static bool
read_shapes(struct segment *s, struct raw_cache *c)
{
	const uint8_t *start = (const uint8_t *)s->shapes.ptr, *p = start, *end = start + s->shapes.len;
	size_t cap = 0;
	uint64_t len;

	if (!segment_touch(s, start, s->shapes.len))
		return false;
	c->shapes_of = NULL;
	c->shape_count = 0;
	while (p < end) {
		p = varint_get(p, end, &len);
		if (!p || len > (uint64_t)(end - p))
			return false;
		if (c->shape_count == cap) {
			cap = cap ? cap * 2 : 16;
			c->shapes = xrealloc(c->shapes, cap, sizeof(*c->shapes));
		}
		struct raw_shape *x = &c->shapes[c->shape_count++];
		x->at = (uint32_t)(p - start);
		x->len = (uint32_t)len;
		if (!read_shape(p, p + len, &x->literals))
			return false;
		p += len;
	}
	c->shapes_of = s;
	return true;
}

static const uint8_t *
read_row_shapes(struct raw_cache *c, const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; p && i < c->row_count; i++) {
		uint64_t shape;
		p = varint_get(p, end, &shape);
		if (!p || shape >= c->shape_count)
			return NULL;
		c->rows[i].shape = (uint32_t)shape;
	}
	return p;
}

static const uint8_t *
read_lengths(struct raw_cache *c, const uint8_t *p, const uint8_t *end)
{
	uint64_t len;

	for (size_t i = 0; p && i < c->row_count; i++) {
		p = varint_get(p, end, &len);
		if (!p || len > UNPACKED_MAX)
			return NULL;
		c->rows[i].len = (uint32_t)len;
	}
	for (size_t i = 0; p && i < c->row_count; i++) {
		if (c->rows[i].len > (size_t)(end - p))
			return NULL;
		c->rows[i].at = (uint32_t)((const char *)p - c->bytes);
		p += c->rows[i].len;
	}
	return p;
}

static const uint8_t *
read_lines(struct raw_cache *c, const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < c->row_count; i++) {
		const uint8_t *to = memchr(p, '\n', (size_t)(end - p));
		if (!to)
			return NULL;
		c->rows[i].at = (uint32_t)((const char *)p - c->bytes);
		c->rows[i].len = (uint32_t)(to - p);
		p = to + 1;
	}
	return p;
}

static bool
read_literals(struct raw_cache *c, const uint8_t *p, const uint8_t *end)
{
	uint64_t len;

	for (size_t i = 0; i < c->row_count; i++) {
		c->rows[i].literals = (uint32_t)((const char *)p - c->bytes);
		for (uint32_t j = 0; j < c->shapes[c->rows[i].shape].literals; j++) {
			p = varint_get(p, end, &len);
			if (!p || len > (uint64_t)(end - p))
				return false;
			p += len;
		}
	}
	return true;
}

/* Records that were taken apart become lines again, in memory of their own; the literals come behind them. */
static const uint8_t *
put_together(struct raw_cache *c, const uint8_t *p, const uint8_t **end)
{
	BUF_AUTO lines = { 0 };

	p = raw_join(p, *end, c->row_count, UNPACKED_MAX, &lines);
	if (!p)
		return NULL;
	buf_add(&lines, str_sub((const char *)p, (size_t)(*end - p)));
	free(c->bytes);
	c->bytes = lines.ptr;
	c->cap = lines.cap;
	c->len = lines.len;
	lines = (struct buf){ 0 };
	*end = (const uint8_t *)c->bytes + c->len;
	return (const uint8_t *)c->bytes;
}

static bool
take_apart(struct raw_cache *c)
{
	const uint8_t *p = (const uint8_t *)c->bytes, *end = p + c->len;
	uint64_t rows;

	if (c->len == 0)
		return false;
	p = varint_get(p, end, &rows);
	if (!p || p == end || rows > c->len || rows == 0)
		return false;
	if (rows > c->row_cap) {
		c->rows = xrealloc(c->rows, rows, sizeof(*c->rows));
		c->row_cap = rows;
	}
	c->row_count = rows;
	unsigned form = *p++;
	p = read_row_shapes(c, p, end);
	if (p && form == RAW_SPLIT)
		p = put_together(c, p, &end);
	if (p)
		p = form != RAW_LENGTHS ? read_lines(c, p, end) : read_lengths(c, p, end);
	return p && read_literals(c, p, end);
}

static bool
unpack(struct segment *s, uint32_t i, struct raw_cache *c)
{
	struct raw_block row;
	size_t n;

	if (!block_row(s, i, &row) || (c->shapes_of != s && !read_shapes(s, c)))
		return segment_damage(s);
	if (!c->context)
		c->context = ZSTD_createDCtx();
	c->s = NULL;
	if (c->cap <= row.size) {
		c->bytes = xrealloc(c->bytes, (size_t)row.size + 1, 1);
		c->cap = (size_t)row.size + 1;
	}
	/* Only records that could not be taken apart refer to the first block; without it they are no valid frame. */
	n = ZSTD_decompressDCtx(c->context, c->bytes, row.size, s->base + row.at, row.packed);
	if (i > 0 && n != row.size) {
		const ZSTD_DDict *d = dictionary(s, c->context);
		if (!d)
			return segment_damage(s);
		n = ZSTD_decompress_usingDDict(c->context, c->bytes, row.size, s->base + row.at, row.packed, d);
	}
	c->len = n;
	if (n != row.size || !take_apart(c))
		return segment_damage(s);
	c->s = s;
	c->block = i;
	return true;
}

/* The JSON string behind the quote-th quotation mark, unescaped. */
static struct str
quoted(struct arena *a, struct str raw, uint64_t quote, uint32_t *at)
{
	const char *p = raw.ptr, *end = raw.ptr + raw.len;
	bool escaped = false;

	for (; quote > 0; quote--) {
		p = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
		if (!p)
			return STR("");
		p++;
	}
	const char *from = p;
	for (; p < end && *p != '"'; p++) {
		if (*p == '\\') {
			escaped = true;
			p++;
		}
	}
	if (p >= end)
		return STR("");
	if (!escaped)
		return str_sub(from, (size_t)(p - from));
	*at = (uint32_t)(from - raw.ptr);
	return raw_text_read(a, str_sub(from, (size_t)(p - from)));
}

static bool
read_texts(struct segment *s, const struct raw_cache *c, const struct raw_row *row, struct arena *a,
	   struct raw_text **texts, size_t *count)
{
	const struct raw_shape *shape = &c->shapes[row->shape];
	const uint8_t *p = (const uint8_t *)s->shapes.ptr + shape->at, *end = p + shape->len;
	const uint8_t *literals = (const uint8_t *)c->bytes + row->literals;
	const uint8_t *bytes_end = (const uint8_t *)c->bytes + c->len;
	uint64_t field = 0, quote = 0, len = 0;
	struct raw_text *out;

	*texts = out = ARENA_ARRAY(a, struct raw_text, (size_t)(end - p) / 2 + 1);
	*count = 0;
	while (p < end) {
		p = varint_get(p, end, &field);
		p = p ? varint_get(p, end, &quote) : NULL;
		if (!p)
			return false;
		struct raw_text *t = &out[(*count)++];
		t->field = (enum field)field;
		if (quote > 0) {
			t->text = quoted(a, str_sub(c->bytes + row->at, row->len), quote, &t->at);
			continue;
		}
		literals = varint_get(literals, bytes_end, &len);
		t->text = str_sub((const char *)literals, len);
		literals += len;
	}
	return true;
}

static bool
find_block(struct segment *s, uint32_t doc, uint32_t *block, uint32_t *first)
{
	uint32_t low = 0, high = (uint32_t)(s->raw_blocks.len / sizeof(struct raw_block));

	if (!segment_touch(s, s->raw_blocks.ptr, s->raw_blocks.len))
		return false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct raw_block row;
		memcpy(&row, s->raw_blocks.ptr + (size_t)middle * sizeof(row), sizeof(row));
		if (row.first <= doc) {
			*first = row.first;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*block = low - 1;
	return low > 0;
}

bool
raw_read(struct segment *s, uint32_t doc, struct raw_cache *cache, struct arena *a, struct str *raw,
	 struct raw_text **texts, size_t *count)
{
	uint32_t block, first = 0;

	if (!find_block(s, doc, &block, &first))
		return segment_damage(s);
	if ((cache->s != s || cache->block != block) && !unpack(s, block, cache))
		return false;
	if (doc - first >= cache->row_count)
		return segment_damage(s);
	const struct raw_row *row = &cache->rows[doc - first];
	*raw = str_sub(cache->bytes + row->at, row->len);
	if (texts && !read_texts(s, cache, row, a, texts, count))
		return segment_damage(s);
	return true;
}
