/* Windows: a.b.c.d of files, builds and updates (10.0.19045.4651). Numbers by value, missing ones are 0, more than
 * four count too. Commas for dots and blanks around them (old version resources), a leading v, and what stands behind
 * a blank ("10.0.19041.1 (WinBuild.160101.0800)") make no difference; other text after a number comes behind
 * the number alone and before a further number.
 * Key: number … number, [text,] end; end < text < number, the zeros at the end left out. */
#include "version/version.h"

#include "version/digits.h"
#include "version/parts.h"

enum rank { RANK_END = 1, RANK_TEXT, RANK_NUMBER };

struct walk {
	struct str rest;
	/* So many zeros are known to come before a number that is not 0. */
	size_t zeros;
	bool done;
};

/* Behind separators: a comma or dot with blanks around it, any number of them. Blanks alone end the version. */
static struct str
skip_separators(struct str s)
{
	struct str after = s;
	bool seen = false;

	while (after.len > 0 && (strchr(" \t.,", after.ptr[0]) && after.ptr[0] != '\0')) {
		seen = seen || after.ptr[0] == '.' || after.ptr[0] == ',';
		after = str_skip(after, 1);
	}
	return seen ? after : s;
}

static struct walk
walk_start(struct str v)
{
	v = str_trim(v);
	if (v.len > 1 && (v.ptr[0] == 'v' || v.ptr[0] == 'V') && is_digit(v.ptr[1]))
		v = str_skip(v, 1);
	return (struct walk){ .rest = v };
}

static struct part
text_next(struct walk *w)
{
	size_t n = 0;

	w->done = true;
	while (n < w->rest.len && w->rest.ptr[n] != ' ' && w->rest.ptr[n] != '\t')
		n++;
	return n > 0 ? part_folded(RANK_TEXT, str_head(w->rest, n)) : part_last(RANK_END);
}

static struct part
walk_next(void *walk)
{
	struct walk *w = walk;
	struct str s, digits;
	size_t zeros = 0;

	if (w->done)
		return part_last(RANK_END);
	if (w->zeros > 0) {
		w->zeros--;
		return part_number(RANK_NUMBER, STR(""));
	}
	for (;;) {
		s = skip_separators(w->rest);
		if (s.len == 0 || !is_digit(s.ptr[0])) {
			w->rest = s;
			return text_next(w);
		}
		digits = digits_take(&s);
		if (!digits_zero(digits))
			break;
		zeros++;
		w->rest = s;
	}
	if (zeros > 0) {
		w->zeros = zeros - 1;
		return part_number(RANK_NUMBER, STR(""));
	}
	w->rest = s;
	return part_number(RANK_NUMBER, digits);
}

static int
windows_compare(struct str a, struct str b)
{
	struct walk x = walk_start(a), y = walk_start(b);

	return parts_compare(&x, &y, walk_next);
}

static bool
windows_key(struct str v, struct buf *out)
{
	struct walk w = walk_start(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&w, walk_next, out);
	return true;
}

/* One to four numbers of 32 bits. */
static bool
windows_valid(struct str v)
{
	for (int numbers = 1; numbers <= 4; numbers++) {
		struct str digits = digits_take(&v);
		uint64_t n;

		if (!str_to_u64(digits, &n) || n > UINT32_MAX)
			return false;
		if (v.len == 0)
			return true;
		if (v.ptr[0] != '.')
			return false;
		v = str_skip(v, 1);
	}
	return false;
}

const struct version_scheme version_windows = { "windows", windows_valid, windows_compare, windows_key };
