/* Sets of banners (exposure/docset.h). A list costs 4 bytes for each, bits docs / 8: above one in 32 bits are smaller. */
#include "exposure/docset.h"

void
docset_free(struct docset *s)
{
	free(s->own);
	*s = (struct docset){ 0 };
}

struct docset
docset_none(uint32_t docs)
{
	return docset_of_list(docs, xcalloc(1, sizeof(uint32_t)), 0);
}

struct docset
docset_of_list(uint32_t docs, uint32_t *list, uint32_t count)
{
	return (struct docset){ .docs = docs, .count = count, .list = list, .own = list };
}

uint64_t *
docset_new_bits(uint32_t docs)
{
	return xcalloc(docset_words(docs) + 1, sizeof(uint64_t));
}

struct docset
docset_of_bits(uint32_t docs, uint64_t *bits)
{
	struct docset s = { .docs = docs, .bits = bits, .own = bits };

	s.count = (uint32_t)bits_count(bits, docset_words(docs));
	return s;
}

/* The last word's part that is in use. */
static uint64_t
tail_mask(uint32_t docs)
{
	return docs % 64 ? (1ull << (docs % 64)) - 1 : ~0ull;
}

struct docset
docset_all(uint32_t docs)
{
	uint64_t *bits = docset_new_bits(docs);
	size_t words = docset_words(docs);

	if (words > 0) {
		memset(bits, 0xff, words * 8);
		bits[words - 1] &= tail_mask(docs);
	}
	return (struct docset){ .docs = docs, .count = docs, .bits = bits, .own = bits };
}

bool
docset_has(const struct docset *s, uint32_t doc)
{
	if (!s->list)
		return docset_bit(s->bits, doc);
	uint32_t low = 0, high = s->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->list[middle] < doc)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->list[low] == doc;
}

/* Bits that may be written to. */
static uint64_t *
own_bits(struct docset *s)
{
	if (!s->list && s->own)
		return s->own;
	uint64_t *bits = docset_new_bits(s->docs);
	if (s->list)
		for (uint32_t i = 0; i < s->count; i++)
			bits[s->list[i] >> 6] |= 1ull << (s->list[i] & 63);
	else
		memcpy(bits, s->bits, docset_words(s->docs) * 8);
	free(s->own);
	s->list = NULL;
	s->own = bits;
	s->bits = bits;
	return bits;
}

/* Keeps of a's list what is (not) in b. */
static void
filter_list(struct docset *a, const struct docset *b, bool keep)
{
	uint32_t n = 0, j = 0;
	/* Far apart in size: look each of the few up; else walk both. */
	bool search = b->list && b->count / 16 > a->count;

	for (uint32_t i = 0; i < a->count; i++) {
		uint32_t d = a->list[i];
		bool in;
		if (!b->list) {
			in = docset_bit(b->bits, d);
		} else if (search) {
			in = docset_has(b, d);
		} else {
			while (j < b->count && b->list[j] < d)
				j++;
			in = j < b->count && b->list[j] == d;
		}
		a->list[n] = d;
		n += in == keep;
	}
	a->count = n;
}

struct docset
docset_and(struct docset a, const struct docset *b)
{
	if (a.list) {
		filter_list(&a, b, true);
		return a;
	}
	if (b->list) {
		/* b is the smaller: its list is the answer's frame. */
		uint32_t *list = xcalloc((size_t)b->count + 1, sizeof(*list)), n = 0;
		for (uint32_t i = 0; i < b->count; i++) {
			list[n] = b->list[i];
			n += docset_bit(a.bits, b->list[i]);
		}
		struct docset out = docset_of_list(a.docs, list, n);
		docset_free(&a);
		return out;
	}
	size_t words = docset_words(a.docs);
	uint64_t *bits = a.own ? a.own : docset_new_bits(a.docs);
	for (size_t i = 0; i < words; i++)
		bits[i] = a.bits[i] & b->bits[i];
	return docset_of_bits(a.docs, bits);
}

struct docset
docset_minus(struct docset a, const struct docset *b)
{
	if (a.list) {
		filter_list(&a, b, false);
		return a;
	}
	uint64_t *bits = own_bits(&a);
	if (b->list) {
		for (uint32_t i = 0; i < b->count; i++) {
			uint64_t bit = 1ull << (b->list[i] & 63);
			a.count -= (bits[b->list[i] >> 6] & bit) != 0;
			bits[b->list[i] >> 6] &= ~bit;
		}
		return a;
	}
	for (size_t i = 0; i < docset_words(a.docs); i++)
		bits[i] &= ~b->bits[i];
	return docset_of_bits(a.docs, bits);
}

static struct docset
or_lists(struct docset a, const struct docset *b)
{
	uint32_t *list = xcalloc((size_t)a.count + b->count + 1, sizeof(*list)), n = 0, i = 0, j = 0;

	while (i < a.count || j < b->count) {
		uint32_t x = i < a.count ? a.list[i] : UINT32_MAX, y = j < b->count ? b->list[j] : UINT32_MAX;
		list[n++] = x < y ? x : y;
		i += x <= y;
		j += y <= x;
	}
	struct docset out = docset_of_list(a.docs, list, n);
	docset_free(&a);
	return out;
}

