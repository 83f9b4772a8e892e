/* The compiled catalogue; tools/po2c.py writes messages_ja from ja.po. */
#ifndef MAMORI_BASE_MESSAGES_H
#define MAMORI_BASE_MESSAGES_H

#include <stddef.h>

struct message {
	const char *english, *text;
};

/* Sorted by english, in strcmp() order. */
extern const struct message messages_ja[];
extern const size_t messages_ja_count;

#endif
