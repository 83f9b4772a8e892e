/* Inside the room: one installed package and what is known of it. */
#ifndef MAMORI_VULN_MATCH_PACKAGE_H
#define MAMORI_VULN_MATCH_PACKAGE_H

#include "vuln/ecosystem.h"
#include "vuln/index.h"

/* A package as advisories call it. */
struct subject {
	struct str name, version;
	bool modular; /* an rpm of a module */
};

/* Strings may be new ones in the arena. */
void subject_of(const struct ecosystem *eco, const struct package *p, struct arena *a, struct subject *out);
/* The same by its source, where advisories name sources beside binary packages; false where they do not. */
bool subject_of_source(const struct ecosystem *eco, const struct package *p, struct arena *a, struct subject *out);
/* 1 runs, 0 installed only, -1 no kernel image or unknown. */
int kernel_running(const struct ecosystem *eco, const struct package *p, struct str running, struct arena *a);

enum verdict { VERDICT_NONE, VERDICT_SAFE, VERDICT_DOUBTFUL, VERDICT_AFFECTED };

/* Where a version stands among those of the facts: `low` of them are before it, those from `high` on behind it. */
struct rank {
	uint32_t low, high;
	const bool *unlike; /* of each version: it cannot be compared; NULL: all can */
	uint32_t versions; /* of unlike */
};
/* key: scratch, ended with the version's key. unlike is NULL. */
struct rank facts_rank(const struct vuln_index *ix, const struct index_facts *f, const struct version_scheme *scheme,
		       struct str version, struct buf *key);
/* Which versions of the facts a product's cannot be compared with; its array is the arena's. */
void facts_unlike(const struct vuln_index *ix, const struct index_facts *f, struct str version, struct arena *a,
		  struct rank *at);
/* AFFECTED in it, SAFE outside, DOUBTFUL where one of its ends cannot be compared. */
enum verdict range_verdict(const struct index_range *r, struct rank at);

/* Which stream of each module a host has, found out when it is asked. */
struct host_module {
	uint32_t module; /* the index's text "nodejs:18" */
	bool may_be; /* the host's stream */
};
struct host_modules {
	const struct vuln_index *ix;
	const struct package_list *packages;
	struct arena *arena;
	ARRAY_OF(struct host_module) known;
};

/* What an advisory says of a version. NONE: it does not mean this package. modules: NULL where there are none. */
enum verdict run_verdict(const struct index_facts *f, const struct index_run *run, struct rank at,
			 const struct subject *subject, struct host_modules *modules);

#endif
