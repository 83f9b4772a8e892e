#include "exposure/import-paths.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "exposure/raw-text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- strings ---- */

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

static bool
fail(struct scanner *s, const char *at, const char *why)
{
	s->why = why;
	s->at = (size_t)(at - s->record.ptr);
	return false;
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

/* At an opening quote: behind the closing one. *out is filled only when wanted. */
static bool
string_read(struct scanner *s, bool wanted, struct str *out)
{
	const char *begin = ++s->p, *p = begin;
	char *room = NULL, *to = NULL;
	bool high = false, escaped = false;
	uint32_t code = 0;

	s->odd = false;
	for (;;) {
		p = room ? plain_end(p, s->end, &high, &to) : plain_end(p, s->end, &high, NULL);
		if (p == s->end)
			return fail(s, p, "the text ends inside a string");
		if (*p == '"')
			break;
		if (*p != '\\')
			return fail(s, p, "a control character inside a string is not escaped");
		if (!escaped && wanted && (room = room_for(s, (size_t)(s->end - begin) + 16)))
			to = put_plain(room, begin, p, s->end);
		escaped = true;
		if (s->end - p < 2)
			return fail(s, p, "the text ends inside a string");
		if (p[1] == 'u' && !hex4(p + 2, s->end, &code))
			return fail(s, p, "\\u is not followed by four hexadecimal digits");
		s->odd |= p[1] == 'u' && (code & 0xf800) == 0xd800;
		if (p[1] != 'u' && !raw_text_escapes[(unsigned char)p[1]])
			return fail(s, p, "a backslash is followed by a character that it cannot escape");
		if (room)
			p = unescape(p, s->end, &to);
		else
			p += p[1] == 'u' ? 6 : 2;
	}
	struct str raw = str_sub(begin, (size_t)(p - begin));
	size_t bad = high ? count_bad(raw) : 0;
	if (raw.len > SCAN_STRING_MAX)
		return fail(s, begin, "a string or number is longer than is accepted here");
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

/* ---- values ---- */

static inline void
blanks(struct scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static inline void
push_piece(struct scanner *s, const char *from, const char *to, bool number)
{
	if (s->piece_count < PIECES_MAX)
		s->pieces[s->piece_count] = (struct raw_piece){ .at = (uint32_t)(from - s->record.ptr),
								.len = (uint32_t)(to - from) & INT32_MAX,
								.number = number };
	s->piece_count++;
}

static bool
push_value(struct scanner *s, uint16_t id, enum scan_kind kind, struct str text)
{
	if (s->count == s->cap) {
		if (s->count >= SCAN_VALUES_MAX)
			return fail(s, s->p, "a record holds more values than is accepted here");
		s->cap = s->cap ? s->cap * 2 : 256;
		s->values = xrealloc(s->values, s->cap, sizeof(*s->values));
	}
	s->values[s->count++] = (struct scan_value){ .id = id, .kind = (uint8_t)kind, .text = text };
	return true;
}

static inline const char *
digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static bool
number_read(struct scanner *s, uint16_t id)
{
	const char *begin = s->p, *p = begin, *end = s->end, *d;

	if (*p == '-')
		p++;
	d = digits_end(p, end);
	if (d == p || (d - p > 1 && *p == '0'))
		return fail(s, begin, "this is not a number that JSON knows");
	p = d;
	if (p < end && *p == '.') {
		d = digits_end(++p, end);
		if (d == p)
			return fail(s, begin, "this is not a number that JSON knows");
		p = d;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		d = digits_end(p, end);
		if (d == p)
			return fail(s, begin, "this is not a number that JSON knows");
		p = d;
	}
	if ((size_t)(p - begin) > SCAN_STRING_MAX)
		return fail(s, begin, "a string or number is longer than is accepted here");
	s->p = p;
	push_piece(s, begin, p, true);
	return !id || push_value(s, id, SCAN_NUMBER, str_sub(begin, (size_t)(p - begin)));
}

static bool
word_read(struct scanner *s, struct str word, uint16_t id, enum scan_kind kind)
{
	if ((size_t)(s->end - s->p) < word.len || memcmp(s->p, word.ptr, word.len) != 0)
		return fail(s, s->p, "a value was expected here");
	s->p += word.len;
	return !id || push_value(s, id, kind, STR_NONE);
}

/* Is it the one that stood here in the record before? */
static inline bool
key_again(struct scanner *s)
{
	if (s->key >= SCAN_KEYS)
		return false;
	const struct scan_key *k = &s->keys[s->key++];
	if (k->len == 0 || k->from != s->nodes[s->depth] || s->end - s->p < k->len || !same_key(s->p, k->text, k->len))
		return false;
	s->p += k->len;
	s->next = k->next;
	return true;
}

static void
key_remember(struct scanner *s, const char *begin)
{
	size_t len = (size_t)(s->p - begin);

	if (s->key == 0 || s->key > SCAN_KEYS || len > SCAN_KEY_MAX)
		return;
	struct scan_key *k = &s->keys[s->key - 1];
	*k = (struct scan_key){ .from = s->nodes[s->depth], .next = s->next, .len = (uint8_t)len };
	memcpy(k->text, begin, len);
}

/* A key and its colon; s->next becomes the node of its value. */
static bool
key_read(struct scanner *s, const struct scan_paths *paths)
{
	const struct node *n = &paths->nodes[s->nodes[s->depth]];
	struct str key = STR_NONE;
	const char *begin = s->p;
	uint64_t replaced = s->replaced;

	if (key_again(s))
		return true;
	if (s->p == s->end || *s->p != '"')
		return fail(s, s->p, "a key in double quotes was expected here");
	if (!string_read(s, n->count > 0 || n->any, &key))
		return false;
	uint32_t next = node_find(n, key);
	if (!next && n->any) {
		next = n->any;
		if (paths->nodes[next].id && !push_value(s, paths->nodes[next].id, SCAN_KEY, key))
			return false;
	}
	blanks(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, s->p, "a colon was expected behind the key");
	s->p++;
	s->next = next;
	/* A key that stands for any is a value itself; one with ill-formed bytes is counted each time. */
	if ((!next || next != n->any) && s->replaced == replaced)
		key_remember(s, begin);
	return true;
}

static bool
container_close(struct scanner *s, const struct scan_paths *paths)
{
	uint16_t id = paths->nodes[s->nodes[s->depth]].id;
	size_t from = s->opened[s->depth];

	s->p++;
	s->depth--;
	return !id ||
	       push_value(s, id, SCAN_CLOSE, str_sub(s->record.ptr + from, (size_t)(s->p - s->record.ptr) - from));
}

/* *opened: the container has a first member, which is to be read next. */
static bool
container_open(struct scanner *s, const struct scan_paths *paths, bool object, bool *opened)
{
	uint32_t node = s->next;

	if (s->depth >= SCAN_DEPTH)
		return fail(s, s->p, "values are nested deeper than is accepted here");
	if (paths->nodes[node].id &&
	    !push_value(s, paths->nodes[node].id, SCAN_OPEN, str_sub(s->p, (size_t)(s->end - s->p))))
		return false;
	s->objects = s->objects << 1 | object;
	s->depth++;
	s->nodes[s->depth] = node;
	s->opened[s->depth] = (size_t)(s->p - s->record.ptr);
	s->p++;
	blanks(s);
	if (s->p < s->end && *s->p == (object ? '}' : ']')) {
		s->objects >>= 1;
		return container_close(s, paths);
	}
	*opened = true;
	s->next = object ? 0 : paths->nodes[node].element;
	return !object || key_read(s, paths);
}

static bool
string_value(struct scanner *s, uint16_t id)
{
	size_t at = (size_t)(s->p - s->record.ptr) + 1;
	struct str text;

	if (!string_read(s, id != 0, &text) || (id && !push_value(s, id, SCAN_STRING, text)))
		return false;
	push_piece(s, s->record.ptr + at, s->p - 1, false);
	if (id && at <= UINT32_MAX) {
		s->values[s->count - 1].at = (uint32_t)at;
		s->values[s->count - 1].exact = !s->odd;
	}
	return true;
}

static bool
value_read(struct scanner *s, const struct scan_paths *paths, bool *opened)
{
	uint16_t id = paths->nodes[s->next].id;

	*opened = false;
	blanks(s);
	if (s->p == s->end)
		return fail(s, s->p, "the text ends where a value was expected");
	switch (*s->p) {
	case '"':
		return string_value(s, id);
	case '{':
		return container_open(s, paths, true, opened);
	case '[':
		return container_open(s, paths, false, opened);
	case 't':
		return word_read(s, STR("true"), id, SCAN_TRUE);
	case 'f':
		return word_read(s, STR("false"), id, SCAN_FALSE);
	case 'n':
		return word_read(s, STR("null"), id, SCAN_NULL);
	default:
		if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
			return number_read(s, id);
		return fail(s, s->p, "a value was expected here");
	}
}

/* Behind a value: closes what ends here. *more: a comma, and s->p stands before the next value. */
static bool
value_after(struct scanner *s, const struct scan_paths *paths, bool *more)
{
	*more = false;
	while (s->depth > 0) {
		bool object = s->objects & 1;
		blanks(s);
		if (s->p == s->end)
			return fail(s, s->p, "the text ends inside an object or array");
		if (*s->p == ',') {
			s->p++;
			*more = true;
			s->next = paths->nodes[s->nodes[s->depth]].element;
			if (!object)
				return true;
			blanks(s);
			return key_read(s, paths);
		}
		if (*s->p != (object ? '}' : ']'))
			return fail(s, s->p, "a comma or the end of the object or array was expected here");
		s->objects >>= 1;
		if (!container_close(s, paths))
			return false;
	}
	return true;
}

static void
scan_begin(struct scanner *s, const struct scan_paths *paths, struct str record)
{
	s->count = 0;
	s->piece_count = 0;
	s->replaced = 0;
	s->why = NULL;
	s->record = record;
	s->p = record.ptr;
	s->end = record.ptr + record.len;
	s->depth = 0;
	s->objects = 0;
	s->nodes[0] = 0;
	s->next = 1;
	s->text_len = 0;
	s->key = 0;
	if (s->paths != paths)
		memset(s->keys, 0, sizeof(s->keys));
	s->paths = paths;
	arena_free(&s->more);
	/* Nearly every record's strings fit into its own length; what does not (bytes replaced) goes to the arena. */
	if (s->text_cap < record.len + 4096 && record.len < (1u << 20)) {
		free(s->text);
		s->text_cap = record.len * 2 + 4096;
		s->text = xcalloc(s->text_cap, 1);
	}
	if (record.len >= 3 && memcmp(record.ptr, "\xef\xbb\xbf", 3) == 0)
		s->p += 3;
}

bool
scan_record(struct scanner *s, const struct scan_paths *p, struct str record)
{
	bool opened, more = true;

	if (!record.ptr)
		record = STR("");
	scan_begin(s, p, record);
	while (more) {
		if (!value_read(s, p, &opened))
			return false;
		if (!opened && !value_after(s, p, &more))
			return false;
	}
	blanks(s);
	return s->p == s->end || fail(s, s->p, "something follows after the end of the document");
}

void
scanner_free(struct scanner *s)
{
	free(s->values);
	free(s->text);
	arena_free(&s->more);
	memset(s, 0, sizeof(*s));
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
