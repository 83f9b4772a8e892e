/* Version orders: total on whatever strangers write, and kept by the keys. Three versions, one a line: each equals
 * itself, turning two around turns the answer around, and three never go round in a circle. Compiled once for each
 * scheme. */
#include "version/version.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT_OF_VERSIONS = 3 };

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_order(const struct version_scheme *s, const struct str *v, int order[][COUNT_OF_VERSIONS])
{
	for (int i = 0; i < COUNT_OF_VERSIONS; i++) {
		s->valid(v[i]);
		for (int k = 0; k < COUNT_OF_VERSIONS; k++)
			order[i][k] = sign(s->compare(v[i], v[k]));
	}
	for (int i = 0; i < COUNT_OF_VERSIONS; i++) {
		require(order[i][i] == 0);
		for (int k = 0; k < COUNT_OF_VERSIONS; k++) {
			require(order[i][k] == -order[k][i]);
			/* a <= b and b <= c: then a <= c, and equal only if both are. */
			for (int m = 0; m < COUNT_OF_VERSIONS; m++)
				require(order[i][k] > 0 || order[k][m] > 0 ||
					order[i][m] == (order[i][k] < 0 || order[k][m] < 0 ? -1 : 0));
		}
	}
}

static void
check_keys(const struct version_scheme *s, struct str a, struct str b, int order)
{
	BUF_AUTO x = { 0 }, y = { 0 };
	bool short_a = a.len <= VERSION_KEY_INPUT_MAX, short_b = b.len <= VERSION_KEY_INPUT_MAX;

	require(s->key(a, &x) == short_a && s->key(b, &y) == short_b);
	require(x.len <= 6 * a.len + 64 && (short_a || x.len == 0));
	if (!short_a || !short_b)
		return;
	require(sign(str_cmp(buf_str(&x), buf_str(&y))) == order);
	require(order == 0 || (!str_starts(buf_str(&x), buf_str(&y)) && !str_starts(buf_str(&y), buf_str(&x))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, v[COUNT_OF_VERSIONS];
	int order[COUNT_OF_VERSIONS][COUNT_OF_VERSIONS];

	for (size_t i = 0; i < COUNT(v); i++)
		if (!str_cut(&rest, '\n', &v[i]))
			v[i] = STR("");
	check_order(&SCHEME, v, order);
	for (int i = 0; i < COUNT_OF_VERSIONS; i++)
		check_keys(&SCHEME, v[i], v[(i + 1) % COUNT_OF_VERSIONS], order[i][(i + 1) % COUNT_OF_VERSIONS]);
	return 0;
}
