/* Regular expressions of rules (PCRE2, bytes): compiled when first needed, bounded in time, read only for all threads. */
#ifndef MAMORI_EXPOSURE_ENRICH_REGEX_H
#define MAMORI_EXPOSURE_ENRICH_REGEX_H

#include "base/arena.h"

enum { REGEX_GROUPS = 32, REGEX_PATTERN_MAX = 8192 };

struct regex;
/* Checked and kept; ruby: in Ruby's dialect (^ and $ are lines' ends, \h a hexadecimal digit, (?m) what is (?s) here). */
enum { REGEX_ICASE = 1, REGEX_DOTALL = 2, REGEX_RUBY = 4 };
bool regex_new(struct str pattern, unsigned flags, struct regex **out, struct err *e) MUST_CHECK;
void regex_free(struct regex *r);
/* groups (when it matches): views of the text, [0] the whole; NULL ptr where a group took no part. Too costly counts as
 * no match. */
bool regex_match(struct regex *r, struct str text, struct str groups[REGEX_GROUPS]);
/* Literals of which one is in every text that matches (views of out's arena); 0: nothing can be said. */
typedef ARRAY_OF(struct str) regex_literals;
size_t regex_required(struct str pattern, struct arena *a, regex_literals *out);

#endif
