/* Version orders: total on whatever strangers write. Three versions, one a line: each equals itself, turning two
 * around turns the answer around, and three never go round in a circle. */
#include "version/version.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int n)
{
	return n < 0 ? -1 : n > 0;
}

static void
check_scheme(const struct version_scheme *s, const struct str v[3])
{
	int order[3][3];

	for (int i = 0; i < 3; i++) {
		s->valid(v[i]);
		for (int k = 0; k < 3; k++)
			order[i][k] = sign(s->compare(v[i], v[k]));
	}
	for (int i = 0; i < 3; i++) {
		if (order[i][i] != 0)
			abort();
		for (int k = 0; k < 3; k++) {
			if (order[i][k] != -order[k][i])
				abort();
			/* a <= b and b <= c: then a <= c, and equal only if both are. */
			for (int m = 0; m < 3; m++)
				if (order[i][k] <= 0 && order[k][m] <= 0 &&
				    order[i][m] != (order[i][k] < 0 || order[k][m] < 0 ? -1 : 0))
					abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "deb", "rpm", "apk" };
	struct str rest = { (const char *)data, size }, v[3] = { { 0 } };

	for (size_t i = 0; i < COUNT(v); i++)
		if (!str_cut(&rest, '\n', &v[i]))
			v[i] = STR("");
	for (size_t i = 0; i < COUNT(names); i++)
		check_scheme(version_scheme_find(str_of(names[i])), v);
	return 0;
}
