/* Handlers of the API's rows about exposure (doc/api.md), and saved queries with their notices. Private to server. */
#ifndef MAMORI_SERVER_EXPOSURES_H
#define MAMORI_SERVER_EXPOSURES_H

#include "server/route.h"

route_fn api_exposure_count, api_exposure_search, api_exposure_facet, api_exposure_histogram, api_exposure_fields,
	api_exposure_snapshots, api_exposure_diff, api_exposure_record, api_exposure_export,
	api_exposure_export_prepare, api_exposure_complete;
route_fn api_exposure_reports, api_exposure_report, api_exposure_report_order, api_exposure_report_prepare,
	api_exposure_report_delete, api_exposure_report_file, api_exposure_report_file_prepare, api_exposure_exported;
route_fn api_exposure_saved, api_exposure_saved_put, api_exposure_saved_prepare, api_exposure_saved_delete,
	api_exposure_saved_seen, api_exposure_imported, api_exposure_imported_prepare;

/* "exposure":{"banners","mine","at"} of an overview, null where nothing was imported; into an open object. */
bool exposure_overview_write(struct request *r, struct err *e) MUST_CHECK;
/* What is new among the answers of saved queries: into the overview's open array. */
bool exposure_notices_write(struct request *r, struct err *e) MUST_CHECK;

/* Which public addresses are the fleet's, for mine:true. */
void exposure_mine_refresh(const char *data, struct store *st);
/* Counts saved queries anew in the background once something was imported. */
struct exposure_watch *exposure_watch_new(struct app *app);
/* After the queue has stopped. */
void exposure_watch_free(struct exposure_watch *w);
/* Looks whether something was imported since the last time; anyway: counts in any case. From any thread. */
void exposure_watch_kick(struct exposure_watch *w, bool anyway);

struct exposure_saved;
struct exposure_use;
/* Counts one query: banners, services, what is new, or trouble. Lists are in a. */
void exposure_saved_compute(struct exposure_use *use, struct arena *a, struct exposure_saved *s, int64_t now);
/* Both sorted lists of services in one. */
struct str services_merge(struct arena *a, struct str x, struct str y);
/* What one pass over all saved queries found; opened by open, stored by keep (on the writer). */
struct exposure_pass {
	struct arena *arena; /* the caller's */
	struct exposure_saved *rows;
	size_t count;
	struct str state, mark; /* settings to be kept */
	bool due; /* there was something to do */
};
bool exposure_pass_open(struct app *app, struct store *st, bool anyway, struct exposure_pass *p,
			struct err *e) MUST_CHECK;
bool exposure_pass_keep(struct store *st, const struct exposure_pass *p, struct err *e) MUST_CHECK;

#endif
