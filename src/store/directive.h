/* Directives as they were signed for each host, what is due to be computed anew, and what hosts report of their slots. */
#ifndef MAMORI_STORE_DIRECTIVE_H
#define MAMORI_STORE_DIRECTIVE_H

#include "store/store.h"

struct directive_row {
	struct str host;
	int64_t serial; /* 0: none was ever made */
	struct str digest, signed_text;
	int64_t issued, expires;
	struct str policy; /* the effective one's name; empty: none */
	struct str ring_policy; /* whose rings it is in; empty: none */
	int64_t ring;
	int64_t goes; /* updates in it that its next slot may install */
	bool lease_needed;
	int64_t steps; /* bits of store/step.h, −1: in no server system */
	int64_t due, change;
};

bool directive_row_get(struct store *st, struct arena *a, struct str host, struct directive_row *out,
		       struct err *e) MUST_CHECK;
/* change: as it was when the computing began; when it was raised meanwhile the row stays due. */
bool directive_row_put(struct store *st, const struct directive_row *d, struct err *e) MUST_CHECK;
/* Something else changed that this host's directive depends on. */
bool directive_row_touch(struct store *st, struct str host, struct err *e) MUST_CHECK;
/* Active hosts whose time has come, those that waited longest first. */
bool directive_due(struct store *st, struct arena *a, int64_t now, int64_t max, struct str **hosts, size_t *count,
		   struct err *e) MUST_CHECK;

/* Hosts whose effective policy has this name, or whose rings are this policy's. */
bool directive_hosts_of(struct store *st, struct str policy, int64_t *hosts, struct err *e) MUST_CHECK;

struct slot_report {
	struct str host, slot, act, reason, why;
	int64_t start, end, until, pass, install_ms, reboot_ms;
	int64_t unhealthy_since; /* 0: healthy */
	int64_t serial; /* of the directive that it obeyed then */
	int64_t at; /* 0: the host never reported */
};
/* A host that never reported gives an empty one. */
bool slot_report_get(struct store *st, struct arena *a, struct str host, struct slot_report *out,
		     struct err *e) MUST_CHECK;
bool slot_report_put(struct store *st, const struct slot_report *r, struct err *e) MUST_CHECK;
bool slot_done_put(struct store *st, struct str host, struct str slot, int64_t at, struct str how,
		   struct err *e) MUST_CHECK;

/* Updates that a pending one of the same source replaced while it waited, oldest first. */
struct earlier_patch {
	struct str source, patch, version, origins;
	int64_t first_seen, kev;
	int severity;
	bool security;
};
bool earlier_patches(struct store *st, struct arena *a, struct str host, struct earlier_patch **out, size_t *count,
		     struct err *e) MUST_CHECK;
/* Before the rows of a new plan are pruned: remembers those that a listed row of the same source replaces. */
bool earlier_patches_keep(struct store *st, struct str host, struct err *e) MUST_CHECK;

#endif
