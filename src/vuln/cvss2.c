/* CVSS 2.0: "A Complete Guide to the Common Vulnerability Scoring System Version 2.0" (FIRST), 3.2.1. */
#include "vuln/cvss-metrics.h"

#include <math.h>

enum { AV, AC, AU, C, I, A };

static const struct cvss_metric metrics[] = {
	{ "AV", "L A N", true },        { "AC", "H M L", true },
	{ "Au", "M S N", true },        { "C", "N P C", true },
	{ "I", "N P C", true },         { "A", "N P C", true },
	{ "E", "U POC F H ND", false }, { "RL", "OF TF W U ND", false },
	{ "RC", "UC UR C ND", false },  { "CDP", "N L LM MH H ND", false },
	{ "TD", "N L M H ND", false },  { "CR", "L M H ND", false },
	{ "IR", "L M H ND", false },    { "AR", "L M H ND", false },
};

static double
impact_weight(char value)
{
	return value == 'C' ? 0.660 : value == 'P' ? 0.275 : 0;
}

static int
score(const char v[CVSS_METRICS_MAX])
{
	double impact = 10.41 * (1 - (1 - impact_weight(v[C])) * (1 - impact_weight(v[I])) * (1 - impact_weight(v[A])));
	double vector = v[AV] == 'N' ? 1.0 : v[AV] == 'A' ? 0.646 : 0.395;
	double complexity = v[AC] == 'L' ? 0.71 : v[AC] == 'M' ? 0.61 : 0.35;
	double authentication = v[AU] == 'N' ? 0.704 : v[AU] == 'S' ? 0.56 : 0.45;
	double exploitability = 20 * vector * complexity * authentication;

	if (impact <= 0)
		return 0;
	/* The nearest tenth, halves up; what binary fractions lack to a half is far below the nudge. */
	return (int)floor((0.6 * impact + 0.4 * exploitability - 1.5) * 1.176 * 10 + 0.5 + 1e-9);
}

const struct cvss_form cvss_form_2_0 = {
	.prefix = "", .version = CVSS_2_0, .metrics = metrics, .count = COUNT(metrics), .score = score
};
