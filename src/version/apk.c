/* Alpine: number{.number}[letter]{_suffix[number]}[~hash][-rN], as in apk-package(5). What follows the first
 * part that is out of place does not count, as in apk. */
#include "version/version.h"

#include "version/digits.h"
#include "version/key.h"

/* In the order they may stand; where two versions differ in kind, the one whose part may stand earlier is the
 * newer (1.0.1 > 1.0a > 1.0_p1 > 1.0-r1 > 1.0), pre-releases apart. */
enum kind {
	KIND_FIRST,
	KIND_NUMBER,
	KIND_LETTER,
	KIND_EMPTY, /* a number that is missing; never valid */
	KIND_SUFFIX,
	KIND_SUFFIX_NUMBER,
	KIND_HASH,
	KIND_REVISION,
	KIND_END,
	KIND_INVALID
};

struct part {
	enum kind kind;
	struct str text; /* digits, letter or hash */
	int suffix; /* below 0: before the release */
};

static const struct {
	struct str name;
	int order;
} suffixes[] = {
	{ { "alpha", 5 }, -4 }, { { "beta", 4 }, -3 }, { { "pre", 3 }, -2 }, { { "rc", 2 }, -1 }, { { "cvs", 3 }, 1 },
	{ { "svn", 3 }, 2 },    { { "git", 3 }, 3 },   { { "hg", 2 }, 4 },   { { "p", 1 }, 5 },
};

/* No digits where some belong count as 0, but make the version invalid. */
static struct part
part_digits(struct str *rest, enum kind kind)
{
	return (struct part){ .kind = kind, .text = digits_take(rest) };
}

static struct part
part_suffix(struct str *rest)
{
	size_t n = 0;
	struct str name;

	*rest = str_skip(*rest, 1);
	while (n < rest->len && rest->ptr[n] >= 'a' && rest->ptr[n] <= 'z')
		n++;
	name = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	for (size_t i = 0; i < COUNT(suffixes); i++)
		if (str_eq(name, suffixes[i].name))
			return (struct part){ .kind = KIND_SUFFIX, .suffix = suffixes[i].order };
	return (struct part){ .kind = KIND_INVALID };
}

static struct part
part_hash(struct str *rest)
{
	size_t n = 0;
	struct part p = { .kind = KIND_HASH };

	*rest = str_skip(*rest, 1);
	while (n < rest->len && (is_digit(rest->ptr[n]) || (rest->ptr[n] >= 'a' && rest->ptr[n] <= 'f')))
		n++;
	p.text = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	if (n == 0)
		p.kind = KIND_INVALID;
	return p;
}

static struct part
part_revision(struct str *rest)
{
	struct part p = { .kind = KIND_INVALID };

	if (rest->len < 2 || rest->ptr[1] != 'r' || (rest->len > 2 && is_letter(rest->ptr[2])))
		return p;
	*rest = str_skip(*rest, 2);
	return part_digits(rest, KIND_REVISION);
}

/* The part behind one of the given kind. */
static struct part
part_next(enum kind before, struct str *rest)
{
	struct part p = { .kind = KIND_INVALID };
	bool number = before <= KIND_NUMBER || before == KIND_EMPTY;
	char c;

	if (rest->len == 0)
		return (struct part){ .kind = KIND_END };
	c = rest->ptr[0];
	if (c == '.' && number) {
		*rest = str_skip(*rest, 1);
		p = part_digits(rest, KIND_NUMBER);
		if (p.text.len == 0)
			p.kind = KIND_EMPTY;
		return p;
	}
	if (c >= 'a' && c <= 'z' && number) {
		p = (struct part){ .kind = KIND_LETTER, .text = str_head(*rest, 1) };
		*rest = str_skip(*rest, 1);
		return p;
	}
	if (c == '_' && before <= KIND_SUFFIX_NUMBER)
		return part_suffix(rest);
	if (is_digit(c) && before == KIND_SUFFIX)
		return part_digits(rest, KIND_SUFFIX_NUMBER);
	/* Not in the manual, but Alpine shipped 5.9.2p1-r0 and apk orders it. */
	if (is_digit(c) && before == KIND_LETTER)
		return part_digits(rest, KIND_NUMBER);
	if (c == '~' && before < KIND_HASH)
		return part_hash(rest);
	if (c == '-' && before < KIND_REVISION)
		return part_revision(rest);
	return p;
}

static bool
starts_above_zero(struct str digits)
{
	return digits.len > 0 && digits.ptr[0] != '0';
}

