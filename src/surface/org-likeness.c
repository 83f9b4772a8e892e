#include "surface/org-internal.h"

#include "surface/letters.h"

/* How sure each way of being the same is; what only resembles stays below ORG_SAME. */
#define WRITTEN_OTHERWISE 0.97 /* blanks, small kana */
#define SAME_WORDS 0.92 /* in another order */
#define READING 0.9 /* kana, and the Latin letters for it */
#define UNIT 0.92 /* a department or branch of the other, or both of one */
#define OTHER_FORM 0.7 /* the same core, and forms that no organisation has both of */
#define RESEMBLES 0.8 /* at most */

static uint32_t
large_kana(uint32_t c)
{
	switch (c) {
	case 0x30a1: /* ァィゥェォ */
	case 0x30a3:
	case 0x30a5:
	case 0x30a7:
	case 0x30a9:
	case 0x30c3: /* ッ */
	case 0x30e3: /* ャュョ */
	case 0x30e5:
	case 0x30e7:
	case 0x30ee: /* ヮ */
		return c + 1;
	default:
		return c;
	}
}

static struct str
without_blanks(struct str s)
{
	while (s.len > 0 && s.ptr[0] == ' ')
		s = str_skip(s, 1);
	return s;
}

/* Equal but for blanks and the size of kana: キヤノン, キャノン. */
static bool
written_alike(struct str a, struct str b)
{
	for (;;) {
		a = without_blanks(a);
		b = without_blanks(b);
		if (a.len == 0 || b.len == 0)
			return a.len == b.len;
		if (large_kana(letters_next(&a)) != large_kana(letters_next(&b)))
			return false;
	}
}

/* ---- kana and Latin letters ---- */

/* From U+30A1 (ァ) to U+30F4 (ヴ). Small letters change what is before them. */
static const char kana[][4] = {
	"a",  "a",   "i",  "i",  "u",  "u",   "e",  "e",  "o",  "o",  "ka", "ga", "ki", "gi", "ku", "gu",  "ke",
	"ge", "ko",  "go", "sa", "za", "shi", "ji", "su", "zu", "se", "ze", "so", "zo", "ta", "da", "chi", "ji",
	"",   "tsu", "zu", "te", "de", "to",  "do", "na", "ni", "nu", "ne", "no", "ha", "ba", "pa", "hi",  "bi",
	"pi", "fu",  "bu", "pu", "he", "be",  "pe", "ho", "bo", "po", "ma", "mi", "mu", "me", "mo", "ya",  "ya",
	"yu", "yu",  "yo", "yo", "ra", "ri",  "ru", "re", "ro", "wa", "wa", "i",  "e",  "o",  "n",  "vu",
};
_Static_assert(COUNT(kana) == 0x30f4 - 0x30a1 + 1, "one entry for each letter");

struct reading {
	char text[ORG_NAME_MAX];
	size_t n;
	bool twice; /* the next consonant: behind ッ */
};

static bool
is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* Adds a letter as all ways of romanising agree on: long vowels are short, "shimbun" is "shinbun", "matcha" is "maccha". */
static void
reading_add(struct reading *r, char c)
{
	char last = r->n > 0 ? r->text[r->n - 1] : 0;
	if ((c == last && is_vowel(c)) || (last == 'o' && (c == 'u' || c == 'h')))
		return;
	if (last == 'm' && (c == 'b' || c == 'p' || c == 'm'))
		r->text[r->n - 1] = 'n';
	if (c == 'c' && last == 't')
		r->text[r->n - 1] = 'c';
	if (r->n < sizeof(r->text))
		r->text[r->n++] = c;
}

static void
reading_add_text(struct reading *r, const char *text)
{
	if (r->twice && text[0] && !is_vowel(text[0]))
		reading_add(r, text[0]);
	r->twice = false;
	for (; *text; text++)
		reading_add(r, *text);
}

/* キャ is "kya", シャ "sha", ファ "fa": the vowel before a small letter goes. */
static void
reading_add_small(struct reading *r, uint32_t c)
{
	const char *text = kana[c - 0x30a1];
	if (r->n > 0 && is_vowel(r->text[r->n - 1]))
		r->n--;
	char last = r->n > 0 ? r->text[r->n - 1] : 0;
	bool soft = last == 'h' || last == 'j';
	reading_add_text(r, text[0] == 'y' && soft ? text + 1 : text);
}

/* False: not kana alone. */
static bool
reading_of_kana(struct str s, struct reading *r)
{
	r->n = 0;
	r->twice = false;
	while (s.len > 0) {
		uint32_t c = letters_next(&s);
		bool small = c >= 0x30a1 && c <= 0x30f4 && large_kana(c) != c;
		if (c == 0x30c3)
			r->twice = true;
		else if (small)
			reading_add_small(r, c);
		else if (c >= 0x30a1 && c <= 0x30f4)
			reading_add_text(r, kana[c - 0x30a1]);
		else if (c != 0x30fc && c != ' ')
			return false;
	}
	return r->n > 0;
}

