/* Inside the room: the words in which publishers tell versions (range-text.h), one after the other. */
#ifndef MAMORI_VULN_RANGE_TOKEN_H
#define MAMORI_VULN_RANGE_TOKEN_H

#include "base/str.h"

enum token_kind {
	TOKEN_END,
	TOKEN_VERSION,
	TOKEN_BRANCH, /* "10.5.x": text is "10.5" */
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_MORE,
	TOKEN_EQUAL,
	TOKEN_COMMA, /* and "or", "and", "|" */
	TOKEN_COLON,
	TOKEN_DASH,
	TOKEN_ALL,
	TOKEN_BEFORE, /* the version is not in it: before, prior to */
	TOKEN_UNTIL, /* the version is in it: through, up to */
	TOKEN_FROM,
	TOKEN_EARLIER, /* behind a version: and earlier */
	TOKEN_LATER,
	TOKEN_FILLER, /* says nothing */
	TOKEN_OTHER
};

struct token {
	enum token_kind kind;
	struct str text;
};

/* One word ahead. */
struct tokens {
	struct str rest;
	bool plus; /* the last word ended with it: "4.2+" */
	struct token now, next;
};

/* The text must live as long as the tokens, which are views of it. */
struct tokens tokens_start(struct str text);
void tokens_advance(struct tokens *t);

bool token_is_version(struct token t); /* or a branch */
/* A product's name, or a piece of it; not what turns the sense around, nor what says that a number is something else
 * than a version. */
bool token_is_name(struct token t);
/* False where something else than a name is in front. */
bool tokens_skip_name(struct tokens *t);

/* "10.5.x.x", "15.xx.xxxx", "12.8*", "9.*": the branch before the wildcards; NULL: there are none. */
struct str version_branch(struct str word);
bool text_has_digit(struct str text);

#endif