static int
part_cmp(const struct part *a, const struct part *b)
{
	switch (a->kind) {
	case KIND_NUMBER:
		/* A leading zero makes it a fraction: 1.05 < 1.1. */
		if (!starts_above_zero(a->text) || !starts_above_zero(b->text))
			return str_cmp(a->text, b->text);
		return digits_cmp(a->text, b->text);
	case KIND_FIRST:
	case KIND_SUFFIX_NUMBER:
	case KIND_REVISION:
		return digits_cmp(a->text, b->text);
	case KIND_SUFFIX:
		return a->suffix - b->suffix;
	case KIND_LETTER:
	case KIND_HASH:
		return str_cmp(a->text, b->text);
	case KIND_EMPTY:
	case KIND_END:
	case KIND_INVALID:
		break;
	}
	return 0;
}

static int
apk_compare(struct str a, struct str b)
{
	struct part x = part_digits(&a, KIND_FIRST), y = part_digits(&b, KIND_FIRST);

	while (x.kind == y.kind && x.kind < KIND_END) {
		int c = part_cmp(&x, &y);

		if (c != 0)
			return c;
		x = part_next(x.kind, &a);
		y = part_next(y.kind, &b);
	}
	if (x.kind == y.kind)
		return 0;
	if (x.kind == KIND_SUFFIX && x.suffix < 0)
		return -1;
	if (y.kind == KIND_SUFFIX && y.suffix < 0)
		return 1;
	return x.kind > y.kind ? -1 : 1;
}

/* What stands at one place, lowest first: the kinds turned around, suffixes on either side of the end by name. */
enum rank {
	RANK_SUFFIX = 4, /* and below it: pre-releases */
	RANK_INVALID,
	RANK_END,
	RANK_REVISION,
	RANK_HASH,
	RANK_SUFFIX_NUMBER,
	RANK_SUFFIX_POST, /* and five above it */
	RANK_EMPTY = RANK_SUFFIX_POST + 6,
	RANK_LETTER,
	RANK_FRACTION, /* as text: below every number without a leading zero */
	RANK_NUMBER,
	RANK_FIRST
};

static void
ranked_number(struct buf *out, enum rank rank, struct str digits)
{
	buf_add_char(out, (char)rank);
	key_number(out, digits);
}

static void
ranked_text(struct buf *out, enum rank rank, struct str text)
{
	buf_add_char(out, (char)rank);
	key_text(out, text);
}

static void
part_key(const struct part *p, struct buf *out)
{
	switch (p->kind) {
	case KIND_FIRST:
		ranked_number(out, RANK_FIRST, p->text);
		break;
	case KIND_NUMBER:
		if (starts_above_zero(p->text))
			ranked_number(out, RANK_NUMBER, p->text);
		else
			ranked_text(out, RANK_FRACTION, p->text);
		break;
	case KIND_EMPTY:
		buf_add_char(out, RANK_EMPTY);
		break;
	case KIND_LETTER:
		ranked_text(out, RANK_LETTER, p->text);
		break;
	case KIND_SUFFIX:
		buf_add_char(out, (char)((p->suffix < 0 ? RANK_SUFFIX : RANK_SUFFIX_POST) + p->suffix));
		break;
	case KIND_SUFFIX_NUMBER:
		ranked_number(out, RANK_SUFFIX_NUMBER, p->text);
		break;
	case KIND_HASH:
		ranked_text(out, RANK_HASH, p->text);
		break;
	case KIND_REVISION:
		ranked_number(out, RANK_REVISION, p->text);
		break;
	case KIND_END:
		buf_add_char(out, RANK_END);
		break;
	case KIND_INVALID:
		buf_add_char(out, RANK_INVALID);
		break;
	}
}

static bool
apk_key(struct str v, struct buf *out)
{
	struct part p;

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	for (p = part_digits(&v, KIND_FIRST); p.kind < KIND_END; p = part_next(p.kind, &v))
		part_key(&p, out);
	part_key(&p, out);
	return true;
}

static bool
apk_valid(struct str v)
{
	struct part p = part_digits(&v, KIND_FIRST);

	while (p.kind < KIND_END) {
		if (p.kind != KIND_SUFFIX && p.text.len == 0)
			return false;
		p = part_next(p.kind, &v);
	}
	return p.kind == KIND_END;
}

const struct version_scheme version_apk = { "apk", apk_valid, apk_compare, apk_key };