static bool
reading_of_latin(struct str s, struct reading *r)
{
	r->n = 0;
	r->twice = false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == ' ')
			continue;
		if (s.ptr[i] < 'a' || s.ptr[i] > 'z')
			return false;
		reading_add(r, s.ptr[i]);
	}
	return r->n > 0;
}

static bool
read_alike(struct str japanese, struct str latin)
{
	struct reading a, b;
	return reading_of_kana(japanese, &a) && reading_of_latin(latin, &b) && a.n >= 4 &&
	       str_eq(str_sub(a.text, a.n), str_sub(b.text, b.n));
}

/* ---- Japanese: units ---- */

static bool
starts_with_one_of(struct str s, const char *characters)
{
	struct str list = str_of(characters);
	if (s.len == 0)
		return false;
	uint32_t first = letters_next(&s);
	while (list.len > 0)
		if (letters_next(&list) == first)
			return true;
	return false;
}

/* "○○大学", "○○会": behind it a hospital or a faculty is a part of it. Not where the word goes on: 会社, 会館, 大学校. */
static bool
is_institution(struct str owner, struct str rest)
{
	size_t n = org_ends(ORG_INSTITUTION_JA, owner);
	return n > 0 && n < owner.len && !str_ends(owner, STR("社会")) && !str_ends(owner, STR("会社")) &&
	       !starts_with_one_of(rest, "会社館計議員津場長合校");
}

