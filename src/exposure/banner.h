/* A banner: one observed service (ip, port, transport, timestamp) as every importer gives it. */
#ifndef MAMORI_EXPOSURE_BANNER_H
#define MAMORI_EXPOSURE_BANNER_H

#include "base/arena.h"
#include "exposure/field.h"

enum { BANNER_VALUES_MAX = 4096, BANNER_RAW_MAX = 64 << 20, BANNER_RAW_JOINT = 0x1e, PIECES_MAX = 200 };

/* A value in a JSON record: what is between a string's quotation marks, or a number as it is written. */
struct raw_piece {
	uint32_t at, len : 31, number : 1;
};

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_SCTP, TRANSPORT_OTHER };

struct banner_value {
	enum field field;
	uint8_t confidence; /* percent, of what was inferred; 0: stated by the source */
	struct str text; /* KEYWORD, TEXT, HOST: valid UTF-8 */
	int64_t number; /* NUMBER, TIME, BOOL */
	/* TEXT: where in raw the JSON string stands that says it, the place behind its opening quote; 0: unknown. A hint:
	 * what raw says already is not stored twice. exact: where raw is still the record that was scanned, it is known to. */
	uint32_t at;
	bool exact;
};

struct segment_origin;

/* Strings are views that live until the next record. */
struct banner {
	unsigned char ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	enum transport transport;
	int64_t timestamp; /* milliseconds */
	struct banner_value *values; /* any order; several of one field are allowed where field_table says `many` */
	size_t count;
	/* The record as the source wrote it: kept whole. Of a banner that several records tell, these are joined by the
	 * byte BANNER_RAW_JOINT, which none of the formats has. */
	struct str raw;
	const char *scanned; /* the record that values were told exactly from */
	const struct raw_piece *pieces; /* of it; more than PIECES_MAX: not all are told */
	size_t piece_count;
	/* Of a banner that was found: the imports that told it (index.h). */
	const struct segment_origin **origins;
	size_t origin_count;
};

#endif
