/* Python: PEP 440, with its normalisation: case, spellings (alpha, c, pre, rev, r), separators, implicit numbers.
 * At one place of the release segment the end is below a number; behind it
 *     .devN < aN < bN < rcN < nothing < .postN, then .devM < nothing, then local: nothing < word < number
 * What PEP 440 does not allow comes below everything valid, as in the last packaging library that still ordered it,
 * and among itself in the order of `generic`.
 * Key: valid or not, epoch, numbers of the release without the zeros at its end, rank and number of each further
 * segment, local segments case folded. */
#include "version/version.h"

#include "version/digits.h"
#include "version/generic.h"
#include "version/parts.h"

enum rank {
	RANK_LEGACY = 1,
	RANK_VALID,
	/* Release. */
	RANK_RELEASE_END,
	RANK_NUMBER,
	/* Each a place of its own. */
	RANK_DEV_ONLY,
	RANK_ALPHA,
	RANK_BETA,
	RANK_CANDIDATE,
	RANK_FINAL,
	RANK_NO_POST,
	RANK_POST,
	RANK_DEV,
	RANK_NO_DEV,
	/* Local. */
	RANK_END,
	RANK_LOCAL_WORD,
	RANK_LOCAL_NUMBER
};

struct pep440 {
	struct str epoch, release, pre, post, dev, local;
	enum rank pre_rank;
	bool has_post, has_dev;
};

enum stage { STAGE_KIND, STAGE_LEGACY, STAGE_EPOCH, STAGE_RELEASE, STAGE_PRE, STAGE_POST, STAGE_DEV, STAGE_LOCAL };

struct walk {
	struct pep440 v;
	struct generic legacy;
	bool valid;
	enum stage stage;
};

static bool
is_separator(char c)
{
	return c == '.' || c == '-' || c == '_';
}

static struct str
skip_separator(struct str s)
{
	return s.len > 0 && is_separator(s.ptr[0]) ? str_skip(s, 1) : s;
}

/* [separator] word [separator] [number]; no number is 0. Gives the place of the word in the list, or -1. */
static int
segment_take(struct str *s, const struct str *words, size_t count, struct str *number)
{
	struct str rest = skip_separator(*s), after;
	int found = word_find(letters_take(&rest), words, count);

	if (found < 0)
		return -1;
	*s = rest;
	after = skip_separator(rest);
	*number = digits_take(&after);
	if (number->len > 0)
		*s = after;
	return found;
}

/* Numbers between dots; what follows the last begins with its separator. */
static bool
release_take(struct str *s, struct str *release)
{
	struct str rest = *s;

	if (digits_take(&rest).len == 0)
		return false;
	while (rest.len > 1 && rest.ptr[0] == '.' && is_digit(rest.ptr[1])) {
		rest = str_skip(rest, 1);
		digits_take(&rest);
	}
	*release = str_head(*s, s->len - rest.len);
	*s = rest;
	return true;
}

static bool
local_valid(struct str local)
{
	bool empty = true;

	for (size_t i = 0; i < local.len; i++) {
		bool separator = is_separator(local.ptr[i]);

		if (separator ? empty : !is_digit(local.ptr[i]) && !is_letter(local.ptr[i]))
			return false;
		empty = separator;
	}
	return !empty;
}

static void
pre_take(struct str *s, struct pep440 *p)
{
	static const struct str words[] = { { "a", 1 }, { "alpha", 5 }, { "b", 1 },   { "beta", 4 },
					    { "c", 1 }, { "rc", 2 },    { "pre", 3 }, { "preview", 7 } };
	static const enum rank ranks[] = { RANK_ALPHA, RANK_BETA, RANK_CANDIDATE, RANK_CANDIDATE };
	int found = segment_take(s, words, COUNT(words), &p->pre);

	p->pre_rank = found < 0 ? RANK_FINAL : ranks[found / 2];
}

static void
post_take(struct str *s, struct pep440 *p)
{
	static const struct str words[] = { { "post", 4 }, { "rev", 3 }, { "r", 1 } };

	if (s->len > 1 && s->ptr[0] == '-' && is_digit(s->ptr[1])) {
		*s = str_skip(*s, 1);
		p->post = digits_take(s);
		p->has_post = true;
		return;
	}
	p->has_post = segment_take(s, words, COUNT(words), &p->post) >= 0;
}