struct docset
docset_or(struct docset a, const struct docset *b)
{
	if (a.list && b->list && a.count + b->count < a.docs / 32 + 16)
		return or_lists(a, b);
	uint64_t *bits = own_bits(&a);
	if (b->list) {
		for (uint32_t i = 0; i < b->count; i++) {
			uint64_t bit = 1ull << (b->list[i] & 63);
			a.count += (bits[b->list[i] >> 6] & bit) == 0;
			bits[b->list[i] >> 6] |= bit;
		}
		return a;
	}
	for (size_t i = 0; i < docset_words(a.docs); i++)
		bits[i] |= b->bits[i];
	return docset_of_bits(a.docs, bits);
}

struct docset
docset_not(struct docset a)
{
	uint64_t *bits = own_bits(&a);
	size_t words = docset_words(a.docs);

	for (size_t i = 0; i < words; i++)
		bits[i] = ~bits[i];
	if (words > 0)
		bits[words - 1] &= tail_mask(a.docs);
	a.count = a.docs - a.count;
	return a;
}

/* Numbers of the bits of one word behind each other; up to seven more are written than there are. Where there are few, a
 * loop that ends after each bit would be guessed wrong by the processor at almost every word's end; eight at a time seldom
 * is. */
static inline size_t
word_numbers(uint64_t word, uint32_t base, uint32_t *into)
{
	size_t count = bits_in(word);

	if (count > 24) {
		for (; word; word &= word - 1)
			*into++ = base + (uint32_t)__builtin_ctzll(word);
		return count;
	}
	for (size_t n = 0; n < count; n += 8) {
		for (unsigned k = 0; k < 8; k++) {
			into[n + k] = base + (uint32_t)__builtin_ctzll(word | 1ull << 63);
			word &= word - 1;
		}
	}
	return count;
}

size_t
docset_batch(const struct docset *s, struct docset_walk *w, uint32_t *into)
{
	if (s->list) {
		size_t n = s->count - w->at;
		n = n > DOCSET_BATCH ? DOCSET_BATCH : n;
		memcpy(into, s->list + w->at, n * sizeof(*into));
		w->at += n;
		return n;
	}
	size_t n = 0, words = docset_words(s->docs);
	while (w->at < words && n + 64 <= DOCSET_BATCH) {
		uint64_t word = s->bits[w->at];
		if (word)
			n += word_numbers(word, (uint32_t)w->at * 64, into + n);
		w->at++;
	}
	return n;
}

/* ---- stored ---- */

enum { POSTING_GAPS = 128, POSTING_BITS = 0xfe, POSTING_ALL = 0xff, POSTING_WITHOUT = 0xfd };

static uint32_t
gap(const uint32_t *list, uint32_t i)
{
	return i == 0 ? list[0] : list[i] - list[i - 1] - 1;
}

static unsigned
block_width(const uint32_t *list, uint32_t from, uint32_t to)
{
	uint32_t all = 0;

	for (uint32_t i = from; i < to; i++)
		all |= gap(list, i);
	return bits_of(all);
}

static size_t
gaps_size(const uint32_t *list, uint32_t count)
{
	size_t size = 0;

	for (uint32_t i = 0; i < count; i += POSTING_GAPS) {
		uint32_t to = count - i > POSTING_GAPS ? i + POSTING_GAPS : count;
		size += 1 + ((size_t)(to - i) * block_width(list, i, to) + 7) / 8;
	}
	return size;
}

/* The same of one number: most words of an index are of one banner. */
static void
gap_write(struct buf *out, uint32_t number)
{
	char *p = buf_reserve(out, 16);
	uint64_t bits = number;

	p[0] = (char)bits_of(number);
	memcpy(p + 1, &bits, sizeof(bits));
	out->len += 1 + (bits_of(number) + 7u) / 8;
}

static void
gaps_write(struct buf *out, const uint32_t *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += POSTING_GAPS) {
		uint32_t to = count - i > POSTING_GAPS ? i + POSTING_GAPS : count;
		struct packer k = { .out = out, .width = block_width(list, i, to) };
		buf_add_char(out, (char)k.width);
		for (uint32_t j = i; j < to; j++)
			packer_put(&k, gap(list, j));
		packer_flush(&k);
	}
}

static void
bits_write(struct buf *out, const uint32_t *list, uint32_t count, uint32_t docs)
{
	size_t bytes = docset_words(docs) * 8;

	buf_add_char(out, (char)POSTING_BITS);
	while (out->len % 8)
		buf_add_char(out, 0);
	char *p = buf_reserve(out, bytes);
	memset(p, 0, bytes);
	for (uint32_t i = 0; i < count; i++)
		p[list[i] >> 3] = (char)(p[list[i] >> 3] | 1 << (list[i] & 7));
	out->len += bytes;
}

