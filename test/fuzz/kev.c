/* The reader of kev. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_kev, data, size);
	return 0;
}
