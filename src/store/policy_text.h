/* Policies as people wrote them: every version with author and date; one version of each name is in force. And the
 * lists of days that they name. */
#ifndef MAMORI_STORE_POLICY_TEXT_H
#define MAMORI_STORE_POLICY_TEXT_H

#include "store/store.h"

struct policy_version {
	struct str name;
	int64_t version; /* from 1, for each name */
	struct str what; /* put, revert, delete */
	struct str yaml, json; /* as written, and as hosts get it */
	struct str by, note;
	int64_t at;
	bool in_force; /* read only */
};

/* Appends a version and puts it in force ("delete": out of force); version is set here. */
bool policy_text_add(struct store *st, struct policy_version *t, struct err *e) MUST_CHECK;
/* version 0: the one in force. ERR_NOT_FOUND. */
bool policy_text_get(struct store *st, struct arena *a, struct str name, int64_t version, struct policy_version *out,
		     struct err *e) MUST_CHECK;
/* Those in force, by name. */
bool policy_text_all(struct store *st, struct arena *a, struct policy_version **out, size_t *count,
		     struct err *e) MUST_CHECK;
/* All versions of one name, newest first. */
bool policy_text_versions(struct store *st, struct arena *a, struct str name, struct page *p,
			  struct policy_version **out, size_t *count, struct err *e) MUST_CHECK;

/* Is or was there one of this name? */
bool policy_text_known(struct store *st, struct str name, bool *known, struct err *e) MUST_CHECK;

struct day_list_text {
	struct str name, days, by; /* days: CSV as given */
	int64_t at;
};
bool day_list_put(struct store *st, const struct day_list_text *t, struct err *e) MUST_CHECK;
bool day_list_delete(struct store *st, struct str name, struct err *e) MUST_CHECK;
bool day_list_all(struct store *st, struct arena *a, struct day_list_text **out, size_t *count,
		  struct err *e) MUST_CHECK;

#endif
