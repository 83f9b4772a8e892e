/* What is different between two indexes, so that after an import only those hosts are matched again whose packages
 * can be concerned. */
#ifndef MAMORI_VULN_CHANGE_H
#define MAMORI_VULN_CHANGE_H

#include "vuln/match.h"

/* vuln_index_open() of a file of any name, ERR_NOT_FOUND when it is missing: an index that was kept. */
bool vuln_index_open_file(const char *path, struct vuln_index **out, struct err *e) MUST_CHECK;

/* Names are told by a hash of 32 bits: two that share one cost a needless matching, never a missed one. */
struct name_set {
	const uint32_t *hashes; /* rising, each once */
	size_t count;
};

struct index_change {
	bool all; /* advisories for this system came or went as a whole: every host of it is concerned */
	struct name_set names; /* of packages of which not the same is said any more */
};

/* The names by which advisories may mean a host's packages. Empty for a system without advisories. */
struct name_set match_names(struct str os, const struct package_list *packages, struct arena *a);

/* Of one system ("debian:12"). A package counts as changed when anything is said differently from which a finding is
 * made (ranges, advisories, ids, aliases), whatever the row numbers; what is known of a vulnerability itself (its
 * severity, whether it is exploited …) is not part of it. ERR_INPUT: one is damaged. */
bool index_change_find(const struct vuln_index *before, const struct vuln_index *now, struct str os, struct arena *a,
		       struct index_change *out, struct err *e) MUST_CHECK;

bool name_set_meets(struct name_set x, struct name_set y);

/* End of life of a system alone, as match_hits() has it. */
void match_end_of_life(const struct vuln_index *ix, struct str os, int64_t now, struct end_of_life *out);
/* The same of a row of the index. */
struct index_cycle;
void index_cycle_support(const struct vuln_index *ix, const struct index_cycle *c, bool extended_is_free, int64_t now,
			 struct end_of_life *out);

#endif
