/* The compiled catalogue; tools/po2c.py writes messages_ja from ja.po. */
#ifndef MAMORI_BASE_MESSAGES_H
#define MAMORI_BASE_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

/* Places in messages_ja_text, not pointers: a pointer would be relocated at every start, in memory of its own. */
struct message {
	uint32_t english, text;
};

extern const char messages_ja_text[];
/* Sorted by english, in strcmp() order. */
extern const struct message messages_ja[];
extern const size_t messages_ja_count;

#endif
