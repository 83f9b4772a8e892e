/* Columns of a segment that is built (exposure/column-write.h). */
#include "exposure/column-write.h"

#include "exposure/column-entries.h"

/* The banners that have a value, each once. */
static uint32_t *
owners_of(const struct entries *x)
{
	uint32_t *owners = xcalloc((size_t)x->owners + 1, sizeof(*owners)), n = 0;

	for (uint32_t i = 0; i < x->count; i++)
		if (i == 0 || x->docs[i] != x->docs[i - 1])
			owners[n++] = x->docs[i];
	return owners;
}

static void
write_starts(const struct entries *x, struct output *o, unsigned column, uint32_t docs, struct column_info *info)
{
	BUF_AUTO out = { 0 };
	struct packer k = { .out = &out, .width = info->start_width = (uint8_t)bits_of(x->count) };
	uint32_t i = 0;

	for (uint32_t d = 0; d < docs; d++) {
		if (info->listed && (i == x->count || x->docs[i] != d))
			continue;
		packer_put(&k, i);
		while (i < x->count && x->docs[i] == d)
			i++;
	}
	packer_put(&k, x->count);
	packer_end(&k);
	output_section(o, SECTION_STARTS, column, buf_str(&out));
}

/* Who has a value, where each banner's entries are, how sure they are. nulls: a number says that there is none. */
static void
write_shape(const struct entries *x, struct output *o, unsigned column, uint32_t docs, bool nulls,
	    struct column_info *info)
{
	info->owners = x->owners;
	info->entries = x->count;
	info->listed = x->owners < docs / SPARSE;
	info->many = x->many || (!nulls && !info->listed && x->owners < docs);
	if (x->owners < docs) {
		uint32_t *owners = owners_of(x);
		BUF_AUTO out = { 0 };
		posting_write(&out, owners, x->owners, docs, true);
		output_section(o, SECTION_OWNERS, column, buf_str(&out));
		free(owners);
	}
	if (info->many)
		write_starts(x, o, column, docs, info);
	else if (!info->listed)
		info->entries = docs;
}

static void
write_confidence(const struct column_build *b, const struct entries *x, struct output *o, unsigned column,
		 struct column_info *info)
{
	info->confident = b->confident;
	if (!b->confident)
		return;
	BUF_AUTO out = { 0 };
	for (uint32_t e = 0, i = 0; e < info->entries; e++) {
		/* Without starts or list an entry is a banner. */
		bool here = info->many || info->listed || (i < x->count && x->docs[i] == e);
		buf_add_char(&out, here ? (char)x->confidence[i++] : 0);
	}
	output_section(o, SECTION_CONFIDENCE, column, buf_str(&out));
}

static void
write_ids(const struct entries *x, struct output *o, unsigned column, struct column_info *info)
{
	BUF_AUTO out = { 0 };
	struct packer k = { .out = &out, .width = info->width = (uint8_t)bits_of(info->values) };

	for (uint32_t e = 0, i = 0; e < info->entries; e++) {
		bool here = info->many || info->listed || (i < x->count && x->docs[i] == e);
		packer_put(&k, here ? x->values[i++] + 1 : 0);
	}
	packer_end(&k);
	output_section(o, SECTION_IDS, column, buf_str(&out));
}

/* Entries by value: *starts has where each value's begin, the result is their banners. */
static uint32_t *
by_value(const struct entries *x, uint32_t values, uint32_t **starts)
{
	uint32_t *docs = xcalloc((size_t)x->count + 1, sizeof(*docs));
	uint32_t *at = xcalloc((size_t)values + 2, sizeof(*at));

	for (uint32_t i = 0; i < x->count; i++)
		at[x->values[i] + 2]++;
	for (uint32_t v = 2; v <= values; v++)
		at[v] += at[v - 1];
	for (uint32_t i = 0; i < x->count; i++)
		docs[at[x->values[i] + 1]++] = x->docs[i];
	*starts = at;
	return docs;
}

/* ---- dictionaries ---- */

