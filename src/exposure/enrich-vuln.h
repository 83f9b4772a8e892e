/* What the vulnerability index knows of a banner's product and system: possible CVEs by CPE and version, and the dates of the system's
 * support where the feed of end-of-life dates was imported. An inference, never a finding: a distribution mends a version without
 * changing its number, so the confidence is low. */
#ifndef MAMORI_EXPOSURE_ENRICH_VULN_H
#define MAMORI_EXPOSURE_ENRICH_VULN_H

#include "exposure/banner.h"
#include "base/buf.h"

enum { POSSIBLE_MAX = 100 };

struct enrich_vuln; /* shared by threads */
/* The index below data, with the table of products (CSV: product,cpe). *out = NULL when no feed was imported yet. */
bool enrich_vuln_open(const char *data, struct str products, struct enrich_vuln **out, struct err *e) MUST_CHECK;
void enrich_vuln_close(struct enrich_vuln *v);
/* Changes with every feed. */
uint64_t enrich_vuln_generation(const struct enrich_vuln *v);

struct possible {
	struct str ids[POSSIBLE_MAX]; /* they live as long as v */
	size_t count;
	unsigned confidence;
};
/* cpes (those that the source stated) with versions first; else product and version. */
void enrich_vuln_find(struct enrich_vuln *v, const struct str *cpes, size_t cpe_count, struct str product,
		      struct str version, struct possible *out);
/* The last days of mainstream and of all support; false: the feed does not know this system. */
bool enrich_vuln_support(const struct enrich_vuln *v, struct str os, int64_t *mainstream, int64_t *ended);

#endif
