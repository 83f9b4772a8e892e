/* Reading dictionaries: sorted, front-coded values, each with its count and the place of its posting
 * (exposure/segment.h). An entry: shared, own length, own bytes, count, posting bytes; every DICT_BLOCK-th starts anew,
 * behind the place of its posting. */
#include "exposure/segment.h"

#include "exposure/vocabulary.h"

static bool
enter_block(struct dict_walk *w, uint32_t block)
{
	struct str terms = w->c->part[SECTION_TERMS], blocks = w->c->part[SECTION_BLOCKS];
	uint32_t from, to = (uint32_t)terms.len;

	if ((size_t)(block + 1) * sizeof(from) > blocks.len ||
	    !segment_touch(w->s, blocks.ptr + (size_t)block * sizeof(from), 2 * sizeof(from)))
		return segment_damage(w->s);
	memcpy(&from, blocks.ptr + (size_t)block * sizeof(from), sizeof(from));
	if ((size_t)(block + 2) * sizeof(to) <= blocks.len)
		memcpy(&to, blocks.ptr + (size_t)(block + 1) * sizeof(to), sizeof(to));
	if (from > to || to > terms.len || !segment_touch(w->s, terms.ptr + from, to - from))
		return segment_damage(w->s);
	w->p = (const uint8_t *)terms.ptr + from;
	w->end = (const uint8_t *)terms.ptr + to;
	w->text.len = 0;
	w->p = varint_get(w->p, w->end, &w->at);
	return w->p ? true : segment_damage(w->s);
}

bool
dict_next(struct dict_walk *w)
{
	uint64_t shared, own, count, bytes;
	struct str postings = w->c->part[SECTION_POSTINGS];

	if (w->next >= w->c->info->values)
		return false;
	if (w->next % DICT_BLOCK == 0 && !enter_block(w, w->next / DICT_BLOCK))
		return false;
	const uint8_t *p = w->p ? varint_get(w->p, w->end, &shared) : NULL;
	p = p ? varint_get(p, w->end, &own) : NULL;
	if (!p || shared > w->text.len || own > VALUE_MAX - shared || own > (uint64_t)(w->end - p))
		return segment_damage(w->s);
	memcpy(w->room + shared, p, own);
	w->text = str_sub(w->room, shared + own);
	p = varint_get(p + own, w->end, &count);
	p = p ? varint_get(p, w->end, &bytes) : NULL;
	if (!p || count > w->s->docs || w->at > postings.len || bytes > postings.len - w->at)
		return segment_damage(w->s);
	w->posting = str_sub(postings.ptr + w->at, bytes);
	w->at += bytes;
	w->count = (uint32_t)count;
	w->p = p;
	w->number = w->next++;
	return true;
}

bool
dict_from(struct segment *s, const struct column *c, uint32_t number, struct dict_walk *w)
{
	w->s = s;
	w->c = c;
	w->text = str_sub(w->room, 0);
	w->next = number / DICT_BLOCK * DICT_BLOCK;
	/* dict_next() enters the block itself: next is at the start of one. */
	w->p = w->end = NULL;
	w->at = 0;
	while (w->next < number)
		if (!dict_next(w))
			return false;
	return true;
}

uint32_t
dict_find(struct segment *s, const struct column *c, struct str text, bool folded)
{
	uint32_t low = 0, high = (c->info->values + DICT_BLOCK - 1) / DICT_BLOCK;
	struct dict_walk w;
	int (*compare)(struct str, struct str) = folded ? value_compare_folded : value_compare;

	/* The last block whose first value is before text; what is looked for is in it or starts the next. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (!dict_from(s, c, middle * DICT_BLOCK, &w) || !dict_next(&w))
			return c->info->values;
		if (compare(w.text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	uint32_t number = (low - 1) * DICT_BLOCK;
	if (!dict_from(s, c, number, &w))
		return c->info->values;
	while (number < c->info->values && number < low * DICT_BLOCK) {
		if (!dict_next(&w))
			return c->info->values;
		if (compare(w.text, text) >= 0)
			break;
		number++;
	}
	return number;
}

bool
dict_docs(struct dict_walk *w, struct docset *out)
{
	if (!segment_touch(w->s, w->posting.ptr, w->posting.len) ||
	    !posting_read(w->posting, w->count, w->s->docs, out))
		return segment_damage(w->s);
	return true;
}

const struct number_value *
number_at(const struct column *c, uint32_t i)
{
	/* The section starts at a multiple of 8. */
	return (const struct number_value *)(const void *)c->part[SECTION_VALUES].ptr + i;
}

bool
number_docs(struct segment *s, const struct column *c, uint32_t i, struct docset *out)
{
	const struct number_value *v = number_at(c, i);
	struct str postings = c->part[SECTION_POSTINGS];
	size_t to = i + 1 < c->info->values ? v[1].at : postings.len;

	if (v->at > to || to > postings.len || !segment_touch(s, postings.ptr + v->at, to - v->at) ||
	    !posting_read(str_sub(postings.ptr + v->at, to - v->at), v->count, s->docs, out))
		return segment_damage(s);
	return true;
}
