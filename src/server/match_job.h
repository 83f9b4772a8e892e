/* Matching one host's packages against the advisory index, and which pending update brings each fix. */
#ifndef MAMORI_SERVER_MATCH_JOB_H
#define MAMORI_SERVER_MATCH_JOB_H

#include "server/app.h"
#include "store/finding.h"
#include "store/host_patch.h"

struct match_job {
	struct arena arena;
	struct host *host; /* matched_*, eol_*, findings, kev filled in */
	struct str packages_hash, updates_hash; /* of the sections that were read */
	struct finding_row *findings;
	size_t finding_count;
	struct vulnerability_row *changelog; /* of changelog_fixes */
	struct patch_fix *changelog_fixes;
	size_t changelog_count;
};

/* Reads with a reader's connection; *due false: there is nothing to match yet. */
bool match_compute(struct app *app, struct store *st, struct str host, struct match_job *j, bool *due,
		   struct err *e) MUST_CHECK;
/* Replaces the host's findings; leaves them when newer sections came meanwhile (another job is coming). */
bool match_store(struct store *st, const struct match_job *j, struct err *e) MUST_CHECK;
void match_job_free(struct match_job *j);

#endif
