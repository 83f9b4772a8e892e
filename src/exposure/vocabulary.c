/* The values of one field while a segment is built (exposure/vocabulary.h). */
#include "exposure/vocabulary.h"

#include "base/arena.h"
#include "exposure/huge.h"

enum { LONG_TEXT = 255, PIECE = 1 << 21, FIRST_SLICE = 16, LINK = 4, LEVEL_MASK = 15, LEVEL_LAST = 9, FREQUENT = 15 };

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

struct short_key {
	uint64_t low;
	uint32_t high;
};

static inline uint32_t
load32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline struct short_key
key_from(uint64_t low, uint64_t high, size_t len)
{
	return (struct short_key){ low << 8 | len, (uint32_t)(low >> 56 | high << 8) };
}

/* Length and bytes of a short text as numbers; the loads overlap, but stay inside it. */
static inline struct short_key
key_of(struct str s)
{
	const char *p = s.ptr;
	size_t n = s.len;
	uint64_t low = 0, high = 0;

	if (n >= 8) {
		low = load64(p);
		high = n > 8 ? load64(p + n - 8) >> (8 * (16 - n)) : 0;
	} else if (n >= 4) {
		low = load32(p) | (uint64_t)load32(p + n - 4) << (8 * (n - 4));
	} else if (n > 0) {
		low = (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << (8 * (n / 2)) |
		      (uint64_t)(uint8_t)p[n - 1] << (8 * (n - 1));
	}
	return key_from(low, high, n);
}

static inline uint64_t
short_hash(struct short_key k)
{
	return fold(k.low ^ 0x9e3779b97f4a7c15u, k.high ^ 0xe7037ed1a0b428dbu) >> 32;
}

static inline uint64_t
long_hash(struct str s)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ s.len;

	for (size_t i = 0; i + 8 <= s.len; i += 8)
		h = fold(h ^ load64(s.ptr + i), 0xa0761d6478bd642fu);
	/* Longer than eight bytes: the last eight overlap. */
	return fold(h ^ load64(s.ptr + s.len - 8), 0xe7037ed1a0b428dbu);
}

struct str
vocabulary_text(const struct vocabulary *v, uint32_t number)
{
	const struct entry *x = &v->entries[number];
	uint32_t at;
	uint16_t len;

	if (x->key[0] != LONG_TEXT)
		return str_sub((const char *)x->key + 1, x->key[0]);
	memcpy(&at, x->key + 4, sizeof(at));
	memcpy(&len, v->strings.ptr + at, sizeof(len));
	return str_sub(v->strings.ptr + at + sizeof(len), len);
}

/* Of the same length, more than eight bytes. */
static inline bool
same_long(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i + 8 < len; i += 8)
		if (load64(a + i) != load64(b + i))
			return false;
	return load64(a + len - 8) == load64(b + len - 8);
}

static void
more_slots(struct vocabulary *v)
{
	size_t count = v->slot_count ? v->slot_count * 2 : 256;
	uint64_t *slots = huge_alloc(count * sizeof(*slots), true);

	for (size_t i = 0; i < v->slot_count; i++) {
		if (!v->slots[i])
			continue;
		size_t at = (v->slots[i] >> 32) & (count - 1);
		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = v->slots[i];
	}
	huge_free(v->slots, v->slot_count * sizeof(*slots));
	v->slots = slots;
	v->slot_count = count;
}

static struct entry *
add(struct vocabulary *v, uint64_t *slot, uint64_t hash)
{
	if (v->count == v->cap) {
		uint32_t cap = v->cap ? v->cap * 2 : 64;
		struct entry *more = huge_alloc(cap * sizeof(*more), false);
		if (v->count > 0)
			memcpy(more, v->entries, v->count * sizeof(*more));
		huge_free(v->entries, v->cap * sizeof(*more));
		v->entries = more;
		v->cap = cap;
	}
	struct entry *x = &v->entries[v->count++];
	*x = (struct entry){ 0 };
	*slot = hash << 32 | v->count;
	return x;
}

