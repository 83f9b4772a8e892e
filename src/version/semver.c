/* Semantic Versioning 2.0.0, section 11: npm, crates.io, Go, Hex, Swift. A leading v, which Go writes and the
 * specification only speaks of, is passed over; missing numbers are 0. Key: see semantic.c. */
#include "version/version.h"

#include "version/semantic.h"

enum { NUMBERS = 3 };

static int
semver_compare(struct str a, struct str b)
{
	struct semantic x = semantic_start(a, NUMBERS, false), y = semantic_start(b, NUMBERS, false);

	return parts_compare(&x, &y, semantic_next);
}

static bool
semver_key(struct str v, struct buf *out)
{
	struct semantic s = semantic_start(v, NUMBERS, false);

	if (v.len > VERSION_KEY_INPUT_MAX)
		return false;
	parts_key(&s, semantic_next, out);
	return true;
}

static bool
semver_valid(struct str v)
{
	return semantic_valid(v, NUMBERS, NUMBERS, false);
}

const struct version_scheme version_semver = { "semver", semver_valid, semver_compare, semver_key };
