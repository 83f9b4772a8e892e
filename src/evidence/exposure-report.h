/* The reports of exposure: what imported banners say of medical systems, for people who decide. Everything is asked through
 * the table of stores, so any of them will do. The same banners and words give the same report. */
#ifndef MAMORI_EVIDENCE_EXPOSURE_REPORT_H
#define MAMORI_EVIDENCE_EXPOSURE_REPORT_H

#include "evidence/report.h"
#include "exposure/backend.h"
#include "exposure/importer.h"

enum { EXPOSURE_TOP = 10, EXPOSURE_TOP_MAX = 50 };

struct exposure_request {
	const struct exposure_backend *backend;
	void *state;
	const struct enrich_rules *rules; /* dates of support */
	struct str country; /* ISO code of the country that is compared with the rest; empty: the one with the most */
	struct str query; /* narrows everything; may be empty */
	int64_t before; /* only what was observed before this day; 0: everything */
	size_t top; /* rows of lists */
	enum lang lang;
};

/* The strings of the report live in a. ERR_NOT_FOUND: no banner matches. */
bool exposure_report(struct arena *a, const struct exposure_request *request, struct report **out,
		     struct err *e) MUST_CHECK;

#endif
