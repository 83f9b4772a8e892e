/* Settings of the server: key and text. */
#ifndef MAMORI_STORE_SETTING_H
#define MAMORI_STORE_SETTING_H

#include "store/store.h"

/* STR_NONE in *value when it was never set. */
bool setting_get(struct store *st, struct arena *a, const char *key, struct str *value, struct err *e) MUST_CHECK;
/* The default when unset or not a number from low to high. */
bool setting_number(struct store *st, const char *key, int64_t low, int64_t high, int64_t otherwise, int64_t *value,
		    struct err *e) MUST_CHECK;
bool setting_put(struct store *st, const char *key, struct str value, struct err *e) MUST_CHECK;

#endif
