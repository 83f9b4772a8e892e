/* Packed arrays and checksums (exposure/bits.h). */
#include "exposure/bits.h"

/* Bits of three words, in half-bytes: at most 12 in each. */
static inline uint64_t
three_words(const uint64_t *w)
{
	const uint64_t pairs = 0x5555555555555555u, fours = 0x3333333333333333u;
	uint64_t a = w[0] - (w[0] >> 1 & pairs), b = w[1] - (w[1] >> 1 & pairs), c = w[2] - (w[2] >> 1 & pairs);

	return (a & fours) + (a >> 2 & fours) + (b & fours) + (b >> 2 & fours) + (c & fours) + (c >> 2 & fours);
}

uint64_t
bits_count(const uint64_t *words, size_t count)
{
	const uint64_t half = 0x0f0f0f0f0f0f0f0fu, bytes = 0x00ff00ff00ff00ffu;
	uint64_t total = 0;
	size_t i = 0;

	/* Ten times three words fill no byte above 240; they are added up once for all. */
	while (count - i >= 30) {
		uint64_t sum = 0;
		for (unsigned k = 0; k < 10; k++, i += 3) {
			uint64_t n = three_words(words + i);
			sum += (n & half) + (n >> 4 & half);
		}
		sum = (sum & bytes) + (sum >> 8 & bytes);
		total += sum * 0x0001000100010001u >> 48;
	}
	for (; i < count; i++)
		total += bits_in(words[i]);
	return total;
}

void
packer_flush(struct packer *k)
{
	size_t bytes = (k->have + 7) / 8;

	memcpy(buf_reserve(k->out, 8), &k->acc, 8);
	k->out->len += bytes;
	k->acc = 0;
	k->have = 0;
}

void
packer_end(struct packer *k)
{
	packer_flush(k);
	memset(buf_reserve(k->out, PACKED_PAD), 0, PACKED_PAD);
	k->out->len += PACKED_PAD;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9fb21c651e98df25u;
	return h ^ (h >> 32);
}

uint64_t
block_sum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t lane[4] = { 1, 2, 3, 4 }, rest = len;

	/* Four chains, so that the multiplications do not wait for each other. */
	for (; len >= 32; len -= 32, p += 32)
		for (unsigned i = 0; i < 4; i++)
			lane[i] = mix(lane[i], load64(p + 8 * i));
	for (; len > 0; len--)
		rest = mix(rest, *p++);
	for (unsigned i = 0; i < 4; i++)
		rest = mix(rest, lane[i]);
	return rest;
}
