/* The strings of bulk JSON (exposure/import-scan.h). */
#include "exposure/import-string.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "exposure/raw-text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first byte of a string that needs a look: a quote, a backslash, a control character. *high: a byte of 0x80 or more
 * came before it. to: where what is before it is copied, with room for 16 bytes more; NULL: nowhere. */
static inline const char *
plain_end(const char *p, const char *end, bool *high, char **to)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);

	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
					       _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
		unsigned stop = (unsigned)_mm_movemask_epi8(special), over = (unsigned)_mm_movemask_epi8(v);
		unsigned n = stop ? (unsigned)__builtin_ctz(stop) : 16;

		if (to) {
			_mm_storeu_si128((__m128i *)(void *)*to, v);
			*to += n;
		}
		p += n;
		if (stop) {
			if (over & (stop ^ (stop - 1)))
				*high = true;
			return p;
		}
		if (over)
			*high = true;
	}
#else
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;

	while (end - p >= 8) {
		uint64_t v, q, s;

		memcpy(&v, p, 8);
		q = v ^ ones * '"';
		s = v ^ ones * '\\';
		if ((v | (v - ones * 0x20) | (q - ones) | (s - ones)) & tops)
			break;
		if (to) {
			memcpy(*to, &v, 8);
			*to += 8;
		}
		p += 8;
	}
#endif
	for (; p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\'; p++) {
		if ((unsigned char)*p >= 0x80)
			*high = true;
		if (to)
			*(*to)++ = *p;
	}
	return p;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
hex4(const char *p, const char *end, uint32_t *out)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int h = hex_value(p[i]);
		if (h < 0)
			return false;
		v = v << 4 | (uint32_t)h;
	}
	*out = v;
	return true;
}

static char *
put_code(char *to, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0) | c);
	return to + n;
}

