/* What a file is, judged by its first bytes, not by its name. */
#ifndef MAMORI_VULN_SNIFF_H
#define MAMORI_VULN_SNIFF_H

#include "vuln/input.h"

#define SNIFF_KEYS 48

enum sniff_shape { SNIFF_TEXT, SNIFF_OBJECT, SNIFF_LINES, SNIFF_ARRAY };

struct sniff {
	struct str head; /* up to 256 KiB */
	enum sniff_shape shape; /* LINES: one JSON object a line, at least one line is whole */
	/* Keys of the first object: the document itself, or an array's first element. */
	struct str keys[SNIFF_KEYS];
	size_t key_count;
	/* Keys of the first object inside that object. */
	struct str inner[SNIFF_KEYS];
	size_t inner_count;
};

bool sniff_input(struct input *in, struct arena *a, struct sniff *out, struct err *e) MUST_CHECK;
bool sniff_has(const struct sniff *s, const char *key);
bool sniff_inner_has(const struct sniff *s, const char *key);

#endif
