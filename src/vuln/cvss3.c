/* CVSS 3.0 and 3.1: the specification documents (FIRST), sections 6 and 7.1 (3.1: 6, 7.1, 7.4 and appendix A). */
#include "vuln/cvss-metrics.h"

#include <math.h>

enum { AV, AC, PR, UI, S, C, I, A };

static const struct cvss_metric metrics[] = {
	{ "AV", "N A L P", true },    { "AC", "L H", true },       { "PR", "N L H", true },
	{ "UI", "N R", true },        { "S", "U C", true },        { "C", "H L N", true },
	{ "I", "H L N", true },       { "A", "H L N", true },      { "E", "X H F P U", false },
	{ "RL", "X U W T O", false }, { "RC", "X C R U", false },  { "CR", "X H M L", false },
	{ "IR", "X H M L", false },   { "AR", "X H M L", false },  { "MAV", "X N A L P", false },
	{ "MAC", "X L H", false },    { "MPR", "X N L H", false }, { "MUI", "X N R", false },
	{ "MS", "X U C", false },     { "MC", "X N L H", false },  { "MI", "X N L H", false },
	{ "MA", "X N L H", false },
};

static double
impact_weight(char value)
{
	return value == 'H' ? 0.56 : value == 'L' ? 0.22 : 0;
}

static double
privileges_weight(char value, bool changed)
{
	if (value == 'N')
		return 0.85;
	if (value == 'L')
		return changed ? 0.68 : 0.62;
	return changed ? 0.5 : 0.27;
}

/* The base score before it is rounded up. */
static double
base(const char v[CVSS_METRICS_MAX])
{
	bool changed = v[S] == 'C';
	double iss = 1 - (1 - impact_weight(v[C])) * (1 - impact_weight(v[I])) * (1 - impact_weight(v[A]));
	double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
	double vector = v[AV] == 'N' ? 0.85 : v[AV] == 'A' ? 0.62 : v[AV] == 'L' ? 0.55 : 0.2;
	double exploitability = 8.22 * vector * (v[AC] == 'L' ? 0.77 : 0.44) * privileges_weight(v[PR], changed) *
				(v[UI] == 'N' ? 0.85 : 0.62);

	if (impact <= 0)
		return 0;
	return fmin((changed ? 1.08 : 1) * (impact + exploitability), 10);
}

/* 3.0: the smallest tenth that is not below the score. Binary fractions stand a little beside their decimal ones;
 * no base score is nearer above a tenth than this without being that tenth. */
static int
score_3_0(const char v[CVSS_METRICS_MAX])
{
	return (int)ceil(base(v) * 10 - 1e-9);
}

/* 3.1, appendix A: the same in integers, after rounding to hundred-thousandths. */
static int
score_3_1(const char v[CVSS_METRICS_MAX])
{
	long n = lround(base(v) * 100000);
	return (int)(n % 10000 == 0 ? n / 10000 : n / 10000 + 1);
}

const struct cvss_form cvss_form_3_0 = {
	.prefix = "CVSS:3.0/", .version = CVSS_3_0, .metrics = metrics, .count = COUNT(metrics), .score = score_3_0
};

const struct cvss_form cvss_form_3_1 = {
	.prefix = "CVSS:3.1/", .version = CVSS_3_1, .metrics = metrics, .count = COUNT(metrics), .score = score_3_1
};
