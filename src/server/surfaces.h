/* Handlers of the API's rows about the attack surface (doc/api.md), and what its runs say on the overview. Private to server. */
#ifndef MAMORI_SERVER_SURFACES_H
#define MAMORI_SERVER_SURFACES_H

#include "server/route.h"
#include "server/surface_runs.h"

route_fn api_surface_verdicts, api_surface_verdict_put, api_surface_verdict_delete;
route_fn api_surface_runs, api_surface_seeds, api_surface_assets, api_surface_asset, api_surface_diff;
route_fn api_surface_risks, api_surface_risk_put, api_surface_risk_history, api_surface_told, api_surface_told_prepare;
route_fn api_surface_gateways, api_surface_gateways_import;
route_fn api_surface_reports, api_surface_report, api_surface_report_order, api_surface_report_prepare,
	api_surface_report_delete, api_surface_report_file, api_surface_report_file_prepare;
route_fn api_surface_seed_list, api_surface_seed_put, api_surface_seed_delete, api_surface_seeds_import,
	api_surface_seeds_import_prepare, api_surface_seeds_undo;
route_fn api_surface_schedule, api_surface_schedule_put, api_surface_schedule_run, api_surface_schedule_cancel;

/* The run that the parameter names, or the newest; returned by surface_run_return(). */
bool surface_run_asked(struct request *r, const char *parameter, struct surface_run **out, struct err *e) MUST_CHECK;
/* "a,b" holds word; everything where nothing is asked for. */
bool surface_wanted(struct str list, struct str word);
/* ERR_USAGE for a word of the parameter that is none of these ("a,b,c"): a misspelt one would find nothing. */
bool surface_words_check(const struct request *r, const char *parameter, const char *known, struct err *e) MUST_CHECK;

struct surface_asset_change {
	const char *what; /* "new", "gone", "changed", "unchecked": its source was silent */
	const struct run_asset *asset;
	struct str before, now; /* its ownership; STR_NONE where it is not there */
};
/* Between two runs: what is new or changed first, then what is gone. */
size_t surface_changes(struct arena *a, const struct surface_run *from, const struct surface_run *to,
		       struct surface_asset_change **out);

/* What must be kept of a run before the writer looks at it. */
struct surface_told {
	int64_t run, began;
	struct run_risk *risks;
	size_t risk_count;
	struct str answered; /* "dns,whois": sources that could say everything */
	struct str trouble; /* of one of them, in English; empty: none */
	int64_t new_assets, gone_assets;
};
/* What a run changes in the states of risks: what is still there though it was done, what came to an end, what is new. */
struct surface_change {
	int64_t new_risks, back, expired, gone;
};
bool surface_states_follow(struct store *st, struct arena *a, const struct surface_told *t, int64_t now,
			   struct surface_change *out, struct err *e) MUST_CHECK;
/* What the newest run brought: into the overview's open array. */
bool surface_notices_write(struct request *r, struct err *e) MUST_CHECK;

#endif
