/* Names of organisations as people and registries write them, compared properly: Japanese forms (株式会社 (株) ㈱, 医療法人,
 * 社会医療法人, 学校法人, 独立行政法人, 公益財団法人 …) and those of other languages (Inc., GmbH, S.A., Pte. Ltd. …), width and kana
 * folded, old and new kanji, abbreviations, order. */
#ifndef MAMORI_SURFACE_ORG_NAME_H
#define MAMORI_SURFACE_ORG_NAME_H

#include "base/arena.h"

enum { ORG_NAME_MAX = 400, ORG_WORDS_MAX = 24 };

struct org_name {
	struct str told; /* as it was */
	struct str core; /* folded, without its form and what stands in brackets; equal cores, equal names */
	struct str form; /* "株式会社", "gmbh"; empty */
	struct str words[ORG_WORDS_MAX]; /* of the core, as blanks part them; abbreviations written out */
	size_t count;
	bool usable; /* false: a hiding service, "Private Registration", a person, a word that anybody has (病院, hospital),
	              * or nothing but a form: proves nothing */
};

void org_name_read(struct arena *a, struct str told, struct org_name *out);
/* 0 to 1. 1: the same core, unless the two forms cannot be one organisation's (株式会社さくら and 医療法人さくら: 0.7; "Inc."
 * and no form go with every other). At least ORG_SAME: the same organisation for the rules. A department or branch behind the same
 * core ("○○病院 情報システム課", "Example Corp Japan Branch") is at least ORG_SAME, another organisation that only shares
 * words ("東京中央病院" and "大阪中央病院", "Example Medical" and "Example Foods") is below. */
double org_name_likeness(const struct org_name *a, const struct org_name *b);
#define ORG_SAME 0.85

#endif
