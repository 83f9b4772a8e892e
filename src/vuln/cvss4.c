/* CVSS 4.0: the specification document (FIRST), sections 7 (vector string) and 8 (scoring): a vector belongs to one
 * of 270 MacroVectors, whose score is published, and lies some steps below the most severe vectors of it. All in
 * integers: steps and tenths; the mean of the distances is one fraction, rounded once. */
#include "vuln/cvss-metrics.h"

enum {
	AV,
	AC,
	AT,
	PR,
	UI,
	VC,
	VI,
	VA,
	SC,
	SI,
	SA,
	E,
	CR,
	IR,
	AR,
	MAV,
	MAC,
	MAT,
	MPR,
	MUI,
	MVC,
	MVI,
	MVA,
	MSC,
	MSI,
	MSA,
	S,
	AU,
	R,
	V,
	RE,
	U,
	METRICS,
};

/* Table 23, in the order that vectors keep. */
static const struct cvss_metric metrics[METRICS] = {
	[AV] = { "AV", "N A L P", true },      [AC] = { "AC", "L H", true },
	[AT] = { "AT", "N P", true },          [PR] = { "PR", "N L H", true },
	[UI] = { "UI", "N P A", true },        [VC] = { "VC", "H L N", true },
	[VI] = { "VI", "H L N", true },        [VA] = { "VA", "H L N", true },
	[SC] = { "SC", "H L N", true },        [SI] = { "SI", "H L N", true },
	[SA] = { "SA", "H L N", true },        [E] = { "E", "X A P U", false },
	[CR] = { "CR", "X H M L", false },     [IR] = { "IR", "X H M L", false },
	[AR] = { "AR", "X H M L", false },     [MAV] = { "MAV", "X N A L P", false },
	[MAC] = { "MAC", "X L H", false },     [MAT] = { "MAT", "X N P", false },
	[MPR] = { "MPR", "X N L H", false },   [MUI] = { "MUI", "X N P A", false },
	[MVC] = { "MVC", "X H L N", false },   [MVI] = { "MVI", "X H L N", false },
	[MVA] = { "MVA", "X H L N", false },   [MSC] = { "MSC", "X H L N", false },
	[MSI] = { "MSI", "X S H L N", false }, [MSA] = { "MSA", "X S H L N", false },
	[S] = { "S", "X N P", false },         [AU] = { "AU", "X N Y", false },
	[R] = { "R", "X A U I", false },       [V] = { "V", "X D C", false },
	[RE] = { "RE", "X L M H", false },     [U] = { "U", "X Clear Green Amber Red", false },
};

#define SCORED (AR + 1) /* the effective values that count: base, threat, requirements */

/* Scores of the MacroVectors in tenths, as FIRST publishes them beside the specification (section 8.3): by EQ1 and
 * EQ2, then a row for each EQ3 and EQ4, in it EQ5 and EQ6. EQ3 = 2 goes with EQ6 = 1 alone. */
static const unsigned char macrovectors[3][2][45] = {
	{ { 100,     99, 98, 95, 95, 92, /**/ 100, 96, 93, 87,      91, 81, /**/ 93, 90, 89,
	    80,      81, 68, 98, 95, 95, 92,       90, 84, /**/ 93, 92, 89, 81,      81, 65,
	    /**/ 88, 80, 78, 70, 69, 48, 92,       82, 72, /**/ 79, 69, 50, /**/ 69, 55, 27 },
	  { 99,      97, 95, 92, 92, 85, /**/ 95, 91, 90, 83,      84, 71, /**/ 92, 81, 82,
	    71,      72, 53, 95, 93, 92, 85,      85, 73, /**/ 92, 82, 80, 72,      70, 59,
	    /**/ 84, 70, 71, 52, 50, 30, 86,      75, 52, /**/ 71, 52, 29, /**/ 63, 29, 17 } },
	{ { 98,      95, 94, 87, 91, 81, /**/ 94, 89, 86, 74,      77, 64, /**/ 87, 75, 74,
	    63,      63, 49, 94, 89, 88, 77,      76, 67, /**/ 86, 76, 74, 58,      59, 50,
	    /**/ 72, 57, 57, 52, 52, 25, 83,      70, 54, /**/ 65, 58, 26, /**/ 53, 21, 13 },
	  { 95,      90, 88, 76, 76, 70, /**/ 90, 77, 75, 62,      61, 53, /**/ 77, 66, 68,
	    59,      52, 30, 89, 78, 76, 67,      62, 58, /**/ 74, 59, 57, 57,      47, 23,
	    /**/ 61, 52, 57, 29, 24, 16, 71,      59, 30, /**/ 58, 26, 15, /**/ 23, 13, 6 } },
	{ { 93,      87, 86, 72, 75, 58, /**/ 86, 74, 74, 61,      56, 34, /**/ 70, 54, 52,
	    40,      40, 22, 85, 75, 74, 55,      62, 51, /**/ 72, 57, 55, 41,      46, 19,
	    /**/ 53, 36, 34, 19, 19, 8,  64,      51, 20, /**/ 47, 21, 11, /**/ 24, 9,  4 },
	  { 88,      75, 73, 53, 60, 50, /**/ 73, 55, 59, 40,      41, 20, /**/ 54, 43, 45,
	    22,      20, 11, 75, 55, 58, 45,      40, 21, /**/ 61, 51, 48, 18,      20, 9,
	    /**/ 46, 18, 17, 7,  8,  2,  53,      24, 14, /**/ 24, 12, 5,  /**/ 10, 3,  1 } },
};

