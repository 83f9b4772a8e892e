/* Decimal runs of any length, compared without turning them into integers: a version may hold a date,
 * a hash or a stranger's thousand digits. */
#ifndef MAMORI_VERSION_DIGITS_H
#define MAMORI_VERSION_DIGITS_H

#include "base/str.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Cuts the digits off the front of *s (perhaps none). */
static inline struct str
digits_take(struct str *s)
{
	size_t n = 0;
	struct str digits;

	while (n < s->len && is_digit(s->ptr[n]))
		n++;
	digits = str_head(*s, n);
	*s = str_skip(*s, n);
	return digits;
}

/* The same of ASCII letters. */
static inline struct str
letters_take(struct str *s)
{
	size_t n = 0;
	struct str letters;

	while (n < s->len && is_letter(s->ptr[n]))
		n++;
	letters = str_head(*s, n);
	*s = str_skip(*s, n);
	return letters;
}

static inline bool
digits_zero(struct str digits)
{
	while (digits.len > 0 && digits.ptr[0] == '0')
		digits = str_skip(digits, 1);
	return digits.len == 0;
}

/* By value; an empty run is 0. */
static inline int
digits_cmp(struct str a, struct str b)
{
	while (a.len > 0 && a.ptr[0] == '0')
		a = str_skip(a, 1);
	while (b.len > 0 && b.ptr[0] == '0')
		b = str_skip(b, 1);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_cmp(a, b);
}

#endif
