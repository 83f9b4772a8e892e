/* How the parts of an export share their work (private to the room): what all package managers' archives have in common
 * is in bundle-export.c, a form for each manager says the rest. To add one is to add one file and one row. */
#ifndef MAMORI_PATCH_BUNDLE_FORM_H
#define MAMORI_PATCH_BUNDLE_FORM_H

#include "patch/bundle-deb.h"
#include "patch/bundle-export.h"
#include "patch/bundle-rpm.h"

/* One place with a signed list of its own: a suite of a Debian archive, a repository of rpm's. */
struct suite {
	struct str uri, name; /* packages lie below uri */
	struct str base; /* the URL below which its signed list names files; what people are told */
	bool flat, trusted, good;
	struct bundle_signed signed_by;
	struct deb_release release;
	struct rpm_lists lists;
};

/* One list of packages: of a suite a component for one architecture; of rpm's the whole repository. */
struct repo {
	size_t suite;
	struct str component, architecture;
	bool there;
};

struct gathering {
	const struct bundle_plan *p;
	struct arena *a;
	struct bundle_report *report;
	struct bundle_list *out;
};

/* All archives of one manager. */
struct side {
	struct gathering *g;
	const struct bundle_form *form;
	ARRAY_OF(struct suite) suites;
	ARRAY_OF(struct repo) repos;
	struct need_universe universe;
};

struct bundle_form {
	const char *manager;
	const struct need_form *need;
	/* Can it be carried? *quiet: no, and there is nothing to say about it. */
	bool (*carries)(const struct source *x, bool *quiet, struct err *why);
	void (*source_take)(struct side *s, const struct source *x);
	/* Fetches and checks the signed list, and adds it to the members. */
	bool (*suite_read)(struct side *s, struct suite *u, struct err *e);
	/* Fetches a list of packages, reads it into the universe, and adds it to the members. */
	bool (*repo_read)(struct side *s, size_t repo, struct err *e);
	bool (*asks)(const struct source *x, const struct suite *u, const struct repo *r);
};
extern const struct bundle_form bundle_form_apt, bundle_form_dnf;

/* Finds or adds; SIZE_MAX: there are too many. */
size_t bundle_suite(struct side *s, const struct suite *wanted);
void bundle_repo(struct side *s, size_t suite, struct str component, struct str architecture);
bool bundle_is_remote(struct str uri);
/* Letters, digits and what a member's name may have; the rest becomes "_". */
struct str bundle_name_of(struct arena *a, struct str text);
bool bundle_has(const struct gathering *g, const char *sha256);
void bundle_content_add(struct gathering *g, struct bundle_member m, const struct str *urls, size_t count);
/* A signed list and its signature change with every update and are small: they always go along. */
bool bundle_signed_add(struct side *s, const struct suite *u, const char *path, struct str url,
		       struct err *e) MUST_CHECK;
/* A fetched list, unless the site has it. */
void bundle_list_add(struct gathering *g, struct str name, const char *sha256, uint64_t size, const struct str *urls,
		     size_t count);

#endif