struct macrovector {
	int eq1, eq2, eq3, eq4, eq5, eq6;
};

/* Tenths, or -1: there is no such MacroVector. */
static int
macrovector_score(struct macrovector m)
{
	if (m.eq1 > 2 || m.eq2 > 1 || m.eq3 > 2 || m.eq4 > 2 || m.eq5 > 2 || m.eq6 > 1)
		return -1;
	const unsigned char *scores = macrovectors[m.eq1][m.eq2];
	if (m.eq3 < 2)
		return scores[m.eq3 * 18 + m.eq4 * 6 + m.eq5 * 2 + m.eq6];
	return m.eq6 == 1 ? scores[36 + m.eq4 * 3 + m.eq5] : -1;
}

/* Section 8.2, tables 24 to 29; v holds effective values. */
static struct macrovector
macrovector_of(const char v[SCORED])
{
	int open = (v[AV] == 'N') + (v[PR] == 'N') + (v[UI] == 'N');
	bool any_high = v[VC] == 'H' || v[VI] == 'H' || v[VA] == 'H';
	bool safety = v[SI] == 'S' || v[SA] == 'S';
	bool high_after = v[SC] == 'H' || v[SI] == 'H' || v[SA] == 'H';
	bool needed =
		(v[CR] == 'H' && v[VC] == 'H') || (v[IR] == 'H' && v[VI] == 'H') || (v[AR] == 'H' && v[VA] == 'H');

	return (struct macrovector){
		.eq1 = open == 3                  ? 0
		       : open > 0 && v[AV] != 'P' ? 1
						  : 2,
		.eq2 = v[AC] == 'L' && v[AT] == 'N' ? 0 : 1,
		.eq3 = v[VC] == 'H' && v[VI] == 'H' ? 0
		       : any_high                   ? 1
						    : 2,
		.eq4 = safety       ? 0
		       : high_after ? 1
				    : 2,
		.eq5 = v[E] == 'A'   ? 0
		       : v[E] == 'P' ? 1
				     : 2,
		.eq6 = needed ? 0 : 1,
	};
}

/* The metrics of one group of equivalence sets, each with its values from the most severe on. */
struct group {
	size_t count;
	struct {
		int metric;
		const char *levels;
	} metrics[6];
};

static const struct group group1 = { 3, { { AV, "NALP" }, { PR, "NLH" }, { UI, "NPA" } } };
static const struct group group2 = { 2, { { AC, "LH" }, { AT, "NP" } } };
static const struct group group36 = {
	6, { { VC, "HLN" }, { VI, "HLN" }, { VA, "HLN" }, { CR, "HML" }, { IR, "HML" }, { AR, "HML" } }
};
static const struct group group4 = { 3, { { SC, "HLN" }, { SI, "SHLN" }, { SA, "SHLN" } } };

static int
level(const char *levels, char value)
{
	return (int)(strchr(levels, value) - levels);
}

/* Steps from the first of the most severe vectors that is nowhere below v; `highest` holds them between blanks, one
 * value for each of the group's metrics. */
static int
steps_below(const struct group *g, const char *highest, const char v[SCORED])
{
	struct str rest = str_of(highest), one;
	while (str_word(&rest, &one)) {
		int steps = 0;
		size_t i = 0;
		for (; i < g->count; i++) {
			const char *levels = g->metrics[i].levels;
			int below = level(levels, v[g->metrics[i].metric]) - level(levels, one.ptr[i]);
			if (below < 0)
				break;
			steps += below;
		}
		if (i == g->count)
			return steps;
	}
	return 0;
}

