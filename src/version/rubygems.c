/* RubyGems: Gem::Version. Runs of digits and of letters are segments, "-" is the segment "pre"; a word comes before a
 * number, missing segments are 0, zeros before the first word do not count.
 *
 * Every version thus goes on for ever with zeros, and a run of zeros is below or above that according to what ends
 * it. So each zero is one of two kinds, known by looking ahead once for each run:
 *     word < zero before a word < end < zero before a number < number above 0
 * Key: these ranks, with the word as text and the number. */
#include "version/version.h"

#include "version/digits.h"
#include "version/parts.h"

enum rank { RANK_WORD = 1, RANK_ZERO_WORD, RANK_END, RANK_ZERO_NUMBER, RANK_NUMBER };

struct walk {
	struct str rest;
	bool in_words; /* behind the first word zeros count */
	size_t zeros; /* left of a run whose kind is known */
	enum rank zero;
};

static struct str
skip_separators(struct str s)
{
	while (s.len > 0 && !is_digit(s.ptr[0]) && !is_letter(s.ptr[0]) && s.ptr[0] != '-')
		s = str_skip(s, 1);
	return s;
}

/* Counts the zeros ahead and gives their kind; those that do not count are skipped. */
static void
zeros_take(struct walk *w)
{
	struct str s = skip_separators(w->rest), after = s;

	w->zeros = 0;
	while (s.len > 0 && is_digit(s.ptr[0]) && digits_zero(digits_take(&s))) {
		w->zeros++;
		s = skip_separators(s);
		after = s;
	}
	w->rest = after;
	w->zero = after.len > 0 && is_digit(after.ptr[0]) ? RANK_ZERO_NUMBER : RANK_ZERO_WORD;
	if (after.len == 0 || (w->zero == RANK_ZERO_WORD && !w->in_words))
		w->zeros = 0;
}

static struct part
walk_next(void *walk)
{
	struct walk *w = walk;

	if (w->zeros == 0)
		zeros_take(w);
	if (w->zeros > 0) {
		w->zeros--;
		return part_bare((unsigned char)w->zero);
	}
	if (w->rest.len == 0)
		return part_last(RANK_END);
	if (is_digit(w->rest.ptr[0]))
		return part_number(RANK_NUMBER, digits_take(&w->rest));
	w->in_words = true;
	if (w->rest.ptr[0] == '-') {
		w->rest = str_skip(w->rest, 1);
		return part_text(RANK_WORD, STR("pre"));
	}
	return part_text(RANK_WORD, letters_take(&w->rest));
}

static int
rubygems_compare(struct str a, struct str b)
{
	struct walk x = { .rest = a }, y = { .rest = b };

	return parts_compare(&x, &y, walk_next);
}

static bool
rubygems_key(struct str v, struct buf *out)
{
	struct walk w = { .rest = v };

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&w, walk_next, out);
	return true;
}

/* Between dots letters and digits, behind the first hyphen also hyphens; a number first. */
static bool
rubygems_valid(struct str v)
{
	bool hyphen = false, empty = false;

	v = str_trim(v);
	if (digits_take(&v).len == 0)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		char c = v.ptr[i];
		bool separator = c == '.' || (c == '-' && !hyphen);

		if (!separator && !is_digit(c) && !is_letter(c) && c != '-')
			return false;
		/* The first number may be followed by letters only behind a separator. */
		if ((separator && empty) || (i == 0 && !separator))
			return false;
		empty = separator;
		hyphen = hyphen || c == '-';
	}
	return !empty;
}

const struct version_scheme version_rubygems = { "rubygems", rubygems_valid, rubygems_compare, rubygems_key };