/* Whether nothing but places and words that anybody has is in it. */
static bool
only_modifies(struct str s)
{
	while (s.len > 0) {
		size_t place = org_starts(ORG_PLACE_JA, s), word = org_starts(ORG_GENERIC_JA, s);
		size_t n = place > word ? place : word;
		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

/* Whether rest, which stands behind owner, is a department, branch or house of it. apart: a blank or a legal form is between
 * the two. */
static bool
is_unit(struct str owner, struct str rest, bool apart)
{
	enum { LONGEST = 24, FRONT_LONG = 16, FRONT_SHORT = 8 };
	struct org_form form;
	if (org_form_at(rest, ORG_AT_START, &form) && form.form.len > 0) {
		rest = str_skip(rest, form.text.len);
		apart = true;
	}
	if (rest.len == 0 || org_points(rest) > LONGEST || org_ends(ORG_UNIT_NOT_JA, rest) > 0)
		return false;
	bool institution = is_institution(owner, rest);
	if (institution && org_ends(ORG_UNIT_OF_INSTITUTION_JA, rest) > 0)
		return true;
	if (str_ends(owner, STR("市")) || str_ends(owner, STR("県")) || str_ends(owner, STR("区")) ||
	    str_ends(owner, STR("町")) || str_ends(owner, STR("村")) || str_ends(owner, STR("都")) ||
	    str_ends(owner, STR("府")) || str_ends(owner, STR("道")))
		return org_ends(ORG_UNIT_OF_TOWN_JA, rest) > 0;
	size_t n = org_ends(ORG_UNIT_JA, rest);
	struct str front = str_head(rest, rest.len - n);
	if (n == 0)
		return false;
	if (apart)
		return org_points(front) <= FRONT_LONG;
	if (institution || org_ends(ORG_TAIL_JA, owner) > 0)
		return org_points(front) <= FRONT_SHORT;
	return only_modifies(front);
}

static bool
ends_word(const struct org_name *n, size_t at)
{
	size_t sum = 0;
	for (size_t i = 0; i < n->count && sum < at; i++) {
		sum += n->words[i].len;
		if (sum == at)
			return true;
	}
	return false;
}

static bool
is_unit_at(const struct org_name *n, size_t at)
{
	return is_unit(str_head(n->core, at), str_skip(n->core, at), ends_word(n, at));
}

/* Of what may own units: a name by itself, not "東京" or "病院". */
static bool
may_own(struct str owner)
{
	return org_points(owner) >= 2 && !org_is_one(ORG_PLACE_JA, owner) && !org_generic_japanese(owner);
}

/* ○○学校法人's ○○大学, ○○高等学校. */
static bool
is_school_of(const struct org_name *owner, const struct org_name *n)
{
	struct str rest = str_skip(n->core, owner->core.len);
	return org_form_class(owner->form) == ORG_SCHOOL &&
	       (org_is_one(ORG_SCHOOL_JA, rest) ||
		(str_starts(rest, STR("付属")) && org_ends(ORG_SCHOOL_JA, rest) > 0));
}

static size_t
common_start(struct str a, struct str b)
{
	size_t n = 0, least = a.len < b.len ? a.len : b.len;
	while (n < least && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

static bool
starts_character(struct str s, size_t at)
{
	return at == s.len || ((unsigned char)s.ptr[at] & 0xc0) != 0x80;
}

static bool
units_japanese(const struct org_name *a, const struct org_name *b)
{
	size_t same = common_start(a->core, b->core);
	const struct org_name *small = a->core.len < b->core.len ? a : b, *large = small == a ? b : a;
	if (same == small->core.len)
		if ((may_own(small->core) && is_unit_at(large, same)) || is_school_of(small, large))
			return true;
	/* Two units of one that is not told by itself. */
	for (size_t at = same < small->core.len ? same : same - 1; at > 1; at--)
		if (starts_character(small->core, at) && may_own(str_head(small->core, at)) && is_unit_at(a, at) &&
		    is_unit_at(b, at))
			return true;
	return false;
}

/* ---- spaced scripts: units ---- */

static bool
is_stop_word(struct str w)
{
	return str_eq(w, STR("of")) || str_eq(w, STR("the")) || str_eq(w, STR("and")) || str_eq(w, STR("for")) ||
	       str_eq(w, STR("de")) || str_eq(w, STR("la"));
}

static bool
is_distinctive(struct str w)
{
	return !is_stop_word(w) && !org_is_one(ORG_GENERIC, w) && !org_is_one(ORG_PLACE, w);
}

/* How many words from at on are a legal form: "Example Corp Japan Branch". */
static size_t
form_words(const struct org_name *n, size_t at)
{
	enum { LONGEST = 4, TEXT_MAX = 64 };
	size_t found = 0, len = 0;
	char text[TEXT_MAX];
	struct org_form form;
	for (size_t i = at; i < n->count && i - at < LONGEST; i++) {
		struct str w = n->words[i];
		if (len + w.len + 1 > sizeof(text))
			break;
		if (len > 0)
			text[len++] = ' ';
		memcpy(text + len, w.ptr, w.len);
		len += w.len;
		if (org_form_at(str_sub(text, len), ORG_AT_END, &form) && form.text.len == len)
			found = i - at + 1;
	}
	return found;
}

static bool
all_modify(const struct org_name *n, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (!org_is_one(ORG_MODIFIES, n->words[i]) && !org_is_one(ORG_PLACE, n->words[i]))
			return false;
	return true;
}

/* "… University Hospital", "… University School of Medicine". */
static bool
is_unit_of_university(const struct org_name *n, size_t at)
{
	bool university = false, unit = false;
	for (size_t i = 0; i < at; i++)
		university |= str_eq(n->words[i], STR("university"));
	for (size_t i = at; i < n->count && university; i++) {
		struct str w = n->words[i];
		bool known = org_is_one(ORG_UNIT_OF_UNIVERSITY, w);
		unit |= known;
		if (!known && !str_eq(w, STR("medicine")) && !str_eq(w, STR("center")) && !str_eq(w, STR("system")) &&
		    !org_is_one(ORG_MODIFIES, w) && !org_is_one(ORG_PLACE, w))
			return false;
	}
	return unit;
}

static bool
is_unit_from(const struct org_name *n, size_t at)
{
	enum { APART_WORDS = 4 };
	bool distinctive = false;
	for (size_t i = 0; i < at; i++)
		distinctive |= is_distinctive(n->words[i]);
	if (at < n->count && (distinctive || at >= 2) && is_unit_of_university(n, at))
		return true;
	size_t form = distinctive ? form_words(n, at) : 0, from = at + form;
	if (!distinctive || from >= n->count)
		return false;
	if (org_is_one(ORG_UNIT_STARTS, n->words[from]))
		return true;
	if (!org_is_one(ORG_UNIT_ENDS, n->words[n->count - 1]))
		return false;
	return (form > 0 && n->count - from <= APART_WORDS) || all_modify(n, from, n->count - 1);
}

static bool
units_latin(const struct org_name *a, const struct org_name *b)
{
	size_t same = 0, least = a->count < b->count ? a->count : b->count;
	while (same < least && str_eq(a->words[same], b->words[same]))
		same++;
	if (same == least && a->count != b->count)
		if (is_unit_from(a->count > b->count ? a : b, same))
			return true;
	for (size_t at = same; at > 0; at--)
		if (at < least && is_unit_from(a, at) && is_unit_from(b, at))
			return true;
	return false;
}

/* ---- spaced scripts: words ---- */

static size_t
occurrences(const struct org_name *n, struct str w)
{
	size_t found = 0;
	for (size_t i = 0; i < n->count; i++)
		found += str_eq(n->words[i], w);
	return found;
}

/* At least three words: "Tokyo University" may be "University of Tokyo", but Miami University is not the University of Miami. */
static bool
same_words(const struct org_name *a, const struct org_name *b)
{
	size_t counted[2] = { 0 };
	const struct org_name *names[2] = { a, b };
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < names[side]->count; i++) {
			struct str w = names[side]->words[i];
			if (is_stop_word(w))
				continue;
			counted[side]++;
			if (occurrences(a, w) != occurrences(b, w))
				return false;
		}
	return counted[0] == counted[1] && counted[0] >= 3;
}

/* Dice's coefficient of the words; of those only that are somebody's own, where both have some. */
static double
shared_words(const struct org_name *a, const struct org_name *b)
{
	size_t own[2] = { 0 }, all[2] = { 0 }, shared_own = 0, shared = 0;
	for (size_t i = 0; i < a->count; i++) {
		/* A word that is there twice is shared twice only where the other has it twice. */
		size_t nth = 0;
		for (size_t j = 0; j <= i; j++)
			nth += str_eq(a->words[j], a->words[i]);
		bool there = occurrences(b, a->words[i]) >= nth, distinctive = is_distinctive(a->words[i]);
		all[0]++;
		own[0] += distinctive;
		shared += there;
		shared_own += there && distinctive;
	}
	for (size_t i = 0; i < b->count; i++) {
		all[1]++;
		own[1] += is_distinctive(b->words[i]);
	}
	if (own[0] > 0 && own[1] > 0)
		return 2.0 * (double)shared_own / (double)(own[0] + own[1]);
	return all[0] + all[1] > 0 ? 2.0 * (double)shared / (double)(all[0] + all[1]) : 0;
}

/* Dice's coefficient of neighbouring characters. */
static double
shared_pairs(struct str a, struct str b)
{
	enum { POINTS = ORG_NAME_MAX };
	uint32_t x[POINTS], y[POINTS];
	size_t n = 0, m = 0, shared = 0;
	bool used[POINTS] = { false };
	while (a.len > 0 && n < POINTS)
		x[n++] = letters_next(&a);
	while (b.len > 0 && m < POINTS)
		y[m++] = letters_next(&b);
	if (n < 2 || m < 2)
		return 0;
	for (size_t i = 0; i + 1 < n; i++)
		for (size_t j = 0; j + 1 < m; j++)
			if (!used[j] && x[i] == y[j] && x[i + 1] == y[j + 1]) {
				used[j] = true;
				shared++;
				break;
			}
	return 2.0 * (double)shared / (double)(n + m - 2);
}

/* ---- the whole ---- */

/* A company of the one form is another legal person than one of the other, most often in another country. */
static bool
is_llc(const struct org_name *n)
{
	return str_eq(n->form, STR("llc")) || str_eq(n->form, STR("合同会社"));
}

static bool
is_stock(const struct org_name *n)
{
	return str_eq(n->form, STR("ltd")) || str_eq(n->form, STR("株式会社"));
}

static bool
forms_contradict(const struct org_name *a, const struct org_name *b)
{
	enum org_class x = org_form_class(a->form), y = org_form_class(b->form);
	return (x != ORG_ANY && y != ORG_ANY && x != y) || (is_llc(a) && is_stock(b)) || (is_llc(b) && is_stock(a));
}

/* "Sakurakai Medical Corporation" and "Medical Corporation Sakurakai". */
static bool
medical_corporation(const struct org_name *a, const struct org_name *b)
{
	static const char behind[] = " medical";
	return org_form_class(a->form) == ORG_MEDICAL && str_eq(b->form, STR("inc")) &&
	       b->core.len == a->core.len + sizeof(behind) - 1 && str_starts(b->core, a->core) &&
	       str_ends(b->core, STR(" medical"));
}

double
org_name_likeness(const struct org_name *a, const struct org_name *b)
{
	if (a->core.len == 0 || b->core.len == 0)
		return 0;
	if (str_eq(a->core, b->core))
		return forms_contradict(a, b) ? OTHER_FORM : 1;
	if (written_alike(a->core, b->core))
		return forms_contradict(a, b) ? OTHER_FORM : WRITTEN_OTHERWISE;
	bool x = org_is_japanese(a->core), y = org_is_japanese(b->core);
	if (x != y)
		return read_alike(x ? a->core : b->core, x ? b->core : a->core) ? READING : 0;
	if (x)
		return units_japanese(a, b) ? UNIT : RESEMBLES * shared_pairs(a->core, b->core);
	if (units_latin(a, b) || medical_corporation(a, b) || medical_corporation(b, a))
		return UNIT;
	return same_words(a, b) ? SAME_WORDS : RESEMBLES * shared_words(a, b);
}
