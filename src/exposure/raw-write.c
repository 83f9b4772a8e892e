/* Stored records (exposure/raw-write.h). Most texts of a banner stand in its record already, as JSON strings; of these only
 * the number of the quotation mark before them is kept, in a "shape" that records of one form share. */
#include "exposure/raw-write.h"

#include "exposure/raw-text.h"

#define ZSTD_STATIC_LINKING_ONLY /* for one parameter, which need not be there */
#include <zstd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint32_t
count_quotes(const char *p, size_t len)
{
	uint32_t n = 0;
	size_t i = 0;

#ifdef __SSE2__
	while (len - i >= 16) {
		/* A byte for each of 16 places counts to 255. */
		__m128i sum = _mm_setzero_si128();
		for (unsigned k = 0; k < 255 && len - i >= 16; k++, i += 16) {
			__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
			sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		}
		sum = _mm_sad_epu8(sum, _mm_setzero_si128());
		n += (uint32_t)(_mm_cvtsi128_si32(sum) + _mm_extract_epi16(sum, 4));
	}
#endif
	for (; i < len; i++)
		n += p[i] == '"';
	return n;
}

/* Which quotation mark opens the JSON string of this text, or 0. */
static uint32_t
quote_before(const struct banner *b, const struct banner_value *v)
{
	size_t at = v->at;

	if (!b->raw.ptr)
		return 0;
	if (v->exact && at > 0 && b->raw.ptr == b->scanned)
		return count_quotes(b->raw.ptr, at);
	if (at == 0) {
		uintptr_t from = (uintptr_t)b->raw.ptr, p = (uintptr_t)v->text.ptr;
		if (p > from && p - from < b->raw.len)
			at = p - from;
	}
	if (at == 0 || at > b->raw.len || b->raw.ptr[at - 1] != '"' ||
	    !raw_text_says(b->raw.ptr + at, b->raw.ptr + b->raw.len, v->text))
		at = v->text.len < b->raw.len ? raw_text_find(b->raw, v->text) : 0;
	return at > 0 ? count_quotes(b->raw.ptr, at) : 0;
}

static void
pack_block(struct raw_build *b, struct buf *into)
{
	buf_varint(into, b->docs);
	buf_add_char(into, (char)b->form);
	buf_add(into, buf_str(&b->shapes_of));
	buf_add(into, buf_str(&b->lens));
	if (b->form == RAW_SPLIT)
		raw_split_write(b->split, into);
	else
		buf_add(into, buf_str(&b->raws));
	buf_add(into, buf_str(&b->literals));
}

/* Records that were taken apart, as lines again. */
static bool
make_lines(struct raw_build *b, struct err *e)
{
	b->plain.len = 0;
	raw_split_write(b->split, &b->plain);
	const uint8_t *from = (const uint8_t *)b->plain.ptr, *end = from + b->plain.len;
	b->form = RAW_LINES;
	return (b->docs == 0 || raw_join(from, end, b->docs, SIZE_MAX, &b->raws)) ||
	       err_set(e, ERR_BUG, "a record that was taken apart cannot be put together again");
}

/* Where lengths are kept, the line ends go. */
static void
make_lengths(struct raw_build *b)
{
	struct str rest = buf_str(&b->raws), line;
	size_t to = 0;

	while (str_cut(&rest, '\n', &line)) {
		buf_varint(&b->lens, line.len);
		memmove(b->raws.ptr + to, line.ptr, line.len);
		to += line.len;
	}
	b->raws.len = to;
	b->form = RAW_LENGTHS;
}

/* Faster than its first level, and larger by a twentieth: a table of matches that fits into the nearest cache, and bigger
 * steps where nothing matches; zstd would leave what did not match as it is then, unless told otherwise. */
static ZSTD_CCtx *
context_new(void)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	(void)ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, RAW_LEVEL);
	if (!ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_literalCompressionMode, ZSTD_lcm_huffman))) {
		(void)ZSTD_CCtx_setParameter(c, ZSTD_c_hashLog, 13);
		(void)ZSTD_CCtx_setParameter(c, ZSTD_c_targetLength, 3);
	}
	return c;
}