static uint32_t *
complement(const uint32_t *list, uint32_t count, uint32_t docs)
{
	uint32_t *others = xcalloc((size_t)docs - count + 1, sizeof(*others)), n = 0, j = 0;

	for (uint32_t d = 0; d < docs; d++) {
		if (j < count && list[j] == d)
			j++;
		else
			others[n++] = d;
	}
	return others;
}

void
posting_write(struct buf *out, const uint32_t *list, uint32_t count, uint32_t docs, bool fast)
{
	size_t bits = docset_words(docs) * 8 + 8;

	if (count == docs) {
		buf_add_char(out, (char)POSTING_ALL);
	} else if (count == 1 && docs > 16) {
		gap_write(out, list[0]);
	} else if (fast && count > docs / 16) {
		bits_write(out, list, count, docs);
	} else if (count > docs / 2) {
		uint32_t *others = complement(list, count, docs);
		if (gaps_size(others, docs - count) + 1 < bits) {
			buf_add_char(out, (char)POSTING_WITHOUT);
			gaps_write(out, others, docs - count);
		} else {
			bits_write(out, list, count, docs);
		}
		free(others);
	} else if (count > docs / 16 && gaps_size(list, count) >= bits) {
		bits_write(out, list, count, docs);
	} else {
		gaps_write(out, list, count);
	}
}

/* Calls for each block of numbers; false: damaged. */
static bool
gaps_block(const uint8_t **p, const uint8_t *end, uint32_t count, uint32_t docs, uint64_t *next, uint32_t *into)
{
	if (*p >= end)
		return false;
	unsigned width = *(*p)++;
	size_t bytes = ((size_t)count * width + 7) / 8;
	if (width > 32 || (size_t)(end - *p) < bytes)
		return false;
	uint64_t mask = (1ull << width) - 1, bit = 0, d = *next;
	for (uint32_t i = 0; i < count; i++, bit += width) {
		d += load64(*p + (bit >> 3)) >> (bit & 7) & mask;
		into[i] = (uint32_t)d++;
	}
	*p += bytes;
	*next = d;
	return d <= docs;
}

static bool
read_bits(const uint8_t *p, const uint8_t *end, uint32_t count, uint32_t docs, struct docset *out)
{
	size_t words = docset_words(docs);

	while (p < end && (uintptr_t)p % 8)
		p++;
	if ((size_t)(end - p) < words * 8 || words == 0)
		return false;
	/* Aligned just now; never behind the last banner, or a column would be read past its end. */
	const uint64_t *bits = (const uint64_t *)(const void *)p;
	if (bits[words - 1] & ~tail_mask(docs))
		return false;
	*out = (struct docset){ .docs = docs, .count = count, .bits = bits };
	return true;
}

static bool
read_list(const uint8_t *p, const uint8_t *end, uint32_t count, uint32_t docs, struct docset *out)
{
	uint32_t *list = xcalloc((size_t)count + 1, sizeof(*list));
	uint64_t next = 0;

	for (uint32_t i = 0; i < count; i += POSTING_GAPS) {
		if (!gaps_block(&p, end, count - i > POSTING_GAPS ? POSTING_GAPS : count - i, docs, &next, list + i)) {
			free(list);
			return false;
		}
	}
	*out = docset_of_list(docs, list, count);
	return true;
}

/* Sets (or clears) into bits, without the list between. */
static bool
read_into_bits(const uint8_t *p, const uint8_t *end, uint32_t count, uint32_t docs, uint64_t *bits, bool clear)
{
	uint32_t block[POSTING_GAPS];
	uint64_t next = 0;

	for (uint32_t i = 0; i < count; i += POSTING_GAPS) {
		uint32_t n = count - i > POSTING_GAPS ? POSTING_GAPS : count - i;
		if (!gaps_block(&p, end, n, docs, &next, block))
			return false;
		for (uint32_t j = 0; j < n; j++) {
			if (clear)
				bits[block[j] >> 6] &= ~(1ull << (block[j] & 63));
			else
				bits[block[j] >> 6] |= 1ull << (block[j] & 63);
		}
	}
	return true;
}

bool
posting_read(struct str bytes, uint32_t count, uint32_t docs, struct docset *out)
{
	if (count > docs)
		return false;
	if (count == 0) {
		*out = docset_none(docs);
		return true;
	}
	if (bytes.len == 0)
		return false;
	const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
	if (*p == POSTING_ALL) {
		*out = docset_all(docs);
		return count == docs || (docset_free(out), false);
	}
	if (*p == POSTING_BITS)
		return read_bits(p + 1, end, count, docs, out);
	bool clear = *p == POSTING_WITHOUT;
	if (!clear && count <= docs / 32)
		return read_list(p, end, count, docs, out);
	struct docset s = clear ? docset_all(docs) : (struct docset){ .docs = docs };
	uint64_t *bits = clear ? s.own : docset_new_bits(docs);
	if (!read_into_bits(p + clear, end, clear ? docs - count : count, docs, bits, clear)) {
		free(bits);
		return false;
	}
	*out = (struct docset){ .docs = docs, .count = count, .bits = bits, .own = bits };
	return true;
}
