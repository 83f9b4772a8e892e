/* The reader of dsa-list. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_debian_dsa, data, size);
	return 0;
}
