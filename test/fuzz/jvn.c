/* The reader of jvn. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_jvn, data, size);
	return 0;
}
