/* Zone files: what is taken is sorted, survives JSON, and gives an instant for every wall clock. */
#include <stddef.h>
#include <stdint.h>

#include "plan/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t until = INT64_C(2524608000000); /* 2050 */
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	struct zone z, back;
	struct json *j;
	struct err e = { 0 };

	if (!zone_parse(&a, STR("x"), str_sub((const char *)data, size), until, &z, &e))
		return 0;
	for (size_t i = 0; i < z.transitions.count; i++) {
		int64_t at = z.transitions.items[i].at, t;
		if (i > 0 && z.transitions.items[i - 1].at >= at)
			abort();
		t = zone_instant(&z, zone_local(&z, at));
		if (t > at)
			abort(); /* a wall clock that was shown is found, at its first occurrence */
	}
	zone_write(&z, INT64_MIN, INT64_MAX, &w);
	if (!json_parse(&a, buf_str(&text), NULL, &j, &e) || !zone_read(&a, j, &back, &e) ||
	    back.transitions.count != z.transitions.count)
		abort();
	return 0;
}
