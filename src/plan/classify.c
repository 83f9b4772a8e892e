#include "plan/classify.h"

static bool
contains_nocase(struct str s, struct str needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (str_eq_nocase(str_sub(s.ptr + i, needle.len), needle))
			return true;
	return false;
}

/* The releases of a distribution itself, where new versions are taken only to mend. */
static bool
origin_mends(struct str piece)
{
	static const char *const own[] = { "Debian:", "Ubuntu:" };
	for (size_t i = 0; i < COUNT(own); i++)
		if (str_starts(piece, str_of(own[i])) && !contains_nocase(piece, STR("testing")) &&
		    !contains_nocase(piece, STR("unstable")) && !contains_nocase(piece, STR("experimental")))
			return true;
	return false;
}

/* "1:9.2p1-2" → "9": without epoch, the leading digits. */
static struct str
first_number(struct str version)
{
	ptrdiff_t colon = str_find_char(version, ':');
	struct str s = colon >= 0 ? str_skip(version, (size_t)colon + 1) : version;
	size_t n = 0;
	if (s.len && (s.ptr[0] == 'v' || s.ptr[0] == 'V'))
		s = str_skip(s, 1);
	while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
		n++;
	return str_head(s, n);
}

struct str
patch_classify(bool security, struct str origins, struct str from, struct str to)
{
	struct str piece;
	bool mends = false, backport = false;
	if (security)
		return STR("security");
	while (str_cut(&origins, ',', &piece)) {
		piece = str_trim(piece);
		bool back = contains_nocase(piece, STR("backports"));
		backport |= back;
		mends |= !back && origin_mends(piece);
	}
	if (mends)
		return STR("bugfix");
	struct str before = first_number(from), after = first_number(to);
	return backport || (before.len && after.len && !str_eq(before, after)) ? STR("feature") : STR("bugfix");
}