static bool
pep440_parse(struct str s, struct pep440 *p)
{
	static const struct str dev[] = { { "dev", 3 } };
	struct str rest;

	*p = (struct pep440){ .pre_rank = RANK_FINAL };
	s = str_trim(s);
	if (s.len > 0 && (s.ptr[0] == 'v' || s.ptr[0] == 'V'))
		s = str_skip(s, 1);
	rest = s;
	p->epoch = digits_take(&rest);
	if (p->epoch.len > 0 && rest.len > 0 && rest.ptr[0] == '!')
		s = str_skip(rest, 1);
	else
		p->epoch = STR("");
	if (!release_take(&s, &p->release))
		return false;
	pre_take(&s, p);
	post_take(&s, p);
	p->has_dev = segment_take(&s, dev, COUNT(dev), &p->dev) >= 0;
	if (p->pre_rank == RANK_FINAL && !p->has_post && p->has_dev)
		p->pre_rank = RANK_DEV_ONLY;
	if (s.len == 0)
		return true;
	p->local = str_skip(s, 1);
	return s.ptr[0] == '+' && local_valid(p->local);
}

/* 1.0.0 is 1. */
static struct str
without_zeros(struct str release)
{
	for (;;) {
		ptrdiff_t dot = str_rfind_char(release, '.');

		if (!digits_zero(str_skip(release, (size_t)(dot + 1))))
			return release;
		if (dot < 0)
			return STR("");
		release = str_head(release, (size_t)dot);
	}
}

static struct walk
walk_start(struct str s)
{
	struct walk w = { .valid = false };

	w.valid = pep440_parse(s, &w.v);
	w.v.release = without_zeros(w.v.release);
	if (!w.valid)
		w.legacy = generic_start(s);
	return w;
}

static struct part
release_next(struct walk *w)
{
	struct str digits;

	if (w->v.release.len == 0) {
		w->stage = STAGE_PRE;
		return part_bare(RANK_RELEASE_END);
	}
	digits = digits_take(&w->v.release);
	w->v.release = skip_separator(w->v.release);
	return part_number(RANK_NUMBER, digits);
}

static struct part
local_next(struct walk *w)
{
	struct str piece, rest, digits;
	size_t n = 0;

	w->v.local = skip_separator(w->v.local);
	if (w->v.local.len == 0)
		return part_last(RANK_END);
	while (n < w->v.local.len && !is_separator(w->v.local.ptr[n]))
		n++;
	piece = str_head(w->v.local, n);
	w->v.local = str_skip(w->v.local, n);
	/* 1a is a word: only digits alone are a number. */
	rest = piece;
	digits = digits_take(&rest);
	return rest.len == 0 ? part_number(RANK_LOCAL_NUMBER, digits) : part_folded(RANK_LOCAL_WORD, piece);
}

static struct part
walk_next(void *walk)
{
	struct walk *w = walk;

	switch (w->stage) {
	case STAGE_KIND:
		w->stage = w->valid ? STAGE_EPOCH : STAGE_LEGACY;
		return part_bare(w->valid ? RANK_VALID : RANK_LEGACY);
	case STAGE_LEGACY:
		return generic_next(&w->legacy);
	case STAGE_EPOCH:
		w->stage = STAGE_RELEASE;
		return part_number(RANK_NUMBER, w->v.epoch);
	case STAGE_RELEASE:
		return release_next(w);
	case STAGE_PRE:
		w->stage = STAGE_POST;
		return w->v.pre_rank == RANK_FINAL || w->v.pre_rank == RANK_DEV_ONLY
			       ? part_bare((unsigned char)w->v.pre_rank)
			       : part_number((unsigned char)w->v.pre_rank, w->v.pre);
	case STAGE_POST:
		w->stage = STAGE_DEV;
		return w->v.has_post ? part_number(RANK_POST, w->v.post) : part_bare(RANK_NO_POST);
	case STAGE_DEV:
		w->stage = STAGE_LOCAL;
		return w->v.has_dev ? part_number(RANK_DEV, w->v.dev) : part_bare(RANK_NO_DEV);
	case STAGE_LOCAL:
		break;
	}
	return local_next(w);
}

static int
pep440_compare(struct str a, struct str b)
{
	struct walk x = walk_start(a), y = walk_start(b);

	return parts_compare(&x, &y, walk_next);
}

static bool
pep440_key(struct str v, struct buf *out)
{
	struct walk w = walk_start(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&w, walk_next, out);
	return true;
}

static bool
pep440_valid(struct str v)
{
	struct pep440 p;

	return pep440_parse(v, &p);
}

const struct version_scheme version_pep440 = { "pep440", pep440_valid, pep440_compare, pep440_key };
