/* Applications, as their publishers write them: 24.08 (x64), 7.0 Update 80, 8.0U3, v2.1-beta.2, 1.0.2k, 第3版.
 * Runs of digits and of letters (and bytes above ASCII); all else separates. Case, a leading v, words of the processor
 * and zeros that no number follows do not count. At one place:
 *     dev, nightly, snapshot < alpha < beta < preview < rc < end < other word < number
 * a and b are alpha and beta only between two digits (3.13.0b2, but 1.0.2b). "ga", "final", "release", "stable",
 * "version", "update" and "u" say nothing: 8.0U3 is 8.0.3.
 * Key: these ranks, other words as text, case folded, numbers by value. */
#include "version/version.h"

#include "version/digits.h"
#include "version/generic.h"

enum rank {
	RANK_DEV = 1,
	RANK_ALPHA,
	RANK_BETA,
	RANK_PREVIEW,
	RANK_CANDIDATE,
	RANK_END,
	RANK_WORD,
	RANK_NUMBER,
	RANK_NOTHING /* a word that is passed over */
};

static bool
is_word(char c)
{
	return is_letter(c) || (unsigned char)c >= 0x80;
}

static struct str
word_take(struct str *s)
{
	size_t n = 0;
	struct str word;

	while (n < s->len && is_word(s->ptr[n]))
		n++;
	word = str_head(*s, n);
	*s = str_skip(*s, n);
	return word;
}

static enum rank
word_rank(struct str word)
{
	static const struct {
		struct str word;
		enum rank rank;
	} words[] = {
		{ { "dev", 3 }, RANK_DEV },
		{ { "nightly", 7 }, RANK_DEV },
		{ { "snapshot", 8 }, RANK_DEV },
		{ { "canary", 6 }, RANK_DEV },
		{ { "alpha", 5 }, RANK_ALPHA },
		{ { "beta", 4 }, RANK_BETA },
		{ { "preview", 7 }, RANK_PREVIEW },
		{ { "pre", 3 }, RANK_PREVIEW },
		{ { "prerelease", 10 }, RANK_PREVIEW },
		{ { "milestone", 9 }, RANK_PREVIEW },
		{ { "rc", 2 }, RANK_CANDIDATE },
		{ { "candidate", 9 }, RANK_CANDIDATE },
		{ { "ga", 2 }, RANK_NOTHING },
		{ { "final", 5 }, RANK_NOTHING },
		{ { "release", 7 }, RANK_NOTHING },
		{ { "stable", 6 }, RANK_NOTHING },
		{ { "version", 7 }, RANK_NOTHING },
		{ { "v", 1 }, RANK_NOTHING },
		{ { "update", 6 }, RANK_NOTHING },
		{ { "u", 1 }, RANK_NOTHING },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, words[i].word))
			return words[i].rank;
	return RANK_WORD;
}

/* A processor's name at the beginning of s, when a word could begin there. */
static size_t
processor_length(struct str s)
{
	static const struct str names[] = { { "x64", 3 },    { "x86_64", 6 }, { "x86-64", 6 }, { "x86", 3 },
					    { "amd64", 5 },  { "arm64", 5 },  { "win32", 5 },  { "win64", 5 },
					    { "64-bit", 6 }, { "32-bit", 6 }, { "64bit", 5 },  { "32bit", 5 },
					    { "64 bit", 6 }, { "32 bit", 6 } };

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t n = names[i].len;

		if (s.len >= n && str_eq_nocase(str_head(s, n), names[i]) &&
		    (s.len == n || (!is_digit(s.ptr[n]) && !is_word(s.ptr[n]))))
			return n;
	}
	return 0;
}

/* Separators, and processors' names behind one. */
static struct str
skip_noise(struct str s, bool after_separator)
{
	while (s.len > 0) {
		size_t n = after_separator ? processor_length(s) : 0;

		if (n == 0 && (is_digit(s.ptr[0]) || is_word(s.ptr[0])))
			break;
		after_separator = n == 0;
		s = str_skip(s, n > 0 ? n : 1);
	}
	return s;
}

