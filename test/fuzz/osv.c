/* The reader of osv. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_osv, data, size);
	return 0;
}
