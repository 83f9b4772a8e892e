/* Text to words (exposure/words.h). */
#include "exposure/words.h"

#include "base/utf8.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* 0: between words, else the byte in lower case. */
static const unsigned char ascii[128] = {
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7',
	['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
	['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n',
	['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v',
	['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',
	['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l',
	['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
	['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

enum letter { BETWEEN, LETTER, CJK };

struct range {
	uint32_t low, high;
	enum letter letter;
};

/* Sorted; what is in none of them is a letter. */
static const struct range ranges[] = {
	{ 0x80, 0xa9, BETWEEN },       { 0xab, 0xb4, BETWEEN },     { 0xb6, 0xb9, BETWEEN },
	{ 0xbb, 0xbf, BETWEEN },       { 0xd7, 0xd7, BETWEEN },     { 0xf7, 0xf7, BETWEEN },
	{ 0xe00, 0xe7f, CJK },         { 0x2000, 0x206f, BETWEEN }, { 0x20a0, 0x2bff, BETWEEN },
	{ 0x2e00, 0x2e7f, BETWEEN },   { 0x3000, 0x3004, BETWEEN }, { 0x3005, 0x3007, CJK },
	{ 0x3008, 0x3030, BETWEEN },   { 0x3031, 0x3035, CJK },     { 0x3036, 0x303f, BETWEEN },
	{ 0x3040, 0x309f, CJK },       { 0x30a0, 0x30a0, BETWEEN }, { 0x30a1, 0x30fa, CJK },
	{ 0x30fb, 0x30fb, BETWEEN },   { 0x30fc, 0x312f, CJK },     { 0x31f0, 0x31ff, CJK },
	{ 0x3200, 0x33ff, BETWEEN },   { 0x3400, 0x4dbf, CJK },     { 0x4e00, 0x9fff, CJK },
	{ 0xd800, 0xf8ff, BETWEEN },   { 0xf900, 0xfaff, CJK },     { 0xfe00, 0xfe6f, BETWEEN },
	{ 0xfeff, 0xff64, BETWEEN },   { 0xff65, 0xff9f, CJK },     { 0xffe0, 0xffff, BETWEEN },
	{ 0x1f000, 0x1faff, BETWEEN }, { 0x20000, 0x3ffff, CJK },   { 0xe0000, 0x10ffff, BETWEEN },
};

static enum letter
letter_of(uint32_t c)
{
	size_t low = 0, high = COUNT(ranges);

	if (c < 128)
		return ascii[c] ? LETTER : BETWEEN;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ranges[middle].high < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low < COUNT(ranges) && c >= ranges[low].low ? ranges[low].letter : LETTER;
}

/* Simple case folding of the Latin, Greek and Cyrillic blocks that banners are written in. */
static uint32_t
lower(uint32_t c)
{
	if (c < 128)
		return ascii[c] ? ascii[c] : c;
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c == 0x178)
		return 0xff;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
	    (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f) || (c >= 0x1e00 && c <= 0x1e95))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	return c;
}

/* Half-width katakana, U+FF65 on (Unicode, Halfwidth and Fullwidth Forms). */
static const uint16_t kana[] = {
	0x30fb, 0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7, 0x30c3, 0x30fc,
	0x30a2, 0x30a4, 0x30a6, 0x30a8, 0x30aa, 0x30ab, 0x30ad, 0x30af, 0x30b1, 0x30b3, 0x30b5, 0x30b7,
	0x30b9, 0x30bb, 0x30bd, 0x30bf, 0x30c1, 0x30c4, 0x30c6, 0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd,
	0x30ce, 0x30cf, 0x30d2, 0x30d5, 0x30d8, 0x30db, 0x30de, 0x30df, 0x30e0, 0x30e1, 0x30e2, 0x30e4,
	0x30e6, 0x30e8, 0x30e9, 0x30ea, 0x30eb, 0x30ec, 0x30ed, 0x30ef, 0x30f3, 0x309b, 0x309c,
};

/* The code point at p (well-formed or U+FFFD) and the place behind. */
static uint32_t
decode(const unsigned char **p, const unsigned char *end)
{
	const unsigned char *s = *p;
	size_t n = utf8_sequence((const char *)s, (size_t)(end - s));

	*p += n ? n : 1;
	switch (n) {
	case 1:
		return s[0];
	case 2:
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	case 3:
		return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	case 4:
		return (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
	default:
		return 0xfffd;
	}
}

/* A dakuten or handakuten behind half-width katakana makes one character with it. */
static uint32_t
voiced(uint32_t c, const unsigned char **p, const unsigned char *end)
{
	const unsigned char *s = *p;
	uint32_t mark = decode(&s, end);
	bool row_ha = c >= 0x30cf && c <= 0x30db;

	if (mark == 0xff9e && ((c >= 0x30ab && c <= 0x30c8) || row_ha)) {
		*p = s;
		return c + 1;
	}
	if (mark == 0xff9e && c == 0x30a6) {
		*p = s;
		return 0x30f4;
	}
	if (mark == 0xff9f && row_ha) {
		*p = s;
		return c + 2;
	}
	return c;
}

/* The next character, folded. */
static uint32_t
next_char(const unsigned char **p, const unsigned char *end)
{
	uint32_t c = decode(p, end);

	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xfee0;
	else if (c >= 0xff65 && c <= 0xff9d && *p < end)
		return voiced(kana[c - 0xff65], p, end);
	else if (c >= 0xff65 && c <= 0xff9f)
		return kana[c - 0xff65];
	return lower(c);
}

static unsigned
encode(char *into, uint32_t c)
{
	if (c < 0x80) {
		into[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		into[0] = (char)(0xc0 | c >> 6);
		into[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		into[0] = (char)(0xe0 | c >> 12);
		into[1] = (char)(0x80 | (c >> 6 & 0x3f));
		into[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	into[0] = (char)(0xf0 | c >> 18);
	into[1] = (char)(0x80 | (c >> 12 & 0x3f));
	into[2] = (char)(0x80 | (c >> 6 & 0x3f));
	into[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

void
words_begin(struct words *w, struct str text)
{
	w->p = (const unsigned char *)text.ptr;
	w->end = w->p + text.len;
	w->cjk = w->joined = w->cut = false;
	w->len = 0;
}

/* The rest of a word. */
static void
take_word(struct words *w)
{
	for (;;) {
		while (w->p < w->end && *w->p < 128 && ascii[*w->p] && w->len < WORD_MAX)
			w->text[w->len++] = (char)ascii[*w->p++];
		if (w->p == w->end || (*w->p < 128 && !ascii[*w->p]))
			return;
		const unsigned char *before = w->p;
		uint32_t c = next_char(&w->p, w->end);
		if (letter_of(c) != LETTER) {
			w->p = before;
			return;
		}
		char text[4];
		unsigned n = encode(text, c);
		if (w->cut || w->len + n > WORD_MAX) {
			w->cut = true;
		} else {
			memcpy(w->text + w->len, text, n);
			w->len += n;
		}
	}
}

bool
words_next(struct words *w)
{
	bool gap = !w->cjk;

	w->len = 0;
	w->cut = false;
	for (;;) {
		while (w->p < w->end && *w->p < 128 && !ascii[*w->p]) {
			w->p++;
			gap = true;
		}
		if (w->p == w->end)
			return false;
		if (*w->p < 128) {
			w->cjk = w->joined = false;
			take_word(w);
			return true;
		}
		const unsigned char *before = w->p;
		uint32_t c = next_char(&w->p, w->end);
		enum letter letter = letter_of(c);
		if (letter == CJK) {
			w->cjk = true;
			w->joined = !gap;
			w->len = encode(w->text, c);
			return true;
		}
		if (letter == LETTER) {
			w->p = before;
			w->cjk = w->joined = false;
			take_word(w);
			return true;
		}
		gap = true;
	}
}

void
grams_begin(struct grams *g, struct str text)
{
	words_begin(&g->words, text);
	g->held = g->run_len = 0;
	g->give = 0;
}

/* One more character at the end of the run; the oldest goes when it has three. */
static void
extend(struct grams *g)
{
	if (!g->words.joined)
		g->held = g->run_len = 0;
	if (g->held == GRAM_MAX) {
		unsigned char first = g->start[1];
		memmove(g->run, g->run + first, (size_t)(g->run_len - first));
		g->run_len = (unsigned char)(g->run_len - first);
		for (unsigned i = 1; i < GRAM_MAX; i++)
			g->start[i - 1] = (unsigned char)(g->start[i] - first);
		g->held--;
	}
	g->start[g->held++] = g->run_len;
	memcpy(g->run + g->run_len, g->words.text, g->words.len);
	g->run_len = (unsigned char)(g->run_len + g->words.len);
	g->give = 1;
}

bool
grams_next(struct grams *g)
{
	if (g->give == 0) {
		if (!words_next(&g->words))
			return false;
		if (!g->words.cjk) {
			g->held = g->run_len = 0;
			g->term = str_sub(g->words.text, g->words.len);
			return true;
		}
		extend(g);
	}
	/* The runs that end with the newest character. */
	unsigned from = g->start[g->held - g->give];
	g->term = str_sub(g->run + from, (size_t)(g->run_len - from));
	g->give = g->give < g->held ? g->give + 1 : 0;
	return true;
}

#ifdef __SSE2__
enum { WINDOW = 64 };
_Static_assert(ASCII_WORDS == WINDOW / 2, "no window has more words");

/* Which of 64 bytes are ASCII letters or digits, and which are not ASCII. */
static inline void
classify(const unsigned char *p, uint64_t *letters, uint64_t *other)
{
	*letters = *other = 0;
	for (unsigned i = 0; i < WINDOW; i += 16) {
		/* Signed comparisons: what is not ASCII is below everything. */
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
		__m128i letter = _mm_and_si128(_mm_cmpgt_epi8(folded, _mm_set1_epi8('a' - 1)),
					       _mm_cmpgt_epi8(_mm_set1_epi8('z' + 1), folded));
		__m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)),
					      _mm_cmpgt_epi8(_mm_set1_epi8('9' + 1), v));
		*letters |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(letter, digit)) << i;
		*other |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << i;
	}
}

/* The first n bytes of v, n < 16; zeros behind. */
static inline __m128i
first_bytes(__m128i v, unsigned n)
{
	static const signed char mask[32] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };

	return _mm_and_si128(v, _mm_loadu_si128((const __m128i *)(const void *)(mask + 16 - n)));
}

size_t
grams_ascii(struct grams *g, struct ascii_word *out)
{
	struct words *w = &g->words;
	size_t left = (size_t)(w->end - w->p), n = 0;
	unsigned to = left < WINDOW ? (unsigned)left : WINDOW;
	unsigned char copy[WINDOW + 16];
	const unsigned char *p = w->p;
	uint64_t letters, other;

	if (g->give != 0 || left == 0)
		return 0;
	if (left < sizeof(copy)) {
		/* A word is read as 16 bytes, of which the last ones may be behind it. */
		memset(copy, 0, sizeof(copy));
		p = memcpy(copy, p, to);
	}
	classify(p, &letters, &other);
	/* What is not ASCII, or may go on behind the window, is for the slow way or the next window. */
	unsigned limit = other ? (unsigned)__builtin_ctzll(other) : WINDOW;
	to = limit < to ? limit : to;
	for (uint64_t rest = limit < WINDOW ? letters & ((1ull << limit) - 1) : letters; rest;) {
		unsigned from = (unsigned)__builtin_ctzll(rest);
		uint64_t behind = ~(letters >> from);
		unsigned len = behind ? (unsigned)__builtin_ctzll(behind) : WINDOW;
		if (len > ASCII_WORD_MAX || from + len == limit) {
			to = from;
			break;
		}
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + from));
		v = first_bytes(_mm_or_si128(v, _mm_set1_epi8(0x20)), len);
		_mm_storel_epi64((__m128i *)(void *)&out[n].low, v);
		_mm_storel_epi64((__m128i *)(void *)&out[n].high, _mm_srli_si128(v, 8));
		out[n++].len = len;
		rest = rest >> (from + len) << (from + len);
	}
	w->p += to;
	if (to > 0)
		w->cjk = false;
	return n;
}
#else
size_t
grams_ascii(struct grams *g, struct ascii_word *out)
{
	(void)g, (void)out;
	return 0;
}
#endif

static bool
unit_matches(const struct words *in, const struct words *want, bool prefix)
{
	return in->cjk == want->cjk && (prefix ? in->len >= want->len : in->len == want->len) &&
	       memcmp(in->text, want->text, want->len) == 0;
}

/* Do the units from here on say the rest of the phrase? Both are copies. */
static bool
says_rest(struct words in, struct words want, bool prefix)
{
	while (words_next(&want)) {
		struct words ahead = want;
		bool last = prefix && !words_next(&ahead);
		if (!words_next(&in) || !unit_matches(&in, &want, last) || (want.joined && !in.joined))
			return false;
	}
	return true;
}

bool
words_contain(struct str text, struct str phrase, bool prefix)
{
	struct words in, want;

	words_begin(&want, phrase);
	if (!words_next(&want))
		return false;
	struct words ahead = want;
	bool single = prefix && !words_next(&ahead);
	words_begin(&in, text);
	while (words_next(&in))
		if (unit_matches(&in, &want, single) && says_rest(in, want, prefix))
			return true;
	return false;
}
