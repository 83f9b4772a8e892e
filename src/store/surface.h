/* What people decide about the attack surface: verdicts on assets, states of risks, the ledger of remote gateways. */
#ifndef MAMORI_STORE_SURFACE_H
#define MAMORI_STORE_SURFACE_H

#include "store/store.h"

/* ---- verdicts ---- */

struct surface_verdict {
	struct str kind, name; /* as runs have them */
	struct str ownership; /* approved, dependency, monitor, excluded */
	struct str reason, by;
	int64_t at;
};

/* By kind and name. */
bool surface_verdict_list(struct store *st, struct arena *a, struct page *p, struct surface_verdict **out,
			  size_t *count, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool surface_verdict_get(struct store *st, struct arena *a, struct str kind, struct str name,
			 struct surface_verdict *out, struct err *e) MUST_CHECK;
/* Takes the place of the one before. */
bool surface_verdict_put(struct store *st, const struct surface_verdict *v, struct err *e) MUST_CHECK;
bool surface_verdict_delete(struct store *st, struct str kind, struct str name, struct err *e) MUST_CHECK;
/* ---- risks ---- */

struct surface_risk {
	struct str risk, asset, detail; /* together its name */
	struct str severity, source;
	struct str status; /* open, in-progress, accepted, done */
	struct str assignee, note, by; /* by: empty: nobody has decided anything yet, or it happened by itself */
	int64_t accepted_until, changed_at;
	int64_t first_run, first_seen, last_run, last_seen, gone_run;
};

enum { SURFACE_RISKS_MAX = 200000 };
/* All of them, by name; at most SURFACE_RISKS_MAX. */
bool surface_risk_list(struct store *st, struct arena *a, struct surface_risk **out, size_t *count,
		       struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND: no run told it. */
bool surface_risk_get(struct store *st, struct arena *a, struct str risk, struct str asset, struct str detail,
		      struct surface_risk *out, struct err *e) MUST_CHECK;
bool surface_risk_put(struct store *st, const struct surface_risk *s, struct err *e) MUST_CHECK;
/* Its history gets a line: status, assignee, note and by at this moment. */
bool surface_risk_note(struct store *st, const struct surface_risk *s, int64_t at, struct err *e) MUST_CHECK;

struct surface_risk_event {
	int64_t at;
	struct str by, status, assignee, note;
};
/* Oldest first; the newest 1,000. */
bool surface_risk_history(struct store *st, struct arena *a, const struct surface_risk *s,
			  struct surface_risk_event **out, size_t *count, struct err *e) MUST_CHECK;
/* Those that are open again by themselves: seen after they were done, or their acceptance has ended. */
bool surface_risk_count_back(struct store *st, int64_t now, int64_t *count, struct err *e) MUST_CHECK;
/* What follows from time alone: an acceptance that ended is open again. True: it ended. */
bool surface_risk_expired(const struct surface_risk *s, int64_t now);
/* ---- the ledger of remote gateways ---- */

struct surface_gateway {
	struct str name, address, maker, model, firmware, holder, telephone;
	int64_t patched_at; /* 0: not told */
	struct str by;
	int64_t at;
};

enum { SURFACE_GATEWAYS_MAX = 5000 };
/* By name. */
bool surface_gateway_list(struct store *st, struct arena *a, struct surface_gateway **out, size_t *count,
			  struct err *e) MUST_CHECK;
/* The whole ledger takes the place of the one before. Names differ. */
bool surface_gateway_replace(struct store *st, const struct surface_gateway *rows, size_t count,
			     struct err *e) MUST_CHECK;

#endif