static uint32_t
put_short(struct vocabulary *v, struct short_key k, uint64_t hash)
{
	size_t at = hash & (v->slot_count - 1);

	for (; v->slots[at]; at = (at + 1) & (v->slot_count - 1)) {
		if (v->slots[at] >> 32 != hash)
			continue;
		uint32_t number = (uint32_t)v->slots[at] - 1, high;
		memcpy(&high, v->entries[number].key + 8, sizeof(high));
		if (load64(v->entries[number].key) == k.low && high == k.high)
			return number;
	}
	struct entry *x = add(v, &v->slots[at], hash);
	memcpy(x->key, &k.low, sizeof(k.low));
	memcpy(x->key + 8, &k.high, sizeof(k.high));
	return v->count - 1;
}

static uint32_t
put_long(struct vocabulary *v, struct str text, uint64_t hash)
{
	size_t at = hash & (v->slot_count - 1);

	for (; v->slots[at]; at = (at + 1) & (v->slot_count - 1)) {
		if (v->slots[at] >> 32 != hash)
			continue;
		uint32_t number = (uint32_t)v->slots[at] - 1;
		struct str there = vocabulary_text(v, number);
		if (there.len == text.len && same_long(there.ptr, text.ptr, text.len))
			return number;
	}
	struct entry *x = add(v, &v->slots[at], hash);
	uint32_t place = (uint32_t)v->strings.len;
	uint16_t len = (uint16_t)text.len;
	x->key[0] = LONG_TEXT;
	memcpy(x->key + 4, &place, sizeof(place));
	buf_add(&v->strings, str_sub((const char *)&len, sizeof(len)));
	buf_add(&v->strings, text);
	return v->count - 1;
}

uint32_t
vocabulary_put_hashed(struct vocabulary *v, struct str text, uint32_t hash)
{
	if (v->count >= v->slot_count / 2)
		more_slots(v);
	return text.len > VOCABULARY_INLINE ? put_long(v, text, hash) : put_short(v, key_of(text), hash);
}

uint32_t
vocabulary_put(struct vocabulary *v, struct str text)
{
	return vocabulary_put_hashed(v, text, vocabulary_hash(v, text));
}

uint32_t
vocabulary_hash(const struct vocabulary *v, struct str text)
{
	uint64_t hash = text.len > VOCABULARY_INLINE ? long_hash(text) >> 32 : short_hash(key_of(text));

	if (v->slot_count > 0)
		__builtin_prefetch(&v->slots[hash & (v->slot_count - 1)]);
	return (uint32_t)hash;
}

/* The entry that the first slot of this hash names, which is nearly always the one; NULL: it is empty. */
static inline const struct entry *
likely_entry(const struct vocabulary *v, uint32_t hash)
{
	uint64_t slot = v->slot_count > 0 ? v->slots[hash & (v->slot_count - 1)] : 0;

	return slot ? &v->entries[(uint32_t)slot - 1] : NULL;
}

void
vocabulary_expect_entry(const struct vocabulary *v, uint32_t hash)
{
	const struct entry *x = likely_entry(v, hash);

	if (x)
		__builtin_prefetch(x);
}

void
vocabulary_expect_text(const struct vocabulary *v, uint32_t hash)
{
	const struct entry *x = likely_entry(v, hash);
	uint32_t at;

	if (!x || x->key[0] != LONG_TEXT)
		return;
	memcpy(&at, x->key + 4, sizeof(at));
	__builtin_prefetch(v->strings.ptr + at);
}

/* ---- slices: 16 bytes, then twice as many each time; the last four are the place of the next. Places are multiples of
 * 16, so `end` holds how often it was doubled in its lower bits ---- */

static inline uint8_t *
pool_at(const struct pool *p, uint32_t at)
{
	return p->pieces[at / PIECE] + at % PIECE;
}

