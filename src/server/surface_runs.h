/* Runs of discovery (surface/result.h) as the server reads them: whole, in memory, the two asked for last are kept. Private to
 * server. */
#ifndef MAMORI_SERVER_SURFACE_RUNS_H
#define MAMORI_SERVER_SURFACE_RUNS_H

#include "base/json.h"

struct run_asset {
	struct str kind, name, ownership, owner, company, site, country, unicode;
	struct str from, from_kind, rule; /* the last step of its path */
	double confidence;
	struct str line; /* its JSON */
};

struct run_risk {
	struct str risk, severity, kind, asset, detail, owner, source;
	int64_t seen; /* 0: not told */
	struct str line;
};

struct surface_run {
	int64_t number;
	struct arena arena;
	struct run_asset *assets; /* by kind and name */
	struct run_risk *risks; /* in falling severity */
	size_t asset_count, risk_count;
	struct json *about; /* run.json */
	unsigned users;
};

struct surface_runs;
/* data must outlive it. */
struct surface_runs *surface_runs_new(const char *data);
void surface_runs_free(struct surface_runs *s);
/* 0: the newest. ERR_NOT_FOUND: there is none; ERR_TOO_LARGE. Stays as it is until it is returned. */
bool surface_run_borrow(struct surface_runs *s, int64_t number, struct surface_run **out, struct err *e) MUST_CHECK;
void surface_run_return(struct surface_runs *s, struct surface_run *run);
/* What is known about a run without reading its assets; ERR_NOT_FOUND. */
bool surface_run_about(struct surface_runs *s, struct arena *a, int64_t number, struct json **about,
		       struct err *e) MUST_CHECK;
bool surface_runs_newest(struct surface_runs *s, int64_t *number, struct err *e) MUST_CHECK;

#endif
