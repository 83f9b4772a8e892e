/* What people say about updates: verdicts, mitigations, holds; and the updates that wait on a host, as approval asks. */
#ifndef MAMORI_STORE_APPROVAL_H
#define MAMORI_STORE_APPROVAL_H

#include "store/host_patch.h"

struct verdict_row {
	struct str id, patch, group, by, reason; /* group empty: everybody */
	struct str verdict; /* approved, rejected, withdrawn */
	int64_t at, undone_at;
	struct str undone_by;
};
bool verdict_insert(struct store *st, const struct verdict_row *v, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND when there is none or it is undone already. */
bool verdict_undo(struct store *st, struct arena *a, struct str id, struct str by, int64_t now, struct verdict_row *out,
		  struct err *e) MUST_CHECK;
struct verdict_filter {
	struct str patch; /* empty: all */
	bool undone; /* also those that were taken back */
};
bool verdict_list(struct store *st, struct arena *a, const struct verdict_filter *f, struct page *p,
		  struct verdict_row **out, size_t *count, struct err *e) MUST_CHECK;
/* Those in force for a host, the strongest of each patch first: withdrawn, then a group's, then everybody's newest. */
bool verdicts_of_host(struct store *st, struct arena *a, struct str host, struct verdict_row **out, size_t *count,
		      struct err *e) MUST_CHECK;

struct mitigation {
	struct str id, subject, group, workaround, owner, by; /* subject: a vulnerability or a patch */
	int64_t at, ended_at;
	struct str ended_why;
};
bool mitigation_insert(struct store *st, const struct mitigation *m, struct err *e) MUST_CHECK;
bool mitigation_end(struct store *st, struct str id, struct str why, int64_t now, struct err *e) MUST_CHECK;
bool mitigation_list(struct store *st, struct arena *a, bool ended, struct page *p, struct mitigation **out,
		     size_t *count, struct err *e) MUST_CHECK;
/* Ends those whose vulnerability or patch nobody in their scope has any more; *ended counts them. */
bool mitigation_end_patched(struct store *st, int64_t now, int64_t *ended, struct err *e) MUST_CHECK;

struct hold {
	struct str id, host, group, by, why; /* host or group, the other one ptr NULL */
	int64_t at, until; /* until 0: until released */
	int64_t released_at;
	struct str released_by;
	struct str host_name; /* read only */
};
bool hold_insert(struct store *st, const struct hold *h, struct err *e) MUST_CHECK;
bool hold_get(struct store *st, struct arena *a, struct str id, struct hold *out, struct err *e) MUST_CHECK;
/* ERR_CONFLICT when it is over already. */
bool hold_release(struct store *st, struct str id, struct str by, int64_t now, struct err *e) MUST_CHECK;
bool hold_list(struct store *st, struct arena *a, bool ended, int64_t now, struct page *p, struct hold **out,
	       size_t *count, struct err *e) MUST_CHECK;
/* Those in force for a host, also its groups'. */
bool holds_of_host(struct store *st, struct arena *a, struct str host, int64_t now, struct hold **out, size_t *count,
		   struct err *e) MUST_CHECK;

/* An update that a host's newest plan lists, as approval asks about it. */
struct pending_patch {
	struct str patch, title, source, from, to, origins;
	enum patch_state state; /* missing, queued, running, failed, kept back */
	bool security, staged;
	int severity;
	int64_t kev, first_seen;
	struct str mitigation, mitigation_owner; /* workaround; ptr NULL: none */
	int64_t size;
};
bool pending_patches(struct store *st, struct arena *a, struct str host, struct pending_patch **out, size_t *count,
		     struct err *e) MUST_CHECK;

#endif
