/* A view of bytes that somebody else owns, passed by value. Not NUL-terminated. */
#ifndef MAMORI_BASE_STR_H
#define MAMORI_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *ptr;
	size_t len;
};

#define STR(literal) ((struct str){ ("" literal), sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For "%.*s". */
#define STR_ARG(s) (int)((s).len > 4096 ? 4096 : (s).len), (s).ptr ? (s).ptr : ""
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline struct str
str_of(const char *cstr)
{
	return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

static inline struct str
str_sub(const char *ptr, size_t len)
{
	return (struct str){ ptr, len };
}

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII */
int str_cmp(struct str a, struct str b); /* memcmp order, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str needle);
/* Offset of c (or of needle) in s, or -1. */
ptrdiff_t str_find_char(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);
ptrdiff_t str_rfind_char(struct str s, char c);
struct str str_trim(struct str s); /* ASCII blanks and line ends at both ends */
struct str str_skip(struct str s, size_t n);
struct str str_head(struct str s, size_t n);

/* Cuts the piece before sep off *rest and leaves what follows; false when *rest is used up.
 * "a,,b" gives "a", "", "b"; a trailing separator gives no last empty piece. */
bool str_cut(struct str *rest, char sep, struct str *piece);
/* The next line without its \n or \r\n. */
bool str_line(struct str *rest, struct str *line);
/* The next word between ASCII blanks. */
bool str_word(struct str *rest, struct str *word);
/* Splits at the first sep: true when it was there. */
bool str_split(struct str s, char sep, struct str *before, struct str *after);

/* Whole string as a decimal number; false on anything else or overflow. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);
/* Locale-free; false on anything but one finite number. */
bool str_to_double(struct str s, double *out);

/* Valid UTF-8 (RFC 3629), no NUL. */
bool str_is_utf8(struct str s);
/* Not cryptographic; the same on every machine, so it may be stored. */
uint64_t str_hash(struct str s, uint64_t seed);

#endif