static uint32_t
pool_slice(struct pool *p, uint32_t size)
{
	if (p->count == 0 || p->used + size > p->count * PIECE) {
		if (p->count == p->cap) {
			p->cap = p->cap ? p->cap * 2 : 16;
			p->pieces = xrealloc(p->pieces, p->cap, sizeof(*p->pieces));
		}
		p->used = (uint32_t)p->count * PIECE + FIRST_SLICE; /* 0 is no place */
		p->pieces[p->count] = p->count == 0 ? xrealloc(NULL, PIECE, 1) : huge_alloc(PIECE, false);
		p->count++;
	}
	uint32_t at = p->used;
	p->used += size;
	return at;
}

static void
more_room(struct vocabulary *v, struct entry *x)
{
	uint32_t level = x->head == 0 ? 0 : x->end & LEVEL_MASK;

	if (x->head != 0 && level < LEVEL_LAST)
		level++;
	uint32_t size = (uint32_t)FIRST_SLICE << level, at = pool_slice(&v->pool, size);
	if (x->head == 0)
		x->head = at;
	else
		memcpy(pool_at(&v->pool, x->at), &at, sizeof(at));
	x->at = at;
	x->end = (at + size) | level;
}

static inline void
put_number(struct vocabulary *v, struct entry *x, uint32_t number)
{
	/* Nearly always there is room, and the number is small. */
	uint32_t end = x->end & ~(uint32_t)LEVEL_MASK;
	if (x->head != 0 && number < 1u << 14 && x->at + LINK + 2 <= end) {
		uint8_t *p = pool_at(&v->pool, x->at);
		uint32_t more = number >= 0x80;
		p[0] = (uint8_t)(number | more << 7);
		p[1] = (uint8_t)(number >> 7); /* overwritten later when it was not needed */
		x->at += 1 + more;
		return;
	}
	for (bool more = true; more; number >>= 7) {
		more = number >= 0x80;
		if (x->head == 0 || x->at + LINK == (x->end & ~(uint32_t)LEVEL_MASK))
			more_room(v, x);
		*pool_at(&v->pool, x->at) = (uint8_t)((number & 0x7f) | (more ? 0x80 : 0));
		x->at++;
	}
}

/* ---- words that very many banners have: from some day on their banners are bits, a row of them for each 64 banners. Which
 * word it is, and that this banner has it, is then told by two places that stay in the nearest memory ---- */

enum {
	FREQUENT_MAX = 128,
	FREQUENT_SLOTS = 1024,
	FREQUENT_CHECK = 512,
	FREQUENT_SHARE = 64 /* one banner in so many */
};

struct frequent {
	struct frequent_slot {
		uint64_t low; /* 0: empty; no key has that */
		uint32_t high, at; /* in a row */
	} slots[FREQUENT_SLOTS];
	uint32_t numbers[FREQUENT_MAX];
	uint32_t count;
	uint32_t first, rows, cap; /* the row of the first one, in 64 banners */
	uint64_t (*bits)[FREQUENT_MAX];
};

static inline bool
is_frequent(const struct entry *x)
{
	return (x->end & LEVEL_MASK) == FREQUENT;
}

static void
frequent_rows(struct frequent *f, uint32_t row)
{
	if (row >= f->cap) {
		uint32_t cap = f->cap ? f->cap : 64;
		while (cap <= row)
			cap *= 2;
		uint64_t(*more)[FREQUENT_MAX] = huge_alloc(cap * sizeof(*more), false);
		if (f->rows > 0)
			memcpy(more, f->bits, f->rows * sizeof(*more));
		huge_free(f->bits, f->cap * sizeof(*more));
		f->bits = more;
		f->cap = cap;
	}
	memset(f->bits + f->rows, 0, (row + 1 - f->rows) * sizeof(*f->bits));
	f->rows = row + 1;
}

