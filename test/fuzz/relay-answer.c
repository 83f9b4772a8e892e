/* The head of an origin's answer: whatever is kept of it can be written into a head of ours, and lengths are what they
 * say or a contradiction. */
#include "relay/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one_line(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		abort();
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer a = { 0 };
	struct str rest = str_sub((const char *)data, size), line;
	const int64_t now = INT64_C(1800000000000);
	while (str_cut(&rest, '\n', &line)) {
		answer_line(&a, line);
		one_line(a.etag, sizeof(a.etag));
		one_line(a.last_modified, sizeof(a.last_modified));
		one_line(a.type, sizeof(a.type));
		if (a.has_range && a.range_total != LENGTH_UNKNOWN && a.range_first >= a.range_total)
			abort();
		int64_t fresh = answer_fresh_until(&a, STR("http://h/x"), now);
		if (fresh < now || fresh > now + INT64_C(366) * 86400 * 1000)
			abort();
	}
	return 0;
}
