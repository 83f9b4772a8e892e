/* Debian's archives as a bundle needs them: what a Release lists, and what Packages files offer. */
#ifndef MAMORI_PATCH_BUNDLE_DEB_H
#define MAMORI_PATCH_BUNDLE_DEB_H

#include "patch/bundle-need.h"

enum { DEB_RELEASE_FILES_MAX = 200000 };

struct deb_file {
	struct str path; /* below the suite: "main/binary-amd64/Packages.xz" */
	uint64_t size;
	char sha256[SHA256_HEX_LEN];
};

struct deb_release {
	bool by_hash; /* Acquire-By-Hash */
	bool not_automatic, but_automatic; /* backports: not taken by itself, but upgraded once installed from there */
	ARRAY_OF(struct deb_file) files; /* of its SHA256 list, sorted by path */
};
/* The text of a Release whose signature has been checked. */
bool deb_release_parse(struct arena *a, struct str text, struct deb_release *out, struct err *e) MUST_CHECK;
const struct deb_file *deb_release_find(const struct deb_release *r, struct str path); /* or NULL */

/* Adds what a Packages file (plain, gzip, xz, …) offers. Memory and length are capped. */
struct deb_origin {
	uint32_t repo;
	bool optional;
};
bool deb_packages_read(const char *path, const struct deb_origin *from, struct arena *a, struct need_universe *u,
		       struct err *e) MUST_CHECK;
extern const struct need_form need_form_deb;

#endif