struct dict_out {
	struct buf terms, blocks, postings;
	char before[VALUE_MAX];
	size_t before_len;
	uint32_t count;
	bool fast; /* values, not words: few of them are frequent */
};

static void
dict_add(struct dict_out *d, struct str text, const uint32_t *list, uint32_t count, uint32_t docs)
{
	size_t shared = 0, at = d->postings.len;

	if (d->count++ % DICT_BLOCK == 0) {
		uint32_t place = (uint32_t)d->terms.len;
		buf_add(&d->blocks, str_sub((const char *)&place, sizeof(place)));
		buf_varint(&d->terms, at);
	} else {
		while (shared < text.len && shared < d->before_len && text.ptr[shared] == d->before[shared])
			shared++;
	}
	posting_write(&d->postings, list, count, docs, d->fast);
	buf_varint(&d->terms, shared);
	buf_varint(&d->terms, text.len - shared);
	buf_add(&d->terms, str_skip(text, shared));
	buf_varint(&d->terms, count);
	buf_varint(&d->terms, d->postings.len - at);
	memcpy(d->before, text.ptr, text.len);
	d->before_len = text.len;
}

static void
dict_write(struct dict_out *d, struct output *o, unsigned column)
{
	output_section(o, SECTION_TERMS, column, buf_str(&d->terms));
	output_section(o, SECTION_BLOCKS, column, buf_str(&d->blocks));
	output_section(o, SECTION_POSTINGS, column, buf_str(&d->postings));
	buf_free(&d->terms);
	buf_free(&d->blocks);
	buf_free(&d->postings);
}

void
column_write_values(struct column_build *b, struct output *o, unsigned column, uint32_t docs, struct column_info *info)
{
	if (b->entries == 0)
		return;
	uint32_t *sorted = vocabulary_sorted(&b->values), *starts;
	uint32_t *rank = xcalloc(b->values.count, sizeof(*rank));
	for (uint32_t i = 0; i < b->values.count; i++)
		rank[sorted[i]] = i;
	ENTRIES_AUTO x = { 0 };
	entries_gather(b, rank, &x);
	info->form = FORM_VALUES;
	info->values = b->values.count;
	write_shape(&x, o, column, docs, true, info);
	write_confidence(b, &x, o, column, info);
	write_ids(&x, o, column, info);
	uint32_t *lists = by_value(&x, info->values, &starts);
	struct dict_out d = { .fast = true };
	for (uint32_t i = 0; i < info->values; i++)
		dict_add(&d, vocabulary_text(&b->values, sorted[i]), lists + starts[i], starts[i + 1] - starts[i],
			 docs);
	dict_write(&d, o, column);
	free(lists);
	free(starts);
	free(rank);
	free(sorted);
}

enum { AHEAD = 16 /* words whose memory is asked for before they are looked at */ };

void
column_write_words(struct column_build *b, struct output *o, unsigned column, uint32_t docs, struct column_info *info)
{
	vocabulary_flush(&b->values);
	if (b->values.count == 0)
		return;
	uint32_t *sorted = vocabulary_sorted(&b->values);
	uint32_t *list = xcalloc((size_t)docs + 1, sizeof(*list));
	struct dict_out d = { 0 };

	info->form = FORM_TEXT;
	info->values = b->values.count;
	for (uint32_t i = 0; i < b->values.count; i++) {
		if (i + AHEAD < b->values.count)
			vocabulary_expect_docs(&b->values, sorted[i + AHEAD]);
		uint32_t count = vocabulary_docs(&b->values, sorted[i], list);
		dict_add(&d, vocabulary_text(&b->values, sorted[i]), list, count, docs);
	}
	dict_write(&d, o, column);
	free(list);
	free(sorted);
	/* Who has a text at all is a stream of banners. */
	ENTRIES_AUTO x = { 0 };
	uint32_t *none = xcalloc(1, sizeof(*none));
	entries_gather(b, none, &x);
	free(none);
	info->owners = x.owners;
	if (x.owners < docs) {
		uint32_t *owners = owners_of(&x);
		BUF_AUTO out = { 0 };
		posting_write(&out, owners, x.owners, docs, true);
		output_section(o, SECTION_OWNERS, column, buf_str(&out));
		free(owners);
	}
}