static bool
end_block(struct raw_build *b, struct output *o, struct err *e)
{
	struct buf *plain = &b->plain;

	if (b->docs == 0)
		return true;
	plain->len = 0;
	pack_block(b, plain);
	bool split = b->form == RAW_SPLIT;
	if (plain->len > UINT32_MAX / 2)
		return err_set(e, ERR_TOO_LARGE, "a record is too large to be stored");
	if (!b->context)
		b->context = context_new();
	size_t room = ZSTD_compressBound(plain->len), n;
	b->packed.len = 0;
	char *into = buf_reserve(&b->packed, room);
	if (b->dictionary && !split)
		n = ZSTD_compress_usingCDict(b->context, into, room, plain->ptr, plain->len, b->dictionary);
	else
		n = ZSTD_compress2(b->context, into, room, plain->ptr, plain->len);
	if (ZSTD_isError(n))
		return err_set(e, ERR_BUG, "compressing records: %s", ZSTD_getErrorName(n));
	struct raw_block row = { .at = o->at, .packed = (uint32_t)n, .size = (uint32_t)plain->len, .first = b->first };
	buf_add(&b->blocks, str_sub((const char *)&row, sizeof(row)));
	output_add(o, into, n);
	/* What was taken apart has nothing left that a dictionary would make smaller. */
	if (b->first == 0 && !split)
		b->dictionary =
			ZSTD_createCDict(plain->ptr, plain->len > RAW_BLOCK ? RAW_BLOCK : plain->len, RAW_LEVEL);
	b->first += b->docs;
	b->docs = 0;
	b->raws.len = b->lens.len = b->shapes_of.len = b->literals.len = 0;
	return true;
}

static void
add_texts(struct raw_build *b, const struct banner *n)
{
	uint8_t shape[VALUE_MAX], *p = shape;

	for (size_t i = 0; i < n->count; i++) {
		const struct banner_value *v = &n->values[i];
		if (field_table[v->field].kind != FIELD_TEXT)
			continue;
		/* A record with more texts than a shape holds keeps the first ones; the words of all are found. */
		if (p + 20 > shape + sizeof(shape))
			break;
		uint32_t quote = quote_before(n, v);
		p = varint_put(p, v->field);
		p = varint_put(p, quote);
		if (quote == 0) {
			buf_varint(&b->literals, v->text.len);
			buf_add(&b->literals, v->text);
		}
	}
	buf_varint(&b->shapes_of, vocabulary_put(&b->shapes, str_sub((const char *)shape, (size_t)(p - shape))));
}

static void
begin_block(struct raw_build *b, uint32_t doc)
{
	if (!b->split)
		b->split = xcalloc(1, sizeof(*b->split));
	raw_split_reset(b->split);
	b->form = RAW_SPLIT;
	b->first = doc;
	b->size = 0;
}

static bool
take_apart(struct raw_build *b, const struct banner *n, struct str raw)
{
	struct raw_piece pieces[PIECES_MAX];
	size_t count;

	/* A string that was scanned has no line end in it. */
	if (n->pieces && raw.ptr == n->scanned)
		return raw_split_add(b->split, raw, n->pieces, n->piece_count);
	return !memchr(raw.ptr, '\n', raw.len) && raw_pieces(raw, pieces, &count) &&
	       raw_split_add(b->split, raw, pieces, count);
}

bool
raw_add(struct raw_build *b, struct output *o, const struct banner *n, uint32_t doc, struct err *e)
{
	struct str raw = n->raw.ptr ? n->raw : STR("");

	if (b->docs == 0)
		begin_block(b, doc);
	if (b->form == RAW_SPLIT && !take_apart(b, n, raw) && !make_lines(b, e))
		return false;
	if (b->form == RAW_LINES && memchr(raw.ptr, '\n', raw.len))
		make_lengths(b);
	if (b->form == RAW_LENGTHS)
		buf_varint(&b->lens, raw.len);
	if (b->form != RAW_SPLIT)
		buf_add(&b->raws, raw);
	if (b->form == RAW_LINES)
		buf_add_char(&b->raws, '\n');
	b->docs++;
	b->size += raw.len + 1;
	add_texts(b, n);
	return b->size + b->literals.len < RAW_BLOCK || end_block(b, o, e);
}

bool
raw_end(struct raw_build *b, struct output *o, struct err *e)
{
	BUF_AUTO shapes = { 0 };

	if (!end_block(b, o, e))
		return false;
	for (uint32_t i = 0; i < b->shapes.count; i++) {
		struct str s = vocabulary_text(&b->shapes, i);
		buf_varint(&shapes, s.len);
		buf_add(&shapes, s);
	}
	output_section(o, SECTION_RAW, COLUMN_ORIGIN, buf_str(&b->blocks));
	output_section(o, SECTION_SHAPES, COLUMN_ORIGIN, buf_str(&shapes));
	return true;
}

size_t
raw_memory(const struct raw_build *b)
{
	return b->raws.cap + b->literals.cap + b->plain.cap + b->packed.cap + b->blocks.cap +
	       vocabulary_memory(&b->shapes) + 8 * (size_t)RAW_BLOCK;
}

void
raw_build_free(struct raw_build *b)
{
	buf_free(&b->raws);
	buf_free(&b->lens);
	buf_free(&b->shapes_of);
	buf_free(&b->literals);
	buf_free(&b->plain);
	buf_free(&b->packed);
	buf_free(&b->blocks);
	vocabulary_free(&b->shapes);
	if (b->split)
		raw_split_free(b->split);
	free(b->split);
	ZSTD_freeCCtx(b->context);
	ZSTD_freeCDict(b->dictionary);
	*b = (struct raw_build){ 0 };
}
