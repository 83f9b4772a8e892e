/* The order of a field's values (exposure/vocabulary.h). */
#include "base/arena.h"
#include "exposure/huge.h"
#include "exposure/vocabulary.h"

int
value_compare_folded(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++) {
		int d = ascii_lower((unsigned char)a.ptr[i]) - ascii_lower((unsigned char)b.ptr[i]);
		if (d)
			return d;
	}
	return (a.len > b.len) - (a.len < b.len);
}

int
value_compare(struct str a, struct str b)
{
	int d = value_compare_folded(a, b);
	return d ? d : str_cmp(a, b);
}

struct sort_key {
	uint64_t start; /* eight bytes, folded, biggest first */
	uint32_t number;
};

static uint64_t
start_of(struct str s)
{
	uint64_t k = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (s.len >= 8) {
		const uint64_t tops = 0x8080808080808080u, ones = tops >> 7;
		memcpy(&k, s.ptr, 8);
		uint64_t low = k & ~tops, from_a = low + ones * (0x80 - 'A'), behind_z = low + ones * (0x7f - 'Z');
		return __builtin_bswap64(k | (from_a & ~behind_z & ~k & tops) >> 2);
	}
#endif
	for (size_t i = 0; i < 8; i++)
		k = k << 8 | (i < s.len ? ascii_lower((unsigned char)s.ptr[i]) : 0);
	return k;
}

static int
compare_starts(const void *x, const void *y)
{
	const struct sort_key *a = x, *b = y;

	return (a->start > b->start) - (a->start < b->start);
}

static int
compare_texts(const void *x, const void *y, void *user)
{
	const struct sort_key *a = x, *b = y;
	const struct vocabulary *v = user;

	return value_compare(vocabulary_text(v, a->number), vocabulary_text(v, b->number));
}

static void
sort_starts(struct sort_key *keys, uint32_t count)
{
	if (count > 24) {
		qsort(keys, count, sizeof(*keys), compare_starts);
		return;
	}
	for (uint32_t i = 1; i < count; i++) {
		struct sort_key k = keys[i];
		uint32_t to = i;
		for (; to > 0 && keys[to - 1].start > k.start; to--)
			keys[to] = keys[to - 1];
		keys[to] = k;
	}
}

/* Texts that agree, folded, in what comes before `at`. */
static void
sort_alike(const struct vocabulary *v, struct sort_key *keys, uint32_t count, size_t at)
{
	bool more = false;

	for (uint32_t i = 0; i < count; i++) {
		struct str text = vocabulary_text(v, keys[i].number);
		keys[i].start = at < text.len ? start_of(str_skip(text, at)) : 0;
		more |= at < text.len;
	}
	if (!more) {
		qsort_r(keys, count, sizeof(*keys), compare_texts, (void *)v);
		return;
	}
	sort_starts(keys, count);
	for (uint32_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && keys[to].start == keys[from].start;)
			to++;
		if (to - from > 1)
			sort_alike(v, keys + from, to - from, at + 8);
	}
}

/* By the first eight bytes: four passes of 16 bits, those over which all agree left out. */
static void
radix_sort(struct sort_key **keys, uint32_t count)
{
	struct sort_key *from = *keys, *to = huge_alloc(((size_t)count + 1) * sizeof(*to), false);
	uint32_t *at = xcalloc(65537, sizeof(*at));

	for (unsigned shift = 0; shift < 64; shift += 16) {
		memset(at, 0, 65537 * sizeof(*at));
		for (uint32_t i = 0; i < count; i++)
			at[(from[i].start >> shift & 65535) + 1]++;
		if (count > 0 && at[(from[0].start >> shift & 65535) + 1] == count)
			continue;
		for (unsigned i = 1; i <= 65536; i++)
			at[i] += at[i - 1];
		for (uint32_t i = 0; i < count; i++)
			to[at[from[i].start >> shift & 65535]++] = from[i];
		struct sort_key *swap = from;
		from = to;
		to = swap;
	}
	free(at);
	huge_free(to, ((size_t)count + 1) * sizeof(*to));
	*keys = from;
}

enum { RADIX_LEAST = 20000 };

uint32_t *
vocabulary_sorted(const struct vocabulary *v)
{
	struct sort_key *keys = huge_alloc(((size_t)v->count + 1) * sizeof(*keys), false);
	uint32_t *numbers = xcalloc((size_t)v->count + 1, sizeof(*numbers)), to;

	for (uint32_t i = 0; i < v->count; i++)
		keys[i] = (struct sort_key){ start_of(vocabulary_text(v, i)), i };
	if (v->count >= RADIX_LEAST)
		radix_sort(&keys, v->count);
	else
		sort_starts(keys, v->count);
	for (uint32_t from = 0; from < v->count; from = to) {
		for (to = from + 1; to < v->count && keys[to].start == keys[from].start;)
			to++;
		if (to - from > 1)
			sort_alike(v, keys + from, to - from, 8);
	}
	for (uint32_t i = 0; i < v->count; i++)
		numbers[i] = keys[i].number;
	huge_free(keys, ((size_t)v->count + 1) * sizeof(*keys));
	return numbers;
}
