/* Many patterns in one pass: which literals occur in a text, ASCII case ignored. Four bytes of each literal go through a
 * bitmap that fits the first cache; what passes is compared. */
#ifndef MAMORI_EXPOSURE_ENRICH_FILTER_H
#define MAMORI_EXPOSURE_ENRICH_FILTER_H

#include "base/arena.h"

enum { LITERAL_MIN = 4, LITERAL_MAX = 64 };

struct filter;
struct filter *filter_new(void);
/* number: what the visitor gets. The literal (LITERAL_MIN bytes at least, else false) is copied. */
bool filter_add(struct filter *f, struct str literal, uint32_t number);
void filter_free(struct filter *f);
/* at: where in the text it begins. */
typedef void filter_visit_fn(void *user, uint32_t number, size_t at);
void filter_scan(const struct filter *f, struct str text, filter_visit_fn *visit, void *user);

#endif
