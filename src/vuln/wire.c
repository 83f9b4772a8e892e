#include "vuln/wire.h"

#include <endian.h>

void
wire_put_u8(struct buf *b, uint8_t v)
{
	buf_add(b, str_sub((const char *)&v, 1));
}

void
wire_put_u16(struct buf *b, uint16_t v)
{
	v = htole16(v);
	buf_add(b, str_sub((const char *)&v, sizeof(v)));
}

void
wire_put_u32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_add(b, str_sub((const char *)&v, sizeof(v)));
}

void
wire_put_u64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_add(b, str_sub((const char *)&v, sizeof(v)));
}

void
wire_put_str(struct buf *b, struct str s)
{
	wire_put_u32(b, (uint32_t)s.len);
	buf_add(b, s);
}

struct str
wire_bytes(struct wire *w, size_t len)
{
	if (w->bad || len > w->rest.len) {
		w->bad = true;
		return STR("");
	}
	struct str s = str_sub(w->rest.ptr, len);
	w->rest = str_sub(w->rest.ptr + len, w->rest.len - len);
	return s;
}

uint8_t
wire_u8(struct wire *w)
{
	struct str s = wire_bytes(w, 1);
	return s.len ? (uint8_t)s.ptr[0] : 0;
}

uint16_t
wire_u16(struct wire *w)
{
	struct str s = wire_bytes(w, 2);
	uint16_t v = 0;
	memcpy(&v, s.ptr, s.len);
	return le16toh(v);
}

uint32_t
wire_u32(struct wire *w)
{
	struct str s = wire_bytes(w, 4);
	uint32_t v = 0;
	memcpy(&v, s.ptr, s.len);
	return le32toh(v);
}

uint64_t
wire_u64(struct wire *w)
{
	struct str s = wire_bytes(w, 8);
	uint64_t v = 0;
	memcpy(&v, s.ptr, s.len);
	return le64toh(v);
}

struct str
wire_str(struct wire *w)
{
	return wire_bytes(w, wire_u32(w));
}

uint32_t
wire_count(struct wire *w, size_t size)
{
	uint32_t n = wire_u32(w);
	if (n > w->rest.len / size) {
		w->bad = true;
		return 0;
	}
	return n;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h << 29 | h >> 35;
}

uint64_t
wire_checksum(struct str bytes)
{
	uint64_t lane[4] = { 1, 2, 3, bytes.len }, v[4];
	size_t i = 0;
	for (; i + sizeof(v) <= bytes.len; i += sizeof(v)) {
		memcpy(v, bytes.ptr + i, sizeof(v));
		for (int k = 0; k < 4; k++)
			lane[k] = mix(lane[k], le64toh(v[k]));
	}
	memset(v, 0, sizeof(v));
	memcpy(v, bytes.ptr + i, bytes.len - i);
	for (int k = 0; k < 4; k++)
		lane[k] = mix(lane[k], le64toh(v[k]));
	uint64_t h = mix(mix(mix(lane[0], lane[1]), lane[2]), lane[3]);
	return mix(h, h >> 32);
}
