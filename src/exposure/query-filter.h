/* Inside the room: what stands before a colon in a query, and how its values are read. */
#ifndef MAMORI_EXPOSURE_QUERY_FILTER_H
#define MAMORI_EXPOSURE_QUERY_FILTER_H

#include "base/tr.h"
#include "exposure/query.h"

enum filter_kind {
	FILTER_FIELD,
	FILTER_AFTER,
	FILTER_BEFORE,
	FILTER_GEO,
	FILTER_HAS,
	FILTER_IPV6,
	FILTER_ALL_TEXT,
	FILTER_NAMES,
	FILTER_TELNET
};

/* FIELD of QUERY_WORD for words of certificate names. */
enum { QUERY_NAMES = FIELDS + 1 };

struct filter {
	enum filter_kind kind;
	enum field field;
	struct str name;
	bool whole; /* commas belong to the value */
	bool any; /* what was stated or inferred */
};

bool filter_find(struct str name, struct filter *out, struct str *nearest);
/* Makes q what `name:text` says. False: why has a sentence. */
bool filter_value(struct arena *a, const struct filter *f, struct str text, bool quoted, struct query *q,
		  struct err *why) MUST_CHECK;

static inline bool
ascii_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

#endif