/* skip_noise() and words that say nothing. */
static struct str
skip_silent(struct str s)
{
	for (;;) {
		struct str rest = s = skip_noise(s, false);

		if (rest.len == 0 || is_digit(rest.ptr[0]) || word_rank(word_take(&rest)) != RANK_NOTHING)
			return s;
		s = rest;
	}
}

struct generic
generic_start(struct str v)
{
	return (struct generic){ .rest = skip_noise(v, true) };
}

/* A number above 0, or a 0 that counts; false where only zeros were, which are passed over. */
static bool
number_next(struct generic *g, struct part *p)
{
	struct str digits = digits_take(&g->rest), rest = g->rest;
	size_t zeros = 1;

	g->after_digits = true;
	*p = part_number(RANK_NUMBER, digits);
	if (!digits_zero(digits))
		return true;
	if (g->zeros > 0) {
		g->zeros--;
		return true;
	}
	for (;; zeros++) {
		rest = skip_silent(rest);
		if (rest.len == 0 || !is_digit(rest.ptr[0])) {
			g->after_digits = g->after_digits && rest.ptr == g->rest.ptr;
			g->rest = rest;
			return false;
		}
		if (!digits_zero(digits_take(&rest)))
			break;
	}
	g->zeros = zeros - 1;
	return true;
}

struct part
generic_next(void *walk)
{
	struct generic *g = walk;
	struct part p;

	for (;;) {
		struct str after = skip_noise(g->rest, false), word;
		bool touches = g->after_digits && after.len == g->rest.len;
		enum rank rank;

		g->rest = after;
		g->after_digits = false;
		if (after.len == 0)
			return part_last(RANK_END);
		if (is_digit(after.ptr[0])) {
			if (number_next(g, &p))
				return p;
			continue;
		}
		word = word_take(&g->rest);
		rank = word_rank(word);
		if (touches && word.len == 1 && g->rest.len > 0 && is_digit(g->rest.ptr[0]) &&
		    (to_lower(word.ptr[0]) == 'a' || to_lower(word.ptr[0]) == 'b'))
			rank = to_lower(word.ptr[0]) == 'a' ? RANK_ALPHA : RANK_BETA;
		if (rank == RANK_WORD)
			return part_folded(RANK_WORD, word);
		if (rank != RANK_NOTHING)
			return part_bare((unsigned char)rank);
	}
}

static int
generic_compare(struct str a, struct str b)
{
	struct generic x = generic_start(a), y = generic_start(b);

	return parts_compare(&x, &y, generic_next);
}

static bool
generic_key(struct str v, struct buf *out)
{
	struct generic g = generic_start(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&g, generic_next, out);
	return true;
}

/* A word of several letters against another one, or any word against a number, has no order that means anything. */
static bool
parts_alike(const struct part *x, const struct part *y)
{
	if (x->rank == RANK_WORD && y->rank == RANK_WORD)
		return (x->text.len == 1 && y->text.len == 1) || str_eq_nocase(x->text, y->text);
	return !((x->rank == RANK_WORD && y->rank == RANK_NUMBER) || (x->rank == RANK_NUMBER && y->rank == RANK_WORD));
}

/* What is installed as 8.0.2 may be build 22380479 or 23305545 of it. */
static bool
is_build(const struct part *p)
{
	return p->rank == RANK_NUMBER && p->text.len >= 5;
}

bool
version_alike(struct str told, struct str installed)
{
	struct generic x = generic_start(told), y = generic_start(installed);

	for (;;) {
		struct part p = generic_next(&x), q = generic_next(&y);

		if (!parts_alike(&p, &q) || (q.last && is_build(&p)))
			return false;
		if (part_compare(&p, &q) != 0 || p.last)
			return true;
	}
}

/* Text with a digit in it, no line ends or other control characters, of sensible length. */
static bool
generic_valid(struct str v)
{
	bool digit = false;

	for (size_t i = 0; i < v.len; i++) {
		if ((unsigned char)v.ptr[i] < ' ' || v.ptr[i] == 0x7f)
			return false;
		digit = digit || is_digit(v.ptr[i]);
	}
	return digit && v.len <= 256 && str_is_utf8(v);
}

const struct version_scheme version_generic = { "generic", generic_valid, generic_compare, generic_key };
