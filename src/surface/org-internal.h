/* Within org-*.c: folding of characters, and the tables of words. All tables are in folded form (a test proves it). */
#ifndef MAMORI_SURFACE_ORG_INTERNAL_H
#define MAMORI_SURFACE_ORG_INTERNAL_H

#include "surface/org-name.h"

enum { ORG_POINTS_MAX = ORG_NAME_MAX * 2, ORG_FOLDED_MAX = ORG_POINTS_MAX * 4 };

/* One width and case, hiragana as katakana, new kanji, letters without marks, ㈱ as (株), punctuation as blanks, every bracket
 * as ( or ), dots within "S.A." left out; one blank between words. At most ORG_FOLDED_MAX bytes. */
struct str org_fold(struct arena *a, struct str told);

/* What cannot be of one organisation at the same time: a company is no school. ORG_ANY: says nothing ("Inc." may be both). */
enum org_class {
	ORG_ANY,
	ORG_COMPANY,
	ORG_MEDICAL,
	ORG_SCHOOL,
	ORG_PUBLIC,
	ORG_ASSOCIATION,
	ORG_WELFARE,
	ORG_NPO,
	ORG_RELIGIOUS,
	ORG_COOPERATIVE,
};

struct org_form {
	struct str text; /* folded, as it is found */
	struct str form; /* what it is called; empty: an article or the like, which says nothing */
	enum org_class class;
};
#define ORG_AT_START 1u
#define ORG_AT_END 2u
#define ORG_BLANKS 4u /* its own word or words; else it may touch the name */
#define ORG_AFTER 8u /* only behind another form at the start: 社団, 恩賜財団 */

/* The longest form at the start or the end of s (where: one of them, and ORG_AFTER where a form stands before s); false:
 * none. */
bool org_form_at(struct str s, unsigned where, struct org_form *out);
enum org_class org_form_class(struct str form);

enum org_list {
	ORG_GENERIC, /* words of spaced scripts that anybody has */
	ORG_GENERIC_JA, /* parts of Japanese names that anybody has */
	ORG_PLACE,
	ORG_PLACE_JA,
	ORG_HIDING, /* words that stand where an owner should be */
	ORG_HIDING_JA, /* the same, anywhere in a name */
	ORG_NOBODY, /* whole beginnings: defaults of software, registries */
	ORG_UNIT_ENDS, /* a department or branch ends so */
	ORG_UNIT_STARTS, /* or starts so */
	ORG_UNIT_OF_UNIVERSITY, /* what a university has */
	ORG_MODIFIES, /* what stands before the word of a unit */
	ORG_UNIT_JA, /* a department or branch ends so */
	ORG_UNIT_NOT_JA, /* and no department these, which end likewise */
	ORG_UNIT_OF_INSTITUTION_JA, /* what universities, corporations and societies have */
	ORG_UNIT_OF_TOWN_JA,
	ORG_SCHOOL_JA, /* what a school corporation has */
	ORG_INSTITUTION_JA, /* how such an institution ends */
	ORG_TAIL_JA, /* how names of companies and institutions end */
	ORG_TITLE, /* of persons */
	ORG_GIVEN_NAME,
	ORG_SURNAME_JA,
	ORG_LISTS,
};
/* The words of a list: struct str rest = STR_NONE; while (org_next(list, &rest, &word)) … */
bool org_next(enum org_list list, struct str *rest, struct str *word);
bool org_is_one(enum org_list list, struct str word);
/* The longest of the list that s starts or ends with; 0: none. */
size_t org_starts(enum org_list list, struct str s);
size_t org_ends(enum org_list list, struct str s);
/* The word that an abbreviation stands for ("univ" → "university"), else itself. */
struct str org_unabbreviated(struct str word);
/* Whether nothing but parts that anybody has is in it: 市民病院, 情報システム部. */
bool org_generic_japanese(struct str s);
/* All texts of forms, for the test of the tables: size_t row = 0; struct str rest = STR_NONE. */
bool org_next_form(size_t *row, struct str *rest, struct str *text);

/* Whether a letter of Han or kana is in it: then blanks mean little. */
bool org_is_japanese(struct str s);
size_t org_points(struct str s);

#endif
