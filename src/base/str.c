#include "base/str.h"

#include "base/utf8.h"

#include <math.h>

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	if (c != 0)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

bool
str_contains(struct str s, struct str needle)
{
	return str_find(s, needle) >= 0;
}

ptrdiff_t
str_find_char(struct str s, char c)
{
	const char *p = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

	return p ? p - s.ptr : -1;
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	const char *p;

	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return -1;
	p = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return p ? p - s.ptr : -1;
}

ptrdiff_t
str_rfind_char(struct str s, char c)
{
	const char *p = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;

	return p ? p - s.ptr : -1;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = str_skip(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct str
str_skip(struct str s, size_t n)
{
	if (n > s.len)
		n = s.len;
	if (n > 0) {
		s.ptr += n;
		s.len -= n;
	}
	return s;
}

struct str
str_head(struct str s, size_t n)
{
	if (n < s.len)
		s.len = n;
	return s;
}

bool
str_cut(struct str *rest, char sep, struct str *piece)
{
	ptrdiff_t at;

	if (rest->len == 0)
		return false;
	at = str_find_char(*rest, sep);
	if (at < 0) {
		*piece = *rest;
		*rest = str_skip(*rest, rest->len);
	} else {
		*piece = str_head(*rest, (size_t)at);
		*rest = str_skip(*rest, (size_t)at + 1);
	}
	return true;
}

bool
str_line(struct str *rest, struct str *line)
{
	if (!str_cut(rest, '\n', line))
		return false;
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool
str_word(struct str *rest, struct str *word)
{
	size_t n = 0;

	while (rest->len > 0 && is_blank(rest->ptr[0]))
		*rest = str_skip(*rest, 1);
	if (rest->len == 0)
		return false;
	while (n < rest->len && !is_blank(rest->ptr[n]))
		n++;
	*word = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return true;
}

bool
str_split(struct str s, char sep, struct str *before, struct str *after)
{
	ptrdiff_t at = str_find_char(s, sep);

	*before = at < 0 ? s : str_head(s, (size_t)at);
	*after = str_skip(s, at < 0 ? s.len : (size_t)at + 1);
	return at >= 0;
}

bool
str_to_u64(struct str s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(s.ptr[i] - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

bool
str_to_i64(struct str s, int64_t *out)
{
	bool minus = s.len > 0 && s.ptr[0] == '-';
	uint64_t n;

	if (!str_to_u64(str_skip(s, minus), &n))
		return false;
	if (n > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

/* A number taken apart: digits without the point, times ten to the exponent. */
struct decimal {
	bool minus;
	size_t digits; /* those given to digit_at() */
	int64_t exponent;
	struct str whole, fraction;
};

static struct str
take_digits(struct str *s)
{
	size_t n = 0;
	struct str d;

	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		n++;
	d = str_head(*s, n);
	*s = str_skip(*s, n);
	return d;
}

static bool
decimal_exponent(struct str s, int64_t *exponent)
{
	bool minus = s.len > 0 && s.ptr[0] == '-';
	int64_t n = 0;

	if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
		s = str_skip(s, 1);
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		if (n < 1000000000) /* far past what a double holds; more digits change nothing */
			n = n * 10 + (s.ptr[i] - '0');
	}
	*exponent = minus ? -n : n;
	return true;
}

static bool
decimal_parse(struct str s, struct decimal *d)
{
	*d = (struct decimal){ 0 };
	if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
		d->minus = s.ptr[0] == '-';
		s = str_skip(s, 1);
	}
	d->whole = take_digits(&s);
	if (d->whole.len == 0)
		return false;
	if (s.len > 0 && s.ptr[0] == '.') {
		s = str_skip(s, 1);
		d->fraction = take_digits(&s);
		if (d->fraction.len == 0)
			return false;
	}
	if (s.len > 0) {
		if ((s.ptr[0] != 'e' && s.ptr[0] != 'E') || !decimal_exponent(str_skip(s, 1), &d->exponent))
			return false;
	}
	d->digits = d->whole.len + d->fraction.len;
	d->exponent -= (int64_t)d->fraction.len;
	return true;
}

static char
digit_at(const struct decimal *d, size_t i)
{
	return i < d->whole.len ? d->whole.ptr[i] : d->fraction.ptr[i - d->whole.len];
}

/* strtod() sees digits and an exponent only: its decimal point would depend on the locale. */
static bool
decimal_slow(const struct decimal *d, double *out)
{
	enum { KEEP = 800 }; /* 767 digits decide every double */
	char text[KEEP + 32];
	size_t n = 0, i = 0;

	while (i < d->digits && digit_at(d, i) == '0')
		i++;
	if (i == d->digits) {
		*out = d->minus ? -0.0 : 0.0;
		return true;
	}
	for (; i < d->digits && n < KEEP; i++)
		text[n++] = digit_at(d, i);
	snprintf(text + n, sizeof(text) - n, "e%lld", (long long)d->exponent + (long long)(d->digits - i));
	*out = strtod(text, NULL);
	if (!isfinite(*out))
		return false;
	if (d->minus)
		*out = -*out;
	return true;
}

bool
str_to_double(struct str s, double *out)
{
	static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
				      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	struct decimal d;
	uint64_t n = 0;
	double value;

	if (!decimal_parse(s, &d))
		return false;
	if (d.digits <= 15 && d.exponent >= -22 && d.exponent <= 22) {
		/* Both factors are exact doubles, so one rounding gives the nearest. */
		for (size_t i = 0; i < d.digits; i++)
			n = n * 10 + (uint64_t)(digit_at(&d, i) - '0');
		value = d.exponent < 0 ? (double)n / ten[-d.exponent] : (double)n * ten[d.exponent];
		*out = d.minus ? -value : value;
		return true;
	}
	if (!decimal_slow(&d, &value))
		return false;
	*out = value;
	return true;
}

bool
str_is_utf8(struct str s)
{
	size_t i = 0;

	while (i < s.len) {
		size_t n = utf8_sequence(s.ptr + i, s.len - i);

		if (n == 0 || s.ptr[i] == '\0')
			return false;
		i += n;
	}
	return true;
}

static uint64_t
load_le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Multiply and fold, eight bytes a step. The same on every machine, so it may be stored. */
uint64_t
str_hash(struct str s, uint64_t seed)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	uint64_t h = fold(seed ^ 0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u ^ (uint64_t)s.len);
	size_t n = s.len;

	for (; n >= 8; n -= 8, p += 8)
		h = fold(h ^ load_le(p, 8), 0xa0761d6478bd642fu) + h;
	if (n > 0)
		h = fold(h ^ load_le(p, n), 0xe7037ed1a0b428dbu) + h;
	return fold(h ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u ^ h);
}
