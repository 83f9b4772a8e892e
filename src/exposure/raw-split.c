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

bool
raw_pieces(struct str record, struct raw_piece *out, size_t *count)
{
	const char *p = record.ptr, *end = p + record.len;
	size_t n = 0;

	while (p < end) {
		const char *from = p;
		if (n == PIECES_MAX || (unsigned char)*p < 0x09)
			return false;
		if (*p == '"') {
			p = string_end(p + 1, end);
			if (!p)
				return false;
			/* A key is part of what records share. */
			if (p == end || *p != ':')
				out[n++] = (struct raw_piece){ .at = (uint32_t)(from + 1 - record.ptr),
							       .len = (uint32_t)(p - from - 2) & INT32_MAX };
		} else if ((*p >= '0' && *p <= '9') || *p == '-') {
			while (p < end && is_number(*p))
				p++;
			out[n++] = (struct raw_piece){ .at = (uint32_t)(from - record.ptr),
						       .len = (uint32_t)(p - from) & INT32_MAX,
						       .number = 1 };
		} else {
			p++;
		}
	}
	*count = n;
	return true;
}

enum { GAP_NUMBER = 1 << 15 };

/* Short ones at once; end: of what is readable behind a, and 16 bytes are behind b. */
static inline bool
same_bytes(const char *a, const char *end, const char *b, size_t len)
{
#ifdef __SSE2__
	if (len <= 16 && end - a >= 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)a);
		__m128i y = _mm_loadu_si128((const __m128i *)(const void *)b);
		unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));
		return ((same | 0xffffu << len) & 0xffff) == 0xffff;
	}
#endif
	return memcmp(a, b, len) == 0;
}

static bool
has_form(const struct split_form *f, struct str record, const struct raw_piece *pieces, size_t count)
{
	const char *p = record.ptr, *end = p + record.len, *text = f->text;

	if (f->count != count)
		return false;
	for (size_t i = 0; i <= count; i++) {
		const char *to = i < count ? record.ptr + pieces[i].at : end;
		size_t len = (size_t)(to - p);
		if ((len | (i < count && pieces[i].number ? GAP_NUMBER : 0)) != f->gap[i] ||
		    !same_bytes(p, end, text, len))
			return false;
		text += len;
		p = i < count ? to + pieces[i].len : to;
	}
	return true;
}

static bool
is_plain(struct str gap)
{
	for (size_t i = 0; i < gap.len; i++)
		if ((unsigned char)gap.ptr[i] < 0x09 || gap.ptr[i] == '\n')
			return false;
	return true;
}

/* A form, and its template: the marks of a string belong to what stands for it. */
static bool
form_of(struct str record, const struct raw_piece *pieces, size_t count, struct split_form *f, char *template,
	size_t *len)
{
	size_t at = 0, used = 0, n = 0;

	for (size_t i = 0; i <= count; i++) {
		size_t to = i < count ? pieces[i].at : record.len;
		struct str gap = str_sub(record.ptr + at, to - at);
		bool before = i > 0 && !pieces[i - 1].number, behind = i < count && !pieces[i].number;
		if (to < at || gap.len < (size_t)before + behind || gap.len > sizeof(f->text) - 16 - used ||
		    !is_plain(gap))
			return false;
		memcpy(f->text + used, gap.ptr, gap.len);
		used += gap.len;
		f->gap[i] = (uint16_t)(gap.len | (i < count && pieces[i].number ? GAP_NUMBER : 0));
		gap = str_sub(gap.ptr + before, gap.len - before - behind);
		if (gap.len + 1 > VALUE_MAX - n)
			return false;
		memcpy(template + n, gap.ptr, gap.len);
		n += gap.len;
		if (i < count) {
			template[n++] = pieces[i].number ? SPLIT_NUMBER : SPLIT_STRING;
			at = to + pieces[i].len;
		}
	}
	*len = n;
	return true;
}

void
raw_split_reset(struct raw_split *s)
{
	vocabulary_free(&s->templates);
	for (uint32_t i = 0; i < s->slot_count; i++)
		s->slots[i].len = 0;
	s->template_count = s->slot_count = 0;
	s->form_count = s->form_next = 0;
	s->of.len = 0;
}

/* The form of this record, among those that came last afterwards; NULL: there is no room for another one. */
static const struct split_form *
form_find(struct raw_split *s, struct str record, const struct raw_piece *pieces, size_t count)
{
	char template[VALUE_MAX];
	size_t len;

	for (uint32_t i = 0; i < s->form_count; i++)
		if (has_form(&s->form[i], record, pieces, count))
			return &s->form[i];
	struct split_form *f = &s->form[s->form_next];
	f->count = UINT32_MAX; /* none */
	if (!form_of(record, pieces, count, f, template, &len))
		return NULL;
	uint32_t t = vocabulary_put(&s->templates, str_sub(template, len));
	if (t > s->template_count)
		return NULL;
	if (t == s->template_count) {
		if (t == SPLIT_TEMPLATES || s->slot_count + count > SPLIT_SLOTS)
			return NULL;
		s->first_slot[t] = s->slot_count;
		s->slot_count += (uint32_t)count;
		s->template_count++;
	}
	f->template = t;
	f->count = (uint32_t)count;
	if (s->form_count == s->form_next)
		s->form_count++;
	s->form_next = (s->form_next + 1) % SPLIT_FORMS;
	return f;
}

/* end: of what is readable behind the value. */
static inline void
add_value(struct buf *slot, const char *at, size_t len, const char *end)
{
	enum { SHORT = 16 };

	if (slot->cap - slot->len < len + SHORT)
		(void)buf_reserve(slot, len + SHORT);
	char *to = slot->ptr + slot->len;
	/* Most are short: copying more than is needed costs less than a call. */
	if (len <= SHORT && end - at >= SHORT)
		memcpy(to, at, SHORT);
	else
		memcpy(to, at, len);
	to[len] = '\n';
	slot->len += len + 1;
}

bool
raw_split_add(struct raw_split *s, struct str record, const struct raw_piece *pieces, size_t count)
{
	if (count > PIECES_MAX)
		return false;
	const struct split_form *f = form_find(s, record, pieces, count);
	if (!f)
		return false;
	buf_varint(&s->of, f->template);
	struct buf *slots = &s->slots[s->first_slot[f->template]];
	for (size_t i = 0; i < count; i++)
		add_value(&slots[i], record.ptr + pieces[i].at, pieces[i].len, record.ptr + record.len);
	return true;
}

void
raw_split_write(const struct raw_split *s, struct buf *out)
{
	buf_add(out, buf_str(&s->of));
	buf_varint(out, s->template_count);
	for (uint32_t i = 0; i < s->template_count; i++) {
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