/* The escape at p (checked when the string's end was sought). */
static const char *
unescape(const char *p, const char *end, char **to)
{
	uint32_t c, low;

	if (p[1] != 'u') {
		*(*to)++ = raw_text_escapes[(unsigned char)p[1]];
		return p + 2;
	}
	if (!hex4(p + 2, end, &c))
		abort();
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u' && hex4(p + 8, end, &low) &&
	    low >= 0xdc00 && low < 0xe000) {
		*to = put_code(*to, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
		return p + 12;
	}
	*to = put_code(*to, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return p + 6;
}

/* How many bytes of text are ill-formed. */
static size_t
count_bad(struct str text)
{
	size_t bad = 0;

	for (size_t i = 0; i < text.len;) {
		uint64_t v;
		if (text.len - i >= 8 && (memcpy(&v, text.ptr + i, 8), (v & 0x8080808080808080u) == 0)) {
			i += 8;
			continue;
		}
		size_t n = utf8_sequence(text.ptr + i, text.len - i);
		bad += n == 0;
		i += n ? n : 1;
	}
	return bad;
}

/* Room for n bytes until the next record. */
static char *
text_room(struct scanner *s, size_t n)
{
	if (s->text_cap - s->text_len >= n) {
		char *room = s->text + s->text_len;
		s->text_len += n;
		return room;
	}
	return arena_alloc(&s->more, n, 1);
}

/* Copies what is plain up to the next backslash; bytes that are ill-formed become U+FFFD. */
static const char *
copy_plain(const char *p, const char *end, char **to, bool bad)
{
	char *out = *to;

	while (p < end && *p != '\\') {
		if (!bad || (unsigned char)*p < 0x80) {
#ifdef __SSE2__
			if (!bad && end - p >= 16) {
				__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
				unsigned stop = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
				unsigned n = stop ? (unsigned)__builtin_ctz(stop) : 16;

				_mm_storeu_si128((__m128i *)(void *)out, v); /* room for 16 more is there */
				out += n;
				p += n;
				continue;
			}
#endif
			*out++ = *p++;
			continue;
		}
		size_t n = utf8_sequence(p, (size_t)(end - p));
		if (n == 0) {
			out = put_code(out, 0xfffd);
			p++;
		} else {
			memcpy(out, p, n);
			out += n;
			p += n;
		}
	}
	*to = out;
	return p;
}

static struct str
string_decode(struct scanner *s, struct str raw, bool bad)
{
	char *room = text_room(s, raw.len * (bad ? 3 : 1) + 16), *to = room;
	const char *p = raw.ptr, *end = p + raw.len;

	while (p < end) {
		p = copy_plain(p, end, &to, bad);
		if (p < end)
			p = unescape(p, end, &to);
	}
	/* What was not needed is given back, when it was the last piece handed out. */
	if (s->text && room >= s->text && room + raw.len * (bad ? 3 : 1) + 16 == s->text + s->text_len)
		s->text_len = (size_t)(to - s->text);
	return str_sub(room, (size_t)(to - room));
}

/* Appends what stands from `from` to `to`, of which at most end can be read, where there is room for 16 bytes more. */
static inline char *
put_plain(char *out, const char *from, const char *to, const char *end)
{
	size_t n = (size_t)(to - from), i = 0;

	for (; i < n && (size_t)(end - from) - i >= 16; i += 16)
		memcpy(out + i, from + i, 16);
	for (; i < n; i++)
		out[i] = from[i];
	return out + n;
}

/* Is there room for a string without asking for more? It is taken when the string is known. */
static inline char *
room_for(const struct scanner *s, size_t n)
{
	return s->text_cap - s->text_len >= n ? s->text + s->text_len : NULL;
}

bool
scan_string(struct scanner *s, bool wanted, struct str *out)
{
	const char *begin = ++s->p, *p = begin;
	char *room = NULL, *to = NULL;
	bool high = false, escaped = false;
	uint32_t code = 0;

	s->odd = false;
	for (;;) {
		p = room ? plain_end(p, s->end, &high, &to) : plain_end(p, s->end, &high, NULL);
		if (p == s->end)
			return scan_fail(s, p, "the text ends inside a string");
		if (*p == '"')
			break;
		if (*p != '\\')
			return scan_fail(s, p, "a control character inside a string is not escaped");
		if (!escaped && wanted && (room = room_for(s, (size_t)(s->end - begin) + 16)))
			to = put_plain(room, begin, p, s->end);
		escaped = true;
		if (s->end - p < 2)
			return scan_fail(s, p, "the text ends inside a string");
		if (p[1] == 'u' && !hex4(p + 2, s->end, &code))
			return scan_fail(s, p, "\\u is not followed by four hexadecimal digits");
		s->odd |= p[1] == 'u' && (code & 0xf800) == 0xd800;
		if (p[1] != 'u' && !raw_text_escapes[(unsigned char)p[1]])
			return scan_fail(s, p, "a backslash is followed by a character that it cannot escape");
		if (room)
			p = unescape(p, s->end, &to);
		else
			p += p[1] == 'u' ? 6 : 2;
	}
	struct str raw = str_sub(begin, (size_t)(p - begin));
	size_t bad = high ? count_bad(raw) : 0;
	if (raw.len > SCAN_STRING_MAX)
		return scan_fail(s, begin, "a string or number is longer than is accepted here");
	s->p = p + 1;
	s->replaced += bad;
	s->odd |= bad > 0;
	if (!wanted)
		return true;
	if (room && bad == 0) {
		s->text_len = (size_t)(to - s->text);
		*out = str_sub(room, (size_t)(to - room));
	} else {
		*out = escaped || bad ? string_decode(s, raw, bad > 0) : raw;
	}
	return true;
}

size_t
scan_repair(struct buf *out, struct str s)
{
	size_t bad = 0;

	for (size_t i = 0, run = 0; i <= s.len;) {
		size_t n = i < s.len ? utf8_sequence(s.ptr + i, s.len - i) : 0;
		if (n > 0) {
			i += n;
			continue;
		}
		buf_add(out, str_sub(s.ptr + run, i - run));
		if (i < s.len) {
			buf_add(out, STR("\xef\xbf\xbd"));
			bad++;
		}
		run = ++i;
	}
	return bad;
}
