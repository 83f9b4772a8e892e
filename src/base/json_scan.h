/* Inside the room: the reader's window and what is cut out of it (json_scan.c), for its structure (json.c). */
#ifndef MAMORI_BASE_JSON_SCAN_H
#define MAMORI_BASE_JSON_SCAN_H

#include "base/json.h"

enum { JSON_CHUNK = 16 * 1024 };

enum json_state {
	STATE_START, /* nothing read yet */
	STATE_FIRST_ITEM, /* behind [ */
	STATE_FIRST_KEY, /* behind { */
	STATE_COLON, /* behind a key */
	STATE_AFTER, /* behind a value */
	STATE_DONE,
};

struct json_reader {
	const char *start, *p, *end; /* the window and the place in it */
	uint64_t before; /* bytes before the window */
	uint64_t line, line_start; /* lines seen, and the offset where the current one starts */
	char *chunk; /* of a stream, CHUNK bytes */
	json_fill_fn *fill; /* NULL: memory, or the stream has ended */
	void *user;
	struct json_limits limits;
	enum json_state state;
	bool sequence;
	enum json_token last;
	unsigned depth;
	unsigned char *levels; /* a bit per level: 1 = object */
	struct str text;
	struct buf pieces;
	const char *why; /* the first error; NULL: none */
	enum err_code code;
	struct err cause; /* of the stream */
};

/* Keeps the first error; returns JSON_ERROR. */
enum json_token json_fail(struct json_reader *r, enum err_code code, const char *why);
/* True when n bytes (few) can be looked at. */
bool json_need(struct json_reader *r, size_t n);
/* The next byte that is not blank, not yet taken; -1 at the end of input. */
int json_peek(struct json_reader *r);
/* At the opening quote; the text is then r->text. */
bool json_scan_string(struct json_reader *r);
/* At a number's first byte; JSON_NUMBER or JSON_ERROR. */
enum json_token json_scan_number(struct json_reader *r);
/* That word, or JSON_ERROR. */
enum json_token json_scan_word(struct json_reader *r, struct str word, enum json_token t);

#endif
