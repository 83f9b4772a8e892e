/* NuGet: Semantic Versioning 2.0.0 with a fourth number, labels case folded, 1.0 = 1.0.0.0 (NuGet's own
 * documentation, "Package versioning"). Key: see semantic.c. */
#include "version/version.h"

#include "version/semantic.h"

enum { NUMBERS = 4 };

static int
nuget_compare(struct str a, struct str b)
{
	struct semantic x = semantic_start(a, NUMBERS, true), y = semantic_start(b, NUMBERS, true);

	return parts_compare(&x, &y, semantic_next);
}

static bool
nuget_key(struct str v, struct buf *out)
{
	struct semantic s = semantic_start(v, NUMBERS, true);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&s, semantic_next, out);
	return true;
}

static bool
nuget_valid(struct str v)
{
	return semantic_valid(v, 1, NUMBERS, true);
}

const struct version_scheme version_nuget = { "nuget", nuget_valid, nuget_compare, nuget_key };
