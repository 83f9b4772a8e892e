/* Inside the room: variable-length numbers, packed arrays and checksums. All readers stay within what they are given. */
#ifndef MAMORI_EXPOSURE_BITS_H
#define MAMORI_EXPOSURE_BITS_H

#include "base/arena.h"
#include "base/buf.h"

enum { PACKED_PAD = 8 }; /* readable bytes behind every packed array: it is read eight at a time */

static inline uint64_t
load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* How many bits are set in so many words. */
uint64_t bits_count(const uint64_t *words, size_t count);

/* How many are set in one: without the processor's own instruction, which not every one has, this is no call. */
static inline unsigned
bits_in(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(v * 0x0101010101010101u >> 56);
}

static inline unsigned
bits_of(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* At most 10 bytes; gives the place behind. */
static inline uint8_t *
varint_put(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* The place behind, or NULL: cut off or longer than 64 bits. */
static inline const uint8_t *
varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t n = 0;
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		uint8_t b = *p++;
		n |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*v = n;
			return p;
		}
	}
	return NULL;
}

/* Of what we wrote ourselves: nearly always one byte. */
static inline const uint8_t *
varint_next(const uint8_t *p, uint64_t *v)
{
	if (*p >= 0x80)
		return varint_get(p, p + 10, v);
	*v = *p;
	return p + 1;
}

static inline uint64_t
zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ -(uint64_t)(v < 0);
}

static inline int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline void
buf_varint(struct buf *b, uint64_t v)
{
	if (b->cap - b->len < 12)
		(void)buf_reserve(b, 12);
	b->len = (size_t)((char *)varint_put((uint8_t *)b->ptr + b->len, v) - b->ptr);
}

/* ---- arrays of numbers of `width` bits each, width ≤ 56 ---- */

struct packed {
	const uint8_t *p;
	uint64_t count;
	unsigned width;
	uint64_t mask;
};

static inline uint64_t
packed_bytes(uint64_t count, unsigned width)
{
	return (count * width + 7) / 8 + PACKED_PAD;
}

/* False when the bytes do not hold so many. */
static inline bool
packed_open(struct packed *a, struct str bytes, uint64_t count, unsigned width)
{
	if (width > 56 || count > UINT32_MAX * 16ull || bytes.len < packed_bytes(count, width))
		return false;
	*a = (struct packed){ (const uint8_t *)bytes.ptr, count, width, (1ull << width) - 1 };
	return true;
}

/* i < count. */
static inline uint64_t
packed_get(const struct packed *a, uint64_t i)
{
	uint64_t bit = i * a->width;
	return load64(a->p + (bit >> 3)) >> (bit & 7) & a->mask;
}

/* Fills behind each other; the last bytes come with packer_end(). */
struct packer {
	struct buf *out;
	uint64_t acc;
	unsigned have, width;
};

static inline void
packer_put(struct packer *k, uint64_t v)
{
	k->acc |= v << k->have;
	k->have += k->width;
	if (k->have >= 64) {
		memcpy(buf_reserve(k->out, 8), &k->acc, 8);
		k->out->len += 8;
		k->have -= 64;
		k->acc = k->have ? v >> (k->width - k->have) : 0;
	}
}

/* The rest of the last number; no padding. */
void packer_flush(struct packer *k);
/* With the padding that readers need. */
void packer_end(struct packer *k);

/* ---- checksums: accident, not malice ---- */

uint64_t block_sum(const void *bytes, size_t len);

#endif
