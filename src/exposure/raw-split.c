/* Records taken apart for compression, and put together again (exposure/raw-split.h). */
#include "exposure/raw-split.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool
is_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Most strings are short: a call costs more than looking at them. */
static inline const char *
find_quote(const char *p, const char *end)
{
#ifdef __SSE2__
	for (unsigned i = 0; i < 4 && end - p >= 16; i++, p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		if (found)
			return p + __builtin_ctz(found);
	}
#endif
	return memchr(p, '"', (size_t)(end - p));
}

/* Behind the closing quotation mark of the string whose first character is at p; NULL: there is none. */
static const char *
string_end(const char *p, const char *end)
{
	for (;;) {
		const char *quote = find_quote(p, end), *slash = quote;
		if (!quote)
			return NULL;
		while (slash > p && slash[-1] == '\\')
			slash--;
		/* An odd number of backslashes before it: the mark belongs to the text. */
		if ((quote - slash) % 2 == 0)
			return quote + 1;
		p = quote + 1;
	}
}

struct piece {
	const char *at;
	uint32_t len;
};
enum { PIECES_MAX = 200 };

/* A key's bytes into the template; false: they look like what stands for a value. */
static inline bool
copy_key(char *to, const char *from, size_t len)
{
	bool good = true;

	for (size_t i = 0; i < len; i++) {
		good &= from[i] != SPLIT_STRING && from[i] != SPLIT_NUMBER;
		to[i] = from[i];
	}
	return good;
}

/* One record as its template and values; false: it has control characters, too many values or too long a template. */
static bool
split_one(const char *p, const char *end, char *template, size_t *template_len, struct piece *pieces, size_t *count)
{
	size_t n = 0;

	*count = 0;
	while (p < end) {
		const char *from = p;
		if (n + 3 > VALUE_MAX || *count == PIECES_MAX || (unsigned char)*p < 0x09)
			return false;
		if (*p == '"') {
			const char *to = string_end(p + 1, end);
			if (!to)
				return false;
			bool key = to < end && *to == ':';
			size_t len = (size_t)(to - p) - 2;
			p = to;
			if (!key) {
				template[n++] = SPLIT_STRING;
				pieces[(*count)++] = (struct piece){ from + 1, (uint32_t)len };
				continue;
			}
			if (n + len + 2 > VALUE_MAX || !copy_key(template + n, from, len + 2))
				return false;
			n += len + 2;
		} else if ((*p >= '0' && *p <= '9') || *p == '-') {
			while (p < end && is_number(*p))
				p++;
			template[n++] = SPLIT_NUMBER;
			pieces[(*count)++] = (struct piece){ from, (uint32_t)(p - from) };
		} else {
			template[n++] = *p++;
		}
	}
	*template_len = n;
	return true;
}

static void
split_reset(struct raw_split *s)
{
	vocabulary_free(&s->templates);
	for (uint32_t i = 0; i < s->slot_count; i++)
		s->slots[i].len = 0;
	s->slot_count = 0;
	s->of.len = 0;
}

/* Records of one form come behind each other: mostly it is the last one's. */
static uint32_t
template_number(struct raw_split *s, struct str template, uint32_t *last)
{
	if (s->templates.count == 0 || !str_eq(vocabulary_text(&s->templates, *last), template))
		*last = vocabulary_put(&s->templates, template);
	return *last;
}

/* end: of what is readable behind the piece. */
static inline void
add_piece(struct buf *slot, const struct piece *piece, const char *end)
{
	enum { SHORT = 16 };

	if (slot->cap - slot->len < (size_t)piece->len + SHORT)
		(void)buf_reserve(slot, (size_t)piece->len + SHORT);
	char *to = slot->ptr + slot->len;
	/* Most are short: copying more than is needed costs less than a call. */
	if (piece->len <= SHORT && end - piece->at >= SHORT)
		memcpy(to, piece->at, SHORT);
	else
		memcpy(to, piece->at, piece->len);
	to[piece->len] = '\n';
	slot->len += (size_t)piece->len + 1;
}

