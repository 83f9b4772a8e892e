/* Packagist: Composer compares with PHP's version_compare(). A version is cut into runs of digits and of letters; a
 * word is judged by how it begins, in small letters but for RC:
 *     any other word < dev < alpha, a < beta, b < RC, rc < end < number < x < patch, pl, p
 * As Composer has it, a leading v and what follows a "+" do not count, and a part x is above every number.
 * 1.0 < 1.0.0, as in PHP: Composer fills up to four numbers first.
 * PHP takes "#" for "any number", which no order can (1.2.3.# = 1.2.3 and 1.2.3.# = 1.2.3.1); here it is a separator,
 * and Composer allows it nowhere.
 * Key: these ranks, numbers by value. */
#include "version/version.h"

#include "version/digits.h"
#include "version/parts.h"

enum rank {
	RANK_UNKNOWN = 1,
	RANK_DEV,
	RANK_ALPHA,
	RANK_BETA,
	RANK_RC,
	RANK_END,
	RANK_NUMBER,
	RANK_ANY_NUMBER,
	RANK_PATCH
};

struct walk {
	struct str rest;
};

static struct str
without_v(struct str v)
{
	return v.len > 0 && (v.ptr[0] == 'v' || v.ptr[0] == 'V') ? str_skip(v, 1) : v;
}

static struct walk
walk_start(struct str v)
{
	ptrdiff_t plus = str_find_char(v, '+');

	return (struct walk){ without_v(plus < 0 ? v : str_head(v, (size_t)plus)) };
}

static enum rank
word_rank(struct str word)
{
	static const struct {
		struct str prefix;
		enum rank rank;
	} words[] = {
		{ { "dev", 3 }, RANK_DEV }, { { "a", 1 }, RANK_ALPHA }, { { "b", 1 }, RANK_BETA },
		{ { "RC", 2 }, RANK_RC },   { { "rc", 2 }, RANK_RC },   { { "p", 1 }, RANK_PATCH },
	};

	if (str_eq_nocase(word, STR("x")))
		return RANK_ANY_NUMBER;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_starts(word, words[i].prefix))
			return words[i].rank;
	return RANK_UNKNOWN;
}

static struct part
walk_next(void *walk)
{
	struct walk *w = walk;

	while (w->rest.len > 0) {
		struct str word;

		if (is_digit(w->rest.ptr[0]))
			return part_number(RANK_NUMBER, digits_take(&w->rest));
		word = letters_take(&w->rest);
		if (word.len > 0)
			return part_bare((unsigned char)word_rank(word));
		w->rest = str_skip(w->rest, 1);
	}
	return part_last(RANK_END);
}

static int
packagist_compare(struct str a, struct str b)
{
	struct walk x = walk_start(a), y = walk_start(b);

	return parts_compare(&x, &y, walk_next);
}

static bool
packagist_key(struct str v, struct buf *out)
{
	struct walk w = walk_start(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&w, walk_next, out);
	return true;
}

/* One to four numbers, or a date of more; the last may be x before "-dev". */
static bool
numbers_take(struct str *v)
{
	struct str digits = digits_take(v);
	size_t most = digits.len >= 4 ? 9 : 4;
	const char *separators = digits.len >= 4 ? ".:-" : ".";

	if (digits.len == 0)
		return false;
	for (size_t numbers = 1; numbers < most && v->len > 1 && strchr(separators, v->ptr[0]); numbers++) {
		struct str rest = str_skip(*v, 1);

		if ((rest.ptr[0] == 'x' || rest.ptr[0] == 'X') && str_eq_nocase(str_skip(rest, 1), STR("-dev"))) {
			*v = str_skip(rest, 1);
			return true;
		}
		if (digits_take(&rest).len == 0)
			return true;
		*v = rest;
	}
	return true;
}

/* [._-]? (stable|beta|b|RC|alpha|a|patch|pl|p) ([.-]? digits)* */
static void
stability_take(struct str *v)
{
	static const struct str words[] = { { "stable", 6 }, { "beta", 4 },  { "b", 1 },  { "rc", 2 }, { "alpha", 5 },
					    { "a", 1 },      { "patch", 5 }, { "pl", 2 }, { "p", 1 } };
	struct str rest = *v, after;

	if (rest.len > 0 && (rest.ptr[0] == '.' || rest.ptr[0] == '_' || rest.ptr[0] == '-'))
		rest = str_skip(rest, 1);
	if (word_find(letters_take(&rest), words, COUNT(words)) < 0)
		return;
	do {
		*v = rest;
		after = rest;
		if (after.len > 0 && (after.ptr[0] == '.' || after.ptr[0] == '-'))
			after = str_skip(after, 1);
		rest = after;
	} while (digits_take(&rest).len > 0);
}

static bool
packagist_valid(struct str v)
{
	ptrdiff_t plus;

	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] <= ' ' || v.ptr[i] == ',' || v.ptr[i] == '#')
			return false;
	if (str_starts(v, STR("dev-")))
		return v.len > 4;
	plus = str_find_char(v, '+');
	if (plus >= 0 && (size_t)plus + 1 == v.len)
		return false;
	v = without_v(plus < 0 ? v : str_head(v, (size_t)plus));
	if (!numbers_take(&v))
		return false;
	stability_take(&v);
	if (v.len > 1 && (v.ptr[0] == '.' || v.ptr[0] == '-'))
		v = str_skip(v, 1);
	return v.len == 0 || str_eq_nocase(v, STR("dev"));
}

const struct version_scheme version_packagist = { "packagist", packagist_valid, packagist_compare, packagist_key };
