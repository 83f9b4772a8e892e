/* Texts inside the records that say them (exposure/raw-text.h). */
#include "exposure/raw-text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

const char raw_text_escapes[256] = {
	['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static int
hex_digits(const char *p)
{
	int n = 0;

	for (unsigned i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		n = n * 16 + d;
	}
	return n;
}

/* What an escape behind a backslash stands for, as UTF-8; 0: none that is told here (pairs of surrogates are stored). */
static unsigned
unescape(const char **p, const char *end, char into[4])
{
	char c = *p < end ? *(*p)++ : 0;

	if (raw_text_escapes[(unsigned char)c]) {
		into[0] = raw_text_escapes[(unsigned char)c];
		return 1;
	}
	int n = c == 'u' && end - *p >= 4 ? hex_digits(*p) : -1;
	if (n < 0 || (n >= 0xd800 && n < 0xe000))
		return 0;
	*p += 4;
	if (n < 0x80) {
		into[0] = (char)n;
		return 1;
	}
	if (n < 0x800) {
		into[0] = (char)(0xc0 | n >> 6);
		into[1] = (char)(0x80 | (n & 0x3f));
		return 2;
	}
	into[0] = (char)(0xe0 | n >> 12);
	into[1] = (char)(0x80 | (n >> 6 & 0x3f));
	into[2] = (char)(0x80 | (n & 0x3f));
	return 3;
}

/* How many bytes at p and at t are the same and stand for themselves; only so far as this is told quickly. */
static inline size_t
same_plain(const char *p, const char *end, const char *t, const char *t_end)
{
	size_t n = 0;

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	size_t room = (size_t)(end - p) < (size_t)(t_end - t) ? (size_t)(end - p) : (size_t)(t_end - t);

	for (; room - n >= 16; n += 16) {
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + n));
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(t + n));
		__m128i special = _mm_or_si128(_mm_cmpeq_epi8(a, quote), _mm_cmpeq_epi8(a, slash));
		unsigned good = (unsigned)_mm_movemask_epi8(_mm_andnot_si128(special, _mm_cmpeq_epi8(a, b)));
		if (good != 0xffff)
			return n + (unsigned)__builtin_ctz(~good);
	}
#else
	(void)p, (void)end, (void)t, (void)t_end;
#endif
	return n;
}

bool
raw_text_says(const char *p, const char *end, struct str text)
{
	const char *t = text.ptr, *t_end = text.ptr + text.len;
	char bytes[4];

	while (p < end && *p != '"') {
		if (*p != '\\') {
			size_t same = same_plain(p, end, t, t_end);
			p += same;
			t += same;
			if (same > 0)
				continue;
			if (t == t_end || *t++ != *p++)
				return false;
			continue;
		}
		p++;
		unsigned n = unescape(&p, end, bytes);
		if (n == 0 || (size_t)(t_end - t) < n || t[0] != bytes[0] || (n > 1 && memcmp(t, bytes, n) != 0))
			return false;
		t += n;
	}
	return p < end && t == t_end;
}

/* Found by its start, up to the first character that may be escaped. */
size_t
raw_text_find(struct str raw, struct str text)
{
	size_t n = 0, from = 0;
	char start[40] = "\"";

	while (n < text.len && n + 1 < sizeof(start) && (unsigned char)text.ptr[n] >= 0x20 && text.ptr[n] != '"' &&
	       text.ptr[n] != '\\' && text.ptr[n] != '/' && (unsigned char)text.ptr[n] < 0x7f) {
		start[n + 1] = text.ptr[n];
		n++;
	}
	if (n < 3)
		return 0;
	/* The start of one text may be the start of another: a few tries. */
	for (unsigned tries = 0; tries < 4; tries++) {
		const char *p = memmem(raw.ptr + from, raw.len - from, start, n + 1);
		if (!p)
			return 0;
		size_t at = (size_t)(p - raw.ptr) + 1;
		if (raw_text_says(raw.ptr + at, raw.ptr + raw.len, text))
			return at;
		from = at;
	}
	return 0;
}

struct str
raw_text_read(struct arena *a, struct str escaped)
{
	const char *p = escaped.ptr, *end = p + escaped.len;
	char *into = arena_alloc(a, escaped.len + 4, 1);
	size_t n = 0;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p)), *to = slash ? slash : end;
		memcpy(into + n, p, (size_t)(to - p));
		n += (size_t)(to - p);
		p = to;
		if (p == end)
			break;
		p++;
		n += unescape(&p, end, into + n);
	}
	return str_sub(into, n);
}
