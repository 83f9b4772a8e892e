#include "version/parts.h"

#include "version/digits.h"
#include "version/key.h"

int
str_cmp_folded(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++) {
		unsigned char x = (unsigned char)to_lower(a.ptr[i]), y = (unsigned char)to_lower(b.ptr[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

int
word_find(struct str word, const struct str *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(word, words[i]))
			return (int)i;
	return -1;
}

int
part_compare(const struct part *x, const struct part *y)
{
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	switch (x->value) {
	case PART_BARE:
		break;
	case PART_NUMBER:
		return digits_cmp(x->text, y->text);
	case PART_TEXT:
		return str_cmp(x->text, y->text);
	case PART_TEXT_FOLDED:
		return str_cmp_folded(x->text, y->text);
	}
	return 0;
}

int
parts_compare(void *a, void *b, part_next_fn *next)
{
	for (;;) {
		struct part x = next(a), y = next(b);
		int c = part_compare(&x, &y);

		if (c != 0 || x.last)
			return c;
	}
}

void
parts_key(void *walk, part_next_fn *next, struct buf *out)
{
	struct part p;

	do {
		p = next(walk);
		buf_add_char(out, (char)p.rank);
		switch (p.value) {
		case PART_BARE:
			break;
		case PART_NUMBER:
			key_number(out, p.text);
			break;
		case PART_TEXT:
			key_text(out, p.text);
			break;
		case PART_TEXT_FOLDED:
			key_text_folded(out, p.text);
			break;
		}
	} while (!p.last);
}
