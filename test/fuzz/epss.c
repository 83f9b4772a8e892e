/* The reader of epss. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_epss, data, size);
	return 0;
}