/* ---- numbers ---- */

static int
compare_u64(const void *x, const void *y)
{
	uint64_t a, b;
	memcpy(&a, x, sizeof(a));
	memcpy(&b, y, sizeof(b));
	return (a > b) - (a < b);
}

/* The different values, sorted, at most NUMBERS_DICT_MAX + 1 of them; malloc'ed. Gathered through a small hash set, so
 * that a column of a million times does not have to be sorted. */
static uint64_t *
different(const struct entries *x, uint32_t *count)
{
	enum { SLOTS = NUMBERS_DICT_MAX * 4 };
	uint64_t *slots = xcalloc(SLOTS, sizeof(*slots)), *list = xcalloc(NUMBERS_DICT_MAX + 1, sizeof(*list));
	bool zero = false;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->count && n <= NUMBERS_DICT_MAX; i++) {
		uint64_t v = x->values[i];
		size_t at = (v * 0x9e3779b97f4a7c15u) >> 46;
		if (v == 0) {
			if (!zero)
				list[n++] = 0;
			zero = true;
			continue;
		}
		while (slots[at] && slots[at] != v)
			at = (at + 1) % SLOTS;
		if (!slots[at]) {
			slots[at] = v;
			list[n++] = v;
		}
	}
	free(slots);
	*count = n;
	if (n <= NUMBERS_DICT_MAX)
		qsort(list, n, sizeof(*list), compare_u64);
	return list;
}

static uint32_t
rank_of(const uint64_t *list, uint32_t count, uint64_t v)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (list[middle] < v)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
write_number_values(struct entries *x, const uint64_t *list, struct output *o, unsigned column, uint32_t docs,
		    struct column_info *info)
{
	BUF_AUTO values = { 0 };
	BUF_AUTO postings = { 0 };
	uint32_t *starts;

	for (uint32_t i = 0; i < x->count; i++)
		x->values[i] = rank_of(list, info->values, x->values[i]);
	write_ids(x, o, column, info);
	uint32_t *lists = by_value(x, info->values, &starts);
	for (uint32_t i = 0; i < info->values; i++) {
		struct number_value v = { (int64_t)(list[i] ^ 1ull << 63), starts[i + 1] - starts[i],
					  (uint32_t)postings.len };
		buf_add(&values, str_sub((const char *)&v, sizeof(v)));
		posting_write(&postings, lists + starts[i], v.count, docs, true);
	}
	output_section(o, SECTION_VALUES, column, buf_str(&values));
	output_section(o, SECTION_POSTINGS, column, buf_str(&postings));
	free(lists);
	free(starts);
}

static uint64_t
divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Blocks of numbers (sign bit turned), each above its own minimum. */
static void
write_blocks(const uint64_t *values, uint32_t count, uint64_t scale, uint64_t turn, struct buf *blocks,
	     struct buf *bits)
{
	for (uint32_t i = 0; i < count; i += NUMBERS_BLOCK) {
		uint32_t to = count - i > NUMBERS_BLOCK ? i + NUMBERS_BLOCK : count;
		uint64_t low = values[i], high = low;
		for (uint32_t j = i; j < to; j++) {
			low = values[j] < low ? values[j] : low;
			high = values[j] > high ? values[j] : high;
		}
		unsigned width = bits_of((high - low) / scale);
		width = width > 56 ? 64 : width;
		struct number_block b = { (int64_t)(low ^ turn), (uint64_t)bits->len * 8 << 8 | width };
		buf_add(blocks, str_sub((const char *)&b, sizeof(b)));
		struct packer k = { .out = bits, .width = width };
		for (uint32_t j = i; j < to; j++) {
			uint64_t delta = (values[j] - low) / scale;
			if (width == 64)
				buf_add(bits, str_sub((const char *)&delta, 8));
			else
				packer_put(&k, delta);
		}
		if (width < 64)
			packer_flush(&k);
	}
}

