/* Reading columns (exposure/segment.h). */
#include "exposure/segment.h"

bool
column_ready(struct segment *s, struct column *c)
{
	static const enum section_kind needed[] = { SECTION_IDS, SECTION_STARTS, SECTION_VALUES, SECTION_CONFIDENCE };

	for (size_t i = 0; i < COUNT(needed); i++) {
		struct str part = c->part[needed[i]];
		if (!segment_touch(s, part.ptr, part.len))
			return false;
	}
	return !c->info->listed || column_owners(s, c);
}

bool
column_having(struct segment *s, struct column *c, struct docset *out)
{
	struct str owners = c->part[SECTION_OWNERS];

	if (c->info->owners == s->docs) {
		*out = docset_all(s->docs);
		return true;
	}
	if (!segment_touch(s, owners.ptr, owners.len) || !posting_read(owners, c->info->owners, s->docs, out))
		return segment_damage(s);
	return true;
}

const uint32_t *
column_owners(struct segment *s, struct column *c)
{
	uint32_t *list = atomic_load(&c->owner_list), *none = NULL, n = 0;
	struct docset_walk w = { 0 };

	if (list)
		return list;
	DOCSET_AUTO having = { 0 };
	if (!column_having(s, c, &having))
		return NULL;
	/* As long as it says, whatever the bits say. */
	list = xcalloc((size_t)c->info->owners + DOCSET_BATCH + 1, sizeof(*list));
	for (size_t got = 1; got > 0 && n <= c->info->owners; n += (uint32_t)got)
		got = docset_batch(&having, &w, list + n);
	if (n != c->info->owners) {
		free(list);
		segment_damage(s);
		return NULL;
	}
	if (!atomic_compare_exchange_strong(&c->owner_list, &none, list)) {
		free(list);
		list = none;
	}
	return list;
}

uint32_t
column_entries(struct segment *s, struct column *c, uint32_t doc, uint32_t *first)
{
	uint32_t row = doc;

	if (c->info->listed) {
		const uint32_t *owners = column_owners(s, c);
		uint32_t low = 0, high = c->info->owners;
		if (!owners)
			return 0;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;
			if (owners[middle] < doc)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == c->info->owners || owners[low] != doc)
			return 0;
		row = low;
	}
	if (!c->info->many) {
		*first = row;
		return 1;
	}
	uint64_t from = packed_get(&c->starts, row), to = packed_get(&c->starts, row + 1);
	if (from > to || to > c->info->entries)
		return 0;
	*first = (uint32_t)from;
	return (uint32_t)(to - from);
}

/* Number i of a row of blocks whose bits are in `bits`; 0 where these do not reach. */
static uint64_t
block_number(const struct number_block *blocks, struct str bits, uint64_t scale, uint32_t i)
{
	const struct number_block *b = &blocks[i / NUMBERS_BLOCK];
	unsigned width = b->at & 0xff;
	uint64_t bit = (b->at >> 8) + (uint64_t)(i % NUMBERS_BLOCK) * width, delta;

	if (width > 64 || (bit + width + 7) / 8 > bits.len)
		return 0;
	if (width == 0)
		return (uint64_t)b->low;
	/* Wider than what one unaligned load gives: whole words, aligned by the writer. */
	if (width > 56)
		delta = load64(bits.ptr + bit / 8);
	else
		delta = load64(bits.ptr + (bit >> 3)) >> (bit & 7) & ((1ull << width) - 1);
	return (uint64_t)b->low + delta * scale;
}

int64_t
column_plain(const struct column *c, uint32_t entry)
{
	const struct number_block *blocks = (const struct number_block *)(const void *)c->part[SECTION_VALUES].ptr;

	return (int64_t)block_number(blocks, c->part[SECTION_IDS], c->info->scale, entry);
}

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
address_is_v4(const unsigned char ip[16])
{
	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

/* Addresses of a column: blocks of v4, then v6; the bits of v4 behind the ranks' own section. */
void
column_address(const struct column *c, uint32_t rank, unsigned char ip[16])
{
	struct str values = c->part[SECTION_VALUES];
	uint32_t v4 = c->info->v4;

	if (rank >= c->info->values) {
		memset(ip, 0, 16);
		return;
	}
	if (rank >= v4) {
		memcpy(ip, values.ptr + values.len - (size_t)(c->info->values - rank) * 16, 16);
		return;
	}
	uint64_t n =
		block_number((const struct number_block *)(const void *)values.ptr, c->part[SECTION_TERMS], 1, rank);
	memcpy(ip, mapped, sizeof(mapped));
	for (unsigned i = 0; i < 4; i++)
		ip[12 + i] = (unsigned char)(n >> (24 - 8 * i));
}

size_t
column_v4_block(const struct column *c, uint32_t block, uint64_t ranks, uint32_t *into)
{
	const struct number_block *b = (const struct number_block *)(const void *)c->part[SECTION_VALUES].ptr + block;
	struct str bits = c->part[SECTION_TERMS];
	uint64_t width = b->at & 0xff, bit = b->at >> 8, mask = (1ull << (width & 63)) - 1;
	size_t n = 0;

	/* No bits, a width that no address has, or bits that are not there: as in block_number(). */
	if (width == 0 || width > 32 || (bit + (uint64_t)bits_of(ranks) * width + 7) / 8 > bits.len) {
		for (; ranks; ranks &= ranks - 1)
			into[n++] = width == 0 ? (uint32_t)b->low : 0;
		return n;
	}
	for (; ranks; ranks &= ranks - 1) {
		uint64_t at = bit + (uint64_t)__builtin_ctzll(ranks) * width;
		into[n++] = (uint32_t)((uint64_t)b->low + (load64(bits.ptr + (at >> 3)) >> (at & 7) & mask));
	}
	return n;
}

uint32_t
column_rank(const struct column *c, const unsigned char ip[16])
{
	bool v4 = address_is_v4(ip);
	uint32_t low = v4 ? 0 : c->info->v4, high = v4 ? c->info->v4 : c->info->values;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		unsigned char there[16];
		column_address(c, middle, there);
		if (memcmp(there, ip, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
