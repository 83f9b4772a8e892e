/* What the files of the apt package manager share (private to the room). */
#ifndef MAMORI_PLAN_APT_H
#define MAMORI_PLAN_APT_H

#include "base/tr.h"
#include "os/pkgdb.h"
#include "plan/pkgmgr.h"

/* One line of apt's simulation: Inst NAME [FROM] (TO ORIGINS [ARCH]). */
struct apt_step {
	struct str name; /* without ":arch" */
	struct str full; /* as apt names it: "libc6:i386" for another architecture */
	struct str from, to, arch;
	struct str origins;
	bool security;
};

struct apt_simulation {
	ARRAY_OF(struct apt_step) installs;
	ARRAY_OF(struct str) removes;
	ARRAY_OF(struct str) kept_back; /* dependencies, or a hold */
	ARRAY_OF(struct str) phased; /* deferred by the distribution */
};

/* The output of apt-get -s with LC_ALL=C; at most 100,000 steps. Strings are copied. */
bool apt_parse_simulation(struct str text, struct arena *a, struct apt_simulation *out, struct err *e) MUST_CHECK;

/* A record of apt-cache show. */
struct apt_record {
	struct str name, version, arch, source, source_version;
	uint64_t size;
};
struct apt_record_list {
	ARRAY_OF(struct apt_record) records;
};
bool apt_parse_records(struct str text, struct arena *a, struct apt_record_list *out, struct err *e) MUST_CHECK;

/* apt-cache policy: which version would be taken, from where. */
struct apt_candidate {
	struct str name, installed, version;
	bool security;
};
struct apt_candidate_list {
	ARRAY_OF(struct apt_candidate) items;
};
bool apt_parse_policy(struct str text, struct arena *a, struct apt_candidate_list *out, struct err *e) MUST_CHECK;

/* What apt said when it failed, as an error of ours. */
bool apt_failed(const struct pkgmgr_ctx *c, const char *doing, struct str words, struct err *e);
/* ERR_BUSY naming who holds one of dpkg's or apt's locks. */
bool apt_locks_free(const struct pkgmgr_ctx *c, struct err *e) MUST_CHECK;
/* Runs apt-get or dpkg with the environment that keeps every question quiet. extra: NULL-terminated. */
struct apt_run {
	const char *const *argv; /* NULL-terminated */
	bool to_log; /* own session, output appended to log_path: it survives us */
	bool low_priority;
	unsigned timeout_s;
};
bool apt_run(const struct pkgmgr_ctx *c, const struct apt_run *run, struct proc_result *r, struct err *e) MUST_CHECK;
/* The folder of downloads as seen from inside the root, and as seen from here. */
const char *apt_stage_inside(const struct pkgmgr_ctx *c, struct arena *a);
const char *apt_stage_here(const struct pkgmgr_ctx *c, struct arena *a);
/* Room for the downloads that are still to come; for installing these patches (/, /boot, /var/cache and stage_dir).
 * ERR_NO_SPACE names how much is missing. */
bool apt_space_for_download(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count,
			    struct arena *a, struct err *e) MUST_CHECK;
bool apt_space_for_install(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count,
			   struct arena *a, struct err *e) MUST_CHECK;
bool apt_is_kernel_image(struct str name);

/* Fills staged and cves of every patch from the downloads; removes downloads that nobody waits for. */
void apt_staged_fill(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *l);

/* Of a repository on this machine (file:), which apt reads in place. uris: what apt-get --print-uris says once all else is
 * downloaded; notes go into the stage folder. And where such a package (its file's name) is; NULL: not noted. */
#define APT_LOCAL_NOTE ".local"
void apt_local_keep(const struct pkgmgr_ctx *c, struct str uris, struct arena *a);
const char *apt_local_path(const struct pkgmgr_ctx *c, const char *stage, struct str name, struct arena *a);

/* Files in the folder of downloads, for their times. */
#define APT_STAMP_REFRESHED "refreshed" /* the package lists were */
#define APT_STAMP_FETCHED "fetched" /* a download was, or failed half-way */

bool apt_refresh(const struct pkgmgr_ctx *c, struct err *e);
bool apt_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e);
bool apt_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e);
bool apt_stage(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e);
bool apt_recover(const struct pkgmgr_ctx *c, bool *did, struct err *e);
bool apt_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	       struct apply_result *results, struct err *e);
bool apt_plan_back(const struct pkgmgr_ctx *c, const struct str *withdrawn, size_t count, struct arena *a,
		   struct patch_list *out, struct err *e);
bool apt_go_back(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
		 struct apply_result *results, struct err *e);
bool apt_take_out(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
		  struct apply_result *results, struct err *e);
bool apt_outcome(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
		 struct apply_result *results, struct err *e);

/* Is it in, at this version or a newer one? In dpkg's database as it is now. */
bool apt_package_is_in(const struct package_list *installed, const struct patch_package *p);
bool apt_installed_read(const struct pkgmgr_ctx *c, struct arena *a, struct package_list *out, struct err *e);

#endif
