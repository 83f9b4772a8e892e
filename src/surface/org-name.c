#include "surface/org-internal.h"

#include "surface/letters.h"
#include "surface/registration.h"

/* ---- forms ---- */

static struct str
trimmed(struct str s)
{
	while (s.len > 0 && s.ptr[0] == ' ')
		s = str_skip(s, 1);
	while (s.len > 0 && s.ptr[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* The form is the first that says more than another; "" and articles never stand over one that is known. */
static void
take_form(struct org_name *out, const struct org_form *f)
{
	if (f->form.len > 0 && (out->form.len == 0 || org_form_class(out->form) == ORG_ANY))
		out->form = f->form;
}

/* Forms at both ends, one behind the other: "医療法人 社団 …", "The … Company Co., Ltd.". */
static struct str
without_forms(struct str s, struct org_name *out)
{
	enum { TURNS = 6 };
	bool after = false;
	for (int turn = 0; turn < TURNS && s.len > 0; turn++) {
		struct org_form f;
		bool start = org_form_at(s, ORG_AT_START | (after ? ORG_AFTER : 0), &f);
		if (start) {
			after |= f.form.len > 0;
			take_form(out, &f);
			s = trimmed(str_skip(s, f.text.len));
		}
		bool end = org_form_at(s, ORG_AT_END, &f);
		if (end) {
			take_form(out, &f);
			s = trimmed(str_head(s, s.len - f.text.len));
		}
		if (!start && !end)
			break;
	}
	return s;
}

/* What stands in brackets goes, unless nothing else is there. */
static struct str
without_brackets(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.len + 1, 1);
	for (int keep = 0; keep < 2; keep++) {
		size_t n = 0;
		int depth = 0;
		for (size_t i = 0; i < s.len; i++) {
			char c = s.ptr[i];
			depth += c == '(' ? 1 : 0;
			bool inside = depth > 0 && !keep;
			if (c == ')' && depth > 0)
				depth--;
			if (c == '(' || c == ')')
				c = ' ';
			if (!inside && !(c == ' ' && (n == 0 || out[n - 1] == ' ')))
				out[n++] = c;
		}
		struct str left = trimmed(str_sub(out, n));
		if (left.len > 0)
			return left;
	}
	return STR_NONE;
}

/* ---- the core ---- */

static void
cut_words(struct arena *a, struct str s, struct org_name *out)
{
	bool japanese = org_is_japanese(s);
	char *core = arena_alloc(a, s.len * 4 + ORG_WORDS_MAX * 16 + 1, 1);
	struct str word;
	size_t n = 0;
	out->count = 0;
	for (struct str rest = s; str_word(&rest, &word);) {
		word = japanese ? word : org_unabbreviated(word);
		if (out->count < ORG_WORDS_MAX)
			out->words[out->count++] = word;
		else if (!japanese)
			break;
		if (n > 0 && !japanese)
			core[n++] = ' ';
		memcpy(core + n, word.ptr, word.len);
		n += word.len;
	}
	out->core = n > 0 ? str_sub(core, n) : STR_NONE;
}

/* ---- what proves something ---- */

/* Whether nothing but such parts is in it: "市民病院", "情報システム部". Longest first, and shorter ones where that does not
 * come out even. */
static bool
only_generic(struct str s, unsigned depth)
{
	enum { PARTS = 12 };
	if (s.len == 0)
		return true;
	if (depth == PARTS)
		return false;
	/* Of parts with the same beginning a shorter one is seldom right; three tries bound the work. */
	size_t limit = SIZE_MAX;
	for (int tries = 0; tries < 3; tries++) {
		size_t longest = 0;
		struct str word;
		for (struct str rest = STR_NONE; org_next(ORG_GENERIC_JA, &rest, &word);)
			if (word.len > longest && word.len < limit && str_starts(s, word))
				longest = word.len;
		if (longest == 0)
			return false;
		if (only_generic(str_skip(s, longest), depth + 1))
			return true;
		limit = longest;
	}
	return false;
}

bool
org_generic_japanese(struct str s)
{
	return only_generic(s, 0);
}

static bool
is_number(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return true;
}

/* Words that anybody has. Places alone name nobody, a place and "hospital" a hospital ("Tokyo Hospital"). */
static bool
is_generic(const struct org_name *n)
{
	size_t generic = 0, places = 0;
	if (org_is_japanese(n->core))
		return org_is_one(ORG_PLACE_JA, n->core) || only_generic(n->core, 0);
	for (size_t i = 0; i < n->count; i++) {
		if (org_is_one(ORG_PLACE, n->words[i]))
			places++;
		else if (org_is_one(ORG_GENERIC, n->words[i]) || is_number(n->words[i]))
			generic++;
	}
	return generic + places == n->count && (places == 0 || generic == 0 || n->count == 1);
}

static bool
is_hiding(struct str folded, const struct org_name *n)
{
	struct str word;
	if (registration_is_hidden(n->told) || org_starts(ORG_NOBODY, n->core) > 0 ||
	    org_starts(ORG_NOBODY, folded) > 0)
		return true;
	for (struct str rest = STR_NONE; org_next(ORG_HIDING_JA, &rest, &word);)
		if (str_contains(folded, word))
			return true;
	for (size_t i = 0; i < n->count; i++)
		if (org_is_one(ORG_HIDING, n->words[i]))
			return true;
	return false;
}

static bool
all_han(struct str s)
{
	bool any = false;
	while (s.len > 0) {
		uint32_t c = letters_next(&s);
		if (c < 0x3400 || c > 0x9fff)
			return false;
		any = true;
	}
	return any;
}

/* "山田 太郎", "佐藤花子様"; only with a family name that is known, and nothing an organisation would be called. */
static bool
is_person_japanese(const struct org_name *n)
{
	struct str s = n->core;
	if (str_ends(s, STR("様")) || str_ends(s, STR("氏")))
		return org_starts(ORG_SURNAME_JA, s) > 0;
	size_t surname = org_starts(ORG_SURNAME_JA, s);
	if (surname == 0 || surname == s.len)
		return surname > 0;
	struct str given = str_skip(s, surname);
	if (org_points(given) > 4 || org_ends(ORG_TAIL_JA, given) > 0 || org_ends(ORG_GENERIC_JA, given) > 0 ||
	    org_ends(ORG_UNIT_JA, given) > 0)
		return false;
	if (n->count == 2 && n->words[0].len == surname)
		return true;
	/* Without a blank only what given names end with. */
	static const char *const endings[] = { "子", "郎", "美", "男", "夫", "雄", "介", "輔", "樹", "也", "哉", "恵",
					       "香", "奈", "江", "代", "人", "平", "助", "之", "治", "志", "司", "彦",
					       "義", "明", "一", "二", "三", "太", "吾", "希", "花", "菜", "衣", "織",
					       "緒", "実", "弘", "浩", "博", "隆", "誠", "健", "勇", "翔", "蓮", "悠" };
	if (!all_han(given) || org_points(given) > 3)
		return false;
	for (size_t i = 0; i < COUNT(endings); i++)
		if (str_ends(given, str_of(endings[i])))
			return true;
	return false;
}

/* "Taro Yamada", "YAMADA, Taro", "Mr. J. Smith". */
static bool
is_person_latin(const struct org_name *n)
{
	if (n->count < 2 || n->count > 4)
		return false;
	for (size_t i = 0; i < n->count; i++)
		if (org_is_one(ORG_GENERIC, n->words[i]) || is_number(n->words[i]))
			return false;
	if (org_is_one(ORG_TITLE, n->words[0]))
		return true;
	return n->count <= 3 &&
	       (org_is_one(ORG_GIVEN_NAME, n->words[0]) || org_is_one(ORG_GIVEN_NAME, n->words[n->count - 1]));
}

static bool
is_usable(struct str folded, const struct org_name *n)
{
	bool japanese = org_is_japanese(n->core);
	/* One kanji is a name where a form says so: 医療法人 誠. */
	size_t least = japanese && n->form.len > 0 ? 1 : 2;
	if (org_points(n->core) < least || is_number(n->core) || is_hiding(folded, n) || is_generic(n))
		return false;
	return n->form.len > 0 || !(japanese ? is_person_japanese(n) : is_person_latin(n));
}

void
org_name_read(struct arena *a, struct str told, struct org_name *out)
{
	*out = (struct org_name){ .told = arena_line(a, str_trim(told), ORG_NAME_MAX) };
	struct str folded = org_fold(a, out->told), s = without_forms(folded, out);
	/* "Example (Japan) Ltd." has its form behind the bracket, "Example Ltd. (Japan)" before it. */
	s = without_forms(without_brackets(a, s), out);
	cut_words(a, s, out);
	out->usable = is_usable(folded, out);
}