/* The bits of this banner's 64. */
static inline uint64_t *
frequent_row(struct frequent *f, uint32_t doc)
{
	uint32_t row = doc / 64 - f->first;

	if (row >= f->rows)
		frequent_rows(f, row);
	return f->bits[row];
}

static inline void
frequent_set(struct frequent *f, uint32_t at, uint32_t doc)
{
	frequent_row(f, doc)[at] |= 1ull << doc % 64;
}

static uint32_t
frequent_at(const struct frequent *f, uint32_t number)
{
	uint32_t at = 0;

	while (f->numbers[at] != number)
		at++;
	return at;
}

/* From the next banner on; its place in the slots may be another one's already. */
static void
frequent_add(struct vocabulary *v, uint32_t number, uint32_t doc)
{
	struct entry *x = &v->entries[number];
	struct short_key k = { .low = load64(x->key) };

	if (x->key[0] == LONG_TEXT || x->count < doc / FREQUENT_SHARE)
		return;
	memcpy(&k.high, x->key + 8, sizeof(k.high));
	if (!v->frequent) {
		v->frequent = xcalloc(1, sizeof(*v->frequent));
		v->frequent->first = doc / 64;
	}
	struct frequent *f = v->frequent;
	struct frequent_slot *slot = &f->slots[short_hash(k) % FREQUENT_SLOTS];
	if (f->count == FREQUENT_MAX || slot->low != 0)
		return;
	*slot = (struct frequent_slot){ k.low, k.high, f->count };
	f->numbers[f->count++] = number;
	x->end |= FREQUENT;
}

static uint32_t
frequent_docs(const struct frequent *f, uint32_t number, uint32_t after, uint32_t *docs)
{
	uint32_t n = 0, at = frequent_at(f, number);

	for (uint32_t row = 0; row < f->rows; row++) {
		/* The banner in which it became one may have had it again. */
		for (uint64_t bits = f->bits[row][at]; bits; bits &= bits - 1) {
			uint32_t doc = (f->first + row) * 64 + (uint32_t)__builtin_ctzll(bits);
			if (doc > after)
				docs[n++] = doc;
		}
	}
	return n;
}

static void
post(struct vocabulary *v, uint32_t number, uint32_t doc)
{
	struct entry *x = &v->entries[number];

	if (x->last == doc + 1)
		return;
	if (is_frequent(x)) {
		/* It became one while this was waiting. */
		frequent_set(v->frequent, frequent_at(v->frequent, number), doc);
		return;
	}
	if (x->count == 1) {
		/* The first stayed beside the last until there was a second. */
		put_number(v, x, x->last - 1);
	}
	if (x->count > 0)
		put_number(v, x, doc - (x->last - 1));
	x->count++;
	x->last = doc + 1;
	if (x->count % FREQUENT_CHECK == 0)
		frequent_add(v, number, doc);
}

/* ---- many words at once: the memory of the next ones is fetched while one is looked at ---- */

void
vocabulary_flush(struct vocabulary *v)
{
	struct word_queue *q = v->queue;
	uint32_t numbers[WORD_QUEUE];

	if (!q)
		return;
	/* The slots have come: now the entries they name. */
	for (size_t i = 0; i < q->count; i++) {
		const struct entry *x = likely_entry(v, q->items[i].hash);
		if (x)
			__builtin_prefetch(x, 1);
	}
	/* The entries have come: now the places where their numbers end. */
	for (size_t i = 0; i < q->count; i++) {
		const struct queued *x = &q->items[i];
		if (v->count >= v->slot_count / 2)
			more_slots(v);
		numbers[i] = put_short(v, (struct short_key){ x->low, x->high }, x->hash);
		if (v->entries[numbers[i]].head != 0)
			__builtin_prefetch(pool_at(&v->pool, v->entries[numbers[i]].at), 1);
	}
	for (size_t i = 0; i < q->count; i++)
		post(v, numbers[i], q->items[i].doc);
	q->count = 0;
}

