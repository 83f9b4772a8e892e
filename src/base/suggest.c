#include "base/suggest.h"

#include <string.h>

enum { WORD_MAX = 64 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
suggest_distance(struct str a, struct str b)
{
	/* Three rows of the table are enough: this one, the one above and, for swapped neighbours, the one above that. */
	size_t rows[3][WORD_MAX + 1];
	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *now = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t same = a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1;
			now[j] = least(least(above[j] + 1, now[j - 1] + 1), above[j - 1] + same);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

bool
suggest_near(struct str typed, struct str name, size_t *distance)
{
	*distance = suggest_distance(typed, name);
	size_t longer = typed.len > name.len ? typed.len : name.len;
	size_t allowed = longer / 3;
	if (allowed < 2 && typed.len >= 2 && name.len >= 2 && memcmp(typed.ptr, name.ptr, 2) == 0)
		allowed = 2;
	return *distance <= allowed;
}
