/* A version is its numbers, then the labels of the pre-release, one part each:
 *     number … number, (numeric label | other label) …, end of the labels    for a pre-release
 *     number … number, release                                               otherwise
 * with end < numeric < other < release. Metadata does not count. */
#include "version/semantic.h"

#include "version/digits.h"

enum rank { RANK_NUMBER = 1, RANK_END, RANK_NUMERIC, RANK_OTHER, RANK_RELEASE };

static struct str
without_v(struct str v)
{
	return v.len > 1 && (v.ptr[0] == 'v' || v.ptr[0] == 'V') && is_digit(v.ptr[1]) ? str_skip(v, 1) : v;
}

struct semantic
semantic_start(struct str v, unsigned numbers, bool fold)
{
	return (struct semantic){ .rest = without_v(v), .numbers = numbers, .fold = fold };
}

/* The next number; a dot that no number follows stays where it is. */
static struct str
number_take(struct semantic *s)
{
	bool dot = s->started && s->rest.len > 1 && s->rest.ptr[0] == '.' && is_digit(s->rest.ptr[1]);

	if (s->started && !dot)
		return STR("");
	if (dot)
		s->rest = str_skip(s->rest, 1);
	s->started = true;
	return digits_take(&s->rest);
}

/* A pre-release begins with a hyphen, or with a letter at once where somebody wrote 1.0.0beta. */
static bool
labels_begin(struct semantic *s)
{
	if (s->rest.len == 0 || (s->rest.ptr[0] != '-' && !is_letter(s->rest.ptr[0])))
		return false;
	s->in_labels = true;
	if (s->rest.ptr[0] != '-')
		return true;
	s->rest = str_skip(s->rest, 1);
	return true;
}

static struct str
label_take(struct semantic *s)
{
	size_t n = 0;
	struct str label;

	while (n < s->rest.len && s->rest.ptr[n] != '.' && s->rest.ptr[n] != '+')
		n++;
	label = str_head(s->rest, n);
	s->rest = str_skip(s->rest, n);
	if (s->rest.len > 0 && s->rest.ptr[0] == '.')
		s->rest = str_skip(s->rest, 1);
	return label;
}

static bool
all_digits(struct str s)
{
	return digits_take(&s).len > 0 && s.len == 0;
}

struct part
semantic_next(void *walk)
{
	struct semantic *s = walk;
	struct str label;

	if (s->numbers > 0) {
		s->numbers--;
		return part_number(RANK_NUMBER, number_take(s));
	}
	if (!s->in_labels && !labels_begin(s))
		return part_last(RANK_RELEASE);
	if (s->rest.len == 0 || s->rest.ptr[0] == '+')
		return part_last(RANK_END);
	label = label_take(s);
	if (all_digits(label))
		return part_number(RANK_NUMERIC, label);
	return s->fold ? part_folded(RANK_OTHER, label) : part_text(RANK_OTHER, label);
}

/* Labels separated by dots: letters, digits and hyphens, none empty. */
static bool
labels_valid(struct str labels, bool padded)
{
	for (;;) {
		ptrdiff_t dot = str_find_char(labels, '.');
		struct str label = dot < 0 ? labels : str_head(labels, (size_t)dot);

		if (label.len == 0 || (!padded && label.len > 1 && label.ptr[0] == '0' && all_digits(label)))
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!is_digit(label.ptr[i]) && !is_letter(label.ptr[i]) && label.ptr[i] != '-')
				return false;
		if (dot < 0)
			return true;
		labels = str_skip(labels, (size_t)dot + 1);
	}
}

bool
semantic_valid(struct str v, unsigned least, unsigned most, bool padded)
{
	struct str rest = without_v(v), labels;
	unsigned numbers = 0;
	ptrdiff_t plus;

	do {
		struct str digits;

		if (numbers > 0)
			rest = str_skip(rest, 1);
		digits = digits_take(&rest);
		if (digits.len == 0 || (!padded && digits.len > 1 && digits.ptr[0] == '0'))
			return false;
		numbers++;
	} while (rest.len > 0 && rest.ptr[0] == '.');
	plus = str_find_char(rest, '+');
	labels = plus < 0 ? rest : str_head(rest, (size_t)plus);
	if (labels.len > 0 && (labels.ptr[0] != '-' || !labels_valid(str_skip(labels, 1), padded)))
		return false;
	return numbers >= least && numbers <= most &&
	       (plus < 0 || labels_valid(str_skip(rest, (size_t)plus + 1), true));
}
