/* RPM: [epoch:]version[-release]; the parts by the rules of rpm-version(7), with ~ before and ^ behind. */
#include "version/version.h"

#include "version/digits.h"
#include "version/key.h"

struct rpm {
	struct str epoch, version, release;
	bool has_release;
};

static struct rpm
rpm_parse(struct str v)
{
	struct rpm r = { .version = v };
	struct str rest = v, digits = digits_take(&rest);
	ptrdiff_t dash;

	if (rest.len > 0 && rest.ptr[0] == ':') {
		r.epoch = digits;
		r.version = str_skip(rest, 1);
	}
	dash = str_rfind_char(r.version, '-');
	if (dash >= 0) {
		r.has_release = true;
		r.release = str_skip(r.version, (size_t)dash + 1);
		r.version = str_head(r.version, (size_t)dash);
	}
	return r;
}

static bool
rpm_is_separator(char c)
{
	return !is_digit(c) && !is_letter(c) && c != '~' && c != '^';
}

static struct str
rpm_skip_separators(struct str s)
{
	while (s.len > 0 && rpm_is_separator(s.ptr[0]))
		s = str_skip(s, 1);
	return s;
}

/* What can stand at one place, lowest first. */
enum rank { RANK_TILDE, RANK_END, RANK_CARET, RANK_LETTERS, RANK_DIGITS };

static enum rank
rpm_rank(struct str s)
{
	if (s.len == 0)
		return RANK_END;
	if (s.ptr[0] == '~')
		return RANK_TILDE;
	if (s.ptr[0] == '^')
		return RANK_CARET;
	return is_digit(s.ptr[0]) ? RANK_DIGITS : RANK_LETTERS;
}

static int
rpm_part_cmp(struct str a, struct str b)
{
	for (;;) {
		enum rank x, y;
		int c = 0;

		a = rpm_skip_separators(a);
		b = rpm_skip_separators(b);
		x = rpm_rank(a);
		y = rpm_rank(b);
		if (x != y)
			return x < y ? -1 : 1;
		switch (x) {
		case RANK_END:
			return 0;
		case RANK_TILDE:
		case RANK_CARET:
			a = str_skip(a, 1);
			b = str_skip(b, 1);
			break;
		case RANK_DIGITS:
			c = digits_cmp(digits_take(&a), digits_take(&b));
			break;
		case RANK_LETTERS:
			c = str_cmp(letters_take(&a), letters_take(&b));
			break;
		}
		if (c != 0)
			return c;
	}
}

/* No release comes before an empty one, as where rpm orders packages (not where it matches a dependency,
 * which a missing release always satisfies). */
static int
rpm_compare(struct str a, struct str b)
{
	struct rpm x = rpm_parse(a), y = rpm_parse(b);
	int c = digits_cmp(x.epoch, y.epoch);

	if (c == 0)
		c = rpm_part_cmp(x.version, y.version);
	if (c == 0 && x.has_release != y.has_release)
		return x.has_release ? 1 : -1;
	if (c == 0)
		c = rpm_part_cmp(x.release, y.release);
	return c;
}

/* Each piece behind its rank; letters need no escape: what ends them is no letter, and so is NUL. */
static void
rpm_part_key(struct str s, struct buf *out)
{
	enum rank rank;

	do {
		s = rpm_skip_separators(s);
		rank = rpm_rank(s);
		buf_add_char(out, (char)rank);
		switch (rank) {
		case RANK_END:
			break;
		case RANK_TILDE:
		case RANK_CARET:
			s = str_skip(s, 1);
			break;
		case RANK_DIGITS:
			key_number(out, digits_take(&s));
			break;
		case RANK_LETTERS:
			buf_add(out, letters_take(&s));
			buf_add_char(out, '\0');
			break;
		}
	} while (rank != RANK_END);
}

/* Epoch, version, 0 or 1 for a release, release. */
static bool
rpm_key(struct str v, struct buf *out)
{
	struct rpm r = rpm_parse(v);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	key_number(out, r.epoch);
	rpm_part_key(r.version, out);
	buf_add_char(out, r.has_release);
	if (r.has_release)
		rpm_part_key(r.release, out);
	return true;
}

static bool
rpm_only(struct str s)
{
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) && (s.ptr[i] == '\0' || !strchr("._+%{}~^", s.ptr[i])))
			return false;
	return true;
}

static bool
rpm_valid(struct str v)
{
	struct rpm r = rpm_parse(v);
	uint64_t epoch = 0;

	if (v.len > 0 && v.ptr[0] == ':')
		return false;
	if (r.epoch.len > 0 && (!str_to_u64(r.epoch, &epoch) || epoch > UINT32_MAX))
		return false;
	return rpm_only(r.version) && (!r.has_release || rpm_only(r.release));
}

const struct version_scheme version_rpm = { "rpm", rpm_valid, rpm_compare, rpm_key };
