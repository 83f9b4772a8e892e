/* Maven: the version order specification of its POM reference. Tokens lie between dots, hyphens and changes between
 * digits and other characters (which count as hyphens); an empty one is 0. Null tokens (0, ga, final, release) do not
 * count where only null tokens follow up to the end or to a hyphen. At one place:
 *     alpha < beta < milestone < rc, cr < snapshot < null before a pre-release < end < null < sp
 *     < .qualifier < -qualifier < -number < .number
 * and of two that are the same pre-release, the one behind a dot is below the one behind a hyphen.
 *
 * The specification, taken pair by pair, goes round in circles (1.z < 1-alpha < 1 < 1.z with .qualifier < -qualifier,
 * and 1.0.rc < 1 < 1-1 < 1.0.rc with -number < .0), and so did Maven. An order cannot: here a pre-release is always
 * below what it leads to, a qualifier or number always above what it is added to. Null tokens that count are
 * followed by what puts them on their side of the end.
 * Key: these ranks, numbers by value, other qualifiers as text, case folded. */
#include "version/version.h"

#include "version/digits.h"
#include "version/parts.h"

/* Words have two ranks, behind a dot and, one above, behind a hyphen. */
enum rank {
	RANK_ALPHA = 1,
	RANK_BETA = 3,
	RANK_MILESTONE = 5,
	RANK_RC = 7,
	RANK_SNAPSHOT = 9,
	RANK_NULL_BEFORE_PRE = 11,
	RANK_END,
	RANK_NULL,
	RANK_SP = 15,
	RANK_OTHER = 17,
	RANK_DASH_NUMBER = 19,
	RANK_DOT_NUMBER
};

struct cursor {
	struct str rest;
	bool dash, ended;
};

struct token {
	enum rank rank;
	bool null, dash;
	struct str text;
};

struct walk {
	struct cursor at;
	size_t nulls; /* so many of the tokens ahead are null and count */
	bool before_pre; /* and these lead to a pre-release */
};

static enum rank
qualifier_rank(struct str word, bool digit_follows)
{
	static const struct {
		struct str word;
		enum rank rank;
		bool before_digit; /* only there */
	} words[] = {
		{ { "alpha", 5 }, RANK_ALPHA },
		{ { "a", 1 }, RANK_ALPHA, true },
		{ { "beta", 4 }, RANK_BETA },
		{ { "b", 1 }, RANK_BETA, true },
		{ { "m", 1 }, RANK_MILESTONE, true },
		{ { "milestone", 9 }, RANK_MILESTONE },
		{ { "rc", 2 }, RANK_RC },
		{ { "cr", 2 }, RANK_RC },
		{ { "ga", 2 }, RANK_NULL },
		{ { "snapshot", 8 }, RANK_SNAPSHOT },
		{ { "final", 5 }, RANK_NULL },
		{ { "release", 7 }, RANK_NULL },
		{ { "sp", 2 }, RANK_SP },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, words[i].word) && (digit_follows || !words[i].before_digit))
			return words[i].rank;
	return RANK_OTHER;
}

static struct str
qualifier_take(struct str *s)
{
	size_t n = 0;
	struct str word;

	while (n < s->len && !is_digit(s->ptr[n]) && s->ptr[n] != '.' && s->ptr[n] != '-')
		n++;
	word = str_head(*s, n);
	*s = str_skip(*s, n);
	return word;
}

static bool
token_take(struct cursor *c, struct token *t)
{
	bool qualifier;

	if (c->ended)
		return false;
	t->dash = c->dash;
	t->text = digits_take(&c->rest);
	qualifier = t->text.len == 0 && c->rest.len > 0 && c->rest.ptr[0] != '.' && c->rest.ptr[0] != '-';
	if (qualifier)
		t->text = qualifier_take(&c->rest);
	c->ended = c->rest.len == 0;
	c->dash = !c->ended && c->rest.ptr[0] != '.';
	if (qualifier)
		t->rank = qualifier_rank(t->text, !c->ended && is_digit(c->rest.ptr[0]));
	else
		t->rank = t->dash ? RANK_DASH_NUMBER : RANK_DOT_NUMBER;
	if (!c->ended && (c->rest.ptr[0] == '.' || c->rest.ptr[0] == '-'))
		c->rest = str_skip(c->rest, 1);
	t->null = qualifier ? t->rank == RANK_NULL : digits_zero(t->text);
	return true;
}

/* Looks behind the null token at w->at: passes over it and those after it, or counts them. */
static void
nulls_judge(struct walk *w)
{
	struct cursor c = w->at, before;
	struct token t;
	size_t n = 0;
	bool more;

	do {
		before = c;
		more = token_take(&c, &t);
	} while (more && t.null && (n++ == 0 || !t.dash));
	/* A run ends at a hyphen, whatever stands behind it. */
	w->before_pre = more && t.rank < RANK_END;
	if (more && !t.dash)
		w->nulls = n;
	else
		w->at = before;
}

static struct part
token_part(const struct walk *w, const struct token *t)
{
	if (t->null && w->before_pre)
		return part_bare(RANK_NULL_BEFORE_PRE);
	if (t->rank == RANK_DASH_NUMBER || t->rank == RANK_DOT_NUMBER)
		return part_number((unsigned char)t->rank, t->text);
	if (t->rank == RANK_NULL)
		return part_bare(RANK_NULL);
	if (t->rank == RANK_OTHER)
		return part_folded((unsigned char)(RANK_OTHER + t->dash), t->text);
	return part_bare((unsigned char)(t->rank + t->dash));
}

static struct part
walk_next(void *walk)
{
	struct walk *w = walk;
	struct cursor c;
	struct token t = { 0 };

	for (;;) {
		c = w->at;
		if (!token_take(&c, &t))
			return part_last(RANK_END);
		if (t.null && w->nulls == 0)
			nulls_judge(w);
		if (t.null && w->nulls == 0)
			continue;
		if (t.null)
			w->nulls--;
		w->at = c;
		return token_part(w, &t);
	}
}

static int
maven_compare(struct str a, struct str b)
{
	struct walk x = { .at = { .rest = a } }, y = { .at = { .rest = b } };

	return parts_compare(&x, &y, walk_next);
}

static bool
maven_key(struct str v, struct buf *out)
{
	struct walk w = { .at = { .rest = v } };

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&w, walk_next, out);
	return true;
}

/* Maven takes nearly everything; what its POM validation refuses, and blanks, are not versions. */
static bool
maven_valid(struct str v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] <= ' ' || v.ptr[i] == 0x7f || strchr("\\/:\"<>|?*[](),", v.ptr[i]))
			return false;
	return v.len > 0;
}

const struct version_scheme version_maven = { "maven", maven_valid, maven_compare, maven_key };
