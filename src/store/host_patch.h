/* Updates, and where each stands on each host. */
#ifndef MAMORI_STORE_HOST_PATCH_H
#define MAMORI_STORE_HOST_PATCH_H

#include "store/store.h"

/* Order is that of patch_state_name(). */
enum patch_state {
	PATCH_MISSING,
	PATCH_QUEUED,
	PATCH_RUNNING,
	PATCH_INSTALLED,
	PATCH_PENDING_REBOOT,
	PATCH_FAILED,
	PATCH_KEPT_BACK,
	PATCH_STATES
};
const char *patch_state_name(enum patch_state s);
bool patch_state_parse(struct str s, enum patch_state *out);

/* An update, whoever misses it. */
struct patch_row {
	struct str id, title, source, version, origins;
	bool security;
	int64_t size, first_seen;
	int severity; /* enum severity of vuln */
	int64_t kev, vulnerabilities;
	int64_t hosts[PATCH_STATES];
};

struct patch_filter {
	struct str q, host, group, state, patch;
	int security; /* -1: both */
};

/* Keeps first_seen, sums and a title that is there. */
bool patch_put(struct store *st, const struct patch_row *p, struct err *e) MUST_CHECK;
bool patch_get(struct store *st, struct arena *a, struct str id, struct patch_row *out, struct err *e) MUST_CHECK;
/* Sort keys: title severity hosts size first_seen. */
bool patch_rows(struct store *st, struct arena *a, const struct patch_filter *f, struct page *p, struct patch_row **out,
		size_t *count, struct err *e) MUST_CHECK;
bool patch_known_sort(struct str key);

/* One update on one host. */
struct host_patch {
	struct str host, patch;
	enum patch_state state;
	bool listed; /* in the host's newest plan */
	struct str title, from, to, packages; /* packages: a JSON array */
	struct str kept_back; /* ptr NULL: the package manager would take it */
	bool staged;
	bool security; /* by this host's own package manager */
	int64_t at;
	struct str attempt; /* the last one; ptr NULL: none */
	/* read only: */
	struct str host_name, group;
	int64_t last_seen;
	int severity;
	int64_t kev;
	struct str order_by, order_state; /* of the attempt's order; ptr NULL: none */
	struct str why, words, cause; /* of the attempt */
	int64_t attempt_at, finished;
};

/* All listed rows of a host are unlisted before a new plan is written. */
bool host_patch_unlist(struct store *st, struct str host, struct err *e) MUST_CHECK;
/* Writes what the plan says; state and attempt of a row that is there follow the rules in patch/plan_rows. */
bool host_patch_put(struct store *st, const struct host_patch *p, struct err *e) MUST_CHECK;
/* Rows that the newest plan does not name and that nothing holds (missing, kept back, failed) go. */
bool host_patch_prune(struct store *st, struct str host, struct err *e) MUST_CHECK;
/* Where it was installed it is not any more: nothing is said of it until the host's plan names it again. */
bool host_patch_gone(struct store *st, struct str host, struct str patch, struct err *e) MUST_CHECK;
bool host_patch_set_state(struct store *st, struct str host, struct str patch, enum patch_state s, struct str attempt,
			  int64_t at, struct err *e) MUST_CHECK;
/* A host that needs no reboot any more: what waited for it is installed. */
bool host_patch_rebooted(struct store *st, struct str host, int64_t now, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND when the host has no such row. */
bool host_patch_get(struct store *st, struct arena *a, struct str host, struct str patch, struct host_patch *out,
		    struct err *e) MUST_CHECK;
/* Sort keys: host patch title state at severity. */
bool host_patch_list(struct store *st, struct arena *a, const struct patch_filter *f, struct page *p,
		     struct host_patch **out, size_t *count, struct err *e) MUST_CHECK;
bool host_patch_known_sort(struct str key);

/* What an update fixes. */
struct patch_fix {
	struct str patch, vulnerability;
	const char *source; /* "advisory" or "changelog"; an advisory's word wins */
	struct str advisories; /* a JSON array */
};
/* *changed: what is stored was otherwise before, so the update's sums are to be made anew. */
bool patch_fix_put(struct store *st, const struct patch_fix *f, bool *changed, struct err *e) MUST_CHECK;
/* An advisory says no more that the update fixes it; stays while another host's finding says so. */
bool patch_fix_drop(struct store *st, struct str patch, struct str vulnerability, struct err *e) MUST_CHECK;
/* Sums of one update over its fixes. */
bool patch_sum(struct store *st, struct str patch, struct err *e) MUST_CHECK;

struct patch_fix_row {
	struct str vulnerability, source, advisories, title; /* title.ptr NULL: unknown */
	int severity;
	double cvss, epss; /* negative: unknown */
	bool kev;
	int64_t hosts; /* that have it still */
	int action; /* of their findings the most urgent, -1: there is none */
	int64_t due; /* and the earliest, 0: none */
};
bool patch_fixes(struct store *st, struct arena *a, struct str patch, struct patch_fix_row **out, size_t *count,
		 struct err *e) MUST_CHECK;

#endif
