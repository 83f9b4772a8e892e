/* Matching one host's packages against the advisory index, and which pending update brings each fix. */
#ifndef MAMORI_SERVER_MATCH_JOB_H
#define MAMORI_SERVER_MATCH_JOB_H

#include "server/app.h"
#include "store/finding.h"
#include "store/host.h"
#include "store/host_patch.h"
#include "vuln/priority.h"

struct match_job {
	struct arena arena;
	struct app *app;
	struct host *host; /* matched_*, eol_*, not_matched filled in */
	struct str packages_hash, updates_hash; /* of the sections that were read */
	struct priority_policy policy;
	bool refused; /* it was not matched: not_matched says why, its findings stay */
	bool again; /* match_store() dropped it: the index changed meanwhile, it has to be matched once more */
	struct finding_row *findings;
	size_t finding_count;
	struct str names; /* a name_set as bytes */
	uint64_t *installed; /* of every package a hash of name and version, sorted */
	size_t installed_count;
	struct vulnerability_row *changelog; /* of changelog_fixes */
	struct patch_fix *changelog_fixes;
	size_t changelog_count;
};

/* Reads with a reader's connection; *due false: there is nothing to match yet. */
bool match_compute(struct app *app, struct store *st, struct str host, struct match_job *j, bool *due,
		   struct err *e) MUST_CHECK;
/* Makes the host's findings those of the job; a finding that stays keeps its row and the day it was first seen. Leaves
 * them when newer sections came meanwhile (another job is coming) or another index (j->again). */
bool match_store(struct store *st, struct match_job *j, struct err *e) MUST_CHECK;
void match_job_free(struct match_job *j);

#endif