bool
raw_split(struct raw_split *s, struct str lines)
{
	char template[VALUE_MAX];
	struct piece pieces[PIECES_MAX];
	size_t len, count;
	uint32_t last = 0;
	struct str line;

	split_reset(s);
	while (str_cut(&lines, '\n', &line)) {
		if (!split_one(line.ptr, line.ptr + line.len, template, &len, pieces, &count))
			return false;
		uint32_t known = s->templates.count, t = template_number(s, str_sub(template, len), &last);
		if (t == known) {
			if (t == SPLIT_TEMPLATES || s->slot_count + count > SPLIT_SLOTS)
				return false;
			s->first_slot[t] = s->slot_count;
			s->slot_count += (uint32_t)count;
		}
		buf_varint(&s->of, t);
		for (size_t i = 0; i < count; i++)
			add_piece(&s->slots[s->first_slot[t] + i], &pieces[i], line.ptr + line.len);
	}
	return s->templates.count > 0;
}

void
raw_split_write(const struct raw_split *s, struct buf *out)
{
	buf_add(out, buf_str(&s->of));
	buf_varint(out, s->templates.count);
	for (uint32_t i = 0; i < s->templates.count; i++) {
		struct str t = vocabulary_text(&s->templates, i);
		buf_varint(out, t.len);
		buf_add(out, t);
	}
	for (uint32_t i = 0; i < s->slot_count; i++) {
		buf_varint(out, s->slots[i].len);
		buf_add(out, buf_str(&s->slots[i]));
	}
}

void
raw_split_free(struct raw_split *s)
{
	vocabulary_free(&s->templates);
	buf_free(&s->of);
	for (size_t i = 0; i < SPLIT_SLOTS; i++)
		buf_free(&s->slots[i]);
}

/* ---- together again ---- */

struct joining {
	struct str templates[SPLIT_TEMPLATES];
	uint32_t first_slot[SPLIT_TEMPLATES + 1];
	uint64_t template_count;
	struct str slots[SPLIT_SLOTS]; /* what is left of each */
	uint32_t slot_count;
};

static const uint8_t *
take_text(const uint8_t *p, const uint8_t *end, struct str *out)
{
	uint64_t len;

	p = varint_get(p, end, &len);
	if (!p || len > (uint64_t)(end - p))
		return NULL;
	*out = str_sub((const char *)p, len);
	return p + len;
}

static const uint8_t *
read_parts(const uint8_t *p, const uint8_t *end, struct joining *j)
{
	p = varint_get(p, end, &j->template_count);
	if (!p || j->template_count > SPLIT_TEMPLATES)
		return NULL;
	for (uint64_t t = 0; p && t < j->template_count; t++) {
		p = take_text(p, end, &j->templates[t]);
		j->first_slot[t] = j->slot_count;
		for (size_t i = 0; p && i < j->templates[t].len; i++)
			j->slot_count +=
				j->templates[t].ptr[i] == SPLIT_STRING || j->templates[t].ptr[i] == SPLIT_NUMBER;
		if (j->slot_count > SPLIT_SLOTS)
			return NULL;
	}
	for (uint32_t i = 0; p && i < j->slot_count; i++)
		p = take_text(p, end, &j->slots[i]);
	return p;
}

static bool
join_one(struct joining *j, uint64_t t, size_t max, struct buf *out)
{
	struct str template = j->templates[t];
	uint32_t slot = j->first_slot[t];

	for (size_t i = 0; i < template.len; i++) {
		char c = template.ptr[i];
		if (c != SPLIT_STRING && c != SPLIT_NUMBER) {
			buf_add_char(out, c);
			continue;
		}
		struct str *rest = &j->slots[slot++];
		const char *to = memchr(rest->ptr, '\n', rest->len);
		if (!to || out->len > max)
			return false;
		if (c == SPLIT_STRING)
			buf_add_char(out, '"');
		buf_add(out, str_sub(rest->ptr, (size_t)(to - rest->ptr)));
		if (c == SPLIT_STRING)
			buf_add_char(out, '"');
		*rest = str_skip(*rest, (size_t)(to - rest->ptr) + 1);
	}
	buf_add_char(out, '\n');
	return out->len <= max;
}

const uint8_t *
raw_join(const uint8_t *p, const uint8_t *end, uint64_t records, size_t max, struct buf *lines)
{
	struct joining j = { .slot_count = 0 };
	const uint8_t *of = p;
	uint64_t t;

	for (uint64_t i = 0; i < records; i++) {
		p = varint_get(p, end, &t);
		if (!p)
			return NULL;
	}
	p = read_parts(p, end, &j);
	for (uint64_t i = 0; p && i < records; i++) {
		of = varint_get(of, end, &t);
		if (t >= j.template_count || !join_one(&j, t, max, lines))
			return NULL;
	}
	return p;
}
