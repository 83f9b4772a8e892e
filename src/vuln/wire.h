/* Little-endian fields in a row: what feed files and the index are written with. The reader has a sticky
 * error: past the end every field is zero or empty and `bad` stays set, so callers check once at the end. */
#ifndef MAMORI_VULN_WIRE_H
#define MAMORI_VULN_WIRE_H

#include "base/buf.h"

void wire_put_u8(struct buf *b, uint8_t v);
void wire_put_u16(struct buf *b, uint16_t v);
void wire_put_u32(struct buf *b, uint32_t v);
void wire_put_u64(struct buf *b, uint64_t v);
/* Length as u32, then the bytes. */
void wire_put_str(struct buf *b, struct str s);

struct wire {
	struct str rest;
	bool bad;
};
uint8_t wire_u8(struct wire *w);
uint16_t wire_u16(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);
struct str wire_str(struct wire *w); /* a view into the input */
struct str wire_bytes(struct wire *w, size_t len);
/* A count of things of at least `size` bytes each: more than the input can hold is bad. */
uint32_t wire_count(struct wire *w, size_t size);

/* A fast checksum against damage (not against forgery): four lanes of multiply and rotate. */
uint64_t wire_checksum(struct str bytes);

#endif
