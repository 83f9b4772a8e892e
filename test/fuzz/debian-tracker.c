/* The reader of debian-tracker. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_debian_tracker, data, size);
	return 0;
}
