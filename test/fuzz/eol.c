/* The reader of eol. */
#include "feed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_feed(&feed_eol, data, size);
	return 0;
}
