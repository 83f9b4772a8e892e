/* Lists of days: what is taken is sorted, each day once. */
#include <stddef.h>
#include <stdint.h>

#include "plan/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct day_list l;
	struct err e = { 0 };

	if (!day_list_parse(&a, STR("x"), str_sub((const char *)data, size), &l, &e))
		return 0;
	if (l.days.count == 0)
		abort();
	for (size_t i = 1; i < l.days.count; i++) {
		if (l.days.items[i - 1] >= l.days.items[i])
			abort();
	}
	return 0;
}