/* row: of this banner, or NULL where no word is frequent yet. */
static inline void
queue_key(struct vocabulary *v, uint64_t *row, struct short_key k, uint32_t doc)
{
	uint64_t hash = short_hash(k);

	if (row) {
		const struct frequent_slot *slot = &v->frequent->slots[hash % FREQUENT_SLOTS];
		if (slot->low == k.low && slot->high == k.high) {
			row[slot->at] |= 1ull << doc % 64;
			return;
		}
	}
	if (!v->queue)
		v->queue = xcalloc(1, sizeof(*v->queue));
	v->queue->items[v->queue->count++] = (struct queued){ k.low, k.high, (uint32_t)hash, doc };
	if (v->slot_count > 0)
		__builtin_prefetch(&v->slots[hash & (v->slot_count - 1)]);
	if (v->queue->count == WORD_QUEUE)
		vocabulary_flush(v); /* of banners before and this one: the row stays where it is */
}

void
vocabulary_word(struct vocabulary *v, struct str text, uint32_t doc)
{
	if (text.len > VOCABULARY_INLINE)
		post(v, vocabulary_put(v, text), doc);
	else
		queue_key(v, v->frequent ? frequent_row(v->frequent, doc) : NULL, key_of(text), doc);
}

void
vocabulary_words(struct vocabulary *v, const struct ascii_word *words, size_t count, uint32_t doc)
{
	uint64_t *row = v->frequent ? frequent_row(v->frequent, doc) : NULL;

	for (size_t i = 0; i < count; i++)
		queue_key(v, row, key_from(words[i].low, words[i].high, words[i].len), doc);
}

uint32_t
vocabulary_docs(const struct vocabulary *v, uint32_t number, uint32_t *docs)
{
	const struct entry *x = &v->entries[number];
	uint32_t at = x->head, size = FIRST_SLICE, end = at + size - LINK, doc = 0;

	if (x->count == 1)
		docs[0] = x->last - 1;
	if (x->count < 2)
		return x->count;
	const uint8_t *p = pool_at(&v->pool, at), *slice_end = p + (end - at);
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t value = 0;
		for (unsigned shift = 0;; shift += 7) {
			if (p == slice_end) {
				memcpy(&at, p, sizeof(at));
				size = size < (uint32_t)FIRST_SLICE << LEVEL_LAST ? size * 2 : size;
				p = pool_at(&v->pool, at);
				slice_end = p + (size - LINK);
			}
			uint8_t b = *p++;
			value |= (uint32_t)(b & 0x7f) << shift;
			if (b < 0x80)
				break;
		}
		doc += value;
		docs[i] = doc;
	}
	return x->count + (is_frequent(x) ? frequent_docs(v->frequent, number, doc, docs + x->count) : 0);
}

size_t
vocabulary_memory(const struct vocabulary *v)
{
	return v->slot_count * sizeof(*v->slots) + v->cap * sizeof(*v->entries) + v->strings.cap +
	       v->pool.count * PIECE +
	       (v->frequent ? sizeof(*v->frequent) + v->frequent->cap * sizeof(*v->frequent->bits) : 0);
}

void
vocabulary_free(struct vocabulary *v)
{
	for (size_t i = 0; i < v->pool.count; i++)
		huge_free(v->pool.pieces[i], i == 0 ? 0 : PIECE); /* most fields need a little of the first alone */
	free(v->pool.pieces);
	free(v->queue);
	if (v->frequent)
		huge_free(v->frequent->bits, v->frequent->cap * sizeof(*v->frequent->bits));
	free(v->frequent);
	huge_free(v->slots, v->slot_count * sizeof(*v->slots));
	huge_free(v->entries, v->cap * sizeof(*v->entries));
	buf_free(&v->strings);
	*v = (struct vocabulary){ 0 };
}
