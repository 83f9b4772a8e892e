/* What a host asks of a file: a range that is given lies inside it. The first line is the size; the next four are the
 * fields Range, If-Range, If-None-Match and If-Modified-Since. */
#include "relay/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_sub((const char *)data, size), lines[5] = { 0 };
	for (size_t i = 0; i < 5; i++)
		if (!str_cut(&rest, '\n', &lines[i]))
			break;
	uint64_t whole = 0;
	struct range r;
	(void)!str_to_u64(lines[0], &whole);
	const struct range_ask ask = { lines[1], lines[2], lines[3], lines[4] };
	range_find(&ask, whole, STR("\"tag\""), STR("Sun, 06 Nov 1994 08:49:37 GMT"), &r);
	if (r.first > r.end || r.end > whole || (r.status == 206 && r.first == r.end))
		abort();
	if (r.status == 200 && (r.first != 0 || r.end != whole))
		abort();
	if (r.status != 200 && r.status != 206 && r.status != 304 && r.status != 416)
		abort();
	return 0;
}
