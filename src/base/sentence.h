/* Sentences that were written down in English, by this program or by an agent, told in the reader's language:
 * looked up in the same catalogue by what they say, with their names and numbers carried over. */
#ifndef MAMORI_BASE_SENTENCE_H
#define MAMORI_BASE_SENTENCE_H

#include "base/arena.h"
#include "base/tr.h"

/* The sentence in the current language. What the catalogue does not know (somebody else's words, a sentence of a
 * newer program) stays as it is, also as a part of a sentence that is known. The bytes may be a stranger's. */
struct str tr_sentence(struct arena *a, struct str english);

/* Sets this thread's language and gives the one before. */
enum lang lang_swap(enum lang lang);
void lang_restore(const enum lang *before);
/* What is stored or sent is English, whoever started the program: until the end of the block. */
#define LANG_ENGLISH_AUTO \
	__attribute__((cleanup(lang_restore), unused)) const enum lang lang_before = lang_swap(LANG_EN)

#endif