static void
write_plain(const struct entries *x, struct output *o, unsigned column, struct column_info *info)
{
	BUF_AUTO blocks = { 0 };
	BUF_AUTO bits = { 0 };

	info->scale = 0;
	for (uint32_t i = 0; i < x->count && info->scale != 1; i++)
		info->scale = divisor(x->values[i] - ((uint64_t)info->low ^ 1ull << 63), info->scale);
	info->scale = info->scale ? info->scale : 1;
	write_blocks(x->values, x->count, info->scale, 1ull << 63, &blocks, &bits);
	output_section(o, SECTION_VALUES, column, buf_str(&blocks));
	output_section(o, SECTION_IDS, column, buf_str(&bits));
}

void
column_write_numbers(struct column_build *b, struct output *o, unsigned column, uint32_t docs, struct column_info *info)
{
	ENTRIES_AUTO x = { 0 };

	if (b->entries == 0)
		return;
	entries_gather(b, NULL, &x);
	uint64_t low = x.values[0], high = low, *list = different(&x, &info->values);
	for (uint32_t i = 0; i < x.count; i++) {
		low = x.values[i] < low ? x.values[i] : low;
		high = x.values[i] > high ? x.values[i] : high;
	}
	info->low = (int64_t)(low ^ 1ull << 63);
	info->high = (int64_t)(high ^ 1ull << 63);
	info->form = info->values <= NUMBERS_DICT_MAX ? FORM_NUMBERS : FORM_PLAIN;
	write_shape(&x, o, column, docs, info->form == FORM_NUMBERS, info);
	write_confidence(b, &x, o, column, info);
	if (info->form == FORM_NUMBERS) {
		write_number_values(&x, list, o, column, docs, info);
	} else {
		info->values = 0;
		write_plain(&x, o, column, info);
	}
	free(list);
}

/* ---- addresses ---- */

struct address_key {
	unsigned char ip[16];
	uint32_t doc;
};

static int
compare_keys(const void *x, const void *y)
{
	const struct address_key *a = x, *b = y;
	int d = memcmp(a->ip, b->ip, 16);

	return d ? d : (a->doc > b->doc) - (a->doc < b->doc);
}

/* Sorts address << 32 | banner by the address: three passes of 11 bits, stable. */
static void
radix_sort(uint64_t **keys, uint32_t count)
{
	uint64_t *from = *keys, *to = xcalloc((size_t)count + 1, sizeof(*to));

	for (unsigned shift = 32; shift < 64; shift += 11) {
		uint32_t at[2049] = { 0 };
		for (uint32_t i = 0; i < count; i++)
			at[(from[i] >> shift & 2047) + 1]++;
		for (unsigned i = 1; i <= 2048; i++)
			at[i] += at[i - 1];
		for (uint32_t i = 0; i < count; i++)
			to[at[from[i] >> shift & 2047]++] = from[i];
		uint64_t *swap = from;
		from = to;
		to = swap;
	}
	free(to);
	*keys = from;
}

struct addresses {
	uint64_t *v4; /* address << 32 | banner */
	struct address_key *v6;
	uint32_t v4_count, v6_count;
	uint64_t *unique; /* v4 */
	uint32_t *rank; /* of each banner */
	uint32_t *order; /* banners by address */
	uint32_t *starts; /* in order, of each rank */
	uint32_t ranks, v4_ranks;
	struct buf v6_unique;
};

static void
rank_addresses(struct addresses *x)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->v4_count; i++, n++) {
		if (i == 0 || x->v4[i] >> 32 != x->v4[i - 1] >> 32) {
			x->starts[x->ranks] = n;
			x->unique[x->ranks++] = x->v4[i] >> 32;
		}
		x->order[n] = (uint32_t)x->v4[i];
		x->rank[x->order[n]] = x->ranks - 1;
	}
	x->v4_ranks = x->ranks;
	for (uint32_t i = 0; i < x->v6_count; i++, n++) {
		if (i == 0 || memcmp(x->v6[i].ip, x->v6[i - 1].ip, 16) != 0) {
			x->starts[x->ranks++] = n;
			buf_add(&x->v6_unique, str_sub((const char *)x->v6[i].ip, 16));
		}
		x->order[n] = x->v6[i].doc;
		x->rank[x->order[n]] = x->ranks - 1;
	}
	x->starts[x->ranks] = n;
}