/* Where a vector stands in one dimension of its MacroVector: how far down, how deep that is, and the next score. */
struct place {
	int steps, depth, next;
};

/* The depths and the most severe vectors of each level are published with the MacroVectors' scores. */
static void
places_of(struct macrovector m, const char v[SCORED], struct place places[5])
{
	static const char *const highest1[] = { "NNN", "ANN NLN NNP", "PNN ALP" };
	static const char *const highest2[] = { "LN", "HN LP" };
	static const char *const highest36[3][2] = {
		{ "HHHHHH", "HHLMMH HHHMMM" },
		{ "LHHHHH HLHHHH", "LHLHMH LHHHMM HLHMHM HLLMHH LLHHHM" },
		{ "", "LLLHHH" },
	};
	static const char *const highest4[] = { "HSS", "HHH", "LLL" };
	static const int depth1[] = { 1, 4, 5 }, depth2[] = { 1, 2 }, depth4[] = { 6, 5, 4 };
	static const int depth36[3][2] = { { 7, 6 }, { 8, 8 }, { 1, 10 } };
	struct macrovector n1 = m, n2 = m, n3 = m, n4 = m, n5 = m, n6 = m;

	n1.eq1++, n2.eq2++, n3.eq3++, n4.eq4++, n5.eq5++, n6.eq6++;
	/* Below 0,0 lie 0,1 and 1,0: the higher counts; else EQ6 goes down first. */
	int next3 = macrovector_score(n3), next6 = macrovector_score(n6), next36 = next3;
	if (m.eq6 == 0)
		next36 = m.eq3 == 0 && next3 > next6 ? next3 : next6;
	places[0] = (struct place){ steps_below(&group1, highest1[m.eq1], v), depth1[m.eq1], macrovector_score(n1) };
	places[1] = (struct place){ steps_below(&group2, highest2[m.eq2], v), depth2[m.eq2], macrovector_score(n2) };
	places[2] = (struct place){ steps_below(&group36, highest36[m.eq3][m.eq6], v), depth36[m.eq3][m.eq6], next36 };
	places[3] = (struct place){ steps_below(&group4, highest4[m.eq4], v), depth4[m.eq4], macrovector_score(n4) };
	places[4] = (struct place){ 0, 1, macrovector_score(n5) };
}

/* What counts for the score: the modified value where there is one; undefined ones at their worst. */
static void
effective(const char values[CVSS_METRICS_MAX], char v[SCORED])
{
	for (int i = 0; i < SCORED; i++) {
		bool given = values[i] && values[i] != 'X';
		v[i] = given ? values[i] : i == E ? 'A' : 'H';
		char modified = i <= SA ? values[MAV + i - AV] : 0;
		if (modified && modified != 'X')
			v[i] = modified;
	}
}

/* Section 8.3: the MacroVector's score less the mean, over the dimensions that have a lower MacroVector, of the
 * share of the distance to it that the vector has gone. */
static int
score(const char values[CVSS_METRICS_MAX])
{
	enum { DEPTHS = 840 }; /* every depth divides it: 1, 2, 4, 5, 6, 7, 8, 10 */
	char v[SCORED];
	struct place places[5];
	int lost = 0, lower = 0;

	effective(values, v);
	if (v[VC] == 'N' && v[VI] == 'N' && v[VA] == 'N' && v[SC] == 'N' && v[SI] == 'N' && v[SA] == 'N')
		return 0;
	struct macrovector m = macrovector_of(v);
	int whole = macrovector_score(m);
	places_of(m, v, places);
	for (size_t i = 0; i < COUNT(places); i++) {
		if (places[i].next < 0)
			continue;
		lower++;
		lost += (whole - places[i].next) * places[i].steps * (DEPTHS / places[i].depth);
	}
	if (lower == 0)
		return whole;
	/* To the nearest tenth, halves up. */
	int unit = DEPTHS * lower, tenths = (2 * (whole * unit - lost) + unit) / (2 * unit);
	return tenths < 0 ? 0 : tenths > 100 ? 100 : tenths;
}

const struct cvss_form cvss_form_4_0 = { .prefix = "CVSS:4.0/",
					 .version = CVSS_4_0,
					 .ordered = true,
					 .metrics = metrics,
					 .count = METRICS,
					 .score = score };
