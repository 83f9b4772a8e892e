/* rpm's repositories as a bundle needs them: what repomd.xml lists, and what primary.xml offers. */
#ifndef MAMORI_PATCH_BUNDLE_RPM_H
#define MAMORI_PATCH_BUNDLE_RPM_H

#include "patch/bundle-need.h"

enum { RPM_LISTS_MAX = 200 };

struct rpm_list {
	struct str type, path; /* "primary", "repodata/…-primary.xml.gz": below the repository */
	uint64_t size;
	char sha256[SHA256_HEX_LEN];
};
struct rpm_lists {
	ARRAY_OF(struct rpm_list) items;
};
/* The text of a repomd.xml whose signature has been checked: the lists that dnf reads. Not among them: those for databases
 * of old programs, and `other` (changelogs). ERR_INPUT: it names no primary. */
bool rpm_lists_parse(struct arena *a, struct str text, struct rpm_lists *out, struct err *e) MUST_CHECK;
const struct rpm_list *rpm_lists_primary(const struct rpm_lists *l);

/* Adds what a primary.xml (plain, gzip, zstd, …) offers. Memory and length are capped. */
bool rpm_primary_read(const char *path, uint32_t repo, struct arena *a, struct need_universe *u,
		      struct err *e) MUST_CHECK;
/* One line of what a package requires, as groups of need_form_rpm, each with its end. Of rich dependencies those without
 * another one inside are understood; others add nothing. */
void rpm_requires_add(struct str line, struct buf *groups);
extern const struct need_form need_form_rpm;

#endif
