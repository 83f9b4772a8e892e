/* Package managers: which updates are pending, fetching them ahead, installing them. One ops struct per
 * manager (apt, dnf, apk) in one table. Programs run through ctx's runner with their own signature checks. */
#ifndef MAMORI_PLAN_PKGMGR_H
#define MAMORI_PLAN_PKGMGR_H

#include "base/json.h"
#include "base/time.h"
#include "os/file.h"
#include "os/proc.h"

/* One binary package inside a patch. */
struct patch_package {
	struct str name, arch;
	struct str from; /* installed version; empty: newly installed along with it */
	struct str to;
	uint64_t size; /* bytes to download, 0 when unknown */
};

/* An update that can be applied: one source package at one version. */
struct patch {
	struct str id; /* deb:openssl@3.0.17-1~deb12u2 */
	struct str title; /* "openssl 3.0.15-1 → 3.0.17-1": readable */
	struct str source, version;
	bool security; /* an origin is a security archive */
	struct str origins; /* "Debian-Security:12/oldstable-security, …" as the manager says */
	uint64_t size;
	struct str kept_back; /* why the manager would not take it; empty: it would */
	struct str instead_of; /* plan_back(): the withdrawn patch that this one goes back from; else empty */
	bool staged; /* every package of it is downloaded and verified */
	ARRAY_OF(struct patch_package) packages;
	ARRAY_OF(struct str) cves; /* from the new packages' own changelogs, once staged; sorted */
};

struct patch_list {
	const char *manager;
	ARRAY_OF(struct patch) patches; /* sorted by id */
	int64_t lists_at; /* when the package lists were last refreshed, 0 unknown */
};

/* All of the manager's traffic goes through it (plan/relay.h). */
struct pkgmgr_relay {
	const char *url; /* https://10.1.0.5:8480, or http */
	struct str ca_pem; /* who vouches for an https relay */
};

struct pkgmgr_ctx {
	const struct runner *runner;
	const struct clock *clock;
	const char *root; /* "/" or a root to work in by chroot */
	const char *stage_dir; /* where downloads are kept, below the agent's state folder */
	const char *log_path; /* the manager's own words go there, appended */
	const struct pkgmgr_relay *relay; /* NULL: as the machine is configured */
};

enum apply_outcome {
	APPLY_INSTALLED,
	APPLY_PENDING_REBOOT,
	APPLY_FAILED,
};

/* Outcome for one patch after a pass. */
struct apply_result {
	struct str patch;
	enum apply_outcome outcome;
	struct str words; /* the manager's own last words, at most 4 KiB, valid UTF-8 */
	struct str why; /* our sentence for people; empty when installed */
};

struct pkgmgr {
	const char *name;
	bool (*present)(const char *root);
	/* Refreshes the package lists (needs root and the network). */
	bool (*refresh)(const struct pkgmgr_ctx *c, struct err *e);
	/* What a full upgrade would do, by the manager's own simulation, at low priority. Also fills staged and
	 * cves from the downloads in stage_dir, and removes downloads that are not pending any more. */
	bool (*plan)(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e);
	/* Changes whenever plan() could answer differently: covers lists, database, pins and what stage() fetched;
	 * planning itself never changes it. Cheap. */
	bool (*fingerprint)(const struct pkgmgr_ctx *c, struct buf *out, struct err *e);
	/* Downloads the packages of these patches into stage_dir, verified by the manager. */
	bool (*stage)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e);
	/* Ends what a crash left half done (dpkg --configure -a, …); *did says whether anything was. */
	bool (*recover)(const struct pkgmgr_ctx *c, bool *did, struct err *e);
	/* Installs exactly these versions, together. results: count of them, in order. Fails as a whole
	 * (ERR_BUSY lock held by whom, ERR_NO_SPACE how much is missing, ERR_CONFLICT half-configured or
	 * held, ERR_UNREACHABLE network lost) only when nothing was changed. */
	bool (*apply)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
		      struct apply_result *results, struct err *e);
	/* Which of these patches are in now, by the package database alone: after a crash, or for an order
	 * whose run outlived us. Patches that are not are APPLY_FAILED with no words. Runs nothing. */
	bool (*outcome)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
			struct apply_result *results, struct err *e);
	/* The ways back from these patches: for each that is in, a patch to the newest older version that is still
	 * offered (instead_of names what it goes back from), with kept_back saying why there is none. NULL: no way. */
	bool (*plan_back)(const struct pkgmgr_ctx *c, const struct str *withdrawn, size_t count, struct arena *a,
			  struct patch_list *out, struct err *e);
	/* Goes back, as apply(). NULL: cannot. */
	bool (*go_back)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
			struct apply_result *results, struct err *e);
	/* Takes exactly these packages out (`to`: the version that is in), and nothing that depends on them: then it
	 * fails. NULL: cannot. */
	bool (*take_out)(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
			 struct apply_result *results, struct err *e);
};

extern const struct pkgmgr pkgmgr_apt, pkgmgr_dnf, pkgmgr_apk;
extern const struct pkgmgr *const pkgmgr_all[]; /* NULL-terminated */
const struct pkgmgr *pkgmgr_find(const char *root); /* NULL when none is present */

/* CVE ids in the changelog entries newer than `from` up to `to` (Debian changelog text). */
bool changelog_cves(struct str changelog, struct str from, struct str to, struct arena *a, struct str **cves,
		    size_t *count, struct err *e) MUST_CHECK;
/* True when it has an entry of this very version: it is the Debian changelog of that package, and whole at its top. */
bool changelog_has(struct str changelog, struct str version);

/* The "updates" section of a check-in (doc/agent-protocol.md). */
void patch_list_write(const struct patch_list *l, struct json_writer *w);
/* Caps: 20,000 patches. */
bool patch_list_parse(struct arena *a, struct str json, struct patch_list *out, struct err *e) MUST_CHECK;

#endif
