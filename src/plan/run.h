/* Calling a package manager's program, for the managers that need no more than that (private to the room). */
#ifndef MAMORI_PLAN_RUN_H
#define MAMORI_PLAN_RUN_H

#include "os/pkgdb.h"
#include "plan/group.h"

struct manager_run {
	const char *const *argv; /* NULL-terminated */
	const char *doing; /* for messages, in the reader's language */
	int also_good; /* an exit status besides 0 that is none of a failure */
	bool to_log; /* own session, output appended to log_path: it survives us */
	bool low_priority;
};

/* Runs it; a bad status becomes an error with the program's own last words. */
bool manager_run(const struct pkgmgr_ctx *c, const struct manager_run *run, struct proc_result *r,
		 struct err *e) MUST_CHECK;
/* Compares with the package database: a package counts as in when its version is not older than `to`. */
bool manager_outcome(const struct pkgmgr_ctx *c, const struct pkgdb *db, int (*compare)(struct str, struct str),
		     const struct patch *patches, size_t count, struct arena *a, struct apply_result *results,
		     struct err *e) MUST_CHECK;
/* Runs an installation into the log and tells each patch's outcome by the database; when nothing at all moved
 * and the program failed, that is an error as a whole. */
struct manager_install {
	struct manager_run run;
	bool (*outcome)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
			struct apply_result *results, struct err *e);
};
bool manager_install(const struct pkgmgr_ctx *c, const struct manager_install *in, const struct patch *patches,
		     size_t count, struct arena *a, struct apply_result *results, struct err *e) MUST_CHECK;
/* Hash over the states of these files and folders below the root (NULL-terminated) and of stage_dir. */
void manager_fingerprint(const struct pkgmgr_ctx *c, const char *const *paths, struct buf *out);
/* The last of the manager's words: valid UTF-8, at most 4 KiB. */
struct str words_tail(struct str text, struct arena *a);
void root_cleanup(struct root *r);

#endif
