/* Inside the room: the bytes of a string that stand in JSON as they are, most of what there is. */
#ifndef MAMORI_BASE_JSON_PLAIN_H
#define MAMORI_BASE_JSON_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum json_plain { JSON_PLAIN = 1, JSON_PLAIN_AND_DEL = 3 };

static const unsigned char json_plain_bytes[256] = {
	[' ' ... '!'] = 1, ['#' ... '['] = 1, [']' ... '~'] = 1, [0x7f] = 2
};

/* Eight bytes at once: true only when each is plain; a few that are plain give false, too. */
static inline bool
json_plain_eight(const char *p, enum json_plain which)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t v, quote, slash;

	memcpy(&v, p, 8);
	quote = v ^ ones * '"';
	slash = v ^ ones * '\\';
	return !((v | (v + ones * (which == JSON_PLAIN)) | (v - ones * 0x20) | (quote - ones) | (slash - ones)) & high);
}

/* The first byte at or after p that needs a look: a quote, a backslash, a control character (DEL as asked), or
 * non-ASCII. */
static inline const char *
json_plain_end(const char *p, const char *end, enum json_plain which)
{
	bool eight = end - p >= 8;

	while (end - p >= 8 && json_plain_eight(p, which))
		p += 8;
	if (eight && end - p < 8 && json_plain_eight(end - 8, which))
		return end; /* the last eight overlap those that were seen */
	while (p < end && (json_plain_bytes[(unsigned char)*p] & which))
		p++;
	return p;
}

#endif
