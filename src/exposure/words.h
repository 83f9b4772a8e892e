/* Inside the room: text to the units that full text search knows. A unit is a word (letters and digits, lower case, full-
 * and half-width forms made alike) or one character of a script written without blanks (Japanese, Chinese, Thai). */
#ifndef MAMORI_EXPOSURE_WORDS_H
#define MAMORI_EXPOSURE_WORDS_H

#include "base/str.h"

enum {
	WORD_MAX = 64, /* bytes; a longer word is known by its first 64 */
	GRAM_MAX = 3, /* characters of unspaced script that are looked up together */
};

struct words {
	const unsigned char *p, *end;
	/* the unit */
	bool cjk; /* one character of an unspaced script */
	bool joined; /* it follows the unit before without a gap, and both are cjk */
	bool cut; /* the word was longer than WORD_MAX */
	unsigned len;
	char text[WORD_MAX + 8];
};

void words_begin(struct words *w, struct str text);
bool words_next(struct words *w);

/* The terms under which a text is found: words, and of unspaced script every run of one to three characters. */
struct grams {
	struct words words;
	unsigned char start[GRAM_MAX]; /* in run */
	unsigned char run_len, held; /* characters in run */
	char run[GRAM_MAX * 4];
	unsigned give; /* how many characters the next term has; 0: take the next unit */
	struct str term;
};
void grams_begin(struct grams *g, struct str text);
bool grams_next(struct grams *g);

/* A short word of ASCII in lower case, zeros behind it. */
enum { ASCII_WORD_MAX = 11, ASCII_WORDS = 32 };
struct ascii_word {
	uint64_t low, high;
	unsigned len;
};
/* The next terms that are such words and told quickly, at most ASCII_WORDS; 0: grams_next() gives the next term. */
size_t grams_ascii(struct grams *g, struct ascii_word *out);

/* Is `phrase` said by text: its units behind each other? With prefix the last unit may be the start of a longer word. */
bool words_contain(struct str text, struct str phrase, bool prefix);

#endif
