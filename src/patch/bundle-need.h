/* What a host that cannot reach its archives lacks: the upgrades of what is installed, and what those depend on and the host
 * has not. One mechanism for every package manager; a form says how it compares versions and writes relations.
 *
 * The answer may hold more than the manager will ask for (pins and holds of the host are not known here, and where several
 * packages could fulfil a dependency the first is taken whatever the manager prefers), never a file of other content than
 * was signed. */
#ifndef MAMORI_PATCH_BUNDLE_NEED_H
#define MAMORI_PATCH_BUNDLE_NEED_H

#include "os/pkgdb.h"
#include "trust/key.h"

enum { NEED_PACKAGES_MAX = 2000000 };

struct need_relation {
	struct str name, op, version; /* op: < << <= = >= > >>, or empty: any version will do */
	bool absent; /* fulfilled when nothing of that name is there */
};

struct need_form {
	char group, alternative; /* stand between the groups of `depends`, and between alternatives in one */
	const char *every; /* the architecture that fits everywhere: "all", "noarch" */
	int (*compare)(struct str a, struct str b);
	/* A package's version beside one that a relation asks for. */
	int (*compare_asked)(struct str version, struct str asked);
	bool (*relation)(struct str text, struct need_relation *out); /* one alternative; false: it is none */
};

struct need_package {
	struct str name, version, arch;
	struct str depends, provides; /* in the form's words; provides: groups of one */
	struct str filename; /* below the archive: relative and without ".." */
	uint64_t size;
	char sha256[SHA256_HEX_LEN];
	uint32_t repo; /* which archive, the caller's number */
	bool optional; /* only for what came from there already (backports) */
};

struct need_provides {
	struct str name, version; /* version empty: none is said */
	uint32_t package;
};

struct need_universe {
	const struct need_form *form;
	ARRAY_OF(struct need_package) packages; /* by name, once ready */
	ARRAY_OF(struct need_provides) provides; /* by name, once ready */
	size_t bad; /* packages that were left out */
};

/* Sorts; call once after the last package and before need_host(). */
void need_universe_ready(struct need_universe *u, struct arena *a);

struct need_asking {
	const struct package_list *installed; /* sorted */
	const bool *repos; /* by number: does this host ask that archive? */
	struct str arch; /* its own; empty: not known */
};
struct need {
	bool *needed; /* one for each package of the universe; only ever set */
	size_t upgrades, added; /* of this host: newer versions of what is there; what comes along */
};
void need_host(const struct need_universe *u, const struct need_asking *h, struct need *need);

/* What readers of lists share: the digest, if it is one; and whether a path may become part of a URL. */
bool need_sha256(struct str hex, char out[SHA256_HEX_LEN]);
bool need_path_fits(struct str path);

#endif
