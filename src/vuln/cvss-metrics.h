/* Inside the room: one version's metrics as a table, its vectors read against it, and what scores them. */
#ifndef MAMORI_VULN_CVSS_METRICS_H
#define MAMORI_VULN_CVSS_METRICS_H

#include "vuln/cvss.h"

#define CVSS_METRICS_MAX 32

struct cvss_metric {
	const char *name;
	const char *values; /* between blanks: "N A L P"; no two scored ones begin with the same letter */
	bool mandatory;
};

struct cvss_form {
	const char *prefix; /* "CVSS:3.1/" or "" */
	enum cvss_version version;
	bool ordered;
	const struct cvss_metric *metrics; /* in the specification's order */
	size_t count;
	/* values: the first letter of each metric's value, 0 where the vector leaves it out. Tenths. */
	int (*score)(const char values[CVSS_METRICS_MAX]);
};

extern const struct cvss_form cvss_form_2_0, cvss_form_3_0, cvss_form_3_1, cvss_form_4_0;

#endif
