/* The Common Vulnerability Scoring System of FIRST: vectors of versions 2.0, 3.0, 3.1 and 4.0 and their scores. */
#ifndef MAMORI_VULN_CVSS_H
#define MAMORI_VULN_CVSS_H

#include "base/err.h"
#include "base/str.h"

enum cvss_version { CVSS_2_0, CVSS_3_0, CVSS_3_1, CVSS_4_0 };

/* The qualitative scale: 3.x section 5, 4.0 section 6: none 0.0, low to 3.9, medium to 6.9, high to 8.9, critical.
 * Version 2.0 has none of its own; its scores get the three levels that are used for them: low to 3.9, medium to
 * 6.9, high. */
enum cvss_rating { CVSS_NONE, CVSS_LOW, CVSS_MEDIUM, CVSS_HIGH, CVSS_CRITICAL };

struct cvss {
	enum cvss_version version;
	enum cvss_rating rating;
	double score; /* 0.0 to 10.0 in tenths */
};

/* Reads a vector as its specification writes it: no blanks, no parentheses, every mandatory metric once, no metric
 * twice, values of that version only; "CVSS:3.0/", "CVSS:3.1/" or "CVSS:4.0/" in front (2.0 has no prefix); in 4.0
 * the metrics in the specification's order (section 7), in the older ones in any. The score is the base score; for
 * 4.0 that of the whole vector, threat and environment included. False: no valid vector, *out is as it was. */
bool cvss_read(struct str vector, struct cvss *out) MUST_CHECK;
/* The score alone. */
bool cvss_score(struct str vector, double *score) MUST_CHECK;

enum cvss_rating cvss_rating_of(enum cvss_version version, double score);
const char *cvss_rating_name(enum cvss_rating r); /* "none" … "critical" */
const char *cvss_version_name(enum cvss_version v); /* "2.0" … "4.0" */

#endif
