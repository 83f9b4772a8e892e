/* What a run of discovery found, as a report for people (PDF, HTML, XLSX) and as data (CSV, JSON, GraphML). The same run
 * gives the same bytes. */
#ifndef MAMORI_EVIDENCE_SURFACE_REPORT_H
#define MAMORI_EVIDENCE_SURFACE_REPORT_H

#include "base/json.h"
#include "evidence/report.h"

struct surface_request {
	struct str assets, risks, run; /* the texts of the run's files */
	int64_t number;
	struct str risks_before, run_before; /* of the run that it is compared with; number_before 0: none */
	int64_t number_before;
	struct str
		risks_year; /* of the first run within a year before this one ended; number_year 0: none but the one before */
	int64_t number_year, year_ended;
	/* What people decided, as the server tells it (doc/api.md, surface/risks and surface/gateways); NULL: no server is there.
	 * decided: of this run's risks, and of those that it shows no more. */
	struct json *const *decided, *const *ledger;
	size_t decided_count, ledger_count;
	enum lang lang;
	struct str owner; /* "self", "group", "contractor", or a company; empty: everybody's */
};

struct surface_model;

/* Everything below is made from one model, which is read once. */
bool surface_read(struct arena *a, const struct surface_request *r, struct surface_model **out,
		  struct err *e) MUST_CHECK;
void surface_close(struct surface_model *m);

enum surface_form {
	SURFACE_PAPER, /* grouped; long lists are cut, and say so */
	SURFACE_SHEETS, /* whole lists, one table for each */
};
struct report *surface_report(struct surface_model *m, enum surface_form form);

/* Tables for a spreadsheet: what must be fixed; what there is. */
void surface_csv_risks(const struct surface_model *m, struct buf *out);
void surface_csv_assets(const struct surface_model *m, struct buf *out);
void surface_json(const struct surface_model *m, struct buf *out);
/* Nodes (kind, ownership, confidence) and edges (rule, source, evidence), with colours that yEd and Gephi show. */
void surface_graphml(const struct surface_model *m, struct buf *out);

#endif
