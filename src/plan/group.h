/* Pending packages grouped into patches, the same for every manager (private to the room). */
#ifndef MAMORI_PLAN_GROUP_H
#define MAMORI_PLAN_GROUP_H

#include "plan/pkgmgr.h"

/* One pending package. */
struct update {
	struct str name, arch, from, to;
	struct str source, source_version;
	struct str origins; /* "a, b" */
	bool security;
	uint64_t size;
	struct str kept_back; /* why the manager would not take it; empty: it would */
};
struct update_list {
	ARRAY_OF(struct update) items;
};

/* Fills out->patches, sorted by id; scheme: "deb", "rpm", "apk". */
void updates_group(const char *scheme, const struct update_list *updates, struct arena *a, struct patch_list *out);

#endif