static void
write_packed(struct output *o, enum section_kind kind, const uint32_t *values, uint32_t count, unsigned width)
{
	BUF_AUTO out = { 0 };
	struct packer k = { .out = &out, .width = width };

	for (uint32_t i = 0; i < count; i++)
		packer_put(&k, values[i]);
	packer_end(&k);
	output_section(o, kind, FIELD_IP, buf_str(&out));
}

static void
write_marks(struct output *o, const char *marks, const uint32_t *order, uint32_t docs)
{
	BUF_AUTO out = { 0 };
	char *to = buf_reserve(&out, (size_t)docs * 2);

	for (uint32_t i = 0; i < docs; i++)
		memcpy(to + (size_t)i * 2, marks + (size_t)order[i] * 2, 2);
	out.len = (size_t)docs * 2;
	output_section(o, SECTION_MARKS, FIELD_IP, buf_str(&out));
}

static void
sort_addresses(struct addresses *x, const unsigned char *ips, uint32_t docs)
{
	for (uint32_t d = 0; d < docs; d++) {
		const unsigned char *ip = ips + (size_t)d * 16;
		if (address_is_v4(ip)) {
			uint32_t n = (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | ip[15];
			x->v4[x->v4_count++] = (uint64_t)n << 32 | d;
		} else {
			if ((x->v6_count & (x->v6_count - 1)) == 0)
				x->v6 = xrealloc(x->v6, x->v6_count ? (size_t)x->v6_count * 2 : 1, sizeof(*x->v6));
			memcpy(x->v6[x->v6_count].ip, ip, 16);
			x->v6[x->v6_count++].doc = d;
		}
	}
	radix_sort(&x->v4, x->v4_count);
	if (x->v6_count > 0)
		qsort(x->v6, x->v6_count, sizeof(*x->v6), compare_keys);
}

void
column_write_addresses(const unsigned char *ips, const char *marks, struct output *o, uint32_t docs,
		       struct column_info *info)
{
	struct addresses x = { 0 };
	BUF_AUTO blocks = { 0 };
	BUF_AUTO bits = { 0 };

	x.v4 = xcalloc((size_t)docs + 1, sizeof(*x.v4));
	sort_addresses(&x, ips, docs);
	x.unique = xcalloc((size_t)docs + 1, sizeof(*x.unique));
	x.rank = xcalloc((size_t)docs + 1, sizeof(*x.rank));
	x.order = xcalloc((size_t)docs + 1, sizeof(*x.order));
	x.starts = xcalloc((size_t)docs + 1, sizeof(*x.starts));
	rank_addresses(&x);
	*info = (struct column_info){ .form = FORM_ADDRESS,
				      .width = (uint8_t)bits_of(x.ranks),
				      .perm_width = (uint8_t)bits_of(docs),
				      .perm_start_width = (uint8_t)bits_of(docs),
				      .values = x.ranks,
				      .v4 = x.v4_ranks,
				      .owners = docs,
				      .entries = docs };
	write_blocks(x.unique, x.v4_ranks, 1, 0, &blocks, &bits);
	buf_add(&blocks, buf_str(&x.v6_unique));
	output_section(o, SECTION_VALUES, FIELD_IP, buf_str(&blocks));
	output_section(o, SECTION_TERMS, FIELD_IP, buf_str(&bits));
	write_packed(o, SECTION_IDS, x.rank, docs, info->width);
	write_packed(o, SECTION_PERMUTATION, x.order, docs, info->perm_width);
	write_marks(o, marks, x.order, docs);
	write_packed(o, SECTION_PERMUTATION_STARTS, x.starts, x.ranks + 1, info->perm_start_width);
	free(x.v4);
	free(x.v6);
	free(x.unique);
	free(x.rank);
	free(x.order);
	free(x.starts);
	buf_free(&x.v6_unique);
}
